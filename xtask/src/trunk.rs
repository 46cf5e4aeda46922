//! `cargo xtask trunk-check`: the page also builds with Trunk, for those who have it.
//!
//! Nobody needs Trunk to work on Conclave. This check keeps the promise that `trunk serve` works all the same; it
//! installs the tools below cargo's target directory, where nothing else sees them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::browser::{self, Engine, Page};
use crate::stages::{Stage, Tally, check, run_all};
use crate::workspace::{Workspace, ensure_wasm_target, run};

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
    trunk.env("PATH", search_path(workspace)?);
    // Trunk refuses the usual value of this variable, "1".
    trunk.env_remove("NO_COLOR");
    check(&mut trunk, "trunk build")
}

/// Installs what is neither on PATH nor below the target directory.
fn ensure_tools(workspace: &Workspace) -> Result<()> {
    let path = search_path(workspace)?;
    let oldest = triple(TRUNK_VERSION);
    if version_of("trunk", &path).is_none_or(|found| triple(&found) < oldest) {
        println!(
            "Installing trunk {TRUNK_VERSION} below the target directory (about three minutes) ..."
        );
        install(workspace, "trunk", TRUNK_VERSION)?;
    }
    // Glue and wasm must come from one and the same version.
    let wanted = locked_version(&workspace.root, "wasm-bindgen")?;
    if version_of("wasm-bindgen", &path).is_none_or(|found| found != wanted) {
        println!(
            "Installing wasm-bindgen {wanted} below the target directory (about a minute) ..."
        );
        install(workspace, "wasm-bindgen-cli", &wanted)?;
    }
    Ok(())
}

/// Where the tools are installed.
fn tools(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools")
}

/// PATH, with the tools before all else.
fn search_path(workspace: &Workspace) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own = tools(workspace).join("bin");
    Ok(env::join_paths([own].into_iter().chain(env::split_paths(&path)))?)
}

/// Installs a tool from its own lock file, compiled in haste: it runs once or twice.
fn install(workspace: &Workspace, package: &str, version: &str) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["install", "--locked", "--no-default-features", "--version", version, package]);
    cargo.arg("--root").arg(tools(workspace)).env_remove("CARGO_TARGET_DIR");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    run(&mut cargo, &format!("installing {package}"))
}

/// The version that a tool tells: the second word of `trunk 0.21.14`.
fn version_of(tool: &str, path: &OsString) -> Option<String> {
    let output =
        Command::new(tool).arg("--version").env("PATH", path).env_remove("NO_COLOR").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// Major, minor and patch of a version, for comparison.
fn triple(version: &str) -> [u32; 3] {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
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
    fn versions_compare() {
        assert!(triple("0.21.9") < triple(TRUNK_VERSION));
        assert!(triple("0.22.0-beta.1") > triple(TRUNK_VERSION));
        assert_eq!(triple("odd"), [0, 0, 0]);
    }

    #[test]
    fn the_lock_file_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let version = locked_version(root, "wasm-bindgen").unwrap();
        assert_eq!(version, locked_version(root, "wasm-bindgen-cli-support").unwrap());
        assert!(locked_version(root, "no-such-package").is_err());
    }
}
