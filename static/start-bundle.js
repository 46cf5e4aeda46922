// The end of app.js, the bundle of `cargo xtask build`. Before it, in the same function: boot.js, wasm-bindgen's glue
// (`wasm_bindgen`) and `packedWasm`, the deflated wasm in base64. Nothing is fetched, so the page also opens from a
// file and inside a sandboxed frame.
conclaveBoot(async () => {
  const packed = Uint8Array.from(atob(packedWasm), (letter) => letter.charCodeAt(0));
  const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  await wasm_bindgen({ module_or_path: await new Response(inflated).arrayBuffer() });
});
