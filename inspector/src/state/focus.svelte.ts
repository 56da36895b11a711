// The code object that is looked at, by the panes that show one at a time; it follows the selection.
import { untrack } from "svelte";
import { toSpan } from "../engine/rows.ts";
import type { Span } from "../linking.ts";
import { selection } from "./selection.svelte.ts";
import { stages } from "./stages.svelte.ts";

class Focus {
  /** Its id: an index among the code objects, which is that of its unit too. */
  code = $state(0);

  /** The innermost code object that a range belongs to. */
  holding(span: Span): number | null {
    let best: number | null = null;
    let width = Infinity;
    stages.get("code")?.codes.forEach((code, id) => {
      const its = toSpan(code.span);
      if (its && its.from <= span.from && span.to <= its.to && its.to - its.from < width) {
        best = id;
        width = its.to - its.from;
      }
    });
    return best;
  }
}

export const focus = new Focus();

/** Lets the focus follow what is chosen elsewhere. To be called while a component is set up. */
export function followFocus(pane: string): void {
  $effect(() => {
    void selection.choices;
    const first = untrack(() => selection.chosen[0]);
    if (!first || untrack(() => selection.origin) === pane) return;
    const id = untrack(() => focus.holding(first));
    if (id !== null) focus.code = id;
  });
  $effect(() => {
    const count = stages.get("code")?.codes.length ?? stages.get("units")?.units.length ?? 0;
    if (count > 0 && focus.code >= count) focus.code = 0;
  });
}
