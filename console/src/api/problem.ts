/** An answer that is not the one asked for (RFC 9457), or no answer at all. */
export interface Problem {
  /** HTTP status; 0 when nothing came back. */
  readonly status: number;
  /** Parley's own code, as in `docs/problems/`; 0 when there is none. */
  readonly code: number;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

const CONVERSATION_CLOSED = 3007;
const STILL_RUNNING = 3009;

export const UNREACHABLE: Problem = {
  status: 0,
  code: 0,
  title: "No connection",
  detail: "The service did not answer.",
};

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";

  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export function isClosedConversation(problem: Problem): boolean {
  return problem.code === CONVERSATION_CLOSED;
}

/** Whether the same request may succeed later: no answer yet, an overload, a fault of the server. */
export function isPassing(problem: Problem): boolean {
  return (
    problem.status === 0 ||
    problem.code === STILL_RUNNING ||
    problem.status === 401 ||
    problem.status === 408 ||
    problem.status === 429 ||
    problem.status >= 500
  );
}

/** The problem an HTTP answer carries; `body` is whatever JSON came, if any. */
export function problemFrom(status: number, body: unknown, retryAfter: string | null): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const seconds = Number(retryAfter ?? Number.NaN);
  return {
    status,
    code: Number(fields["code"]) || 0,
    title: typeof fields["title"] === "string" ? fields["title"] : `Error ${status}`,
    detail: typeof fields["detail"] === "string" ? fields["detail"] : "",
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  };
}
