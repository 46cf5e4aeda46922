// What the dialog “Embed…” gives, tried as written in the pages that it is for.

import { readFile } from "node:fs/promises";
import MarkdownIt from "markdown-it";
import { mystParse } from "myst-parser";

import { expect, SWIFT, test } from "./helpers/lab.mjs";

test.use({ ...SWIFT, viewport: { width: 1280, height: 900 } });

const FRAME = "HTML: <iframe>";
const ELEMENT = "HTML: <consensus-lab>";

/** Opens the dialog. */
async function open(lab) {
  await lab.press(lab.page.locator(".keeping > summary"));
  await lab.press(lab.get("button", "embed.open"));
}

/** Arranges a run, opens the dialog there, and gives the nodes as they are at that moment. */
async function arrange(lab, options = {}) {
  await lab.open({ seed: 4, ...options });
  await lab.stepUntil(async () => (await lab.nodes()).some(({ role }) => role === lab.t("leader")));
  await open(lab);
  return lab.nodes();
}

const dialog = (lab) => lab.get("dialog", "embed.title");

/** The snippet for a kind of page. */
async function snippet(lab, host) {
  await dialog(lab).getByLabel(lab.t("embed.host"), { exact: true }).selectOption(host);
  return dialog(lab).getByLabel(lab.t("embed.snippet"), { exact: true }).inputValue();
}

