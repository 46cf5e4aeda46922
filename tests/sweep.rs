//! Thousands of random runs: faults first, then everything is mended and progress is demanded.
//!
//! What a run is like is drawn from its seed: how many servers, their settings, the network, what
//! clients do, and what goes wrong. In it no invariant may break, and what clients see must be
//! linearizable.
//!
//! A failure prints one line with the name of the run, what went wrong and its recording. Run one
//! again with `CONCLAVE_SWEEP=Crashing:17 cargo test --test sweep`, or one with a rule taken away,
//! as `docs/mutations.md` lists them, with `CONCLAVE_SWEEP=Stormy:17:forget_vote`.

mod support;

use std::collections::BTreeSet;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use conclave::protocols::raft::membership::Configuration;
use conclave::protocols::raft::{Index, Payload, Raft};
use conclave::sim::{
    Action, Answer, Event, MemberChange, Micros, NodeId, Op, Operation, Order, Place, Watch,
    Workload,
};
use support::chaos::{Chaos, Kind, Name, SWEEP};
use support::cluster::write_op;
use support::violation::{Seen, promises_linearizability, violations};

/// How many runs of each kind.
const SEEDS: u64 = 6_000;
/// How long a mended cluster may take to get on, and then to agree on everything …
const PATIENCE: Micros = Micros::from_secs(10);
/// … and for each entry of its longest log: a leader may have to go back over all of it one by one,
/// and then send all of it one by one.
const PATIENCE_FOR_EACH_ENTRY: Micros = Micros::from_millis(2 * 2 * 5);

#[test]
fn clean_networks_never_break_a_rule_and_always_get_on() {
    sweep(Kind::Clean);
}

#[test]
fn lossy_networks_never_break_a_rule_and_get_on_when_mended() {
    sweep(Kind::Lossy);
}

#[test]
fn reordering_networks_never_break_a_rule_and_get_on_when_mended() {
    sweep(Kind::Reordering);
}

#[test]
fn crashing_servers_never_break_a_rule_and_get_on_when_restarted() {
    sweep(Kind::Crashing);
}

#[test]
fn partitioned_clusters_never_break_a_rule_and_get_on_when_healed() {
    sweep(Kind::Partitioned);
}

#[test]
fn ill_will_never_breaks_a_rule_and_clusters_get_on_without_it() {
    sweep(Kind::Stormy);
}

#[test]
fn changes_of_the_membership_never_break_a_rule_and_clusters_get_on_after_them() {
    sweep(Kind::Regrouping);
}

/// Which rules fired, by name.
#[derive(Debug, Default)]
struct Rules(BTreeSet<String>);

impl Watch<Raft> for Rules {
    fn event(&mut self, event: Event<'_, Raft>) {
        for reason in event.reasons {
            let name = format!("{reason:?}");
            let end = name.find([' ', '(']).unwrap_or(name.len());
            self.0.insert(name[..end].into());
        }
    }
}

