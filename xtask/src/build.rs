//! `cargo xtask build`: from sources to what is published.
//!
//! `dist/` is the site, a *classic bundle*: `index.html`, `style.css`, an icon and one classic `app.js` that carries the
//! wasm inside. It has relative addresses only, fetches nothing and inlines nothing, so that it works from any static
//! host and path, from a file, in a sandboxed frame and under a strict Content-Security-Policy.
//!
//! `artefacts/` holds the same page in other shapes: see [`crate::artefacts`].

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lzma_rust2::{LzmaOptions, LzmaWriter};
use unpack::lzma;
use unpack::streams::{self, ADDRESS, Belt, CONSTANT, LONG_CONSTANT, OPCODES, STREAMS, TURN};
use wasm_bindgen_cli_support::Bindgen;

use crate::args::Profile;
use crate::artefacts::{self, File, SINGLE};
use crate::page::{self, Part, Scripts};
use crate::weight::{LIMIT_BYTES, SINGLE_LIMIT_BYTES, Scale, kilo};
use crate::workspace::{PEERS, WASM_TARGET, Workspace, ensure_wasm_target, run};

/// The name of the binary that is the page.
const BINARY: &str = "conclave";

/// Where in the source a panic comes from stays out of what is published: 5 KB, and the paths of the machine that built it.
/// Who replays the recording of the run finds the place. The flag is one of those that a stable compiler takes only when
/// told that they may change.
const NO_LOCATIONS: &str = "target.wasm32-unknown-unknown.rustflags=[\"-Zlocation-detail=none\"]";

/// Builds all artefacts and prints what they weigh.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let start = Instant::now();
    ensure_wasm_target()?;
    compile(workspace, profile)?;
    let wasm = Path::new(profile.folder()).join(BINARY).with_extension("wasm");
    let (glue, wasm) = bind(workspace, &wasm, profile)?;
    let unpacker = compile_unpacker(workspace)?;
    let parts = Parts::read(workspace, &glue, &wasm, &unpacker, profile)?;
    let site = artefacts::site(&parts)?;
    write_folder(&workspace.dist(), &site)?;
    let single = artefacts::single(&parts)?;
    let package = artefacts::package(&parts)?;
    let mut others = vec![(SINGLE.to_owned(), single.html.into_bytes())];
    others.extend(package.into_iter().map(|(name, content)| (format!("npm/{name}"), content)));
    write_folder(&workspace.root.join("artefacts"), &others)?;

    let scale = weigh(&site)?;
    println!("{}", scale.table("dist/").trim_end());
    let (lone, package) = others.split_at(1);
    let lone = weigh(lone)?;
    println!("{}", lone.table("artefacts/").trim_end());
    println!("{}", weigh(package)?.table("artefacts/").trim_end());
    println!(
        "  Where a policy governs inline scripts and styles, {SINGLE} wants: {}",
        single.policy
    );
    let seconds = start.elapsed().as_secs_f32();
    println!(
        "All is ready after {seconds:.1} s; the wasm had {} before packing.",
        kilo(wasm.len())
    );
    if profile == Profile::Release {
        scale.check("the page", LIMIT_BYTES)?;
        lone.check("the single file", SINGLE_LIMIT_BYTES)?;
        println!("The page weighs {} of the {} allowed.", kilo(scale.total()), kilo(LIMIT_BYTES));
    }
    Ok(())
}

fn weigh(files: &[File]) -> Result<Scale> {
    let mut scale = Scale::default();
    for (name, content) in files {
        scale.put(name, content)?;
    }
    Ok(scale)
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
            command.arg("--release").args(["--config", NO_LOCATIONS]).env("RUSTC_BOOTSTRAP", "1");
        }
        Profile::Dev => println!("Compiling the page without optimization (some seconds) ..."),
    }
    run(&mut command, "compiling the page")
}

/// Compiles the crate `unpack` to wasm, which takes a second; it is always as small as can be. wasm-bindgen does not write
/// it anew, so it is the linker that has to write short numbers short.
fn compile_unpacker(workspace: &Workspace) -> Result<Vec<u8>> {
    let mut command = workspace.cargo();
    command.args(["rustc", "--quiet", "--release", "--target", WASM_TARGET, "--package", "unpack"]);
    command.args(["--crate-type", "cdylib", "--", "-Clink-arg=--compress-relocations"]);
    run(command.env("CARGO_PROFILE_RELEASE_STRIP", "true"), "compiling the unpacker")?;
    let wasm = workspace.target.join(WASM_TARGET).join("release/unpack.wasm");
    fs::read(&wasm).with_context(|| format!("cannot read {}", workspace.display(&wasm)))
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
    let mut glue = without_own_address(output.js())?;
    let module = output.wasm_mut();
    if published {
        for (number, import) in module.imports.iter_mut().enumerate() {
            let short = format!("f{number}");
            glue = rename_import(&glue, &import.name, &short)?;
            import.name = short;
        }
    }
    let mut wasm = module.emit_wasm();
    without_alignments(&mut wasm);
    Ok((glue, wasm))
}

