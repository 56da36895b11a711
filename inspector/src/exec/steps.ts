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

/** Which steps a move from `from` stops at: the first of them in its direction is where it leads. */
function stopsAt(way: Way, from: number, move: Move, stops: Stops, back: boolean): (step: number) => boolean {
  const over = from >= way.length;
  const depth = over ? 0 : way.depth(from);
  const elsewhere = (step: number) => over || way.line(step) !== way.line(from) || way.code(step) !== way.code(from);
  const line = (step: number) => stops.own(way.code(step)) && beginsLine(way, step);
  switch (move) {
    case "instruction":
      return () => true;
    case "into":
      return line;
    case "over":
      // Back: the line before in this frame or in one below, at its first instruction.
      if (back) return (step) => way.depth(step) <= depth && beginsOver(way, step) && (way.depth(step) < depth || step < from - 1 || elsewhere(step));
      return (step) => way.depth(step) < depth || (way.depth(step) === depth && way.line(step) > 0 && elsewhere(step));
    case "out":
      return (step) => way.depth(step) < depth;
    case "cursor":
      return (step) => way.line(step) === stops.cursorLine && line(step);
    case "breakpoint":
      return (step) => stops.breakpoints.has(way.line(step)) && line(step);
    case "end":
      return () => false;
  }
}

/** The step that a move forwards leads to; `way.length` when the record ends before. */
export function forwards(way: Way, from: number, move: Move, stops: Stops): number {
  const stop = stopsAt(way, from, move, stops, false);
  for (let step = from + 1; step < way.length; step++) if (stop(step)) return step;
  return way.length;
}

/** The step that a move backwards leads to; 0 when there is none before. */
export function backwards(way: Way, from: number, move: Move, stops: Stops): number {
  const start = Math.min(from, way.length);
  const stop = stopsAt(way, start, move, stops, true);
  for (let step = start - 1; step >= 0; step--) if (stop(step)) return step;
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
