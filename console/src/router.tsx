/** The pages and what their addresses mean. Each page is a chunk of its own. */
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from "@tanstack/react-router";
import type { JobState } from "./api/solid";
import { Frame } from "./frame/Frame";
import {
  ENTITY_FILTERS,
  type EntityFilter,
  type Filters,
  one,
  PROBLEM_FILTERS,
  type ProblemFilter,
  readFilters,
  readQuery,
  UNOWNED_FILTERS,
  type UnownedFilter,
  writeQuery,
} from "./lib/filters";
import { readState } from "./lib/states";
import { Empty, Failure } from "./ui/parts";

export type CatalogSearch = Filters<EntityFilter> & { q?: string; sort?: string; cols?: string };
export type ProblemsSearch = Filters<ProblemFilter> & { q?: string; by?: "owner" };
export type UnownedSearch = Filters<UnownedFilter> & { q?: string };
export type EntitySearch = { tab?: string; line?: number; depth?: number; as?: "table" };

function withTexts<T extends object>(into: T, raw: Record<string, unknown>, keys: readonly string[]): T {
  const out = { ...into } as Record<string, unknown>;
  for (const key of keys) {
    const value = one(raw[key]);
    if (value !== undefined) out[key] = value;
  }
  return out as T;
}

function positive(value: unknown): number | undefined {
  const n = Number(Array.isArray(value) ? value[0] : value);
  return Number.isInteger(n) && n > 0 ? n : undefined;
}

const rootRoute = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <div style={{ padding: "20px var(--gutter)" }}>
      <h1>Not here</h1>
      <Empty what="There is no page at this address." action={<Link to="/">Go to Home</Link>} />
    </div>
  ),
  errorComponent: ({ error, reset }) => (
    <div style={{ padding: "20px var(--gutter)" }}>
      <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    </div>
  ),
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home/Home"), "Home"),
});

export const catalogRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/catalog",
  validateSearch: (raw: Record<string, unknown>): CatalogSearch =>
    withTexts(readFilters(ENTITY_FILTERS, raw) as CatalogSearch, raw, ["q", "sort", "cols"]),
  component: lazyRouteComponent(() => import("./pages/catalog/Catalog"), "Catalog"),
});

export const entityRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/catalog/$kind/$namespace/$name",
  validateSearch: (raw: Record<string, unknown>): EntitySearch => {
    const search: EntitySearch = withTexts({}, raw, ["tab"]);
    const line = positive(raw.line);
    const depth = positive(raw.depth);
    if (line) search.line = line;
    if (depth) search.depth = Math.min(depth, 3);
    if (one(raw.as) === "table") search.as = "table";
    return search;
  },
  component: lazyRouteComponent(() => import("./pages/entity/Entity"), "Entity"),
});

export const problemsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/problems",
  validateSearch: (raw: Record<string, unknown>): ProblemsSearch => ({
    ...withTexts(readFilters(PROBLEM_FILTERS, raw) as ProblemsSearch, raw, ["q"]),
    ...(one(raw.by) === "owner" ? { by: "owner" as const } : {}),
  }),
  component: lazyRouteComponent(() => import("./pages/problems/Problems"), "Problems"),
});

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/Settings"), "Settings"),
});

/** `state`: the jobs of one state only. */
export type QueueSearch = { state?: JobState };

export const queueRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings/queue",
  validateSearch: (raw: Record<string, unknown>): QueueSearch => {
    const state = readState(one(raw.state));
    return state ? { state } : {};
  },
  component: lazyRouteComponent(() => import("./pages/queue/Queue"), "Queue"),
});

const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings/system",
  component: lazyRouteComponent(() => import("./pages/settings/System"), "System"),
});

const removedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/removed",
  component: lazyRouteComponent(() => import("./pages/removed/Removed"), "Removed"),
});

export const connectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/connect",
  component: lazyRouteComponent(() => import("./pages/connect/Connect"), "Connect"),
});

/** `act`: the dialog that is open. */
export type ConnectionSearch = { act?: "token" | "rotate" | "remove" | "webhooks" };
const ACTS = ["token", "rotate", "remove", "webhooks"] as const;

export const connectionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/settings/connections/$name",
  validateSearch: (raw: Record<string, unknown>): ConnectionSearch => {
    const act = ACTS.find((known) => known === one(raw.act));
    return act ? { act } : {};
  },
  component: lazyRouteComponent(() => import("./pages/settings/ConnectionPage"), "ConnectionPage"),
});

export const unownedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/unowned",
  validateSearch: (raw: Record<string, unknown>): UnownedSearch =>
    withTexts(readFilters(UNOWNED_FILTERS, raw) as UnownedSearch, raw, ["q"]),
  component: lazyRouteComponent(() => import("./pages/unowned/Unowned"), "Unowned"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    connectRoute,
    catalogRoute,
    entityRoute,
    problemsRoute,
    unownedRoute,
    removedRoute,
    settingsRoute,
    queueRoute,
    systemRoute,
    connectionRoute,
  ]),
  parseSearch: readQuery,
  stringifySearch: writeQuery,
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
