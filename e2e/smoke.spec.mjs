// The page opens wherever it may be put, and where it cannot it says so.

import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";

import { policies } from "./helpers/documentation.mjs";
import { build } from "./helpers/environment.mjs";
import { FORBIDDEN, PLACES } from "./helpers/places.mjs";
import { elects, expect, running, test } from "./helpers/test.mjs";

/** Trunk's page makes only the promises of a site. */
const bundleTest = build === "bundle" ? test : () => {};

/** The panel of boot.js; the page has alerts of its own. */
const panel = (page) => page.locator(".trouble[role=alert]");

test.describe("opens and elects a leader", () => {
  for (const { name, address, framed, element } of PLACES) {
    test(name, async ({ page, context }) => {
      await page.goto(address);
      const where = framed ? page.frameLocator("iframe") : page;
      if (!element) await running(where);
      await elects(where.locator(element ? "consensus-lab" : "html"));
      expect(await context.cookies()).toEqual([]);
      if (element) await expect(where.getByAltText("Five nodes")).not.toBeVisible();
    });
  }

  // What Trunk builds are modules, which no page without an origin may load.
  bundleTest("where nothing may be stored", async ({ page }) => {
    await page.goto("/host?/");
    await elects(page.frameLocator("iframe"));
    const frame = page.frames()[1];
    expect(await frame.evaluate(() => self.origin)).toBe("null");
    await expect(frame.evaluate(() => localStorage)).rejects.toThrow(/SecurityError|insecure/);
  });

  for (const address of ["/", ...(build === "bundle" ? ["/artefacts/conclave.html", "/element?classic"] : [])]) {
    test(`at ${address}, where the reader's browser denies all storage`, async ({ page }) => {
      await page.addInitScript(() => {
        const deny = (owner, name) =>
          Object.defineProperty(owner, name, {
            get() {
              throw new DOMException(`${name} is denied`, "SecurityError");
            },
          });
        for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"]) deny(globalThis, name);
        deny(Document.prototype, "cookie");
        deny(Navigator.prototype, "serviceWorker");
        deny(Navigator.prototype, "storage");
      });
      await page.goto(address);
      await elects(page.locator(address.includes("element") ? "consensus-lab" : "html"));
    });
  }
});

test("no policy that is documented, or carried, allows scripts or styles that are written in a page, or eval", async ({ request }) => {
  const carried = build === "bundle" ? [(await request.get("/strict-file")).headers()["content-security-policy"]] : [];
  for (const policy of [...Object.values(policies), ...carried]) expect(policy).not.toMatch(/'unsafe-|\*|https?:(\s|$)/);
});

test.describe("explains that it cannot start", () => {
  const explained = async (page) => {
    await expect(page.locator("html")).toHaveAttribute("data-conclave", "unsupported");
    const alert = panel(page);
    await expect(alert.getByRole("heading", { name: "Conclave cannot start here" })).toBeVisible();
    await expect(alert.getByRole("heading", { name: "Conclave 无法在这里运行" })).toBeVisible();
  };

  test("without JavaScript", { tag: "@chromium" }, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(baseURL);
    await expect(page.getByRole("heading", { name: "Conclave" })).toBeVisible();
    // Playwright's getByText never looks into <noscript>.
    const explanation = page.locator("noscript > p");
    await expect(explanation.nth(0)).toContainText("Please switch JavaScript on");
    await expect(explanation.nth(1)).toContainText("请启用 JavaScript");
    for (const paragraph of await explanation.all()) await expect(paragraph).toBeVisible();
    await context.close();
  });

  test("without WebAssembly", async ({ page }) => {
    await page.addInitScript(() => delete globalThis.WebAssembly);
    await page.goto("/");
    await explained(page);
    await expect(page.getByText("this browser lacks what it needs")).toBeVisible();
  });

  test.describe("where wasm is forbidden", () => {
    // What is logged as an object has no text in Firefox.
    test.use({ expectedErrors: /WebAssembly|Content Security Policy|^\{\}$/ });

    for (const { name, address, framed, element } of FORBIDDEN) {
      test(name, async ({ page }) => {
        await page.goto(address);
        const where = framed ? page.frameLocator("iframe") : page;
        if (element) await expect(where.getByRole("heading", { name: "Conclave cannot start here" })).toBeVisible();
        else await explained(where);
        await expect(where.getByText("it was not allowed to start")).toBeVisible();
        // A picture stands for what cannot be shown.
        await expect(where.getByRole("img", { name: "Five nodes" })).toBeVisible();
        if (element) await expect(where.getByRole("link", { name: "Five nodes" })).toBeVisible();
      });
    }
  });
});

test.describe("when the program traps", () => {
  test.use({ expectedErrors: /unreachable|asked for|from elsewhere/ });

  /** Traps as a defect of the program would: `unreachable` in wasm, called by the event loop. */
  const trap = (page) =>
    page.evaluate(() => {
      // (module (func (export "f") unreachable))
      const text = "\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x05\x01\x03\0\0\x0b";
      const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      setTimeout(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f);
    });

  test.beforeEach(async ({ page }) => {
    await page.goto("/?seed=7");
    await running(page);
  });

  test("it apologizes and hands out the recording", { tag: "@chromium" }, async ({ page }) => {
    await trap(page);
    const alert = panel(page);
    await expect(alert.getByRole("heading", { name: "Sorry, Conclave has stopped" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-conclave", "trapped");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      alert.getByRole("button", { name: "Download the recording" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("conclave-recording.json");
    expect(JSON.parse(await readFile(await download.path(), "utf8"))).toMatchObject({ protocol: "raft", nodes: 5, seed: 7 });
    const audit = await new AxeBuilder({ page }).include(".trouble").analyze();
    expect(audit.violations).toEqual([]);
  });

  test("nothing but the panel can be reached, and it starts again", async ({ page }) => {
    await page.evaluate(() => setTimeout(globalThis.__conclave.trap));
    await trap(page);
    await expect(panel(page)).toHaveCount(1);
    expect(await page.locator("body > :not(.trouble)").evaluateAll((all) => all.every((one) => one.inert))).toBe(true);
    await page.getByText("Technical details").click();
    await expect(page.getByText("asked for")).toBeVisible();
    await page.getByRole("button", { name: "Start again" }).click();
    await running(page);
    await expect(panel(page)).toHaveCount(0);
  });

  test("it speaks the page's language", async ({ page }) => {
    await page.evaluate(() => (document.documentElement.lang = "zh-CN"));
    await trap(page);
    await expect(page.getByRole("button", { name: "下载记录" })).toBeVisible();
    await expect(page.getByRole("button", { name: "重新开始" })).toBeVisible();
  });

  test("errors of other scripts are none of its business", async ({ page }) => {
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error("from elsewhere");
      });
      Promise.reject(new Error("from elsewhere"));
    });
    await page.waitForTimeout(200);
    await expect(panel(page)).toHaveCount(0);
    await running(page);
  });
});
