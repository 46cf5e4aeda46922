//! How Raft behaves in the world: elections by timers, crashes, partitions, pauses, slow clocks,
//! bad networks and impatient clients.

mod support;

use std::collections::BTreeMap;

use conclave::protocols::raft::{Config, Index, Message, Outcome, Raft, Role, Term, Timer};
use conclave::sim::client::MAX_CLIENTS;
use conclave::sim::machine::{Answer, MAX_TEXT};
use conclave::sim::world::{Body, Loss, Setup};
use conclave::sim::{
    Action, ActionError, ClientId, Event, EventKind, MessageId, Micros, NodeId, Op, Protocol,
    Quality, Seat, Watch, Workload, World,
};
use support::cluster::{Cluster, Trace, ms, write_op};
use support::solo::s;

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

/// Calls a closure for each event.
struct Each<F>(F);

impl<F: FnMut(&Event<'_, Raft>)> Watch<Raft> for Each<F> {
    fn event(&mut self, event: Event<'_, Raft>) {
        (self.0)(&event);
    }
}

// ---- elections -------------------------------------------------------------------------------

#[test]
fn timers_elect_one_leader_whom_all_follow() {
    for seed in 0..100 {
        let mut world = Cluster::new(5, seed);
        let leader = world.elect();
        world.run_for(secs(2));
        assert_eq!(world.leader(), Some(leader), "heartbeats keep the others quiet, seed {seed}");
        for node in world.up().filter(|&node| node != leader) {
            assert_eq!(world.server(node).role, Role::Follower { leader: Some(leader) });
            assert_eq!(world.term(node), world.term(leader));
        }
    }
}

#[test]
fn one_server_alone_elects_itself_and_commits_at_once() {
    let mut world = Cluster::new(1, 1);
    let leader = world.elect();
    assert_eq!(world.term(leader), Term(1));
    world.write(leader, "x", "1");
    world.run_for(ms(20));
    assert_eq!(world.value(leader, "x").as_deref(), Some("1"));
    assert_eq!(world.mail(), [], "it has nobody to talk to");
    world.run_for(ms(20));
    let before = world.steps();
    world.run_for(secs(1));
    assert_eq!(world.steps() - before, 20, "nothing happens but its heartbeats");
    world.crash(leader);
    world.restart(leader);
    assert_eq!(world.commit(leader), Index(0), "what is committed is forgotten …");
    world.elect();
    world.write(leader, "y", "1");
    world.run_for(ms(20));
    assert_eq!(world.story(leader), ["1 x=1", "2 y=1"], "… and found out again");
    assert_eq!(world.value(leader, "x").as_deref(), Some("1"));
}

#[test]
fn twenty_five_and_a_hundred_and_one_servers_elect_a_leader() {
    for nodes in [25, 101] {
        for seed in 0..5 {
            let mut world = Cluster::new(nodes, seed);
            let leader = world.elect();
            world.write(leader, "x", "1");
            world.run_for(secs(1));
            world.assert_agreed();
            assert_eq!(world.value(s(nodes), "x").as_deref(), Some("1"));
        }
    }
}

/// S1 and S2 stand at the same moment; S3 hears S1 first, S4 hears S2 first.
#[test]
fn a_split_vote_elects_nobody_until_the_next_timeout() {
    for seed in 0..20 {
        let mut world = Cluster::even(4, seed, ms(10));
        world.fire(s(1), Timer::Election);
        world.fire(s(2), Timer::Election);
        for (id, from, to, _) in world.mail() {
            if (from, to) == (s(1), s(3)) || (from, to) == (s(2), s(4)) {
                world.act(Action::Deliver { message: id });
            }
        }
        world.run_for(ms(100));
        for candidate in [s(1), s(2)] {
            let Role::Candidate { granted, .. } = world.server(candidate).role else {
                panic!("two of four votes do not make {candidate} a leader");
            };
            assert_eq!(granted.len(), 2);
        }
        let leader = world.elect();
        assert!(world.term(leader) > Term(1));
    }
}

#[test]
fn half_of_an_even_cluster_elects_nobody() {
    for nodes in [2, 4, 6] {
        let mut world = Cluster::new(nodes, 3);
        let half: Vec<_> = (1..=nodes / 2).map(s).collect();
        world.isolate(&half);
        world.run_for(secs(5));
        assert_eq!(world.leader(), None, "{nodes} servers");
        assert!(world.term(s(1)) > Term(5), "they go on trying");
        world.act(Action::Heal);
        world.elect();
    }
}

#[test]
fn a_leader_with_half_of_an_even_cluster_commits_nothing() {
    let mut world = Cluster::new(4, 1);
    let leader = world.elect();
    let friend = NodeId((leader.0 + 1) % 4);
    world.isolate(&[leader, friend]);
    world.write(leader, "x", "1");
    world.run_for(secs(2));
    assert_eq!(world.log(friend).last_index(), Index(1), "the entry is on two of four");
    assert_eq!(world.commit(leader), Index(0));
    assert_eq!(world.leader(), Some(leader), "the other half elects nobody");
    world.act(Action::Heal);
    world.elect();
    let leader = world.leader().expect("just elected");
    world.write(leader, "y", "1");
    world.run_for(secs(1));
    world.assert_agreed();
}

// ---- crashes ---------------------------------------------------------------------------------

#[test]
fn when_the_leader_crashes_another_leads_a_later_term() {
    for seed in 0..20 {
        let mut world = Cluster::new(5, seed);
        let first = world.elect();
        let term = world.term(first);
        world.write(first, "x", "1");
        world.run_for(ms(200));
        world.crash(first);
        let second = world.elect();
        assert_ne!(second, first);
        assert!(world.term(second) > term);
        assert_eq!(world.story(second), [format!("{term} x=1")], "what was committed is there");

        world.write(second, "x", "2");
        world.run_for(ms(200));
        world.restart(first);
        assert_eq!(world.server(first).role, Role::Follower { leader: None });
        assert_eq!(world.value(first, "x"), None, "the machine starts afresh");
        world.run_for(secs(1));
        assert_eq!(world.leader(), Some(second), "it comes back as a follower");
        assert_eq!(world.server(first).role, Role::Follower { leader: Some(second) });
        world.assert_agreed();
        assert_eq!(world.value(first, "x").as_deref(), Some("2"), "and catches up");
    }
}

