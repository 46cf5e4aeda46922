//! `cargo xtask trunk-check`: the page also builds with Trunk, for those who have it.
//!
//! Nobody needs Trunk to work on Conclave. This check keeps the promise that `trunk serve` works all the same; it
//! installs the tools below cargo's target directory, where nothing else sees them.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::browser::{self, Engine, Page};
use crate::stages::{Stage, Tally, check, run_all};
use crate::tools;
use crate::workspace::{Workspace, ensure_wasm_target};

/// The version that is installed; also the oldest that will do.
const TRUNK_VERSION: &str = "0.21.14";

/// Checks the page that Trunk builds.
pub fn trunk_check(workspace: &Workspace) -> Result<ExitCode> {
    Ok(run_all(workspace, &stages()))
}

/// The stages of the check.
pub fn stages() -> Vec<Stage> {
    vec![
        Stage {
            name: "tools of Trunk",
            takes: "four minutes the first time",
            run: |workspace| ensure_tools(workspace).map(|()| Tally::ONE),
        },
        Stage { name: "build with Trunk", takes: "a minute the first time", run: trunk_build },
        Stage {
            name: "Trunk's page in Chromium",
            takes: "half a minute",
            run: |workspace| browser::test(workspace, &Page::trunk(workspace), Engine::Chromium),
        },
    ]
}

fn trunk_build(workspace: &Workspace) -> Result<Tally> {
    ensure_wasm_target()?;
    let mut trunk = Command::new("trunk");
    trunk.args(["build", "--release", "--offline"]).current_dir(&workspace.root);
    trunk.env("PATH", tools::search_path(workspace)?);
    // Trunk refuses the usual value of this variable, "1".
    trunk.env_remove("NO_COLOR");
    check(&mut trunk, "trunk build")
}

/// Installs what is neither on PATH nor below the target directory.
fn ensure_tools(workspace: &Workspace) -> Result<()> {
    tools::ensure(workspace, "trunk", TRUNK_VERSION, "about three minutes")?;
    let path = tools::search_path(workspace)?;
    // Glue and wasm must come from one and the same version.
    let wanted = locked_version(&workspace.root, "wasm-bindgen")?;
    if tools::version_of("wasm-bindgen", &path).is_none_or(|found| found != wanted) {
        println!(
            "Installing wasm-bindgen {wanted} below the target directory (about a minute) ..."
        );
        tools::install(workspace, "wasm-bindgen-cli", &wanted)?;
    }
    Ok(())
}

/// The version of a package in Cargo.lock.
fn locked_version(root: &Path, package: &str) -> Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let name = format!("name = \"{package}\"\nversion = \"");
    let version = lock.split_once(&name).and_then(|(_, rest)| rest.split('"').next());
    ensure!(version.is_some(), "Cargo.lock has no {package}");
    Ok(version.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let version = locked_version(root, "wasm-bindgen").unwrap();
        assert_eq!(version, locked_version(root, "wasm-bindgen-cli-support").unwrap());
        assert!(locked_version(root, "no-such-package").is_err());
    }
}
