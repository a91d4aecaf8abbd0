import { useState } from "react";

import type { Button, Card, Choice, Content, Media, Place } from "../content";
import type { Answer } from "../form";
import { Out, Page, Pin, Tick } from "./Icons";
import { RichText } from "./RichText";

/** What a choice does, and whether it still can. */
export interface Choosing {
  readonly isOpen: boolean;
  /** The payload that was chosen. */
  readonly chosen: string | null;
  readonly onChoose: (choice: Choice) => void;
}

/** The parts of a message that belong inside its bubble. */
export function ContentView({ content, choosing }: { content: Content; choosing: Choosing }) {
  return (
    <>
      {content.media.map((media) => (
        <MediaView key={media.address} media={media} />
      ))}
      {content.text && <RichText text={content.text} />}
      {content.place && <PlaceView place={content.place} />}
      {content.buttons.length > 0 && <Buttons buttons={content.buttons} choosing={choosing} />}
      {content.unknown !== null && (
        <p className="unknown">
          {content.text ? "The rest of this message" : "This message"} can’t be shown here (
          <span dir="auto">{content.unknown}</span>).
        </p>
      )}
    </>
  );
}

function MediaView({ media }: { media: Media }) {
  const [isLost, setLost] = useState(false);
  const { address, label, poster } = media;
  switch (isLost ? "file" : media.kind) {
    case "image":
      return (
        <a className="media" href={address} target="_blank" rel="noopener noreferrer">
          <img
            src={address}
            alt={label || "Image"}
            loading="lazy"
            referrerPolicy="no-referrer"
            onError={() => setLost(true)}
          />
        </a>
      );
    case "audio":
      return <audio className="media" src={address} controls preload="none" aria-label={label || "Audio"} />;
    case "video":
      return (
        <video
          className="media"
          src={address}
          poster={poster ?? undefined}
          controls
          preload="none"
          aria-label={label || "Video"}
        />
      );
    case "file":
      return (
        <a className="tile" href={address} target="_blank" rel="noopener noreferrer">
          <Page />
          <span>
            <span dir="auto">{label || nameOf(address)}</span>
            {media.bytes !== null && <small>{sizeOf(media.bytes)}</small>}
          </span>
          <Out />
        </a>
      );
  }
}

function sizeOf(bytes: number): string {
  const [amount, unit] = bytes < 1_000_000 ? [bytes / 1_000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  return amount.toLocaleString(undefined, { style: "unit", unit, maximumFractionDigits: amount < 10 ? 1 : 0 });
}

function PlaceView({ place: { name, latitude, longitude } }: { place: Place }) {
  const position = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const at = `mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return (
    <a
      className="tile"
      href={`https://www.openstreetmap.org/?${at}`}
      target="_blank"
      rel="noopener noreferrer"
    >
      <Pin />
      <span>
        <span dir="auto">{name || "Location"}</span>
        <small>{position}</small>
      </span>
      <Out />
    </a>
  );
}

/** What a form was filled in with. */
export function Answers({ answers }: { answers: readonly Answer[] }) {
  if (answers.length === 0) return <p className="text">Nothing was filled in.</p>;
  return (
    <dl className="answers">
      {answers.map(({ label, text }, index) => (
        <div key={index}>
          <dt dir="auto">{label}</dt>
          <dd className="text" dir="auto">
            {text}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Carousel({ cards, choosing }: { cards: readonly Card[]; choosing: Choosing }) {
  return (
    <ul className="carousel" role="list" tabIndex={0} aria-label={`${cards.length} cards`}>
      {cards.map((card, index) => (
        <li key={index} className="card">
          {card.image && (
            <img src={card.image.address} alt={card.image.label} loading="lazy" referrerPolicy="no-referrer" />
          )}
          {card.title && (
            <strong dir="auto" className="text">
              {card.title}
            </strong>
          )}
          {card.text && <RichText text={card.text} />}
          {card.buttons.length > 0 && <Buttons buttons={card.buttons} choosing={choosing} />}
        </li>
      ))}
    </ul>
  );
}

function Buttons({ buttons, choosing }: { buttons: readonly Button[]; choosing: Choosing }) {
  return (
    <div className="buttons">
      {buttons.map((button, index) =>
        button.kind === "link" ? (
          <a
            key={index}
            className="button"
            href={button.address}
            target="_blank"
            rel="noopener noreferrer"
          >
            <span dir="auto">{button.title}</span>
            <Out />
          </a>
        ) : button.kind === "share" ? (
          <button key={index} type="button" className="button" onClick={() => void share(button.address)}>
            <span dir="auto">{button.title}</span>
          </button>
        ) : (
          <ChoiceButton key={index} className="button" choice={button.choice} choosing={choosing} />
        ),
      )}
    </div>
  );
}

export function QuickReplies({ choices, choosing }: { choices: readonly Choice[]; choosing: Choosing }) {
  return (
    <div className="choices" role="group" aria-label="Suggested answers">
      {choices.map((choice, index) => (
        <ChoiceButton key={index} className="choice" choice={choice} choosing={choosing} />
      ))}
    </div>
  );
}

function ChoiceButton({
  className,
  choice,
  choosing,
}: {
  className: string;
  choice: Choice;
  choosing: Choosing;
}) {
  const isChosen = choosing.chosen === choice.payload;
  return (
    <button
      type="button"
      className={className}
      disabled={!choosing.isOpen}
      aria-pressed={isChosen}
      onClick={() => choosing.onChoose(choice)}
    >
      {isChosen && <Tick />}
      <span dir="auto">{choice.title}</span>
    </button>
  );
}

/** By what the device shares with; one that can't gets the address to paste. */
async function share(address: string | null): Promise<void> {
  const url = address ?? window.location.href;
  try {
    await (navigator.share ? navigator.share({ url }) : navigator.clipboard.writeText(url));
  } catch (error) {
    console.info("Nothing was shared.", error); // the user thought better of it, or the device
  }
}

function nameOf(address: string): string {
  const written = new URL(address).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(written) || "File";
  } catch {
    return written; // a percent sign that encodes nothing
  }
}
