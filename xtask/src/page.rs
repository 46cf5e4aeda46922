//! From `index.html` and its parts to the files of `dist/`: pure functions over text.
//!
//! `index.html` is written for Trunk: `<link data-trunk rel=".." href="..">` names each part. Here each such line is
//! replaced by what the bundle has in its place, so that both builders read one source.

use anyhow::{Context, Result, bail};

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

/// The `index.html` of the bundle: one script, one style sheet.
pub fn bundled_html(html: &str) -> Result<String> {
    let mut bundled = String::with_capacity(html.len());
    let mut styled = false;
    let uncommented = without_comments(html, "<!--", "-->")?;
    for line in uncommented.lines().filter(|line| !line.trim().is_empty()) {
        let indent = &line[..line.len() - line.trim_start().len()];
        let replacement = match part(line)? {
            None => Some(line.to_owned()),
            Some(Part::Css(_)) if styled => None,
            Some(Part::Css(_)) => {
                styled = true;
                Some(format!("{indent}<link rel=\"stylesheet\" href=\"style.css\" />"))
            }
            Some(Part::Icon(path)) => {
                Some(format!("{indent}<link rel=\"icon\" href=\"{}\" />", file_name(path)))
            }
            Some(Part::Rust) => Some(format!("{indent}<script src=\"app.js\" defer></script>")),
            Some(Part::File(_)) => None,
        };
        if let Some(text) = replacement {
            bundled.push_str(&text);
            bundled.push('\n');
        }
    }
    Ok(bundled)
}

/// The last component of a path as `index.html` writes it.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The scripts of the bundle, in one classic script that leaves no name behind.
pub struct Scripts<'a> {
    /// `static/boot.js`
    pub boot: &'a str,
    /// What wasm-bindgen generated for `no_modules`.
    pub glue: &'a str,
    /// The wasm of the crate `unpack` in base64.
    pub unpacker: &'a str,
    /// The program's wasm, packed for it, in base64.
    pub packed: &'a str,
    /// How many bytes the program's wasm has.
    pub length: usize,
    /// `static/start-bundle.js`
    pub start: &'a str,
}

impl Scripts<'_> {
    /// The text of `app.js`.
    pub fn join(&self) -> String {
        let Self { boot, glue, unpacker, packed, length, start } = self;
        let mut script = String::from("(() => {\n\"use strict\";\n");
        for part in [boot, glue] {
            shorten_into(&mut script, part);
        }
        script.push_str(&format!(
            "const unpacker = \"{unpacker}\";
"
        ));
        script.push_str(&format!(
            "const packed = {{ length: {length}, data: \"{packed}\" }};
"
        ));
        shorten_into(&mut script, start);
        script.push_str("})();\n");
        script
    }
}

/// Appends a script without what is for those who read its source: comments that have a line for themselves, and the
/// indentation of the others. None of the scripts has a text of several lines, which would lose by that.
fn shorten_into(out: &mut String, script: &str) {
    for line in script.lines().map(str::trim) {
        let is_comment = ["//", "/**", "* ", "*/"].iter().any(|start| line.starts_with(start));
        if !is_comment && !line.is_empty() && line != "*" {
            out.push_str(line);
            out.push('\n');
        }
    }
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
    fn the_bundle_has_one_script_and_one_style_sheet() {
        let expected = r#"<head>
  <link rel="icon" href="icon.svg" />
  <link rel="stylesheet" href="style.css" />
  <script src="app.js" defer></script>
</head>
"#;
        assert_eq!(bundled_html(SOURCE).unwrap(), expected);
    }

    #[test]
    fn the_script_of_the_bundle_has_no_comments() {
        let boot =
            "/**\n * Starts.\n *\n */\nfunction boot() {\n  // Now:\n  return 2 * 3; // six\n}\n";
        let scripts = Scripts {
            boot,
            glue: "g();",
            unpacker: "AAAA",
            packed: "BBBB",
            length: 5,
            start: "s();",
        };
        let expected = "(() => {\n\"use strict\";\nfunction boot() {\nreturn 2 * 3; // six\n}\ng();\n\
                        const unpacker = \"AAAA\";\nconst packed = { length: 5, data: \"BBBB\" };\n\
                        s();\n})();\n";
        assert_eq!(scripts.join(), expected);
    }

    #[test]
    fn unknown_parts_are_refused() {
        assert!(bundled_html("<link data-trunk rel=\"sass\" href=\"a.scss\" />").is_err());
        assert!(bundled_html("<link data-trunk rel=\"css\" />").is_err());
        assert!(bundled_html("<!-- open").is_err());
    }
}
