// Programs that are too much: the page answers, says what happened, and goes on working. And the times it takes.
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

test("times: 200 and 2,000 lines", async ({ page }) => {
  const piece = "def f(a, b=2):\n    if a > b:\n        return [x * a for x in range(b)]\n    return {'k': a, 'v': b}\n\n";
  await open(page, piece.repeat(40));
  const time = () =>
    page.evaluate(async () => {
      const { program, stages } = globalThis.taipanInspector;
      const times: number[] = [];
      for (let i = 0; i < 7; i++) {
        const begun = performance.now();
        program.source += " ";
        while (stages.source !== program.source) await new Promise((resolve) => setTimeout(resolve, 1));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - begun);
      }
      return times.sort((a, b) => a - b)[3] ?? 0;
    });
  const small = await time();
  await page.evaluate((text) => globalThis.taipanInspector.program.open(text, "large.py"), piece.repeat(400));
  await settled(page);
  const large = await time();
  console.log(`update: ${small.toFixed(0)} ms for 200 lines, ${large.toFixed(0)} ms for 2,000`);
  // The bars are 60 and 300 ms on a quiet machine; the test is to catch what is out of proportion.
  expect(small).toBeLessThan(400);
  expect(large).toBeLessThan(2_000);
});
