// Which panes are open and where: two desks (stages, execution) of columns, groups and tabs. Kept in this browser.
import { keep, kept } from "./settings.svelte.ts";

export type PaneId =
  | "source" | "tokens" | "ast" | "tree" | "symbols" | "instructions" | "cfg" | "bytecode" | "code" | "pyc" | "problems"
  | "frames" | "variables" | "heap" | "output" | "profile" | "listing";

export interface Group {
  id: number;
  tabs: PaneId[];
  active: PaneId;
  /** Its share of the column's height. */
  share: number;
}

export interface Column {
  id: number;
  groups: Group[];
  /** Its share of the desk's width. */
  share: number;
}

export type DeskName = "stages" | "run";
export type View = DeskName | "compare";

/** All panes in the order of a program's way; the title names tabs, the hint is read out and shown on hovering. */
export const PANES: Record<PaneId, { title: string; hint: string }> = {
  source: { title: "Source", hint: "The program, to be edited" },
  tokens: { title: "Tokens", hint: "What the tokenizer made of the text" },
  tree: { title: "Tree", hint: "The syntax tree, drawn" },
  ast: { title: "AST text", hint: "The syntax tree as ast.dump prints it" },
  symbols: { title: "Symbols", hint: "The symbol table, scope by scope" },
  instructions: { title: "Instructions", hint: "The compiler's instructions, before and after optimization" },
  cfg: { title: "Flow graph", hint: "The control-flow graph, drawn" },
  bytecode: { title: "Bytecode", hint: "What runs, as dis prints it" },
  code: { title: "Code object", hint: "Fields, constants and nested code" },
  pyc: { title: ".pyc", hint: "The compiled file, byte by byte" },
  problems: { title: "Problems", hint: "Errors and warnings" },
  listing: { title: "Running code", hint: "The bytecode of the running frame" },
  frames: { title: "Frames & stack", hint: "Frames with their value stacks" },
  variables: { title: "Variables", hint: "Locals, cells and globals" },
  heap: { title: "Heap", hint: "Objects and the references between them" },
  output: { title: "Output", hint: "What the program has written" },
  profile: { title: "Counts", hint: "How often instructions ran and what they were specialized to" },
};

let nextId = 1;
const group = (tabs: PaneId[], share = 1): Group => ({ id: nextId++, tabs, active: tabs[0] ?? "source", share });
const column = (share: number, ...groups: Group[]): Column => ({ id: nextId++, groups, share });

function freshDesk(name: DeskName): Column[] {
  return name === "stages"
    ? [
        column(1, group(["source"], 2.6), group(["problems"], 0.7)),
        column(1.1, group(["tokens", "symbols"], 1), group(["tree", "ast"], 1.5)),
        column(1.15, group(["bytecode", "instructions", "cfg"], 1.6), group(["code", "pyc"], 1)),
      ]
    : [
        column(1, group(["source"], 2), group(["output"], 1)),
        column(1, group(["listing", "profile"], 1)),
        column(1.1, group(["frames", "variables"], 1), group(["heap"], 1.2)),
      ];
}

function valid(columns: unknown, name: DeskName): Column[] {
  const fresh = freshDesk(name);
  if (!Array.isArray(columns)) return fresh;
  const wanted = new Set(fresh.flatMap((c) => c.groups.flatMap((g) => g.tabs)));
  const seen = new Set<PaneId>();
  for (const c of columns as Column[]) {
    if (!Array.isArray(c?.groups)) return fresh;
    for (const g of c.groups) {
      if (!Array.isArray(g?.tabs) || !g.tabs.includes(g.active)) return fresh;
      for (const tab of g.tabs) seen.add(tab);
      nextId = Math.max(nextId, g.id + 1);
    }
    nextId = Math.max(nextId, c.id + 1);
  }
  return wanted.size === seen.size && [...wanted].every((tab) => seen.has(tab)) ? (columns as Column[]) : fresh;
}

class Layout {
  view = $state<View>("stages");
  desks = $state<Record<DeskName, Column[]>>({ stages: valid(kept("desk.stages", null), "stages"), run: valid(kept("desk.run", null), "run") });
  /** The group that fills the desk, if one does. */
  maximized = $state<number | null>(null);
  /** The one pane of a phone; of a tablet, the one beside the source. */
  single = $state<PaneId>("source");
  width = $state(typeof innerWidth === "number" ? innerWidth : 1400);

  get form(): "phone" | "tablet" | "desk" {
    return this.width < 640 ? "phone" : this.width < 1080 ? "tablet" : "desk";
  }

  get desk(): DeskName {
    return this.view === "run" ? "run" : "stages";
  }

  get columns(): Column[] {
    return this.desks[this.desk];
  }

  /** The panes of the present desk in the order of the way. */
  get panes(): PaneId[] {
    const open = new Set(this.columns.flatMap((c) => c.groups.flatMap((g) => g.tabs)));
    return (Object.keys(PANES) as PaneId[]).filter((id) => open.has(id));
  }

  isShown(id: PaneId): boolean {
    if (this.view === "compare") return false;
    if (this.form === "phone") return this.single === id;
    if (this.form === "tablet") return id === "source" || this.single === id || (this.single === "source" && id === this.panes[1]);
    return this.columns.some((c) => c.groups.some((g) => g.active === id && (this.maximized === null || this.maximized === g.id)));
  }

  /** Brings a pane to the front, switching the desk when it is on the other. */
  show(id: PaneId): void {
    if (!this.panes.includes(id) || this.view === "compare") {
      this.view = this.desks.stages.some((c) => c.groups.some((g) => g.tabs.includes(id))) ? "stages" : "run";
    }
    this.single = id;
    for (const c of this.columns) {
      for (const g of c.groups) {
        if (g.tabs.includes(id)) {
          g.active = id;
          if (this.maximized !== null) this.maximized = g.id;
        }
      }
    }
    this.keep();
  }

  /** Moves a pane to the group after (or before) its own; past the last one it gets a group of its own. */
  move(id: PaneId, by: 1 | -1): void {
    const groups = this.columns.flatMap((c) => c.groups);
    const at = groups.findIndex((g) => g.tabs.includes(id));
    const from = groups[at];
    if (!from || from.tabs.length === 1) return;
    const to = groups[at + by];
    from.tabs = from.tabs.filter((tab) => tab !== id);
    if (from.active === id) from.active = from.tabs[0] ?? id;
    if (to) {
      to.tabs = [...to.tabs, id];
      to.active = id;
    } else {
      const end = by > 0 ? this.columns.at(-1) : this.columns[0];
      if (by > 0) end?.groups.push(group([id]));
      else end?.groups.unshift(group([id]));
    }
    this.keep();
  }

  reset(): void {
    this.desks[this.desk] = freshDesk(this.desk);
    this.maximized = null;
    this.keep();
  }

  keep(): void {
    keep(`desk.${this.desk}`, $state.snapshot(this.columns));
  }
}

export const layout = new Layout();
