//! How Raft looks. Everything here only reads.

use std::convert::Infallible;

use super::membership::Configuration;
use super::message::{Conflict, Outcome};
use super::quorum::Joint;
use super::{
    Breach, Durable, Index, Log, Message, Payload, Progress, Raft, ReadMode, Reason, Role, Server,
    Snapshot, Term, Timer, sentences,
};
use crate::scene::{self, Epoch, Exhibit, Face, Field, Glyph, Mark, Sentence, Shape, Vote, Window};
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
    const KINDS: &'static [(Glyph, &'static str)] = &[
        (Glyph::Ballot, "RequestVote"),
        (Glyph::Yes, "Vote"),
        (Glyph::No, "VoteRefused"),
        (Glyph::Ballot, "PreVote"),
        (Glyph::Yes, "PreVoteReply"),
        (Glyph::No, "PreVoteRefused"),
        (Glyph::Heartbeat, "Heartbeat"),
        (Glyph::Entries, "AppendEntries"),
        (Glyph::Ack, "AppendEntriesReply"),
        (Glyph::No, "AppendEntriesRefused"),
        (Glyph::Snapshot, "InstallSnapshot"),
        (Glyph::Ballot, "TimeoutNow"),
    ];

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
            "pipeline" => (s::pipeline(), s::pipeline_help()),
            "entries_with_heartbeat" => {
                (s::entries_with_heartbeat(), s::entries_with_heartbeat_help())
            }
            "snapshot_threshold" => (s::snapshot_threshold(), s::snapshot_threshold_help()),
            "max_applied" => (s::max_applied(), s::max_applied_help()),
            "reads" => (s::reads(), s::reads_help()),
            "clock_drift" => (s::clock_drift(), s::clock_drift_help()),
            "first_voters" => (s::first_voters(), s::first_voters_help()),
            "joint_consensus" => (s::joint_consensus(), s::joint_consensus_help()),
            "auto_leave" => (s::auto_leave(), s::auto_leave_help()),
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
            "unconfirmed_read" => (m::unconfirmed_read(), m::unconfirmed_read_help()),
            "long_lease" => (m::long_lease(), m::long_lease_help()),
            "two_server_change" => (m::two_server_change(), m::two_server_change_help()),
            "early_change" => (m::early_change(), m::early_change_help()),
            unknown => unreachable!("{unknown} is not in SETTINGS"),
        }
    }

    fn choice(_: &str, value: u64) -> Phrase {
        use say::raft::reads as r;
        match ReadMode::ALL[value as usize] {
            ReadMode::Log => r::log(),
            ReadMode::Local => r::local(),
            ReadMode::ReadIndex => r::read_index(),
            ReadMode::Lease => r::lease(),
        }
    }

    fn timer(timer: Timer) -> (Phrase, bool) {
        match timer {
            Timer::Election => (say::raft::election_timer(), true),
            Timer::Heartbeat => (say::raft::heartbeat_timer(), false),
        }
    }

    fn face(me: NodeId, _: u8, _: &Self::Config, server: &Server, window: Window) -> Face {
        let (name, shape) = match &server.role {
            Role::Follower { .. } => place(server.configuration, me),
            Role::PreCandidate { .. } => (say::raft::pre_candidate(), Shape::Dashed),
            Role::Candidate { .. } => (say::raft::candidate(), Shape::Dashed),
            Role::Leader { .. } => (say::raft::leader(), Shape::Double),
        };
        let mut face = disk_face(&server.durable, window);
        face.role = scene::Role { name, shape };
        face.leads = server.is_leader();
        face.caption = caption(me, server);
        face.votes = votes(server);
        face.members = Some(members(server.configuration));
        face.log.commit = server.commit_index.0;
        face.log.applied = server.last_applied.0;
        face.fields.extend(volatile_fields(server));
        if let Role::Leader { progress, .. } = &server.role {
            let others = server.peers(me).map(|node| (node, progress[node.slot()]));
            face.log.marks = others
                .clone()
                .map(|(node, Progress { next_index, match_index, .. })| Mark {
                    node,
                    next: next_index.0,
                    matched: match_index.0,
                })
                .collect();
            let row = |(node, each): (NodeId, Progress)| {
                let values = [each.next_index.0, each.match_index.0, each.in_flight.into()];
                (node, values.to_vec())
            };
            face.peers = Some(scene::Table {
                title: say::raft::peers(),
                columns: vec!["nextIndex", "matchIndex", "inFlight"],
                rows: others.map(row).collect(),
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

    fn epoch(message: &Message) -> Epoch {
        message.term().0.into()
    }

    fn fields(message: &Message) -> Vec<(&'static str, String)> {
        let mut fields = vec![("term", message.term().to_string())];
        match message {
            Message::TimeoutNow { .. } => {}
            Message::InstallSnapshot { snapshot, .. } => {
                let last_included_term = snapshot.last_included_term.to_string();
                fields.push(("lastIncludedIndex", snapshot.last_included_index.to_string()));
                fields.push(("lastIncludedTerm", last_included_term));
                fields.push(("configuration", short(snapshot.configuration)));
                let bindings = snapshot.machine.iter();
                let bindings = bindings.map(|(key, value)| format!("{key}={value}"));
                fields.push(("data[]", bindings.collect::<Vec<_>>().join(", ")));
            }
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
                round,
                ..
            } => {
                let texts = entries.iter().map(|entry| {
                    let text = text(&entry.payload).unwrap_or(NOTHING.into());
                    format!("t{} {text}", entry.term)
                });
                fields.push(("prevLogIndex", prev_log_index.to_string()));
                fields.push(("prevLogTerm", prev_log_term.to_string()));
                let texts = texts.collect::<Vec<_>>().join(", ");
                let texts = if texts.is_empty() { NOTHING.into() } else { texts };
                fields.push(("entries[]", texts));
                fields.push(("leaderCommit", leader_commit.to_string()));
                if *round > 0 {
                    fields.push(("round", round.to_string()));
                }
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
            Message::InstallSnapshot { .. } => help::install_snapshot(),
            Message::TimeoutNow { .. } => help::timeout_now(),
        }
    }

    fn notation(message: &Message) -> String {
        message.to_string()
    }

    fn reason(node: NodeId, reason: &Reason) -> Sentence {
        let (phrase, source, key) = sentences::explain(node, reason);
        Sentence { phrase, source, key }
    }

    fn milestone(milestone: &Infallible) -> (Phrase, NodeSet) {
        match *milestone {}
    }

    fn tries() -> Vec<Phrase> {
        use say::tries;
        vec![tries::raft_elect(), tries::raft_crash(), tries::raft_drop(), tries::raft_split()]
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
            "one_vote" => (i::one_vote(), i::one_vote_says(), "§5.2"),
            "order" => (i::order(), i::order_says(), "§7"),
            "leader_knowledge" => (i::leader_knowledge(), i::leader_knowledge_says(), "§5.3"),
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
            Breach::VoteChanged { node, term } => (b::vote_changed(node, term), NodeSet::of(node)),
            Breach::NoOwnVote { node, term } => (b::no_own_vote(node, term), NodeSet::of(node)),
            Breach::IndexesOutOfOrder { node } => {
                (b::indexes_out_of_order(node), NodeSet::of(node))
            }
            Breach::TermsOutOfOrder { node, index } => {
                (b::terms_out_of_order(index, node), NodeSet::of(node))
            }
            Breach::WrongMatchIndex { leader, follower, index } => (
                b::wrong_match_index(follower, index, leader),
                [leader, follower].into_iter().collect(),
            ),
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
            durable("log[]", entries(&disk.log), help::log()),
            durable("snapshot", snapshot(&disk.snapshot), help::snapshot()),
        ],
        peers: None,
        members: None,
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
        volatile("configuration", plain(short(server.configuration)), help::configuration()),
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
        Role::Leader { reads, transfer, .. } => {
            if reads.round > 0 {
                let rounds = say::raft::rounds(reads.confirmed, reads.round, reads.waiting.len());
                fields.push(volatile("readRounds", rounds, help::rounds()));
            }
            if let Some(lease) = reads.lease {
                fields.push(volatile("leaseUntil", plain(lease.until), help::lease()));
            }
            if let Some(transfer) = transfer {
                fields.push(volatile("transferTo", plain(transfer.to), help::transfer()));
            }
        }
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

fn votes(server: &Server) -> Vec<(NodeId, Vote)> {
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
    let Joint { incoming, outgoing } = server.configuration.voters;
    incoming.voters.union(outgoing.voters).iter().map(|node| (node, vote(node))).collect()
}

fn log(log: &Log, window: Window) -> scene::Log {
    let first = Index(window.first.unwrap_or(1)).max(log.first_index());
    let columns = (window.first.unwrap_or(1) + window.columns).saturating_sub(first.0);
    let cells = log.slice(first, columns);
    let cells = cells.iter().zip(first.0..).map(|(entry, index)| scene::Cell {
        index,
        epoch: entry.term.0.into(),
        text: text(&entry.payload),
    });
    scene::Log {
        last: log.last_index().0,
        snapshot: log.last_included().0,
        cells: cells.collect(),
        ..scene::Log::default()
    }
}

/// What an entry says; nothing for one that does nothing.
fn text(payload: &Payload) -> Option<String> {
    match payload {
        Payload::Noop => None,
        Payload::Command(command) => Some(command.op.to_string()),
        Payload::Configuration(configuration) => Some(short(*configuration)),
    }
}

/// A configuration in few signs: `{1 2 3}`, `{1 2}→{1 2 3}` while it is joint, `{1 2 3}+{4}` with a
/// learner.
pub(super) fn short(configuration: Configuration) -> String {
    let Configuration { voters, learners, learners_next, .. } = configuration;
    let mut out = String::new();
    let mut set = |before: &str, nodes: NodeSet| {
        let numbers: Vec<_> = nodes.iter().map(|node| (node.0 + 1).to_string()).collect();
        out.push_str(before);
        out.push_str(&format!("{{{}}}", numbers.join(" ")));
    };
    if configuration.is_joint() {
        set("", voters.outgoing.voters);
        set("→", voters.incoming.voters);
    } else {
        set("", voters.incoming.voters);
    }
    let learners = learners.union(learners_next);
    if !learners.is_empty() {
        set("+", learners);
    }
    out
}

fn members(configuration: Configuration) -> scene::Members {
    scene::Members {
        voters: configuration.voters.incoming.voters,
        outgoing: configuration.voters.outgoing.voters,
        learners: configuration.learners.union(configuration.learners_next),
    }
}

/// What a follower is to its configuration, and how that is drawn.
fn place(configuration: Configuration, me: NodeId) -> (Phrase, Shape) {
    if configuration.voters().contains(me) {
        (say::raft::follower(), Shape::Plain)
    } else if configuration.learners.contains(me) {
        (say::raft::learner(), Shape::Dotted)
    } else {
        (say::raft::outsider(), Shape::Dotted)
    }
}

/// What is printed at a server: the halves of a joint configuration that it votes in, where it hands
/// over to, the reads that wait.
fn caption(me: NodeId, server: &Server) -> Option<String> {
    let mut parts = Vec::new();
    let Joint { incoming, outgoing } = server.configuration.voters;
    if server.configuration.is_joint() {
        match (outgoing.voters.contains(me), incoming.voters.contains(me)) {
            (true, true) => parts.push("joint".into()),
            (true, false) => parts.push("old".into()),
            (false, true) => parts.push("new".into()),
            (false, false) => {}
        }
    }
    if let Role::Leader { reads, transfer, .. } = &server.role {
        parts.extend(transfer.map(|transfer| format!("→{}", transfer.to)));
        if !reads.waiting.is_empty() {
            parts.push(format!("r{}:{}", reads.round, reads.waiting.len()));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// How many entries there are, and from where.
fn entries(log: &Log) -> Phrase {
    match log.last_included() {
        Index(0) => say::raft::entries(log.last_index()),
        _ => say::raft::entries_from(log.first_index(), log.last_index()),
    }
}

fn snapshot(snapshot: &Snapshot) -> Phrase {
    match snapshot.last_included_index {
        Index(0) => say::language::value(NOTHING),
        index => say::raft::snapshot(index, snapshot.last_included_term),
    }
}
