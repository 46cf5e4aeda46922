// How Trunk's page starts: as a module, with the wasm in a file of its own. Trunk.toml's `pattern_script` writes the
// hashed names into a <meta>, so that no inline script is needed.
const { js, wasm } = document.querySelector("meta[name=conclave-module]").dataset;

conclaveBoot(async () => {
  const program = await import(new URL(js, document.baseURI));
  await program.default({ module_or_path: new URL(wasm, document.baseURI) });
  return program;
});
