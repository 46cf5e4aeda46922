//! Reads that leave the log alone (RAFT-16, RAFT-M4): which of them can be stale, what each costs, and
//! how far clocks may drift before a lease lies.

mod support;

use conclave::check::linearizability::{Budget, check_history};
use conclave::protocols::raft::Raft;
use conclave::protocols::raft::{Config, Mutation, Mutations, ReadMode, Role, Timer};
use conclave::sim::world::Setup;
use conclave::sim::{
    Action, Answer, EventKind, History, Micros, NodeId, Op, Order, Protocol, Quality, Text, Watch,
    World,
};
use support::cluster::{Cluster, ms, write_op};

const MODES: [ReadMode; 4] = ReadMode::ALL;

/// The number of the election timer.
fn election() -> u8 {
    Raft::timer_number(Timer::Election) as u8
}

fn read(key: &str) -> Op {
    Op::Read { key: Text::new(key) }
}

fn reads(reads: ReadMode) -> Config {
    Config { reads, ..Config::default() }
}

/// A cluster of five in which messages take this long, with a leader, and `x` bound to 1.
fn begin(config: Config, latency: Micros, history: &mut History) -> (Cluster, NodeId) {
    let quality = Quality { latency, jitter: Micros(0), ..Quality::default() };
    let mut cluster = Cluster(World::new(&Setup { config, quality, ..Setup::default() }, history));
    cluster.watch_for(Micros::from_secs(1), history);
    let leader = cluster.leader().expect("nothing has gone wrong");
    ask(&mut cluster, leader, write_op("x", "1"), history);
    cluster.watch_for(Micros::from_secs(1), history);
    (cluster, leader)
}

fn ask(cluster: &mut Cluster, node: NodeId, op: Op, watch: &mut impl Watch<Raft>) {
    cluster.0.act(&Action::Request { node, op, persistent: false }, watch).expect("it is up");
}

fn others(cluster: &Cluster, leader: NodeId) -> Vec<NodeId> {
    NodeId::all(cluster.size()).filter(|&node| node != leader).collect()
}

/// Leaves a node alone with the clients.
fn isolate(cluster: &mut Cluster, node: NodeId) {
    let sides = NodeId::all(cluster.size()).map(|each| u8::from(each == node)).collect();
    cluster.act(Action::Partition { sides });
}

/// The deposed leader: it is cut off, another is elected and writes, then somebody reads at the old
/// one. What clients saw, and what that reader heard.
fn read_at_the_deposed_leader(config: Config) -> (History, Option<Answer>) {
    let mut history = History::default();
    let (mut cluster, old) = begin(config, ms(5), &mut history);
    isolate(&mut cluster, old);
    let rest = others(&cluster, old);
    let new = cluster.elect_among(&rest);
    assert!(cluster.server(old).is_leader(), "it has not heard of the other");
    ask(&mut cluster, new, write_op("x", "2"), &mut history);
    cluster.watch_for(ms(100), &mut history);
    ask(&mut cluster, old, read("x"), &mut history);
    cluster.watch_for(ms(200), &mut history);
    let last = history.operations().last().expect("something was asked");
    let heard = last.returned.as_ref().map(|(_, answer)| answer.clone());
    (history, heard)
}

fn linearizable(history: &History) -> bool {
    check_history(history, Budget::default()).is_linearizable()
}

/// RAFT-16, RAFT-M4: "the leader always has the truth" is a myth.
#[test]
fn a_local_read_at_a_deposed_leader_is_stale_and_found_not_to_be_linearizable() {
    let (history, heard) = read_at_the_deposed_leader(reads(ReadMode::Local));
    assert_eq!(heard, Some(Answer::Value(Some("1".into()))), "x is 2 already");
    assert!(!linearizable(&history));
}

#[test]
fn the_same_read_is_never_answered_through_the_log_by_read_index_or_by_a_lease() {
    for mode in [ReadMode::Log, ReadMode::ReadIndex, ReadMode::Lease] {
        let (history, heard) = read_at_the_deposed_leader(reads(mode));
        assert_eq!(heard, None, "{mode:?}: it cannot know");
        assert!(linearizable(&history), "{mode:?}");
    }
}

#[test]
fn the_same_read_is_stale_when_it_is_served_without_asking_or_by_a_lease_that_is_too_long() {
    for (mode, mutation) in MODES
        .map(|mode| (mode, Mutation::UnconfirmedRead))
        .into_iter()
        .chain([(ReadMode::Lease, Mutation::LongLease)])
    {
        let mut mutations = Mutations::default();
        mutations.set(mutation, true);
        let (history, _) = read_at_the_deposed_leader(Config { mutations, ..reads(mode) });
        assert!(!linearizable(&history), "{mode:?} with {mutation:?}");
    }
}

