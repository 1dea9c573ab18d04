import { describe, expect, it } from "vitest";
import type { CatalogStatus, ConnectionStatus } from "../api/types";
import { freshness, phaseText, progress, signature } from "./freshness";

const NOW = Date.parse("2026-11-20T18:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

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

function status(...connections: ConnectionStatus[]): CatalogStatus {
  const problems = { error: 0, warning: 0, note: 0 };
  return { asOf: ago(0), ready: true, connections, totals: { entities: 90, problems } };
}

describe("freshness", () => {
  it("is as old as the oldest connection", () => {
    const both = status(connection(), connection({ name: "second", lastGoodAt: ago(130) }));
    expect(freshness(both, NOW)).toEqual({
      text: "Synced 2 min ago",
      old: false,
      trouble: null,
      word: null,
      busy: false,
    });
  });

  it("is old after twice the interval", () => {
    expect(freshness(status(connection({ lastGoodAt: ago(240) })), NOW).old).toBe(false);
    expect(freshness(status(connection({ lastGoodAt: ago(241) })), NOW).old).toBe(true);
  });

  it("shows the first sync instead of an age", () => {
    const filling = connection({ lastGoodAt: null, phase: "reading", projectsSeen: 340, projectsExpected: 1184 });
    expect(freshness(status(filling), NOW)).toMatchObject({ text: "Reading 340 of 1,184 projects", busy: true });
    expect(progress(filling)).toBeCloseTo(340 / 1184);
  });

  it("names what is partial and how much more there is", () => {
    const partial = [
      { what: "group sandrill/fleet", reason: "members answered 403", since: ago(7200) },
      { what: "project 9", reason: "answered 500", since: ago(60) },
    ];
    const { trouble, word } = freshness(status(connection({ partial })), NOW);
    expect(trouble).toBe("main, group sandrill/fleet: members answered 403, and 1 more");
    expect(word).toBe("partial");
  });

  it("calls a connection that fails failing, even beside one that was read in part", () => {
    const error = {
      code: "unreachable",
      whose: "upstream",
      message: "GitLab answers 502",
      remedy: "Wait.",
      retry: true,
    };
    const partial = [{ what: "project 9", reason: "answered 500", since: ago(60) }];
    const both = status(connection({ partial }), connection({ name: "second", phase: "failed", error }));
    expect(freshness(both, NOW)).toMatchObject({
      word: "failing",
      trouble: "main, project 9: answered 500 · second, GitLab answers 502",
    });
  });

  it("says when there is nothing to be fresh", () => {
    expect(freshness(status(), NOW).text).toBe("No connection");
  });
});

it("counts without an end while the end is not known", () => {
  const finding = connection({ phase: "discovering", projectsSeen: 12, projectsExpected: null });
  expect(phaseText(finding)).toBe("Finding projects, 12 so far");
  expect(progress(finding)).toBeNull();
});

it("changes its signature with what pages say, and not with every request", () => {
  const before = signature([connection()]);
  expect(signature([connection({ requests: 19, phase: "reading", projectsSeen: 2 })])).toBe(before);
  expect(signature([connection({ lastGoodAt: ago(0) })])).not.toBe(before);
  expect(
    signature([
      connection({ error: { code: "unreachable", whose: "upstream", message: "502", remedy: "Wait.", retry: true } }),
    ]),
  ).not.toBe(before);
});
