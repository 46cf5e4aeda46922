// Where the artefacts are opened, in every browser: addresses that helpers/server.mjs answers, and files.

import path from "node:path";
import { pathToFileURL } from "node:url";

import { snippets } from "./documentation.mjs";
import { artefacts, build, dist, repository } from "./environment.mjs";

/** So that nobody waits for the election. */
const SWIFT = "?speed=1000";

const file = (...parts) => pathToFileURL(path.join(...parts)).href;

/** In a frame that may run scripts, and nothing else. */
const sandboxed = (address) => `/host?${encodeURIComponent(address)}`;

/** How the npm package is loaded: its bundle, and its module. */
const SCRIPTS = { script: "classic", module: "module" };

/** The same for each way of loading the npm package. */
const elements = (name, address) => Object.entries(SCRIPTS).map(([by, script]) => [`as an element by a ${by}, ${name}`, address(script)]);

/** As any site does. */
const SITE = {
  "over http": "/",
  "below a path, with options and a fragment": "/deep/er/path/?lang=en&speed=1000#x",
  "under a strict policy": `/strict/${SWIFT}`,
};

/** Trunk's page is a module that fetches its wasm; browsers allow neither without a real origin. */
const BUNDLE = {
  "from a file": file(dist, "index.html") + SWIFT,
  "in a sandboxed frame": sandboxed(`/deep/er/path/${SWIFT}`),
  "in a sandboxed frame, under a strict policy": sandboxed(`/strict-sandboxed/${SWIFT}`),
  "as the text of a frame": "/deep/er/path/srcdoc",

  "as one file, over http": `/artefacts/conclave.html${SWIFT}`,
  "as one file, from a disk": file(artefacts, "conclave.html") + SWIFT,
  "as one file, under the policy that it carries": `/strict-file${SWIFT}`,
  "as one file, in a sandboxed frame": sandboxed(`/artefacts/conclave.html${SWIFT}`),
  "as one file, in a sandboxed frame, under that policy": sandboxed(`/strict-file${SWIFT}`),
  "as one file, the text of a frame": "/srcdoc",
  "as one file, the text of a sandboxed frame": `/srcdoc?${encodeURIComponent('sandbox="allow-scripts"')}`,
  "as one file, the text of a frame, under that policy": "/strict-srcdoc",

  // Modules are loaded from no file.
  "as an element by a script, from a file": file(repository, "e2e/pages/element.html"),
  ...Object.fromEntries([
    ...elements("over http", (script) => `/element?${script}`),
    ...elements("under a strict policy", (script) => `/strict-element?${script}`),
    ...elements("in a sandboxed frame", (script) => sandboxed(`/element?${script}`)),
    ...elements("in the text of a frame", (script) => `/element-srcdoc?${script}`),
  ]),

  ...Object.fromEntries(snippets.map((_, number) => [`by snippet ${number + 1} of the documentation`, `/snippet/?${number}`])),
};

/** Each with what it is called, its address, and whether the lab is in a frame there, or in an element. */
const places = (addresses) =>
  Object.entries(addresses).map(([name, address]) => {
    const [, number] = /^\/snippet\/\?(\d+)$/.exec(address) ?? [];
    const element = number ? snippets[number].includes("<consensus-lab") : /element(\.|-|%3F|\?)/.test(address);
    const framed = number ? !element : /^\/host|srcdoc/.test(address);
    return { name, address, element, framed };
  });

/** Where it opens. */
export const PLACES = places({ ...SITE, ...(build === "bundle" ? BUNDLE : {}) });

/** Where WebAssembly is forbidden. */
export const FORBIDDEN = places({
  "the site": "/no-wasm/",
  ...(build === "bundle" && {
    "one file, under the policy of its host": "/no-wasm-file",
    "one file, under the policy of the page that shows it": "/no-wasm-srcdoc",
    ...Object.fromEntries(elements("under the policy of its page", (script) => `/no-wasm-element?${script}`)),
  }),
});
