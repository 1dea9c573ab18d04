/** References to entities: `kind:namespace/name`. */
export type Ref = { kind: string; namespace: string; name: string };

export function parseRef(ref: string): Ref | null {
  const match = /^([^:/]+):([^:/]+)\/([^/]+)$/.exec(ref);
  return match?.[1] && match[2] && match[3] ? { kind: match[1], namespace: match[2], name: match[3] } : null;
}

export function formatRef({ kind, namespace, name }: Ref): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}

/** What people call it: the name, with the namespace when it is not the default one. */
export function shortRef(ref: string): string {
  const parsed = parseRef(ref);
  if (!parsed) return ref;
  return parsed.namespace === "default" ? parsed.name : `${parsed.namespace}/${parsed.name}`;
}

const KINDS: Record<string, string> = { api: "API" };

/** `api` → `API`, `component` → `Component`. */
export function kindWord(kind: string): string {
  return KINDS[kind.toLowerCase()] ?? sentence(kind);
}

/** `api` → `APIs`, `component` → `Components`. */
export function kindPlural(kind: string): string {
  const word = kindWord(kind);
  return word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** First letter large, the rest as it is: names of the field such as `openapi` stay recognisable. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Kinds that belong to nobody: people, their groups, and pointers to files. */
const UNOWNED = new Set(["group", "user", "location"]);

export function canHaveOwner(kind: string): boolean {
  return !UNOWNED.has(kind.toLowerCase());
}

const TYPES: Record<string, string> = {
  openapi: "OpenAPI",
  asyncapi: "AsyncAPI",
  graphql: "GraphQL",
  grpc: "gRPC",
  postgresql: "PostgreSQL",
  mysql: "MySQL",
  mongodb: "MongoDB",
};

export function typeWord(type: string): string {
  return TYPES[type.toLowerCase()] ?? sentence(type);
}
