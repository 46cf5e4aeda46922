//! Why a server did what it did, as data. The page renders it in the reader's language.

use super::log::{Index, Term};
use super::membership::Configuration;
use super::order::Refusal;
use crate::sim::{Micros, NodeId};

/// Which role was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepDown {
    /// It was a follower and stays one.
    Follower,
    /// It was a candidate.
    Candidate,
    /// It was the leader.
    Leader,
}

/// One rule that fired, with its facts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A server starts from its disk, as a follower (§5.2).
    Started { term: Term, last_index: Index },
    /// No leader was heard in time: a new term, a candidacy, a vote for itself (§5.2).
    ElectionTimeout { term: Term },
    /// A message of a higher term turns any role into a follower (§5.1).
    HigherTerm { from: NodeId, term: Term, old: Term, was: StepDown },
    /// A message of an older term is refused or ignored (§5.1).
    StaleTerm { from: NodeId, theirs: Term, ours: Term },
    /// The vote of this term goes to the first candidate that asks and is up to date (§5.2).
    VoteGranted { candidate: NodeId, term: Term },
    /// The vote of this term is gone already (§5.2).
    AlreadyVoted { candidate: NodeId, voted_for: NodeId, term: Term },
    /// A leader or candidate does not vote for another in its own term (§5.2).
    OwnCandidate { candidate: NodeId, term: Term },
    /// The candidate's log is behind the voter's: the last term decides, then the length (§5.4.1).
    LogBehind { candidate: NodeId, theirs: (Term, Index), ours: (Term, Index) },
    /// A vote came in; the candidate needs a majority of all servers (§5.2).
    VoteCounted { from: NodeId, votes: u8, needed: u8 },
    /// A refusal came in.
    RefusalCounted { from: NodeId, refused: u8 },
    /// A majority of votes makes a leader (§5.2).
    Elected { term: Term, votes: u8, of: u8 },
    /// An election timeout, and a question first: would a majority vote for a new term (§9.6)?
    PreVoteStarted { term: Term },
    /// A server would vote for this one.
    PreVoteGranted { candidate: NodeId, term: Term },
    /// A server would vote; a majority of such answers starts the election.
    PreVoteCounted { from: NodeId, votes: u8, needed: u8 },
    /// There is a leader, so nobody is wanted in its place (§4.2.3, §9.6).
    LeaderAlive { candidate: NodeId },
    /// A leader that no majority answers steps down (§6.2).
    QuorumLost { heard: u8, needed: u8 },
    /// A vote that comes too late to count.
    LateVote { from: NodeId, term: Term },
    /// A candidate hears the leader of its term and steps back (§5.2).
    LeaderHeard { leader: NodeId, term: Term },
    /// A leader begins its term with an entry that does nothing (§8).
    NoopAppended { index: Index, term: Term },
    /// A leader tells all that it is there (§5.2).
    Heartbeat { term: Term },
    /// The logs do not meet at the entry before the new ones (§5.3).
    LogsDoNotMeet { prev_index: Index, prev_term: Term, have: Option<Term> },
    /// Entries that conflict with the leader's go, with all that follow them (§5.3).
    Overwritten { from: Index, to: Index, had: Term, got: Term },
    /// Entries of the leader that were not there yet are added (§5.3).
    Appended { from: Index, to: Index },
    /// Nothing to add: the call repeats what is there, or only says that the leader lives.
    NothingNew { leader: NodeId },
    /// The leader tries an earlier index (§5.3).
    BackedUp { follower: NodeId, from: Index, to: Index },
    /// The follower's log is known to equal the leader's up to an index (§5.3).
    Matched { follower: NodeId, index: Index },
    /// A reply that tells nothing new.
    LateReply { from: NodeId },
    /// Entries of the current term on a majority are committed, and all before them (§5.3, §5.4.2).
    Committed { from: Index, to: Index, replicas: u8, of: u8 },
    /// An entry of an earlier term is on a majority, yet not committed by counting (§5.4.2).
    OlderTerm { index: Index, of: Term, current: Term },
    /// A follower learns from its leader what is committed (§5.3).
    CommitLearned { from: Index, to: Index },
    /// Committed entries are applied to the state machine, in order (§5.3).
    Applied { from: Index, to: Index },
    /// A leader appends a client's command to its own log first (§5.3).
    CommandAppended { index: Index, term: Term },
    /// A server that does not lead sends the client to the leader it knows (§8).
    Redirected { leader: Option<NodeId> },
    /// A leader that hands over takes no requests (dissertation §3.10).
    HandingOver { to: NodeId },
    /// The applied entries are replaced by a snapshot (§7).
    SnapshotTaken { from: Index, to: Index },
    /// The leader discarded what the follower needs next: it sends its snapshot (§7).
    SnapshotSent { to: NodeId, index: Index },
    /// A snapshot of the leader replaces the beginning of the log (§7).
    SnapshotInstalled { leader: NodeId, index: Index },
    /// An order of a person is refused.
    OrderRefused(Refusal),
    /// Another configuration is in the log, and so in use (§6).
    ConfigurationAdopted { index: Index, configuration: Configuration },
    /// A leader that the committed configuration leaves out steps down (dissertation §4.2.2).
    LeftCluster { index: Index },
    /// A leader is to hand over (dissertation §3.10).
    TransferBegun { to: NodeId },
    /// The other's log is as long as the leader's: it may stand now (dissertation §3.10).
    TimeoutNowSent { to: NodeId },
    /// The leader asks this server to stand at once (dissertation §3.10).
    TimeoutNowHeard { leader: NodeId },
    /// The hand-over took too long; the leader goes on (dissertation §3.10).
    TransferAborted { to: NodeId },
    /// An election timeout goes off while the server has promised not to help another to lead
    /// (dissertation §6.4.1).
    PromiseKept,
    /// A server answers a read from its own state machine, whoever leads.
    ReadLocally { applied: Index },
    /// A read waits until the leader has made sure that it leads (dissertation §6.4).
    ReadWaits { index: Index, round: u64 },
    /// A majority answered a round of heartbeats: the leader led when it began (dissertation §6.4).
    RoundConfirmed { round: u64 },
    /// The state machine has come as far as a read asks for (dissertation §6.4).
    ReadAnswered { index: Index },
    /// A round confirmed begins a new lease (dissertation §6.4.1).
    LeaseExtended { round: u64, until: Micros },
    /// A read is answered at once, by the lease (dissertation §6.4.1).
    ReadByLease { until: Micros },
}
