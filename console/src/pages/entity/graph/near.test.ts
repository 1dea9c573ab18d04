import { expect, it } from "vitest";
import type { Drawn, GraphNode } from "../../../api/types";
import { leftToRight, near } from "./near";

const node = (ref: string): GraphNode => ({
  ref,
  kind: ref.split(":")[0] ?? "",
  type: null,
  name: ref,
  title: null,
  owner: null,
  exists: true,
  problems: 0,
  depth: 0,
});
const edge = (from: string, type: string, to: string) => ({ from, type, to, label: type });

// As the API gives it: each edge from the one that states it.
const graph: Drawn = {
  nodes: [
    "component:payments",
    "api:v2",
    "component:web",
    "component:kiosk",
    "resource:db",
    "component:fares",
    "resource:far",
  ].map(node),
  edges: [
    edge("component:payments", "providesApi", "api:v2"),
    edge("component:web", "consumesApi", "api:v2"),
    edge("component:kiosk", "consumesApi", "api:v2"),
    edge("component:payments", "dependsOn", "resource:db"),
    edge("component:payments", "dependsOn", "component:fares"),
    edge("component:fares", "dependsOn", "resource:far"),
  ],
};
const refs = (me: string, depth: number) => near(graph, me, depth).nodes.map((n) => n.ref);

it("turns what is stated from the right", () => {
  expect(leftToRight(edge("component:payments", "providesApi", "api:v2"))).toMatchObject({
    from: "api:v2",
    to: "component:payments",
    type: "apiProvidedBy",
  });
  expect(leftToRight(edge("a", "dependsOn", "b"))).toMatchObject({ from: "a", to: "b", type: "dependsOn" });
});

it("sees the consumers of its API in one step, but not the dependencies of its dependencies", () => {
  expect(refs("component:payments", 1)).toEqual([
    "component:payments",
    "api:v2",
    "component:web",
    "component:kiosk",
    "resource:db",
    "component:fares",
  ]);
  expect(refs("component:payments", 2)).toContain("resource:far");
});

it("sees the provider behind an API, but not who else consumes it", () => {
  expect(refs("component:web", 1)).toEqual(["component:payments", "api:v2", "component:web"]);
});

it("gives an API itself both its sides", () => {
  expect(refs("api:v2", 1)).toEqual(["component:payments", "api:v2", "component:web", "component:kiosk"]);
});