#[test]
fn term_vote_and_log_outlive_a_crash_of_all() {
    let mut world = Cluster::new(3, 5);
    let leader = world.elect();
    for value in ["1", "2", "3"] {
        world.write(leader, "x", value);
        world.run_for(ms(100));
    }
    let before: Vec<_> = NodeId::all(3).map(|node| world.durable(node).clone()).collect();
    for node in NodeId::all(3) {
        world.crash(node);
    }
    world.run_for(secs(60));
    for node in NodeId::all(3) {
        assert_eq!(world.disk(node), Some(&before[node.slot()]));
        world.restart(node);
        assert_eq!(world.disk(node), None, "a server that runs owns its disk");
        assert_eq!(world.server(node).durable, before[node.slot()]);
        assert_eq!(world.commit(node), Index(0));
    }
    let leader = world.elect();
    world.write(leader, "y", "1");
    world.run_for(secs(1));
    world.assert_agreed();
    let (now, then) = (world.log(leader).entries(), before[0].log.entries());
    assert!(now.iter().take(3).eq(then.iter()));
    assert_eq!(world.value(s(1), "x").as_deref(), Some("3"));
}

#[test]
fn with_a_majority_down_nothing_is_committed_until_one_returns() {
    let mut world = Cluster::new(5, 2);
    let leader = world.elect();
    let others: Vec<_> = world.up().filter(|&node| node != leader).collect();
    for &node in &others[..3] {
        world.crash(node);
    }
    world.write(leader, "x", "1");
    world.run_for(secs(2));
    assert_eq!(world.commit(leader), Index(0));
    world.restart(others[0]);
    world.run_for(secs(2));
    assert_eq!(world.commit(leader), Index(1));
}

// ---- partitions ------------------------------------------------------------------------------

#[test]
fn what_a_minority_writes_is_never_committed_and_is_overwritten() {
    for seed in 0..20 {
        let mut world = Cluster::new(5, seed);
        let old = world.elect();
        world.write(old, "x", "both");
        world.run_for(ms(200));
        let friend = NodeId((old.0 + 1) % 5);
        let majority: Vec<_> =
            NodeId::all(5).filter(|node| ![old, friend].contains(node)).collect();
        world.isolate(&[old, friend]);
        let client = world.write(old, "x", "minority");
        let new = world.elect_among(&majority);
        let other = world.write(new, "x", "majority");
        world.run_for(secs(1));

        assert!(world.server(old).is_leader(), "the old leader does not know better");
        assert_eq!(world.log(old).last_index(), Index(2));
        assert_eq!(world.log(friend), world.log(old));
        assert_eq!((world.commit(old), world.commit(friend)), (Index(1), Index(1)));
        assert_eq!(world.commit(new), Index(2));
        assert!(world.waits(client) && !world.waits(other));

        world.act(Action::Heal);
        world.run_for(secs(2));
        world.assert_agreed();
        for node in world.up() {
            assert_eq!(world.value(node, "x").as_deref(), Some("majority"), "{node}");
        }
        assert!(world.waits(client), "whoever wrote to the minority never got an answer");
    }
}

#[test]
fn a_link_cut_in_one_direction_stops_that_direction_only() {
    let mut world = Cluster::even(2, 1, ms(10));
    world.fire(s(1), Timer::Election);
    world.act(Action::Cut { from: s(2), to: s(1) });
    world.run_for(ms(15));
    assert_eq!(world.durable(s(2)).voted_for, Some(s(1)), "the call arrives");
    world.run_for(ms(15));
    assert!(!world.server(s(1)).is_leader(), "the vote does not");
    world.act(Action::Mend { from: s(2), to: s(1) });
    world.elect();
}

/// What becomes of each message to a server, by the name of the fate.
fn fates(world: &mut Cluster, span: Micros, act: impl FnOnce(&mut Cluster, &mut Fates)) -> Fates {
    let mut fates = Fates::default();
    act(world, &mut fates);
    world.watch_for(span, &mut fates);
    fates
}

#[derive(Debug, Default)]
struct Fates(BTreeMap<MessageId, String>);

impl Watch<Raft> for Fates {
    fn event(&mut self, event: Event<'_, Raft>) {
        let (flight, fate) = match event.kind {
            EventKind::Arrived(flight) => (flight, "arrived".into()),
            EventKind::Held(flight) => (flight, "held".into()),
            EventKind::Lost(flight, why) => (flight, format!("{why:?}")),
            _ => return,
        };
        self.0.insert(flight.id, fate);
    }
}

#[test]
fn a_lost_message_is_lost_for_the_reason_that_lost_it() {
    // What was sent into a cut link does not arrive, even when the link is mended in time.
    let mut world = Cluster::even(2, 1, ms(10));
    world.act(Action::Cut { from: s(1), to: s(2) });
    world.fire(s(1), Timer::Election);
    let (sent, ..) = world.mail()[0];
    world.act(Action::Mend { from: s(1), to: s(2) });
    let fate = fates(&mut world, ms(20), |_, _| {});
    assert_eq!(fate.0[&sent], format!("{:?}", Loss::Cut));

    // What is under way when the link is cut is lost at once.
    let mut world = Cluster::even(2, 1, ms(10));
    world.fire(s(1), Timer::Election);
    let (sent, ..) = world.mail()[0];
    let fate = fates(&mut world, ms(0), |world, fates| {
        world.0.act(&Action::Cut { from: s(1), to: s(2) }, fates).expect("the link is there");
    });
    assert_eq!(fate.0[&sent], format!("{:?}", Loss::Cut));
    assert_eq!(world.mail(), []);

    // What the network loses is not blamed on a link that is cut after it was doomed.
    let quality =
        Quality { latency: ms(10), jitter: ms(0), loss_ppm: 1_000_000, ..Quality::default() };
    let mut world = Cluster::of(Setup { nodes: 2, quality, ..Setup::default() });
    world.fire(s(1), Timer::Election);
    let (sent, ..) = world.mail()[0];
    let fate = fates(&mut world, ms(20), |_, _| {});
    assert_eq!(fate.0[&sent], format!("{:?}", Loss::Chance));

    // At the door of a server that is down, and at that of a paused one that then crashes.
    let mut world = Cluster::even(2, 1, ms(10));
    world.fire(s(1), Timer::Election);
    let (sent, ..) = world.mail()[0];
    world.crash(s(2));
    let fate = fates(&mut world, ms(20), |_, _| {});
    assert_eq!(fate.0[&sent], format!("{:?}", Loss::Down));

    let mut world = Cluster::even(2, 1, ms(10));
    world.fire(s(1), Timer::Election);
    let (sent, ..) = world.mail()[0];
    world.act(Action::Pause { node: s(2) });
    world.run_for(ms(20));
    let fate = fates(&mut world, ms(0), |world, fates| {
        world.0.act(&Action::Crash { node: s(2) }, fates).expect("a paused server can crash");
    });
    assert_eq!(fate.0[&sent], format!("{:?}", Loss::Down));
}

