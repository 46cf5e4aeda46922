// Bad input: a clear message each time, and nothing lost.

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const MOST = "18446744073709551615";

for (const lang of ["en", "zh"]) {
  test.describe(`in ${lang}`, () => {
    test.use({ lang, viewport: { width: 1280, height: 900 } });

    /** The notice of a refused option. */
    const refused = (lab, name, value, allowed, names) =>
      lab.t("{name}: “{value}” is not allowed. {allowed}", { name, value, allowed: lab.t(allowed, names) });
    const number = "A whole number from {least} to {most}.";
    const oneOf = (lab, ...values) => ["One of: {values}.", { values: values.join(lab.t("language.comma")) }];

    test("bad options fall back to their defaults, and a notice says what is allowed", async ({ lab, page }) => {
      await lab.open({ nodes: 26, protocol: "foo", seed: "abc", speed: "x", theme: "pink", autoplay: "maybe" });
      for (const notice of [
        refused(lab, "nodes", 26, number, { least: 1, most: 25 }),
        refused(lab, "protocol", "foo", ...oneOf(lab, "raft", "paxos", "multi_paxos")),
        refused(lab, "seed", "abc", number, { least: 0, most: MOST }),
        refused(lab, "speed", "x", number, { least: 1, most: 10000 }),
        refused(lab, "theme", "pink", ...oneOf(lab, "auto", "light", "dark", "projector")),
        refused(lab, "autoplay", "maybe", ...oneOf(lab, "true", "false")),
      ]) {
        await expect(lab.notices()).toContainText(notice);
      }
      expect(await lab.nodes()).toHaveLength(5);
      await expect(lab.get("combobox", "Theme")).toHaveValue("auto");
      await expect(lab.get("button", "Play")).toBeVisible();
      const worst = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(worst).toBeLessThanOrEqual(0);

      const dismiss = lab.get("button", "Dismiss");
      for (let left = 6; left > 0; left--) {
        await expect(dismiss).toHaveCount(left);
        await dismiss.first().click();
      }
      await expect(lab.notices()).toBeEmpty();
      await lab.press(lab.get("button", "New run…"));
      await expect(lab.field("Seed")).toHaveValue("1");
    });

    for (const [option, value] of [
      ["nodes", "0"],
      ["nodes", "-1"],
      ["nodes", "5.5"],
      ["nodes", ""],
      ["seed", "-1"],
      ["seed", "18446744073709551616"],
    ]) {
      test(`?${option}=${value} is refused`, async ({ lab }) => {
        await lab.open({ [option]: value });
        const range = option === "nodes" ? { least: 1, most: 25 } : { least: 0, most: MOST };
        await expect(lab.notices()).toContainText(refused(lab, option, value, number, range));
        expect(await lab.nodes()).toHaveLength(5);
      });
    }

    test("a bad new run is refused, and the run goes on as it was", async ({ lab, page }) => {
      await lab.open({ nodes: 4 });
      await lab.step(3);
      const [events, now] = [await lab.events(), await lab.now()];
      for (const [nodes, seed, message] of [
        ["0", "1", refused(lab, "nodes", "0", number, { least: 1, most: 25 })],
        ["26", "1", refused(lab, "nodes", "26", number, { least: 1, most: 25 })],
        ["abc", "1", refused(lab, "nodes", "abc", number, { least: 1, most: 25 })],
        ["5", "pi", refused(lab, "seed", "pi", number, { least: 0, most: MOST })],
        ["5", "", refused(lab, "seed", "", number, { least: 0, most: MOST })],
      ]) {
        await lab.newRun(nodes, seed);
        const dialog = page.getByRole("dialog");
        await expect(dialog.getByRole("alert")).toContainText(message);
        await expect(lab.field("run.nodes", dialog)).toHaveValue(nodes);
        await expect(lab.field("Seed", dialog)).toHaveValue(seed);
        await lab.press(lab.get("button", "Close", {}, dialog));
      }
      expect(await lab.nodes()).toHaveLength(4);
      expect(await lab.events()).toEqual(events);
      expect(await lab.now()).toBe(now);
    });

    test("what is too long or empty is refused, and stays where it was typed", async ({ lab }) => {
      await lab.open();
      const events = await lab.events();
      const tooLong = (field, characters) =>
        lab.t("{field}: {characters} characters are too many; at most {most} are allowed.", { field, characters, most: 64 });
      // A character may be several bytes, or two halves in UTF-16.
      for (const value of ["v".repeat(65), "值".repeat(65), "🗳".repeat(65)]) {
        await lab.write(value);
        await expect(lab.notices()).toContainText(tooLong("value", 65));
        await expect(lab.get("textbox", "Value")).toHaveValue(value);
        await lab.press(lab.get("button", "Dismiss"));
      }
      for (const key of ["k".repeat(65), ""]) {
        await lab.get("textbox", "Key").fill(key);
        for (const button of ["Write", "Read"]) {
          await lab.get("textbox", "Value").fill("v");
          await lab.press(lab.get("button", button));
          const empty = lab.t("key: it is empty; 1 to {most} characters are allowed.", { most: 64 });
          await expect(lab.notices()).toContainText(key ? tooLong("key", 65) : empty);
          await expect(lab.get("textbox", "Key")).toHaveValue(key);
          await lab.press(lab.get("button", "Dismiss"));
        }
      }
      expect(await lab.events()).toEqual(events);
      await lab.get("textbox", "Key").fill("k".repeat(64));
      await lab.write("🗳".repeat(64));
      await expect(lab.notices()).toBeEmpty();
      await lab.expectEvent("You asked {node}: {operation}", { node: "S1", operation: "" });
    });

    test("what is typed stays while the cluster runs", async ({ lab }) => {
      await lab.open({ speed: 1000 });
      await lab.get("textbox", "Key").fill("colour");
      await lab.get("textbox", "Value").fill("green");
      await lab.play();
      await lab.leader();
      await lab.get("textbox", "Value").press("End");
      await lab.get("textbox", "Value").pressSequentially("ish", { delay: 60 });
      await lab.press(lab.get("button", "Write"));
      await expect.poll(async () => (await lab.logs()).flat()).toContainEqual({
        term: 1,
        text: "colour=greenish",
        committed: true,
      });
      await expect(lab.get("textbox", "Value")).toHaveValue("greenish");
    });

    test("a file that is no recording is refused, and the run goes on as it was", async ({ lab, page }) => {
      await lab.open({ nodes: 3 });
      await lab.step(2);
      const events = await lab.events();
      const start = '"format":1,"protocol":"raft","nodes":3,"seed":1';
      for (const [text, message, names] of [
        ["", "This is neither a link to a run nor a file of one."],
        ["a letter", "This is neither a link to a run nor a file of one."],
        [`{${start},"colour":"red"}`, "This is not a recording: {why}", { why: "" }],
        ['{"format":9}', "Recordings of format {found} cannot be read; this version reads format {known}.", { found: 9, known: 1 }],
        [`{${start.replace("raft", "foo")}}`, "protocol: “{protocol}” is not built in.", { protocol: "foo" }],
        [
          `{${start},"actions":[{"at":0,"after":0,"action":{"cut":{"from":0,"to":0}}}]}`,
          "There is no link {from} → {to}: a link joins two different nodes.",
          { from: "S1", to: "S1" },
        ],
      ]) {
        await lab.press(lab.get("button", "New run…"));
        const buffer = Buffer.from(text);
        const file = { name: "recording.json", mimeType: "application/json", buffer };
        await page.getByLabel(lab.t("Or open a recording")).setInputFiles(file);
        await expect(page.getByRole("dialog").getByRole("alert")).toContainText(lab.t(message, names));
        await lab.press(lab.get("button", "Close"));
      }
      expect(await lab.nodes()).toHaveLength(3);
      expect(await lab.events()).toEqual(events);
    });

    test("a rule out of its range is refused, and keeps its value", async ({ lab }) => {
      await lab.open();
      const rule = lab.get("spinbutton", "Entries a message");
      for (const value of ["0", "1001", ""]) {
        await rule.fill(value);
        await rule.press("Tab");
        await expect(lab.notices()).toContainText(/max_entries|1000/);
        await expect(rule).toHaveValue("64");
        await lab.press(lab.get("button", "Dismiss"));
      }
    });
  });
}

