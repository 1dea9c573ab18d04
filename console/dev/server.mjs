// The fixture server: the contract of openapi.json over dev/world.mjs, the built console, and the content security
// policy of the real server. Loopback only. `start({ port, extra, filling, scene, pace })` → { url, world, change, close };
// the scenes are those of connections.mjs, `pace` is the pause between two checks of a test (ms).
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connectionRoutes, nextRow, Refusal } from "./connections.mjs";
import { solidRoutes } from "./solid.mjs";
import { filled, graphOf, makeWorld, pageOf, statusOf, storm, title } from "./world.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const canHaveOwner = (r) => !["group", "user", "location"].includes(r.kind);

const VALUES = {
  kind: (r) => [r.kind],
  type: (r) => [r.type],
  owner: (r) => [r.owner?.ref ?? (canHaveOwner(r) ? "none" : null)],
  system: (r) => [r.system?.ref],
  lifecycle: (r) => [r.lifecycle],
  tag: (r) => r.tags,
  language: (r) => [r.language],
  namespace: (r) => [r.namespace],
  origin: (r) => [r.origin],
  evidence: (r) => [r.owner?.evidence ?? (canHaveOwner(r) ? "missing" : null)],
  problem: (r) => [...new Set(r.problems.codes)],
  project: (r) => [r.project?.path],
  topic: () => [],
  ownership: (r) => [canHaveOwner(r) ? ownership(r.owner) : null],
};

function ownership(owner) {
  if (!owner?.exists) return "unowned";
  return owner.confidence < 80 ? "guessed" : "stated";
}
const PROBLEM_VALUES = { severity: (p) => [p.severity], code: (p) => [p.code], owner: (p) => [p.owner?.ref ?? "none"] };

const severityCount = (r) => r.problems.error * 1e6 + r.problems.warning * 1e3 + r.problems.note;
const SORTS = {
  name: (a, b) => title(a).localeCompare(title(b)),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  owner: (a, b) => (a.owner?.name ?? "~").localeCompare(b.owner?.name ?? "~"),
  lifecycle: (a, b) => (a.lifecycle ?? "~").localeCompare(b.lifecycle ?? "~"),
  problems: (a, b) => severityCount(a) - severityCount(b),
  changed: (a, b) => a.changedAt.localeCompare(b.changedAt),
};

