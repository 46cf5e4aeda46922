//! Raft (Ongaro & Ousterhout 2014), §5.1 to §5.4.2: one test for each rule.
//!
//! The rules are the 26 that etcd's `raft_paper_test.go` lists; its name for each stands beside
//! ours, so that the list can be checked off. One server is driven by hand, without a world: an
//! input goes in, and the reply, the state and *all* effects are compared.

mod support;

use std::collections::BTreeSet;

use conclave::protocols::raft::{Config, Conflict, Durable, Index, Log, Raft, Role, Term, Timer};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Micros, NodeId, NodeSet, Protocol, World};
use support::solo::{
    Solo, acceptance, append, appended, entry, exchange, log, noops, refused, request_vote, s,
    vote, write,
};

/// What a server that (re)starts its election timer wants done, at default settings.
const ELECTION_TIMER: &str = "Election after 150ms to 300ms";
const ELECTION_TIMER_OFF: &str = "Election off";
const HEARTBEAT_TIMER: &str = "Heartbeat after 50ms";
const NOTHING: [&str; 0] = [];

fn heartbeat_timer() -> String {
    format!("{HEARTBEAT_TIMER} to 50ms")
}

fn is_follower(server: &Solo) -> bool {
    matches!(server.server.role, Role::Follower { .. })
}

fn is_candidate(server: &Solo) -> bool {
    matches!(server.server.role, Role::Candidate { .. })
}

fn follower_of(leader: u8) -> Role {
    Role::Follower { leader: Some(s(leader)) }
}

// ---- §5.1: terms -----------------------------------------------------------------------------

/// "If one server's current term is smaller than the other's, then it updates its current term to
/// the larger value."
///
/// etcd: `TestFollowerUpdateTermFromMessage`
#[test]
fn a_follower_takes_over_a_higher_term() {
    let mut server = Solo::with_log(3, 1, Log::default());
    let done = server.message(3, append(2, (0, 0), vec![], 0));
    assert_eq!(server.server.term(), Term(2));
    assert_eq!(server.server.role, follower_of(3));
    assert_eq!(done, [ELECTION_TIMER, "→ S3 Appended t2 match=0"]);
}

/// "If a candidate … discovers that its term is out of date, it immediately reverts to follower
/// state." Its old vote was one for itself in the old term; in the new term it has not voted.
///
/// etcd: `TestCandidateUpdateTermFromMessage`
#[test]
fn a_candidate_that_hears_a_higher_term_becomes_a_follower() {
    let mut server = Solo::candidate(3);
    assert_eq!(server.disk().voted_for, Some(s(1)));
    let done = server.message(2, append(2, (0, 0), vec![], 0));
    assert_eq!(server.server.role, follower_of(2));
    assert_eq!(
        server.disk(),
        Durable {
            current_term: Term(2),
            voted_for: None,
            log: Log::default(),
            ..Durable::default()
        }
    );
    assert_eq!(done, [ELECTION_TIMER, "→ S2 Appended t2 match=0"]);
}

/// "If a … leader discovers that its term is out of date, it immediately reverts to follower
/// state": it stops its heartbeats and waits for those of others. A reply does as well as a call.
///
/// etcd: `TestLeaderUpdateTermFromMessage`
#[test]
fn a_leader_that_hears_a_higher_term_becomes_a_follower() {
    let mut server = Solo::leader(3, 0, Log::default());
    let done = server.message(2, append(2, (0, 0), vec![], 0));
    assert_eq!(server.server.term(), Term(2));
    assert_eq!(server.server.role, follower_of(2));
    assert_eq!(done, [ELECTION_TIMER, "Heartbeat off", "→ S2 Appended t2 match=0"]);

    let replies = [vote(9, false), refused(9, 0, None)];
    for reply in replies {
        let mut server = Solo::leader(3, 0, Log::default());
        let done = server.message(2, reply);
        assert_eq!(server.server.term(), Term(9));
        assert_eq!(server.server.role, Role::Follower { leader: None });
        assert_eq!(done, [ELECTION_TIMER, "Heartbeat off"]);
    }
}

