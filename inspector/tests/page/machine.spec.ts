// Programs in the machine itself: forwards to the end, back to the start and forwards again through the same states, with the
// output that CPython 3.14 gives, and with the stacks and locals that the native executable reports (TAIPAN names it; the
// command `cargo xtask inspector --test` does).
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { open } from "./support.ts";

const expected = new URL("../expected/", import.meta.url);
const native = process.env.TAIPAN;
/** How many steps lie between the states that are looked at. */
const EVERY = 100;

/** What is compared of a state: for each frame where it stands, its stack and its names. */
interface Seen {
  name: string;
  offset: number;
  stack: { text: string; type: string }[];
  locals: { name: string; value: { text: string; type: string } | null }[];
}

/** States as text: for each frame its place, stack and locals. Addresses are no part of a value. */
function told(frames: readonly Seen[]): string {
  const value = (one: { text: string; type: string } | null) => (one ? `${one.type} ${one.text.replace(/0x[0-9a-f]+/g, "0x")}` : "unbound");
  return frames.map(({ name, offset, stack, locals }) => `${name} at ${offset}: ${stack.map(value).join(", ")} | ${locals.map((one) => `${one.name} = ${value(one.value)}`).join(", ")}`).join("\n");
}

async function nativeStates(folder: URL, file: string): Promise<{ steps: number; states: Map<number, string> }> {
  const options = { cwd: fileURLToPath(folder), maxBuffer: 1 << 30 };
  const { stdout } = await promisify(execFile)(native ?? "", ["inspect", "--json", "--states", String(EVERY), file], options);
  const report = JSON.parse(stdout) as { steps: number; states: { step: number; frames: Seen[] }[] };
  return { steps: report.steps, states: new Map(report.states.map(({ step, frames }) => [step, told(frames)])) };
}

for (const folder of [new URL("../../gallery/", import.meta.url), new URL("../programs/", import.meta.url)]) {
  for (const file of readdirSync(folder).sort()) {
    test(file, async ({ page }) => {
      test.setTimeout(180_000);
      await open(page, "");
      test.skip(!(await page.evaluate(() => globalThis.taipanInspector.execution.available)), "the page was built without a machine");
      await page.evaluate(
        ([source, name]) => {
          globalThis.taipanInspector.program.open(source, name);
          return globalThis.taipanInspector.execution.start();
        },
        [readFileSync(new URL(file, folder), "utf8"), file] as const,
      );
      await page.waitForFunction(() => ["ready", "failed"].includes(globalThis.taipanInspector.execution.status), null, { timeout: 60_000 });
      const result = await page.evaluate(async (every) => {
        const { execution } = globalThis.taipanInspector;
        const { steps } = execution;
        const places = Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
        if (places.at(-1) !== steps) places.push(steps);
        const look = async (step: number) => {
          await execution.go(step);
          while (execution.state?.step !== step && execution.status === "ready") await new Promise((resolve) => setTimeout(resolve, 2));
          return JSON.stringify(execution.state);
        };
        const forwards = new Map<number, string>();
        for (const step of places) forwards.set(step, await look(step));
        const different: number[] = [];
        for (const step of places.toReversed().concat(places)) if ((await look(step)) !== forwards.get(step)) different.push(step);
        const frames = [...forwards].map(([step, state]) => [step, (JSON.parse(state) as { frames: unknown }).frames] as const);
        return { steps, status: execution.status, ending: execution.ending, message: execution.message, output: execution.output.map((part) => part.text).join(""), different, frames };
      }, EVERY);
      expect(result).toMatchObject({ status: "ready", ending: "finished", output: readFileSync(new URL(file.replace(".py", ".out"), expected), "utf8"), different: [] });
      expect(result.steps).toBeGreaterThan(5);
      if (!native) return;
      const there = await nativeStates(folder, file);
      expect(result.steps).toBe(there.steps);
      const here = new Map(result.frames.map(([step, frames]) => [step, told(frames as Seen[])]));
      expect(there.states.size).toBeGreaterThan(0);
      for (const [step, state] of there.states) expect(here.get(step), `step ${step}`).toBe(state);
    });
  }
}
