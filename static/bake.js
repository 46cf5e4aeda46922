/**
 * Saves the page as one file that begins as it is told. What the page is made of it reads out of itself where it is one
 * file already, and else from where it came.
 *
 * @param {Element} page `<html>` as it was before the program came; it is changed
 * @param {string} start what the file begins with: a query, `#run=`, a run
 */
async function conclaveBake(page, start) {
  page.dataset.start = start;
  const script = page.querySelector("script[data-offline], script:not([src])");
  if (script.src) {
    const read = async (address) => {
      const answer = await fetch(address);
      if (!answer.ok) throw new TypeError(`${address}: ${answer.status}`);
      return answer.text();
    };
    const sheet = page.querySelector("link[rel=stylesheet]");
    const icon = page.querySelector("link[rel=icon]");
    const style = document.createElement("style");
    const whole = document.createElement("script");
    const [look, code, picture] = await Promise.all([
      read(sheet.href),
      read(script.src),
      read(icon.href),
    ]);
    style.append(look);
    // Trusted Types forbid to set its text.
    whole.append(code);
    icon.href = `data:image/svg+xml,${encodeURIComponent(picture)}`;
    const hash = async ({ textContent }) => {
      const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(textContent));
      return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(bytes)))}'`;
    };
    // As xtask/src/artefacts.rs has it.
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = `default-src 'none'; script-src ${await hash(whole)} 'wasm-unsafe-eval'; style-src ${await hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
    sheet.remove();
    script.remove();
    page.querySelector("meta").after(policy, style);
    page.querySelector("body").append(whole);
  }
  const url = URL.createObjectURL(new Blob([`<!doctype html>\n${page.outerHTML}\n`], { type: "text/html" }));
  Object.assign(document.createElement("a"), { href: url, download: "conclave.html" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
