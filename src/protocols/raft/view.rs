//! How Raft looks. Everything here only reads.

use std::convert::Infallible;

use super::message::{Conflict, Outcome};
use super::{Breach, Durable, Index, Log, Message, Payload, Raft, Reason, Role, Server, StepDown};
use super::{Term, Timer};
use crate::scene::{self, Exhibit, Face, Field, Glyph, Look, Mark, Sentence, Shape, Vote, Window};
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, NodeSet, Protocol};
use crate::text::{Argument, Phrase, say};

impl From<Term> for Argument {
    fn from(term: Term) -> Self {
        term.0.into()
    }
}

impl From<Index> for Argument {
    fn from(index: Index) -> Self {
        index.0.into()
    }
}

impl Exhibit for Raft {
    fn name() -> Phrase {
        say::raft::name()
    }

    fn setting(id: &str) -> (Phrase, Phrase) {
        use say::raft::{mutation as m, setting as s};
        match id {
            "election_timeout_least" => {
                (s::election_timeout_least(), s::election_timeout_least_help())
            }
            "election_timeout_most" => {
                (s::election_timeout_most(), s::election_timeout_most_help())
            }
            "heartbeat_interval" => (s::heartbeat_interval(), s::heartbeat_interval_help()),
            "fast_backup" => (s::fast_backup(), s::fast_backup_help()),
            "leader_noop" => (s::leader_noop(), s::leader_noop_help()),
            "pre_vote" => (s::pre_vote(), s::pre_vote_help()),
            "check_quorum" => (s::check_quorum(), s::check_quorum_help()),
            "client_sessions" => (s::client_sessions(), s::client_sessions_help()),
            "max_entries" => (s::max_entries(), s::max_entries_help()),
            "plurality_wins" => (m::plurality_wins(), m::plurality_wins_help()),
            "vote_twice" => (m::vote_twice(), m::vote_twice_help()),
            "forget_vote" => (m::forget_vote(), m::forget_vote_help()),
            "forget_log" => (m::forget_log(), m::forget_log_help()),
            "no_log_check" => (m::no_log_check(), m::no_log_check_help()),
            "commit_older_term" => (m::commit_older_term(), m::commit_older_term_help()),
            "half_quorum" => (m::half_quorum(), m::half_quorum_help()),
            "commit_before_ack" => (m::commit_before_ack(), m::commit_before_ack_help()),
            "truncate_always" => (m::truncate_always(), m::truncate_always_help()),
            "apply_before_commit" => (m::apply_before_commit(), m::apply_before_commit_help()),
            unknown => unreachable!("{unknown} is not in SETTINGS"),
        }
    }

    fn timer(timer: Timer) -> (Phrase, bool) {
        match timer {
            Timer::Election => (say::raft::election_timer(), true),
            Timer::Heartbeat => (say::raft::heartbeat_timer(), false),
        }
    }

    fn face(me: NodeId, nodes: u8, server: &Server, window: Window) -> Face {
        let (name, shape) = match &server.role {
            Role::Follower { .. } => (say::raft::follower(), Shape::Plain),
            Role::PreCandidate { .. } => (say::raft::pre_candidate(), Shape::Dashed),
            Role::Candidate { .. } => (say::raft::candidate(), Shape::Dashed),
            Role::Leader { .. } => (say::raft::leader(), Shape::Double),
        };
        let mut face = disk_face(&server.durable, window);
        face.role = scene::Role { name, shape };
        face.leads = server.is_leader();
        face.votes = votes(server, nodes);
        face.log.commit = server.commit_index.0;
        face.log.applied = server.last_applied.0;
        face.fields.extend(volatile_fields(server));
        if let Role::Leader { progress, .. } = &server.role {
            let followers = NodeId::all(nodes).filter(|&node| node != me);
            face.log.marks = followers
                .map(|node| {
                    let follower = progress[node.slot()];
                    let (next, matched) = (follower.next_index.0, follower.match_index.0);
                    Mark { node, next, matched }
                })
                .collect();
            face.peers = Some(scene::Table {
                title: say::raft::peers(),
                columns: vec!["nextIndex", "matchIndex"],
                rows: face.log.marks.iter().map(|m| (m.node, vec![m.next, m.matched])).collect(),
            });
        }
        face
    }

    fn face_down(disk: &Durable, window: Window) -> Face {
        disk_face(disk, window)
    }

    fn last_index(server: &Server) -> u64 {
        server.log().last_index().0
    }

    fn last_index_on(disk: &Durable) -> u64 {
        disk.log.last_index().0
    }

