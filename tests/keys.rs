//! The keys: one table, which the documentation repeats, and no key with two meanings.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use conclave::scene::keys::{Command, HOTKEYS, Held, command};
use conclave::text::Language;

const DOCUMENT: &str = "docs/keys.md";

fn document() -> String {
    let mut text = "# Keys\n\n\
        They work while the page has the focus, everywhere but in fields; on a button, Space and Enter press it. What\n\
        is done to a node is done to the one that has the focus, or else to the one that is selected. Keys of one\n\
        letter or sign can be switched off in the page's help.\n\n\
        `cargo test --test keys` checks that this table is that of `src/scene/keys.rs`; with `UPDATE_KEYS=1` it writes\n\
        it anew.\n\n\
        | keys | what they do | 作用 |\n|---|---|---|\n"
        .to_owned();
    for hotkey in HOTKEYS {
        let [english, chinese] =
            [Language::En, Language::Zh].map(|language| (hotkey.what)().render(language));
        writeln!(text, "| `{}` | {english} | {chinese} |", hotkey.name)
            .expect("a string takes everything");
    }
    text
}

#[test]
fn the_documentation_lists_the_keys_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    if env::var_os("UPDATE_KEYS").is_some() {
        fs::write(&path, document()).expect("the file can be written");
    }
    let written = fs::read_to_string(&path).expect("the file is part of the repository");
    assert!(written == document(), "{DOCUMENT} is out of date; UPDATE_KEYS=1 makes it anew");
}

#[test]
fn no_key_and_no_command_is_in_two_lines() {
    let keys = HOTKEYS.iter().flat_map(|hotkey| hotkey.keys.split(' '));
    let all: Vec<_> = keys.filter(|key| !key.is_empty()).collect();
    for (place, key) in all.iter().enumerate() {
        assert!(!all[place + 1..].contains(key), "{key:?}");
    }
    let commands: Vec<_> = HOTKEYS.iter().filter_map(|hotkey| hotkey.command).collect();
    for (place, command) in commands.iter().enumerate() {
        assert!(!commands[place + 1..].contains(command), "{command:?}");
    }
}

#[test]
fn shift_counts_with_letters_and_arrows_and_not_with_signs() {
    let nothing = Held::default();
    let (shift, control) = (Held { shift: true, ..nothing }, Held { control: true, ..nothing });
    for held in [nothing, shift] {
        assert_eq!(command("?", held), Some(Command::Help));
        assert_eq!(command("+", held), Some(Command::Faster));
        assert_eq!(command(" ", held), Some(Command::PlayOrPause));
    }
    assert_eq!(command("ArrowRight", shift), Some(Command::NextBeat));
    assert_eq!(command("b", nothing), Some(Command::Fork));
    assert_eq!(command("b", shift), None);
    assert_eq!(command("b", control), None, "the browser's own");
    assert_eq!(command("z", Held { shift: true, ..control }), Some(Command::Redo));
    assert_eq!(command("é", nothing), None);
    assert_eq!(command("", nothing), None);
}
