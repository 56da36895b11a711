// Everything the page can do, by name and key: what the palette lists, the help sheet prints and the keyboard runs.
import { layout, PANES, type PaneId } from "../state/layout.svelte.ts";
import { execution } from "../state/execution.svelte.ts";
import { program } from "../state/program.svelte.ts";
import { selection } from "../state/selection.svelte.ts";
import { settings } from "../state/settings.svelte.ts";
import { ui } from "../state/ui.svelte.ts";
import { shareAddress } from "../state/sharing.ts";

export interface Command {
  id: string;
  group: "Program" | "Panes" | "Execution" | "Page";
  title: string;
  /** As typed: modifiers in the order Ctrl, Alt, Shift. */
  keys?: string;
  run: () => void;
}

function nextGroup(by: 1 | -1): void {
  const groups = [...document.querySelectorAll<HTMLElement>(".group, .card")];
  if (groups.length === 0) return;
  const at = groups.findIndex((group) => group.contains(document.activeElement));
  const next = groups[(at + by + groups.length) % groups.length];
  const inner = next?.querySelector<HTMLElement>(".cm-content, [role=grid], [role=tree], [role=tabpanel] [tabindex='0']") ?? next?.querySelector<HTMLElement>("[role=tab][aria-selected=true], button");
  inner?.focus();
}

export const commands: Command[] = [
  { id: "gallery", group: "Program", title: "Open a program of the gallery", keys: "Alt+G", run: () => (ui.dialog = "gallery") },
  { id: "history", group: "Program", title: "Open a program of before", keys: "Alt+H", run: () => (ui.dialog = "history") },
  { id: "share", group: "Program", title: "Copy an address that holds program and view", keys: "Alt+S", run: () => void shareAddress() },
  { id: "export", group: "Program", title: "Export a stage as text or JSON", keys: "Alt+E", run: () => (ui.dialog = "export") },
  { id: "o0", group: "Program", title: "Compile as without -O", run: () => (program.optimize = 0) },
  { id: "o1", group: "Program", title: "Compile as with -O", run: () => (program.optimize = 1) },
  { id: "o2", group: "Program", title: "Compile as with -OO", run: () => (program.optimize = 2) },

  ...(Object.keys(PANES) as PaneId[]).map((id, index): Command => ({ id: `pane-${id}`, group: "Panes", title: `Show ${PANES[id].title}`, ...(index < 9 ? { keys: `Alt+${index + 1}` } : {}), run: () => { layout.show(id); focusPane(id); } })),
  { id: "next-pane", group: "Panes", title: "Go to the next pane", keys: "F6", run: () => nextGroup(1) },
  { id: "last-pane", group: "Panes", title: "Go to the pane before", keys: "Shift+F6", run: () => nextGroup(-1) },
  { id: "maximize", group: "Panes", title: "Let the pane fill the page, or give the room back", keys: "Alt+M", run: maximize },
  { id: "reset", group: "Panes", title: "Put the panes back in their first order", run: () => layout.reset() },
  { id: "caches", group: "Panes", title: "Show or hide inline caches in the bytecode", keys: "Alt+C", run: () => settings.toggle("caches") },
  { id: "clear", group: "Panes", title: "Let go of the selection", keys: "Escape", run: () => selection.clear() },

  { id: "run", group: "Execution", title: "Run: on to the next breakpoint or the end", keys: "Ctrl+Enter", run: () => void execution.forward("breakpoint") },
  { id: "run-back", group: "Execution", title: "Back to the breakpoint before or the start", keys: "Ctrl+Shift+Enter", run: () => void execution.backward("breakpoint") },
  { id: "step", group: "Execution", title: "One instruction on", keys: "F7", run: () => void execution.forward("instruction") },
  { id: "step-back", group: "Execution", title: "One instruction back", keys: "Shift+F7", run: () => void execution.backward("instruction") },
  { id: "line", group: "Execution", title: "One line on, into calls", keys: "F8", run: () => void execution.forward("into") },
  { id: "line-back", group: "Execution", title: "One line back, into calls", keys: "Shift+F8", run: () => void execution.backward("into") },
  { id: "over", group: "Execution", title: "One line on, over calls", keys: "F10", run: () => void execution.forward("over") },
  { id: "over-back", group: "Execution", title: "One line back, over calls", keys: "Shift+F10", run: () => void execution.backward("over") },
  { id: "out", group: "Execution", title: "Out of the function", keys: "F4", run: () => void execution.forward("out") },
  { id: "out-back", group: "Execution", title: "Back to the call of the function", keys: "Shift+F4", run: () => void execution.backward("out") },
  { id: "cursor", group: "Execution", title: "On to the line of the cursor", keys: "Ctrl+F10", run: () => void execution.forward("cursor") },
  { id: "cursor-back", group: "Execution", title: "Back to the line of the cursor", keys: "Ctrl+Shift+F10", run: () => void execution.backward("cursor") },
  { id: "breakpoint", group: "Execution", title: "Set or clear a breakpoint at the cursor", keys: "F9", run: () => execution.toggleBreakpoint(execution.cursorLine) },
  { id: "start", group: "Execution", title: "To the first step", keys: "Alt+Home", run: () => void execution.go(0) },
  { id: "end", group: "Execution", title: "To the last step", keys: "Alt+End", run: () => void execution.forward("end") },
  { id: "stop", group: "Execution", title: "Stop a run that is under way", keys: "Ctrl+Alt+C", run: () => execution.stop() },

  { id: "view-stages", group: "Page", title: "Stages", keys: "Ctrl+Alt+1", run: () => (layout.view = "stages") },
  { id: "view-run", group: "Page", title: "Execution", keys: "Ctrl+Alt+2", run: () => (layout.view = "run") },
  { id: "view-compare", group: "Page", title: "Compare", keys: "Ctrl+Alt+3", run: () => (layout.view = "compare") },
  { id: "tour", group: "Page", title: "Take the guided tour", keys: "Alt+T", run: () => (ui.tour = 0) },
  { id: "theme", group: "Page", title: "Light, dark, or as the system", keys: "Alt+L", run: () => settings.nextTheme() },
  { id: "palette", group: "Page", title: "Find a command", keys: "Ctrl+K", run: () => (ui.dialog = "palette") },
  { id: "help", group: "Page", title: "Keys and help", keys: "F1", run: () => (ui.dialog = "help") },
];

