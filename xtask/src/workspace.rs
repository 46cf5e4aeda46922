//! Where things lie, and how cargo is called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The target triple of the page.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Lets cargo build the library with the engines that ours is compared with. The page is built without.
pub const PEERS: &str = "--features=peers";

/// The checkout that this tool works on.
pub struct Workspace {
    /// The folder of the top `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target directory, wherever the user has put it.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo where the workspace and its target directory are.
    pub fn find() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("xtask lies outside of a workspace")?.to_owned();
        let output = Command::new(cargo_program())
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(&root)
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata failed");
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?
            .into();
        Ok(Self { root, target })
    }

    /// The folder that holds the finished page.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The folder that holds the finished examples.
    pub fn examples(&self) -> PathBuf {
        self.target.join("embedded")
    }

    /// A cargo command at the root of the workspace.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root);
        command
    }

    /// `path`, relative to the root where possible: for people to read.
    pub fn display(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// The cargo that runs this tool, or the one on PATH.
fn cargo_program() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

/// Runs `command` with its output shown, and fails if it fails. `what` names it in the error.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| {
        format!("cannot run {} (for: {what})", command.get_program().to_string_lossy())
    })?;
    ensure!(status.success(), "{what} failed ({status})");
    Ok(())
}

/// Makes sure that rustc can compile for wasm32; asks rustup to add the target if not.
pub fn ensure_wasm_target() -> Result<()> {
    if has_wasm_target()? {
        return Ok(());
    }
    println!("Adding rustc's {WASM_TARGET} target with rustup (about 5 s) ...");
    let added = Command::new("rustup").args(["target", "add", WASM_TARGET]).status();
    if !added.is_ok_and(|status| status.success()) || !has_wasm_target()? {
        bail!(
            "rustc has no standard library for {WASM_TARGET}. With rustup: `rustup target add \
             {WASM_TARGET}`. Without rustup: install your distribution's package of it, for example \
             libstd-rust-dev-wasm32 (Debian, Ubuntu) or rust-std-static-{WASM_TARGET} (Fedora)."
        );
    }
    Ok(())
}

/// Whether the folder that rustc names for the target's libraries exists and holds any.
fn has_wasm_target() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .output()
        .context("cannot run rustc")?;
    let libdir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let mut entries = libdir.read_dir().into_iter().flatten().flatten();
    Ok(entries.any(|entry| entry.path().extension().is_some_and(|extension| extension == "rlib")))
}
