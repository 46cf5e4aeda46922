// Keeps the site's files for days without a network. Before it, `cargo xtask build` writes `hash`, of all of them, and
// `files`, their names. While there is a network it is asked first, so that nobody is left with an old page; what is kept
// is one whole build, so that nobody gets half of one.
const scope = registration.scope;
const kept = `conclave ${scope} `;
const addresses = files.map((name) => scope + name);

addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(kept + hash);
    await cache.addAll(addresses.map((address) => new Request(address, { cache: "reload" })));
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const tidy = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(kept) && name !== kept + hash);
    await Promise.all(old.map((name) => caches.delete(name)));
  };
  event.waitUntil(tidy());
});

addEventListener("fetch", (event) => {
  const address = event.request.url.replace(/(index\.html)?([?#].*)?$/, "");
  if (!addresses.includes(address)) return;
  const fromCache = async () => (await caches.open(kept + hash)).match(address);
  event.respondWith(fetch(event.request).catch(fromCache));
});
