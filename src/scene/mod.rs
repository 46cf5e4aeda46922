//! What the page draws: plain data, with no type of any protocol in it.
//!
//! A protocol says how it looks by [`Exhibit`]; a [`Lab`] is a world of any protocol behind one
//! handle: [`Action`](crate::sim::Action)s in, [`Scene`]s out. The page never asks a protocol a
//! question, so a new protocol needs no new page.

pub mod call;
pub mod embed;
mod epoch;
mod events;
mod exhibit;
pub mod export;
mod faults;
mod folds;
pub mod keys;
mod lab;
mod pair;
mod quiet;
mod sides;
pub mod spacetime;
pub mod state;
pub mod storyboard;
mod subject;
pub mod trace;

pub use epoch::Epoch;
pub use events::{Class, EventRow, Wreck, notate_answer};
pub use exhibit::{Exhibit, Look, Sentence};
pub use faults::{Fault, FaultKind, faults};
pub use folds::Folds;
pub use lab::{Advance, Lab, Run, complain, complain_link, complain_recording};
pub use pair::Pair;
pub use quiet::Quiet;
pub use sides::sides;
pub use trace::Trace;

use crate::sim::node::Status;
use crate::sim::{
    MessageId, Micros, NodeId, NodeSet, Place, Quality, Seat, SettingKind, Tally, Workload,
};
use crate::text::Phrase;

/// Everything there is to draw at a moment, but the messages under way: those are asked for at each
/// frame, as [`Flight`]s.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The moment.
    pub now: Micros,
    /// How many events there have been.
    pub steps: u64,
    /// One sentence on how things stand.
    pub summary: Phrase,
    /// The nodes, by id.
    pub nodes: Vec<Node>,
    /// Links that are cut, by direction.
    pub cuts: Vec<(NodeId, NodeId)>,
    /// What they leave of the network: its [`sides`], one if it is whole.
    pub sides: Vec<NodeSet>,
    /// The logs.
    pub logs: Logs,
    /// How many clients wait for an answer.
    pub waiting: usize,
    /// The invariants, each with its verdict.
    pub verdicts: Vec<Verdict>,
    /// What came about last, seen from outside.
    pub milestone: Option<Witness>,
    /// The quality of all links.
    pub quality: Quality,
    /// What clients do by themselves.
    pub workload: Workload,
    /// What of the protocol can be changed.
    pub settings: Vec<Setting>,
    /// What nodes can be asked to do.
    pub orders: Orders,
    /// How many messages are under way.
    pub in_flight: usize,
    /// What the run cost so far.
    pub costs: Costs,
    /// Where nodes have roles of their own: from left to right, those that ask, those that decide,
    /// those that learn; a node stands in one of them.
    pub columns: Option<[Column; 3]>,
}

/// Nodes of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name of the role, for several of them.
    pub name: Phrase,
    /// Who has it.
    pub nodes: NodeSet,
}

impl Scene {
    /// The node that leads, of those that believe so the one of the highest epoch.
    pub fn leader(&self) -> Option<&Node> {
        let leaders = self.nodes.iter().filter(|node| node.face.leads);
        let running = leaders.filter(|node| node.status != Status::Crashed);
        running.max_by_key(|node| node.face.epoch)
    }
}

/// What a run cost so far, to compare it with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// How many messages nodes have sent to each other.
    pub messages: u64,
    /// How many bytes they were, by [`Protocol::bytes`](crate::sim::Protocol::bytes).
    pub bytes: u64,
    /// How many operations of clients were answered.
    pub operations: u64,
    /// How many microseconds half of them took at most, to one part in 64; none when there are none.
    pub median: Option<u64>,
    /// How many microseconds 95 of a hundred took at most, likewise.
    pub most: Option<u64>,
    /// How many tenths of a round trip `median` is: of twice the mean latency of the network as it is
    /// now; none where messages take no time.
    pub round_trips: Option<u64>,
    /// For how long no node that runs has led; none where nodes are never led.
    pub leaderless: Option<Micros>,
}

