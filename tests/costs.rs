//! What a run costs: counted in the world, the same after every replay and seek.

use conclave::protocols::catalog;
use conclave::protocols::paxos::MultiPaxos;
use conclave::protocols::raft::Raft;
use conclave::scene::Exhibit;
use conclave::sim::world::Setup;
use conclave::sim::{
    Action, Body, Event, EventKind, Micros, NodeId, Quality, Recording, Watch, Workload, World,
};

fn busy() -> Workload {
    Workload { clients: 3, ..Workload::default() }
}

/// Counts from outside what a world counts itself.
#[derive(Default)]
struct Outside {
    latencies: Vec<u64>,
    asked: std::collections::BTreeMap<conclave::sim::RequestId, Micros>,
    arrived: u64,
    lost: u64,
    bytes: u64,
}

impl<P: Exhibit> Watch<P> for Outside {
    fn event(&mut self, event: Event<'_, P>) {
        match event.kind {
            EventKind::Asked { request, again: false, .. } => {
                self.asked.insert(request, event.at);
            }
            EventKind::Returned { request, .. } => {
                self.latencies.push(event.at.since(self.asked[&request]).0);
            }
            EventKind::Arrived(flight) => {
                if let Body::Peer(message) = &flight.body {
                    self.arrived += 1;
                    self.bytes += P::bytes(message);
                }
            }
            EventKind::Lost(flight, _) => {
                self.lost += u64::from(matches!(flight.body, Body::Peer(_)))
            }
            _ => {}
        }
    }
}

fn counts_are_those_of_the_events<P: Exhibit>() {
    let mut outside = Outside::default();
    let mut world = World::<P>::new(&Setup { workload: busy(), ..Setup::default() }, &mut outside);
    world.run_until(Micros::from_secs(20), &mut outside);
    let under_way: Vec<_> = world
        .flights()
        .filter_map(|flight| match &flight.body {
            Body::Peer(message) => Some(P::bytes(message)),
            _ => None,
        })
        .collect();
    let tally = world.tally();
    assert_eq!(tally.messages, outside.arrived + outside.lost + under_way.len() as u64);
    assert_eq!(tally.bytes, outside.bytes + under_way.iter().sum::<u64>());
    assert!(tally.bytes > 10 * tally.messages);
    assert_eq!(tally.operations, outside.latencies.len() as u64);
    outside.latencies.sort_unstable();
    for percent in [50, 95] {
        let exact = outside.latencies[(outside.latencies.len() * percent).div_ceil(100) - 1];
        let said = tally.latencies.percentile(percent as u8).unwrap();
        assert!(said.abs_diff(exact) <= exact / 64, "{percent} %: {said}, exactly {exact}");
    }
}

#[test]
fn raft_counts_what_its_events_show() {
    counts_are_those_of_the_events::<Raft>();
}

#[test]
fn multi_paxos_counts_what_its_events_show() {
    counts_are_those_of_the_events::<MultiPaxos>();
}

#[test]
fn costs_are_the_same_after_every_seek() {
    for protocol in ["raft", "paxos", "multi_paxos"] {
        let recording = Recording { workload: busy(), ..Recording::new(protocol, 5, 7) };
        let mut lab = catalog::open(recording).unwrap();
        let window = conclave::scene::Window { first: None, columns: 1 };
        let mut known = Vec::new();
        for tenth in 1..=100 {
            lab.run_until(Micros::from_millis(100 * tenth), u64::MAX);
            if tenth == 40 {
                lab.act(Action::Crash { node: NodeId(0) }).unwrap();
            }
            known.push((lab.moment(), lab.scene(window).costs));
        }
        for place in [99, 3, 57, 39, 40, 0, 80] {
            let (moment, costs) = known[place];
            lab.seek(moment);
            assert_eq!(lab.scene(window).costs, costs, "{protocol} at {moment:?}");
        }
    }
}

#[test]
fn a_frozen_or_crashed_leader_leads_nobody() {
    let mut world = World::<Raft>::new(&Setup::default(), &mut ());
    world.run_until(Micros::from_secs(2), &mut ());
    let leader = world.leader().expect("two seconds are enough");
    let before = world.tally().leaderless(world.now());
    world.act(&Action::Pause { node: leader }, &mut ()).unwrap();
    assert_eq!(world.leader(), None);
    world.run_until(Micros(2_050_000), &mut ());
    assert_eq!(world.tally().leaderless(world.now()), before + Micros::from_millis(50));
    world.act(&Action::Resume { node: leader }, &mut ()).unwrap();
    assert_eq!(world.leader(), Some(leader));
    world.act(&Action::Crash { node: leader }, &mut ()).unwrap();
    world.run_until(Micros(2_060_000), &mut ());
    assert_eq!(world.tally().leaderless(world.now()), before + Micros::from_millis(60));
}

/// From the client to the leader, from there to the others, and both ways back.
#[test]
fn a_command_takes_two_round_trips_and_three_where_no_leader_is_stable() {
    for (protocol, stable, round_trips) in
        [("raft", None, 20), ("multi_paxos", Some(1), 20), ("multi_paxos", Some(0), 30)]
    {
        let mut lab = catalog::open(Recording::new(protocol, 5, 7)).unwrap();
        let quality =
            Quality { latency: Micros::from_millis(10), jitter: Micros(0), ..Quality::default() };
        lab.act(Action::SetNetwork { quality }).unwrap();
        if let Some(value) = stable {
            lab.act(Action::Configure { setting: "stable_leader".into(), value }).unwrap();
        }
        let window = conclave::scene::Window { first: None, columns: 1 };
        assert_eq!(lab.scene(window).costs.round_trips, None);
        let workload = Workload { clients: 1, read_percent: 0, ..Workload::default() };
        lab.act(Action::SetWorkload { workload }).unwrap();
        lab.run_until(Micros::from_secs(20), u64::MAX);
        let costs = lab.scene(window).costs;
        assert_eq!(costs.round_trips, Some(round_trips), "{protocol}: {costs:?}");
    }
}
