//! Engines that others wrote go through what our own go through: the same worlds, the same schedules
//! of faults, the same judges of what their clients saw.

#![cfg(feature = "peers")]

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use conclave::check::linearizability::{Budget, Verdict, check_history};
use conclave::protocols::peers::{OmniPaxos, Outside, Peer, RaftRs};
use conclave::protocols::raft::{Raft, Server};
use conclave::sim::protocol::Judge;
use conclave::sim::world::Setup;
use conclave::sim::{Action, Answer, History, Micros, NodeId, Protocol, Workload, World};
use support::chaos::{Chaos, Kind};

/// How many runs of each kind.
const SEEDS: u64 = 250;
/// How long to look for an order of what clients saw: when a cluster that stood still answers dozens
/// of them at once, there can be too many.
const STEPS: u64 = 2_000_000;
/// How long a mended cluster may take to get on.
const PATIENCE: Micros = Micros::from_secs(30);

/// What these tests ask of a node of any protocol.
trait Engine: Protocol {
    /// How many entries it knows to be decided.
    fn decided(state: &Self::State) -> u64;
}

impl Engine for Raft {
    fn decided(server: &Server) -> u64 {
        server.commit_index.0
    }
}

impl Engine for RaftRs {
    fn decided(state: &Self::State) -> u64 {
        state.decided()
    }
}

impl Engine for OmniPaxos {
    fn decided(state: &Self::State) -> u64 {
        state.decided()
    }
}

#[test]
fn our_raft_stands_the_schedules() {
    sweep::<Raft>();
}

#[test]
fn raft_rs_stands_the_schedules() {
    sweep::<RaftRs>();
}

#[test]
fn omni_paxos_stands_the_schedules() {
    sweep::<OmniPaxos>();
}

/// What became of the runs.
#[derive(Debug, Default)]
struct Tally {
    /// How many operations were answered.
    operations: u64,
    /// In how many runs the order of the operations could be decided within the budget.
    decided: u64,
}

/// Runs all seeds of all kinds, on all processors.
fn sweep<P: Engine>() {
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    let (kind, seed) = (Kind::ALL.get((run / SEEDS) as usize), run % SEEDS);
                    let Some(&kind) = kind else { return };
                    let (operations, decided) = ordeal::<P>(kind, seed);
                    let mut tally = tally.lock().expect("nobody panics here");
                    tally.operations += operations;
                    tally.decided += u64::from(decided);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("nobody panics here");
    let runs = SEEDS * Kind::ALL.len() as u64;
    println!("{}: {runs} runs, {tally:?}", P::ID);
    assert!(tally.operations > 50 * runs, "the clients were busy: {tally:?}");
    assert!(tally.decided * 100 >= runs * 99, "nearly all could be decided: {tally:?}");
}

/// Faults, then none: no rule is broken, what clients saw is linearizable, and most get on.
/// Tells how many operations were answered, and whether their order could be decided.
fn ordeal<P: Engine>(kind: Kind, seed: u64) -> (u64, bool) {
    let name = format!("{} {kind:?}:{seed}", P::ID);
    let mut history = History::default();
    // omnipaxos wants two nodes at least.
    let mut chaos = Chaos::<P>::new(kind, seed, 2..=7);
    // Only what all of them can be told.
    chaos.recording.settings.retain(|name| ["pre_vote", "check_quorum"].contains(&name.as_str()));
    let setup = chaos.recording.setup::<P>().expect("it was in range");
    chaos.world = World::new(&setup, &mut ());
    chaos.ordered = false;
    // Two keys and hasty clients: much that overlaps.
    let workload = Workload {
        clients: 5,
        think_least: Micros::from_millis(0),
        think_most: Micros::from_millis(40),
        read_percent: 50,
        keys: 2,
        patience: Micros::from_millis(100),
    };
    chaos.act(Action::SetWorkload { workload }, &mut history);
    chaos.rage(&mut history);
    chaos.mend(&mut history);

    let before = decided(&chaos.world).max().expect("there are nodes");
    let latest = chaos.world.now() + PATIENCE;
    while !most(&chaos.world, |state| P::decided(state) > before) {
        assert!(chaos.world.now() < latest, "{name}: most do not get on");
        chaos.world.run_until(chaos.world.now() + Micros::from_millis(100), &mut history);
    }

    assert_eq!(chaos.world.breaches(), [], "{name}");
    let verdict = check_history(&history, Budget { steps: STEPS, ..Budget::default() });
    assert!(!matches!(verdict, Verdict::Not { .. }), "{name}: {verdict:?}");
    let told = |answer: &Answer| !matches!(answer, Answer::Redirect(_));
    let done = history
        .operations()
        .iter()
        .filter(|each| each.returned.as_ref().is_some_and(|(_, answer)| told(answer)));
    (done.count() as u64, verdict.is_linearizable())
}

