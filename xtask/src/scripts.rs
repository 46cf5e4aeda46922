//! `cargo xtask bench`, `mutations` and `screenshots`: what is measured, found and shown.

use std::path::Path;

use anyhow::Result;

use crate::args::Profile;
use crate::browser::{self, Engine, Page};
use crate::build::{build, measure};
use crate::workspace::{PEERS, Workspace, run};

/// Measures the simulation natively, then as wasm, then the page.
pub fn bench(workspace: &Workspace) -> Result<()> {
    println!("Compiling and running the native benchmarks (some minutes the first time) ...");
    let benches = ["bench", "--bench", "simulation", "--bench", "search", PEERS];
    run(workspace.cargo().args(benches), "cargo bench")?;
    let folder = workspace.target.join("measure");
    measure(workspace, &folder)?;
    run_in_browser(workspace, "bench.mjs", Some(&folder))
}

/// Writes the tables of mutations; the tests that check them do that when they are asked to.
pub fn mutations(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--test", "mutations", "--test", "paxos_sweep", "every_mutation"]);
    run(cargo.env("UPDATE_MUTATIONS", "1"), "cargo test")
}

/// Takes the pictures in `docs/screenshots/`.
pub fn screenshots(workspace: &Workspace) -> Result<()> {
    run_in_browser(workspace, "screenshots.mjs", None)
}

/// Builds the page and runs a script of `e2e/` on it, with a folder as its argument.
fn run_in_browser(workspace: &Workspace, script: &str, folder: Option<&Path>) -> Result<()> {
    build(workspace, Profile::Release)?;
    let mut command = browser::script(workspace, &Page::bundle(workspace), Engine::Chromium)?;
    run(command.arg(script).args(folder), script)
}
