// axe-core finds nothing serious in any view, in both themes.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { open, openRun, settled } from "./support.ts";

// axe measures every text against its ground: slow on a busy machine.
test.setTimeout(240_000);

async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).slice(0, 4).join(" | ")}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`stages, ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 }, baseURL: test.info().project.use.baseURL ?? "" });
    const page = await context.newPage();
    await open(page);
    expect(await serious(page)).toEqual([]);
    for (const panes of [["symbols", "ast", "instructions", "pyc"], ["cfg"]] as const) {
      for (const pane of panes) await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), pane);
      await settled(page);
      expect(await serious(page)).toEqual([]);
    }
    await page.getByRole("radio", { name: "Compare" }).click();
    await page.waitForTimeout(300);
    expect(await serious(page)).toEqual([]);
    await context.close();
  });
  test(`execution, ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 }, baseURL: test.info().project.use.baseURL ?? "" });
    const page = await context.newPage();
    await openRun(page, 40);
    expect(await serious(page)).toEqual([]);
    for (const pane of ["variables", "profile"] as const) await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), pane);
    expect(await serious(page)).toEqual([]);
    await context.close();
  });
}

test("dialogs, and the phone's layout", async ({ page }) => {
  await open(page);
  for (const keys of ["Alt+g", "F1", "Control+k", "Alt+e", "Alt+h"]) {
    await page.keyboard.press(keys);
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await serious(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  for (const pane of ["source", "tokens", "tree", "bytecode"] as const) {
    await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), pane);
    await settled(page);
    expect(await serious(page)).toEqual([]);
  }
});
