// Paxos by hand: a duel and its end, one past with two futures; and Multi-Paxos beside Raft.

import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

/** A number setting of the protocol. */
async function set(lab, text, value) {
  await lab.card("Rules");
  const field = lab.get("spinbutton", text);
  await field.fill(String(value));
  await field.press("Enter");
}

/** Moves a slider. */
const slide = (lab, text, value) => lab.get("slider", text).fill(String(value));

/** Waits until the summary says something. */
const expectSummary = (lab, text, names) =>
  expect(lab.page.locator(".summary", { hasText: new RegExp(lab.t(text, names).replace(/[()]/g, "\\$&")) })).toBeVisible();

/** What is chosen, as the summary says it. */
const chosen = (value) => ["paxos.chosen", { value, ballot: "\\d+\\.\\d", by: ".*" }];

/** The rounds that a proposer has given up. */
async function wasted(lab, number) {
  await lab.select(number);
  return Number(/roundsWasted\s+(\d+)/.exec(await (await lab.inspector()).innerText())[1]);
}

/** Does something with the first message of a kind between two nodes. */
async function withMessage(lab, name, what) {
  const flights = await lab.flights(name);
  await lab.press(flights.first().getByRole("button").first());
  await lab.act(what);
}

forEveryReader(() => {
  test("two proposers duel for ever, and stop when back-off is switched on", async ({ lab }) => {
    await lab.open({ protocol: "paxos", seed: 1, speed: 2 });
    await lab.card("Network");
    await slide(lab, "Jitter", 0);
    await lab.card("Rules");
    await lab.get("checkbox", "paxos.setting.backoff").uncheck();
    await lab.write("mine", { node: 1 });
    await lab.step();
    // The second client comes in the midst of the first one's phase 1, which takes 20 ms.
    await lab.play();
    await expect.poll(() => lab.now()).toBeGreaterThanOrEqual(12);
    await lab.pause();
    expect(await lab.now()).toBeLessThan(20);
    await lab.write("yours", { node: 2 });
    await slide(lab, "Speed", 70);
    await lab.play();
    await expect.poll(async () => (await wasted(lab, 1)) + (await wasted(lab, 2))).toBeGreaterThan(50);
    await expectSummary(lab, "Nothing is chosen yet.");
    await lab.card("Rules");
    await lab.get("checkbox", "paxos.setting.backoff").check();
    await expectSummary(lab, ...chosen("x=\\w+"));
    await lab.pause();
    const before = await wasted(lab, 1);
    await lab.play();
    await expect.poll(() => lab.now()).toBeGreaterThan((await lab.now()) + 1_000);
    expect(await wasted(lab, 1), "no round is wasted any more").toBe(before);
  });

  test("a value that a minority accepted is chosen in one future, and another in the other", async ({ lab }) => {
    await lab.open({ protocol: "paxos", nodes: 3, seed: 1, speed: 50 });
    // Nothing comes by itself.
    for (const text of ["round_timeout", "backoff_most", "backoff_least"]) await set(lab, `paxos.setting.${text}`, 10_000);
    await lab.write("v", { node: 1 });
    await withMessage(lab, "Request", "Deliver now");
    await withMessage(lab, "Prepare S1 → S2", "Deliver now");
    await withMessage(lab, "Promise S2 → S1", "Deliver now");
    // S1 alone has accepted v, and nobody else hears of it.
    await lab.select(1);
    await expect(await lab.inspector()).toContainText(/accepted\s*1\.1 x=v/);
    await lab.tab("In flight ({count})");
    const drop = lab.get("button", "Drop", {}, lab.page.getByRole("tabpanel"));
    while ((await drop.count()) > 0) await lab.press(drop.first());
    await lab.write("w", { node: 3 });
    await withMessage(lab, "Request", "Deliver now");
    await expectSummary(lab, "Nothing is chosen yet.");

    // Without S2, S3 hears of v, and must propose it.
    await lab.select(2);
    await lab.act("Crash");
    await lab.play();
    await expectSummary(lab, ...chosen("x=v"));

    // From the same past without S1: S3 is free.
    await lab.press(lab.get("button", "Undo"));
    await expectSummary(lab, "Nothing is chosen yet.");
    await lab.select(1);
    await lab.act("Crash");
    await lab.play();
    await expectSummary(lab, ...chosen("x=w"));
  });

  test("roles that are placed apart stand in columns", async ({ lab, page }) => {
    await lab.open({ protocol: "paxos", nodes: 6, seed: 1, speed: 1000 });
    await set(lab, "Proposers", 1);
    await set(lab, "Acceptors", 3);
    await set(lab, "Learners", 2);
    const boxes = [];
    for (let number = 1; number <= 6; number++) boxes.push(await lab.node(number).boundingBox());
    const middle = ({ x, width }) => Math.round(x + width / 2);
    const columns = boxes.map(middle);
    expect(new Set(columns).size).toBe(3);
    expect(columns).toEqual([...columns].sort((a, b) => a - b));
    await lab.write("seen", { node: 1 });
    await lab.play();
    await expectSummary(lab, ...chosen("x=seen"));
    await expect(page.locator(".heading")).toHaveCount(3);
  });

  test("Raft and Multi-Paxos lose their leaders at one instant, and the page says how long each had none", async ({
    lab,
    page,
  }) => {
    await lab.open({ protocol: "raft", beside: "multi_paxos", seed: 2, speed: 500 });
    const clusters = ["Raft", "Multi-Paxos"].map((name) => page.getByRole("region", { name, exact: true }));
    const led = async () => {
      const leaders = clusters.map((cluster) => cluster.getByRole("button", { name: new RegExp(`^S\\d[,，]\\s*${lab.t("leader")}[,，]`) }));
      return (await Promise.all(leaders.map((each) => each.count()))).every((count) => count > 0);
    };
    /** The time without a leader of each, in tenths of milliseconds. */
    const leaderless = async () => {
      await lab.card("Costs");
      const row = page.getByRole("row").filter({ hasText: lab.t("Time without a leader") });
      return (await row.getByRole("cell").allInnerTexts()).map((text) => Math.round(parseFloat(text) * 10));
    };
    await lab.play();
    await expect.poll(led).toBe(true);
    await lab.pause();
    const before = await leaderless();
    const crashed = await lab.now();
    await lab.act("Crash both leaders");
    expect(await led()).toBe(false);
    for (const cluster of clusters) {
      await expect(cluster.getByRole("button", { name: new RegExp(`^S\\d[,，]\\s*${lab.t("node.down")}[,，]`) })).toHaveCount(1);
    }
    await lab.play();
    await expect.poll(led).toBe(true);
    await lab.pause();
    const after = await leaderless();

    // The events of each say the same.
    for (const [place, [protocol, text, names]] of [
      ["Raft", "{node} got {votes} of {all} votes and leads term {term}.", { node: "S\\d", votes: "\\d", all: "\\d", term: "\\d+" }],
      ["Multi-Paxos", "multi_paxos.reason.leads", { node: "S\\d", ballot: "[\\d.]+", promises: "\\d" }],
    ].entries()) {
      await lab.press(lab.get("button", "Details of {protocol}", { protocol }));
      const panel = await lab.tab("Events");
      await lab.get("checkbox", "Only key events").check();
      const times = async (pattern) => {
        const rows = panel.getByRole("listitem").filter({ hasText: new RegExp(pattern) });
        return (await rows.allInnerTexts()).map((row) => Math.round(Number(/(\d+\.\d{3}) s/.exec(row)[1]) * 1000));
      };
      const [fall] = await times(lab.t("You crashed {node}", { node: "S\\d" }));
      expect(fall, "at one instant").toBe(crashed);
      const elected = (await times(lab.t(text, names))).filter((time) => time > fall);
      expect(elected).toHaveLength(1);
      const shown = (after[place] - before[place]) / 10;
      expect(Math.abs(shown - (elected[0] - fall)), `${protocol}: ${shown} ms`).toBeLessThanOrEqual(1.1);
    }
  });
});

