//! Takes the comments out of the page's style sheet, and turns `static/locales/*.toml` into Rust: one function for each phrase, one table for each
//! language. A phrase that a language lacks, has too many, or fills in with other names than English
//! does is an error here, and so a language is complete or the build fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The language whose phrases say which arguments there are.
const REFERENCE: &str = "en";
const FOLDER: &str = "static/locales";
const STYLE: &str = "static/style/page.css";

/// The phrases of a language, by dotted key.
type Phrases = BTreeMap<String, String>;

fn main() {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed={STYLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let write = |name, content: String| {
        fs::write(Path::new(&out).join(name), content).expect("OUT_DIR is writable");
    };
    match fs::read_to_string(STYLE) {
        Ok(style) => write("page.css", without_comments(&style)),
        Err(error) => println!("cargo::error={STYLE}: {error}"),
    }
    match generate(Path::new(FOLDER)) {
        Ok(code) => write("phrases.rs", code),
        Err(errors) => {
            for error in errors {
                println!("cargo::error={error}");
            }
        }
    }
}

/// A style sheet without what is for those who read its source.
fn without_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.filter_map(|part| part.split_once("*/")).fold(first, |kept, (_, rest)| kept + rest)
}

fn generate(folder: &Path) -> Result<String, Vec<String>> {
    let mut languages = read(folder).map_err(|error| vec![error])?;
    languages.sort_by_key(|(id, _)| (id != REFERENCE, id.clone()));
    let (_, reference) = &languages[0];
    let mut errors = Vec::new();
    for (id, phrases) in &languages {
        errors.extend(compare(id, reference, phrases));
    }
    if errors.is_empty() { Ok(code(&languages)) } else { Err(errors) }
}

fn read(folder: &Path) -> Result<Vec<(String, Phrases)>, String> {
    let mut languages = Vec::new();
    let files = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in files {
        let path = file.map_err(|error| error.to_string())?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.display();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        let table: toml::Table = text.parse().map_err(|error| format!("{name}: {error}"))?;
        let mut phrases = Phrases::new();
        flatten("", &table, &mut phrases).map_err(|error| format!("{name}: {error}"))?;
        let id = path.file_stem().expect("it has an extension").to_string_lossy().into_owned();
        languages.push((id, phrases));
    }
    Ok(languages)
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut Phrases) -> Result<(), String> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                let names = arguments(text).map_err(|error| format!("{key}: {error}"))?;
                if names.len() > 10 || text.contains('\0') {
                    return Err(format!("{key}: more than ten arguments, or a zero"));
                }
                into.insert(key, text.clone());
            }
            toml::Value::Table(table) => flatten(&key, table, into)?,
            _ => return Err(format!("{key}: only text is allowed")),
        }
    }
    Ok(())
}

/// The names in braces, in alphabetical order.
fn arguments(text: &str) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').ok_or("a brace is not closed")? + open;
        let name = &rest[open + 1..close];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(format!("{{{name}}} is not a name"));
        }
        names.insert(name.into());
        rest = &rest[close + 1..];
    }
    Ok(names)
}

fn compare(id: &str, reference: &Phrases, phrases: &Phrases) -> Vec<String> {
    let mut errors = Vec::new();
    for (key, text) in reference {
        match phrases.get(key) {
            None => errors.push(format!("{FOLDER}/{id}.toml: {key} is missing")),
            Some(other) => {
                let (wanted, found) = (arguments(text), arguments(other));
                if wanted != found {
                    errors.push(format!(
                        "{FOLDER}/{id}.toml: {key} fills in {found:?}; {REFERENCE} has {wanted:?}"
                    ));
                }
            }
        }
    }
    let more = phrases.keys().filter(|key| !reference.contains_key(*key));
    errors.extend(more.map(|key| format!("{FOLDER}/{id}.toml: {key} is not in {REFERENCE}")));
    errors
}

fn code(languages: &[(String, Phrases)]) -> String {
    let mut out = String::new();
    let variant = |id: &str| {
        let mut letters = id.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().collect::<String>()
            + letters.as_str()
    };
    let write = &mut out;
    writeln!(write, "/// A language that the page speaks.").unwrap();
    writeln!(write, "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]").unwrap();
    writeln!(write, "pub enum Language {{").unwrap();
    for (id, phrases) in languages {
        writeln!(write, "/// {}", phrases["language.name"]).unwrap();
        let default = if id == REFERENCE { "#[default]" } else { "" };
        writeln!(write, "{default} {},", variant(id)).unwrap();
    }
    writeln!(write, "}}").unwrap();
    writeln!(write, "/// All languages, with the names of their files.").unwrap();
    writeln!(write, "pub const LANGUAGES: &[(Language, &str)] = &[").unwrap();
    for (id, _) in languages {
        writeln!(write, "(Language::{}, {id:?}),", variant(id)).unwrap();
    }
    writeln!(write, "];").unwrap();
    writeln!(write, "static TEXTS: [&str; {}] = [", languages.len()).unwrap();
    for (_, phrases) in languages {
        let texts: Vec<_> = phrases.values().map(|text| numbered(text)).collect();
        writeln!(write, "{:?},", texts.join("\0")).unwrap();
    }
    writeln!(write, "];").unwrap();
    functions(write, &languages[0].1);
    out
}

/// A text with the place of each argument in its braces, instead of its name.
fn numbered(text: &str) -> String {
    let mut numbered = text.to_owned();
    for (place, name) in arguments(text).expect("it was checked").iter().enumerate() {
        numbered = numbered.replace(&format!("{{{name}}}"), &format!("{{{place}}}"));
    }
    numbered
}

/// One function for each phrase, in modules that follow the dots of its key. Arguments stand in
/// alphabetical order, so that no change of wording can swap them.
fn functions(write: &mut String, reference: &Phrases) {
    writeln!(write, "/// The phrases, as functions of what is filled in.").unwrap();
    writeln!(write, "pub mod say {{").unwrap();
    let mut open: Vec<&str> = Vec::new();
    for (number, (key, text)) in reference.iter().enumerate() {
        let mut path: Vec<&str> = key.split('.').collect();
        let name = path.pop().expect("a split is never empty");
        let common = open.iter().zip(&path).take_while(|(one, other)| one == other).count();
        for _ in common..open.len() {
            writeln!(write, "}}").unwrap();
        }
        for module in &path[common..] {
            writeln!(write, "#[allow(missing_docs)]\npub mod {module} {{").unwrap();
        }
        open = path;
        let names: Vec<_> = arguments(text).expect("it was checked").into_iter().collect();
        let parameters: String = names
            .iter()
            .map(|name| format!("{name}: impl Into<crate::text::Argument>, "))
            .collect();
        let filled: String = names.iter().map(|name| format!("{name}.into(), ")).collect();
        writeln!(write, "/// `{text}`").unwrap();
        writeln!(write, "pub fn {name}({parameters}) -> crate::text::Phrase {{").unwrap();
        writeln!(write, "crate::text::Phrase::new({number}, vec![{filled}]) }}").unwrap();
    }
    for _ in 0..=open.len() {
        writeln!(write, "}}").unwrap();
    }
}
