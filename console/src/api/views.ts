/**
 * What the API shows and takes, by the names of its own description.
 *
 * `npm run types` makes `parley-api` from `docs/openapi.json`.
 */

import type { components } from "parley-api";

type Schemas = components["schemas"];

export type ConversationView = Schemas["ConversationView"];
export type ConversationDraft = Schemas["ConversationDraft"];
export type MessageView = Schemas["MessageView"];
export type MessageDraft = Schemas["MessageDraft"];
export type MessagePage = Schemas["MessagePage"];
export type AcceptedView = Schemas["AcceptedView"];
export type StartedView = Schemas["StartedView"];
export type GuestDraft = Schemas["GuestDraft"];
export type GuestView = Schemas["GuestView"];
export type Sender = Schemas["Sender"];
export type Status = Schemas["Status"];

/** What a user can say here: a typed text, a choice that was offered, or a form filled in. */
export type OutgoingContent =
  | Extract<MessageDraft["content"], { type: "text" | "quick_reply" }>
  | Omit<Schemas["FormContent"], "text">;

/** Closed conversations stay closed. */
export function isOpen(conversation: ConversationView): boolean {
  return conversation.status === "active" || conversation.status === "escalated";
}
