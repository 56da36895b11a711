/// <reference types="vite/client" />
// The static engine: tokens, trees, scopes, compiler, code and .pyc of programs, made in a worker by the WebAssembly module
// that `cargo xtask inspector` builds. Requests are answered one at a time; those of an older version of a program that
// have not begun are given up. When the module traps or takes too long, its worker is replaced, and programs are opened
// again when they are asked for next.

import StaticWorker from "./static.worker.ts?worker&inline";
import wasmUrl from "./static.wasm?url";
import type { Message, Reply } from "./static.worker.ts";
import type {
  Codes,
  Listing,
  Options,
  Overview,
  Pyc,
  Scopes,
  TextKind,
  Tokens,
  Tree,
  TreeText,
  Units,
} from "./types.ts";

/** What can be asked of a program, with what comes back. */
export interface Stages {
  tokens: Tokens;
  tree: Tree;
  treeText: TreeText;
  optimized: Tree;
  optimizedText: TreeText;
  scopes: Scopes;
  units: Units;
  code: Codes;
  listing: Listing;
  listingCaches: Listing;
  pyc: Pyc;
}

/** The numbers by which the module knows them. */
const STAGES: readonly (keyof Stages)[] = [
  "tokens",
  "tree",
  "treeText",
  "optimized",
  "optimizedText",
  "scopes",
  "units",
  "code",
  "listing",
  "listingCaches",
  "pyc",
];
const TEXTS: readonly TextKind[] = [
  "tokens",
  "ast",
  "astOptimized",
  "scopes",
  "units",
  "dis",
  "disCaches",
  "pyc",
];

/** Longer sources, in UTF-16 code units, are not looked at. */
export const LONGEST_SOURCE = 1 << 20;
/** How long a request may take, in milliseconds. */
export const DEADLINE = 5000;

/** Why there is no answer. */
export type Failure =
  /** The module trapped. */
  | "crash"
  /** The request took too long. */
  | "timeout"
  /** The source is longer than LONGEST_SOURCE. */
  | "too-large"
  /** A newer version of the program is asked for, or the program was closed. */
  | "superseded"
  /** The module could not be loaded. */
  | "load";

export class EngineError extends Error {
  constructor(
    readonly failure: Failure,
    message: string,
  ) {
    super(message);
    this.name = "EngineError";
  }
}

/** What there is to say of a source that is longer than LONGEST_SOURCE. */
export function tooLong(source: string): EngineError {
  const count = (n: number) => n.toLocaleString("en");
  return new EngineError("too-large", `The source has ${count(source.length)} characters; up to ${count(LONGEST_SOURCE)} are looked at.`);
}

/** The id of the element that holds the module in base64, in pages that consist of one file. */
export const EMBEDDED = "taipan-static-engine";

/** The module, from the page itself or from its place beside it. */
export async function loadModule(): Promise<WebAssembly.Module> {
  const embedded = document.getElementById(EMBEDDED)?.textContent;
  try {
    if (embedded) {
      const bytes = Uint8Array.from(atob(embedded.trim()), (c) => c.charCodeAt(0));
      return await WebAssembly.compile(bytes);
    }
    const response = await fetch(wasmUrl);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    // Servers that do not know the type of .wasm files are common.
    if (response.headers.get("content-type")?.startsWith("application/wasm"))
      return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new EngineError("load", `The engine could not be loaded: ${words}`);
  }
}

type Work = Extract<Message, { id: number }>;

interface Job {
  program: Program;
  /** The message, once a worker is there that knows the program. */
  message: (id: number) => Work;
  resolve: (json: string) => void;
  reject: (error: EngineError) => void;
}

/** A program that has been opened. */
export class Program {
  /** Made by StaticEngine. */
  constructor(
    private readonly engine: StaticEngine,
    readonly number: number,
    readonly channel: string,
    readonly source: string,
    readonly options: Options,
  ) {}

  /** The worker that it was opened in. */
  generation = -1;
  closed = false;
  /** What is known of the whole: error, warnings, the stages that are there. */
  overview!: Overview;

  /** The data of a stage; null if the program does not come so far. */
  async stage<K extends keyof Stages>(key: K): Promise<Stages[K] | null> {
    const what = STAGES.indexOf(key);
    const json = await this.engine.ask(this, (id) => ({ type: "stage", id, program: this.number, what }));
    return JSON.parse(json) as Stages[K] | null;
  }

  /** A stage as text; null if the program does not come so far. */
  async text(text: TextKind): Promise<string | null> {
    const kind = TEXTS.indexOf(text);
    const json = await this.engine.ask(this, (id) => ({ type: "text", id, program: this.number, kind }));
    return JSON.parse(json) as string | null;
  }

