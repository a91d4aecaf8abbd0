/**
 * A server, a device and a network that loses, doubles, delays and reorders, in virtual time.
 *
 * The real core runs on it: only the edge (`session.ts`) is played by this file, and nothing in it
 * helps the core to keep its promises. Everything follows from the seed.
 */

import type { ConversationView, MessageView, OutgoingContent } from "../src/api/views";
import { UNREACHABLE, type Problem } from "../src/api/problem";
import { NEW_CHAT, type Chat, type Effect, type Happening } from "../src/features/chat/core/chat";
import type { ClientFrame, ServerFrame } from "../src/features/chat/core/frames";
import type { Outgoing } from "../src/features/chat/core/outgoing";
import { step } from "../src/features/chat/core/step";
import { aConversation, aMessage } from "./builders";

export interface Faults {
  /** Chances, from 0 to 1, of what may happen to each thing that is sent. */
  readonly lose: number;
  readonly double: number;
  readonly overload: number;
  /** Milliseconds that something may take at most. */
  readonly slowest: number;
}

export const CALM: Faults = { lose: 0, double: 0, overload: 0, slowest: 40 };

const OVERLOAD: Problem = { status: 503, code: 5002, title: "Unavailable", detail: "" };

export class World {
  now = 0;
  faults: Faults = CALM;
  isOnline = true;
  readonly server = new Server(this);
  readonly device = { conversationId: null as string | null, startKey: null as string | null };
  readonly kept = new Map<string, Outgoing>();
  page: Page | null = null;
  /** Called after every step of the page. */
  watch: (chat: Chat) => void = () => undefined;
  #agenda: { at: number; order: number; run: () => void }[] = [];
  #order = 0;
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to 1 (mulberry32). */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  in(ms: number, run: () => void): void {
    this.#order += 1;
    this.#agenda.push({ at: this.now + ms, order: this.#order, run });
  }

  /** One thing on its way: perhaps never, perhaps twice, after a while. */
  travel(run: () => void): void {
    const copies = !this.isOnline || this.chance(this.faults.lose) ? 0 : this.chance(this.faults.double) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.in(1 + this.random() * this.faults.slowest, () => this.isOnline && run());
    }
  }

  runUntil(time: number): void {
    for (;;) {
      this.#agenda.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#agenda[0];
      if (next === undefined || next.at > time) break;
      this.#agenda.shift();
      this.now = next.at;
      next.run();
    }
    this.now = time;
  }

  /** Opens the page, or opens it again: what was in memory is gone, what is on the device is not. */
  openPage(): void {
    this.page?.close();
    this.page = new Page(this);
    this.page.happened({
      on: "launch",
      conversationId: this.device.conversationId,
      kept: [...this.kept.values()],
    });
  }

  /** The socket dies, and both ends know. */
  dropSocket(): void {
    this.page?.socketClosed();
  }
}

class Server {
  readonly messages: MessageView[] = [];
  status: ConversationView["status"] = "active";
  #conversations = new Map<string, string>();
  #accepted = new Map<string, string>();
  #free = 0;

  constructor(private readonly world: World) {}

  get startedConversations(): number {
    return this.#conversations.size;
  }

  start(key: string): { conversation: ConversationView; messages: MessageView[] } {
    if (!this.#conversations.has(key)) {
      this.#conversations.set(key, `conversation of ${key}`);
      this.#add("outbound", { type: "text", text: "hello" }, "greeting");
    }
    return { conversation: this.read(), messages: [...this.messages] };
  }

