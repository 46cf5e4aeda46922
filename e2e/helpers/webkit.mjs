// WebKitGTK, which Playwright cannot drive: its MiniBrowser, on a screen that nobody sees, by the W3C's WebDriver
// protocol (https://www.w3.org/TR/webdriver2/).

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import { webkit } from "./environment.mjs";

/** How an answer names an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** How long to wait for what must come, in milliseconds. */
const PATIENCE = 30_000;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Calls until there is an answer that is neither false nor an error; gives it. */
async function patiently(what, call) {
  let last;
  for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(50)) {
    try {
      const answer = await call();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what} has not come${last ? `: ${last.message}` : ""}`);
}

/** A window of WebKitGTK. */
export class WebKit {
  static async launch() {
    const screen = spawn(webkit.screen, ["-displayfd", "3", "-screen", "0", "1400x1400x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const [display] = await Promise.race([once(screen.stdio[3], "data"), once(screen, "exit")]);
    const port = await freePort();
    const driver = spawn(webkit.driver, [`--port=${port}`], {
      stdio: "ignore",
      // The pages shown are our own, and in containers the sandbox cannot start.
      env: { ...process.env, DISPLAY: `:${String(display).trim()}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
    });
    const window = new WebKit(`http://127.0.0.1:${port}`, [driver, screen]);
    const options = { binary: webkit.browser, args: ["--automation"] };
    const wanted = { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } };
    const { sessionId } = await patiently("WebKitGTK", () => window.call("POST", "/session", wanted));
    window.address += `/session/${sessionId}`;
    // What is below the window's edge, in a frame, cannot be clicked.
    await window.call("POST", "/window/rect", { x: 0, y: 0, width: 1400, height: 1400 });
    return window;
  }

  constructor(address, processes) {
    Object.assign(this, { address, processes });
  }

  async call(method, path, body) {
    const response = await fetch(this.address + path, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }

  open = (url) => this.call("POST", "/url", { url });

  /** Calls a function in the page with arguments, as JSON; gives what it returns, or what its promise becomes. */
  run = (work, ...args) => this.call("POST", "/execute/sync", { script: `return (${work})(...arguments)`, args });

  /** Waits until a function in the page gives something; gives that. */
  until = (what, work, ...args) => patiently(what, () => this.run(work, ...args));

  /** Goes into the only frame of this page once a function there gives something. */
  enterFrame = (what, work) =>
    patiently(what, async () => {
      await this.call("POST", "/frame", { id: null });
      const id = await this.call("POST", "/element", { using: "css selector", value: "iframe" });
      await this.call("POST", "/frame", { id });
      return this.run(work);
    });

  /** The cookies of the page, those included that scripts do not see. */
  cookies = () => this.call("GET", "/cookie");

  /** Clicks the button of this name. */
  async click(name) {
    const element = await patiently(`“${name}”`, () =>
      this.call("POST", "/element", { using: "xpath", value: `//button[normalize-space()="${name}" or @aria-label="${name}"]` }),
    );
    await this.call("POST", `/element/${element[ELEMENT]}/click`, {});
  }

  /** Presses a key: a letter, or a code of https://www.w3.org/TR/webdriver2/#keyboard-actions. */
  async press(key) {
    const actions = ["keyDown", "keyUp"].map((type) => ({ type, value: key }));
    await this.call("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  async close() {
    await this.call("DELETE", "").catch(() => {});
    for (const process of this.processes) process.kill();
  }
}
