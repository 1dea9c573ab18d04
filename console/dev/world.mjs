// A small catalog in memory for developing and smoke-testing the console without the server: the ferry company
// Sandrill, in the shapes of openapi.json. It knows nothing of GitLab; the real thing is `stagedoor demo`.

import { freshnessOf } from "./solid.mjs";

const GITLAB = "http://gitlab.sandrill.example";
const at = (secondsAgo) => new Date(Date.now() - secondsAgo * 1000).toISOString();

// name, type, system, owner, evidence, lifecycle, language
const COMPONENTS = [
  ["payments-api", "service", "checkout", "checkout", "declared", "production", "TypeScript"],
  ["ticketing-web", "website", "passenger", "passenger-apps", "declared", "production", "TypeScript"],
  ["berth-planner", "service", "harbour", "harbour-ops", "codeowners", "production", "Rust"],
  ["vehicle-deck-planner", "service", "harbour", "harbour-ops", "group", "production", "Python"],
  ["crew-app", "website", "crew", "crew-systems", "declared", "production", "TypeScript"],
  ["tide-feed", "service", "harbour", null, "missing", "production", "Go"],
  ["loyalty-api", "service", "passenger", "passenger-apps", "declared", "experimental", "Java"],
  ["gangway-control", "service", "terminals", null, "missing", "deprecated", "Go"],
  ["manifest-svc", "service", "harbour", "harbour-ops", "codeowners", "production", "Java"],
  ["fuel-ledger", "service", "fleet", "fleet-telemetry", "codeowners", "production", "Rust"],
  ["queue-estimator", "service", "terminals", "harbour-ops", "commits", "experimental", "Python"],
  ["fares-api", "service", "checkout", "checkout", "declared", "production", "Go"],
  ["refund-worker", "service", "checkout", "checkout", "declared", "production", "TypeScript"],
  ["kiosk-gateway", "service", "terminals", "passenger-apps", "group", "production", "Go"],
  ["mooring-sensor-ingest", "service", "fleet", "fleet-telemetry", "declared", "production", "Rust"],
  ["timetable-web", "website", "passenger", "passenger-apps", "declared", "production", "TypeScript"],
  ["notice-mailer", "service", "passenger", "passenger-apps", "commits", "production", "Python"],
  ["identity-bridge", "service", "platform", "platform", "declared", "production", "Rust"],
  ["artefact-mirror", "service", "platform", "platform", "codeowners", "production", "Go"],
  ["tariff-schema", "library", "checkout", "checkout", "declared", "production", "TypeScript"],
];
const GROUPS = [
  ["checkout", "Checkout"],
  ["passenger-apps", "Passenger Apps"],
  ["harbour-ops", "Harbour Ops"],
  ["crew-systems", "Crew Systems"],
  ["fleet-telemetry", "Fleet Telemetry"],
  ["platform", "Platform"],
];
const SYSTEMS = ["checkout", "passenger", "harbour", "crew", "terminals", "fleet", "platform"];
const USERS = ["Ilse Brandvold", "Devin Strand", "Tomasz Rek", "Noor Haddick", "Amara Okell", "Jonas Wick"];

// from, relation, to: the graph reads left to right
const EDGES = [
  ["component:default/ticketing-web", "consumesApi", "api:default/payments-v2"],
  ["component:default/kiosk-gateway", "consumesApi", "api:default/payments-v2"],
  ["component:default/refund-worker", "consumesApi", "api:default/payments-v2"],
  ["api:default/payments-v2", "apiProvidedBy", "component:default/payments-api"],
  ["component:default/payments-api", "dependsOn", "resource:default/payments-db"],
  ["component:default/payments-api", "dependsOn", "resource:default/ledger-events"],
  ["component:default/payments-api", "dependsOn", "component:default/fares-api"],
  ["component:default/crew-app", "dependsOn", "component:default/manning-rules"],
];
const LABELS = {
  consumesApi: "consumes",
  apiConsumedBy: "consumed by",
  providesApi: "provides",
  apiProvidedBy: "provided by",
  dependsOn: "depends on",
  dependencyOf: "dependency of",
  ownedBy: "owned by",
  ownerOf: "owner of",
  partOf: "part of",
  hasPart: "has part",
};
const INVERSE = {
  consumesApi: "apiConsumedBy",
  apiProvidedBy: "providesApi",
  dependsOn: "dependencyOf",
  ownedBy: "ownerOf",
  partOf: "hasPart",
};

const yaml = (name, type, owner, system, lifecycle) => `# What ${name} is and whose.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  description: Takes, holds and refunds payments for bookings
  tags: [pci, money]
spec:
  type: ${type}
  owner: ${owner ?? "harbour-crew"}
  lifecycle: ${lifecycle}
  system: ${system}
  providesApis:
    - payments-v2
  dependsOn:
    - resource:payments-db
    - resource:ledger-events
    - component:fares-api
`;

