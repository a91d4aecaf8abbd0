import { describe, expect, it } from "vitest";

import { UNREACHABLE, type Problem } from "../src/api/problem";
import { NEW_CHAT, type Chat, type Happening } from "../src/features/chat/core/chat";
import {
  aConversation,
  after,
  aLiveChat,
  aMessage,
  CONVERSATION,
  fromUser,
  pushed,
  saying,
  transmitted,
} from "./builders";

const CLOSED: Problem = { status: 409, code: 3007, title: "Closed", detail: "" };
const TOO_LONG: Problem = { status: 422, code: 2001, title: "Invalid", detail: "text is too long" };
const BROKEN: Problem = { status: 500, code: 5001, title: "Internal", detail: "" };

function accepted(id: string, messageId = `of ${id}`): Happening {
  return { on: "frame", frame: { event: "delivery", id, messageId } };
}

function postRefused(id: string, problem: Problem): Happening {
  return { on: "postRefused", id, problem };
}

function withoutLink(chat: Chat): Chat {
  return after(chat, { on: "disconnected" }).chat;
}

describe("opening", () => {
  it("starts a conversation and keeps its id", () => {
    const { effects } = after(
      NEW_CHAT,
      { on: "launch", conversationId: null, kept: [] },
      { on: "started", conversation: aConversation(), messages: [aMessage(1)] },
    );

    expect(effects).toEqual([
      { do: "start" },
      { do: "bookmark", conversationId: CONVERSATION },
      { do: "connect" },
    ]);
  });

  it("goes back to the conversation it was in, and asks for all of its messages", () => {
    const { chat, effects } = after(
      NEW_CHAT,
      { on: "launch", conversationId: CONVERSATION, kept: [] },
      { on: "read", conversation: aConversation() },
    );

    expect(effects).toEqual([
      { do: "read", conversationId: CONVERSATION },
      { do: "connect" },
      { do: "fetch", conversationId: CONVERSATION, after: 0 },
    ]);
    expect(chat.phase).toBe("opening");
  });

  it("is open once the history is there, page by page", () => {
    const half = after(
      NEW_CHAT,
      { on: "launch", conversationId: CONVERSATION, kept: [] },
      { on: "read", conversation: aConversation() },
      { on: "fetched", conversationId: CONVERSATION, messages: [aMessage(1)], more: true },
    );
    expect(half.chat.phase).toBe("opening");
    expect(half.effects.at(-1)).toEqual({ do: "fetch", conversationId: CONVERSATION, after: 1 });

    const whole = after(half.chat, {
      on: "fetched",
      conversationId: CONVERSATION,
      messages: [aMessage(2)],
      more: false,
    });

    expect(whole.chat.phase).toBe("open");
    expect(whole.chat.timeline.shown).toEqual([aMessage(1), aMessage(2)]);
  });

  it("begins anew when the server no longer knows the conversation", () => {
    const gone: Problem = { status: 404, code: 3001, title: "Not found", detail: "" };
    const { chat, effects } = after(
      NEW_CHAT,
      { on: "launch", conversationId: CONVERSATION, kept: [] },
      { on: "refused", what: "read", problem: gone },
    );

    expect(chat.conversationId).toBeNull();
    expect(effects).toContainEqual({ do: "bookmark", conversationId: null });
    expect(effects.at(-1)).toEqual({ do: "start" });
  });

  it("tries again by itself when the service did not answer, but not when it refused", () => {
    const launch: Happening = { on: "launch", conversationId: null, kept: [] };
    const missing: Problem = { status: 404, code: 3004, title: "Flow not found", detail: "" };
    const unreachable = after(NEW_CHAT, launch, { on: "refused", what: "start", problem: UNREACHABLE });
    const refused = after(NEW_CHAT, launch, { on: "refused", what: "start", problem: missing });

    expect(unreachable.chat.phase).toBe("broken");
    expect(unreachable.effects).toContainEqual({ do: "wait", timer: "reopen", ms: 4_000, jitter: true });
    expect(refused.chat.problem).toEqual(missing);
    expect(refused.effects).not.toContainEqual(expect.objectContaining({ timer: "reopen" }));
    const again = after(unreachable.chat, { on: "timer", timer: "reopen" });
    expect(again.effects).toContainEqual({ do: "start" });
    expect(again.chat.problem).toEqual(UNREACHABLE);
    const opened = after(again.chat, { on: "started", conversation: aConversation(), messages: [] });
    expect(opened.chat.problem).toBeNull();
  });
});

