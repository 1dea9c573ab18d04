/** Every question the pages ask, as TanStack Query options. Keys begin with the word that live events invalidate by. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { EntityFilter, Filters, ProblemFilter, UnownedFilter } from "../lib/filters";
import type { Ref } from "../lib/ref";
import { answer, client } from "./client";
import type { EntityPage } from "./types";

/** Rows a request: large, so that 10,000 rows are 50 requests. */
export const PAGE = 200;

export const instanceQuery = queryOptions({
  queryKey: ["instance"],
  queryFn: ({ signal }) => answer(client.GET("/api/v1/instance", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => answer(client.GET("/api/v1/catalog/status", { signal })),
  // Only the safety net: the event stream sets this data (live.ts).
  refetchInterval: 60_000,
});

export type EntityListParams = Filters<EntityFilter> & { q?: string; sort?: string };
export type ProblemListParams = Filters<ProblemFilter> & { q?: string };

export const entitiesQuery = (query: EntityListParams) =>
  infiniteQueryOptions({
    queryKey: ["entities", "list", query],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/v1/entities", {
          params: { query: { ...query, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const ENTITY_FACETS = ["kind", "type", "owner", "system", "lifecycle", "language", "problem", "evidence"];

export const entityFacetsQuery = (query: EntityListParams) => {
  const { sort: _sort, ...filters } = query;
  return queryOptions({
    queryKey: ["entities", "facets", filters],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/v1/entities/facets", { params: { query: { ...filters, facet: ENTITY_FACETS } }, signal }),
      ),
    placeholderData: keepPreviousData,
  });
};

export const kindCountsQuery = queryOptions({
  queryKey: ["entities", "facets", "counts"],
  queryFn: ({ signal }) =>
    answer(
      client.GET("/api/v1/entities/facets", { params: { query: { facet: ["kind", "evidence", "origin"] } }, signal }),
    ),
});

export type UnownedParams = Filters<UnownedFilter> & { q?: string };

/** Without a choice: what has no owner, and what has one that is only guessed. */
export function unownedFilters({ ownership, ...rest }: UnownedParams): EntityListParams {
  return { ...rest, ownership: ownership ?? ["unowned", "guessed"] };
}

/** How many there are, without their rows. */
export const totalQuery = (query: EntityListParams) =>
  queryOptions({
    queryKey: ["entities", "total", query],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/v1/entities", { params: { query: { ...query, limit: 1 } }, signal })).then(
        ({ total }) => total,
      ),
  });

/** What was read last, for the page on which the catalog fills. */
export const latestQuery = (limit: number) =>
  queryOptions({
    queryKey: ["entities", "latest", limit],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/v1/entities", {
          params: { query: { kind: ["component"], sort: "-changed", limit } },
          signal,
        }),
      ),
  });

/** Services by how their owner is known. */
export const ownedServicesQuery = queryOptions({
  queryKey: ["entities", "facets", "services"],
  queryFn: ({ signal }) =>
    answer(
      client.GET("/api/v1/entities/facets", {
        params: { query: { kind: ["component"], type: ["service"], facet: ["evidence"] } },
        signal,
      }),
    ),
});

export const entityQuery = (ref: Ref) =>
  queryOptions({
    queryKey: ["entity", ref.kind, ref.namespace, ref.name],
    queryFn: ({ signal }) =>
      answer(client.GET("/api/v1/entities/{kind}/{namespace}/{name}", { params: { path: ref }, signal })).then(
        (page) => page as Omit<typeof page, "entity"> as EntityPage,
      ),
    // Events tell of changes; that one was announced and cannot be read is told by nobody.
    refetchInterval: 15_000,
  });

/** What the graph of a kind follows; nothing means the API's default: provided and consumed APIs, dependencies. */
const FOLLOWED: Record<string, string> = { system: "hasPart", domain: "hasPart" };

const follow = (kind: string) => {
  const relations = FOLLOWED[kind.toLowerCase()];
  return relations ? { relations } : {};
};

export const graphQuery = (ref: Ref, depth: number) =>
  queryOptions({
    queryKey: ["graph", ref.kind, ref.namespace, ref.name, depth],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/v1/entities/{kind}/{namespace}/{name}/graph", {
          params: { path: ref, query: { depth, ...follow(ref.kind) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const problemsQuery = (query: ProblemListParams, limit = PAGE) =>
  infiniteQueryOptions({
    queryKey: ["problems", "list", query, limit],
    queryFn: ({ pageParam, signal }) =>
      answer(
        client.GET("/api/v1/problems", {
          params: { query: { ...query, limit, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const problemFacetsQuery = (query: ProblemListParams) =>
  queryOptions({
    queryKey: ["problems", "facets", query],
    queryFn: ({ signal }) =>
      answer(
        client.GET("/api/v1/problems/facets", {
          params: { query: { ...query, facet: ["severity", "code", "owner"] } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ["entities", "search", q],
    queryFn: ({ signal }) => answer(client.GET("/api/v1/search", { params: { query: { q, limit: 10 } }, signal })),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });

/** Asked when the button is shown, so that it can say beforehand whether it will be refused and by what. */
export const permissionQuery = (action: string, on: string) =>
  queryOptions({
    queryKey: ["permission", action, on],
    queryFn: ({ signal }) => answer(client.GET("/api/v1/permissions", { params: { query: { action, on } }, signal })),
  });

export type RefreshTarget = { ref?: string; project?: string; connection?: string };

/** One key a press: a press that is sent twice by the network queues once. */
export function refreshCatalog(target: RefreshTarget) {
  return answer(
    client.POST("/api/v1/catalog/refresh", {
      body: target,
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    }),
  );
}