function problem(code, severity, message, remedy, ref, project, line = null, pointer = null) {
  const file = line ? "catalog-info.yaml" : null;
  return {
    code,
    severity,
    message,
    remedy,
    file,
    line,
    column: line ? 10 : null,
    pointer,
    url: file ? `${project.url}/-/blob/main/${file}#L${line}` : null,
    ref,
    project,
    since: at(7200),
  };
}

function row(kind, name, over) {
  return {
    ref: `${kind}:default/${name}`,
    kind,
    namespace: "default",
    name,
    title: null,
    type: null,
    description: null,
    owner: null,
    system: null,
    lifecycle: null,
    language: null,
    tags: [],
    origin: "file",
    problems: { error: 0, warning: 0, note: 0, codes: [] },
    project: null,
    stale: null,
    changedAt: at(86400 * 3),
    readAt: at(40),
    ...over,
  };
}

const CONFIDENCE = { declared: 100, codeowners: 90, commits: 82, group: 40, missing: 0 };

function owner(name, evidence) {
  const group = GROUPS.find(([g]) => g === name);
  const detail = {
    declared: "catalog-info.yaml line 10",
    codeowners: ".gitlab/CODEOWNERS line 3",
    group: "GitLab group sandrill/harbour",
    commits: "82 % of commits",
    missing: "no CODEOWNERS, no group",
  }[evidence];
  const ref = name ? `group:default/${name}` : "";
  return {
    ref,
    name: name ?? "",
    title: group?.[1] ?? null,
    exists: Boolean(group),
    evidence,
    detail,
    confidence: CONFIDENCE[evidence],
  };
}

/** Commits of one team say more or less. */
const SHARES = { "queue-estimator": 61 };

function withShare(own, name) {
  const share = SHARES[name];
  return share ? { ...own, confidence: share, detail: `${share} % of commits` } : own;
}

function component([name, type, system, own, evidence, lifecycle, language], i) {
  const project = { path: `sandrill/${system}/${name}`, url: `${GITLAB}/sandrill/${system}/${name}` };
  return row("component", name, {
    type,
    system: { ref: `system:default/${system}`, name: system, title: null, exists: true },
    owner: evidence === "missing" ? null : withShare(owner(own, evidence), name),
    lifecycle,
    language,
    project,
    description: name === "payments-api" ? "Takes, holds and refunds payments for bookings" : `${name} of ${system}`,
    origin: evidence === "declared" ? "file" : "inferred",
    tags: i % 3 === 0 ? ["pci", "money"] : ["ferry"],
    changedAt: at(3600 * (i + 1)),
  });
}

/** The catalog: rows, problems, edges and texts. `extra` adds that many generated services. */
export function makeWorld(extra = 0) {
  const rows = [...COMPONENTS.map(component)];
  for (let i = 0; i < extra; i += 1) {
    const base = COMPONENTS[i % COMPONENTS.length];
    rows.push(component([`svc-${String(i).padStart(5, "0")}`, ...base.slice(1)], i));
  }
  for (const [name, title] of GROUPS) rows.push(row("group", name, { title, origin: "directory", type: "team" }));
  for (const name of SYSTEMS) rows.push(row("system", name, { owner: owner("platform", "declared") }));
  for (const person of USERS)
    rows.push(row("user", person.toLowerCase().replace(" ", "."), { title: person, origin: "directory" }));
  rows.push(
    row("api", "payments-v2", { type: "openapi", owner: owner("checkout", "declared"), lifecycle: "production" }),
  );
  rows.push(row("resource", "payments-db", { type: "database", owner: owner("checkout", "declared") }));
  rows.push(row("resource", "ledger-events", { type: "queue", owner: owner("checkout", "declared") }));

  const find = (name) => rows.find((r) => r.name === name && r.kind === "component");
  const problems = [];
  const add = (name, ...args) => {
    const r = find(name);
    const p = { ...problem(args[0], args[1], args[2], args[3], r.ref, r.project, args[4], args[5]), owner: null };
    if (r.owner?.ref) p.owner = { ref: r.owner.ref, name: r.owner.title ?? r.owner.name };
    problems.push(p);
    r.problems[args[1]] += 1;
    r.problems.codes.push(args[0]);
  };
  add(
    "loyalty-api",
    "conflict",
    "error",
    "sandrill/passenger/loyalty also claims component:default/loyalty-api",
    "Rename one of the two or delete its catalog file.",
    5,
    "metadata.name",
  );
  add(
    "crew-app",
    "dangling",
    "error",
    "component:default/manning-rules is not in the catalog",
    "Correct the reference or add manning-rules.",
    17,
    "spec.dependsOn.0",
  );
  add(
    "payments-api",
    "unknown-owner",
    "error",
    "The owner group:default/checkout-legacy is not in the catalog",
    "Name a group that exists.",
    10,
    "spec.owner",
  );
  add(
    "payments-api",
    "invalid-field",
    "warning",
    "Tag “PCI DSS” is dropped: only a-z, 0-9, +, # and - are allowed",
    "Write pci-dss.",
    7,
    "metadata.tags.0",
  );
  add(
    "tide-feed",
    "no-owner",
    "warning",
    "Nobody is named and nobody could be inferred",
    "Add spec.owner, or a CODEOWNERS file.",
  );
  add(
    "gangway-control",
    "no-owner",
    "warning",
    "Nobody is named and nobody could be inferred",
    "Add spec.owner, or a CODEOWNERS file.",
  );
  add(
    "manifest-svc",
    "stale",
    "note",
    "GitLab answered 502; what is shown is the last good state",
    "Nothing; it is read again by itself.",
  );
  find("manifest-svc").readAt = at(1840);
  find("manifest-svc").stale = { since: at(1800), reason: "GitLab answered 502 for sandrill/harbour/manifest-svc" };
  return { rows, problems, edges: [...EDGES], since: Date.now() };
}

