// What a phone asks of the page: all within reach of a thumb, and a finger or two instead of a mouse.

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const UPRIGHT = { width: 360, height: 740 };
const ACROSS = { width: 740, height: 360 };
const PHONE = { viewport: UPRIGHT, hasTouch: true, isMobile: true };
const CARDS = ["Inspector", "client.title", "Invariants", "Costs", "Network", "Rules"];

/** Whether all of something is in the window, and nothing lies on its middle. */
const inSight = (target) =>
  target.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return top >= 0 && bottom <= innerHeight && (element.contains(seen) || seen?.contains(element));
  });

const cards = (page, expanded) => page.getByRole("heading", { level: 2 }).getByRole("button", { expanded });

for (const lang of ["en", "zh"]) {
  test.describe(`on a phone, in ${lang}`, { tag: "@chromium" }, () => {
    test.use({ ...PHONE, lang });

    test("the first screen has the cluster and its controls, and the page is two screens long", async ({ lab, page }) => {
      await lab.open({ seed: 3 });
      for (const target of [page.getByRole("heading", { level: 1 }), lab.get("button", "Play"), lab.get("slider", "Speed")]) {
        expect(await inSight(target)).toBe(true);
      }
      for (const node of [1, 2, 3, 4, 5]) expect(await inSight(lab.node(node)), `S${node}`).toBe(true);
      expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(1_600);
      await expect(cards(page, false)).toHaveCount(CARDS.length);
    });

    test("one card is unfolded at a time, and stays so whatever happens", async ({ lab, page }) => {
      await lab.open({ seed: 3, speed: 400 });
      for (const name of CARDS) {
        await lab.card(name);
        await expect(cards(page, true)).toHaveCount(1);
        await expect(cards(page, true)).toContainText(lab.t(name));
        await expect(cards(page, true)).toBeInViewport({ ratio: 1 });
      }
      await lab.play();
      const { number } = await lab.leader();
      await lab.pause();
      await lab.select(number);
      await lab.tab("Events");
      await expect(cards(page, true)).toContainText(lab.t("Rules"));
      await expect(lab.get("combobox", "raft.setting.reads")).toBeVisible();
      await lab.press(cards(page, true));
      await expect(cards(page, false)).toHaveCount(CARDS.length);
      await expect(lab.get("combobox", "raft.setting.reads")).toBeHidden();
    });

    test("what is selected leads to the inspector, which follows while the cluster is in sight", async ({ lab, page }) => {
      await lab.open({ seed: 3 });
      await expect(lab.get("button", "inspect.details")).toHaveCount(0);
      await lab.select(2);
      await lab.press(lab.get("button", "inspect.details"));
      const inspector = lab.region("Inspector");
      await expect(inspector).toBeInViewport({ ratio: 0.99 });
      await expect(inspector).toContainText(/S2[,，]/);
      await expect(cards(page, true)).toBeFocused();
      for (const name of ["Play", "Step forward"]) expect(await inSight(lab.get("button", name)), name).toBe(true);
      await lab.select(1);
      await expect(inspector).toContainText(/S1[,，]/);
      await expect(inspector).toBeInViewport({ ratio: 0.99 });
      expect(await inSight(lab.node(1))).toBe(true);
    });
  });
}

test.describe("on a phone", { tag: "@chromium" }, () => {
  test.use(PHONE);

  test("what is typed into a card stays when the phone is turned, and nothing covers anything for good", async ({ lab, page }) => {
    await lab.open({ seed: 3 });
    await lab.card("client.title");
    await lab.get("textbox", "Value").fill("typed");
    await page.setViewportSize(ACROSS);
    await expect(lab.get("textbox", "Value")).toHaveValue("typed");
    await expect(cards(page, true)).toContainText(lab.t("client.title"));
    for (const size of [ACROSS, UPRIGHT]) {
      await page.setViewportSize(size);
      // At the end of the page nothing is left under what floats above it.
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      for (const card of await cards(page, false).all()) {
        await card.scrollIntoViewIfNeeded();
        expect(await inSight(card), await card.innerText()).toBe(true);
      }
      expect(await inSight(lab.get("button", "Play"))).toBe(true);
    }
  });

  test("by keyboard a card is unfolded where it is gone to, and nothing that has the focus is covered", async ({ lab, page }) => {
    await lab.open({ seed: 3 });
    await cards(page, false).filter({ hasText: lab.t("Network") }).focus();
    await page.keyboard.press("Enter");
    await expect(cards(page, true)).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(lab.get("slider", "Latency")).toBeFocused();
    await page.evaluate(() => scrollTo(0, 0));
    await lab.node(1).focus();
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press("Tab");
      expect(await inSight(page.locator(":focus")), await page.evaluate(() => document.activeElement.outerHTML.slice(0, 80))).toBe(true);
    }
    // The key that asks as a client goes to the form.
    await lab.node(2).focus();
    await page.keyboard.press("r");
    await expect(lab.get("textbox", "Value")).toBeFocused();
  });
});

test("beside the stage no card is folded", async ({ lab, page }) => {
  await lab.open();
  await expect(page.locator("[aria-expanded]")).toHaveCount(0);
  for (const name of CARDS) await expect(lab.region(name)).toBeVisible();
  await expect(lab.get("slider", "Latency")).toBeVisible();
});