// ---- replication -----------------------------------------------------------------------------

#[test]
fn a_repeated_append_changes_nothing_but_the_timer() {
    let mut world = Cluster::even(3, 1, ms(10));
    let leader = world.elect();
    let follower = NodeId((leader.0 + 1) % 3);
    // Two calls under way; the first is kept back until the second has been taken.
    world.write(leader, "x", "1");
    world.run_for(ms(10));
    let calls = |world: &Cluster| {
        let mail = world.mail().into_iter();
        mail.filter(|(_, _, to, message)| {
            *to == follower
                && matches!(message, Message::AppendEntries { entries, .. } if !entries.is_empty())
        })
        .map(|(id, ..)| id)
        .collect::<Vec<_>>()
    };
    let old = calls(&world)[0];
    world.act(Action::Duplicate { message: old });
    let copy = calls(&world)[1];
    world.act(Action::Delay { message: copy, by: ms(400) });
    world.run_for(ms(100));
    world.write(leader, "x", "2");
    world.run_for(ms(200));
    let before = world.server(follower).clone();
    assert_eq!(before.commit_index, Index(2));

    let (held, _) = world.flight(copy).map(|flight| (flight.body.clone(), ())).expect("under way");
    assert!(matches!(held, Body::Peer(Message::AppendEntries { .. })));
    world.act(Action::Deliver { message: copy });
    assert_eq!(*world.server(follower), before, "an old call takes nothing away");
    world.run_for(secs(1));
    world.assert_agreed();
}

/// How often the followers that are far behind refuse a new leader's entries.
fn refusals_after_a_long_partition(fast_backup: bool) -> (usize, Cluster) {
    let config = Config { fast_backup, ..Config::default() };
    let mut world = Cluster::tuned(5, 11, config);
    let old = world.elect();
    world.write(old, "x", "0");
    world.run_for(ms(200));
    let friend = NodeId((old.0 + 1) % 5);
    let majority: Vec<_> = NodeId::all(5).filter(|node| ![old, friend].contains(node)).collect();
    world.isolate(&[old, friend]);
    let new = world.elect_among(&majority);
    for number in 0..30 {
        world.write(old, "x", &format!("old{number}"));
        world.write(new, "x", &format!("new{number}"));
        world.run_for(ms(20));
    }
    world.run_for(secs(1));
    assert_eq!((world.commit(old), world.commit(new)), (Index(1), Index(31)));
    assert_eq!(world.log(friend).last_index(), Index(31));

    // A third leader knows nothing of how far the others are.
    world.crash(new);
    world.act(Action::Heal);
    let mut refusals = 0;
    let mut count = Each(|event: &Event<'_, Raft>| {
        if let EventKind::Arrived(flight) = event.kind
            && let Body::Peer(Message::AppendEntriesReply {
                outcome: Outcome::Failure { prev_log_index, .. },
                ..
            }) = flight.body
            && *prev_log_index > Index(0)
        {
            refusals += 1;
        }
    });
    world.watch_for(secs(5), &mut count);
    world.restart(new);
    world.run_for(secs(2));
    (refusals, world)
}

#[test]
fn fast_backup_takes_fewer_rounds_than_one_entry_at_a_time() {
    let (plain, mut slow) = refusals_after_a_long_partition(false);
    let (fast, mut quick) = refusals_after_a_long_partition(true);
    assert!(plain >= 60, "two followers, thirty entries each: {plain}");
    assert!(fast <= 6, "one or two rounds each: {fast}");
    for world in [&mut slow, &mut quick] {
        let leader = world.elect();
        world.write(leader, "y", "1");
        world.run_for(secs(1));
        world.assert_agreed();
        assert_eq!(world.value(leader, "x").as_deref(), Some("new29"));
    }
}

#[test]
fn entries_of_old_terms_wait_for_a_new_one_unless_a_leader_begins_with_one() {
    for leader_noop in [false, true] {
        let mut world = Cluster::tuned(3, 4, Config { leader_noop, ..Config::default() });
        let leader = world.elect();
        world.run_for(ms(200));
        world.write(leader, "x", "1");
        world.run_for(ms(200));
        NodeId::all(3).for_each(|node| world.crash(node));
        // Whatever is under way still says what is committed.
        world.run_for(secs(1));
        NodeId::all(3).for_each(|node| world.restart(node));
        let leader = world.elect();
        world.run_for(secs(2));
        let expected = if leader_noop { Some("1") } else { None };
        assert_eq!(world.value(leader, "x").as_deref(), expected, "noop {leader_noop}");
        let noops = world.story(leader).iter().filter(|entry| entry.ends_with("noop")).count();
        assert_eq!(noops > 0, leader_noop);
        world.write(leader, "y", "1");
        world.run_for(secs(1));
        assert_eq!(world.value(leader, "x").as_deref(), Some("1"), "noop {leader_noop}");
        world.assert_agreed();
    }
}

