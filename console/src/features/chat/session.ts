/** Carries out what the chat asks for and tells it what happened: the edge around `core/`. */

import { ApiProblem, UNREACHABLE, type Problem } from "../../api/problem";
import type { Conversations } from "../../api/conversations";
import type { Guest } from "../../api/guest";
import type { OutgoingContent } from "../../api/views";
import { NEW_CHAT, type Chat, type Effect, type Happening, type TimerName } from "./core/chat";
import { frameFrom } from "./core/frames";
import type { Outgoing } from "./core/outgoing";
import { step } from "./core/step";
import { newId } from "./ids";
import { LiveSocket } from "./socket";
import type { ChatStore } from "./store";

const TYPING_NOTICE_EVERY_MS = 3_000;

export interface Surroundings {
  readonly conversations: Conversations;
  readonly guest: Guest;
  readonly store: ChatStore;
  /** Address of the WebSocket API, without the token. */
  readonly live: string;
  readonly flow: string;
  readonly language: string;
}

export class ChatSession {
  #chat: Chat = NEW_CHAT;
  #failedOpenings = 0;
  #typingNoticeAt = 0;
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Map<TimerName, ReturnType<typeof setTimeout>>();
  readonly #socket: LiveSocket;

  constructor(private readonly around: Surroundings) {
    this.#socket = new LiveSocket({
      opened: () => {
        this.#failedOpenings = 0;
        this.#happened({ on: "connected" });
      },
      said: (text) => {
        const frame = frameFrom(text);
        if (frame !== null) this.#happened({ on: "frame", frame });
      },
      closed: (wasOpen) => {
        if (!wasOpen) this.#failedOpenings += 1;
        this.#happened({ on: "disconnected" });
      },
    });
  }

  readonly chat = (): Chat => this.#chat;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  launch(): void {
    const { store } = this.around;
    this.#happened({ on: "launch", conversationId: store.conversationId(), kept: store.outgoing() });
    const wake = (): void => this.#happened({ on: "wake" });
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", (event) => event.persisted && wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") wake();
    });
  }

  say(content: OutgoingContent): void {
    this.#happened({ on: "say", id: newId(), content, at: Date.now() });
  }

  retry(id: string): void {
    this.#happened({ on: "retry", id, freshId: newId() });
  }

  discard(id: string): void {
    this.#happened({ on: "discard", id });
  }

  startAgain(): void {
    this.#happened({ on: "startAgain" });
  }

  reload(): void {
    this.#happened({ on: "reload" });
  }

  compose(): void {
    if (Date.now() - this.#typingNoticeAt < TYPING_NOTICE_EVERY_MS) return;
    this.#typingNoticeAt = Date.now();
    this.#happened({ on: "compose" });
  }

  #happened(happening: Happening): void {
    const { chat, effects } = step(this.#chat, happening);
    this.#chat = chat;
    for (const effect of effects) this.#perform(effect);
    for (const listener of this.#listeners) listener();
  }

  #perform(effect: Effect): void {
    const { store, conversations } = this.around;
    switch (effect.do) {
      case "connect":
        return void this.#connect();
      case "disconnect":
        return this.#socket.close();
      case "transmit":
        return this.#socket.send(effect.frame);
      case "start":
        return void this.#start();
      case "read":
        return this.#ask("read", async () => ({
          on: "read",
          conversation: await conversations.read(effect.conversationId),
        }));
      case "fetch": {
        const { conversationId, after } = effect;
        return this.#ask("fetch", async () => ({
          on: "fetched",
          conversationId,
          ...(await conversations.messages(conversationId, after)),
        }));
      }
      case "post":
        return void this.#post(effect.outgoing);
      case "keep":
        return store.keep(effect.outgoing);
      case "forget":
        return store.forget(effect.id);
      case "bookmark":
        return store.keepConversationId(effect.conversationId);
      case "wait":
        return this.#wait(effect);
      case "cancel":
        return clearTimeout(this.#timers.get(effect.timer));
    }
  }

  async #connect(): Promise<void> {
    // A browser does not say why a socket did not open: every third time, suspect the token.
    if (this.#failedOpenings % 3 === 2) this.around.guest.drop();
    try {
      const token = await this.around.guest.token();
      if (this.#chat.link.status !== "connecting") return; // no longer wanted
      this.#socket.open(`${this.around.live}?token=${encodeURIComponent(token)}`);
    } catch (error) {
      problemOf(error);
      this.#happened({ on: "disconnected" });
    }
  }

  #start(): void {
    const { store, conversations, flow, language } = this.around;
    const key = store.startKey(newId);
    this.#ask("start", async () => ({
      on: "started",
      ...(await conversations.start(flow, language, key)),
    }));
  }

  #ask(what: "start" | "read" | "fetch", question: () => Promise<Happening>): void {
    question().then(
      (answer) => this.#happened(answer),
      (error: unknown) => this.#happened({ on: "refused", what, problem: problemOf(error) }),
    );
  }

  async #post({ id, conversationId, content }: Outgoing): Promise<void> {
    try {
      const messageId = await this.around.conversations.post(conversationId, content, id);
      this.#happened({ on: "posted", id, messageId });
    } catch (error) {
      this.#happened({ on: "postRefused", id, problem: problemOf(error) });
    }
  }

  #wait({ timer, ms, jitter }: Effect & { do: "wait" }): void {
    clearTimeout(this.#timers.get(timer));
    const delay = jitter ? ms * (0.5 + Math.random() / 2) : ms;
    this.#timers.set(
      timer,
      setTimeout(() => this.#happened({ on: "timer", timer }), delay),
    );
  }
}

/** What an exchange failed with; anything but a problem is a fault of this program. */
function problemOf(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  console.error(error);
  return { ...UNREACHABLE, status: 500, title: "Something went wrong" };
}
