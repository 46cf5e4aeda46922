//! Timing (RAFT-20; §5.6): "broadcastTime ≪ electionTimeout ≪ MTBF", measured in virtual time; and
//! two myths, that the most votes win (RAFT-M1) and that entries go out with the next heartbeat
//! (RAFT-M2).

mod support;

use conclave::protocols::raft::{Config, Raft};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Micros, NodeId, Quality, Workload, World};
use support::cluster::{Cluster, ms};
use support::script::Script;
use support::solo::s;

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

/// Links that take just so long.
fn even(latency: Micros) -> Quality {
    Quality { latency, jitter: Micros(0), ..Quality::default() }
}

/// Whether somebody leads whom a majority follows.
fn led(world: &World<Raft>) -> bool {
    let servers = || NodeId::all(world.size()).filter_map(|node| world.state(node));
    servers().filter(|server| server.is_leader()).any(|leader| {
        let same = servers().filter(|server| server.term() == leader.term()).count();
        same > usize::from(world.size()) / 2
    })
}

/// How many thousandths of a span nobody leads whom a majority follows. Every `mtbf` the leader of
/// the moment crashes, and is back a second later; 0 is never.
fn leaderless(latency: Micros, mtbf: Micros, span: Micros, seed: u64) -> u64 {
    let setup = Setup { seed, quality: even(latency), ..Setup::default() };
    let mut world = Cluster::of(setup);
    let end = world.now() + span;
    let (mut without, mut next_crash) = (0, mtbf);
    let mut down = None;
    while world.now() < end {
        let (before, was_led) = (world.now(), led(&world));
        let next = world.next_due().unwrap_or(end).min(end);
        world.0.run_until(next, &mut ());
        if !was_led {
            without += world.now().since(before).0;
        }
        if mtbf > Micros(0) && world.now() >= next_crash && down.is_none() {
            next_crash = next_crash + mtbf;
            if let Some(leader) = world.leader() {
                world.crash(leader);
                down = Some((leader, world.now() + secs(1)));
            }
        }
        if let Some((node, _)) = down.take_if(|(_, until)| world.now() >= *until) {
            world.restart(node);
        }
    }
    assert_eq!(world.breaches(), [], "slow is not wrong");
    without * 1_000 / span.0
}

/// The mean of several runs.
fn mean(of: impl Fn(u64) -> u64) -> u64 {
    (1..=5).map(of).sum::<u64>() / 5
}

#[test]
fn no_leader_lasts_when_messages_take_as_long_as_the_election_timeout() {
    // The timeout is 150 to 300 ms.
    let latencies = [1, 5, 15, 50, 75, 100, 120, 140, 150, 300];
    println!("one way   without a leader");
    let table = latencies.map(|latency| {
        let without = mean(|seed| leaderless(ms(latency), Micros(0), secs(60), seed));
        println!("{latency:>4} ms   {:>3}.{} %", without / 10, without % 10);
        without
    });
    let (fast, slow) = table.split_at(3);
    assert!(fast.iter().all(|&without| without < 10), "broadcast ≪ timeout: a leader at once");
    assert!(slow[1] < slow[3] && slow[3] < slow[4], "from one to the other within a factor of two");
    assert_eq!(slow[5..], [1_000, 1_000], "no vote is back before the candidate stands again");
}

#[test]
fn leaders_that_crash_as_often_as_the_timeout_elapses_are_hardly_ever_there() {
    println!("a crash every   without a leader");
    let table = [600_u64, 60, 10, 2, 1].map(|every| {
        let span = Micros(secs(120).0.max(secs(every).0 * 2));
        let without = mean(|seed| leaderless(ms(5), secs(every), span, seed));
        println!("{every:>11} s   {:>3}.{} %", without / 10, without % 10);
        without
    });
    assert!(table.is_sorted(), "the more often they crash, the longer nobody leads");
    assert!(table[1] < 10, "timeout ≪ MTBF: less than 1 % of the time");
    assert!(table[4] > 100, "timeout near MTBF: more than 10 %");
}

// ---- RAFT-M1 ---------------------------------------------------------------------------------

/// S5 is down. S1 and S3 stand in the same term; S2 votes for S1, and S4 for S3.
fn even_split(plurality_wins: u64) -> Script<Raft> {
    let mut script = Script::raft(5, &[("plurality_wins", plurality_wins)]);
    script.act(Action::Crash { node: s(5) });
    script.campaign(s(1));
    script.campaign(s(3));
    script.deliver(
        "S1 → S2 RequestVote t1 last=0@0
         S3 → S4 RequestVote t1 last=0@0
         S2 → S1 Vote t1 granted
         S4 → S3 Vote t1 granted",
    );
    script
}

