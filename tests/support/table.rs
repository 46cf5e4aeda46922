//! The tables of `docs/mutations.md`, a section for each protocol; `cargo xtask mutations` makes them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::{env, fs};

use conclave::scene::Exhibit;
use conclave::sim::Judge;
use conclave::text::Language;

use super::chaos::{Name, SWEEP};

/// A rule that was taken away, and what came of it.
pub struct Row {
    /// Its setting.
    pub mutation: String,
    /// What breaks.
    pub breaks: String,
    /// After how many events, and in which run; none where nothing breaks.
    pub caught: Option<(u64, Name)>,
}

/// Where the tables are.
const DOCUMENT: &str = "docs/mutations.md";

/// Tests of one program may write at once.
static WRITING: Mutex<()> = Mutex::new(());

/// The name of an invariant for people.
pub fn invariant<P: Exhibit>(id: &str) -> String {
    let number = P::Judge::INVARIANTS.iter().position(|each| *each == id);
    P::invariant(number.expect("it has a name")).0.render(Language::En)
}

/// Checks that the document says what was found, by runs of a test; writes it anew if asked to.
pub fn check<P: Exhibit>(test: &str, rows: &[Row]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let _alone = WRITING.lock().expect("nobody panics here");
    let written = fs::read_to_string(&path).expect("the file is part of the repository");
    let wanted = section::<P>(test, rows);
    let title = wanted.lines().next().expect("it has a title");
    let mut sections: Vec<_> = written.trim_end().split("\n\n## ").map(str::to_owned).collect();
    let place = sections.iter().position(|each| each.lines().next() == Some(title));
    if env::var_os("UPDATE_MUTATIONS").is_some() {
        match place {
            Some(place) => sections[place] = wanted,
            None => sections.push(wanted),
        }
        // After the introduction, by name.
        sections[1..].sort();
        fs::write(&path, sections.join("\n\n## ") + "\n").expect("the file can be written");
        return;
    }
    let same = place.is_some_and(|place| sections[place] == wanted);
    assert!(same, "{DOCUMENT} is out of date; `cargo xtask mutations` makes it anew");
}

fn section<P: Exhibit>(test: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "{}\n\nFound by `cargo test --test {test}`.\n\n\
         | rule taken away | what breaks | events | the run |\n|---|---|---:|---|",
        P::name().render(Language::En),
    );
    let mut last = "";
    for Row { mutation, breaks, caught } in rows {
        let (title, help) = P::setting(mutation);
        let (title, help) = (title.render(Language::En), help.render(Language::En));
        let rule = match last == mutation {
            true => "″".to_owned(),
            false => format!("**{title}.** {help}"),
        };
        last = mutation;
        let (events, run) = match caught {
            Some((events, name)) => (events.to_string(), format!("`{SWEEP}={name}`")),
            None => ("—".to_owned(), "—".to_owned()),
        };
        write!(text, "\n| {rule} | {breaks} | {events} | {run} |").expect("a string takes all");
    }
    text
}
