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

/** Folders under several paths, each with the policy that its host sends, made from its origin. */
const PLACES = {
  "/": {},
  "/deep/er/path/": {},
  "/strict/": { policy: () => STRICT },
  "/strict-sandboxed/": { policy: (origin) => policies.sandboxed.replaceAll("https://example.org", origin) },
  "/strict-installed/": { policy: () => `${STRICT}; ${policies.installed}` },
  "/no-wasm/": { policy: () => STRICT.replace(" 'wasm-unsafe-eval'", "") },
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

/** The pages of others that show ours, by their paths; `?` is followed by what they are told. Each gives HTML and a policy. */
const HOSTS = {
  "/host": async (address) => [frame(`sandbox="allow-scripts" src="${quoted(address)}"`)],
  "/srcdoc": async (sandbox) => [frame(`${sandbox} srcdoc="${quoted(await single())}"`)],
  "/strict-srcdoc": async () => {
    const text = await single();
    return [frame(`srcdoc="${quoted(text)}"`), carried(text)];
  },
  "/no-wasm-srcdoc": async () => {
    const text = await single();
    return [frame(`srcdoc="${quoted(text)}"`), carried(text).replace(" 'wasm-unsafe-eval'", "")];
  },
  "/element": async (script) => [element(script)],
  "/strict-element": async (script) => [element(script), policies.element],
  "/snippet/": async (number) => {
    const snippet = snippets[number];
    if (!snippet.includes("data-src")) return [document(snippet)];
    const deck = `<div class="reveal"><div class="slides"><section>${snippet}</section></div></div>`;
    const style = '<link rel="stylesheet" href="/slides/reveal.css">';
    return [document(`${style}${deck}<script src="/slides/reveal.js"></script><script>Reveal.initialize()</script>`)];
  },
};

/** A page with a lab in it; the element comes out of the npm package, by one of its scripts. */
const element = (script) =>
  document(`${
    script === "module"
      ? '<script type="module" src="/artefacts/npm/index.js"></script>'
      : '<script src="/artefacts/npm/conclave.js" defer></script>'
  }<consensus-lab lang="en" speed="1000"></consensus-lab>`);

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
