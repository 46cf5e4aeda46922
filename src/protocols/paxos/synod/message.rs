//! The messages of the two phases (§2.2), each with the number of the proposal that it is about.

use std::fmt;

use crate::protocols::paxos::ballot::Ballot;
use crate::sim::Command;

/// A number and a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The number.
    pub ballot: Ballot,
    /// The value: what a client wants written.
    pub value: Command,
}

/// What replicas say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Phase 1 (a): a proposer asks for a promise. It carries no value.
    Prepare {
        /// The number of the proposal that it may issue later.
        ballot: Ballot,
    },
    /// Phase 1 (b): never again to accept anything numbered less.
    Promise {
        /// The number asked about.
        ballot: Ballot,
        /// "The highest-numbered proposal (if any) that it has accepted".
        accepted: Option<Proposal>,
    },
    /// Phase 2 (a): a proposer issues a proposal.
    Accept(Proposal),
    /// Phase 2 (b): an acceptor has accepted the proposal, for its proposer and all learners (§2.3).
    Accepted(Proposal),
    /// An acceptor that has promised more "should inform the proposer, who should then abandon its
    /// proposal" (§2.5).
    Refused {
        /// The number refused.
        ballot: Ballot,
        /// The number promised.
        promised: Ballot,
    },
}

impl Message {
    /// The number of the proposal that it is about.
    pub fn ballot(&self) -> Ballot {
        match self {
            Self::Prepare { ballot }
            | Self::Promise { ballot, .. }
            | Self::Accept(Proposal { ballot, .. })
            | Self::Accepted(Proposal { ballot, .. })
            | Self::Refused { ballot, .. } => *ballot,
        }
    }
}

impl Message {
    /// The number of its kind: [`Protocol::kind`](crate::sim::Protocol::kind).
    pub fn kind(&self) -> u8 {
        match self {
            Self::Prepare { .. } => 0,
            Self::Promise { .. } => 1,
            Self::Accept(_) => 2,
            Self::Accepted(_) => 3,
            Self::Refused { .. } => 4,
        }
    }

    /// How many bytes it takes: [`Protocol::bytes`](crate::sim::Protocol::bytes).
    pub fn bytes(&self) -> u64 {
        let (kind, flag) = (1, 1);
        let whole = |proposal: &Proposal| Ballot::BYTES + proposal.value.bytes();
        kind + match self {
            Self::Prepare { .. } => Ballot::BYTES,
            Self::Promise { accepted, .. } => {
                Ballot::BYTES + flag + accepted.as_ref().map_or(0, whole)
            }
            Self::Accept(proposal) | Self::Accepted(proposal) => whole(proposal),
            Self::Refused { .. } => 2 * Ballot::BYTES,
        }
    }
}

/// `1.2 x=5`.
impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.ballot, self.value.op)
    }
}

/// The notation of traces, tests and the event list, such as `Promise 2.1 [1.2 x=5]`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepare { ballot } => write!(f, "Prepare {ballot}"),
            Self::Promise { ballot, accepted: None } => write!(f, "Promise {ballot} []"),
            Self::Promise { ballot, accepted: Some(proposal) } => {
                write!(f, "Promise {ballot} [{proposal}]")
            }
            Self::Accept(proposal) => write!(f, "Accept {proposal}"),
            Self::Accepted(proposal) => write!(f, "Accepted {proposal}"),
            Self::Refused { ballot, promised } => write!(f, "Refused {ballot} promised={promised}"),
        }
    }
}
