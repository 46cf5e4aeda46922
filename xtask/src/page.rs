//! From `index.html` and its parts to the files of `dist/`: pure functions over text.
//!
//! `index.html` is written for Trunk: `<link data-trunk rel=".." href="..">` names each part. Here each such line is
//! replaced by what the bundle has in its place, so that both builders read one source.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// The site's service worker.
pub const WORKER: &str = "service-worker.js";

/// What a `data-trunk` line of `index.html` asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A style sheet at this path; all are joined into `style.css`.
    Css(&'a str),
    /// An icon at this path; copied.
    Icon(&'a str),
    /// A file at this path that Trunk copies; scripts go into `app.js` instead.
    File(&'a str),
    /// The program.
    Rust,
}

/// The parts that `index.html` names, in order.
pub fn parts(html: &str) -> Result<Vec<Part<'_>>> {
    html.lines().filter_map(|line| part(line).transpose()).collect()
}

/// The `index.html` of the site: one script, one style sheet.
pub fn site_html(html: &str) -> Result<String> {
    let mut styled = false;
    let lines = rewritten(html, |part| match part {
        Part::Css(_) if styled => None,
        Part::Css(_) => {
            styled = true;
            Some("<link rel=\"stylesheet\" href=\"style.css\" />".to_owned())
        }
        Part::Icon(path) => Some(format!("<link rel=\"icon\" href=\"{}\" />", file_name(path))),
        Part::Rust => {
            Some(format!("<script src=\"app.js\" data-offline=\"{WORKER}\" defer></script>"))
        }
        Part::File(_) => None,
    });
    Ok(lines?.concat())
}

/// What the page is made of when it is one file.
#[derive(Clone, Copy)]
pub struct Inline<'a> {
    pub style: &'a str,
    pub script: &'a str,
    /// An SVG.
    pub icon: &'a [u8],
    /// What is to be said in a `<meta>` about what the page may do.
    pub policy: &'a str,
}

/// The page as one file that needs no other.
pub fn single_html(html: &str, inline: &Inline) -> Result<String> {
    let Inline { style, script, icon, policy } = inline;
    for (text, end) in [(style, "</style"), (script, "</script"), (script, "<!--")] {
        ensure!(!text.contains(end), "what is inlined contains {end}");
    }
    let lines = rewritten(html, |part| match part {
        Part::Icon(_) => {
            let icon = BASE64_STANDARD.encode(icon);
            Some(format!("<link rel=\"icon\" href=\"data:image/svg+xml;base64,{icon}\" />"))
        }
        Part::Css(_) | Part::Rust | Part::File(_) => None,
    });
    let mut single = String::new();
    for line in lines? {
        match line.trim() {
            // A script that stands in the page runs at once: after what it wants to find.
            "</body>" => single.push_str(&format!("<script>{script}</script>\n")),
            "<meta charset=\"utf-8\" />" => {
                let policy = format!(
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\" />\n"
                );
                single.push_str(&line);
                single.push_str(&policy);
                single.push_str(&format!("<style>{style}</style>\n"));
                continue;
            }
            _ => {}
        }
        single.push_str(&line);
    }
    Ok(single)
}

/// The lines of `index.html` with the parts replaced, without its comments.
fn rewritten(html: &str, mut replace: impl FnMut(Part) -> Option<String>) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let uncommented = without_comments(html, "<!--", "-->")?;
    for line in uncommented.lines().filter(|line| !line.trim().is_empty()) {
        let indent = &line[..line.len() - line.trim_start().len()];
        match part(line)? {
            None => lines.push(format!("{line}\n")),
            Some(part) => {
                lines.extend(replace(part).map(|text| format!("{indent}{text}\n")));
            }
        }
    }
    Ok(lines)
}

/// The last component of a path as `index.html` writes it.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The scripts of the bundle, in one classic script that leaves no name behind.
pub struct Scripts<'a> {
    /// The scripts that `index.html` names, in order: `static/boot.js` and what it is helped by.
    pub boot: &'a str,
    /// What wasm-bindgen generated for `no_modules`.
    pub glue: &'a str,
    /// The wasm of the crate `unpack` in hexadecimal digits.
    pub unpacker: &'a str,
    /// The program's wasm, packed for it, in base64.
    pub packed: &'a str,
    /// How many bytes the program's wasm has.
    pub length: usize,
    /// `static/start-bundle.js`
    pub start: &'a str,
    /// `static/offline.js`
    pub offline: &'a str,
}

impl Scripts<'_> {
    /// The text of `app.js`.
    pub fn join(&self) -> String {
        let Self { boot, glue, unpacker, packed, length, start, offline } = self;
        format!(
            "(() => {{\n\"use strict\";\n{boot}\n{glue}\n\
             const packed = {{ length: {length}, unpacker: \"{unpacker}\", data: \"{packed}\" }};\n{start}\n{offline}\n}})();\n"
        )
    }
}

