// The main tasks in WebKitGTK, by keyboard and by buttons.

import { expect, test } from "@playwright/test";

import { port } from "./helpers/environment.mjs";
import { FORBIDDEN, PLACES } from "./helpers/places.mjs";
import { digests, recordings, replayHere, replayInWorker } from "./helpers/replay.mjs";
import { WebKit } from "./helpers/webkit.mjs";

const ORIGIN = `http://127.0.0.1:${port}`;

/** Keys, as WebDriver codes them. */
const [TAB, RIGHT] = ["\uE004", "\uE014"];

let webkit;

test.beforeAll(async () => (webkit = await WebKit.launch()));
test.afterAll(() => webkit?.close());

/** What is true in a page whose program runs. */
const isRunning = () => document.documentElement.dataset.conclave === "running";

async function open(address) {
  await webkit.open(new URL(address, ORIGIN).href);
  await webkit.until("the program", isRunning);
}

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
  for (let presses = 0; presses < 200; presses++) {
    const focused = await webkit.run(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText);
    if (name.test(focused)) return;
    await webkit.press(key);
  }
  throw new Error(`${name} is not reached by this key`);
}

/** The element there, once it is ready. */
const isReady = () => document.querySelector("consensus-lab")?.ready?.then((lab) => [lab.play()]);

/** Whether what is to be stored is refused, or there is nothing. */
const storesNothing = () => {
  try {
    return localStorage.length === 0 && document.cookie === "";
  } catch (error) {
    return error.name === "SecurityError";
  }
};

/** The addresses that were asked of anybody else. */
const foreign = (origin) =>
  performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => !/^(data|blob|file):/.test(name) && !name.startsWith(`${origin}/`));

test.describe("opens and elects a leader", () => {
  for (const { name, address, framed, element } of PLACES) {
    test(name, async () => {
      await webkit.open(new URL(address, ORIGIN).href);
      const [what, there] = element ? ["the lab", isReady] : ["the program", isRunning];
      await (framed ? webkit.enterFrame(what, there) : webkit.until(what, there));
      if (element) {
        await webkit.until("a leader", () => document.querySelector("consensus-lab").state().nodes.some(({ leads }) => leads));
      } else {
        await elects();
      }
      expect(await webkit.run(foreign, ORIGIN)).toEqual([]);
      expect(await webkit.run(storesNothing)).toBe(true);
      if (address.startsWith("/host")) expect(await webkit.run(() => self.origin)).toBe("null");
      expect(await webkit.cookies()).toEqual([]);
    });
  }
});

test.describe("where wasm is forbidden, a picture and an explanation stand for", () => {
  // The text of a frame WebKit lets run wasm all the same.
  for (const { name, address } of FORBIDDEN.filter(({ framed }) => !framed)) {
    test(name, async () => {
      await webkit.open(new URL(address, ORIGIN).href);
      const explained = () => {
        const place = document.querySelector("consensus-lab")?.shadowRoot ?? document;
        const picture = document.querySelector("img[alt^='Five nodes']");
        return /it was not allowed to start/.test(place.querySelector("[role=alert]")?.innerText) && picture.checkVisibility();
      };
      await webkit.until("an explanation", explained);
    });
  }
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
  /** A link to this moment; in it is a digest of the state there. */
  const link = async () => {
    await webkit.run(() => (document.querySelector("details:has(summary):not([open])") ?? {}).open = true);
    await webkit.click("Copy link at this moment");
    return webkit.until("the link", () => document.querySelector("input[readonly]")?.value);
  };
  await open("/?lang=en&seed=5");
  for (let step = 0; step < 25; step++) await webkit.click("Step forward");
  const [copied, names, moment] = [await link(), await nodes(), await slider()];
  // As another reader would, who was not here before.
  await webkit.open("about:blank");
  await open(copied);
  await expect.poll(slider).toBe(moment);
  expect(await nodes()).toEqual(names);
  expect(new URL(await link()).hash).toBe(new URL(copied).hash);
});

for (const [where, replay] of Object.entries({ "on the main thread": replayHere, "in a worker": replayInWorker })) {
  test(`recordings give the same digests ${where} as natively`, async () => {
    await open("/");
    expect(await webkit.run(replay, recordings)).toEqual(digests);
  });
}
