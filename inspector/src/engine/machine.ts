// The machine that runs a program and remembers its way: what the execution panes ask of it. Whoever implements this
// (the VM in a worker, or a recording) can be plugged in with `setMachine`.

import type { Span } from "../linking.ts";

export interface MachineOptions {
  /** As -O: 0, 1 or 2. */
  optimize: 0 | 1 | 2;
  /** The program's file name, for tracebacks. */
  filename: string;
  /** Most memory that recording may take, in bytes. */
  memoryLimit?: number;
}

/** One instruction of a code object, as `dis` shows it. */
export interface MachineInstruction {
  offset: number;
  opname: string;
  arg: number | null;
  argrepr: string;
  line: number | null;
  span: Span | null;
  /** Where it may jump to. */
  target: number | null;
}

/** A code object of the program; those of the library have no instructions until they are asked for. */
export interface MachineCode {
  id: number;
  name: string;
  qualname: string;
  filename: string;
  firstline: number;
  /** Whether it comes from the program's own source, so that its spans may be lit. */
  own: boolean;
  instructions: MachineInstruction[];
  exceptionTable: { start: number; end: number; target: number; depth: number; lasti: boolean }[];
}

/** A value in a stack place or a name: a reference to an object of the heap, or a small value written out. */
export interface ValueRef {
  /** Its object in `MachineState.heap`; null for values shown in place (ints, None, short strings) or empty places. */
  object: number | null;
  /** Its short repr; "NULL" for the stack's null. */
  text: string;
  type: string;
}

export interface NamedValue {
  name: string;
  kind: "local" | "cell" | "free" | "global";
  /** null: not bound now. */
  value: ValueRef | null;
}

export interface MachineFrame {
  /** Stays the same for as long as the frame lives. */
  id: number;
  code: number;
  name: string;
  /** The instruction that is next (in the top frame) or under way (in those below), in bytes. */
  offset: number;
  line: number | null;
  span: Span | null;
  stack: ValueRef[];
  locals: NamedValue[];
  globals: NamedValue[];
  /** Ranges of the exception table that hold the instruction: a raise here goes to `target` with the stack cut to `depth`. */
  handlers: { start: number; end: number; target: number; depth: number }[];
  /** The exception being handled here, as a repr. */
  handling: string | null;
}

export interface HeapObject {
  id: number;
  type: string;
  text: string;
  /** list, dict, tuple, set, instance, class, function, generator, cell, other. */
  kind: string;
  references: { label: string; value: ValueRef }[];
  /** Of a suspended generator or coroutine: where it stands. */
  suspended?: { name: string; line: number | null; span: Span | null };
}

/** What the step that led here wrote. */
export interface Change {
  kind: "push" | "pop" | "local" | "global" | "item" | "attribute" | "call" | "return" | "raise" | "output";
  frame: number;
  /** The name, index or key written. */
  name: string;
  text: string;
}

export interface MachineState {
  step: number;
  /** The running frame last. */
  frames: MachineFrame[];
  heap: HeapObject[];
  changes: Change[];
  /** How much of the output (UTF-16 units) had been written. */
  outputLength: number;
  /** Generators and coroutines that wait. */
  suspended: number[];
}

/** For each step the instruction that it executes: parallel arrays. */
export interface Timeline {
  code: Int32Array;
  offset: Int32Array;
  line: Int32Array;
  depth: Int32Array;
}

export interface RunReport {
  /** Steps recorded so far. */
  steps: number;
  /** Over: at its end, by an exception, by a limit. */
  done: boolean;
  /** What happened, to be read by people: an uncaught exception, a limit reached. Empty while all is well. */
  message: string;
  kind: "running" | "finished" | "exception" | "limit" | "stopped" | "input";
  /** The timeline of the steps that this call added, from `firstStep` on. */
  firstStep: number;
  timeline: Timeline;
  /** Output that this call added. */
  output: { text: string; stream: "out" | "err" }[];
  /** Bytes that the recording takes and the most it may take. */
  memory: { used: number; limit: number };
}

/** What the machine learned: one row for an instruction that ran. */
export interface Count {
  code: number;
  offset: number;
  count: number;
  /** The opcode it was specialized to, when it was. */
  specialized: string | null;
  hits: number;
  misses: number;
}

export interface Machine {
  /** Compiles the program and stands before its first instruction. */
  load(source: string, options: MachineOptions, stdin: string): Promise<{ codes: MachineCode[]; error: string | null }>;
  /** Code objects that were met since, by id. */
  codes(ids: number[]): Promise<MachineCode[]>;
  /** Runs at most `limit` steps on from the last recorded one. */
  run(limit: number): Promise<RunReport>;
  /** The state before the instruction of this step is executed; `steps` itself is the end. */
  seek(step: number): Promise<MachineState>;
  /** Ends a run that is under way as soon as it can. */
  stop(): void;
  counts(): Promise<Count[]>;
  dispose(): void;
}