describe("sending", () => {
  it("keeps a message on the device before it sends it", () => {
    const { effects } = after(aLiveChat(), saying("a"));

    expect(effects.map((effect) => effect.do)).toEqual(["keep", "keep", "transmit", "wait"]);
  });

  it("sends one message at a time, so that none overtakes another", () => {
    const first = after(aLiveChat(), saying("a"), saying("b"));
    expect(transmitted(first.effects, "send")).toHaveLength(1);

    const second = after(first.chat, accepted("a"));

    expect(transmitted(second.effects, "send")).toEqual([
      {
        do: "transmit",
        frame: {
          action: "send",
          conversation_id: CONVERSATION,
          id: "b",
          content: { type: "text", text: "said b" },
        },
      },
    ]);
  });

  it("sends by HTTP when the socket is down", () => {
    const { effects } = after(withoutLink(aLiveChat()), saying("a"));

    expect(effects.at(-1)).toMatchObject({ do: "post", outgoing: { id: "a" } });
  });

  it("sends the same message by HTTP, under the same id, at once when the socket breaks", () => {
    const { effects } = after(aLiveChat(), saying("a"), { on: "disconnected" });

    expect(effects.at(-1)).toMatchObject({ do: "post", outgoing: { id: "a", status: "sending" } });
  });

  it("sends the same message by HTTP when no acknowledgement comes", () => {
    const { chat, effects } = after(aLiveChat(), saying("a"), { on: "timer", timer: "acknowledge" });

    expect(effects.at(-1)).toMatchObject({ do: "post", outgoing: { id: "a" } });
    expect(chat.outgoing).toHaveLength(1);
  });

  it("sends what the last visit could not, after the history is there", () => {
    const { chat } = after(aLiveChat(), saying("a"), saying("b"));

    const { effects } = after(
      NEW_CHAT,
      { on: "launch", conversationId: CONVERSATION, kept: chat.outgoing },
      { on: "read", conversation: aConversation() },
      { on: "fetched", conversationId: CONVERSATION, messages: [aMessage(1)], more: false },
    );

    expect(effects.filter((effect) => effect.do === "post")).toMatchObject([
      { outgoing: { id: "a" } },
    ]);
  });

  it("forgets a message once the conversation shows it", () => {
    const { chat, effects } = after(
      aLiveChat(),
      saying("a"),
      accepted("a", "m-2"),
      pushed(fromUser(2, { type: "text", text: "said a" })),
    );

    expect(chat.outgoing).toEqual([]);
    expect(effects.at(-1)).toEqual({ do: "forget", id: "a" });
  });

  it("waits and tries again, ever longer, while nobody answers", () => {
    const once = after(withoutLink(aLiveChat()), saying("a"), postRefused("a", UNREACHABLE));
    expect(once.effects.at(-1)).toEqual({ do: "wait", timer: "resend", ms: 1_000, jitter: true });

    const twice = after(once.chat, { on: "timer", timer: "resend" }, postRefused("a", UNREACHABLE));

    expect(twice.effects.at(-1)).toEqual({ do: "wait", timer: "resend", ms: 2_000, jitter: true });
    expect(twice.chat.outgoing[0]?.status).toBe("queued");
  });

  it("waits as long as the server says", () => {
    const busy: Problem = { status: 429, code: 0, title: "Slow down", detail: "", retryAfterMs: 7_000 };
    const { effects } = after(withoutLink(aLiveChat()), saying("a"), postRefused("a", busy));

    expect(effects.at(-1)).toEqual({ do: "wait", timer: "resend", ms: 7_000, jitter: true });
  });

  it("asks again for the answer to a message that the server is still working on", () => {
    const running: Problem = { status: 409, code: 3009, title: "", detail: "", retryAfterMs: 1_000 };
    const { chat, effects } = after(withoutLink(aLiveChat()), saying("a"), postRefused("a", running));

    expect(effects.at(-1)).toEqual({ do: "wait", timer: "resend", ms: 1_000, jitter: true });
    expect(chat.outgoing[0]).toMatchObject({ id: "a", status: "queued" });
  });

  it("says so when the server refuses a message, and goes on with the next", () => {
    const { chat, effects } = after(
      withoutLink(aLiveChat()),
      saying("a"),
      saying("b"),
      postRefused("a", TOO_LONG),
    );

    expect(chat.outgoing[0]).toMatchObject({ id: "a", status: "failed", problem: TOO_LONG });
    expect(effects.at(-1)).toMatchObject({ do: "post", outgoing: { id: "b" } });
  });

  it("gives a message up that the server breaks on every time", () => {
    let { chat } = after(withoutLink(aLiveChat()), saying("a"));
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      expect(chat.outgoing[0]?.status).toBe("sending");
      chat = after(chat, postRefused("a", BROKEN), { on: "timer", timer: "resend" }).chat;
    }

    expect(chat.outgoing[0]?.status).toBe("failed");
  });

  it("retries a refused message under a new id, and one of unknown fate under its own", () => {
    const offline = withoutLink(aLiveChat());
    const refused = after(offline, saying("a"), postRefused("a", TOO_LONG)).chat;
    const unknown = { ...refused, outgoing: [{ ...refused.outgoing[0]!, problem: BROKEN }] };
    const retry: Happening = { on: "retry", id: "a", freshId: "z" };

    expect(after(refused, retry).chat.outgoing.map(({ id }) => id)).toEqual(["z"]);
    expect(after(unknown, retry).chat.outgoing.map(({ id }) => id)).toEqual(["a"]);
  });

  it("lets only failed messages be deleted", () => {
    const sending = after(withoutLink(aLiveChat()), saying("a")).chat;
    const failed = after(sending, postRefused("a", TOO_LONG)).chat;
    const discard: Happening = { on: "discard", id: "a" };

    expect(after(sending, discard).chat.outgoing).toHaveLength(1);
    expect(after(failed, discard).chat.outgoing).toEqual([]);
  });
});

