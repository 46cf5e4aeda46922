// An hour of a busy cluster fits into the page, and any moment of it is what a straight replay shows.

import { expect, SWIFT, test } from "./helpers/lab.mjs";
import { memory, playHour, seekAll, watchMemory } from "./helpers/hour.mjs";

test.use(SWIFT);

test("an hour fits into 64 MiB, and a thousand moments of it have the digests of a straight replay", async ({ lab, page }, info) => {
  test.setTimeout(600_000);
  const native = await playHour(info.outputPath("hour.json"));
  expect(native.events).toBeGreaterThan(250_000);
  await watchMemory(page);
  await page.goto(`/?lang=en#run=${native.link}`);
  await lab.running();
  await expect(lab.get("toolbar", "Transport")).toContainText(`${native.events} events`, { timeout: 120_000 });
  const seeks = await seekAll(page);
  expect(seeks.map(({ digest }) => digest)).toEqual(native.digests);
  const needs = await memory(page);
  expect(needs, "the programs are seen at all").toBeGreaterThan(2);
  expect(needs).toBeLessThanOrEqual(64);
});