/// "If a server receives a request with a stale term number, it rejects the request": the answer
/// carries the newer term, and nothing else happens. A stale reply is not even answered.
///
/// etcd: `TestRejectStaleTermMessage`
#[test]
fn a_message_of_an_older_term_changes_nothing() {
    let servers = [Solo::with_log(3, 3, log(&[1])), Solo::with_log(3, 2, log(&[1])).elected(), {
        let mut candidate = Solo::with_log(3, 2, log(&[1]));
        candidate.timer(Timer::Election);
        candidate
    }];
    let messages = [
        (append(2, (1, 1), noops(&[2]), 2), vec!["→ S2 Refused t3 base=1"]),
        (append(2, (0, 0), noops(&[2]), 1), vec!["→ S2 Refused t3 base=0"]),
        (request_vote(2, (9, 2)), vec!["→ S2 Vote t3 refused"]),
        (vote(2, true), vec![]),
        (appended(2, 1), vec![]),
        (refused(2, 1, None), vec![]),
    ];
    for server in &servers {
        for (message, answer) in &messages {
            let mut after = server.clone();
            assert_eq!(after.message(2, message.clone()), *answer, "{message}");
            assert_eq!(after.server, server.server, "{message}");
        }
    }
}

// ---- §5.2: leader election -------------------------------------------------------------------

/// "When servers start up, they begin as followers": at first, and from a disk of any content.
///
/// etcd: `TestStartAsFollower`
#[test]
fn a_server_starts_as_a_follower() {
    let disks = [
        Durable::default(),
        Durable {
            current_term: Term(7),
            voted_for: Some(s(1)),
            log: log(&[1, 3, 7]),
            ..Durable::default()
        },
    ];
    for disk in disks {
        let (server, done) = Solo::boot(s(1), 3, Config::default(), disk.clone());
        assert_eq!(server.server.role, Role::Follower { leader: None });
        assert_eq!(server.disk(), disk);
        assert_eq!(server.server.commit_index, Index(0));
        assert_eq!(server.server.last_applied, Index(0));
        assert_eq!(done, [ELECTION_TIMER]);
    }
}

/// "Leaders send periodic heartbeats (AppendEntries RPCs that carry no log entries) to all
/// followers", also while the followers still owe replies to entries.
///
/// Ours are retries too ("the leader retries AppendEntries RPCs indefinitely", §5.3): to a follower
/// that lacks entries, a heartbeat carries them.
///
/// etcd: `TestLeaderBcastBeat`
#[test]
fn a_leaders_timer_sends_a_heartbeat_to_each_follower() {
    let mut server = Solo::leader(3, 0, Log::default());
    let done = server.timer(Timer::Heartbeat);
    let empty = "Append t1 base=0@0 [] commit=0";
    assert_eq!(done, [heartbeat_timer(), format!("→ S2 {empty}"), format!("→ S3 {empty}")]);

    server.write("x", "1");
    server.message(2, appended(1, 1));
    let done = server.timer(Timer::Heartbeat);
    assert_eq!(
        done,
        [
            heartbeat_timer(),
            "→ S2 Append t1 base=1@1 [] commit=1".into(),
            "→ S3 Append t1 base=0@0 [1@1 x=1] commit=1".into(),
        ]
    );
}

/// "If a follower receives no communication over a period of time called the election timeout …
/// [it] increments its current term and transitions to candidate state. It then votes for itself
/// and issues RequestVote RPCs in parallel to each of the other servers in the cluster."
///
/// etcd: `TestFollowerStartElection`
#[test]
fn a_follower_whose_timer_goes_off_stands_for_election() {
    let mut server = Solo::with_log(3, 1, Log::default());
    let done = server.timer(Timer::Election);
    assert_stands_for_election(&server, &done);
}

/// "Each candidate will time out and start a new election by incrementing its term and initiating
/// another round of RequestVote RPCs": votes of the round before do not count.
///
/// etcd: `TestCandidateStartNewElection`
#[test]
fn a_candidate_whose_timer_goes_off_stands_again() {
    let mut server = Solo::candidate(3);
    let done = server.timer(Timer::Election);
    assert_stands_for_election(&server, &done);

    let mut server = Solo::candidate(5);
    server.message(2, vote(1, true));
    server.timer(Timer::Election);
    server.message(3, vote(2, true));
    assert!(is_candidate(&server), "two of five votes are of this term");
}

/// A candidate of term 2 among three servers with empty logs.
fn assert_stands_for_election(server: &Solo, done: &[String]) {
    assert_eq!(
        server.server.role,
        Role::Candidate { granted: NodeSet::of(s(1)), refused: NodeSet::EMPTY }
    );
    // The vote for itself is on disk before anybody hears of the candidacy.
    let disk = Durable {
        current_term: Term(2),
        voted_for: Some(s(1)),
        log: Log::default(),
        ..Durable::default()
    };
    assert_eq!(server.disk(), disk);
    let call = "RequestVote t2 last=0@0";
    assert_eq!(done, [ELECTION_TIMER.into(), format!("→ S2 {call}"), format!("→ S3 {call}")]);
}

