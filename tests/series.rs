//! What a run costs over time: the stretches are the run, whatever its length, and whatever way one
//! comes to a moment of it.

use std::collections::BTreeMap;

use conclave::protocols::catalog;
use conclave::protocols::paxos::{MultiPaxos, Paxos};
use conclave::protocols::raft::Raft;
use conclave::scene::{Exhibit, Lab, Window};
use conclave::sim::series::{MAX_STRETCHES, Stretch};
use conclave::sim::timeline::{BeatKind, MAX_TIME};
use conclave::sim::world::Setup;
use conclave::sim::{
    Action, Body, Event, EventKind, Micros, NodeId, Op, Recording, Tally, Watch, Workload, World,
};

fn busy() -> Workload {
    Workload { clients: 3, ..Workload::default() }
}

fn open(protocol: &str, seed: u64) -> Box<dyn Lab> {
    catalog::open(Recording { workload: busy(), ..Recording::new(protocol, 5, seed) }).unwrap()
}

fn sum(tally: &Tally) -> Stretch {
    let mut sum = Stretch::default();
    tally.series.stretches().for_each(|stretch| sum.add(stretch));
    sum
}

#[test]
fn the_stretches_of_a_run_of_any_length_add_up_to_its_totals() {
    for protocol in ["raft", "paxos", "multi_paxos"] {
        let mut lab = open(protocol, 7);
        for millis in [1, 9, 10, 11, 2_399, 2_400, 4_805, 30_000, 300_000] {
            let now = Micros::from_millis(millis);
            lab.run_until(now, u64::MAX);
            let scene = lab.scene(Window { first: None, columns: 1 });
            let tally = lab.counters().tally;
            let (series, sum) = (&tally.series, sum(tally));
            let stretches = series.stretches().count() as u64;
            assert!((1..=MAX_STRETCHES as u64).contains(&stretches));
            assert!((stretches - 1) * series.width().0 <= now.0, "none begins after {now:?}");
            assert_eq!(sum.sent.iter().map(|sent| sent.messages).sum::<u64>(), tally.messages);
            assert_eq!(sum.sent.iter().map(|sent| sent.bytes).sum::<u64>(), tally.bytes);
            assert_eq!(sum.latencies.count(), tally.operations);
            assert_eq!(sum.latencies, tally.latencies);
            let known = scene.nodes.iter().map(|node| node.face.log.commit).max().unwrap();
            assert_eq!(sum.commits, known, "{protocol} at {now:?}");
        }
    }
}

#[test]
fn what_happens_is_counted_in_the_stretch_in_which_it_happens() {
    let mut lab = open("raft", 3);
    let mut seen: Vec<(Micros, u64)> = Vec::new();
    while lab.now() < Micros::from_secs(2) {
        let before = lab.counters().tally.messages;
        lab.step();
        seen.push((lab.now(), lab.counters().tally.messages - before));
    }
    let series = &lab.counters().tally.series;
    for (place, stretch) in series.stretches().enumerate() {
        let inside = |at: &Micros| at.0 / series.width().0 == place as u64;
        let expected: u64 =
            seen.iter().filter(|(at, _)| inside(at)).map(|(_, messages)| messages).sum();
        assert_eq!(stretch.sent.iter().map(|sent| sent.messages).sum::<u64>(), expected);
    }
}

