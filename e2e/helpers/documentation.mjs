// What docs/embedding.md tells instructors to write, read out of its text.

import { readFileSync } from "node:fs";
import path from "node:path";

import { docs } from "./environment.mjs";

const text = readFileSync(path.join(docs, "embedding.md"), "utf8");

/** The code blocks of a language, in order. */
const blocks = (language) => [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code);

/** What to put into a page. */
export const snippets = blocks("html");

/** What to put into a cell of a notebook. */
export const [cell] = blocks("python");

/** What a server may send: for the site, for the site in a sandboxed frame, what installing wants in addition, and for a
 * page with the element. */
export const policies = Object.fromEntries(
  ["site", "sandboxed", "installed", "element"].map((name, place) => [name, /^Content-Security-Policy: (.*)\n$/.exec(blocks("http")[place])[1]]),
);