/** Half of what is read answers 429, and one thing was not confirmed by anything yet. */
export function storm(world) {
  for (const name of ["payments-api", "kiosk-gateway", "fares-api", "crew-app"]) {
    const row = world.rows.find((r) => r.name === name);
    row.stale = { since: at(95), reason: `GitLab answered 429 Too Many Requests for ${row.project.path}` };
    row.readAt = at(130);
  }
  for (const row of world.rows) if (row.name === "berth-planner") row.readAt = new Date(0).toISOString();
  return world;
}

export const title = (r) => r.title ?? r.name;

export function relationsOf(world, ref) {
  const target = (other) => {
    const r = world.rows.find((x) => x.ref === other);
    const [kind, rest] = other.split(":");
    return {
      ref: other,
      kind,
      name: r?.name ?? rest.split("/")[1],
      title: r?.title ?? null,
      type: r?.type ?? null,
      owner: r?.owner?.title ?? r?.owner?.name ?? null,
      exists: Boolean(r),
      problems: r ? r.problems.error + r.problems.warning : 0,
    };
  };
  const found = [];
  for (const [from, type, to] of world.edges) {
    if (from === ref) found.push({ type, label: LABELS[type], target: target(to) });
    if (to === ref) found.push({ type: INVERSE[type], label: LABELS[INVERSE[type]], target: target(from) });
  }
  const me = world.rows.find((r) => r.ref === ref);
  if (me?.owner?.ref) found.push({ type: "ownedBy", label: LABELS.ownedBy, target: target(me.owner.ref) });
  if (me?.system) found.push({ type: "partOf", label: LABELS.partOf, target: target(me.system.ref) });
  for (const r of world.rows) {
    if (r.owner?.ref === ref) found.push({ type: "ownerOf", label: LABELS.ownerOf, target: target(r.ref) });
    if (r.system?.ref === ref) found.push({ type: "hasPart", label: LABELS.hasPart, target: target(r.ref) });
  }
  return found;
}

export function graphOf(world, ref, depth) {
  const nodes = new Map([[ref, 0]]);
  for (let d = 1; d <= depth; d += 1) {
    for (const [from, , to] of world.edges) {
      if (nodes.has(from) && nodes.get(from) < d && !nodes.has(to)) nodes.set(to, d);
      else if (nodes.has(to) && nodes.get(to) < d && !nodes.has(from)) nodes.set(from, d);
    }
    if (d === 1) {
      // An API is only the hinge between its two sides: whoever stands behind it belongs to the same step.
      for (const [from, , to] of world.edges) {
        if (nodes.get(to) === 1 && to.startsWith("api:") && !nodes.has(from)) nodes.set(from, 1);
        if (nodes.get(from) === 1 && from.startsWith("api:") && !nodes.has(to)) nodes.set(to, 1);
      }
    }
  }
  return {
    nodes: [...nodes].map(([node, distance]) => {
      const r = world.rows.find((x) => x.ref === node);
      const [kind, rest] = node.split(":");
      return {
        ref: node,
        kind,
        type: r?.type ?? null,
        name: r?.name ?? rest.split("/")[1],
        title: r?.title ?? null,
        owner: r?.owner?.title ?? r?.owner?.name ?? null,
        exists: Boolean(r),
        problems: r ? r.problems.error : 0,
        depth: distance,
      };
    }),
    edges: world.edges
      .filter(([from, , to]) => nodes.has(from) && nodes.has(to))
      .map(([from, type, to]) => ({ from, to, type, label: LABELS[type] })),
  };
}

