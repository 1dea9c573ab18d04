/** What the top bar and the lists say about the age of the data. */
import type { CatalogStatus, ConnectionStatus } from "../api/types";
import { ageSeconds, count, span } from "./time";

export type Freshness = {
  /** "Synced 40 s ago", "Reading 340 of 1,184 projects". */
  text: string;
  /** Older than twice the interval. */
  old: boolean;
  /** Why what is shown is incomplete or failing; null when all is well. */
  trouble: string | null;
  /** Trouble in one word: a connection that fails is more than one that was read in part. */
  word: "failing" | "partial" | null;
  busy: boolean;
};

const BUSY = new Set(["discovering", "reading", "linking"]);

export function isBusy(connection: ConnectionStatus): boolean {
  return BUSY.has(connection.phase);
}

/** The first sync has not ended: nothing was ever read completely. */
export function isFilling(connection: ConnectionStatus): boolean {
  return connection.lastGoodAt == null;
}

export function phaseText(c: ConnectionStatus): string {
  const of = c.projectsExpected ? `${count(c.projectsSeen)} of ${count(c.projectsExpected)}` : count(c.projectsSeen);
  switch (c.phase) {
    case "waiting":
      return "Waiting to start";
    case "discovering":
      return `Finding projects, ${count(c.projectsSeen)} so far`;
    case "reading":
      return `Reading ${of} projects`;
    case "linking":
      return "Linking relations";
    case "failed":
      return "Failed";
    default:
      return "Idle";
  }
}

/** 0..1, or null when the end is not known. */
export function progress(c: ConnectionStatus): number | null {
  if (!c.projectsExpected) return null;
  return Math.min(1, c.projectsSeen / c.projectsExpected);
}

/** What is failing or incomplete about a connection; null when nothing is. */
export function trouble(c: ConnectionStatus): string | null {
  if (c.error) return c.error.message;
  const [first, ...rest] = c.partial;
  if (!first) return null;
  const more = rest.length > 0 ? `, and ${rest.length} more` : "";
  return `${first.what}: ${first.reason}${more}`;
}

export function freshness(status: CatalogStatus, now: number): Freshness {
  const { connections } = status;
  if (connections.length === 0) return { text: "No connection", old: false, trouble: null, word: null, busy: false };
  const troubles = connections.flatMap((c) => {
    const what = trouble(c);
    return what === null ? [] : [`${c.name}, ${what}`];
  });
  const said = {
    trouble: troubles.length > 0 ? troubles.join(" · ") : null,
    word: connections.some((c) => c.error) ? "failing" : troubles.length > 0 ? "partial" : null,
    busy: connections.some(isBusy),
  } as const;
  const filling = connections.find((c) => isFilling(c));
  if (filling) return { ...said, text: phaseText(filling), old: filling.phase === "failed" };
  // The page is as old as its oldest part.
  let oldest = 0;
  let old = false;
  for (const c of connections) {
    const age = ageSeconds(c.lastGoodAt ?? "", now) ?? 0;
    oldest = Math.max(oldest, age);
    if (c.intervalSeconds > 0 && age > 2 * c.intervalSeconds) old = true;
  }
  return { ...said, text: `Synced ${span(oldest)} ago`, old };
}

/** How the connections are doing, in short: when this changes, what pages say about their age may have changed too. */
export function signature(connections: readonly ConnectionStatus[]): string {
  return JSON.stringify(
    connections.map((c) => [c.name, c.lastGoodAt, c.error?.code, c.error?.message, c.partial.map((p) => p.what)]),
  );
}