  read(): ConversationView {
    return aConversation(this.status, [...this.#conversations.values()][0]!);
  }

  /** Queues the message once per key, in the order of arrival, and answers with its id. */
  accept(key: string, content: OutgoingContent): string {
    const known = this.#accepted.get(key);
    if (known !== undefined) return known;
    const id = `message ${this.#accepted.size + 1}`;
    this.#accepted.set(key, id);
    this.#free = Math.max(this.#free, this.world.now) + 20 + this.world.random() * 300;
    this.world.in(this.#free - this.world.now, () => this.#turn(id, content));
    return id;
  }

  #turn(id: string, content: OutgoingContent): void {
    if (this.status !== "active") return; // ignored, as the engine does
    const fresh = [this.#add("inbound", { ...content }, id)];
    const answers = Math.floor(this.world.random() * 3);
    for (let n = 0; n < answers; n += 1) {
      fresh.push(this.#add("outbound", { type: "text", text: `answer ${n} to ${id}` }, `${id}:${n}`));
    }
    if (content.type === "text" && content.text === "bye") this.status = "completed";
    for (const message of fresh) this.world.page?.hear({ event: "message", message });
  }

  #add(direction: "inbound" | "outbound", content: MessageView["content"], id: string): MessageView {
    const message = aMessage(this.messages.length + 1, {
      id,
      conversation_id: this.read().id,
      direction,
      sender: direction === "inbound" ? "user" : "ai_agent",
      content,
    });
    this.messages.push(message);
    return message;
  }

  frame(frame: ClientFrame, answer: (frame: ServerFrame) => void): void {
    const { conversation_id: conversationId } = frame;
    switch (frame.action) {
      case "subscribe": {
        const messages = this.messages.slice(frame.after, frame.after + 5); // short pages
        return answer({ event: "subscribed", conversationId, last: this.messages.length, messages });
      }
      case "heartbeat":
        return answer({
          event: "heartbeat",
          conversationId,
          last: this.messages.length,
          messages: this.messages.slice(frame.after, frame.after + 5),
        });
      case "send":
        return answer({
          event: "delivery",
          id: frame.id,
          messageId: this.accept(frame.id, frame.content),
        });
      case "typing":
        return;
    }
  }
}

/** `session.ts` without a browser. */
class Page {
  chat: Chat = NEW_CHAT;
  #isOpen = true;
  #socket = 0;
  #isConnected = false;
  #timers = new Map<string, number>();
  #timer = 0;

  constructor(private readonly world: World) {}

  close(): void {
    this.#isOpen = false;
  }

  happened(happening: Happening): void {
    if (!this.#isOpen) return;
    const { chat, effects } = step(this.chat, happening);
    this.chat = chat;
    for (const effect of effects) this.#perform(effect);
    this.world.watch(chat);
  }

  hear(frame: ServerFrame): void {
    const socket = this.#socket;
    if (!this.#isConnected) return;
    this.world.travel(() => {
      if (socket === this.#socket && this.#isConnected) this.happened({ on: "frame", frame });
    });
  }

  socketClosed(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#socket += 1;
    this.happened({ on: "disconnected" });
  }

  #perform(effect: Effect): void {
    const { world } = this;
    const { server, device, kept } = world;
    switch (effect.do) {
      case "connect":
        return this.#connect();
      case "disconnect":
        this.#isConnected = false;
        this.#socket += 1;
        return;
      case "transmit":
        if (!this.#isConnected) return;
        return world.travel(() => server.frame(effect.frame, (frame) => this.hear(frame)));
      case "start": {
        const key = (device.startKey ??= `start at ${world.now}`);
        return this.#exchange(
          () => ({ on: "started", ...server.start(key) }),
          (problem) => ({ on: "refused", what: "start", problem }),
        );
      }
      case "read":
        return this.#exchange(
          () => ({ on: "read", conversation: server.read() }),
          (problem) => ({ on: "refused", what: "read", problem }),
        );
      case "fetch": {
        const { conversationId, after } = effect;
        return this.#exchange(
          () => {
            const messages = server.messages.slice(after, after + 5);
            return { on: "fetched", conversationId, messages, more: server.messages.length > after + 5 };
          },
          (problem) => ({ on: "refused", what: "fetch", problem }),
        );
      }
      case "post": {
        const { id, content } = effect.outgoing;
        return this.#exchange(
          () => ({ on: "posted", id, messageId: server.accept(id, content) }),
          (problem) => ({ on: "postRefused", id, problem }),
        );
      }
      case "keep":
        kept.set(effect.outgoing.id, effect.outgoing);
        return;
      case "forget":
        kept.delete(effect.id);
        return;
      case "bookmark":
        device.conversationId = effect.conversationId;
        device.startKey = null;
        return;
      case "wait": {
        const timer = (this.#timer += 1);
        this.#timers.set(effect.timer, timer);
        world.in(effect.jitter ? effect.ms * (0.5 + world.random() / 2) : effect.ms, () => {
          if (this.#timers.get(effect.timer) !== timer) return;
          this.#timers.delete(effect.timer);
          this.happened({ on: "timer", timer: effect.timer });
        });
        return;
      }
      case "cancel":
        this.#timers.delete(effect.timer);
        return;
    }
  }

  #connect(): void {
    const socket = (this.#socket += 1);
    const { world } = this;
    world.in(5 + world.random() * world.faults.slowest, () => {
      if (socket !== this.#socket) return;
      if (!world.isOnline || world.chance(world.faults.lose)) return this.happened({ on: "disconnected" });
      this.#isConnected = true;
      this.happened({ on: "connected" });
    });
  }

  /** There and back once: either way may fail, and the sender cannot tell which. */
  #exchange(serve: () => Happening, fail: (problem: Problem) => Happening): void {
    const { world } = this;
    const delay = (): number => 1 + world.random() * world.faults.slowest;
    const isLost = (): boolean => !world.isOnline || world.chance(world.faults.lose);
    const lost = (): void => this.happened(fail(UNREACHABLE));
    world.in(delay(), () => {
      if (isLost()) return lost();
      if (world.chance(world.faults.overload)) return this.happened(fail(OVERLOAD));
      const answer = serve();
      world.in(delay(), () => (isLost() ? lost() : this.happened(answer)));
    });
  }
}
