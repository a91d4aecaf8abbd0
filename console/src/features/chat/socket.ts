/** One WebSocket at a time; what an abandoned one still says is not heard. */

import type { ClientFrame } from "./core/frames";

const OPENED_WITHIN_MS = 10_000;

export interface Listener {
  opened(): void;
  said(text: string): void;
  closed(wasOpen: boolean): void;
}

export class LiveSocket {
  #socket: WebSocket | null = null;

  constructor(private readonly listener: Listener) {}

  open(address: string): void {
    this.close();
    const socket = new WebSocket(address);
    let wasOpen = false;
    const timer = setTimeout(() => socket.close(), OPENED_WITHIN_MS);
    const isCurrent = (): boolean => this.#socket === socket;
    socket.addEventListener("open", () => {
      clearTimeout(timer);
      wasOpen = true;
      if (isCurrent()) this.listener.opened();
    });
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (isCurrent() && typeof event.data === "string") this.listener.said(event.data);
    });
    socket.addEventListener("close", () => {
      clearTimeout(timer);
      if (!isCurrent()) return;
      this.#socket = null;
      this.listener.closed(wasOpen);
    });
    this.#socket = socket;
  }

  /** A frame for a socket that is not open is dropped: whoever waits for its answer asks again. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}
