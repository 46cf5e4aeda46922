//! Thousands of random runs of Paxos: faults first, then everything is mended and progress is
//! demanded (PAXOS-10); and each deliberate defect is found by such runs.
//!
//! A failure prints one line with what went wrong, the name of the run and its recording. Run one
//! again with `CONCLAVE_SWEEP=Crashing:17 cargo test --test paxos_sweep`. `-- --nocapture` prints
//! for each defect the run that found it, and after how many events.

mod support;

use std::collections::BTreeSet;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use conclave::check::linearizability::{Budget, check_history};
use conclave::protocols::paxos::multi::Replica;
use conclave::protocols::paxos::{MultiPaxos, Paxos};
use conclave::scene::Exhibit;
use conclave::sim::rng::Rng;
use conclave::sim::{
    Action, Answer, Event, History, Judge, Micros, NodeId, Op, Protocol, SettingKind, Watch,
    Workload,
};
use support::chaos::{Chaos, Kind, Name, SWEEP};
use support::cluster::write_op;
use support::table::{self, Row};

/// How many runs of each kind.
const SEEDS: u64 = 5_000;
/// How long a mended cluster may take.
const PATIENCE: Micros = Micros::from_secs(20);

/// Runs all seeds of a kind, on all processors.
fn sweep<P: Exhibit>(kind: Kind, run: fn(&Name) -> Result<(), String>) {
    if let Ok(wanted) = env::var(SWEEP) {
        let name: Name = wanted.parse().unwrap();
        let known = |defect: &String| P::settings().iter().any(|each| each.id == defect);
        if name.kind == kind && name.defects.iter().all(known) {
            run(&name).unwrap();
        }
        return;
    }
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
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
                    let outcome = outcome.unwrap_or_else(|_| Err("it panicked".into()));
                    if let Err(what) = outcome {
                        let failure = format!("{SWEEP}={name}: {what}");
                        failures.lock().expect("nobody panics here").push(failure);
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
}

/// The run, at its beginning, with settings that belong together.
fn begin<P: Exhibit>(name: &Name) -> Chaos<P> {
    let mut chaos = name.begin::<P>();
    let mut rng = Rng::new(name.seed ^ 0x1eaf_0000);
    let nodes = u64::from(chaos.world.size());
    let mut set = |setting: &str, value| {
        chaos.act(Action::Configure { setting: setting.into(), value }, &mut ());
    };
    // Roles on all replicas or apart.
    let apart = P::ID == Paxos::ID && rng.chance(300_000);
    let count = |rng: &mut Rng, least| if apart { rng.between(least, 3) } else { 0 };
    let acceptors = count(&mut rng, 2);
    set("proposers", count(&mut rng, 1));
    set("acceptors", acceptors);
    set("learners", count(&mut rng, 1));
    set("distinguished", rng.chance(100_000).into());
    // Quorums of any sizes, as long as they meet.
    if rng.chance(500_000) {
        let acceptors = if apart { acceptors.min(nodes) } else { nodes };
        let phase1 = rng.between(1, acceptors);
        set("phase1_quorum", phase1);
        set("phase2_quorum", acceptors + 1 - phase1);
    }
    chaos
}

/// Faults. Ill will acts faster here than in the sweep of Raft: a value is chosen after twenty events,
/// and then there is little left to spoil.
fn rage<P: Exhibit>(name: &Name, chaos: &mut Chaos<P>, watch: &mut impl Watch<P>) {
    if name.kind != Kind::Stormy {
        return chaos.rage(watch);
    }
    let mut rng = Rng::new(name.seed ^ 0x5709_0000);
    for number in 0..120 {
        for _ in 0..rng.between(0, 2) {
            chaos.world.step(watch);
        }
        let node = NodeId(rng.between(0, u64::from(chaos.world.size()) - 1) as u8);
        let message = chaos.world.flights().nth(rng.between(0, 20) as usize);
        let message = message.map(|flight| flight.id).unwrap_or_default();
        let action = match rng.between(0, 11) {
            0 => Action::FireTimer { node, timer: 0 },
            1 => {
                chaos.act(Action::Crash { node }, watch);
                Action::Restart { node }
            }
            2 => Action::Crash { node },
            3 => Action::Restart { node },
            4 | 5 => {
                let op = write_op("x", &format!("v{number}"));
                Action::Request { node, op, persistent: false }
            }
            6 | 7 => Action::Drop { message },
            _ => Action::Deliver { message },
        };
        chaos.act(action, watch);
    }
}

fn everywhere<P: Exhibit>(chaos: &Chaos<P>) -> impl Iterator<Item = NodeId> + use<P> {
    NodeId::all(chaos.world.size())
}

fn unbroken<P: Exhibit>(chaos: &Chaos<P>) -> Result<(), String> {
    chaos.world.breaches().first().map_or(Ok(()), |breached| Err(format!("{breached:?}")))
}

/// Lets time pass until something is so.
fn wait<P: Exhibit>(
    chaos: &mut Chaos<P>,
    history: &mut History,
    what: &str,
    holds: impl Fn(&Chaos<P>) -> bool,
) -> Result<(), String> {
    let latest = chaos.world.now() + PATIENCE;
    while chaos.world.now() < latest {
        let moment = chaos.world.now() + Micros::from_millis(100);
        chaos.world.run_until(moment, history);
        unbroken(chaos)?;
        if holds(chaos) {
            return Ok(());
        }
    }
    Err(format!("not within {PATIENCE}: {what}"))
}

/// Nobody waits for an answer that can still come.
fn all_answered<P: Exhibit>(chaos: &Chaos<P>) -> bool {
    let waiting = |client: &conclave::sim::client::Client| {
        client.pending.as_ref().is_some_and(|pending| pending.persistent)
    };
    !chaos.world.clients().iter().any(waiting)
}

fn linearizable(history: &History) -> Result<(), String> {
    let verdict = check_history(history, Budget::default());
    if verdict.is_linearizable() { Ok(()) } else { Err(format!("{verdict:?}: {history:?}")) }
}

// ---- one value ---------------------------------------------------------------------------------

#[test]
fn paxos_10_one_value_on_clean_networks() {
    sweep::<Paxos>(Kind::Clean, one_value);
}

#[test]
fn paxos_10_one_value_on_lossy_networks() {
    sweep::<Paxos>(Kind::Lossy, one_value);
}

#[test]
fn paxos_10_one_value_on_reordering_networks() {
    sweep::<Paxos>(Kind::Reordering, one_value);
}

#[test]
fn paxos_10_one_value_with_crashing_replicas() {
    sweep::<Paxos>(Kind::Crashing, one_value);
}

#[test]
fn paxos_10_one_value_in_partitioned_clusters() {
    sweep::<Paxos>(Kind::Partitioned, one_value);
}

#[test]
fn paxos_10_one_value_in_spite_of_ill_will() {
    sweep::<Paxos>(Kind::Stormy, one_value);
}

/// One run, and what is wrong with it.
fn one_value(name: &Name) -> Result<(), String> {
    let mut chaos = begin::<Paxos>(name);
    let outcome = one_value_ordeal(name, &mut chaos);
    outcome.map_err(|what| {
        let until = chaos.world.now().0;
        format!("{what}; until {until}: {}", chaos.recording.to_json())
    })
}

fn one_value_ordeal(name: &Name, chaos: &mut Chaos<Paxos>) -> Result<(), String> {
    let mut history = History::default();
    rage(name, chaos, &mut history);
    unbroken(chaos)?;
    chaos.mend(&mut history);
    let workload = Workload { clients: 0, ..Workload::default() };
    chaos.act(Action::SetWorkload { workload }, &mut history);
    for node in everywhere(chaos) {
        let op = write_op("x", "last");
        chaos.act(Action::Request { node, op, persistent: true }, &mut history);
    }
    wait(chaos, &mut history, "everybody is answered", all_answered)?;
    let mut learned = everywhere(chaos).filter_map(|node| {
        let replica = chaos.world.state(node).expect("all replicas run");
        replica.learned().map(|proposal| &proposal.value)
    });
    let first = learned.next().ok_or("nobody knows what is chosen")?;
    if learned.any(|value| value != first) {
        return Err("two replicas know different values".into());
    }
    let told = history.operations().iter().filter(|each| {
        matches!(each.op, Op::Write { .. })
            && each.returned.as_ref().is_some_and(|(_, answer)| *answer == Answer::Written)
    });
    if let Some(wrong) = told.map(|each| each.request).find(|request| *request != first.request) {
        return Err(format!("{wrong} was told that it is chosen; it is {}", first.request));
    }
    linearizable(&history)
}

// ---- a log -------------------------------------------------------------------------------------

#[test]
fn paxos_12_a_log_on_clean_networks() {
    sweep::<MultiPaxos>(Kind::Clean, a_log);
}

#[test]
fn paxos_12_a_log_on_lossy_networks() {
    sweep::<MultiPaxos>(Kind::Lossy, a_log);
}

#[test]
fn paxos_12_a_log_on_reordering_networks() {
    sweep::<MultiPaxos>(Kind::Reordering, a_log);
}

#[test]
fn paxos_12_a_log_with_crashing_replicas() {
    sweep::<MultiPaxos>(Kind::Crashing, a_log);
}

#[test]
fn paxos_12_a_log_in_partitioned_clusters() {
    sweep::<MultiPaxos>(Kind::Partitioned, a_log);
}

#[test]
fn paxos_12_a_log_in_spite_of_ill_will() {
    sweep::<MultiPaxos>(Kind::Stormy, a_log);
}

/// One run, and what is wrong with it.
fn a_log(name: &Name) -> Result<(), String> {
    let mut chaos = begin::<MultiPaxos>(name);
    let outcome = a_log_ordeal(name, &mut chaos);
    outcome.map_err(|what| {
        let until = chaos.world.now().0;
        format!("{what}; until {until}: {}", chaos.recording.to_json())
    })
}

fn a_log_ordeal(name: &Name, chaos: &mut Chaos<MultiPaxos>) -> Result<(), String> {
    let mut history = History::default();
    rage(name, chaos, &mut history);
    unbroken(chaos)?;
    chaos.mend(&mut history);

    let executed = |chaos: &Chaos<MultiPaxos>, node| {
        chaos.world.state(node).map_or(0, |replica: &Replica| replica.executed().0)
    };
    let before = everywhere(chaos).map(|node| executed(chaos, node)).max().expect("nodes");
    let workload = Workload { clients: 3, ..Workload::default() };
    chaos.act(Action::SetWorkload { workload }, &mut history);
    let all_got_on =
        |chaos: &Chaos<MultiPaxos>| everywhere(chaos).all(|node| executed(chaos, node) > before);
    wait(chaos, &mut history, "every replica executes something new", all_got_on)?;

    let workload = Workload { clients: 0, ..workload };
    chaos.act(Action::SetWorkload { workload }, &mut history);
    let agreed = |chaos: &Chaos<MultiPaxos>| {
        let first = chaos.world.state(NodeId(0)).expect("all replicas run");
        all_answered(chaos)
            && everywhere(chaos).all(|node| {
                let replica = chaos.world.state(node).expect("all replicas run");
                // An acceptor may have accepted more, which no leader knows of and nobody chose.
                replica.first_unchosen == first.first_unchosen
                    && replica.history == first.history
                    && replica.machine == first.machine
            })
    };
    wait(chaos, &mut history, "all replicas agree on everything", agreed)?;
    // Without sessions a retry may be executed twice, which nobody promises to hide.
    if chaos.world.config().client_sessions { linearizable(&history) } else { Ok(()) }
}

// ---- defects -----------------------------------------------------------------------------------

/// How many seeds a mutation may survive, in runs of the two worst kinds.
const SURVIVED: u64 = 40_000;

/// Each mutation and the invariants that it must be seen to break. One that none of them catches
/// costs progress, not safety.
const BREAKS_ONE_VALUE: [(&str, &[&str]); 11] = [
    ("forget_promise", &["promises", "agreement"]),
    ("forget_accepted", &["acceptances", "agreement"]),
    ("own_value", &["value_rule", "stability", "agreement"]),
    ("any_value", &["value_rule", "stability", "agreement"]),
    ("small_quorums", &["stability", "agreement"]),
    ("same_number", &["unique_numbers", "agreement"]),
    ("reuse_number", &["unique_numbers", "agreement"]),
    ("accept_below", &["acceptances", "agreement"]),
    ("report_seen", &["value_rule"]),
    ("accept_unpromised", &["acceptances", "agreement"]),
    ("id_first", &[]),
];

/// The first run in which the mutation breaks this invariant, and after how many events.
fn search<P: Exhibit>(mutation: &str, invariant: &str) -> Option<(Name, u64)> {
    let kinds = [Kind::Stormy, Kind::Reordering];
    let runs = (0..SURVIVED).flat_map(|seed| kinds.map(|kind| (kind, seed)));
    runs.into_iter().find_map(|(kind, seed)| {
        let name = Name { kind, seed, defects: vec![mutation.to_owned()] };
        let mut chaos = begin::<P>(&name);
        rage(&name, &mut chaos, &mut ());
        let broken = |breach| P::Judge::INVARIANTS[P::Judge::invariant(breach)];
        let mut breaches = chaos.world.breaches().iter();
        let breached = breaches.find(|breached| broken(&breached.breach) == invariant)?;
        Some((name, breached.step))
    })
}

/// Each mutation breaks what it must.
fn every_mutation_is_caught<P: Exhibit>(breaks: &[(&str, &[&str])]) {
    let (mut rows, mut survivors) = (Vec::new(), Vec::new());
    for (mutation, invariants) in breaks {
        let mutation = mutation.to_string();
        if invariants.is_empty() {
            let breaks = "nothing: it is safe, and stuck (`tests/paxos_traces.rs`, P9)".to_owned();
            rows.push(Row { mutation: mutation.clone(), breaks, caught: None });
        }
        for invariant in *invariants {
            match search::<P>(&mutation, invariant) {
                Some((name, events)) => {
                    println!("{SWEEP}={name} breaks {invariant} after {events} events");
                    let breaks = table::invariant::<P>(invariant);
                    let caught = Some((events, name));
                    rows.push(Row { mutation: mutation.clone(), breaks, caught });
                }
                None => survivors.push((mutation.clone(), *invariant)),
            }
        }
    }
    assert!(survivors.is_empty(), "these defects were not seen to break them: {survivors:?}");
    let defects = P::settings().iter().filter(|each| each.kind == SettingKind::Defect);
    let defects: Vec<_> = defects.collect();
    let listed = breaks.iter().map(|(id, _)| *id);
    assert!(defects.iter().map(|each| each.id).eq(listed), "the table names every mutation");
    let config = P::Config::default();
    assert!(defects.iter().all(|each| (each.get)(&config) == 0), "all are off by default");
    table::check::<P>("paxos_sweep", &rows);
}

fn any_two_at_once<P: Exhibit>(table: &[(&str, &[&str])]) {
    for (number, (first, _)) in table.iter().enumerate() {
        for (second, _) in &table[number + 1..] {
            for seed in 0..20 {
                let defects = vec![first.to_string(), second.to_string()];
                let name = Name { kind: Kind::Stormy, seed, defects };
                let mut chaos = begin::<P>(&name);
                rage(&name, &mut chaos, &mut ());
                assert!(chaos.world.steps() > 0);
            }
        }
    }
}

#[test]
fn any_two_mutations_at_once_break_rules_and_not_the_engines() {
    any_two_at_once::<Paxos>(&BREAKS_ONE_VALUE);
    any_two_at_once::<MultiPaxos>(&BREAKS_A_LOG);
}

/// The same for a log.
const BREAKS_A_LOG: [(&str, &[&str]); 9] = [
    ("forget_promise", &["promises", "agreement"]),
    ("forget_accepted", &["acceptances", "agreement", "prefixes"]),
    ("own_value", &["stability", "agreement", "prefixes"]),
    ("any_value", &["stability", "agreement"]),
    ("small_quorums", &["stability", "agreement", "prefixes"]),
    ("same_number", &["unique_numbers", "agreement"]),
    ("reuse_number", &["unique_numbers"]),
    ("accept_below", &["acceptances", "agreement"]),
    ("accept_unpromised", &["acceptances"]),
];

#[test]
fn every_mutation_of_multi_paxos_breaks_the_invariants_that_its_rule_upholds() {
    every_mutation_is_caught::<MultiPaxos>(&BREAKS_A_LOG);
}

#[test]
fn every_mutation_of_paxos_breaks_the_invariants_that_its_rule_upholds() {
    every_mutation_is_caught::<Paxos>(&BREAKS_ONE_VALUE);
}

// ---- the sweep itself --------------------------------------------------------------------------

/// Which rules fired, by name.
#[derive(Debug, Default)]
struct Rules(BTreeSet<String>);

impl<P: Protocol> Watch<P> for Rules {
    fn event(&mut self, event: Event<'_, P>) {
        for reason in event.reasons {
            let name = format!("{reason:?}");
            let end = name.find(' ').unwrap_or(name.len());
            self.0.insert(name[..end].into());
        }
    }
}

fn rules_fired<P: Exhibit>() -> Vec<String> {
    let mut rules = Rules::default();
    for seed in 0..40 {
        for kind in Kind::ALL {
            Chaos::<P>::new(kind, seed, 3..=5).rage(&mut rules);
        }
    }
    rules.0.into_iter().collect()
}

/// A sweep that never reached the rare cases would prove little.
#[test]
fn the_faults_make_every_rule_of_paxos_fire() {
    let all = [
        "AcceptRefused",
        "AcceptanceHeard",
        "Accepted",
        "Answered",
        "KnownAlready",
        "LateReply",
        "Learned",
        "NothingChosen",
        "Preempted",
        "PrepareRefused",
        "PromiseCounted",
        "Promised",
        "Redirected",
        "RefusalHeard",
        "Repeated",
        "RoundStarted",
        "Started",
        "TimedOut",
        "ValueBound",
        "ValueFree",
        "Waits",
    ];
    assert_eq!(rules_fired::<Paxos>(), all);
}

#[test]
fn the_faults_make_every_rule_of_multi_paxos_fire() {
    let all = [
        "AcceptanceHeard",
        "Accepted",
        "Chosen",
        "Compacted",
        "Executed",
        "GivesWay",
        "Heartbeat",
        "Installed",
        "LateReply",
        "LeaderHeard",
        "Leads",
        "NothingToCompact",
        "PromiseCounted",
        "Promised",
        "Proposes",
        "Recovers",
        "Redirected",
        "RedirectedNowhere",
        "Refused",
        "Repeated",
        "RunsForLeader",
        "SnapshotSent",
        "Started",
        "Taught",
        "Teaches",
        "Waits",
    ];
    assert_eq!(rules_fired::<MultiPaxos>(), all);
}
