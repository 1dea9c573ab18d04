import { describe, expect, it } from "vitest";
import type { Freshness } from "../api/solid";
import type { ConnectionStatus } from "../api/types";
import { truth } from "./truth";

const NOW = Date.parse("2026-11-20T18:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const fresh: Freshness = { state: "fresh", confirmedAt: ago(12), reason: null, since: null };
const stale: Freshness = { state: "stale", confirmedAt: ago(1900), reason: "GitLab answered 502", since: ago(1800) };

function connection(change: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    name: "main",
    url: "https://gitlab.sandrill.example",
    phase: "idle",
    projectsSeen: 41,
    projectsExpected: 41,
    entities: 90,
    startedAt: ago(50),
    finishedAt: ago(40),
    lastGoodAt: ago(40),
    nextAt: ago(-80),
    intervalSeconds: 120,
    requests: 18,
    error: null,
    partial: [],
    webhooks: { lastReceivedAt: null, received: 0 },
    ...change,
  };
}

const error = (retry: boolean) => ({
  code: "token-expired",
  whose: "caller",
  message: "GitLab does not accept the token",
  remedy: "Give a new one.",
  retry,
});

const at = (change: Partial<Parameters<typeof truth>[0]>) =>
  truth({ freshness: fresh, connection: connection(), lost: false, now: NOW, ...change });

describe("what is fresh", () => {
  it("stays so while nothing speaks against it", () => {
    expect(at({})).toEqual({ ...fresh, old: false, next: null, act: null });
  });

  it("is old after twice the interval", () => {
    expect(at({ freshness: { ...fresh, confirmedAt: ago(240) } }).old).toBe(false);
    expect(at({ freshness: { ...fresh, confirmedAt: ago(241) } }).old).toBe(true);
  });

  it("is stale as soon as its connection is known to fail, as the bar says", () => {
    const said = at({ connection: connection({ error: error(true), phase: "failed", lastGoodAt: ago(720) }) });
    expect(said).toMatchObject({ state: "stale", reason: "GitLab does not accept the token", since: ago(720) });
    expect(said.confirmedAt).toBe(ago(12));
  });

  it("is not touched by what another part of its connection lacks", () => {
    const partial = [{ what: "group sandrill/fleet", reason: "members answered 403", since: ago(60) }];
    expect(at({ connection: connection({ partial }) }).state).toBe("fresh");
  });

  it("is not known any more while the server is not heard", () => {
    expect(at({ lost: true })).toMatchObject({ state: "unknown", confirmedAt: ago(12) });
  });

  it.each([
    { ...fresh, confirmedAt: null },
    { ...fresh, state: "unknown" as const },
    { ...fresh, state: "brand-new" as "fresh" },
  ])("never looks good without a time or by a word that is not known: %o", (freshness) => {
    expect(at({ freshness })).toMatchObject({
      state: "unknown",
      next: "It is read by itself, at the latest in 1 min.",
    });
  });
});

describe("what is stale", () => {
  it("keeps the server's reason, and says when it is tried again", () => {
    expect(at({ freshness: stale })).toMatchObject({
      ...stale,
      next: "It is tried again by itself, at the latest in 1 min.",
      act: null,
    });
    expect(at({ freshness: stale, connection: undefined }).next).toBe("It is tried again by itself.");
    expect(at({ freshness: stale, connection: connection({ nextAt: ago(1) }) }).next).toBe(
      "It is tried again by itself.",
    );
    expect(at({ freshness: stale, connection: connection({ phase: "reading" }) }).next).toMatch(/being read now/);
  });

  it("does not promise a try that needs a person first", () => {
    const said = at({ freshness: stale, connection: connection({ error: error(false) }) });
    expect(said).toMatchObject({ reason: "GitLab answered 502", act: "main" });
    expect(said.next).toMatch(/not tried again.*Give a new one/);
  });

  it("does not become better because the server is silent", () => {
    expect(at({ freshness: stale, lost: true })).toMatchObject({ ...stale, act: null });
  });
});
