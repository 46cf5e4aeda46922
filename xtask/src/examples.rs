//! `cargo xtask examples`: the pages of `examples/embed/`, made as an instructor makes them, by tools that others wrote.
//!
//! Each is copied to a folder below cargo's target directory, the finished page of `cargo xtask build` is laid beside it
//! under the name that the example has for it, and its tool makes of them what readers see. The browser tests open that.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::artefacts::SINGLE;
use crate::browser;
use crate::tools;
use crate::workspace::{Workspace, run};

/// The version that is installed; also the oldest that will do.
const MDBOOK_VERSION: &str = "0.5.4";

/// Builds all of them anew.
pub fn build(workspace: &Workspace) -> Result<()> {
    let (from, to) = (workspace.root.join("examples/embed"), workspace.examples());
    let single = workspace.root.join("artefacts").join(SINGLE);
    ensure!(single.exists(), "there is no page to embed: cargo xtask build");
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    copy_folder(&from, &to)?;
    for place in ["page/conclave", "book/src/conclave", "slides/conclave"] {
        copy_folder(&workspace.dist(), &to.join(place))?;
    }
    fs::copy(&single, to.join("notebook").join(SINGLE))?;
    let reveal = browser::ensure_packages(workspace)?.join("reveal.js/dist");
    copy_folder(&reveal, &to.join("slides/reveal"))?;
    book(workspace, &to.join("book"))?;
    notebook(workspace, &to.join("notebook"))?;
    println!("The examples are in {}", workspace.display(&to));
    Ok(())
}

/// By mdBook.
fn book(workspace: &Workspace, folder: &Path) -> Result<()> {
    tools::ensure(workspace, "mdbook", MDBOOK_VERSION, "about a minute")?;
    let mut mdbook = Command::new("mdbook");
    mdbook.arg("build").arg(folder).env("PATH", tools::search_path(workspace)?);
    run(&mut mdbook, "mdbook build")
}

/// By Jupyter, which runs it and makes it a page.
fn notebook(workspace: &Workspace, folder: &Path) -> Result<()> {
    let programs = tools::ensure_python(workspace, &folder.join("requirements.txt"))?;
    let mut nbconvert = Command::new(programs.join("jupyter-nbconvert"));
    // Unconfigured, it makes pages that load scripts from elsewhere.
    nbconvert.args(["--config=jupyter_nbconvert_config.json", "--log-level=WARN"]);
    nbconvert.args(["--to=html", "--execute", "election.ipynb"]);
    run(nbconvert.current_dir(folder), "jupyter-nbconvert")
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
