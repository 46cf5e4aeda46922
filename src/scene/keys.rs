//! What the keys do: one table, from which the page obeys, its help is made, and `docs/keys.md`.

use crate::text::{Phrase, say};

/// What a key asks of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run, or stand still.
    PlayOrPause,
    /// Take one event.
    Step,
    /// Go to before the last event.
    StepBack,
    /// Go to the next key event.
    NextBeat,
    /// Go to the key event before.
    LastBeat,
    /// Go to the next mark.
    NextMark,
    /// Go to the mark before.
    LastMark,
    /// Go to the branch that is listed next.
    NextBranch,
    /// Go to the branch that is listed before.
    LastBranch,
    /// Go to as many tenths of the branch as the key says.
    Tenth,
    /// Go to the beginning.
    Start,
    /// Go to the end.
    End,
    /// Run faster.
    Faster,
    /// Run slower.
    Slower,
    /// Skip quiet time, or no longer.
    SkipQuiet,
    /// Go on without the last action.
    Undo,
    /// Take that back.
    Redo,
    /// Begin a branch here.
    Fork,
    /// Hold the message up that is selected; if none is, go to the leader.
    DelayOrLeader,
    /// Drop the message that is selected.
    Drop,
    /// Crash the node, or restart it.
    CrashOrRestart,
    /// Speak for a client at the node.
    Request,
    /// Open the links of the node.
    Links,
    /// Choose the sides of a partition.
    Partition,
    /// Fill the screen, or no longer.
    Fullscreen,
    /// Open the help.
    Help,
}

/// A line of the table.
#[derive(Debug)]
pub struct Hotkey {
    /// The keys' names for people.
    pub name: &'static str,
    /// What they do, for people.
    pub what: fn() -> Phrase,
    /// The names that browsers give them, apart by spaces, with what is held before each.
    pub keys: &'static str,
    /// What is asked of the page; none where whatever has the focus obeys by itself.
    pub command: Option<Command>,
}

use Command::*;

const fn row(
    name: &'static str,
    what: fn() -> Phrase,
    keys: &'static str,
    command: Command,
) -> Hotkey {
    Hotkey { name, what, keys, command: Some(command) }
}

const fn by_itself(name: &'static str, what: fn() -> Phrase) -> Hotkey {
    Hotkey { name, what, keys: "", command: None }
}

/// The table.
pub static HOTKEYS: &[Hotkey] = &[
    row("Space", say::help::play, "Space", PlayOrPause),
    row("→ .", say::help::step, "ArrowRight .", Step),
    row("← ,", say::help::step_back, "ArrowLeft ,", StepBack),
    row("Shift+→", say::help::beat, "Shift+ArrowRight", NextBeat),
    row("Shift+←", say::help::beat_back, "Shift+ArrowLeft", LastBeat),
    row("]", say::help::mark, "]", NextMark),
    row("[", say::help::mark_back, "[", LastMark),
    row("Alt+↓", say::help::branch, "Alt+ArrowDown", NextBranch),
    row("Alt+↑", say::help::branch_back, "Alt+ArrowUp", LastBranch),
    row("0 – 9", say::help::tenth, "0 1 2 3 4 5 6 7 8 9", Tenth),
    row("Home", say::help::home, "Home", Start),
    row("End", say::help::end, "End", End),
    row("+", say::help::faster, "+ =", Faster),
    row("−", say::help::slower, "- _", Slower),
    row("Q", say::help::skip, "q", SkipQuiet),
    row("Ctrl+Z", say::help::undo, "Ctrl+z", Undo),
    row("Ctrl+Shift+Z", say::help::redo, "Ctrl+Shift+z Ctrl+y", Redo),
    row("B", say::help::fork, "b", Fork),
    by_itself("Tab, ← →", say::help::nodes),
    by_itself("Enter", say::help::select),
    row("X", say::help::crash, "x", CrashOrRestart),
    row("R", say::help::request, "r", Request),
    row("K", say::help::links, "k", Links),
    row("P", say::help::partition, "p", Partition),
    row("D", say::help::drop_message, "d", Drop),
    row("L", say::help::delay, "l", DelayOrLeader),
    row("F", say::help::fullscreen, "f", Fullscreen),
    row("?", say::help::open, "?", Help),
    by_itself("Esc", say::help::leave),
];

/// What is held with a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// Ctrl, or Cmd.
    pub control: bool,
    /// Alt.
    pub alt: bool,
    /// Shift; with a sign it says nothing: keyboards differ in where signs are.
    pub shift: bool,
}

/// What a key asks of the page, if anything. The key is as browsers name it, letters in lower case.
pub fn command(key: &str, held: Held) -> Option<Command> {
    let sign = key.len() == 1 && !key.as_bytes()[0].is_ascii_alphanumeric();
    let mut called = String::new();
    for (held, name) in
        [(held.control, "Ctrl+"), (held.alt, "Alt+"), (held.shift && !sign, "Shift+")]
    {
        if held {
            called += name;
        }
    }
    called += if key == " " { "Space" } else { key };
    let is_called = |hotkey: &&Hotkey| hotkey.keys.split(' ').any(|each| each == called);
    HOTKEYS.iter().find(is_called)?.command
}
