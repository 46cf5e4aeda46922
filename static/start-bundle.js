// The end of app.js, the bundle of `cargo xtask build`. Before it, in the same function: boot.js, wasm-bindgen's glue
// (`wasm_bindgen`), and `packed`: the program's wasm, packed for the crate `unpack`, in base64, how long it was, and that
// crate as wasm in hexadecimal digits, which compress better. Nothing is fetched, so the page also opens from a file and
// inside a sandboxed frame.
conclaveBoot(async () => {
  const code = Uint8Array.from(packed.unpacker.match(/../g), (digits) => parseInt(digits, 16));
  const { instance } = await WebAssembly.instantiate(code);
  const { memory, unpack } = instance.exports;
  const data = atob(packed.data);
  // Behind what the unpacker needs for itself, room for what is packed, for its parts, and for the whole.
  const start = memory.grow(Math.ceil((data.length + 2 * packed.length) / 65536)) * 65536;
  const bytes = new Uint8Array(memory.buffer, start);
  for (let index = 0; index < data.length; index++) bytes[index] = data.charCodeAt(index);
  unpack(start, data.length, packed.length);
  return wasm_bindgen(bytes.subarray(data.length + packed.length, data.length + 2 * packed.length));
});