#[test]
fn no_append_carries_more_entries_than_allowed() {
    for max_entries in [1, 3] {
        let mut world = Cluster::tuned(3, 4, Config { max_entries, ..Config::default() });
        let leader = world.elect();
        world.isolate(&[leader]);
        for number in 0..10 {
            world.write(leader, "x", &number.to_string());
        }
        world.run_for(ms(60));
        world.act(Action::Heal);
        let mut most = 0;
        let mut measure = Each(|event: &Event<'_, Raft>| {
            if let EventKind::Arrived(flight) = event.kind
                && let Body::Peer(Message::AppendEntries { entries, .. }) = &flight.body
            {
                most = most.max(entries.len() as u64);
            }
        });
        world.watch_for(secs(5), &mut measure);
        assert_eq!(most, max_entries);
        assert_eq!(world.commit(leader), Index(10));
        world.assert_agreed();
    }
}

/// Every reply arrives twice; if each had the leader send something, that would be answered twice
/// again, and so on.
#[test]
fn duplicates_do_not_breed() {
    let quality = Quality { duplicate_ppm: 1_000_000, jitter: ms(90), ..Quality::default() };
    let config = Config { max_entries: 1, ..Config::default() };
    for seed in 0..10 {
        let setup = Setup { nodes: 3, seed, quality, config: config.clone(), ..Setup::default() };
        let mut world = Cluster::of(setup);
        let leader = world.elect();
        world.crash(NodeId((leader.0 + 1) % 3));
        for number in 0..100 {
            world.write(leader, "x", &number.to_string());
        }
        world.restart(NodeId((leader.0 + 1) % 3));
        let begun = world.steps();
        while world.log(NodeId((leader.0 + 1) % 3)).last_index() < Index(100) {
            world.run_for(ms(10));
            assert!(world.mail().len() < 60, "{} messages under way", world.mail().len());
        }
        assert!(world.steps() - begun < 10_000, "seed {seed}");
    }
}

// ---- pauses and clocks -----------------------------------------------------------------------

#[test]
fn a_paused_leader_is_replaced_and_takes_what_came_in_order_when_it_goes_on() {
    let mut world = Cluster::new(3, 6);
    let old = world.elect();
    world.write(old, "x", "1");
    world.run_for(ms(200));
    world.act(Action::Pause { node: old });
    let mut held = Vec::new();
    let mut note = Each(|event: &Event<'_, Raft>| {
        if let EventKind::Held(flight) = event.kind {
            assert_eq!(flight.to, Seat::Node(old));
            held.push(flight.id);
        }
    });
    world.watch_for(secs(2), &mut note);
    assert!(held.len() > 20, "calls of the new leader pile up");
    let others: Vec<_> = NodeId::all(3).filter(|&node| node != old).collect();
    let new = world.leader_among(&others).expect("the others went on without it");
    assert!(world.term(new) > world.term(old));
    assert!(world.server(old).is_leader(), "it stands still");
    world.write(new, "x", "2");
    world.run_for(ms(1));

    let (mut taken, mut timers, now) = (Vec::new(), Vec::new(), world.now());
    let mut note = Each(|event: &Event<'_, Raft>| match event.kind {
        EventKind::Arrived(flight) if flight.to == Seat::Node(old) => taken.push(flight.id),
        EventKind::TimerFired(node, timer) if node == old => timers.push((event.at, timer)),
        _ => {}
    });
    world.0.act(&Action::Resume { node: old }, &mut note).expect("it is paused");
    world.watch_for(ms(0), &mut note);
    assert_eq!(taken[..held.len()], held, "nothing is lost, and the order is kept");
    assert_eq!(timers, [(now, Timer::Heartbeat)], "its timer went off while it stood still");
    assert_eq!(world.server(old).role, Role::Follower { leader: Some(new) });
    world.run_for(secs(1));
    world.assert_agreed();
}

/// S3 is paused; S1's call waits at its door, and S2's call is due in this very moment.
fn two_calls_in_one_moment() -> (Cluster, [MessageId; 2]) {
    let mut world = Cluster::even(3, 1, ms(10));
    world.fire(s(1), Timer::Election);
    world.fire(s(2), Timer::Election);
    world.act(Action::Pause { node: s(3) });
    let mail = world.mail();
    let call = |number| mail.iter().find(|(_, from, to, _)| (*from, *to) == (s(number), s(3)));
    let calls = [1, 2].map(|number| call(number).expect("it asks for S3's vote").0);
    let mut held = Vec::new();
    while held.is_empty() {
        let mut note = Each(|event: &Event<'_, Raft>| {
            if let EventKind::Held(flight) = event.kind {
                held.push(flight.id);
            }
        });
        world.0.step(&mut note);
    }
    assert_eq!(held, calls[..1]);
    assert_eq!(world.flight(calls[1]).map(|flight| flight.due()), Some(world.now()));
    (world, calls)
}

#[test]
fn what_waited_at_the_door_comes_before_what_comes_now() {
    let (mut world, calls) = two_calls_in_one_moment();
    let mut taken = Vec::new();
    let mut note = Each(|event: &Event<'_, Raft>| {
        if let EventKind::Arrived(flight) = event.kind
            && flight.to == Seat::Node(s(3))
        {
            taken.push(flight.id);
        }
    });
    world.0.act(&Action::Resume { node: s(3) }, &mut note).expect("it is paused");
    world.watch_for(ms(0), &mut note);
    assert_eq!(taken, calls);
}

#[test]
fn a_message_delivered_by_hand_to_a_paused_server_waits_once() {
    let (mut world, calls) = two_calls_in_one_moment();
    for message in [calls[1], calls[1], calls[0]] {
        world.act(Action::Deliver { message });
    }
    let mut held = Vec::new();
    let mut note = Each(|event: &Event<'_, Raft>| {
        if let EventKind::Held(flight) = event.kind {
            held.push(flight.id);
        }
    });
    world.watch_for(ms(50), &mut note);
    assert!(calls.iter().all(|call| !held.contains(call)), "both were at the door already");
    world.crash(s(3));
    assert!(calls.iter().all(|&call| world.flight(call).is_none()), "both are lost with it");
    world.restart(s(3));
    world.elect();
}

