// Everything that the Backstage catalog client can ask, asked of a running Stagedoor: node check.mjs URL
import assert from "node:assert/strict";
import { CATALOG_FILTER_EXISTS, CatalogClient } from "@backstage/catalog-client";

const url = process.argv[2];
if (!url) throw new Error("usage: node check.mjs URL");
const client = new CatalogClient({
  discoveryApi: { getBaseUrl: async () => `${url}/api/catalog` },
  fetchApi: { fetch },
});

const refOf = (entity) =>
  `${entity.kind}:${entity.metadata.namespace ?? "default"}/${entity.metadata.name}`.toLowerCase();
const refsOf = (entities) => entities.map(refOf).sort();
const checks = [];
const check = (name, run) => checks.push([name, run]);

/** The whole catalog as the client gives it, asked for once: what the answers of other calls are computed from. */
const { items: all } = await client.getEntities();
const where = (test) => all.filter(test);
const components = where((e) => e.kind === "Component");
const apis = where((e) => e.kind === "API");
const cameFrom = (entity) => entity.metadata.annotations["backstage.io/managed-by-location"].replace(/^url:/, "");
const ORIGIN = "backstage.io/managed-by-origin-location";
const some = components.find((e) => cameFrom(e).includes("/-/blob/") && e.metadata.annotations[ORIGIN] === `url:${cameFrom(e)}`);
const inferred = components.find((e) => !cameFrom(e).includes("/-/blob/"));
const owned = (owner) => where((e) => e.relations?.some((r) => r.type === "ownedBy" && r.targetRef === owner));

check("the catalog holds all core kinds of the company", () => {
  const kinds = new Set(all.map((e) => e.kind));
  for (const kind of ["Component", "API", "Group", "User"]) assert.ok(kinds.has(kind), `${kind} of ${[...kinds]}`);
  assert.equal(new Set(all.map(refOf)).size, all.length, "every reference once");
  for (const entity of all) {
    assert.match(entity.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.ok(entity.metadata.etag, refOf(entity));
    assert.ok(Array.isArray(entity.relations), refOf(entity));
  }
});

check("getEntities: filter by one key, by several, by alternatives", async () => {
  const of = async (filter) => refsOf((await client.getEntities({ filter })).items);
  assert.deepEqual(await of({ kind: "component" }), refsOf(components));
  assert.deepEqual(await of({ kind: ["Component", "API"] }), refsOf([...components, ...apis]));
  assert.deepEqual(
    await of([{ kind: "api" }, { kind: "component", "spec.type": "service" }]),
    refsOf([...apis, ...components.filter((e) => e.spec.type === "service")]),
  );
  assert.deepEqual(
    await of({ "metadata.tags": CATALOG_FILTER_EXISTS }),
    refsOf(where((e) => e.metadata.tags !== undefined)),
  );
});

check("getEntities: relations are searchable from both ends", async () => {
  const group = all.find((e) => e.kind === "Group" && e.relations.some((r) => r.type === "ownerOf"));
  const { items } = await client.getEntities({ filter: { "relations.ownedBy": refOf(group) } });
  assert.deepEqual(refsOf(items), refsOf(owned(refOf(group))));
  const owns = group.relations.filter((r) => r.type === "ownerOf").map((r) => r.targetRef);
  assert.deepEqual(owns.sort(), refsOf(items));
});

check("getEntities: fields, order, limit, offset, after", async () => {
  const order = { field: "metadata.name", order: "desc" };
  const request = { filter: { kind: "component" }, fields: ["kind", "metadata.name"], order };
  const { items } = await client.getEntities(request);
  const names = components.map((e) => e.metadata.name).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? 1 : -1));
  assert.deepEqual(
    items,
    names.map((name) => ({ kind: "Component", metadata: { name } })),
  );
  const { items: page } = await client.getEntities({ ...request, limit: 2, offset: 1 });
  assert.deepEqual(page, items.slice(1, 3));
  const answer = await fetch(`${url}/api/catalog/entities?filter=kind=component&order=desc:metadata.name&limit=2`);
  const after = new URL(/<([^>]+)>; rel="next"/.exec(answer.headers.get("link"))[1], url).searchParams.get("after");
  const { items: second } = await client.getEntities({ ...request, after });
  assert.deepEqual(second, items.slice(2, 4));
});

