// The source editor: CodeMirror with Python's syntax, marks of the linking, breakpoints, heat and the place of execution.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, gutter, GutterMarker, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Mark, Span } from "../linking.ts";

export interface EditorHooks {
  onchange(text: string): void;
  /** The range under the pointer; null when it is nowhere. */
  onhover(span: Span | null): void;
  /** A range was selected, or the caret was put somewhere: then the word there. */
  onselect(span: Span, line: number): void;
  onbreakpoint(line: number): void;
}

/** What is drawn over the text. */
export interface Marks {
  linked: readonly { span: Span; mark: Mark }[];
  /** The range that is executed now. */
  now: Span | null;
  /** Whether the range now belongs to the running frame or to one below it. */
  nowLine: number | null;
  breakpoints: ReadonlySet<number>;
  /** Line to share of the hottest line, 0 to 1. */
  heat: ReadonlyMap<number, number> | null;
}

const setMarks = StateEffect.define<Marks>();

const linkMark: Record<Mark, Decoration> = {
  same: Decoration.mark({ class: "cm-link-same" }),
  within: Decoration.mark({ class: "cm-link-within" }),
  around: Decoration.mark({ class: "cm-link-around" }),
};
const nowMark = Decoration.mark({ class: "cm-now" });
const nowLine = Decoration.line({ class: "cm-now-line" });

class Breakpoint extends GutterMarker {
  override elementClass = "cm-breakpoint";
}
const breakpoint = new Breakpoint();

const noMarks: Marks = { linked: [], now: null, nowLine: null, breakpoints: new Set(), heat: null };

/** Ranges cut to the document, in the order CodeMirror wants. */
function draw(state: EditorState, marks: Marks): DecorationSet {
  const length = state.doc.length;
  const all: { from: number; to: number; decoration: Decoration; line: boolean }[] = [];
  const add = (span: Span, decoration: Decoration) => {
    const to = Math.min(span.to, length);
    if (span.from < to) all.push({ from: span.from, to, decoration, line: false });
  };
  const atLine = (number: number, decoration: Decoration) => {
    if (number >= 1 && number <= state.doc.lines) {
      const { from } = state.doc.line(number);
      all.push({ from, to: from, decoration, line: true });
    }
  };
  if (marks.heat) {
    for (const [line, share] of marks.heat) {
      atLine(line, Decoration.line({ attributes: { style: `background: rgba(var(--heat), ${(0.05 + 0.4 * share).toFixed(3)})` } }));
    }
  }
  if (marks.nowLine !== null) atLine(marks.nowLine, nowLine);
  for (const { span, mark } of marks.linked) add(span, linkMark[mark]);
  if (marks.now) add(marks.now, nowMark);
  return Decoration.set(all.map(({ from, to, decoration, line }) => (line ? decoration.range(from) : decoration.range(from, to))), true);
}

const marksField = StateField.define<{ marks: Marks; drawn: DecorationSet }>({
  create: () => ({ marks: noMarks, drawn: Decoration.none }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return { marks: effect.value, drawn: draw(transaction.state, effect.value) };
    return transaction.docChanged ? { marks: value.marks, drawn: value.drawn.map(transaction.changes) } : value;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.drawn),
});

const style = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword, tags.operatorKeyword, tags.self], color: "var(--syn-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.docString], color: "var(--syn-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--syn-number)" },
  { tag: tags.comment, color: "var(--syn-comment)", fontStyle: "italic" },
  { tag: [tags.definition(tags.function(tags.variableName)), tags.definition(tags.className), tags.className], color: "var(--syn-def)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--syn-builtin)" },
  { tag: tags.invalid, color: "var(--error)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--ink-3)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 2px", minWidth: "28px", fontSize: "11.5px" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--ink) 3.5%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "1.5px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 24%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", outline: "1px solid var(--line-strong)" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 12%, transparent)" },
  ".cm-link-same": { backgroundColor: "var(--mark-same)", borderRadius: "2px", boxShadow: "0 1.5px 0 var(--mark-edge)" },
  ".cm-link-within": { backgroundColor: "var(--mark-within)" },
  ".cm-link-around": { backgroundColor: "var(--mark-within)" },
  ".cm-now": { backgroundColor: "var(--now)", boxShadow: "0 1.5px 0 var(--now-edge)" },
  ".cm-now-line": { boxShadow: "inset 3px 0 0 var(--now-edge)" },
  ".cm-breakpoints": { width: "14px", cursor: "pointer" },
  ".cm-breakpoints .cm-gutterElement::after": { content: '""', display: "block", width: "8px", height: "8px", margin: "6px 0 0 4px", borderRadius: "50%", background: "transparent" },
  ".cm-breakpoints .cm-gutterElement:hover::after": { background: "color-mix(in srgb, var(--error) 30%, transparent)" },
  ".cm-breakpoints .cm-breakpoint::after, .cm-breakpoints .cm-breakpoint:hover::after": { background: "var(--error)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "6px", boxShadow: "var(--shadow)", fontFamily: "var(--font-ui)" },
  ".cm-diagnostic": { padding: "6px 10px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--error)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels input, .cm-panels button": { fontFamily: "var(--font-ui)", fontSize: "12px" },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "2px 0 0" },
  ".cm-lint-marker": { width: "0.8em", height: "0.8em" },
});

