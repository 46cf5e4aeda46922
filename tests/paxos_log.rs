//! A log by Multi-Paxos: its rules by scripts, then whole clusters.

mod support;

use std::collections::BTreeMap;

use conclave::protocols::catalog;
use conclave::protocols::paxos::MultiPaxos;
use conclave::protocols::paxos::multi::{Config, Milestone, Reason, Replica, Slot};
use conclave::scene::{Exhibit, Window};
use conclave::sim::world::Setup;
use conclave::sim::{
    Action, Answer, Event, EventKind, Micros, NodeId, Order, Protocol, Watch, Workload, World,
};
use support::chaos::{Chaos, Kind};
use support::cluster::ms;
use support::script::Script;
use support::solo::s;

/// Nothing happens by itself.
const STILL: [(&str, u64); 3] = [
    ("election_timeout_least", 10_000_000),
    ("election_timeout_most", 10_000_000),
    ("heartbeat_interval", 10_000_000),
];

fn play(nodes: u8, settings: &[(&str, u64)]) -> Script<MultiPaxos> {
    Script::new(nodes, &[&STILL, settings].concat())
}

/// The timer of elections runs out, and everything that comes of it arrives.
fn elect(script: &mut Script<MultiPaxos>, node: NodeId) {
    script.fire(node, 0);
    script.flood(|text| !text.contains('C'));
    assert!(script.state(node).is_leader());
}

/// The values of a log, a gap as `-`, what is known to be chosen with a `!`.
fn log(replica: &Replica) -> String {
    let log = &replica.durable.log;
    let slot = |slot: Slot| match log.get(slot) {
        None => "-".into(),
        Some(cell) => format!("{}{}", cell.value, if cell.chosen { "!" } else { "" }),
    };
    let slots = log.base().next().until(log.last().next());
    slots.map(slot).collect::<Vec<_>>().join(" ")
}

/// The slots that were chosen, in the order of the moments, with the values.
fn chosen(script: &Script<MultiPaxos>) -> Vec<u64> {
    script.heard.milestones.iter().map(|Milestone::Chosen { slot, .. }| slot.0).collect()
}

#[test]
fn paxos_3_prepare_is_for_all_slots_and_carries_no_value() {
    let mut script = play(3, &[]);
    script.fire(s(1), 0);
    let mail: Vec<_> = script.mail().into_iter().map(|(_, text)| text).collect();
    assert_eq!(mail, ["S1 → S2 Prepare 1.1 from=1", "S1 → S3 Prepare 1.1 from=1"]);
}

#[test]
fn paxos_11_a_stable_leader_needs_one_round_trip_a_command() {
    let mut script = play(3, &[]);
    elect(&mut script, s(1));
    for (slot, value) in [(1, "a"), (2, "b"), (3, "c")] {
        script.write(s(1), "x", value);
        script.deliver(&format!("S1 → S2 Accept 1.1 [{slot} x={value}] unchosen={slot}"));
        assert_eq!(chosen(&script).len(), slot, "chosen before the leader knows");
        let mail = script.mail();
        let (_, reply) = mail.iter().rfind(|(_, text)| text.contains("Accepted")).expect("one");
        script.deliver(&reply.clone());
        assert_eq!(script.state(s(1)).executed(), Slot(slot as u64));
    }
    assert_eq!(script.broken(), [""; 0]);
}

/// Counts messages between replicas, by kind.
#[derive(Debug, Default)]
struct Traffic {
    kinds: BTreeMap<&'static str, u64>,
    written: u64,
}

impl Watch<MultiPaxos> for Traffic {
    fn event(&mut self, event: Event<'_, MultiPaxos>) {
        use conclave::sim::world::Body;
        match event.kind {
            EventKind::Arrived(flight) => {
                if let Body::Peer(message) = &flight.body {
                    *self.kinds.entry(MultiPaxos::look(message).kind).or_default() += 1;
                }
            }
            EventKind::Returned { answer: Answer::Written, .. } => self.written += 1,
            _ => {}
        }
    }
}

#[test]
fn paxos_11_without_a_stable_leader_each_command_costs_phase_1_again() {
    let run = |stable_leader| {
        let config = Config { stable_leader, ..Config::default() };
        let workload = Workload { clients: 1, read_percent: 0, ..Workload::default() };
        let mut world =
            World::<MultiPaxos>::new(&Setup { config, workload, ..Setup::default() }, &mut ());
        world.run_until(Micros::from_secs(2), &mut ());
        let mut traffic = Traffic::default();
        world.run_until(Micros::from_secs(22), &mut traffic);
        assert!(world.breaches().is_empty());
        traffic
    };
    let (stable, fickle) = (run(true), run(false));
    let count = |traffic: &Traffic, kind| traffic.kinds.get(kind).copied().unwrap_or(0);
    assert!(stable.written > 50 && fickle.written > 50);
    assert_eq!(count(&stable, "Prepare"), 0, "phase 1 was done once, before");
    // To four others, and back.
    assert!(count(&stable, "Accept").abs_diff(4 * stable.written) <= 8, "{stable:?}");
    for kind in ["Prepare", "Promise"] {
        assert!(count(&fickle, kind) + 8 >= 4 * fickle.written, "{kind}: {fickle:?}");
    }
}