check("getEntitiesByRefs: order, absences, filter, fields, predicate", async () => {
  const entityRefs = [refOf(apis[0]), "component:default/does-not-exist", refOf(some)];
  const { items } = await client.getEntitiesByRefs({ entityRefs });
  assert.deepEqual(items, [apis[0], undefined, some]);
  const filtered = await client.getEntitiesByRefs({ entityRefs, filter: { kind: "API" }, fields: ["metadata.name"] });
  assert.deepEqual(filtered.items, [{ metadata: { name: apis[0].metadata.name } }, undefined, undefined]);
  const predicate = await client.getEntitiesByRefs({ entityRefs, query: { kind: "Component" } });
  assert.deepEqual(predicate.items, [undefined, undefined, some]);
  const many = Array.from({ length: 2500 }, (_, n) => (n === 2400 ? refOf(some) : `component:default/none-${n}`));
  const chunked = await client.getEntitiesByRefs({ entityRefs: many });
  assert.equal(chunked.items.length, 2500);
  assert.deepEqual(chunked.items[2400], some);
});

check("queryEntities: cursors lead over every row once, and back", async () => {
  const seen = [];
  let page = await client.queryEntities({ limit: 7, orderFields: { field: "metadata.name", order: "asc" } });
  const first = page;
  for (;;) {
    assert.equal(page.totalItems, all.length);
    seen.push(...page.items);
    if (!page.pageInfo.nextCursor) break;
    page = await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 7 });
  }
  assert.deepEqual(refsOf(seen), refsOf(all));
  let back = page;
  while (back.pageInfo.prevCursor) back = await client.queryEntities({ cursor: back.pageInfo.prevCursor, limit: 7 });
  assert.deepEqual(back.items.map(refOf), first.items.map(refOf));
});

check("queryEntities: filter, offset, fields, several orders, totals left out", async () => {
  const orderFields = [
    { field: "spec.type", order: "asc" },
    { field: "metadata.name", order: "desc" },
  ];
  const { items, totalItems } = await client.queryEntities({
    filter: { kind: "component" },
    fields: ["spec.type", "metadata.name"],
    orderFields,
    limit: 1000,
  });
  assert.equal(totalItems, components.length);
  const low = (text) => String(text).toLowerCase();
  const sorted = components
    .map((e) => ({ type: e.spec.type, name: e.metadata.name }))
    .sort((a, b) =>
      low(a.type) === low(b.type) ? (low(a.name) < low(b.name) ? 1 : -1) : low(a.type) < low(b.type) ? -1 : 1,
    );
  assert.deepEqual(
    items.map((e) => ({ type: e.spec.type, name: e.metadata.name })),
    sorted,
  );
  const offset = await client.queryEntities({ filter: { kind: "component" }, orderFields, offset: 3, limit: 2, totalItems: "exclude" });
  assert.deepEqual(offset.items.map((e) => e.metadata.name), sorted.slice(3, 5).map((e) => e.name));
});

check("queryEntities: full text", async () => {
  const term = some.metadata.name.slice(1, 5).toUpperCase();
  const { items } = await client.queryEntities({ fullTextFilter: { term, fields: ["metadata.name"] }, limit: 1000 });
  assert.deepEqual(refsOf(items), refsOf(where((e) => e.metadata.name.toUpperCase().includes(term))));
});