/** The leaf of the syntax at an offset: a name, an operator, a bracket, a literal. */
function leafAt(state: EditorState, offset: number): Span | null {
  let node = syntaxTree(state).resolveInner(offset, 1);
  if (node.firstChild !== null || node.from > offset || node.to <= offset) node = syntaxTree(state).resolveInner(offset, -1);
  if (node.from === node.to || node.type.isTop) return null;
  if (node.firstChild !== null && node.to - node.from > 200) return null;
  return { from: node.from, to: node.to };
}

export interface Editor {
  view: EditorView;
  mark(marks: Marks): void;
  diagnose(problems: readonly { span: Span; message: string; severity: "error" | "warning" }[]): void;
  replace(text: string): void;
  reveal(offset: number): void;
  destroy(): void;
}

/** Puts an editor into `parent`. */
export function createEditor(parent: HTMLElement, text: string, hooks: EditorHooks): Editor {
  let hovered = -1;
  let silent = false;
  let diagnosed = false;
  const extensions: Extension[] = [
    gutter({
      class: "cm-breakpoints",
      markers: (view) => {
        const lines = view.state.field(marksField).marks.breakpoints;
        if (lines.size === 0) return RangeSet.empty;
        const builder = new RangeSetBuilder<GutterMarker>();
        for (const line of [...lines].sort((a, b) => a - b)) if (line <= view.state.doc.lines) builder.add(view.state.doc.line(line).from, view.state.doc.line(line).from, breakpoint);
        return builder.finish();
      },
      initialSpacer: () => breakpoint,
      domEventHandlers: {
        mousedown(view, line) {
          hooks.onbreakpoint(view.state.doc.lineAt(line.from).number);
          return true;
        },
      },
    }),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("    "),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches(),
    python(),
    syntaxHighlighting(style),
    lintGutter({ hoverTime: 150 }),
    marksField,
    look,
    EditorState.tabSize.of(8),
    EditorView.contentAttributes.of({ "aria-label": "Source of the program; Escape, then Tab, leaves the editor", tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter" && binding.key !== "Ctrl-k"), ...searchKeymap, ...historyKeymap, indentWithTab]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !silent) hooks.onchange(update.state.doc.toString());
      if (update.selectionSet && !update.docChanged && !silent) {
        const { main } = update.state.selection;
        const line = update.state.doc.lineAt(main.head).number;
        hooks.onselect(main.empty ? (leafAt(update.state, main.head) ?? { from: main.head, to: main.head }) : { from: main.from, to: main.to }, line);
      }
    }),
    EditorView.domEventHandlers({
      mousemove(event, view) {
        if (event.buttons !== 0) return;
        const offset = view.posAtCoords({ x: event.clientX, y: event.clientY }, false);
        const over = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (over === null) {
          if (hovered >= 0) hooks.onhover(null);
          hovered = -1;
        } else if (offset !== hovered) {
          hovered = offset;
          const line = view.state.doc.lineAt(offset);
          hooks.onhover(offset === line.to && offset > line.from && event.clientX > (view.coordsAtPos(offset)?.left ?? 0) + 4 ? null : leafAt(view.state, offset));
        }
      },
      mouseleave() {
        hovered = -1;
        hooks.onhover(null);
      },
    }),
  ];
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  // The editor looks at the page's layout whenever it changes: it does so once a frame, when all else has been drawn.
  let waiting: { marks?: Marks; offset?: number } = {};
  let frame = 0;
  function soon(change: typeof waiting): void {
    waiting = { ...waiting, ...change };
    frame ||= requestAnimationFrame(() => {
      const { marks, offset } = waiting;
      waiting = {};
      frame = 0;
      const effects: StateEffect<unknown>[] = marks ? [setMarks.of(marks)] : [];
      if (offset !== undefined && offset <= view.state.doc.length) effects.push(EditorView.scrollIntoView(offset, { y: "nearest", yMargin: 60 }));
      view.dispatch({ effects });
    });
  }
  return {
    view,
    mark: (marks) => soon({ marks }),
    diagnose(problems) {
      // Every change makes the editor look where its selection is drawn, which takes time.
      if (problems.length === 0 && !diagnosed) return;
      diagnosed = problems.length > 0;
      const length = view.state.doc.length;
      const diagnostics: Diagnostic[] = problems.map(({ span, message, severity }) => {
        const from = Math.min(span.from, length);
        return { from, to: Math.max(Math.min(span.to, length), Math.min(from + 1, length)), message, severity };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    replace(next) {
      if (view.state.doc.toString() === next) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, selection: { anchor: 0 }, scrollIntoView: true });
      silent = false;
    },
    reveal: (offset) => soon({ offset }),
    destroy() {
      cancelAnimationFrame(frame);
      view.destroy();
    },
  };
}
