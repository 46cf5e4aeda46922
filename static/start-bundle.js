// The end of app.js, the bundle of `cargo xtask build`. Before it, in the same function: boot.js, wasm-bindgen's glue
// (`wasm_bindgen`), `unpacker`, which is the crate `unpack` as wasm in base64, and `packed`: the program's wasm, packed for
// it, in base64, and how long it was. Nothing is fetched, so the page also opens from a file and inside a sandboxed frame.
conclaveBoot(async () => {
  /** Writes what base64 says. */
  const decode = (text, bytes) => {
    for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
    return bytes;
  };
  const code = atob(unpacker);
  const { instance } = await WebAssembly.instantiate(decode(code, new Uint8Array(code.length)));
  const { memory, unpack } = instance.exports;
  const data = atob(packed.data);
  // Behind what the unpacker needs for itself, room for what is packed, for its parts, and for the whole.
  const start = memory.grow(Math.ceil((data.length + 2 * packed.length) / 65536)) * 65536;
  decode(data, new Uint8Array(memory.buffer, start));
  unpack(start, data.length, packed.length);
  return wasm_bindgen(new Uint8Array(memory.buffer, start + data.length + packed.length, packed.length));
});
