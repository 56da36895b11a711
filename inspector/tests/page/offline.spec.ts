// After the first visit the page works with the network cut.
import { expect, test } from "@playwright/test";
import { open, settled } from "./support.ts";

test("the network is cut after the first visit", async ({ page, context }) => {
  await open(page, "answer = 6 * 7\n");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await context.setOffline(true);
  await page.reload();
  await settled(page);
  await expect(page.getByRole("grid", { name: "Tokens" })).toContainText("answer");
  await page.evaluate(() => globalThis.taipanInspector.program.open("changed = 1\n", "other.py"));
  await settled(page);
  await expect(page.getByRole("grid", { name: "Bytecode" })).toContainText("changed");
});

test("nothing is asked of other hosts", async ({ page, baseURL }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http")) hosts.add(url.origin);
  });
  await open(page);
  await page.getByRole("radio", { name: "Compare" }).click();
  expect([...hosts]).toEqual([new URL(baseURL ?? "").origin]);
});
