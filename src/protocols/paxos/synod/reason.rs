//! Why a replica did what it did, as data. The page renders it in the reader's language.

use crate::protocols::paxos::ballot::Ballot;
use crate::sim::{NodeId, Op, RequestId};

/// One rule that fired, with its facts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A replica starts from its disk (§2.5).
    Started { promised: Ballot, accepted: Option<Ballot> },
    /// A proposer begins a round with a number above all it knows (§2.2, phase 1 (a)).
    RoundStarted { ballot: Ballot },
    /// A client's command waits for the round that is under way.
    Waits,
    /// A round did not end in time (§2.4).
    TimedOut { ballot: Ballot },
    /// A higher number is in use: the round is given up (§2.4, §2.5).
    Preempted { ballot: Ballot, by: Ballot },
    /// An acceptor promises, and reports what it has accepted (§2.2, phase 1 (b)).
    Promised { to: NodeId, ballot: Ballot, accepted: Option<Ballot> },
    /// An acceptor promised as much already: a prepare request counts once (§2.2).
    Repeated { from: NodeId, ballot: Ballot },
    /// An acceptor has promised more (§2.2).
    PrepareRefused { from: NodeId, ballot: Ballot, promised: Ballot },
    /// A promise came in; a quorum of them lets the proposer issue its proposal (§2.2).
    PromiseCounted { from: NodeId, promises: u8, needed: u8, accepted: Option<Ballot> },
    /// An answer to a round that is over.
    LateReply { from: NodeId, ballot: Ballot },
    /// Nobody reported an acceptance: the proposer may propose its own value (§2.2, phase 2 (a)).
    ValueFree { ballot: Ballot, value: Op, promises: u8 },
    /// The value of the highest-numbered acceptance reported must be proposed (§2.2, phase 2 (a)).
    ValueBound { ballot: Ballot, value: Op, of: Ballot, promises: u8 },
    /// Nobody reported an acceptance, and there is nothing to propose: nothing was chosen.
    NothingChosen { promises: u8 },
    /// An acceptor accepts (§2.2, phase 2 (b)).
    Accepted { ballot: Ballot, value: Op },
    /// An acceptor has promised more (§2.2, phase 2 (b)).
    AcceptRefused { from: NodeId, ballot: Ballot, promised: Ballot },
    /// An acceptor says that it has promised more (§2.5).
    RefusalHeard { from: NodeId, ballot: Ballot, promised: Ballot },
    /// An acceptance was heard of; a quorum of them means that the value is chosen (§2.3).
    AcceptanceHeard { from: NodeId, ballot: Ballot, count: u8, needed: u8 },
    /// A learner knows what is chosen (§2.3).
    Learned { ballot: Ballot, value: Op, count: u8 },
    /// What is chosen was known already.
    KnownAlready { from: NodeId },
    /// A client is told what is chosen.
    Answered { request: RequestId, chosen: Op },
    /// A replica that does not propose sends the client to one that does (§2.4).
    Redirected { to: NodeId },
}