/// What was counted so far, over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counters<'a> {
    /// How each kind of message is drawn and what it is called in the paper, by its number.
    pub kinds: &'static [(Glyph, &'static str)],
    /// The counts.
    pub tally: &'a Tally,
    /// Whether the nodes have a leader when all is well, so that elections say something.
    pub is_led: bool,
}

/// What nodes can be asked to do, beside what clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders {
    /// To let another node lead.
    pub transfer: bool,
    /// To change who belongs to the cluster.
    pub reconfigure: bool,
    /// To replace the log by a snapshot.
    pub compact: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Who it is.
    pub id: NodeId,
    /// Whether it is up, paused or down.
    pub status: Status,
    /// The pace of its clock, in parts per million.
    pub clock_ppm: u32,
    /// What the protocol shows of it.
    pub face: Face,
    /// The timers that run.
    pub timers: Vec<Timer>,
}

/// What a protocol shows of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// What the node is to the others.
    pub role: Role,
    /// The name of the number that counts leaderships: term, ballot, epoch.
    pub epoch_name: Phrase,
    /// That number.
    pub epoch: Epoch,
    /// The name of a node that was elected and leads: its epoch, if it leads.
    pub leads: bool,
    /// What else is always printed at the node, beside its epoch; short.
    pub caption: Option<String>,
    /// For a node that gathers votes: what each other said.
    pub votes: Vec<(NodeId, Vote)>,
    /// What the node knows, field by field.
    pub fields: Vec<Field>,
    /// What it knows of each other node: a table, if it keeps one.
    pub peers: Option<Table>,
    /// Who belongs to the cluster, as far as it knows; none where that never changes.
    pub members: Option<Members>,
    /// Its log, for the strip beside it and the table of logs.
    pub log: Log,
}

/// How a role is drawn: by shape and letter, never by colour alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Its name.
    pub name: Phrase,
    /// How it is drawn.
    pub shape: Shape,
}

/// How a role is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One ring.
    Plain,
    /// A dashed ring and a letter: it wants to lead.
    Dashed,
    /// A double ring and a star: it leads.
    Double,
    /// A dotted ring: it has no vote.
    Dotted,
}

/// What somebody said to somebody who gathers votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// Yes.
    Granted,
    /// No.
    Refused,
    /// Nothing yet.
    Open,
}

/// One thing that a node knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in the paper, such as `currentTerm`.
    pub name: &'static str,
    /// Its value.
    pub value: Phrase,
    /// Whether it survives a crash.
    pub durable: bool,
    /// What it means.
    pub help: Phrase,
}

/// A small table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it is about.
    pub title: Phrase,
    /// The names of the columns after the first, which names a node.
    pub columns: Vec<&'static str>,
    /// For each node, one value a column.
    pub rows: Vec<(NodeId, Vec<u64>)>,
}

/// Who belongs to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Members {
    /// Who votes, or will when a change that is under way is over.
    pub voters: NodeSet,
    /// Who voted before a change that is under way, and votes until it is over; else nobody.
    pub outgoing: NodeSet,
    /// Who receives everything and does not vote.
    pub learners: NodeSet,
}

impl Members {
    /// What a node is to the cluster, or will be when a change that is under way is over.
    pub const fn place(&self, node: NodeId) -> Place {
        if self.voters.contains(node) {
            Place::Voter
        } else if self.learners.contains(node) {
            Place::Learner
        } else {
            Place::Outside
        }
    }
}

/// A timer that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    /// Its number, for [`Action::FireTimer`](crate::sim::Action::FireTimer).
    pub number: u8,
    /// Its name.
    pub name: Phrase,
    /// When it was set.
    pub set: Micros,
    /// When it goes off.
    pub due: Micros,
    /// Whether it is the one to draw as an arc.
    pub drawn: bool,
}