describe("receiving", () => {
  it("asks at once for what is missing", () => {
    const { effects } = after(aLiveChat(), pushed(aMessage(3)));

    expect(transmitted(effects, "subscribe")).toMatchObject([{ frame: { after: 1 } }]);
  });

  it("asks by HTTP for what is missing while there is no socket", () => {
    const { effects } = after(withoutLink(aLiveChat()), { on: "timer", timer: "poll" });

    expect(effects).toEqual([{ do: "fetch", conversationId: CONVERSATION, after: 1 }]);
  });

  it("takes in what the heartbeat's answer carries", () => {
    const { chat } = after(
      aLiveChat(),
      { on: "timer", timer: "heartbeat" },
      { on: "frame", frame: { event: "heartbeat", conversationId: CONVERSATION, last: 2, messages: [aMessage(2)] } },
    );

    expect(chat.timeline.shown).toEqual([aMessage(1), aMessage(2)]);
  });

  it("leaves messages of another conversation alone", () => {
    const { chat } = after(aLiveChat(), pushed(aMessage(2, { conversation_id: "another" })));

    expect(chat.timeline.shown).toEqual([aMessage(1)]);
  });

  it("shows that an answer is due, until it is there", () => {
    const waiting = after(aLiveChat(), saying("a"), accepted("a", "m-2"));
    expect(waiting.chat.awaiting).toBe(true);
    expect(waiting.effects).toContainEqual({ do: "wait", timer: "heartbeat", ms: 5_000, jitter: false });

    const { chat } = after(
      waiting.chat,
      pushed(fromUser(2, { type: "text", text: "said a" })),
      pushed(aMessage(3)),
    );

    expect(chat.awaiting).toBe(false);
  });

  it("shows who is typing for a moment, but never the user to themselves", () => {
    const typing = (sender: "human_agent" | "user"): Happening => ({
      on: "frame",
      frame: { event: "typing", conversationId: CONVERSATION, sender },
    });
    const { chat } = after(aLiveChat(), typing("human_agent"));

    expect(chat.typing).toBe("human_agent");
    expect(after(chat, { on: "timer", timer: "typing" }).chat.typing).toBeNull();
    expect(after(aLiveChat(), typing("user")).chat.typing).toBeNull();
  });
});