#[test]
fn a_fast_clock_runs_fast_and_a_slow_clock_slow() {
    let mut world = Cluster::new(3, 1);
    world.act(Action::SetClock { node: s(1), ppm: 2_000_000 });
    world.act(Action::SetClock { node: s(2), ppm: 100_000 });
    world.run_for(secs(10));
    assert_eq!(world.clock(s(1)), secs(20));
    assert_eq!(world.clock(s(2)), secs(1));
    assert_eq!(world.clock(s(3)), secs(10));
    world.act(Action::SetClock { node: s(1), ppm: 1_000_000 });
    world.run_for(secs(10));
    assert_eq!(world.clock(s(1)), secs(30), "a clock goes on from where it stood");
}

#[test]
fn timeouts_are_spans_of_the_servers_own_clock() {
    for seed in 0..20 {
        let mut world = Cluster::new(5, seed);
        let leader = world.elect();
        let hasty = NodeId((leader.0 + 1) % 5);
        let calm = NodeId((leader.0 + 2) % 5);
        world.act(Action::SetClock { node: hasty, ppm: 1_800_000 });
        world.act(Action::SetClock { node: calm, ppm: 200_000 });
        world.run_for(secs(1));
        let span = |node| {
            let (_, timer) = world.timers(node).next().expect("a follower's timer runs");
            timer.due() - timer.set
        };
        assert!((ms(83)..=ms(167)).contains(&span(hasty)), "150 to 300 ms at 1.8 times the pace");
        assert!((ms(750)..=ms(1500)).contains(&span(calm)), "150 to 300 ms at a fifth of the pace");
        assert_eq!(world.leader(), Some(leader), "such clocks do not disturb a good leader");
        world.crash(leader);
        let next = world.elect();
        assert_ne!(next, calm, "who counts slowly does not stand first");
    }
}

// ---- the network -----------------------------------------------------------------------------

/// For each link, the messages in the order of arrival.
fn arrivals(fifo: bool) -> BTreeMap<(Seat, Seat), Vec<MessageId>> {
    let quality = Quality { latency: ms(1), jitter: ms(120), fifo, ..Quality::default() };
    let mut world = Cluster::of(Setup { quality, seed: 9, ..Setup::default() });
    let mut links = BTreeMap::<_, Vec<_>>::new();
    let mut note = Each(|event: &Event<'_, Raft>| {
        if let EventKind::Arrived(flight) = event.kind {
            links.entry((flight.from, flight.to)).or_default().push(flight.id);
        }
    });
    world.watch_for(secs(20), &mut note);
    links
}

#[test]
fn a_fifo_network_keeps_the_order_and_another_does_not() {
    let kept = arrivals(true);
    assert!(kept.values().map(Vec::len).sum::<usize>() > 1_000);
    assert!(kept.values().all(|link| link.is_sorted()));
    let free = arrivals(false);
    assert!(!free.values().all(|link| link.is_sorted()));
}

#[test]
fn a_network_loses_and_repeats_as_often_as_it_is_told() {
    let quality = Quality { loss_ppm: 200_000, duplicate_ppm: 100_000, ..Quality::default() };
    let mut world = Cluster::of(Setup { quality, seed: 2, ..Setup::default() });
    let (mut arrived, mut lost) = (0_u32, 0_u32);
    let mut bodies = BTreeMap::<_, u32>::new();
    let mut count = Each(|event: &Event<'_, Raft>| {
        let flight = match event.kind {
            EventKind::Arrived(flight) => {
                arrived += 1;
                flight
            }
            EventKind::Lost(flight, why) => {
                assert_eq!(why, Loss::Chance);
                lost += 1;
                flight
            }
            _ => return,
        };
        let copy = format!("{:?} {:?} {:?}", flight.sent, flight.from, flight.to);
        *bodies.entry(copy).or_default() += 1;
    });
    world.watch_for(secs(60), &mut count);
    let sent = arrived + lost;
    assert!(sent > 5_000);
    assert!((180..220).contains(&(lost * 1_000 / sent)), "{lost} of {sent} are lost");
    let twice = bodies.values().filter(|&&copies| copies == 2).count() as u32;
    let calls = bodies.len() as u32;
    assert!((80..120).contains(&(twice * 1_000 / calls)), "{twice} of {calls} are sent twice");
}

#[test]
fn one_link_can_be_worse_than_the_others() {
    let mut world = Cluster::new(3, 1);
    let slow = Quality { latency: ms(700), jitter: ms(0), ..Quality::default() };
    world.act(Action::SetLink { from: s(1), to: s(2), quality: slow });
    assert_eq!(world.network().link(s(1), s(2)), slow);
    assert_eq!(world.network().link(s(2), s(1)), Quality::default());
    world.fire(s(1), Timer::Election);
    for (id, _, to, _) in world.mail() {
        let takes = world.flight(id).expect("under way").arrival - world.now();
        assert_eq!(takes == ms(700), to == s(2));
    }
    world.act(Action::SetNetwork { quality: Quality::default() });
    assert_eq!(world.network().link(s(1), s(2)), Quality::default(), "all links, so also that");
}

