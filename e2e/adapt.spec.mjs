// What readers ask of the page by their system, or by how they hold it.

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** https://www.w3.org/TR/WCAG22/#text-spacing */
const SPACED = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
  p { margin-bottom: 2em !important; }`;
const LARGE = "html { font-size: 200% !important; }";

for (const lang of ["en", "zh"]) {
  // Text spacing goes with reflow; text of twice the size is asked for at 1280 pixels, which is half as many.
  for (const [what, content, width] of [["spaced", SPACED, 320], ["twice as large", LARGE, 640]]) {
    test.describe(`${width} pixels wide, in ${lang}`, () => {
      test.use({ lang, viewport: { width, height: 640 } });

      test(`text that is ${what} fits the page and its buttons`, async ({ lab, page }) => {
        await lab.open({ seed: 3, nodes: 3 });
        await page.addStyleTag({ content });
        await lab.step(6);
        await lab.select(1);
        for (const tab of ["Logs", "tab.space_time", "Events", "In flight ({count})", "Clients", "Counters"]) {
          await lab.tab(tab);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), tab).toBeLessThanOrEqual(width);
          const cut = await page.getByRole("button").evaluateAll((all) =>
            all
              .filter((button) => button.scrollWidth > button.clientWidth + 1 || button.scrollHeight > button.clientHeight + 1)
              .map((button) => button.textContent),
          );
          expect(cut, tab).toEqual([]);
        }
      });
    });
  }
}

test("where colours are the reader's, roles, cuts and messages still differ", async ({ lab, page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await lab.open({ seed: 3, nodes: 3, speed: 400 });
  await lab.play();
  const { number } = await lab.leader();
  await lab.pause();
  const face = (node) =>
    lab.node(node).locator(".face").evaluate((face) => {
      const { stroke, strokeWidth, strokeDasharray, fill } = getComputedStyle(face);
      return { ring: `${strokeWidth} ${strokeDasharray} ${fill}`, seen: stroke !== fill };
    });
  const other = (number % 3) + 1;
  const [leader, follower] = [await face(number), await face(other)];
  await lab.select(other);
  await lab.act("Crash");
  const down = await face(other);
  expect([leader.seen, follower.seen, down.seen]).toEqual([true, true, true]);
  expect(down.ring).not.toBe(follower.ring);
  await expect(lab.node(number)).toContainText("★");
  await expect(lab.node(other)).toContainText("✕");
});

test("for readers who want no motion, messages stand still between events", async ({ lab, page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await lab.open({ seed: 3, nodes: 3, speed: 1 });
  await lab.stepUntil(async () => (await (await lab.flights()).count()) > 0);
  const places = () => page.locator(".messages .glyph").evaluateAll((all) => all.map((glyph) => glyph.getAttribute("transform")));
  const before = await places();
  const now = await page.locator(".time").textContent();
  await lab.play();
  await expect(page.locator(".time")).not.toHaveText(now);
  expect(await places()).toEqual(before);
});

test("the right button and a long press select, and go to what can be done", async ({ lab }) => {
  await lab.open({ seed: 3, nodes: 3 });
  await lab.node(2).click({ button: "right" });
  await expect(lab.node(2)).toHaveAttribute("aria-pressed", "true");
  await expect(lab.get("button", "Crash")).toBeFocused();
});

for (const [what, options, viewport] of [
  ["a desk", {}, { width: 1280, height: 800 }],
  ["a low desk", {}, { width: 1280, height: 640 }],
  ["a tablet across", {}, { width: 1024, height: 768 }],
  ["a tablet upright, with two clusters", { beside: "multi_paxos" }, { width: 768, height: 1024 }],
  ["a phone across", {}, { width: 740, height: 360 }],
  ["twice the size", {}, { width: 640, height: 400 }],
  ["a projector", { theme: "projector" }, { width: 1280, height: 800 }],
  ["a frame", { embed: "" }, { width: 640, height: 400 }],
]) {
  test(`in the window of ${what}, all nodes are above the controls of time`, async ({ lab, page }) => {
    await page.setViewportSize(viewport);
    await lab.open({ seed: 3, ...options });
    const controls = await lab.get("toolbar", "Transport").boundingBox();
    // One row.
    expect(controls.height).toBeLessThan(options.theme ? 82 : 66);
    for (const node of await lab.get("list", "stage.nodes").getByRole("button").all()) {
      const { y, height } = await node.boundingBox();
      expect(y + height).toBeLessThanOrEqual(controls.y);
    }
  });
}

for (const width of [320, 360]) {
  test(`${width} pixels wide, two clusters leave the header two rows, and all tabs are seen`, async ({ lab, page }) => {
    await page.setViewportSize({ width, height: 740 });
    await lab.open({ seed: 3, beside: "multi_paxos" });
    const top = async (target) => (await target.boundingBox()).y;
    const [one, other] = [lab.get("button", "New run…"), lab.get("button", "Help")];
    expect((await top(other)) - (await top(one))).toBeLessThan(60);
    const list = page.getByRole("tablist");
    expect(await list.evaluate((list) => list.scrollWidth - list.clientWidth)).toBeLessThanOrEqual(0);
  });
}

test("letters of twice the size fold the cards, as on a page half as wide", async ({ lab, page }) => {
  await page.addInitScript(() => addEventListener("DOMContentLoaded", () => (document.documentElement.style.fontSize = "200%")));
  await page.setViewportSize({ width: 1280, height: 800 });
  await lab.open({ seed: 3 });
  await expect(page.locator("[aria-expanded]")).not.toHaveCount(0);
  for (const tab of ["Logs", "Clients"]) {
    await lab.tab(tab);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  }
});
