// Each state of the page, in every theme and language, as axe sees it; and what axe does not see: that the page fits
// narrow screens, and that everything can be hit with a finger.

import { createRequire } from "node:module";

import { readAtTheDeposedLeader } from "./helpers/clients.mjs";
import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use(SWIFT);

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds. It is in the page already (see AXE): with a page for each look, AxeBuilder takes three times as long. */
const violations = (page) =>
  page.evaluate(async () => (await globalThis.axe.run({ resultTypes: ["violations"], elementRef: false })).violations);

/** Brings the page into each of its states, and calls `look(name)` there. */
async function visitStates(lab, theme, look) {
  const { page } = lab;
  await lab.open({ theme, seed: 7, speed: 400, nodes: 99 });
  await look("start, with a notice");
  await lab.press(lab.get("button", "Dismiss"));
  await lab.press(lab.get("button", "Play"));
  const { number } = await lab.leader();
  await look("running");
  await lab.press(lab.get("button", "transport.skip"));
  await lab.page.getByText(lab.t("timeline.quiet")).waitFor();
  await look("nothing to skip to");
  await lab.press(lab.get("button", "transport.skip"));
  await lab.write("written");
  await expect.poll(async () => (await lab.logs()).flat().length).toBe(5);
  await lab.pause();

  await lab.select(number);
  await look("a leader selected");
  if (lab.touch) {
    for (const card of ["Inspector", "client.title", "Invariants", "Costs", "Network", "Rules"]) {
      await lab.card(card);
      await look(`the card ${card} unfolded`);
    }
  }
  await lab.tab("Events");
  await look("events");
  await lab.stepUntil(async () => (await (await lab.flights()).count()) > 0);
  await lab.press((await lab.flights()).getByRole("button").first());
  await look("a message selected");
  await lab.act("Drop");
  await look("a message that is gone");
  await lab.tab("Clients");
  await look("clients");
  await lab.tab("Counters");
  await look("counters");
  await lab.tab("tab.space_time");
  await look("space–time");
  await lab.press(lab.get("button", "Export…"));
  await lab.inDialog("Export", {}, () => look("dialog Export…"));

  await lab.press(lab.page.locator(".keeping > summary"));
  await lab.press(lab.get("button", "share.code"));
  await lab.inDialog("share.code_title", {}, () => look("dialog QR code…"));
  await lab.press(lab.get("button", "embed.open"));
  await lab.inDialog("embed.title", {}, async (dialog) => {
    await look("dialog Embed…");
    await lab.get("textbox", "embed.address", {}, dialog).fill(`https://example.org/${"long/".repeat(400)}`);
    await look("dialog Embed… with something too long");
  });

  // Between two followers no messages are in the way.
  const [left, right] = [(number % 5) + 1, ((number + 1) % 5) + 1];
  const middle = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  await lab.node(left).scrollIntoViewIfNeeded();
  const [one, other] = [middle(await lab.node(left).boundingBox()), middle(await lab.node(right).boundingBox())];
  await page.mouse.click((one.x + other.x) / 2, (one.y + other.y) / 2);
  await lab.act("Cut {from} → {to}", { from: `S${Math.min(left, right)}`, to: `S${Math.max(left, right)}` });
  await look("a link selected, one direction cut");

  await lab.select(1);
  await lab.act("Crash");
  await lab.select(2);
  await lab.act("Freeze");
  await look("a node frozen, another down");
  await lab.select(1);
  await look("a node selected that is down");

  for (const [opener, name, names] of [
    ["New run…", "New run…"],
    ["Partition…", "Partition"],
    ["Members…", "Members"],
    ["Links…", "Links of {node}", { node: "S1" }],
    ["Help", "Help"],
  ]) {
    await lab.press(lab.get("button", opener));
    await lab.inDialog(name, names, () => look(`dialog ${opener}`));
  }
  await lab.press(lab.get("button", "New run…"));
  await lab.inDialog("New run…", {}, async (dialog) => {
    await lab.field("Seed", dialog).fill("pi");
    await lab.press(lab.get("button", "Start", {}, dialog));
    await look("a dialog with a complaint");
  });

  await lab.newRun(2, 1);
  await lab.press((await lab.card("Rules")).getByText(lab.t("Break a rule")));
  await lab.get("checkbox", "Half is enough").check();
  for (const node of [1, 2]) {
    await lab.select(node);
    await lab.act("Fire {timer}", { timer: lab.t("election timeout") });
  }
  await look("a rule and an invariant broken");
  await lab.card("Rules");
  await lab.get("checkbox", "Half is enough").uncheck();

  await lab.newRun(25, 1);
  await lab.play();
  await lab.leader();
  await lab.pause();
  await lab.tab("In flight ({count})");
  await look("25 nodes");

  await lab.open({ theme, protocol: "raft", beside: "multi_paxos", seed: 2, speed: 1000 });
  await look("two clusters");
  await lab.play();
  await expect.poll(() => lab.now()).toBeGreaterThan(1_000);
  await lab.pause();
  await lab.act("Crash both leaders");
  await look("two clusters without leaders");
  await lab.press(lab.node(2).last());
  await look("a node of the second cluster selected");

  await lab.open({ theme, protocol: "paxos", nodes: 6, seed: 1 });
  for (const [role, count] of [["Proposers", 1], ["Acceptors", 3], ["Learners", 2]]) {
    await lab.card("Rules");
    const field = lab.get("spinbutton", role);
    await field.fill(String(count));
    await field.press("Enter");
  }
  await lab.write("seen", { node: 1 });
  await lab.step(3);
  await look("roles in columns");

  const rows = await readAtTheDeposedLeader(lab, { reads: 1 });
  await lab.stepUntil(async () => (await rows.first().innerText()).includes("= 1"), 200);
  await look("a stale read");

  const address = `/?${new URLSearchParams({ lang: lab.lang, theme, embed: "", seed: 3 })}`.replaceAll("&", "&amp;");
  const body = `<!doctype html><html lang="en"><title>Course</title><link rel="icon" href="data:,">
    <meta name="viewport" content="width=device-width"><main><h1>Course</h1>
    <iframe title="Conclave" src="${address}" style="width: 100%; height: 1800px; border: 0"></iframe></main>`;
  await page.route("**/course", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/course");
  const frame = page.frames()[1];
  await expect(page.frameLocator("iframe").getByRole("button", { name: /^S5/ })).toBeVisible();
  await frame.evaluate(() => globalThis.conclave.step(8));
  await look("a part of another page");

  await lab.open({ theme, seed: 3 });
  await page.evaluate(() => setTimeout(globalThis.__conclave.trap));
  await page.locator(".trouble").waitFor();
  await look("the apology");
}

const DESKTOP = { width: 1280, height: 900 };
const NARROW = { width: 320, height: 740 };

/** Each as the page is asked to look, and as the system has it. */
const THEMES = [
  { theme: "light" },
  { theme: "dark" },
  { theme: "projector" },
  { theme: "auto", media: { forcedColors: "active", contrast: "more" } },
];

for (const { theme, media = {} } of THEMES) {
  for (const lang of ["en", "zh"]) {
    test.describe(`in ${lang}, ${media.forcedColors ? "high contrast" : theme}`, () => {
      test.use({ lang, viewport: DESKTOP, expectedErrors: /asked for|unreachable/ });

      test("axe finds nothing, at the desk and 320 pixels wide", async ({ lab, page }) => {
        test.setTimeout(600_000);
        await page.addInitScript({ path: AXE });
        await page.emulateMedia(media);
        const found = [];
        await visitStates(lab, theme, async (state) => {
          for (const size of [NARROW, DESKTOP]) {
            await page.setViewportSize(size);
            for (const { id, impact, nodes } of await violations(page)) {
              found.push(`${state}, ${size.width} px: ${id} (${impact}) at ${nodes.length} places, such as ${nodes[0].html}`);
            }
          }
        });
        expect(found).toEqual([]);
      });
    });
  }
}

/** Everything that can be pressed, typed into or dragged. */
const CONTROLS = ["button", "checkbox", "combobox", "link", "slider", "spinbutton", "tab", "textbox"];

for (const width of [360, 320]) {
  test.describe(`${width} pixels wide`, () => {
    test.use({ viewport: { width, height: 740 }, hasTouch: true, isMobile: true, expectedErrors: /asked for|unreachable/ });

    test("the page does not scroll sideways, and everything can be hit with a finger", async ({ lab, page }) => {
      test.slow();
      const faults = [];
      await visitStates(lab, "auto", async (state) => {
        // A phone makes room for what is too wide, so that the width asked for is the measure.
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) faults.push(`${state}: the page is ${wide} px wide`);
        const dialogs = page.getByRole("dialog").filter({ visible: true });
        const beyond = await dialogs.evaluateAll((all) => all.map((dialog) => dialog.scrollWidth - dialog.clientWidth));
        if (beyond.some((pixels) => pixels > 0)) faults.push(`${state}: the dialog is ${beyond} px too narrow`);
        for (const role of CONTROLS) {
          const small = await page.getByRole(role).evaluateAll((all) =>
            all.flatMap((control) => {
              // A label that holds its control is a part of the target.
              const { width, height } = (control.closest("label") ?? control).getBoundingClientRect();
              return Math.min(width, height) < 24 ? [`${control.outerHTML.slice(0, 80)}: ${width} × ${height}`] : [];
            }),
          );
          faults.push(...small.map((fault) => `${state}: ${fault}`));
        }
      });
      expect(faults).toEqual([]);
    });
  });
}
