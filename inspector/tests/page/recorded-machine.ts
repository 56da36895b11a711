// A machine that plays back a recording: what the execution panes are tested with, apart from the one that runs programs.
import type { Count, MachineCode, MachineState } from "../../src/engine/machine.ts";

export interface Recording {
  source: string;
  codes: MachineCode[];
  timeline: { code: number[]; offset: number[]; line: number[]; depth: number[] };
  states: MachineState[];
  output: string;
  counts: Count[];
}

/** Runs in the page before it begins: puts the machine where the page looks for one. */
export function installMachine(recording: Recording): void {
  const steps = recording.timeline.code.length;
  globalThis.taipanMachine = async () => {
    let done = 0;
    return {
      load: async () => ({ codes: recording.codes, error: null }),
      codes: async () => [],
      run: async (limit) => {
        const first = done;
        done = Math.min(steps, done + limit);
        const part = (all: number[]) => Int32Array.from(all.slice(first, done));
        const { code, offset, line, depth } = recording.timeline;
        return {
          steps: done,
          done: done === steps,
          message: "",
          kind: done === steps ? "finished" : "running",
          firstStep: first,
          timeline: { code: part(code), offset: part(offset), line: part(line), depth: part(depth) },
          output: first === 0 ? [{ text: recording.output, stream: "out" }] : [],
          memory: { used: steps * 32, limit: 256 << 20 },
        };
      },
      seek: async (step) => recording.states[step] as MachineState,
      stop: () => undefined,
      counts: async () => recording.counts,
      dispose: () => undefined,
    };
  };
}
