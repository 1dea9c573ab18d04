/**
 * The event stream: what changed on the server shows on open pages within a second. Events only say what to ask
 * again; the truth is always read from the API. The browser reconnects by itself and sends Last-Event-ID.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { signature } from "../lib/freshness";
import { parseRef } from "../lib/ref";
import { setServerTime } from "../ui/now";
import { statusQuery } from "./queries";
import type { CatalogStatus, EntityList } from "./types";

/** `more`: the list of references was cut, so anything may have changed. */
export type EntitiesEvent = { seq: number; changed: string[]; removed: string[]; more: boolean };

type Listener = (event: EntitiesEvent) => void;

export type Connection = "connecting" | "live" | "lost";

const listeners = new Set<Listener>();
let state: Connection = "connecting";
const stateListeners = new Set<() => void>();

function setState(next: Connection): void {
  if (state === next) return;
  state = next;
  for (const listener of stateListeners) listener();
}

function subscribe(listener: () => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state);
}

export function onEntities(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function readEntitiesEvent(data: string): EntitiesEvent | null {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== "object" || value === null) return null;
    const { seq, changed, removed, more } = value as Record<string, unknown>;
    const strings = (list: unknown) =>
      Array.isArray(list) ? list.filter((r): r is string => typeof r === "string") : [];
    return {
      seq: typeof seq === "number" ? seq : 0,
      changed: strings(changed),
      removed: strings(removed),
      more: more === true,
    };
  } catch {
    return null;
  }
}

/** While the first sync runs there is an event every few milliseconds: lists follow at this pace (ms). */
const LIST_PACE = 400;

/** Runs at once, then at most once a pace; the last call is never lost. */
export function paced(run: () => void, pace: number): () => void {
  let waiting: ReturnType<typeof setTimeout> | null = null;
  let again = false;
  return () => {
    if (waiting) {
      again = true;
      return;
    }
    run();
    waiting = setTimeout(function next() {
      waiting = null;
      if (!again) return;
      again = false;
      run();
      waiting = setTimeout(next, pace);
    }, pace);
  };
}

/** Lists sorted by time do not move under the reader's hand: they count what is new instead (see useNewRows). */
export function isTimeSorted(key: readonly unknown[]): boolean {
  const params = key[2];
  if (typeof params !== "object" || params === null) return false;
  const sort = (params as { sort?: unknown }).sort;
  return sort === "changed" || sort === "-changed";
}

/** Above this many loaded pages a list is not read again as a whole for every event. */
const FEW_PAGES = 3;

function invalidateLists(client: QueryClient): void {
  void client.invalidateQueries({
    predicate: ({ queryKey, state: { data } }) => {
      if (queryKey[0] === "problems" || queryKey[0] === "removed") return true;
      if (queryKey[0] !== "entities") return false;
      if (queryKey[1] !== "list") return true;
      const pages = (data as { pages?: EntityList[] } | undefined)?.pages?.length ?? 0;
      return !isTimeSorted(queryKey) && pages <= FEW_PAGES;
    },
  });
}

function invalidatePages(client: QueryClient, event: EntitiesEvent): void {
  const touched = new Set([...event.changed, ...event.removed].map((ref) => ref.toLowerCase()));
  void client.invalidateQueries({
    predicate: ({ queryKey }) => {
      const [what, kind, namespace, name] = queryKey;
      // A neighbour's change can change the graph (its owner, its problems): graphs are always asked again.
      if (what === "graph") return true;
      if (what !== "entity") return false;
      return event.more || touched.has(`${kind}:${namespace}/${name}`.toLowerCase());
    },
  });
}

/**
 * Nothing changed, but what pages say about its age did: a read was confirmed, a connection began or ceased to fail. Of
 * that no event names entities.
 */
function invalidateAges(client: QueryClient): void {
  invalidateLists(client);
  void client.invalidateQueries({ queryKey: ["entity"] });
}

/** Opens the stream and returns what closes it. */
export function startLive(client: QueryClient): () => void {
  const source = new EventSource("/api/v1/events");
  const lists = paced(() => invalidateLists(client), LIST_PACE);
  const ages = paced(() => invalidateAges(client), LIST_PACE);
  const known = client.getQueryData(statusQuery.queryKey);
  let before = known ? signature(known.connections) : null;
  source.addEventListener("open", () => setState("live"));
  source.addEventListener("hello", () => setState("live"));
  source.addEventListener("error", () => setState("lost"));
  source.addEventListener("entities", (message) => {
    const event = readEntitiesEvent(message.data);
    if (!event) return;
    invalidatePages(client, event);
    lists();
    for (const listener of listeners) listener(event);
  });
  source.addEventListener("status", (message) => {
    try {
      const status = JSON.parse(message.data) as CatalogStatus;
      setServerTime(status.asOf);
      client.setQueryData(statusQuery.queryKey, status);
      const now = signature(status.connections);
      if (before !== null && now !== before) ages();
      before = now;
    } catch {
      void client.invalidateQueries({ queryKey: statusQuery.queryKey });
    }
  });
  source.addEventListener("connections", () => {
    void client.invalidateQueries({ queryKey: ["connections"] });
    ages();
  });
  source.addEventListener("reset", () => void client.invalidateQueries());
  return () => source.close();
}

/** True when the event speaks of this entity. */
export function concerns(event: EntitiesEvent, ref: string): boolean {
  const wanted = parseRef(ref) ? ref.toLowerCase() : ref;
  return event.more || event.changed.includes(wanted) || event.removed.includes(wanted);
}
