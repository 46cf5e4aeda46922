//! The rules that every instance of the algorithm follows ("Paxos Made Simple" §2.2), whether it
//! decides on one value or on an entry of a log.

use super::ballot::Ballot;
use super::mutations::{Mutation, Mutations};

/// How many acceptors must answer in each phase. Any two quorums must meet only across the phases
/// (Howard, Malkhi & Spiegelman, "Flexible Paxos", 2016): their sizes must add up to more than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorums {
    /// How many promises let a proposer propose.
    pub phase1: u8,
    /// How many acceptances choose a value.
    pub phase2: u8,
}

impl Quorums {
    /// The quorums of so many acceptors: the sizes that are wanted, 0 for a majority.
    pub fn new(acceptors: u8, wanted: (u64, u64), mutations: Mutations) -> Self {
        if mutations.has(Mutation::SmallQuorums) {
            let half = (acceptors / 2).max(1);
            return Self { phase1: half, phase2: half };
        }
        let size = |wanted: u64| match wanted {
            0 => acceptors / 2 + 1,
            _ => wanted.min(acceptors.into()) as u8,
        };
        Self { phase1: size(wanted.0), phase2: size(wanted.1) }
    }
}

/// Phase 1 (b): "if an acceptor receives a prepare request with number n greater than that of any
/// prepare request to which it has already responded, then it responds to the request with a
/// promise" (§2.2).
pub(super) fn may_promise(promised: Ballot, asked: Ballot, mutations: Mutations) -> bool {
    let again = mutations.has(Mutation::SameNumber) || mutations.has(Mutation::ReuseNumber);
    asked > promised || again && asked == promised
}

/// Phase 2 (b): "if an acceptor receives an accept request for a proposal numbered n, it accepts the
/// proposal unless it has already responded to a prepare request having a number greater than n"
/// (§2.2).
pub(super) fn may_accept(promised: Ballot, asked: Ballot, mutations: Mutations) -> bool {
    asked >= promised || mutations.has(Mutation::AcceptBelow)
}

/// Whether a reported acceptance counts for more than the one that counted most so far: "v is the
/// value of the highest-numbered proposal among the responses" (§2.2).
pub(super) fn outweighs(reported: Ballot, best: Ballot, mutations: Mutations) -> bool {
    if mutations.has(Mutation::AnyValue) { reported < best } else { reported > best }
}
