/** The conversation part of the API, as a visitor uses it. */

import type { Guest } from "./guest";
import { ApiProblem } from "./problem";
import type { Request, RequestOptions } from "./request";
import type {
  AcceptedView,
  ConversationDraft,
  ConversationView,
  MessageDraft,
  MessagePage,
  MessageView,
  OutgoingContent,
  StartedView,
} from "./views";

const PAGE = 100;

export class Conversations {
  constructor(
    private readonly request: Request,
    private readonly guest: Guest,
  ) {}

  /** The same `key` gives the same conversation, however often it is asked for. */
  start(flow: string, language: string, key: string): Promise<StartedView> {
    return this.#asGuest("POST", "/conversations", {
      idempotencyKey: key,
      body: { channel: "web", flow, language } satisfies ConversationDraft,
    });
  }

  read(id: string): Promise<ConversationView> {
    return this.#asGuest("GET", `/conversations/${encodeURIComponent(id)}`, {});
  }

  /** The first messages after sequence number `after`, in order. */
  async messages(id: string, after: number): Promise<{ messages: readonly MessageView[]; more: boolean }> {
    const path = `/conversations/${encodeURIComponent(id)}/messages?after=${after}&limit=${PAGE}`;
    const page = await this.#asGuest<MessagePage>("GET", path, {});
    return { messages: page.items, more: page.items.length > 0 && Boolean(page.next_cursor) };
  }

  /** The message's id at the server, which is the same for every repeat of `key`. */
  async post(id: string, content: OutgoingContent, key: string): Promise<string> {
    const path = `/conversations/${encodeURIComponent(id)}/messages`;
    const accepted = await this.#asGuest<AcceptedView>("POST", path, {
      idempotencyKey: key,
      body: { content } satisfies MessageDraft,
    });
    return accepted.message_id;
  }

  async #asGuest<Answer>(
    method: "GET" | "POST",
    path: string,
    options: RequestOptions,
  ): Promise<Answer> {
    const token = await this.guest.token();
    try {
      return await this.request<Answer>(method, path, { ...options, token });
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.problem.status !== 401) throw error;
      this.guest.drop();
      return this.request<Answer>(method, path, { ...options, token: await this.guest.token() });
    }
  }
}
