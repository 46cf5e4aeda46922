// What clients saw, and a run in which they saw what they should not.

import { expect } from "./lab.mjs";

/** Lets the page go on from a recording. */
const open = (page, recording) => page.evaluate((json) => globalThis.conclave.load(json), JSON.stringify(recording));

/**
 * A leader is cut off, another one is elected and writes, then somebody reads at the old one. `reads` says how
 * Raft reads: 1 is locally, 2 is by ReadIndex; the steps are those of the test of the library.
 */
export async function readAtTheDeposedLeader(lab, settings) {
  await lab.open();
  await open(lab.page, { format: 1, protocol: "raft", nodes: 5, seed: 1, settings, actions: [] });
  await lab.expectRole(1, "follower");
  const speed = lab.get("slider", "Speed");
  await speed.fill("54");
  await lab.play();
  const old = await lab.leader();
  await lab.pause();
  await lab.write("1", { node: old.number });
  await lab.play();
  const rows = await operations(lab);
  await expect(rows.filter({ hasText: "ok" })).toHaveCount(1);
  await lab.partition([old.number]);
  await lab.leader({ after: old.term });
  await lab.pause();
  const next = await lab.leader({ after: old.term });
  await lab.write("2", { node: next.number });
  await lab.play();
  await expect(rows.filter({ hasText: "ok" })).toHaveCount(2);
  await lab.pause();
  await lab.card("client.title");
  await lab.get("combobox", "Ask").selectOption(`S${old.number}`);
  await lab.press(lab.get("button", "Read"));
  return rows;
}

/** The rows of the table of operations, the newest first. */
export async function operations(lab) {
  const panel = await lab.tab("Clients");
  const table = panel.getByRole("table", { name: lab.t("client.lanes") });
  return table.getByRole("row").filter({ has: lab.page.getByRole("rowheader") });
}
