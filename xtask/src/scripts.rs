//! `cargo xtask bench` and `cargo xtask screenshots`: what is measured and shown in a browser.

use anyhow::Result;

use crate::args::Profile;
use crate::browser::{self, Page};
use crate::build::build;
use crate::workspace::{Workspace, run};

/// Measures the simulation natively, then as wasm, then the page.
pub fn bench(workspace: &Workspace) -> Result<()> {
    println!("Compiling and running the native benchmarks (about two minutes) ...");
    run(workspace.cargo().args(["bench", "--bench", "simulation"]), "cargo bench")?;
    run_in_browser(workspace, "bench.mjs")
}

/// Takes the pictures in `docs/screenshots/`.
pub fn screenshots(workspace: &Workspace) -> Result<()> {
    run_in_browser(workspace, "screenshots.mjs")
}

/// Builds the page and runs a script of `e2e/` on it.
fn run_in_browser(workspace: &Workspace, script: &str) -> Result<()> {
    build(workspace, Profile::Release)?;
    run(browser::script(workspace, &Page::bundle(workspace))?.arg(script), script)
}
