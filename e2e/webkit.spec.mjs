// The main tasks in WebKitGTK, by keyboard and by buttons.

import { expect, test } from "@playwright/test";

import { port } from "./helpers/environment.mjs";
import { digests, recordings, replayHere, replayInWorker } from "./helpers/replay.mjs";
import { WebKit } from "./helpers/webkit.mjs";

const ORIGIN = `http://127.0.0.1:${port}`;

/** Keys, as WebDriver codes them. */
const [TAB, RIGHT] = ["\uE004", "\uE014"];

let webkit;

test.beforeAll(async () => (webkit = await WebKit.launch()));
test.afterAll(() => webkit?.close());

async function open(address) {
  await webkit.open(`${ORIGIN}${address}`);
  await running();
}

const running = () =>
  webkit.until("the program", () => document.documentElement.dataset.conclave === "running");

/** The names of the nodes, such as "S1, follower, term 0". */
const nodes = () =>
  webkit.run(() => [...document.querySelectorAll("[role=button][aria-label]")].map((node) => node.getAttribute("aria-label")).filter((name) => /^S\d/.test(name)));

const slider = () => webkit.run(() => document.querySelector("input[type=range][aria-valuetext]").getAttribute("aria-valuetext"));

async function elects() {
  await webkit.click("Play");
  await expect.poll(nodes).toContainEqual(expect.stringMatching(/^S\d, leader, term \d+/));
}

/** Presses a key until what has the focus is named so. */
async function focus(key, name) {
  for (let presses = 0; presses < 60; presses++) {
    const focused = await webkit.run(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);
    if (name.test(focused)) return;
    await webkit.press(key);
  }
  throw new Error(`${name} is not reached by this key`);
}

test("a leader is elected", async () => {
  await open("/?lang=en&speed=500");
  await elects();
});

test("a node is crashed by keyboard, and time goes back and forward again", async () => {
  await open("/?lang=en&seed=3");
  for (let step = 0; step < 12; step++) await webkit.click("Step forward");
  await focus(TAB, /^S1,/);
  await focus(RIGHT, /^S2,/);
  await webkit.press(" ");
  await focus(TAB, /^Crash$/);
  await webkit.press(" ");
  await expect.poll(nodes).toContainEqual(expect.stringMatching(/^S2, down/));
  const [there, moment] = [await nodes(), await slider()];
  await webkit.click("Step back");
  await expect.poll(nodes).not.toEqual(there);
  await webkit.click("Step forward");
  await expect.poll(nodes).toEqual(there);
  expect(await slider()).toBe(moment);
});

test("a link opens at the state that it was copied at", async () => {
  /** The digest of the state that is shown. */
  const digest = (recording, moment) =>
    webkit.run((json, micros) => globalThis.__conclave_replay(json, micros), recording, Math.round(Number.parseFloat(moment) * 1e6));
  const recorded = () => webkit.run(() => globalThis.__conclave_recording);

  await open("/?lang=en&seed=5");
  for (let step = 0; step < 25; step++) await webkit.click("Step forward");
  await webkit.run(() => document.querySelector("summary").click());
  await webkit.click("Copy link at this moment");
  const link = await webkit.until("the link", () => document.querySelector("input[readonly]")?.value);
  const [names, moment, json] = [await nodes(), await slider(), await recorded()];
  // As another reader would, who was not here before.
  await webkit.open("about:blank");
  await webkit.open(link);
  await running();
  await expect.poll(slider).toBe(moment);
  expect(await nodes()).toEqual(names);
  expect(await digest(await recorded(), moment)).toBe(await digest(json, moment));
});

for (const [where, replay] of Object.entries({ "on the main thread": replayHere, "in a worker": replayInWorker })) {
  test(`recordings give the same digests ${where} as natively`, async () => {
    await open("/");
    expect(await webkit.run(replay, recordings)).toEqual(digests);
  });
}
