// The worker in which the static engine runs: it owns the instance of the WebAssembly module (crates/wasm) and answers the
// requests of static.ts one by one. A trap is reported; static.ts throws the worker away then.

import type { Options } from "./types.ts";

/** What static.ts sends. */
export type Message =
  | { type: "module"; module: WebAssembly.Module }
  | { type: "open"; id: number; program: number; source: string; options: Options }
  | { type: "stage"; id: number; program: number; what: number }
  | { type: "text"; id: number; program: number; kind: number }
  | { type: "close"; program: number };

/** What comes back: JSON, or what went wrong. */
export type Reply = { id: number; json: string } | { id: number; crash: string };

interface Exports {
  memory: WebAssembly.Memory;
  input(length: number): number;
  output(): number;
  output_length(): number;
  open(nameLength: number, mode: number, optimize: number, mtime: number, stack: number): number;
  close(program: number): void;
  stage(program: number, what: number): void;
  text(program: number, kind: number): void;
}

/** How much of its own stack the module may use, in bytes: what browsers' stacks for workers are enough for. */
const STACK = 420 << 10;
const MODES = { exec: 0, single: 1, eval: 2 } as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let instance: Promise<Exports> | undefined;
/** The programs by the numbers that static.ts gave them. */
const programs = new Map<number, number>();

async function exports(): Promise<Exports> {
  if (!instance) throw new Error("the engine has not been loaded");
  return instance;
}

function output(engine: Exports): string {
  // Lengths are signed where WebAssembly hands them out.
  const start = engine.output() >>> 0;
  return decoder.decode(new Uint8Array(engine.memory.buffer, start, engine.output_length() >>> 0));
}

function open(engine: Exports, source: string, options: Options): number {
  const name = encoder.encode(options.filename);
  const text = encoder.encode(source);
  const start = engine.input(name.length + text.length) >>> 0;
  const room = new Uint8Array(engine.memory.buffer, start, name.length + text.length);
  room.set(name);
  room.set(text, name.length);
  return engine.open(name.length, MODES[options.mode], options.optimize, options.mtime, STACK);
}

async function answer(message: Message): Promise<string | null> {
  if (message.type === "module") {
    instance = WebAssembly.instantiate(message.module, {}).then((made) => made.exports as unknown as Exports);
    return null;
  }
  const engine = await exports();
  switch (message.type) {
    case "open":
      programs.set(message.program, open(engine, message.source, message.options));
      return output(engine);
    case "stage":
      engine.stage(programs.get(message.program) ?? -1, message.what);
      return output(engine);
    case "text":
      engine.text(programs.get(message.program) ?? -1, message.kind);
      return output(engine);
    case "close": {
      const number = programs.get(message.program);
      if (number !== undefined) engine.close(number);
      programs.delete(message.program);
      return null;
    }
  }
}

/** What a trap means, in words. */
function inWords(error: unknown): string {
  if (error instanceof RangeError) return "The program is nested too deeply for the engine's stack.";
  if (error instanceof WebAssembly.RuntimeError && /memory|unreachable/.test(error.message))
    return "The engine ran out of memory, or met a fault of its own.";
  return error instanceof Error ? error.message : String(error);
}

self.addEventListener("message", async (event: MessageEvent<Message>) => {
  const message = event.data;
  const id = "id" in message ? message.id : -1;
  try {
    const json = await answer(message);
    if (json !== null) self.postMessage({ id, json } satisfies Reply);
  } catch (error) {
    self.postMessage({ id, crash: inWords(error) } satisfies Reply);
  }
});
