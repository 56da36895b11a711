// Where a step leads: pure functions over the timeline of a recorded run.

/** The timeline: for each step the instruction that it executes. */
export interface Way {
  readonly length: number;
  code(step: number): number;
  line(step: number): number;
  depth(step: number): number;
}

export type Move = "instruction" | "into" | "over" | "out" | "cursor" | "breakpoint" | "end";

export interface Stops {
  breakpoints: ReadonlySet<number>;
  cursorLine: number;
  /** Whether a code object is the program's own: only there lines are those of the source. */
  own(code: number): boolean;
}

/** Whether a step begins a line: it is the first, or the one before stood elsewhere. */
export function beginsLine(way: Way, step: number): boolean {
  if (way.line(step) <= 0) return false;
  return step === 0 || way.line(step - 1) !== way.line(step) || way.code(step - 1) !== way.code(step) || way.depth(step - 1) !== way.depth(step);
}

/** The step that a move forwards leads to; `way.length` when the record ends before. */
export function forwards(way: Way, from: number, move: Move, stops: Stops): number {
  const end = way.length;
  if (from >= end) return end;
  const depth = way.depth(from);
  for (let step = from + 1; step < end; step++) {
    switch (move) {
      case "instruction":
        return step;
      case "into":
        if (stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "over":
        if (way.depth(step) < depth || (way.depth(step) === depth && way.line(step) > 0 && (way.line(step) !== way.line(from) || way.code(step) !== way.code(from)))) return step;
        break;
      case "out":
        if (way.depth(step) < depth) return step;
        break;
      case "cursor":
        if (way.line(step) === stops.cursorLine && stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "breakpoint":
        if (stops.breakpoints.has(way.line(step)) && stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "end":
        step = end;
        break;
    }
  }
  return end;
}

/** The step that a move backwards leads to; 0 when there is none before. */
export function backwards(way: Way, from: number, move: Move, stops: Stops): number {
  const start = Math.min(from, way.length);
  const depth = start < way.length ? way.depth(start) : 0;
  const line = start < way.length ? way.line(start) : -1;
  const code = start < way.length ? way.code(start) : -1;
  for (let step = start - 1; step >= 0; step--) {
    switch (move) {
      case "instruction":
        return step;
      case "into":
        if (stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "over":
        // The line before in this frame or in one below, at its first instruction.
        if (way.depth(step) <= depth && beginsOver(way, step) && (way.depth(step) < depth || way.line(step) !== line || way.code(step) !== code || step < start - 1)) return step;
        break;
      case "out":
        if (way.depth(step) < depth) return step;
        break;
      case "cursor":
        if (way.line(step) === stops.cursorLine && stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "breakpoint":
        if (stops.breakpoints.has(way.line(step)) && stops.own(way.code(step)) && beginsLine(way, step)) return step;
        break;
      case "end":
        return 0;
    }
  }
  return 0;
}

/** Whether a step begins a line when calls count as one: what ran last in its frame was another line. */
function beginsOver(way: Way, step: number): boolean {
  if (way.line(step) <= 0) return false;
  const depth = way.depth(step);
  for (let before = step - 1; before >= 0; before--) {
    if (way.depth(before) > depth) continue;
    return way.depth(before) < depth || way.line(before) !== way.line(step) || way.code(before) !== way.code(step);
  }
  return true;
}