fn states<P: Engine>(world: &World<P>) -> impl Iterator<Item = &P::State> {
    NodeId::all(world.size()).map(|node| world.state(node).expect("all nodes run"))
}

/// How many entries each node knows to be decided.
fn decided<P: Engine>(world: &World<P>) -> impl Iterator<Item = u64> {
    states(world).map(P::decided)
}

/// Whether it is so at a majority. It cannot always be so everywhere: omnipaxos leaves nodes behind
/// that have promised to follow somebody who crashed just before it led.
fn most<P: Engine>(world: &World<P>, holds: impl Fn(&P::State) -> bool) -> bool {
    states(world).filter(|state| holds(state)).count() > usize::from(world.size()) / 2
}

/// A busy world, ten seconds old.
fn busy<P: Protocol>(seed: u64) -> World<P> {
    let workload = Workload { clients: 3, ..Workload::default() };
    let mut world = World::new(&Setup { seed, workload, ..Setup::default() }, &mut ());
    world.run_until(Micros::from_secs(10), &mut ());
    world
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(busy::<RaftRs>(1).digest(), busy::<RaftRs>(1).digest());
    assert_eq!(busy::<OmniPaxos>(1).digest(), busy::<OmniPaxos>(1).digest());
    assert_ne!(busy::<RaftRs>(1).digest(), busy::<RaftRs>(2).digest());
    assert_ne!(busy::<OmniPaxos>(1).digest(), busy::<OmniPaxos>(2).digest());
}

#[test]
fn a_copy_of_a_raft_rs_world_goes_on_like_its_original() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let mut chaos = Chaos::<RaftRs>::new(kind, seed, 1..=7);
            chaos.rage(&mut ());
            let mut copy = chaos.clone();
            assert_eq!(copy.world.digest(), chaos.world.digest(), "{kind:?}:{seed}");
            chaos.rage(&mut ());
            copy.rage(&mut ());
            assert_eq!(copy.world.digest(), chaos.world.digest(), "{kind:?}:{seed}");
        }
    }
}

/// Two clusters that know nothing of each other, taken for one.
#[test]
fn the_judge_sees_two_leaders_and_two_logs() {
    let seen = |seed| {
        let world = busy::<RaftRs>(seed);
        let states = NodeId::all(5).map(|node| world.state(node).cloned()).collect::<Vec<_>>();
        let leader = NodeId::all(5).find(|&node| world.state(node).is_some_and(Peer::leads));
        let leader = leader.expect("it has a leader");
        let term = states[leader.slot()].as_ref().map(Peer::ballot);
        (states, leader, term)
    };
    let (mut judge, mut breaches) = (<Outside as Judge<RaftRs>>::new(5), Vec::new());
    let (first, leader, term) = seen(1);
    Judge::<RaftRs>::changed(&mut judge, &first, leader, &mut breaches);
    assert_eq!(breaches, []);
    let other = (2..).map(seen).find(|&(_, other, its)| other != leader && its == term);
    let (second, other, _) = other.expect("some seed elects another in the same term");
    Judge::<RaftRs>::changed(&mut judge, &second, other, &mut breaches);
    let broken: Vec<_> = breaches.iter().map(<Outside as Judge<RaftRs>>::invariant).collect();
    let names = <Outside as Judge<RaftRs>>::INVARIANTS;
    assert_eq!(broken.iter().map(|&at| names[at]).collect::<Vec<_>>(), ["one_leader", "agreement"]);
}
