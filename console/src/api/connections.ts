/**
 * Connections to GitLab: their shapes, what is asked about them and what is done with them. The shapes are those of the
 * generated description, so that a change of the server shows up here as a type error.
 */
import { queryOptions } from "@tanstack/react-query";
import { ApiError, ask, open } from "./client";
import type { components } from "./schema";
import { readStream } from "./stream";

type Schemas = components["schemas"];
/** A generated shape with some fields said more exactly; a field it does not have, or of another kind, is a type error. */
type Exactly<T, N extends { [K in keyof N]: K extends keyof T ? T[K] : never }> = Omit<T, keyof N> & N;

export type TokenFrom = Schemas["SecretPlace"];
/** As it is sent: what is left out stays as the server has it. */
export type Discovery = Schemas["DiscoveryInput"];
export type Draft = Schemas["ConnectionDraft"];

export type Grade = "read" | "act" | "hear" | "extra";
export type CheckState = "passed" | "failed" | "note" | "skipped";

export type Remedy = Schemas["Remedy"];
export type Check = Exactly<Schemas["Check"], { grade: Grade; state: CheckState }>;
export type Facts = Schemas["Facts"];
export type Report = Exactly<Schemas["Report"], { checks: Check[] }>;
export type Failing = Schemas["Failing"];

export type Connection = Exactly<
  Schemas["Connection"],
  {
    state: "untested" | "working" | "reading" | "failing";
    report: Report | null;
    tokenSource: "kept" | "file" | "env";
    webhooks: Exactly<Schemas["Hearing"], { mode: "listening" | "polling" }>;
  }
>;
export type ConnectionList = Exactly<Schemas["ConnectionList"], { items: Connection[] }>;

export type Preview = Schemas["Preview"];
export type Imported = Schemas["Imported"];
export type ImportedDraft = Schemas["ImportedDraft"];

export type HookScope = "system" | "group" | "project";
export type HookRow = Schemas["HookRow"];
export type Registered = Schemas["HookRows"];

/** A token, or where the server finds it. */
export type TokenGiven = { token: string } | { tokenFrom: TokenFrom };

const at = (name: string) => `/api/v1/connections/${encodeURIComponent(name)}`;

export const connectionsQuery = queryOptions({
  queryKey: ["connections", "list"],
  queryFn: ({ signal }) => ask<ConnectionList>("GET", "/api/v1/connections", { signal }),
});

export const connectionQuery = (name: string) =>
  queryOptions({
    queryKey: ["connections", "one", name],
    queryFn: ({ signal }) => ask<Connection>("GET", at(name), { signal }),
  });

/** A test that runs: each check as it ends, the report at last. */
export type Tester = (signal: AbortSignal, each: (check: Check) => void) => Promise<Report>;

async function streamed(path: string, body: unknown, signal: AbortSignal, each: (check: Check) => void) {
  const response = await open("POST", path, { body, signal, accept: "text/event-stream" });
  // A server that answers at once sends the report as it is.
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    const report = (await response.json()) as Report;
    for (const check of report.checks) each(check);
    return report;
  }
  let report: Report | null = null;
  let problem = "Stagedoor sent no result. Test again.";
  try {
    await readStream(response, ({ event, data }) => {
      if (event === "check") each(JSON.parse(data) as Check);
      if (event === "report") report = JSON.parse(data) as Report;
      // After the first check an answer can no longer be a refusal by its status.
      if (event === "problem") problem = String(JSON.parse(data));
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    // Cut in the middle: what arrived is no result.
    report = null;
  }
  if (!report) throw new ApiError(0, { title: "The test broke off", detail: problem });
  return report as Report;
}

export const testDraft =
  (draft: Draft): Tester =>
  (signal, each) =>
    streamed("/api/v1/connections/test", draft, signal, each);

export const testKept =
  (name: string): Tester =>
  (signal, each) =>
    streamed(`${at(name)}/test`, undefined, signal, each);

export function previewDraft(draft: Draft, signal?: AbortSignal) {
  return ask<Preview>("POST", "/api/v1/connections/preview", { body: draft, ...(signal ? { signal } : {}) });
}

/** The same for a kept connection, whose token the page does not have. */
export function previewKept(name: string, discovery: Discovery, signal?: AbortSignal) {
  return ask<Preview>("POST", `${at(name)}/preview`, { body: discovery, ...(signal ? { signal } : {}) });
}

/** A press that the network sends twice adds once: one key a press. */
export function addConnection(draft: Draft) {
  return ask<Connection>("POST", "/api/v1/connections", { body: draft, once: true });
}

export function removeConnection(name: string) {
  return ask<void>("DELETE", at(name));
}

export function updateToken(name: string, token: TokenGiven) {
  const body: Schemas["TokenRequest"] = token;
  return ask<Connection>("PUT", `${at(name)}/token`, { body });
}

export function rotateToken(name: string, expiresOn: string | undefined) {
  const body: Schemas["RotateRequest"] = expiresOn ? { expiresOn } : {};
  return ask<Connection>("POST", `${at(name)}/rotate`, { body, once: true });
}

export function changeDiscovery(name: string, discovery: Discovery) {
  return ask<Connection>("PUT", `${at(name)}/discovery`, { body: discovery });
}

export function registerHooks(name: string, scope: HookScope, of: string[]) {
  const body: Schemas["WebhookRequest"] = { scope, of };
  return ask<Registered>("POST", `${at(name)}/webhooks`, { body, once: true });
}

export function importConfig(yaml: string) {
  const body: Schemas["ImportRequest"] = { yaml };
  return ask<Imported>("POST", "/api/v1/connections/import", { body });
}

/** The report inside a refusal: what a token or draft failed at. */
export function reportOf(error: unknown): Report | null {
  if (!(error instanceof ApiError)) return null;
  const report = error.errors.find((item) => "report" in item)?.report;
  return typeof report === "object" && report !== null ? (report as Report) : null;
}
