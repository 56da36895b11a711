// One program in the machine (crates/wasm-machine): runs it forward once, keeps copies of its memory, and finds every
// state again by putting a copy back and running on from there. It needs no page and no worker, only WebAssembly.
//
// Two instances of the module do it: one runs ahead and is where the record ends; the other looks. Hash key, clock and
// randomness of the module are fixed, so a run repeats exactly as long as nothing else is done in between: a state is
// described at the end of a repetition, which is then left by an exception.

import type { Count, HeapObject, MachineCode, MachineFrame, MachineOptions, MachineState, NamedValue, RunReport, ValueRef } from "./machine.ts";
import { changesBetween } from "./machine-changes.ts";
import { Source } from "./machine-source.ts";

/** The library's files. */
export interface Library {
  /** A line for each file: name, blank, size. */
  index: string;
  /** A file's bytes, at once. */
  read(name: string): Uint8Array | null;
}

interface Exports {
  memory: WebAssembly.Memory;
  __stack_pointer: WebAssembly.Global;
  used(): number;
  allocate(length: number): number;
  boot(index: number, length: number): number;
  load(source: number, sourceLength: number, name: number, nameLength: number, optimize: number): number;
  run(want: number, pause: number, tell: number, describe: number): number;
  position(): number;
  tell_rest(): void;
  state(): number;
  codes(): number;
  counts(): number;
}

/** Why a run was left in the middle. */
class Leave extends Error {
  constructor(readonly reason: "reached" | "input" | "output") {
    super(reason);
  }
}

const PAGE = 1 << 14;
const encoder = new TextEncoder();
/** More output than this, in UTF-16 code units, ends a run. */
export const MOST_OUTPUT = 4 << 20;
/** What copies of the memory may take unless told otherwise. */
const MEMORY_LIMIT = 256 << 20;
/** How many steps a run goes beyond its limit to find a place where it can pause. */
const GRACE = 20_000;
/** Copies that are kept at most. */
const COPIES = 200;
/** The time between copies of a short run, in milliseconds: finding a state again takes half of it on average. */
const APART = 5;
/** How many steps are run at first before the clock is looked at. */
const STRIDE = 16;
/** A memory beyond this is not used for another program. */
const LARGE = 64 << 20;
/** States that are kept. */
const STATES = 64;

interface Copy {
  step: number;
  /** How long the program had run, in milliseconds. */
  time: number;
  pages: Uint8Array[];
  inputAt: number;
  outputLength: number;
}

interface RawFrame extends Omit<MachineFrame, "globals" | "span"> {
  qualname: string;
  filename: string;
}
interface RawState {
  step: number;
  depth: number;
  frames: RawFrame[];
  globals: NamedValue[];
  heap: (HeapObject & { suspended?: { name: string; code: number; offset: number; line: number | null } })[];
  suspended: number[];
}
type FoundState = RawState & { outputLength: number };
interface RawCode extends Omit<MachineCode, "instructions"> {
  instructions: [number, string, number, number, number, number, number, number][];
}

/** An instance of the module and what it exchanges with its surroundings. */
class Instance {
  exports: Exports;
  stack: number;
  answers: string[] = [];
  input: Uint8Array = new Uint8Array();
  inputAt = 0;
  outputLength = 0;
  /** Takes output; undefined where it was seen before. */
  onOutput: ((text: string, stream: "out" | "err") => void) | undefined;
  onRows: ((rows: Int32Array) => void) | undefined;
  /** A step to wait for behind the first one, in a run that describes states. */
  next: number | undefined;
  /** How long the output was at each step that was waited for. */
  outputs: number[] = [];
  #before: ArrayBuffer | undefined;
  #decoders = [new TextDecoder(), new TextDecoder()];

