// Tests are written in English; what a text is in another language stands in the page's own catalogue.

import { readFileSync } from "node:fs";

/** A catalogue as a map from keys such as "act.crash" to texts. */
export function catalogue(language) {
  const file = new URL(`../../static/locales/${language}.toml`, import.meta.url);
  const texts = new Map();
  let section = "";
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [, header] = /^\[(.+)\]$/.exec(line) ?? [];
    const [, key, text] = /^(\w+) = (".*")$/.exec(line) ?? [];
    if (header) section = header;
    if (key) texts.set(`${section}.${key}`, JSON.parse(text));
  }
  return texts;
}

const english = catalogue("en");

/**
 * A function that says an English text in another language; `names` are put into its braces. A text with several
 * translations is named by its key instead, such as "run.nodes". What the catalogue does not know is a mistake.
 */
export function translator(language) {
  const other = catalogue(language);
  return (text, names = {}) => {
    const keys = english.has(text) ? [text] : [...english.keys()].filter((key) => english.get(key) === text);
    const found = new Set(keys.map((key) => other.get(key)));
    if (found.size !== 1) {
      throw new Error(`“${text}” is in the catalogue ${found.size} times, as ${keys.join(", ") || "nothing"}`);
    }
    return [...found][0].replace(/\{(\w+)\}/g, (_, name) => names[name]);
  };
}
