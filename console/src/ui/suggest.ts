/** What the search field offers for what was typed. Pure. */
import type { FacetValue } from "../api/types";
import { type Filters, holds } from "../lib/filters";

export type Suggestion = { id: string; key: string; value: string; label: string; count: number; rest: string };

const MOST = 7;

/** Looks at the last word: `owner:ch` offers owners, `check` offers whatever begins so, words inside included. */
export function suggest<K extends string>(
  keys: readonly K[],
  text: string,
  facets: Record<string, FacetValue[]> | undefined,
  chosen: Filters<K>,
): Suggestion[] {
  const [, rest = "", word = ""] = /^(.*?)(\S*)$/s.exec(text) ?? [];
  const colon = word.indexOf(":");
  const key = colon > 0 ? word.slice(0, colon).toLowerCase() : null;
  const wanted = (colon > 0 ? word.slice(colon + 1) : word).toLowerCase();
  if (key === null && wanted.length < 2) return [];
  const found: Suggestion[] = [];
  for (const k of keys) {
    if (key !== null && k !== key) continue;
    for (const value of facets?.[k] ?? []) {
      if (holds(chosen[k], value.value)) continue;
      const words = `${value.label} ${value.value}`.toLowerCase().split(/[\s:/_.-]+/);
      if (!words.some((w) => w.startsWith(wanted)) && !value.label.toLowerCase().startsWith(wanted)) continue;
      found.push({ id: `${k}:${value.value}`, key: k, ...value, rest });
    }
  }
  return found.sort((a, b) => b.count - a.count).slice(0, MOST);
}
