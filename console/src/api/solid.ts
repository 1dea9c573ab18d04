/**
 * The queue, the processes that share one database, what left the catalog, and how sure it is that what is shown still
 * holds.
 */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import type { components } from "./schema";
import type { EntityPage } from "./types";

type Schemas = components["schemas"];

export type JobState = "dead" | "retrying" | "waiting" | "running";
export type Job = Omit<Schemas["QueueItem"], "state"> & { state: JobState };
export type JobCounts = Schemas["QueueCounts"];
export type Queue = Omit<Schemas["Queue"], "items"> & { items: Job[] };
export type Replica = Schemas["Replica"];
export type ReplicaList = Schemas["Replicas"];
export type Removed = Schemas["RemovedEntity"];
export type RemovedList = Schemas["RemovedList"];
export type Freshness = Omit<Schemas["Freshness"], "state"> & { state: "fresh" | "stale" | "unknown" };

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