/// Counts messages by the names that they are shown with.
#[derive(Default)]
struct ByName(BTreeMap<&'static str, (u64, u64)>);

impl ByName {
    fn add<P: Exhibit>(&mut self, body: &Body<P>) {
        if let Body::Peer(message) = body {
            let (messages, bytes) = self.0.entry(P::look(message).kind).or_default();
            *messages += 1;
            *bytes += P::bytes(message);
        }
    }
}

impl<P: Exhibit> Watch<P> for ByName {
    fn event(&mut self, event: Event<'_, P>) {
        if let EventKind::Arrived(flight) | EventKind::Lost(flight, _) = event.kind {
            self.add(flight.body);
        }
    }
}

fn each_message_counts_as_what_it_is_shown_as<P: Exhibit>(least: usize) {
    let mut seen = ByName::default();
    let mut world = World::<P>::new(&Setup { workload: busy(), ..Setup::default() }, &mut seen);
    for node in NodeId::all(3) {
        world.run_until(world.now() + Micros::from_secs(5), &mut seen);
        world.act(&Action::Crash { node }, &mut seen).unwrap();
        world.run_until(world.now() + Micros::from_secs(5), &mut seen);
        world.act(&Action::Restart { node }, &mut seen).unwrap();
    }
    world.flights().for_each(|flight| seen.add(flight.body));
    let sum = sum(world.tally());
    let counted = P::KINDS.iter().enumerate().map(|(number, (_, name))| {
        let sent = sum.of(number);
        (*name, (sent.messages, sent.bytes))
    });
    let counted: BTreeMap<_, _> = counted.filter(|(_, (messages, _))| *messages > 0).collect();
    assert_eq!(counted, seen.0);
    assert!(counted.len() >= least, "{counted:?}");
    assert!(sum.sent.len() <= P::KINDS.len());
}

#[test]
fn each_message_of_every_protocol_counts_as_the_kind_that_it_is_shown_as() {
    each_message_counts_as_what_it_is_shown_as::<Raft>(5);
    each_message_counts_as_what_it_is_shown_as::<MultiPaxos>(5);
    each_message_counts_as_what_it_is_shown_as::<Paxos>(4);
}

#[test]
fn the_course_of_a_run_is_the_same_after_every_seek_undo_and_change_of_branch() {
    let mut lab = open("raft", 7);
    let mut known = Vec::new();
    for tenth in 1..=60 {
        lab.run_until(Micros::from_millis(100 * tenth), u64::MAX);
        known.push((lab.moment(), lab.counters().tally.clone()));
    }
    let first = lab.tree().current().id;
    for place in [59, 3, 57, 23, 24, 0, 58] {
        lab.seek(known[place].0);
        assert_eq!(*lab.counters().tally, known[place].1);
    }
    lab.seek(known[30].0);
    lab.act(Action::Crash { node: NodeId(0) }).unwrap();
    lab.run_until(known[50].0.at, u64::MAX);
    let other = (lab.tree().current().id, lab.counters().tally.clone());
    assert_ne!(other.1, known[50].1);
    assert!(lab.switch(first));
    assert_eq!(*lab.counters().tally, known[50].1);
    assert!(lab.switch(other.0));
    assert_eq!(*lab.counters().tally, other.1);
    assert!(lab.undo().unwrap());
    assert_eq!(*lab.counters().tally, known[30].1);
    assert!(lab.redo());
    assert_eq!(*lab.counters().tally, other.1);
}

#[test]
fn every_election_counts_once_and_going_on_after_a_pause_is_none() {
    for protocol in ["raft", "multi_paxos"] {
        let mut lab = open(protocol, 5);
        for round in 0..6 {
            lab.run_until(lab.now() + Micros::from_secs(5), u64::MAX);
            let node = lab.leader().expect("five seconds are enough");
            let before = sum(lab.counters().tally).elections;
            lab.act(Action::Pause { node }).unwrap();
            lab.act(Action::Resume { node }).unwrap();
            assert_eq!(sum(lab.counters().tally).elections, before);
            if round % 2 == 0 {
                lab.act(Action::Crash { node }).unwrap();
                lab.run_until(lab.now() + Micros::from_secs(5), u64::MAX);
                lab.act(Action::Restart { node }).unwrap();
            }
        }
        let led = |kind| matches!(kind, BeatKind::Led(_));
        let beats = lab.tree().current().beats.iter().filter(|beat| led(beat.kind)).count();
        assert_eq!(sum(lab.counters().tally).elections, beats as u64, "{protocol}");
        assert!(beats >= 4, "{beats}");
    }
}

#[test]
fn a_year_in_which_nothing_happens_is_no_work() {
    let mut lab = catalog::open(Recording::new("paxos", 5, 1)).unwrap();
    lab.run_until(MAX_TIME - Micros::from_secs(5), u64::MAX);
    let op = Op::Write { key: "x".into(), value: "1".into() };
    lab.act(Action::Request { node: NodeId(0), op, persistent: true }).unwrap();
    lab.run_until(MAX_TIME, u64::MAX);
    let tally = lab.counters().tally;
    let last = tally.series.stretches().last().unwrap();
    assert_eq!((last.commits, last.latencies.count()), (1, 1));
    assert!(tally.series.stretches().count() <= MAX_STRETCHES);
    assert_eq!(sum(tally), *last);
}
