//! Whole clusters of Paxos, with and without faults.

mod support;

use std::collections::BTreeSet;

use conclave::protocols::catalog;
use conclave::protocols::paxos::Paxos;
use conclave::protocols::paxos::synod::{Config, Milestone};
use conclave::scene::{Class, Window};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Event, EventKind, Micros, NodeId, Protocol, Recording, Watch, World};
use support::chaos::{Chaos, Kind};
use support::cluster::{ms, write_op};
use support::solo::s;

/// What was chosen, and when; and when each replica learned of it.
#[derive(Debug, Default)]
struct Choice {
    chosen: Vec<(Micros, Milestone)>,
    asked: u64,
}

impl Watch<Paxos> for Choice {
    fn event(&mut self, event: Event<'_, Paxos>) {
        match event.kind {
            EventKind::Reached(milestone) => self.chosen.push((event.at, milestone.clone())),
            EventKind::Asked { .. } => self.asked += 1,
            _ => {}
        }
    }
}

fn write(world: &mut World<Paxos>, node: NodeId, value: &str, watch: &mut impl Watch<Paxos>) {
    let op = write_op("x", value);
    world.act(&Action::Request { node, op, persistent: true }, watch).expect("a free client");
}

#[test]
fn paxos_7_the_moment_of_choice_comes_before_anybody_knows() {
    for seed in 0..50 {
        let mut choice = Choice::default();
        let mut world = World::<Paxos>::new(&Setup { seed, ..Setup::default() }, &mut choice);
        write(&mut world, s(1), "a", &mut choice);
        let mut first_knows = None;
        while first_knows.is_none() && world.now() < ms(1_000) {
            world.step(&mut choice);
            let mut all = NodeId::all(5).filter_map(|node| world.state(node));
            first_knows = all.any(|replica| replica.learned().is_some()).then(|| world.now());
        }
        let [(chosen, _)] = choice.chosen[..] else { panic!("one value is chosen, once") };
        let known = first_knows.expect("and somebody learns of it");
        assert!(chosen < known, "seed {seed}: chosen at {chosen}, known at {known}");
    }
}

#[test]
fn paxos_1_roles_placed_apart_choose_a_value_too() {
    let config = Config { proposers: 2, acceptors: 3, learners: 2, ..Config::default() };
    let mut choice = Choice::default();
    let mut world =
        World::<Paxos>::new(&Setup { nodes: 7, config, ..Setup::default() }, &mut choice);
    write(&mut world, s(1), "a", &mut choice);
    write(&mut world, s(2), "b", &mut choice);
    // A learner sends clients to a proposer until it knows.
    write(&mut world, s(7), "c", &mut choice);
    world.run_until(Micros::from_secs(3), &mut choice);
    assert_eq!(choice.chosen.len(), 1);
    let learned: BTreeSet<_> = [s(6), s(7)]
        .map(|node| world.state(node).expect("up").learned().expect("learned").to_string())
        .into();
    assert_eq!(learned.len(), 1);
    for node in [s(1), s(2), s(6), s(7)] {
        assert_eq!(world.state(node).expect("up").durable.accepted, None, "{node} never accepts");
    }
    assert!(world.clients().iter().all(|client| client.pending.is_none()));
    assert!(world.breaches().is_empty());
}

#[test]
fn paxos_10_a_minority_that_is_down_stops_nothing_and_a_majority_stops_everything() {
    let mut world = World::<Paxos>::new(&Setup::default(), &mut ());
    for node in [s(3), s(4), s(5)] {
        world.act(&Action::Crash { node }, &mut ()).expect("it is up");
    }
    write(&mut world, s(1), "a", &mut ());
    world.run_until(Micros::from_secs(5), &mut ());
    assert!(world.milestone().is_none());
    world.act(&Action::Restart { node: s(3) }, &mut ()).expect("it is down");
    world.run_until(Micros::from_secs(10), &mut ());
    assert!(world.milestone().is_some());
    assert!(world.clients().iter().all(|client| client.pending.is_none()));
}

