/**
 * Starts the page, if the document has an element `#app.conclave` for it, defines `<consensus-lab>`, and stands by for
 * the day the program breaks. A plain classic script like lab.js, bake.js and element.js, shared by both builds: joined into
 * app.js by `cargo xtask build`, loaded as they are by Trunk's page.
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
  // A worker has no page; it can replay runs. What the wasm exports is for tests to find.
  if (typeof document === "undefined") {
    return load().then((program) => (globalThis.__conclave = program));
  }
  const root = document.documentElement;
  /** Gives the recording of the page's run so far. */
  let recording = () => "";

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

  /** Why the program cannot start, in a language; in both, when that is not known yet. */
  function whyNot(error, language) {
    // What a fetch or an import throws is a TypeError; browsers differ in what they throw for forbidden wasm.
    const blocked = error instanceof TypeError ? "failed" : "blocked";
    const reason = typeof WebAssembly === "object" ? blocked : "missing";
    const chosen = /^zh/i.test(language) ? ["zh-CN"] : language ? ["en"] : ["en", "zh-CN"];
    const content = chosen.flatMap((lang) => {
      const text = TEXTS[lang.slice(0, 2)];
      return [
        make("h2", { lang, textContent: text.unsupportedTitle }),
        make("p", { lang, textContent: text[reason] }),
      ];
    });
    if (reason !== "missing") content.push(fold(TEXTS.en.details, make("pre", { textContent: String(error) })));
    return content;
  }

  function downloadRecording(recording) {
    const url = URL.createObjectURL(new Blob([recording], { type: "application/json" }));
    make("a", { href: url, download: "conclave-recording.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** What to say when the program trapped, with the recording of the run and ways to go on. */
  function apology(message, recording, language) {
    const text = /^zh/i.test(language) ? TEXTS.zh : TEXTS.en;
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
    return content;
  }

  /** The program trapped. Its memory can no longer be trusted, so the page stays covered; only the first trap counts. */
  function showTrapped(message) {
    if (root.dataset.conclave === "trapped") return;
    root.dataset.conclave = "trapped";
    showTrouble(...apology(message, recording(), root.lang));
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

  /** Who is told when the program traps. */
  const told = new Set();
  let program;

  /** The program, unpacked and compiled when it is first wanted. */
  function wanted() {
    if (typeof WebAssembly !== "object") return Promise.reject();
    program ??= load().then((program) => {
      program.prepare((message) => told.forEach((tell) => tell(message)));
      return (globalThis.__conclave = program);
    });
    return program;
  }

  const sheets = {};

  /** Gives a document or a shadow root the style of a page. */
  function wear(place, program, shadow) {
    const make = () => {
      const sheet = new CSSStyleSheet();
      const style = program.style();
      // In a shadow root, a length does not depend on the size that the document gives its own text.
      const own = () => `${style.replace(/([\d.]+)rem\b/g, "calc($1*var(--rem))")}:host{--rem:var(--lab-rem,max(1rem,16px))}`;
      sheet.replaceSync(shadow ? own() : style);
      return sheet;
    };
    place.adoptedStyleSheets.push((sheets[shadow] ??= make()));
  }

  const home = location.href.split("#")[0];

  /** Puts the page into the document. */
  function open(program, host, pristine) {
    wear(document, program, false);
    // A file that the page saved has a start of its own, and its options hold against those of the address.
    const [own, run] = (root.dataset.start ?? "").split("#run=");
    const options = [location.search, own].flatMap((text) => [...new URLSearchParams(text)]);
    const flag = (name) => options.some(([key, value]) => key.toLowerCase() === name && !/^(0|false|no|off)$/i.test(value));
    const bake = (start) => conclaveBake(pristine.cloneNode(true), start);
    let pass = () => {};
    const made = conclaveLab(program, { host, root, home, options, bake }, (name, detail) => {
      if (name === "lab-ready") {
        globalThis.conclave = made.lab;
        performance.mark("conclave-running");
        if (root.dataset.conclave === "starting") root.dataset.conclave = "running";
      }
      document.dispatchEvent(new CustomEvent(name, { detail }));
      pass(name, detail);
    });
    recording = made.recording;
    if (parent !== window && flag("embed")) pass = conclaveBridge(made);
    const visit = (run) => {
      if (location.hash.startsWith("#run=")) run = location.hash.slice(5);
      if (run) made.page.visit(run);
    };
    addEventListener("beforeprint", () => made.page.printed(true));
    addEventListener("afterprint", () => made.page.printed(false));
    addEventListener("hashchange", () => visit());
    visit(run);
  }

  async function run(host) {
    const pristine = root.cloneNode(true);
    root.dataset.conclave = "starting";
    addEventListener("error", (event) => onError(event.error));
    addEventListener("unhandledrejection", (event) => onError(event.reason));
    try {
      told.add(showTrapped);
      open(await wanted(), host, pristine);
    } catch (error) {
      if (isFromWasm(error)) return showTrapped(String(error));
      if (error) console.error(error);
      root.dataset.conclave = "unsupported";
      // In place of the page, a picture of it.
      const { href } = document.querySelector("link[rel=icon]");
      showTrouble(make("img", { src: href, width: 96, alt: "Five nodes, one of which leads" }), ...whyNot(error));
    }
  }

  const host = document.querySelector("#app.conclave");
  if (host) run(host);
  conclaveElement({ wanted, told, wear, whyNot, apology, home });
}
