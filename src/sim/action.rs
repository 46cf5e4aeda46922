//! Everything that a person can do to a world, as data.

use std::fmt;

use super::json::json_enum;
use super::machine::MAX_TEXT;
use super::order::Order;
use super::{MessageId, Micros, NodeId, Op, Quality, Workload, WorkloadError};

/// One thing done by a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Stops a node at once; only its disk is left.
    Crash {
        /// Which.
        node: NodeId,
    },
    /// Starts a crashed node from its disk.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// Lets a node stand still, as in a long garbage collection.
    Pause {
        /// Which.
        node: NodeId,
    },
    /// Lets a paused node go on; what came in the meantime is taken in order.
    Resume {
        /// Which.
        node: NodeId,
    },
    /// Lets a timer of a node go off now.
    FireTimer {
        /// Whose.
        node: NodeId,
        /// Its number in the protocol's list of timers.
        timer: u8,
    },
    /// Sets the pace of a node's clock.
    SetClock {
        /// Whose.
        node: NodeId,
        /// 1,000,000 is true, from a tenth to ten times of that.
        ppm: u32,
    },
    /// Cuts a link in one direction; what is under way on it is lost.
    Cut {
        /// The sender's end.
        from: NodeId,
        /// The receiver's end.
        to: NodeId,
    },
    /// Mends a link in one direction.
    Mend {
        /// The sender's end.
        from: NodeId,
        /// The receiver's end.
        to: NodeId,
    },
    /// Cuts every link between nodes of different sides and mends every link within one.
    Partition {
        /// For each node, the number of its side.
        sides: Vec<u8>,
    },
    /// Mends every link.
    Heal,
    /// Loses a message that is under way.
    Drop {
        /// Which.
        message: MessageId,
    },
    /// Holds a message up.
    Delay {
        /// Which.
        message: MessageId,
        /// By how much.
        by: Micros,
    },
    /// Lets a message arrive now.
    Deliver {
        /// Which.
        message: MessageId,
    },
    /// Sends a second copy of a message that is under way.
    Duplicate {
        /// Which.
        message: MessageId,
    },
    /// Sets the quality of all links.
    SetNetwork {
        /// The new quality.
        quality: Quality,
    },
    /// Sets the quality of one link, in one direction.
    SetLink {
        /// The sender's end.
        from: NodeId,
        /// The receiver's end.
        to: NodeId,
        /// The new quality.
        quality: Quality,
    },
    /// Lets a client that nobody else speaks for ask a node for something.
    Request {
        /// Whom to ask.
        node: NodeId,
        /// What to ask.
        op: Op,
        /// Whether to go on asking, also others, until there is an answer.
        persistent: bool,
    },
    /// Asks a node for something that clients do not ask for.
    Order {
        /// Whom.
        node: NodeId,
        /// What.
        order: Order,
    },
    /// Sets what clients do by themselves.
    SetWorkload {
        /// The new workload.
        workload: Workload,
    },
    /// Changes a setting of the protocol, at all nodes at once.
    Configure {
        /// The setting's name.
        setting: String,
        /// Its value: microseconds, a count, or 0 and 1.
        value: u64,
    },
    /// Nothing: what is done to the cluster beside this one cannot be done here.
    Pass,
}

json_enum! {
    Action {
        "crash" => Crash { node },
        "restart" => Restart { node },
        "pause" => Pause { node },
        "resume" => Resume { node },
        "fire_timer" => FireTimer { node, timer },
        "set_clock" => SetClock { node, ppm },
        "cut" => Cut { from, to },
        "mend" => Mend { from, to },
        "partition" => Partition { sides },
        "drop" => Drop { message },
        "delay" => Delay { message, by },
        "deliver" => Deliver { message },
        "duplicate" => Duplicate { message },
        "set_network" => SetNetwork { quality },
        "set_link" => SetLink { from, to, quality },
        "request" => Request { node, op, persistent },
        "order" => Order { node, order },
        "set_workload" => SetWorkload { workload },
        "configure" => Configure { setting, value },
        "heal" => Heal {},
        "pass" => Pass {},
    }
}

