// A control-flow graph as a drawing: blocks placed by dagre, edges as smooth paths.
import dagre from "@dagrejs/dagre";
import { cell, rowCount } from "../engine/rows.ts";
import { BlockRow, EdgeRow, StepRow, type Graph } from "../engine/types.ts";

export interface DrawnBlock {
  id: number;
  /** The middle. */
  x: number;
  y: number;
  width: number;
  height: number;
  lines: { index: number; name: string; detail: string }[];
  /** Instructions that the drawing leaves out. */
  more: number;
}

export interface DrawnEdge {
  kind: "falls" | "jumps" | "raises";
  source: number;
  target: number;
  path: string;
}

export interface DrawnFlow {
  blocks: DrawnBlock[];
  edges: DrawnEdge[];
  box: { x: number; y: number; width: number; height: number };
}

export const LINE = 17;
export const HEAD = 20;
const CHARACTER = 6.65;
const MOST_LINES = 24;

/** A smooth line along points: a cubic B-spline that begins at the first and ends at the last. */
export function smooth(points: readonly { x: number; y: number }[]): string {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return "";
  const n = (value: number) => Math.round(value * 10) / 10;
  let path = `M${n(first.x)} ${n(first.y)}`;
  const all = [first, first, ...points.slice(1, -1), last, last];
  for (let i = 2; i < all.length; i++) {
    const [p0, p1, p2] = [all[i - 2] ?? first, all[i - 1] ?? first, all[i] ?? last];
    if (i === 2) path += `L${n((5 * p0.x + p2.x) / 6)} ${n((5 * p0.y + p2.y) / 6)}`;
    const next = all[i + 1] ?? last;
    path += `C${n((2 * p1.x + p2.x) / 3)} ${n((2 * p1.y + p2.y) / 3)} ${n((p1.x + 2 * p2.x) / 3)} ${n((p1.y + 2 * p2.y) / 3)} ${n((p1.x + 4 * p2.x + next.x) / 6)} ${n((p1.y + 4 * p2.y + next.y) / 6)}`;
  }
  return `${path}L${n(last.x)} ${n(last.y)}`;
}

export function drawFlow(graph: Graph, opnames: readonly string[]): DrawnFlow {
  const layout = new dagre.graphlib.Graph({ multigraph: true });
  layout.setGraph({ rankdir: "TB", nodesep: 26, ranksep: 34, edgesep: 14, marginx: 4, marginy: 4 });
  layout.setDefaultEdgeLabel(() => ({}));
  const blocks: DrawnBlock[] = [];
  // Blocks that the optimizer has emptied and cut off are not drawn.
  const reached = new Set<number>();
  for (let i = 0; i < rowCount(graph.edges, EdgeRow); i++) reached.add(cell(graph.edges, EdgeRow, i, "source")).add(cell(graph.edges, EdgeRow, i, "target"));
  for (let id = 0; id < rowCount(graph.blocks, BlockRow); id++) {
    const first = cell(graph.blocks, BlockRow, id, "first");
    const count = cell(graph.blocks, BlockRow, id, "count");
    if (count === 0 && !reached.has(id)) continue;
    const lines = Array.from({ length: Math.min(count, MOST_LINES) }, (_, i) => {
      const index = first + i;
      const name = opnames[cell(graph.rows, StepRow, index, "opcode")] ?? "";
      const detail = graph.details[index] ?? "";
      return { index, name, detail: detail.length > 34 ? `${detail.slice(0, 33)}…` : detail };
    });
    const width = Math.max(90, ...lines.map(({ name, detail }) => (Math.max(name.length, detail ? 20 : 0) + (detail ? detail.length + 1 : 0)) * CHARACTER + 22));
    const more = count - lines.length;
    const block = { id, x: 0, y: 0, width, height: HEAD + (lines.length + (more > 0 ? 1 : 0)) * LINE + 8, lines, more };
    blocks.push(block);
    layout.setNode(String(id), { width: block.width, height: block.height });
  }
  const kinds = ["falls", "jumps", "raises"] as const;
  const edges: { kind: DrawnEdge["kind"]; source: number; target: number; name: string }[] = [];
  for (let i = 0; i < rowCount(graph.edges, EdgeRow); i++) {
    const source = cell(graph.edges, EdgeRow, i, "source");
    const target = cell(graph.edges, EdgeRow, i, "target");
    const kind = kinds[cell(graph.edges, EdgeRow, i, "kind")] ?? "jumps";
    const name = `${kind}${i}`;
    edges.push({ kind, source, target, name });
    layout.setEdge({ v: String(source), w: String(target), name }, { weight: kind === "falls" ? 4 : kind === "jumps" ? 1 : 0.5 });
  }
  dagre.layout(layout);
  let [left, top, right, bottom] = [0, 0, 0, 0];
  const grow = (x: number, y: number) => {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  };
  for (const block of blocks) {
    const node = layout.node(String(block.id));
    block.x = node.x ?? 0;
    block.y = node.y ?? 0;
    grow(block.x - block.width / 2, block.y - block.height / 2);
    grow(block.x + block.width / 2, block.y + block.height / 2);
  }
  const drawn = edges.map(({ kind, source, target, name }): DrawnEdge => {
    const points = (layout.edge({ v: String(source), w: String(target), name }) as { points?: { x: number; y: number }[] } | undefined)?.points ?? [];
    for (const point of points) grow(point.x, point.y);
    return { kind, source, target, path: smooth(points) };
  });
  return { blocks, edges: drawn, box: { x: left, y: top, width: right - left, height: bottom - top } };
}