/// A sweep that never reached the rare cases would prove little.
#[test]
fn the_faults_make_every_rule_of_the_engine_fire() {
    let mut rules = Rules::default();
    for seed in 0..60 {
        for kind in Kind::ALL {
            Chaos::<Raft>::new(kind, seed, 3..=5).rage(&mut rules);
        }
    }
    let all = [
        "AlreadyVoted",
        "Appended",
        "Applied",
        "BackedUp",
        "CommandAppended",
        "CommitLearned",
        "Committed",
        "ConfigurationAdopted",
        "Elected",
        "ElectionTimeout",
        "HandingOver",
        "Heartbeat",
        "HigherTerm",
        "LateReply",
        "LateVote",
        "LeaderAlive",
        "LeaderHeard",
        "LeaseExtended",
        "LeftCluster",
        "LogBehind",
        "LogsDoNotMeet",
        "Matched",
        "NoopAppended",
        "NothingNew",
        "OlderTerm",
        "OrderRefused",
        "Overwritten",
        "OwnCandidate",
        "PreVoteCounted",
        "PreVoteGranted",
        "PreVoteStarted",
        "PromiseKept",
        "QuorumLost",
        "ReadAnswered",
        "ReadByLease",
        "ReadLocally",
        "ReadWaits",
        "Redirected",
        "RefusalCounted",
        "RoundConfirmed",
        "SnapshotInstalled",
        "SnapshotSent",
        "SnapshotTaken",
        "StaleTerm",
        "Started",
        "TimeoutNowHeard",
        "TimeoutNowSent",
        "TransferAborted",
        "TransferBegun",
        "VoteCounted",
        "VoteGranted",
    ];
    assert_eq!(rules.0.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

/// Runs all seeds of a kind, on all processors.
fn sweep(kind: Kind) {
    if let Ok(wanted) = env::var(SWEEP) {
        let name: Name = wanted.parse().unwrap();
        if name.kind == kind {
            run(&name).unwrap();
        }
        return;
    }
    let next = AtomicU64::new(0);
    let (judged, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        return;
                    }
                    let name = Name { kind, seed, defects: Vec::new() };
                    let outcome = catch_unwind(AssertUnwindSafe(|| run(&name)));
                    match outcome.unwrap_or_else(|_| Err("it panicked".into())) {
                        Ok(linearizable) => {
                            judged.fetch_add(linearizable.into(), Ordering::Relaxed);
                        }
                        Err(what) => {
                            let failure = format!("{SWEEP}={name}: {what}");
                            failures.lock().expect("nobody panics here").push(failure);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics here");
    assert!(
        failures.is_empty(),
        "{} of {SEEDS} runs failed; the first: {}",
        failures.len(),
        failures[0]
    );
    let judged = judged.into_inner();
    assert!(judged > SEEDS / 2, "clients are promised linearizability in {judged} runs only");
}

/// One run: what is wrong with it, or whether its clients were promised linearizability.
fn run(name: &Name) -> Result<bool, String> {
    let mut chaos = name.begin::<Raft>();
    let outcome = ordeal(&mut chaos);
    let until = chaos.world.now().0;
    outcome.map_err(|what| format!("{what}; until {until}: {}", chaos.recording.to_json()))?;
    Ok(promises_linearizability(chaos.world.config()))
}

fn ordeal(chaos: &mut Chaos<Raft>) -> Result<(), String> {
    let mut seen = Seen::default();
    chaos.rage(&mut seen);
    sound(chaos, &seen)?;
    chaos.mend(&mut seen);

    let workload = Workload { clients: 3, ..Workload::default() };
    chaos.act(Action::SetWorkload { workload }, &mut seen);
    gather(chaos, &mut seen)?;
    let before = everywhere(chaos).map(|node| commit(chaos, node)).max().expect("nodes");
    let all_got_on = |chaos: &Chaos<Raft>| everywhere(chaos).all(|n| commit(chaos, n) > before);
    wait(chaos, &mut seen, "every server commits something new", all_got_on)?;

    let workload = Workload { clients: 0, ..workload };
    chaos.act(Action::SetWorkload { workload }, &mut seen);
    // A leader that is elected after the last write could not tell what is committed (§5.4.2), so
    // there is one write more, and from now on each new leader begins with an entry of its own (§8).
    let setting = "leader_noop".into();
    chaos.act(Action::Configure { setting, value: 1 }, &mut seen);
    let op = write_op("last", "word");
    chaos.act(Action::Request { node: NodeId(0), op, persistent: true }, &mut seen);
    for (node, key) in everywhere(chaos).zip(["x", "y", "z"]) {
        let op = Op::Read { key: key.into() };
        chaos.act(Action::Request { node, op, persistent: true }, &mut seen);
    }
    wait(chaos, &mut seen, "all servers agree on everything", agreed)?;
    sound(chaos, &seen)?;
    kept(chaos, &seen)
}

fn everywhere(chaos: &Chaos<Raft>) -> impl Iterator<Item = NodeId> + use<> {
    NodeId::all(chaos.world.size())
}

fn commit(chaos: &Chaos<Raft>, node: NodeId) -> u64 {
    chaos.world.state(node).map_or(0, |server| server.commit_index.0)
}

fn last_index(chaos: &Chaos<Raft>, node: NodeId) -> u64 {
    chaos.world.state(node).map_or(0, |server| server.log().last_index().0)
}

/// Lets time pass until something is so.
fn wait(
    chaos: &mut Chaos<Raft>,
    seen: &mut Seen,
    what: &str,
    holds: impl Fn(&Chaos<Raft>) -> bool,
) -> Result<(), String> {
    wait_and_urge(chaos, seen, what, holds, |_, _| {})
}

/// The same, and does something about it as long as it is not.
fn wait_and_urge(
    chaos: &mut Chaos<Raft>,
    seen: &mut Seen,
    what: &str,
    holds: impl Fn(&Chaos<Raft>) -> bool,
    urge: impl Fn(&mut Chaos<Raft>, &mut Seen),
) -> Result<(), String> {
    let longest = everywhere(chaos).map(|node| last_index(chaos, node)).max().expect("nodes");
    let patience = PATIENCE + Micros(PATIENCE_FOR_EACH_ENTRY.0 * longest);
    let latest = chaos.world.now() + patience;
    while chaos.world.now() < latest {
        let moment = chaos.world.now() + Micros::from_millis(100);
        chaos.world.run_until(moment, seen);
        if holds(chaos) {
            return Ok(());
        }
        urge(chaos, seen);
    }
    sound(chaos, seen)?;
    Err(format!("not within {patience}: {what}"))
}

/// Asks whoever leads to make voters of all servers, until they are. A leader may change nothing
/// before it has committed an entry of its own term, so it gets one; and a server that was left out
/// and does not know would disturb the others, if these did not watch who leads (dissertation
/// §4.2.3).
fn gather(chaos: &mut Chaos<Raft>, seen: &mut Seen) -> Result<(), String> {
    chaos.act(Action::Configure { setting: "check_quorum".into(), value: 1 }, seen);
    let whole = Configuration::of(everywhere(chaos).collect());
    let all_vote = |chaos: &Chaos<Raft>| {
        everywhere(chaos).filter_map(|node| chaos.world.state(node)).all(|server| {
            server.configuration == whole && server.configuration_index <= server.commit_index
        })
    };
    let urge = |chaos: &mut Chaos<Raft>, seen: &mut Seen| {
        let servers = everywhere(chaos).filter_map(|node| Some((node, chaos.world.state(node)?)));
        let leaders = servers.filter(|(_, server)| server.is_leader());
        let Some((node, leader)) = leaders.max_by_key(|(_, server)| server.term()) else { return };
        let changes = match leader.configuration {
            configuration if configuration == whole => return,
            configuration if configuration.is_joint() => Vec::new(),
            _ => everywhere(chaos).map(|node| MemberChange { node, place: Place::Voter }).collect(),
        };
        let op = write_op("x", "gather");
        chaos.act(Action::Request { node, op, persistent: false }, seen);
        chaos.act(Action::Order { node, order: Order::Reconfigure { changes } }, seen);
    };
    wait_and_urge(chaos, seen, "all servers vote", all_vote, urge)
}

fn sound(chaos: &Chaos<Raft>, seen: &Seen) -> Result<(), String> {
    let found = violations(chaos, seen);
    let each =
        found.iter().map(|each| format!("{} at step {}: {}", each.invariant, each.step, each.what));
    if found.is_empty() { Ok(()) } else { Err(each.collect::<Vec<_>>().join("; ")) }
}

/// Nobody waits for an answer that can still come, and logs and machines are the same everywhere.
fn agreed(chaos: &Chaos<Raft>) -> bool {
    let waiting = |client: &conclave::sim::client::Client| {
        client.pending.as_ref().is_some_and(|pending| pending.persistent)
    };
    let first = chaos.world.state(NodeId(0)).expect("all servers run");
    !chaos.world.clients().iter().any(waiting)
        && everywhere(chaos).all(|node| {
            let server = chaos.world.state(node).expect("all servers run");
            let log = server.log();
            let last = first.log().last_index();
            (log.last_index(), log.digest_at(last)) == (last, first.log().digest_at(last))
                && server.last_applied == first.log().last_index()
                && server.machine == first.machine
        })
}

/// What a client was told is written is in the log, as far as no snapshot replaced it.
fn kept(chaos: &Chaos<Raft>, seen: &Seen) -> Result<(), String> {
    let log = chaos.world.state(NodeId(0)).expect("all servers run").log();
    if log.first_index() > Index(1) {
        return Ok(());
    }
    let requests = log.entries().iter().filter_map(|entry| match &entry.payload {
        Payload::Command(command) => Some(command.request),
        Payload::Noop | Payload::Configuration(_) => None,
    });
    let held: BTreeSet<_> = requests.collect();
    let done = |each: &&Operation| matches!(each.returned, Some((_, Answer::Written)));
    let written = seen.history.operations().iter().filter(done);
    match written.map(|each| each.request).find(|request| !held.contains(request)) {
        Some(lost) => Err(format!("{lost} was promised and is not in the log")),
        None => Ok(()),
    }
}
