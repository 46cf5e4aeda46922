// All main tasks of the page, by the keyboard alone and by a pointer that only clicks: nothing needs a drag, a hover or
// two fingers, and the focus is never lost.

import { Keyboard, Pointer } from "./helpers/hands.mjs";
import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

for (const [reader, Hands, use] of [
  ["by the keyboard alone", Keyboard, DESKTOP],
  ["by a mouse that only clicks", Pointer, DESKTOP],
  ["by a finger that only taps, on a phone", Pointer, PHONE],
]) {
  test.describe(reader, () => {
    test.use(use);

    /** Opens the page for these hands. */
    async function open(lab, options) {
      const hands = new Hands(lab);
      lab.press = (target) => hands.press(target);
      lab.write = async (value, { node } = {}) => {
        await lab.card("client.title");
        await hands.choose(lab.get("combobox", "Ask"), node ? `S${node}` : lab.t("the leader"));
        await hands.type(lab.get("textbox", "Value"), value);
        await lab.press(lab.get("button", "Write"));
      };
      await lab.open({ seed: 3, speed: 400, ...options });
      return hands;
    }

    /** What the slider says of its moment: the event, and how many there are. */
    async function moment(lab) {
      const text = await lab.get("slider", "Moment").getAttribute("aria-valuetext");
      return text.match(/\d+(\.\d+)?/g).map(Number).slice(1);
    }

    test("an outage: elect, crash, elect again, catch up, split with a write on both sides, heal", async ({ lab }) => {
      test.slow();
      const hands = await open(lab, { nodes: 3 });
      /** Waits for a condition on the entries of the logs. */
      const logs = (what, holds) => expect.poll(async () => holds(await lab.logs()), { message: what, timeout: 60_000 }).toBe(true);
      const has = (text, committed) => (log) => log.some((entry) => entry.text === text && entry.committed === committed);
      await lab.play();
      const first = await lab.leader();
      await lab.write("before");
      await logs("a write commits everywhere", (all) => all.every(has("x=before", true)));
      await lab.select(first.number);
      await lab.act("Crash");
      const second = await lab.leader({ after: first.term });
      expect(second.number).not.toBe(first.number);
      await lab.write("meanwhile");
      await lab.act("Restart");
      await logs("who was down catches up", (all) => all.every(has("x=meanwhile", true)));
      await lab.expectRole(first.number, "follower");

      await lab.partition([second.number]);
      await lab.write("minority", { node: second.number });
      const third = await lab.leader({ after: second.term });
      await lab.write("majority", { node: third.number });
      await logs("the majority commits", (all) => all.filter(has("x=majority", true)).length === 2);
      await lab.act("Heal network");
      await logs("the logs are equal", (all) => all.every(has("x=majority", true)) && !all.flat().some(({ text }) => text === "x=minority"));
      const told = lab.get("slider", "Speed");
      const pace = await told.getAttribute("aria-valuetext");
      await hands.turn(told, -1);
      await expect(told).not.toHaveAttribute("aria-valuetext", pace);
      await lab.pause();
      await lab.press(lab.get("button", "Reset"));
      expect(await lab.now()).toBe(0);
    });

    test("time: run, pause, step, seek, act in the past, branch, undo, mark", async ({ lab }) => {
      const hands = await open(lab);
      await lab.play();
      const { number } = await lab.leader();
      await lab.pause();
      const [end] = await moment(lab);
      await lab.step();
      await lab.press(lab.get("button", "Step back"));
      expect(await moment(lab)).toEqual([end, end + 1]);

      await hands.turn(lab.get("slider", "Moment"), -1);
      expect((await moment(lab))[0]).toBeLessThan(end);
      await lab.press(lab.get("button", "transport.beat_back"));
      await lab.select(number);
      await lab.act("Crash");
      await lab.expectRole(number, "down");
      await lab.press(lab.get("button", "transport.undo"));
      await expect(lab.node(number)).not.toHaveAccessibleName(new RegExp(lab.t("down")));
      await lab.press(lab.get("button", "transport.redo"));
      await lab.expectRole(number, "down");

      await lab.press(lab.page.locator(".keeping > summary"));
      const branches = lab.get("combobox", "timeline.branch");
      await hands.choose(branches, lab.t("timeline.branch_number", { number: 1 }));
      await expect(lab.node(number)).not.toHaveAccessibleName(new RegExp(lab.t("down")));
      await hands.type(lab.get("textbox", "timeline.mark_text"), "here");
      await lab.press(lab.get("button", "timeline.mark"));
      await lab.press(lab.get("button", "timeline.fork"));
      await lab.press(lab.get("button", "timeline.delete"));

      await lab.press(lab.get("button", "share.link_here"));
      await expect(lab.get("textbox", "share.address")).toHaveValue(/#run=/);
      const saved = lab.page.waitForEvent("download");
      await lab.press(lab.get("button", "share.save"));
      expect((await saved).suggestedFilename()).toBe("run.conclave");
      await lab.press(lab.get("button", "share.code"));
      await lab.inDialog("share.code_title", {}, async () => {});
    });

    test("nodes: elect by a timer, crash, restart, freeze, cut, partition, heal, change the members", async ({ lab }) => {
      const hands = await open(lab);
      await lab.select(1);
      await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
      await lab.expectRole(1, "candidate");
      await lab.stepUntil(async () => (await lab.nodes())[0].role === lab.t("leader"), 40);

      await lab.select(2);
      await lab.act("Crash");
      await lab.expectRole(2, "down");
      await lab.act("Restart");
      await lab.act("Freeze");
      await lab.expectRole(2, "node.frozen", { role: lab.t("follower") });
      await lab.act("Unfreeze");
      await lab.act("Isolate");
      await lab.act("Heal network");
      await expect(lab.get("button", "Heal network")).toHaveCount(0);
      await lab.act("Links…");
      await lab.inDialog("Links of {node}", { node: "S2" }, async (dialog) => {
        const [from, to] = ["S2", "S3"];
        await lab.press(lab.get("button", "Cut {from} → {to}", { from, to }, dialog));
        await lab.press(lab.get("button", "Cut {from} → {to}", { from: to, to: from }, dialog));
        await lab.press(lab.get("button", "Mend {from} → {to}", { from, to }, dialog));
        await expect(lab.get("button", "Cut {from} → {to}", { from, to }, dialog)).toBeVisible();
        await expect(lab.get("button", "Mend {from} → {to}", { from: to, to: from }, dialog)).toBeVisible();
      });
      if (Hands === Pointer) {
        // Where a link is hit, messages may be in the way: nothing runs here.
        await hands.hitLink(1, 5);
        await lab.act("Cut {from} → {to}", { from: "S1", to: "S5" });
        await lab.act("Mend {from} → {to}", { from: "S1", to: "S5" });
      } else {
        // The keyboard goes to the links of a node instead, by a key.
        await hands.reach(lab.node(1));
        await lab.page.keyboard.press("k");
        await lab.inDialog("Links of {node}", { node: "S1" }, async (dialog) => {
          await lab.press(lab.get("button", "Cut {from} → {to}", { from: "S1", to: "S5" }, dialog));
          await lab.press(lab.get("button", "Mend {from} → {to}", { from: "S1", to: "S5" }, dialog));
        });
      }
      await lab.partition([4, 5]);
      await lab.act("Heal network");
      await lab.act("Members…");
      await lab.inDialog("Members", {}, async (dialog) => {
        await lab.press(dialog.getByRole("button", { name: `S5: ${lab.t("members.outside")}` }));
        await lab.press(lab.get("button", "members.apply", {}, dialog));
      });
      await lab.expectEvent("acted.reconfigure", { node: "S1", changes: "" });
    });

    test("messages: select, hold up, copy, deliver, drop; the network; clients", async ({ lab, page }) => {
      const hands = await open(lab);
      await lab.select(1);
      await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
      const flights = await lab.flights();
      await expect(flights).toHaveCount(4);
      await lab.press(flights.getByRole("button").first());
      await lab.act("Delay {by}", { by: "50 ms" });
      await lab.act("Duplicate");
      await expect(flights).toHaveCount(5);
      await lab.act("Deliver now");
      await lab.press(flights.getByRole("button").first());
      await lab.act("Drop");
      await expect(flights).toHaveCount(4);
      await lab.press(flights.getByRole("button", { name: lab.t("Drop") }).first());
      await expect(flights).toHaveCount(3);

      await lab.card("Network");
      for (const dial of ["Latency", "Jitter", "Loss", "Duplication"]) {
        const slider = lab.get("slider", dial);
        const before = await slider.getAttribute("aria-valuetext");
        await hands.turn(slider, 1);
        await expect(slider).not.toHaveAttribute("aria-valuetext", before);
      }
      await lab.press(lab.get("checkbox", "Keep order"));
      await expect(lab.get("checkbox", "Keep order")).toBeChecked();
      await lab.card("client.title");
      await hands.choose(lab.get("combobox", "Ask"), "S2");
      await hands.type(lab.get("textbox", "Key"), "colour");
      await hands.type(lab.get("textbox", "Value"), "green");
      await lab.press(lab.get("button", "Write"));
      await lab.press(lab.get("button", "Read"));
      await lab.expectEvent("You asked {node}: {operation}", { node: "S2", operation: ".*colour.*green" });
      await hands.choose(lab.get("combobox", "client.crowd"), "3");
      await expect(page.getByRole("alert")).toBeEmpty();
    });

    test("the space–time diagram, runs, rules, dialogs, languages, themes", async ({ lab, page }) => {
      const hands = await open(lab);
      await lab.play();
      await lab.leader();
      await lab.pause();
      await lab.tab("tab.space_time");
      const picture = page.getByRole("tabpanel").getByRole("img");
      for (const button of ["spacetime.zoom_in", "spacetime.later", "spacetime.zoom_out", "spacetime.here"]) {
        await expect(picture).toHaveAttribute("aria-label", /\d/);
        const before = await picture.getAttribute("aria-label");
        await lab.press(lab.get("button", button));
        await expect(picture).not.toHaveAttribute("aria-label", before);
      }
      if (Hands === Keyboard) {
        // The diagram has keys of its own.
        await hands.reach(page.getByRole("group", { name: lab.t("spacetime.label") }));
        for (const key of ["+", "ArrowLeft", "-", "+", "0"]) {
          const before = await picture.getAttribute("aria-label");
          await page.keyboard.press(key);
          await expect(picture, key).not.toHaveAttribute("aria-label", before);
        }
        await hands.reach(lab.node(1));
        await page.keyboard.press("l");
        await expect(page.getByRole("button", { name: /, leader,/ })).toBeFocused();
      }

      await lab.press(lab.get("button", "New run…"));
      await lab.inDialog("New run…", {}, async (dialog) => {
        await hands.choose(lab.get("combobox", "Protocol", {}, dialog), "Raft");
        await hands.type(lab.field("run.nodes", dialog), "2");
        await hands.type(lab.field("Seed", dialog), "1");
        await lab.press(lab.get("button", "Start", {}, dialog));
      });
      await lab.press((await lab.card("Rules")).getByText(lab.t("Break a rule")));
      await lab.press(lab.get("checkbox", "Half is enough"));
      for (const node of [1, 2]) {
        await lab.select(node);
        await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
      }
      await expect((await lab.card("Invariants")).locator("details[open]")).not.toHaveCount(0);

      for (const opener of ["Export…", "Partition…", "Help"]) {
        await lab.press(lab.get("button", opener).first());
        await expect(page.getByRole("dialog")).toBeVisible();
        await lab.press(lab.get("button", "Close"));
        await expect(page.getByRole("dialog")).toHaveCount(0);
      }
      await hands.choose(lab.get("combobox", "Theme"), lab.t("Dark"));
      await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
      await hands.choose(lab.get("combobox", "Language"), "简体中文");
      await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
    });
  });
}