    fn look(message: &Message) -> Look {
        let (glyph, kind) = match message {
            Message::RequestVote { .. } => (Glyph::Ballot, "RequestVote"),
            Message::RequestVoteReply { vote_granted: true, .. } => (Glyph::Yes, "Vote"),
            Message::RequestVoteReply { vote_granted: false, .. } => (Glyph::No, "VoteRefused"),
            Message::PreVote { .. } => (Glyph::Ballot, "PreVote"),
            Message::PreVoteReply { vote_granted: true, .. } => (Glyph::Yes, "PreVoteReply"),
            Message::PreVoteReply { vote_granted: false, .. } => (Glyph::No, "PreVoteRefused"),
            Message::AppendEntries { entries, .. } if entries.is_empty() => {
                (Glyph::Heartbeat, "Heartbeat")
            }
            Message::AppendEntries { .. } => (Glyph::Entries, "AppendEntries"),
            Message::AppendEntriesReply { outcome: Outcome::Success { .. }, .. } => {
                (Glyph::Ack, "AppendEntriesReply")
            }
            Message::AppendEntriesReply { outcome: Outcome::Failure { .. }, .. } => {
                (Glyph::No, "AppendEntriesRefused")
            }
        };
        Look { glyph, epoch: message.term().0.into(), kind }
    }

    fn fields(message: &Message) -> Vec<(&'static str, String)> {
        let mut fields = vec![("term", message.term().to_string())];
        match message {
            Message::RequestVote { last_log_index, last_log_term, .. }
            | Message::PreVote { last_log_index, last_log_term, .. } => {
                fields.push(("lastLogIndex", last_log_index.to_string()));
                fields.push(("lastLogTerm", last_log_term.to_string()));
            }
            Message::RequestVoteReply { vote_granted, .. }
            | Message::PreVoteReply { vote_granted, .. } => {
                fields.push(("voteGranted", vote_granted.to_string()));
            }
            Message::AppendEntries {
                prev_log_index,
                prev_log_term,
                entries,
                leader_commit,
                ..
            } => {
                let texts = entries.iter().map(|entry| match &entry.payload {
                    Payload::Noop => format!("t{} {NOTHING}", entry.term),
                    Payload::Command(command) => format!("t{} {}", entry.term, command.op),
                });
                fields.push(("prevLogIndex", prev_log_index.to_string()));
                fields.push(("prevLogTerm", prev_log_term.to_string()));
                let texts = texts.collect::<Vec<_>>().join(", ");
                let texts = if texts.is_empty() { NOTHING.into() } else { texts };
                fields.push(("entries[]", texts));
                fields.push(("leaderCommit", leader_commit.to_string()));
            }
            Message::AppendEntriesReply { outcome: Outcome::Success { match_index }, .. } => {
                fields.push(("success", "true".into()));
                fields.push(("matchIndex", match_index.to_string()));
            }
            Message::AppendEntriesReply {
                outcome: Outcome::Failure { prev_log_index, conflict },
                ..
            } => {
                fields.push(("success", "false".into()));
                fields.push(("prevLogIndex", prev_log_index.to_string()));
                if let Some(Conflict { term, first_index }) = conflict {
                    let term = term.map_or(NOTHING.into(), |term| term.to_string());
                    fields.push(("conflictTerm", term));
                    fields.push(("conflictIndex", first_index.to_string()));
                }
            }
        }
        fields
    }

    fn purpose(message: &Message) -> Phrase {
        use say::raft::help;
        match message {
            Message::RequestVote { .. } => help::request_vote(),
            Message::RequestVoteReply { .. } => help::request_vote_reply(),
            Message::PreVote { .. } => help::pre_vote(),
            Message::PreVoteReply { .. } => help::pre_vote_reply(),
            Message::AppendEntries { entries, .. } if entries.is_empty() => help::heartbeat(),
            Message::AppendEntries { .. } => help::append_entries(),
            Message::AppendEntriesReply { .. } => help::append_entries_reply(),
        }
    }

    fn notation(message: &Message) -> String {
        message.to_string()
    }

    fn reason(node: NodeId, reason: &Reason) -> Sentence {
        let (phrase, source, key) = explain(node, reason);
        Sentence { phrase, source, key }
    }

    fn milestone(milestone: &Infallible) -> (Phrase, NodeSet) {
        match *milestone {}
    }

    fn invariant(number: usize) -> (Phrase, Phrase, &'static str) {
        use say::raft::invariant as i;
        match <Raft as Protocol>::Judge::INVARIANTS[number] {
            "election_safety" => (i::election_safety(), i::election_safety_says(), "§5.2"),
            "leader_append_only" => (i::leader_append_only(), i::leader_append_only_says(), "§5.3"),
            "log_matching" => (i::log_matching(), i::log_matching_says(), "§5.3"),
            "leader_completeness" => {
                (i::leader_completeness(), i::leader_completeness_says(), "§5.4")
            }
            "state_machine_safety" => {
                (i::state_machine_safety(), i::state_machine_safety_says(), "§5.4.3")
            }
            "monotonic" => (i::monotonic(), i::monotonic_says(), "Fig. 2"),
            unknown => unreachable!("{unknown} is not in INVARIANTS"),
        }
    }

