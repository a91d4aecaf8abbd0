import { describe, expect, it } from "vitest";

import { EMPTY, hasGap, seen, withAnswer, withArrived } from "../src/features/chat/core/timeline";
import { aMessage } from "./builders";

const [one, two, three, four] = [1, 2, 3, 4].map((number) => aMessage(number));

describe("a timeline", () => {
  it("shows messages in order, however they come", () => {
    const timeline = withArrived(withArrived(EMPTY, [three!, one!]), [two!]);

    expect(timeline.shown).toEqual([one, two, three]);
    expect(hasGap(timeline)).toBe(false);
  });

  it("shows each message once", () => {
    const timeline = withArrived(withArrived(EMPTY, [one!, two!, one!]), [two!, one!]);

    expect(timeline.shown).toEqual([one, two]);
  });

  it("holds back what comes after a gap", () => {
    const timeline = withArrived(EMPTY, [one!, three!, four!]);

    expect(timeline.shown).toEqual([one]);
    expect(timeline.early).toEqual([three, four]);
    expect(seen(timeline)).toBe(1);
  });

  it("is the same value when nothing new came", () => {
    const timeline = withArrived(EMPTY, [one!, three!]);

    expect(withArrived(timeline, [one!])).toBe(timeline);
  });

  it("skips a message that three answers in a row step over", () => {
    const gap = withArrived(EMPTY, [one!, three!]);
    const asked = [1, 2].reduce((timeline) => withAnswer(timeline, [three!, four!]), gap);
    expect(asked.shown).toEqual([one]);

    const skipped = withAnswer(asked, [three!, four!]);

    expect(skipped.shown).toEqual([one, three, four]);
    expect(skipped.early).toEqual([]);
  });

  it("does not give a message up for answers that are older than the gap", () => {
    const gap = withArrived(EMPTY, [one!, three!]);

    const asked = [1, 2, 3, 4].reduce((timeline) => withAnswer(timeline, [one!]), gap);

    expect(asked.shown).toEqual([one]);
    expect(withArrived(asked, [two!]).shown).toEqual([one, two, three]);
  });
});
