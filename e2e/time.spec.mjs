// Time: back, otherwise, and to somebody else. Everything by keyboard or by buttons.

import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const slider = (lab) => lab.get("slider", "Moment");

/** What the slider says of its moment: the clock in seconds, the event, and how many there are. */
async function moment(lab) {
  const text = await slider(lab).getAttribute("aria-valuetext");
  const [time, event, all] = text.match(/\d+(\.\d+)?/g).map(Number);
  return { time, event, all };
}

/** Opens what keeps branches, marks and links. */
const keeping = (lab) => lab.page.locator("summary").filter({ hasText: new RegExp(lab.t("timeline.keeping", { count: "\\d+" }).replace(/[()]/g, "\\$&")) });

/** The digest of the state that a link leads to, as its text says. */
const address = async (lab) => new URL(await lab.get("textbox", "share.address").inputValue());

forEveryReader(() => {
  test("steps back and forward show the same again", async ({ lab }) => {
    await lab.open({ seed: 3 });
    await lab.step(12);
    const [end, nodes] = [await moment(lab), await lab.nodes()];
    expect(end).toMatchObject({ event: 12, all: 12 });
    for (let step = 0; step < 5; step++) await lab.press(lab.get("button", "Step back"));
    expect(await moment(lab)).toMatchObject({ event: 7, all: 12 });
    await lab.step(5);
    expect(await moment(lab)).toEqual(end);
    expect(await lab.nodes()).toEqual(nodes);
  });

  test("acting in the past begins a branch, and both are kept", async ({ lab }) => {
    await lab.open({ seed: 3 });
    await lab.step(20);
    await lab.select(2);
    await lab.act("Crash");
    await lab.step(5);
    const old = await moment(lab);
    for (let step = 0; step < 10; step++) await lab.press(lab.get("button", "Step back"));
    await lab.select(4);
    await lab.act("Crash");
    await lab.expectRole(4, "down");
    await lab.press(keeping(lab));
    const branches = lab.get("combobox", "timeline.branch");
    await expect(branches.getByRole("option")).toHaveCount(2);
    await branches.selectOption({ index: 0 });
    await lab.press(lab.get("button", "transport.beat"));
    await lab.expectRole(2, "down");
    await expect(lab.node(4)).not.toHaveAccessibleName(new RegExp(lab.t("down")));
    expect((await moment(lab)).all).toBe(old.all);
    await branches.selectOption({ index: 1 });
    await lab.expectRole(4, "down");
    await lab.press(lab.get("button", "timeline.delete"));
    await expect(branches.getByRole("option")).toHaveCount(1);
  });

  test("the time of an event leads there, also of what the reader did", async ({ lab }) => {
    await lab.open({ seed: 3 });
    await lab.step(20);
    await lab.select(2);
    await lab.act("Crash");
    await lab.step(10);
    const panel = await lab.tab("Events");
    const [rows, events] = [panel.getByRole("listitem"), await lab.events()];
    const crash = events.findLastIndex((event) => new RegExp(lab.t("You crashed {node}", { node: "S2" })).test(event));
    expect(crash).toBeGreaterThan(0);
    // From the latest on, as what comes after a moment is not listed there.
    for (const place of [events.length - 3, crash, crash - 5]) {
      const time = rows.nth((await rows.count()) - 1 - place).getByRole("button");
      await lab.press(time);
      await expect.poll(() => lab.events()).toEqual(events.slice(0, place + 1));
      await expect(rows.first().getByRole("button")).toBeFocused();
      if (place === crash) await lab.expectRole(2, "down");
    }
    await expect(lab.node(2)).not.toHaveAccessibleName(new RegExp(lab.t("down")));
  });

  test("undo takes an action back, redo does it again", async ({ lab }) => {
    await lab.open({ seed: 3 });
    await lab.step(8);
    await lab.select(2);
    await lab.act("Crash");
    await lab.expectRole(2, "down");
    await lab.press(lab.get("button", "transport.undo"));
    await lab.expectRole(2, "follower");
    await lab.press(lab.get("button", "transport.redo"));
    await lab.expectRole(2, "down");
  });

  test("quiet time is skipped, up to what matters and no further", async ({ lab }) => {
    await lab.open({ seed: 3, speed: 4000 });
    await lab.play();
    await expect.poll(() => lab.now()).toBeGreaterThan(30_000);
    await lab.pause();
    await lab.select(2);
    await lab.act("Crash");
    await lab.expectRole(2, "down");
    const crashed = await lab.now();
    await slider(lab).fill(String(2_000_000));
    await lab.expectRole(2, "follower");
    // At this speed it would take ten minutes to see the crash come.
    await lab.get("slider", "Speed").fill("34");
    const skip = lab.get("button", "transport.skip");
    await expect(skip).toHaveAttribute("aria-pressed", "false");
    await lab.press(skip);
    await expect(skip).toHaveAttribute("aria-pressed", "true");
    for (const pressed of ["false", "true"]) {
      await lab.page.keyboard.press("q");
      await expect(skip).toHaveAttribute("aria-pressed", pressed);
    }
    await lab.play();
    await lab.expectRole(2, "down");
    const nothing = lab.page.getByText(lab.t("timeline.quiet"));
    await expect(nothing).toBeVisible();
    await lab.pause();
    await expect(nothing).toBeHidden();
    const stopped = await lab.now();
    expect(stopped).toBeGreaterThanOrEqual(crashed);
    expect(stopped).toBeLessThan(crashed + 30_000);
  });

  test("a link to this moment opens at this moment in a new page", async ({ lab, page, context }) => {
    await lab.open({ seed: 5 });
    await lab.step(15);
    await lab.select(3);
    await lab.act("Crash");
    await lab.step(10);
    for (let step = 0; step < 4; step++) await lab.press(lab.get("button", "Step back"));
    const [there, nodes] = [await moment(lab), await lab.nodes()];
    await lab.press(keeping(lab));
    await lab.press(lab.get("button", "share.link_here"));
    const link = await address(lab);
    expect(link.hash.length).toBeLessThan(1500);
    expect(new URL(page.url()).hash, "the page's own address stays").toBe("");
    const other = await context.newPage();
    await other.goto(link.href);
    const opened = new lab.constructor(other, lab.lang, lab.touch);
    await opened.running();
    await expect.poll(() => moment(opened)).toEqual(there);
    expect(await opened.nodes()).toEqual(nodes);
    await expect(opened.notices()).toHaveText("");
    await other.close();
  });
});

