// Programs that are too much to run: the page answers within a second all the while, says what happened, and goes on working.
// What is too much for the stages is in limits.spec.ts.
import { expect, test, type Page } from "@playwright/test";
import { open } from "./support.ts";

/** The longest time that the page takes to answer. */
const ANSWER = 1_000;

/** Counts the longest pause of the page from now on. */
async function watch(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const pauses = { longest: 0, last: performance.now() };
    setInterval(() => {
      const now = performance.now();
      pauses.longest = Math.max(pauses.longest, now - pauses.last);
      pauses.last = now;
    }, 10);
    Object.assign(globalThis, { pauses });
  });
  return () => page.evaluate(() => (globalThis as unknown as { pauses: { longest: number } }).pauses.longest);
}

for (const [name, source, message] of [
  ["an endless loop", "while True: pass\n", /Stopped after [\d,]+ steps|record ends after/],
  ["an endless loop in one instruction", "import itertools\nsum(itertools.repeat(0))\n", /Stopped|took longer/],
  ["a gigabyte list", "x = [0] * 10**9\n", /MemoryError/],
  ["memory that grows", "x = []\nwhile True: x.append(bytearray(10**6))\n", /memory|MemoryError|Stopped/],
  ["recursion without end", "def f():\n    return f()\nf()\n", /RecursionError/],
  ["recursion in the library", "x = []\nfor _ in range(100_000): x = [x]\nrepr(x)\n", /RecursionError|Stopped|too deeply/],
  ["a million lines", "for i in range(1_000_000): print(i)\n", /Stopped after [\d,]+ steps|million characters|record ends after/],
  ["a source of 5 MB", `x = 1\n${"x = x + 1\n".repeat(500_000)}`, /./],
  ["10,000 parentheses", `x = ${"(".repeat(10_000)}1${")".repeat(10_000)}\n`, /too many nested parentheses/],
] as const) {
  test(name, async ({ page }) => {
    test.setTimeout(120_000);
    await open(page, "");
    test.skip(!(await page.evaluate(() => globalThis.taipanInspector.execution.available)), "the page was built without a machine");
    const pause = await watch(page);
    await page.evaluate((text) => {
      globalThis.taipanInspector.program.open(text, "hostile.py");
      void globalThis.taipanInspector.execution.start();
    }, source);
    const over = () => page.waitForFunction(() => ["ready", "failed"].includes(globalThis.taipanInspector.execution.status), null, { timeout: 30_000 });
    await Promise.race([over(), page.waitForTimeout(3_000)]);
    // The button does what it says, whatever the program does.
    const stop = page.getByRole("button", { name: /^Stop/ });
    if (await stop.isVisible()) {
      const begun = Date.now();
      await stop.click();
      await over();
      expect(Date.now() - begun).toBeLessThan(2 * ANSWER);
    }
    await over();
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.message)).toMatch(message);
    expect(await pause()).toBeLessThan(ANSWER);
    await page.evaluate(() => {
      globalThis.taipanInspector.program.open("print('alive')\n", "alive.py");
      return globalThis.taipanInspector.execution.start();
    });
    await over();
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.output.map((part) => part.text).join(""))).toBe("alive\n");
  });
}
