import { describe, expect, it, vi } from "vitest";

import { Guest, type VisitorStore } from "../src/api/guest";
import { ApiProblem, problemFrom, UNREACHABLE } from "../src/api/problem";
import { requests, type Request } from "../src/api/request";
import { configFrom } from "../src/config";
import { frameFrom } from "../src/features/chat/core/frames";
import { newId } from "../src/features/chat/ids";
import { ChatStore, MemoryStorage } from "../src/features/chat/store";
import { after, aLiveChat, aMessage, saying } from "./builders";

describe("the configuration", () => {
  const given = { api: "/v1/", live: "/live", organization: "demo", flow: "order-status" };

  it("takes addresses relative to the page", () => {
    expect(configFrom(given, "https://chat.example/")).toEqual({
      api: "https://chat.example/v1",
      live: "wss://chat.example/live",
      organization: "demo",
      flow: "order-status",
    });
  });

  it("takes whole addresses as they are", () => {
    const config = configFrom({ ...given, live: "ws://127.0.0.1:4566/x/v1" }, "http://127.0.0.1:8000/");

    expect(config.live).toBe("ws://127.0.0.1:4566/x/v1");
  });

  it("names what it lacks", () => {
    expect(() => configFrom({ ...given, flow: null }, "http://a.example/")).toThrow("lacks flow");
  });
});

describe("a guest", () => {
  function aVisitor(token: string | null): VisitorStore & { token: string | null } {
    return {
      token,
      visitorToken() {
        return this.token;
      },
      keepVisitorToken(kept) {
        this.token = kept;
      },
    };
  }

  function issuer(): { request: Request; bodies: unknown[] } {
    const bodies: unknown[] = [];
    const request = (async (_method, _path, { body }) => {
      bodies.push(body);
      if ((body as { visitor_token?: string }).visitor_token === "expired") {
        throw new ApiProblem({ ...UNREACHABLE, status: 401 });
      }
      return { access_token: `token ${bodies.length}`, expires_in: 3_600, visitor_token: "v" };
    }) as Request;
    return { request, bodies };
  }

  it("gets one token for everyone who asks at once, and keeps the visitor", async () => {
    const { request, bodies } = issuer();
    const store = aVisitor(null);
    const guest = new Guest(request, "demo", store, () => 0);

    expect(await Promise.all([guest.token(), guest.token()])).toEqual(["token 1", "token 1"]);
    expect(bodies).toEqual([{ organization: "demo" }]);
    expect(store.token).toBe("v");
  });

  it("renews the token before it expires, as the same visitor", async () => {
    const { request, bodies } = issuer();
    let now = 0;
    const guest = new Guest(request, "demo", aVisitor("v"), () => now);

    await guest.token();
    now = 3_539_000;
    expect(await guest.token()).toBe("token 1");
    now = 3_541_000;
    expect(await guest.token()).toBe("token 2");
    expect(bodies).toEqual(Array(2).fill({ organization: "demo", visitor_token: "v" }));
  });

  it("is a new visitor once the old one has expired", async () => {
    const { request, bodies } = issuer();
    const guest = new Guest(request, "demo", aVisitor("expired"), () => 0);

    expect(await guest.token()).toBe("token 2");
    expect(bodies.at(-1)).toEqual({ organization: "demo" });
  });
});

