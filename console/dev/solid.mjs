// The queue, the processes, what left the catalog: what the fixture server says about them. `calm` is a server with
// nothing to complain about, on SQLite; `storm` is one of three on PostgreSQL, in trouble.
import { Refusal } from "./connections.mjs";

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const ORDER = ["dead", "retrying", "running", "waiting"];

function job(id, state, about, over = {}) {
  return {
    id,
    kind: "catalog.project",
    title: "Read project",
    about,
    connection: "sandrill",
    state,
    attempts: 0,
    runAt: ago(2),
    failedAt: null,
    deadAt: null,
    lastError: null,
    ...over,
  };
}

const STORM = () => [
  job(12, "dead", "sandrill/checkout/payments-api", {
    attempts: 20,
    runAt: ago(4000),
    failedAt: ago(86400 * 1.5),
    deadAt: ago(3900),
    lastError: "GitLab answered 429 Too Many Requests for the file catalog-info.yaml, and asked to wait 3,600 s",
  }),
  job(15, "dead", "sandrill/harbour/manifest-svc", {
    attempts: 20,
    runAt: ago(900),
    failedAt: ago(86400),
    deadAt: ago(880),
    lastError:
      "GitLab answered 502 Bad Gateway for /api/v4/projects/204/repository/files/catalog-info.yaml/raw?ref=main: <html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>",
  }),
  job(3, "dead", "sandrill", {
    kind: "catalog.pass",
    title: "Read everything",
    attempts: 20,
    runAt: ago(700),
    failedAt: ago(50000),
    deadAt: ago(690),
    lastError: "The list of projects ended before its last page",
  }),
  job(31, "retrying", "sandrill/fleet/fuel-ledger", {
    attempts: 4,
    runAt: ago(-48),
    failedAt: ago(310),
    lastError: "The connection was closed in the middle of an answer",
  }),
  job(32, "retrying", "sandrill/1187", {
    attempts: 1,
    runAt: ago(-5),
    failedAt: ago(4),
    lastError: "GitLab did not answer within 30 s",
  }),
  job(40, "running", "sandrill/checkout/fares-api", { attempts: 1 }),
  ...["crew/crew-app", "terminals/kiosk-gateway", "passenger/loyalty-api", "harbour/tide-feed"].map((path, i) =>
    job(50 + i, "waiting", `sandrill/${path}`, { runAt: ago(190 - i * 40) }),
  ),
  job(60, "waiting", "sandrill", { kind: "catalog.poll", title: "Look for changes", runAt: ago(-24) }),
];

const CALM = () => [
  job(60, "waiting", "sandrill", { kind: "catalog.poll", title: "Look for changes", runAt: ago(-24) }),
];

const replica = (id, over) => ({
  id,
  version: "0.1.0-fixture",
  startedAt: ago(86400 * 3),
  seenAt: ago(0),
  leader: false,
  self: false,
  feedLag: 0,
  host: "stagedoor-0",
  ...over,
});

const REPLICAS = {
  calm: () => [replica("k3v8q2", { leader: true, self: true, host: "workbench" })],
  storm: () => [
    replica("k3v8q2", { self: true }),
    replica("p7d1xz", { host: "stagedoor-1", leader: true, feedLag: 3, startedAt: ago(7200) }),
    replica("w9m4bt", { host: "stagedoor-2", seenAt: ago(140), feedLag: 1204, startedAt: ago(400) }),
  ],
};

const removed = (id, name, system, reason, since, over = {}) => ({
  id,
  ref: `component:default/${name}`,
  kind: "component",
  title: null,
  connection: "sandrill",
  projectPath: `sandrill/${system}/${name}`,
  reason,
  removedAt: ago(since),
  keptUntil: ago(since - 7 * 86400),
  ...over,
});

