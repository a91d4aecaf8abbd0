/** The live connection: opened, subscribed, kept alive, opened again. */

import { isOpen } from "../../../api/views";
import type { Link } from "./chat";
import type { Draft } from "./draft";
import type { ServerFrame } from "./frames";
import * as history from "./history";
import * as sending from "./sending";
import { seen } from "./timeline";

const HEARTBEAT_MS = 15_000;
const HEARTBEAT_WHILE_WAITING_MS = 5_000;
const SILENCE_MS = 10_000;
const TYPING_MS = 6_000;
const RECONNECT_MS = 500;
const RECONNECT_AT_MOST_MS = 30_000;
const FIRST_POLL_MS = 1_500;

export function connect(draft: Draft): void {
  if (draft.chat.link.status !== "down" || hasEnded(draft)) return;
  set(draft, { status: "connecting" });
  draft.do({ do: "connect" });
}

export function connected(draft: Draft): void {
  set(draft, { status: "subscribing" });
  subscribe(draft);
}

/** Also how missing messages are asked for: the answer carries what comes after the last seen. */
export function subscribe(draft: Draft): void {
  const { conversationId, timeline } = draft.chat;
  if (conversationId === null) return;
  const frame = { conversation_id: conversationId, after: seen(timeline) };
  draft.set({ asking: true });
  draft.do({ do: "transmit", frame: { action: "subscribe", ...frame } });
  draft.wait("silence", SILENCE_MS);
}

export function heartbeat(draft: Draft): void {
  const { conversationId, timeline, link } = draft.chat;
  if (link.status !== "live" || conversationId === null) return;
  const frame = { conversation_id: conversationId, after: seen(timeline) };
  draft.do({ do: "transmit", frame: { action: "heartbeat", ...frame } });
  draft.wait("silence", SILENCE_MS);
}

/** More often while something is outstanding: a lost push shows with the next answer. */
export function heartbeatLater(draft: Draft): void {
  if (draft.chat.link.status !== "live") return;
  const isWaiting = draft.chat.awaiting || draft.chat.outgoing.length > 0;
  draft.wait("heartbeat", isWaiting ? HEARTBEAT_WHILE_WAITING_MS : HEARTBEAT_MS);
}

export function disconnected(draft: Draft): void {
  const { link } = draft.chat;
  if (link.status === "down") return;
  set(draft, { status: "down", attempt: link.attempt + 1 });
  draft.set({ typing: null, ...(isAskedBySocket(link) ? { asking: false } : {}) });
  draft.cancel("heartbeat");
  draft.cancel("silence");
  sending.carrierLost(draft);
  if (hasEnded(draft)) return;
  const ms = Math.min(RECONNECT_MS * 2 ** link.attempt, RECONNECT_AT_MOST_MS);
  draft.wait("reconnect", ms, { jitter: true });
  draft.wait("poll", FIRST_POLL_MS);
}

/** The socket is open in name only. */
export function broken(draft: Draft): void {
  if (draft.chat.link.status === "down") return;
  draft.do({ do: "disconnect" });
  disconnected(draft);
}

/** The conversation is over: there is nothing left to listen for. */
export function leave(draft: Draft): void {
  for (const timer of ["reconnect", "poll", "answer", "status"] as const) draft.cancel(timer);
  draft.set({ awaiting: false });
  broken(draft);
}

export function wake(draft: Draft): void {
  const { link } = draft.chat;
  if (link.status === "live") heartbeat(draft);
  if (link.status !== "down" || draft.chat.conversationId === null) return;
  set(draft, { attempt: 0 });
  draft.cancel("reconnect");
  connect(draft);
}

/** The user is writing: a person at the other end sees it; a bot does not care. */
export function compose(draft: Draft): void {
  const { conversation, link } = draft.chat;
  if (link.status !== "live" || conversation?.status !== "escalated") return;
  draft.do({ do: "transmit", frame: { action: "typing", conversation_id: conversation.id } });
}

export function received(draft: Draft, frame: ServerFrame): void {
  switch (frame.event) {
    case "subscribed":
    case "heartbeat":
      return caughtUp(draft, frame);
    case "message":
      return history.arrived(draft, [frame.message], frame.status);
    case "delivery":
      return sending.accepted(draft, frame.id, frame.messageId);
    case "typing":
      return typing(draft, frame);
    case "error":
      return faulted(draft, frame);
  }
}

function caughtUp(draft: Draft, frame: ServerFrame & { event: "subscribed" | "heartbeat" }): void {
  if (frame.conversationId !== draft.chat.conversationId) return;
  const { link } = draft.chat;
  const isBack = link.status !== "live" && link.everLive;
  draft.cancel("silence");
  draft.cancel("poll");
  set(draft, { status: "live", attempt: 0, everLive: true });
  history.answered(draft, frame.messages, frame);
  if (isBack && frame.status === undefined) history.askStatus(draft);
  if (link.status !== "live") sending.rested(draft);
  heartbeatLater(draft);
}

function typing(draft: Draft, frame: ServerFrame & { event: "typing" }): void {
  if (frame.conversationId !== draft.chat.conversationId || frame.sender === "user") return;
  draft.set({ typing: frame.sender });
  draft.wait("typing", TYPING_MS);
}

function faulted(draft: Draft, { id, problem }: ServerFrame & { event: "error" }): void {
  if (problem.status === 401) return broken(draft); // the next connection brings a new token
  if (id !== undefined) return sending.refused(draft, id, problem);
  if (draft.chat.carrier === "socket") return sending.unacknowledged(draft);
  if (problem.status === 404) history.askStatus(draft);
}

function isAskedBySocket(link: Link): boolean {
  return link.status === "live" || link.status === "subscribing";
}

function hasEnded({ chat }: Draft): boolean {
  return chat.conversation !== null && !isOpen(chat.conversation);
}

function set(draft: Draft, change: Partial<Link>): void {
  draft.set({ link: { ...draft.chat.link, ...change } });
}
