// The main job: a cluster lives, and everything can be done to it. Three kinds of readers, one set of tests.

import { operations } from "./helpers/clients.mjs";
import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** Fast enough for tests: election timeouts of 150 to 300 ms pass in a tenth of a second. */
const LIVELY = { seed: 7, speed: 2000 };

/** Waits until all logs are the same, committed to their ends, and hold (or lack) certain texts. */
async function expectEqualLogs(lab, { holding, lacking = [] }) {
  const settled = async () => {
    const logs = await lab.logs();
    const texts = logs[0]?.map((entry) => entry.text);
    return (
      logs.length > 0 &&
      logs.every((log) => JSON.stringify(log) === JSON.stringify(logs[0])) &&
      logs[0].every((entry) => entry.committed) &&
      holding.every((text) => texts.includes(text)) &&
      lacking.every((text) => !texts.includes(text))
    );
  };
  await expect.poll(settled, "equal logs").toBe(true);
}

forEveryReader(() => {
  test("a leader is elected", async ({ lab }) => {
    await lab.open(LIVELY);
    expect(await lab.nodes()).toEqual([1, 2, 3, 4, 5].map((number) => ({ number, role: lab.t("follower"), term: 0 })));
    await lab.play();
    const { number, term } = await lab.leader();
    await lab.pause();
    await expect(lab.node(number)).toHaveAccessibleName(
      lab.t("{node}, {role}, {epoch_name} {epoch}", {
        node: `S${number}`,
        role: lab.t("leader"),
        epoch_name: lab.t("term"),
        epoch: term,
      }),
    );
    await expect(lab.page.locator(".summary").first()).toContainText(`S${number}`);
  });

  test("a leader crashed by click is replaced, and catches up when it restarts", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.play();
    const first = await lab.leader();
    await lab.write("before");
    await expectEqualLogs(lab, { holding: ["x=before"] });
    await lab.select(first.number);
    await lab.act("Crash");
    await lab.expectRole(first.number, "down");
    const second = await lab.leader({ after: first.term });
    expect(second.number).not.toBe(first.number);
    await lab.write("meanwhile");
    await lab.act("Restart");
    await lab.expectRole(first.number, "follower");
    await expectEqualLogs(lab, { holding: ["x=before", "x=meanwhile"] });
    await expect(await lab.card("Invariants")).toContainText(lab.t("{holding} of {all} hold", { holding: 10, all: 10 }));
  });

  test("a leader is crashed and restarted by keyboard alone", async ({ lab, page }) => {
    const focusBy = async (key, target) => {
      for (let presses = 0; presses < 30; presses++) {
        if (await target.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press(key);
      }
      throw new Error(`${key} does not lead to ${target}`);
    };
    await lab.open(LIVELY);
    await focusBy("Tab", lab.get("button", "Play"));
    await page.keyboard.press("Enter");
    const first = await lab.leader();

    // By X, at once and back.
    await focusBy("Shift+Tab", lab.node(1));
    await focusBy("ArrowRight", lab.node(first.number));
    await page.keyboard.press("x");
    await lab.expectRole(first.number, "down");
    await expect(lab.node(first.number)).toBeFocused();
    const second = await lab.leader({ after: first.term });
    await page.keyboard.press("x");
    await lab.expectRole(first.number, "follower");

    // By Enter and the bar of actions.
    await focusBy("ArrowLeft", lab.node(second.number));
    await page.keyboard.press("Enter");
    await focusBy("Tab", lab.get("button", "Crash"));
    await page.keyboard.press("Enter");
    await lab.expectRole(second.number, "down");
    await lab.leader({ after: second.term });
    await focusBy("Tab", lab.get("button", "Restart"));
    await page.keyboard.press("Space");
    await lab.expectRole(second.number, "follower");
  });

  test("what a minority writes never commits, and is gone after healing", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.play();
    const old = await lab.leader();
    const friend = (old.number % 5) + 1;
    await lab.write("agreed");
    await expectEqualLogs(lab, { holding: ["x=agreed"] });

    await lab.partition([old.number, friend]);
    const named = (inside) => [1, 2, 3, 4, 5].filter((each) => [old.number, friend].includes(each) === inside).map((each) => `S${each}`).join(" ");
    const sides = [named(true), named(false)].sort().join(" | ");
    const split = lab.page.getByText(lab.t("summary.split", { standing: "", sides }).trim());
    await expect(split).toBeVisible();
    await lab.write("minority", { node: old.number });
    const { number } = await lab.leader({ after: old.term });
    expect([old.number, friend]).not.toContain(number);
    await lab.write("majority", { node: number });
    const find = (log, text) => log.find((entry) => entry.text === text);
    await expect
      .poll(async () => (await lab.logs()).filter((log) => find(log, "x=majority")?.committed).length)
      .toBe(3);
    const logs = await lab.logs();
    expect(find(logs[old.number - 1], "x=minority").committed).toBe(false);
    for (const log of logs) expect(find(log, "x=minority")?.committed).not.toBe(true);

    await lab.act("Heal network");
    await expect(split).toBeHidden();
    await expectEqualLogs(lab, { holding: ["x=agreed", "x=majority"], lacking: ["x=minority"] });
    await lab.expectRole(old.number, "follower");
  });

  test("a candidate without the votes dropped by hand does not lead", async ({ lab }) => {
    await lab.open({ ...LIVELY, seed: 3, nodes: 3 });
    await lab.stepUntil(async () => (await (await lab.flights("Vote S")).count()) === 2);
    const candidate = (await lab.nodes()).find((node) => node.role === lab.t("candidate")).number;
    const vote = (await lab.flights("Vote S")).first();
    const [, voter] = /S(\d)/.exec(await vote.innerText());
    await lab.press(lab.get("button", "Drop", {}, vote));
    const dropped = (from) => ({ kind: "Vote", from: `S${from}`, to: `S${candidate}` });
    await lab.expectEvent("{kind} from {from} to {to} was dropped by hand", dropped(voter));

    // The other one is looked into first.
    await lab.press((await lab.flights("Vote S")).getByRole("button").first());
    await expect(await lab.inspector()).toContainText(lab.t("The answer to a candidate (§5.2)."));
    await lab.act("Drop");
    await lab.expectEvent("{kind} from {from} to {to} was dropped by hand", dropped(6 - candidate - voter));

    await lab.select(candidate);
    // votedFor and votes: its own vote is all it has.
    const votes = (await lab.inspector()).getByRole("definition").filter({ hasText: /^S\d/ });
    await expect(votes).toHaveText([`S${candidate}`, `S${candidate}`]);
    await lab.play();
    await lab.leader({ after: 1 });
  });

  test("timers are fired", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.select(2);
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
    await lab.expectRole(2, "candidate");
    await lab.expectEvent("You let a timer of {node} run out", { node: "S2" });
    await lab.play();
    const { number } = await lab.leader();
    await lab.pause();
    await lab.select(number);
    const calls = await lab.flights(`Heartbeat S${number}`);
    const before = await calls.count();
    await lab.act("Fire {timer}", { timer: lab.t("raft.heartbeat_timer") });
    await expect(calls).toHaveCount(before + 4);
  });

  test("one direction of a link is cut and mended", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.select(2);
    const forth = { from: "S2", to: "S4" };
    const [cut, mend] = ["Cut {from} → {to}", "Mend {from} → {to}"];
    await lab.act("Links…");
    await lab.inDialog("Links of {node}", { node: "S2" }, async (dialog) => {
      await lab.press(lab.get("button", cut, forth, dialog));
      await expect(lab.get("button", mend, forth, dialog)).toBeVisible();
      await expect(lab.get("button", cut, { from: "S4", to: "S2" }, dialog)).toBeVisible();
    });
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
    await lab.stepUntilEvent("{kind} from {from} to {to} was lost: the link is cut", { kind: "RequestVote", ...forth });
    await lab.act("Links…");
    await lab.inDialog("Links of {node}", { node: "S2" }, (dialog) => lab.press(lab.get("button", mend, forth, dialog)));
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
    await expect(await lab.flights("RequestVote S2 → S4")).toHaveCount(1);
    await expect(lab.get("button", "Heal network")).toHaveCount(0);
  });

  test("a node is isolated, and the network healed", async ({ lab }) => {
    await lab.open({ ...LIVELY, nodes: 2 });
    await lab.select(2);
    await lab.act("Isolate");
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
    const call = { kind: "RequestVote", from: "S2", to: "S1" };
    await lab.stepUntilEvent("{kind} from {from} to {to} was lost: the link is cut", call);
    await lab.act("Heal network");
    await expect(lab.get("button", "Heal network")).toHaveCount(0);
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
    await lab.stepUntilEvent("{kind} from {from} reached {to}", call);
  });

  test("a node is frozen, its clock changed, and goes on", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.play();
    const { number, term } = await lab.leader();
    await lab.select(number);
    await lab.act("Freeze");
    await lab.expectRole(number, "{role}, frozen", { role: lab.t("leader") });
    await lab.leader({ after: term });
    await lab.act("Unfreeze");
    await lab.expectRole(number, "follower");
    await lab.pause();
    await lab.inspector();
    await lab.get("combobox", "pace of its clock").selectOption("200 %");
    await lab.expectEvent("You set the clock of {node} to {percent} % of true time", {
      node: `S${number}`,
      percent: 200,
    });
  });

  test("a message is delayed, duplicated and delivered", async ({ lab }) => {
    await lab.open({ ...LIVELY, nodes: 3 });
    const calls = () => lab.flights("RequestVote");
    await lab.stepUntil(async () => (await (await calls()).count()) === 2);
    const call = (await calls()).first();
    const [name, sender, receiver] = /RequestVote (S\d) → (S\d)/.exec(await call.innerText());
    const arrival = async () => Number(/(\d+(\.\d+)?) ms/.exec(await (await lab.flights(name)).innerText())[1]);

    await lab.press(call.getByRole("button").first());
    const before = await arrival();
    await lab.act("Delay {by}", { by: "50 ms" });
    await expect.poll(arrival).toBeCloseTo(before + 50, 0);
    await lab.act("Duplicate");
    await expect(await lab.flights(name)).toHaveCount(2);
    await lab.act("Deliver now");
    await lab.expectEvent("{kind} from {from} reached {to}", { kind: "RequestVote", from: sender, to: receiver });
    await expect(await lab.flights(name)).toHaveCount(1);
    await expect(await lab.inspector()).toContainText(lab.t("This message is not under way any more."));
  });

  test("the network has dials", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.card("Network");
    const dial = (text, key) => lab.get("slider", text).press(key);
    await dial("Loss", "End");
    await dial("Latency", "ArrowRight");
    await dial("Jitter", "Home");
    await dial("Duplication", "ArrowRight");
    await lab.get("checkbox", "Keep order").check();
    await expect(lab.get("slider", "Loss")).toHaveValue("100");
    await expect(lab.get("slider", "Latency")).toHaveAttribute("aria-valuetext", "11 ms");
    const lost = { kind: "RequestVote", from: "S\\d", to: "S\\d" };
    await lab.stepUntilEvent("{kind} from {from} to {to} was lost by the network", lost);
  });

  test("rules are switched, and stay so after a reset", async ({ lab }) => {
    await lab.open({ ...LIVELY, nodes: 1 });
    await lab.card("Rules");
    await lab.get("checkbox", "Leader's no-op").check();
    await lab.get("spinbutton", "Entries a message").fill("3");
    await lab.get("spinbutton", "Entries a message").press("Enter");
    await lab.expectEvent("You set {setting} to {value}", { setting: "max_entries", value: 3 });
    await lab.play();
    await expect.poll(() => lab.logs()).toEqual([[{ term: 1, text: lab.t("no-op"), committed: true }]]);
    await lab.press(lab.get("button", "Reset"));
    await expect(lab.get("checkbox", "Leader's no-op")).toBeChecked();
    await expect(lab.get("spinbutton", "Entries a message")).toHaveValue("3");
  });

  test("a rule broken on purpose breaks an invariant, and it is told", async ({ lab }) => {
    await lab.open({ ...LIVELY, nodes: 2 });
    const rules = await lab.card("Rules");
    await lab.press(rules.getByText(lab.t("Break a rule")));
    await lab.get("checkbox", "Half is enough", {}, rules).check();
    await expect(lab.notices()).toContainText(lab.t("Half is enough"));
    for (const number of [1, 2]) {
      await lab.select(number);
      await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
      await lab.expectRole(number, "leader");
    }
    await expect(lab.notices()).toContainText(lab.t("Election safety"));
    await expect(await lab.card("Invariants")).not.toContainText(lab.t("{holding} of {all} hold", { holding: 10, all: 10 }));
  });

  test("a client writes, and reads what was written", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.play();
    await lab.leader();
    await lab.card("client.title");
    await lab.get("textbox", "Key").fill("colour");
    await lab.write("青");
    await expectEqualLogs(lab, { holding: ["colour=青"] });
    await lab.press(lab.get("button", "Read"));
    const newest = (await operations(lab)).first();
    await expect(newest).toContainText("colour?");
    await expect(newest).toContainText("= 青");
  });

  test("new runs of 1, 4 and 25 nodes elect leaders", async ({ lab }) => {
    await lab.open(LIVELY);
    await lab.play();
    for (const nodes of [1, 4, 25]) {
      await lab.newRun(nodes, 42);
      await expect.poll(async () => (await lab.nodes()).length).toBe(nodes);
      await lab.leader();
    }
  });

  test("the same seed gives the same history, another seed another", async ({ lab }) => {
    const history = async () => {
      await lab.step(20);
      return lab.events();
    };
    await lab.open({ seed: 5 });
    const first = await history();
    expect(first).toHaveLength(25);
    await lab.press(lab.get("button", "Reset"));
    expect(await lab.now()).toBe(0);
    expect(await history()).toEqual(first);
    await lab.newRun(5, 6);
    expect(await history()).not.toEqual(first);
    await lab.newRun(5, 5);
    expect(await history()).toEqual(first);
  });
});
