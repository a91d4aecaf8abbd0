import { describe, expect, it } from "vitest";

import { newId } from "../src/features/chat/ids";

describe("an id", () => {
  it("begins with the time, as the UUIDv7 of RFC 9562 does", () => {
    const id = newId(Date.parse("2022-02-22T19:22:22Z"));

    expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("is another one each time", () => {
    const ids = new Set(Array.from({ length: 100 }, () => newId(0)));

    expect(ids.size).toBe(100);
  });
});
