// The page in a frame of another page, by messages: what is asked properly is done, and nothing else.

import { readFile } from "node:fs/promises";

import { expect, test } from "./helpers/test.mjs";

/** A page of another origin's kind: the frame is sandboxed, and all that it says is kept in `heard`. */
async function embed(page, { query = "", follow = false, width = 900, height = 400 } = {}) {
  const host = `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script>
      globalThis.heard = [];
      addEventListener("message", ({ data, source }) => {
        if (source !== frame.contentWindow) return;
        heard.push(data);
        if (${follow} && data.context === "iframe.resize") frame.height = data.height;
      });
      globalThis.say = (message) => frame.contentWindow.postMessage(message, "*");
      globalThis.ask = (method, ...args) => new Promise((resolve) => {
        const id = crypto.randomUUID?.() ?? String(Math.random());
        addEventListener("message", function hear({ data }) {
          if (data?.type !== "conclave:reply" || data.id !== id) return;
          removeEventListener("message", hear);
          resolve(data);
        });
        say({ type: "conclave:call", v: 1, id, method, args });
      });
    </script>
    <iframe id="frame" title="Conclave" sandbox="allow-scripts" width="${width}" height="${height}" style="border: 0"
      src="/?embed&lang=en&${query}"></iframe>`;
  await page.route("**/embedding", (route) => route.fulfill({ contentType: "text/html", body: host }));
  await page.goto("/embedding");
  await expect.poll(() => told(page, "lab-ready")).toHaveLength(1);
}

/** The details of the events of a name that the frame has told. */
const told = (page, name) =>
  page.evaluate((name) => globalThis.heard.filter((data) => data.type === "conclave:event" && data.v === 1 && data.name === name).map(({ detail }) => detail), name);

const ask = (page, ...call) => page.evaluate((call) => globalThis.ask(...call), call);

test("methods are called and answered, in order, and events are told", async ({ page }) => {
  await embed(page);
  expect((await ask(page, "step", 40)).result).toBeNull();
  const { result: state } = await ask(page, "state");
  expect(state).toMatchObject({ protocol: "raft", steps: 40 });
  expect((await ask(page, "act", { crash: { node: 1 } })).result).toBeNull();
  const { result: recording } = await ask(page, "recording");
  expect(recording.actions).toHaveLength(1);
  expect((await ask(page, "seek", 0)).result).toBeNull();
  expect((await ask(page, "load", recording)).result).toBeNull();
  expect((await ask(page, "state")).result.nodes[1].status).toBe("crashed");
  expect((await ask(page, "speed", 200)).result).toBeNull();
  expect((await ask(page, "pace")).result).toMatchObject({ playing: false, speed: 200 });
  const events = (await told(page, "lab-event")).flatMap(({ events }) => events.map(({ kind }) => kind));
  expect(events).toEqual(["led", "acted"]);
  // Whoever comes late asks for the greeting.
  await page.evaluate(() => globalThis.say({ type: "conclave:hello" }));
  await expect.poll(() => told(page, "lab-ready")).toHaveLength(2);
});

test("what the manual says to a frame is answered as it says", async ({ page }) => {
  await embed(page);
  const manual = await readFile(new URL("../docs/element.md", import.meta.url), "utf8");
  const [, script] = /```js\n([^]*?)```/.exec(manual);
  await page.evaluate(script);
  await expect.poll(() => page.evaluate(() => globalThis.heard.filter(({ type }) => type === "conclave:reply"))).toEqual([
    { type: "conclave:reply", v: 1, id: 1, result: null },
  ]);
  expect((await ask(page, "state")).result.steps).toBe(10);
});

test("a deck starts and stops it", async ({ page }) => {
  await embed(page, { query: "autoplay" });
  const playing = async () => (await ask(page, "pace")).result.playing;
  expect(await playing()).toBe(true);
  await page.evaluate(() => globalThis.say("slide:stop"));
  expect(await playing()).toBe(false);
  await page.evaluate(() => globalThis.say("slide:start"));
  expect(await playing()).toBe(true);
});