export function pageOf(world, r, connection) {
  const text =
    r.origin === "file" && r.project ? yaml(r.name, r.type, r.owner?.name, r.system?.name, r.lifecycle) : null;
  return {
    row: r,
    entity: {
      apiVersion: "backstage.io/v1alpha1",
      kind: r.kind === "api" ? "API" : r.kind.charAt(0).toUpperCase() + r.kind.slice(1),
      metadata: {
        name: r.name,
        namespace: r.namespace,
        tags: r.tags,
        links: r.name === "payments-api" ? [{ title: "Dashboard", url: `${GITLAB}/d/payments` }] : [],
      },
      spec:
        r.kind === "api"
          ? {
              type: r.type,
              lifecycle: r.lifecycle,
              definition: 'openapi: "3.1.0"\ninfo:\n  title: Payments\n  version: "2"\npaths: {}\n',
            }
          : { type: r.type, lifecycle: r.lifecycle, owner: r.owner?.name },
    },
    relations: relationsOf(world, r.ref),
    problems: world.problems.filter((p) => p.ref === r.ref).map(({ owner: _owner, ...p }) => p),
    conflicts:
      r.name === "loyalty-api"
        ? [
            {
              project: r.project.path,
              file: "catalog-info.yaml",
              url: `${r.project.url}/-/blob/main/catalog-info.yaml`,
              claimedAt: at(86400 * 90),
              holds: true,
            },
            {
              project: "sandrill/passenger/loyalty",
              file: "catalog-info.yaml",
              url: `${GITLAB}/sandrill/passenger/loyalty/-/blob/main/catalog-info.yaml`,
              claimedAt: at(86400 * 2),
              holds: false,
            },
          ]
        : [],
    source: r.project
      ? {
          connection: "sandrill",
          project: { id: 17, ...r.project },
          file: text ? "catalog-info.yaml" : null,
          ref: "main",
          blob: text ? "3f2c9a41d7be0c55aa0172be9c1f77310be2a9d4" : null,
          url: text ? `${r.project.url}/-/blob/main/catalog-info.yaml` : r.project.url,
          editUrl: text ? `${r.project.url}/-/edit/main/catalog-info.yaml` : null,
          text,
          tooLarge: false,
        }
      : null,
    owner: r.owner ? { ref: r.owner.ref || null, evidence: r.owner.evidence, detail: r.owner.detail, url: null } : null,
    inferred:
      r.origin === "inferred"
        ? {
            facts: [
              { field: "metadata.name", value: r.name, because: "the project's path", url: r.project.url },
              { field: "spec.type", value: r.type, because: "a Dockerfile and an open port", url: null },
              { field: "language", value: r.language, because: "82.4 % of the repository's bytes", url: null },
            ],
          }
        : null,
    readAt: r.readAt,
    changedAt: r.changedAt,
    stale: r.stale,
    freshness: freshnessOf(r, connection),
  };
}

/** Seconds that a first read lasts here. */
const FIRST = 10;

/** Of what a first read brings, how much is there. */
export function filled(world, since) {
  return Math.min(1, (Date.now() - since) / 1000 / (world.first ?? FIRST));
}

function reading(world, connection, filling) {
  const since = connection.since ?? world.since;
  const part = filling || connection.since ? filled(world, since) : 1;
  const busy = part < 1;
  const failed = connection.state === "failing";
  return {
    name: connection.name,
    url: connection.url,
    phase: failed ? "failed" : busy ? "reading" : "idle",
    projectsSeen: Math.floor(part * 41),
    projectsExpected: 41,
    entities: Math.floor(part * world.rows.length),
    startedAt: new Date(since).toISOString(),
    finishedAt: busy ? null : at(40),
    lastGoodAt: failed ? connection.failing.workedUntil : busy ? null : at(40),
    nextAt: busy ? null : at(-80),
    intervalSeconds: 120,
    requests: 18,
    error: failed
      ? {
          code: "token-expired",
          whose: "caller",
          message: "GitLab does not accept the token",
          remedy: "Give a new one.",
          retry: false,
        }
      : null,
    partial:
      connection.name === "sandrill" && !busy && !connection.since
        ? [{ what: "group sandrill/fleet", reason: "members answered 403", since: at(7200) }]
        : [],
    webhooks: { lastReceivedAt: connection.webhooks.lastReceivedAt, received: connection.webhooks.received },
  };
}

/** The state of every connection; `filling` plays a first read for those that were there at the start. */
export function statusOf(world, connections, filling) {
  const errors = { error: 0, warning: 0, note: 0 };
  for (const p of world.problems) errors[p.severity] += 1;
  const all = connections.map((connection) => reading(world, connection, filling));
  return {
    asOf: new Date().toISOString(),
    ready: all.every((connection) => connection.lastGoodAt !== null),
    connections: all,
    totals: { entities: world.rows.length, problems: errors },
  };
}