    fn breach(breach: &Breach) -> (Phrase, NodeSet) {
        use say::raft::breach as b;
        match *breach {
            Breach::TwoLeaders { term, first, second } => {
                (b::two_leaders(first, second, term), [first, second].into_iter().collect())
            }
            Breach::LeaderRewrote { leader, index } => {
                (b::leader_rewrote(index, leader), NodeSet::of(leader))
            }
            Breach::LogsDiffer { node, index, term } => {
                (b::logs_differ(index, node, term), NodeSet::of(node))
            }
            Breach::CommittedEntryMissing { leader, index, term } => {
                (b::committed_entry_missing(index, leader, term), NodeSet::of(leader))
            }
            Breach::AppliedDiffers { node, index } => {
                (b::applied_differs(index, node), NodeSet::of(node))
            }
            Breach::AppliedBeforeCommit { node, index } => {
                (b::applied_before_commit(index, node), NodeSet::of(node))
            }
            Breach::TermWentBack { node, from, to } => {
                (b::term_went_back(from, node, to), NodeSet::of(node))
            }
            Breach::CommitWentBack { node, from, to } => {
                (b::commit_went_back(from, node, to), NodeSet::of(node))
            }
        }
    }
}

/// The sign for nothing, as in the notation of traces.
const NOTHING: &str = "∅";

/// What a disk alone shows: all that is left of a crashed server.
fn disk_face(disk: &Durable, window: Window) -> Face {
    use say::raft::help;
    let voted = disk.voted_for.map_or(say::raft::nobody().into(), Argument::from);
    let durable = |name, value, help| Field { name, value, durable: true, help };
    Face {
        role: scene::Role { name: say::raft::follower(), shape: Shape::Plain },
        epoch_name: say::raft::term(),
        epoch: disk.current_term.0.into(),
        leads: false,
        caption: None,
        votes: Vec::new(),
        fields: vec![
            durable("currentTerm", plain(disk.current_term), help::current_term()),
            durable("votedFor", plain(voted), help::voted_for()),
            durable("log[]", say::raft::entries(disk.log.last_index()), help::log()),
        ],
        peers: None,
        log: log(&disk.log, window),
    }
}

fn volatile_fields(server: &Server) -> Vec<Field> {
    use say::raft::help;
    let volatile = |name, value, help| Field { name, value, durable: false, help };
    let bindings = server.machine.iter().map(|(key, value)| format!("{key}={value}").into());
    let bindings: Vec<Argument> = bindings.collect();
    let mut fields = vec![
        volatile("commitIndex", plain(server.commit_index), help::commit_index()),
        volatile("lastApplied", plain(server.last_applied), help::last_applied()),
    ];
    match &server.role {
        Role::Follower { leader } => {
            let leader = leader.map_or(say::raft::nobody().into(), Argument::from);
            fields.push(volatile("leader", plain(leader), help::leader()));
        }
        Role::PreCandidate { granted, .. } | Role::Candidate { granted, .. } => {
            let voters: Vec<Argument> = granted.iter().map(Argument::from).collect();
            fields.push(volatile("votes", plain(voters), help::votes()));
        }
        Role::Leader { .. } => {}
    }
    fields.push(volatile("stateMachine", plain(bindings), help::machine()));
    fields
}

/// A value with no words around it; an empty list is said to be one.
fn plain(value: impl Into<Argument>) -> Phrase {
    match value.into() {
        Argument::List(items) if items.is_empty() => say::language::value(NOTHING),
        value => say::language::value(value),
    }
}

fn votes(server: &Server, nodes: u8) -> Vec<(NodeId, Vote)> {
    let (granted, refused) = match server.role {
        Role::PreCandidate { granted, refused } | Role::Candidate { granted, refused } => {
            (granted, refused)
        }
        Role::Follower { .. } | Role::Leader { .. } => return Vec::new(),
    };
    let vote = |node| match (granted.contains(node), refused.contains(node)) {
        (true, _) => Vote::Granted,
        (false, true) => Vote::Refused,
        (false, false) => Vote::Open,
    };
    NodeId::all(nodes).map(|node| (node, vote(node))).collect()
}

fn log(log: &Log, window: Window) -> scene::Log {
    let first = window.first.unwrap_or(1).max(1);
    let cells = log.slice(Index(first), window.columns);
    let cells = cells.iter().zip(first..).map(|(entry, index)| scene::Cell {
        index,
        epoch: entry.term.0.into(),
        text: match &entry.payload {
            Payload::Noop => None,
            Payload::Command(command) => Some(command.op.to_string()),
        },
    });
    scene::Log { last: log.last_index().0, cells: cells.collect(), ..scene::Log::default() }
}

