// What comes over the wire, compressed as servers do it (brotli): the page with the static stages, and all with the machine.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { expect, it } from "vitest";

const dist = new URL("../../dist/", import.meta.url);
const assets = new URL("assets/", dist);
const MB = 1 << 20;

const size = (file: URL) => brotliCompressSync(readFileSync(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;

it.skipIf(!existsSync(assets))(
  "is what it may be",
  () => {
    const files = [new URL("index.html", dist), ...readdirSync(assets).map((name) => new URL(name, assets))];
    const sizes = files.map((file) => ({ machine: /machine.*\.wasm$/.test(file.pathname), bytes: size(file) }));
    const sum = (some: typeof sizes) => some.reduce((all, one) => all + one.bytes, 0);
    const [first, all] = [sum(sizes.filter((one) => !one.machine)), sum(sizes)];
    console.log(`${(first / MB).toFixed(2)} MB for all static stages (bar: 1.5), ${(all / MB).toFixed(2)} MB with the machine (bar: 3)`);
    expect(first).toBeLessThan(1.5 * MB);
    expect(all).toBeLessThan(3 * MB);
  },
  600_000,
);
