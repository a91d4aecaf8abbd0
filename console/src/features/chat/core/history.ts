/** What the conversation shows: taking messages in, asking for missing ones, its end. */

import { isOpen, type ConversationView, type MessageView, type Status } from "../../../api/views";
import type { Happening } from "./chat";
import type { Draft } from "./draft";
import * as link from "./link";
import * as sending from "./sending";
import { hasGap, seen, withAnswer, withArrived, type Timeline } from "./timeline";

const STATUS_DELAY_MS = 400;
const GAP_RETRY_MS = 1_000;
const POLL_MS = 10_000;
const POLL_WHILE_AWAITING_MS = 2_500;

/** Messages that came by themselves: something before them may be missing. */
export function arrived(draft: Draft, messages: readonly MessageView[], status?: Status): void {
  take(draft, withArrived(draft.chat.timeline, ours(draft, messages)), status);
  if (hasGap(draft.chat.timeline)) ask(draft);
}

/** Messages that answer a question for all that follows the last seen. */
export function answered(draft: Draft, messages: readonly MessageView[], rest: Rest): void {
  const before = seen(draft.chat.timeline);
  draft.set({ asking: false });
  take(draft, withAnswer(draft.chat.timeline, ours(draft, messages)), rest.status);
  const now = seen(draft.chat.timeline);
  const isMore = rest.isMore === true || (rest.last ?? 0) > now;
  if (isMore && now > before) ask(draft);
  else if (isMore || hasGap(draft.chat.timeline)) draft.wait("ask", GAP_RETRY_MS);
  else complete(draft);
}

/** What an answer says beside its messages: `last` is the newest number there is. */
interface Rest {
  readonly last?: number;
  readonly isMore?: boolean;
  readonly status?: Status | undefined;
}

export function fetched(draft: Draft, answer: Happening & { on: "fetched" }): void {
  if (answer.conversationId !== draft.chat.conversationId) return;
  answered(draft, answer.messages, { isMore: answer.more });
}

/** Everything the server had when it was asked is here. */
function complete(draft: Draft): void {
  const { conversation, phase, link, endIsNear } = draft.chat;
  if (conversation === null) return;
  if (phase !== "open") draft.set({ phase: "open", problem: null });
  if (link.status !== "live" && isOpen(conversation)) pollLater(draft);
  if (isOpen(conversation)) return;
  if (!endIsNear) return sending.end(draft);
  draft.set({ endIsNear: false });
  ask(draft);
}

/** Asks for everything after the last message seen, by the socket or else by HTTP. */
export function ask(draft: Draft): void {
  const { asking, conversationId, timeline, phase } = draft.chat;
  if (asking || conversationId === null) return;
  if (draft.chat.link.status === "live" && phase === "open") return link.subscribe(draft);
  draft.set({ asking: true });
  draft.do({ do: "fetch", conversationId, after: seen(timeline) });
}

export function askStatus(draft: Draft): void {
  const { conversationId } = draft.chat;
  if (conversationId !== null) draft.do({ do: "read", conversationId });
}

export function pollLater(draft: Draft): void {
  draft.wait("poll", draft.chat.awaiting ? POLL_WHILE_AWAITING_MS : POLL_MS, { jitter: true });
}

/** How the conversation stands. When it has ended, its last messages are still to be asked for. */
export function read(draft: Draft, conversation: ConversationView): void {
  if (conversation.id !== draft.chat.conversationId) return;
  const wasOpen = draft.isOpen;
  draft.set({ conversation });
  if (!isOpen(conversation)) {
    link.leave(draft);
    draft.set({ endIsNear: draft.chat.asking }); // that question is older than the end
  }
  if (draft.chat.phase !== "open" || (wasOpen && !isOpen(conversation))) ask(draft);
}

/** The answer to what the user said has not come: look whether the conversation still goes on. */
export function overdue(draft: Draft): void {
  draft.set({ awaiting: false });
  ask(draft);
  askStatus(draft);
}

function take(draft: Draft, timeline: Timeline, status: Status | undefined): void {
  const { timeline: before, conversation } = draft.chat;
  draft.set({ timeline });
  const fresh = timeline.shown.slice(before.shown.length);
  const isAnswered = fresh.some((message) => message.direction !== "inbound");
  if (isAnswered) {
    if (draft.chat.awaiting) draft.cancel("answer");
    draft.set({ awaiting: false, typing: null });
  }
  if (status !== undefined && conversation !== null) read(draft, { ...conversation, status });
  else if (isAnswered && draft.isOpen) draft.wait("status", STATUS_DELAY_MS);
}

function ours(draft: Draft, messages: readonly MessageView[]): MessageView[] {
  return messages.filter((message) => message.conversation_id === draft.chat.conversationId);
}
