//! Each deliberate defect breaks the invariant that its rule upholds, and is found by a sweep.
//!
//! A mutation that stays green would mean that a judge sleeps; `cargo test --test mutations --
//! --nocapture` prints for each the run that found it and after how many events.

mod support;

use conclave::protocols::raft::{Figure3, Raft};
use conclave::sim::rng::Rng;
use conclave::sim::{Action, Judge, NodeId, Protocol, SettingKind};
use support::chaos::{Chaos, Kind};
use support::cluster::write_op;

/// How many storms a mutation may survive.
const STORMS: u64 = 20_000;

/// Each mutation and the invariant that it must be seen to break.
const BREAKS: [(&str, &str); 10] = [
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
];

/// A run in which a person with ill will lets timers run out, bounces servers, picks which messages
/// arrive, and writes all the while.
fn storm(seed: u64, settings: &[&str]) -> Chaos<Raft> {
    let mut chaos = Chaos::<Raft>::new(Kind::Clean, seed, 3..=5);
    for setting in settings {
        chaos.act(Action::Configure { setting: (*setting).into(), value: 1 }, &mut ());
    }
    let mut rng = Rng::new(seed ^ 0x5709_0000);
    for _ in 0..120 {
        for _ in 0..rng.between(0, 6) {
            chaos.world.step(&mut ());
        }
        let node = NodeId(rng.between(0, u64::from(chaos.world.size()) - 1) as u8);
        let messages: Vec<_> = chaos.world.flights().map(|flight| flight.id).collect();
        let message = messages.get(rng.between(0, 40) as usize).copied().unwrap_or_default();
        match rng.between(0, 9) {
            0 | 1 => chaos.act(Action::FireTimer { node, timer: 0 }, &mut ()),
            2 => {
                chaos.act(Action::Crash { node }, &mut ());
                chaos.act(Action::Restart { node }, &mut ());
            }
            3 => chaos.act(Action::Crash { node }, &mut ()),
            4 => chaos.act(Action::Restart { node }, &mut ()),
            5 | 6 => {
                let op = write_op("x", &rng.between(0, 99).to_string());
                chaos.act(Action::Request { node, op, persistent: false }, &mut ());
            }
            7 => chaos.act(Action::Drop { message }, &mut ()),
            _ => chaos.act(Action::Deliver { message }, &mut ()),
        }
    }
    chaos
}

/// The first storm in which the mutation breaks this invariant before any other, and after how many
/// events.
fn search(mutation: &str, invariant: &str) -> Option<(u64, u64)> {
    (0..STORMS).find_map(|seed| {
        let chaos = storm(seed, &[mutation]);
        let first = chaos.world.breaches().first()?;
        let broken = Figure3::INVARIANTS[Figure3::invariant(&first.breach)];
        (broken == invariant).then_some((seed, first.step))
    })
}

#[test]
fn no_storm_breaks_anything_while_all_rules_are_kept() {
    for seed in 0..STORMS / 2 {
        let chaos = storm(seed, &[]);
        let breaches = chaos.world.breaches();
        assert!(breaches.is_empty(), "storm {seed}: {breaches:?}: {}", chaos.recording.to_json());
    }
}

#[test]
fn every_mutation_breaks_the_invariant_that_its_rule_upholds() {
    let mut survivors = Vec::new();
    for (mutation, invariant) in BREAKS {
        match search(mutation, invariant) {
            Some((seed, events)) => {
                println!("{mutation:<20} {invariant:<22} storm {seed:<6} after {events} events");
            }
            None => survivors.push((mutation, invariant)),
        }
    }
    assert!(survivors.is_empty(), "these defects were not seen to break them: {survivors:?}");
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
                assert!(storm(seed, &[first, second]).world.steps() > 0);
            }
        }
    }
}
