// What the page tests share.
import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { installMachine, type Recording } from "./recorded-machine.ts";

/** Opens the page with this program and waits for the first stages; fails on any error in the page. */
export async function open(page: Page, source?: string): Promise<void> {
  page.on("pageerror", (error) => {
    throw error;
  });
  if (source !== undefined) await page.addInitScript((text) => localStorage.setItem("taipan.program", JSON.stringify(text)), source);
  await page.goto("./");
  await settled(page);
}

/** Waits until the panes show the present text. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { stages, program } = globalThis.taipanInspector ?? {};
    return stages && !stages.busy && (stages.failure !== "" || stages.source === program.source);
  });
  // Let the panes draw.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

export function recording(name: string): Recording {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8")) as Recording;
}

/** Opens the page with a recorded program, run and stepped to `step`. */
export async function openRun(page: Page, step: number): Promise<void> {
  const record = recording("recording");
  await page.addInitScript(installMachine, record);
  await open(page, record.source);
  await page.getByRole("radio", { name: "Execution" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForFunction(() => globalThis.taipanInspector.execution.status === "ready");
  await page.evaluate((to) => globalThis.taipanInspector.execution.go(to), step);
  await expect.poll(() => page.evaluate(() => globalThis.taipanInspector.execution.state?.step)).toBe(step);
}
