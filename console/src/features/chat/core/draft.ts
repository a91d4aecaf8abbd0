import type { Chat, Effect, TimerName } from "./chat";
import type { Outgoing } from "./outgoing";

/** One step in the making: the chat so far and the effects so far. */
export class Draft {
  readonly effects: Effect[] = [];

  constructor(public chat: Chat) {}

  set(change: Partial<Chat>): void {
    this.chat = { ...this.chat, ...change };
  }

  do(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Starts the timer anew, whether it runs or not. */
  wait(timer: TimerName, ms: number, { jitter = false } = {}): void {
    this.do({ do: "wait", timer, ms, jitter });
  }

  cancel(timer: TimerName): void {
    this.do({ do: "cancel", timer });
  }

  forget(id: string): void {
    this.do({ do: "forget", id });
  }

  /** Puts `outgoing` in the place of the one with its id, on the device too. */
  replace(outgoing: Outgoing): void {
    this.set({ outgoing: this.chat.outgoing.map((one) => (one.id === outgoing.id ? outgoing : one)) });
    this.do({ do: "keep", outgoing });
  }

  outgoing(id: string): Outgoing | undefined {
    return this.chat.outgoing.find((one) => one.id === id);
  }

  get isOpen(): boolean {
    const { phase, conversation } = this.chat;
    return phase === "open" && (conversation?.status === "active" || conversation?.status === "escalated");
  }
}
