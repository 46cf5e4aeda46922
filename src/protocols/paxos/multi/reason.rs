//! Why a replica did what it did, as data. The page renders it in the reader's language.

use super::log::Slot;
use crate::protocols::paxos::ballot::Ballot;
use crate::sim::NodeId;

/// One rule that fired, with its facts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A replica starts from its disk (§2.5).
    Started { promised: Ballot, last: Slot },
    /// No leader was heard in time: phase 1 for all open instances (§3).
    RunsForLeader { ballot: Ballot, first: Slot },
    /// A replica promises, for all instances at once, and reports what it has accepted (§3).
    Promised { to: NodeId, ballot: Ballot, reported: u64 },
    /// It has answered this prepare request already (§2.2).
    Repeated { from: NodeId, ballot: Ballot },
    /// It has promised more (§2.2, §2.5).
    Refused { from: NodeId, ballot: Ballot, promised: Ballot },
    /// Somebody uses a higher number (§2.5).
    GivesWay { ballot: Ballot, to: Ballot },
    /// A promise came in; a quorum of them makes a leader (§3).
    PromiseCounted { from: NodeId, promises: u8, needed: u8 },
    /// An answer that comes too late.
    LateReply { from: NodeId, ballot: Ballot },
    /// Phase 1 is done, once for all instances (§3).
    Leads { ballot: Ballot, promises: u8 },
    /// What may have been chosen is proposed again, and gaps are filled with no-ops (§3).
    Recovers { first: Slot, last: Slot, gaps: u64 },
    /// A new command is proposed: phase 2 alone (§3).
    Proposes { ballot: Ballot, slot: Slot },
    /// A command waits until phase 1 is done again, where leaders are not stable.
    Waits,
    /// A leader says that it is there.
    Heartbeat { ballot: Ballot },
    /// A replica hears its leader.
    LeaderHeard { leader: NodeId, ballot: Ballot },
    /// An acceptor accepts (§2.2).
    Accepted { ballot: Ballot, first: Slot, last: Slot },
    /// An acceptance was heard of (§2.3).
    AcceptanceHeard { from: NodeId, first: Slot, last: Slot },
    /// The leader learns that a quorum has accepted (§2.3).
    Chosen { slot: Slot, count: u8 },
    /// Commands are executed in order (§3).
    Executed { first: Slot, last: Slot },
    /// A replica that lags is told what was chosen.
    Teaches { to: NodeId, first: Slot, count: u64 },
    /// It hears what was chosen.
    Taught { from: NodeId, first: Slot, count: u64 },
    /// The executed prefix is replaced by a snapshot.
    Compacted { last: Slot },
    /// There is nothing to replace.
    NothingToCompact,
    /// A replica lags behind what was compacted.
    SnapshotSent { to: NodeId, last: Slot },
    /// It takes over the snapshot.
    Installed { last: Slot },
    /// The client is sent to the leader.
    Redirected { to: NodeId },
    /// No leader is known.
    RedirectedNowhere,
}
