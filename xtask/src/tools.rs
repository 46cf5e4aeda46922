//! Tools that checks want, installed below cargo's target directory, where nothing else sees them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::programs;
use crate::workspace::{Workspace, run};

/// Installs a tool that cargo compiles, unless it is there in this version or a newer one. `takes` says how long that is.
pub fn ensure(workspace: &Workspace, tool: &str, version: &str, takes: &str) -> Result<()> {
    let found = version_of(tool, &search_path(workspace)?);
    if found.is_none_or(|found| triple(&found) < triple(version)) {
        println!("Installing {tool} {version} below the target directory ({takes}) ...");
        install(workspace, tool, version)?;
    }
    Ok(())
}

/// The programs of an environment of Python's own that holds what a `requirements.txt` names; makes it if it is not there.
pub fn ensure_python(workspace: &Workspace, requirements: &Path) -> Result<PathBuf> {
    let environment = folder(workspace).join("python");
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let wanted = fs::read(requirements)?;
    let seal = environment.join("requirements.txt");
    if fs::read(&seal).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    println!("Installing Python packages below the target directory (about half a minute) ...");
    let python = programs::ensure_python()?;
    let mut command = Command::new(python);
    command.args(["-m", "venv", "--clear"]).arg(&environment);
    run(&mut command, "python3 -m venv")?;
    let mut pip = Command::new(programs.join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    run(&mut pip, "pip install")?;
    // Only what is whole is sealed.
    fs::write(&seal, wanted).context("cannot write into target/tools")?;
    Ok(programs)
}

/// Where the tools are installed.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools")
}

/// PATH, with the tools before all else.
pub fn search_path(workspace: &Workspace) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own = folder(workspace).join("bin");
    Ok(env::join_paths([own].into_iter().chain(env::split_paths(&path)))?)
}

/// Installs a tool from its own lock file, compiled in haste: it runs once or twice.
pub fn install(workspace: &Workspace, package: &str, version: &str) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["install", "--locked", "--no-default-features", "--version", version, package]);
    cargo.arg("--root").arg(folder(workspace)).env_remove("CARGO_TARGET_DIR");
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    run(&mut cargo, &format!("installing {package}"))
}

/// The version that a tool tells: the second word of `trunk 0.21.14`.
pub fn version_of(tool: &str, path: &OsString) -> Option<String> {
    let output =
        Command::new(tool).arg("--version").env("PATH", path).env_remove("NO_COLOR").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// Major, minor and patch of a version, for comparison.
fn triple(version: &str) -> [u32; 3] {
    let mut numbers =
        version.trim_start_matches('v').split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare() {
        assert!(triple("0.21.9") < triple("0.21.14"));
        assert!(triple("0.22.0-beta.1") > triple("0.21.14"));
        assert_eq!(triple("v0.5.4"), [0, 5, 4]);
        assert_eq!(triple("odd"), [0, 0, 0]);
    }
}