/// Why an action cannot be done. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// There is no such node.
    NoSuchNode {
        /// The node asked for.
        node: NodeId,
        /// How many there are.
        nodes: u8,
    },
    /// There is no link from a node to itself.
    NoSuchLink {
        /// The sender's end.
        from: NodeId,
        /// The receiver's end.
        to: NodeId,
    },
    /// The node is down.
    NodeIsDown {
        /// Which.
        node: NodeId,
    },
    /// The node is not down, so it cannot be restarted.
    NodeIsNotDown {
        /// Which.
        node: NodeId,
    },
    /// The node is not running.
    NodeIsNotRunning {
        /// Which.
        node: NodeId,
    },
    /// The node is not paused, so it cannot go on.
    NodeIsNotPaused {
        /// Which.
        node: NodeId,
    },
    /// The protocol has no such timer, or it is not running at this node.
    NoSuchTimer {
        /// Whose.
        node: NodeId,
        /// The number asked for.
        timer: u8,
    },
    /// The message is not under way any more, or never was.
    NoSuchMessage {
        /// Which.
        message: MessageId,
    },
    /// A partition must give a side to each node.
    SidesDoNotFit {
        /// How many sides were given.
        given: usize,
        /// How many nodes there are.
        nodes: u8,
    },
    /// A text is too long.
    TextTooLong {
        /// `key`, `value`, `name` or `mark`.
        field: &'static str,
        /// Its length in characters.
        characters: usize,
    },
    /// A key is empty.
    KeyIsEmpty,
    /// All clients wait for answers.
    TooManyClients {
        /// How many there can be.
        most: u16,
    },
    /// The protocol knows no such order.
    NoSuchOrder,
    /// An order speaks of a node more than once.
    NamedTwice {
        /// Which.
        node: NodeId,
    },
    /// It speaks of a message or a timer, which only one of two clusters side by side has.
    OneSided,
    /// A leader to crash is missing: of one cluster, or of one of two side by side.
    NobodyLeads,
    /// The protocol has no such setting.
    NoSuchSetting {
        /// The name asked for.
        setting: String,
    },
    /// A recording holds no more of this.
    Full {
        /// Of what: `actions`, `steps`, `branches` or `marks`.
        what: &'static str,
        /// The most that it holds.
        most: u64,
    },
    /// A number is out of its range.
    OutOfRange {
        /// What it is for.
        field: String,
        /// The number.
        value: u64,
        /// The least allowed.
        least: u64,
        /// The greatest allowed.
        most: u64,
    },
}

impl From<WorkloadError> for ActionError {
    fn from(error: WorkloadError) -> Self {
        let WorkloadError { field, value, least, most } = error;
        Self::OutOfRange { field: field.into(), value, least, most }
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchNode { node, nodes } => {
                write!(f, "there is no node {node}: the nodes are S1 to S{nodes}")
            }
            Self::NoSuchLink { from, to } => {
                write!(f, "there is no link from {from} to {to}: a link joins two different nodes")
            }
            Self::NodeIsDown { node } => write!(f, "{node} is down"),
            Self::NodeIsNotDown { node } => write!(f, "{node} is not down"),
            Self::NodeIsNotRunning { node } => write!(f, "{node} is not running"),
            Self::NodeIsNotPaused { node } => write!(f, "{node} is not paused"),
            Self::NoSuchTimer { node, timer } => {
                write!(f, "timer {timer} is not running at {node}")
            }
            Self::NoSuchMessage { message } => {
                write!(f, "message {} is not under way", message.0)
            }
            Self::SidesDoNotFit { given, nodes } => {
                write!(f, "sides: {given} given for {nodes} nodes; each node needs one")
            }
            Self::TextTooLong { field, characters } => {
                write!(f, "{field}: {characters} characters; at most {MAX_TEXT} are allowed")
            }
            Self::KeyIsEmpty => {
                write!(f, "key: it is empty; 1 to {MAX_TEXT} characters are allowed")
            }
            Self::TooManyClients { most } => {
                write!(f, "all {most} clients wait for answers")
            }
            Self::NoSuchOrder => write!(f, "order: this protocol does not know it"),
            Self::NamedTwice { node } => {
                write!(f, "changes: {node} is named twice; each node may be named once")
            }
            Self::OneSided => {
                write!(f, "a message or a timer belongs to one of the two clusters alone")
            }
            Self::NobodyLeads => write!(f, "no node that runs leads"),
            Self::NoSuchSetting { setting } => {
                write!(f, "setting: {setting:?} is not a setting of this protocol")
            }
            Self::Full { what, most } => {
                write!(f, "{what}: a recording holds {most} at most")
            }
            Self::OutOfRange { field, value, least, most } => {
                write!(f, "{field}: {value} is out of range; {least} to {most} is allowed")
            }
        }
    }
}

impl std::error::Error for ActionError {}