check("queryEntities: predicates", async () => {
  const ask = async (query) => refsOf((await client.queryEntities({ query, limit: 1000 })).items);
  assert.deepEqual(await ask({ kind: "Component" }), refsOf(components));
  assert.deepEqual(
    await ask({ $all: [{ kind: "Component" }, { $not: { "spec.type": { $in: ["service", "website"] } } }] }),
    refsOf(components.filter((e) => !["service", "website"].includes(e.spec.type))),
  );
  assert.deepEqual(
    await ask({ $any: [{ kind: "API" }, { "metadata.name": { $hasPrefix: some.metadata.name.slice(0, 3) } }] }),
    refsOf(where((e) => e.kind === "API" || e.metadata.name.startsWith(some.metadata.name.slice(0, 3)))),
  );
  const tag = all.find((e) => e.metadata.tags?.length)?.metadata.tags[0];
  assert.ok(tag, "the company tags something");
  assert.deepEqual(
    await ask({ "metadata.tags": { $contains: tag } }),
    refsOf(where((e) => e.metadata.tags?.includes(tag))),
  );
  assert.deepEqual(await ask({ "spec.lifecycle": { $exists: false } }), refsOf(where((e) => e.spec?.lifecycle === undefined)));
  let page = await client.queryEntities({ query: { kind: "Component" }, limit: 5 });
  const seen = [...page.items];
  while (page.pageInfo.nextCursor) {
    page = await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 5 });
    seen.push(...page.items);
  }
  assert.deepEqual(refsOf(seen), refsOf(components));
});

check("streamEntities: every row once", async () => {
  const seen = [];
  for await (const batch of client.streamEntities({ pageSize: 9, filter: { kind: ["component", "api"] } })) seen.push(...batch);
  assert.deepEqual(refsOf(seen), refsOf([...components, ...apis]));
});

check("getEntityByRef and getEntityByName", async () => {
  assert.deepEqual(await client.getEntityByRef(refOf(some)), some);
  assert.deepEqual(await client.getEntityByRef({ kind: "COMPONENT", namespace: "Default", name: some.metadata.name.toUpperCase() }), some);
  assert.deepEqual(await client.getEntityByName({ kind: "Component", name: some.metadata.name }), some);
  assert.equal(await client.getEntityByRef("component:default/does-not-exist"), undefined);
});

check("getEntityAncestors", async () => {
  const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: refOf(some) });
  assert.equal(rootEntityRef, refOf(some));
  assert.deepEqual(items[0].entity, some);
  await assert.rejects(client.getEntityAncestors({ entityRef: "component:default/does-not-exist" }), { name: "ResponseError" });
});

check("getEntityFacets: query strings and predicates agree with counting by hand", async () => {
  const count = (entities, of) => {
    const counts = new Map();
    for (const entity of entities) for (const v of [of(entity) ?? []].flat()) counts.set(v, (counts.get(v) ?? 0) + 1);
    return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => (a.value < b.value ? -1 : 1));
  };
  const sorted = (facet) => [...facet].sort((a, b) => (a.value < b.value ? -1 : 1));
  const { facets } = await client.getEntityFacets({ facets: ["kind", "metadata.tags"] });
  assert.deepEqual(sorted(facets.kind), count(all, (e) => e.kind));
  assert.deepEqual(sorted(facets["metadata.tags"]), count(all, (e) => e.metadata.tags));
  const filtered = await client.getEntityFacets({ facets: ["spec.type"], filter: { kind: "component" } });
  assert.deepEqual(sorted(filtered.facets["spec.type"]), count(components, (e) => e.spec.type));
  const predicate = await client.getEntityFacets({ facets: ["spec.lifecycle"], query: { kind: "API" } });
  assert.deepEqual(sorted(predicate.facets["spec.lifecycle"]), count(apis, (e) => e.spec.lifecycle));
  const owners = await client.getEntityFacets({ facets: ["relations.ownedBy"], filter: { kind: "component" } });
  for (const { value, count } of owners.facets["relations.ownedBy"]) {
    assert.equal(count, owned(value).filter((e) => e.kind === "Component").length, value);
  }
});

check("refreshEntity", async () => {
  await client.refreshEntity(refOf(some));
  await assert.rejects(client.refreshEntity("component:default/does-not-exist"), (error) => error.response.status === 404);
});

