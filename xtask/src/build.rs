//! `cargo xtask build`: from sources to `dist/`.
//!
//! The result is a *classic bundle*: `index.html`, `style.css`, an icon and one classic `app.js` that carries the wasm
//! inside. It has relative addresses only, fetches nothing and inlines nothing, so that it works from any static host
//! and path, from a file, in a sandboxed frame and under a strict Content-Security-Policy.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::args::Profile;
use crate::page::{self, Part, Scripts};
use crate::weight::{AIM_BYTES, LIMIT_BYTES, Scale, kilo};
use crate::workspace::{PEERS, WASM_TARGET, Workspace, ensure_wasm_target, run};

/// The name of the binary that is the page.
const BINARY: &str = "conclave";

/// Builds the page into `dist/` and prints its weight.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let start = Instant::now();
    ensure_wasm_target()?;
    compile(workspace, profile)?;
    let wasm = Path::new(profile.folder()).join(BINARY).with_extension("wasm");
    let (glue, wasm) = bind(workspace, &wasm, profile)?;
    let files = assemble(workspace, &glue, &wasm, profile)?;
    write_dist(&workspace.dist(), &files)?;

    let mut scale = Scale::default();
    for (name, content) in &files {
        scale.put(name, content)?;
    }
    println!("{}", scale.table().trim_end());
    let seconds = start.elapsed().as_secs_f32();
    println!(
        "dist/ is ready after {seconds:.1} s; the wasm had {} before packing.",
        kilo(wasm.len())
    );
    if profile == Profile::Release {
        scale.check()?;
        println!(
            "The page weighs {} of the {} allowed; the aim is {}.",
            kilo(scale.total()),
            kilo(LIMIT_BYTES),
            kilo(AIM_BYTES)
        );
    }
    Ok(())
}

/// Compiles the page to wasm.
fn compile(workspace: &Workspace, profile: Profile) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["build", "--target", WASM_TARGET, "--bin", BINARY]);
    match profile {
        Profile::Release => {
            println!(
                "Compiling the page (about a minute the first time, some seconds after a change) ..."
            );
            command.arg("--release");
        }
        Profile::Dev => println!("Compiling the page without optimization (some seconds) ..."),
    }
    run(&mut command, "compiling the page")
}

/// Builds the benchmark for wasm into a folder, as `measure.js` and `measure.wasm`.
pub fn measure(workspace: &Workspace, folder: &Path) -> Result<()> {
    ensure_wasm_target()?;
    println!("Compiling the benchmark for wasm (some minutes the first time) ...");
    let mut command = workspace.cargo();
    // Without the flags by which the page is made small.
    command.env("CARGO_ENCODED_RUSTFLAGS", "");
    command.args(["build", "--profile", "bench", "--target", WASM_TARGET, "--example", "measure"]);
    run(command.arg(PEERS), "compiling the benchmark")?;
    let wasm = Path::new("release/examples/measure.wasm");
    let (glue, wasm) = bind(workspace, wasm, Profile::Release)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("measure.js"), glue)?;
    fs::write(folder.join("measure.wasm"), wasm)?;
    Ok(())
}

/// Lets wasm-bindgen write the glue to a wasm that cargo has made: its JavaScript and the wasm that fits to it.
fn bind(workspace: &Workspace, wasm: &Path, profile: Profile) -> Result<(String, Vec<u8>)> {
    let input = workspace.target.join(WASM_TARGET).join(wasm);
    let published = profile == Profile::Release;
    let mut output = Bindgen::new()
        .input_path(&input)
        .no_modules(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(published)
        .remove_producers_section(published)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot read {}", workspace.display(&input)))?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "a dependency brings JavaScript modules of its own; a classic script cannot import them"
    );
    let wasm = output.wasm_mut().emit_wasm();
    Ok((output.js().to_owned(), wasm))
}

/// Makes the files of `dist/`: name and content.
fn assemble(
    workspace: &Workspace,
    glue: &str,
    wasm: &[u8],
    profile: Profile,
) -> Result<Vec<(String, Vec<u8>)>> {
    let read = |path: &str| {
        fs::read_to_string(workspace.root.join(path)).with_context(|| format!("cannot read {path}"))
    };
    let html = read("index.html")?;
    let mut style = String::new();
    let mut copied = Vec::new();
    for part in page::parts(&html)? {
        match part {
            Part::Css(path) => style.push_str(&read(path)?),
            Part::File(path) if path.ends_with(".js") => {}
            Part::Icon(path) | Part::File(path) => {
                let content = fs::read(workspace.root.join(path))
                    .with_context(|| format!("cannot read {path}"))?;
                copied.push((page::file_name(path).to_owned(), content));
            }
            Part::Rust => {}
        }
    }
    let app = Scripts {
        boot: &read("static/boot.js")?,
        glue,
        packed_wasm: &pack(wasm, profile)?,
        start: &read("static/start-bundle.js")?,
    };
    let mut files = vec![
        ("index.html".to_owned(), page::bundled_html(&html)?.into_bytes()),
        ("style.css".to_owned(), style.into_bytes()),
        ("app.js".to_owned(), app.join().into_bytes()),
    ];
    files.append(&mut copied);
    Ok(files)
}

/// The wasm, deflated (with zlib's header, as `DecompressionStream("deflate")` wants it), in base64. What is published is
/// deflated by Zopfli, which takes two seconds and saves a twentieth.
fn pack(wasm: &[u8], profile: Profile) -> Result<String> {
    let mut deflated = Vec::new();
    match profile {
        Profile::Release => {
            zopfli::compress(
                zopfli::Options::default(),
                zopfli::Format::Zlib,
                wasm,
                &mut deflated,
            )?;
        }
        Profile::Dev => ZlibEncoder::new(&mut deflated, Compression::fast()).write_all(wasm)?,
    }
    Ok(BASE64_STANDARD.encode(deflated))
}

/// Writes the files and removes those of an earlier build.
fn write_dist(dist: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    fs::create_dir_all(dist)?;
    for entry in fs::read_dir(dist)? {
        let path = entry?.path();
        let stale = !files.iter().any(|(name, _)| path.ends_with(name));
        match (stale, path.is_dir()) {
            (true, true) => {
                bail!("{} is not of this tool's making; please remove it", path.display())
            }
            (true, false) => fs::remove_file(&path)?,
            (false, _) => {}
        }
    }
    for (name, content) in files {
        fs::write(dist.join(name), content).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
