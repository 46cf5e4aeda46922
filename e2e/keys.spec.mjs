// Every key of docs/keys.md that no other test presses.

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** The event at which the slider of the time line stands, and its time in seconds. */
async function moment(lab) {
  const text = await lab.get("slider", "Moment").getAttribute("aria-valuetext");
  const [time, event] = text.match(/\d+(\.\d+)?/g).map(Number);
  return { time, event };
}

/** Opens what keeps branches, marks and links. */
const keeping = (lab) =>
  lab.press(lab.page.locator("summary").filter({ hasText: new RegExp(lab.t("timeline.keeping", { count: "\\d+" }).replace(/[()]/g, "\\$&")) }));

test("digits go to tenths, brackets to marks, Alt and arrows to branches", async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.step(40);
  const end = await moment(lab);
  await keeping(lab);
  await lab.node(1).focus();
  await page.keyboard.press("5");
  expect((await moment(lab)).time).toBeCloseTo(end.time / 2, 2);
  const middle = await moment(lab);
  await lab.get("textbox", "timeline.mark_text").fill("middle");
  await lab.press(lab.get("button", "timeline.mark"));
  await lab.node(1).focus();
  await page.keyboard.press("9");
  expect((await moment(lab)).time).toBeGreaterThan(middle.time);
  await page.keyboard.press("[");
  expect(await moment(lab)).toEqual(middle);
  await page.keyboard.press("0");
  expect((await moment(lab)).event).toBe(0);
  await page.keyboard.press("]");
  expect(await moment(lab)).toEqual(middle);

  await page.keyboard.press("x");
  await lab.expectRole(1, "down");
  const branches = lab.get("combobox", "timeline.branch");
  await expect(branches).toHaveValue("1");
  await page.keyboard.press("Alt+ArrowUp");
  await expect(branches).toHaveValue("0");
  await page.keyboard.press("Alt+ArrowDown");
  await expect(branches).toHaveValue("1");
});

test("letters do to the node, or the message, what the buttons do", async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.stepUntil(async () => (await (await lab.flights()).count()) > 1);
  await lab.node(2).focus();
  await page.keyboard.press("k");
  await lab.inDialog("link.of", { node: "S2" }, async () => page.keyboard.press("Escape"));
  await lab.node(2).focus();
  await page.keyboard.press("p");
  await lab.inDialog("Partition", {}, async () => page.keyboard.press("Escape"));
  await lab.node(2).focus();
  await page.keyboard.press("r");
  await expect(lab.get("textbox", "Value")).toBeFocused();
  await expect(lab.get("combobox", "Ask")).toHaveValue("1");

  const flights = await lab.flights();
  const before = await flights.count();
  await lab.press(flights.first().getByRole("button").first());
  await page.keyboard.press("d");
  await expect(flights).toHaveCount(before - 1);
  await page.keyboard.press("Escape");

  const speed = lab.get("slider", "Speed");
  const pace = Number(await speed.inputValue());
  await lab.node(1).focus();
  await page.keyboard.press("+");
  await expect(speed).toHaveValue(String(pace + 4));
  await page.keyboard.press("-");
  await expect(speed).toHaveValue(String(pace));
  await lab.play();
  const { number } = await lab.leader();
  await lab.pause();
  await page.keyboard.press("l");
  await expect(lab.node(number)).toBeFocused();
});

test("keys of one sign can be switched off, and fields have them for themselves", async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.get("textbox", "Value").fill("");
  await lab.get("textbox", "Value").pressSequentially("bx?");
  await expect(lab.get("textbox", "Value")).toHaveValue("bx?");
  await lab.node(1).focus();
  await page.keyboard.press("?");
  await lab.inDialog("Help", {}, async (dialog) => {
    await dialog.getByRole("checkbox", { name: lab.t("help.single") }).uncheck();
  });
  await lab.node(1).focus();
  await page.keyboard.press("x");
  await page.keyboard.press(".");
  await lab.expectRole(1, "follower");
  expect((await moment(lab)).event).toBe(0);
  await page.keyboard.press("Shift+ArrowRight");
  expect((await moment(lab)).event).toBeGreaterThan(0);
});

test("F fills the screen", async ({ lab, page }) => {
  await lab.open();
  await lab.node(1).focus();
  await page.keyboard.press("f");
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.tagName)).toBe("HTML");
  await page.keyboard.press("f");
  await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBe(null);
});

test("arrows, Home and End go among the tabs, which are one stop", async ({ lab, page }) => {
  await lab.open();
  const tabs = page.getByRole("tab");
  await expect(page.locator("[role=tab][tabindex='0']")).toHaveCount(1);
  await tabs.first().focus();
  for (const [key, place] of [["ArrowRight", 1], ["End", 5], ["ArrowRight", 0], ["ArrowLeft", 5], ["Home", 0]]) {
    await page.keyboard.press(key);
    await expect(tabs.nth(place)).toBeFocused();
    await expect(tabs.nth(place)).toHaveAttribute("aria-selected", "true");
    await expect(tabs.nth(place)).toHaveAttribute("tabindex", "0");
  }
  await page.keyboard.press("Tab");
  await expect(page.getByRole("tabpanel")).toBeFocused();
});

test("what names mean, which a pointer that rests on them tells, is read by keyboard, too", async ({ lab, page }) => {
  await lab.open();
  await lab.select(1);
  for (const [card, meaning] of [
    ["Inspector", "raft.help.current_term"],
    ["Costs", "costs.each_help"],
    ["Rules", "raft.setting.pre_vote_help"],
  ]) {
    const region = lab.region(card);
    await region.locator("summary").filter({ hasText: lab.t("page.meanings") }).focus();
    await expect(region.getByText(lab.t(meaning))).toBeHidden();
    await page.keyboard.press("Enter");
    await expect(region.getByText(lab.t(meaning))).toBeVisible();
  }
});
