// The two sides of a comparison: they stay as they are when the reader looks elsewhere in between.
import type { TextKind } from "../engine/types.ts";
import type { Optimize } from "../state/program.svelte.ts";

export interface Side {
  /** `now`, `edit`, or an entry of the gallery or the history. */
  origin: string;
  /** The text of its own, for `edit`. */
  text: string;
  optimize: Optimize;
  stage: "source" | TextKind;
}

export const sides = $state<[Side, Side]>([
  { origin: "now", text: "", optimize: 0, stage: "dis" },
  { origin: "now", text: "", optimize: 2, stage: "dis" },
]);
