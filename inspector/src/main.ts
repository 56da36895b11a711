// Where the page begins.
import { mount } from "svelte";
import App from "./App.svelte";
import { analyse, textOf } from "./engine/client.ts";
import { execution } from "./state/execution.svelte.ts";
import { layout } from "./state/layout.svelte.ts";
import { program } from "./state/program.svelte.ts";
import { selection } from "./state/selection.svelte.ts";
import { stages } from "./state/stages.svelte.ts";
import "./styles/theme.css";
import "./styles/base.css";

/** The page's state, for the browser's console and for tests. */
const inspector = { analyse, textOf, execution, layout, program, selection, stages };
declare global {
  var taipanInspector: typeof inspector;
}
globalThis.taipanInspector = inspector;

const target = document.getElementById("app");
if (!target) throw new Error("the page has no #app");
mount(App, { target });