/// A log, or the window of it that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The index of the last entry.
    pub last: u64,
    /// The index of the last entry that a snapshot replaced; 0 when none did.
    pub snapshot: u64,
    /// The highest index known to be committed.
    pub commit: u64,
    /// The highest index applied.
    pub applied: u64,
    /// The entries of the window, in order; there may be gaps.
    pub cells: Vec<Cell>,
    /// Where a leader believes each other node's log to be.
    pub marks: Vec<Mark>,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its index, from 1.
    pub index: u64,
    /// The epoch in which it was made.
    pub epoch: Epoch,
    /// What it says, such as `x=1`; none for an entry that does nothing.
    pub text: Option<String>,
}

/// Where a leader believes another node's log to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whose.
    pub node: NodeId,
    /// The next entry to send.
    pub next: u64,
    /// The last entry known to be there.
    pub matched: u64,
}

/// The window of the logs that the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logs {
    /// The index of the first column.
    pub first: u64,
    /// How many columns there are.
    pub columns: u64,
    /// The index of the last entry of the longest log.
    pub longest: u64,
}

/// Which part of the logs is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The index of the first column; none follows the end.
    pub first: Option<u64>,
    /// How many columns there is room for.
    pub columns: u64,
}

/// An invariant and whether it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Its name.
    pub name: Phrase,
    /// What it says, in a sentence.
    pub statement: Phrase,
    /// Where it is from.
    pub source: &'static str,
    /// The first breach of it, if there is one.
    pub breach: Option<Witness>,
    /// Whether nobody can say, or nobody has looked.
    pub open: bool,
}

/// A breach that was found, or a milestone that was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// When.
    pub at: Micros,
    /// At which step.
    pub step: u64,
    /// What is wrong, or what came about.
    pub sentence: Phrase,
    /// The nodes that show it.
    pub nodes: NodeSet,
}

/// A setting and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name in actions and links.
    pub id: &'static str,
    /// Its name for people.
    pub name: Phrase,
    /// What it does, and where that is from.
    pub help: Phrase,
    /// Which values it takes.
    pub kind: SettingKind,
    /// Its value.
    pub value: u64,
    /// The names of its values, when it is a choice.
    pub choices: Vec<Phrase>,
}

/// A message under way, as little of it as a frame needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// Which.
    pub id: MessageId,
    /// Who sent it.
    pub from: Seat,
    /// Who is to get it.
    pub to: Seat,
    /// When it was sent.
    pub sent: Micros,
    /// When it arrives, or would arrive if it were not lost on the way.
    pub arrival: Micros,
    /// How it is drawn.
    pub glyph: Glyph,
    /// The epoch it speaks of, for its colour.
    pub epoch: Epoch,
}

impl Flight {
    /// How far along its way it is at a moment, from 0 to 1.
    pub fn progress(&self, now: Micros) -> f64 {
        let whole = self.arrival.since(self.sent).0;
        if whole == 0 {
            return 1.0;
        }
        (now.since(self.sent).0 as f64 / whole as f64).min(1.0)
    }
}

/// How a message is drawn: kinds differ by glyph, not by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyph {
    /// A request to vote.
    Ballot,
    /// A vote given.
    Yes,
    /// A vote, or entries, refused.
    No,
    /// A call that carries entries.
    Entries,
    /// A call that carries a snapshot.
    Snapshot,
    /// A call that carries nothing.
    Heartbeat,
    /// An acknowledgement.
    Ack,
    /// A client's request.
    Request,
    /// An answer to a client.
    Answer,
}

/// All glyphs.
pub const GLYPHS: [Glyph; 9] = [
    Glyph::Ballot,
    Glyph::Yes,
    Glyph::No,
    Glyph::Entries,
    Glyph::Snapshot,
    Glyph::Heartbeat,
    Glyph::Ack,
    Glyph::Request,
    Glyph::Answer,
];

/// A message, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// How it moves.
    pub flight: Flight,
    /// The name of its kind in the paper, such as `RequestVote`.
    pub kind: &'static str,
    /// What it is for.
    pub help: Phrase,
    /// What it says: the paper's names and the values.
    pub fields: Vec<(&'static str, String)>,
    /// Whether it waits at the door of a paused node.
    pub held: bool,
}
