// The syntax tree as a drawing: which nodes are unfolded, where each stands, and how wide it is.
import { hierarchy, tree as tidy } from "d3-hierarchy";
import { cell, rowCount } from "../engine/rows.ts";
import { NodeRow, type Tree } from "../engine/types.ts";

export interface DrawnNode {
  id: number;
  x: number;
  y: number;
  width: number;
  /** The drawn parent's id, or -1. */
  parent: number;
  /** How many nodes are folded away beneath it. */
  folded: number;
}

export interface DrawnTree {
  nodes: DrawnNode[];
  box: { x: number; y: number; width: number; height: number };
}

export const NODE_HEIGHT = 38;
const LEVEL = 78;
const CHARACTER = 6.7;

/** The children of each node, by id. */
export function childrenOf(tree: Tree): number[][] {
  const count = rowCount(tree.rows, NodeRow);
  const children: number[][] = Array.from({ length: count }, () => []);
  for (let id = 1; id < count; id++) children[cell(tree.rows, NodeRow, id, "parent")]?.push(id);
  return children;
}

/** How many nodes lie beneath each, itself not counted. */
export function sizes(children: readonly (readonly number[])[]): number[] {
  const all = children.map(() => 0);
  for (let id = children.length - 1; id >= 0; id--) for (const child of children[id] ?? []) all[id] = (all[id] ?? 0) + 1 + (all[child] ?? 0);
  return all;
}

/** What to fold at first: levels are shown from the top for as long as at most `limit` nodes are in sight. */
export function firstFolds(children: readonly (readonly number[])[], limit: number): Set<number> {
  const folds = new Set<number>();
  let level = children.length > 0 ? [0] : [];
  let shown = 1;
  while (level.length > 0) {
    const next = level.flatMap((id) => children[id] ?? []);
    if (shown + next.length > limit) {
      for (const id of level) if ((children[id]?.length ?? 0) > 0 && id !== 0) folds.add(id);
      if (level[0] !== 0) break;
    }
    shown += next.length;
    level = next;
  }
  return folds;
}

/** A label cut to what a node has room for. */
export function cut(label: string, length = 26): string {
  return label.length > length ? `${label.slice(0, length - 1)}…` : label;
}

export function draw(tree: Tree, children: readonly (readonly number[])[], folds: ReadonlySet<number>, below: readonly number[]): DrawnTree {
  if (children.length === 0) return { nodes: [], box: { x: 0, y: 0, width: 0, height: 0 } };
  const width = (id: number) => {
    const name = tree.classes[cell(tree.rows, NodeRow, id, "class")] ?? "";
    return Math.max(34, Math.max(name.length, cut(tree.labels[id] ?? "").length) * CHARACTER + 18);
  };
  const root = hierarchy<number>(0, (id) => (folds.has(id) ? [] : (children[id] as number[])));
  const placed = tidy<number>()
    .nodeSize([1, LEVEL])
    .separation((a, b) => (width(a.data) + width(b.data)) / 2 + (a.parent === b.parent ? 12 : 26))(root);
  const nodes: DrawnNode[] = [];
  let [left, right, bottom] = [Infinity, -Infinity, 0];
  placed.each((node) => {
    const its = width(node.data);
    left = Math.min(left, node.x - its / 2);
    right = Math.max(right, node.x + its / 2);
    bottom = Math.max(bottom, node.y);
    nodes.push({ id: node.data, x: node.x, y: node.y, width: its, parent: node.parent?.data ?? -1, folded: folds.has(node.data) ? (below[node.data] ?? 0) : 0 });
  });
  return { nodes, box: { x: left, y: -NODE_HEIGHT / 2, width: right - left, height: bottom + NODE_HEIGHT + 8 } };
}
