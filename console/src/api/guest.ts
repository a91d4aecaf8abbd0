/** The token of an anonymous visitor, renewed before it expires. */

import { ApiProblem } from "./problem";
import type { Request } from "./request";
import type { GuestDraft, GuestView } from "./views";

/** Renewed this long before its end, so that none expires on its way. */
const MARGIN_MS = 60_000;

export interface VisitorStore {
  visitorToken(): string | null;
  keepVisitorToken(token: string | null): void;
}

export class Guest {
  #token: { readonly value: string; readonly until: number } | null = null;
  #renewal: Promise<string> | null = null;

  constructor(
    private readonly request: Request,
    private readonly organization: string,
    private readonly store: VisitorStore,
    private readonly now: () => number = Date.now,
  ) {}

  /** A token that is good for a while yet. */
  async token(): Promise<string> {
    if (this.#token !== null && this.now() < this.#token.until) return this.#token.value;
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** The server does not take the token any more. */
  drop(): void {
    this.#token = null;
  }

  async #renew(): Promise<string> {
    const answer = await this.#ask(this.store.visitorToken());
    this.store.keepVisitorToken(answer.visitor_token);
    this.#token = {
      value: answer.access_token,
      until: this.now() + answer.expires_in * 1000 - MARGIN_MS,
    };
    return answer.access_token;
  }

  async #ask(visitorToken: string | null): Promise<GuestView> {
    const visitor = visitorToken === null ? {} : { visitor_token: visitorToken };
    try {
      return await this.request<GuestView>("POST", "/auth/guest", {
        body: { organization: this.organization, ...visitor } satisfies GuestDraft,
      });
    } catch (error) {
      const isRefused = error instanceof ApiProblem && [400, 401, 422].includes(error.problem.status);
      if (visitorToken === null || !isRefused) throw error;
      this.store.keepVisitorToken(null); // expired after its 30 days: a new visitor
      return this.#ask(null);
    }
  }
}
