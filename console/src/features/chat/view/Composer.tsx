import { useId, useLayoutEffect, useRef, useState, type FormEvent, type KeyboardEvent, type RefObject } from "react";

import { lengthOf, TEXT_LIMIT } from "../text";
import { Arrow } from "./Icons";

const COUNTED_FROM = TEXT_LIMIT - 500;

export interface ComposerProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly isDisabled: boolean;
  readonly onSay: (text: string) => void;
  readonly onCompose: () => void;
}

export function Composer({ field, isDisabled, onSay, onCompose }: ComposerProps) {
  const [text, setText] = useState("");
  const hint = useId();
  const form = useRef<HTMLFormElement>(null);
  const length = lengthOf(text.trim());
  const isTooLong = length > TEXT_LIMIT;
  const canSend = !isDisabled && length > 0 && !isTooLong;

  useLayoutEffect(() => {
    const element = field.current!;
    element.style.blockSize = "auto";
    element.style.blockSize = `${element.scrollHeight}px`;
  }, [field, text]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!canSend) return;
    onSay(text.trim());
    setText("");
    field.current?.focus();
  };

  const onKey = (event: KeyboardEvent): void => {
    const isConfirmingInput = event.nativeEvent.isComposing; // Enter picks a word in an input method
    if (event.key !== "Enter" || event.shiftKey || isConfirmingInput) return;
    event.preventDefault();
    form.current?.requestSubmit();
  };

  return (
    <form ref={form} className="composer" onSubmit={submit}>
      <div className={isTooLong ? "field too-long" : "field"}>
        <textarea
          ref={field}
          value={text}
          rows={1}
          dir="auto"
          aria-label="Your message"
          aria-describedby={hint}
          aria-invalid={isTooLong}
          placeholder="Write a message"
          enterKeyHint="send"
          disabled={isDisabled}
          onKeyDown={onKey}
          onChange={(event) => {
            setText(event.target.value);
            onCompose();
          }}
        />
        <button type="submit" className="send" aria-label="Send" disabled={!canSend}>
          <Arrow />
        </button>
      </div>
      <p className="hint" id={hint}>
        {length > COUNTED_FROM ? (
          <span className={isTooLong ? "over" : undefined} role="status">
            {isTooLong
              ? `${(length - TEXT_LIMIT).toLocaleString()} characters too many`
              : `${(TEXT_LIMIT - length).toLocaleString()} characters left`}
          </span>
        ) : (
          <span className="keys">
            <kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> starts a new line
          </span>
        )}
      </p>
    </form>
  );
}