  constructor(module: WebAssembly.Module, library: Library) {
    const instance = new WebAssembly.Instance(module, {
      taipan: {
        output: (fd: number, at: number, length: number) => this.#output(fd, at, length),
        input: (at: number, length: number) => this.#input(at, length),
        library: (name: number, nameLength: number, at: number, length: number) => {
          const bytes = library.read(this.text(name, nameLength));
          if (!bytes || bytes.length !== length >>> 0) return 0;
          this.bytes(at, length).set(bytes);
          return 1;
        },
      },
      machine: {
        answer: (at: number, length: number) => void this.answers.push(this.text(at, length)),
        describing: () => {
          this.#before = this.next === undefined ? undefined : this.exports.memory.buffer.slice(0, this.exports.used());
        },
        described: () => {
          // Describing leaves traces, such as where memory is given out next.
          if (this.#before) this.#put(new Uint8Array(this.#before), this.exports.used());
          this.#before = undefined;
        },
        reached: () => {
          this.outputs.push(this.outputLength);
          const { next } = this;
          this.next = undefined;
          if (next === undefined) throw new Leave("reached");
          return next;
        },
        timeline: (at: number, numbers: number) => this.onRows?.(new Int32Array(this.exports.memory.buffer, at >>> 0, numbers >>> 0).slice()),
      },
    });
    this.exports = instance.exports as unknown as Exports;
    this.stack = this.exports.__stack_pointer.value as number;
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at >>> 0, length >>> 0);
  }

  text(at: number, length: number): string {
    return new TextDecoder().decode(this.bytes(at, length));
  }

  /** Bytes in the module's memory, for a function that takes them over. */
  give(bytes: Uint8Array): [number, number] {
    const at = this.exports.allocate(bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return [at, bytes.length];
  }

  #output(fd: number, at: number, length: number): void {
    const decoder = this.#decoders[fd === 2 ? 1 : 0] as TextDecoder;
    const text = decoder.decode(this.bytes(at, length), { stream: true });
    this.outputLength += text.length;
    this.onOutput?.(text, fd === 2 ? "err" : "out");
    if (this.outputLength > MOST_OUTPUT) throw new Leave("output");
  }

  #input(at: number, length: number): number {
    const rest = this.input.subarray(this.inputAt, this.inputAt + (length >>> 0));
    if (rest.length === 0) throw new Leave("input");
    // One line at a time, so that what is read ahead does not ask for more.
    const end = rest.indexOf(10);
    const part = end < 0 ? rest : rest.subarray(0, end + 1);
    this.bytes(at, part.length).set(part);
    this.inputAt += part.length;
    return part.length;
  }

  /** Calls the module; what it was left by, if it was. */
  call(f: () => number): number | Leave {
    this.answers = [];
    this.outputs = [];
    try {
      return f();
    } catch (error) {
      this.exports.__stack_pointer.value = this.stack;
      if (error instanceof Leave) return error;
      // A panic said what it was before it trapped.
      if (error instanceof WebAssembly.RuntimeError && this.answers.length > 0) throw new Error(`A fault of the machine: ${this.answers.at(-1)}`);
      throw error;
    }
  }

  /** Where memory that was never used begins. */
  #end(): number {
    return this.exports.used() || this.exports.memory.buffer.byteLength;
  }

  /** Puts the beginning of a memory back, and zeros behind it, up to where it is in use. */
  #put(bytes: Uint8Array, used: number): void {
    const all = new Uint8Array(this.exports.memory.buffer);
    all.set(bytes);
    all.fill(0, bytes.length, Math.max(bytes.length, used));
  }

  /** Puts a copy of a memory in the place of this one. */
  restore(copy: Copy): void {
    const { memory } = this.exports;
    const size = copy.pages.length * PAGE;
    const end = this.#end();
    const missing = size - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const all = new Uint8Array(memory.buffer);
    copy.pages.forEach((page, i) => all.set(page, i * PAGE));
    all.fill(0, size, Math.max(size, end));
    this.exports.__stack_pointer.value = this.stack;
    this.inputAt = copy.inputAt;
    this.outputLength = copy.outputLength;
    this.#decoders = [new TextDecoder(), new TextDecoder()];
  }

  /** A copy of the memory as far as it is in use, with the pages of `before` that have not changed. */
  copy(step: number, time: number, before: Copy | undefined): Copy {
    const end = this.#end();
    const words = new Uint32Array(this.exports.memory.buffer);
    const pages: Uint8Array[] = [];
    for (let at = 0; at < end; at += PAGE) {
      const old = before?.pages[at / PAGE];
      const from = at >> 2;
      if (old && same(words, from, new Uint32Array(old.buffer, old.byteOffset, PAGE >> 2))) pages.push(old);
      else pages.push(new Uint8Array(this.exports.memory.buffer.slice(at, at + PAGE)));
    }
    return { step, time, pages, inputAt: this.inputAt, outputLength: this.outputLength };
  }
}

