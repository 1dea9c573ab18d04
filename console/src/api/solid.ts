/**
 * The queue, the processes that share one database, what left the catalog, and how sure it is that what is shown still
 * holds. The shapes are written by hand until the API's description has them; their names are those of its JSON.
 */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import type { EntityPage } from "./types";

export type JobState = "dead" | "retrying" | "waiting" | "running";

export type Job = {
  id: number;
  /** `catalog.project`: which code does it. */
  kind: string;
  /** For people: "Read project". */
  title: string;
  /** The path of a project where it is known, else the key of the job. */
  about: string;
  connection: string;
  state: JobState;
  attempts: number;
  /** When it is, or was, to run. */
  runAt: string;
  /** Since when it fails. */
  failedAt: string | null;
  /** When it was given up. */
  deadAt: string | null;
  lastError: string | null;
};

export type JobCounts = Record<JobState, number>;
export type Queue = { asOf: string; counts: JobCounts; oldestDue: string | null; items: Job[] };

export type Replica = {
  id: string;
  version: string;
  startedAt: string;
  seenAt: string;
  leader: boolean;
  /** The one that answered. */
  self: boolean;
  /** Changes of the others that it has not taken up yet. */
  feedLag: number;
  host: string;
};
export type ReplicaList = { items: Replica[] };

export type Removed = {
  id: number | string;
  ref: string;
  kind: string;
  title: string | null;
  connection: string;
  projectPath: string;
  reason: string;
  removedAt: string;
  keptUntil: string;
};
export type RemovedList = { total: number; items: Removed[] };

export type Freshness = {
  state: "fresh" | "stale" | "unknown";
  /** When GitLab last confirmed what is shown. */
  confirmedAt: string | null;
  reason: string | null;
  since: string | null;
};

/** An older server does not say; then it is not known. */
export function freshnessIn(page: EntityPage): Freshness {
  const { freshness } = page as EntityPage & { freshness?: Freshness };
  return freshness ?? { state: "unknown", confirmedAt: null, reason: null, since: null };
}

/** Jobs come and go by the second; nobody asks while the page is not seen. */
const PACE = 2_000;
const SLOW_PACE = 15_000;

export const queueQuery = (state: JobState | undefined, limit: number) =>
  queryOptions({
    queryKey: ["queue", state ?? "all", limit],
    queryFn: ({ signal }) =>
      ask<Queue>("GET", `/api/v1/queue?${state ? `state=${state}&` : ""}limit=${limit}`, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: PACE,
  });

/** How many there are, for the pages that lead to the queue. */
export const queueCountsQuery = queryOptions({
  queryKey: ["queue", "dead", 1],
  queryFn: ({ signal }) => ask<Queue>("GET", "/api/v1/queue?state=dead&limit=1", { signal }),
  refetchInterval: SLOW_PACE,
});

export const retryJob = (id: number) => ask<{ audit: number }>("POST", `/api/v1/queue/${id}/retry`);
export const dropJob = (id: number) => ask<{ audit: number }>("DELETE", `/api/v1/queue/${id}`);
export const retryDead = () => ask<{ audit: number; retried: number }>("POST", "/api/v1/queue/retry");

export const replicasQuery = queryOptions({
  queryKey: ["replicas"],
  queryFn: ({ signal }) => ask<ReplicaList>("GET", "/api/v1/system/replicas", { signal }),
  refetchInterval: PACE,
});

/** The first word is what live events invalidate by. */
export const removedQuery = (limit: number) =>
  queryOptions({
    queryKey: ["removed", limit],
    queryFn: ({ signal }) => ask<RemovedList>("GET", `/api/v1/catalog/removed?limit=${limit}`, { signal }),
    placeholderData: keepPreviousData,
  });
