//! The two remote procedure calls of Figure 2, each as a request and a reply.

use std::fmt;
use std::sync::Arc;

use super::log::{Entries, Index, Payload, Term};
use super::snapshot::Snapshot;

/// What servers say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "Invoked by candidates to gather votes" (§5.2).
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The index of the candidate's last log entry (§5.4.1).
        last_log_index: Index,
        /// The term of the candidate's last log entry (§5.4.1).
        last_log_term: Term,
        /// Whether the leader asked for this election (dissertation §3.10, §4.2.3).
        transfer: bool,
    },
    /// The answer to it.
    RequestVoteReply {
        /// The voter's term, for the candidate to update itself.
        term: Term,
        /// True means that the candidate got the vote.
        vote_granted: bool,
    },
    /// Asks whether the sender would get the vote of a term (dissertation §9.6).
    PreVote {
        /// The term that the sender would begin.
        term: Term,
        /// The index of the sender's last log entry.
        last_log_index: Index,
        /// The term of the sender's last log entry.
        last_log_term: Term,
    },
    /// The answer to it.
    PreVoteReply {
        /// The term asked about when it would be granted; else the voter's term.
        term: Term,
        /// Whether the vote would be granted.
        vote_granted: bool,
    },
    /// "Invoked by leader to replicate log entries (§5.3); also used as heartbeat (§5.2)".
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// The index of the entry just before the new ones.
        prev_log_index: Index,
        /// The term of that entry.
        prev_log_term: Term,
        /// The new entries; none for a heartbeat.
        entries: Entries,
        /// The leader's commit index.
        leader_commit: Index,
        /// The leader's latest round of heartbeats that readers wait for; 0 when there was none
        /// (dissertation §6.4).
        round: u64,
    },
    /// The answer to it, and to InstallSnapshot.
    AppendEntriesReply {
        /// The follower's term, for the leader to update itself.
        term: Term,
        /// The round of the call.
        round: u64,
        /// Whether the logs met.
        outcome: Outcome,
    },
    /// Brings a snapshot to a follower that needs entries which its leader has discarded (§7).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// The snapshot, in one piece.
        snapshot: Arc<Snapshot>,
    },
    /// Asks a server to stand for election at once (dissertation §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
}

/// What a follower answers. The paper's `success` does not say which call it answers; on a network
/// that reorders, a reply must speak for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The logs are the same up to this index.
    Success {
        /// The index of the last entry that the call spoke of.
        match_index: Index,
    },
    /// The follower has no entry with the index and term that the call named, or refuses the
    /// leader's term.
    Failure {
        /// The index that the call named.
        prev_log_index: Index,
        /// With fast back-up: where the logs may meet.
        conflict: Option<Conflict>,
    },
}

/// Where a leader should try next (§5.3, end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// The term of the follower's entry at the named index; none when its log is too short.
    pub term: Option<Term>,
    /// The first index of that term; the place after the last entry when the log is too short.
    pub first_index: Index,
}

impl Message {
    /// The sender's term.
    pub fn term(&self) -> Term {
        match self {
            Self::RequestVote { term, .. }
            | Self::RequestVoteReply { term, .. }
            | Self::PreVote { term, .. }
            | Self::PreVoteReply { term, .. }
            | Self::AppendEntries { term, .. }
            | Self::AppendEntriesReply { term, .. }
            | Self::InstallSnapshot { term, .. }
            | Self::TimeoutNow { term } => *term,
        }
    }

    /// The number of its kind: [`Protocol::kind`](crate::sim::Protocol::kind).
    pub fn kind(&self) -> u8 {
        match self {
            Self::RequestVote { .. } => 0,
            Self::RequestVoteReply { vote_granted: true, .. } => 1,
            Self::RequestVoteReply { vote_granted: false, .. } => 2,
            Self::PreVote { .. } => 3,
            Self::PreVoteReply { vote_granted: true, .. } => 4,
            Self::PreVoteReply { vote_granted: false, .. } => 5,
            Self::AppendEntries { entries, .. } if entries.is_empty() => 6,
            Self::AppendEntries { .. } => 7,
            Self::AppendEntriesReply { outcome: Outcome::Success { .. }, .. } => 8,
            Self::AppendEntriesReply { outcome: Outcome::Failure { .. }, .. } => 9,
            Self::InstallSnapshot { .. } => 10,
            Self::TimeoutNow { .. } => 11,
        }
    }

