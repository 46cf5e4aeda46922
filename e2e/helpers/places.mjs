// Where the artefacts are opened, in every browser: addresses that helpers/server.mjs answers, and files.

import path from "node:path";
import { pathToFileURL } from "node:url";

import { snippets } from "./documentation.mjs";
import { artefacts, build, dist } from "./environment.mjs";

/** So that nobody waits for the election. */
const SWIFT = "?speed=1000";

const file = (...parts) => pathToFileURL(path.join(...parts)).href + SWIFT;

const sandboxed = (address) => `/host?${encodeURIComponent(address + SWIFT)}`;

/** As any site does. */
const SITE = {
  "over http": "/",
  "below a path, with options and a fragment": "/deep/er/path/?lang=en&speed=1000#x",
  "under a strict Content-Security-Policy": `/strict/${SWIFT}`,
};

/** Trunk's page is a module that fetches its wasm; browsers allow neither without a real origin. */
const BUNDLE = {
  "from a file": file(dist, "index.html"),
  "in a sandboxed frame": sandboxed("/deep/er/path/"),
  "in a sandboxed frame, under a strict policy": sandboxed("/strict-sandboxed/"),
  "as one file, over http": `/artefacts/conclave.html${SWIFT}`,
  "as one file, from a disk": file(artefacts, "conclave.html"),
  "as one file, in a sandboxed frame": sandboxed("/artefacts/conclave.html"),
  "as the text of a frame": "/srcdoc",
  "as the text of a sandboxed frame": `/srcdoc?${encodeURIComponent('sandbox="allow-scripts"')}`,
  "as the text of a frame, under the policy that it carries": "/strict-srcdoc",
  "as an element, by a script": "/element?classic",
  "as an element, by a module": "/element?module",
  "as an element, by a script, under a strict policy": "/strict-element?classic",
  "as an element, by a module, under a strict policy": "/strict-element?module",
  ...Object.fromEntries(snippets.map((_, number) => [`by snippet ${number + 1} of the documentation`, `/snippet/?${number}`])),
};

const isElement = (address) => {
  const [, number] = /^\/snippet\/\?(\d+)$/.exec(address) ?? [];
  return number ? snippets[number].includes("<consensus-lab") : address.includes("element?");
};

/** Each with what it is called, its address, and whether the page is in a frame there, or in an element. */
export const PLACES = Object.entries({ ...SITE, ...(build === "bundle" ? BUNDLE : {}) }).map(([name, address]) => {
  const element = isElement(address);
  return { name, address, element, framed: !element && /^\/(host|srcdoc|strict-srcdoc|snippet)/.test(address) };
});
