//! The messages: those of one decree (§2.2), for many instances at once (§3), and what brings a
//! replica that lags up to date (Ousterhout & Ongaro, "Implementing Replicated Logs with Paxos",
//! 2013).

use std::fmt;
use std::sync::Arc;

use super::log::{Cell, Slot, Snapshot, Value};
use crate::protocols::paxos::ballot::Ballot;

/// Values of slots that follow each other.
pub type Values = Arc<[Arc<Value>]>;

/// What replicas say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Phase 1 (a), "for infinitely many instances" (§3): it carries no value.
    Prepare {
        /// The number that the sender wants to lead with.
        ballot: Ballot,
        /// The first slot of which the sender does not know what is chosen.
        first_unchosen: Slot,
    },
    /// Phase 1 (b), for all these instances at once.
    Promise {
        /// The number asked about.
        ballot: Ballot,
        /// What the sender has accepted in slots from the one that was named on.
        accepted: Vec<(Slot, Cell)>,
        /// What stands in for the first of them, if the sender has compacted its log that far.
        snapshot: Option<Arc<Snapshot>>,
    },
    /// Phase 2 (a) for some slots, which follow each other; with none it is a heartbeat.
    Accept {
        /// The leader's number.
        ballot: Ballot,
        /// The first of the slots.
        first: Slot,
        /// Their values.
        values: Values,
        /// The first slot of which the leader does not know what is chosen.
        first_unchosen: Slot,
    },
    /// Phase 2 (b), for the same slots.
    Accepted {
        /// The leader's number.
        ballot: Ballot,
        /// The first of the slots.
        first: Slot,
        /// How many they are.
        count: u64,
        /// The first slot of which the sender does not know what is chosen.
        first_unchosen: Slot,
        /// Whether the leader knows more, and should teach it.
        behind: bool,
    },
    /// The receiver's number is refused.
    Refused {
        /// The number refused.
        ballot: Ballot,
        /// The number promised.
        promised: Ballot,
    },
    /// What was chosen in some slots, for a replica that lags.
    Success {
        /// The leader's number.
        ballot: Ballot,
        /// The first of the slots.
        first: Slot,
        /// What was chosen in them.
        values: Values,
        /// The first slot of which the leader does not know what is chosen.
        first_unchosen: Slot,
    },
    /// The state machine, for a replica that lags behind what the leader has compacted.
    Install {
        /// The leader's number.
        ballot: Ballot,
        /// The snapshot.
        snapshot: Arc<Snapshot>,
        /// The first slot of which the leader does not know what is chosen.
        first_unchosen: Slot,
    },
}

impl Message {
    /// The number that it is about.
    pub fn ballot(&self) -> Ballot {
        match self {
            Self::Prepare { ballot, .. }
            | Self::Promise { ballot, .. }
            | Self::Accept { ballot, .. }
            | Self::Accepted { ballot, .. }
            | Self::Refused { ballot, .. }
            | Self::Success { ballot, .. }
            | Self::Install { ballot, .. } => *ballot,
        }
    }
}

impl Message {
    /// The number of its kind: [`Protocol::kind`](crate::sim::Protocol::kind).
    pub fn kind(&self) -> u8 {
        match self {
            Self::Prepare { .. } => 0,
            Self::Promise { .. } => 1,
            Self::Accept { values, .. } if values.is_empty() => 2,
            Self::Accept { .. } => 3,
            Self::Accepted { .. } => 4,
            Self::Refused { .. } => 5,
            Self::Success { .. } => 6,
            Self::Install { .. } => 7,
        }
    }

    /// How many bytes it takes: [`Protocol::bytes`](crate::sim::Protocol::bytes).
    pub fn bytes(&self) -> u64 {
        let (kind, flag) = (1, 1);
        let all = |values: &Values| values.iter().map(|value| value.bytes()).sum::<u64>();
        let whole = |snapshot: &Snapshot| 2 * 8 + snapshot.machine.bytes();
        kind + Ballot::BYTES
            + match self {
                Self::Prepare { .. } => 8,
                Self::Promise { accepted, snapshot, .. } => {
                    let cells = accepted
                        .iter()
                        .map(|(_, cell)| 8 + Ballot::BYTES + flag + cell.value.bytes());
                    8 + cells.sum::<u64>() + flag + snapshot.as_deref().map_or(0, whole)
                }
                Self::Accept { values, .. } | Self::Success { values, .. } => 3 * 8 + all(values),
                Self::Accepted { .. } => 3 * 8 + flag,
                Self::Refused { .. } => Ballot::BYTES,
                Self::Install { snapshot, .. } => 8 + whole(snapshot),
            }
    }
}

/// Values with their slots, such as `3 x=1, 4 noop`.
struct Listed<'a>(Slot, &'a [Arc<Value>]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (slot, value) in (self.0.0..).zip(self.1) {
            let comma = if slot == self.0.0 { "" } else { ", " };
            write!(f, "{comma}{slot} {value}")?;
        }
        Ok(())
    }
}

/// The notation of traces, tests and the event list, such as `Accept 2.1 [3 x=1, 4 noop] unchosen=3`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepare { ballot, first_unchosen } => {
                write!(f, "Prepare {ballot} from={first_unchosen}")
            }
            Self::Promise { ballot, accepted, snapshot } => {
                write!(f, "Promise {ballot} [")?;
                for (place, (slot, cell)) in accepted.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    let number =
                        if cell.chosen { "chosen".into() } else { cell.ballot.to_string() };
                    write!(f, "{comma}{slot} {number} {}", cell.value)?;
                }
                f.write_str("]")?;
                snapshot
                    .as_ref()
                    .map_or(Ok(()), |snapshot| write!(f, " snapshot={}", snapshot.last))
            }
            Self::Accept { ballot, first, values, first_unchosen } => {
                write!(f, "Accept {ballot} [{}] unchosen={first_unchosen}", Listed(*first, values))
            }
            Self::Accepted { ballot, first, count, first_unchosen, behind } => {
                let behind = if *behind { " behind" } else { "" };
                match count {
                    0 => write!(f, "Accepted {ballot} [] unchosen={first_unchosen}{behind}"),
                    _ => {
                        let last = first.0 + count - 1;
                        write!(
                            f,
                            "Accepted {ballot} [{first}–{last}] unchosen={first_unchosen}{behind}"
                        )
                    }
                }
            }
            Self::Refused { ballot, promised } => write!(f, "Refused {ballot} promised={promised}"),
            Self::Success { ballot, first, values, .. } => {
                write!(f, "Success {ballot} [{}]", Listed(*first, values))
            }
            Self::Install { ballot, snapshot, .. } => {
                write!(f, "Install {ballot} snapshot={}", snapshot.last)
            }
        }
    }
}
