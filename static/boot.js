/**
 * Starts the page, if the document has an element `#app.conclave` for it, and stands by for the day it breaks. A plain
 * classic script, shared by both builds: joined into app.js by `cargo xtask build`, loaded as it is by Trunk's page.
 *
 * It promises that nobody is left with a blank or dead page:
 *  - if the program cannot start here, the page says why, in English and Chinese;
 *  - if the program traps while it runs, a panel offers the recording of the run and a new start.
 *
 * `<html data-conclave>` tells the state: starting, running, unsupported or trapped.
 *
 * @param {() => Promise<object>} load loads the wasm and gives what it exports
 */
function conclaveBoot(load) {
  // A worker has no page; it can replay runs.
  if (typeof document === "undefined") {
    return load().then((program) => (globalThis.__conclave_replay = program.replay));
  }
  const root = document.documentElement;
  /** The recording of the run so far, kept where a trap cannot reach it. */
  let recording = "";

  const TEXTS = {
    en: {
      unsupportedTitle: "Conclave cannot start here",
      missing:
        "This page is a WebAssembly program, and this browser lacks what it needs. " +
        "Any current browser will do; some switch WebAssembly off in a strict security mode.",
      blocked:
        "This page is a WebAssembly program, and it was not allowed to start: by the browser, " +
        "or by the security policy of the site that shows it ('wasm-unsafe-eval' is missing).",
      failed: "A part of this page could not be loaded. Please check the connection and load the page again.",
      trappedTitle: "Sorry, Conclave has stopped",
      trapped: "A defect in the program stopped it. Your run is not lost: download its recording, then start again.",
      trappedBare: "A defect in the program stopped it. Please start again.",
      download: "Download the recording",
      restart: "Start again",
      recording: "Show the recording",
      details: "Technical details",
    },
    zh: {
      unsupportedTitle: "Conclave 无法在这里运行",
      missing:
        "此页面是一个 WebAssembly 程序,而此浏览器缺少所需的功能。" +
        "任何新版浏览器均可使用;某些浏览器会在严格安全模式下关闭 WebAssembly。",
      blocked:
        "此页面是一个 WebAssembly 程序,但浏览器或显示此页面的网站的安全策略不允许它启动(缺少 'wasm-unsafe-eval')。",
      failed: "页面的一部分无法加载。请检查网络连接,然后重新加载页面。",
      trappedTitle: "抱歉,Conclave 已停止运行",
      trapped: "程序中的缺陷使它停止了运行。您的实验没有丢失:请下载记录,然后重新开始。",
      trappedBare: "程序中的缺陷使它停止了运行。请重新开始。",
      download: "下载记录",
      restart: "重新开始",
      recording: "显示记录",
      details: "技术细节",
    },
  };

  /** Makes an element with the given properties and children. */
  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  /** A closed `<details>` with a heading. */
  function fold(summary, content) {
    return make("details", {}, make("summary", { textContent: summary }), content);
  }

  /** Covers the page with a panel; what lies beneath can no longer be reached by pointer, keyboard or reader. */
  function showTrouble(...content) {
    for (const open of document.querySelectorAll("dialog[open]")) open.close();
    for (const child of document.body.children) child.inert = true;
    const panel = make("div", { className: "trouble" }, make("div", {}, ...content));
    panel.setAttribute("role", "alert");
    document.body.append(panel);
    panel.querySelector("button")?.focus();
  }

  /** The program cannot start. The page's language is not known yet, so both are shown. */
  function showUnsupported(reason, error) {
    root.dataset.conclave = "unsupported";
    const content = [];
    for (const [lang, text] of [["en", TEXTS.en], ["zh-CN", TEXTS.zh]]) {
      content.push(
        make("h2", { lang, textContent: text.unsupportedTitle }),
        make("p", { lang, textContent: text[reason] }),
      );
    }
    if (error) content.push(fold(TEXTS.en.details, make("pre", { textContent: String(error) })));
    showTrouble(...content);
  }

  function downloadRecording(recording) {
    const url = URL.createObjectURL(new Blob([recording], { type: "application/json" }));
    make("a", { href: url, download: "conclave-recording.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** The program trapped. Its memory can no longer be trusted, so the page stays covered; only the first trap counts. */
  function showTrapped(message) {
    if (root.dataset.conclave === "trapped") return;
    root.dataset.conclave = "trapped";
    const text = /^zh/i.test(root.lang) ? TEXTS.zh : TEXTS.en;
    const recorded = recording !== "";
    const content = [
      make("h2", { textContent: text.trappedTitle }),
      make("p", { textContent: recorded ? text.trapped : text.trappedBare }),
    ];
    if (recorded) {
      content.push(make("button", { textContent: text.download, onclick: () => downloadRecording(recording) }));
    }
    content.push(make("button", { textContent: text.restart, onclick: () => location.reload() }));
    if (recorded) {
      // A sandboxed frame may not download: there, the text can still be copied.
      const area = make("textarea", { readOnly: true, rows: 6, value: recording, ariaLabel: text.recording });
      content.push(fold(text.recording, area));
    }
    content.push(fold(text.details, make("pre", { textContent: message })));
    showTrouble(...content);
  }

  /** Whether an error comes out of wasm: a trap, or an exception (stack overflow, too) that passed through it. */
  function isFromWasm(error) {
    return (
      error instanceof Error &&
      (error instanceof WebAssembly.RuntimeError || String(error.stack).includes("wasm-function"))
    );
  }

  function onError(error) {
    if (isFromWasm(error)) showTrapped(String(error));
  }

  /** Lets a page know when it is hidden, shown, scrolled in or out of sight, printed, and when it has another width. */
  function watch(page, host) {
    let near = true;
    const look = () => page.sight(near && document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    new IntersectionObserver((entries) => {
      near = entries.at(-1).isIntersecting;
      look();
    }).observe(host);
    addEventListener("beforeprint", () => page.printed(true));
    addEventListener("afterprint", () => page.printed(false));
    let width = host.clientWidth;
    new ResizeObserver(() => {
      if (width === host.clientWidth) return;
      width = host.clientWidth;
      page.resized();
    }).observe(host);
    look();
  }

  /** Puts the page into the document. */
  function open(program, host) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(program.style());
    document.adoptedStyleSheets.push(sheet);
    const tell = (name, detail) => {
      if (name === "keep") globalThis.__conclave_recording = recording = detail;
    };
    const home = location.href.split("#")[0];
    const page = new program.Mounted(host, root, home, [...new URLSearchParams(location.search)], tell);
    const visit = () => {
      if (location.hash.startsWith("#run=")) page.visit(location.hash.slice(5));
    };
    addEventListener("hashchange", visit);
    visit();
    watch(page, host);
    // For tests and benchmarks.
    globalThis.__conclave_replay = program.replay;
    globalThis.__conclave_open = (json) => page.open(json);
    globalThis.__conclave_trap = program.trap;
  }

  async function run(host) {
    root.dataset.conclave = "starting";
    if (typeof WebAssembly !== "object") return showUnsupported("missing");
    addEventListener("error", (event) => onError(event.error));
    addEventListener("unhandledrejection", (event) => onError(event.reason));
    try {
      const program = await load();
      program.prepare((message) => showTrapped(message));
      open(program, host);
      performance.mark("conclave-running");
      if (root.dataset.conclave === "starting") root.dataset.conclave = "running";
    } catch (error) {
      console.error(error);
      if (isFromWasm(error)) showTrapped(String(error));
      // What a fetch or an import throws is a TypeError; browsers differ in what they throw for forbidden wasm.
      else showUnsupported(error instanceof TypeError ? "failed" : "blocked", error);
    }
  }

  const host = document.querySelector("#app.conclave");
  if (host) run(host);
}
