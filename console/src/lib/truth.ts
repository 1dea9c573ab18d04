/**
 * What an entity's page may say about its own age. The server's word is the base; what the page itself knows better
 * (its connection fails by now, the server is not heard) can only make it worse, never better.
 */
import type { Freshness } from "../api/solid";
import type { ConnectionStatus } from "../api/types";
import { isBusy } from "./freshness";
import { ageSeconds, until } from "./time";

export type Truth = Freshness & {
  /** Confirmed longer ago than twice the connection's interval, although nothing is known to fail. */
  old: boolean;
  /** What happens next, in a sentence; null while all is well. */
  next: string | null;
  /** Nothing happens by itself: who can do something is led to this connection. */
  act: string | null;
};

type Known = {
  freshness: Freshness;
  /** How the connection it comes from is doing; undefined when that is not known. */
  connection: ConnectionStatus | undefined;
  /** The server has not been heard for a while. */
  lost: boolean;
  now: number;
};

export function truth({ freshness, connection, lost, now }: Known): Truth {
  const said = worst(freshness, connection, lost);
  const age = said.confirmedAt ? ageSeconds(said.confirmedAt, now) : null;
  const interval = connection?.intervalSeconds ?? 0;
  const old = said.state === "fresh" && age !== null && interval > 0 && age > 2 * interval;
  if (said.state === "fresh") return { ...said, old, next: null, act: null };
  return { ...said, old, ...whatNext(said.state, connection, lost, now) };
}

function worst(freshness: Freshness, connection: ConnectionStatus | undefined, lost: boolean): Freshness {
  if (freshness.state === "stale") return freshness;
  // A state of a later version, or a time that is missing, is nothing to rely on.
  const known = freshness.state === "fresh" && freshness.confirmedAt !== null;
  if (connection?.error) {
    return { ...freshness, state: "stale", reason: connection.error.message, since: connection.lastGoodAt };
  }
  if (lost && known) return { ...freshness, state: "unknown", reason: "Stagedoor does not answer", since: null };
  return known ? freshness : { ...freshness, state: "unknown" };
}

type Next = Pick<Truth, "next" | "act">;

function whatNext(state: Freshness["state"], c: ConnectionStatus | undefined, lost: boolean, now: number): Next {
  if (lost) return { next: "The page tries to reach it by itself.", act: null };
  if (c?.error && !c.error.retry) {
    return { next: `It is not tried again before something changes: ${c.error.remedy}`, act: c.name };
  }
  // What was not confirmed yet has not failed either.
  const again = state === "stale" ? "tried again" : "read";
  if (c && isBusy(c)) return { next: "It is being read now.", act: null };
  if (c?.nextAt && Date.parse(c.nextAt) > now) {
    return { next: `It is ${again} by itself, at the latest ${until(c.nextAt, now)}.`, act: null };
  }
  return { next: `It is ${again} by itself.`, act: null };
}
