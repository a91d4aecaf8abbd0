/** A form: what it asks for, what was filled in, and how that reads. */

import { object, own, text, type Fields } from "./json";

export interface Option {
  readonly title: string;
  readonly value: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly placeholder: string;
  readonly help: string;
  readonly options: readonly Option[];
  /** Hints to whoever fills it in: the flow has the last word. */
  readonly minimum: number | string | null;
  readonly maximum: number | string | null;
  readonly minLength: number | null;
  readonly maxLength: number | null;
}

export interface Form {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly Field[];
  readonly submitLabel: string;
}

export type Value = string | number | boolean;
export type Values = Readonly<Record<string, Value>>;

/** One value of a form that was filled in, in words. */
export interface Answer {
  readonly label: string;
  readonly text: string;
}

/** The form in a message; null if there is none, or nothing in it that can be asked. */
export function formFrom(value: unknown): Form | null {
  const form = object(value);
  const fields = listOf(form?.["fields"]).flatMap(fieldFrom);
  if (form === null || fields.length === 0) return null;
  return {
    title: text(form["title"]),
    description: text(form["description"]),
    fields,
    submitLabel: text(form["submit_label"]) || "Send",
  };
}

/** What somebody filled in, without what they left empty; null if the message is no such answer. */
export function valuesFrom(value: unknown): Values | null {
  const given = object(value);
  if (given === null) return null;
  const isFilled = (entry: [string, unknown]): entry is [string, Value] =>
    ["string", "number", "boolean"].includes(typeof entry[1]) && entry[1] !== "";
  return Object.fromEntries(Object.entries(given).filter(isFilled));
}

/** The values by the labels of the form that asked for them, in its order. */
export function answersOf(values: Values, form: Form | null): Answer[] {
  const known = (form?.fields ?? []).filter((field) => own(values, field.name) !== undefined);
  const names = new Set(known.map((field) => field.name));
  const rest = Object.entries(values).filter(([name]) => !names.has(name));
  return [
    ...known.map((field) => ({ label: field.label, text: inWords(values[field.name]!, field) })),
    ...rest.map(([name, value]) => ({ label: name, text: inWords(value, null) })),
  ];
}

function inWords(value: Value, field: Field | null): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  const chosen = field?.options.find((option) => option.value === value);
  return chosen?.title ?? (field?.type === "datetime" ? String(value).replace("T", " ") : String(value));
}

function fieldFrom(item: Fields): Field[] {
  const name = text(item["name"]);
  if (!name) return [];
  return [
    {
      name,
      label: text(item["label"]) || name,
      type: text(item["type"]) || "string",
      isRequired: item["required"] === true,
      placeholder: text(item["placeholder"]),
      help: text(item["help"]),
      options: listOf(item["options"]).flatMap(optionFrom),
      minimum: limit(item["minimum"]),
      maximum: limit(item["maximum"]),
      minLength: count(item["min_length"]),
      maxLength: count(item["max_length"]),
    },
  ];
}

function optionFrom(item: Fields): Option[] {
  const value = text(item["value"]);
  return value ? [{ value, title: text(item["title"]) || value }] : [];
}

function limit(value: unknown): number | string | null {
  return typeof value === "number" || typeof value === "string" ? value : null;
}

function count(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function listOf(value: unknown): Fields[] {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : [];
  return items.map(object).filter((item) => item !== null);
}
