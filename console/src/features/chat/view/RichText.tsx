import { Fragment } from "react";

import { isEmojiAlone, spansOf } from "../text";

/** A text as it was written: plain, with its lines and direction; web addresses are links. */
export function RichText({ text }: { text: string }) {
  return (
    <p className={isEmojiAlone(text) ? "text text-emoji" : "text"} dir="auto">
      {spansOf(text).map((span, index) =>
        span.address === null ? (
          <Fragment key={index}>{span.text}</Fragment>
        ) : (
          <a key={index} href={span.address} target="_blank" rel="noopener noreferrer">
            {span.text}
          </a>
        ),
      )}
    </p>
  );
}
