// Takes the pictures in docs/screenshots/; run it by `cargo xtask screenshots`.

import path from "node:path";

import { openPage, withBrowser } from "./helpers/browser.mjs";
import { docs } from "./helpers/environment.mjs";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

/** Each picture: its name, the options of the page, and the window. The seed makes the run the same every time. */
const PICTURES = [
  { name: "light", options: "theme=light&lang=en&seed=7", viewport: DESKTOP },
  { name: "dark", options: "theme=dark&lang=en&seed=7", viewport: DESKTOP },
  { name: "chinese", options: "theme=light&lang=zh&seed=7", viewport: DESKTOP },
  { name: "phone", options: "theme=light&lang=en&seed=7", viewport: PHONE, isMobile: true, deviceScaleFactor: 2 },
];

await withBrowser(async (browser, origin) => {
  for (const { name, options, ...context } of PICTURES) {
    const page = await openPage(browser, `${origin}/?${options}`, context);
    await page.waitForTimeout(500);
    const file = path.join(docs, "screenshots", `${name}.png`);
    await page.screenshot({ path: file });
    console.log(path.relative(process.cwd(), file));
    await page.context().close();
  }
});
