// When the wasm traps, nobody is left with a dead page, and the run is not lost. (What boot.js alone does is tested in
// smoke.spec.mjs; here the whole page really breaks.)

import { readFile } from "node:fs/promises";
import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** What boot.js says; its texts are its own, as the catalogue is in the wasm. */
const SAID = {
  en: { sorry: "Sorry, Conclave has stopped", download: "Download the recording", again: "Start again" },
  zh: { sorry: "抱歉,Conclave 已停止运行", download: "下载记录", again: "重新开始" },
};

test.use({ expectedErrors: /asked for|unreachable/ });

for (const lang of ["en", "zh"]) {
  test.describe(`in ${lang}`, () => {
    test.use({ lang });

    test("a trap in a running page shows an apology, the recording and a way to start again", { tag: "@chromium" }, async ({ lab, page }) => {
      await lab.open({ seed: 7, speed: 2000 });
      await lab.play();
      const { number, term } = await lab.leader();
      await lab.write("precious");
      await expect.poll(async () => (await lab.logs())[number - 1]).toHaveLength(1);
      await lab.select(number);
      await lab.act("Crash");
      await page.evaluate(() => setTimeout(globalThis.__conclave.trap));

      const { sorry, download, again } = SAID[lang];
      const panel = page.getByRole("alert").filter({ hasText: sorry });
      await expect(panel.getByRole("heading", { name: sorry })).toBeVisible();
      await expect(panel.getByRole("button", { name: download })).toBeFocused();
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        panel.getByRole("button", { name: download }).click(),
      ]);
      const recording = JSON.parse(await readFile(await file.path(), "utf8"));
      expect(recording).toMatchObject({ format: 1, protocol: "raft", nodes: 5, seed: 7 });
      const write = { request: { node: number - 1, op: { write: { key: "x", value: "precious" } }, persistent: false } };
      expect(recording.actions.map(({ action }) => action)).toEqual([write, { crash: { node: number - 1 } }]);

      await panel.getByRole("button", { name: again }).click();
      await lab.running();
      await expect(panel).toHaveCount(0);
      // The recording leads to where it all ended.
      await lab.press(lab.get("button", "New run…"));
      await page.getByLabel(lab.t("Or open a recording")).setInputFiles(await file.path());
      await lab.expectRole(number, "down");
      expect((await lab.logs())[number - 1]).toMatchObject([{ term, text: "x=precious" }]);
      expect(await lab.now()).toBe(Math.floor(recording.actions.at(-1).at / 1000));
    });
  });
}

test("a trap while a dialog is open leaves the apology on top", async ({ lab, page }) => {
  await lab.open();
  await lab.press(lab.get("button", "Help"));
  await page.evaluate(() => setTimeout(globalThis.__conclave.trap));
  await page.getByRole("button", { name: SAID.en.again }).click();
  await lab.running();
});
