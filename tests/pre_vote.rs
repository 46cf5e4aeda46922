//! PreVote and CheckQuorum (RAFT-10): a server that is badly connected does not unseat a leader that
//! works, and a leader that nobody answers does not pretend.

use conclave::protocols::raft::Raft;
use conclave::sim::world::Setup;
use conclave::sim::{Action, Micros, NodeId, Op, World};

/// A cluster of five with its first leader, and who that is.
fn led(settings: &[&str]) -> (World<Raft>, NodeId) {
    let mut world = World::<Raft>::new(&Setup::default(), &mut ());
    for setting in settings {
        act(&mut world, Action::Configure { setting: (*setting).into(), value: 1 });
    }
    while leader(&world).is_none() {
        world.step(&mut ());
    }
    world.run_until(world.now() + Micros::from_secs(1), &mut ());
    let leader = leader(&world).expect("nothing has gone wrong");
    (world, leader)
}

fn act(world: &mut World<Raft>, action: Action) {
    world.act(&action, &mut ()).expect("it can be done");
}

fn cut(world: &mut World<Raft>, from: NodeId, to: NodeId) {
    act(world, Action::Cut { from, to });
}

/// Who leads the latest term.
fn leader(world: &World<Raft>) -> Option<NodeId> {
    let leaders = NodeId::all(world.size())
        .filter(|&node| world.state(node).is_some_and(|server| server.is_leader()));
    leaders.max_by_key(|&node| term(world, node))
}

fn term(world: &World<Raft>, node: NodeId) -> u64 {
    world.state(node).map_or(0, |server| server.term().0)
}

fn other_than(nodes: &[NodeId]) -> NodeId {
    NodeId::all(5).find(|node| !nodes.contains(node)).expect("there are five")
}

/// How often somebody new leads in a minute with one link cut, everything else well.
fn elections_in_a_minute(settings: &[&str]) -> u32 {
    let (mut world, mut last) = led(settings);
    let far = other_than(&[last]);
    cut(&mut world, last, far);
    cut(&mut world, far, last);
    let end = world.now() + Micros::from_secs(60);
    let mut elections = 0;
    while world.now() < end {
        world.step(&mut ());
        if let Some(now) = leader(&world).filter(|&now| now != last) {
            (elections, last) = (elections + 1, now);
        }
    }
    assert!(world.breaches().is_empty(), "{:?}", world.breaches());
    elections
}

#[test]
fn one_cut_link_unseats_leaders_again_and_again_unless_servers_ask_first() {
    let without = elections_in_a_minute(&[]);
    let with = elections_in_a_minute(&["pre_vote"]);
    let with_both = elections_in_a_minute(&["pre_vote", "check_quorum"]);
    println!(
        "elections a minute: {without} without PreVote, {with} with it, {with_both} with both"
    );
    assert!(without >= 10, "{without} elections without PreVote");
    assert_eq!((with, with_both), (0, 0));
}

/// Whether the leader stays when a server comes back that was alone for ten seconds.
fn survives_a_returnee(settings: &[&str]) -> bool {
    let (mut world, first) = led(settings);
    let lonely = other_than(&[first]);
    let sides = NodeId::all(5).map(|node| (node == lonely).into()).collect();
    act(&mut world, Action::Partition { sides });
    world.run_until(world.now() + Micros::from_secs(10), &mut ());
    act(&mut world, Action::Heal);
    let before = term(&world, first);
    world.run_until(world.now() + Micros::from_secs(3), &mut ());
    leader(&world) == Some(first) && term(&world, first) == before
}

#[test]
fn a_server_that_returns_unseats_the_leader_unless_it_asks_first() {
    assert!(!survives_a_returnee(&[]));
    assert!(survives_a_returnee(&["pre_vote"]));
    assert!(survives_a_returnee(&["pre_vote", "check_quorum"]));
}

/// A leader that can send and hears nobody: how many writes are committed ten seconds later.
fn writes_with_a_deaf_leader(settings: &[&str]) -> u64 {
    let (mut world, deaf) = led(settings);
    for node in NodeId::all(5).filter(|&node| node != deaf) {
        cut(&mut world, node, deaf);
    }
    world.run_until(world.now() + Micros::from_secs(5), &mut ());
    let op = Op::Write { key: "x".into(), value: "1".into() };
    let node = other_than(&[deaf]);
    act(&mut world, Action::Request { node, op, persistent: true });
    world.run_until(world.now() + Micros::from_secs(5), &mut ());
    let commits = NodeId::all(5).filter_map(|node| Some(world.state(node)?.commit_index.0));
    commits.max().expect("there are five")
}

#[test]
fn a_leader_that_hears_nobody_stands_in_the_way_unless_it_counts_who_answers() {
    assert_eq!(writes_with_a_deaf_leader(&[]), 0);
    assert_eq!(writes_with_a_deaf_leader(&["check_quorum"]), 1);
    assert_eq!(writes_with_a_deaf_leader(&["pre_vote", "check_quorum"]), 1);
}

#[test]
fn asking_first_changes_no_term_and_binds_nobody() {
    let (mut world, first) = led(&["pre_vote"]);
    let asker = other_than(&[first]);
    let before: Vec<_> = NodeId::all(5).map(|node| term(&world, node)).collect();
    act(&mut world, Action::FireTimer { node: asker, timer: 0 });
    world.run_until(world.now() + Micros::from_secs(1), &mut ());
    assert_eq!(NodeId::all(5).map(|node| term(&world, node)).collect::<Vec<_>>(), before);
    assert_eq!(leader(&world), Some(first));
}

#[test]
fn a_cluster_that_asks_first_still_replaces_a_dead_leader() {
    for settings in [&["pre_vote"][..], &["check_quorum"], &["pre_vote", "check_quorum"]] {
        let (mut world, first) = led(settings);
        act(&mut world, Action::Crash { node: first });
        world.run_until(world.now() + Micros::from_secs(5), &mut ());
        let second = leader(&world).expect("four of five are enough");
        assert_ne!(second, first);
    }
}