/// A classic script, as short as can be.
pub fn minified(script: &str) -> Result<String> {
    let arena = Allocator::default();
    let parsed = Parser::new(&arena, script, SourceType::script()).parse();
    ensure!(parsed.diagnostics.is_empty(), "not JavaScript: {:?}", parsed.diagnostics);
    let mut program = parsed.program;
    let names = Minifier::new(MinifierOptions::default()).minify(&arena, &mut program).scoping;
    let codegen = Codegen::new().with_options(CodegenOptions::minify());
    Ok(codegen.with_scoping(names).build(&program).code)
}

/// The part that a line names, if it is a `data-trunk` line.
fn part(line: &str) -> Result<Option<Part<'_>>> {
    let line = line.trim();
    if !line.starts_with("<link data-trunk ") {
        return Ok(None);
    }
    let href = || attribute(line, "href").with_context(|| format!("no href: {line}"));
    let part = match attribute(line, "rel") {
        Some("css") => Part::Css(href()?),
        Some("icon") => Part::Icon(href()?),
        Some("copy-file") => Part::File(href()?),
        Some("rust") => Part::Rust,
        _ => bail!("index.html: this tool knows rel=css, icon, copy-file and rust only: {line}"),
    };
    Ok(Some(part))
}

/// The value of `name="value"` in a line.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    let length = line[start..].find('"')?;
    Some(&line[start..start + length])
}

/// A text without its comments, which are for those who read the source.
pub fn without_comments(text: &str, open: &str, close: &str) -> Result<String> {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, comment)) = rest.split_once(open) {
        kept.push_str(before);
        let end = comment.split_once(close);
        rest = end.with_context(|| format!("a comment does not end: {open}{comment}"))?.1;
    }
    kept.push_str(rest);
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"<head>
  <!-- for
       readers -->
  <link data-trunk rel="icon" href="static/icon.svg" />
  <link data-trunk rel="css" href="static/style/a.css" />
  <link data-trunk rel="css" href="static/style/b.css" />
  <link data-trunk rel="rust" data-bin="conclave" />
  <link data-trunk rel="copy-file" href="static/boot.js" />
</head>
"#;

    #[test]
    fn parts_come_in_order() {
        let expected = [
            Part::Icon("static/icon.svg"),
            Part::Css("static/style/a.css"),
            Part::Css("static/style/b.css"),
            Part::Rust,
            Part::File("static/boot.js"),
        ];
        assert_eq!(parts(SOURCE).unwrap(), expected);
    }

    #[test]
    fn the_site_has_one_script_and_one_style_sheet() {
        let expected = r#"<head>
  <link rel="icon" href="icon.svg" />
  <link rel="stylesheet" href="style.css" />
  <script src="app.js" data-offline="service-worker.js" defer></script>
</head>
"#;
        assert_eq!(site_html(SOURCE).unwrap(), expected);
    }

    #[test]
    fn a_single_file_carries_all_and_says_what_it_may_do() {
        let source = format!("<meta charset=\"utf-8\" />\n{SOURCE}<body>\n</body>\n");
        let inline = Inline { style: "p {}", script: "s();", icon: b"<svg/>", policy: "none" };
        let expected = r#"<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="none" />
<style>p {}</style>
<head>
  <link rel="icon" href="data:image/svg+xml;base64,PHN2Zy8+" />
</head>
<body>
<script>s();</script>
</body>
"#;
        assert_eq!(single_html(&source, &inline).unwrap(), expected);
        for script in ["\"</script>\"", "\"<!-- <script>\""] {
            assert!(single_html(&source, &Inline { script, ..inline }).is_err(), "{script}");
        }
    }

    #[test]
    fn a_script_is_made_short() {
        let scripts = Scripts {
            boot: "/**\n * Starts.\n */\nfunction boot(load) {\n  return 2 * load(); // six\n}\n",
            glue: "const glue = () => globalThis.g();",
            unpacker: "AAAA",
            packed: "BBBB",
            length: 5,
            start: "boot(() => glue(packed.unpacker, packed.data, packed.length));",
            offline: "globalThis.o();",
        };
        let short = minified(&scripts.join()).unwrap();
        for kept in ["AAAA", "BBBB", "globalThis.o()"] {
            assert!(short.contains(kept), "{short}");
        }
        for gone in ["Starts", "six", "\n  "] {
            assert!(!short.contains(gone), "{short}");
        }
        assert!(minified("const = 1;").is_err());
    }

    #[test]
    fn unknown_parts_are_refused() {
        assert!(site_html("<link data-trunk rel=\"sass\" href=\"a.scss\" />").is_err());
        assert!(site_html("<link data-trunk rel=\"css\" />").is_err());
        assert!(site_html("<!-- open").is_err());
    }
}
