// What clients saw: intervals, a table, and whether one copy of the data could have said all that.

import { operations, readAtTheDeposedLeader } from "./helpers/clients.mjs";
import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** The entry of linearizability among the verdicts. */
const verdict = async (lab) => (await lab.card("Invariants")).getByRole("listitem").filter({ hasText: lab.t("linear.name") });

forEveryReader(() => {
  test("a stale read is found not to be linearizable, and was not before it", async ({ lab }) => {
    const rows = await readAtTheDeposedLeader(lab, { reads: 1 });
    await lab.stepUntil(async () => (await rows.first().innerText()).includes("= 1"), 200);
    const panel = await lab.tab("Clients");
    await expect(rows.first()).toContainText(lab.t("client.misplaced"));
    await expect(await verdict(lab)).toContainText(lab.t("broken"));
    await expect(lab.notices()).toContainText(lab.t("linear.name"));
    await expect(panel).toContainText(lab.t("client.prefix", { key: "x", value: "2", order: "C1 x=1 · C1 x=2" }));
    await expect(panel).toContainText(lab.t("fault.partition", { groups: "" }).trim());
    await lab.press(lab.get("button", "Step back"));
    await expect(await verdict(lab)).toContainText(lab.t("holds"));
    await expect(lab.notices()).not.toContainText(lab.t("linear.name"));
    await expect(rows.first()).toContainText(lab.t("client.open"));
    await lab.step(10);
    await lab.press(lab.get("button", "client.go"));
    await expect(await verdict(lab)).toContainText(lab.t("broken"));
  });
});

test("by ReadIndex the deposed leader never answers", async ({ lab }) => {
  const rows = await readAtTheDeposedLeader(lab, { reads: 2 });
  await lab.step(60);
  await expect(rows.first()).toContainText(lab.t("client.open"));
  await expect(await verdict(lab)).toContainText(lab.t("holds"));
});

test("many clients are judged while time goes on, and when it stands still", async ({ lab }) => {
  await lab.open({ seed: 2 });
  await lab.get("combobox", "Clients that act by themselves").selectOption("10");
  await lab.get("slider", "Speed").fill("60");
  await lab.tab("Clients");
  await lab.play();
  const panel = await lab.tab("Clients");
  const many = new RegExp(lab.t("client.newest", { shown: "\\d+", all: "\\d+" }));
  await expect(panel).toContainText(many);
  await lab.pause();
  await expect(await verdict(lab)).toContainText(lab.t("holds"));
  expect(await (await operations(lab)).count()).toBeGreaterThanOrEqual(100);
});
