// The stages of the program as open panes want them: computed anew when the program changes, and only while somebody looks.
import { untrack } from "svelte";
import { analyse, isSuperseded, type StageKey, type StageMap } from "../engine/client.ts";
import type { Overview, Problem } from "../engine/types.ts";
import { program } from "./program.svelte.ts";

class Stages {
  overview = $state.raw<Overview | null>(null);
  /** What the engine itself has to say when it cannot answer. */
  failure = $state("");
  /** The newest text that `overview` speaks of. */
  source = $state.raw("");
  /** Milliseconds from the change to the answer. */
  took = $state(0);
  busy = $state(false);

  #results = $state.raw<StageMap>({});
  /** Stages whose result is that of an earlier text, because the present one does not reach them. */
  #stale = $state.raw<ReadonlySet<StageKey>>(new Set());
  #wanted = new Map<StageKey, number>();
  #running = false;
  #again = false;
  #asked = new Set<StageKey>();
  #waiting = false;

  get<K extends StageKey>(key: K): StageMap[K] | undefined {
    return this.#results[key];
  }

  isStale(key: StageKey): boolean {
    return this.#stale.has(key);
  }

  get problem(): Problem | null {
    return this.overview?.error ?? null;
  }

  /** Says that a pane looks at a stage; the answer is for when it no longer does. */
  need(...keys: StageKey[]): () => void {
    return untrack(() => {
      let missing = false;
      for (const key of keys) {
        const count = this.#wanted.get(key) ?? 0;
        this.#wanted.set(key, count + 1);
        if (!this.#asked.has(key)) missing = true;
      }
      if (missing) this.refresh();
      return () => {
        for (const key of keys) {
          const count = (this.#wanted.get(key) ?? 1) - 1;
          if (count > 0) this.#wanted.set(key, count);
          else {
            this.#wanted.delete(key);
            this.#asked.delete(key);
          }
        }
      };
    });
  }

  /** Asks for everything that is wanted, of the present text. Calls of one moment become one question. */
  refresh(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.busy = true;
    do {
      this.#again = false;
      const begun = performance.now();
      const source = program.source;
      const keys = [...this.#wanted.keys()];
      this.#asked = new Set(keys);
      try {
        const { overview, stages } = await analyse({ source, filename: program.name, optimize: program.optimize }, keys);
        if (this.#again && program.source !== source) continue;
        const results: StageMap = { ...this.#results };
        const stale = new Set<StageKey>();
        for (const key of keys) {
          if (stages[key] !== undefined && stages[key] !== null) Object.assign(results, { [key]: stages[key] });
          else stale.add(key);
        }
        for (const key of Object.keys(results) as StageKey[]) if (!keys.includes(key)) delete results[key];
        this.failure = "";
        this.source = source;
        this.overview = overview;
        this.#results = results;
        this.#stale = stale;
        this.took = performance.now() - begun;
      } catch (error) {
        if (!isSuperseded(error)) {
          this.failure = error instanceof Error ? error.message : String(error);
          this.#asked.clear();
        }
      }
    } while (this.#again);
    this.#running = false;
    this.busy = false;
  }
}

export const stages = new Stages();
