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
