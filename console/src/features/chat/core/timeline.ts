/** A conversation's messages as one line without gaps, whatever order they come in. */

import type { MessageView } from "../../../api/views";

export interface Timeline {
  /** In order, without a gap: what a reader may see. */
  readonly shown: readonly MessageView[];
  /** In order, but something before them is still missing. */
  readonly early: readonly MessageView[];
  /** Answers in a row that had what follows the gap, but not what is missing. */
  readonly barrenAnswers: number;
}

export const EMPTY: Timeline = { shown: [], early: [], barrenAnswers: 0 };

/** After so many answers without it, a missing message is taken as gone for good (erased). */
const PATIENCE = 3;

/** The number of the last message a reader has seen: "give me what comes after it". */
export function seen(timeline: Timeline): number {
  return timeline.shown.at(-1)?.sequence_number ?? 0;
}

export function hasGap(timeline: Timeline): boolean {
  return timeline.early.length > 0;
}

/** The timeline once `arrived` is in it, each message once, in any order and any number of times. */
export function withArrived(timeline: Timeline, arrived: readonly MessageView[]): Timeline {
  const early = new Map(timeline.early.map((message) => [message.sequence_number, message]));
  for (const message of arrived) {
    if (message.sequence_number > seen(timeline)) early.set(message.sequence_number, message);
  }
  const waiting = [...early.values()].sort((a, b) => a.sequence_number - b.sequence_number);
  const shown = [...timeline.shown];
  let next = seen(timeline) + 1;
  while (waiting[0]?.sequence_number === next) {
    shown.push(waiting.shift()!);
    next += 1;
  }
  const moved = shown.length > timeline.shown.length;
  if (!moved && waiting.length === timeline.early.length) return timeline;
  return { shown, early: waiting, barrenAnswers: moved ? 0 : timeline.barrenAnswers };
}

/**
 * As `withArrived`, for messages that answer "what comes after the last I have seen?".
 *
 * A gap that such answers step over again and again will never close: it is skipped.
 */
export function withAnswer(timeline: Timeline, answered: readonly MessageView[]): Timeline {
  const next = withArrived(timeline, answered);
  const [first, ...rest] = next.early;
  const isSteppedOver = answered.some((message) => message.id === first?.id);
  if (first === undefined || !isSteppedOver || next.shown.length > timeline.shown.length) return next;
  const barrenAnswers = next.barrenAnswers + 1;
  if (barrenAnswers < PATIENCE) return { ...next, barrenAnswers };
  return withArrived({ shown: [...next.shown, first], early: [], barrenAnswers: 0 }, rest);
}