const REMOVED = {
  calm: () => [],
  storm: () => [
    removed(801, "mail-relay", "platform", "GitLab answered 404 for the project", 340),
    removed(802, "cart", "checkout", "The project is archived", 5400, { title: "Shopping cart" }),
    removed(803, "cart-v1", "checkout", "The catalog file does not list it any more", 5400, {
      ref: "api:default/cart-v1",
      kind: "api",
      projectPath: "sandrill/checkout/cart",
    }),
    removed(804, "dock-cam", "harbour", "The connection does not read sandrill/harbour/dock-cam any more", 86400 * 6.4),
  ],
};

/** → answers by method and path, and what the scene adds to the world. */
export function solidRoutes(scene, nextRow) {
  const mood = scene === "storm" ? "storm" : "calm";
  let jobs = mood === "storm" ? STORM() : CALM();
  const replicas = REPLICAS[mood]();
  const gone = REMOVED[mood]();
  const find = (id) => {
    const found = jobs.find((j) => j.id === Number(id));
    if (!found)
      throw new Refusal(404, "No such job", `Job ${id} is not in the queue: it was done or dropped meanwhile.`);
    return found;
  };
  const again = (j) => {
    Object.assign(j, { state: "running", attempts: 0, runAt: ago(0), failedAt: null, deadAt: null, lastError: null });
    // It runs for a moment and is done.
    setTimeout(() => {
      jobs = jobs.filter((other) => other !== j);
    }, 1500).unref();
  };
  const queue = (query) => {
    const state = query.get("state");
    const counts = Object.fromEntries(ORDER.map((s) => [s, jobs.filter((j) => j.state === s).length]));
    const due = jobs.filter((j) => j.state === "waiting" && Date.parse(j.runAt) <= Date.now()).map((j) => j.runAt);
    const items = jobs
      .filter((j) => !state || j.state === state)
      .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
      .slice(0, Number(query.get("limit") ?? 50));
    return { asOf: ago(0), counts, oldestDue: due.sort()[0] ?? null, items };
  };
  return {
    /** A job that is gone before the page knows. */
    finish(id) {
      jobs = jobs.filter((j) => j.id !== id);
    },
    answer(method, path, query) {
      const [, id, what] = /^\/queue(?:\/(\d+))?(?:\/(retry))?$/.exec(path) ?? [];
      if (method === "GET" && path === "/queue") return { status: 200, body: queue(query) };
      if (method === "POST" && path === "/queue/retry") {
        const dead = jobs.filter((j) => j.state === "dead");
        dead.forEach(again);
        return { status: 202, body: { audit: nextRow(), retried: dead.length } };
      }
      if (method === "POST" && id && what) {
        again(find(id));
        return { status: 202, body: { audit: nextRow() } };
      }
      if (method === "DELETE" && id && !what) {
        find(id);
        jobs = jobs.filter((j) => j.id !== Number(id));
        return { status: 200, body: { audit: nextRow() } };
      }
      if (method === "GET" && path === "/system/replicas") {
        for (const r of replicas) if (r.self || r.leader) r.seenAt = ago(0);
        return { status: 200, body: { items: replicas } };
      }
      if (method === "GET" && path === "/catalog/removed")
        return { status: 200, body: { total: gone.length, items: gone.slice(0, Number(query.get("limit") ?? 100)) } };
      return null;
    },
  };
}

/** What is shown of an entity, and whether that still holds. */
export function freshnessOf(row, connection) {
  if (connection?.state === "failing") {
    const { failing } = connection;
    return {
      state: "stale",
      confirmedAt: failing?.workedUntil ?? row.readAt,
      reason: failing?.title ?? "The connection fails",
      since: failing?.since ?? row.readAt,
    };
  }
  if (row.stale) return { state: "stale", confirmedAt: row.readAt, reason: row.stale.reason, since: row.stale.since };
  if (Date.parse(row.readAt) === 0) return { state: "unknown", confirmedAt: null, reason: null, since: null };
  return { state: "fresh", confirmedAt: row.readAt, reason: null, since: null };
}
