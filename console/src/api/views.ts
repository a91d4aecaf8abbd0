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

/** What a user can say: a typed text, or a choice that was offered. */
export type OutgoingContent = MessageDraft["content"];

/** Closed conversations stay closed. */
export function isOpen(conversation: ConversationView): boolean {
  return conversation.status === "active" || conversation.status === "escalated";
}