    /// How many bytes it takes: [`Protocol::bytes`](crate::sim::Protocol::bytes).
    pub fn bytes(&self) -> u64 {
        let (kind, flag) = (1, 1);
        kind + match self {
            Self::RequestVote { .. } => 3 * 8 + flag,
            Self::RequestVoteReply { .. } | Self::PreVoteReply { .. } => 8 + flag,
            Self::PreVote { .. } => 3 * 8,
            Self::AppendEntries { entries, .. } => {
                6 * 8 + entries.iter().map(|entry| 8 + entry.payload.bytes()).sum::<u64>()
            }
            Self::AppendEntriesReply { outcome: Outcome::Success { .. }, .. } => 3 * 8 + flag,
            Self::AppendEntriesReply { outcome: Outcome::Failure { conflict, .. }, .. } => {
                3 * 8 + flag + conflict.map_or(0, |_| 2 * 8)
            }
            Self::InstallSnapshot { snapshot, .. } => {
                let members = Payload::Configuration(snapshot.configuration);
                3 * 8 + members.bytes() + snapshot.machine.bytes()
            }
            Self::TimeoutNow { .. } => 8,
        }
    }

    /// Whether its term is one that somebody is in. A PreVote speaks of a term that nobody may ever
    /// begin, and so does the answer that grants it.
    pub fn binds(&self) -> bool {
        !matches!(self, Self::PreVote { .. } | Self::PreVoteReply { vote_granted: true, .. })
    }
}

/// The notation of traces, tests and the event list, such as `Append t3 base=4@2 [5@3 x=1] commit=4`.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestVote { term, last_log_index, last_log_term, transfer } => {
                let transfer = if *transfer { " transfer" } else { "" };
                write!(f, "RequestVote t{term} last={last_log_index}@{last_log_term}{transfer}")
            }
            Self::RequestVoteReply { term, vote_granted } => {
                write!(f, "Vote t{term} {}", if *vote_granted { "granted" } else { "refused" })
            }
            Self::AppendEntries {
                term,
                prev_log_index,
                prev_log_term,
                entries,
                leader_commit,
                round,
            } => {
                write!(f, "Append t{term} base={prev_log_index}@{prev_log_term} [")?;
                for (offset, entry) in entries.iter().enumerate() {
                    let index = prev_log_index.0 + 1 + offset as u64;
                    let space = if offset == 0 { "" } else { " " };
                    write!(f, "{space}{index}@{}", entry.term)?;
                    match &entry.payload {
                        Payload::Noop => {}
                        Payload::Command(command) => write!(f, " {}", command.op)?,
                        Payload::Configuration(configuration) => write!(f, " {configuration}")?,
                    }
                }
                write!(f, "] commit={leader_commit}{}", Round(*round))
            }
            Self::PreVote { term, last_log_index, last_log_term } => {
                write!(f, "PreVote t{term} last={last_log_index}@{last_log_term}")
            }
            Self::PreVoteReply { term, vote_granted } => {
                let answer = if *vote_granted { "granted" } else { "refused" };
                write!(f, "PreVoteReply t{term} {answer}")
            }
            Self::AppendEntriesReply { term, round, outcome: Outcome::Success { match_index } } => {
                write!(f, "Appended t{term} match={match_index}{}", Round(*round))
            }
            Self::AppendEntriesReply {
                term,
                round,
                outcome: Outcome::Failure { prev_log_index, conflict },
            } => {
                write!(f, "Refused t{term} base={prev_log_index}")?;
                match conflict {
                    None => {}
                    Some(Conflict { term: Some(term), first_index }) => {
                        write!(f, " conflict={first_index}@{term}")?;
                    }
                    Some(Conflict { term: None, first_index }) => write!(f, " end={first_index}")?,
                }
                Round(*round).fmt(f)
            }
            Self::InstallSnapshot { term, snapshot } => {
                let Snapshot { last_included_index, last_included_term, .. } = **snapshot;
                write!(f, "Snapshot t{term} last={last_included_index}@{last_included_term}")
            }
            Self::TimeoutNow { term } => write!(f, "TimeoutNow t{term}"),
        }
    }
}

/// A round of heartbeats, said only when there is one.
struct Round(u64);

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            round => write!(f, " round={round}"),
        }
    }
}
