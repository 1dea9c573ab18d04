/** The relations graph. Its own chunk: the graph libraries are as large as the rest of the page. */
import "@xyflow/react/dist/base.css";
import { IconAlertTriangle, IconDots } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import {
  BaseEdge,
  type EdgeProps,
  getBezierPath,
  Handle,
  MarkerType,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import type { Drawn, GraphNode } from "../../../api/types";
import { kindWord, parseRef, typeWord } from "../../../lib/ref";
import { plural } from "../../../lib/time";
import { BrokenIcon, KindIcon } from "../../../ui/icons";
import g from "./graph.module.css";
import { layout, type Placed } from "./layout";

type EntityData = { placed: Placed };

function second(node: GraphNode): string {
  if (!node.exists) return "not in the catalog";
  const kind = node.kind.toLowerCase();
  const what = node.type && kind !== "component" ? typeWord(node.type) : null;
  return what ?? node.owner ?? kindWord(node.kind);
}

function EntityNode({ data }: NodeProps & { data: EntityData }) {
  const { node, more, me } = data.placed;
  const ref = node ? parseRef(node.ref) : null;
  const body = node ? (
    <>
      <KindIcon kind={node.kind} type={node.type} label />
      <span className={g.text}>
        <span className={g.name}>{node.title ?? node.name}</span>
        <span className={g.sub}>{second(node)}</span>
      </span>
      {!node.exists ? (
        <IconAlertTriangle className="icon-s red" role="img" aria-label="Not in the catalog" />
      ) : node.problems > 0 ? (
        <BrokenIcon label={plural(node.problems, "problem")} />
      ) : null}
    </>
  ) : (
    <>
      <IconDots className="icon t3" aria-hidden="true" />
      <span className={g.text}>
        <span className={g.name}>{more} more</span>
        <span className={g.sub}>all in the table</span>
      </span>
    </>
  );
  const shared = { className: g.node, "data-me": me || undefined, "data-absent": (node && !node.exists) || undefined };
  return (
    <>
      <Handle type="target" position={Position.Left} className={g.handle} isConnectable={false} />
      {ref && node?.exists && !me ? (
        <Link to="/catalog/$kind/$namespace/$name" params={ref} title={node.ref} {...shared}>
          {body}
        </Link>
      ) : (
        <div title={node?.ref} {...shared}>
          {body}
        </div>
      )}
      <Handle type="source" position={Position.Right} className={g.handle} isConnectable={false} />
    </>
  );
}

function LabelNode({ data }: NodeProps & { data: { text: string } }) {
  return <span className={g.label}>{data.text}</span>;
}

function RelationEdge(props: EdgeProps) {
  const [path] = getBezierPath(props);
  return <BaseEdge id={props.id} path={path} markerEnd={props.markerEnd ?? ""} className={g.edge ?? ""} />;
}

const NODE_TYPES = { entity: EntityNode, label: LabelNode };
const EDGE_TYPES = { relation: RelationEdge };
const FIT = { maxZoom: 1, minZoom: 0.72, padding: { top: "8px", bottom: "16px", x: "16px" } } as const;
const HEIGHT = { least: 120, most: 460, margin: 24 };

type Props = { graph: Drawn; me: string; fit: number };

function Flow({ graph, me, fit }: Props) {
  const placed = useMemo(() => layout(graph, me), [graph, me]);
  const flow = useReactFlow();
  const frame = useRef<HTMLElement>(null);
  const nodes = useMemo(
    () => [
      ...placed.nodes.map((node) => ({
        id: node.id,
        type: "entity",
        position: { x: node.x, y: node.y },
        data: { placed: node } satisfies EntityData,
      })),
      ...placed.labels.map((label) => ({
        id: `label ${label.x}`,
        type: "label",
        position: { x: label.x, y: 0 },
        data: { text: label.text },
      })),
    ],
    [placed],
  );
  const edges = useMemo(
    () =>
      placed.edges.map((edge) => ({
        id: edge.id,
        type: "relation",
        source: edge.from,
        target: edge.to,
        markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--line2)" },
      })),
    [placed],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new graph, a new size or a press of "Fit" fits again
  useEffect(() => {
    const again = () => void flow.fitView(FIT);
    const timer = requestAnimationFrame(again);
    const watch = new ResizeObserver(again);
    if (frame.current) watch.observe(frame.current);
    return () => {
      cancelAnimationFrame(timer);
      watch.disconnect();
    };
  }, [flow, placed, fit]);
  const height = Math.min(HEIGHT.most, Math.max(HEIGHT.least, placed.height + HEIGHT.margin));
  return (
    <section ref={frame} className={g.frame} style={{ height }} aria-label="Graph of relations">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        fitView
        fitViewOptions={FIT}
        minZoom={0.2}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      />
    </section>
  );
}

export default function RelationsGraph(props: Props) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}
