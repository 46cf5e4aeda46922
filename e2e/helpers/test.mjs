// Playwright's `test`, with what every test of the page demands beside its own subject:
//  - nothing is requested from anywhere but the page's own origin;
//  - nothing is logged as an error, but what the test expects: test.use({ expectedErrors: /trap/ }).

import { test as base, expect } from "@playwright/test";
import { port } from "./environment.mjs";

const OWN = new RegExp(`^(http://127\\.0\\.0\\.1:${port}/|file:|data:|blob:|about:)`);

export const test = base.extend({
  expectedErrors: [/(?!)/, { option: true }],

  wellBehaved: [
    async ({ context, expectedErrors }, use) => {
      const foreign = [];
      const errors = [];
      context.on("request", (request) => OWN.test(request.url()) || foreign.push(request.url()));
      context.on("weberror", (error) => errors.push(String(error.error())));
      context.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await use();
      expect(foreign, "requests to other origins").toEqual([]);
      const unexpected = errors.filter((error) => !expectedErrors.test(error));
      expect(unexpected, "errors").toEqual([]);
    },
    { auto: true },
  ],
});

/** Waits until the program runs and shows its cluster; `where` is a page or a frame. */
export async function running(where) {
  await expect(where.locator("html")).toHaveAttribute("data-conclave", "running");
  await expect(where.getByRole("heading", { level: 1 })).toContainText("Conclave");
  await expect(where.getByRole("button", { name: /^S1, / })).toBeVisible();
}

/** Waits until a lab shows its cluster, and lets it run until somebody leads; `where` is a page, a frame or an element. */
export async function elects(where) {
  await expect(where.getByRole("button", { name: /^S1, / })).toBeVisible();
  // By a key: in Firefox nothing can be clicked in what a deck of slides has scaled.
  await where.getByRole("button", { name: "Play" }).press("Enter");
  await expect(where.getByRole("button", { name: /^S\d, leader, term \d+/ })).toBeVisible();
}

export { expect };
