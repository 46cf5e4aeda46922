// Serves the page under test from several places at once, as different hosts would: see PLACES and HOSTS.
//
//     node helpers/server.mjs       serves what environment.mjs names, until it is stopped

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

import { policies, snippets } from "./documentation.mjs";
import { artefacts, build, dist, examples, port } from "./environment.mjs";

const MEDIA_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** The strictest policy that the page promises to work under. Trunk's page fetches its wasm, so it needs one leave more. */
const STRICT = policies.site + (build === "trunk" ? "; connect-src 'self'" : "");

const slides = path.join(path.dirname(fileURLToPath(import.meta.url)), "../node_modules/reveal.js/dist");

/** The policy that the page in one file carries. */
const carried = (html) => /<meta http-equiv="Content-Security-Policy" content="(.*?)"/.exec(html)[1];

/** The same policy for readers whose browser may run no WebAssembly. */
const withoutWasm = (policy) => policy.replace(" 'wasm-unsafe-eval'", "");

/** Folders under several paths, each with the policy that its host sends, made from its origin. */
const PLACES = {
  "/": {},
  "/deep/er/path/": {},
  "/strict/": { policy: () => STRICT },
  "/strict-sandboxed/": { policy: (origin) => policies.sandboxed.replaceAll("https://example.org", origin) },
  "/strict-installed/": { policy: () => `${STRICT}; ${policies.installed}` },
  "/no-wasm/": { policy: () => withoutWasm(STRICT) },
  "/artefacts/": { folder: artefacts },
  // Where the snippets of the documentation think they are.
  "/snippet/": { folder: artefacts },
  "/snippet/conclave/": {},
  "/slides/": { folder: slides },
  "/examples/": { folder: examples },
};

const document = (body) => `<!doctype html><title>Host</title><link rel="icon" href="data:,">${body}`;

const quoted = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/** A frame of another page; its attributes say what it shows. */
const frame = (attributes) => document(`<iframe title="Conclave" width="1200" height="720" ${attributes}></iframe>`);

/** The text of a frame. */
const framed = (text, sandbox = "") => frame(`${sandbox} srcdoc="${quoted(text)}"`);

/** The pages of others that show ours, by their paths; `?` is followed by what they are told. Each gives HTML and a policy. */
const HOSTS = {
  "/host": async (address) => [frame(`sandbox="allow-scripts" src="${quoted(address)}"`)],
  "/deep/er/path/srcdoc": async () => [framed(await readFile(path.join(dist, "index.html"), "utf8"))],
  "/srcdoc": async (sandbox) => [framed(await single(), sandbox)],
  "/strict-file": async () => single().then((text) => [text, carried(text)]),
  "/strict-srcdoc": async () => single().then((text) => [framed(text), carried(text)]),
  "/no-wasm-file": async () => single().then((text) => [text, withoutWasm(carried(text))]),
  "/no-wasm-srcdoc": async () => single().then((text) => [framed(text), withoutWasm(carried(text))]),
  "/element": async (script) => [element(script)],
  "/strict-element": async (script) => [element(script), policies.element],
  "/no-wasm-element": async (script) => [element(script), withoutWasm(policies.element)],
  "/element-srcdoc": async (script) => [framed(element(script))],
  "/snippet/": async (number) => {
    const snippet = snippets[number];
    if (!snippet.includes("data-src")) return [document(snippet)];
    const deck = `<div class="reveal"><div class="slides"><section>${snippet}</section></div></div>`;
    const style = '<link rel="stylesheet" href="/slides/reveal.css">';
    return [document(`${style}${deck}<script src="/slides/reveal.js"></script><script>Reveal.initialize()</script>`)];
  },
};

/** A page with a lab in it; the element comes out of the npm package, by one of its scripts. What stands for it is a link
 * with a picture. */
const element = (script) =>
  document(`${
    script === "module"
      ? '<script type="module" src="/artefacts/npm/index.js"></script>'
      : '<script src="/artefacts/npm/conclave.js" defer></script>'
  }<consensus-lab lang="en" speed="1000"><a href="#elsewhere"><img alt="Five nodes" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" /></a></consensus-lab>`);

const single = () => readFile(path.join(artefacts, "conclave.html"), "utf8");

/** The answer to an address: status, headers and body. */
async function answer(address, root, origin) {
  const { pathname, search } = new URL(address, origin);
  const headers = { "Content-Type": MEDIA_TYPES[".html"] };
  if (HOSTS[pathname]) {
    const [html, policy] = await HOSTS[pathname](decodeURIComponent(search.slice(1)));
    if (policy) headers["Content-Security-Policy"] = policy;
    return [200, headers, html];
  }
  // Browsers ask for it where a page, such as a notebook's, names no icon.
  if (pathname === "/favicon.ico") return [204, {}, ""];
  const place = Object.keys(PLACES).findLast((prefix) => pathname.startsWith(prefix));
  const { folder = root, policy } = PLACES[place];
  const name = decodeURIComponent(pathname.slice(place.length)) || "index.html";
  const file = path.join(folder, name);
  if (!file.startsWith(folder + path.sep)) return [404, {}, "outside"];
  try {
    const body = await readFile(file);
    headers["Content-Type"] = MEDIA_TYPES[path.extname(file)] ?? "application/octet-stream";
    // As hosts of packages do: only so may a page without an origin load modules.
    if (folder === artefacts) headers["Access-Control-Allow-Origin"] = "*";
    if (policy) headers["Content-Security-Policy"] = policy(origin);
    return [200, headers, body];
  } catch {
    return [404, {}, "not found"];
  }
}

/** Starts to serve the folder `root`; port 0 means any. Gives the origin and a function to stop. */
export async function serve(root, wantedPort = 0) {
  let origin;
  const server = createServer(async (request, response) => {
    const [status, headers, body] = await answer(request.url, root, origin);
    response.writeHead(status, { "Cache-Control": "no-store", ...headers }).end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(wantedPort, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await serve(dist, port);
  console.log(`${dist} at ${origin}/`);
}