/// P10: slot 2 is chosen, slot 1 is not.
fn hole() -> Script<MultiPaxos> {
    let mut script = play(3, &[]);
    elect(&mut script, s(1));
    script.write(s(1), "x", "a");
    script.write(s(1), "x", "b");
    script.deliver("S1 → S2 Accept 1.1 [2 x=b] unchosen=1");
    assert_eq!(chosen(&script), [2], "legal: instances are independent of each other");
    assert_eq!(log(script.state(s(2))), "- x=b");
    script
}

#[test]
fn p10_a_hole_is_filled_with_a_no_op_when_nobody_knows_its_value() {
    let mut script = hole();
    script.act(Action::Crash { node: s(1) });
    script.lose_all();
    elect(&mut script, s(3));
    assert_eq!(chosen(&script)[1..], [1], "the gap is filled");
    for node in [s(2), s(3)] {
        script.fire(s(3), 1);
        script.flood(|text| !text.contains('C'));
        assert_eq!(log(script.state(node)), "noop! x=b!");
        assert_eq!(script.state(node).executed(), Slot(2), "and both are executed, in order");
    }
    let recovered = Reason::Recovers { first: Slot(1), last: Slot(2), gaps: 1 };
    let recovered = script.heard.reasons.contains(&recovered);
    assert!(recovered, "the recovery is explained");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn p10_a_hole_is_filled_with_the_value_that_may_have_been_chosen() {
    let mut script = hole();
    script.lose_all();
    // S3 hears S1, which has accepted both.
    script.fire(s(3), 0);
    script.flood(|text| text.contains("S1") && !text.contains('C'));
    assert!(script.state(s(3)).is_leader());
    assert_eq!(log(script.state(s(3))), "x=a! x=b!");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn p10_commands_after_a_hole_are_not_executed_before_it_is_filled() {
    let mut script = hole();
    script.deliver("S2 → S1 Accepted 1.1 [2–2] unchosen=1");
    assert_eq!(log(script.state(s(1))), "x=a x=b!", "the leader knows that slot 2 is chosen");
    assert_eq!(script.state(s(1)).executed(), Slot(0));
    script.deliver("S1 → S2 Accept 1.1 [1 x=a] unchosen=1");
    script.deliver("S2 → S1 Accepted 1.1 [1–1] unchosen=1");
    assert_eq!(script.state(s(1)).executed(), Slot(2));
    let value = script.state(s(1)).machine.get("x").map(ToString::to_string);
    assert_eq!(value.as_deref(), Some("b"), "in the order of the slots");
}

#[test]
fn paxos_12_a_new_leader_proposes_again_what_may_have_been_chosen() {
    let mut script = play(5, &[]);
    elect(&mut script, s(1));
    script.write(s(1), "x", "a");
    script.deliver("S1 → S2 Accept 1.1 [1 x=a] unchosen=1");
    script.act(Action::Crash { node: s(1) });
    script.lose_all();
    elect(&mut script, s(5));
    assert_eq!(chosen(&script), [1]);
    assert_eq!(log(script.state(s(5))), "x=a!");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn paxos_12_a_replica_that_lags_is_taught_what_was_chosen() {
    for (threshold, message) in [(0, "Success"), (2, "Install")] {
        let mut script = play(3, &[("snapshot_threshold", threshold)]);
        elect(&mut script, s(1));
        // S3 hears nothing of five commands.
        for value in ["a", "b", "c", "d", "e"] {
            script.write(s(1), "x", value);
            script.flood(|text| !text.contains("S3"));
        }
        script.lose_all();
        assert_eq!(script.state(s(3)).executed(), Slot(0));
        script.fire(s(1), 1);
        script.deliver("S1 → S3 Accept 1.1 [] unchosen=6");
        script.deliver("S3 → S1 Accepted 1.1 [] unchosen=1 behind");
        assert!(script.mail().iter().any(|(_, text)| text.contains(message)), "{message}");
        script.flood(|_| true);
        assert_eq!(script.state(s(3)).executed(), Slot(5));
        assert_eq!(script.state(s(3)).machine, script.state(s(1)).machine);
        assert_eq!(script.broken(), [""; 0]);
    }
}

#[test]
fn paxos_12_a_candidate_that_lags_behind_a_snapshot_takes_it_over_before_it_leads() {
    let mut script = play(3, &[]);
    elect(&mut script, s(1));
    for value in ["a", "b", "c"] {
        script.write(s(1), "x", value);
        script.flood(|text| !text.contains("S3"));
    }
    script.fire(s(1), 1);
    script.flood(|text| !text.contains("S3"));
    script.act(Action::Order { node: s(2), order: Order::Compact });
    assert_eq!(script.state(s(2)).durable.log.base(), Slot(3));
    script.act(Action::Crash { node: s(1) });
    script.lose_all();
    elect(&mut script, s(3));
    assert_eq!(script.state(s(3)).executed(), Slot(3), "nothing was filled with no-ops");
    assert_eq!(script.state(s(3)).machine, script.state(s(2)).machine);
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_crash_loses_nothing_that_was_executed() {
    let mut script = play(3, &[("snapshot_threshold", 2)]);
    elect(&mut script, s(1));
    for value in ["a", "b", "c"] {
        script.write(s(1), "x", value);
        script.flood(|_| true);
    }
    let (executed, machine) = (script.state(s(1)).executed(), script.state(s(1)).machine.clone());
    assert_eq!(executed, Slot(3));
    script.bounce(s(1));
    assert_eq!(script.state(s(1)).executed(), executed);
    assert_eq!(script.state(s(1)).machine, machine);
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_leader_crash_costs_about_an_election_timeout() {
    let workload = Workload { clients: 3, ..Workload::default() };
    for seed in 0..50 {
        let setup = Setup { seed, workload, ..Setup::default() };
        let mut world = World::<MultiPaxos>::new(&setup, &mut ());
        world.run_until(Micros::from_secs(2), &mut ());
        let leader = |world: &World<MultiPaxos>| {
            NodeId::all(5).find(|&node| world.state(node).is_some_and(Replica::is_leader))
        };
        let first = leader(&world).expect("somebody leads");
        world.act(&Action::Crash { node: first }, &mut ()).expect("it is up");
        let crashed = world.now();
        while leader(&world).is_none() {
            assert!(world.now() < crashed + Micros::from_secs(3), "seed {seed}");
            world.step(&mut ());
        }
        world.act(&Action::Restart { node: first }, &mut ()).expect("it is down");
        world.run_until(world.now() + Micros::from_secs(2), &mut ());
        let executed = |node| world.state(node).expect("up").executed().0;
        let most = NodeId::all(5).map(executed).max().expect("nodes");
        assert!(most > 10 && executed(first) + 3 > most, "seed {seed}: it catches up");
        assert!(world.breaches().is_empty());
    }
}

#[test]
fn paxos_13_quorums_that_do_not_meet_are_caught_in_a_log_too() {
    let run = |(phase1_quorum, phase2_quorum)| {
        (0..100).any(|seed| {
            let config = Config { phase1_quorum, phase2_quorum, ..Config::default() };
            let workload = Workload { clients: 4, ..Workload::default() };
            let setup = Setup { nodes: 4, seed, config, workload, ..Setup::default() };
            let mut world = World::<MultiPaxos>::new(&setup, &mut ());
            world.act(&Action::Partition { sides: vec![0, 0, 1, 1] }, &mut ()).expect("four sides");
            world.run_until(Micros::from_secs(2), &mut ());
            world.act(&Action::Heal, &mut ()).expect("it can always be healed");
            world.run_until(Micros::from_secs(4), &mut ());
            !world.breaches().is_empty()
        })
    };
    assert!(run((2, 2)), "2 + 2 is not more than 4");
    assert!(!run((3, 2)), "3 + 2 is");
    assert!(!run((4, 1)));
}

#[test]
fn a_run_repeated_is_the_same_run() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let mut chaos = Chaos::<MultiPaxos>::new(kind, seed, 2..=7);
            chaos.rage(&mut ());
            let replayed = chaos.recording.replay::<MultiPaxos>(&mut ()).expect("just played");
            let mut traffic = Traffic::default();
            let again = chaos.recording.replay::<MultiPaxos>(&mut traffic).expect("and again");
            assert_eq!(replayed.digest(), again.digest(), "{kind:?} {seed}: watched or not");
        }
    }
}

#[test]
fn the_page_shows_the_log_with_its_gaps_and_who_leads() {
    let script = hole();
    let mut lab = catalog::open(script.recording.clone()).expect("it was just played");
    let window = Window { first: None, columns: 10 };
    let scene = lab.scene(window);
    let leader = &scene.nodes[0].face;
    assert!(leader.leads);
    assert_eq!(leader.epoch.to_string(), "1.1");
    let indexes = |node: usize| {
        scene.nodes[node].face.log.cells.iter().map(|cell| cell.index).collect::<Vec<_>>()
    };
    assert_eq!((indexes(0), indexes(1)), (vec![1, 2], vec![2]), "S2 has a gap");
    let said = scene.summary.render(Default::default());
    assert_eq!(said, "S1 leads ballot 1.1.");
    let sentence = scene.milestone.expect("slot 2 is chosen").sentence.render(Default::default());
    assert!(sentence.contains("slot 2"), "{sentence}");
    assert_eq!(scene.settings.len(), MultiPaxos::settings().len());
    assert!(scene.orders.compact && !scene.orders.transfer && !scene.orders.reconfigure);
    lab.run_until(ms(1), u64::MAX);
}