/** Opens a page of somebody else's that has this in its body. */
async function openWith(page, body) {
  const html = `<!doctype html><html lang="en"><title>Course</title><link rel="icon" href="data:,"><body>${body}`;
  await page.route("**/course.html", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto("/course.html");
}

const names = (where) =>
  where.getByRole("list", { name: "Nodes" }).getByRole("button").evaluateAll((all) => all.map((node) => node.ariaLabel));

/** The run is where it was when it was embedded. */
async function expectThere(where, nodes) {
  const expected = nodes.map(({ number, role, term }) => `S${number}, ${role}, term ${term}`);
  await expect.poll(() => names(where)).toEqual(expected);
}

const markdown = new MarkdownIt({ html: true });

/** What Quarto does with a raw block: it goes into the page as it is. */
const quarto = (text) => {
  const [block] = markdown.parse(text, {});
  expect(block).toMatchObject({ type: "fence", info: "{=html}" });
  return block.content;
};

/** What MyST makes of its directive. */
const myst = (text) => {
  const find = (node) => (node.type === "iframe" ? node : node.children?.map(find).find(Boolean));
  const { src, width, title } = find(mystParse(text));
  return `<iframe src="${src.replaceAll("&", "&amp;")}" title="${title}" width="${width}" height="900"></iframe>`;
};

const slides = (text) =>
  '<link rel="stylesheet" href="/slides/reveal.css">' +
  `<div class="reveal"><div class="slides"><section>First</section>${text}</div></div>` +
  '<script src="/slides/reveal.js"></script><script>Reveal.initialize()</script>';

for (const [host, made] of [
  [FRAME, (text) => text],
  ["Quarto", quarto],
  ["MyST", myst],
  ["reveal.js", slides],
]) {
  test(`what to paste for ${host} shows the moment`, async ({ lab, page }) => {
    const nodes = await arrange(lab);
    await openWith(page, made(await snippet(lab, host)));
    if (host === "reveal.js") await page.keyboard.press("ArrowRight");
    const frame = page.frameLocator('iframe[title="Raft"]');
    await expectThere(frame, nodes);
    if (host === "reveal.js") {
      // The moment is there again when its slide is.
      const moment = () => frame.getByRole("toolbar", { name: "Transport" }).innerText();
      const before = await moment();
      await frame.getByRole("button", { name: "Step forward", exact: true }).press("Enter");
      await expect.poll(moment).not.toBe(before);
      await page.evaluate(() => Reveal.prev());
      await expect(page.locator("iframe[src]")).toHaveCount(0);
      await page.evaluate(() => Reveal.next());
      await expect.poll(moment).toBe(before);
    }
  });
}

test("what to paste for Markdown leads to the moment", async ({ lab, page }) => {
  const nodes = await arrange(lab);
  await openWith(page, markdown.render(await snippet(lab, "Markdown")));
  await page.getByRole("link").click();
  await expectThere(page, nodes);
});

/** Actions that a script tries, some of which were taken away. */
const TRIED = [{ crash: { node: 0 } }, "heal", { pause: { node: 0 } }];

/** Takes away what `TRIED` tries first. */
async function takeAway(lab) {
  await lab.get("checkbox", "embed.crash").uncheck();
  await lab.get("checkbox", "embed.links").uncheck();
}

function expectRefused(answers) {
  expect(answers.map(Boolean)).toEqual([true, true, false]);
  expect(answers[0]).toContain("act: action");
  expect(answers[0]).toContain("Allowed: pause, resume");
}

test("an element shows the moment, and refuses what was taken away to scripts, too", async ({ lab, page }) => {
  const nodes = await arrange(lab);
  await takeAway(lab);
  await dialog(lab).getByLabel(lab.t("page.language"), { exact: true }).selectOption("en");
  await openWith(page, await snippet(lab, ELEMENT));
  await expectThere(page, nodes);
  await expect(page.getByRole("button", { name: "Crash" })).toHaveCount(0);
  expectRefused(
    await page.locator("consensus-lab").evaluate(async (element, tried) => {
      await element.ready;
      return tried.map((action) => {
        try {
          element.act(action);
        } catch (error) {
          return error.message;
        }
      });
    }, TRIED),
  );
});

test("a frame refuses what was taken away to the page around it, too", async ({ lab, page }) => {
  const nodes = await arrange(lab);
  await takeAway(lab);
  await openWith(page, await snippet(lab, FRAME));
  await expectThere(page.frameLocator("iframe"), nodes);
  expectRefused(
    await page.evaluate(async (tried) => {
      const replies = [];
      addEventListener("message", ({ data }) => data.type === "conclave:reply" && replies.push(data));
      tried.forEach((action, id) => {
        const call = { type: "conclave:call", v: 1, id, method: "act", args: [action] };
        document.querySelector("iframe").contentWindow.postMessage(call, "*");
      });
      while (replies.length < tried.length) await new Promise(requestAnimationFrame);
      return replies.map(({ error }) => error);
    }, TRIED),
  );
});

test("an element may show no panel, and wait until it is wanted", async ({ lab, page }) => {
  const nodes = await arrange(lab);
  for (const box of await dialog(lab).getByRole("group", { name: lab.t("embed.panels") }).getByRole("checkbox").all()) {
    await box.uncheck();
  }
  await dialog(lab).getByText(lab.t("embed.poster")).click();
  await openWith(page, await snippet(lab, ELEMENT));
  await expect(page.getByRole("link", { name: "Raft" })).toBeVisible();
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Nodes" }).getByRole("button")).toHaveCount(nodes.length);
  await expect(page.getByRole("tab")).toHaveCount(0);
  await expect(page.getByRole("slider", { name: "Moment" })).toHaveCount(0);
});

test("panels, buttons, colours and language are as they were chosen", async ({ lab, page }) => {
  await arrange(lab);
  for (const panel of ["tab.events", "tab.clients", "embed.timeline"]) await lab.get("checkbox", panel).uncheck();
  await lab.get("checkbox", "embed.controls").check();
  await dialog(lab).getByLabel(lab.t("page.language"), { exact: true }).selectOption("zh");
  await dialog(lab).getByLabel(lab.t("theme.label"), { exact: true }).selectOption("dark");
  await openWith(page, await snippet(lab, FRAME));
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(frame.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(frame.getByRole("tab")).toHaveText([/^日志/, /^时空图/, /^传输中/, /^计数/]);
  await expect(frame.getByRole("button", { name: "播放", exact: true })).toBeVisible();
  await expect(frame.getByRole("button", { name: "前进一步" })).toHaveCount(0);
});

test("its length is counted, and a long one is warned of", async ({ lab }) => {
  await arrange(lab);
  const text = await snippet(lab, FRAME);
  const counted = (length) => dialog(lab).getByText(lab.t("embed.length", { length }));
  await expect(counted(text.length)).toBeVisible();
  const warning = dialog(lab).getByText(lab.t("embed.long", { most: 2000 }));
  await expect(warning).toHaveCount(0);
  await lab.get("textbox", "embed.address").fill(`https://example.org/${"long/".repeat(400)}index.html`);
  await expect(warning).toBeVisible();
  await expect(counted((await snippet(lab, FRAME)).length)).toBeVisible();
});

test("it can be copied, or is marked and copied by hand", async ({ lab, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await arrange(lab);
  const text = await snippet(lab, "Quarto");
  await lab.get("button", "embed.copy").click();
  await expect(dialog(lab).getByText(lab.t("share.copied"))).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  // Enter in a form copies, too, and leaves neither the dialog nor the page.
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await lab.get("textbox", "embed.address").press("Enter");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  await expect(dialog(lab)).toBeVisible();
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await lab.get("button", "embed.copy").click();
  await expect(dialog(lab).getByText(lab.t("embed.not_copied"))).toBeVisible();
});

test("Escape closes it, and the focus goes back", async ({ lab, page }) => {
  await arrange(lab);
  await dialog(lab).getByLabel(lab.t("embed.host"), { exact: true }).focus();
  await page.keyboard.press("Escape");
  await expect(dialog(lab)).toBeHidden();
  await expect(lab.get("button", "embed.open")).toBeFocused();
});

test.describe("in a sandbox", () => {
  test.use({ expectedErrors: /permissions policy/i });

  test("the text can be marked and copied by hand", async ({ lab, page }) => {
    await openWith(page, '<iframe sandbox="allow-scripts" src="/?seed=4&lang=en" width="1200" height="860"></iframe>');
    const frame = page.frameLocator("iframe");
    await frame.locator(".keeping > summary").click();
    await frame.getByRole("button", { name: lab.t("embed.open") }).click();
    const inside = frame.getByRole("dialog");
    await inside.getByRole("button", { name: lab.t("embed.copy"), exact: true }).click();
    await expect(inside.getByText(lab.t("embed.not_copied"))).toBeVisible();
    const area = inside.getByLabel(lab.t("embed.snippet"), { exact: true });
    await area.press("ControlOrMeta+A");
    const marked = area.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
    expect(await marked).toBe(await area.inputValue());
    expect(await marked).toContain("/?embed#run=");
  });
});

for (const from of ["/", "/artefacts/conclave.html", "/strict-installed/"]) {
  test(`the page at ${from} is saved as one file, which begins with the run`, async ({ lab, page }, testInfo) => {
    // Also where the site trusts no text to be a script.
    await page.route(({ pathname, search }) => pathname === from && search, async (route) => {
      const response = await route.fetch();
      const policies = [response.headers()["content-security-policy"], "require-trusted-types-for 'script'; trusted-types 'none'"];
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policies.filter(Boolean).join(", ") } });
    });
    await page.goto(`${from}?seed=4&lang=en&nodes=3`);
    await lab.running();
    await lab.stepUntil(async () => (await lab.nodes()).some(({ role }) => role === "leader"));
    await open(lab);
    await takeAway(lab);
    const nodes = await lab.nodes();
    const saving = page.waitForEvent("download");
    await lab.get("button", "embed.save").click();
    const file = testInfo.outputPath("conclave.html");
    await (await saving).saveAs(file);
    expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>\n<html[^>]* data-start="/);
    // Its own policy lets it run, and what was taken away no address brings back.
    await page.goto(`file://${file}?lang=en&faults=all`);
    await expectThere(page, nodes);
    await lab.step();
    await expect(page.getByRole("button", { name: "Crash" })).toHaveCount(0);
    expectRefused(
      await page.evaluate((tried) => {
        return tried.map((action) => {
          try {
            globalThis.conclave.act(action);
          } catch (error) {
            return error.message;
          }
        });
      }, TRIED),
    );
    // It can be saved again, as it is by now.
    await open(lab);
    const again = page.waitForEvent("download");
    await lab.get("button", "embed.save").click();
    await again;
  });
}

test.describe("where it cannot read its own files", () => {
  test.use({ expectedErrors: /Content Security Policy|connect-src/ });

  test("it says so, and how it could", async ({ lab, page }) => {
    await page.goto("/strict/?lang=en");
    await lab.running();
    await open(lab);
    await lab.get("button", "embed.save").click();
    await expect(dialog(lab).getByText(lab.t("embed.not_saved"))).toBeVisible();
  });
});
