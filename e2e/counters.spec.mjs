// What a run costs over time: numbers and plots that are those of the moment, whatever way one came to it.

import AxeBuilder from "@axe-core/playwright";
import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** The number of each measure, by its name; kinds of messages are named twice, for their number and their bytes. */
async function counters(panel) {
  const rows = await panel.locator("tbody tr:has(svg)").allInnerTexts();
  return rows.map((row) => row.trim().split(/\s*\t\s*/));
}

forEveryReader(() => {
  test("the counters are those of the moment", async ({ lab }) => {
    await lab.open({ seed: 7, speed: 2000 });
    await lab.play();
    await lab.leader();
    await lab.write("counted");
    const panel = await lab.tab("Counters");
    const number = async (name) => Number((await counters(panel)).find(([known]) => known === name)?.at(-1) ?? 0);
    await expect.poll(() => number(lab.t("counters.operations"))).toBe(1);
    await lab.pause();
    expect(await number(lab.t("counters.elections"))).toBe(1);
    expect(await number(lab.t("counters.commits"))).toBe(1);
    expect(await number("Vote")).toBeGreaterThanOrEqual(2);
    const [end, plots] = [await counters(panel), () => panel.locator("td svg path:first-child").evaluateAll((all) => all.map((path) => path.getAttribute("d")))];
    const drawn = await plots();
    expect(drawn.every((path) => /^M0 24(H\d+V\d+)*$/.test(path) && path.includes("H"))).toBe(true);

    // Back to the beginning, where no operation was answered, and here again.
    const slider = lab.get("slider", "Moment");
    await slider.press("Home");
    await expect.poll(() => number(lab.t("counters.operations"))).toBe(0);
    await slider.press("End");
    await expect.poll(() => counters(panel)).toEqual(end);
    expect(await plots()).toEqual(drawn);

    await lab.press(panel.locator("summary"));
    const table = panel.locator("details table tbody");
    const sum = async (column) =>
      (await table.locator(`td:nth-of-type(${column})`).allInnerTexts()).map((text) => Number(text) || 0).reduce((all, one) => all + one, 0);
    expect([await sum(3), await sum(4), await sum(5)]).toEqual([1, 1, 1]);

    const { violations } = await new AxeBuilder({ page: lab.page }).include("#panel").analyze();
    expect(violations).toEqual([]);
    const overflows = await lab.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(overflows, "the page is as wide as its window").toBe(false);
  });
});