test("a link carries both clusters to the moment where they were", async ({ lab, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await lab.open({ protocol: "raft", beside: "multi_paxos", seed: 2, speed: 1000 });
  await lab.play();
  await expect.poll(() => lab.now()).toBeGreaterThan(1_500);
  await lab.pause();
  const state = async () => [await lab.now(), await page.getByRole("list", { name: "Nodes" }).getByRole("button").evaluateAll((all) => all.map((node) => node.getAttribute("aria-label"))), await (await lab.card("Costs")).innerText()];
  const before = await state();
  await lab.press(page.getByText(/^Branches, marks, links/));
  await lab.press(lab.get("button", "Copy link at this moment"));
  const address = await lab.get("textbox", "Link").inputValue();
  await page.goto("about:blank");
  await page.goto(address);
  await lab.running();
  await expect.poll(() => lab.now()).toBe(before[0]);
  expect(await state()).toEqual(before);
});

test("a second cluster that does not exist is refused by name, and the dialog offers those that do", async ({ lab, page }) => {
  await lab.open({ beside: "zab" });
  await expect(lab.notices()).toContainText("beside: “zab” is not allowed. One of: none, raft, paxos, multi_paxos.");
  await expect(page.getByRole("region", { name: "Raft", exact: true })).toHaveCount(0);
  await lab.press(lab.get("button", "New run…"));
  await lab.inDialog("New run…", {}, async (dialog) => {
    await dialog.getByLabel("Second cluster").selectOption("Multi-Paxos");
    await lab.press(lab.get("button", "Start", {}, dialog));
  });
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Raft beside Multi-Paxos");
  // What speaks of one cluster alone is not offered.
  await lab.press(page.getByRole("region", { name: "Multi-Paxos", exact: true }).getByRole("button", { name: /^S2,/ }));
  await expect(lab.get("button", "Crash", {}, lab.get("toolbar", "Actions"))).toBeVisible();
  await expect(page.getByRole("button", { name: /^Fire/ })).toHaveCount(0);
});