/// The glue without the statement by which it finds its own address. Nothing wants it, and it throws in the text of a
/// frame, where no address can be made of `about:srcdoc`.
fn without_own_address(glue: &str) -> Result<String> {
    const STATEMENT: &str =
        "script_src = new URL(document.currentScript.src, location.href).toString();";
    ensure!(glue.matches(STATEMENT).count() == 1, "wasm-bindgen's glue lacks: {STATEMENT}");
    Ok(glue.replace(STATEMENT, ""))
}

/// Gives a function of the glue that the wasm imports a shorter name. wasm-bindgen's are hashes, which do not compress,
/// and they stand in both.
fn rename_import(glue: &str, name: &str, short: &str) -> Result<String> {
    let (long, short) = (format!("{name}: "), format!("{short}: "));
    ensure!(glue.matches(&long).count() == 1, "wasm-bindgen's glue does not define {name} once");
    Ok(glue.replace(&long, &short))
}

/// The glue with a start of our own: the wasm is at hand, so that nothing needs to be fetched.
fn start_from_bytes(glue: &str) -> Result<String> {
    const OWN: &str = "async function start(bytes) {
const { instance } = await WebAssembly.instantiate(bytes, __wbg_get_imports());
__wbg_finalize_init(instance);
return exports;
}
return start;
";
    let cut = glue.split_once("async function __wbg_load");
    let cut = cut.and_then(|(before, rest)| {
        let (_, after) =
            rest.split_once("return Object.assign(__wbg_init, { initSync }, exports);")?;
        Some([before, OWN, after].concat())
    });
    cut.context("wasm-bindgen's glue does not start as it did")
}

/// What every artefact is made of.
pub struct Parts {
    /// The source of the page.
    pub html: String,
    /// The style sheets that it names, joined.
    pub style: String,
    /// The icon, an SVG.
    pub icon: Vec<u8>,
    /// The script that is the whole program.
    pub script: String,
    pub worker: String,
    pub manifest: String,
    /// What the element has, as the Custom Elements Manifest of the project of that name.
    pub manual: String,
    /// The files of the npm package that are there already.
    pub package: Vec<File>,
}

impl Parts {
    fn read(
        workspace: &Workspace,
        glue: &str,
        wasm: &[u8],
        unpacker: &[u8],
        profile: Profile,
    ) -> Result<Self> {
        let read = |path: &str| {
            fs::read_to_string(workspace.root.join(path))
                .with_context(|| format!("cannot read {path}"))
        };
        let html = read("index.html")?;
        let (mut style, mut icon, mut scripts) = (String::new(), Vec::new(), String::new());
        for part in page::parts(&html)? {
            match part {
                Part::Css(path) => {
                    style.push_str(&page::without_comments(&read(path)?, "/*", "*/")?);
                }
                Part::Icon(path) => icon = read(path)?.into_bytes(),
                // How Trunk's page starts is its own.
                Part::File(path) if path.ends_with("start-module.js") => {}
                Part::File(path) => scripts.push_str(&read(path)?),
                Part::Rust => {}
            }
        }
        let scripts = Scripts {
            boot: &scripts,
            glue: &start_from_bytes(glue)?,
            unpacker: &unpacker.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            packed: &BASE64_STANDARD.encode(pack(wasm, profile)?),
            length: wasm.len(),
            start: &read("static/start-bundle.js")?,
            offline: &read("static/offline.js")?,
        };
        let mut package = Vec::new();
        for path in [
            "static/npm/package.json",
            "static/npm/index.js",
            "static/npm/index.d.ts",
            "static/npm/README.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
        ] {
            package.push((page::file_name(path).to_owned(), read(path)?.into_bytes()));
        }
        Ok(Self {
            style,
            icon,
            package,
            manual: read("static/custom-elements.json")?,
            script: published(scripts.join(), profile)?,
            worker: published(read("static/service-worker.js")?, profile)?,
            manifest: read("static/manifest.webmanifest")?,
            html,
        })
    }
}

