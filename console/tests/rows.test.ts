import { describe, expect, it } from "vitest";

import { rowsOf, type MessageRow } from "../src/features/chat/rows";
import type { Chat, Happening } from "../src/features/chat/core/chat";
import type { MessageView } from "../src/api/views";
import { UNREACHABLE } from "../src/api/problem";
import { aConversation, after, aLiveChat, aMessage, fromUser, pushed, saying } from "./builders";

function messageRows(chat: Chat): MessageRow[] {
  return rowsOf(chat).filter((row) => row.kind === "message");
}

const OFFER: MessageView["content"] = {
  type: "text",
  text: "Anything else?",
  quick_replies: [
    { title: "Another order", payload: "another" },
    { title: "No, thanks", payload: "no" },
  ],
};

const FORM: MessageView["content"] = {
  type: "form",
  form: { fields: [{ name: "seats", label: "Seats", type: "integer", required: true }] },
};

function fillingIn(id: string, values: Record<string, number>): Happening {
  return { on: "say", id, content: { type: "form", values }, at: 0 };
}

describe("the log", () => {
  it("marks how far each of the user's messages has come, in one row that stays the same", () => {
    const said = after(aLiveChat(), saying("a")).chat;
    const taken = after(said, {
      on: "frame",
      frame: { event: "delivery", id: "a", messageId: "m-2" },
    }).chat;
    const shown = after(taken, pushed(fromUser(2, { type: "text", text: "said a" }))).chat;

    const states = [said, taken, shown].map((chat) => messageRows(chat).slice(1));

    expect(states.map((rows) => rows.map(({ key, mark }) => [key, mark]))).toEqual([
      [["a", "sending"]],
      [["a", "sent"]],
      [["a", "delivered"]],
    ]);
  });

  it("shows a message once when it comes back before its acknowledgement", () => {
    const { chat } = after(
      aLiveChat(),
      saying("a"),
      pushed(fromUser(2, { type: "text", text: "said a" }, "of the server")),
    );

    expect(messageRows(chat).map(({ key, content }) => [key, content.text])).toEqual([
      ["m-1", "message 1"],
      ["a", "said a"],
    ]);
  });

  it("shows the same thing said twice as two messages", () => {
    const { chat } = after(
      aLiveChat(),
      saying("a", "yes"),
      pushed(fromUser(2, { type: "text", text: "yes" }, "of the server")),
      saying("b", "yes"),
    );

    expect(messageRows(chat).slice(1).map(({ key, mark }) => [key, mark])).toEqual([
      ["a", "delivered"],
      ["b", "sending"],
    ]);
  });

  it("offers choices until something is said, and then shows which was chosen", () => {
    const offered = after(aLiveChat(), pushed(aMessage(2, { content: OFFER }))).chat;
    const chosen = after(offered, {
      on: "say",
      id: "a",
      content: { type: "quick_reply", text: "No, thanks", payload: "no" },
      at: 0,
    }).chat;

    const [before, later] = [offered, chosen].map((chat) => messageRows(chat)[1]!);

    expect([before!.choices, before!.chosen]).toEqual(["open", null]);
    expect([later!.choices, later!.chosen]).toEqual(["closed", "no"]);
  });

  it("leaves the choices open while what was said could not be sent", () => {
    const { chat } = after(
      aLiveChat(),
      pushed(aMessage(2, { content: OFFER })),
      { on: "disconnected" },
      saying("a", "no thanks"),
      { on: "postRefused", id: "a", problem: { ...UNREACHABLE, status: 422 } },
    );

    expect(messageRows(chat)[1]).toMatchObject({ choices: "open", chosen: null });
  });

  it("knows a typed choice by its title, and that none was chosen by other words", () => {
    const offered = after(aLiveChat(), pushed(aMessage(2, { content: OFFER }))).chat;

    expect(messageRows(after(offered, saying("a", " no, THANKS")).chat)[1]!.chosen).toBe("no");
    expect(messageRows(after(offered, saying("a", "what?")).chat)[1]!.chosen).toBeNull();
  });

  it("keeps a form open until it is filled in, whatever else is said", () => {
    const asked = after(aLiveChat(), pushed(aMessage(2, { content: FORM }))).chat;
    const chatty = after(asked, saying("a", "why?"), pushed(fromUser(3, { type: "text", text: "why?" }))).chat;
    const sent = after(chatty, fillingIn("b", { seats: 12 })).chat;

    const states = [asked, chatty, sent].map((chat) => messageRows(chat)[1]!.filling);

    expect(states).toEqual(["open", "open", "sent"]);
    expect(messageRows(sent).at(-1)!.answers).toEqual([{ label: "Seats", text: "12" }]);
  });

  it("shows a form that was filled in once, when it comes back before its acknowledgement", () => {
    const answer = (seats: number, id: string) => fromUser(3, { type: "form", values: { seats } }, id);
    const sent = after(aLiveChat(), pushed(aMessage(2, { content: FORM })), fillingIn("a", { seats: 12 })).chat;

    const keys = [answer(12, "mine"), answer(13, "of another tab")].map((message) =>
      messageRows(after(sent, pushed(message)).chat).map(({ key }) => key),
    );

    expect(keys).toEqual([["m-1", "m-2", "a"], ["m-1", "m-2", "of another tab", "a"]]);
  });

  it("opens a form again that could not be sent", () => {
    const { chat } = after(
      aLiveChat(),
      pushed(aMessage(2, { content: FORM })),
      { on: "disconnected" },
      fillingIn("a", { seats: 12 }),
      { on: "postRefused", id: "a", problem: { ...UNREACHABLE, status: 422 } },
    );

    expect(messageRows(chat).map(({ filling }) => filling)).toEqual(["closed", "open", "open"]);
  });

  it("closes a form when another comes or the conversation has ended", () => {
    const second = { ...FORM, text: "Again" };
    const { chat } = after(
      aLiveChat(),
      pushed(aMessage(2, { content: FORM })),
      pushed(aMessage(3, { content: second })),
    );
    const ended = after(chat, { on: "read", conversation: aConversation("completed") }).chat;

    const fillings = [chat, ended].map((one) => messageRows(one).slice(1).map((row) => row.filling));

    expect(fillings).toEqual([["closed", "open"], ["closed", "closed"]]);
  });

  it("closes every offer when the conversation has ended", () => {
    const { chat } = after(
      aLiveChat(),
      pushed(aMessage(2, { content: OFFER })),
      { on: "read", conversation: aConversation("completed") },
    );

    expect(messageRows(chat).map((row) => row.choices)).toEqual(["closed", "closed"]);
  });

  it("names the reason of a message that failed", () => {
    const problem = { ...UNREACHABLE, status: 422, detail: "text is too long" };
    const { chat } = after(aLiveChat(), { on: "disconnected" }, saying("a"), {
      on: "postRefused",
      id: "a",
      problem,
    });

    expect(messageRows(chat).at(-1)).toMatchObject({ mark: "failed", failed: { problem } });
  });

  it("groups what one sender says in a row, and names each day once", () => {
    const at = (text: string): string => new Date(`2026-11-${text}`).toISOString();
    const { chat } = after(
      aLiveChat(),
      pushed(aMessage(2, { at: at("23T10:00:00") })),
      pushed(aMessage(3, { at: at("23T10:01:00") })),
      pushed(fromUser(4, { type: "text", text: "hi" }, "u")),
    );

    const rows = rowsOf({
      ...chat,
      timeline: {
        ...chat.timeline,
        shown: chat.timeline.shown.map((message) =>
          message.sequence_number === 4 ? { ...message, at: at("23T10:02:00") } : message,
        ),
      },
    });

    expect(
      rows.map((row) => (row.kind === "day" ? "day" : [row.isFirstOfGroup, row.isLastOfGroup])),
    ).toEqual(["day", [true, true], "day", [true, false], [false, true], [true, true]]);
  });
});
