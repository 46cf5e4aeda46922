// The site is kept for days without a network, and never grows old.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test as base } from "@playwright/test";

import { dist } from "./helpers/environment.mjs";
import { serve } from "./helpers/server.mjs";
import { running } from "./helpers/test.mjs";

base.use({ serviceWorkers: "allow" });

/** With `site`: a copy of the site that may be changed, served by a server that may be stopped and started. */
const test = base.extend({
  site: async ({}, use) => {
    const root = await mkdtemp(path.join(tmpdir(), "conclave-offline-"));
    await cp(dist, root, { recursive: true });
    const first = await serve(root);
    const port = Number(new URL(first.origin).port);
    let stop = first.close;
    const site = {
      root,
      origin: first.origin,
      stop: () => stop(),
      start: async () => (stop = (await serve(root, port)).close),
      change: async (name, from, to) => {
        const file = path.join(root, name);
        await writeFile(file, (await readFile(file, "utf8")).replace(from, to));
      },
    };
    await use(site);
    stop();
    await rm(root, { recursive: true });
  },
});

/** Waits until the service worker has taken up its work. */
const installed = (page) => expect(page.locator("link[rel=manifest]")).toBeAttached();

/** What is kept: its names without the hashes. */
const kept = (page) => page.evaluate(async () => (await caches.keys()).length);

for (const place of ["/", "/deep/er/path/", "/strict-installed/"]) {
  test(`opened once at ${place}, it opens again without a network`, async ({ page, site }) => {
    await page.goto(`${site.origin}${place}`);
    await running(page);
    await installed(page);
    site.stop();
    for (const address of ["", "?nodes=3&lang=en", "index.html#x"]) {
      await page.goto(`${site.origin}${place}${address}`);
      await page.reload();
      await running(page);
    }
    // What is not the site's stays as it was.
    await expect(page.goto(`${site.origin}${place}other.html`)).rejects.toThrow();
  });
}

test("its manifest names what is there", async ({ page, site }) => {
  await page.goto(site.origin);
  await installed(page);
  const manifest = await page.locator("link[rel=manifest]").evaluate(async ({ href }) => (await fetch(href)).json());
  expect(manifest).toMatchObject({ name: "Conclave", start_url: "./", display: "standalone" });
  for (const { src } of manifest.icons) expect((await page.request.get(`${site.origin}/${src}`)).ok()).toBe(true);
});

test("a new version is seen at once, and kept in place of the old one", async ({ page, site }) => {
  await page.goto(site.origin);
  await installed(page);
  await site.change("index.html", "<body", '<body data-version="new"');
  await site.change("service-worker.js", /hash = "./, 'hash = "-');
  await page.reload();
  await expect(page.locator("body")).toHaveAttribute("data-version", "new");
  await installed(page);
  await expect.poll(() => kept(page)).toBe(1);
  await expect
    .poll(() => page.evaluate(async () => (await caches.keys())[0]))
    .toMatch(/ -[^ ]*$/);
  site.stop();
  await page.reload();
  await running(page);
});

test("in a frame, nothing is kept", async ({ page, site }) => {
  await page.goto(`${site.origin}/snippet/?0`);
  await running(page.frameLocator("iframe"));
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
});

test("a site where a service worker is not allowed runs all the same", async ({ page, site }) => {
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`${site.origin}/strict/`);
  await running(page);
  expect(errors).toEqual([]);
});