#[test]
fn a_local_read_at_a_follower_that_lags_is_stale() {
    let mut history = History::default();
    let (mut cluster, leader) = begin(reads(ReadMode::Local), ms(5), &mut history);
    let far = others(&cluster, leader)[0];
    isolate(&mut cluster, far);
    ask(&mut cluster, leader, write_op("x", "2"), &mut history);
    cluster.watch_for(ms(100), &mut history);
    ask(&mut cluster, far, read("x"), &mut history);
    cluster.watch_for(ms(100), &mut history);
    assert!(!linearizable(&history));
}

/// What happens while somebody reads at the leader.
#[derive(Default)]
struct Cost {
    asked: Micros,
    latency: Option<Micros>,
    messages: u32,
}

impl Watch<Raft> for Cost {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: conclave::sim::Event<'_, Raft>) {
        match event.kind {
            EventKind::Asked { .. } => self.asked = event.at,
            EventKind::Returned { .. } => self.latency = Some(event.at.since(self.asked)),
            EventKind::Arrived(_) if self.latency.is_none() => self.messages += 1,
            _ => {}
        }
    }
}

/// RAFT-16: each at its own cost. Messages take 10 ms; the way to the leader and back takes two.
#[test]
fn a_lease_costs_a_read_no_round_trip_and_read_index_costs_one() {
    for (mode, round_trips, grows) in [
        (ReadMode::Log, 1, true),
        (ReadMode::ReadIndex, 1, false),
        (ReadMode::Lease, 0, false),
        (ReadMode::Local, 0, false),
    ] {
        let (mut cluster, leader) = begin(reads(mode), ms(10), &mut History::default());
        let before = cluster.log(leader).last_index();
        let mut cost = Cost::default();
        ask(&mut cluster, leader, read("x"), &mut cost);
        cluster.watch_for(ms(200), &mut cost);
        println!("{mode:?}: {:?}, {} messages", cost.latency, cost.messages);
        assert_eq!(cost.latency, Some(ms(20 + 20 * round_trips)), "{mode:?}");
        assert_eq!(cluster.log(leader).last_index() > before, grows, "{mode:?}");
    }
}

#[test]
fn a_leader_that_has_committed_nothing_yet_makes_a_reader_wait_until_it_has() {
    let mut cluster = Cluster::tuned(3, 1, reads(ReadMode::ReadIndex));
    let leader = cluster.elect();
    assert_eq!(cluster.log(leader).last_index().0, 0, "no entry of its term");
    let mut history = History::default();
    ask(&mut cluster, leader, read("x"), &mut history);
    cluster.watch_for(ms(100), &mut history);
    assert_eq!(cluster.commit(leader).0, 1, "it began its term for the reader");
    let answer = &history.operations()[0].returned;
    assert!(matches!(answer, Some((_, Answer::Value(None)))), "{answer:?}");
}

// ---- leases ----------------------------------------------------------------------------------

/// The worst that can happen to a lease: messages take a microsecond, the leader is cut off just after a
/// round of heartbeats, and another server stands the very moment that its promise ends. The paces
/// of both clocks are given; whether a stale read was answered comes out.
fn lease_lies(drift: u64, leader_ppm: u32, rival_ppm: u32) -> bool {
    let mut history = History::default();
    let config = Config { clock_drift: drift, ..reads(ReadMode::Lease) };
    let (mut cluster, old) = begin(config, Micros(0), &mut history);
    let rest = others(&cluster, old);
    let rival = rest[0];
    // To the next heartbeat, and its answers.
    let round = |cluster: &Cluster| match &cluster.server(old).role {
        Role::Leader { reads, .. } => reads.confirmed,
        _ => unreachable!("it leads"),
    };
    let before = round(&cluster);
    while round(&cluster) == before {
        cluster.0.step(&mut history);
    }
    cluster.watch_for(Micros(8), &mut history);
    isolate(&mut cluster, old);
    for (node, ppm) in rest.iter().map(|&node| (node, rival_ppm)).chain([(old, leader_ppm)]) {
        cluster.act(Action::SetClock { node, ppm });
    }

    let promise = promise_on(rival_ppm);
    cluster.watch_for(promise, &mut history);
    if cluster.timers(rival).any(|(number, _)| number == usize::from(election())) {
        cluster.act(Action::FireTimer { node: rival, timer: election() });
    }
    cluster.watch_for(Micros(8), &mut history);
    assert!(cluster.server(rival).is_leader(), "the promise is over");
    ask(&mut cluster, rival, write_op("x", "2"), &mut history);
    cluster.watch_for(Micros(8), &mut history);
    ask(&mut cluster, old, read("x"), &mut history);
    cluster.watch_for(Micros(8), &mut history);
    assert!(cluster.breaches().is_empty());
    !linearizable(&history)
}

