// The gallery's programs in the machine itself: forwards to the end, back to the start and forwards again through the same
// states, with the output that CPython 3.14 gives.
import { expect, test } from "@playwright/test";
import { readFileSync, readdirSync } from "node:fs";
import { open } from "./support.ts";

const gallery = new URL("../../gallery/", import.meta.url);
const expected = new URL("../expected/", import.meta.url);

for (const file of readdirSync(gallery).sort()) {
  test(file, async ({ page }) => {
    test.setTimeout(180_000);
    await open(page, readFileSync(new URL(file, gallery), "utf8"));
    test.skip(!(await page.evaluate(() => globalThis.taipanInspector.execution.available)), "the page was built without a machine");
    await page.evaluate(() => globalThis.taipanInspector.execution.start());
    await page.waitForFunction(() => ["ready", "failed"].includes(globalThis.taipanInspector.execution.status), null, { timeout: 60_000 });
    const result = await page.evaluate(async () => {
      const { execution } = globalThis.taipanInspector;
      const steps = execution.steps;
      // At most thirty places on the way, the first and the last among them.
      const places = Array.from({ length: Math.min(steps + 1, 30) }, (_, i, all = Math.min(steps, 29)) => Math.round((i * steps) / Math.max(1, all)));
      const look = async (step: number) => {
        await execution.go(step);
        while (execution.state?.step !== step && execution.status === "ready") await new Promise((resolve) => setTimeout(resolve, 2));
        return JSON.stringify(execution.state);
      };
      const forwards: string[] = [];
      for (const step of places) forwards.push(await look(step));
      const different: number[] = [];
      for (let i = places.length - 1; i >= 0; i--) if ((await look(places[i] ?? 0)) !== forwards[i]) different.push(places[i] ?? 0);
      for (let i = 0; i < places.length; i++) if ((await look(places[i] ?? 0)) !== forwards[i]) different.push(places[i] ?? 0);
      return { steps, status: execution.status, ending: execution.ending, message: execution.message, output: execution.output.map((part) => part.text).join(""), different };
    });
    expect(result).toMatchObject({ status: "ready", ending: "finished", output: readFileSync(new URL(file.replace(".py", ".out"), expected), "utf8"), different: [] });
    expect(result.steps).toBeGreaterThan(5);
  });
}

for (const [name, source] of [
  ["an endless loop", "while True: pass\n"],
  ["a gigabyte list", "x = [0] * 10**9\n"],
  ["recursion without end", "def f():\n    return f()\nf()\n"],
  ["a million lines", "for i in range(1_000_000): print(i)\n"],
] as const) {
  test(`${name} stops with a message, and the page goes on`, async ({ page }) => {
    test.setTimeout(180_000);
    await open(page, source);
    test.skip(!(await page.evaluate(() => globalThis.taipanInspector.execution.available)), "the page was built without a machine");
    await page.evaluate(() => void globalThis.taipanInspector.execution.start());
    await page.waitForFunction(() => globalThis.taipanInspector.execution.steps > 0 || globalThis.taipanInspector.execution.status === "failed");
    await page.waitForTimeout(1_000);
    await page.evaluate(() => globalThis.taipanInspector.execution.stop());
    await page.waitForFunction(() => ["ready", "failed"].includes(globalThis.taipanInspector.execution.status), null, { timeout: 30_000 });
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.message)).not.toBe("");
    await page.evaluate(() => {
      globalThis.taipanInspector.program.open("print('alive')\n", "alive.py");
      return globalThis.taipanInspector.execution.start();
    });
    await page.waitForFunction(() => globalThis.taipanInspector.execution.status === "ready");
    expect(await page.evaluate(() => globalThis.taipanInspector.execution.output.map((part) => part.text).join(""))).toBe("alive\n");
  });
}
