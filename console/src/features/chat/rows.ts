/** What the log shows, line by line: messages, the user's own on their way, and days. */

import { isOpen, type MessageView, type OutgoingContent, type Sender } from "../../api/views";
import { contentFrom, type Choice, type Content } from "./content";
import { answersOf, type Answer } from "./form";
import { text } from "./json";
import type { Chat } from "./core/chat";
import { shownAs, type Outgoing } from "./core/outgoing";

export type Mark = "sending" | "sent" | "delivered" | "failed";

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly sender: Sender;
  readonly content: Content;
  readonly at: Date;
  /** How far a message of the user has come; null for everyone else's. */
  readonly mark: Mark | null;
  /** A failed message: what to retry or discard, and why it failed. */
  readonly failed: Outgoing | null;
  readonly choices: "open" | "closed";
  /** The payload that was chosen, once something was said after the offer. */
  readonly chosen: string | null;
  /** Of a form: whether it can be filled in, was, or can be no more. */
  readonly filling: "open" | "sent" | "closed";
  /** What a form was filled in with, by its labels; null for anything else. */
  readonly answers: readonly Answer[] | null;
  readonly isFirstOfGroup: boolean;
  readonly isLastOfGroup: boolean;
}

export type Row = MessageRow | { readonly kind: "day"; readonly key: string; readonly at: Date };

type Made = "choices" | "chosen" | "filling" | "answers" | "isFirstOfGroup" | "isLastOfGroup";
type Bare = Omit<MessageRow, Made> & {
  readonly said: { readonly text: string; readonly payload: string };
};

const GROUP_WITHIN_MS = 3 * 60_000;

export function rowsOf(chat: Chat): Row[] {
  const bare = bareRows(chat);
  const canAnswer = chat.conversation !== null && isOpen(chat.conversation);
  const rows: Row[] = [];
  bare.forEach((row, index) => {
    const [before, after] = [bare[index - 1], bare[index + 1]];
    if (before === undefined || before.at.toDateString() !== row.at.toDateString()) {
      rows.push({ kind: "day", key: `day ${row.at.toDateString()}`, at: row.at });
    }
    const answer = bare.slice(index + 1).find((other) => other.sender === "user" && !other.failed);
    const { said: _, ...shown } = row;
    rows.push({
      ...shown,
      choices: canAnswer && answer === undefined && row.sender !== "user" ? "open" : "closed",
      chosen: answer === undefined ? null : chosenOf(row.content, answer.said),
      filling: fillingOf(bare.slice(index + 1), canAnswer),
      answers: answersIn(row.content, bare.slice(0, index)),
      isFirstOfGroup: !isSameGroup(before, row),
      isLastOfGroup: !isSameGroup(row, after),
    });
  });
  return rows;
}

/** A form is there to be filled in until it was, or another one came: as the flow itself has it. */
function fillingOf(later: readonly Bare[], canAnswer: boolean): MessageRow["filling"] {
  const next = later.find((row) => row.content.form !== null || (row.content.values && !row.failed));
  if (next?.content.values) return "sent";
  return canAnswer && next === undefined ? "open" : "closed";
}

function answersIn({ values }: Content, before: readonly Bare[]): Answer[] | null {
  if (values === null) return null;
  const asked = before.findLast((row) => row.content.form !== null);
  return answersOf(values, asked?.content.form ?? null);
}

function bareRows(chat: Chat): Bare[] {
  const claimed: Record<string, string> = { ...chat.claimed };
  const pending: Bare[] = [];
  for (const one of chat.outgoing) {
    const message = shownAs(one, chat.timeline.shown, claimed);
    if (message === undefined) pending.push(pendingRow(one));
    else claimed[message.id] = one.id;
  }
  return [...chat.timeline.shown.map((message) => shownRow(message, claimed[message.id])), ...pending];
}

function shownRow(message: MessageView, clientId: string | undefined): Bare {
  return {
    kind: "message",
    key: clientId ?? message.id,
    sender: message.sender,
    content: contentFrom(message.content),
    at: new Date(message.at),
    mark: message.sender === "user" ? "delivered" : null,
    failed: null,
    said: { text: text(message.content["text"]), payload: text(message.content["payload"]) },
  };
}

function pendingRow(outgoing: Outgoing): Bare {
  const { content } = outgoing;
  return {
    kind: "message",
    key: outgoing.id,
    sender: "user",
    content: contentFrom({ ...content }),
    at: new Date(outgoing.at),
    mark: MARKS[outgoing.status],
    failed: outgoing.status === "failed" ? outgoing : null,
    said: { text: text("text" in content ? content.text : ""), payload: payloadOf(content) },
  };
}

const MARKS: Record<Outgoing["status"], Mark> = {
  queued: "sending",
  sending: "sending",
  accepted: "sent",
  failed: "failed",
};

function payloadOf(content: OutgoingContent): string {
  return content.type === "quick_reply" ? content.payload : "";
}

/** By payload, else by title: as the flow itself reads an answer. */
function chosenOf(offer: Content, said: Bare["said"]): string | null {
  const choices: Choice[] = [
    ...offer.quickReplies,
    ...offer.buttons.flatMap((button) => (button.kind === "choice" ? button.choice : [])),
  ];
  const title = said.text.trim().toLowerCase();
  const chosen =
    choices.find((choice) => said.payload !== "" && choice.payload === said.payload) ??
    choices.find((choice) => choice.title.trim().toLowerCase() === title);
  return chosen?.payload ?? null;
}

function isSameGroup(first: Bare | undefined, second: Bare | undefined): boolean {
  if (first === undefined || second === undefined || first.sender !== second.sender) return false;
  if (first.failed !== null || first.at.toDateString() !== second.at.toDateString()) return false;
  return second.at.getTime() - first.at.getTime() < GROUP_WITHIN_MS;
}
