/**
 * Where the nodes of a relations graph stand. Edges come reading left to right (consumer → API → provider →
 * dependency); this decides columns, folds long ones and names them. Pure: no React, no pixels of the screen.
 */
import { Graph as Dagre, layout as dagreLayout } from "@dagrejs/dagre";
import type { Drawn, GraphEdge, GraphNode } from "../../../api/types";

export const NODE = { width: 168, height: 40 };
const GAP = { between: 8, columns: 46 };
/** Neighbours of one node by one relation above which the rest fold into "n more". */
const MOST = 8;
export const HEAD = 28;

export type Placed = { id: string; x: number; y: number; node: GraphNode | null; more: number; me: boolean };
export type ColumnLabel = { x: number; text: string };
export type Layout = {
  nodes: Placed[];
  edges: { id: string; from: string; to: string; label: string }[];
  labels: ColumnLabel[];
  width: number;
  height: number;
};

/** A relation as a column right of the page's entity says it, and as one left of it does. */
const WORDS: Record<string, [right: string, left: string]> = {
  consumesApi: ["consumes", "consumed by"],
  apiConsumedBy: ["consumed by", "consumes"],
  providesApi: ["provides", "provided by"],
  apiProvidedBy: ["provided by", "provides"],
  dependsOn: ["depends on", "needed by"],
  dependencyOf: ["needed by", "depends on"],
  partOf: ["part of", "parts"],
  hasPart: ["parts", "part of"],
  ownedBy: ["owned by", "owns"],
  ownerOf: ["owns", "owned by"],
  memberOf: ["member of", "members"],
  hasMember: ["members", "member of"],
  childOf: ["child of", "parent of"],
  parentOf: ["parent of", "child of"],
};

type Folded = { nodes: GraphNode[]; edges: GraphEdge[]; more: Map<string, number> };

/** Keeps the first leaves of each fan and stands one "n more" for the others. Problems and known owners go first. */
export function fold(graph: Drawn, me: string, most = MOST): Folded {
  const degree = new Map<string, number>();
  for (const { from, to } of graph.edges) {
    degree.set(from, (degree.get(from) ?? 0) + 1);
    degree.set(to, (degree.get(to) ?? 0) + 1);
  }
  const fans = new Map<string, GraphEdge[]>();
  for (const edge of graph.edges) {
    const [hub, leaf] = degree.get(edge.from) === 1 && edge.from !== me ? [edge.to, edge.from] : [edge.from, edge.to];
    if (degree.get(leaf) !== 1 || leaf === me) continue;
    const fan = `${hub} ${edge.type} ${leaf === edge.from}`;
    fans.set(fan, [...(fans.get(fan) ?? []), edge]);
  }
  const gone = new Set<string>();
  const more = new Map<string, number>();
  const extra: GraphEdge[] = [];
  const byRef = new Map(graph.nodes.map((node) => [node.ref, node]));
  for (const [fan, edges] of fans) {
    if (edges.length <= most) continue;
    const fromLeaf = fan.endsWith("true");
    const leafOf = (edge: GraphEdge) => (fromLeaf ? edge.from : edge.to);
    const weight = (edge: GraphEdge) => -(byRef.get(leafOf(edge))?.problems ?? 0);
    const ordered = edges.toSorted((a, b) => weight(a) - weight(b) || leafOf(a).localeCompare(leafOf(b)));
    const hidden = ordered.slice(most - 1);
    for (const edge of hidden) gone.add(leafOf(edge));
    const id = `more ${fan}`;
    const sample = hidden[0];
    if (!sample) continue;
    more.set(id, hidden.length);
    extra.push(fromLeaf ? { ...sample, from: id } : { ...sample, to: id });
  }
  return {
    nodes: graph.nodes.filter((node) => !gone.has(node.ref)),
    edges: [...graph.edges.filter((edge) => !gone.has(edge.from) && !gone.has(edge.to)), ...extra],
    more,
  };
}

/** "consumed by 3", or "depends on 2, consumes 1" where a column mixes relations. */
function columnText(counts: Map<string, number>): string {
  const parts = [...counts];
  const [only] = parts;
  if (parts.length === 1 && only) return only[1] > 1 ? `${only[0]} ${only[1]}` : only[0];
  return parts.map(([word, number]) => `${word} ${number}`).join(", ");
}

/** Counts a column's nodes by how they hang on the column nearer to the middle. */
function labelColumns(placed: Placed[], edges: Folded["edges"], meX: number, more: Folded["more"]): ColumnLabel[] {
  const x = new Map(placed.map((node) => [node.id, node.x]));
  const columns = new Map<number, Map<string, Set<string>>>();
  for (const edge of edges) {
    const [from, to] = [x.get(edge.from), x.get(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const outer = Math.abs(from - meX) > Math.abs(to - meX) ? edge.from : edge.to;
    const at = outer === edge.from ? from : to;
    const words = WORDS[edge.type] ?? [edge.label, edge.label];
    const word = outer === edge.from ? words[1] : words[0];
    const column = columns.get(at) ?? new Map<string, Set<string>>();
    column.set(word, (column.get(word) ?? new Set()).add(outer));
    columns.set(at, column);
  }
  return [...columns].map(([at, words]) => ({
    x: at,
    text: columnText(
      new Map([...words].map(([word, ids]) => [word, [...ids].reduce((sum, id) => sum + (more.get(id) ?? 1), 0)])),
    ),
  }));
}

export function layout(graph: Drawn, me: string): Layout {
  const { nodes, edges, more } = fold(graph, me);
  const dagre = new Dagre();
  dagre.setGraph({ rankdir: "LR", nodesep: GAP.between, ranksep: GAP.columns, marginx: 0, marginy: 0 });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) dagre.setNode(node.ref, { ...NODE });
  for (const id of more.keys()) dagre.setNode(id, { ...NODE });
  for (const edge of edges) if (edge.from !== edge.to) dagre.setEdge(edge.from, edge.to);
  dagreLayout(dagre);
  const place = (id: string) => {
    const at = dagre.node(id);
    return { x: Math.round((at.x ?? 0) - NODE.width / 2), y: Math.round((at.y ?? 0) - NODE.height / 2) + HEAD };
  };
  const placed: Placed[] = [
    ...nodes.map((node) => ({ id: node.ref, ...place(node.ref), node, more: 0, me: node.ref === me })),
    ...[...more].map(([id, number]) => ({ id, ...place(id), node: null, more: number, me: false })),
  ];
  const meX = placed.find((node) => node.me)?.x ?? 0;
  return {
    nodes: placed,
    edges: edges.map((edge) => ({
      id: `${edge.from} ${edge.type} ${edge.to}`,
      from: edge.from,
      to: edge.to,
      label: edge.label,
    })),
    labels: labelColumns(placed, edges, meX, more),
    width: Math.max(NODE.width, ...placed.map((node) => node.x + NODE.width)),
    height: Math.max(NODE.height, ...placed.map((node) => node.y + NODE.height)),
  };
}
