/** What stands in the form of a connection, and what of it is sent. Pure. */
import type { Connection, Discovery, Draft, ImportedDraft, TokenGiven } from "../api/connections";

/** Lists are kept as the text of their field, one entry a line. */
export type DiscoveryFields = {
  groups: string;
  nested: boolean;
  projects: string;
  exclude: string;
  topics: string;
  archived: boolean;
  forks: boolean;
  membership: boolean;
  branch: string;
  fallbackBranch: string;
  file: string;
  people: boolean;
  peopleGroups: string;
  peopleUsers: string;
  restrictTo: string;
  inherited: boolean;
};

export type TokenWay = "token" | "file" | "env";

export type Fields = {
  url: string;
  way: TokenWay;
  token: string;
  place: string;
  name: string;
  /** The name was written by hand and does not follow the address any more. */
  named: boolean;
  proxy: string;
  noProxy: string;
  ca: string;
  discovery: DiscoveryFields;
};

/** The server's own defaults. */
export const NO_DISCOVERY: DiscoveryFields = {
  groups: "",
  nested: true,
  projects: "",
  exclude: "",
  topics: "",
  archived: false,
  forks: true,
  membership: true,
  branch: "",
  fallbackBranch: "",
  file: "",
  people: true,
  peopleGroups: "",
  peopleUsers: "",
  restrictTo: "",
  inherited: false,
};

export const EMPTY: Fields = {
  url: "",
  way: "token",
  token: "",
  place: "",
  name: "",
  named: false,
  proxy: "",
  noProxy: "",
  ca: "",
  discovery: NO_DISCOVERY,
};

