/// <reference types="vite/client" />
// The machine as the page has it: its module runs in a worker. A worker that does not answer in time after it was asked to
// stop (one instruction can take for ever) is thrown away; the next one runs the program again up to where the record is.

import MachineWorker from "./machine.worker.ts?worker&inline";
import wasmUrl from "./machine.wasm?url";
import type { Message, Reply } from "./machine.worker.ts";
import type { Count, Machine, MachineCode, MachineOptions, MachineState, RunReport } from "./machine.ts";

/** The id of the element that holds the module in base64, in pages that consist of one file. */
const EMBEDDED = "taipan-machine-engine";
/** The id of the element that holds the library there, compressed (build/single-file.ts). */
const LIBRARY = "taipan-library";
/** How long a slice may take before its worker is given up, in milliseconds. */
const LONGEST_SLICE = 10_000;
/** How long it may take once the user wants it to stop. */
const PATIENCE = 700;

type Sent = Message extends infer One ? (One extends { id: number } ? Omit<One, "id"> : never) : never;

/** What an element of the page holds in base64. */
function embedded(id: string): Uint8Array<ArrayBuffer> | null {
  const text = document.getElementById(id)?.textContent;
  return text ? Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0)) : null;
}

async function compile(): Promise<WebAssembly.Module> {
  const module = embedded(EMBEDDED);
  if (module) return WebAssembly.compile(module);
  const response = await fetch(wasmUrl);
  if (!response.ok) throw new Error(`The machine could not be loaded: ${response.status} ${response.statusText}`);
  // Servers that do not know the type of .wasm files are common.
  if (response.headers.get("content-type")?.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** What every start of the interpreter reads: it is in the page, so that a page of one file needs no others. */
const FIRST: Record<string, string> = import.meta.glob("../../public/lib/encodings/{__init__,aliases,utf_8}.py", { query: "?raw", import: "default", eager: true });

function firstFiles(): Record<string, Uint8Array> {
  const encoder = new TextEncoder();
  return Object.fromEntries(Object.entries(FIRST).map(([path, text]) => [path.slice(path.indexOf("lib/") + 4), encoder.encode(text)]));
}

async function libraryIndex(address: string, first: Record<string, Uint8Array>): Promise<string> {
  try {
    const response = await fetch(new URL("index.txt", address));
    const text = response.ok ? await response.text() : "";
    // Some servers answer everything with their page.
    if (/^\S+ \d+\n/.test(text)) return text;
  } catch {
    // What is in the page is all there is then.
  }
  return Object.entries(first)
    .map(([name, bytes]) => `${name} ${bytes.length}\n`)
    .join("");
}

/** The library that a page of one file carries. */
async function carriedLibrary(): Promise<{ index: string; first: Record<string, Uint8Array> } | null> {
  const packed = embedded(LIBRARY);
  if (!packed) return null;
  const all = new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  const end = all.findIndex((byte, i) => byte === 10 && all[i + 1] === 10) + 1;
  const index = new TextDecoder().decode(all.subarray(0, end));
  const first: Record<string, Uint8Array> = {};
  let at = end + 1;
  for (const line of index.trim().split("\n")) {
    const blank = line.lastIndexOf(" ");
    const size = Number(line.slice(blank + 1));
    first[line.slice(0, blank)] = all.slice(at, at + size);
    at += size;
  }
  return { index, first };
}

interface Parts {
  module: WebAssembly.Module;
  library: string;
  index: string;
  first: Record<string, Uint8Array>;
}

let parts: Promise<Parts> | undefined;

/** Module and index are loaded once for the page, when a program is first to run. */
function load(): Promise<Parts> {
  const library = new URL("lib/", document.baseURI).href;
  parts ??= (async () => {
    const [module, carried] = await Promise.all([compile(), carriedLibrary()]);
    if (carried) return { module, library, ...carried };
    const first = firstFiles();
    return { module, library, index: await libraryIndex(library, first), first };
  })();
  parts.catch(() => (parts = undefined));
  return parts;
}

class Client implements Machine {
  #parts: Parts;
  #worker: Worker | null = null;
  #next = 1;
  #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #program: { source: string; options: MachineOptions; stdin: string } | null = null;
  #steps = 0;
  #slice: { timer: ReturnType<typeof setTimeout>; resolve: (report: RunReport) => void } | null = null;
  #over: RunReport | null = null;

  constructor(all: Parts) {
    this.#parts = all;
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new MachineWorker();
    worker.postMessage({ type: "module", ...this.#parts } satisfies Message);
    worker.addEventListener("message", (event: MessageEvent<Reply>) => {
      const reply = event.data;
      const one = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) one?.reject(new Error(reply.error));
      else one?.resolve(reply.value as never);
    });
    worker.addEventListener("error", (event) => this.#fail(event.message || "The machine's worker failed."));
    this.#worker = worker;
    return worker;
  }

  #fail(words: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const one of this.#waiting.values()) one.reject(new Error(words));
    this.#waiting.clear();
  }

  #ask<T>(message: Sent): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject });
      this.#start().postMessage({ ...message, id });
    });
  }

  load(source: string, options: MachineOptions, stdin: string): Promise<{ codes: MachineCode[]; error: string | null }> {
    this.#program = { source, options, stdin };
    this.#steps = 0;
    this.#over = null;
    return this.#ask({ type: "load", source, options, stdin });
  }

  codes(ids: number[]): Promise<MachineCode[]> {
    return this.#ask({ type: "codes", ids });
  }

  async run(limit: number): Promise<RunReport> {
    if (this.#over) return { ...this.#over, firstStep: this.#steps, timeline: empty(), output: [] };
    const report = await new Promise<RunReport>((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp("limit", `One instruction took longer than ${LONGEST_SLICE / 1000} seconds.`), LONGEST_SLICE);
      this.#slice = { timer, resolve };
      this.#ask<RunReport>({ type: "run", limit }).then(resolve, reject);
    }).finally(() => {
      if (this.#slice) clearTimeout(this.#slice.timer);
      this.#slice = null;
    });
    this.#steps = report.steps;
    return report;
  }

  /** Ends a slice that does not end by itself: its worker goes, and another one is brought to where the record ends. */
  #giveUp(kind: RunReport["kind"], message: string): void {
    const slice = this.#slice;
    if (!slice) return;
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting.clear();
    this.#over = { steps: this.#steps, done: true, message, kind, firstStep: this.#steps, timeline: empty(), output: [], memory: { used: 0, limit: 0 } };
    if (this.#program) {
      const { source, options, stdin } = this.#program;
      void this.#ask({ type: "load", source, options, stdin }).catch(() => undefined);
      if (this.#steps > 0) void this.#ask({ type: "run", limit: this.#steps }).catch(() => undefined);
    }
    slice.resolve(this.#over);
  }

  seek(step: number): Promise<MachineState> {
    return this.#ask({ type: "seek", step });
  }

  stop(): void {
    const slice = this.#slice;
    if (!slice) return;
    clearTimeout(slice.timer);
    slice.timer = setTimeout(() => this.#giveUp("stopped", "Stopped in the middle of an instruction."), PATIENCE);
  }

  counts(): Promise<Count[]> {
    return this.#ask({ type: "counts" });
  }

  dispose(): void {
    this.#fail("The program was closed.");
  }
}

function empty(): RunReport["timeline"] {
  return { code: new Int32Array(), offset: new Int32Array(), line: new Int32Array(), depth: new Int32Array() };
}

/** A machine without a program. */
export async function makeMachine(): Promise<Machine> {
  return new Client(await load());
}
