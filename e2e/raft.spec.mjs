// The rest of Raft, by hand: snapshots, members, hand-over, reads.

import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const LIVELY = { seed: 7, speed: 2000 };

/** A running cluster, its leader, and somebody else. */
async function led(lab) {
  await lab.open(LIVELY);
  await lab.play();
  const leader = await lab.leader();
  const other = (leader.number % 5) + 1;
  return { leader, other };
}

/** A number setting of the protocol. */
async function set(lab, text, value) {
  await lab.card("Rules");
  const field = lab.get("spinbutton", text);
  await field.fill(String(value));
  await field.press("Enter");
}

/** Asks for places of servers in the dialog of members: { 2: "members.learner" }. */
async function reconfigure(lab, places) {
  await lab.act("Members…");
  await lab.inDialog("members.title", {}, async (dialog) => {
    for (const [number, place] of Object.entries(places)) {
      await lab.press(dialog.getByRole("button", { name: `S${number}: ${lab.t(place)}`, exact: true }));
    }
    await lab.press(lab.get("button", "members.apply", {}, dialog));
  });
}

forEveryReader(() => {
  test("the applied log becomes a snapshot, which a server that missed it is sent", async ({ lab }) => {
    const { other } = await led(lab);
    await lab.select(other);
    await lab.act("Crash");
    await set(lab, "Entries to a snapshot", 2);
    for (const value of ["a", "b", "c"]) await lab.write(value);
    const panel = await lab.tab("Logs");
    await expect(panel.getByText(lab.t("in the snapshot")).first()).toBeVisible();
    const held = new RegExp(lab.t("raft.snapshot", { index: "\\d+", term: "\\d+" }));
    await expect(await lab.inspector()).not.toContainText(held);
    await lab.act("Restart");
    await expect(await lab.inspector()).toContainText(held);
  });

  test("members learn, leave and come back while clients write", async ({ lab }) => {
    const { leader, other } = await led(lab);
    // Without it, a server that was removed may unseat the leader (dissertation §4.2.3).
    await lab.card("Rules");
    await lab.get("checkbox", "CheckQuorum").check();
    await lab.write("before");
    await expect.poll(async () => (await lab.logs())[0]?.length).toBe(1);
    await reconfigure(lab, { [other]: "members.learner" });
    await lab.expectRole(other, "learner");
    const third = (other % 5) + 1;
    // Time stands still, so that the event stays in the list.
    await lab.pause();
    await reconfigure(lab, { [other]: "members.voter", [third]: "members.outside" });
    const joint = { configuration: "\\{1 2 3 4 5\\}.*|.*→.*", index: "\\d+", node: `S${leader.number}` };
    await lab.expectEvent("{node} uses the configuration {configuration} of index {index} from now on, committed or not.", joint);
    await lab.play();
    await lab.expectRole(other, "follower");
    await lab.write("after");
    await expect.poll(async () => (await lab.logs())[other - 1]?.some((entry) => entry.text === "x=after")).toBe(true);
    await expect(await lab.card("Invariants")).toContainText(lab.t("{holding} of {all} hold", { holding: 10, all: 10 }));
  });

  test("leadership is handed over to whom the reader picks", async ({ lab }) => {
    const { leader, other } = await led(lab);
    await lab.write("x");
    await lab.select(other);
    await lab.act("Make leader");
    await lab.expectRole(other, "leader");
    await lab.expectRole(leader.number, "follower");
  });

  test("a read is confirmed by a round of heartbeats, and leaves the log alone", async ({ lab }) => {
    await led(lab);
    await lab.write("seen");
    await expect.poll(async () => (await lab.logs())[0]?.length).toBe(1);
    await lab.card("Rules");
    await lab.get("combobox", "raft.setting.reads").selectOption(lab.t("raft.reads.read_index"));
    await lab.pause();
    await lab.card("client.title");
    await lab.press(lab.get("button", "Read"));
    await lab.stepUntilEvent("{node} answers the read: it leads, and its state machine has come to index {index}.", { node: "S\\d", index: "\\d+" });
    expect((await lab.logs())[0]?.length).toBe(1);
  });
});
