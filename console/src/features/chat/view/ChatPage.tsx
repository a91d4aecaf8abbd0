import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";

import { isOpen } from "../../../api/views";
import type { Choice } from "../content";
import type { Chat } from "../core/chat";
import type { Values } from "../form";
import { rowsOf } from "../rows";
import type { ChatSession } from "../session";
import { Composer } from "./Composer";
import { Mark, Person, Restart } from "./Icons";
import { Log } from "./Log";
import { Trouble } from "./Trouble";

export function ChatPage({ session, title }: { session: ChatSession; title: string }) {
  const chat = useSyncExternalStore(session.subscribe, session.chat);
  const rows = useMemo(() => rowsOf(chat), [chat]);
  const isOffline = useOffline() && !isWorking(chat);
  const field = useRef<HTMLTextAreaElement>(null);
  const canWrite = chat.phase === "open";
  const isEnded = chat.conversation !== null && !isOpen(chat.conversation) && canWrite;

  const choose = (choice: Choice): void => {
    session.say({ type: "quick_reply", text: choice.title, payload: choice.payload });
    if (hasKeyboard()) field.current?.focus(); // the button is disabled now: keep the focus
  };
  const fillIn = (values: Values): void => {
    session.say({ type: "form", values });
    if (hasKeyboard()) field.current?.focus(); // as above: the form is gone
  };
  const startAgain = (): void => session.startAgain();

  useEffect(() => {
    if (canWrite && hasKeyboard()) field.current?.focus();
  }, [canWrite]);

  if (chat.problem !== null) {
    return (
      <Trouble
        problem={chat.problem}
        isSomethingKept={chat.outgoing.length > 0}
        onRetry={() => session.reload()}
      />
    );
  }
  return (
    <main className="chat" data-link={isOffline ? "down" : chat.link.status} data-phase={chat.phase}>
      <Header title={title} chat={chat} onStartAgain={startAgain} />
      <ConnectionBanner chat={chat} isOffline={isOffline} />
      <Log
        rows={rows}
        isLoading={chat.phase === "opening"}
        typing={typingName(chat)}
        notice={<Handoff chat={chat} />}
        onChoose={choose}
        onFillIn={fillIn}
        onRetry={(id) => session.retry(id)}
        onDiscard={(id) => session.discard(id)}
      />
      {isEnded ? (
        <Ended onStartAgain={startAgain} />
      ) : (
        <Composer
          field={field}
          isDisabled={!canWrite}
          onSay={(text) => session.say({ type: "text", text })}
          onCompose={() => session.compose()}
        />
      )}
    </main>
  );
}

function Header({ title, chat, onStartAgain }: { title: string; chat: Chat; onStartAgain: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isPerson = chat.conversation?.status === "escalated";
  return (
    <header className="header">
      <span className="mark" aria-hidden="true">
        {isPerson ? <Person /> : <Mark />}
      </span>
      <div className="titles">
        <h1 dir="auto">{title}</h1>
        <p>{isPerson ? "Support team" : "Automated assistant"}</p>
      </div>
      <button
        type="button"
        className="plain restart"
        aria-label="Start a new conversation"
        title="Start a new conversation"
        disabled={chat.phase !== "open"}
        onClick={() => dialog.current?.showModal()}
      >
        <Restart />
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="restart-title">
        <form method="dialog">
          <h2 id="restart-title">Start a new conversation?</h2>
          <p>You leave this one, and can’t come back to it here.</p>
          <div className="actions">
            <button type="submit" className="secondary">
              Stay here
            </button>
            <button type="submit" className="primary" onClick={onStartAgain}>
              Start anew
            </button>
          </div>
        </form>
      </dialog>
    </header>
  );
}

/** Appears once the connection has been gone for a moment: short gaps go unnoticed. */
function ConnectionBanner({ chat, isOffline }: { chat: Chat; isOffline: boolean }) {
  const isDown = chat.link.status !== "live" && chat.link.attempt > 0 && chat.phase === "open";
  const isEnded = chat.conversation !== null && !isOpen(chat.conversation);
  return (
    <div role="status" className="banner-place">
      {!isEnded && (isDown || isOffline) && (
        <p className="banner">
          <span className="spinner" aria-hidden="true" />
          {isOffline ? "You are offline." : "Reconnecting…"}{" "}
          {isSending(chat) && "What you wrote is kept and will be sent."}
        </p>
      )}
    </div>
  );
}

function Handoff({ chat }: { chat: Chat }) {
  if (chat.conversation?.status !== "escalated") return null;
  return (
    <p className="handoff" role="status">
      <Person /> A person is taking over. Stay on this page: their answer appears here.
    </p>
  );
}

function Ended({ onStartAgain }: { onStartAgain: () => void }) {
  return (
    <section className="ended" role="status" aria-label="Conversation ended">
      <p>This conversation has ended.</p>
      <button type="button" className="primary" onClick={onStartAgain}>
        Start a new conversation
      </button>
    </section>
  );
}

function typingName(chat: Chat): string | null {
  if (chat.typing === "human_agent") return "Support";
  return chat.typing !== null || chat.awaiting ? "The assistant" : null;
}

/** Messages get through, whatever the browser thinks of its network: the API may be on this machine. */
function isWorking(chat: Chat): boolean {
  return chat.link.status === "live" && !isSending(chat);
}

function isSending(chat: Chat): boolean {
  return chat.outgoing.some((one) => one.status === "queued" || one.status === "sending");
}

function useOffline(): boolean {
  return useSyncExternalStore(watchNetwork, () => !navigator.onLine);
}

function watchNetwork(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

/** Focus on a touch device would open its keyboard over the conversation. */
function hasKeyboard(): boolean {
  return window.matchMedia("(pointer: fine)").matches;
}