function matches(item, values, query, without) {
  for (const [key, read] of Object.entries(values)) {
    if (key === without) continue;
    const wanted = query.getAll(key).map((v) => v.toLowerCase());
    if (wanted.length === 0) continue;
    const has = read(item).map((v) => v?.toLowerCase());
    const any = key === "problem" && wanted.includes("any") && item.problems.codes.length > 0;
    if (!any && !wanted.some((v) => has.includes(v))) return false;
  }
  const wanted = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return true;
  const text = JSON.stringify([
    item.name,
    item.title,
    item.description,
    item.owner,
    item.tags,
    item.language,
    item.project?.path,
    item.message,
    item.ref,
  ]).toLowerCase();
  return (query.get("q") ?? "")
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function page(items, query, all) {
  const limit = Number(query.get("limit") ?? 50);
  const from = Number(query.get("cursor") ?? 0);
  const next = from + limit < items.length ? String(from + limit) : null;
  return {
    items: items.slice(from, from + limit),
    total: items.length,
    all,
    nextCursor: next,
    prevCursor: null,
    asOf: new Date().toISOString(),
  };
}

function facets(items, values, query, label) {
  const result = {};
  for (const name of query.getAll("facet")) {
    const counts = new Map();
    for (const item of items) {
      if (!matches(item, values, query, name)) continue;
      for (const value of values[name]?.(item) ?? []) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    result[name] = [...counts]
      .map(([value, count]) => ({ value, label: label(value), count }))
      .sort((a, b) => b.count - a.count);
  }
  return { facets: result, total: items.filter((item) => matches(item, values, query)).length };
}

function routes(world, status, emit, allowed) {
  const label = (value) =>
    world.rows.find((r) => r.ref === value)?.title ?? (value.includes("/") ? value.split("/")[1] : value);
  const sorted = (query) => {
    const sort = query.get("sort") ?? "name";
    const by = SORTS[sort.replace("-", "")] ?? SORTS.name;
    const rows = world.rows.filter((r) => matches(r, VALUES, query)).sort(by);
    return sort.startsWith("-") ? rows.reverse() : rows;
  };
  return {
    "/instance": () => ({
      version: "0.1.0-fixture",
      person: { id: "local-operator", name: "Local operator", kind: "operator" },
      features: ["catalog"],
      gitlab: [{ name: "sandrill", url: "http://gitlab.sandrill.example" }],
    }),
    "/catalog/status": status,
    "/entities": (query) => page(sorted(query), query, world.rows.length),
    "/entities/facets": (query) => facets(world.rows, VALUES, query, label),
    "/problems": (query) =>
      page(
        world.problems.filter((p) => matches(p, PROBLEM_VALUES, query)),
        query,
        world.problems.length,
      ),
    "/problems/facets": (query) => facets(world.problems, PROBLEM_VALUES, query, label),
    "/permissions": (query) =>
      allowed
        ? { allowed: true, rule: "local-operator", who: null, why: "The local operator may do everything" }
        : {
            allowed: false,
            rule: "owners-only",
            who: "an administrator of Stagedoor",
            why: `${query.get("action")} is for administrators`,
          },
    "/search": (query) => ({
      items: world.rows
        .filter((r) => `${r.name} ${r.title ?? ""}`.toLowerCase().includes((query.get("q") ?? "").toLowerCase()))
        .slice(0, 10)
        .map((r) => ({
          ref: r.ref,
          kind: r.kind,
          name: r.name,
          title: r.title,
          type: r.type,
          owner: r.owner?.title ?? null,
          why: "name",
        })),
    }),
    "POST /catalog/refresh": () => {
      setTimeout(() => emit("status", status()), 50);
      return { queued: 1, permit: "01JD8Q4Z0V5B7S9" };
    },
  };
}

function entityRoute(world, connections, path, query) {
  const [, kind, namespace, name, graph] = /^\/entities\/([^/]+)\/([^/]+)\/([^/]+)(\/graph)?$/.exec(path) ?? [];
  if (!kind) return undefined;
  const ref = `${kind}:${namespace}/${name}`.toLowerCase();
  const found = world.rows.find((r) => r.ref === ref);
  if (!found) return null;
  return graph ? graphOf(world, ref, Number(query.get("depth") ?? 1)) : pageOf(world, found, connections[0]);
}

async function file(path) {
  // Entity names may have dots.
  const wanted = extname(path) && !path.startsWith("/catalog/") ? path : "/index.html";
  const body = await readFile(join(DIST, normalize(wanted)));
  return { body, type: TYPES[extname(wanted)] ?? "application/octet-stream" };
}

export async function start({
  port = 0,
  extra = 0,
  filling = false,
  scene = "default",
  pace = 20,
  first = 10,
  allowed = true,
} = {}) {
  const world = { ...makeWorld(extra), first };
  // Without a connection nothing is known yet; what one brings comes in as it is read.
  const whole = { rows: world.rows, problems: world.problems };
  if (scene === "first") Object.assign(world, { rows: [], problems: [] });
  if (scene === "storm") storm(world);
  const solid = solidRoutes(scene, nextRow);
  const open = new Set();
  let seq = 1;
  const emit = (event, data) => {
    seq += 1;
    for (const stream of open)
      stream.write(`id: ${seq}\nevent: ${event}\ndata: ${JSON.stringify({ seq, ...data })}\n\n`);
  };
  const grow = (since) => {
    const part = filled(world, since);
    const before = world.rows.length;
    world.rows = whole.rows.slice(0, Math.ceil(part * whole.rows.length));
    if (part >= 1) world.problems = whole.problems;
    const changed = world.rows
      .slice(before)
      .map((row) => Object.assign(row, { changedAt: new Date().toISOString() }).ref);
    if (changed.length > 0) emit("entities", { changed, removed: [], more: false });
    emit("status", status());
    if (part >= 1) clearInterval(growing);
  };
  let growing;
  const connections = connectionRoutes({
    scene,
    pace,
    changed: () => emit("connections", {}),
    added(connection) {
      connection.since = Date.now();
      if (scene === "first") growing = setInterval(grow, 100, connection.since);
    },
    removed: () => emit("status", status()),
  });
  const status = () => statusOf(world, connections.list, filling);
  const answers = routes(world, status, emit, allowed);
  /** Changes one row and tells the open pages, as a push would. Over HTTP: POST /-/fixture/change {ref, change}. */
  const change = (ref, values) => {
    const row = world.rows.find((r) => r.ref === ref);
    if (!row) throw new Error(`no ${ref} in the fixture`);
    Object.assign(row, values, { changedAt: new Date().toISOString() });
    emit("entities", { changed: [ref], removed: [], more: false });
  };
  const send = (response, status, body, type = "application/json") => {
    response.writeHead(status, {
      "content-type": type,
      "content-security-policy": CSP,
      "x-content-type-options": "nosniff",
    });
    response.end(body);
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://fixture");
    try {
      if (url.pathname === "/-/fixture/change") {
        const { ref, change: values } = JSON.parse(await text(request));
        change(ref, values);
        return send(response, 204);
      }
      if (url.pathname === "/-/fixture/fail") {
        connections.fail(JSON.parse(await text(request)).name);
        for (const row of world.rows) row.stale ??= { since: new Date().toISOString(), reason: "The connection fails" };
        emit("status", status());
        return send(response, 204);
      }
      if (!url.pathname.startsWith("/api/v1/")) {
        const { body, type } = await file(url.pathname);
        return send(response, 200, body, type);
      }
      const path = decodeURIComponent(url.pathname.slice("/api/v1".length));
      if (path === "/events") {
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
        response.write(`id: ${seq}\nevent: hello\ndata: {"seq":${seq}}\n\n`);
        open.add(response);
        request.on("close", () => open.delete(response));
        return;
      }
      if (path === "/connections" || path.startsWith("/connections/")) {
        const body = ["POST", "PUT"].includes(request.method) ? await text(request) : "";
        const {
          status,
          body: said,
          report,
          after,
        } = connections.answer(request.method, path, body ? JSON.parse(body) : {});
        if (!report) return send(response, status, status === 204 ? undefined : JSON.stringify(said));
        if (!request.headers.accept?.includes("text/event-stream")) return send(response, 200, JSON.stringify(report));
        const gone = new AbortController();
        response.on("close", () => gone.abort());
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
        await connections.stream(report, response, gone.signal);
        if (!response.writableAborted) after?.();
        return;
      }
      const more = solid.answer(request.method, path, url.searchParams);
      if (more) return send(response, more.status, JSON.stringify(more.body));
      const answer = answers[request.method === "GET" ? path : `${request.method} ${path}`];
      const body = answer ? answer(url.searchParams) : entityRoute(world, connections.list, path, url.searchParams);
      if (!body) {
        const near = world.rows.slice(0, 2).map((r) => ({ ref: r.ref }));
        return send(
          response,
          404,
          JSON.stringify({
            type: "about:blank",
            title: "Not in the catalog",
            status: 404,
            detail: `${path} is not in the catalog`,
            requestId: "r-1",
            errors: near,
          }),
          "application/problem+json",
        );
      }
      send(response, request.method === "POST" ? 202 : 200, JSON.stringify(body));
    } catch (error) {
      if (error instanceof Refusal)
        return send(response, error.problem.status, JSON.stringify(error.problem), "application/problem+json");
      send(response, error.code === "ENOENT" ? 404 : 500, String(error), "text/plain");
    }
  });
  const beat = filling ? setInterval(() => emit("status", status()), 300) : null;
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    world,
    solid,
    change,
    /** Ends the event streams; the pages try to open them anew. */
    hush() {
      for (const stream of open) stream.end();
    },
    async close() {
      if (beat) clearInterval(beat);
      clearInterval(growing);
      for (const stream of open) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
