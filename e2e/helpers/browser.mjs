// For scripts that are no tests: the page, served and opened.

import { chromium as playwrightChromium } from "@playwright/test";

import { chromium, dist } from "./environment.mjs";
import { serve } from "./server.mjs";

/** Serves the page, launches Chromium, calls `work(browser, origin)` and tidies up. */
export async function withBrowser(work) {
  const { origin, close } = await serve(dist);
  const browser = await playwrightChromium.launch(chromium);
  try {
    await work(browser, origin);
  } finally {
    await browser.close();
    close();
  }
}

/** Opens the page in a context of its own and waits until the program runs. */
export async function openPage(browser, address, contextOptions = {}) {
  const context = await browser.newContext(contextOptions);
  const page = await context.newPage();
  await page.goto(address);
  await page.locator("html[data-conclave=running]").waitFor({ state: "attached" });
  return page;
}

/** From its next address on, a page notes the script time of each frame, Yew's rendering included, in `frameTimes`. */
export const timeFrames = (page) =>
  page.addInitScript(() => {
    const request = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.frameTimes = [];
    globalThis.requestAnimationFrame = (callback) =>
      request((clock) => {
        const begun = performance.now();
        callback(clock);
        // Yew renders in a microtask that the callback has queued before this one.
        queueMicrotask(() => globalThis.frameTimes.push(performance.now() - begun));
      });
  });
