// `<consensus-lab>` in pages of others: as many as they like, put there in any way and at any time.

import { readFile } from "node:fs/promises";

import { expect, test } from "./helpers/test.mjs";

const SCRIPT = '<script src="/app.js"></script>';

/** Shows a page of somebody else, at an address of its own. */
async function show(page, body, place = "course") {
  const html = `<!doctype html><html lang="en"><title>Course</title><link rel="icon" href="data:,">${body}`;
  await page.route(`**/${place}`, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto(`/${place}`);
}

/** Runs a function with the elements of a page, each of which is there and ready. */
const withLabs = (page, work, argument) =>
  page.evaluate(
    async ([work, argument]) => {
      const labs = [...document.querySelectorAll("consensus-lab")];
      await Promise.all(labs.map((lab) => lab.ready));
      return (0, eval)(`(${work})`)(labs, argument);
    },
    [String(work), argument],
  );

const button = (page, id, name) => page.locator(`#${id}`).getByRole("button", { name });

test("two on one page know nothing of each other", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab id="a" seed="3" theme="dark"></consensus-lab>
    <consensus-lab id="b" protocol="paxos" nodes="3" lang="zh"></consensus-lab>`);
  const [a, b] = await withLabs(page, ([a, b]) => {
    a.step(40);
    a.act({ crash: { node: 0 } });
    return [a.state(), b.state()];
  });
  expect(a).toMatchObject({ protocol: "raft", steps: 41 });
  expect(a.nodes.map((node) => node.status)).toEqual(["crashed", "up", "up", "up", "up"]);
  expect(b).toMatchObject({ protocol: "paxos", steps: 0, time: 0 });
  expect(b.nodes).toHaveLength(3);
  await expect(button(page, "a", /^S1, down/)).toBeVisible();
  await expect(button(page, "b", /^S1，/)).toBeVisible();
  // Clicks, themes, forms and dialogs stay where they are.
  await button(page, "b", "播放").click();
  expect(await withLabs(page, ([a, b]) => [a.playing, b.playing])).toEqual([false, true]);
  const ground = (id) => page.locator(`#${id} #app`).evaluate((app) => getComputedStyle(app).colorScheme);
  expect(await ground("a")).toBe("dark");
  expect(await ground("b")).toBe("light dark");
  await button(page, "a", "New run…").click();
  await page.locator("#a").getByRole("textbox", { name: /^Nodes/ }).fill("4");
  await button(page, "a", "Start").click();
  await expect(button(page, "a", /^S4,/)).toBeVisible();
  await expect(button(page, "a", /^S5,/)).toHaveCount(0);
  await expect(button(page, "b", /^S3，/)).toBeVisible();
  expect(await page.evaluate(() => [document.title, document.documentElement.lang])).toEqual(["Course", "en"]);
});

