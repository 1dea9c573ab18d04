/**
 * The shapes the pages use, named after what they are. Derived from the generated description of the API and from
 * nothing else, so that a change of the server shows up here as a type error.
 */
import type { paths } from "./schema";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;
type Get<P extends keyof paths> = paths[P] extends { get: { responses: { 200: infer R } } } ? Json<R> : never;

export type Instance = Get<"/api/v1/instance">;
export type CatalogStatus = Get<"/api/v1/catalog/status">;
export type ConnectionStatus = CatalogStatus["connections"][number];
export type EntityList = Get<"/api/v1/entities">;
export type EntityRow = EntityList["items"][number];
/** The document as the catalog API gives it. The description calls it an object and no more. */
export type EntityDocument = {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  spec?: Record<string, unknown>;
};
export type EntityPage = Omit<Get<"/api/v1/entities/{kind}/{namespace}/{name}">, "entity"> & { entity: EntityDocument };
export type Relation = EntityPage["relations"][number];
export type Problem = EntityPage["problems"][number];
export type Graph = Get<"/api/v1/entities/{kind}/{namespace}/{name}/graph">;
/** The part of a graph that is drawn. */
export type Drawn = Pick<Graph, "nodes" | "edges">;
export type GraphNode = Graph["nodes"][number];
export type GraphEdge = Graph["edges"][number];
export type ProblemList = Get<"/api/v1/problems">;
export type ProblemRow = ProblemList["items"][number];
export type Facets = Get<"/api/v1/entities/facets">;
export type FacetValue = { value: string; label: string; count: number };
export type SearchHits = Get<"/api/v1/search">;
export type SearchHit = SearchHits["items"][number];
export type Permission = Get<"/api/v1/permissions">;
