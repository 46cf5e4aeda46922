// On paper: some moments of the run, what happened, and where to find it. Nothing of it is left on the page.

import AxeBuilder from "@axe-core/playwright";
import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** What is printed, by the elements that paper knows: figures, a table, a code. */
async function printed(lab) {
  const { page } = lab;
  const figures = page.locator("figure");
  const table = page.getByRole("table", { name: lab.t("print.events", { most: 40 }) });
  return { figures, table, code: lab.get("img", "share.code_name"), captions: await figures.locator("figcaption").allInnerTexts() };
}

/** As the browser does when the reader prints. */
const before = (page) => page.evaluate(() => dispatchEvent(new Event("beforeprint")));
const after = (page) => page.evaluate(() => dispatchEvent(new Event("afterprint")));

forEveryReader(() => {
  test("marked moments are printed, with what is marked, and nothing is left", async ({ lab, page }) => {
    await lab.open({ seed: 3 });
    await page.locator("summary").first().scrollIntoViewIfNeeded();
    await lab.press(page.locator(".keeping > summary"));
    const times = [];
    for (const text of ["first", "second"]) {
      await lab.step(12);
      if (text === "second") {
        await lab.select(2);
        await lab.act("Crash");
      }
      await lab.get("textbox", "timeline.mark_text").fill(text);
      await lab.press(lab.get("button", "timeline.mark", { exact: true }));
      times.push(await lab.now());
    }
    await lab.step(5);
    const nodes = await lab.nodes();
    await page.emulateMedia({ media: "print" });
    await before(page);
    await expect(page.locator("figure")).toHaveCount(2);
    const { captions, table, code } = await printed(lab);
    for (const [place, text] of ["first", "second"].entries()) {
      expect(captions[place]).toContain(`${(times[place] / 1000).toFixed(3)} s ${text}`);
    }
    await expect(table.getByRole("row")).not.toHaveCount(1);
    await expect(code).toBeVisible();
    await expect(page.getByText(/#run=[\w-]{100,}/)).toBeVisible();
    await expect(lab.get("button", "Play")).toBeHidden();
    // The second picture is of its own moment: S2 is down there, in the first it is not.
    const down = (place) => page.locator("figure").nth(place).getByRole("button", { name: new RegExp(`^S2.*${lab.t("down")}`) });
    await expect(down(0)).toHaveCount(0);
    await expect(down(1)).toHaveCount(1);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id, nodes }) => `${id} at ${nodes[0].html}`)).toEqual([]);
    await after(page);
    await page.emulateMedia({ media: null });
    await expect(page.locator("figure")).toHaveCount(0);
    expect(await lab.nodes()).toEqual(nodes);
  });
});

test("what is not marked is told by its key moments, and a button prints it", async ({ lab, page }) => {
  await page.addInitScript(() => {
    globalThis.printed = [];
    globalThis.print = () => globalThis.printed.push(document.querySelectorAll("figure circle").length);
  });
  await lab.open({ seed: 3, speed: 1000 });
  await lab.play();
  await lab.leader();
  for (const value of ["one", "two", "three"]) await lab.write(value);
  await lab.pause();
  await lab.press(page.locator(".keeping > summary"));
  await lab.press(lab.get("button", "Export…"));
  await lab.inDialog("Export", {}, async (dialog) => {
    await lab.press(lab.get("button", "print.open", {}, dialog));
    await expect.poll(() => page.evaluate(() => globalThis.printed.length)).toBe(1);
    expect(await page.evaluate(() => globalThis.printed[0])).toBeGreaterThan(0);
  });
  const moments = await page.locator("figure").count();
  expect(moments).toBeGreaterThan(1);
  expect(moments).toBeLessThanOrEqual(6);
  await expect(page.locator("figure").first(), "it is for paper").toBeHidden();
  await after(page);
  await expect(page.locator("figure")).toHaveCount(0);
});

test("the browser finds the storyboard when it prints", async ({ lab, page }) => {
  await lab.open({ protocol: "raft", beside: "multi_paxos", seed: 2, speed: 1000, theme: "dark" });
  await lab.play();
  await lab.leader();
  await lab.pause();
  const pdf = await page.pdf();
  expect(pdf.length).toBeGreaterThan(20_000);
  await expect(page.locator("figure")).toHaveCount(0);
});
