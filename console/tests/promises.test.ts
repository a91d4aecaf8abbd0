import { describe, expect, it } from "vitest";

import { rowsOf } from "../src/features/chat/rows";
import type { Chat } from "../src/features/chat/core/chat";
import { CALM, World, type Faults } from "./world";

const BAD: Faults = { lose: 0.25, double: 0.2, overload: 0.15, slowest: 900 };
const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);
const WORDS = ["ok", "yes", "no", "12", "AB123456"]; // few, so that many messages are equal

function userTexts(chat: Chat): string[] {
  return rowsOf(chat).flatMap((row) =>
    row.kind === "message" && row.sender === "user" ? [row.content.text] : [],
  );
}

/** A visitor who talks on through drops, reloads and dead networks; then the storm is over. */
function stormy(seed: number, faults: Faults): { world: World; said: string[]; checks: number } {
  const world = new World(seed);
  const said: string[] = [];
  let checks = 0;
  world.faults = faults;
  world.watch = (chat) => {
    const numbers = chat.timeline.shown.map((message) => message.sequence_number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    if (chat.phase !== "open") return;
    expect(userTexts(chat)).toEqual(said);
    checks += 1;
  };
  world.openPage();
  for (let turn = 0; turn < 60; turn += 1) {
    world.runUntil(world.now + world.random() * 3_000);
    const { page } = world;
    if (world.chance(0.5) && page?.chat.phase === "open") {
      const text = WORDS[Math.floor(world.random() * WORDS.length)]!;
      said.push(text);
      page.happened({ on: "say", id: `said ${said.length}`, content: { type: "text", text }, at: world.now });
    } else if (world.chance(0.25)) world.dropSocket();
    else if (world.chance(0.3)) world.openPage();
    else if (world.chance(0.3)) world.isOnline = !world.isOnline;
  }
  world.isOnline = true;
  world.faults = CALM;
  world.runUntil(world.now + 120_000);
  return { world, said, checks };
}

describe("whatever the network does and whenever the page is reloaded", () => {
  it.each(SEEDS)("nothing is lost, repeated or out of order (seed %i)", (seed) => {
    const { world, said, checks } = stormy(seed, BAD);
    const { server, page } = world;

    const received = server.messages.filter((message) => message.direction === "inbound");
    expect(received.map((message) => message.content["text"])).toEqual(said);
    expect(page!.chat.timeline.shown).toEqual(server.messages);
    expect(page!.chat.outgoing).toEqual([]);
    expect([...world.kept]).toEqual([]);
    expect(server.startedConversations).toBe(1);
    expect(page!.chat.link.status).toBe("live");
    expect(checks).toBeGreaterThan(0);
  });

  it("a socket that never opens costs speed, not messages", () => {
    const world = new World(7);
    world.openPage();
    world.runUntil(1_000);
    const blocked = world.page!;
    const connect = (): void => world.dropSocket();
    for (let n = 0; n < 5; n += 1) {
      world.in(n * 200, connect);
      world.in(n * 200 + 1, () =>
        blocked.happened({
          on: "say",
          id: `s${n}`,
          content: { type: "text", text: `line ${n}` },
          at: world.now,
        }),
      );
    }
    world.runUntil(60_000);

    expect(userTexts(blocked.chat)).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4"]);
    expect(blocked.chat.timeline.shown).toEqual(world.server.messages);
  });

  it("what is said after the end is told to be unsent, and what came before is kept", () => {
    const world = new World(3);
    world.openPage();
    world.runUntil(1_000);
    const say = (id: string, text: string): void =>
      world.page!.happened({ on: "say", id, content: { type: "text", text }, at: world.now });
    say("a", "bye");
    say("b", "one more thing");
    world.runUntil(60_000);

    const { chat } = world.page!;
    expect(chat.conversation?.status).toBe("completed");
    expect(chat.timeline.shown).toEqual(world.server.messages);
    expect(chat.outgoing.map(({ id, status }) => [id, status])).toEqual([["b", "failed"]]);
    expect(chat.link.status).toBe("down");
  });
});