test("?lang=xx is refused, and the reader's own language is spoken", async ({ browser, baseURL }) => {
  for (const [locale, text] of [
    ["en-GB", "lang: “xx” is not allowed. One of: auto, en, zh."],
    ["zh-CN", "lang：不能取“xx”。可取的值：auto、en、zh。"],
    ["fr-FR", "lang: “xx” is not allowed. One of: auto, en, zh."],
  ]) {
    const context = await browser.newContext({ locale });
    const page = await context.newPage();
    await page.goto(`${baseURL}?lang=xx`);
    await expect(page.getByRole("alert")).toContainText(text);
    await context.close();
  }
});

test("options may be written in capitals, and unknown ones are left to others", async ({ lab, page }) => {
  await page.goto("/?LANG=EN&Nodes=3&Theme=Dark&utm_source=course&Protocol=RAFT");
  await expect.poll(async () => (await lab.nodes()).length).toBe(3);
  await expect(lab.notices()).toBeEmpty();
  await expect(lab.get("combobox", "Theme")).toHaveValue("dark");
});

test("what an option says is shown as text, never as markup", async ({ lab, page }) => {
  await lab.open({ nodes: "<img src=x onerror=document.title='broken'>" });
  await expect(lab.notices()).toContainText("<img src=x onerror=document.title='broken'>");
  await expect(page).not.toHaveTitle("broken");
  await expect(page.getByRole("img")).toHaveCount(0);
});

test("a scenario is refused, for there are none, and of a long value only the beginning is repeated", async ({ lab }) => {
  await lab.open({ scenario: "figure-8", theme: "x".repeat(5_000) });
  await expect(lab.notices()).toContainText("scenario: “figure-8” is not allowed. One of: none.");
  await expect(lab.notices()).toContainText("theme: “xxx");
  expect((await lab.notices().textContent()).length).toBeLessThan(500);
  expect(await lab.nodes()).toHaveLength(5);
});
