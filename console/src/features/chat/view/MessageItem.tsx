import type { Mark as MarkName, MessageRow } from "../rows";
import { Answers, Carousel, ContentView, QuickReplies, type Choosing } from "./ContentView";
import { FormView, type FormViewProps } from "./FormView";
import { Alert, Clock, Mark, Person, Tick, Ticks } from "./Icons";

const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });

const SENDERS: Record<MessageRow["sender"], string> = {
  user: "You",
  ai_agent: "Assistant",
  human_agent: "Support",
  system: "Notice",
};

export interface MessageItemProps {
  readonly row: MessageRow;
  readonly onChoose: Choosing["onChoose"];
  readonly onFillIn: FormViewProps["onFillIn"];
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

export function MessageItem({ row, onChoose, onFillIn, onRetry, onDiscard }: MessageItemProps) {
  const { content, sender, failed } = row;
  const choosing: Choosing = { isOpen: row.choices === "open", chosen: row.chosen, onChoose };
  const isCards = content.cards.length > 0;
  const isBubble = !isCards || content.text !== "" || content.media.length > 0;
  return (
    <li className={classOf(row)} data-message={row.key} data-mark={row.mark ?? undefined}>
      {sender !== "user" && sender !== "system" && (
        <span className="avatar" aria-hidden="true">
          {row.isFirstOfGroup && (sender === "human_agent" ? <Person /> : <Mark />)}
        </span>
      )}
      <div className="stack">
        <span className="hidden">{SENDERS[sender]}: </span>
        {isBubble && (
          <div className="bubble">
            {row.answers === null || content.text ? (
              <ContentView content={content} choosing={choosing} />
            ) : (
              <Answers answers={row.answers} />
            )}
            {content.form && <FormView form={content.form} filling={row.filling} onFillIn={onFillIn} />}
          </div>
        )}
        {isCards && <Carousel cards={content.cards} choosing={choosing} />}
        {content.quickReplies.length > 0 && (
          <QuickReplies choices={content.quickReplies} choosing={choosing} />
        )}
        {(row.isLastOfGroup || failed !== null) && sender !== "system" && (
          <p className="meta">
            {sender === "human_agent" && <span>Support ·</span>}
            <time dateTime={row.at.toISOString()} title={moment.format(row.at)}>
              {time.format(row.at)}
            </time>
            {row.mark !== null && <Delivery mark={row.mark} />}
          </p>
        )}
        {failed !== null && (
          <div className="failure">
            <span>{failed.problem?.detail || failed.problem?.title}</span>
            {failed.problem?.code !== 3007 && (
              <button type="button" className="plain" onClick={() => onRetry(failed.id)}>
                Try again
              </button>
            )}
            <button type="button" className="plain" onClick={() => onDiscard(failed.id)}>
              Delete
            </button>
          </div>
        )}
      </div>
    </li>
  );
}

const MARKS: Record<MarkName, { readonly icon: () => React.ReactNode; readonly text: string }> = {
  sending: { icon: Clock, text: "Sending" },
  sent: { icon: Tick, text: "Sent" },
  delivered: { icon: Ticks, text: "Delivered" },
  failed: { icon: Alert, text: "Not sent" },
};

function Delivery({ mark }: { mark: MarkName }) {
  const { icon: Icon, text } = MARKS[mark];
  return (
    <span className={`delivery delivery-${mark}`}>
      <Icon /> {text}
    </span>
  );
}

function classOf({ sender, isFirstOfGroup, isLastOfGroup, mark }: MessageRow): string {
  const side = sender === "user" ? "mine" : sender === "system" ? "notice" : "theirs";
  return [
    "message",
    side,
    isFirstOfGroup && "first",
    isLastOfGroup && "last",
    (mark === "sending" || mark === "failed") && mark,
  ]
    .filter(Boolean)
    .join(" ");
}