function same(words: Uint32Array, from: number, old: Uint32Array): boolean {
  for (let i = 0; i < old.length; i++) if (words[from + i] !== old[i]) return false;
  return true;
}

/** What a trap means, in words. */
function inWords(error: unknown): string {
  if (error instanceof RangeError) return "The program nests calls of built-in functions too deeply for the browser's stack.";
  if (error instanceof WebAssembly.RuntimeError && /unreachable/.test(error.message)) return "The program needs more memory than the machine has (256 MB), or met a fault of the machine.";
  if (error instanceof WebAssembly.RuntimeError) return `A fault of the machine (${error.message}): the program ends here.`;
  return error instanceof Error ? error.message : String(error);
}

/** See the head of the file. */
export class Core {
  #module: WebAssembly.Module;
  #library: Library;
  /** After the interpreter's start, before any program. */
  #booted: Copy | null = null;
  #ahead: Instance | null = null;
  #looking: Instance | null = null;
  #copies: Copy[] = [];
  #codes: RawCode[] = [];
  #source = new Source("");
  #foreign = new Map<string, number>();
  #foreignCodes: MachineCode[] = [];
  #ids = new Map<number, number>();
  #states = new Map<number, FoundState>();
  #limit = MEMORY_LIMIT;
  #steps = 0;
  #end: { kind: RunReport["kind"]; message: string } | null = null;
  /** Whether `#ahead` stands at `#steps` and can go on. */
  #live = false;
  /** How long the program has run, in milliseconds. */
  #time = 0;
  /** How long the last copy took to make, in milliseconds: large memories are copied seldom. */
  #copying = 0;
  /** Steps between looks at the clock. */
  #stride = STRIDE;
  #used = 0;

  constructor(module: WebAssembly.Module, library: Library) {
    this.#module = module;
    this.#library = library;
  }

