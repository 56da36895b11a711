// How the page is built: static files under relative addresses, that work offline after the first visit, and the same in one file.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { offline } from "./build/offline.ts";
import { preload } from "./build/preload.ts";
import { singleFile } from "./build/single-file.ts";

export default defineConfig({
  base: "./",
  plugins: [svelte(), preload(), offline(), singleFile()],
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1500, modulePreload: false },
});