#[test]
fn a_message_can_be_dropped_delayed_delivered_and_repeated_by_hand() {
    let mut world = Cluster::even(5, 1, ms(10));
    world.fire(s(1), Timer::Election);
    let mail = world.mail();
    let to = |number| mail.iter().find(|(_, _, to, _)| *to == s(number)).expect("a call").0;
    let fate = fates(&mut world, ms(0), |world, fates| {
        world.0.act(&Action::Drop { message: to(2) }, fates).expect("under way");
        world.0.act(&Action::Deliver { message: to(3) }, fates).expect("under way");
    });
    assert_eq!(fate.0[&to(2)], format!("{:?}", Loss::Hand));
    assert_eq!(fate.0[&to(3)], "arrived");
    assert_eq!(world.durable(s(3)).voted_for, Some(s(1)));
    world.act(Action::Delay { message: to(4), by: ms(25) });
    assert_eq!(world.flight(to(4)).map(|flight| flight.arrival), Some(ms(35)));
    let before = world.mail().len();
    world.act(Action::Duplicate { message: to(5) });
    let after = world.mail();
    assert_eq!(after.len(), before + 1);
    let (copy, from, receiver, message) = after.last().expect("the copy").clone();
    assert_eq!((from, receiver), (s(1), s(5)));
    assert_eq!(message, mail.iter().find(|(id, ..)| *id == to(5)).expect("the original").3);

    world.run_for(ms(10));
    assert_eq!(world.durable(s(2)).voted_for, None);
    assert_eq!(world.durable(s(4)).voted_for, None, "the call is still held up");
    assert_eq!(world.durable(s(5)).voted_for, Some(s(1)));
    assert!(world.flight(copy).is_none(), "the copy arrived too");
    world.run_for(ms(25));
    assert_eq!(world.durable(s(4)).voted_for, Some(s(1)));
}

/// With no latency and no thinking, everything would happen in one moment, for ever.
#[test]
fn time_passes_even_when_nothing_takes_time() {
    let quality = Quality { latency: Micros(0), jitter: Micros(0), ..Quality::default() };
    let (think_least, think_most) = (Micros(0), Micros(0));
    let workload = Workload { clients: 3, think_least, think_most, ..Workload::default() };
    for nodes in [1, 3] {
        let setup = Setup { nodes, quality, workload, ..Setup::default() };
        let mut world = World::<Raft>::new(&setup, &mut ());
        for _ in 0..1_000 {
            let before = world.now();
            for _ in 0..100 {
                world.step(&mut ());
            }
            assert!(world.now() > before, "a hundred events in one moment");
        }
    }
}

// ---- clients ---------------------------------------------------------------------------------

/// Whom a client asks, and what it hears in the end.
fn conversation(
    world: &mut Cluster,
    action: &Action,
    span: Micros,
) -> (Vec<(NodeId, bool)>, Vec<Answer>) {
    let (mut asked, mut heard) = (Vec::new(), Vec::new());
    let mut note = Each(|event: &Event<'_, Raft>| match event.kind {
        EventKind::Asked { node, again, .. } => asked.push((node, again)),
        EventKind::Returned { answer, .. } => heard.push(answer.clone()),
        _ => {}
    });
    world.0.act(action, &mut note).expect("a client is free");
    world.watch_for(span, &mut note);
    (asked, heard)
}

#[test]
fn a_client_follows_a_redirect_to_the_leader() {
    let mut world = Cluster::new(3, 1);
    let leader = world.elect();
    world.run_for(ms(100));
    let follower = NodeId((leader.0 + 1) % 3);
    for persistent in [false, true] {
        let action = Action::Request { node: follower, op: write_op("x", "1"), persistent };
        let (asked, heard) = conversation(&mut world, &action, secs(1));
        assert_eq!(asked, [(follower, false), (leader, true)]);
        assert_eq!(heard, [Answer::Written]);
    }
    let read =
        Action::Request { node: leader, op: Op::Read { key: "x".into() }, persistent: false };
    let (asked, heard) = conversation(&mut world, &read, secs(1));
    assert_eq!(asked, [(leader, false)]);
    assert_eq!(heard, [Answer::Value(Some("1".into()))]);
    let read =
        Action::Request { node: leader, op: Op::Read { key: "y".into() }, persistent: false };
    assert_eq!(conversation(&mut world, &read, secs(1)).1, [Answer::Value(None)]);
}

#[test]
fn a_persistent_client_asks_the_next_server_when_nobody_answers() {
    let mut world = Cluster::new(3, 1);
    let leader = world.elect();
    world.run_for(ms(100));
    let [second, third] = [1, 2].map(|step| NodeId((leader.0 + step) % 3));
    world.crash(second);
    let op = write_op("x", "1");
    let action = Action::Request { node: second, op: op.clone(), persistent: true };
    let begun = world.now();
    let (asked, heard) = conversation(&mut world, &action, secs(2));
    assert_eq!(asked, [(second, false), (third, true), (leader, true)]);
    assert_eq!(heard, [Answer::Written]);
    assert!(world.now() - begun >= world.workload().patience);

    let action = Action::Request { node: second, op, persistent: false };
    let (asked, heard) = conversation(&mut world, &action, secs(2));
    assert_eq!(asked, [(second, false)], "others ask once");
    assert_eq!(heard, []);
}

#[test]
fn where_nobody_leads_a_client_gives_up_or_waits() {
    let mut world = Cluster::new(3, 1);
    world.fire(s(1), Timer::Election);
    world.isolate(&[s(1)]);
    let once = Action::Request { node: s(1), op: write_op("x", "1"), persistent: false };
    let (asked, heard) = conversation(&mut world, &once, ms(100));
    assert_eq!((asked, heard), (vec![(s(1), false)], vec![Answer::Redirect(None)]));
    let client = world.ask(s(1), write_op("x", "2"), true);
    world.run_for(secs(5));
    assert!(!world.waits(client), "the majority leads itself, and the client finds it");
    assert_eq!(world.value(s(2), "x").as_deref(), Some("2"));
}

#[test]
fn clients_that_act_by_themselves_keep_the_cluster_busy() {
    let workload = Workload { clients: 5, ..Workload::default() };
    let mut world = Cluster::of(Setup { workload, ..Setup::default() });
    let (mut begun, mut done) = (0, 0);
    let mut count = Each(|event: &Event<'_, Raft>| match event.kind {
        EventKind::Asked { again: false, .. } => begun += 1,
        EventKind::Returned { answer, .. } => {
            assert!(!matches!(answer, Answer::Redirect(_)), "they do not give up");
            done += 1;
        }
        _ => {}
    });
    world.watch_for(secs(20), &mut count);
    // Five clients; an operation takes up to 80 ms and a pause of 100 to 300 ms.
    assert!((250..500).contains(&done), "{done}");
    assert!(begun - done <= 5, "each waits for one answer at most");
}

