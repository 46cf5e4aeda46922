// Serves the page under test from several places at once, as different hosts would: see PLACES.
//
//     node helpers/server.mjs       serves what environment.mjs names, until it is stopped

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

import { build, dist, port } from "./environment.mjs";

const MEDIA_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The strictest policy that the page promises to work under. Trunk's page fetches its wasm, so it needs one leave more. */
const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'" + (build === "trunk" ? "; connect-src 'self'" : "");

/** The same page under several paths, each with the policy that its host sends. */
const PLACES = {
  "/": undefined,
  "/deep/er/path/": undefined,
  "/strict/": STRICT,
  "/no-wasm/": STRICT.replace(" 'wasm-unsafe-eval'", ""),
};

/** A page of another site that shows ours in a sandboxed frame; `?` is followed by the address to show. */
const hostPage = (address) =>
  `<!doctype html><title>Host</title><link rel="icon" href="data:," />
   <iframe title="Conclave" sandbox="allow-scripts" width="1200" height="720" src="${address}"></iframe>`;

/** The answer to an address: status, headers and body. */
async function answer(address, root) {
  const { pathname, search } = new URL(address, "http://localhost");
  if (pathname === "/host") {
    return [200, { "Content-Type": MEDIA_TYPES[".html"] }, hostPage(decodeURIComponent(search.slice(1)))];
  }
  const place = Object.keys(PLACES).findLast((prefix) => pathname.startsWith(prefix));
  const name = decodeURIComponent(pathname.slice(place.length)) || "index.html";
  const file = path.join(root, name);
  if (!file.startsWith(root + path.sep)) return [404, {}, "outside"];
  try {
    const body = await readFile(file);
    const headers = { "Content-Type": MEDIA_TYPES[path.extname(file)] ?? "application/octet-stream" };
    if (PLACES[place]) headers["Content-Security-Policy"] = PLACES[place];
    return [200, headers, body];
  } catch {
    return [404, {}, "not found"];
  }
}

/** Starts to serve the folder `root`; port 0 means any. Gives the origin and a function to stop. */
export async function serve(root, wantedPort = 0) {
  const server = createServer(async (request, response) => {
    const [status, headers, body] = await answer(request.url, root);
    response.writeHead(status, { "Cache-Control": "no-store", ...headers }).end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(wantedPort, "127.0.0.1", resolve);
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await serve(dist, port);
  console.log(`${dist} at ${origin}/`);
}
