/** The chat after something has happened, and what the world must now do. Pure. */

import { isPassing, type Problem } from "../../../api/problem";
import { isOpen } from "../../../api/views";
import { NEW_CHAT, type Chat, type Effect, type Happening, type TimerName } from "./chat";
import { Draft } from "./draft";
import * as history from "./history";
import * as link from "./link";
import type { Outgoing } from "./outgoing";
import * as sending from "./sending";

export interface Step {
  readonly chat: Chat;
  readonly effects: readonly Effect[];
}

export function step(chat: Chat, happening: Happening): Step {
  const draft = new Draft(chat);
  apply(draft, happening);
  sending.settle(draft);
  sending.pump(draft);
  return { chat: draft.chat, effects: draft.effects };
}

function apply(draft: Draft, happening: Happening): void {
  switch (happening.on) {
    case "launch":
      return launch(draft, happening);
    case "started":
      return started(draft, happening);
    case "read":
      return history.read(draft, happening.conversation);
    case "fetched":
      return history.fetched(draft, happening);
    case "refused":
      return refused(draft, happening.what, happening.problem);
    case "connected":
      return link.connected(draft);
    case "disconnected":
      return link.disconnected(draft);
    case "frame":
      return link.received(draft, happening.frame);
    case "posted":
      return sending.accepted(draft, happening.id, happening.messageId);
    case "postRefused":
      return sending.refused(draft, happening.id, happening.problem);
    case "say":
      return sending.say(draft, happening);
    case "retry":
      return sending.retry(draft, happening.id, happening.freshId);
    case "discard":
      return sending.discard(draft, happening.id);
    case "startAgain":
      return startAgain(draft);
    case "reload":
      draft.set({ problem: null });
      return reopen(draft);
    case "wake":
      return wake(draft);
    case "compose":
      return link.compose(draft);
    case "timer":
      return timer(draft, happening.timer);
  }
}

function launch(draft: Draft, { conversationId, kept }: Happening & { on: "launch" }): void {
  const outgoing = kept
    .filter((one) => one.conversationId === conversationId)
    .map((one) => (one.status === "sending" ? interrupted(one) : one))
    .sort((a, b) => a.at - b.at);
  for (const one of kept) {
    if (one.conversationId !== conversationId) draft.forget(one.id);
  }
  draft.set({ conversationId, outgoing });
  load(draft);
}

/** It may or may not have arrived: it goes again, under the same id. */
function interrupted(sending: Outgoing): Outgoing {
  return { ...sending, status: "queued", tries: sending.tries + 1 };
}

function load(draft: Draft): void {
  const { conversationId } = draft.chat;
  draft.set({ phase: "opening" });
  if (conversationId === null) {
    draft.do({ do: "start" });
  } else {
    draft.do({ do: "read", conversationId });
    link.connect(draft);
  }
}

function started(draft: Draft, { conversation, messages }: Happening & { on: "started" }): void {
  draft.set({ conversationId: conversation.id, conversation });
  draft.do({ do: "bookmark", conversationId: conversation.id });
  history.arrived(draft, messages);
  draft.set({ phase: "open", problem: null });
  if (isOpen(conversation)) link.connect(draft);
}

function refused(draft: Draft, what: "start" | "read" | "fetch", problem: Problem): void {
  if (what === "fetch") draft.set({ asking: false });
  if (problem.status === 404 && draft.chat.conversationId !== null && what !== "start") {
    return startAgain(draft); // the server no longer knows it: reset, erased, or another visitor's
  }
  if (draft.chat.phase === "open") {
    if (what === "fetch") draft.wait("ask", problem.retryAfterMs ?? ASK_AGAIN_MS, { jitter: true });
    return;
  }
  draft.set({ phase: "broken", problem });
  if (isPassing(problem)) draft.wait("reopen", problem.retryAfterMs ?? REOPEN_MS, { jitter: true });
}

/** Leaves the present conversation for a new one. */
function startAgain(draft: Draft): void {
  for (const one of draft.chat.outgoing) draft.forget(one.id);
  for (const name of ALL_TIMERS) draft.cancel(name);
  if (draft.chat.link.status !== "down") draft.do({ do: "disconnect" });
  draft.do({ do: "bookmark", conversationId: null });
  draft.set({ ...NEW_CHAT });
  load(draft);
}

function reopen(draft: Draft): void {
  if (draft.chat.phase !== "broken") return;
  draft.cancel("reopen");
  load(draft);
}

/** The network or the page is back: do at once what waited for a better time. */
function wake(draft: Draft): void {
  reopen(draft);
  sending.rested(draft);
  link.wake(draft);
}

function timer(draft: Draft, name: TimerName): void {
  switch (name) {
    case "reconnect":
      return link.connect(draft);
    case "heartbeat":
      return link.heartbeat(draft);
    case "silence":
      return link.broken(draft);
    case "acknowledge":
      return sending.unacknowledged(draft);
    case "resend":
      return sending.rested(draft);
    case "reopen":
      return reopen(draft);
    case "poll":
    case "ask":
      return history.ask(draft);
    case "status":
      return history.askStatus(draft);
    case "typing":
      return draft.set({ typing: null });
    case "answer":
      return history.overdue(draft);
  }
}

const REOPEN_MS = 4_000;
const ASK_AGAIN_MS = 2_000;
const ALL_TIMERS: readonly TimerName[] = [
  "reconnect",
  "heartbeat",
  "silence",
  "acknowledge",
  "resend",
  "reopen",
  "poll",
  "ask",
  "status",
  "typing",
  "answer",
];
