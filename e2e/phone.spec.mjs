// What a phone asks of the page: all within reach of a thumb, and a finger or two instead of a mouse.

import AxeBuilder from "@axe-core/playwright";
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
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        expect(violations.map(({ id, nodes }) => `${id} at ${nodes[0].html}`), name).toEqual([]);
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

  test("a long log makes the page no wider", async ({ lab, page }) => {
    await lab.open({ seed: 3, speed: 2000 });
    await lab.play();
    await lab.leader();
    for (const value of ["1", "2", "3", "4", "5", "6"]) await lab.write(value);
    await expect.poll(async () => (await lab.logs())[0]?.length).toBe(6);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(UPRIGHT.width);
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
    for (let presses = 0; presses < 24; presses++) {
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

test.describe("with fingers", { tag: "@chromium" }, () => {
  test.use(PHONE);

  /** Puts fingers somewhere, moves or lifts them: `touch("touchStart", [[x, y], …])`. */
  async function fingers(page) {
    const cdp = await page.context().newCDPSession(page);
    return (type, spots) =>
      cdp.send("Input.dispatchTouchEvent", { type, touchPoints: spots.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id })) });
  }

  /** Where the middle of something is. */
  async function middle(target) {
    const { x, y, width, height } = await target.boundingBox();
    return [x + width / 2, y + height / 2];
  }

  /** The time that the diagram shows, in milliseconds. */
  async function shown(lab) {
    const text = await lab.page.getByRole("tabpanel").getByRole("img").getAttribute("aria-label");
    const [from, to] = text.match(/\d+\.\d+/g).map((number) => Math.round(Number(number) * 1_000));
    return { from, to, span: to - from };
  }

  test("two fingers zoom the space–time diagram where they are, as its buttons do; one scrolls the page", async ({ lab, page }) => {
    await lab.open({ seed: 3, speed: 400 });
    await lab.play();
    await lab.leader();
    await lab.pause();
    await lab.tab("tab.space_time");
    const picture = page.getByRole("tabpanel").getByRole("img");
    await expect(picture).toHaveAttribute("aria-label", /\d/);
    const before = await shown(lab);
    await picture.evaluate((canvas) => canvas.scrollIntoView({ block: "start" }));
    const [x, top] = [(await middle(picture))[0], (await picture.boundingBox()).y];
    const touch = await fingers(page);

    const scrolled = await page.evaluate(() => scrollY);
    await touch("touchStart", [[x, top + 300]]);
    for (let y = 300; y >= 200; y -= 20) await touch("touchMove", [[x, top + y]]);
    const rest = page.evaluate(() => new Promise((resolve) => addEventListener("scrollend", () => resolve(), { once: true })));
    await touch("touchEnd", []);
    await rest;
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(scrolled + 40);
    expect(await shown(lab)).toEqual(before);

    await picture.evaluate((canvas) => canvas.scrollIntoView({ block: "start" }));
    const here = await page.evaluate(() => scrollY);
    const { y } = await picture.boundingBox();
    // Time runs down here: what is under the upper finger stays there, what is under the lower one follows it.
    const at = (moments, offset, height) => moments.from + (moments.span * offset) / height;
    const { height } = await picture.boundingBox();
    const held = at(before, 150, height);
    await touch("touchStart", [[x, y + 100], [x, y + 200]]);
    for (let more = 0; more <= 50; more += 10) await touch("touchMove", [[x, y + 100 - more], [x, y + 200 + more]]);
    await touch("touchEnd", []);
    await expect.poll(async () => (await shown(lab)).span / before.span).toBeCloseTo(1 / 2, 1);
    const near = await shown(lab);
    expect(Math.abs(at(near, 150, height) - held), "the moment between the fingers").toBeLessThan(before.span / 40);
    expect(await page.evaluate(() => scrollY)).toBe(here);
    expect(await page.evaluate(() => visualViewport.scale)).toBe(1);

    await lab.press(lab.get("button", "Zoom out"));
    await expect.poll(async () => (await shown(lab)).span / before.span).toBeCloseTo(1, 1);
  });

  for (const [what, find] of [["a node", (lab) => lab.node(2)], ["a message", (lab) => lab.page.locator("[data-message]").first()]]) {
    test(`a long press on ${what} selects it and goes to what can be done, and no text is marked`, async ({ lab, page }) => {
      await lab.open({ seed: 3, nodes: 3, speed: 2 });
      await lab.stepUntil(async () => (await page.locator("[data-message]").count()) > 0);
      // What was sent just now lies under its sender.
      const sent = await lab.now();
      await lab.play();
      await expect.poll(() => lab.now()).toBeGreaterThanOrEqual(sent + 3);
      await lab.pause();
      const touch = await fingers(page);
      await touch("touchStart", [await middle(find(lab))]);
      const done = page.getByRole("toolbar", { name: lab.t("stage.actions") }).locator("button:focus");
      await expect(done).toHaveText(lab.t(what === "a node" ? "Crash" : "Drop"));
      await touch("touchEnd", []);
      if (what === "a node") await expect(lab.node(2)).toHaveAttribute("aria-pressed", "true");
      expect(await page.evaluate(() => getSelection().toString())).toBe("");
    });
  }

  test("a finger that scrolls over the stage selects nothing", async ({ lab, page }) => {
    await lab.open({ seed: 3, nodes: 3 });
    const touch = await fingers(page);
    const [x, y] = await middle(lab.node(2));
    await touch("touchStart", [[x, y]]);
    for (let up = 0; up <= 120; up += 20) await touch("touchMove", [[x, y - up]]);
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(40);
    // It was set later than that of a press, and for longer, so it comes after that.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700)));
    await touch("touchEnd", []);
    await expect(lab.node(2)).toHaveAttribute("aria-pressed", "false");
  });
});