function maximize(): void {
  if (layout.maximized !== null) layout.maximized = null;
  else {
    const group = document.activeElement?.closest<HTMLElement>("[data-group]");
    layout.maximized = group ? Number(group.dataset.group) : (layout.columns[0]?.groups[0]?.id ?? null);
  }
}

function focusPane(id: PaneId): void {
  requestAnimationFrame(() => {
    const group = [...document.querySelectorAll<HTMLElement>(".group, .card")].find((one) => one.getAttribute("aria-label") === PANES[id].title);
    (group?.querySelector<HTMLElement>(".cm-content, [role=grid], [role=tree]") ?? group?.querySelector<HTMLElement>("[role=tab][aria-selected=true], button"))?.focus();
  });
}

/** A key press as `keys` writes it. */
export function chord(event: KeyboardEvent): string {
  const key = event.code.startsWith("Digit") ? event.code.slice(5) : event.altKey && event.code.startsWith("Key") ? event.code.slice(3) : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${key}`;
}

const byKeys = new Map(commands.flatMap((command) => (command.keys ? [[command.keys, command] as const] : [])));

/** Runs the command of a key press, if it is one's. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const typing = event.target instanceof HTMLElement && (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName));
  if (event.key === "?" && !typing) {
    ui.dialog = "help";
    event.preventDefault();
    return;
  }
  if (event.key === "Escape" && (ui.dialog !== null || ui.tour !== null)) return;
  const command = byKeys.get(chord(event));
  if (!command) return;
  event.preventDefault();
  command.run();
}
