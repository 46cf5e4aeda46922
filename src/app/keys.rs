//! What the keys do: one table, from which the page obeys and its help is made.

use conclave::text::{Phrase, say};
use web_sys::KeyboardEvent;

use super::{Dialog, Msg, Travel};

/// What a key does.
pub struct Hotkey {
    /// Its name for people.
    pub name: &'static str,
    /// What it does, for people.
    pub what: fn() -> Phrase,
    /// The names that browsers give it, and whether Shift and Ctrl or Cmd are held.
    keys: &'static [(&'static str, bool, bool)],
    /// What is asked of the page.
    msg: fn() -> Msg,
}

/// The keys that work everywhere but in fields and on buttons.
pub const HOTKEYS: &[Hotkey] = &[
    Hotkey {
        name: "Space",
        what: say::help::play,
        keys: &[(" ", false, false)],
        msg: || Msg::PlayOrPause,
    },
    Hotkey {
        name: "→ .",
        what: say::help::step,
        keys: &[("ArrowRight", false, false), (".", false, false)],
        msg: || Msg::Step,
    },
    Hotkey {
        name: "← ,",
        what: say::help::step_back,
        keys: &[("ArrowLeft", false, false), (",", false, false)],
        msg: || Msg::Travel(Travel::Back),
    },
    Hotkey {
        name: "Shift+→",
        what: say::help::beat,
        keys: &[("ArrowRight", true, false)],
        msg: || Msg::Travel(Travel::NextBeat),
    },
    Hotkey {
        name: "Shift+←",
        what: say::help::beat_back,
        keys: &[("ArrowLeft", true, false)],
        msg: || Msg::Travel(Travel::LastBeat),
    },
    Hotkey {
        name: "Home",
        what: say::help::home,
        keys: &[("Home", false, false)],
        msg: || Msg::Travel(Travel::Start),
    },
    Hotkey {
        name: "End",
        what: say::help::end,
        keys: &[("End", false, false)],
        msg: || Msg::Travel(Travel::End),
    },
    Hotkey {
        name: "Ctrl+Z",
        what: say::help::undo,
        keys: &[("z", false, true)],
        msg: || Msg::Travel(Travel::Undo),
    },
    Hotkey {
        name: "Ctrl+Shift+Z",
        what: say::help::redo,
        keys: &[("z", true, true), ("y", false, true)],
        msg: || Msg::Travel(Travel::Redo),
    },
    Hotkey {
        name: "B",
        what: say::help::fork,
        keys: &[("b", false, false)],
        msg: || Msg::Travel(Travel::Fork),
    },
    Hotkey {
        name: "?",
        what: say::help::open,
        keys: &[("?", true, false), ("?", false, false)],
        msg: || Msg::Dialog(Some(Dialog::Help)),
    },
];

/// What a key asks of the page, if anything.
pub fn obey(event: &KeyboardEvent) -> Option<Msg> {
    if event.alt_key() {
        return None;
    }
    let control = event.ctrl_key() || event.meta_key();
    let name = match event.key() {
        key if key.len() == 1 => key.to_ascii_lowercase(),
        key => key,
    };
    let pressed = |&(key, shift, ctrl): &(&str, bool, bool)| {
        key == name && shift == event.shift_key() && ctrl == control
    };
    let hotkey = HOTKEYS.iter().find(|hotkey| hotkey.keys.iter().any(pressed))?;
    Some((hotkey.msg)())
}
