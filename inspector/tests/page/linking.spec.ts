// 500 random selections in random panes: what is lit in the others is what the positions of tree, tokens and code say.
import { expect, test } from "@playwright/test";
import { readFileSync, readdirSync } from "node:fs";
import { open, settled } from "./support.ts";

const gallery = new URL("../../gallery/", import.meta.url);

test("random selections light the right ranges", async ({ page }) => {
  test.setTimeout(150_000);
  await open(page);
  let seed = 5;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % Math.max(1, below);
  };
  const files = readdirSync(gallery).sort();
  let checked = 0;
  for (const file of files) {
    await page.evaluate(([source, name]) => globalThis.taipanInspector.program.open(source ?? "", name ?? ""), [readFileSync(new URL(file, gallery), "utf8"), file]);
    await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), (["bytecode", "instructions"] as const)[random(2)] ?? "bytecode");
    await settled(page);
    const wrong = await page.evaluate(
      async (picks) => {
        const once = async (pick: number, which: number): Promise<string[]> => {
          const { stages, selection } = globalThis.taipanInspector;
          // A random place: a row of a list or a node of the tree, clicked as a reader would.
          const grids = ["Tokens", "Bytecode", "The compiler's instructions"].flatMap((label) => [...document.querySelectorAll<HTMLElement>(`[role=grid][aria-label="${label}"] [data-index]`)]);
          const nodes = [...document.querySelectorAll<HTMLElement>("[role=tree][aria-label='Syntax tree'] [data-node]")];
          const from = which % 2 === 0 ? grids : nodes;
          const place = from[pick % from.length];
          if (!place) return ["no place to click"];
          place.dispatchEvent(new MouseEvent("click", { bubbles: true }));
          await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
          const chosen = selection.chosen;
          // A handler of the exception table stands for several ranges: not what is looked at here.
          if (chosen.length > 1) return [];
          const range = chosen[0];
          const problems: string[] = [];
          // The rule, said anew: same range, or overlapping without holding it; else the narrowest that hold it.
          const expected = (spans: ([number, number] | null)[]) => {
            const marks = new Map<number, string>();
            if (!range) return marks;
            spans.forEach((span, index) => {
              if (!span) return;
              const [a, b] = span;
              if (a === range.from && b === range.to) marks.set(index, "same");
              else if (a < range.to && range.from < b && !(a <= range.from && range.to <= b)) marks.set(index, "within");
              else if (a === b && range.from < a && a < range.to) marks.set(index, "within");
            });
            if (marks.size === 0) {
              const holding = spans.flatMap((span, index) => (span && span[0] <= range.from && range.to <= span[1] ? [{ index, width: span[1] - span[0] }] : []));
              const least = Math.min(...holding.map((one) => one.width));
              for (const one of holding) if (one.width === least) marks.set(one.index, "around");
            }
            return marks;
          };
          const seen = (element: Element) => ["same", "within", "around"].find((mark) => element.classList.contains(`mark-${mark}`));
          const check = (pane: string, elements: Iterable<Element>, number: (element: Element) => number, spans: ([number, number] | null)[]) => {
            const wanted = expected(spans);
            for (const element of elements) {
              const index = number(element);
              if (index >= 0 && wanted.get(index) !== seen(element)) problems.push(`${pane} ${index}: ${wanted.get(index)} wanted, ${seen(element)} seen for ${JSON.stringify(range)} from ${selection.origin}`);
            }
          };
          const pairs = (table: readonly number[], width: number, at: number): ([number, number] | null)[] => {
            const spans: ([number, number] | null)[] = [];
            for (let row = 0; row * width < table.length; row++) {
              const [a, b] = [table[row * width + at] ?? -1, table[row * width + at + 1] ?? -1];
              spans.push(a < 0 || b < a ? null : [a, b]);
            }
            return spans;
          };
          const tokens = stages.get("tokens");
          const tree = stages.get("tree");
          const code = stages.get("code");
          if (tokens) {
            const spans = pairs(tokens.rows, 9, 6).map((span) => (span && span[1] > span[0] ? span : null));
            check("tokens", document.querySelectorAll('[role=grid][aria-label="Tokens"] [data-index]'), (element) => Number((element as HTMLElement).dataset.index), spans);
          }
          if (tree) check("tree", document.querySelectorAll("[data-node]"), (element) => Number((element as HTMLElement).dataset.node), pairs(tree.rows, 12, 4));
          if (code && document.querySelector('[role=grid][aria-label="Bytecode"]')) {
            // All instructions of all code objects in the order of the rows.
            const all = code.codes.flatMap((one) => pairs(one.rows, 17, 4));
            const rows = [...document.querySelectorAll('[role=grid][aria-label="Bytecode"] .row.instruction')];
            const offsets = code.codes.flatMap((one) => Array.from({ length: one.rows.length / 17 }, (_, i) => one.rows[17 * i] ?? -1));
            // Rows of headings stand between: an instruction is found by how many instructions of the list come before it.
            const first = Number((rows[0] as HTMLElement | undefined)?.dataset.index ?? 0);
            if (first <= 2) {
              let next = 0;
              check("bytecode", rows, (element) => {
                const offset = Number(element.querySelector(".offset")?.textContent);
                while (next < offsets.length && offsets[next] !== offset) next++;
                return next < offsets.length ? next++ : -1;
              }, all);
            }
          }
          return problems;
        };
        const all: string[] = [];
        for (const [pick, which] of picks) all.push(...(await once(pick, which)));
        return all;
      },
      Array.from({ length: 25 }, () => [random(100_000), random(2)] as const),
    );
    expect(wrong.slice(0, 5)).toEqual([]);
    checked += 25;
  }
  expect(checked).toBe(500);
});
