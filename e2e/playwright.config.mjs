// Browser tests. `cargo xtask test` builds the page, finds Chromium and runs them; after that,
// `npx playwright test` in this folder runs them again.

import { defineConfig } from "@playwright/test";
import { chromium, port } from "./helpers/environment.mjs";

export default defineConfig({
  testDir: ".",
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  webServer: { command: "node helpers/server.mjs", port, stdout: "ignore" },
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
  },
  projects: [{ name: "chromium", use: { browserName: "chromium", launchOptions: chromium } }],
});
