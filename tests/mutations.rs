//! Each deliberate defect breaks the invariant that its rule upholds, and the sweep finds it.
//!
//! A mutation that stays green would mean that a judge sleeps. What was found is the table in
//! `docs/mutations.md`; `cargo xtask mutations` makes it.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use conclave::protocols::raft::Raft;
use conclave::sim::{Protocol, SettingKind};
use support::chaos::{Kind, Name, SWEEP};
use support::table::{self, Row};
use support::violation::{LINEARIZABILITY, Seen, Violation, violations};

/// How many seeds a mutation may survive, in runs of all kinds.
const SEEDS: u64 = 30_000;

/// Each mutation and the invariant that it must be seen to break.
const BREAKS: [(&str, &str); 14] = [
    ("plurality_wins", "election_safety"),
    ("vote_twice", "election_safety"),
    ("forget_vote", "election_safety"),
    ("forget_log", "leader_completeness"),
    ("no_log_check", "leader_completeness"),
    ("commit_older_term", "leader_completeness"),
    ("half_quorum", "election_safety"),
    ("commit_before_ack", "leader_completeness"),
    ("truncate_always", "leader_completeness"),
    ("apply_before_commit", "state_machine_safety"),
    ("unconfirmed_read", LINEARIZABILITY),
    ("long_lease", LINEARIZABILITY),
    ("two_server_change", "leader_completeness"),
    ("early_change", "leader_completeness"),
];

/// The run that a mutation is caught in, and what it breaks there.
type Caught = (Name, Violation);

/// The first run in which the mutation breaks this invariant.
fn search(mutation: &str, invariant: &str) -> Option<Caught> {
    let runs = (0..SEEDS).flat_map(|seed| Kind::ALL.map(|kind| (kind, seed)));
    runs.into_iter().find_map(|(kind, seed)| {
        let name = Name { kind, seed, defects: vec![mutation.to_owned()] };
        let found = rage(&name).into_iter().find(|each| each.invariant == invariant)?;
        Some((name, found))
    })
}

/// The faults of a run, and what is wrong with it then.
fn rage(name: &Name) -> Vec<Violation> {
    let (mut chaos, mut seen) = (name.begin::<Raft>(), Seen::default());
    chaos.rage(&mut seen);
    violations(&chaos, &seen)
}

/// Searches for all mutations, on all processors.
fn search_all() -> Vec<Option<Caught>> {
    let next = AtomicUsize::new(0);
    let caught = Mutex::new(BREAKS.map(|_| None));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((mutation, invariant)) = BREAKS.get(place) else { return };
                    let found = search(mutation, invariant);
                    caught.lock().expect("nobody panics here")[place] = found;
                }
            });
        }
    });
    caught.into_inner().expect("nobody panics here").into()
}

fn rows(caught: &[Caught]) -> Vec<Row> {
    let row = |((mutation, _), (name, found)): (&(&str, _), &Caught)| Row {
        mutation: mutation.to_string(),
        breaks: match found.invariant {
            LINEARIZABILITY => "Linearizability".to_owned(),
            id => table::invariant::<Raft>(id),
        },
        caught: Some((found.step, name.clone())),
    };
    BREAKS.iter().zip(caught).map(row).collect()
}

#[test]
fn every_mutation_breaks_the_invariant_that_its_rule_upholds_as_the_documentation_says() {
    let (mut caught, mut survivors) = (Vec::new(), Vec::new());
    for (found, breaks) in search_all().into_iter().zip(BREAKS) {
        match found {
            Some((name, found)) => {
                println!("{SWEEP}={name} breaks {} after {} events", breaks.1, found.step);
                caught.push((name, found));
            }
            None => survivors.push(breaks),
        }
    }
    assert!(survivors.is_empty(), "these defects were not seen to break them: {survivors:?}");

    table::check::<Raft>("sweep", &rows(&caught));
}

#[test]
fn the_list_names_every_mutation_and_all_are_off_by_default() {
    let defects = Raft::settings().iter().filter(|each| each.kind == SettingKind::Defect);
    let defects: Vec<_> = defects.collect();
    assert_eq!(defects.iter().map(|each| each.id).collect::<Vec<_>>(), BREAKS.map(|(id, _)| id));
    let config = <Raft as Protocol>::Config::default();
    assert!(defects.iter().all(|each| (each.get)(&config) == 0));
}

#[test]
fn any_two_mutations_at_once_break_rules_and_not_the_engine() {
    for (number, (first, _)) in BREAKS.iter().enumerate() {
        for (second, _) in &BREAKS[number + 1..] {
            for seed in 0..20 {
                let defects = vec![first.to_string(), second.to_string()];
                let mut chaos = Name { kind: Kind::Stormy, seed, defects }.begin::<Raft>();
                chaos.rage(&mut ());
                assert!(chaos.world.steps() > 0);
            }
        }
    }
}
