// Page tests: the built page in a real Chromium. CHROMIUM names another browser than Debian's.
import { defineConfig } from "@playwright/test";

const port = 4173;
export default defineConfig({
  testDir: "tests/page",
  outputDir: "test-results",
  // What is quick on a quiet machine takes its time on one that builds something beside it.
  timeout: 150_000,
  expect: { timeout: 20_000 },
  retries: 1,
  workers: 2,
  fullyParallel: true,
  reporter: [["list"]],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
  },
  webServer: { command: `npx vite preview --host 127.0.0.1 --port ${port} --strictPort`, port, reuseExistingServer: false },
});
