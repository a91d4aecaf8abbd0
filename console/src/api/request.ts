/** One HTTP exchange with the API: JSON there and back, or an `ApiProblem`. */

import { ApiProblem, problemFrom, UNREACHABLE } from "./problem";

const ANSWERED_WITHIN_MS = 20_000;

export interface RequestOptions {
  readonly token?: string;
  readonly idempotencyKey?: string;
  readonly body?: unknown;
}

export type Request = <Answer>(
  method: "GET" | "POST",
  path: string,
  options: RequestOptions,
) => Promise<Answer>;

export function requests(base: string): Request {
  return async <Answer>(method: "GET" | "POST", path: string, options: RequestOptions) => {
    const response = await exchange(base + path, {
      method,
      headers: headersOf(options),
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok && body !== null) return body as Answer;
    throw new ApiProblem(
      problemFrom(response.ok ? 502 : response.status, body, response.headers.get("Retry-After")),
    );
  };
}

async function exchange(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch {
    throw new ApiProblem(UNREACHABLE); // fetch tells no more than that there was no answer
  }
}

function headersOf({ token, idempotencyKey, body }: RequestOptions): Record<string, string> {
  return {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
  };
}
