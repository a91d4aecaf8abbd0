/** The chat as a value, what can happen to it, and what it then asks of the world. */

import type { ConversationView, MessageView, OutgoingContent, Sender } from "../../../api/views";
import type { Problem } from "../../../api/problem";
import type { ClientFrame, ServerFrame } from "./frames";
import type { Outgoing } from "./outgoing";
import { EMPTY, type Timeline } from "./timeline";

export interface Chat {
  /** `opening` until the history is there; `broken` when it could not be had. */
  readonly phase: "opening" | "open" | "broken";
  /** Why it could not be had; it stays while that is tried again. */
  readonly problem: Problem | null;
  readonly conversationId: string | null;
  readonly conversation: ConversationView | null;
  readonly timeline: Timeline;
  readonly outgoing: readonly Outgoing[];
  /** What carries the one message that is being sent. */
  readonly carrier: "socket" | "http" | null;
  /** Message id -> the client's id of the outgoing message it was. */
  readonly claimed: Readonly<Record<string, string>>;
  readonly link: Link;
  /** A question for missing messages is under way. */
  readonly asking: boolean;
  /** The conversation has ended, but the answer under way may not know its last messages. */
  readonly endIsNear: boolean;
  /** Waiting before the next attempt to send by HTTP. */
  readonly resting: boolean;
  readonly typing: Sender | null;
  /** An answer to what the user said is due. */
  readonly awaiting: boolean;
}

export interface Link {
  readonly status: "down" | "connecting" | "subscribing" | "live";
  /** Attempts since it was last live. */
  readonly attempt: number;
  readonly everLive: boolean;
}

export const NEW_CHAT: Chat = {
  phase: "opening",
  problem: null,
  conversationId: null,
  conversation: null,
  timeline: EMPTY,
  outgoing: [],
  carrier: null,
  claimed: {},
  link: { status: "down", attempt: 0, everLive: false },
  asking: false,
  endIsNear: false,
  resting: false,
  typing: null,
  awaiting: false,
};

export type TimerName =
  | "reconnect" // open the socket again
  | "heartbeat" // tell the server we are here; its answer carries what we missed
  | "silence" // the server owes an answer on the socket
  | "acknowledge" // the server owes the acknowledgement of a send
  | "resend" // try HTTP again
  | "reopen" // try to load the conversation again
  | "poll" // ask for messages while there is no socket
  | "ask" // ask again for what is still missing
  | "status" // ask how the conversation stands
  | "typing" // the other side has stopped typing
  | "answer"; // an answer is overdue

export type Happening =
  | { readonly on: "launch"; readonly conversationId: string | null; readonly kept: readonly Outgoing[] }
  | {
      readonly on: "started";
      readonly conversation: ConversationView;
      readonly messages: readonly MessageView[];
    }
  | { readonly on: "read"; readonly conversation: ConversationView }
  | {
      readonly on: "fetched";
      readonly conversationId: string;
      readonly messages: readonly MessageView[];
      readonly more: boolean;
    }
  | { readonly on: "refused"; readonly what: "start" | "read" | "fetch"; readonly problem: Problem }
  | { readonly on: "connected" }
  | { readonly on: "disconnected" }
  | { readonly on: "frame"; readonly frame: ServerFrame }
  | { readonly on: "posted"; readonly id: string; readonly messageId: string }
  | { readonly on: "postRefused"; readonly id: string; readonly problem: Problem }
  | { readonly on: "say"; readonly id: string; readonly content: OutgoingContent; readonly at: number }
  | { readonly on: "retry"; readonly id: string; readonly freshId: string }
  | { readonly on: "discard"; readonly id: string }
  | { readonly on: "startAgain" }
  | { readonly on: "reload" }
  | { readonly on: "wake" }
  | { readonly on: "compose" }
  | { readonly on: "timer"; readonly timer: TimerName };

export type Effect =
  | { readonly do: "connect" }
  | { readonly do: "disconnect" }
  | { readonly do: "transmit"; readonly frame: ClientFrame }
  | { readonly do: "start" }
  | { readonly do: "read"; readonly conversationId: string }
  | { readonly do: "fetch"; readonly conversationId: string; readonly after: number }
  | { readonly do: "post"; readonly outgoing: Outgoing }
  | { readonly do: "keep"; readonly outgoing: Outgoing }
  | { readonly do: "forget"; readonly id: string }
  | { readonly do: "bookmark"; readonly conversationId: string | null }
  | {
      readonly do: "wait";
      readonly timer: TimerName;
      readonly ms: number;
      /** Spread over half the time, so that clients do not come back all at once. */
      readonly jitter?: boolean;
    }
  | { readonly do: "cancel"; readonly timer: TimerName };
