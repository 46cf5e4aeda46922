//! The shapes in which the page is published, made of the same parts.
//!
//! * the site, for any static host;
//! * one HTML file, which needs no other: for a disk, an attachment, the `srcdoc` of a frame;
//! * a package for npm, which brings the element `<consensus-lab>`.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::build::Parts;
use crate::page::{self, Inline, WORKER};

/// The page as one file.
pub const SINGLE: &str = "conclave.html";

/// A file: its name and its content.
pub type File = (String, Vec<u8>);

/// The files of the site.
pub fn site(parts: &Parts) -> Result<Vec<File>> {
    let files = [
        ("index.html", page::site_html(&parts.html)?.into_bytes()),
        ("style.css", parts.style.clone().into_bytes()),
        ("app.js", parts.script.clone().into_bytes()),
        ("icon.svg", parts.icon.clone()),
        ("manifest.webmanifest", parts.manifest.clone().into_bytes()),
    ];
    let mut files: Vec<File> = files.map(|(name, content)| (name.to_owned(), content)).into();
    let worker = service_worker(&parts.worker, &files);
    files.push((WORKER.to_owned(), worker.into_bytes()));
    Ok(files)
}

/// The service worker: told which files to keep, and what tells this build from another.
fn service_worker(script: &str, files: &[File]) -> String {
    let mut hash = Sha256::new();
    let mut names = Vec::new();
    for (name, content) in files {
        hash.update(name);
        hash.update(content);
        // The page's address ends at its folder.
        names.push(if name == "index.html" { "" } else { name });
    }
    let hash = &BASE64_STANDARD.encode(hash.finalize())[..12];
    format!("const hash = {hash:?};\nconst files = {names:?};\n{script}")
}

/// The page as one file.
pub struct Single {
    pub html: String,
    /// What a policy must allow for it, as the directives of a `Content-Security-Policy`.
    pub policy: String,
}

/// Makes the page one file. Its own policy allows what stands in it, by hashes, and nothing else.
pub fn single(parts: &Parts) -> Result<Single> {
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        source(&parts.script),
        source(&parts.style)
    );
    let (style, script) = (&*parts.style, &*parts.script);
    let inline = Inline { style, script, icon: &parts.icon, policy: &policy };
    Ok(Single { html: page::single_html(&parts.html, &inline)?, policy })
}

/// The files of the npm package.
pub fn package(parts: &Parts) -> Result<Vec<File>> {
    let script = "\"path\": \"app.js\"";
    ensure!(parts.manual.matches(script).count() == 1, "custom-elements.json lacks {script}");
    let manual = parts.manual.replace(script, "\"path\": \"index.js\"");
    let mut files = parts.package.clone();
    files.push(("conclave.js".to_owned(), parts.script.clone().into_bytes()));
    files.push(("custom-elements.json".to_owned(), manual.into_bytes()));
    Ok(files)
}

/// How a policy names an inline script or style of this text.
fn source(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            html: "<link data-trunk rel=\"icon\" href=\"icon.svg\" />\n<body>\n</body>\n".into(),
            style: "p {}".into(),
            icon: b"<svg/>".into(),
            script: "s();".into(),
            worker: "keep();\n".into(),
            manifest: "{}".into(),
            manual: "{ \"path\": \"app.js\" }".into(),
            package: vec![("index.js".into(), b"import".to_vec())],
        }
    }

    #[test]
    fn the_service_worker_keeps_every_file_and_is_another_when_one_changes() {
        let worker = |parts: &Parts| {
            let files = site(parts).unwrap();
            let (name, content) = files.last().unwrap().clone();
            assert_eq!(name, WORKER);
            String::from_utf8(content).unwrap()
        };
        let before = worker(&parts());
        let names =
            r#"const files = ["", "style.css", "app.js", "icon.svg", "manifest.webmanifest"];"#;
        assert!(before.contains(names), "{before}");
        assert!(before.ends_with("\nkeep();\n"), "{before}");
        assert_eq!(worker(&parts()), before);
        assert_ne!(worker(&Parts { style: "p { margin: 0 }".into(), ..parts() }), before);
    }

    #[test]
    fn the_package_holds_what_it_describes() {
        let files = package(&parts()).unwrap();
        let names: Vec<_> = files.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["index.js", "conclave.js", "custom-elements.json"]);
        assert_eq!(files[2].1, b"{ \"path\": \"index.js\" }");
        assert!(package(&Parts { manual: "{}".into(), ..parts() }).is_err());
    }

    #[test]
    fn a_policy_names_a_text_by_its_hash() {
        // Of the example in https://www.w3.org/TR/CSP3/#external-hash, by openssl.
        assert_eq!(
            source("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
