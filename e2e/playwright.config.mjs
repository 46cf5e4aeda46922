// Browser tests. `cargo xtask test` builds the page, finds the browsers and runs them; after that,
// `npx playwright test --project=chromium` in this folder runs them again.

import os from "node:os";

import { defineConfig } from "@playwright/test";
import { chromium, firefox, port } from "./helpers/environment.mjs";

export default defineConfig({
  testDir: ".",
  workers: Math.min(4, os.availableParallelism()),
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
    // But in offline.spec.mjs: every test begins without what an earlier one has kept.
    serviceWorkers: "block",
    trace: "retain-on-failure",
  },
  projects: [
    {
      name: "chromium",
      testIgnore: "webkit.spec.mjs",
      use: { browserName: "chromium", launchOptions: chromium },
    },
    {
      // By the WebDriver BiDi protocol, in which Playwright cannot yet touch, download or set media features: what
      // wants that is tagged @chromium. What asks the engine nothing that it could answer differently is left out.
      name: "firefox",
      testMatch: ["smoke", "digest", "time", "page", "spacetime", "trap", "embed", "element"].map((name) => `${name}.spec.mjs`),
      grepInvert: /@chromium/,
      use: { browserName: "firefox", channel: "moz-firefox", launchOptions: firefox, trace: "off" },
    },
    // Without Playwright's pages: see helpers/webkit.mjs.
    { name: "webkit", testMatch: "webkit.spec.mjs" },
  ],
});
