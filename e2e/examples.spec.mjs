// The examples of examples/embed/, as `cargo xtask examples` has made them.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { cell } from "./helpers/documentation.mjs";
import { examples } from "./helpers/environment.mjs";
import { expect, running, test } from "./helpers/test.mjs";

test.beforeAll(() => expect(existsSync(examples), `${examples} is there; if not: cargo xtask examples`).toBe(true));

const leader = (frame) => frame.getByRole("button", { name: /^S\d, leader, term \d+$/ });

for (const { name, address } of [
  { name: "a page of plain HTML", address: "page/index.html" },
  { name: "a book of mdBook", address: "book/book/election.html" },
  { name: "a notebook of Jupyter", address: "notebook/election.html" },
]) {
  test(`${name} shows the page, which elects a leader`, async ({ page, context }) => {
    await page.goto(`/examples/${address}`);
    const frame = page.frameLocator("iframe");
    await page.locator("iframe").scrollIntoViewIfNeeded();
    await running(frame);
    await frame.getByRole("button", { name: "Play", exact: true }).click();
    await expect(leader(frame)).toBeVisible();
    expect(await context.cookies()).toEqual([]);
  });
}

test("a deck of reveal.js shows the page when its slide comes", async ({ page }) => {
  await page.goto("/examples/slides/index.html");
  await expect(page.getByRole("heading", { name: "Leader election" })).toBeVisible();
  await page.keyboard.press("ArrowRight");
  const frame = page.frameLocator("iframe");
  await running(frame);
  await expect(leader(frame)).toBeVisible();
});

test("the notebook's cell is that of the documentation", () => {
  const { cells } = JSON.parse(readFileSync(path.join(examples, "notebook/election.ipynb"), "utf8"));
  expect(cells.map(({ source }) => source.join(""))).toContain(cell.trim());
});