/** One entry a line; commas part too where an entry cannot hold one. */
export function listOf(text: string, comma = false): string[] {
  return text
    .split(comma ? /[\n,]/ : /\n/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** `gitlab.example.com` stays whole in the address and becomes `example` in the name; `gitlab.com` becomes `gitlab`. */
export function nameFromUrl(url: string): string {
  const host = hostOf(url);
  if (host === "") return "";
  if (/^[\d.]+$|:|^localhost$/.test(host)) return "gitlab";
  const labels = host.split(".").filter((label) => label !== "" && label !== "www");
  const first = labels[0] ?? "";
  const telling = /^(gitlab|git|code|scm|source|vcs)$/.test(first) && labels.length > 2 ? (labels[1] ?? first) : first;
  const name = telling
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "gitlab";
}

/** The host an address names, also when it was typed without a scheme; empty when there is none. */
export function hostOf(url: string): string {
  const text = url.trim();
  if (text === "") return "";
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return "";
  }
}

export function shownName(fields: Fields): string {
  return fields.named ? fields.name : nameFromUrl(fields.url);
}

function given<K extends string, V extends string | string[]>(key: K, value: V): Partial<Record<K, V>> {
  return (value.length > 0 ? { [key]: value } : {}) as Partial<Record<K, V>>;
}

export function discoveryOf(f: DiscoveryFields): Discovery {
  return {
    ...given("groups", listOf(f.groups, true)),
    nested: f.nested,
    ...given("projects", listOf(f.projects)),
    ...given("exclude", listOf(f.exclude, true)),
    ...given("topics", listOf(f.topics, true)),
    archived: f.archived,
    forks: f.forks,
    membership: f.membership,
    ...given("branch", f.branch.trim()),
    ...given("fallbackBranch", f.fallbackBranch.trim()),
    ...given("file", f.file.trim()),
    people: {
      read: f.people,
      ...given("groups", listOf(f.peopleGroups)),
      ...given("users", listOf(f.peopleUsers)),
      ...given("restrictTo", f.restrictTo.trim()),
      inherited: f.inherited,
    },
  };
}

const lines = (list: readonly string[] | null | undefined) => (list ?? []).join("\n");

export function fieldsOf(d: Discovery): DiscoveryFields {
  const n = NO_DISCOVERY;
  return {
    groups: lines(d.groups),
    nested: d.nested ?? n.nested,
    projects: lines(d.projects),
    exclude: lines(d.exclude),
    topics: lines(d.topics),
    archived: d.archived ?? n.archived,
    forks: d.forks ?? n.forks,
    membership: d.membership ?? n.membership,
    branch: d.branch ?? "",
    fallbackBranch: d.fallbackBranch ?? "",
    file: d.file ?? "",
    people: d.people?.read ?? n.people,
    peopleGroups: lines(d.people?.groups),
    peopleUsers: lines(d.people?.users),
    restrictTo: d.people?.restrictTo ?? "",
    inherited: d.people?.inherited ?? n.inherited,
  };
}

export function sameDiscovery(a: DiscoveryFields, b: DiscoveryFields): boolean {
  return JSON.stringify(discoveryOf(a)) === JSON.stringify(discoveryOf(b));
}

export function tokenOf(way: TokenWay, token: string, place: string): TokenGiven {
  const text = place.trim();
  if (way === "token") return { token: token.trim() };
  return { tokenFrom: way === "file" ? { file: text } : { env: text } };
}

/** What is missing before anything can be sent; null when nothing is. */
export function missing(fields: Fields): "url" | "token" | null {
  if (fields.url.trim() === "") return "url";
  return (fields.way === "token" ? fields.token : fields.place).trim() === "" ? "token" : null;
}

export function draftOf(fields: Fields): Draft {
  return {
    name: shownName(fields),
    url: fields.url.trim(),
    ...tokenOf(fields.way, fields.token, fields.place),
    ...given("ca", fields.ca.trim()),
    ...given("proxy", fields.proxy.trim()),
    ...given("noProxy", listOf(fields.noProxy, true)),
    discovery: discoveryOf(fields.discovery),
  };
}

/** What a test looks at: when this changes, its result is about something else. */
export function testedPart(fields: Fields): string {
  const { name: _name, discovery: _discovery, ...rest } = draftOf(fields);
  return JSON.stringify(rest);
}

/** A draft from elsewhere laid over the form; a token that was typed already stays. */
export function withDraft(fields: Fields, draft: ImportedDraft): Fields {
  return { ...fields, url: draft.url, name: draft.name, named: true, discovery: fieldsOf(draft.discovery) };
}

const KIND: Record<string, string> = {
  personal: "Personal token",
  group: "Group token",
  project: "Project token",
  "service-account": "Service account's token",
  oauth: "OAuth token",
  unknown: "Token",
};

export function tokenKindWord(kind: string | null | undefined): string {
  return KIND[kind ?? "unknown"] ?? "Token";
}

/** Days from which on an end is said where people look first. */
export const SOON_DAYS = 14;

export function endsSoon(connection: Connection): boolean {
  const left = connection.report?.facts.daysLeft;
  return left != null && left <= SOON_DAYS;
}

export function daysLeftText(left: number): string {
  if (left < 0) return "expired";
  if (left === 0) return "expires today";
  return left === 1 ? "1 day left" : `${left} days left`;
}

/** An address as people write it. */
export function shownUrl(url: string): string {
  return url.replace(/\/$/, "");
}

/** Which groups, in words, for a line of facts. */
export function discoverySummary(d: Discovery): string {
  const f = fieldsOf(d);
  const parts = [
    d.groups?.length
      ? d.groups.join(", ")
      : f.membership
        ? "Everything the token is a member of"
        : "The whole instance",
  ];
  if (d.groups?.length && !f.nested) parts.push("without groups below");
  if (d.projects?.length) parts.push(`matching ${d.projects.join(" or ")}`);
  if (d.exclude?.length) parts.push(`without ${d.exclude.join(", ")}`);
  if (d.topics?.length) parts.push(`with topic ${d.topics.join(" and ")}`);
  if (f.archived) parts.push("archived too");
  if (!f.forks) parts.push("no forks");
  if (d.branch) parts.push(`branch ${d.branch}`);
  if (d.file) parts.push(`file ${d.file}`);
  if (!f.people) parts.push("no people");
  else if (f.restrictTo) parts.push(`people of ${f.restrictTo}`);
  return parts.join(" · ");
}
