// The address that holds program and view, and what came in with the address.
import { copyText } from "../util/files.ts";
import { fromFragment, toFragment, type Shared } from "../util/share.ts";
import { layout, PANES, type PaneId, type View } from "./layout.svelte.ts";
import { program } from "./program.svelte.ts";
import { ui } from "./ui.svelte.ts";

function present(): Shared {
  return {
    source: program.source,
    name: program.name,
    optimize: program.optimize,
    view: layout.view,
    panes: layout.panes.filter((id) => layout.isShown(id)),
    ...(program.stdin ? { stdin: program.stdin } : {}),
  };
}

/** Puts program and view into the address bar and the clipboard. */
export async function shareAddress(): Promise<void> {
  const fragment = await toFragment(present());
  history.replaceState(null, "", fragment);
  const copied = await copyText(location.href);
  ui.say(copied ? "Address copied: it holds the program and this view." : "The address bar now holds the program and this view.");
}

/** Takes over what a fragment holds; says whether there was something. */
export async function takeAddress(fragment: string): Promise<boolean> {
  const shared = await fromFragment(fragment);
  if (!shared) return false;
  program.optimize = shared.optimize === 1 || shared.optimize === 2 ? shared.optimize : 0;
  program.stdin = typeof shared.stdin === "string" ? shared.stdin : "";
  program.open(shared.source, shared.name ?? "shared.py");
  const views: readonly string[] = ["stages", "run", "compare"];
  if (shared.view && views.includes(shared.view)) layout.view = shared.view as View;
  if (layout.view !== "compare" && Array.isArray(shared.panes)) for (const id of shared.panes) if (id in PANES && layout.panes.includes(id as PaneId)) layout.show(id as PaneId);
  return true;
}
