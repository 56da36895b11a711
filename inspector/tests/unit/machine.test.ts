// The machine with every program of the gallery, in Node: output as CPython's, and the same states forward and back. It needs
// what `cargo xtask inspector --engine` builds; without that there is nothing to test.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Core, type Library } from "../../src/engine/machine-core.ts";

const wasm = new URL("../../src/engine/machine.wasm", import.meta.url);
const files = new URL("../../public/lib/", import.meta.url);
const gallery = new URL("../../gallery/", import.meta.url);
const expected = new URL("../expected/", import.meta.url);
const built = existsSync(wasm) && existsSync(new URL("index.txt", files));

describe.skipIf(!built)("the machine", () => {
  let module: WebAssembly.Module;
  let core: Core;

  beforeAll(async () => {
    module = await WebAssembly.compile(readFileSync(wasm));
    const library: Library = {
      index: readFileSync(new URL("index.txt", files), "utf8"),
      read(name) {
        const url = new URL(name, files);
        return existsSync(url) ? new Uint8Array(readFileSync(url)) : null;
      },
    };
    core = new Core(module, library);
  }, 60_000);

  /** Runs a program to its end. */
  function run(source: string, stdin = "", most = 200_000) {
    const { codes, error } = core.load(source, { optimize: 0, filename: "program.py" }, stdin);
    expect(error).toBeNull();
    let output = "";
    let errors = "";
    let steps = 0;
    for (;;) {
      const report = core.run(5000);
      for (const { text, stream } of report.output) stream === "out" ? (output += text) : (errors += text);
      expect(report.firstStep).toBe(steps);
      expect(report.steps - report.firstStep).toBe(report.timeline.code.length);
      steps = report.steps;
      if (report.done || steps >= most) return { ...report, output, errors, codes };
    }
  }

  for (const name of readdirSync(gallery).filter((one) => one.endsWith(".py"))) {
    it(
      name,
      () => {
        const { steps, output, errors } = run(readFileSync(new URL(name, gallery), "utf8"));
        expect(errors).toBe("");
        expect(output).toBe(readFileSync(new URL(name.replace(".py", ".out"), expected), "utf8"));
        const every = Math.max(1, Math.ceil(steps / 150));
        const chosen = Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
        const forward = chosen.map((step) => JSON.stringify(core.seek(step)));
        const back = chosen.toReversed().map((step) => JSON.stringify(core.seek(step)));
        expect(back.toReversed()).toEqual(forward);
      },
      120_000,
    );
  }

  it("says why a program does not compile", () => {
    const { error } = core.load("x = = 1\n", { optimize: 0, filename: "program.py" }, "");
    expect(error).toContain("SyntaxError: invalid syntax");
    expect(error).toContain("x = = 1");
  });

  it("stops what does not end", () => {
    expect(run("while True: pass\n", "", 20_000).kind).toBe("running");
    const recursion = run("def f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)\n");
    expect(recursion.output).toBe("maximum recursion depth exceeded\n");
    expect(run("def f(): f()\nf()\n").message).not.toBe("");
    const memory = run("x = [0] * 10**9\n");
    expect(memory.message).toContain("MemoryError");
    expect(run("print(1)\n").output).toBe("1\n");
  });

  it("reads what it is given, and says when there is no more", () => {
    const program = "a = input('? ')\nb = input()\nprint(a + b)\n";
    const first = run(program, "x\n");
    expect(first.kind).toBe("input");
    expect(first.output).toBe("? ");
    expect(core.seek(first.steps).frames.length).toBe(1);
    expect(run(program, "x\ny\n").output).toBe("? xy\n");
  });
});
