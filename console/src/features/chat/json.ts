/** JSON of any shape, read without trust. */

export type Fields = Readonly<Record<string, unknown>>;

/** The value if it is an object, and no array. */
export function object(value: unknown): Fields | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : null;
}

/** The value if it is a text, else an empty one. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What stands under a name that somebody else chose: it may be one that every object knows. */
export function own<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
