// Sources that are too much for the stages: the page answers, says what happened, and goes on working. Programs that are too
// much to run are in hostile.spec.ts.
import { expect, test } from "@playwright/test";
import { open, settled } from "./support.ts";

test("an error is shown with its carets; stages before it are there", async ({ page }) => {
  await open(page, "def f(:\n    pass\n");
  await page.evaluate(() => globalThis.taipanInspector.layout.show("problems"));
  await expect(page.locator(".problem.error")).toContainText("SyntaxError: invalid syntax");
  await expect(page.locator(".problem.error")).toContainText("^");
  await expect(page.getByRole("grid", { name: "Tokens" })).toContainText("def");
});

test("huge and deep sources", async ({ page }) => {
  await open(page, "x = 1\n");
  for (const source of ["#" + "x".repeat(5_000_000), `${"(".repeat(10_000)}${")".repeat(10_000)}\n`, `${"[".repeat(150)}${"]".repeat(150)}\n`]) {
    const begun = Date.now();
    await page.evaluate((text) => globalThis.taipanInspector.program.open(text, "large.py"), source);
    await settled(page);
    expect(Date.now() - begun).toBeLessThan(6_000);
    const said = await page.evaluate(() => globalThis.taipanInspector.stages.failure || globalThis.taipanInspector.stages.overview?.error?.message || "");
    if (source.length > 1_000) expect(said).not.toBe("");
  }
  await page.evaluate(() => globalThis.taipanInspector.program.open("y = 2\n", "small.py"));
  await settled(page);
  await expect(page.getByRole("grid", { name: "Tokens" })).toContainText("y");
});
