// What a reader uses the page with: the keyboard alone, or a pointer that only clicks.

import { expect } from "./lab.mjs";

/** Whether the focus is on something; while nothing has it, the next key begins at the top of the page. */
export const hasFocus = (page) => page.evaluate(() => document.activeElement !== document.body);

/** The keyboard alone. Whatever is wanted is gone to by keys, as a reader goes to it. */
export class Keyboard {
  constructor(lab) {
    this.lab = lab;
    this.keys = lab.page.keyboard;
  }

  /** Goes to something by Tab, and among the nodes by arrows. */
  async reach(target) {
    const goal = await target.elementHandle();
    // One stop is for all nodes.
    const way = await goal.evaluate((goal) => {
      const stop = goal.closest("[role=list], [role=tablist]")?.querySelector("[tabindex='0']");
      globalThis.goal = goal;
      globalThis.stop = goal.tabIndex < 0 ? stop : goal;
      const place = document.activeElement.compareDocumentPosition(globalThis.stop);
      return place & Node.DOCUMENT_POSITION_FOLLOWING ? "Tab" : "Shift+Tab";
    });
    const at = (name) => this.lab.page.evaluate((name) => document.activeElement === globalThis[name], name);
    const go = async (key, name, most) => {
      for (let presses = 0; !(await at(name)); presses++) {
        expect(presses, `presses of ${key} towards ${target}`).toBeLessThan(most);
        await this.keys.press(key);
      }
    };
    await go(way, "stop", 150);
    await go("ArrowRight", "goal", 30);
  }

  async press(target) {
    await this.reach(target);
    const kind = await target.evaluate((element) => (element.type === "checkbox" ? "checkbox" : element.localName));
    await this.keys.press(kind === "checkbox" ? "Space" : "Enter");
    expect(await hasFocus(this.lab.page), `the focus after ${target}`).toBe(true);
  }

  /** Chooses of a list. */
  async choose(list, label) {
    await this.reach(list);
    const steps = await list.evaluate(
      (list, label) => [...list.options].findIndex((option) => option.text === label) - list.selectedIndex,
      label,
    );
    for (let step = 0; step < Math.abs(steps); step++) await this.keys.press(steps > 0 ? "ArrowDown" : "ArrowUp");
  }

  async type(field, text) {
    await this.reach(field);
    await this.keys.press("Control+A");
    await this.keys.type(text);
  }

  /** Moves a slider somewhat to the left or to the right. */
  async turn(slider, way) {
    await this.reach(slider);
    for (let press = 0; press < 3; press++) await this.keys.press(way < 0 ? "ArrowLeft" : "ArrowRight");
  }
}

/** A mouse or a finger that never drags, never hovers, and never goes with two. */
export class Pointer {
  constructor(lab) {
    this.lab = lab;
    this.press = lab.press.bind(lab);
  }

  // What a list offers the system shows; there is nothing of the page to hit.
  choose = (list, label) => list.selectOption(label);

  async type(field, text) {
    await this.press(field);
    await field.fill(text);
  }

  /** Hits the link between two nodes, in its middle. */
  async hitLink(one, other) {
    await this.lab.node(one).scrollIntoViewIfNeeded();
    const [a, b] = await Promise.all([one, other].map((number) => this.lab.node(number).boundingBox()));
    const middle = [(a.x + a.width / 2 + b.x + b.width / 2) / 2, (a.y + a.height / 2 + b.y + b.height / 2) / 2];
    await (this.lab.touch ? this.lab.page.touchscreen.tap(...middle) : this.lab.page.mouse.click(...middle));
  }

  async turn(slider, way) {
    const { width, height } = await slider.boundingBox();
    const position = { x: width * (way < 0 ? 0.3 : 0.7), y: height / 2 };
    await (this.lab.touch ? slider.tap({ position }) : slider.click({ position }));
  }
}
