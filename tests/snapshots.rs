//! Snapshots (RAFT-15; §7): they stand in for the beginning of a log, on disk and on the way to a
//! follower whose next entry is gone, and nothing else changes by them.

mod support;

use std::sync::Arc;

use conclave::protocols::raft::membership::Configuration;
use conclave::protocols::raft::{
    Config, Index, Log, Message, Raft, Refusal, Server, Snapshot, Term,
};
use conclave::sim::machine::KeyValue;
use conclave::sim::world::Setup;
use conclave::sim::{Action, Answer, NodeId, Order, Workload};
use support::cluster::{Cluster, ms, write_op};
use support::raft_script::{learner, voter};
use support::script::Script;
use support::solo::{Solo, log, s, write};

/// S1 leads three, of whom S3 hears nothing: entries 2 to 4 are committed without it. Then S1
/// replaces them by a snapshot.
fn s3_is_behind() -> Script<Raft> {
    let mut script = Script::led(3, &[]);
    for value in ["2", "3", "4"] {
        script.write(s(1), "x", value);
        script.stabilize(&[s(1), s(2)]);
    }
    script.lose(|text| text.contains("→ S3 "));
    assert_eq!(script.order(s(1), Order::Compact), None);
    script
}

/// A server's indexes: before its first entry, the last, what is committed, what is applied.
fn indexes(server: &Server) -> [u64; 4] {
    let log = server.log();
    [log.last_included(), log.last_index(), server.commit_index, server.last_applied].map(|at| at.0)
}

