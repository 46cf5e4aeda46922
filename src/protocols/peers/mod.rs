//! Engines that others wrote, as protocols of the same world: what our own are held up against.
//!
//! * [`RaftRs`] is TiKV's `raft` 0.7, a port of etcd's Raft; [`OmniPaxos`] is `omnipaxos` 0.2.4.
//! * They serve the same clients with the same store, so that schedules of faults, histories and
//!   the check of linearizability need no change. [`Outside`] judges them by what can be seen of any
//!   replicated log.
//!
//! They are there for tests and benchmarks, behind the feature `peers`, and not in the catalogue:
//! the page does not show them. Both crates are under Apache-2.0.

mod link;
mod omni_paxos;
mod raft_rs;

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::sim::protocol::Judge;
use crate::sim::{NodeId, Protocol};

pub use omni_paxos::{OmniConfig, OmniPaxos};
pub use raft_rs::{RaftRs, RaftRsConfig};

/// What can be seen of a node of any protocol that decides a log.
pub trait Peer {
    /// The highest term or ballot that the node takes part in, as a number and a tie-breaker; it
    /// survives a crash.
    fn ballot(&self) -> (u64, u64);

    /// Whether the node leads in [`Peer::ballot`].
    fn leads(&self) -> bool;

    /// How many entries the node knows to be decided.
    fn decided(&self) -> u64;

    /// How many entries the node has applied.
    fn applied(&self) -> u64;

    /// A digest of the entry at an index, from 1; none when the log ends before.
    fn entry(&self, index: u64) -> Option<u64>;
}

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsideBreach {
    /// Two nodes led in one ballot.
    TwoLeaders { ballot: (u64, u64), first: NodeId, second: NodeId },
    /// A node holds as decided what differs from what was decided at this index, or nothing.
    DecidedDiffers { node: NodeId, index: u64 },
    /// A node applied an entry that it does not know to be decided.
    AppliedBeforeDecided { node: NodeId, index: u64 },
    /// A node's ballot went back.
    BallotWentBack { node: NodeId },
    /// What a running node had decided or applied became less.
    LogWentBack { node: NodeId },
}

/// What the judge remembers of one node.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    ballot: (u64, u64),
    decided: u64,
    applied: u64,
}

/// The judge of all peers.
#[derive(Clone, Debug)]
pub struct Outside {
    seen: Vec<Seen>,
    leaders: BTreeMap<(u64, u64), NodeId>,
    /// The digest of the entry that was decided at each index, from 1.
    decided: Vec<u64>,
}

const ONE_LEADER: usize = 0;
const AGREEMENT: usize = 1;
const MONOTONIC: usize = 2;

impl<P: Protocol<State: Peer>> Judge<P> for Outside {
    type Breach = OutsideBreach;
    type Milestone = Infallible;

    const INVARIANTS: &'static [&'static str] = &["one_leader", "agreement", "monotonic"];

    fn new(nodes: u8) -> Self {
        let seen = vec![Seen::default(); nodes.into()];
        Self { seen, leaders: BTreeMap::new(), decided: Vec::new() }
    }

    fn changed(
        &mut self,
        states: &[Option<P::State>],
        node: NodeId,
        breaches: &mut Vec<OutsideBreach>,
    ) {
        let seen = &mut self.seen[node.slot()];
        let Some(state) = &states[node.slot()] else {
            // A crash forgets what was decided and applied, or may.
            *seen = Seen { ballot: seen.ballot, ..Seen::default() };
            return;
        };
        let now =
            Seen { ballot: state.ballot(), decided: state.decided(), applied: state.applied() };
        let before = std::mem::replace(seen, now);
        if now.ballot < before.ballot {
            breaches.push(OutsideBreach::BallotWentBack { node });
        }
        if now.decided < before.decided || now.applied < before.applied {
            breaches.push(OutsideBreach::LogWentBack { node });
        }
        if now.applied > now.decided {
            breaches.push(OutsideBreach::AppliedBeforeDecided { node, index: now.applied });
        }
        if state.leads() {
            let (ballot, first) = (now.ballot, *self.leaders.entry(now.ballot).or_insert(node));
            if first != node {
                breaches.push(OutsideBreach::TwoLeaders { ballot, first, second: node });
            }
        }
        // From the last one that was decided before: it must still be there.
        for index in before.decided.max(1)..=now.decided {
            let entry = state.entry(index);
            let decided = self.decided.get(index as usize - 1);
            match (entry, decided) {
                (Some(new), None) => self.decided.push(new),
                (Some(held), Some(&decided)) if held == decided => {}
                _ => return breaches.push(OutsideBreach::DecidedDiffers { node, index }),
            }
        }
    }

    fn invariant(breach: &OutsideBreach) -> usize {
        match breach {
            OutsideBreach::TwoLeaders { .. } => ONE_LEADER,
            OutsideBreach::DecidedDiffers { .. } | OutsideBreach::AppliedBeforeDecided { .. } => {
                AGREEMENT
            }
            OutsideBreach::BallotWentBack { .. } | OutsideBreach::LogWentBack { .. } => MONOTONIC,
        }
    }
}
