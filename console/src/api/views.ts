/** What the API shows of conversations and messages. */

export type Sender = "user" | "ai_agent" | "human_agent" | "system";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export interface MessageView {
  readonly id: string;
  readonly conversation_id: string;
  /** Counts from 1 over both directions, without a gap. */
  readonly sequence_number: number;
  readonly direction: "inbound" | "outbound" | "system";
  readonly sender: Sender;
  readonly content: JsonObject;
  readonly at: string;
}

export type Status = "active" | "escalated" | "completed" | "abandoned" | "error" | "timeout";

export interface ConversationView {
  readonly id: string;
  readonly status: Status;
}

/** Closed conversations stay closed. */
export function isOpen(conversation: ConversationView): boolean {
  return conversation.status === "active" || conversation.status === "escalated";
}

/** What a user can say: a typed text, or a choice that was offered. */
export type OutgoingContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "quick_reply"; readonly text: string; readonly payload: string };
