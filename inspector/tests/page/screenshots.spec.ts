// Pictures of the layouts, light and dark, to be looked at: tests/screenshots/.
import { test } from "@playwright/test";
import { open, openRun, settled } from "./support.ts";
import { readFileSync } from "node:fs";

const forms = { desk: { width: 1440, height: 900 }, tablet: { width: 900, height: 1100 }, phone: { width: 390, height: 844 } };
const match = readFileSync(new URL("../../gallery/15-match.py", import.meta.url), "utf8");

for (const scheme of ["light", "dark"] as const) {
  for (const [form, viewport] of Object.entries(forms)) {
    test(`${form}, ${scheme}`, async ({ browser }) => {
      const page = await browser.newPage({ viewport, colorScheme: scheme, baseURL: test.info().project.use.baseURL ?? "" });
      const shot = (name: string) => page.screenshot({ path: `tests/screenshots/${form}-${scheme}-${name}.png` });
      await open(page, match);
      await page.evaluate(() => {
        const { selection, program } = globalThis.taipanInspector;
        const from = program.source.indexOf("r > 0");
        selection.choose("test", [{ from, to: from + 5 }]);
      });
      await page.waitForTimeout(300);
      await shot("stages");
      for (const pane of form === "desk" ? (["cfg"] as const) : (["tree", "bytecode", "cfg"] as const)) {
        await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), pane);
        await settled(page);
        await page.waitForTimeout(200);
        await shot(pane);
      }
      if (form === "desk") {
        for (const pane of ["symbols", "ast", "instructions", "pyc"] as const) await page.evaluate((id) => globalThis.taipanInspector.layout.show(id), pane);
        await settled(page);
        await page.waitForTimeout(200);
        await shot("others");
      }
      await page.getByRole("radio", { name: "Compare" }).click();
      await page.waitForTimeout(400);
      await shot("compare");
      await page.close();
    });
    test(`execution, ${form}, ${scheme}`, async ({ browser }) => {
      const page = await browser.newPage({ viewport, colorScheme: scheme, baseURL: test.info().project.use.baseURL ?? "" });
      await openRun(page, 48);
      if (form === "phone") await page.evaluate(() => globalThis.taipanInspector.layout.show("frames"));
      await page.waitForTimeout(300);
      await page.screenshot({ path: `tests/screenshots/${form}-${scheme}-run.png` });
      await page.close();
    });
  }
}

test("dialogs and tour", async ({ page }) => {
  await open(page);
  for (const [keys, name] of [["Alt+g", "gallery"], ["F1", "help"], ["Control+k", "palette"], ["Alt+e", "export"], ["Alt+t", "tour"]] as const) {
    await page.keyboard.press(keys);
    await page.waitForTimeout(250);
    await page.screenshot({ path: `tests/screenshots/${name}.png` });
    await page.keyboard.press("Escape");
  }
});
