// Browser tests. `cargo xtask test` builds the page, finds Chromium and runs them; after that,
// `npx playwright test` in this folder runs them again.

import { defineConfig } from "@playwright/test";
import { chromium, port } from "./helpers/environment.mjs";

export default defineConfig({
  testDir: ".",
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  // The machine may be slow and busy: what is asked for must come, and may take its time.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  // A test that passes only when tried again is named at the end of `cargo xtask test`.
  retries: 1,
  webServer: { command: "node helpers/server.mjs", port, stdout: "ignore" },
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
  },
  projects: [{ name: "chromium", use: { browserName: "chromium", launchOptions: chromium } }],
});
