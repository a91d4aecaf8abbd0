/** What the user has said and the conversation does not show yet. */

import type { MessageView, OutgoingContent } from "../../../api/views";
import type { Problem } from "../../../api/problem";

/**
 * One message on its way. Kept on the device until it shows in the conversation.
 *
 * `id` is the client's and never changes, so that the server knows a repeat. `place` is how many
 * messages of the user come before it.
 */
export interface Outgoing {
  readonly id: string;
  readonly conversationId: string;
  readonly content: OutgoingContent;
  readonly at: number;
  readonly place: number;
  readonly status: "queued" | "sending" | "accepted" | "failed";
  /** Sends that ended without an acknowledgement. */
  readonly tries: number;
  /** How often the server broke on it (500): it may be the message's own fault. */
  readonly faults: number;
  /** The server's id, once it has accepted the message. */
  readonly messageId?: string;
  readonly problem?: Problem;
}

function isSameContent(said: OutgoingContent, { direction, content }: MessageView): boolean {
  if (direction !== "inbound" || content["type"] !== said.type) return false;
  if (said.type === "form") return isSameForm(said.values, content["values"] ?? {});
  const payload = said.type === "quick_reply" ? said.payload : undefined;
  return content["text"] === said.text && content["payload"] === payload;
}

type Values = Readonly<Record<string, unknown>>;

function isSameForm(said: Values, shown: Values): boolean {
  const names = Object.keys({ ...said, ...shown });
  return names.every((name) => said[name] === shown[name]);
}

/**
 * The shown message that `outgoing` has become, if it is there.
 *
 * Until the server's acknowledgement names it, the first of equal content that nothing else
 * claims and that stands late enough is taken.
 */
export function shownAs(
  outgoing: Outgoing,
  shown: readonly MessageView[],
  claimed: Readonly<Record<string, string>>,
): MessageView | undefined {
  if (outgoing.messageId !== undefined) {
    return shown.findLast((message) => message.id === outgoing.messageId);
  }
  const wasSent = outgoing.status === "sending" || outgoing.tries > 0;
  if (!wasSent || outgoing.status === "failed") return undefined;
  return shown
    .filter((message) => message.direction === "inbound")
    .slice(outgoing.place)
    .find((message) => claimed[message.id] === undefined && isSameContent(outgoing.content, message));
}

/** The place of the next thing the user says. */
export function nextPlace(waiting: readonly Outgoing[], shown: readonly MessageView[]): number {
  const last = waiting.findLast((one) => one.status !== "failed");
  if (last !== undefined) return last.place + 1;
  return shown.filter((message) => message.direction === "inbound").length;
}
