//! Each deliberate defect breaks the invariant that its rule upholds, and the sweep finds it.
//!
//! A mutation that stays green would mean that a judge sleeps. What was found is the table in
//! `docs/mutations.md`; `cargo xtask mutations` makes it.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use conclave::protocols::raft::{Figure3, Raft};
use conclave::scene::Exhibit;
use conclave::sim::{Judge, Protocol, SettingKind};
use conclave::text::Language;
use support::chaos::{Kind, Name, SWEEP};
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

/// Where the table is.
const DOCUMENT: &str = "docs/mutations.md";

fn document(caught: &[Caught]) -> String {
    let mut text = format!(
        "# Rules that can be taken away\n\n\
         Each rule of Raft can be taken away, and each time the sweep (`tests/sweep.rs`) finds a run in which the\n\
         invariant breaks that the rule upholds. *Events* counts all that happened in that run until it showed. To\n\
         run one again, and read what broke beside the recording of the run, put its line before `cargo test`:\n\n\
         ```sh\n{}={} cargo test --test sweep\n```\n\n\
         `cargo xtask mutations` makes this table; `cargo test` checks that it is current.\n\n\
         | rule taken away | what breaks | events | the run |\n\
         |---|---|---:|---|\n",
        SWEEP, caught[0].0,
    );
    for ((mutation, _), (name, found)) in BREAKS.iter().zip(caught) {
        let (title, help) = Raft::setting(mutation);
        let (title, help) = (title.render(Language::En), help.render(Language::En));
        let (invariant, events) = (invariant_name(found.invariant), found.step);
        writeln!(text, "| **{title}.** {help} | {invariant} | {events} | `{SWEEP}={name}` |")
            .expect("a string takes everything");
    }
    text
}

fn invariant_name(id: &str) -> String {
    if id == LINEARIZABILITY {
        return "Linearizability".to_owned();
    }
    let number = Figure3::INVARIANTS.iter().position(|each| *each == id).expect("it has a name");
    Raft::invariant(number).0.render(Language::En)
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

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = document(&caught);
    if env::var_os("UPDATE_MUTATIONS").is_some() {
        fs::write(&path, &text).expect("the file can be written");
    }
    let written = fs::read_to_string(&path).expect("the file is part of the repository");
    assert!(written == text, "{DOCUMENT} is out of date; `cargo xtask mutations` makes it anew");
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
