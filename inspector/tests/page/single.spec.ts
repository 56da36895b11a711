// The page in one file, opened from the disk; and what it does with a program that was written into it.
import { expect, test } from "@playwright/test";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { settled } from "./support.ts";

const single = fileURLToPath(new URL("../../dist/single.html", import.meta.url));

test("one file, no server", async ({ page }) => {
  await page.goto(`file://${single}`);
  await settled(page);
  await expect(page.getByRole("grid", { name: "Tokens" })).toContainText("NAME");
  await expect(page.getByRole("grid", { name: "Bytecode" })).toContainText("RESUME");
});

test("one file with a program in it", async ({ page }) => {
  const program = JSON.stringify({ name: "inside.py", source: "within = '</script>'\n" }).replaceAll("<", "\\u003c");
  const path = test.info().outputPath("inside.html");
  writeFileSync(path, readFileSync(single, "utf8").replace("</body>", () => `<script type="application/json" id="taipan-program">${program}</script></body>`));
  await page.goto(`file://${path}`);
  await settled(page);
  await expect(page.locator(".cm-content")).toContainText("within = '</script>'");
  await expect(page.getByRole("button", { name: "inside.py" })).toBeVisible();
});

test("one file runs programs that import", async ({ page }) => {
  await page.goto(`file://${single}`);
  await settled(page);
  test.skip(!(await page.evaluate(() => globalThis.taipanInspector.execution.available)), "the page was built without a machine");
  await page.evaluate(() => {
    globalThis.taipanInspector.program.open("import json\nprint(json.dumps([1, 2]))\n", "imports.py");
    return globalThis.taipanInspector.execution.start();
  });
  await page.waitForFunction(() => ["ready", "failed"].includes(globalThis.taipanInspector.execution.status));
  expect(await page.evaluate(() => globalThis.taipanInspector.execution.output.map((part) => part.text).join(""))).toBe("[1, 2]\n");
});