/// How long a promise lasts on a clock of this pace, in true time, rounded up.
fn promise_on(ppm: u32) -> Micros {
    let least = Config::default().election_timeout_least.0;
    Micros((least * 1_000_000).div_ceil(ppm.into()))
}

/// RAFT-16: the slowest clock of a leader, in parts per million, with which its lease still holds.
#[test]
fn a_lease_holds_down_to_the_drift_that_it_allows_for_and_breaks_just_below() {
    for drift in [0, 10, 25, 50] {
        let (mut holds, mut breaks) = (1_000_000, 100_000);
        assert!(!lease_lies(drift, holds, 1_000_000));
        assert!(lease_lies(drift, breaks, 1_000_000));
        while holds - breaks > 1 {
            let middle = breaks + (holds - breaks) / 2;
            match lease_lies(drift, middle, 1_000_000) {
                true => breaks = middle,
                false => holds = middle,
            }
        }
        println!("drift of {drift} %: a lease holds at {holds} ppm, breaks at {breaks} ppm");
        let allowed = 1_000_000 - drift * 10_000;
        // What the messages take is a little more than the lease needs.
        assert!((allowed - 200..=allowed).contains(&holds.into()), "{holds} ppm");
    }
}

#[test]
fn a_lease_also_breaks_when_the_others_clocks_are_too_fast() {
    assert!(!lease_lies(10, 1_000_000, 1_111_111));
    assert!(lease_lies(10, 1_000_000, 1_112_000));
}

#[test]
fn a_server_that_restarts_keeps_the_promise_that_it_may_have_given() {
    let mut history = History::default();
    let (mut cluster, old) = begin(reads(ReadMode::Lease), ms(1), &mut history);
    isolate(&mut cluster, old);
    for node in others(&cluster, old) {
        cluster.act(Action::Crash { node });
        cluster.act(Action::Restart { node });
        cluster.act(Action::FireTimer { node, timer: election() });
    }
    cluster.watch_for(ms(100), &mut history);
    assert!(others(&cluster, old).iter().all(|&node| !cluster.server(node).is_leader()));
    ask(&mut cluster, old, read("x"), &mut history);
    cluster.watch_for(ms(30), &mut history);
    assert!(history.operations().last().expect("it read").returned.is_some(), "the lease lasts");
    let rest = others(&cluster, old);
    cluster.elect_among(&rest);
    assert!(linearizable(&history));
}

#[test]
fn a_leader_that_asked_another_to_stand_reads_by_no_lease_any_more() {
    let mut history = History::default();
    let (mut cluster, old) = begin(reads(ReadMode::Lease), ms(5), &mut history);
    let to = others(&cluster, old)[0];
    cluster.act(Action::Order { node: old, order: Order::Transfer { to } });
    // The message is late: the leader gives up waiting and goes on, the other stands much later.
    let late = cluster.flights().map(|flight| flight.id).max().expect("it was just sent");
    cluster.act(Action::Delay { message: late, by: ms(400) });
    cluster.watch_for(ms(300), &mut history);
    assert!(cluster.server(old).is_leader(), "the hand-over was given up");
    let Role::Leader { reads, transfer, .. } = &cluster.server(old).role else { unreachable!() };
    assert_eq!((reads.lease, transfer.is_none()), (None, true));
    ask(&mut cluster, old, read("x"), &mut history);
    cluster.watch_for(ms(50), &mut history);
    assert!(history.operations().last().expect("it read").returned.is_some(), "by a round");
}

#[test]
fn a_lease_never_outlasts_timeouts_that_were_changed_meanwhile() {
    let mut history = History::default();
    let (mut cluster, old) = begin(reads(ReadMode::Lease), ms(1), &mut history);
    isolate(&mut cluster, old);
    for (setting, value) in [("election_timeout_least", ms(20)), ("election_timeout_most", ms(30))]
    {
        cluster.act(Action::Configure { setting: setting.into(), value: value.0 });
    }
    let rival = others(&cluster, old)[0];
    cluster.watch_for(ms(60), &mut history);
    if !cluster.server(rival).is_leader() {
        cluster.act(Action::FireTimer { node: rival, timer: election() });
    }
    cluster.watch_for(ms(10), &mut history);
    ask(&mut cluster, rival, write_op("x", "2"), &mut history);
    cluster.watch_for(ms(10), &mut history);
    ask(&mut cluster, old, read("x"), &mut history);
    cluster.watch_for(ms(10), &mut history);
    assert!(linearizable(&history));
}
