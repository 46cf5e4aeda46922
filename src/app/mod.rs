//! The page, in Yew.
//!
//! [`mount::Mounted`] is a page in an element, of which there may be several; they share nothing.
//! [`page::Page`] is its hub: it owns the [`Lab`](conclave::scene::Lab), takes every [`Msg`], and
//! hands a [`Scene`](conclave::scene::Scene) to the panels. Yew renders what changes with an event;
//! what moves with time is moved by [`stage::motion`], once a frame, outside Yew. Panels are plain
//! functions of a scene that send messages, nothing else: every component that Yew compiles costs
//! tens of kilobytes, a function costs what it does.

mod board;
mod browser;
mod clients;
mod costs;
mod counters;
mod dialogs;
mod element;
mod embed;
mod events;
mod export;
mod focus;
mod inspector;
mod keys;
mod logs;
mod mount;
mod options;
mod page;
mod rules;
mod spacetime;
mod stage;
mod timeline;
mod traffic;
mod transport;
mod verdicts;

use std::rc::Rc;

use conclave::scene::Epoch;
use conclave::scene::keys::Command;
use conclave::sim::timeline::{BranchId, Moment};
use conclave::sim::{Action, Faults, MessageId, Micros, NodeId};
use conclave::text::{Language, Phrase, say};
use yew::prelude::*;

/// Everything that can be asked of the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The browser is about to paint; its clock, in milliseconds.
    Frame(f64),
    /// Run.
    Play,
    /// Stand still.
    Pause,
    /// Take one event.
    Step,
    /// Run, or stand still.
    PlayOrPause,
    /// Go to another moment or branch.
    Travel(Travel),
    /// Name a branch.
    NameBranch(BranchId, String),
    /// Mark this moment; the empty text takes the mark away.
    Mark(String),
    /// Copy a link to the end of this branch, or to this moment.
    Share(bool),
    /// Whether a text could be copied.
    Copied(bool),
    /// Save the run with all its branches as a file.
    Save,
    /// Set the speed, by its place on the slider.
    Speed(u32),
    /// Skip quiet time, or do not.
    SkipQuiet,
    /// Do something to the world.
    Act(Action),
    /// Crash the leader, of each cluster its own.
    CrashLeaders,
    /// Let the panels speak of the first cluster, or of the second.
    Look(usize),
    /// Select something, or nothing.
    Select(Option<Selection>),
    /// Give the focus to what can be done.
    FocusActions,
    /// Unfold the card with this heading, and fold the others; all of them, if none has it.
    Unfold(&'static str),
    /// Begin a new run.
    Start(Plan),
    /// Go on from a file: a run with its branches, or the JSON of a recording.
    Open(Vec<u8>),
    /// Go on from a link.
    OpenLink(String),
    /// Something was done without Yew: it should look.
    Show,
    /// Take other options.
    Set(Vec<(String, String)>),
    /// Speak another language.
    Speak(Language),
    /// Wear another theme.
    Wear(Theme),
    /// Show the logs from this index on, or their ends.
    ShowLogsFrom(Option<u64>),
    /// Show another panel below the stage.
    ShowTab(Tab),
    /// Show another part of the space–time diagram, or what is in it.
    Diagram(spacetime::Ask),
    /// Save the run for another program.
    Export(export::File),
    /// Print the run.
    Print,
    /// The page is printed from now on, or not any more.
    Printed(bool),
    /// Show only key events, or all.
    OnlyKeyEvents(bool),
    /// A key was pressed: what it is for, on which node, and its letter.
    Obey(Command, Option<NodeId>, u8),
    /// Let letters, digits and signs work as keys, or not.
    SingleKeys(bool),
    /// Open a dialog, or close the one that is open.
    Dialog(Option<Dialog>),
    /// Begin a new run with what the reader chose and typed.
    TryStart {
        /// The protocol's name in links.
        protocol: String,
        /// That of the cluster beside it.
        beside: Option<String>,
        /// How many nodes.
        nodes: String,
        /// What all chance comes from.
        seed: String,
    },
    /// Put a node on a side, or in a place, in the dialog that is open.
    Side(NodeId, u8),
    /// Something was chosen in the form of what to embed.
    Compose(Vec<(String, String)>),
    /// Copy a text that a dialog shows.
    Copy(AttrValue),
    /// Save the page as one file that begins with this run.
    Bake,
    /// Let the client form ask this node, or whoever leads.
    Ask(Option<NodeId>),
    /// Let the client form ask until there is an answer, or only once.
    Persist(bool),
    /// Tell the reader that something was not right.
    Complain(Phrase),
    /// Take a notice away.
    Dismiss(u64),
    /// The page was hidden, shown, or scrolled in or out of sight; whether it can be seen.
    Sight(bool),
    /// The page has another width.
    Resized,
}

/// How a run begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The protocol's name in links.
    pub protocol: String,
    /// That of the cluster beside it, if there is to be one.
    pub beside: Option<String>,
    /// How many nodes.
    pub nodes: u8,
    /// What all chance comes from.
    pub seed: u64,
}

