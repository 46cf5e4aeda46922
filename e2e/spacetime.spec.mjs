// The space–time diagram, and what is exported: judged by what the page says of it and by the files.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import AxeBuilder from "@axe-core/playwright";
import { expect, forEveryReader, SWIFT, test } from "./helpers/lab.mjs";
import { catalogue } from "./helpers/words.mjs";

test.use(SWIFT);

const MERMAID = createRequire(import.meta.url).resolve("mermaid/dist/mermaid.min.js");

const picture = (lab) => lab.page.getByRole("tabpanel").getByRole("img");

/** What the diagram says of itself: which time it shows, and how many messages; in milliseconds. */
async function seen(lab) {
  const pattern = lab.t("spacetime.seen", { from: "(.+?)", to: "(.+?)", messages: "(\\d+)", lost: "(\\d+)" });
  const names = [...catalogue(lab.lang).get("spacetime.seen").matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const text = await picture(lab).getAttribute("aria-label");
  const found = new RegExp(`^${pattern}$`).exec(text).slice(1);
  const number = (value) => Number.parseFloat(value) * (value.endsWith(" s") ? 1000 : 1);
  return Object.fromEntries(names.map((name, place) => [name, number(found[place])]));
}

/** Saves a file by the dialog; gives its text, or its bytes, and lets `look` look at dialog and file. */
async function exported(lab, choice, encoding = "utf8", look = () => {}) {
  await lab.press(lab.get("button", "export.open").first());
  const dialog = lab.get("dialog", "Export");
  const [file] = await Promise.all([lab.page.waitForEvent("download"), lab.press(lab.get("button", choice, {}, dialog))]);
  await look(dialog, file.suggestedFilename());
  await lab.press(lab.get("button", "Close", {}, dialog));
  return readFile(await file.path(), encoding);
}

/** What an SVG is made of, as an XML parser reads it. */
const parsed = (page, svg) =>
  page.evaluate((svg) => {
    const root = new DOMParser().parseFromString(svg, "image/svg+xml");
    const all = [...root.querySelectorAll("path")].map((path) => ({
      d: path.getAttribute("d"),
      dashed: path.hasAttribute("stroke-dasharray"),
    }));
    return {
      error: root.querySelector("parsererror")?.textContent ?? "",
      texts: [...root.querySelectorAll("text")].map((text) => text.textContent),
      styled: root.querySelectorAll("[class], [style], style, link").length,
      size: [root.documentElement.getAttribute("width"), root.documentElement.getAttribute("height")].map(Number),
      paths: all,
    };
  }, svg);

/** The lines of the paths, from spot to spot, in pixels. */
const lines = (paths) =>
  paths.flatMap(({ d, dashed }) =>
    [...d.matchAll(/M(-?\d+) (-?\d+)L(-?\d+) (-?\d+)/g)].map((line) => {
      const [x1, y1, x2, y2] = line.slice(1).map((tenths) => tenths / 10);
      return { x1, y1, x2, y2, dashed };
    }),
  );

/** Runs until somebody leads, and shows the diagram. */
async function open(lab, options = {}) {
  await lab.open({ seed: 3, speed: 400, ...options });
  await lab.play();
  await lab.leader();
  await lab.pause();
  await lab.tab("tab.space_time");
  await expect(picture(lab)).toHaveAttribute("aria-label", /\d/);
}

forEveryReader(() => {
  test("the diagram is moved by keys and by buttons", async ({ lab, page }) => {
    await open(lab);
    const first = await seen(lab);
    expect(first.messages).toBeGreaterThan(3);
    const now = await lab.now();
    expect(first.from).toBeLessThanOrEqual(now);
    expect(first.to).toBeGreaterThanOrEqual(now);
    await lab.get("group", "Space–time diagram").focus();
    await page.keyboard.press("+");
    await expect.poll(async () => { const { from, to } = await seen(lab); return to - from; }).toBeCloseTo((first.to - first.from) / 2, -1);
    const { from } = await seen(lab);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(async () => (await seen(lab)).from).toBeLessThan(from);
    await page.keyboard.press("0");
    await expect.poll(async () => (await seen(lab)).from).toBe(0);
    const whole = await seen(lab);
    expect(whole.to).toBeGreaterThanOrEqual(now);
    await lab.press(lab.get("button", "Zoom in"));
    await expect.poll(async () => { const { from, to } = await seen(lab); return to - from; }).toBeLessThan(whole.to * 0.6);
    await lab.press(lab.get("button", "Earlier"));
    await lab.press(lab.get("button", "This moment"));
    await expect.poll(async () => { const { from, to } = await seen(lab); return from <= now && to >= now; }).toBe(true);
    expect(await lab.now(), "to look around changes nothing").toBe(now);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
  });

  test("a click on an arrow goes to its moment and selects its message", { tag: "@chromium" }, async ({ lab }) => {
    await open(lab);
    const now = await lab.now();
    await lab.get("group", "Space–time diagram").focus();
    for (let zoom = 0; zoom < 2; zoom++) await lab.press(lab.get("button", "Zoom in"));
    const { paths, size } = await parsed(lab.page, await exported(lab, "export.diagram"));
    const [width, height] = size;
    const inside = ({ x1, y1, x2, y2 }) => [x1, x2].every((x) => x > 60 && x < width - 10) && [y1, y2].every((y) => y > 30 && y < height - 10);
    const arrow = lines(paths).find((line) => inside(line) && Math.abs(line.x2 - line.x1) > 8 && Math.abs(line.y2 - line.y1) > 30 && !line.dashed);
    expect(arrow, "an arrow that is whole in the picture").toBeDefined();
    const position = { x: (arrow.x1 + arrow.x2) / 2, y: (arrow.y1 + arrow.y2) / 2 };
    await (lab.touch ? picture(lab).tap({ position }) : picture(lab).click({ position }));
    await expect(await lab.inspector()).toContainText(lab.t("message.from"));
    expect(await lab.now()).toBeLessThanOrEqual(now);
    const { from, to } = await seen(lab);
    const moment = await lab.now();
    expect(moment >= from && moment <= to, "the moment stays in sight").toBe(true);
  });
});

test("the wheel scrolls the page until the diagram has the focus, then it zooms; a drag pans and selects nothing", async ({ lab, page }) => {
  await open(lab);
  const first = await seen(lab);
  await picture(lab).hover();
  const top = () => page.evaluate(() => scrollY);
  const before = await top();
  await page.mouse.wheel(0, -120);
  await expect.poll(top).toBeLessThan(before);
  expect(await seen(lab)).toEqual(first);
  await lab.get("group", "Space–time diagram").focus();
  await picture(lab).hover();
  await page.mouse.wheel(0, -200);
  await expect.poll(async () => { const { from, to } = await seen(lab); return to - from; }).toBeLessThan(first.to - first.from);
  const zoomed = await seen(lab);
  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, -200);
  await page.keyboard.up("Shift");
  await expect.poll(async () => (await seen(lab)).from).toBeLessThan(zoomed.from);
  const panned = await seen(lab);
  const now = await lab.now();
  const { x, y, width, height } = await picture(lab).boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 90, y + height / 2, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await seen(lab)).from).toBeLessThan(panned.from);
  expect(await lab.now()).toBe(now);
});