check("validateEntity", async () => {
  const entity = {
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: { name: "fine" },
    spec: { type: "service", lifecycle: "production", owner: "guests" },
  };
  const location = "url:https://git.example/a/b/-/blob/main/catalog-info.yaml";
  assert.deepEqual(await client.validateEntity(entity, location), { valid: true });
  for (const bad of [
    { ...entity, metadata: { name: "not fine" } },
    { ...entity, spec: { type: "service" } },
    { kind: "Component" },
  ]) {
    const verdict = await client.validateEntity(bad, location);
    assert.equal(verdict.valid, false);
    assert.ok(verdict.errors[0].message, JSON.stringify(verdict));
    assert.equal(verdict.errors[0].name, "InputError");
  }
});

check("locations: dry run, add, find in every way, add again, remove", async () => {
  const target = cameFrom(some);
  const dry = await client.addLocation({ target, dryRun: true });
  assert.equal(dry.exists, false);
  assert.equal(dry.location.target, target);
  assert.ok(dry.entities.some((e) => refOf(e) === refOf(some)), "a dry run shows what is known from there");
  const before = (await client.getLocations()).items.length;
  const { location } = await client.addLocation({ type: "url", target });
  try {
    assert.equal((await client.getLocationById(location.id)).target, target);
    assert.equal((await client.getLocations()).items.length, before + 1);
    assert.equal((await client.getLocationByRef(`url:${target}`)).id, location.id);
    assert.equal((await client.addLocation({ target, dryRun: true })).exists, true);
    assert.equal((await client.addLocation({ target, onConflict: "refresh" })).location.id, location.id);
    await assert.rejects(client.addLocation({ target }), (error) => error.cause?.name === "ConflictError");
    const query = await client.queryLocations({ query: { target: { $hasPrefix: target.slice(0, 20) } } });
    assert.ok(query.items.some((item) => item.id === location.id) && query.totalItems >= 1);
    const streamed = [];
    for await (const batch of client.streamLocations({})) streamed.push(...batch);
    assert.equal(streamed.length, before + 1);
    assert.equal((await client.getLocationByEntity(refOf(some)))?.id, location.id);
  } finally {
    await client.removeLocationById(location.id);
  }
  assert.equal(await client.getLocationById(location.id), undefined);
  assert.equal(await client.getLocationByEntity("component:default/does-not-exist"), undefined);
  await assert.rejects(client.addLocation({ target: "https://elsewhere.example/a/b/-/blob/main/c.yaml" }));
  await assert.rejects(client.addLocation({ type: "file", target: "/etc/passwd" }), (error) => error.cause?.name === "InputError");
});

check("removeEntityByUid: what a file describes stays, with the reason", async () => {
  await assert.rejects(client.removeEntityByUid(some.metadata.uid), (error) => {
    assert.equal(error.cause.name, "ConflictError");
    assert.match(error.cause.message, /would come back/);
    return true;
  });
  await client.removeEntityByUid("00000000-0000-0000-0000-000000000000");
});

check("analyzeLocation: a known repository and an unknown one", async () => {
  const file = cameFrom(some);
  const known = await client.analyzeLocation({ location: { type: "url", target: file } });
  assert.ok(known.existingEntityFiles.some((f) => refOf(f.entity) === refOf(some)), JSON.stringify(known).slice(0, 300));
  const guess = await client.analyzeLocation({ location: { type: "url", target: cameFrom(inferred) } });
  assert.deepEqual(guess.existingEntityFiles, []);
  assert.equal(guess.generateEntities[0].entity.metadata.name, inferred.metadata.name);
  assert.ok(guess.generateEntities[0].fields.every((f) => f.state === "analysisSuggestedValue" && f.description));
  const other = await client.analyzeLocation({ location: { type: "url", target: "https://elsewhere.example/a/thing" } });
  assert.equal(other.generateEntities[0].entity.metadata.name, "thing");
});

check("errors: the client reads name and message out of the answer", async () => {
  await assert.rejects(client.queryEntities({ cursor: "bm90IGEgY3Vyc29y" }), (error) => {
    assert.equal(error.name, "ResponseError");
    assert.equal(error.response.status, 400);
    assert.equal(error.cause.name, "InputError");
    assert.equal(error.body.response.statusCode, 400);
    assert.equal(error.body.request.method, "GET");
    return true;
  });
});

let failed = 0;
for (const [name, run] of checks) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n      ")}`);
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