test("what a method is asked for, it has done when it returns; what it cannot do, it throws", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab faults="crash, heal"></consensus-lab>`);
  const seen = await withLabs(page, ([lab]) => {
    const refused = (work) => {
      try {
        work();
      } catch (error) {
        return error.message;
      }
    };
    lab.seek(1_000_000);
    const before = lab.state();
    lab.act({ crash: { node: 2 } });
    const recording = lab.recording();
    const crashed = lab.state();
    lab.seek(0);
    const past = lab.time;
    lab.load(recording);
    const loaded = lab.state();
    const errors = [
      refused(() => lab.step(0)),
      refused(() => lab.seek("soon")),
      refused(() => lab.act({ explode: {} })),
      refused(() => lab.act({ partition: { sides: [0, 0, 1, 1, 1] } })),
      refused(() => lab.act({ restart: { node: 9 } })),
      refused(() => lab.load("nonsense")),
    ];
    const circle = {};
    circle.circle = circle;
    errors.push(refused(() => lab.load(circle)));
    return { before, crashed, past, loaded, errors, after: lab.state() };
  });
  expect(seen.before.time).toBe(1_000_000);
  expect(seen.before.nodes.filter((node) => node.leads)).toHaveLength(1);
  expect(seen.crashed.nodes[2].status).toBe("crashed");
  expect(seen.past).toBe(0);
  expect(seen.loaded.digest).toBe(seen.crashed.digest);
  expect(seen.after.digest).toBe(seen.crashed.digest);
  const said = [/^step: n: 0, 1 to/, /^seek: time: .*"soon".* 0 to/, /^act: action: .*`explode`.*`crash`/];
  const more = [/^act: action: .*crash, heal/, /^act: action: .*crash, heal/, /^load: run: /, /^load: /];
  for (const [place, message] of [...said, ...more].entries()) expect(seen.errors[place]).toMatch(message);
});

test("attributes are properties, and change what runs", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab nodes="3" seed="9"></consensus-lab>`);
  await withLabs(page, ([lab]) => {
    lab.step(5);
    lab.setAttribute("lang", "zh");
  });
  await expect(page.getByRole("button", { name: /^S1，/ })).toBeVisible();
  expect(await withLabs(page, ([lab]) => [lab.nodes, lab.seed, lab.autoplay, lab.state().steps])).toEqual([3, "9", false, 5]);
  await withLabs(page, ([lab]) => {
    lab.lang = "en";
    lab.nodes = 7;
    lab.controls = "none";
  });
  await expect(page.getByRole("button", { name: /^S7, / })).toBeVisible();
  await expect(page.getByRole("button", { name: "Step forward" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
  expect(await page.locator("consensus-lab").evaluate((lab) => lab.outerHTML)).toBe(
    '<consensus-lab nodes="7" seed="9" lang="en" controls="none"></consensus-lab>',
  );
});

test("a flag is on or off as its property is set, whatever was written", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab autoplay="off"></consensus-lab>`);
  const seen = await withLabs(page, ([lab]) => {
    const seen = [];
    for (const [name, value] of [["embed", false], ["embed", true], ["autoplay", true], ["autoplay", false], ["poster", true]]) {
      const before = lab[name];
      lab[name] = value;
      seen.push([name, before, lab[name], lab.getAttribute(name)]);
    }
    lab.embed = false;
    return seen;
  });
  expect(seen).toEqual([
    ["embed", true, false, "false"],
    ["embed", false, true, null],
    ["autoplay", false, true, ""],
    ["autoplay", true, false, null],
    ["poster", false, true, ""],
  ]);
  await expect(page.getByRole("region", { name: "Inspector" })).toBeVisible();
});

test("bad values are named in a notice and an event, and break nothing", async ({ page }) => {
  const errors = [];
  await page.exposeFunction("told", (message) => errors.push(message));
  const names = await page.goto("/").then(() => page.evaluate(() => customElements.get("consensus-lab").observedAttributes));
  await show(page, `<script>addEventListener("lab-error", ({ detail }) => told(detail.message))</script>
    ${SCRIPT}<consensus-lab ${names.map((name) => `${name}="&lt;b&gt;"`).join(" ")}></consensus-lab>`);
  // With `poster`, it waits; nonsense is as good as being there.
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByRole("button", { name: /^S5, / })).toBeVisible();
  // Each is a name that the program knows: it refuses the value.
  for (const name of names) {
    await expect.poll(() => errors.filter((error) => error.startsWith(`${name}: “<b>”`)), name).not.toHaveLength(0);
  }
  await expect(page.getByRole("alert").getByText("nodes: “<b>”")).toBeVisible();
  // It is said once, whatever else changes.
  const told = await withLabs(page, async ([lab]) => {
    const told = [];
    lab.addEventListener("lab-error", ({ detail }) => told.push(detail.message));
    lab.speed = 60;
    await new Promise((resolve) => setTimeout(resolve));
    lab.theme = "<i>";
    await new Promise((resolve) => setTimeout(resolve));
    return [lab.speed, told.length, ...told];
  });
  expect(told).toEqual([expect.any(Number), 1, expect.stringContaining("theme: “<i>”")]);
});

test("a flood of bad values leaves ten notices, and the run as it was", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab></consensus-lab>`);
  const [before, after, told] = await withLabs(page, async ([lab]) => {
    let told = 0;
    lab.addEventListener("lab-error", () => (told += 1));
    lab.step(30);
    const before = lab.state();
    for (let value = 0; value < 10_000; value++) {
      lab.theme = `<b>${value}</b>`;
      await null;
    }
    await new Promise((resolve) => setTimeout(resolve));
    return [before, lab.state(), told];
  });
  expect(after).toEqual(before);
  expect(told).toBeGreaterThan(1_000);
  await expect(page.getByRole("alert").getByText("<b>9999</b>")).toBeVisible();
  await expect(page.getByRole("button", { name: "Dismiss" })).toHaveCount(10);
});