describe("the connection", () => {
  it("is opened again after ever longer pauses", () => {
    const pauses: number[] = [];
    let chat = aLiveChat();
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const lost = after(chat, { on: "disconnected" });
      const wait = lost.effects.find((effect) => effect.do === "wait" && effect.timer === "reconnect");
      if (wait?.do === "wait") pauses.push(wait.ms);
      chat = after(lost.chat, { on: "timer", timer: "reconnect" }).chat;
    }

    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("resumes after the last message seen", () => {
    const { effects } = after(
      aLiveChat(),
      pushed(aMessage(2)),
      { on: "disconnected" },
      { on: "timer", timer: "reconnect" },
      { on: "connected" },
    );

    expect(transmitted(effects, "subscribe")).toMatchObject([{ frame: { after: 2 } }]);
  });

  it("is taken for dead when a heartbeat is not answered", () => {
    const { chat, effects } = after(
      aLiveChat(),
      { on: "timer", timer: "heartbeat" },
      { on: "timer", timer: "silence" },
    );

    expect(chat.link.status).toBe("down");
    expect(effects).toContainEqual({ do: "disconnect" });
  });

  it("comes back at once when the network does", () => {
    const { chat, effects } = after(withoutLink(aLiveChat()), { on: "wake" });

    expect(chat.link.status).toBe("connecting");
    expect(effects).toContainEqual({ do: "connect" });
  });

  it("is opened with a new token when the server does not take the old one", () => {
    const { effects } = after(aLiveChat(), {
      on: "frame",
      frame: { event: "error", problem: { status: 401, code: 1003, title: "Expired", detail: "" } },
    });

    expect(effects).toContainEqual({ do: "disconnect" });
    expect(effects).toContainEqual({ do: "wait", timer: "reconnect", ms: 500, jitter: true });
  });

  it("tells that the user is writing only to a person", () => {
    const withPerson = after(aLiveChat(), { on: "read", conversation: aConversation("escalated") }).chat;

    expect(transmitted(after(aLiveChat(), { on: "compose" }).effects, "typing")).toEqual([]);
    expect(transmitted(after(withPerson, { on: "compose" }).effects, "typing")).toHaveLength(1);
  });
});

describe("the end of a conversation", () => {
  it("is looked for after each answer, unless the answer says how things stand", () => {
    const silent = after(aLiveChat(), pushed(aMessage(2)));
    const telling = after(aLiveChat(), {
      on: "frame",
      frame: { event: "message", message: aMessage(2), status: "completed" },
    });

    expect(silent.effects).toContainEqual({ do: "wait", timer: "status", ms: 400, jitter: false });
    expect(telling.chat.conversation?.status).toBe("completed");
  });

  it("closes the connection and fetches what may still be missing", () => {
    const { chat, effects } = after(aLiveChat(), { on: "read", conversation: aConversation("completed") });

    expect(chat.link.status).toBe("down");
    expect(effects).toContainEqual({ do: "disconnect" });
    expect(effects.at(-1)).toEqual({ do: "fetch", conversationId: CONVERSATION, after: 1 });
  });

  it("does not trust an answer that was asked for before the end", () => {
    const asking = after(withoutLink(aLiveChat()), saying("a"), { on: "posted", id: "a", messageId: "m-2" }, { on: "timer", timer: "poll" }).chat;
    const old: Happening = { on: "fetched", conversationId: CONVERSATION, messages: [], more: false };

    const { chat, effects } = after(asking, { on: "read", conversation: aConversation("completed") }, old);
    expect(chat.outgoing[0]?.status).toBe("accepted");
    expect(effects.at(-1)).toEqual({ do: "fetch", conversationId: CONVERSATION, after: 1 });

    const own = fromUser(2, { type: "text", text: "said a" });
    const { chat: settled } = after(chat, { ...old, messages: [own] });
    expect(settled.outgoing).toEqual([]);
  });

  it("tells which messages came too late", () => {
    const { chat } = after(
      withoutLink(aLiveChat()),
      saying("a"),
      postRefused("a", CLOSED),
      { on: "read", conversation: aConversation("timeout") },
      { on: "fetched", conversationId: CONVERSATION, messages: [], more: false },
    );

    expect(chat.outgoing).toMatchObject([{ id: "a", status: "failed", problem: { code: 3007 } }]);
  });

  it("lets the user start another one", () => {
    const { chat, effects } = after(aLiveChat(), saying("a"), { on: "startAgain" });

    expect(chat).toEqual({ ...NEW_CHAT });
    expect(effects).toContainEqual({ do: "forget", id: "a" });
    expect(effects).toContainEqual({ do: "bookmark", conversationId: null });
    expect(effects.at(-1)).toEqual({ do: "start" });
  });
});
