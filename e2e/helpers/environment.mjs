// What the build tool tells the browser scripts. Each has a default, so that `npx playwright test` works as well.
import { fileURLToPath } from "node:url";
import path from "node:path";

const env = process.env;
/** The folder of the project. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of the page under test. */
export const dist = path.resolve(env.CONCLAVE_DIST ?? path.join(repository, "dist"));

/** The folder of the same page in other shapes. */
export const artefacts = path.join(repository, "artefacts");

/** The folder of the examples, as `cargo xtask examples` makes them. */
export const examples = path.resolve(env.CONCLAVE_EXAMPLES ?? path.join(repository, "target", "embedded"));

/** How that page was built: "bundle" by cargo xtask build, "trunk" by trunk build. */
export const build = env.CONCLAVE_BUILD ?? "bundle";

/** The port at which the tests find it. */
export const port = Number(env.CONCLAVE_PORT ?? 8811);

/** How Chromium is launched: without a window, and without its habit of calling home. */
export const chromium = {
  executablePath: env.CONCLAVE_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    // The pages shown are our own, and in containers the sandbox cannot start.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ],
};

/** How Firefox is launched. */
export const firefox = {
  executablePath: env.CONCLAVE_FIREFOX ?? "/usr/bin/firefox-esr",
  firefoxUserPrefs: {
    // As its readers have it: Playwright allows files to read each other.
    "security.fileuri.strict_origin_policy": true,
  },
};

/** What WebKitGTK is driven by. */
export const webkit = {
  driver: env.CONCLAVE_WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver",
  browser: env.CONCLAVE_MINI_BROWSER ?? "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  screen: env.CONCLAVE_XVFB ?? "/usr/bin/Xvfb",
};

/** `docs/` of the repository. */
export const docs = path.join(repository, "docs");
