// Programs of before, the newest first; kept in this browser, at most forty and a megabyte of them.
import { keep, kept } from "./settings.svelte.ts";

export interface Entry {
  name: string;
  source: string;
  /** Milliseconds since 1970. */
  when: number;
}

class ProgramHistory {
  entries = $state.raw<Entry[]>(kept<Entry[]>("history", []).filter((entry) => typeof entry?.source === "string"));

  /** Remembers a program; the same text moves to the front. */
  remember(name: string, source: string): void {
    if (source.trim() === "" || source.length > 200_000) return;
    let size = 0;
    this.entries = [{ name, source, when: Date.now() }, ...this.entries.filter((entry) => entry.source !== source)]
      .slice(0, 40)
      .filter((entry) => (size += entry.source.length) < 1_000_000);
    keep("history", this.entries);
  }

  forget(): void {
    this.entries = [];
    keep("history", []);
  }
}

export const programHistory = new ProgramHistory();