#[test]
fn what_is_replaced_applied_committed_and_there_are_four_different_indexes() {
    let mut script = Script::led(3, &[("max_applied", 1), ("pipeline", 8)]);
    script.write(s(1), "x", "2");
    script.settle();
    assert_eq!(script.order(s(1), Order::Compact), None);
    // Three entries are committed by one answer, and the state machine takes one; a fifth waits.
    for value in ["3", "4", "5"] {
        script.write(s(1), "x", value);
    }
    script.stabilize(&[s(2)]);
    script.deliver("S2 → S1 Appended t1 match=5");
    script.write(s(1), "x", "6");
    assert_eq!(indexes(script.server(s(1))), [2, 6, 5, 4]);
    assert_eq!(script.value(s(1), "x"), Some("4"));
    // A snapshot goes as far as what is applied.
    assert_eq!(script.order(s(1), Order::Compact), None);
    let [replaced, last, committed, applied] = indexes(script.server(s(1)));
    assert_eq!((replaced, last, committed, applied), (5, 6, 5, 5), "each event takes one more");
    // Whoever asked is answered when it is done.
    script.heard.answers.clear();
    script.settle();
    script.beat(s(1));
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(
        script.heard.answers,
        [Answer::Written, Answer::Written, Answer::Written, Answer::Written]
    );
    assert_eq!(script.commits(), [6, 6, 6]);
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

#[test]
fn a_follower_whose_next_entry_is_gone_gets_the_snapshot_and_then_entries() {
    let mut script = s3_is_behind();
    script.write(s(1), "y", "5");
    script.stabilize(&[s(1), s(2)]);
    script.lose(|text| text.contains("→ S3 "));
    script.beat(s(1));
    script.deliver(
        "S1 → S3 Snapshot t1 last=4@1
         S3 → S1 Appended t1 match=4
         S1 → S3 Append t1 base=4@1 [5@1 y=5] commit=5",
    );
    assert_eq!(indexes(script.server(s(3))), [4, 5, 5, 5]);
    assert_eq!(script.server(s(3)).machine, script.server(s(1)).machine);
    assert_eq!((script.value(s(3), "x"), script.value(s(3), "y")), (Some("4"), Some("5")));
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

#[test]
fn a_snapshot_that_comes_twice_or_late_changes_nothing() {
    let mut script = s3_is_behind();
    script.beat(s(1));
    let first = "S1 → S3 Snapshot t1 last=4@1";
    script.duplicate(first);
    script.duplicate(first);
    script.deliver(first);
    let after = script.server(s(3)).clone();
    script.deliver(first);
    assert_eq!(*script.server(s(3)), after, "the second copy");
    // S3 goes on; then the leader takes another snapshot, which S3 needs not.
    script.write(s(1), "x", "5");
    script.flood(|text| text != first);
    script.beat(s(1));
    script.flood(|text| text != first);
    assert_eq!(indexes(script.server(s(3))), [4, 5, 5, 5]);
    assert_eq!(script.order(s(3), Order::Compact), None);
    let after = script.server(s(3)).clone();
    let leader = script.server(s(1)).clone();
    script.deliver(first);
    assert_eq!(*script.server(s(3)), after, "the third copy");
    script.settle();
    assert_eq!(*script.server(s(1)), leader, "its answer says what the leader knows");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn an_older_snapshot_does_not_take_the_place_of_a_newer_one() {
    let mut script = s3_is_behind();
    script.beat(s(1));
    let older = "S1 → S3 Snapshot t1 last=4@1";
    script.write(s(1), "x", "5");
    script.stabilize(&[s(1), s(2)]);
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.beat(s(1));
    script.deliver("S1 → S3 Snapshot t1 last=5@1");
    let after = script.server(s(3)).clone();
    script.deliver(older);
    assert_eq!(*script.server(s(3)), after);
    assert_eq!(indexes(script.server(s(3))), [5, 5, 5, 5]);
    script.settle();
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn entries_that_come_after_the_snapshot_that_holds_them_are_left_alone() {
    let mut script = Script::led(3, &[]);
    for value in ["2", "3"] {
        script.write(s(1), "x", value);
        script.stabilize(&[s(1), s(2)]);
    }
    script.lose(|text| text.contains("→ S3 "));
    // This call to S3 is slow.
    script.beat(s(1));
    let slow = "S1 → S3 Append t1 base=1@1 [2@1 x=2 3@1 x=3] commit=3";
    script.write(s(1), "x", "4");
    script.stabilize(&[s(1), s(2)]);
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.beat(s(1));
    script.deliver("S1 → S3 Snapshot t1 last=4@1");
    let after = script.server(s(3)).clone();
    script.deliver(slow);
    assert_eq!(*script.server(s(3)), after);
    // What it holds is the whole snapshot, whatever the call spoke of.
    script.deliver(
        "S3 → S1 Appended t1 match=4
         S3 → S1 Appended t1 match=4",
    );
    script.settle();
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_snapshot_of_a_deposed_leader_is_refused() {
    let mut script = s3_is_behind();
    script.beat(s(1));
    script.stabilize(&[s(1), s(2)]);
    script.campaign(s(2));
    script.deliver("S2 → S3 RequestVote t2 last=4@1");
    let after = script.server(s(3)).clone();
    script.deliver("S1 → S3 Snapshot t1 last=4@1");
    assert_eq!(*script.server(s(3)), after);
    script.deliver("S3 → S1 Refused t2 base=4");
    assert_eq!(script.roles()[0], "S1 follows 2");
}

/// S1 with a log, and with the snapshot of another log's first entries installed.
fn installed(have: &[u64], leaders: &[u64], at: u64) -> Solo {
    let mut solo = Solo::with_log(3, 3, log(have));
    let whole = log(leaders);
    let snapshot = Arc::new(Snapshot {
        last_included_index: Index(at),
        last_included_term: whole.term_at(Index(at)).expect("it is in the leader's log"),
        configuration: Configuration::of(NodeId::all(3).collect()),
        machine: Default::default(),
        log_digest: whole.digest_at(Index(at)).expect("and so is its digest"),
    });
    let lines = solo.message(2, Message::InstallSnapshot { term: Term(3), snapshot });
    assert_eq!(lines.last(), Some(&format!("→ S2 Appended t3 match={at}")));
    solo
}

#[test]
fn entries_that_follow_the_last_included_one_are_kept() {
    let solo = installed(&[1, 1, 2, 2, 2], &[1, 1, 2], 3);
    assert_eq!(indexes(&solo.server), [3, 5, 3, 3]);
    assert_eq!(solo.terms(), [2, 2]);
    assert_eq!(solo.server.log().digest(), log(&[1, 1, 2, 2, 2]).digest());
}

#[test]
fn a_log_that_is_shorter_or_differs_goes_as_a_whole() {
    for have in [&[1][..], &[1, 1, 1, 1, 1], &[]] {
        let solo = installed(have, &[1, 1, 2], 3);
        assert_eq!(indexes(&solo.server), [3, 3, 3, 3], "{have:?}");
        assert_eq!(solo.server.log().term_at(Index(3)), Some(Term(2)), "{have:?}");
    }
}

#[test]
fn a_server_starts_again_from_its_snapshot_and_the_log_after_it() {
    let mut script = s3_is_behind();
    script.write(s(1), "y", "5");
    script.stabilize(&[s(1), s(2)]);
    let before = script.server(s(1)).clone();
    assert_eq!(indexes(&before), [4, 5, 5, 5]);
    script.bounce(s(1));
    let after = script.server(s(1));
    assert_eq!(after.durable, before.durable);
    // That entry 5 is committed was not on disk; that the snapshot is, goes without saying.
    assert_eq!(indexes(after), [4, 5, 4, 4]);
    assert_eq!(after.machine, after.durable.snapshot.machine);
    assert_eq!((script.value(s(1), "x"), script.value(s(1), "y")), (Some("4"), None));
    script.campaign(s(1));
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(script.value(s(3), "y"), Some("5"));
    assert_eq!(script.commits(), [6, 6, 6]);
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_person_can_have_a_snapshot_taken_at_any_server_when_there_is_something_to_replace() {
    let mut script = Script::led(3, &[]);
    script.write(s(1), "x", "2");
    script.settle();
    script.write(s(1), "x", "3");
    // What is not committed stays, and a follower may do it, too.
    for (node, indexes_after) in [(s(1), [2, 3, 2, 2]), (s(2), [1, 2, 1, 1])] {
        assert_eq!(script.order(node, Order::Compact), None);
        assert_eq!(indexes(script.server(node)), indexes_after, "{node}");
        assert_eq!(script.order(node, Order::Compact), Some(Refusal::NothingToCompact));
        assert_eq!(indexes(script.server(node)), indexes_after, "{node}");
    }
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(script.commits(), [3, 3, 3]);
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn servers_that_take_snapshots_by_themselves_keep_their_logs_short() {
    let config = Config { snapshot_threshold: 8, ..Config::default() };
    let workload =
        Workload { clients: 4, think_least: ms(1), think_most: ms(5), ..Workload::default() };
    let mut world = Cluster::of(Setup { nodes: 3, config, workload, ..Setup::default() });
    let leader = world.elect();
    let far = NodeId::all(3).find(|&node| node != leader).expect("there are three");
    world.crash(far);
    for _ in 0..100 {
        world.run_for(ms(100));
        for node in world.up().collect::<Vec<_>>() {
            let [first, _, _, applied] = indexes(world.server(node));
            assert!(applied - first < 8, "{node}: {applied} is applied, {first} replaced");
        }
    }
    let [first, ..] = indexes(world.server(leader));
    assert!(first > 100, "that was enough to do: {first}");
    world.restart(far);
    world.act(Action::SetWorkload { workload: Workload::default() });
    world.run_for(ms(3_000));
    assert_eq!(world.server(far).machine, world.server(leader).machine);
    assert_eq!(world.server(far).last_applied, world.server(leader).last_applied);
}

/// A write is asked for twice; between the two, its server replaces it by a snapshot and starts
/// again from that, and somebody else writes. What the key is bound to in the end.
fn asked_again_after_a_snapshot(sessions: u64) -> String {
    let mut script = Script::led(3, &[("client_sessions", sessions)]);
    script.act(Action::Request { node: s(1), op: write_op("x", "first"), persistent: true });
    script.duplicate("C1 → S1 x=first");
    script.deliver("C1 → S1 x=first");
    let again = "C1 → S1 x=first";
    script.flood(|text| text != again);
    script.write(s(1), "x", "second");
    script.flood(|text| text != again);
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.bounce(s(1));
    script.campaign(s(1));
    script.flood(|text| text != again);
    assert!(script.server(s(1)).is_leader());
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(script.server(s(1)).machine, script.server(s(3)).machine);
    assert_eq!(script.broken(), [""; 0]);
    script.value(s(3), "x").expect("it was written").to_owned()
}

#[test]
fn a_snapshot_remembers_what_each_client_was_told() {
    assert_eq!(asked_again_after_a_snapshot(1), "second", "the retry is not done again");
    assert_eq!(asked_again_after_a_snapshot(0), "first", "without sessions it is");
}

#[test]
fn sessions_come_to_a_follower_with_the_snapshot() {
    let mut script = s3_is_behind();
    script.beat(s(1));
    script.settle();
    let machine = &script.server(s(3)).machine;
    assert_eq!(*machine, script.server(s(1)).durable.snapshot.machine);
    // A machine without sessions that holds the same values is another one.
    let mut bare = KeyValue::default();
    bare.apply(&write(1, "x", "4"), false);
    assert_eq!(bare.iter().collect::<Vec<_>>(), machine.iter().collect::<Vec<_>>());
    assert_ne!(bare, *machine);
}

#[test]
fn a_snapshot_brings_the_configuration() {
    let mut script = Script::raft(4, &[("first_voters", 3), ("leader_noop", 1)]);
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.reconfigure(s(1), &[learner(4)]), None);
    script.stabilize(&[s(1), s(2), s(3)]);
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.lose(|text| text.contains("→ S4 "));
    script.beat(s(1));
    script.settle();
    let log: &Log = script.log(s(4));
    assert_eq!((log.last_included(), log.entries().len()), (Index(2), 0));
    assert_eq!(script.configuration(s(4)).to_string(), "voters=(1 2 3) learners=(4)");
    // And a start from it, too: S4 knows that it has no vote.
    script.bounce(s(4));
    assert_eq!(script.configuration(s(4)).to_string(), "voters=(1 2 3) learners=(4)");
    assert!(!script.may_campaign(s(4)));
    // A configuration that is not committed is none of the snapshot's.
    script.write(s(1), "x", "3");
    script.settle();
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    assert_eq!(script.order(s(1), Order::Compact), None);
    assert_eq!(indexes(script.server(s(1))), [3, 4, 3, 3]);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3 4)");
    let snapshot = &script.server(s(1)).durable.snapshot;
    assert_eq!(snapshot.configuration.to_string(), "voters=(1 2 3) learners=(4)");
}
