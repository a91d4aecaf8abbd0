import type { ConversationView, MessageView } from "../src/api/views";
import { NEW_CHAT, type Chat, type Effect, type Happening } from "../src/features/chat/core/chat";
import { step } from "../src/features/chat/core/step";

export const CONVERSATION = "c-1";

export function aMessage(sequence_number: number, change: Partial<MessageView> = {}): MessageView {
  return {
    id: `m-${sequence_number}`,
    conversation_id: CONVERSATION,
    sequence_number,
    direction: "outbound",
    sender: "ai_agent",
    content: { type: "text", text: `message ${sequence_number}` },
    turn_no: sequence_number,
    at: "2026-11-22T12:00:00Z",
    delivery: null,
    ...change,
  };
}

export function fromUser(sequence_number: number, content: MessageView["content"], id?: string): MessageView {
  return aMessage(sequence_number, {
    direction: "inbound",
    sender: "user",
    content,
    ...(id === undefined ? {} : { id }),
  });
}

export function aConversation(
  status: ConversationView["status"] = "active",
  id = CONVERSATION,
): ConversationView {
  return {
    id,
    status,
    user_id: "u-1",
    channel: "web",
    flow: { id: "f-1", version: "1.0" },
    stage: "waiting_for_user",
    current_state: "menu",
    language: "en",
    message_count: 1,
    turn_count: 1,
    created_at: "2026-11-22T12:00:00Z",
    last_activity_at: "2026-11-22T12:00:00Z",
    closed_at: null,
  };
}

/** The chat after all of `happenings`, with every effect on the way. */
export function after(chat: Chat, ...happenings: Happening[]): { chat: Chat; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const happening of happenings) {
    const next = step(chat, happening);
    chat = next.chat;
    effects.push(...next.effects);
  }
  return { chat, effects };
}

/** An open conversation with one greeting, subscribed to its live connection. */
export function aLiveChat(): Chat {
  return after(
    NEW_CHAT,
    { on: "launch", conversationId: null, kept: [] },
    { on: "started", conversation: aConversation(), messages: [aMessage(1)] },
    { on: "connected" },
    {
      on: "frame",
      frame: { event: "subscribed", conversationId: CONVERSATION, last: 1, messages: [] },
    },
  ).chat;
}

export function saying(id: string, text = `said ${id}`): Happening {
  return { on: "say", id, content: { type: "text", text }, at: 0 };
}

export function pushed(message: MessageView): Happening {
  return { on: "frame", frame: { event: "message", message } };
}

export function transmitted(effects: readonly Effect[], action: string): Effect[] {
  return effects.filter((effect) => effect.do === "transmit" && effect.frame.action === action);
}
