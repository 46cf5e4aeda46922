// What happens is decided by seed and actions alone: not by the machine, nor by how often a frame is drawn.

import { expect, Lab, SWIFT, test } from "./helpers/lab.mjs";
import { digests, recordings, replayHere, replayInWorker } from "./helpers/replay.mjs";

test.use(SWIFT);

for (const [where, replay] of Object.entries({ "on the main thread": replayHere, "in a worker": replayInWorker })) {
  test(`recordings give the same digests ${where} as natively`, async ({ lab, page }) => {
    expect(new Set(recordings.map(({ protocol }) => protocol)).size).toBe(3);
    expect(recordings.length).toBeGreaterThanOrEqual(20);
    await lab.open();
    expect(await page.evaluate(replay, recordings)).toEqual(digests);
  });
}

test.describe("the history does not depend on the frames", () => {
  const UNTIL = 600;

  /** Runs a cluster, one node of which is crashed by hand at its 12th event; gives what was told up to a moment. */
  async function history(lab) {
    await lab.open({ seed: 11, speed: 500 });
    await lab.step(12);
    await lab.select(2);
    await lab.act("Crash");
    await lab.play();
    await expect.poll(() => lab.now(), { timeout: 15_000 }).toBeGreaterThan(UNTIL);
    await lab.pause();
    const events = await lab.events();
    return events.filter((event) => Number.parseFloat(event) * 1000 <= UNTIL);
  }

  const rates = {
    "a slow processor": async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Emulation.setCPUThrottlingRate", { rate: 5 });
    },
    "7 frames a second": (page) => page.addInitScript(framesEvery, 140),
    "hundreds of frames a second": (page) => page.addInitScript(framesEvery, 1),
  };

  function framesEvery(millis) {
    globalThis.requestAnimationFrame = (frame) => setTimeout(() => frame(performance.now()), millis);
    globalThis.cancelAnimationFrame = clearTimeout;
  }

  let usual;

  test.beforeAll(async ({ browser, baseURL }) => {
    const page = await browser.newPage({ baseURL });
    usual = await history(new Lab(page, "en"));
    expect(usual.length).toBeGreaterThan(60);
    await page.close();
  });

  for (const [name, slow] of Object.entries(rates)) {
    // What throttles a processor is Chromium's own.
    test(`with ${name}`, { tag: name === "a slow processor" ? "@chromium" : [] }, async ({ lab, page }) => {
      await slow(page);
      expect(await history(lab)).toEqual(usual);
    });
  }
});