#[test]
fn the_workload_can_be_changed_as_often_as_one_likes() {
    let mut world = Cluster::new(3, 1);
    world.elect();
    let workload = |clients| Workload { clients, ..Workload::default() };
    for round in 0..30 {
        world.act(Action::SetWorkload { workload: workload(100) });
        let active = world.clients().iter().filter(|client| client.automatic).count();
        assert_eq!(active, 100, "round {round}");
        world.run_for(ms(500));
        world.act(Action::SetWorkload { workload: workload(0) });
        assert!(!world.clients().iter().any(|client| client.automatic));
        world.run_for(secs(2));
    }
    let free = world.clients().iter().filter(|client| client.pending.is_none()).count();
    assert_eq!(free, world.clients().len(), "what they had begun is brought to an end");
    assert!(world.clients().len() < 300, "clients are used again: {}", world.clients().len());
    let before: u32 = world.clients().iter().map(|client| client.sequence).sum();
    world.run_for(secs(2));
    let after: u32 = world.clients().iter().map(|client| client.sequence).sum();
    assert_eq!(after, before, "without a workload nobody acts by themselves");
}

/// A write whose answer is lost is asked for again, and meanwhile somebody else writes.
fn retried_write(client_sessions: bool) -> Cluster {
    let mut world = Cluster::tuned(3, 1, Config { client_sessions, ..Config::default() });
    let leader = world.elect();
    let unlucky = world.ask(leader, write_op("x", "first"), true);
    step_without_answers(&mut world, unlucky, |world| world.commit(leader) == Index(1));
    world.write(leader, "x", "second");
    step_without_answers(&mut world, unlucky, |world| world.commit(leader) == Index(2));
    assert_eq!(world.value(leader, "x").as_deref(), Some("second"));
    step_without_answers(&mut world, unlucky, |world| world.log(leader).last_index() == Index(3));
    assert!(world.waits(unlucky));
    world.run_for(secs(2));
    assert!(!world.waits(unlucky), "in the end it hears that its write is done");
    let story = world.story(leader);
    assert_eq!(story, ["1 x=first", "1 x=second", "1 x=first"], "it is in the log twice");
    world.assert_agreed();
    world
}

/// Takes events until something is so, while all answers to a client are lost.
fn step_without_answers(world: &mut Cluster, client: ClientId, holds: impl Fn(&Cluster) -> bool) {
    while !holds(world) {
        world.0.step(&mut ());
        let to = Seat::Client(client);
        let answers = world.flights().filter(|flight| flight.to == to).map(|flight| flight.id);
        for message in answers.collect::<Vec<_>>() {
            world.act(Action::Drop { message });
        }
        assert!(world.now() < secs(30), "it comes to that");
    }
}

#[test]
fn with_sessions_a_retried_write_is_applied_once() {
    assert_eq!(retried_write(true).value(s(1), "x").as_deref(), Some("second"));
}

#[test]
fn without_sessions_a_retried_write_is_applied_twice() {
    assert_eq!(retried_write(false).value(s(1), "x").as_deref(), Some("first"));
}

// ---- actions that cannot be done -------------------------------------------------------------

