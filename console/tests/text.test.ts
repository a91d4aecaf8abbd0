import { describe, expect, it } from "vitest";

import { isEmojiAlone, lengthOf, spansOf } from "../src/features/chat/text";

describe("text", () => {
  it("is as long as it has characters", () => {
    expect(lengthOf("né 👋")).toBe(4);
    expect(lengthOf("x".repeat(5_000))).toBe(5_000);
  });

  it.each([
    ["https://a.example", ["https://a.example"]],
    ["(see https://a.example/b).", ["https://a.example/b"]],
    ["https://a.example/Foo_(bar)!", ["https://a.example/Foo_(bar)"]],
    ["https://a.example, http://b.example?", ["https://a.example", "http://b.example"]],
    ["no link: a.example", []],
  ])("the links in %j are %j", (text, links) => {
    const spans = spansOf(text);

    expect(spans.filter((span) => span.address !== null).map((span) => span.address)).toEqual(links);
    expect(spans.map((span) => span.text).join("")).toBe(text);
  });

  it.each([
    ["🎉", true],
    ["👩‍👩‍👧 🇩🇪 👍🏽", true],
    ["🎉🎉🎉🎉", false],
    ["5", false],
    ["ok 👍", false],
    ["", false],
  ])("%j is emoji alone: %s", (text, expected) => {
    expect(isEmojiAlone(text)).toBe(expected);
  });
});
