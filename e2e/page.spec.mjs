// The page around the cluster: languages, themes, keys, dialogs.

import { expect, SWIFT, test } from "./helpers/lab.mjs";
import { catalogue, translator } from "./helpers/words.mjs";

test.use({ ...SWIFT, viewport: { width: 1280, height: 900 } });

const LIVELY = { seed: 7, speed: 2000 };

test("the names that others rely on", async ({ lab, page }) => {
  await lab.open();
  for (const name of ["Play", "Step forward"]) await expect(page.getByRole("button", { name, exact: true })).toBeVisible();
  for (const node of [1, 2, 3, 4, 5]) {
    await expect(page.getByRole("button", { name: `S${node}, follower, term 0`, exact: true })).toBeVisible();
  }
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: /^S\d, leader, term \d+$/ })).toBeVisible();
});

test("another language keeps the state", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await lab.play();
  const { number } = await lab.leader();
  await lab.write("v");
  await lab.select(number);
  await lab.act("Crash");
  await lab.pause();
  const numbers = (nodes) => nodes.map(({ number, term }) => [number, term]);
  const before = { now: await lab.now(), nodes: numbers(await lab.nodes()), events: (await lab.events()).length };
  await expect(page.locator("html")).toHaveAttribute("lang", "en");

  await lab.get("combobox", "Language").selectOption("简体中文");
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page).toHaveTitle("Conclave：Raft");
  await expect(page.getByRole("button", { name: "播放", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: new RegExp(`^S${number}，已崩溃，任期 \\d+$`) })).toBeVisible();
  lab.t = translator("zh");
  expect({ now: await lab.now(), nodes: numbers(await lab.nodes()), events: (await lab.events()).length }).toEqual(before);
  await expect(lab.node(number)).toHaveAttribute("aria-pressed", "true");
  await lab.act("Restart");
  await lab.expectRole(number, "follower");

  await lab.get("combobox", "Language").selectOption("English");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test.describe("in Chinese", () => {
  test.use({ lang: "zh" });

  test("nothing is left in English", async ({ lab, page }) => {
    const [english, chinese] = [catalogue("en"), catalogue("zh")];
    // Whole texts that differ; names such as "Raft" do not, and texts with gaps cannot be looked for.
    const differs = ([key, text]) => text !== chinese.get(key) && !text.includes("{") && /\w{4}/.test(text);
    const texts = [...english].filter((pair) => differs(pair) && pair[0] !== "language.name");
    const expectChinese = async () => {
      const shown = (await page.locator("body").ariaSnapshot()).split(/[\n:"]+/).map((part) => part.trim());
      const left = texts.filter(([, text]) => shown.includes(text)).map(([key]) => key);
      expect(left).toEqual([]);
    };
    await lab.open({ ...LIVELY, nodes: 3 });
    await expectChinese();
    await lab.play();
    const { number } = await lab.leader();
    await lab.write("v");
    await lab.select(number);
    for (const tab of ["Events", "In flight ({count})", "Clients", "Logs"]) {
      await lab.tab(tab);
      await expectChinese();
    }
    await lab.act("Crash");
    await lab.leader({ after: 1 });
    await expectChinese();
    for (const [opener, name] of [
      ["Help", "Help"],
      ["New run…", "New run…"],
      ["Partition…", "Partition"],
    ]) {
      await lab.press(lab.get("button", opener));
      await lab.inDialog(name, {}, expectChinese);
    }
  });
});

test("themes are chosen, or the system's is worn", { tag: "@chromium" }, async ({ lab, page }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await lab.open();
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  expect(dark).not.toBe(light);
  await lab.get("combobox", "Theme").selectOption("Light");
  expect(await ground()).toBe(light);
  await page.emulateMedia({ colorScheme: "light" });
  await lab.get("combobox", "Theme").selectOption("Dark");
  expect(await ground()).toBe(dark);
  await lab.get("combobox", "Theme").selectOption("System colours");
  expect(await ground()).toBe(light);
});

test("keys run, step, help and let go", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await page.getByRole("tabpanel").focus();
  await page.keyboard.press("Space");
  await expect(lab.get("button", "Pause")).toBeVisible();
  await page.keyboard.press("Space");
  await expect(lab.get("button", "Play")).toBeVisible();
  // Two events may have one moment.
  const before = await lab.get("slider", "Moment").getAttribute("aria-valuetext");
  await page.keyboard.press(".");
  await expect(lab.get("slider", "Moment")).not.toHaveAttribute("aria-valuetext", before);
  await page.keyboard.press("?");
  await expect(lab.get("dialog", "Help")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(lab.get("dialog", "Help")).toBeHidden();
  await lab.select(1);
  await expect(lab.node(1)).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Escape");
  await expect(lab.node(1)).toHaveAttribute("aria-pressed", "false");
});

test("keys that are typed into a field are text", async ({ lab, page }) => {
  await lab.open(LIVELY);
  await lab.get("textbox", "Value").fill("");
  await lab.get("textbox", "Value").pressSequentially("x . ?");
  await expect(lab.get("textbox", "Value")).toHaveValue("x . ?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(lab.get("button", "Play")).toBeVisible();
  expect(await lab.now()).toBe(0);
});

for (const opener of ["Help", "New run…", "Partition…", "Links…"]) {
  test(`the dialog “${opener}” holds the focus, closes by Escape, and gives the focus back`, async ({ lab, page, browserName }) => {
    await lab.open();
    await lab.select(1);
    const button = lab.get("button", opener);
    for (const close of ["Escape", "Enter"]) {
      await button.focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog");
      await expect(dialog).toBeVisible();
      /** Where the focus is: in the dialog, at its last stop, beyond the page, or lost to what lies behind. */
      const place = () =>
        dialog.evaluate((dialog) => {
          const { activeElement } = document;
          if (activeElement === document.body) return "beyond";
          const stops = [...dialog.querySelectorAll("button, input, select, [tabindex]")];
          return stops.at(-1) === activeElement ? "last" : dialog.contains(activeElement) ? "inside" : "behind";
        });
      const seen = new Set();
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press("Tab");
        seen.add(await place());
        // After the last stop come the bars of the browser; in Firefox they keep the keyboard.
        if (browserName === "firefox" && seen.has("last")) break;
      }
      expect(seen).toContain("last");
      expect(seen).not.toContain("behind");
      if (close === "Enter") await lab.get("button", "Close").focus();
      await page.keyboard.press(close);
      await expect(dialog).toBeHidden();
      await expect(button).toBeFocused();
    }
    await expect(lab.node(1)).toHaveAttribute("aria-pressed", "true");
  });
}

test("it runs at once when asked to, but not for readers who want no motion", { tag: "@chromium" }, async ({ lab, page }) => {
  await lab.open({ ...LIVELY, autoplay: 1 });
  await lab.leader();
  await page.emulateMedia({ reducedMotion: "reduce" });
  await lab.open({ ...LIVELY, autoplay: 1 });
  await expect(lab.get("button", "Play")).toBeVisible();
  expect(await lab.now()).toBe(0);
});

test("a message under way is looked into while time stands still", async ({ lab }) => {
  await lab.open({ speed: 1 });
  await lab.stepUntil(async () => (await (await lab.flights()).count()) > 0);
  await lab.play();
  const message = (await lab.flights()).getByRole("button").first();
  await lab.press(message);
  await expect(lab.get("button", "Play")).toBeVisible();
});

test("a new run can be of another protocol", async ({ lab }) => {
  await lab.open();
  await lab.press(lab.get("button", "New run…"));
  await lab.get("combobox", "Protocol").selectOption("multi_paxos");
  await lab.press(lab.get("button", "Start"));
  await expect(lab.page.getByRole("heading", { level: 1 })).toContainText(lab.t("multi_paxos.name"));
  await lab.play();
  await expect(lab.page.locator(".summary").first()).toContainText(/S\d/);
});

test("what happens is said once in a second and a half at most, what the reader does at once", async ({ lab, page }) => {
  await lab.open({ speed: 2000 });
  const workload = { clients: 8, think_least: 1_000, think_most: 20_000, keys: 3, read_percent: 30, patience: 500_000 };
  await page.evaluate((workload) => {
    globalThis.conclave.load({ format: 1, protocol: "raft", nodes: 5, seed: 1, workload, actions: [] });
    const status = document.querySelector("[role=status]");
    globalThis.said = [];
    globalThis.happened = 0;
    new MutationObserver(() => globalThis.said.push([performance.now(), status.textContent])).observe(status, { characterData: true, childList: true, subtree: true });
    document.addEventListener("lab-event", ({ detail }) => (globalThis.happened += detail.count));
    globalThis.conclave.play();
  }, workload);
  const said = () => page.evaluate(() => globalThis.said);
  await expect.poll(async () => (await said()).length).toBeGreaterThanOrEqual(4);
  const heard = (await said()).slice(0, 4).map(([time]) => time);
  // What is drawn comes a little later than the moment that it is reckoned by.
  expect(heard[3] - heard[0]).toBeGreaterThan(3 * 1_500 - 500);
  expect(await page.evaluate(() => globalThis.happened)).toBeGreaterThan(50);

  await lab.pause();
  await page.evaluate(() => (globalThis.said.length = 0));
  for (const node of [1, 2, 3]) await page.evaluate((node) => globalThis.conclave.act({ crash: { node } }), node);
  await expect.poll(async () => (await said()).at(-1)?.[1]).toContain("S4");
});

test("who goes to another moment hears which it is, and how things stand there", async ({ lab, page }) => {
  await lab.open(LIVELY);
  const status = page.getByRole("status");
  await lab.play();
  const { number, term } = await lab.leader();
  await lab.pause();
  await lab.node(number).focus();
  await page.keyboard.press("x");
  await expect(status).toHaveText(`You crashed S${number}`);
  await page.keyboard.press("Control+z");
  await expect(status).toHaveText(new RegExp(`^\\d+\\.\\d{3} s, event (\\d+) of \\1\\. S${number} leads term ${term}\\.$`));
  await lab.partition([number]);
  await expect(page.getByText(new RegExp(`^S${number} leads term ${term}\\. Split: S1 .*\\|.*\\.$`)).first()).toBeVisible();
});
