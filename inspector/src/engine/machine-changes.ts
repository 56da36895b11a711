// What a step did, seen by comparing the states before and behind it.

import type { Change, MachineFrame, MachineState, NamedValue, ValueRef } from "./machine.ts";

function sameValue(a: ValueRef | null, b: ValueRef | null): boolean {
  return a === b || (a !== null && b !== null && a.object === b.object && (a.object !== null || a.text === b.text) && a.type === b.type);
}

function names(before: NamedValue[], after: NamedValue[], kind: "local" | "global", frame: number, out: Change[]): void {
  const old = new Map(before.map((one) => [one.name, one.value]));
  for (const { name, value } of after) {
    const was = old.get(name) ?? null;
    old.delete(name);
    if (!sameValue(was, value)) out.push({ kind, frame, name, text: value?.text ?? "" });
  }
  for (const [name, value] of old) if (value !== null) out.push({ kind, frame, name, text: "" });
}

function stacks(before: MachineFrame, after: MachineFrame, out: Change[]): void {
  let common = 0;
  while (common < before.stack.length && common < after.stack.length && sameValue(before.stack[common] as ValueRef, after.stack[common] as ValueRef)) common++;
  for (let i = before.stack.length - 1; i >= common; i--) out.push({ kind: "pop", frame: after.id, name: String(i), text: (before.stack[i] as ValueRef).text });
  for (let i = common; i < after.stack.length; i++) out.push({ kind: "push", frame: after.id, name: String(i), text: (after.stack[i] as ValueRef).text });
}

/** The changes from one state to the next. */
export function changesBetween(before: MachineState, after: MachineState): Change[] {
  const out: Change[] = [];
  const old = before.frames;
  const now = after.frames;
  const top = now.at(-1);
  if (now.length > old.length && top) out.push({ kind: "call", frame: top.id, name: top.name, text: "" });
  const left = old.at(-1);
  if (now.length < old.length && left) out.push({ kind: after.frames.at(-1)?.handling && !before.frames.at(-1)?.handling ? "raise" : "return", frame: left.id, name: left.name, text: left.stack.at(-1)?.text ?? "" });
  for (let i = 0; i < Math.min(old.length, now.length); i++) {
    const a = old[i] as MachineFrame;
    const b = now[i] as MachineFrame;
    if (a.code !== b.code) continue;
    stacks(a, b, out);
    names(a.locals, b.locals, "local", b.id, out);
  }
  const base = now[0];
  names(old[0]?.globals ?? [], base?.globals ?? old[0]?.globals ?? [], "global", base?.id ?? 0, out);
  if (top?.handling && top.handling !== left?.handling && now.length === old.length) out.push({ kind: "raise", frame: top.id, name: "", text: top.handling });
  const heap = new Map(before.heap.map((one) => [one.id, one]));
  for (const one of after.heap) {
    const was = heap.get(one.id);
    if (!was || was.type !== one.type) continue;
    const labels = new Map(was.references.map((r, i) => [`${r.label}/${r.label === "" ? i : 0}`, r.value]));
    one.references.forEach((r, i) => {
      const key = `${r.label}/${r.label === "" ? i : 0}`;
      const value = labels.get(key) ?? null;
      labels.delete(key);
      if (!sameValue(value, r.value)) out.push({ kind: one.kind === "instance" || one.kind === "class" ? "attribute" : "item", frame: one.id, name: r.label, text: r.value.text });
    });
    for (const key of labels.keys()) out.push({ kind: one.kind === "instance" || one.kind === "class" ? "attribute" : "item", frame: one.id, name: key.slice(0, key.lastIndexOf("/")), text: "" });
  }
  if (after.outputLength > before.outputLength) out.push({ kind: "output", frame: top?.id ?? 0, name: "", text: `${after.outputLength - before.outputLength}` });
  return out;
}
