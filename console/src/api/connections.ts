/** Connections to GitLab: their shapes, what is asked about them and what is done with them. */
import { queryOptions } from "@tanstack/react-query";
import { ApiError, ask, open } from "./client";
import { readStream } from "./stream";

export type TokenFrom = { file: string } | { env: string };

export type People = {
  read?: boolean;
  groups?: string[];
  users?: string[];
  restrictTo?: string | null;
  inherited?: boolean;
};

export type Discovery = {
  groups?: string[];
  nested?: boolean;
  projects?: string[];
  exclude?: string[];
  topics?: string[];
  archived?: boolean;
  forks?: boolean;
  membership?: boolean;
  branch?: string | null;
  fallbackBranch?: string | null;
  file?: string | null;
  people?: People;
};

export type Draft = {
  name: string;
  url: string;
  token?: string;
  tokenFrom?: TokenFrom;
  ca?: string;
  proxy?: string;
  noProxy?: string[];
  discovery?: Discovery;
};

export type Grade = "read" | "act" | "hear" | "extra";
export type CheckState = "passed" | "failed" | "note" | "skipped";

export type Remedy = { text: string; copy: string | null; link: { label: string; url: string } | null };

export type Check = {
  id: string;
  grade: Grade;
  state: CheckState;
  title: string;
  detail: string;
  remedy: Remedy | null;
  millis: number;
};

export type Facts = {
  version: string | null;
  edition: "enterprise" | "community" | null;
  tokenKind: "personal" | "group" | "project" | "service-account" | "oauth" | "unknown" | null;
  tokenOwner: string | null;
  tokenName: string | null;
  scopes: string[];
  expiresOn: string | null;
  daysLeft: number | null;
  projects: number | null;
  ratePerMinute: number | null;
};

export type Report = {
  url: string;
  corrected: boolean;
  reads: boolean;
  acts: boolean;
  hears: boolean;
  checkedAt: string;
  millis: number;
  checks: Check[];
  facts: Facts;
};

export type Failing = {
  check: string;
  title: string;
  detail: string;
  remedy: Remedy | null;
  since: string;
  workedUntil: string | null;
};

export type Connection = {
  name: string;
  url: string;
  /** The configuration file declares it: read-only here. */
  declared: boolean;
  state: "untested" | "working" | "reading" | "failing";
  failing: Failing | null;
  report: Report | null;
  checkedAt: string | null;
  nextCheckAt: string | null;
  tokenSource: "kept" | "file" | "env";
  tokenPlace: string | null;
  proxy: string | null;
  noProxy: string[];
  ca: boolean;
  discovery: Discovery;
  webhooks: {
    mode: "listening" | "polling";
    why: string;
    hooks: number;
    lastReceivedAt: string | null;
    received: number;
  };
  addedAt: string | null;
};

export type Preview = {
  projects: number;
  exact: boolean;
  groups: number;
  examples: string[];
  requests: number;
  notes: string[];
};

export type Imported = { drafts: Draft[]; notes: string[] };

export type HookScope = "system" | "group" | "project";
export type HookRow = {
  /** `system`, or the full path of a group or project. */
  of: string;
  hook: number | null;
  /** GitLab tried it just now, and it arrived. */
  tested: boolean;
  error: string | null;
  remedy?: string | null;
  /** The row of the audit trail; none when it was there already. */
  permit?: string | null;
};
export type Registered = { registered: HookRow[] };

const at = (name: string) => `/api/v1/connections/${encodeURIComponent(name)}`;

export const connectionsQuery = queryOptions({
  queryKey: ["connections", "list"],
  queryFn: ({ signal }) => ask<{ items: Connection[] }>("GET", "/api/v1/connections", { signal }),
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

export function updateToken(name: string, token: { token: string } | { tokenFrom: TokenFrom }) {
  return ask<Connection>("PUT", `${at(name)}/token`, { body: token });
}

export function rotateToken(name: string, expiresOn: string | undefined) {
  return ask<Connection>("POST", `${at(name)}/rotate`, { body: expiresOn ? { expiresOn } : {}, once: true });
}

export function changeDiscovery(name: string, discovery: Discovery) {
  return ask<Connection>("PUT", `${at(name)}/discovery`, { body: discovery });
}

export function registerHooks(name: string, scope: HookScope, of: string[]) {
  return ask<Registered>("POST", `${at(name)}/webhooks`, { body: { scope, of }, once: true });
}

export function importConfig(yaml: string) {
  return ask<Imported>("POST", "/api/v1/connections/import", { body: { yaml } });
}

/** The report inside a refusal: what a token or draft failed at. */
export function reportOf(error: unknown): Report | null {
  if (!(error instanceof ApiError)) return null;
  const report = error.errors.find((item) => "report" in item)?.report;
  return typeof report === "object" && report !== null ? (report as Report) : null;
}
