// Paused, hidden or out of sight, the page does nothing at all. It asks nobody for anything and leaves nothing behind.

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const LIVELY = { seed: 7, speed: 2000 };

/** Counts, in every frame, what a page can do by itself: ask for frames, set timers, change the document. */
function countWork() {
  const work = { calls: 0, pause: globalThis.setTimeout.bind(globalThis) };
  globalThis.__work = work;
  for (const name of ["requestAnimationFrame", "requestIdleCallback", "setTimeout", "setInterval"]) {
    const original = globalThis[name].bind(globalThis);
    globalThis[name] = (...args) => {
      work.calls += 1;
      return original(...args);
    };
  }
  const watch = (changes) => (work.calls += changes.length);
  new MutationObserver(watch).observe(document, {
    attributes: true,
    characterData: true,
    childList: true,
    subtree: true,
  });
}

/** How much was done in a while. */
const workIn = (frame, millis = 400) =>
  frame.evaluate(async (millis) => {
    const { __work: work } = globalThis;
    const before = work.calls;
    await new Promise((resolve) => work.pause(resolve, millis));
    return work.calls - before;
  }, millis);

/** Whatever was begun may be finished; after that, nothing. */
const expectIdle = (frame) => expect.poll(() => workIn(frame), "work done").toBe(0);
const expectBusy = (frame) => expect.poll(() => workIn(frame, 100), "work done").toBeGreaterThan(0);

const setVisibility = (page, state) =>
  page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

test.beforeEach(({ page }) => page.addInitScript(countWork));

test("it does nothing before Play, and nothing after Pause", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await expectIdle(page);
  await lab.play();
  await lab.leader();
  await expectBusy(page);
  await lab.pause();
  await expectIdle(page);
});

test("it does nothing while hidden, and goes on where it was", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await lab.play();
  await lab.leader();
  await setVisibility(page, "hidden");
  await expectIdle(page);
  const then = await lab.now();
  expect(await workIn(page, 300)).toBe(0);
  expect(await lab.now()).toBe(then);
  await setVisibility(page, "visible");
  await expectBusy(page);
  await expect.poll(() => lab.now()).toBeGreaterThan(then);
});

test("it does not begin while hidden", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await setVisibility(page, "hidden");
  await lab.play();
  await expectIdle(page);
  expect(await lab.now()).toBe(0);
});

test("in a frame that is scrolled away it does nothing", async ({ page }) => {
  const host = `<!doctype html><title>Host</title><link rel="icon" href="data:,">
    <iframe title="Conclave" width="1000" height="600" src="/?lang=en&autoplay=1&speed=1000"></iframe>
    <div style="height: 5000px"></div>`;
  await page.route("**/scrolled", (route) => route.fulfill({ contentType: "text/html", body: host }));
  await page.goto("/scrolled");
  const frame = page.frames()[1];
  await expect(page.frameLocator("iframe").getByRole("button", { name: "Pause" })).toBeVisible();
  await expectBusy(frame);
  await page.evaluate(() => scrollTo(0, 4000));
  await expectIdle(frame);
  await page.evaluate(() => scrollTo(0, 0));
  await expectBusy(frame);
});

test("it leaves no cookie and nothing in storage", async ({ lab, page, context }) => {
  await lab.open({ ...LIVELY, theme: "dark" });
  await lab.play();
  await lab.leader();
  await lab.write("something");
  await lab.get("combobox", "Language").selectOption("zh");
  expect(await context.cookies()).toEqual([]);
  const left = await page.evaluate(async () => [
    document.cookie,
    localStorage.length,
    sessionStorage.length,
    (await indexedDB.databases()).length,
  ]);
  expect(left).toEqual(["", 0, 0, 0]);
});
