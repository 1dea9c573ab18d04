/**
 * The state of a list in the address. Every filter is a repeated key (`kind=api&kind=component`), so that an address
 * can be read, written by hand and shared. Pure: strings in, values out; what cannot be read is dropped.
 */
export const ENTITY_FILTERS = [
  "kind",
  "type",
  "owner",
  "system",
  "lifecycle",
  "tag",
  "language",
  "namespace",
  "origin",
  "evidence",
  "ownership",
  "problem",
  "project",
  "topic",
] as const;
export type EntityFilter = (typeof ENTITY_FILTERS)[number];
export const PROBLEM_FILTERS = ["severity", "code", "owner", "project"] as const;
export type ProblemFilter = (typeof PROBLEM_FILTERS)[number];

/** The queue of the unowned is narrowed by these. */
export const UNOWNED_FILTERS = ["ownership", "kind", "system", "evidence", "project"] as const;
export type UnownedFilter = (typeof UNOWNED_FILTERS)[number];

export type Filters<K extends string> = Partial<Record<K, string[]>>;
export type RawSearch = Record<string, string | string[] | undefined>;

/** The query string as values: one string, or several where a key is repeated. */
export function readQuery(query: string): RawSearch {
  const params = new URLSearchParams(query);
  const raw: RawSearch = {};
  for (const key of new Set(params.keys())) {
    const values = params.getAll(key);
    raw[key] = values.length > 1 ? values : values[0];
  }
  return raw;
}

export function writeQuery(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === "string" || typeof one === "number") params.append(key, String(one));
    }
  }
  // Colons and slashes are legal in a query and keep references readable.
  const text = params.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

export function many(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return [...new Set(list.filter((v): v is string => typeof v === "string" && v !== ""))];
}

export function one(value: unknown): string | undefined {
  return many(value)[0];
}

export function readFilters<K extends string>(keys: readonly K[], raw: Record<string, unknown>): Filters<K> {
  const filters: Filters<K> = {};
  for (const key of keys) {
    const values = many(raw[key]);
    if (values.length > 0) filters[key] = values;
  }
  return filters;
}

/** The API compares values without regard to case, and so does everything here. */
export function holds(values: readonly string[] | undefined, value: string): boolean {
  const wanted = value.toLowerCase();
  return values?.some((v) => v.toLowerCase() === wanted) ?? false;
}

/** Adds the value, or takes it away when it is there. A filter without values disappears. */
export function toggle<K extends string>(filters: Filters<K>, key: K, value: string): Filters<K> {
  const now = filters[key] ?? [];
  const next = holds(now, value) ? now.filter((v) => !holds([v], value)) : [...now, value];
  const { [key]: _gone, ...rest } = filters;
  return (next.length > 0 ? { ...rest, [key]: next } : rest) as Filters<K>;
}

/**
 * Takes finished `key:value` tokens out of typed text. A token is finished by a space (or by Enter: pass `all`); what
 * is left is free text. Quotes hold values with spaces: `lifecycle:"end of life"`.
 */
export function takeTokens<K extends string>(
  keys: readonly K[],
  text: string,
  all = false,
): { filters: Filters<K>; rest: string } {
  const filters: Filters<K> = {};
  const pattern = new RegExp(`(^|\\s)(${keys.join("|")}):("[^"]+"|[^\\s"]+)(\\s${all ? "|$" : ""})`, "gi");
  let rest = text;
  // Two tokens in a row share the space between them, so one pass can miss the second.
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(pattern, (_hit, lead: string, key: string, value: string) => {
      const name = key.toLowerCase() as K;
      const bare = value.replaceAll('"', "");
      const values = filters[name] ?? [];
      if (!values.includes(bare)) filters[name] = [...values, bare];
      return lead;
    });
  }
  return { filters, rest: all ? rest.trim() : rest.trimStart() };
}

/** Both, each value once. */
export function mergeFilters<K extends string>(a: Filters<K>, b: Filters<K>): Filters<K> {
  const merged: Filters<K> = { ...a };
  for (const key of Object.keys(b) as K[]) merged[key] = [...new Set([...(a[key] ?? []), ...(b[key] ?? [])])];
  return merged;
}

export function countFilters<K extends string>(filters: Filters<K>): number {
  return Object.values<string[] | undefined>(filters).reduce((sum, values) => sum + (values?.length ?? 0), 0);
}
