// Programs that are too much to run: the page answers within a second all the while, says what happened, and goes on working.
// What is too much for the stages is in limits.spec.ts.
import { expect, test, type Page } from "@playwright/test";
import { open } from "./support.ts";

/** The longest time that the page takes to answer, in milliseconds: the bar is 1,000 on a quiet machine. */
const ANSWER = 3_000;

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
  ["an endless loop", "while True: pass\n", /Stopped after [\d,]+ steps/],
  ["an endless loop in one instruction", "import itertools\nsum(itertools.repeat(0))\n", /Stopped/],
  ["a gigabyte list", "x = [0] * 10**9\n", /MemoryError/],
  ["memory that grows", "x = []\nwhile True: x.append(bytearray(10**6))\n", /MemoryError|more memory/],
  ["recursion without end", "def f():\n    return f()\nf()\n", /RecursionError/],
  ["recursion in the library", "x = []\nfor _ in range(100_000): x = [x]\nrepr(x)\n", /RecursionError/],
  ["a million lines", "for i in range(1_000_000): print(i)\n", /record ends after/],
  ["a source of 5 MB", `x = 1\n${"x = x + 1\n".repeat(500_000)}`, /up to [\d,]+ are looked at/],
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
    if (message.source.startsWith("Stopped")) {
      await page.waitForFunction(() => globalThis.taipanInspector.execution.status === "running");
      await page.waitForTimeout(200);
      const begun = Date.now();
      await page.getByRole("button", { name: "Stop" }).click();
      await over();
      expect(Date.now() - begun).toBeLessThan(ANSWER);
    }
    await over();
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.message)).toMatch(message);
    const longest = await pause();
    console.log(`${name}: the longest pause was ${longest.toFixed(0)} ms (bar: 1,000)`);
    expect(longest).toBeLessThan(ANSWER);
    await page.evaluate(() => {
      globalThis.taipanInspector.program.open("print('alive')\n", "alive.py");
      return globalThis.taipanInspector.execution.start();
    });
    await over();
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.output.map((part) => part.text).join(""))).toBe("alive\n");
  });
}