/// The sentence of a reason, the section of the paper, and whether it is worth stopping for.
fn explain(node: NodeId, reason: &Reason) -> (Phrase, &'static str, bool) {
    use say::raft::reason as r;
    match *reason {
        Reason::Started { term, last_index } => (r::started(last_index, node, term), "§5.2", false),
        Reason::ElectionTimeout { term } => (r::timed_out(node, term), "§5.2", true),
        Reason::HigherTerm { from, term, old, was: StepDown::Follower } => {
            (r::higher_term_follower(from, node, old, term), "§5.1", false)
        }
        Reason::HigherTerm { from, term, old, was: StepDown::Candidate } => {
            (r::higher_term_candidate(from, node, old, term), "§5.1", false)
        }
        Reason::HigherTerm { from, term, old, was: StepDown::Leader } => {
            (r::higher_term_leader(from, node, old, term), "§5.1", true)
        }
        Reason::StaleTerm { from, theirs, ours } => {
            (r::stale_term(from, node, ours, theirs), "§5.1", false)
        }
        Reason::VoteGranted { candidate, term } => {
            (r::vote_granted(candidate, node, term), "§5.2", false)
        }
        Reason::AlreadyVoted { candidate, voted_for, term } => {
            (r::already_voted(candidate, node, term, voted_for), "§5.2", false)
        }
        Reason::OwnCandidate { candidate, term } => {
            (r::own_candidate(candidate, node, term), "§5.2", false)
        }
        Reason::LogBehind { candidate, theirs, ours } => {
            (r::log_behind(candidate, node, ours.1, ours.0, theirs.1, theirs.0), "§5.4.1", false)
        }
        Reason::VoteCounted { from, votes, needed } => {
            (r::vote_counted(from, needed, node, votes), "§5.2", false)
        }
        Reason::RefusalCounted { from, refused } => {
            (r::refusal_counted(from, node, refused), "§5.2", false)
        }
        Reason::Elected { term, votes, of } => (r::elected(of, node, term, votes), "§5.2", true),
        Reason::PreVoteStarted { term } => (r::pre_vote_started(node, term), "§9.6", false),
        Reason::PreVoteGranted { candidate, term } => {
            (r::pre_vote_granted(candidate, node, term), "§9.6", false)
        }
        Reason::PreVoteCounted { from, votes, needed } => {
            (r::pre_vote_counted(from, needed, node, votes), "§9.6", false)
        }
        Reason::LeaderAlive { candidate } => (r::leader_alive(candidate, node), "§4.2.3", false),
        Reason::QuorumLost { heard, needed } => (r::quorum_lost(heard, needed, node), "§6.2", true),
        Reason::LateVote { from, term } => (r::late_vote(from, node, term), "§5.2", false),
        Reason::LeaderHeard { leader, term } => {
            (r::leader_heard(leader, node, term), "§5.2", false)
        }
        Reason::NoopAppended { index, term } => (r::noop(index, node, term), "§8", false),
        Reason::Heartbeat { term } => (r::heartbeat(node, term), "§5.2", false),
        Reason::LogsDoNotMeet { prev_index, prev_term, have: None } => {
            (r::logs_do_not_meet(prev_index, node, prev_term), "§5.3", false)
        }
        Reason::LogsDoNotMeet { prev_index, prev_term, have: Some(have) } => {
            (r::logs_do_not_meet_term(have, prev_index, node, prev_term), "§5.3", false)
        }
        Reason::Overwritten { from, to, had, got } => {
            (r::overwritten(from, got, had, to, node), "§5.3", true)
        }
        Reason::Appended { from, to } => (r::appended(from, to, node), "§5.3", false),
        Reason::NothingNew { leader } => (r::nothing_new(leader, node), "§5.2", false),
        Reason::BackedUp { follower, from, to } => {
            (r::backed_up(follower, from, node, to), "§5.3", false)
        }
        Reason::Matched { follower, index } => (r::matched(follower, index, node), "§5.3", false),
        Reason::LateReply { from } => (r::late_reply(from, node), "§5.3", false),
        Reason::Committed { from, to, replicas, of } => {
            (r::committed(of, from, to, node, replicas), "§5.3", true)
        }
        Reason::OlderTerm { index, of, current } => {
            (r::older_term(current, index, node, of), "§5.4.2", true)
        }
        Reason::CommitLearned { from, to } => (r::commit_learned(from, to, node), "§5.3", false),
        Reason::Applied { from, to } => (r::applied(from, to, node), "§5.3", false),
        Reason::CommandAppended { index, term } => {
            (r::command_appended(index, node, term), "§5.3", false)
        }
        Reason::Redirected { leader: Some(leader) } => (r::redirected(leader, node), "§8", false),
        Reason::Redirected { leader: None } => (r::redirected_nowhere(node), "§8", false),
    }
}
