// Every function is reached by the keyboard: each command by its key or from the palette, each control by Tab.
import { expect, test } from "@playwright/test";
import { open, openRun, settled } from "./support.ts";

test("keys of the page, the program and the panes", async ({ page }) => {
  await open(page);
  const state = <T>(read: (inspector: typeof globalThis.taipanInspector) => T) => page.evaluate(`(${read.toString()})(globalThis.taipanInspector)`) as Promise<T>;
  for (const [keys, dialog] of [["Alt+g", "Programs"], ["Alt+h", "Programs of before"], ["Alt+e", "Export"], ["Control+k", "Commands"], ["F1", "Keys and help"]] as const) {
    await page.keyboard.press(keys);
    await expect(page.getByRole("dialog", { name: dialog, exact: true })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  for (const [keys, pane] of [["Alt+2", "tokens"], ["Alt+4", "ast"], ["Alt+3", "tree"], ["Alt+5", "symbols"], ["Alt+6", "instructions"], ["Alt+7", "cfg"], ["Alt+8", "bytecode"], ["Alt+9", "code"]] as const) {
    await page.keyboard.press(keys);
    await expect.poll(() => page.evaluate((id) => globalThis.taipanInspector.layout.isShown(id), pane)).toBe(true);
  }
  const theme = await page.locator("html").getAttribute("data-theme");
  await page.keyboard.press("Alt+l");
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", theme ?? "");
  await page.keyboard.press("Alt+m");
  expect(await state((i) => i.layout.maximized !== null)).toBe(true);
  await page.keyboard.press("Alt+m");
  await page.keyboard.press("Control+Alt+3");
  expect(await state((i) => i.layout.view)).toBe("compare");
  await page.keyboard.press("Control+Alt+1");
  expect(await state((i) => i.layout.view)).toBe("stages");
  await page.keyboard.press("Alt+s");
  await expect.poll(() => page.url()).toMatch(/#1\.[\w-]+$/);
  await page.keyboard.press("Alt+t");
  await expect(page.getByRole("dialog", { name: /Guided tour/ })).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("dialog", { name: /step 2 of/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("F6 goes round the panes, arrows move in lists and trees", async ({ page }) => {
  await open(page);
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press("F6");
    seen.add(await page.evaluate(() => document.activeElement?.closest("section[aria-label]")?.getAttribute("aria-label") ?? ""));
  }
  expect([...seen]).toEqual(expect.arrayContaining(["Source", "Tokens", "Tree", "Bytecode", "Code object"]));
  await page.getByRole("grid", { name: "Tokens" }).focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => globalThis.taipanInspector.selection.chosen.length)).toBe(1);
  await page.getByRole("tree", { name: "Syntax tree" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  expect(await page.evaluate(() => globalThis.taipanInspector.selection.origin)).toBe("tree");
  const before = await page.locator("[data-node]").count();
  await page.keyboard.press("Enter");
  expect(await page.locator("[data-node]").count()).toBeLessThan(before);
});

test("Tab reaches every control of the bars and the open panes", async ({ page }) => {
  await open(page);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const reached = new Set<string>();
  for (let i = 0; i < 140; i++) {
    // In the editor Tab indents; Escape, then Tab, leaves it.
    if (await page.evaluate(() => !!document.activeElement?.closest(".cm-editor"))) await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => { const element = document.activeElement; return element ? (element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "") : ""; }));
  }
  for (const name of ["Export", "Share", "Keys and help", "Tokens", "Bytecode", "Syntax tree", "caches", "exact types", "Larger", "SVG", "PNG", "Unfold"]) expect([...reached]).toContain(name);
});

test("stepping by keys, both ways", async ({ page }) => {
  await openRun(page, 0);
  const step = () => page.evaluate(() => globalThis.taipanInspector.execution.step);
  await page.keyboard.press("F7");
  expect(await step()).toBe(1);
  await page.keyboard.press("F7");
  await page.keyboard.press("Shift+F7");
  expect(await step()).toBe(1);
  await page.keyboard.press("F8");
  const line = await step();
  expect(line).toBeGreaterThan(1);
  await page.keyboard.press("F10");
  expect(await step()).toBeGreaterThan(line);
  await page.keyboard.press("Shift+F10");
  await page.keyboard.press("Shift+F8");
  expect(await step()).toBeLessThanOrEqual(line);
  await page.keyboard.press("Control+Enter");
  expect(await step()).toBe(await page.evaluate(() => globalThis.taipanInspector.execution.steps));
  await page.keyboard.press("Control+Shift+Enter");
  expect(await step()).toBe(0);
  await page.keyboard.press("F9");
  expect(await page.evaluate(() => globalThis.taipanInspector.execution.breakpoints.size)).toBe(1);
});

test("an edit reaches all panes; a share address brings it back", async ({ page, context }) => {
  await open(page);
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("fresh = 'text'");
  await settled(page);
  await expect(page.getByRole("grid", { name: "Tokens" })).toContainText("fresh");
  await expect(page.getByRole("grid", { name: "Bytecode" })).toContainText("STORE_NAME");
  await page.keyboard.press("Alt+s");
  await expect.poll(() => page.url()).toContain("#1.");
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator(".cm-content")).toContainText("fresh = 'text'");
});
