import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

import type { MessageRow, Row } from "../rows";
import { Down, Mark } from "./Icons";
import { MessageItem, type MessageItemProps } from "./MessageItem";

const NEAR_THE_END_PX = 80;

export interface LogProps extends Omit<MessageItemProps, "row"> {
  readonly rows: readonly Row[];
  readonly isLoading: boolean;
  readonly typing: string | null;
  readonly notice: React.ReactNode;
}

export function Log({ rows, isLoading, typing, notice, ...actions }: LogProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { isAway, toEnd } = useEnd(scroller, rows, typing);
  return (
    <div className="scroller" ref={scroller} tabIndex={-1}>
      <div className="log" role="log" aria-label="Conversation" aria-live="polite" aria-busy={isLoading}>
        <ol className="messages" role="list">
          {isLoading && rows.length === 0 && <Skeleton />}
          {rows.map((row) =>
            row.kind === "day" ? (
              <li key={row.key} className="day">
                <span>{dayName(row.at)}</span>
              </li>
            ) : (
              <MessageItem key={row.key} row={row} {...actions} />
            ),
          )}
        </ol>
      </div>
      {notice}
      <div role="status" className="typing-place">
        {typing !== null && (
          <div className="message theirs last typing">
            <span className="avatar" aria-hidden="true">
              <Mark />
            </span>
            <div className="bubble dots">
              <span className="hidden">{typing} is writing</span>
              <i />
              <i />
              <i />
            </div>
          </div>
        )}
      </div>
      {isAway && (
        <button type="button" className="to-end" onClick={toEnd}>
          <Down /> Newest messages
        </button>
      )}
    </div>
  );
}

/** Keeps the newest message in view, unless the reader has gone back to read. */
function useEnd(scroller: RefObject<HTMLDivElement | null>, rows: readonly Row[], typing: string | null) {
  const [isAway, setAway] = useState(false);
  const isFollowing = useRef(true);
  const newest = rows.at(-1)?.kind === "message" ? (rows.at(-1) as MessageRow) : undefined;
  const isMine = newest?.sender === "user" && newest.mark === "sending";
  const isForm = newest?.content.form != null && newest.filling === "open";

  useEffect(() => {
    const element = scroller.current!;
    let height = element.scrollHeight;
    const follow = (): void => {
      if (element.scrollHeight !== height) return; // it grew, nobody scrolled: `stay` comes next
      const end = element.scrollTop + element.clientHeight;
      isFollowing.current = element.scrollHeight - end < NEAR_THE_END_PX;
      setAway(!isFollowing.current && (lastIn(element)?.offsetTop ?? 0) > end);
    };
    const stay = (): void => {
      height = element.scrollHeight;
      if (isFollowing.current) element.scrollTop = height;
    };
    const sizes = new ResizeObserver(stay); // the keyboard opens, an image loads, the window turns
    sizes.observe(element);
    sizes.observe(element.querySelector(".log")!);
    element.addEventListener("scroll", follow, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", follow);
    };
  }, [scroller]);

  useLayoutEffect(() => {
    const element = scroller.current!;
    if (isMine) isFollowing.current = true;
    if (!isFollowing.current) return;
    element.scrollTop = element.scrollHeight;
    const last = lastIn(element);
    if (!isForm || last === null || last.offsetHeight < element.clientHeight) return;
    element.scrollTop = last.offsetTop; // a form is read from its beginning
    isFollowing.current = false;
  }, [scroller, newest?.key, isMine, isForm, typing]);

  const toEnd = (): void => {
    const element = scroller.current!;
    element.scrollTo({ top: element.scrollHeight });
    isFollowing.current = true;
  };
  return { isAway, toEnd };
}

/** The newest message. */
function lastIn(element: HTMLElement): HTMLElement | null {
  return element.querySelector<HTMLElement>(".messages > li:last-child");
}

function Skeleton() {
  return (
    <>
      <li className="hidden">Loading the conversation</li>
      {[62, 44, 70].map((width) => (
        <li key={width} className="skeleton" aria-hidden="true" style={{ inlineSize: `${width}%` }} />
      ))}
    </>
  );
}

const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});

function dayName(day: Date): string {
  return day.toDateString() === new Date().toDateString() ? "Today" : dayFormat.format(day);
}