test("it tells what happens by events", async ({ page }) => {
  await show(page, `<main><consensus-lab></consensus-lab></main>`);
  const told = await page.evaluate(async () => {
    const told = [];
    for (const name of ["lab-ready", "lab-event", "lab-violation", "lab-resize", "lab-error"]) {
      document.addEventListener(name, ({ detail, target }) => told.push([name, detail, target.localName]));
    }
    const script = Object.assign(document.createElement("script"), { src: "/app.js" });
    document.head.append(script);
    await customElements.whenDefined("consensus-lab");
    const lab = await document.querySelector("consensus-lab").ready;
    lab.seek(1_000_000);
    // A listener may ask for more.
    document.addEventListener("lab-event", () => lab.state(), { once: true });
    lab.act({ configure: { setting: "half_quorum", value: 1 } });
    lab.act({ partition: { sides: [0, 0, 1, 1, 1] } });
    lab.seek(10_000_000);
    await new Promise((resolve) => document.addEventListener("lab-resize", resolve));
    return told;
  });
  const of = (name) => told.filter(([each]) => each === name).map(([, detail]) => detail);
  expect(told[0]).toEqual(["lab-ready", { v: 1 }, "consensus-lab"]);
  const kinds = of("lab-event").flatMap(({ events }) => events.map(({ kind }) => kind));
  expect(kinds.slice(0, 3)).toEqual(["led", "acted", "acted"]);
  expect(of("lab-resize")[0].height).toBeGreaterThan(300);
  expect(of("lab-error")).toEqual([]);
});

test.describe("whenever it is put there", () => {
  test("before the script and after, with properties from before", async ({ page }) => {
    await show(page, `<consensus-lab id="early"></consensus-lab>
      <script>Object.assign(document.getElementById("early"), { nodes: 3, theme: "light" })</script>${SCRIPT}${SCRIPT}`);
    await page.evaluate(() => {
      const late = document.createElement("consensus-lab");
      Object.assign(late, { id: "late", seed: 5 });
      document.body.prepend(late);
    });
    expect(await withLabs(page, (labs) => labs.map((lab) => lab.state().nodes.length))).toEqual([5, 3]);
    expect(await page.locator("#early").getAttribute("nodes")).toBe("3");
  });

  test("taken out and put in again, it goes on where it was; moved, it never stopped", async ({ page }) => {
    await show(page, `${SCRIPT}<div id="one"><consensus-lab seed="4"></consensus-lab></div><div id="two"></div>`);
    const before = await withLabs(page, ([lab]) => {
      lab.step(30);
      lab.act({ crash: { node: 1 } });
      lab.step(30);
      lab.seek(lab.time - 1);
      return lab.state();
    });
    await page.evaluate(() => {
      const lab = document.querySelector("consensus-lab");
      globalThis.app = lab.shadowRoot.getElementById("app");
      document.getElementById("two").append(lab);
    });
    expect(await page.evaluate(() => globalThis.app.isConnected)).toBe(true);
    await page.evaluate(() => {
      globalThis.lab = document.querySelector("consensus-lab");
      globalThis.lab.remove();
    });
    await expect.poll(() => page.evaluate(() => globalThis.lab.shadowRoot.getElementById("app"))).toBeNull();
    const after = await page.evaluate(async () => {
      const ready = new Promise((resolve) => globalThis.lab.addEventListener("lab-ready", resolve, { once: true }));
      document.getElementById("one").append(globalThis.lab);
      await ready;
      return globalThis.lab.state();
    });
    expect(after).toEqual(before);
    expect(await page.evaluate(() => [globalThis.lab.recording().actions.length, globalThis.lab.playing])).toEqual([1, false]);
  });

  test("taken out for good, nothing of it is kept", { tag: "@chromium" }, async ({ page }) => {
    await show(page, `${SCRIPT}<main></main>`);
    const session = await page.context().newCDPSession(page);
    const sheets = await page.evaluate(async () => {
      const main = document.querySelector("main");
      const again = document.createElement("consensus-lab");
      const ready = (lab) => new Promise((resolve) => lab.addEventListener("lab-ready", resolve, { once: true }));
      globalThis.left = [];
      for (let time = 0; time < 5; time++) {
        const once = document.createElement("consensus-lab");
        globalThis.left.push(new WeakRef(once));
        for (const lab of [once, again]) {
          main.replaceChildren(lab);
          await ready(lab);
          lab.seek(500_000);
        }
      }
      main.replaceChildren();
      return again.shadowRoot.adoptedStyleSheets.length;
    });
    expect(sheets).toBeLessThanOrEqual(2);
    await expect
      .poll(async () => {
        await session.send("HeapProfiler.collectGarbage");
        return page.evaluate(() => globalThis.left.filter((lab) => lab.deref()).length);
      })
      .toBe(0);
  });

  test("asked to play before it is put there, it plays then, poster or not", async ({ page }) => {
    await show(page, SCRIPT);
    await page.evaluate(() => {
      const lab = Object.assign(document.createElement("consensus-lab"), { poster: true });
      lab.play();
      document.body.append(lab);
    });
    await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  });

  test("in the shadow of another element, in the language around that", async ({ page }) => {
    await show(page, `${SCRIPT}<div lang="zh"><p></p></div>`);
    await page.evaluate(() => (document.querySelector("p").attachShadow({ mode: "open" }).innerHTML = "<consensus-lab></consensus-lab>"));
    await expect(page.getByRole("button", { name: /^S1，/ })).toBeVisible();
  });

  test("with a poster it waits to be wanted, far away it waits to be near", async ({ page }) => {
    await show(page, `${SCRIPT}<consensus-lab id="a" poster><img alt="Five nodes" src="data:,"></consensus-lab>
      <div style="height: 9000px"></div><consensus-lab id="b">far</consensus-lab>`);
    await expect(page.getByAltText("Five nodes")).toBeVisible();
    const there = () => page.evaluate(() => [..."ab"].map((id) => Boolean(document.getElementById(id).shadowRoot.getElementById("app"))));
    expect(await there()).toEqual([false, false]);
    await button(page, "a", "Play").press("Enter");
    await expect(button(page, "a", "Pause")).toBeFocused();
    await expect(page.getByAltText("Five nodes")).toBeHidden();
    expect(await there()).toEqual([true, false]);
    await page.locator("#b").scrollIntoViewIfNeeded();
    await expect(button(page, "b", /^S1, /)).toBeVisible();
  });
});