  #boot(): Copy {
    if (this.#booted) return this.#booted;
    const instance = new Instance(this.#module, this.#library);
    let errors = "";
    instance.onOutput = (text) => void (errors += text);
    const [at, length] = instance.give(encoder.encode(this.#library.index));
    if (instance.call(() => instance.exports.boot(at, length)) !== 0) throw new Error(`The machine could not be started. ${errors}`);
    this.#booted = instance.copy(0, 0, undefined);
    this.#booted.outputLength = 0;
    this.#ahead = instance;
    return this.#booted;
  }

  /** Compiles a program; what stands in its way, or null. */
  load(source: string, options: MachineOptions, stdin: string): { codes: MachineCode[]; error: string | null } {
    const booted = this.#boot();
    // Memory does not shrink: what an earlier program made large is not kept.
    if ((this.#ahead?.exports.memory.buffer.byteLength ?? 0) > LARGE) this.#ahead = null;
    if ((this.#looking?.exports.memory.buffer.byteLength ?? 0) > LARGE) this.#looking = null;
    const ahead = (this.#ahead ??= new Instance(this.#module, this.#library));
    ahead.restore(booted);
    ahead.input = encoder.encode(stdin.length > 0 && !stdin.endsWith("\n") ? `${stdin}\n` : stdin);
    this.#limit = options.memoryLimit ?? MEMORY_LIMIT;
    this.#copies = [];
    this.#states.clear();
    this.#ids.clear();
    this.#foreign.clear();
    this.#foreignCodes = [];
    this.#codes = [];
    this.#steps = 0;
    this.#time = 0;
    this.#stride = STRIDE;
    this.#end = null;
    this.#outputAtEnd = 0;
    this.#source = new Source(source);
    let errors = "";
    ahead.onOutput = (text) => void (errors += text);
    const text = ahead.give(encoder.encode(source));
    const name = ahead.give(encoder.encode(options.filename));
    const status = ahead.call(() => ahead.exports.load(...text, ...name, options.optimize));
    if (status !== 0) return { codes: [], error: errors || ahead.answers[0] || "The program could not be compiled." };
    ahead.outputLength = 0;
    this.#copies = [ahead.copy(0, 0, booted)];
    ahead.call(() => ahead.exports.codes());
    this.#codes = JSON.parse(ahead.answers[0] ?? "[]") as RawCode[];
    // Asking has changed the memory.
    this.#live = false;
    this.#account();
    return { codes: this.#codes.map((code) => this.#describe(code)), error: null };
  }

  #describe(code: RawCode): MachineCode {
    return {
      ...code,
      instructions: code.instructions.map(([offset, opname, arg, target, line, endLine, column, endColumn]) => ({
        offset,
        opname,
        arg: arg < 0 ? null : arg,
        argrepr: "",
        line: line < 0 ? null : line,
        span: this.#source.span(line, endLine, column, endColumn),
        target: target < 0 ? null : target,
      })),
    };
  }

  /** Code objects by number: those of the library have numbers of their own. */
  codes(ids: readonly number[]): MachineCode[] {
    return ids.map((id) => {
      const own = this.#codes[id];
      if (own) return this.#describe(own);
      const foreign = this.#foreignCodes.find((code) => code.id === id);
      return foreign ?? { id, name: "?", qualname: "?", filename: "?", firstline: 0, own: false, instructions: [], exceptionTable: [] };
    });
  }

  /** Runs at most about `limit` steps on from the end of the record. */
  run(limit: number): RunReport {
    const firstStep = this.#steps;
    const rows: Int32Array[] = [];
    const output: RunReport["output"] = [];
    if (!this.#end) this.#run(limit, rows, output);
    this.#account();
    return {
      steps: this.#steps,
      done: this.#end !== null,
      message: this.#end?.message ?? "",
      kind: this.#end?.kind ?? "running",
      firstStep,
      timeline: this.#timeline(rows),
      output,
      memory: { used: this.#used, limit: this.#limit },
    };
  }

  #run(limit: number, rows: Int32Array[], output: RunReport["output"]): void {
    const ahead = this.#ahead;
    const newest = this.#copies.at(-1);
    if (!ahead || !newest) throw new Error("no program");
    let skip = 0;
    const shown = { length: 0, seen: 0 };
    if (!this.#live) {
      // Back to the newest copy, and over what is recorded already.
      ahead.restore(newest);
      skip = this.#steps - newest.step;
      shown.seen = this.#outputAtEnd - newest.outputLength;
    }
    ahead.onOutput = (text, stream) => {
      shown.length += text.length;
      const fresh = shown.length - shown.seen;
      if (fresh <= 0) return;
      const part = text.slice(Math.max(0, text.length - fresh));
      const last = output.at(-1);
      if (last?.stream === stream) last.text += part;
      else output.push({ text: part, stream });
    };
    let told = 0;
    ahead.onRows = (part) => {
      const steps = part.length / 3;
      const from = Math.min(Math.max(skip - told, 0), steps);
      if (from < steps) rows.push(part.subarray(3 * from));
      told += steps;
    };
    const wanted = this.#steps + Math.max(1, limit);
    let result: number | Leave | string;
    do {
      const begun = performance.now();
      const pause = Math.min(wanted, this.#steps + this.#stride);
      try {
        result = ahead.call(() => ahead.exports.run(pause + GRACE, pause, 1, 0));
      } catch (error) {
        ahead.exports.__stack_pointer.value = ahead.stack;
        result = inWords(error);
      }
      this.#live = typeof result === "number";
      this.#steps = ahead.exports.position();
      this.#clock(performance.now() - begun);
      if (result === 0) this.#keep(ahead, this.#steps >= wanted);
    } while (result === 0 && this.#steps < wanted);
    this.#outputAtEnd = ahead.outputLength;
    if (result === 0) return;
    if (result === 1) {
      this.#end = { kind: "finished", message: "" };
    } else if (result === 2) {
      const answer = ahead.answers[0] ?? "";
      const exit = answer === "SystemExit" || answer.startsWith("SystemExit:");
      this.#end = { kind: exit ? "finished" : "exception", message: answer };
    } else if (typeof result === "string" || (result instanceof Leave && result.reason !== "reached")) {
      // It was left within an instruction. The record ends before that: its state is the last one there is.
      ahead.exports.tell_rest();
      const last = rows.pop();
      if (last && last.length > 3) rows.push(last.subarray(0, last.length - 3));
      this.#steps = Math.max(0, this.#steps - 1);
      if (typeof result === "string") this.#end = { kind: "limit", message: result };
      else if (result.reason === "input") this.#end = { kind: "input", message: "The program waits for input." };
      else this.#end = { kind: "limit", message: `The program has written more than ${MOST_OUTPUT >> 20} million characters.` };
    }
  }

  #outputAtEnd = 0;

  /** Adds to the time, and sees to it that the clock is looked at neither too often nor too seldom. */
  #clock(took: number): void {
    this.#time += took;
    if (took < APART / 4) this.#stride = Math.min(50_000, 2 * this.#stride);
    else if (took > APART) this.#stride = Math.max(STRIDE, this.#stride >> 1);
  }

  /** Keeps a copy of where the program stands if the one before is far enough, or if it is wanted in any case. */
  #keep(ahead: Instance, anyhow: boolean): void {
    const before = this.#copies.at(-1);
    const apart = Math.max(APART, (2 * this.#time) / COPIES, 2 * this.#copying);
    if (before && !anyhow && this.#time - before.time < apart) return;
    const begun = performance.now();
    this.#copies.push(ahead.copy(this.#steps, this.#time, before));
    this.#thin();
    this.#copying = performance.now() - begun;
  }

  #timeline(parts: Int32Array[]): RunReport["timeline"] {
    const count = parts.reduce((sum, part) => sum + part.length / 3, 0);
    const timeline = { code: new Int32Array(count), offset: new Int32Array(count), line: new Int32Array(count), depth: new Int32Array(count) };
    let i = 0;
    for (const part of parts) {
      for (let at = 0; at + 2 < part.length; at += 3, i++) {
        const code = part[at] as number;
        const offset = part[at + 1] as number;
        timeline.code[i] = code;
        timeline.offset[i] = offset;
        timeline.line[i] = this.#lineOf(code, offset);
        timeline.depth[i] = part[at + 2] as number;
      }
    }
    return timeline;
  }

  #lines: Int32Array[] = [];
  #linesFor: RawCode[] | null = null;

  #lineOf(code: number, offset: number): number {
    if (this.#linesFor !== this.#codes) {
      this.#linesFor = this.#codes;
      this.#lines = this.#codes.map((one) => {
        const last = one.instructions.at(-1)?.[0] ?? 0;
        const lines = new Int32Array(last / 2 + 1).fill(-1);
        for (const row of one.instructions) lines[row[0] / 2] = row[4];
        return lines;
      });
    }
    return this.#lines[code]?.[offset / 2] ?? -1;
  }

  /** The state before a step; behind the last one, the end. */
  seek(step: number): MachineState {
    const wanted = Math.max(0, Math.min(step, this.#steps));
    if (wanted > 0 && !this.#states.has(wanted) && !this.#states.has(wanted - 1)) this.#find(wanted - 1, wanted);
    const state = this.#raw(wanted);
    const before = wanted > 0 ? this.#raw(wanted - 1) : null;
    const cooked = this.#cook(state);
    cooked.changes = before ? changesBetween(this.#cook(before), cooked) : [];
    return cooked;
  }

  #raw(step: number): FoundState {
    if (!this.#states.has(step)) this.#find(step);
    const state = this.#states.get(step);
    if (!state) throw new Error("This state could not be found again.");
    // What was asked for last is forgotten last.
    this.#states.delete(step);
    this.#states.set(step, state);
    return state;
  }

  /** Runs from the nearest copy to a step, and on to a second one, and keeps their states. */
  #find(...steps: [number] | [number, number]): void {
    let nearest = this.#copies[0];
    for (const copy of this.#copies) if (copy.step <= steps[0]) nearest = copy;
    if (!nearest) throw new Error("no program");
    const looking = (this.#looking ??= new Instance(this.#module, this.#library));
    looking.restore(nearest);
    looking.input = this.#ahead?.input ?? new Uint8Array();
    looking.onOutput = looking.onRows = undefined;
    looking.next = steps[1];
    const result = looking.call(() => looking.exports.run(steps[0], Number.MAX_SAFE_INTEGER, 0, 1));
    const { answers, outputs } = looking;
    steps.forEach((step, index) => {
      let text = answers[index];
      let outputLength = outputs[index];
      if (outputLength === undefined) {
        // The program was over before.
        if (typeof result === "number") looking.call(() => looking.exports.state());
        text = looking.answers.at(-1);
        outputLength = looking.outputLength;
      }
      if (text?.startsWith("{")) this.#states.set(step, { ...(JSON.parse(text) as RawState), outputLength });
    });
    for (const old of this.#states.keys()) {
      if (this.#states.size <= STATES) break;
      this.#states.delete(old);
    }
  }

  /** Numbers of the module's objects are addresses; people get small ones, by first sight. */
  #id(address: number): number {
    let id = this.#ids.get(address);
    if (id === undefined) this.#ids.set(address, (id = this.#ids.size + 1));
    return id;
  }

  #value(value: ValueRef): ValueRef {
    return value.object === null ? value : { ...value, object: this.#id(value.object) };
  }

  #named(name: NamedValue): NamedValue {
    return name.value ? { ...name, value: this.#value(name.value) } : name;
  }

  #place(code: number, offset: number, line: number | null): { line: number | null; span: MachineFrame["span"] } {
    const row = this.#codes[code]?.instructions.find((one) => one[0] === offset);
    return { line, span: row ? this.#source.span(row[4], row[5], row[6], row[7]) : null };
  }

  #cook(raw: FoundState): MachineState {
    const globals = raw.globals.map((one) => this.#named(one));
    const frames = raw.frames.map((frame): MachineFrame => {
      const code = frame.code < 0 ? this.#foreignCode(frame) : frame.code;
      return {
        ...frame,
        code,
        ...this.#place(frame.code, frame.offset, frame.line),
        stack: frame.stack.map((value) => this.#value(value)),
        locals: frame.locals.map((one) => this.#named(one)),
        globals: frame.code < 0 ? [] : globals,
      };
    });
    const heap = raw.heap.map(
      (one): HeapObject => ({
        ...one,
        id: this.#id(one.id),
        references: one.references.map((r) => ({ ...r, value: this.#value(r.value) })),
        ...(one.suspended && { suspended: { name: one.suspended.name, ...this.#place(one.suspended.code, one.suspended.offset, one.suspended.line) } }),
      }),
    );
    return { step: raw.step, frames, heap, changes: [], outputLength: raw.outputLength, suspended: raw.suspended.map((id) => this.#id(id)) };
  }

  #foreignCode(frame: RawFrame): number {
    const key = `${frame.filename}\n${frame.qualname}`;
    let id = this.#foreign.get(key);
    if (id === undefined) {
      id = 1_000_000 + this.#foreign.size;
      this.#foreign.set(key, id);
      this.#foreignCodes.push({ id, name: frame.name, qualname: frame.qualname, filename: frame.filename, firstline: 0, own: false, instructions: [], exceptionTable: [] });
    }
    return id;
  }

  /** What was counted up to where the record ends. */
  counts(): Count[] {
    const ahead = this.#ahead;
    if (!ahead || this.#copies.length === 0) return [];
    // The instance may stand in the middle of an instruction; it is read all the same, and not gone on with.
    this.#live = false;
    ahead.call(() => ahead.exports.counts());
    return JSON.parse(ahead.answers[0] ?? "[]") as Count[];
  }

  /** Removes copies where they stand closest while there are too many, or they take too much. */
  #thin(): void {
    this.#account();
    while (this.#copies.length > 2 && (this.#copies.length > COPIES || this.#used > this.#limit)) {
      let least = 1;
      let distance = Infinity;
      for (let i = 1; i < this.#copies.length - 1; i++) {
        const gap = (this.#copies[i + 1] as Copy).time - (this.#copies[i - 1] as Copy).time;
        if (gap < distance) {
          distance = gap;
          least = i;
        }
      }
      this.#copies.splice(least, 1);
      this.#account();
    }
  }

  #account(): void {
    const pages = new Set<Uint8Array>();
    for (const copy of this.#copies) for (const page of copy.pages) pages.add(page);
    this.#used = pages.size * PAGE + this.#steps * 16;
  }
}