test("the slider is moved by keys, and says its moment", async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.step(10);
  await slider(lab).focus();
  await page.keyboard.press("ArrowLeft");
  expect(await moment(lab)).toMatchObject({ event: 9, all: 10 });
  await page.keyboard.press("ArrowRight");
  expect(await moment(lab)).toMatchObject({ event: 10, all: 10 });
  await page.keyboard.press("Home");
  expect(await moment(lab)).toEqual({ time: 0, event: 0, all: 10 });
  await page.keyboard.press("End");
  expect(await moment(lab)).toMatchObject({ event: 10 });
  await page.keyboard.press("Shift+ArrowRight");
  expect((await moment(lab)).event).toBeGreaterThan(10);
  await expect(lab.notices()).toHaveText("");
});

test("a damaged link says what is wrong, and the run stays", async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.step(6);
  await lab.press(keeping(lab));
  await lab.press(lab.get("button", "share.link"));
  const { hash } = await address(lab);
  const bad = { truncated: hash.slice(0, -9), corrupted: `${hash.slice(0, 60)}${hash[60] === "A" ? "B" : "A"}${hash.slice(61)}` };
  for (const [which, link] of Object.entries(bad)) {
    await page.evaluate((hash) => (location.hash = hash), link);
    await expect(lab.notices()).toContainText(new RegExp(lab.t(`refused.${which}`, { have: "\\d+", want: "\\d+" })));
    expect(await moment(lab)).toMatchObject({ event: 6, all: 6 });
  }
});

test("a file that was saved opens with all branches", { tag: "@chromium" }, async ({ lab, page }) => {
  await lab.open({ seed: 3 });
  await lab.step(20);
  for (let step = 0; step < 5; step++) await lab.press(lab.get("button", "Step back"));
  await lab.select(2);
  await lab.act("Crash");
  await lab.press(keeping(lab));
  const [file] = await Promise.all([page.waitForEvent("download"), lab.press(lab.get("button", "share.save"))]);
  expect(file.suggestedFilename()).toBe("run.conclave");
  await lab.open({ seed: 9 });
  await lab.press(lab.get("button", "New run…"));
  await page.getByLabel(lab.t("Or open a recording")).setInputFiles(await file.path());
  await lab.expectRole(2, "down");
  await lab.press(keeping(lab));
  await expect(lab.get("combobox", "timeline.branch").getByRole("option")).toHaveCount(2);
});

test("a link is shown as a code, if it is not too long for one", async ({ lab, page }) => {
  await lab.open({ seed: 3, speed: 1000 });
  await lab.play();
  await lab.leader();
  await lab.press(keeping(lab));
  await lab.press(lab.get("button", "share.code"));
  const picture = (dialog) => lab.get("img", "share.code_name", {}, dialog);
  await lab.inDialog("share.code_title", {}, async (dialog) => {
    await expect(picture(dialog)).toBeVisible();
    const [box, ground] = await picture(dialog).evaluate((svg) => [svg.viewBox.baseVal, getComputedStyle(svg).backgroundColor].map((each) => (each.width ? [each.width, each.height] : each)));
    expect(box[0]).toBe(box[1]);
    expect(ground).toBe("rgb(255, 255, 255)");
    await expect(lab.get("button", "Play"), "what runs is not at this moment").toBeAttached();
  });
  const link = await address(lab);
  expect(link.hash.length).toBeGreaterThan(100);

  // Values that cannot be told in fewer letters.
  const random = (n) => [...crypto.getRandomValues(new Uint8Array(n))].map((byte) => (byte % 36).toString(36)).join("");
  const write = (value) => ({ request: { node: 0, op: { write: { key: "x", value } }, persistent: false } });
  const actions = Array.from({ length: 70 }, (_, after) => ({ at: 0, after, action: write(random(60)) }));
  const recording = { format: 1, protocol: "raft", nodes: 5, seed: 1, actions };
  await page.evaluate((json) => globalThis.conclave.load(json), JSON.stringify(recording));
  await lab.press(lab.get("button", "share.code"));
  await lab.inDialog("share.code_title", {}, async (dialog) => {
    await expect(dialog).toContainText(new RegExp(lab.t("share.no_code", { length: "\\d{4}", most: 2953 })));
    await expect(picture(dialog)).toHaveCount(0);
  });
});
