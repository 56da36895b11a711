// Beside the static files, `single.html`: the whole page in one file, the engine's module in base64 included. `taipan inspect`
// serves it and writes it with `--html`. The library is in it as well, so that programs can import without a network.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Plugin } from "vite";

/** Elements that carry the modules, by the beginning of the module's file name; the loaders look for these ids. */
const EMBEDDED: Record<string, string> = { static: "taipan-static-engine", machine: "taipan-machine-engine" };

export function singleFile(): Plugin {
  return {
    name: "taipan-single-file",
    apply: "build",
    writeBundle(options, bundle) {
      const directory = options.dir ?? "dist";
      const text = (name: string) => readFileSync(join(directory, name), "utf8");
      let html = text("index.html");
      // Functions as replacements: the code is full of dollar signs.
      html = html.replace(/<link rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>/g, (_, name: string) => `<style>${text(name)}</style>`);
      html = html.replace(/<link rel="preload"[^>]*>/g, "");
      html = html.replace(/<script type="module"[^>]*src="\.\/([^"]+)"[^>]*><\/script>/g, (_, name: string) => `<script type="module">${text(name).replaceAll("</script", "<\\/script").replaceAll("<!--", "\\x3c!--")}</script>`);
      for (const name of Object.keys(bundle)) {
        if (!name.endsWith(".wasm")) continue;
        const id = EMBEDDED[/([a-z]+)[^/]*$/.exec(name)?.[1] ?? ""];
        if (!id) continue;
        const element = `<script type="text/plain" id="${id}">${readFileSync(join(directory, name)).toString("base64")}</script>`;
        html = html.replace("</body>", () => `${element}</body>`);
      }
      const library = join(directory, "lib");
      if (existsSync(join(library, "index.txt"))) {
        // The index, an empty line, and the files behind each other in its order.
        const index = readFileSync(join(library, "index.txt"), "utf8");
        const names = index.trim().split("\n").map((line) => line.slice(0, line.lastIndexOf(" ")));
        const all = Buffer.concat([Buffer.from(`${index}\n`), ...names.map((name) => readFileSync(join(library, name)))]);
        const element = `<script type="text/plain" id="taipan-library">${deflateSync(all, { level: 9 }).toString("base64")}</script>`;
        html = html.replace("</body>", () => `${element}</body>`);
      }
      writeFileSync(join(directory, "single.html"), html);
    },
  };
}
