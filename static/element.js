/**
 * `<consensus-lab>`: a lab in any page. Attributes have the names and values of the page's query options;
 * docs/element.md describes them, and custom-elements.json, for tools.
 *
 * @param {object} boot what boot.js shares: `wanted()`, `told`, `wear()`, `whyNot()`, `apology()`, `home`
 */
function conclaveElement({ wanted, told, wear, whyNot, apology, home }) {
  // A worker has no elements; two copies of this script share one.
  if (typeof customElements === "undefined" || customElements.get("consensus-lab")) return;

  const TEXTS = ["protocol", "beside", "seed", "run", "theme", "controls", "panels", "motion", "faults", "scenario"];
  const FLAGS = ["autoplay", "embed", "poster"];
  const METHODS = ["play", "pause", "step", "seek", "act", "state", "recording", "load"];
  const NAMES = [...TEXTS, ...FLAGS, "nodes", "speed", "lang"];

  /** How it looks until the program comes with its own style. */
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host{display:block}:host([hidden]){display:none}button{min-height:2.75em;padding:.6em 1.2em;font:inherit}");

  class ConsensusLab extends HTMLElement {
    static observedAttributes = NAMES;

    #shadow = this.attachShadow({ mode: "open" });
    /** What is shown until it runs, and where it cannot: the element's own children. */
    #slot = document.createElement("slot");
    #button;
    #note;
    #near;
    /** What conclaveLab gave; there while it runs. */
    #running;
    #starting = false;
    #saved = {};
    #changed = false;
    #isReady;
    #ready = new Promise((resolve) => (this.#isReady = resolve));
    #onTrap = (message) => this.#trapped(message);

    constructor() {
      super();
      this.#shadow.append(this.#slot);
      this.#undress();
      // What is written and pressed in it is not for the page around: a deck would go to its next slide.
      this.#shadow.addEventListener("keydown", (event) => {
        const { defaultPrevented, key, target } = event;
        if (defaultPrevented || /^( |Enter)$/.test(key) || target.closest("input, select, textarea, dialog, [role=tab]")) event.stopPropagation();
      });
    }

    connectedCallback() {
      // What was set before the element was defined.
      for (const name of NAMES) {
        if (!Object.hasOwn(this, name)) continue;
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
      if (this.#running || this.#starting) return;
      if (this.poster && !this.#saved.link && !this.#saved.playing) return this.#offer();
      this.#near ??= new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#start(), {
        rootMargin: "300px",
      });
      this.#near.observe(this);
    }

    disconnectedCallback() {
      // An element that is moved goes on.
      queueMicrotask(() => this.isConnected || this.#stop());
    }

    attributeChangedCallback() {
      if (!this.#running || this.#changed) return;
      this.#changed = true;
      queueMicrotask(() => {
        this.#changed = false;
        this.#running?.page.set(this.#options());
      });
    }

    /** Becomes the lab when it is ready; it may be a while until somebody scrolls there. */
    get ready() {
      return this.#ready;
    }

    get time() {
      return this.#running?.lab.time ?? 0;
    }

    get playing() {
      return this.#running?.lab.playing ?? false;
    }

    get speed() {
      return this.#running?.lab.speed ?? Number(this.getAttribute("speed") ?? 50);
    }

    set speed(value) {
      this.setAttribute("speed", value);
    }

    get nodes() {
      return Number(this.getAttribute("nodes") ?? 5);
    }

    set nodes(value) {
      this.setAttribute("nodes", value);
    }

    static {
      const define = (name, property) =>
        Object.defineProperty(this.prototype, name, { configurable: true, enumerable: true, ...property });
      for (const name of METHODS) {
        define(name, {
          writable: true,
          value(...args) {
            return this.#call(name, args);
          },
        });
      }
      for (const name of TEXTS) {
        define(name, {
          get() {
            return this.getAttribute(name) ?? "";
          },
          set(value) {
            this.setAttribute(name, value);
          },
        });
      }
      for (const name of FLAGS) {
        define(name, {
          get() {
            return !/^(0|false|no|off)$/i.test(this.getAttribute(name) ?? name === "embed");
          },
          set(value) {
            if (Boolean(value) === (name === "embed")) this.removeAttribute(name);
            else this.setAttribute(name, value ? "" : "false");
          },
        });
      }
    }

    /** Does what a method says. Play and pause can be said at any time. */
    #call(method, args) {
      if (this.#running) return this.#running.lab[method](...args);
      if (method === "play") {
        this.#saved.playing = true;
        this.#start();
      } else if (method === "pause") {
        this.#saved.playing = false;
      } else {
        throw new DOMException(`${method}: the lab does not run yet; wait for lab-ready`, "InvalidStateError");
      }
    }

    #tell(name, detail) {
      if (name === "lab-ready") this.#arrived();
      this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
    }

    /** The language of the place it stands in: its own, or that of what is around it if the program speaks it. */
    #language() {
      if (this.lang) return this.lang;
      // It may stand in the shadow of another element.
      for (let place = this; place; place = place.getRootNode().host) {
        const around = place.closest("[lang]");
        if (around) return /^(en|zh)\b/i.exec(around.lang)?.[0];
      }
    }

    #options() {
      const given = NAMES.filter((name) => this.hasAttribute(name)).map((name) => [name, this.getAttribute(name)]);
      const language = this.#language();
      return [["embed", "true"], ...(language ? [["lang", language]] : []), ...given.filter(([name]) => name !== "lang")];
    }

    /** Shows a button, and starts when it is pressed. */
    #offer() {
      this.#button ??= Object.assign(document.createElement("button"), { type: "button", onclick: () => this.play() });
      const chinese = /^zh/i.test(this.#language() ?? navigator.language);
      this.#button.textContent = chinese ? "播放" : "Play";
      this.#shadow.append(this.#button);
    }

    async #start() {
      if (this.#starting || this.#running) return;
      this.#starting = true;
      this.#near?.disconnect();
      try {
        const program = await wanted();
        if (!this.isConnected) return;
        told.add(this.#onTrap);
        wear(this.#shadow, program, true);
        const host = Object.assign(document.createElement("div"), { id: "app" });
        this.#shadow.append(host);
        // What stands for it leads to a page that can open links.
        const away = this.querySelector("a[href]")?.href.split("#")[0] ?? home;
        const place = { host, root: host, home: away, options: this.#options() };
        this.#running = conclaveLab(program, place, (name, detail) => this.#tell(name, detail));
      } catch (error) {
        this.#explain(whyNot(error, this.#language()));
      } finally {
        this.#starting = false;
      }
    }

    /** The lab is there: it takes the place of what stood for it, and goes on where it was. */
    #arrived() {
      const pressed = this.#button && this.#shadow.activeElement === this.#button;
      this.#button?.remove();
      this.#slot.remove();
      this.#note?.remove();
      const { lab, page } = this.#running;
      const { link = this.run, playing } = this.#saved;
      try {
        if (link) lab.load(link);
      } catch {
        // The page says why not.
        page.visit(link);
      }
      if (playing) lab.play();
      this.#saved = {};
      // Who pressed Play finds Pause in its place.
      if (pressed) this.#shadow.querySelector("[part=toolbar] button").focus();
      this.#isReady(this);
    }

    /** Looks as it does without the program, which is not told of any more. */
    #undress() {
      this.#shadow.adoptedStyleSheets = [sheet];
      told.delete(this.#onTrap);
    }

    #stop() {
      this.#near?.disconnect();
      if (!this.#running) return;
      const { lab, call, stop, recording } = this.#running;
      const playing = lab.playing;
      try {
        this.#saved = { playing, link: call("session") };
      } catch {
        // The branches are too many for a link.
        this.#saved = { playing, link: recording() };
      }
      stop();
      this.#running = undefined;
      this.#undress();
      this.#shadow.append(this.#slot);
    }

    /** Says why there is no lab, below what stands for it. */
    #explain(content) {
      this.#note ??= document.createElement("div");
      this.#note.setAttribute("role", "alert");
      this.#note.replaceChildren(...content);
      this.#shadow.replaceChildren(this.#slot, this.#note);
      this.#tell("lab-error", { message: this.#note.textContent });
    }

    #trapped(message) {
      if (!this.#running) return;
      const kept = this.#running.recording();
      // The program's memory can no longer be trusted, not even to give it back.
      this.#running = undefined;
      this.#explain(apology(message, kept, this.#language()));
    }
  }

  customElements.define("consensus-lab", ConsensusLab);
}