test("what is not allowed is neither offered nor done by keys", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab faults="heal"></consensus-lab>`);
  await page.getByRole("button", { name: /^S2, / }).click();
  for (const name of ["Crash", "Freeze", "Isolate", "Partition…", "Links…", /^Fire/]) {
    await expect(page.getByRole("button", { name })).toHaveCount(0);
  }
  await page.getByRole("button", { name: /^S2, / }).press("x");
  await expect(page.getByRole("alert")).toContainText("Allowed: heal.");
  expect(await withLabs(page, ([lab]) => lab.state().nodes[1].status)).toBe("up");
});

test("what the page sets for its own text does not reach it, and it is as wide as there is room", async ({ page }) => {
  const own = `direction: rtl; hyphens: auto; overflow-wrap: anywhere; word-break: break-all; cursor: wait; user-select: none; text-transform: uppercase;
    letter-spacing: 9px; text-shadow: 1px 1px red; stroke: red; -webkit-text-fill-color: red; writing-mode: vertical-rl`;
  await show(page, `${SCRIPT}<style>main { display: flex; flex-direction: column; align-items: center } main div { margin: 0 1rem; ${own} }</style>
    <consensus-lab></consensus-lab><main><div><consensus-lab></consensus-lab></div></main>`);
  const seen = await withLabs(page, (labs, names) =>
    labs.map((lab) => ["#app", "svg text", "button"].map((part) => names.map((name) => getComputedStyle(lab.shadowRoot.querySelector(part)).getPropertyValue(name)))),
    own.split(/;\s*/).map((line) => line.split(":")[0]),
  );
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[1][0][0]).toBe("ltr");
  await show(page, `${SCRIPT}<style>body { display: flex; place-items: center }</style><consensus-lab></consensus-lab>`, "centred");
  expect(await withLabs(page, ([lab]) => lab.clientWidth)).toBeGreaterThan(1200);
  await show(page, `${SCRIPT}<table><tr><td><consensus-lab></consensus-lab></table>`, "table");
  expect(await withLabs(page, ([lab]) => lab.clientWidth)).toBeGreaterThan(250);
});

test("a deck of reveal.js stops it with its slide, and what is written in it turns no slide", async ({ page }) => {
  await show(page, `<link rel="stylesheet" href="/slides/reveal.css"><div class="reveal"><div class="slides"><section>First</section>
    <section><consensus-lab></consensus-lab></section><section>Last</section></div></div>
    <script src="/slides/reveal.js"></script><script>Reveal.initialize({ transition: "fade" })</script>${SCRIPT}`);
  const slide = () => page.evaluate(() => Reveal.getIndices().h);
  await page.keyboard.press("ArrowRight");
  await page.getByRole("button", { name: "Play", exact: true }).press(" ");
  await page.getByRole("tab", { name: "Logs" }).press("ArrowRight");
  await page.locator("summary").filter({ hasText: /^Branches/ }).press("Enter");
  const mark = page.getByRole("textbox", { name: "Mark this moment" });
  await mark.pressSequentially("a b");
  await expect(mark).toHaveValue("a b");
  expect(await slide()).toBe(1);
  const playing = () => withLabs(page, ([lab]) => lab.playing);
  expect(await playing()).toBe(true);
  await page.evaluate(() => Reveal.next());
  expect(await playing()).toBe(false);
  await page.evaluate(() => Reveal.prev());
  expect(await playing()).toBe(true);
});

test("a link that is copied in it leads to where what stands for it leads", async ({ page }) => {
  await show(page, `${SCRIPT}<consensus-lab><a href="/?lang=en#run=old">Five nodes</a></consensus-lab>`);
  await withLabs(page, ([lab]) => lab.step(30));
  await page.locator("summary").filter({ hasText: /^Branches/ }).click();
  await page.getByRole("button", { name: "Copy link at this moment" }).click();
  await page.goto(await page.getByRole("textbox", { name: "Link", exact: true }).inputValue());
  await expect(page.locator("html")).toHaveAttribute("data-conclave", "running");
  await expect.poll(() => page.evaluate(() => globalThis.conclave.state().steps)).toBe(30);
});

test.describe("where wasm is forbidden", () => {
  test.use({ expectedErrors: /WebAssembly|Content Security Policy/ });

  test("its children stand for it, with an explanation", async ({ page }) => {
    const policy = "default-src 'none'; script-src 'self'; img-src data:";
    await page.route("**/forbidden", (route) =>
      route.fulfill({
        contentType: "text/html",
        headers: { "Content-Security-Policy": policy },
        body: `<!doctype html><html lang="en"><title>T</title><link rel="icon" href="data:,">${SCRIPT}
          <consensus-lab><a href="#elsewhere">Five nodes</a></consensus-lab>`,
      }),
    );
    await page.goto("/forbidden");
    await expect(page.getByText("it was not allowed to start")).toBeVisible();
    await expect(page.getByRole("link", { name: "Five nodes" })).toBeVisible();
  });
});

test("twenty on a page cost nothing while nobody plays, and little memory", { tag: "@chromium" }, async ({ page }) => {
  test.slow();
  await page.addInitScript(() => {
    globalThis.frames_asked = 0;
    const request = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (callback) => {
      globalThis.frames_asked += 1;
      return request(callback);
    };
  });
  const labs = Array.from({ length: 20 }, (_, seed) => `<consensus-lab seed="${seed}"></consensus-lab>`);
  await show(page, `${SCRIPT}${labs.join("")}`);
  for (const lab of await page.locator("consensus-lab").all()) {
    await lab.scrollIntoViewIfNeeded();
    await lab.evaluate((lab) => lab.ready);
  }
  const asked = async () => {
    const before = await page.evaluate(() => globalThis.frames_asked);
    await page.waitForTimeout(400);
    return (await page.evaluate(() => globalThis.frames_asked)) - before;
  };
  await expect.poll(asked).toBe(0);
  expect(await withLabs(page, (labs) => labs.map((lab) => (lab.step(3), lab.state().steps)))).toEqual(Array(20).fill(3));
  // Everything of the page's process: script, wasm, elements and style.
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usage } = { usage: await page.evaluate(() => performance.memory.usedJSHeapSize) };
  const browser = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const sizes = await Promise.all(
    processInfo.filter(({ type }) => type === "renderer").map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/smaps_rollup`, "utf8");
      return Number(/Private_Dirty:\s+(\d+)/.exec(status)[1]) / 1000;
    }),
  );
  const all = Math.max(...sizes);
  console.log(`20 labs: ${all.toFixed(0)} MB in their process, ${(usage / 1e6).toFixed(0)} MB of it for scripts`);
  expect(all).toBeLessThanOrEqual(150);
});