/// "A candidate wins an election if it receives votes from a majority of the servers in the full
/// cluster for the same term", and stays a candidate as long as it has not. (etcd returns to
/// follower when a majority refuses, which the paper does not ask for; ours waits for its timer.)
/// One vote counts once, however often it arrives.
///
/// etcd: `TestLeaderElectionInOneRoundRPC`
#[test]
fn a_candidate_wins_with_votes_of_a_majority_and_not_with_less() {
    type Row = (u8, &'static [(u8, bool)], bool);
    let table: [Row; 18] = [
        (1, &[], true),
        (2, &[], false),
        (2, &[(2, true)], true),
        (3, &[], false),
        (3, &[(2, true)], true),
        (3, &[(2, true), (3, true)], true),
        (3, &[(2, false), (3, false)], false),
        (3, &[(2, false), (3, true)], true),
        (4, &[(2, true)], false),
        (4, &[(2, true), (4, true)], true),
        (5, &[], false),
        (5, &[(2, true)], false),
        (5, &[(2, true), (2, true)], false),
        (5, &[(2, false), (3, false)], false),
        (5, &[(2, true), (3, true)], true),
        (5, &[(2, true), (3, true), (4, true), (5, true)], true),
        (5, &[(2, false), (3, false), (4, false), (5, false)], false),
        (5, &[(2, true), (3, false), (4, false), (5, false)], false),
    ];
    for (nodes, votes, wins) in table {
        let mut server = Solo::candidate(nodes);
        let mut done = Vec::new();
        for &(voter, granted) in votes {
            done.push(server.message(voter, vote(1, granted)));
        }
        let what = format!("{nodes} servers, votes {votes:?}");
        assert_eq!(server.server.is_leader(), wins, "{what}");
        assert_eq!(is_candidate(&server), !wins, "{what}");
        assert_eq!(server.server.term(), Term(1), "{what}");
        // Exactly one of the votes, if any, brings the victory, and it is announced to all.
        let mut victory = vec![ELECTION_TIMER_OFF.to_owned(), heartbeat_timer()];
        let call = "Append t1 base=0@0 [] commit=0";
        victory.extend((2..=nodes).map(|peer| format!("→ S{peer} {call}")));
        let spoken: Vec<_> = done.into_iter().filter(|done| !done.is_empty()).collect();
        let expected = if wins && nodes > 1 { vec![victory] } else { vec![] };
        assert_eq!(spoken, expected, "{what}");
    }
}

/// "Each server will vote for at most one candidate in a given term, on a first-come-first-served
/// basis." The same candidate may ask again; a vote is on disk and so outlives a restart.
///
/// etcd: `TestFollowerVote`
#[test]
fn a_server_votes_for_one_candidate_a_term_and_the_first_comes_first() {
    let table = [
        (None, 2, true),
        (None, 3, true),
        (Some(2), 2, true),
        (Some(3), 3, true),
        (Some(2), 3, false),
        (Some(3), 2, false),
        (Some(1), 2, false),
    ];
    for (voted_for, candidate, granted) in table {
        let voted_for = voted_for.map(s);
        let disk =
            Durable { current_term: Term(1), voted_for, log: Log::default(), ..Durable::default() };
        let (mut server, _) = Solo::boot(s(1), 3, Config::default(), disk.clone());
        let done = server.message(candidate, request_vote(1, (0, 0)));
        let what = format!("voted for {voted_for:?}, asked by S{candidate}");
        // Granting a vote restarts the timer, refusing one does not (Figure 2, followers).
        let expected = match granted {
            true => {
                vec![ELECTION_TIMER.into(), format!("→ S{candidate} Vote t1 granted")]
            }
            false => vec![format!("→ S{candidate} Vote t1 refused")],
        };
        assert_eq!(done, expected, "{what}");
        let vote = if granted { Some(s(candidate)) } else { voted_for };
        assert_eq!(server.disk(), Durable { voted_for: vote, ..disk }, "{what}");
    }
}

/// "While waiting for votes, a candidate may receive an AppendEntries RPC from another server
/// claiming to be leader. If the leader's term is at least as large as the candidate's current
/// term, then the candidate recognizes the leader as legitimate and returns to follower state."
/// Its vote of the term stays given.
///
/// etcd: `TestCandidateFallback`
#[test]
fn a_candidate_recognises_a_leader_of_its_own_or_a_later_term() {
    for (term, voted_for) in [(1, Some(s(1))), (2, None)] {
        let mut server = Solo::candidate(3);
        let done = server.message(2, append(term, (0, 0), vec![], 0));
        assert_eq!(server.server.role, follower_of(2));
        assert_eq!(
            server.disk(),
            Durable {
                current_term: Term(term),
                voted_for,
                log: Log::default(),
                ..Durable::default()
            }
        );
        assert_eq!(done, [ELECTION_TIMER.into(), format!("→ S2 Appended t{term} match=0")]);
    }
    let mut server = Solo::with_log(3, 1, Log::default());
    server.timer(Timer::Election);
    let done = server.message(2, append(1, (0, 0), vec![], 0));
    assert!(is_candidate(&server), "a leader of an older term is not legitimate");
    assert_eq!(done, ["→ S2 Refused t2 base=0"]);
}

/// "Election timeouts are chosen randomly from a fixed interval (e.g., 150–300ms)": a follower's.
///
/// etcd: `TestFollowerElectionTimeoutRandomized`
#[test]
fn a_followers_timeouts_fill_the_whole_interval() {
    assert_fills_the_interval(|seed| election_timeouts(&cluster(3, seed)));
}

/// "Each candidate restarts its randomized election timeout at the start of an election."
///
/// etcd: `TestCandidateElectionTimeoutRandomized`
#[test]
fn a_candidates_timeouts_fill_the_whole_interval() {
    assert_fills_the_interval(|seed| {
        let mut world = cluster(3, seed);
        stand(&mut world, s(1));
        election_timeouts(&world)
    });
}

/// "Election timeouts are chosen randomly … so that in most cases only a single server will time
/// out": followers'.
///
/// etcd: `TestFollowersElectionTimeoutNonconflict`
#[test]
fn in_most_cases_one_follower_times_out_first() {
    assert_seldom_in_conflict(|seed| election_timeouts(&cluster(5, seed)));
}

/// "This reduces the likelihood of another split vote in the new election": candidates'.
///
/// etcd: `TestCandidatesElectionTimeoutNonconflict`
#[test]
fn in_most_cases_one_candidate_times_out_first() {
    assert_seldom_in_conflict(|seed| {
        let mut world = cluster(5, seed);
        for node in NodeId::all(5) {
            stand(&mut world, node);
        }
        election_timeouts(&world)
    });
}

fn cluster(nodes: u8, seed: u64) -> World<Raft> {
    World::new(&Setup { nodes, seed, ..Setup::default() }, &mut ())
}

fn stand(world: &mut World<Raft>, node: NodeId) {
    let timer = Raft::timer_number(Timer::Election) as u8;
    world.act(&Action::FireTimer { node, timer }, &mut ()).expect("a follower's timer runs");
}

/// The election timeouts that the world picked at its first moment, in microseconds.
fn election_timeouts(world: &World<Raft>) -> Vec<u64> {
    assert_eq!(world.now(), Micros(0));
    let election = Raft::timer_number(Timer::Election);
    let timers = NodeId::all(world.size()).flat_map(|node| world.timers(node));
    timers.filter(|(number, _)| *number == election).map(|(_, timer)| timer.due().0).collect()
}

/// The interval in tenths of its least value, as etcd's ticks divide it.
const TICK_MICROS: u64 = 15_000;

fn assert_fills_the_interval(timeouts: impl Fn(u64) -> Vec<u64>) {
    let drawn: Vec<_> = (0..500).flat_map(timeouts).collect();
    assert!(drawn.iter().all(|timeout| (150_000..=300_000).contains(timeout)));
    let ticks: BTreeSet<_> = drawn.iter().map(|timeout| timeout / TICK_MICROS).collect();
    assert!((10..20).all(|tick| ticks.contains(&tick)), "{ticks:?}");
    let different: BTreeSet<_> = drawn.iter().collect();
    assert!(different.len() > drawn.len() * 9 / 10, "timeouts seldom repeat to the microsecond");
}

fn assert_seldom_in_conflict(timeouts: impl Fn(u64) -> Vec<u64>) {
    let conflicts = (0..1_000).filter(|&seed| {
        let mut ticks: Vec<_> = timeouts(seed).iter().map(|at| at / TICK_MICROS).collect();
        assert_eq!(ticks.len(), 5, "all five servers wait");
        ticks.sort_unstable();
        ticks[0] == ticks[1]
    });
    let conflicts = conflicts.count();
    assert!(conflicts <= 300, "{conflicts} of 1000 rounds are in conflict");
}

// ---- §5.3: log replication -------------------------------------------------------------------

/// "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs in
/// parallel to each of the other servers to replicate the entry." Each call names "the index and
/// term of the entry in its log that immediately precedes the new entries". The entry is on disk.
///
/// etcd: `TestLeaderStartReplication`
#[test]
fn a_leader_appends_a_command_and_sends_it_to_each_follower() {
    let mut server = Solo::leader(3, 0, Log::default());
    server.write("x", "1");
    server.message(2, appended(1, 1));
    server.message(3, appended(1, 1));
    assert_eq!(server.server.commit_index, Index(1));

    let done = server.write("x", "2");
    assert_eq!(server.disk().log.last_index(), Index(2));
    assert_eq!(server.disk().log.get(Index(2)), Some(&entry(1, write(2, "x", "2"))));
    assert_eq!(server.server.commit_index, Index(1), "it is on the leader only");
    let call = "Append t1 base=1@1 [2@1 x=2] commit=1";
    assert_eq!(done, [format!("→ S2 {call}"), format!("→ S3 {call}")]);
}

/// "When the entry has been safely replicated, the leader applies the entry to its state machine
/// and returns the result of that execution to the client." It "keeps track of the highest index it
/// knows to be committed, and it includes that index in future AppendEntries RPCs".
///
/// etcd: `TestLeaderCommitEntry`
#[test]
fn a_leader_applies_what_is_replicated_and_answers_and_tells_the_followers() {
    let mut server = Solo::leader(3, 0, Log::default());
    let sent = server.sent.len();
    server.write("x", "1");
    let call = server.sent[sent].1.clone();
    assert_eq!(server.server.last_applied, Index(0));
    assert_eq!(server.server.machine.get("x"), None);

    let done = server.message(2, acceptance(&call).expect("entries are answered"));
    assert_eq!(server.server.commit_index, Index(1));
    assert_eq!(server.server.last_applied, Index(1));
    assert_eq!(server.server.machine.get("x").map(|value| value.as_str()), Some("1"));
    assert_eq!(done, ["→ C1#1 Written"]);

    let done = server.timer(Timer::Heartbeat);
    assert_eq!(done[1], "→ S2 Append t1 base=1@1 [] commit=1");
    assert_eq!(done[2], "→ S3 Append t1 base=0@0 [1@1 x=1] commit=1");
}

/// "A log entry is committed once the leader that created the entry has replicated it on a majority
/// of the servers." In an even cluster half is not a majority.
///
/// etcd: `TestLeaderAcknowledgeCommit`
#[test]
fn an_entry_is_committed_once_it_is_on_a_majority() {
    let table: [(u8, &[u8], bool); 15] = [
        (1, &[], true),
        (2, &[], false),
        (2, &[2], true),
        (3, &[], false),
        (3, &[2], true),
        (3, &[2, 3], true),
        (4, &[2], false),
        (4, &[2, 3], true),
        (5, &[], false),
        (5, &[2], false),
        (5, &[2, 2], false),
        (5, &[2, 3], true),
        (5, &[4, 5], true),
        (5, &[2, 3, 4], true),
        (5, &[2, 3, 4, 5], true),
    ];
    for (nodes, acceptors, committed) in table {
        let mut server = Solo::leader(nodes, 0, Log::default());
        let mut answers = server.write("x", "1");
        for &acceptor in acceptors {
            answers.extend(server.message(acceptor, appended(1, 1)));
        }
        let what = format!("{nodes} servers, accepted by {acceptors:?}");
        assert_eq!(server.server.commit_index, Index(committed.into()), "{what}");
        let answered = answers.iter().filter(|line| *line == "→ C1#1 Written").count();
        assert_eq!(answered, usize::from(committed), "{what}: the client is told once");
    }
}

/// "This also commits all preceding entries in the leader's log, including entries created by
/// previous leaders", and applies them in the order of the log.
///
/// etcd: `TestLeaderCommitPrecedingEntries`
#[test]
fn with_an_entry_all_entries_before_it_are_committed() {
    let before: [&[u64]; 4] = [&[], &[2], &[1, 2], &[1]];
    for terms in before {
        let mut held = Log::default();
        for (place, &term) in terms.iter().enumerate() {
            held.push(entry(term, write(place as u32 + 1, "x", &format!("old{place}"))));
        }
        let mut server = Solo::leader(3, 2, held);
        assert_eq!(server.server.commit_index, Index(0), "{terms:?}");
        server.step(conclave::sim::Input::Request(&write(9, "y", "new")));

        let all = terms.len() as u64 + 1;
        let done = server.message(2, appended(3, all));
        assert_eq!(server.server.commit_index, Index(all), "{terms:?}");
        assert_eq!(server.server.last_applied, Index(all), "{terms:?}");
        // Whoever asked for the old entries is told too: one answer each, in the log's order.
        let sequences = (1..all).chain([9]);
        let answers: Vec<_> = sequences.map(|n| format!("→ C1#{n} Written")).collect();
        assert_eq!(done, answers, "{terms:?}");
        let last = terms.len().checked_sub(1).map(|place| format!("old{place}"));
        let x = server.server.machine.get("x").map(|value| value.to_string());
        assert_eq!(x, last, "the last of the old entries counts, {terms:?}");
    }
}

/// "Once a follower learns that a log entry is committed, it applies the entry to its local state
/// machine (in log order)", and never beyond "the index of the last new entry" (Figure 2).
///
/// etcd: `TestFollowerCommitEntry`
#[test]
fn a_follower_applies_what_it_learns_is_committed_in_the_order_of_the_log() {
    let (one, two) = (entry(1, write(1, "x", "1")), entry(1, write(2, "x", "2")));
    let table = [
        (vec![one.clone()], 1, 1, Some("1")),
        (vec![one.clone(), two.clone()], 2, 2, Some("2")),
        (vec![entry(1, write(1, "x", "2")), entry(1, write(2, "x", "1"))], 2, 2, Some("1")),
        (vec![one.clone(), two.clone()], 1, 1, Some("1")),
        (vec![one.clone(), two.clone()], 0, 0, None),
        (vec![one], 2, 1, Some("1")),
    ];
    for (entries, leader_commit, commit, x) in table {
        let length = entries.len();
        let mut server = Solo::with_log(3, 1, Log::default());
        let done = server.message(2, append(1, (0, 0), entries, leader_commit));
        assert_eq!(server.server.commit_index, Index(commit));
        assert_eq!(server.server.last_applied, Index(commit));
        assert_eq!(server.server.machine.get("x").map(|value| value.as_str()), x);
        // A follower answers its leader, never a client.
        assert_eq!(done, [ELECTION_TIMER.into(), format!("→ S2 Appended t1 match={length}")]);
    }
}

/// What a leader has committed says nothing about entries that it has not spoken of yet: the
/// follower's may be others (Figure 2, AppendEntries, receiver, 5).
#[test]
fn a_follower_commits_nothing_beyond_what_the_call_spoke_of() {
    for (prev, new, commit) in
        [((1, 1), vec![], 1), ((1, 1), noops(&[1]), 2), ((2, 1), vec![], 2), ((3, 1), vec![], 3)]
    {
        let mut server = Solo::with_log(3, 2, log(&[1, 1, 1]));
        server.message(2, append(2, prev, new, 3));
        assert_eq!(server.server.commit_index, Index(commit), "after {prev:?}");
        assert_eq!(server.server.log().last_index(), Index(3), "nothing conflicts");
    }
}

/// "If the follower does not find an entry in its log with the same index and term, then it refuses
/// the new entries." With fast back-up it also says where the logs may meet (§5.3, end).
///
/// etcd: `TestFollowerCheckMsgApp`
#[test]
fn a_follower_takes_entries_only_where_the_logs_meet() {
    let table = [
        // (index, term) before the new entries, the answer, the answer with fast back-up.
        ((0, 0), "Appended t2 match=0", "Appended t2 match=0"),
        ((1, 1), "Appended t2 match=1", "Appended t2 match=1"),
        ((2, 2), "Appended t2 match=2", "Appended t2 match=2"),
        ((1, 2), "Refused t2 base=1", "Refused t2 base=1 conflict=1@1"),
        ((2, 1), "Refused t2 base=2", "Refused t2 base=2 conflict=2@2"),
        ((3, 3), "Refused t2 base=3", "Refused t2 base=3 end=3"),
        ((7, 2), "Refused t2 base=7", "Refused t2 base=7 end=3"),
    ];
    for (prev, plain, fast) in table {
        for (fast_backup, answer) in [(false, plain), (true, fast)] {
            let mut server = Solo::with_log(3, 2, log(&[1, 2]));
            server.config.fast_backup = fast_backup;
            let done = server.message(2, append(2, prev, vec![], 0));
            assert_eq!(done, [ELECTION_TIMER.into(), format!("→ S2 {answer}")], "{prev:?}");
            assert_eq!(server.terms(), [1, 2], "a refusal takes nothing away, {prev:?}");
            assert_eq!(server.server.role, follower_of(2), "who refuses has heard the leader");
        }
    }
}

/// "If an existing entry conflicts with a new one (same index but different terms), delete the
/// existing entry and all that follow it. Append any new entries not already in the log"
/// (Figure 2). An old call must not take away what came after it.
///
/// etcd: `TestFollowerAppendEntries`
#[test]
fn a_follower_makes_its_log_like_the_leaders() {
    type Row = ((u64, u64), &'static [u64], &'static [u64], u64);
    let table: [Row; 7] = [
        // (index, term) before the new entries, their terms, the log then, the answer's index.
        ((2, 2), &[3], &[1, 2, 3], 3),
        ((1, 1), &[3, 4], &[1, 3, 4], 3),
        ((1, 1), &[3], &[1, 3], 2),
        ((0, 0), &[1], &[1, 2], 1),
        ((0, 0), &[1, 2], &[1, 2], 2),
        ((0, 0), &[1, 2, 2], &[1, 2, 2], 3),
        ((0, 0), &[3], &[3], 1),
    ];
    for (prev, new, whole, match_index) in table {
        let mut server = Solo::with_log(3, 4, log(&[1, 2]));
        let done = server.message(2, append(4, prev, noops(new), 0));
        let what = format!("{new:?} after {prev:?}");
        assert_eq!(server.disk().log, log(whole), "{what}");
        let answer = format!("→ S2 Appended t4 match={match_index}");
        assert_eq!(done, [ELECTION_TIMER.into(), answer], "{what}");
        assert_eq!(server.server.commit_index, Index(0), "{what}");
    }
}

/// "The leader handles inconsistencies by forcing the followers' logs to duplicate its own": the
/// six followers (a) to (f) of Figure 7, with and without fast back-up.
///
/// etcd: `TestLeaderSyncFollowerLog`
#[test]
fn a_leader_brings_each_follower_of_figure_7_into_line() {
    let leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let followers: [&[u64]; 6] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for fast_backup in [false, true] {
        for terms in followers {
            let config = Config { fast_backup, ..Config::default() };
            let mut leader = Solo::leader(3, 7, log(&leaders));
            leader.config = config.clone();
            let disk = Durable {
                current_term: Term(7),
                voted_for: None,
                log: log(terms),
                ..Durable::default()
            };
            let (follower, _) = Solo::boot(s(2), 3, config, disk);
            leader.write("x", "8");
            let mut servers = [leader, follower];
            exchange(&mut servers);
            // One heartbeat more, so that the follower hears of the commit.
            servers[0].timer(Timer::Heartbeat);
            exchange(&mut servers);
            let [leader, follower] = servers;
            let what = format!("follower {terms:?}, fast back-up {fast_backup}");
            assert_eq!(leader.terms(), [&leaders[..], &[8]].concat(), "{what}");
            assert_eq!(follower.server.log(), leader.server.log(), "{what}");
            assert_eq!(leader.server.commit_index, Index(11), "{what}");
            assert_eq!(follower.server.commit_index, Index(11), "{what}");
            assert_eq!(follower.server.machine, leader.server.machine, "{what}");
        }
    }
}

// ---- §5.4: safety ----------------------------------------------------------------------------

/// "The RPC includes information about the candidate's log" (§5.4.1) and goes to all other servers.
///
/// etcd: `TestVoteRequest`
#[test]
fn a_call_for_votes_names_the_candidates_last_entry() {
    for (terms, term) in [(&[1][..], 2), (&[1, 2][..], 3), (&[1, 1, 1][..], 5)] {
        let mut server = Solo::new(3);
        server.message(2, append(term - 1, (0, 0), noops(terms), 0));
        let done = server.timer(Timer::Election);
        let (index, last_term) = (terms.len(), terms[terms.len() - 1]);
        let call = format!("RequestVote t{term} last={index}@{last_term}");
        assert_eq!(done, [ELECTION_TIMER.into(), format!("→ S2 {call}"), format!("→ S3 {call}")]);
    }
}

/// "The voter denies its vote if its own log is more up-to-date than that of the candidate": the
/// later last term wins, and with equal last terms the longer log (§5.4.1).
///
/// etcd: `TestVoter`
#[test]
fn a_voter_denies_its_vote_when_its_own_log_is_more_up_to_date() {
    let table: [(&[u64], (u64, u64), bool); 13] = [
        // The voter's log; the candidate's last index and term; whether it gets the vote.
        (&[], (0, 0), true),
        (&[], (1, 1), true),
        (&[1], (0, 0), false),
        // The same last term: the longer log.
        (&[1], (1, 1), true),
        (&[1], (2, 1), true),
        (&[1, 1], (1, 1), false),
        // The candidate's last term is later: however short its log.
        (&[1], (1, 2), true),
        (&[1], (2, 2), true),
        (&[1, 1], (1, 2), true),
        // The voter's last term is later: however long the candidate's log.
        (&[2], (1, 1), false),
        (&[2], (2, 1), false),
        (&[2, 2], (1, 1), false),
        (&[1, 2], (9, 1), false),
    ];
    for (terms, last, granted) in table {
        let mut server = Solo::with_log(3, 2, log(terms));
        let done = server.message(2, request_vote(3, last));
        let what = format!("voter {terms:?}, candidate ends at {last:?}");
        let expected = match granted {
            true => vec![ELECTION_TIMER, "→ S2 Vote t3 granted"],
            false => vec!["→ S2 Vote t3 refused"],
        };
        assert_eq!(done, expected, "{what}");
        assert_eq!(server.disk().voted_for, granted.then_some(s(2)), "{what}");
        assert_eq!(server.server.term(), Term(3), "{what}: the term is taken over anyway");
        assert!(is_follower(&server), "{what}");
    }
}

/// "Raft never commits log entries from previous terms by counting replicas. Only log entries from
/// the leader's current term are committed by counting replicas" (§5.4.2, Figure 8).
///
/// etcd: `TestLeaderOnlyCommitsLogFromCurrentTerm`
#[test]
fn only_entries_of_the_current_term_are_committed_by_counting() {
    for (match_index, commit) in [(1, 0), (2, 0), (3, 3)] {
        let mut server = Solo::leader(3, 2, log(&[1, 2]));
        server.write("x", "3");
        let done = server.message(2, appended(3, match_index));
        assert_eq!(server.server.commit_index, Index(commit), "match {match_index}");
        // Until the new entry is acknowledged, the leader goes on sending it.
        let call = "→ S2 Append t3 base=2@2 [3@3 x=3] commit=0";
        assert_eq!(done, [if commit == 0 { call } else { "→ C1#1 Written" }]);
    }
    // With an entry that does nothing at the start of a term, the old ones need not wait (§8).
    let mut server = Solo::with_log(3, 2, log(&[1, 2]));
    server.config.leader_noop = true;
    let mut server = server.elected();
    assert_eq!(server.terms(), [1, 2, 3]);
    assert_eq!(server.message(2, appended(3, 3)), NOTHING);
    assert_eq!(server.server.commit_index, Index(3));
}

/// On a network that reorders and repeats, a refusal may come when it is out of date: after the
/// leader went back further, or after the follower accepted. Nothing is sent for it, and what is
/// known to be replicated is not sent again.
#[test]
fn a_refusal_that_is_out_of_date_changes_nothing() {
    let mut server = Solo::leader(3, 7, log(&[1, 1, 1, 4, 4]));
    assert_ne!(server.message(2, refused(8, 5, None)), NOTHING);
    assert_ne!(server.message(2, refused(8, 4, None)), NOTHING);
    for late in [5, 4, 1] {
        let before = server.server.clone();
        assert_eq!(server.message(2, refused(8, late, None)), NOTHING, "base {late}");
        assert_eq!(server.server, before, "base {late}");
    }
    server.message(2, appended(8, 5));
    server.write("x", "8");
    for late in [5, 4, 3] {
        let before = server.server.clone();
        assert_eq!(server.message(2, refused(8, late, None)), NOTHING, "base {late}");
        assert_eq!(server.server, before, "base {late}");
    }

    let mut server = Solo::leader(3, 7, log(&[1, 1, 1, 4, 4]));
    server.message(2, appended(8, 2));
    let end = Some(Conflict { term: None, first_index: Index(1) });
    let done = server.message(2, refused(8, 5, end));
    assert_eq!(done, ["→ S2 Append t8 base=2@1 [3@1 4@4 5@4] commit=0"]);
}

/// A follower that says where its log ends, or where the conflicting term begins, saves the leader
/// the steps in between; a leader that has entries of that term goes back to the last of them
/// (§5.3, end).
#[test]
fn with_fast_backup_a_leader_goes_back_by_a_term() {
    let conflict =
        |term: Option<u64>, first| Conflict { term: term.map(Term), first_index: Index(first) };
    let table = [
        // The leader's log is 1 1 1 4 4 5 5 6 6 6; what the follower says; where the leader tries.
        (None, (9, 6)),
        (Some(conflict(None, 5)), (4, 4)),
        (Some(conflict(Some(2), 4)), (3, 1)),
        (Some(conflict(Some(4), 4)), (5, 4)),
        (Some(conflict(Some(1), 1)), (3, 1)),
        (Some(conflict(Some(3), 1)), (0, 0)),
    ];
    for (conflict, (index, term)) in table {
        let mut server = Solo::leader(3, 7, log(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]));
        server.config.max_entries = 1;
        let done = server.message(2, refused(8, 10, conflict));
        let next = server.terms()[index];
        let entries = format!("[{}@{next}]", index + 1);
        assert_eq!(
            done,
            [format!("→ S2 Append t8 base={index}@{term} {entries} commit=0")],
            "{conflict:?}"
        );
    }
}
