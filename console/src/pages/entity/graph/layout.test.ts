import { describe, expect, it } from "vitest";
import type { Drawn, GraphNode } from "../../../api/types";
import { fold, layout } from "./layout";

const node = (ref: string, problems = 0): GraphNode => ({
  ref,
  kind: ref.split(":")[0] ?? "",
  type: null,
  name: ref,
  title: null,
  owner: null,
  exists: true,
  problems,
  depth: 1,
});
const edge = (from: string, type: string, to: string) => ({ from, type, to, label: type });

const ME = "component:default/payments-api";
const API = "api:default/payments-v2";
const pictured: Drawn = {
  nodes: ["component:default/web", "component:default/kiosk", API, ME, "resource:default/db"].map((ref) => node(ref)),
  edges: [
    edge("component:default/web", "consumesApi", API),
    edge("component:default/kiosk", "consumesApi", API),
    edge(API, "apiProvidedBy", ME),
    edge(ME, "dependsOn", "resource:default/db"),
  ],
};

function fan(leaves: number, outwards: boolean): Drawn {
  const refs = Array.from({ length: leaves }, (_, i) => `component:default/leaf-${String(i).padStart(2, "0")}`);
  return {
    nodes: [node(ME), ...refs.map((ref, i) => node(ref, i === leaves - 1 ? 3 : 0))],
    edges: refs.map((ref) => (outwards ? edge(ME, "dependsOn", ref) : edge(ref, "dependsOn", ME))),
  };
}

describe("layout", () => {
  it("puts consumers, the API, the entity and what it needs from left to right", () => {
    const placed = layout(pictured, ME);
    const x = (ref: string) => placed.nodes.find((n) => n.id === ref)?.x ?? Number.NaN;
    expect(x("component:default/web")).toBe(x("component:default/kiosk"));
    expect(x("component:default/web")).toBeLessThan(x(API));
    expect(x(API)).toBeLessThan(x(ME));
    expect(x(ME)).toBeLessThan(x("resource:default/db"));
  });

  it("names the columns from the entity's side, with a number when there are several", () => {
    const labels = layout(pictured, ME).labels.toSorted((a, b) => a.x - b.x);
    expect(labels.map((label) => label.text)).toEqual(["consumed by 2", "provides", "depends on"]);
  });

  it("says both words where a column mixes relations", () => {
    const graph: Drawn = {
      nodes: [node(ME), node("resource:default/db"), node(API)],
      edges: [edge(ME, "dependsOn", "resource:default/db"), edge(ME, "consumesApi", API)],
    };
    expect(layout(graph, ME).labels.map((label) => label.text)).toEqual(["depends on 1, consumes 1"]);
  });

  it("survives circles, edges to itself and a lonely node", () => {
    const circle: Drawn = {
      nodes: [node(ME), node(API)],
      edges: [edge(ME, "dependsOn", API), edge(API, "dependsOn", ME), edge(ME, "dependsOn", ME)],
    };
    expect(layout(circle, ME).nodes).toHaveLength(2);
    expect(layout({ nodes: [node(ME)], edges: [] }, ME)).toMatchObject({ width: 168, labels: [] });
  });
});

describe("fold", () => {
  it("leaves eight neighbours alone", () => {
    expect(fold(fan(8, true), ME).more.size).toBe(0);
  });

  it.each([true, false])("stands one node for the rest of a long fan (outwards: %s)", (outwards) => {
    const folded = fold(fan(20, outwards), ME);
    expect([...folded.more.values()]).toEqual([13]);
    expect(folded.nodes).toHaveLength(1 + 7);
    // What has problems is never hidden by what has none.
    expect(folded.nodes.map((n) => n.ref)).toContain("component:default/leaf-19");
    expect(layout(fan(20, outwards), ME).labels[0]?.text).toBe(outwards ? "depends on 20" : "needed by 20");
  });
});
