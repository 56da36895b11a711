// Panes follow the selection: when something is chosen elsewhere, the nearest lit row comes into sight.
import { untrack } from "svelte";
import type { ListHandle } from "../parts/VirtualList.svelte";
import { selection } from "../state/selection.svelte.ts";

/** Scrolls a list to `where()` on each choice that was not made in `pane` itself. To be called while a component is set up. */
export function follow(pane: string, where: () => number | null, list: () => ListHandle | undefined): void {
  $effect(() => {
    void selection.choices;
    if (untrack(() => selection.origin) === pane || selection.chosen.length === 0) return;
    const handle = list();
    const index = untrack(where);
    if (index !== null && handle) untrack(() => handle.scrollTo(index, "center"));
  });
}