test("what is malformed is refused, and nothing of it is done", async ({ page }) => {
  await embed(page);
  const before = (await ask(page, "state")).result;
  await page.evaluate(() => {
    const call = { type: "conclave:call", v: 1, id: 1, method: "step", args: [1] };
    const hostile = [
      null, 1, "step", [], {}, { ...call, v: 2 }, { ...call, v: undefined }, { ...call, id: {} }, { ...call, method: 7 },
      { ...call, args: "1" }, { ...call, args: { length: 1 } }, { ...call, args: Object.assign([], { length: 2 ** 32 - 1 }) }, { ...call, type: "conclave:eval" }, new Map(), new ArrayBuffer(8),
    ];
    hostile.forEach(globalThis.say);
  });
  for (const method of ["constructor", "__proto__", "eval", "free", "toString", "lab", "", "<img onerror=alert()>"]) {
    expect((await ask(page, method)).error).toContain("there is no such method");
  }
  for (const args of [[-1], [1.5], ["1"], [null], [{}], [1, 2], [[[[]]]], [1e300]]) {
    expect((await ask(page, "step", ...args)).error).toMatch(/^step: /);
  }
  const evil = { format: 1, protocol: "<script>alert()</script>", nodes: 5, seed: 1, actions: [] };
  expect((await ask(page, "load", evil)).error).toMatch(/^load: run: /);
  expect((await ask(page, "state")).result).toEqual(before);
  const [{ message, refused }] = await told(page, "lab-error");
  expect(message).toContain("conclave:call");
  expect(refused).toBeGreaterThan(0);
});

test("messages from elsewhere are refused, and nothing of them is done", async ({ page }) => {
  await embed(page);
  await page.frames()[1].evaluate(() => {
    // The frame itself, and a frame inside it, are not the page around it.
    const call = { type: "conclave:call", v: 1, id: 1, method: "step", args: [9] };
    postMessage(call, "*");
    const inner = document.createElement("iframe");
    inner.srcdoc = `<script>parent.postMessage(${JSON.stringify(call)}, "*")</script>`;
    document.body.append(inner);
    dispatchEvent(new MessageEvent("message", { data: call, source: null }));
  });
  await expect.poll(async () => (await told(page, "lab-error")).map(({ message }) => message)).not.toHaveLength(0);
  expect((await told(page, "lab-error"))[0].message).toContain("only the page around this frame");
  expect((await ask(page, "state")).result.steps).toBe(0);
});

test("a frame beside it and a window that was opened are refused, and use up nothing of what its page may ask", async ({ page, context }) => {
  await embed(page);
  const flood = `<!doctype html><title>Other</title><link rel="icon" href="data:,"><script>
    const lab = (opener ?? parent).frames[0];
    for (let id = 0; id < 2000; id++) lab.postMessage({ type: "conclave:call", v: 1, id, method: "step", args: [9] }, "*");
    document.title = "said";
  </script>`;
  await page.route("**/other", (route) => route.fulfill({ contentType: "text/html", body: flood }));
  await context.route("**/opened", (route) => route.fulfill({ contentType: "text/html", body: flood }));
  const [opened] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => {
      const beside = Object.assign(document.createElement("iframe"), { src: "/other", title: "Beside" });
      document.body.append(beside);
      globalThis.opened = open("/opened");
    }),
  ]);
  await expect(opened).toHaveTitle("said");
  await expect.poll(() => page.frames().find((frame) => frame.url().endsWith("/other"))?.title()).toBe("said");
  const { result } = await ask(page, "state");
  expect(result.steps).toBe(0);
  expect((await told(page, "lab-error"))[0].message).toContain("only the page around this frame");
  expect(await page.evaluate(() => globalThis.heard.filter(({ type }) => type === "conclave:reply"))).toHaveLength(1);
});