/// A script as it is published; in a build for trying things out, as it was written.
fn published(script: String, profile: Profile) -> Result<String> {
    match profile {
        Profile::Release => page::minified(&script),
        Profile::Dev => Ok(script),
    }
}

/// Says of no access to memory how it is aligned. That is a hint, which processors of today do not need, and 3 KB that
/// cannot be foretold.
fn without_alignments(wasm: &mut [u8]) {
    let mut split = Split::new(wasm);
    streams::walk(&mut split);
    for place in split.alignments {
        wasm[place] = 0;
    }
}

/// A wasm, packed for the crate `unpack`. What is published is packed as well as can be, which takes some seconds.
fn pack(wasm: &[u8], profile: Profile) -> Result<Vec<u8>> {
    let mut split = Split::new(wasm);
    streams::walk(&mut split);
    let (mut head, mut bodies) = (Vec::new(), Vec::new());
    for (number, stream) in split.streams.iter_mut().enumerate() {
        if streams::is_turned(number) {
            for byte in &mut *stream {
                *byte = byte.rotate_right(TURN);
            }
        }
        let packed = compress(stream, streams::context_bits(number), profile)?;
        for length in [stream.len(), packed.len()] {
            head.extend(u32::try_from(length)?.to_le_bytes());
        }
        bodies.extend(packed);
    }
    head.extend(bodies);
    let (mut room, mut unpacked) = (vec![0; wasm.len()], vec![0; wasm.len()]);
    unpack::unpack(&head, &mut room, &mut unpacked);
    ensure!(unpacked == wasm, "the wasm does not unpack to what was packed");
    Ok(head)
}

/// From the whole to the streams.
struct Split<'a> {
    whole: &'a [u8],
    passed: usize,
    streams: [Vec<u8>; STREAMS],
    /// Where the alignments are.
    alignments: Vec<usize>,
}

impl<'a> Split<'a> {
    fn new(whole: &'a [u8]) -> Self {
        Self { whole, passed: 0, streams: Default::default(), alignments: Vec::new() }
    }
}

impl Belt for Split<'_> {
    fn byte(&mut self, stream: usize) -> u8 {
        let byte = self.whole[self.passed];
        if stream == streams::ALIGNMENTS {
            self.alignments.push(self.passed);
        }
        self.streams[stream].push(byte);
        self.passed += 1;
        byte
    }

    fn opcode(&mut self) -> u8 {
        let opcode = match self.whole[self.passed..] {
            [CONSTANT, 0x80..=0xFF, 0x80..=0xFF, ..] => ADDRESS,
            [CONSTANT, 0x80..=0xFF, ..] => LONG_CONSTANT,
            [opcode, ..] => opcode,
            [] => panic!("the wasm ends within a function"),
        };
        self.streams[OPCODES].push(opcode);
        self.passed += 1;
        opcode
    }

    fn begin_function(&mut self) {
        while self.whole[self.passed] >= 0x80 {
            self.passed += 1;
        }
        self.passed += 1;
    }

    fn end_function(&mut self) {}

    fn is_done(&self) -> bool {
        self.passed == self.whole.len()
    }
}

fn compress(stream: &[u8], context_bits: u32, profile: Profile) -> Result<Vec<u8>> {
    let mut options = match profile {
        Profile::Release => {
            LzmaOptions { nice_len: LzmaOptions::NICE_LEN_MAX, ..LzmaOptions::with_preset(9) }
        }
        Profile::Dev => LzmaOptions::with_preset(0),
    };
    options.lc = context_bits;
    options.lp = lzma::LITERAL_POSITION_BITS;
    options.pb = lzma::POSITION_BITS;
    // The unpacker sees all that it has unpacked, at any distance.
    options.dict_size = u32::try_from(stream.len())?.next_power_of_two().max(1 << 12);
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false)?;
    writer.write_all(stream)?;
    Ok(writer.finish()?)
}

