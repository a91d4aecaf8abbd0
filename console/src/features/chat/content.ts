/** A message's content, told apart into the parts a page can show. */

import { formFrom, valuesFrom, type Form, type Values } from "./form";
import { object, text, type Fields } from "./json";

export interface Choice {
  readonly title: string;
  readonly payload: string;
}

export type Button =
  | { readonly kind: "choice"; readonly choice: Choice }
  | { readonly kind: "link"; readonly title: string; readonly address: string }
  | { readonly kind: "share"; readonly title: string; readonly address: string | null };

export interface Media {
  readonly kind: "image" | "audio" | "video" | "file";
  readonly address: string;
  readonly label: string;
  /** A picture to stand for a film that does not play yet. */
  readonly poster: string | null;
  readonly bytes: number | null;
}

export interface Place {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
}

export interface Card {
  readonly title: string;
  readonly text: string;
  readonly image: Media | null;
  readonly buttons: readonly Button[];
}

export interface Content {
  readonly text: string;
  readonly media: readonly Media[];
  readonly place: Place | null;
  readonly cards: readonly Card[];
  readonly quickReplies: readonly Choice[];
  readonly buttons: readonly Button[];
  readonly form: Form | null;
  /** What was filled in, of an answer to a form. */
  readonly values: Values | null;
  /** There is something in it that this page cannot show: what the sender calls it. */
  readonly unknown: string | null;
}

const SHOWN_TYPES = new Set([
  "text",
  "quick_reply",
  "image",
  "file",
  "audio",
  "video",
  "location",
  "carousel",
  "form",
  "system",
]);

export function contentFrom(content: Fields): Content {
  const type = text(content["type"]) || "text";
  const parts = {
    text: text(content["text"]),
    media: listOf(content["media"]).flatMap((item) => mediaFrom(item, type)),
    place: placeFrom(content["location"]),
    cards: cardsOf(content["carousel"]).flatMap(cardFrom),
    quickReplies: listOf(content["quick_replies"]).flatMap(choiceFrom),
    buttons: listOf(content["buttons"]).flatMap(buttonFrom),
    form: formFrom(content["form"]),
    values: type === "form" ? valuesFrom(content["values"]) : null,
  };
  const shown = [...parts.media, ...parts.cards, ...parts.buttons, parts.place, parts.form, parts.values];
  const isEmpty = !parts.text && shown.every((part) => part === null);
  const isFormLost = type === "form" && parts.form === null && parts.values === null;
  return { ...parts, unknown: !SHOWN_TYPES.has(type) || isEmpty || isFormLost ? type : null };
}

/** The address if a page may link to it: http, https or telephone; never a script. */
export function safeAddress(value: unknown): string | null {
  try {
    const address = new URL(text(value));
    return ["http:", "https:", "tel:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null; // no address at all
  }
}

function choiceFrom(item: Fields): Choice[] {
  const title = text(item["title"]);
  return title ? [{ title, payload: text(item["payload"]) || title }] : [];
}

function buttonFrom(item: Fields): Button[] {
  const title = text(item["title"]);
  const url = item["type"] === "phone" ? `tel:${text(item["payload"])}` : item["url"];
  const address = safeAddress(url);
  if (title && item["type"] === "share") return [{ kind: "share", title, address }];
  if (title && address !== null) return [{ kind: "link", title, address }];
  if (item["type"] !== "postback") return [];
  return choiceFrom(item).map((choice) => ({ kind: "choice", choice }));
}

function mediaFrom(item: Fields, type: string): Media[] {
  const address = safeAddress(item["url"]);
  if (address === null || address.startsWith("tel:")) return [];
  const mime = text(item["type"]) || text(item["mime_type"]) || type;
  const kind = (["image", "audio", "video"] as const).find((known) => mime.startsWith(known));
  const bytes = typeof item["size_bytes"] === "number" ? item["size_bytes"] : null;
  const label = text(item["alt_text"]) || text(item["title"]);
  const poster = safeAddress(item["thumbnail_url"]);
  return [{ kind: kind ?? "file", address, label, poster, bytes }];
}

function placeFrom(value: unknown): Place | null {
  const item = object(value);
  const [latitude, longitude] = [item?.["latitude"], item?.["longitude"]];
  if (typeof latitude !== "number" || typeof longitude !== "number") return null;
  return { name: text(item?.["address"]) || text(item?.["name"]), latitude, longitude };
}

function cardFrom(item: Fields): Card[] {
  const image = item["image_url"] ?? item["image"];
  const media = typeof image === "string" ? { url: image } : (object(image ?? item["media"]) ?? {});
  const card = {
    title: text(item["title"]),
    text: text(item["text"]) || text(item["subtitle"]) || text(item["description"]),
    image: mediaFrom({ alt_text: item["title"], ...media }, "image")[0] ?? null,
    buttons: listOf(item["buttons"]).flatMap(buttonFrom),
  };
  return card.title || card.text || card.image ? [card] : [];
}

function cardsOf(value: unknown): Fields[] {
  const holder = object(value);
  return listOf(holder?.["cards"] ?? holder?.["items"] ?? value);
}

function listOf(value: unknown): Fields[] {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return items.map(object).filter((item) => item !== null);
}
