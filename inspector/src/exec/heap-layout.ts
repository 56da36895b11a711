// The heap as a drawing: names on the left, the objects they hold to the right, an edge from each reference.
import dagre from "@dagrejs/dagre";
import { smooth } from "../panes/flow-layout.ts";
import type { HeapObject, MachineState, ValueRef } from "../engine/machine.ts";

export interface Slot {
  label: string;
  text: string;
  /** The object that it holds, if that is drawn. */
  object: number | null;
}

export interface Card {
  key: string;
  object: number | null;
  title: string;
  kind: string;
  slots: Slot[];
  /** Slots that are left out. */
  more: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DrawnHeap {
  cards: Card[];
  edges: { path: string; object: number }[];
  box: { x: number; y: number; width: number; height: number };
  /** Objects that are left out. */
  left: number;
}

export const SLOT = 18;
export const TITLE = 22;
const CHARACTER = 6.5;
const MOST_OBJECTS = 60;
const MOST_SLOTS = 14;

const short = (text: string, length = 22) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

function slot(label: string, value: ValueRef, drawn: ReadonlySet<number>): Slot {
  const object = value.object !== null && drawn.has(value.object) ? value.object : null;
  return { label: short(label, 20), text: object === null ? short(value.text) : "", object };
}

export function drawHeap(state: MachineState): DrawnHeap {
  const heap = new Map(state.heap.map((object) => [object.id, object]));
  // The names of the frames are the roots, the running frame's first; objects follow in the order in which they are reached.
  const roots = [...state.frames].reverse().map((frame) => ({
    key: `frame${frame.id}`,
    title: frame.name,
    values: [
      ...frame.locals.flatMap((one) => (one.value ? [{ label: one.name, value: one.value }] : [])),
      ...frame.stack.map((value, at) => ({ label: `stack ${at}`, value })).filter(({ value }) => value.object !== null),
    ],
  }));
  const running = state.frames.at(-1);
  if (running && running.globals.length > 0) {
    const own = running.globals.flatMap((one) => (one.value && !/^__\w+__$/.test(one.name) ? [{ label: one.name, value: one.value }] : []));
    const top = roots.at(-1);
    if (top && state.frames[0] && top.key === `frame${state.frames[0].id}` && top.values.every(({ label }) => label.startsWith("stack") || own.some((one) => one.label === label))) top.values = [...own, ...top.values.filter(({ label }) => label.startsWith("stack"))];
    else roots.push({ key: "globals", title: "globals", values: own });
  }
  const order: number[] = [];
  const seen = new Set<number>();
  const queue = roots.flatMap((root) => root.values.map(({ value }) => value.object));
  queue.push(...state.suspended);
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at];
    if (id === null || id === undefined || seen.has(id)) continue;
    const object = heap.get(id);
    if (!object) continue;
    seen.add(id);
    order.push(id);
    queue.push(...object.references.map(({ value }) => value.object));
  }
  const drawn = new Set(order.slice(0, MOST_OBJECTS));
  const cards: Card[] = [];
  const add = (key: string, object: HeapObject | null, title: string, kind: string, all: Slot[]) => {
    const slots = all.slice(0, MOST_SLOTS);
    const more = all.length - slots.length;
    const width = Math.max(70, title.length * 7.2 + 42, ...slots.map((one) => (one.label.length + one.text.length + 3) * CHARACTER + 16));
    cards.push({ key, object: object?.id ?? null, title, kind, slots, more, x: 0, y: 0, width, height: TITLE + (slots.length + (more > 0 ? 1 : 0)) * SLOT + (slots.length > 0 ? 5 : 2) });
  };
  for (const root of roots) if (root.values.length > 0) add(root.key, null, root.title, "frame", root.values.map(({ label, value }) => slot(label, value, drawn)));
  for (const id of drawn) {
    const object = heap.get(id);
    if (!object) continue;
    const title = object.references.length > 0 || object.kind === "generator" ? object.type : short(object.text, 28);
    const slots = object.references.map(({ label, value }) => slot(label, value, drawn));
    if (object.suspended) slots.unshift({ label: "suspended", text: `${object.suspended.name}${object.suspended.line ? `, line ${object.suspended.line}` : ""}`, object: null });
    add(`object${id}`, object, title, object.kind, slots);
  }
  const layout = new dagre.graphlib.Graph({ multigraph: true });
  layout.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, edgesep: 6 });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const card of cards) layout.setNode(card.key, { width: card.width, height: card.height });
  const links: { card: Card; at: number; object: number }[] = [];
  for (const card of cards) {
    card.slots.forEach((one, at) => {
      if (one.object === null) return;
      links.push({ card, at, object: one.object });
      layout.setEdge({ v: card.key, w: `object${one.object}`, name: String(at) }, {});
    });
  }
  dagre.layout(layout);
  const byKey = new Map(cards.map((card) => [card.key, card]));
  let [left, top, right, bottom] = [0, 0, 0, 0];
  for (const card of cards) {
    const node = layout.node(card.key);
    card.x = (node.x ?? 0) - card.width / 2;
    card.y = (node.y ?? 0) - card.height / 2;
    left = Math.min(left, card.x);
    top = Math.min(top, card.y);
    right = Math.max(right, card.x + card.width);
    bottom = Math.max(bottom, card.y + card.height);
  }
  const edges = links.flatMap(({ card, at, object }) => {
    const target = byKey.get(`object${object}`);
    if (!target) return [];
    const x1 = card.x + card.width - 8;
    const y1 = card.y + TITLE + at * SLOT + SLOT / 2;
    const y2 = target.y + TITLE / 2;
    // Forwards to the left edge, by the way that the layout has kept free; back, as to what holds it, around to the right edge.
    if (target.x > x1) {
      const way = (layout.edge({ v: card.key, w: target.key, name: String(at) }) as { points?: { x: number; y: number }[] } | undefined)?.points ?? [];
      const inner = way.slice(1, -1).filter((point) => point.x > x1 + 20 && point.x < target.x - 20);
      return [{ object, path: smooth([{ x: x1, y: y1 }, { x: x1 + 24, y: y1 }, ...inner, { x: target.x - 22, y: y2 }, { x: target.x - 1, y: y2 }]) }];
    }
    const x2 = target.x + target.width;
    right = Math.max(right, Math.max(x1, x2) + 46);
    return [{ object, path: `M${x1} ${y1}C${x1 + 46} ${y1} ${Math.max(x1, x2) + 46} ${y2} ${x2 + 1} ${y2}` }];
  });
  return { cards, edges, box: { x: left, y: top, width: right - left, height: bottom - top }, left: order.length - drawn.size };
}