/// Writes the files and removes those of an earlier build.
fn write_folder(folder: &Path, files: &[File]) -> Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let stale = !files.iter().any(|(name, _)| Path::new(name).starts_with(entry.file_name()));
        match (stale, path.is_dir()) {
            (true, true) => {
                bail!("{} is not of this tool's making; please remove it", path.display())
            }
            (true, false) => fs::remove_file(&path)?,
            (false, _) => {}
        }
    }
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, content).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glue_starts_from_bytes_or_is_refused() {
        let glue = "a();\n    async function __wbg_load() { b(); }\n    \
                    return Object.assign(__wbg_init, { initSync }, exports);\n})();";
        let own = start_from_bytes(glue).unwrap();
        assert!(own.starts_with("a();") && own.ends_with("return start;\n\n})();"), "{own}");
        assert!(start_from_bytes("a();").is_err());
    }

    #[test]
    fn an_import_is_renamed_only_where_it_is_defined() {
        let glue = "{ __wbg_log_1a: function() {}, __wbg_log_1ab: __wbg_log_1a }";
        let renamed = "{ f0: function() {}, __wbg_log_1ab: __wbg_log_1a }";
        assert_eq!(rename_import(glue, "__wbg_log_1a", "f0").unwrap(), renamed);
        assert!(rename_import(glue, "__wbg_log_2", "f1").is_err());
    }

    /// A wasm of one function, which has instructions of every kind that the walk tells apart.
    fn small() -> Vec<u8> {
        let body: &[u8] = &[
            1, 2, 0x7F, 0x02, 0x40, 0x20, 0x80, 0x01, 0x41, 0x05, 0x41, 0xFF, 0x00, 0x41, 0x80,
            0x80, 0x01, 0x42, 0x80, 0x80, 0x04, 0x43, 1, 2, 3, 4, 0x44, 1, 2, 3, 4, 5, 6, 7, 8,
            0x28, 2, 0x90, 0x01, 0x3F, 0x00, 0x10, 5, 0x11, 1, 0, 0x0E, 1, 0, 0, 0x0C, 0, 0x1C, 1,
            0x7F, 0x23, 0, 0xD0, 0x6F, 0xFC, 0x0A, 0, 0, 0xFC, 0x0B, 0, 0xFC, 0x00, 0x0B, 0x0B,
        ];
        let mut wasm = b"\0asm\x01\0\0\0\x00\x03abc".to_vec();
        wasm.extend([10, body.len() as u8 + 2, 1, body.len() as u8]);
        wasm.extend(body);
        // A section behind it.
        wasm.extend([11, 2, 1, 0]);
        wasm
    }

    fn unpacked(wasm: &[u8], profile: Profile) -> Vec<u8> {
        let packed = pack(wasm, profile).unwrap();
        let (mut room, mut out) = (vec![0; wasm.len()], vec![0; wasm.len()]);
        unpack::unpack(&packed, &mut room, &mut out);
        out
    }

    #[test]
    fn what_is_packed_unpacks_to_the_same() {
        for profile in [Profile::Release, Profile::Dev] {
            assert_eq!(unpacked(&small(), profile), small());
            assert_eq!(unpacked(b"\0asm\x01\0\0\0", profile), b"\0asm\x01\0\0\0");
        }
    }

    #[test]
    fn alignments_are_hints_and_go() {
        let mut wasm = small();
        without_alignments(&mut wasm);
        let mut expected = small();
        let load = expected.windows(2).position(|bytes| bytes == [0x28, 2]).unwrap();
        expected[load + 1] = 0;
        assert_eq!(wasm, expected);
    }

    #[test]
    fn sizes_of_functions_are_counted_again() {
        for length in [0, 123, 124, 20_000] {
            // No locals, some `nop`, `end`.
            let body = [&[0][..], &vec![0x01; length], &[0x0B]].concat();
            let mut code = vec![1];
            code.extend(leb(body.len()));
            code.extend(body);
            let mut wasm = b"\0asm\x01\0\0\0\x0A".to_vec();
            wasm.extend(leb(code.len()));
            wasm.extend(code);
            assert!(unpacked(&wasm, Profile::Dev) == wasm, "{length}");
        }
    }

    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    #[test]
    fn a_stream_of_any_kind_unpacks_to_the_same() {
        // Copies from near and far, of bytes that repeat and of bytes that do not.
        let noise = |number: u32| (number.wrapping_mul(2_654_435_761) >> 24) as u8;
        let stream: Vec<u8> = (0..300_000).map(|n| noise((n % 90_000) >> (n / 50_000))).collect();
        for length in [0, 1, 2, stream.len()] {
            for (profile, bits) in [(Profile::Release, 4), (Profile::Dev, 2)] {
                let mut out = vec![0; length];
                let packed = compress(&stream[..length], bits, profile).unwrap();
                lzma::decompress(&packed, &mut out, bits);
                assert!(out == stream[..length], "{length} bytes, {profile:?}");
            }
        }
    }
}
