/** What the page keeps on the device: who the visitor is, where they were, what they said. */

import type { VisitorStore } from "../../api/guest";
import type { Outgoing } from "./core/outgoing";

/**
 * Each outgoing message has an entry of its own, so that two tabs never overwrite each other's.
 * A device that refuses storage gets one that lasts as long as the page.
 */
export class ChatStore implements VisitorStore {
  readonly #prefix: string;

  constructor(
    private readonly storage: Storage,
    organization: string,
    flow: string,
  ) {
    this.#prefix = `parley.chat:${organization}:${flow}:`;
  }

  visitorToken(): string | null {
    return this.#get("visitor");
  }

  keepVisitorToken(token: string | null): void {
    this.#put("visitor", token);
  }

  conversationId(): string | null {
    return this.#get("conversation");
  }

  /** A bookmark ends the start that led to it. */
  keepConversationId(id: string | null): void {
    this.#put("conversation", id);
    this.#put("start", null);
  }

  /** The key of a start that has not been answered yet: the same one until it is. */
  startKey(fresh: () => string): string {
    const key = this.#get("start") ?? fresh();
    this.#put("start", key);
    return key;
  }

  outgoing(): Outgoing[] {
    const prefix = `${this.#prefix}out:`;
    const found: Outgoing[] = [];
    for (let index = 0; index < this.storage.length; index += 1) {
      const key = this.storage.key(index);
      if (!key?.startsWith(prefix)) continue;
      const one = outgoingFrom(this.storage.getItem(key));
      if (one !== null) found.push(one);
    }
    return found;
  }

  keep(outgoing: Outgoing): void {
    this.#put(`out:${outgoing.id}`, JSON.stringify(outgoing));
  }

  forget(id: string): void {
    this.#put(`out:${id}`, null);
  }

  #get(name: string): string | null {
    return this.storage.getItem(this.#prefix + name);
  }

  #put(name: string, value: string | null): void {
    try {
      if (value === null) this.storage.removeItem(this.#prefix + name);
      else this.storage.setItem(this.#prefix + name, value);
    } catch (error) {
      console.warn("The device keeps nothing more; this page still does.", error);
    }
  }
}

function outgoingFrom(text: string | null): Outgoing | null {
  try {
    const value = JSON.parse(text ?? "null") as Outgoing | null;
    return typeof value?.id === "string" && typeof value.content?.type === "string" ? value : null;
  } catch {
    return null; // not ours, or cut short
  }
}

/** The device's storage, or one in memory where the device refuses it. */
export function deviceStorage(): Storage {
  try {
    const probe = "parley.chat:probe";
    window.localStorage.setItem(probe, probe);
    window.localStorage.removeItem(probe);
    return window.localStorage;
  } catch {
    return new MemoryStorage();
  }
}

export class MemoryStorage implements Storage {
  readonly #items = new Map<string, string>();

  get length(): number {
    return this.#items.size;
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
  clear(): void {
    this.#items.clear();
  }
}