test("a click on a lane selects its node", { tag: "@chromium" }, async ({ lab }) => {
  await open(lab);
  await lab.get("group", "Space–time diagram").focus();
  const { paths, size } = await parsed(lab.page, await exported(lab, "export.diagram"));
  const crossing = lines(paths).filter((line) => line.y1 !== line.y2);
  const level = lines(paths).find(({ y1, y2, x1, x2 }) => y1 === y2 && x2 - x1 > size[0] / 4);
  const far = (x) => crossing.every(({ x1, x2, y1, y2 }) => Math.min(x1, x2) > x + 12 || Math.max(x1, x2) < x - 12 || Math.max(y1, y2) < level.y1 - 12 || Math.min(y1, y2) > level.y1 + 12);
  const x = Array.from({ length: size[0] - 60 }, (_, x) => x + 50).find((x) => x < size[0] - 5 && far(x));
  await picture(lab).click({ position: { x, y: level.y1 } });
  await expect(await lab.inspector()).toContainText(/S1/);
});

test("a message that was dropped is broken, and its cross stands where it died", { tag: "@chromium" }, async ({ lab }) => {
  await lab.open({ seed: 3 });
  await lab.stepUntil(async () => (await (await lab.flights()).count()) > 0);
  // What is dropped where it was sent has no way to draw.
  await lab.step();
  await lab.press((await lab.flights()).getByRole("button").first());
  await lab.act("Drop");
  await lab.tab("tab.space_time");
  await expect.poll(async () => (await seen(lab)).lost).toBe(1);
  const { paths, error } = await parsed(lab.page, await exported(lab, "export.diagram"));
  expect(error).toBe("");
  expect(lines(paths).filter(({ dashed, y1, y2 }) => dashed && y1 !== y2)).toHaveLength(1);
});

test("after acting in the past the diagram shows the branch", async ({ lab }) => {
  await open(lab);
  await lab.get("group", "Space–time diagram").focus();
  await lab.page.keyboard.press("0");
  await expect.poll(async () => (await seen(lab)).from).toBe(0);
  const { messages } = await seen(lab);
  await lab.press(lab.get("button", "transport.beat_back"));
  await lab.select(1);
  await lab.act("Crash");
  await expect.poll(async () => (await seen(lab)).messages).toBeLessThan(messages);
  await lab.press(lab.get("button", "transport.undo"));
  await lab.press(lab.get("button", "transport.redo"));
});

