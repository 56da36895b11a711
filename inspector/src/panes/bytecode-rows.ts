// The rows of the bytecode pane: headings, instructions, their caches and the exception tables of all code objects.
import { cell, rowCount } from "../engine/rows.ts";
import { HandlerRow, InstructionRow, type Codes } from "../engine/types.ts";
import type { Arrow } from "./jumps.ts";
import { assignLanes } from "./jumps.ts";

export type BytecodeRow =
  | { kind: "head"; code: number }
  | { kind: "instruction"; code: number; index: number }
  | { kind: "cache"; code: number; index: number; unit: number }
  | { kind: "handlers"; code: number }
  | { kind: "handler"; code: number; index: number }
  | { kind: "gap"; code: number };

export interface BytecodeRows {
  rows: BytecodeRow[];
  arrows: Arrow[];
  lanes: number;
}

/** The rows of these code objects, in this order. */
export function bytecodeRows(codes: Codes, ids: readonly number[], caches: boolean): BytecodeRows {
  const rows: BytecodeRow[] = [];
  const arrows: Arrow[] = [];
  for (const id of ids) {
    const code = codes.codes[id];
    if (!code) continue;
    if (rows.length > 0) rows.push({ kind: "gap", code: id });
    rows.push({ kind: "head", code: id });
    const count = rowCount(code.rows, InstructionRow);
    const rowAt = new Map<number, number>();
    for (let index = 0; index < count; index++) {
      rowAt.set(cell(code.rows, InstructionRow, index, "offset"), rows.length);
      rows.push({ kind: "instruction", code: id, index });
      if (caches) for (let unit = 0; unit < cell(code.rows, InstructionRow, index, "caches"); unit++) rows.push({ kind: "cache", code: id, index, unit });
    }
    const jumps = [];
    for (let index = 0; index < count; index++) {
      const target = cell(code.rows, InstructionRow, index, "target");
      const from = rowAt.get(cell(code.rows, InstructionRow, index, "offset"));
      const to = rowAt.get(target);
      if (target >= 0 && from !== undefined && to !== undefined) jumps.push({ from, to });
    }
    for (const arrow of assignLanes(jumps)) arrows.push(arrow);
    const handlers = rowCount(code.handlers, HandlerRow);
    if (handlers > 0) rows.push({ kind: "handlers", code: id });
    for (let index = 0; index < handlers; index++) rows.push({ kind: "handler", code: id, index });
  }
  return { rows, arrows, lanes: arrows.reduce((most, arrow) => Math.max(most, arrow.lane + 1), 0) };
}
