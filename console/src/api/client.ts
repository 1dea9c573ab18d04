/** How the console talks to the server: one typed client, and errors that keep what the server said about them. */
import createClient from "openapi-fetch";
import type { paths } from "./schema";

/** Lists repeat a key (`kind=api&kind=component`), as the API reads it. */
export const client = createClient<paths>({
  baseUrl: "/",
  querySerializer: { array: { style: "form", explode: true } },
});

const STATUS: Record<number, string> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  422: "Unprocessable Entity",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** A refusal or failure, as far as it is known. `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  /** The stable name of what is wrong (`name-taken`), the end of the problem's `type`; empty when it has none. */
  readonly slug: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly errors: readonly Record<string, unknown>[];

  constructor(status: number, body: unknown) {
    const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    const text = (key: string) => (typeof problem[key] === "string" ? (problem[key] as string) : null);
    // The title of a refusal only says its status in words ("Conflict"); what happened is in its detail.
    const said = text("title") === STATUS[status] ? text("detail") : null;
    super(said ?? text("title") ?? (status === 0 ? "The server does not answer" : `The server answered ${status}`));
    this.name = "ApiError";
    this.status = status;
    this.slug = (text("type") ?? "").replace(/^urn:stagedoor:problem:/, "");
    this.detail = text("detail") ?? "";
    this.requestId = text("requestId");
    this.errors = Array.isArray(problem.errors) ? (problem.errors as Record<string, unknown>[]) : [];
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Unwraps an answer; anything but a success becomes an {@link ApiError}. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, { detail: "Check that Stagedoor is running; the page tries again by itself." });
  }
  if (got.data === undefined || !got.response.ok) throw new ApiError(got.response.status, got.error);
  return got.data;
}

type Sent = {
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
  /** The server does the same key once only. */
  once?: boolean;
};

/** Sends a request and gives the answer unread; anything but a success becomes an {@link ApiError}. */
export async function open(method: string, path: string, sent: Sent = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: sent.accept ?? "application/json" };
  if (sent.body !== undefined) headers["content-type"] = "application/json";
  if (sent.once) headers["Idempotency-Key"] = crypto.randomUUID();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
      ...(sent.signal ? { signal: sent.signal } : {}),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, { detail: "Check that Stagedoor is running, then try again." });
  }
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  return response;
}

/** The same, read as JSON; an empty answer is nothing. */
export async function ask<T>(method: string, path: string, sent: Sent = {}): Promise<T> {
  const response = await open(method, path, sent);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
