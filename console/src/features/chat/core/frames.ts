/** The JSON texts of the live (WebSocket) connection. */

import type { MessageView, OutgoingContent, Sender, Status } from "../../../api/views";
import { problemFrom, type Problem } from "../../../api/problem";

export type ClientFrame =
  | { readonly action: "subscribe"; readonly conversation_id: string; readonly after: number }
  | { readonly action: "heartbeat"; readonly conversation_id: string; readonly after: number }
  | { readonly action: "typing"; readonly conversation_id: string }
  | {
      readonly action: "send";
      readonly conversation_id: string;
      readonly id: string;
      readonly content: OutgoingContent;
    };

export type ServerFrame =
  | {
      /** What was missed after the last message seen, as much as fits, up to number `last`. */
      readonly event: "subscribed" | "heartbeat";
      readonly conversationId: string;
      readonly last: number;
      readonly messages: readonly MessageView[];
      readonly status?: Status;
    }
  | { readonly event: "message"; readonly message: MessageView; readonly status?: Status }
  | { readonly event: "delivery"; readonly id: string; readonly messageId: string }
  | { readonly event: "typing"; readonly conversationId: string; readonly sender: Sender }
  | { readonly event: "error"; readonly id?: string; readonly problem: Problem };

type Fields = Record<string, unknown>;

/** The frame in `text`; null for anything this version does not know, which is left alone. */
export function frameFrom(text: string): ServerFrame | null {
  const fields = parsed(text);
  switch (fields?.["event"]) {
    case "subscribed":
    case "heartbeat":
      return {
        event: fields["event"],
        conversationId: String(fields["conversation_id"]),
        last: Number(fields["last"]) || 0,
        messages: messagesOf(fields["messages"]),
        ...statusOf(fields),
      };
    case "message":
      return isMessage(fields["message"])
        ? { event: "message", message: fields["message"], ...statusOf(fields) }
        : null;
    case "delivery":
      return { event: "delivery", id: String(fields["id"]), messageId: String(fields["message_id"]) };
    case "typing":
      return {
        event: "typing",
        conversationId: String(fields["conversation_id"]),
        sender: fields["sender"] as Sender,
      };
    case "error": {
      const problem = fields["problem"] as Fields | undefined;
      return {
        event: "error",
        problem: problemFrom(Number(problem?.["status"]) || 500, problem, null),
        ...(typeof fields["id"] === "string" ? { id: fields["id"] } : {}),
      };
    }
    default:
      return null;
  }
}

function parsed(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : null;
  } catch {
    return null; // not JSON: API Gateway itself may send such a text
  }
}

function statusOf(fields: Fields): { status?: Status } {
  const status = fields["status"];
  return typeof status === "string" ? { status: status as Status } : {};
}

function messagesOf(value: unknown): MessageView[] {
  return Array.isArray(value) ? value.filter(isMessage) : [];
}

function isMessage(value: unknown): value is MessageView {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Fields;
  return (
    typeof fields["id"] === "string" &&
    typeof fields["sequence_number"] === "number" &&
    typeof fields["content"] === "object" &&
    fields["content"] !== null
  );
}