test("what is asked for in impossible ways is answered with an error, and pollutes nothing", async ({ page }) => {
  await embed(page);
  await ask(page, "step", 30);
  const before = (await ask(page, "state")).result;
  const answers = await page.evaluate(async () => {
    const evil = JSON.parse('{ "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } }, "crash": { "node": 0, "__proto__": { "polluted": 1 } } }');
    const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);
    const calls = [
      ...["hasOwnProperty", "valueOf", "isPrototypeOf", "__defineGetter__", "then", "call", "apply", "x".repeat(1e6)].map((method) => [method]),
      ...[NaN, Infinity, -Infinity, -0.5, -1, 0, 2 ** 53, 1e308, "9", [], {}, true, null].map((n) => ["step", n]),
      ...[NaN, -1, 1e300, 31_536_000_000_001, "0", []].map((time) => ["seek", time]),
      ...[NaN, -1, 0, 10_001, "fast", {}].map((speed) => ["speed", speed]),
      ...[evil, [], [evil], "crash", "__proto__", 7, null, {}, { crash: null }, { crash: [] }, { crash: { node: -1 } }, { crash: { node: 256 } }, { crash: { node: 1e40 } }].map((action) => ["act", action]),
      ...[{ crash: { node: "x".repeat(1e6) } }, "x".repeat(1e6), { ["x".repeat(1e6)]: 1 }, { crash: { ["x".repeat(1e6)]: 1 } }].map((action) => ["act", action]),
      ["act", { crash: { node: 0 }, restart: { node: 0 } }],
      ["act", { request: { node: 0, op: { write: { key: "k".repeat(65), value: "" } }, persistent: false } }],
      ["act", { set_network: { quality: { latency: -1, jitter: 0, loss_ppm: 2e6, duplicate_ppm: 0, fifo: 3 } } }],
      ...[[], evil, "", "[", deep(10_000), deep(1_000_000), "\0", "A".repeat(5e6), { format: 1 }, { format: 1e9 }, { format: 1, protocol: "constructor", nodes: 5, seed: 1, actions: [] }].map((run) => ["load", run]),
      ["load", { format: 1, protocol: "raft", nodes: 1e9, seed: 1, actions: [] }],
      ["load", { format: 1, protocol: "raft", nodes: 5, seed: -1, actions: {} }],
      ["load", { format: 1, protocol: "raft", nodes: 5, seed: 1, actions: [{ at: 1e300, action: "heal" }] }],
      ["load", { format: 1, protocol: "raft", nodes: 5, seed: 1, settings: { "<img src=x onerror=alert(1)>": 1 }, actions: [] }],
      ["load", { format: 1, protocol: "raft", nodes: 5, seed: 1, actions: Array(200_000).fill({ at: 0, action: "heal" }) }],
      ...["load", "act", "seek"].map((method) => [method, Object.assign([], { length: 2 ** 32 - 1 })]),
      ["pause", 1], ["play", {}], ["state", 0], ["recording", []], ["pace", "x"],
    ];
    const answers = [];
    for (const call of calls) {
      const { error, result } = await globalThis.ask(...call);
      answers.push([call[0], call[1]?.length > 1e7 ? "holes" : JSON.stringify(call.slice(1))?.slice(0, 80), error ?? `done: ${JSON.stringify(result)}`]);
    }
    return answers;
  });
  for (const [method, args, error] of answers) {
    expect(error, `${method} of ${args}`).not.toMatch(/^done/);
    expect(error.length, `${method} of ${args}: ${error.slice(0, 200)}`).toBeLessThan(1_000);
  }
  expect((await ask(page, "state")).result).toEqual(before);
  for (const frame of page.frames()) {
    expect(await frame.evaluate(() => [{}.polluted, Object.prototype.polluted, document.images.length])).toEqual([undefined, undefined, 0]);
  }
});

test("markup in what clients write, and in the names of branches and marks, is text wherever it is shown", async ({ page }) => {
  const MARKUP = "<img src=x onerror=top.broken=1>";
  await page.goto("/?lang=en");
  await expect(page.locator("html")).toHaveAttribute("data-conclave", "running");
  await page.evaluate((markup) => {
    const { conclave } = globalThis;
    conclave.seek(1_000_000);
    const leader = conclave.state().nodes.find(({ leads }) => leads).id;
    conclave.act({ request: { node: leader, op: { write: { key: markup, value: markup } }, persistent: false } });
    conclave.seek(1_500_000);
  }, MARKUP);
  const opened = page.locator("summary").filter({ hasText: /^Branches/ });
  await opened.click();
  await page.getByRole("textbox", { name: "Mark this moment" }).fill(MARKUP);
  await page.getByRole("button", { name: "Mark", exact: true }).click();
  // All of it goes through a link, too.
  await page.getByRole("button", { name: "Copy link at this moment" }).click();
  const address = await page.getByRole("textbox", { name: "Link", exact: true }).inputValue();
  await page.goto("about:blank");
  await page.goto(address);
  await expect(page.locator("html")).toHaveAttribute("data-conclave", "running");
  for (const tab of [/^Logs/, /^Space/, /^Events/, /^In flight/, /^Clients/, /^Counters/]) {
    await page.getByRole("tab", { name: tab }).click();
    for (const node of await page.getByRole("button", { name: /^S\d, / }).all()) await node.click();
    await expect(page.locator("img, script:not([src])")).toHaveCount(0);
  }
  await page.getByRole("tab", { name: /^Logs/ }).click();
  await expect(page.getByRole("tabpanel")).toContainText(MARKUP);
  expect(await page.evaluate(() => globalThis.broken)).toBeUndefined();
});

