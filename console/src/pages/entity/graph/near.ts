/**
 * Which part of a relations graph is shown, and which way its edges point. The API gives every edge once, from the one
 * that states it; a picture reads from left to right: consumer → API → provider → dependency. Pure.
 */
import type { Drawn, GraphEdge } from "../../../api/types";

/** Types that point the other way in the picture, and what the edge is called then. */
const TURNED: Record<string, string> = {
  providesApi: "apiProvidedBy",
  apiConsumedBy: "consumesApi",
  dependencyOf: "dependsOn",
  partOf: "hasPart",
  childOf: "parentOf",
  memberOf: "hasMember",
};

export function leftToRight(edge: GraphEdge): GraphEdge {
  const type = TURNED[edge.type];
  return type ? { ...edge, from: edge.to, to: edge.from, type } : edge;
}

/** How far the API must be asked for `depth` steps to be complete: an API in between is no step of its own. */
export function reach(depth: number): number {
  return Math.min(depth + 1, 3);
}

/**
 * The nodes within `depth` steps. An API is a hinge: from its provider one sees its consumers and the other way round
 * in one step, because "calls payments-v2" means "calls payments-api".
 */
export function near(graph: Drawn, me: string, depth: number): Drawn {
  const edges = graph.edges.map(leftToRight);
  const kinds = new Map(graph.nodes.map((node) => [node.ref, node.kind.toLowerCase()]));
  const around = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    for (const end of [edge.from, edge.to]) around.set(end, [...(around.get(end) ?? []), edge]);
  }
  const distance = new Map([[me, 0]]);
  // Where to go on from: the node, its distance, and by which relation it was reached.
  const queue: { ref: string; by: string | null }[] = [{ ref: me, by: null }];
  for (let at = 0; at < queue.length; at += 1) {
    const here = queue[at];
    if (!here) break;
    const steps = distance.get(here.ref) ?? 0;
    const hinge = here.ref !== me && kinds.get(here.ref) === "api";
    for (const edge of around.get(here.ref) ?? []) {
      const next = edge.from === here.ref ? edge.to : edge.from;
      const free = hinge && edge.type !== here.by;
      const cost = steps + (free ? 0 : 1);
      if (cost > depth || (distance.get(next) ?? Number.POSITIVE_INFINITY) <= cost) continue;
      distance.set(next, cost);
      queue.push({ ref: next, by: edge.type });
    }
  }
  return {
    nodes: graph.nodes.filter((node) => distance.has(node.ref)),
    edges: edges.filter((edge) => distance.has(edge.from) && distance.has(edge.to)),
  };
}