#[test]
fn with_two_votes_each_of_five_servers_nobody_wins() {
    let mut script = even_split(0);
    script.lose(|text| text.contains("S5"));
    script.settle();
    assert!([1, 3].into_iter().all(|number| !script.server(s(number)).is_leader()));
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

#[test]
fn if_the_most_votes_won_there_would_be_two_leaders_in_one_term() {
    let script = even_split(1);
    for number in [1, 3] {
        let server = script.server(s(number));
        assert!(server.is_leader() && server.term().0 == 1, "S{number}");
    }
    assert_eq!(script.broken(), ["election_safety"]);
    script.assert_recorded();
}

// ---- RAFT-M2 ---------------------------------------------------------------------------------

/// How long entries wait at their leader until they are committed, one after the other, at all
/// phases of the heartbeat; in microseconds.
fn commit_latencies(entries_with_heartbeat: bool) -> Vec<u64> {
    let config = Config { entries_with_heartbeat, ..Config::default() };
    let setup = Setup { config, quality: even(ms(10)), ..Setup::default() };
    let mut world = Cluster::of(setup);
    let leader = world.elect();
    let mut latencies = Vec::new();
    for number in 1..=40 {
        // Each time at another phase of the heartbeat.
        world.run_for(Micros(100_000 + number * 1_250));
        world.write(leader, "x", &number.to_string());
        let last = world.log(leader).last_index();
        world.run_until_that("the leader has it", |world| world.log(leader).last_index() > last);
        let since = world.now();
        let index = world.log(leader).last_index();
        world.run_until_that("it is committed", |world| world.commit(leader) >= index);
        latencies.push(world.now().since(since).0);
    }
    latencies
}

#[test]
fn entries_that_wait_for_the_heartbeat_are_committed_as_surely_and_later() {
    let at_once = commit_latencies(false);
    let waiting = commit_latencies(true);
    let mean = |latencies: &[u64]| Micros(latencies.iter().sum::<u64>() / latencies.len() as u64);
    println!("committed after {} at once, {} with heartbeats", mean(&at_once), mean(&waiting));
    assert!(at_once.iter().all(|&latency| latency == ms(20).0), "one round trip: {at_once:?}");
    let round_trip_and_interval = ms(20).0..=ms(70).0;
    assert!(waiting.iter().all(|latency| round_trip_and_interval.contains(latency)), "{waiting:?}");
    let half_an_interval = mean(&waiting).since(mean(&at_once));
    assert!((ms(20)..ms(30)).contains(&half_an_interval), "{half_an_interval}");
}

// ---- batching and pipelining -----------------------------------------------------------------

/// How many writes are answered within ten seconds on links of 100 ms one way.
fn throughput(pipeline: u64, max_entries: u64) -> u32 {
    let config = Config {
        pipeline,
        max_entries,
        election_timeout_least: secs(2),
        election_timeout_most: secs(4),
        heartbeat_interval: secs(1),
        ..Config::default()
    };
    let workload = Workload {
        clients: 100,
        think_least: Micros(0),
        think_most: Micros(0),
        read_percent: 0,
        patience: secs(60),
        ..Workload::default()
    };
    let setup = Setup {
        nodes: 3,
        config,
        quality: Quality { fifo: true, ..even(ms(100)) },
        ..Setup::default()
    };
    let mut world = Cluster::of(setup);
    let leader = world.elect();
    world.act(Action::SetWorkload { workload });
    world.run_for(secs(2));
    let before = world.commit(leader).0;
    world.run_for(secs(10));
    (world.commit(leader).0 - before) as u32
}

#[test]
fn pipelining_and_batching_raise_what_a_slow_link_carries() {
    println!("under way   entries a call   committed in 10 s");
    let table = [(1, 1), (8, 1), (64, 1), (1, 64), (8, 64)].map(|(pipeline, max_entries)| {
        let committed = throughput(pipeline, max_entries);
        println!("{pipeline:>9}   {max_entries:>14}   {committed:>17}");
        committed
    });
    let [one, eight, many, batched, both] = table;
    assert!((45..=65).contains(&one), "one entry a round trip of 200 ms: {one}");
    assert!(eight >= 7 * one, "eight calls carry eight times as much: {eight}");
    assert!(many > eight && batched > eight, "{table:?}");
    assert!(both >= batched, "{table:?}");
}
