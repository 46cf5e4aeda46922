//! The page's entry. The page exists only as WebAssembly; a native build of this binary says so.

#[cfg(target_arch = "wasm32")]
mod app;

#[cfg(target_arch = "wasm32")]
fn main() {
    // The scripts in `static/` say where pages begin.
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("This binary is the page of Conclave and runs in a browser. Try: cargo xtask serve");
    std::process::exit(2);
}
