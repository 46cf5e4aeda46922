// The site can be installed, and opens without a network: its script element names the service worker. What is put into
// other people's pages, or stands in a file, has none. Where a browser wants none either, nobody is told. It comes after the
// page, so that what it fetches and compiles keeps nobody waiting.
const { offline } = globalThis.document?.currentScript?.dataset ?? {};
if (offline && self === top) {
  document.addEventListener("lab-ready", async () => {
    try {
      await navigator.serviceWorker.register(offline);
      await navigator.serviceWorker.ready;
      const manifest = { rel: "manifest", href: "manifest.webmanifest" };
      document.head.append(Object.assign(document.createElement("link"), manifest));
    } catch {}
  });
}
