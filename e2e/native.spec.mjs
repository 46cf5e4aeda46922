// A run is the same run wherever it is played: it goes from a program without a browser into the page, and back.

import { writeFile } from "node:fs/promises";

import { expect, SWIFT, test } from "./helpers/lab.mjs";
import { replay } from "./helpers/native.mjs";

test.use(SWIFT);

const WORKLOAD = { clients: 2, think_least: 50_000, think_most: 200_000, keys: 3, read_percent: 30, patience: 500_000 };

/** The link to this moment, as the page makes it. */
async function linkHere(lab) {
  const summary = new RegExp(lab.t("timeline.keeping", { count: "\\d+" }).replace(/[()]/g, "\\$&"));
  const keeping = lab.page.locator("summary").filter({ hasText: summary });
  const button = lab.get("button", "share.link_here");
  if (!(await button.isVisible())) await lab.press(keeping);
  const address = lab.get("textbox", "share.address");
  const old = (await address.count()) ? await address.inputValue() : "";
  await lab.press(button);
  await expect(address).not.toHaveValue(old);
  return address.inputValue();
}

for (const protocol of ["raft", "paxos", "multi_paxos"]) {
  test(`a link of ${protocol} made natively opens at the same digest, and back`, async ({ lab, page }, info) => {
    test.slow();
    const recording = { format: 1, protocol, nodes: 5, seed: 4, workload: WORKLOAD, actions: [] };
    const file = info.outputPath("run.json");
    await writeFile(file, JSON.stringify(recording));
    const native = await replay(file, "--until", 3_000_000);
    expect(native.events).toBeGreaterThan(20);

    await page.goto(`/?lang=en#run=${native.link}`);
    await lab.running();
    await expect(lab.get("toolbar", "Transport")).toContainText(`${native.events} events`);
    await expect(lab.notices()).toHaveText("");
    // The link carries the digest that the page's engine has come to.
    expect(await replay(await linkHere(lab))).toEqual(native);

    await lab.select(3);
    await lab.act("Crash");
    await lab.step(10);
    const there = await replay(await linkHere(lab));
    expect(there.differs, "natively it comes to the digest in the page's link").toBeNull();
    expect(there.events).toBe(native.events + 11);
    expect(there.digest).not.toBe(native.digest);
  });
}