/// Ways through a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// To the beginning.
    Start,
    /// To the end of this branch.
    End,
    /// To before the last event.
    Back,
    /// To the next key event.
    NextBeat,
    /// To the key event before.
    LastBeat,
    /// To a moment of the clock.
    Time(Micros),
    /// To a moment.
    To(Moment),
    /// To before the last action, and on without it.
    Undo,
    /// To where an action was undone.
    Redo,
    /// To another branch.
    Branch(BranchId),
    /// To a new branch, which begins here.
    Fork,
    /// Away from this branch, which is deleted.
    Delete,
}

/// What is selected; every panel shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A node.
    Node(NodeId),
    /// A link, both directions of it; the lower node first.
    Link(NodeId, NodeId),
    /// A message under way.
    Message(MessageId),
}

/// Colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system has it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Black on white, larger, and without thin lines: for the last row.
    Projector,
}

impl Theme {
    /// All of them, in their order, by their names in options.
    pub const ALL: [(&'static str, Self); 4] = [
        ("auto", Self::Auto),
        ("light", Self::Light),
        ("dark", Self::Dark),
        ("projector", Self::Projector),
    ];

    /// What readers call them.
    pub fn names() -> [Phrase; 4] {
        [say::theme::auto(), say::theme::light(), say::theme::dark(), say::theme::projector()]
    }

    /// The theme of this name in options.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(id, _)| *id == name).map(|(_, theme)| *theme)
    }
}

/// The panels that share the place below the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Nodes × indexes.
    #[default]
    Logs,
    /// Nodes × time.
    SpaceTime,
    /// One sentence for each event.
    Events,
    /// The messages under way.
    Traffic,
    /// The clients.
    Clients,
    /// What the run costs over time.
    Counters,
}

/// The tabs, in order.
pub const TABS: [Tab; 6] =
    [Tab::Logs, Tab::SpaceTime, Tab::Events, Tab::Traffic, Tab::Clients, Tab::Counters];

/// The dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// Nodes and seed of a new run.
    NewRun,
    /// Sides of a partition.
    Partition,
    /// Who belongs to the cluster.
    Members,
    /// The links of one node.
    Links(NodeId),
    /// The run for other programs.
    Export,
    /// A link to this moment as a QR code.
    Code,
    /// This moment for a page of somebody else.
    Embed,
    /// What the keys do and what the signs mean.
    Help,
}

/// What every panel needs to speak and to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Ui {
    /// The reader's language.
    pub language: Language,
    /// Whether letters, digits and signs work as keys.
    pub single_keys: bool,
    /// What may be done to the world.
    pub faults: Faults,
    /// The heading of the only card that is unfolded, or none; nothing where cards do not fold.
    pub unfolded: Option<&'static str>,
    /// Where messages go.
    pub send: Callback<Msg>,
}

impl Ui {
    /// A phrase in the reader's language.
    pub fn say(&self, phrase: Phrase) -> AttrValue {
        phrase.render(self.language).into()
    }

    /// Sends a message, whatever the event.
    pub fn on<E>(&self, msg: Msg) -> Callback<E> {
        let send = self.send.clone();
        Callback::from(move |_| send.emit(msg.clone()))
    }

    /// Sends the message of a box that was ticked, or no longer is.
    pub fn on_tick(&self, msg: fn(bool) -> Msg) -> Rc<dyn Fn(bool)> {
        let send = self.send.clone();
        Rc::new(move |on| send.emit(msg(on)))
    }

    /// Does an action, whatever the event.
    pub fn act<E>(&self, action: Action) -> Callback<E> {
        self.on(Msg::Act(action))
    }

    /// A button that does an action; nothing where that may not be done.
    pub fn offer(&self, label: Phrase, class: &'static str, action: Action) -> Html {
        self.offer_with(label, class, None, None, action)
    }

    /// The same, perhaps with a hint.
    pub fn offer_with(
        &self,
        label: Phrase,
        class: &'static str,
        help: Option<Phrase>,
        refused: Option<AttrValue>,
        action: Action,
    ) -> Html {
        if !self.faults.allow(&action) {
            return Html::default();
        }
        let help = help.map(|help| self.say(help));
        button_with(self.say(label), class, help, refused, self.act(action))
    }
}

/// A button with text on it.
pub fn button(label: AttrValue, class: &'static str, onclick: Callback<MouseEvent>) -> Html {
    button_with(label, class, None, None, onclick)
}

/// A button with text on it, and perhaps a hint that appears when the pointer rests on it. One that
/// is refused can still be gone to, and says why it is.
pub fn button_with(
    label: AttrValue,
    class: &'static str,
    title: Option<AttrValue>,
    refused: Option<AttrValue>,
    onclick: Callback<MouseEvent>,
) -> Html {
    let (disabled, onclick) = match refused {
        Some(_) => (Some("true"), Callback::noop()),
        None => (None, onclick),
    };
    html! {
        <button type="button" key={label.to_string()} {class} title={refused.or(title)}
            aria-disabled={disabled} {onclick}>{ label }</button>
    }
}

/// The colour of an epoch: one of six, so that epochs that follow each other differ.
pub fn epoch_class(epoch: Epoch) -> String {
    epoch.colour().map_or("epoch-none".into(), |colour| format!("epoch-{colour}"))
}

/// A moment for people: seconds with milliseconds.
pub fn clock(now: Micros) -> String {
    format!("{}.{:03} s", now.0 / 1_000_000, now.0 / 1_000 % 1_000)
}
