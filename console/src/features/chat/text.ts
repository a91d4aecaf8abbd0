/** Plain text as people read it: links in it, its length, emoji alone. */

export const TEXT_LIMIT = 5_000;

/** Characters as people and the API count them, not UTF-16 units. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export type Span = { readonly text: string; readonly address: string | null };

const ADDRESS = /https?:\/\/[^\s<>"'`]+/g;
const TRAILING = /[.,;:!?)\]}»”’]+$/;

/** The text in pieces; a piece with an address is a link to it. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    if (match.index > from) spans.push({ text: text.slice(from, match.index), address: null });
    spans.push({ text: address, address });
    from = match.index + address.length;
  }
  if (from < text.length) spans.push({ text: text.slice(from), address: null });
  return spans;
}

/** Without the punctuation of the sentence around it; a bracket opened inside stays. */
function withoutTrailing(address: string): string {
  const trailing = TRAILING.exec(address)?.[0] ?? "";
  const keep = trailing.startsWith(")") && address.includes("(") ? 1 : 0;
  return address.slice(0, address.length - trailing.length + keep);
}

const EMOJI = String.raw`\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]*`;
const EMOJI_ALONE = new RegExp(
  String.raw`^\s*(?:(?:${EMOJI}(?:\u200d${EMOJI})*|\p{Regional_Indicator}{2})\s*){1,3}$`,
  "u",
);

/** Up to three emoji and nothing else: shown large. */
export function isEmojiAlone(text: string): boolean {
  return EMOJI_ALONE.test(text);
}
