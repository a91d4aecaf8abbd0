/** What the user has said and the conversation does not show yet. */

import type { MessageView, OutgoingContent } from "../../../api/views";
import type { Problem } from "../../../api/problem";

/**
 * One message on its way. Kept on the device until it shows in the conversation.
 *
 * `id` is the client's and never changes, so that the server knows a repeat. `after` is the last
 * sequence number seen when it was said: its own number is higher.
 */
export interface Outgoing {
  readonly id: string;
  readonly conversationId: string;
  readonly content: OutgoingContent;
  readonly at: number;
  readonly after: number;
  readonly status: "queued" | "sending" | "accepted" | "failed";
  /** Sends that ended without an answer from the server itself. */
  readonly tries: number;
  /** The server's id, once it has accepted the message. */
  readonly messageId?: string;
  readonly problem?: Problem;
}

export function isSameContent(said: OutgoingContent, message: MessageView): boolean {
  const payload = said.type === "quick_reply" ? said.payload : undefined;
  return (
    message.direction === "inbound" &&
    message.content["type"] === said.type &&
    message.content["text"] === said.text &&
    message.content["payload"] === payload
  );
}

/**
 * The shown message that `outgoing` has become, if it is there.
 *
 * Until the server's acknowledgement names it, the first of equal content that nothing else
 * claims is taken: messages are sent one at a time, so it can hardly be another.
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
  return shown.find(
    (message) =>
      message.sequence_number > outgoing.after &&
      claimed[message.id] === undefined &&
      isSameContent(outgoing.content, message),
  );
}
