/** Sending what the user said: one at a time, in order, until the conversation shows it. */

import { isClosedConversation, isPassing, type Problem } from "../../../api/problem";
import { isOpen } from "../../../api/views";
import type { Happening } from "./chat";
import type { Draft } from "./draft";
import * as history from "./history";
import * as link from "./link";
import { nextPlace, shownAs, type Outgoing } from "./outgoing";

const ACKNOWLEDGED_WITHIN_MS = 8_000;
const ANSWERED_WITHIN_MS = 20_000;
const RESEND_MS = 1_000;
const RESEND_AT_MOST_MS = 20_000;
const FAULTS_AT_MOST = 4;

const ENDED: Problem = {
  status: 409,
  code: 3007,
  title: "Conversation ended",
  detail: "The conversation had ended before this message arrived.",
};

export function say(draft: Draft, { id, content, at }: Happening & { on: "say" }): void {
  const { conversationId, conversation, timeline } = draft.chat;
  if (conversationId === null || conversation === null || !isOpen(conversation)) return;
  const place = nextPlace(draft.chat.outgoing, timeline.shown);
  const outgoing: Outgoing = {
    id,
    conversationId,
    content,
    at,
    place,
    status: "queued",
    tries: 0,
    faults: 0,
  };
  draft.set({ outgoing: [...draft.chat.outgoing, outgoing] });
  draft.do({ do: "keep", outgoing });
}

/** Sends the next message, unless one is under way: so that none overtakes another. */
export function pump(draft: Draft): void {
  if (!draft.isOpen || draft.chat.resting || draft.chat.carrier !== null) return;
  const next = draft.chat.outgoing.find((one) => one.status === "queued");
  if (next === undefined) return;
  const outgoing: Outgoing = { ...next, status: "sending" };
  draft.replace(outgoing);
  if (draft.chat.link.status === "live" && outgoing.tries === 0) {
    const { id, content, conversationId } = outgoing;
    draft.set({ carrier: "socket" });
    draft.do({
      do: "transmit",
      frame: { action: "send", conversation_id: conversationId, id, content },
    });
    draft.wait("acknowledge", ACKNOWLEDGED_WITHIN_MS);
  } else {
    draft.set({ carrier: "http" });
    draft.do({ do: "post", outgoing });
  }
}

export function accepted(draft: Draft, id: string, messageId: string): void {
  release(draft, id);
  const outgoing = draft.outgoing(id);
  if (outgoing === undefined || outgoing.messageId !== undefined) return;
  draft.replace({ ...outgoing, status: "accepted", messageId });
  if (draft.chat.conversation?.status !== "active" || isAnswered(draft, messageId)) return;
  draft.set({ awaiting: true });
  draft.wait("answer", ANSWERED_WITHIN_MS);
  if (draft.chat.link.status === "live") link.heartbeatLater(draft);
  else history.pollLater(draft);
}

/** Drops from the outgoing what the conversation now shows. */
export function settle(draft: Draft): void {
  const { outgoing, timeline, claimed } = draft.chat;
  for (const one of outgoing) {
    if (one.messageId === undefined) continue;
    const message = shownAs(one, timeline.shown, claimed);
    if (message === undefined) continue;
    draft.set({
      outgoing: draft.chat.outgoing.filter((other) => other.id !== one.id),
      claimed: { ...draft.chat.claimed, [message.id]: one.id },
    });
    draft.forget(one.id);
  }
}

export function refused(draft: Draft, id: string, problem: Problem): void {
  release(draft, id);
  const outgoing = draft.outgoing(id);
  if (outgoing === undefined || outgoing.messageId !== undefined) return;
  const tries = outgoing.tries + 1;
  const faults = outgoing.faults + (problem.status === 500 ? 1 : 0);
  const waiting: Outgoing = { ...outgoing, status: "queued", tries, faults };
  if (isClosedConversation(problem)) {
    draft.replace(waiting);
    history.askStatus(draft); // its end, once known, settles this message
    return rest(draft, RESEND_AT_MOST_MS);
  }
  if (!isPassing(problem) || faults >= FAULTS_AT_MOST) {
    return draft.replace({ ...waiting, status: "failed", problem });
  }
  draft.replace(waiting);
  rest(draft, problem.retryAfterMs ?? Math.min(RESEND_MS * 2 ** (tries - 1), RESEND_AT_MOST_MS));
}

/** No acknowledgement came: the same message, with the same id, goes by HTTP. */
export function unacknowledged(draft: Draft): void {
  const outgoing = draft.chat.outgoing.find((one) => one.status === "sending");
  if (draft.chat.carrier !== "socket" || outgoing === undefined) return;
  release(draft, outgoing.id);
  draft.replace({ ...outgoing, status: "queued", tries: outgoing.tries + 1 });
}

export const carrierLost = unacknowledged;

export function rested(draft: Draft): void {
  draft.cancel("resend");
  draft.set({ resting: false });
}

/** A new attempt at a failed message; under a new id if the server has truly refused the old. */
export function retry(draft: Draft, id: string, freshId: string): void {
  const failed = draft.outgoing(id);
  if (failed?.status !== "failed" || !draft.isOpen) return;
  const { problem, ...rest } = failed;
  const isRefused = problem !== undefined && !isPassing(problem);
  if (!isRefused) return draft.replace({ ...rest, status: "queued", tries: 1, faults: 0 });
  const fresh: Outgoing = { ...rest, id: freshId, status: "queued", tries: 0, faults: 0 };
  draft.set({ outgoing: draft.chat.outgoing.map((one) => (one.id === id ? fresh : one)) });
  draft.forget(id);
  draft.do({ do: "keep", outgoing: fresh });
}

export function discard(draft: Draft, id: string): void {
  if (draft.outgoing(id)?.status !== "failed") return;
  draft.set({ outgoing: draft.chat.outgoing.filter((one) => one.id !== id) });
  draft.forget(id);
}

/** The conversation has ended and all of it is here: what is not in it never will be. */
export function end(draft: Draft): void {
  settle(draft);
  for (const one of draft.chat.outgoing) {
    release(draft, one.id);
    if (one.status !== "failed") draft.replace({ ...one, status: "failed", problem: ENDED });
  }
}

function release(draft: Draft, id: string): void {
  if (draft.outgoing(id)?.status !== "sending") return;
  draft.set({ carrier: null });
  draft.cancel("acknowledge");
}

function rest(draft: Draft, ms: number): void {
  draft.set({ resting: true });
  draft.wait("resend", ms, { jitter: true });
}

function isAnswered({ chat }: Draft, messageId: string): boolean {
  const { shown } = chat.timeline;
  const own = shown.findLast((message) => message.id === messageId);
  return own !== undefined && shown.at(-1)?.direction !== "inbound";
}