#[test]
fn paxos_13_quorums_that_do_not_meet_choose_twice_and_are_caught() {
    let run = |(phase1_quorum, phase2_quorum)| {
        let config = Config { phase1_quorum, phase2_quorum, ..Config::default() };
        let mut setup = Setup { nodes: 4, config, ..Setup::default() };
        (0..200).any(|seed| {
            setup.seed = seed;
            let mut world = World::<Paxos>::new(&setup, &mut ());
            world.act(&Action::Partition { sides: vec![0, 0, 1, 1] }, &mut ()).expect("four sides");
            write(&mut world, s(1), "a", &mut ());
            write(&mut world, s(4), "b", &mut ());
            world.run_until(Micros::from_secs(1), &mut ());
            world.act(&Action::Heal, &mut ()).expect("it can always be healed");
            world.run_until(Micros::from_secs(2), &mut ());
            !world.breaches().is_empty()
        })
    };
    assert!(run((2, 2)), "2 + 2 is not more than 4");
    assert!(!run((3, 2)), "3 + 2 is");
    assert!(!run((2, 3)));
    assert!(!run((4, 1)));
    assert!(!run((1, 4)));
}

#[test]
fn one_replica_by_itself_decides_and_remembers() {
    let mut world = World::<Paxos>::new(&Setup { nodes: 1, ..Setup::default() }, &mut ());
    write(&mut world, s(1), "a", &mut ());
    world.run_until(Micros::from_secs(1), &mut ());
    assert!(world.breaches().is_empty(), "{:?}", world.breaches());
    assert!(world.clients().iter().all(|client| client.pending.is_none()));
    assert!(world.milestone().is_some());
}

#[test]
fn a_run_repeated_is_the_same_run() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let mut chaos = Chaos::<Paxos>::new(kind, seed, 2..=7);
            chaos.rage(&mut ());
            let replayed = chaos.recording.replay::<Paxos>(&mut ()).expect("it was just played");
            let mut watched = Choice::default();
            let again = chaos.recording.replay::<Paxos>(&mut watched).expect("and again");
            assert_eq!(replayed.digest(), again.digest(), "{kind:?} {seed}: watched or not");
        }
    }
}

#[test]
fn the_page_shows_the_moment_of_choice_and_both_cells_of_each_acceptor() {
    let mut lab = catalog::open(Recording::new(Paxos::ID, 5, 1)).expect("a new run");
    let window = Window { first: None, columns: 10 };
    let english = Default::default();
    assert_eq!(lab.scene(window).summary.render(english), "Nothing is chosen yet.");
    let op = write_op("x", "5");
    lab.act(Action::Request { node: s(2), op, persistent: true }).expect("a free client");
    lab.run_until(Micros::from_secs(1), u64::MAX);
    let scene = lab.scene(window);
    let milestone = scene.milestone.expect("something is chosen");
    assert_eq!(milestone.nodes.len(), 3, "by a majority, at that moment");
    assert!(scene.summary.render(english).starts_with("x=5 is chosen, with number 1.2"));
    for node in &scene.nodes {
        assert_eq!(node.face.epoch.to_string(), "1.2");
        assert_eq!(node.face.caption.as_deref(), Some("1.2 x=5"));
        assert_eq!(node.face.log.commit, 1, "all know by now");
    }
    let told = lab.events(100, &|row| row.class == Class::Milestone);
    assert_eq!(told.len(), 1);
    assert!(told[0].key, "it is worth stopping for");
    assert_eq!(told[0].at, milestone.at);
}

#[test]
fn every_setting_has_a_name_in_every_language() {
    let lab = catalog::open(Recording::new(Paxos::ID, 3, 1)).expect("a new run");
    let scene = lab.scene(Window { first: None, columns: 1 });
    assert_eq!(scene.settings.len(), Paxos::settings().len());
    let names: BTreeSet<_> =
        scene.settings.iter().map(|setting| setting.name.render(Default::default())).collect();
    assert_eq!(names.len(), scene.settings.len(), "no two have the same");
}

#[test]
fn a_proposer_counts_the_answers_of_acceptors_and_of_nobody_else() {
    let mut lab = catalog::open(Recording::new(Paxos::ID, 6, 1)).expect("a new run");
    for (setting, value) in [("proposers", 1), ("acceptors", 3), ("learners", 2)] {
        let setting = setting.into();
        lab.act(Action::Configure { setting, value }).expect("there are six nodes");
    }
    let op = write_op("x", "5");
    lab.act(Action::Request { node: s(1), op, persistent: true }).expect("a free client");
    let window = Window { first: None, columns: 10 };
    while lab.scene(window).nodes[0].face.votes.is_empty() {
        lab.step();
    }
    let votes = &lab.scene(window).nodes[0].face.votes;
    let voters: Vec<_> = votes.iter().map(|(node, _)| *node).collect();
    assert_eq!(voters, [s(2), s(3), s(4)]);
}