  /** Lets the engine forget the program. */
  close(): void {
    this.engine.close(this);
  }
}

export class StaticEngine {
  private worker: Worker | null = null;
  private generation = 0;
  private readonly queue: Job[] = [];
  private running: { id: number; job: Job; timer: ReturnType<typeof setTimeout> } | null = null;
  private lastId = 0;
  private lastProgram = 0;
  private readonly module: Promise<WebAssembly.Module>;

  constructor(module: Promise<WebAssembly.Module> = loadModule()) {
    this.module = module;
    // Whoever asks first hears of a failure.
    this.module.catch(() => {});
  }

  /**
   * Opens a program. What was asked of older programs of the same channel, and has not begun, is given up; they are
   * closed when this one is there.
   */
  async open(source: string, options: Partial<Options> = {}, channel = "main"): Promise<Program> {
    if (source.length > LONGEST_SOURCE) {
      throw tooLong(source);
    }
    const all: Options = { optimize: 0, mode: "exec", filename: "<string>", mtime: 0, ...options };
    const program = new Program(this, ++this.lastProgram, channel, source, all);
    for (const job of [...this.queue]) {
      if (job.program.channel === channel) this.giveUp(job);
    }
    program.overview = JSON.parse(await this.ask(program, null)) as Overview;
    return program;
  }

  /** Ends the worker; the engine can be used again. */
  stop(): void {
    this.replace(new EngineError("superseded", "The engine was stopped."));
  }

  /** For Program: sends a message when it is its turn; null only opens the program. */
  ask(program: Program, message: ((id: number) => Work) | null): Promise<string> {
    if (program.closed) return Promise.reject(new EngineError("superseded", "The program was closed."));
    return new Promise((resolve, reject) => {
      const opens = (id: number): Work => ({
        type: "open",
        id,
        program: program.number,
        source: program.source,
        options: program.options,
      });
      this.queue.push({ program, message: message ?? opens, resolve, reject });
      void this.next();
    });
  }

  /** For Program. */
  close(program: Program): void {
    if (program.closed) return;
    program.closed = true;
    for (const job of [...this.queue]) {
      if (job.program === program) this.giveUp(job);
    }
    if (program.generation === this.generation)
      this.worker?.postMessage({ type: "close", program: program.number } satisfies Message);
  }

  private giveUp(job: Job): void {
    this.queue.splice(this.queue.indexOf(job), 1);
    job.reject(new EngineError("superseded", "A newer version of the program is looked at."));
  }

  private async next(): Promise<void> {
    if (this.running || this.queue.length === 0) return;
    let module: WebAssembly.Module;
    try {
      module = await this.module;
    } catch (error) {
      for (const job of this.queue.splice(0)) job.reject(error as EngineError);
      return;
    }
    if (this.running) return;
    const job = this.queue.shift();
    if (!job) return;
    const worker = this.worker ?? this.start(module);
    const id = ++this.lastId;
    const message = job.message(id);
    if (message.type !== "open" && job.program.generation !== this.generation) {
      // The worker is a new one: it has to learn the program first. The reply to this has no job.
      const { number: program, source, options } = job.program;
      worker.postMessage({ type: "open", id: 0, program, source, options } satisfies Message);
    }
    job.program.generation = this.generation;
    const timer = setTimeout(() => {
      this.replace(new EngineError("timeout", `The engine took longer than ${DEADLINE / 1000} seconds.`));
    }, DEADLINE);
    this.running = { id, job, timer };
    worker.postMessage(message);
  }

  private start(module: WebAssembly.Module): Worker {
    const worker = new StaticWorker();
    worker.postMessage({ type: "module", module } satisfies Message);
    worker.addEventListener("message", (event: MessageEvent<Reply>) => {
      if (worker !== this.worker) return;
      const reply = event.data;
      if ("crash" in reply) {
        this.replace(new EngineError("crash", reply.crash));
      } else if (this.running?.id === reply.id) {
        const { job, timer } = this.running;
        clearTimeout(timer);
        this.running = null;
        job.resolve(reply.json);
        void this.next();
      }
    });
    worker.addEventListener("error", (event) => {
      if (worker === this.worker) this.replace(new EngineError("crash", event.message || "The engine's worker failed."));
    });
    this.worker = worker;
    return worker;
  }

  /** Throws the worker away; what it was doing fails. */
  private replace(error: EngineError): void {
    this.worker?.terminate();
    this.worker = null;
    this.generation += 1;
    const running = this.running;
    this.running = null;
    if (running) {
      clearTimeout(running.timer);
      running.job.reject(error);
    }
    void this.next();
  }
}