test("a flood of 10,000 messages is mostly refused, at little cost, and nothing is lost", async ({ page }) => {
  await embed(page);
  await ask(page, "step", 25);
  const before = (await ask(page, "state")).result;
  await page.evaluate(() => {
    for (let id = 0; id < 5_000; id++) {
      globalThis.say({ type: "conclave:call", v: 1, id: `flood ${id}`, method: "pause", args: [] });
      globalThis.say({ type: "nonsense", id });
    }
  });
  const replies = () =>
    page.evaluate(() => {
      const flood = globalThis.heard.filter(({ type, id }) => type === "conclave:reply" && String(id).startsWith("flood"));
      return [flood.length, flood.filter(({ error }) => error?.includes("messages a second")).length];
    });
  await expect.poll(async () => (await replies())[0], "each call is answered").toBe(5_000);
  expect((await replies())[1]).toBeGreaterThan(1_000);
  expect((await told(page, "lab-error")).length).toBeLessThan(30);
  // A second later all is as before.
  await expect.poll(async () => (await ask(page, "state")).result ?? {}).toEqual(before);
});

test("a sandboxed frame in a page that is isolated runs with the headers that the manual names", async ({ page, baseURL }) => {
  const manual = await readFile(new URL("../docs/embedding.md", import.meta.url), "utf8");
  const headers = Object.fromEntries([...manual.matchAll(/`(Cross-Origin-\S+): (\S+)`/g)].map(([, name, value]) => [name, value]));
  expect(Object.keys(headers)).toHaveLength(2);
  await page.route(`${baseURL}**`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), ...headers } });
  });
  await page.goto("/host?%2F%3Fembed%26lang%3Den");
  await expect(page.frameLocator("iframe").getByRole("button", { name: /^S1, / })).toBeVisible();
});

test("its height is told in every dialect, and a frame that follows it comes to rest", async ({ page }) => {
  await embed(page, { follow: true });
  const heights = () => page.evaluate(() => globalThis.heard.filter(({ context }) => context === "iframe.resize").map(({ height }) => height));
  await expect.poll(async () => (await heights()).length).toBeGreaterThan(0);
  // It has grown to what it shows, and asks for no more.
  const content = () => page.frames()[1].evaluate(() => [document.getElementById("app").offsetHeight, innerHeight]);
  await expect.poll(async () => { const [app, frame] = await content(); return Math.abs(app - frame); }).toBeLessThanOrEqual(4);
  const count = (await heights()).length;
  await page.evaluate(() => (document.getElementById("frame").height = 2000));
  await page.waitForTimeout(600);
  expect((await heights()).length).toBe(count);
  expect(count).toBeLessThan(6);
  const last = (await heights()).at(-1);
  const dialects = await page.evaluate(() => globalThis.heard.filter(({ subject, type }) => subject === "lti.frameResize" || type === "plugin.resize"));
  expect(dialects).toContainEqual({ subject: "lti.frameResize", height: last });
  expect(dialects).toContainEqual({ type: "plugin.resize", payload: { height: last } });
  expect((await told(page, "lab-resize")).at(-1).height).toBe(last);
  await page.evaluate(() => globalThis.say({ context: "h5p", action: "hello" }));
  await expect.poll(() => page.evaluate(() => globalThis.heard.filter(({ context }) => context === "h5p"))).toContainEqual({ context: "h5p", action: "resize", scrollHeight: last });
});