#[test]
fn a_refused_action_says_why_and_changes_nothing() {
    let mut world = Cluster::new(5, 1);
    world.fire(s(1), Timer::Election);
    let leader = world.elect();
    world.crash(s(3));
    world.act(Action::Pause { node: s(4) });
    world.run_for(ms(60));
    let nobody = NodeId(5);
    let no_such_node = ActionError::NoSuchNode { node: nobody, nodes: 5 };
    let unknown = MessageId(u64::MAX);
    let no_such_message = ActionError::NoSuchMessage { message: unknown };
    let under_way = world.mail()[0].0;
    let quality = Quality::default();
    let range = |field: &str, value, least, most| ActionError::OutOfRange {
        field: field.into(),
        value,
        least,
        most,
    };
    let request = |node, op| Action::Request { node, op, persistent: false };
    let long = "é".repeat(MAX_TEXT + 1);
    let too_long = |field| ActionError::TextTooLong { field, characters: MAX_TEXT + 1 };
    let configure = |setting: &str, value| Action::Configure { setting: setting.into(), value };
    let workload = Workload::default();
    let minute = secs(60).0;

    let mut refused = vec![
        (Action::Crash { node: nobody }, no_such_node.clone()),
        (Action::Crash { node: s(3) }, ActionError::NodeIsDown { node: s(3) }),
        (Action::Restart { node: nobody }, no_such_node.clone()),
        (Action::Restart { node: s(1) }, ActionError::NodeIsNotDown { node: s(1) }),
        (Action::Restart { node: s(4) }, ActionError::NodeIsNotDown { node: s(4) }),
        (Action::Pause { node: nobody }, no_such_node.clone()),
        (Action::Pause { node: s(3) }, ActionError::NodeIsNotRunning { node: s(3) }),
        (Action::Pause { node: s(4) }, ActionError::NodeIsNotRunning { node: s(4) }),
        (Action::Resume { node: nobody }, no_such_node.clone()),
        (Action::Resume { node: s(1) }, ActionError::NodeIsNotPaused { node: s(1) }),
        (Action::Resume { node: s(3) }, ActionError::NodeIsNotPaused { node: s(3) }),
        (Action::SetClock { node: nobody, ppm: 1_000_000 }, no_such_node.clone()),
        (Action::SetClock { node: s(1), ppm: 99_999 }, range("ppm", 99_999, 100_000, 10_000_000)),
        (
            Action::SetClock { node: s(1), ppm: 10_000_001 },
            range("ppm", 10_000_001, 100_000, 10_000_000),
        ),
        (
            Action::Partition { sides: vec![0, 1] },
            ActionError::SidesDoNotFit { given: 2, nodes: 5 },
        ),
        (
            Action::Partition { sides: vec![0; 6] },
            ActionError::SidesDoNotFit { given: 6, nodes: 5 },
        ),
        (Action::Drop { message: unknown }, no_such_message.clone()),
        (Action::Deliver { message: unknown }, no_such_message.clone()),
        (Action::Duplicate { message: unknown }, no_such_message.clone()),
        (Action::Delay { message: unknown, by: ms(1) }, no_such_message),
        (
            Action::Delay { message: under_way, by: secs(10) + Micros(1) },
            range("by", 10_000_001, 0, 10_000_000),
        ),
        (
            Action::SetNetwork { quality: Quality { latency: secs(11), ..quality } },
            range("latency", 11_000_000, 0, 10_000_000),
        ),
        (
            Action::SetNetwork { quality: Quality { jitter: secs(11), ..quality } },
            range("jitter", 11_000_000, 0, 10_000_000),
        ),
        (
            Action::SetNetwork { quality: Quality { loss_ppm: 1_000_001, ..quality } },
            range("loss_ppm", 1_000_001, 0, 1_000_000),
        ),
        (
            Action::SetLink {
                from: s(1),
                to: s(2),
                quality: Quality { duplicate_ppm: u32::MAX, ..quality },
            },
            range("duplicate_ppm", u32::MAX.into(), 0, 1_000_000),
        ),
        (request(nobody, write_op("x", "1")), no_such_node.clone()),
        (request(s(1), write_op("", "1")), ActionError::KeyIsEmpty),
        (request(s(1), Op::Read { key: "".into() }), ActionError::KeyIsEmpty),
        (request(s(1), write_op(&long, "1")), too_long("key")),
        (request(s(1), write_op("x", &long)), too_long("value")),
        (request(s(1), Op::Read { key: long.into() }), too_long("key")),
        (
            Action::SetWorkload { workload: Workload { clients: 101, ..workload } },
            range("clients", 101, 0, 100),
        ),
        (
            Action::SetWorkload { workload: Workload { think_least: secs(61), ..workload } },
            range("think_least", secs(61).0, 0, minute),
        ),
        (
            Action::SetWorkload { workload: Workload { think_most: ms(99), ..workload } },
            range("think_most", 99_000, 100_000, minute),
        ),
        (
            Action::SetWorkload { workload: Workload { read_percent: 101, ..workload } },
            range("read_percent", 101, 0, 100),
        ),
        (
            Action::SetWorkload { workload: Workload { keys: 0, ..workload } },
            range("keys", 0, 1, 26),
        ),
        (
            Action::SetWorkload { workload: Workload { keys: 27, ..workload } },
            range("keys", 27, 1, 26),
        ),
        (
            Action::SetWorkload { workload: Workload { patience: Micros(999), ..workload } },
            range("patience", 999, 1_000, minute),
        ),
        (
            configure("no_such_thing", 1),
            ActionError::NoSuchSetting { setting: "no_such_thing".into() },
        ),
        (configure("fast_backup", 2), range("fast_backup", 2, 0, 1)),
        (configure("max_entries", 0), range("max_entries", 0, 1, 1_000)),
        (configure("heartbeat_interval", 999), range("heartbeat_interval", 999, 1_000, 10_000_000)),
    ];
    for (from, to, error) in [
        (nobody, s(1), no_such_node.clone()),
        (s(1), nobody, no_such_node),
        (s(2), s(2), ActionError::NoSuchLink { from: s(2), to: s(2) }),
    ] {
        refused.push((Action::Cut { from, to }, error.clone()));
        refused.push((Action::Mend { from, to }, error.clone()));
        refused.push((Action::SetLink { from, to, quality }, error));
    }
    let timer = |node, timer: u8| Action::FireTimer { node, timer };
    let election = Raft::timer_number(Timer::Election) as u8;
    for (node, number, error) in [
        (nobody, 0, ActionError::NoSuchNode { node: nobody, nodes: 5 }),
        (s(3), 0, ActionError::NodeIsNotRunning { node: s(3) }),
        (s(4), 0, ActionError::NodeIsNotRunning { node: s(4) }),
        (leader, election, ActionError::NoSuchTimer { node: leader, timer: election }),
        (leader, 2, ActionError::NoSuchTimer { node: leader, timer: 2 }),
        (leader, 255, ActionError::NoSuchTimer { node: leader, timer: 255 }),
    ] {
        refused.push((timer(node, number), error));
    }

    for (action, error) in refused {
        assert_refused(&mut world, &action, &error);
    }
}

fn assert_refused(world: &mut Cluster, action: &Action, error: &ActionError) {
    let (before, mut trace) = (world.clone(), Trace::default());
    assert_eq!(world.0.act(action, &mut trace).as_ref(), Err(error), "{action:?}");
    assert!(!error.to_string().is_empty());
    assert_eq!(trace.events, 0, "nobody hears of it: {action:?}");
    assert_eq!(world.digest(), before.digest(), "{action:?}");
    assert_eq!(world.steps(), before.steps(), "{action:?}");
    // Nor does anything come of it later.
    let (mut tried, mut untouched) = (world.clone(), before);
    tried.run_for(ms(300));
    untouched.run_for(ms(300));
    assert_eq!(tried.digest(), untouched.digest(), "{action:?}");
}

#[test]
fn there_is_an_end_to_clients_that_wait_for_ever() {
    let mut world = Cluster::new(1, 1);
    world.crash(s(1));
    let action = Action::Request { node: s(1), op: write_op("x", "1"), persistent: false };
    for _ in 0..MAX_CLIENTS {
        world.act(action.clone());
    }
    assert_eq!(world.clients().len(), usize::from(MAX_CLIENTS));
    assert_refused(&mut world, &action, &ActionError::TooManyClients { most: MAX_CLIENTS });
}

#[test]
fn a_changed_setting_counts_from_then_on() {
    let mut world = Cluster::new(3, 1);
    let leader = world.elect();
    let configure = |setting: &str, value| Action::Configure { setting: setting.into(), value };
    world.act(configure("heartbeat_interval", 10_000));
    world.run_for(ms(100));
    let (_, timer) = world.timers(leader).next().expect("a leader's timer runs");
    assert_eq!(timer.due() - timer.set, ms(10));
    world.act(configure("leader_noop", 1));
    world.crash(leader);
    let next = world.elect();
    world.run_for(ms(300));
    assert_eq!(world.story(next), [format!("{} noop", world.term(next))]);
}