test("every export is what its reader expects", { tag: "@chromium" }, async ({ lab, page }) => {
  await open(lab, { seed: 5 });
  await lab.write("a;b#c \"1\"");
  await lab.select(2);
  await lab.act("Crash");
  await lab.step(60);

  const frame = await parsed(page, await exported(lab, "export.frame_svg"));
  expect(frame.error).toBe("");
  expect(frame.styled, "it needs no style sheet").toBe(0);
  for (const node of ["S1", "S2", "S3", "S4", "S5"]) expect(frame.texts).toContain(node);

  const png = await exported(lab, "export.frame_png", null);
  expect([...png.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join("")).toBe("PNG");
  expect(png.readUInt32BE(16), "twice as large as the stage").toBe(frame.size[0] * 2);

  const diagram = await parsed(page, await exported(lab, "export.diagram"));
  expect(diagram.error).toBe("");
  expect(diagram.styled).toBe(0);
  expect(diagram.texts.join(" ")).toMatch(/S5/);

  const events = JSON.parse(await exported(lab, "export.json"));
  expect(events.length).toBeGreaterThan(60);
  const csv = await exported(lab, "export.csv");
  expect(csv.trimEnd().split("\r\n")).toHaveLength(events.length + 1);

  const [pattern, delimiter, ...log] = (await exported(lab, "export.shiviz")).trimEnd().split("\n");
  expect(delimiter).toBe("");
  expect(log).toHaveLength(events.length);
  for (const line of log) {
    const { host, clock, event } = new RegExp(pattern).exec(line).groups;
    expect(JSON.parse(clock)[host]).toBeGreaterThan(0);
    expect(event).not.toBe("");
  }

  const sequence = await exported(lab, "export.mermaid");
  expect(sequence).toMatch(/^sequenceDiagram\n%% /);
  const reader = await page.context().newPage();
  await reader.addScriptTag({ path: MERMAID });
  const read = await reader.evaluate(async (text) => {
    const { diagramType } = await globalThis.mermaid.parse(text);
    const { db } = await globalThis.mermaid.mermaidAPI.getDiagramFromText(text);
    return { diagramType, actors: db.getActorKeys().length, messages: db.getMessages().length };
  }, sequence);
  expect(read.diagramType).toBe("sequence");
  expect(read.actors).toBeGreaterThanOrEqual(5);
  expect(read.messages).toBeGreaterThan(30);
  await reader.close();
});

test("of two clusters, diagram and files are of the chosen one, and say so", { tag: "@chromium" }, async ({ lab }) => {
  await open(lab, { protocol: "raft", beside: "multi_paxos", seed: 2, speed: 1000 });
  await lab.play();
  await expect.poll(() => lab.now()).toBeGreaterThan(400);
  await lab.pause();
  for (const [protocol, id, vote, other] of [["Raft", "raft", "RequestVote", "Prepare"], ["Multi-Paxos", "multi_paxos", "Prepare", "RequestVote"]]) {
    await lab.press(lab.get("button", "stage.look", { protocol }));
    await expect(lab.page.locator(".tabs > p")).toHaveText(lab.t("stage.look", { protocol }));
    const look = (name) => async (dialog, file) => {
      await expect(dialog).toContainText(lab.t("export.of", { protocol }));
      expect(file).toBe(`${id}-${name}`);
    };
    const sequence = await exported(lab, "export.mermaid", "utf8", look("run.mmd"));
    expect(sequence).toContain(vote);
    expect(sequence).not.toContain(other);
    const diagram = await exported(lab, "export.diagram", "utf8", look("space-time.svg"));
    expect(diagram).toContain(`<title>${protocol}: ${lab.t("spacetime.label")}`);
    const frame = await exported(lab, "export.frame_svg", "utf8", look("cluster.svg"));
    expect(frame).toContain(`<title>${lab.t("stage.of", { count: 5, protocol })}</title>`);
  }
});

test("a run of 100,000 events is drawn arrow by arrow near, and merged far away, which is said", async ({ lab, page }) => {
  test.slow();
  await lab.open({ seed: 1, speed: 10000 });
  const workload = { clients: 40, think_least: 1_000, think_most: 2_000, keys: 3, read_percent: 30, patience: 500_000 };
  const recording = { format: 1, protocol: "raft", nodes: 5, seed: 1, workload, actions: [] };
  await page.evaluate((json) => globalThis.conclave.load(json), JSON.stringify(recording));
  await lab.play();
  const steps = async () => Number(/(\d+)/.exec(await page.getByText(lab.t("transport.events", { count: "" }).trim()).first().innerText())[1]);
  await expect.poll(steps, { timeout: 60_000, intervals: [500] }).toBeGreaterThan(100_000);
  await lab.pause();
  await lab.tab("tab.space_time");
  await expect(page.getByText(lab.t("spacetime.reading"))).toHaveCount(0, { timeout: 30_000 });
  const merged = page.getByText(lab.t("spacetime.merged"));
  await expect(merged).toBeHidden();
  const group = lab.get("group", "Space–time diagram");
  await group.focus();
  const { from } = await seen(lab);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(async () => (await seen(lab)).from).toBeLessThan(from);
  await page.keyboard.press("0");
  await expect.poll(async () => (await seen(lab)).messages).toBeGreaterThan(80_000);
  await expect(merged).toBeVisible();
});
