// What the views do beside showing: comparing, the tour's way through the panes, exports, the `.pyc`.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { open, openRun, settled } from "./support.ts";

test("comparing -O with none marks what differs", async ({ page }) => {
  await open(page, "def f(x):\n    assert x, 'no'\n    return x\n");
  await page.getByRole("radio", { name: "Compare" }).click();
  await page.getByRole("button", { name: "with -O", exact: true }).click();
  await expect(page.locator(".half.removed").first()).toBeVisible();
  await expect(page.locator(".half.removed", { hasText: "LOAD_COMMON_CONSTANT" })).toBeVisible();
  await page.getByRole("button", { name: "with a copy to edit" }).click();
  await page.getByRole("textbox", { name: "Program on the right" }).fill("def f(x):\n    return x\n");
  await expect(page.locator(".half.removed").first()).toBeVisible();
});

test("the tour visits its panes and gives the program back", async ({ page }) => {
  await openRun(page, 3);
  await page.keyboard.press("Alt+t");
  const before = await page.evaluate(() => globalThis.taipanInspector.program.source);
  for (let step = 1; step <= 11; step++) {
    await expect(page.getByRole("dialog", { name: `Guided tour, step ${step} of 11` })).toBeVisible();
    if (step < 11) await page.getByRole("button", { name: "Next", exact: true }).click();
  }
  expect(before).toContain("x = 42");
  await page.getByRole("button", { name: "Leave the tour" }).click();
  await expect(page.locator(".cm-content")).toContainText("append_to");
});

test("stages and drawings are saved as files", async ({ page }) => {
  await open(page, "answer = 42\n");
  const saved = async (press: () => Promise<void>) => {
    const [download] = await Promise.all([page.waitForEvent("download"), press()]);
    return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
  };
  const svg = await saved(() => page.getByRole("button", { name: "SVG" }).first().click());
  expect(svg.name).toBe("tree.svg");
  expect(svg.content.toString()).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*Constant.*<\/svg>$/s);
  const png = await saved(() => page.getByRole("button", { name: "PNG" }).first().click());
  expect(png.content.subarray(1, 4).toString()).toBe("PNG");
  await page.keyboard.press("Alt+e");
  const text = await saved(() => page.getByRole("button", { name: "Bytecode as text" }).click());
  expect(text.content.toString()).toContain("STORE_NAME               0 (answer)");
  const json = await saved(() => page.getByRole("button", { name: "Tokens as JSON" }).click());
  expect(JSON.parse(json.content.toString())).toHaveProperty("tokens.rows");
  await page.keyboard.press("Escape");
  await page.evaluate(() => globalThis.taipanInspector.layout.show("pyc"));
  await settled(page);
  const pyc = await saved(() => page.getByRole("button", { name: "Save .pyc" }).click());
  expect(pyc.content.subarray(0, 4).toString("hex")).toBe("2b0e0d0a");
});
