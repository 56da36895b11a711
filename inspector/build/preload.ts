// The static engine's module is asked for together with the page's code, and not only once that runs.
import type { Plugin } from "vite";

export function preload(): Plugin {
  return {
    name: "taipan-preload",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const module = Object.keys(bundle ?? {}).find((name) => /static-[^/]*\.wasm$/.test(name));
        return module ? [{ tag: "link", attrs: { rel: "preload", as: "fetch", type: "application/wasm", crossorigin: true, href: `./${module}` }, injectTo: "head" }] : [];
      },
    },
  };
}
