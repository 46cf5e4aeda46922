// Measures the page in Chromium; run it by `cargo xtask bench`.
//
// `globalThis.__conclave_bench()` is the page's own benchmark: it gives (a promise of) an object of figures, each name
// with its unit.

import { openPage, withBrowser } from "./helpers/browser.mjs";

const OPENINGS = 9;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds from the start of navigation to the first picture, and to a running program. */
async function timeToOpen(browser, origin) {
  const page = await openPage(browser, `${origin}/`);
  const times = await page.evaluate(() => ({
    picture: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    running: performance.getEntriesByName("conclave-running")[0]?.startTime ?? NaN,
  }));
  await page.context().close();
  return times;
}

await withBrowser(async (browser, origin) => {
  console.log(`Chromium ${browser.version()}`);

  const times = [];
  for (let i = 0; i < OPENINGS; i++) times.push(await timeToOpen(browser, origin));
  const of = (name) => median(times.map((time) => time[name])).toFixed(0);
  console.log(`open to first picture: ${of("picture")} ms; to a running program: ${of("running")} ms (median of ${OPENINGS})`);

  const page = await openPage(browser, `${origin}/`);
  const figures = await page.evaluate(() => globalThis.__conclave_bench?.());
  if (figures) console.table(figures);
});