describe("an exchange", () => {
  it("carries its token, its key and its body", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ ok: 1 }));

    const answer = await requests("http://a.example/v1")("POST", "/x", {
      token: "t",
      idempotencyKey: "k",
      body: { a: 1 },
    });

    expect(answer).toEqual({ ok: 1 });
    expect(fetched).toHaveBeenCalledWith(
      "http://a.example/v1/x",
      expect.objectContaining({
        method: "POST",
        body: `{"a":1}`,
        headers: {
          "Content-Type": "application/json",
          Authorization: "Bearer t",
          "Idempotency-Key": "k",
        },
      }),
    );
  });

  it.each([
    [() => Promise.reject(new TypeError("Failed to fetch")), { status: 0, code: 0 }],
    [() => Promise.resolve(new Response("<html>", { status: 200 })), { status: 502, code: 0 }],
    [
      () =>
        Promise.resolve(
          Response.json(
            { title: "Closed", detail: "it has ended", code: 3007 },
            { status: 409, headers: { "Retry-After": "3" } },
          ),
        ),
      { status: 409, code: 3007, detail: "it has ended", retryAfterMs: 3_000 },
    ],
  ])("ends in a problem when it goes wrong (%#)", async (answer, problem) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(answer);

    const exchange = requests("http://a.example/v1")("GET", "/x", {});

    await expect(exchange).rejects.toMatchObject({ problem });
  });

  it("without a Retry-After says nothing of when to retry", () => {
    expect(problemFrom(503, null, null)).not.toHaveProperty("retryAfterMs");
  });
});

describe("the device", () => {
  it("gives back what it kept, apart for each flow", () => {
    const storage = new MemoryStorage();
    const store = new ChatStore(storage, "demo", "order-status");
    const [outgoing] = after(aLiveChat(), saying("a")).chat.outgoing;
    store.keep(outgoing!);
    store.keepConversationId("c-1");

    expect(new ChatStore(storage, "demo", "order-status").outgoing()).toEqual([outgoing]);
    expect(new ChatStore(storage, "demo", "other").outgoing()).toEqual([]);
    expect(new ChatStore(storage, "demo", "other").conversationId()).toBeNull();
    store.forget("a");
    expect(store.outgoing()).toEqual([]);
  });

  it("keeps the key of a start until the start is answered", () => {
    const store = new ChatStore(new MemoryStorage(), "demo", "order-status");
    const key = store.startKey(newId);

    expect(store.startKey(newId)).toBe(key);
    store.keepConversationId("c-1");
    expect(store.startKey(newId)).not.toBe(key);
  });

  it("leaves entries alone that are not its own", () => {
    const storage = new MemoryStorage();
    storage.setItem("parley.chat:demo:order-status:out:x", "{broken");

    expect(new ChatStore(storage, "demo", "order-status").outgoing()).toEqual([]);
  });

  it("goes on when it is full", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const storage = new MemoryStorage();
    storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };

    new ChatStore(storage, "demo", "order-status").keepConversationId("c-1");

    expect(warned).toHaveBeenCalledOnce();
  });
});

describe("a frame", () => {
  it.each([
    ["not JSON", null],
    [`"text"`, null],
    [`{"message": "Internal server error", "connectionId": "x"}`, null],
    [`{"event": "something new"}`, null],
    [`{"event": "message", "message": {"id": 5}}`, null],
    [
      JSON.stringify({ event: "message", conversation_id: "c-1", message: aMessage(1) }),
      { event: "message", message: aMessage(1) },
    ],
    [
      JSON.stringify({
        event: "heartbeat",
        conversation_id: "c-1",
        last: 4,
        messages: [aMessage(1), null, {}],
        status: "active",
      }),
      {
        event: "heartbeat",
        conversationId: "c-1",
        last: 4,
        messages: [aMessage(1)],
        status: "active",
      },
    ],
    [
      `{"event": "delivery", "id": "a", "message_id": "m", "status": "accepted"}`,
      { event: "delivery", id: "a", messageId: "m" },
    ],
    [
      `{"event": "error", "problem": {"status": 409, "code": 3007, "title": "T", "detail": "D"}}`,
      { event: "error", problem: { status: 409, code: 3007, title: "T", detail: "D" } },
    ],
  ])("%s is read as %j", (text, frame) => {
    expect(frameFrom(text)).toEqual(frame);
  });
});

it("ids are UUIDs of version 7, each another", () => {
  const ids = Array.from({ length: 100 }, newId);

  expect(new Set(ids).size).toBe(100);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
