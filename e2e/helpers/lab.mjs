// The page as its readers know it: by roles and names alone, in any language, by mouse or by touch.

import { expect, test as base } from "./test.mjs";
import { translator } from "./words.mjs";

/** `test` with a page object, `lab`; `test.use({ lang: "zh" })` sets the language. */
export const test = base.extend({
  lang: ["en", { option: true }],
  lab: async ({ page, lang, hasTouch }, use) => use(new Lab(page, lang, hasTouch)),
});

export { expect };

/** For `test.use` of a whole file: without traces, which take as long again as the tests. */
export const SWIFT = { trace: "off" };

const READERS = {
  "in English": { lang: "en", viewport: { width: 1280, height: 900 } },
  "in Chinese": { lang: "zh", viewport: { width: 1280, height: 900 } },
  "on a phone": { lang: "en", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};

/** Defines the same tests for each kind of reader. */
export function forEveryReader(define) {
  for (const [reader, use] of Object.entries(READERS)) {
    test.describe(reader, { tag: use.hasTouch ? "@chromium" : [] }, () => {
      test.use(use);
      define();
    });
  }
}

/** Every page object says texts in its language by `t`, and presses as its reader does. */
export class Lab {
  constructor(page, lang, touch = false) {
    Object.assign(this, { page, lang, touch, t: translator(lang) });
  }

  /** Opens the page with query options. */
  async open(options = {}) {
    await this.page.goto(`/?${new URLSearchParams({ lang: this.lang, ...options })}`);
    await this.running();
  }

  /** Waits until the program runs, and shows a cluster. */
  async running() {
    await expect(this.page.locator("html")).toHaveAttribute("data-conclave", "running");
    await expect(this.node(1).first()).toBeVisible();
  }

  /** Clicks with the mouse, or taps with a finger. */
  async press(target) {
    await (this.touch ? target.tap() : target.click());
  }

  /** What has a role and exactly this name; texts are given in English. */
  get(role, text, names, scope = this.page) {
    return scope.getByRole(role, { name: this.t(text, names), exact: true });
  }

  /** A text field by the beginning of its name: what is allowed may follow. */
  field = (text, scope = this.page) => scope.getByRole("textbox", { name: new RegExp(`^${this.t(text)}`) });

  // ---- time ----

  play = () => this.press(this.get("button", "Play"));
  pause = () => this.press(this.get("button", "Pause"));

  async step(times = 1) {
    for (let time = 0; time < times; time++) await this.press(this.get("button", "Step forward"));
  }

  /** Steps until a condition holds. */
  async stepUntil(condition, most = 100) {
    for (let time = 0; time < most; time++) {
      if (await condition()) return;
      await this.step();
    }
    throw new Error(`it has not come in ${most} events`);
  }

  /** The moment, in milliseconds. */
  async now() {
    const text = await this.get("toolbar", "Transport").innerText();
    return Math.round(Number(/(\d+\.\d{3}) s/.exec(text)[1]) * 1000);
  }

  // ---- nodes ----

  /** A node, by its number. */
  node = (number) => this.page.getByRole("button", { name: new RegExp(`^S${number}[,，]`) });

  /** All nodes: number, role (in the reader's language) and term, as their names tell. */
  async nodes() {
    const list = this.get("list", "stage.nodes").getByRole("button");
    const names = await list.evaluateAll((all) => all.map((node) => node.getAttribute("aria-label")));
    return names.map((name) => {
      const [node, ...parts] = name.split(/[,，]\s*/);
      const [, term] = /(\d+)$/.exec(parts.pop());
      return { number: Number(node.slice(1)), role: parts.join(", "), term: Number(term) };
    });
  }

  /** Waits for a leader in a term after `after`; gives its number and term. */
  async leader({ after = 0 } = {}) {
    let leader;
    const elected = async () => {
      const leads = (node) => node.role === this.t("leader") && node.term > after;
      leader = (await this.nodes()).find(leads);
      return leader !== undefined;
    };
    await expect.poll(elected, `a leader after term ${after}`).toBe(true);
    return leader;
  }

  /** Waits until a node has a role, given in English. */
  async expectRole(number, role, names) {
    const name = new RegExp(`^S${number}[,，]\\s*${this.t(role, names)}[,，]`);
    await expect(this.page.getByRole("button", { name })).toBeVisible();
  }

  select = (number) => this.press(this.node(number));

  /** Presses a button of the bar of actions. */
  act = (text, names) => this.press(this.get("button", text, names, this.get("toolbar", "Actions")));

  // ---- panels ----

  /** Opens a tab; gives its panel. */
  async tab(text) {
    // The name of a tab may end with a count.
    const name = new RegExp(`^${this.t(text, { count: "\\d+" }).replace(/[()]/g, "\\$&")}$`);
    const tab = this.page.getByRole("tab", { name });
    if ((await tab.getAttribute("aria-selected")) !== "true") await this.press(tab);
    return this.page.getByRole("tabpanel", { name });
  }

  /** The log of each node, as entries such as { term: 1, text: "x=1", committed: true }. */
  async logs() {
    const panel = await this.tab("Logs");
    const rows = await panel
      .getByRole("row")
      .filter({ has: this.page.getByRole("rowheader") })
      .evaluateAll((all) => all.map((row) => [...row.cells].slice(1).map((cell) => cell.innerText)));
    const entry = (text) => {
      const [term, value, state] = text.split("\n");
      return { term: Number(term), text: value, committed: !state.includes(this.t("not committed")) };
    };
    return rows.map((cells) => cells.filter((cell) => /^\d/.test(cell)).map(entry));
  }

  /** The events, oldest first, one line each. */
  async events() {
    const panel = await this.tab("Events");
    const texts = await panel.getByRole("log").getByRole("listitem").allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, " ").trim()).reverse();
  }

  /** The events that say something, in the tab "Events"; names may be patterns. */
  async told(text, names) {
    const panel = await this.tab("Events");
    return panel.getByRole("listitem").filter({ hasText: new RegExp(this.t(text, names)) });
  }

  /** Waits until an event is told. */
  async expectEvent(text, names) {
    await expect((await this.told(text, names)).first()).toBeVisible();
  }

  /** Steps until an event is told. */
  async stepUntilEvent(text, names) {
    await this.stepUntil(async () => (await (await this.told(text, names)).count()) > 0);
  }

  /** The messages under way whose name begins so, in the tab "In flight". */
  async flights(name = "") {
    const panel = await this.tab("In flight ({count})");
    return panel.getByRole("listitem").filter({ hasText: new RegExp(`^\\s*${name}`) });
  }

  /** Does something with an open dialog; `use` is given the dialog. */
  async inDialog(text, names, use) {
    const dialog = this.get("dialog", text, names);
    await expect(dialog).toBeVisible();
    await use(dialog);
    if (await dialog.isVisible()) await this.press(this.get("button", "Close", {}, dialog));
    await expect(dialog).toBeHidden();
  }

  /** Cuts the network into two sides, A and the nodes of side B. */
  async partition(sideB) {
    await this.act("Partition…");
    await this.inDialog("Partition", {}, async (dialog) => {
      for (const { number } of await this.nodes()) {
        const side = this.t(sideB.includes(number) ? "partition.side_b" : "partition.side_a");
        await this.press(dialog.getByRole("button", { name: `S${number}: ${side}`, exact: true }));
      }
      await this.press(this.get("button", "Cut", {}, dialog));
    });
  }

  /** Writes as a client; to the leader, or to the node of this number. */
  async write(value, { node } = {}) {
    await this.card("client.title");
    await this.get("combobox", "Ask").selectOption(node ? `S${node}` : this.t("the leader"));
    await this.get("textbox", "Value").fill(value);
    await this.press(this.get("button", "Write"));
  }

  /** A region of the page, by its heading. */
  region = (text) => this.page.getByRole("region", { name: this.t(text) });

  /** A card of the page, by its heading; one that is folded is unfolded. */
  async card(text) {
    const card = this.region(text);
    const folded = card.getByRole("button", { expanded: false });
    if (await folded.count()) await this.press(folded);
    return card;
  }

  /** The inspector. */
  inspector = () => this.card("Inspector");

  /** Begins a new run by the dialog. */
  async newRun(nodes, seed) {
    await this.press(this.get("button", "New run…"));
    const dialog = this.get("dialog", "New run…");
    await this.field("run.nodes", dialog).fill(String(nodes));
    await this.field("Seed", dialog).fill(String(seed));
    await this.press(this.get("button", "Start", {}, dialog));
  }

  /** The messages that something was not right. */
  notices = () => this.page.getByRole("alert");
}
