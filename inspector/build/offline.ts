// `sw.js`: the service worker with the list of the files that this build consists of.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

export function offline(): Plugin {
  return {
    name: "taipan-offline",
    apply: "build",
    writeBundle(options, bundle) {
      const directory = options.dir ?? "dist";
      const files = Object.keys(bundle).filter((name) => !name.endsWith(".map"));
      const hash = createHash("sha256");
      for (const name of files) hash.update(name).update(readFileSync(join(directory, name)));
      const worker = readFileSync(new URL("../src/sw.js", import.meta.url), "utf8")
        .replace("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)))
        .replace("__FILES__", JSON.stringify(files));
      writeFileSync(join(directory, "sw.js"), worker);
    },
  };
}