test("what is documented is what there is", async ({ page }) => {
  const read = (path) => readFile(new URL(`../${path}`, import.meta.url), "utf8");
  const [manifest, manual, style] = await Promise.all(
    ["static/custom-elements.json", "docs/element.md", "static/style/page.css"].map(read),
  );
  const declared = JSON.parse(manifest).modules[0].declarations[0];
  const names = (list) => list.map(({ name }) => name).sort();
  await show(page, `${SCRIPT}<consensus-lab embed="false"></consensus-lab>`);
  const there = await withLabs(page, async ([lab]) => {
    const { prototype, observedAttributes } = lab.constructor;
    const parts = new Set();
    const look = () => lab.shadowRoot.querySelectorAll("[part]").forEach((part) => parts.add(part.getAttribute("part")));
    lab.seek(1_000_000);
    lab.act({ request: { node: lab.state().nodes.find((node) => node.leads).id, op: { write: { key: "x", value: "1" } }, persistent: false } });
    lab.step(20);
    await new Promise((resolve) => setTimeout(resolve));
    look();
    lab.shadowRoot.getElementById("tab-Events").click();
    await new Promise((resolve) => setTimeout(resolve));
    look();
    const own = Object.getOwnPropertyDescriptors(prototype);
    const inherited = ["constructor", "connectedCallback", "disconnectedCallback", "attributeChangedCallback"];
    const members = Object.keys(own).filter((name) => !inherited.includes(name));
    return {
      attributes: observedAttributes.toSorted(),
      methods: members.filter((name) => own[name].value).sort(),
      fields: members.filter((name) => !own[name].value).sort(),
      parts: [...parts].sort(),
    };
  });
  const members = (kind) => names(declared.members.filter((member) => member.kind === kind));
  expect(names(declared.attributes)).toEqual(there.attributes);
  expect(members("method")).toEqual(there.methods);
  expect(members("field")).toEqual(there.fields);
  expect(names(declared.cssParts)).toEqual(there.parts);
  const tokens = [...style.matchAll(/var\((--lab-[\w-]+)/g)].map(([, name]) => name);
  expect(names(declared.cssProperties)).toEqual([...tokens, "--lab-rem"].sort());
  // The manual says of each what the manifest says, in a row of its own.
  const rows = (heading) =>
    manual
      .slice(manual.indexOf(`| ${heading} |`))
      .split("\n\n")[0]
      .split("\n")
      .slice(2)
      .filter((line) => line.startsWith("|"))
      .map((line) => line.replaceAll("`", "").split(/ *\| */).slice(1, -1));
  const told = (list, ...names) => list.map((each) => names.map((name) => each[name])).sort();
  const { attributes, members: all, events, cssParts, cssProperties } = declared;
  expect(rows("attribute").map(([name, values, usual, about]) => [name, usual, `${about} ${values}.`]).sort()).toEqual(told(attributes, "name", "default", "description"));
  const bare = ([name, , about]) => [name.replace(/\(.*/, ""), about];
  expect([...rows("property"), ...rows("method")].map(bare).sort()).toEqual(told(all, "name", "description"));
  expect(rows("event").map(([name, detail, about]) => [name, `${about} Detail: ${detail}.`]).sort()).toEqual(told(events, "name", "description"));
  expect(rows("part").sort()).toEqual(told(cssParts, "name", "description"));
  expect(rows("custom property").sort()).toEqual(told(cssProperties, "name", "description"));
  // And what it says is so.
  const types = Object.fromEntries(rows("property").map(([name, type]) => [name, type]));
  const lab = await withLabs(page, ([lab], names) => {
    const kind = (name) => (lab[name] instanceof Promise ? "Promise" : typeof lab[name]);
    const fixed = names.filter((name) => !Object.getOwnPropertyDescriptor(lab.constructor.prototype, name).set);
    const usual = Object.fromEntries(names.map((name) => [name, lab[name]]));
    const state = lab.state();
    return { kinds: names.map((name) => [name, kind(name)]), fixed, usual, state: Object.keys(state), node: Object.keys(state.nodes[0]), message: Object.keys(state.messages[0]), verdict: Object.keys(state.verdicts[0]), link: Object.keys(state.links[0]) };
  }, Object.keys(types));
  for (const [name, kind] of lab.kinds) expect(`${name}: ${types[name]}`).toMatch(new RegExp(`^${name}: ${kind}`));
  expect(lab.fixed.sort()).toEqual(Object.keys(types).filter((name) => types[name].includes("read only")).sort());
  const block = /gives, in English[^]*?```\n([^]*?)```/.exec(manual)[1];
  for (const name of [...lab.state, ...lab.node, ...lab.message, ...lab.verdict, ...lab.link]) expect(block).toMatch(new RegExp(`\\b${name}\\b`));
});

test("the values that are documented are those that are allowed, here and in the options of the page", async ({ page }) => {
  const read = (path) => readFile(new URL(`../${path}`, import.meta.url), "utf8");
  const [manual, readme] = await Promise.all(["docs/element.md", "README.md"].map(read));
  const errors = [];
  await page.exposeFunction("told", (message) => errors.push(message));
  await show(page, `<script>addEventListener("lab-error", ({ detail }) => told(detail.message))</script>${SCRIPT}<consensus-lab></consensus-lab>`);
  const names = await withLabs(page, ([lab]) => {
    // A run is only begun with.
    const names = lab.constructor.observedAttributes.filter((name) => name !== "run");
    for (const name of names) lab.setAttribute(name, "?");
    return names;
  });
  const documented = (text, name) => [...new RegExp(`^\\| \`${name}\` \\| (.*?) \\|`, "m").exec(text)?.[1].matchAll(/`(.*?)`/g)].flatMap(([, words]) => words.split(" "));
  for (const name of names) {
    await expect.poll(() => errors.find((error) => error.startsWith(`${name}: `)), name).toBeDefined();
    const error = errors.find((error) => error.startsWith(`${name}: `));
    const [, list] = /One of: (.*)\.$/.exec(error) ?? [];
    const [, least, most] = /A whole number from (\d+) to (\d+)\.$/.exec(error) ?? [];
    const row = new RegExp(`^\\| \`${name}\` \\|.*`, "m");
    // Of what many elements share, the README refers to the manual.
    for (const text of [manual, ...(row.test(readme) ? [readme] : [])]) {
      const [said] = row.exec(text);
      if (list === "true, false") expect(said).toContain("a flag");
      else if (name === "beside") expect(list.split(", ")).toEqual(["none", ...documented(text, "protocol")]);
      else if (list) expect(new Set(documented(text, name)), said).toEqual(new Set(list.split(", ")));
      else if (name === "seed") expect(said).toContain("a whole number");
      else expect(said).toContain(`${least} to ${most}`);
    }
  }
});

test("the manual's snippets do what they say, as they are written", async ({ page }) => {
  const manual = await readFile(new URL("../docs/element.md", import.meta.url), "utf8");
  const block = (language) => new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(manual)[1];
  // Where its addresses lead to the site.
  await show(page, `<style>${block("css")}</style>${block("html")}`, "snippet/course");
  const seen = await withLabs(page, ([lab]) => {
    const of = (part, what) => getComputedStyle(lab.shadowRoot.querySelector(part))[what];
    const { nodes, protocol } = lab.state();
    return [nodes.length, protocol, lab.seed, of("#app", "accentColor"), of("[part=toolbar]", "boxShadow"), of(".card", "borderRadius"), of("input[type=range]", "accentColor")];
  });
  expect(seen).toEqual([5, "raft", "4", "auto", "none", "0px", "rgb(102, 51, 153)"]);
  await expect(page.getByRole("link", { name: "Raft, five nodes" })).toBeHidden();
  await page.getByRole("button", { name: /^S1, / }).click();
  await expect(page.getByRole("button", { name: "Crash" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Freeze" })).toHaveCount(0);
  expect(await withLabs(page, ([lab]) => lab.faults)).toBe("crash restart partition heal");
});
