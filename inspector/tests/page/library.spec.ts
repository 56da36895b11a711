// What the panes show of 200 files of the library is what CPython 3.14 prints: tests/expected/library.txt has the digests of its
// tokens, trees and disassemblies (library.py beside it wrote them).
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { cell, rowCount } from "../../src/engine/rows.ts";
import { TokenRow, type Tokens } from "../../src/engine/types.ts";
import { open, settled } from "./support.ts";

const library = new URL("../../public/lib/", import.meta.url);
const expected = readFileSync(new URL("../expected/library.txt", import.meta.url), "utf8").trim().split("\n").map((line) => line.split(" "));
const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
function told({ kinds, rows, texts }: Pick<Tokens, "kinds" | "rows" | "texts">): string {
  return texts
    .map((text, index) => {
      const at = (column: Parameters<typeof cell<TokenRow>>[3]) => cell(rows, TokenRow, index, column);
      return `${at("line")},${at("column")}-${at("endLine")},${at("endColumn")} ${kinds[at("exact")]} ${text}\n`;
    })
    .join("");
}

/** Files that one page shows, one after the other. */
const PART = 50;

for (let first = 0; first < expected.length; first += PART) {
  test(`the library, files ${first + 1} to ${first + PART}`, async ({ page }) => {
    test.setTimeout(180_000);
    test.skip(!existsSync(library), "the library was not unpacked");
    await open(page, "");
    await page.evaluate(() => {
      const { stages } = globalThis.taipanInspector;
      stages.need("tokens", "treeText", "code", "listing");
    });
    for (const [name = "", source, tokens, tree, listing] of expected.slice(first, first + PART)) {
      const text = readFileSync(new URL(name, library), "utf8");
      expect(digest(text), `${name}: tests/expected/library.txt is of another text`).toBe(source);
      await page.evaluate(([text, name]) => globalThis.taipanInspector.program.open(text, name), [text, name] as const);
      await settled(page);
      const shown = await page.evaluate(() => {
        const { stages } = globalThis.taipanInspector;
        const { kinds = [], rows = [], texts = [] } = stages.get("tokens") ?? {};
        return { tokens: { kinds, rows, texts }, tree: stages.get("treeText")?.text ?? "", listing: stages.get("listing")?.text ?? "" };
      });
      expect(rowCount(shown.tokens.rows, TokenRow), `${name}: tokens`).toBe(shown.tokens.texts.length);
      expect(digest(told(shown.tokens)), `${name}: tokens`).toBe(tokens);
      expect(digest(shown.tree), `${name}: tree`).toBe(tree);
      expect(digest(shown.listing.replace(/at 0x[0-9a-f]+/g, "at 0x")), `${name}: disassembly`).toBe(listing);
    }
  });
}
