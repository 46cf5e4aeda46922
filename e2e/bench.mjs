// Measures in Chromium; run it by `cargo xtask bench`. Its argument is the folder with the benchmark for wasm.

import { readFile } from "node:fs/promises";
import path from "node:path";

import { openPage, timeFrames, withBrowser } from "./helpers/browser.mjs";
import { memory, playHour, seekAll, watchMemory } from "./helpers/hour.mjs";

const folder = process.argv[2];
const OPENINGS = 20;
/** What an opening may take, in milliseconds: to the first picture, and to a cluster that runs. */
const [PICTURE_MS, RUNNING_MS] = [100, 300];
const FRAMES = 240;

/** Clusters whose heartbeats keep about so many messages under way. */
const CROWDS = [
  { nodes: 5, messages: 50, latency: 31_000 },
  { nodes: 25, messages: 500, latency: 52_000 },
  { nodes: 101, messages: 2000, latency: 50_000 },
];

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * q)];
const median = (numbers) => quantile(numbers, 0.5);
const figures = (times) => [median(times), quantile(times, 0.95)].map((time) => time.toFixed(1)).join(" / ");

/** A run of five nodes and forty busy clients. */
const BUSY = {
  format: 1,
  protocol: "raft",
  nodes: 5,
  seed: 1,
  workload: { clients: 40, think_least: 1_000, think_most: 2_000, keys: 3, read_percent: 30, patience: 500_000 },
  actions: [],
};
const BUSY_EVENTS = 100_000;

/** Events a second of the simulator as wasm: the same cases as `cargo bench`. */
async function simulate(browser, origin) {
  const page = await openPage(browser, `${origin}/`);
  await page.addScriptTag({ path: path.join(folder, "measure.js") });
  const wasm = (await readFile(path.join(folder, "measure.wasm"))).toString("base64");
  const report = await page.evaluate(async (wasm) => {
    const bytes = Uint8Array.from(atob(wasm), (letter) => letter.charCodeAt(0));
    await wasm_bindgen({ module_or_path: bytes });
    const { Measured } = wasm_bindgen;
    const cases = Measured.cases();
    const times = Array.from({ length: cases }, () => []);
    for (let round = 0; round < Measured.rounds(); round++) {
      for (let index = 0; index < cases; index++) {
        const measured = new Measured(index);
        const begun = performance.now();
        measured.run();
        times[index].push((performance.now() - begun) / 1e3);
        measured.free();
      }
    }
    const medians = times.map((each) => each.toSorted((a, b) => a - b)[Math.floor(each.length / 2)]);
    return `median of ${Measured.rounds()}\n${Measured.report(Float64Array.from(medians))}`;
  }, wasm);
  console.log(`\nwasm, one thread, ${report}`);
  await page.context().close();
}

/** Milliseconds from the start of navigation to the first picture, and to a running program. */
async function timeToOpen(browser, origin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  // What Playwright puts into a page to wait there would be measured, too.
  const session = await context.newCDPSession(page);
  await page.goto(`${origin}/`);
  const expression = "globalThis.conclave || new Promise((ready) => document.addEventListener('lab-ready', ready))";
  await session.send("Runtime.evaluate", { expression, awaitPromise: true });
  const times = await page.evaluate(() => ({
    picture: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    running: performance.getEntriesByName("conclave-running")[0]?.startTime ?? NaN,
  }));
  await context.close();
  return times;
}

/** Script time of each frame, Yew's rendering included, while a crowd of messages is under way. */
async function frames(browser, origin, { nodes, messages, latency }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await timeFrames(page);
  await page.goto(`${origin}/?lang=en`);
  await page.getByRole("button", { name: "Play" }).waitFor();
  const recording = {
    format: 1,
    protocol: "raft",
    nodes,
    seed: 1,
    settings: { election_timeout_least: 1_000_000, election_timeout_most: 3_000_000, heartbeat_interval: 5_000 },
    quality: { latency, jitter: 0, loss_ppm: 0, duplicate_ppm: 0, fifo: false },
    actions: [],
  };
  await page.evaluate((json) => globalThis.conclave.load(json), JSON.stringify(recording));
  // Quickly to a leader, then at the usual speed.
  await page.getByLabel("Speed").fill("66");
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("button", { name: /, leader,/ }).waitFor();
  await page.waitForTimeout(300);
  await page.getByLabel("Speed").fill("34");
  await page.waitForTimeout(300);
  await page.evaluate(() => (globalThis.frameTimes.length = 0));
  await page.waitForFunction((wanted) => globalThis.frameTimes.length >= wanted, FRAMES);
  const times = await page.evaluate(() => globalThis.frameTimes);
  const tab = await page.getByRole("tab", { name: /In flight/ }).textContent();
  await context.close();
  console.log(`  ${nodes} nodes, about ${messages} messages: ${figures(times)}   (${tab.trim()})`);
}

/** Script time of each frame in which the space–time diagram of a long run is panned, near and then far. */
async function pan(browser, origin) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await timeFrames(page);
  await page.goto(`${origin}/?lang=en&speed=10000`);
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.evaluate((json) => globalThis.conclave.load(json), JSON.stringify(BUSY));
  await page.getByRole("button", { name: "Play" }).click();
  const events = page.getByRole("toolbar", { name: "Transport" }).getByText(/\d+ events/);
  while (Number.parseInt(await events.innerText()) < BUSY_EVENTS) await page.waitForTimeout(500);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("tab", { name: /Space/ }).click();
  await page.getByText("The run is being read.").waitFor({ state: "hidden" });
  await page.getByRole("group", { name: "Space–time diagram" }).focus();
  for (const view of ["near", "far"]) {
    if (view === "far") for (const key of ["0", "+"]) await page.keyboard.press(key);
    await page.evaluate(() => (globalThis.frameTimes.length = 0));
    for (let press = 0; press < 120; press++) {
      await page.keyboard.press(press % 4 < 2 ? "ArrowLeft" : "ArrowRight");
    }
    const seen = await page.getByRole("tabpanel").getByRole("img").getAttribute("aria-label");
    console.log(`  ${view}: ${figures(await page.evaluate(() => globalThis.frameTimes))}   (${seen})`);
  }
  await context.close();
}

/** Milliseconds of a seek in an hour, and what the page needs for it. */
async function hour(browser, origin) {
  const { link, events } = await playHour(path.join(folder, "hour.json"));
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await watchMemory(page);
  await page.goto(`${origin}/?lang=en#run=${link}`);
  await page.getByText(`${events} events`).waitFor({ timeout: 120_000 });
  const times = (await seekAll(page)).map(({ took }) => took);
  const needs = await memory(page);
  console.log(`\nan hour, ${events} events: ${times.length} seeks, ms: ${figures(times)}; ${needs.toFixed(1)} MiB`);
  await page.context().close();
}

await withBrowser(async (browser, origin) => {
  console.log(`Chromium ${browser.version()}`);
  await simulate(browser, origin);
  console.log("\nscript work of a frame, ms, median / 95th percentile");
  for (const crowd of CROWDS) await frames(browser, origin, crowd);
  console.log(`\nthe same while the space–time diagram of ${BUSY_EVENTS} events is panned`);
  await pan(browser, origin);
  await hour(browser, origin);

  const times = [];
  for (let i = 0; i < OPENINGS; i++) times.push(await timeToOpen(browser, origin));
  const of = (name) => median(times.map((time) => time[name])).toFixed(0);
  console.log(`\nopen to first picture: ${of("picture")} ms of ${PICTURE_MS}; to a running cluster: ${of("running")} ms of ${RUNNING_MS} (median of ${OPENINGS})`);
});
