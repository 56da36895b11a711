// The run of the program: recorded once, looked at step by step in both directions.
import { untrack } from "svelte";
import { analyse, type Request } from "../engine/client.ts";
import type { Count, Machine, MachineCode, MachineFrame, MachineState, RunReport, Timeline } from "../engine/machine.ts";
import { cell } from "../engine/rows.ts";
import { LONGEST_SOURCE, tooLong } from "../engine/static.ts";
import { InstructionRow } from "../engine/types.ts";
import { backwards, forwards, type Move, type Way } from "../exec/steps.ts";
import type { Span } from "../linking.ts";
import { layout } from "./layout.svelte.ts";
import { program } from "./program.svelte.ts";
import { kept, keep } from "./settings.svelte.ts";

/** Timelines put together: they grow in place. */
class Growing {
  #room = 1 << 14;
  #all: Timeline = this.#make();
  length = 0;

  #make(): Timeline {
    return { code: new Int32Array(this.#room), offset: new Int32Array(this.#room), line: new Int32Array(this.#room), depth: new Int32Array(this.#room) };
  }

  append(part: Timeline): void {
    const needed = this.length + part.code.length;
    if (needed > this.#room) {
      while (this.#room < needed) this.#room *= 2;
      const old = this.#all;
      this.#all = this.#make();
      for (const key of ["code", "offset", "line", "depth"] as const) this.#all[key].set(old[key].subarray(0, this.length));
    }
    for (const key of ["code", "offset", "line", "depth"] as const) this.#all[key].set(part[key], this.length);
    this.length = needed;
  }

  code(step: number): number {
    return this.#all.code[step] ?? -1;
  }
  offset(step: number): number {
    return this.#all.offset[step] ?? -1;
  }
  line(step: number): number {
    return this.#all.line[step] ?? -1;
  }
  depth(step: number): number {
    return this.#all.depth[step] ?? -1;
  }
}

/** Output in as few pieces as its streams allow. */
function joined(pieces: readonly { text: string; stream: "out" | "err" }[]): { text: string; stream: "out" | "err" }[] {
  const result: { text: string; stream: "out" | "err" }[] = [];
  let texts: string[] = [];
  pieces.forEach(({ text, stream }, index) => {
    texts.push(text);
    if (pieces[index + 1]?.stream === stream) return;
    result.push({ text: texts.join(""), stream });
    texts = [];
  });
  return result;
}

export const SLICE = 50_000;
export const MOST_STEPS = 1_000_000;

type Maker = () => Promise<Machine>;
let makeMachine: Maker | null = null;

/** Plugs in the machine that runs programs. */
export function setMachine(maker: Maker): void {
  makeMachine = maker;
}

class Execution {
  status = $state<"idle" | "loading" | "running" | "ready" | "failed">("idle");
  message = $state("");
  /** How the run ended, once it has. */
  ending = $state<RunReport["kind"]>("running");
  steps = $state(0);
  step = $state(0);
  state = $state.raw<MachineState | null>(null);
  codes = $state.raw<ReadonlyMap<number, MachineCode>>(new Map());
  output = $state.raw<{ text: string; stream: "out" | "err" }[]>([]);
  memory = $state.raw({ used: 0, limit: 0 });
  counts = $state.raw<Count[] | null>(null);
  showHeat = $state(kept("heat", false));
  breakpoints = $state.raw<ReadonlySet<number>>(new Set());
  cursorLine = $state(1);
  /** The frame that is looked at, from the outermost; null: the running one. */
  lookedAt = $state<number | null>(null);
  /** What was run; a program that differs has to be run anew. */
  ran = $state.raw({ source: "", optimize: 0, stdin: "" });

  way = new Growing();
  #machine: Machine | null = null;
  #stopped = false;
  #seeking = false;
  #wanted: number | null = null;

  get available(): boolean {
    return makeMachine !== null;
  }

  get outdated(): boolean {
    return this.status !== "idle" && (this.ran.source !== program.source || this.ran.optimize !== program.optimize || this.ran.stdin !== program.stdin);
  }

  /** The frame that is looked at. */
  get frame(): MachineFrame | null {
    const frames = this.state?.frames ?? [];
    return frames[this.lookedAt ?? frames.length - 1] ?? frames.at(-1) ?? null;
  }

  /** Where the frame that is looked at stands in the program's own source. */
  get place(): { span: Span | null; line: number | null } | null {
    const frame = this.frame;
    if (!frame || this.outdated || !this.codes.get(frame.code)?.own) return null;
    return { span: frame.span, line: frame.line };
  }

  /** Line to share of the hottest one, on a logarithmic scale, while heat is wanted. */
  heat: ReadonlyMap<number, number> | null = $derived(this.showHeat && !this.outdated && this.counts ? this.#heatOf(this.counts) : null);

  #heatOf(counts: readonly Count[]): Map<number, number> {
    const lines = new Map<number, number>();
    const places = new Map([...this.codes.values()].filter((code) => code.own).map((code) => [code.id, new Map(code.instructions.map((one) => [one.offset, one.line]))]));
    for (const { code, offset, count } of counts) {
      const line = places.get(code)?.get(offset);
      if (line) lines.set(line, Math.max(lines.get(line) ?? 0, count));
    }
    const most = Math.max(1, ...lines.values());
    for (const [line, count] of lines) lines.set(line, most === 1 ? 1 : Math.log(1 + count) / Math.log(1 + most));
    return lines;
  }

  toggleBreakpoint(line: number): void {
    const next = new Set(this.breakpoints);
    if (!next.delete(line)) next.add(line);
    this.breakpoints = next;
  }

  toggleHeat(): void {
    this.showHeat = !this.showHeat;
    keep("heat", this.showHeat);
  }

  /** Compiles and records the program; what is recorded can be looked at while the rest still runs. */
  async start(): Promise<boolean> {
    layout.view = "run";
    if (!makeMachine) {
      this.status = "failed";
      this.message = "This page was built without the machine that runs programs.";
      return false;
    }
    this.stop();
    this.status = "loading";
    this.message = "";
    this.ending = "running";
    this.#stopped = false;
    this.way = new Growing();
    this.steps = this.step = 0;
    this.state = null;
    this.output = [];
    this.counts = null;
    this.lookedAt = null;
    const { source, optimize, stdin, name } = program;
    this.ran = { source, optimize, stdin };
    if (source.length > LONGEST_SOURCE) {
      this.#fail(tooLong(source));
      return false;
    }
    try {
      this.#machine?.dispose();
      const machine = (this.#machine = await makeMachine());
      const { codes, error } = await machine.load(source, { optimize, filename: name }, stdin);
      this.codes = new Map(codes.map((code) => [code.id, code]));
      void this.#explain(machine, { source, filename: name, optimize });
      if (error !== null) {
        this.status = "failed";
        this.message = error;
        return false;
      }
      this.status = "running";
      // The first slice is short, so that there is something to see at once.
      if (!(await this.#slice(machine, 2_000))) return false;
      await this.go(0);
      if (this.status === "running") void this.#record(machine);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** What operands mean is the static engine's knowledge: it is put beside the machine's instructions. */
  async #explain(machine: Machine, request: Request): Promise<void> {
    try {
      const { code } = (await analyse(request, ["code"], "run")).stages;
      if (!code || machine !== this.#machine) return;
      const meanings = new Map(code.codes.map((one) => [`${one.qualname} ${one.firstlineno}`, new Map(one.argreprs.map((text, index) => [cell(one.rows, InstructionRow, index, "offset"), text]))]));
      this.codes = new Map(
        [...this.codes].map(([id, one]) => {
          const texts = one.own ? meanings.get(`${one.qualname} ${one.firstline}`) : undefined;
          return [id, texts ? { ...one, instructions: one.instructions.map((i) => ({ ...i, argrepr: i.argrepr || (texts.get(i.offset) ?? "") })) } : one];
        }),
      );
    } catch {
      // The operands stay numbers.
    }
  }

  #fail(error: unknown): void {
    this.status = "failed";
    this.message = error instanceof Error ? error.message : String(error);
  }

  async #slice(machine: Machine, limit: number): Promise<boolean> {
    const report = await machine.run(limit);
    if (machine !== this.#machine) return false;
    this.way.append(report.timeline);
    this.steps = report.steps;
    if (report.output.length > 0) this.output = joined([...this.output, ...report.output]);
    this.memory = report.memory;
    if (report.done) {
      this.status = "ready";
      this.ending = report.kind;
      this.message = report.message;
      machine.counts().then(
        (counts) => {
          if (machine === this.#machine) this.counts = counts;
        },
        // Another program was started in the meantime.
        () => undefined,
      );
    }
    return true;
  }

  async #record(machine: Machine): Promise<void> {
    try {
      while (machine === this.#machine && this.status === "running") {
        if (this.#stopped || this.steps >= MOST_STEPS) {
          machine.stop();
          this.status = "ready";
          this.ending = this.#stopped ? "stopped" : "limit";
          this.message = this.#stopped ? `Stopped after ${this.steps.toLocaleString("en")} steps.` : `The record ends after ${MOST_STEPS.toLocaleString("en")} steps.`;
          this.counts = await machine.counts();
          return;
        }
        await this.#slice(machine, Math.min(SLICE, MOST_STEPS - this.steps));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  stop(): void {
    if (this.status !== "running") return;
    this.#stopped = true;
    this.#machine?.stop();
  }

  /** Shows the state before this step. Of many wishes in a row only the last one is fulfilled. */
  async go(step: number): Promise<void> {
    if (!this.#machine) return;
    this.step = Math.max(0, Math.min(step, this.steps));
    this.#wanted = this.step;
    if (this.#seeking) return;
    this.#seeking = true;
    try {
      while (this.#wanted !== null && this.#machine) {
        const wanted: number = this.#wanted;
        this.#wanted = null;
        const state = await this.#machine.seek(wanted);
        const unknown = [...new Set(state.frames.map((frame) => frame.code))].filter((id) => !this.codes.has(id));
        if (unknown.length > 0) this.codes = new Map([...this.codes, ...(await this.#machine.codes(unknown)).map((code) => [code.id, code] as const)]);
        untrack(() => {
          this.lookedAt = null;
          this.state = state;
        });
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#seeking = false;
    }
  }

  get #stops() {
    return { breakpoints: this.breakpoints, cursorLine: this.cursorLine, own: (code: number) => this.codes.get(code)?.own ?? false };
  }

  async #prepared(): Promise<boolean> {
    layout.view = "run";
    if (this.status === "idle" || this.status === "failed" || this.outdated) return this.start();
    return true;
  }

  async forward(move: Move): Promise<void> {
    const fresh = this.status === "idle" || this.outdated || this.status === "failed";
    if (!(await this.#prepared())) return;
    if (fresh && move !== "breakpoint" && move !== "end" && move !== "cursor") return;
    let to = forwards(this.way as Way, this.step, move, this.#stops);
    // The record may not reach that far yet.
    while (to >= this.way.length && this.status === "running") {
      await new Promise((resolve) => setTimeout(resolve, 20));
      to = forwards(this.way as Way, this.step, move, this.#stops);
    }
    await this.go(to);
  }

  async backward(move: Move): Promise<void> {
    if (this.status === "idle" || this.status === "failed") return;
    await this.go(backwards(this.way as Way, this.step, move, this.#stops));
  }
}

export const execution = new Execution();
