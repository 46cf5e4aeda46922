/**
 * A page in an element as other scripts see it, and what they tell each other. The same object is
 * `globalThis.conclave` of the page, what a `<consensus-lab>` does by its methods, and what a frame's parent calls by
 * messages; docs/element.md describes it.
 *
 * @param {object} program what the wasm exports
 * @param {{ host: Element, root: Element, home: string, options: [string, string][], bake?: (start: string) => Promise }}
 *   place see `Mounted` in src/app; `bake` saves the page as one file
 * @param {(name: string, detail: object) => void} tell hears of every event
 */
function conclaveLab(program, { host, root, home, options, bake }, tell) {
  /** The recording of the run so far, kept where a trap cannot reach it. */
  let kept = "";
  const page = new program.Mounted(host, root, home, options, (name, detail) => {
    if (name === "keep") kept = detail;
    else if (name === "bake") (async () => bake(detail))().catch(() => page.unbaked());
    else tell(name, JSON.parse(detail));
  });

  /** Holes cost nothing, and billions of them could be asked for. */
  const bounded = (name, value) => {
    if (Array.isArray(value) && value.length > 1e7) throw new RangeError(`${name}: at most 10000000 elements`);
    return value;
  };

  /** Does what a method says, at once. What it refuses it throws. */
  function call(method, ...args) {
    let text;
    try {
      // A run may be given as an object.
      if (method === "load" && typeof args[0] === "object") args[0] = JSON.stringify(args[0], bounded);
      text = JSON.stringify(args.filter((argument) => argument !== undefined), bounded);
    } catch (error) {
      throw new TypeError(`${method}: ${error.message}`);
    }
    return JSON.parse(page.call(String(method), text));
  }

  const lab = Object.freeze({
    play: () => call("play"),
    pause: () => call("pause"),
    step: (n) => call("step", n),
    seek: (time) => call("seek", time),
    act: (action) => call("act", action),
    state: () => call("state"),
    recording: () => call("recording"),
    load: (run) => call("load", run),
    get time() {
      return call("pace").time;
    },
    get playing() {
      return call("pace").playing;
    },
    get speed() {
      return call("pace").speed;
    },
    set speed(value) {
      call("speed", value);
    },
  });

  // What the page cannot see is told to it: that it is hidden, shown, scrolled in or out of sight, or has another size.
  const stopped = new AbortController();
  const { signal } = stopped;
  let near = true;
  const look = () => page.sight(near && document.visibilityState === "visible");
  document.addEventListener("visibilitychange", look, { signal });
  const crossing = new IntersectionObserver((entries) => {
    near = entries.at(-1).isIntersecting;
    look();
  });
  crossing.observe(host);
  let [width, height, timer] = [host.clientWidth, 0, 0];
  const sizing = new ResizeObserver(() => {
    if (width !== host.clientWidth) {
      width = host.clientWidth;
      page.resized();
    }
    // At most ten times a second, and not for what nobody sees.
    timer ||= setTimeout(() => {
      timer = 0;
      if (Math.abs(host.clientHeight - height) <= 4) return;
      height = host.clientHeight;
      tell("lab-resize", { width, height });
    }, 100);
  });
  sizing.observe(host);
  look();

  // Safari has no event for a long press.
  let press;
  const release = () => clearTimeout(press);
  const menu = (target) => target.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
  const pressed = ({ target, pointerType }) => {
    release();
    if (pointerType === "touch") press = setTimeout(menu, 500, target);
  };
  host.addEventListener("pointerdown", pressed, { signal });
  // A finger that scrolls is cancelled.
  for (const name of ["pointerup", "pointercancel", "contextmenu"]) host.addEventListener(name, release, { signal });

  // A reveal.js deck starts and stops what is on its slides.
  let slid = options.some(([name, value]) => name === "autoplay" && !/^(0|false|no|off)$/i.test(value));
  function slide(starts) {
    if (!starts) slid = lab.playing;
    if (starts && slid) call("play");
    else call("pause");
  }
  const on = (place) => place?.contains?.(root.getRootNode().host ?? root);
  for (const [name, starts, stops] of [
    ["slidechanged", "currentSlide", "previousSlide"],
    ["slide:start", "target"],
    ["slide:stop", "", "target"],
  ]) {
    const heard = (event) => {
      if (on(event[starts])) slide(true);
      else if (on(event[stops])) slide(false);
    };
    document.addEventListener(name, heard, { signal });
  }

  /** Takes the page away; nothing of it is left. */
  function stop() {
    stopped.abort();
    crossing.disconnect();
    sizing.disconnect();
    clearTimeout(timer);
    release();
    page.free();
    host.remove();
  }

  return { lab, page, call, slide, stop, recording: () => kept };
}

/**
 * Lets the page that a frame is in talk to the lab in the frame, by messages. Gives a function that passes events on.
 *
 * @param {ReturnType<typeof conclaveLab>} of
 */
function conclaveBridge({ call, slide }) {
  /** The most messages that are obeyed in a second. */
  const MOST = 500;
  let [begun, count, refused, told] = [0, 0, 0, -1000];
  let last = {};
  let h5p = false;
  const send = (message) => parent.postMessage(message, "*");
  const pass = (name, detail) => send({ type: "conclave:event", v: 1, name, detail });

  /** Says that messages are refused, once a second at most. */
  function refuse(why) {
    refused += 1;
    if (performance.now() - told < 1000) return;
    told = performance.now();
    pass("lab-error", { message: `message: ${why}`, refused });
  }

  function heard({ source, data }) {
    // Not counted, so that nobody can use up what the page around may ask.
    if (source !== parent) return refuse("only the page around this frame is obeyed");
    if (performance.now() - begun > 1000) [begun, count] = [performance.now(), 0];
    count += 1;
    if (count > MOST) {
      if (data?.type === "conclave:call") send({ type: "conclave:reply", v: 1, id: data.id, error: `more than ${MOST} messages a second` });
      return refuse(`more than ${MOST} in a second`);
    }
    if (data === "slide:start" || data === "slide:stop") return slide(data === "slide:start");
    if (data?.context === "h5p") {
      h5p ||= data.action === "hello";
      return size(last);
    }
    if (data?.type === "conclave:hello") return pass("lab-ready", { v: 1 });
    const { type, v, id, method, args = [] } = data ?? {};
    const named = typeof id === "string" || typeof id === "number";
    if (type !== "conclave:call" || v !== 1 || !named || typeof method !== "string" || !Array.isArray(args) || args.length > 9) {
      return refuse('allowed is { type: "conclave:call", v: 1, id, method, args }');
    }
    const reply = { type: "conclave:reply", v: 1, id };
    try {
      reply.result = call(method, ...args);
    } catch (error) {
      reply.error = error.message;
    }
    send(reply);
  }

  /** Tells the height in the dialects of those that embed. */
  function size({ height }) {
    if (!height) return;
    send({ context: "iframe.resize", height });
    send({ subject: "lti.frameResize", height });
    send({ type: "plugin.resize", payload: { height } });
    if (h5p) send({ context: "h5p", action: "resize", scrollHeight: height });
  }

  addEventListener("message", heard);
  send({ context: "h5p", action: "hello" });
  return (name, detail) => {
    pass(name, detail);
    if (name === "lab-resize") size((last = detail));
  };
}
