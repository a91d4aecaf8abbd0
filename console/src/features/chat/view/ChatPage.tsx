import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { isOpen } from "../../../api/views";
import type { Chat } from "../core/chat";
import { rowsOf } from "../rows";
import type { ChatSession } from "../session";
import type { Choice } from "../content";
import { Composer } from "./Composer";
import { Mark, Person, Restart } from "./Icons";
import { Log } from "./Log";
import { Trouble } from "./Trouble";

export function ChatPage({ session, title }: { session: ChatSession; title: string }) {
  const chat = useSyncExternalStore(session.subscribe, session.chat);
  const rows = useMemo(() => rowsOf(chat), [chat]);
  const isOnline = useOnline();
  const field = useRef<HTMLTextAreaElement>(null);
  const isEnded = chat.conversation !== null && !isOpen(chat.conversation) && chat.phase === "open";

  const choose = (choice: Choice): void => {
    session.say({ type: "quick_reply", text: choice.title, payload: choice.payload });
    if (hasKeyboard()) field.current?.focus(); // the button is disabled now: keep the focus
  };
  const startAgain = (): void => {
    session.startAgain();
    if (hasKeyboard()) requestAnimationFrame(() => field.current?.focus());
  };

  if (chat.phase === "broken" && chat.problem !== null && rows.length === 0) {
    return <Trouble problem={chat.problem} onRetry={() => session.reload()} />;
  }
  return (
    <main className="chat" data-link={isOnline ? chat.link.status : "down"} data-phase={chat.phase}>
      <Header title={title} chat={chat} onStartAgain={startAgain} />
      <ConnectionBanner chat={chat} isOnline={isOnline} />
      <Log
        rows={rows}
        isLoading={chat.phase === "opening"}
        typing={typingName(chat)}
        notice={<Handoff chat={chat} />}
        onChoose={choose}
        onRetry={(id) => session.retry(id)}
        onDiscard={(id) => session.discard(id)}
      />
      {isEnded ? (
        <Ended onStartAgain={startAgain} />
      ) : (
        <Composer
          field={field}
          isDisabled={chat.phase !== "open"}
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
function ConnectionBanner({ chat, isOnline }: { chat: Chat; isOnline: boolean }) {
  const isDown = chat.link.status !== "live" && chat.link.attempt > 0 && chat.phase === "open";
  const isEnded = chat.conversation !== null && !isOpen(chat.conversation);
  const isWaiting = chat.outgoing.some((one) => one.status !== "accepted" && one.status !== "failed");
  return (
    <div role="status" className="banner-place">
      {!isEnded && (isDown || !isOnline) && (
        <p className="banner">
          <span className="spinner" aria-hidden="true" />
          {isOnline ? "Reconnecting…" : "You are offline."}{" "}
          {isWaiting && "What you wrote is kept and will be sent."}
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

function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = (): void => setOnline(navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  return isOnline;
}

/** Focus on a touch device would open its keyboard over the conversation. */
function hasKeyboard(): boolean {
  return window.matchMedia("(pointer: fine)").matches;
}
