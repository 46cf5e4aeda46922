//! Nine stories that etcd's Raft is tested with (etcd-io/raft, `testdata/`, Apache-2.0), played on
//! ours: the same things happen to the same servers, and the logs, terms and configurations at the
//! end are etcd's. Indexes are counted from 1 here; etcd's begin after the entries that set it up.
//! Where the two differ and both are right, the story says so.

mod support;

use conclave::protocols::raft::Raft;
use conclave::protocols::raft::{Index, Progress, Reason, Role};
use conclave::sim::{Answer, Micros, NodeId, Order};
use support::raft_script::{outside, voter};
use support::script::Script;
use support::solo::s;

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

/// Servers by their numbers.
fn some<const N: usize>(numbers: [u8; N]) -> [NodeId; N] {
    numbers.map(s)
}

/// What a leader knows of a follower: matchIndex, nextIndex, calls under way.
fn progress(script: &Script<Raft>, leader: u8, follower: u8) -> (u64, u64, u8) {
    let Role::Leader { progress, .. } = &script.server(s(leader)).role else {
        panic!("S{leader} leads")
    };
    let Progress { match_index, next_index, in_flight, .. } = progress[s(follower).slot()];
    (match_index.0, next_index.0, in_flight)
}

// ---- probe_and_replicate ---------------------------------------------------------------------

/// The logs of Figure 7, as terms; S5's is longer than the paper's, as in etcd's story.
const FIGURE_7: [&[u64]; 7] = [
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6],
    &[1, 1, 1, 4],
    &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    &[1, 1, 1, 4, 4, 5, 5, 6, 7, 7, 7, 7],
    &[1, 1, 1, 4, 4, 4, 4],
    &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
];

/// Six leaders, each of whom reaches some: the logs of Figure 7 come about.
fn figure_7(settings: &[(&str, u64)]) -> Script<Raft> {
    let settings = [&[("leader_noop", 1), ("pipeline", 64)], settings].concat();
    let mut script = Script::raft(7, &settings);
    // Term 1.
    script.campaign(s(1));
    script.settle();
    script.write(s(1), "x", "2");
    script.write(s(1), "x", "3");
    script.settle();
    script.beat(s(1));
    script.settle();
    // Term 2.
    script.campaign(s(2));
    script.stabilize(&some([6]));
    script.stabilize(&some([2, 5, 7]));
    script.write(s(2), "x", "5");
    script.write(s(2), "x", "6");
    script.stabilize(&some([2, 7]));
    script.lose_all();
    // Term 3.
    script.campaign(s(7));
    script.stabilize(&some([1, 2, 3, 4, 5, 6]));
    script.stabilize(&some([7]));
    for value in ["8", "9", "10", "11"] {
        script.write(s(7), "x", value);
    }
    script.lose_all();
    // Term 4.
    script.campaign(s(6));
    script.stabilize(&some([1, 2, 3, 4, 5, 6]));
    script.write(s(6), "x", "5");
    script.stabilize(&some([1, 2, 4, 5, 6]));
    script.write(s(6), "x", "6");
    script.write(s(6), "x", "7");
    script.lose_all();
    // Term 5.
    script.campaign(s(5));
    script.stabilize(&some([1, 2, 4, 5]));
    script.write(s(5), "x", "7");
    script.stabilize(&some([1, 2, 4, 5]));
    script.lose_all();
    // Term 6.
    script.campaign(s(4));
    script.stabilize(&some([1, 2, 4, 5]));
    script.write(s(4), "x", "9");
    script.stabilize(&some([1, 2, 4]));
    script.write(s(4), "x", "10");
    script.stabilize(&some([1, 4]));
    script.write(s(4), "x", "11");
    script.lose_all();
    // Term 7.
    script.campaign(s(5));
    script.stabilize(&some([1, 3, 6, 7]));
    script.stabilize(&some([5]));
    for value in ["10", "11", "12"] {
        script.write(s(5), "x", value);
    }
    script.lose_all();
    for (node, terms) in NodeId::all(7).zip(FIGURE_7) {
        assert_eq!(script.terms(node), terms, "{node}");
    }
    script
}

/// S1 leads term 8 and brings each follower in line, one by one; how often each refuses before its
/// log meets the leader's.
fn recover(script: &mut Script<Raft>) -> [usize; 6] {
    script.campaign(s(1));
    script.stabilize(&some([2, 3, 4, 5, 6, 7]));
    let before = script.heard.reasons.len();
    script.stabilize(&some([1]));
    let refused = script.reasons_since(before).iter().filter_map(|reason| match reason {
        Reason::RefusalCounted { from, .. } => Some(*from),
        _ => None,
    });
    assert_eq!(refused.collect::<Vec<_>>(), some([4, 5]), "their logs are ahead of S1's");
    assert!(script.server(s(1)).is_leader());
    assert_eq!(script.terms(s(1)), [FIGURE_7[0], &[8]].concat());
    let refusals = some([2, 3, 4, 5, 6, 7]).map(|follower| {
        let before = script.heard.reasons.len();
        script.stabilize(&[s(1), follower]);
        assert_eq!(script.log(follower), script.log(s(1)), "{follower}");
        let refused = |reason: &&Reason| matches!(reason, Reason::LogsDoNotMeet { .. });
        let committed = if follower < s(4) { 8 } else { 11 };
        assert_eq!(script.commits()[0], committed, "S4 makes the majority");
        script.reasons_since(before).iter().filter(refused).count()
    });
    script.beat(s(1));
    script.settle();
    assert_eq!(script.commits(), [11; 7]);
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
    refusals
}

#[test]
fn probe_and_replicate() {
    let mut script = figure_7(&[("fast_backup", 1)]);
    // In etcd S3 has heard of 4 and S5 of 8: a leader there sends each new commit index at once,
    // here with the next call.
    assert_eq!(script.commits(), [8, 8, 3, 8, 7, 5, 3]);
    // The leader, too, goes by terms in etcd, so that S6 and S7 refuse only once there.
    assert_eq!(recover(&mut script), [1, 1, 0, 1, 2, 2]);
}

#[test]
fn probe_and_replicate_entry_by_entry() {
    let mut script = figure_7(&[]);
    assert_eq!(recover(&mut script), [1, 6, 0, 2, 5, 7]);
}

// ---- lagging_commit --------------------------------------------------------------------------

#[test]
fn lagging_commit() {
    let mut script = Script::led(3, &[("pipeline", 64)]);
    script.write(s(1), "x", "1");
    script.write(s(1), "y", "2");
    // S3 appends, and the leader does not hear of it; S2 makes the majority.
    script.stabilize(&some([3]));
    script.lose(|text| text.starts_with("S3 → S1 "));
    script.stabilize(&some([1, 2]));
    assert_eq!(script.commits(), [3, 1, 1]);
    assert_eq!(progress(&script, 1, 3), (1, 4, 2));
    // The blip ends with the next heartbeat. In etcd it tells S3 only of what it is known to hold,
    // and S3 hears the rest after another round trip; here the heartbeat brings once more what was
    // not answered, so that S3 knows at once.
    script.beat(s(1));
    script.stabilize(&some([2, 3]));
    assert_eq!(script.commits(), [3, 3, 3]);
    script.settle();
    assert_eq!(progress(&script, 1, 3), (3, 4, 0));
    assert_eq!(script.value(s(3), "y"), Some("2"));
    script.assert_recorded();
}

// ---- prevote ---------------------------------------------------------------------------------

#[test]
fn prevote() {
    let mut script = Script::led(3, &[("pre_vote", 1)]);
    script.write(s(1), "x", "1");
    script.stabilize(&some([2]));
    // S2 has not heard from the leader for so long that it would vote. In etcd PreVote alone does
    // not ask for that; the dissertation does (§9.6).
    script.pass(s(2), secs(5));
    let before = script.heard.reasons.len();
    script.campaign(s(3));
    script.deliver(
        "S3 → S1 PreVote t2 last=1@1
         S3 → S2 PreVote t2 last=1@1",
    );
    let behind = |reason: &Reason| matches!(reason, Reason::LogBehind { .. });
    assert!(script.reasons_since(before).iter().any(behind), "S2 refuses for S3's log");
    script.settle();
    assert_eq!(script.roles(), ["S1 leads 1", "S2 follows 1", "S3 follows 1"]);
    assert_eq!(script.commits()[0], 2);
    // S2's log is as good as any.
    script.pass(s(3), secs(5));
    script.lose_all();
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 2", "S2 leads 2", "S3 follows 2"]);
    for node in NodeId::all(3) {
        assert_eq!(script.story(node), ["1 noop", "1 x=1", "2 noop"], "{node}");
    }
    assert_eq!(script.commits(), [3, 3, 3]);
    script.assert_recorded();
}

// ---- prevote_checkquorum ---------------------------------------------------------------------

#[test]
fn prevote_checkquorum() {
    let mut script = Script::led(3, &[("pre_vote", 1), ("check_quorum", 1)]);
    // S2 asks, and both others have a leader.
    script.campaign(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 leads 1", "S2 asks 1", "S3 follows 1"]);
    // S2 would have another leader, S3 wants to be it: that is a majority, whatever S1 says.
    script.campaign(s(3));
    script.settle();
    script.beat(s(3));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 2", "S2 follows 2", "S3 leads 2"]);
    assert_eq!(script.terms(s(1)), [1, 2]);
    assert_eq!(script.commits(), [2, 2, 2]);
    // The same once more, though all have heard from S3 just now: those who ask hear no leader.
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.roles(), ["S1 asks 2", "S2 follows 2", "S3 leads 2"]);
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 3", "S2 leads 3", "S3 follows 3"]);
    for node in NodeId::all(3) {
        assert_eq!(script.story(node), ["1 noop", "2 noop", "3 noop"], "{node}");
    }
    assert_eq!(script.commits(), [3, 3, 3]);
    script.assert_recorded();
}

// ---- checkquorum -----------------------------------------------------------------------------

#[test]
fn checkquorum() {
    let mut script = Script::led(3, &[("check_quorum", 1)]);
    // S2 stands, and nobody listens.
    script.campaign(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 leads 1", "S2 stands 2", "S3 follows 1"]);
    // In the first election timeout S1 had heard from them, in the second from nobody.
    script.pass(s(1), secs(5));
    script.beat(s(1));
    assert!(script.server(s(1)).is_leader());
    script.pass(s(1), secs(5));
    script.beat(s(1));
    assert_eq!(script.roles(), ["S1 follows 1", "S2 stands 2", "S3 follows 1"]);
    // The heartbeats of all that time arrive, and S2's term comes back with the answers.
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 2", "S2 stands 2", "S3 follows 1"]);
    // S3 has heard from S1, so it does not listen to S2; S1 does.
    script.campaign(s(2));
    script.deliver(
        "S2 → S3 RequestVote t3 last=1@1
         S2 → S1 RequestVote t3 last=1@1",
    );
    assert_eq!(script.roles(), ["S1 follows 3", "S2 stands 3", "S3 follows 1"]);
    script.settle();
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 3", "S2 leads 3", "S3 follows 3"]);
    for node in NodeId::all(3) {
        assert_eq!(script.story(node), ["1 noop", "3 noop"], "{node}");
    }
    assert_eq!(script.commits(), [2, 2, 2]);
    script.assert_recorded();
}

// ---- slow_follower_after_compaction ----------------------------------------------------------

#[test]
fn slow_follower_after_compaction() {
    let mut script = Script::led(3, &[("pipeline", 2)]);
    for value in ["2", "3", "4"] {
        script.write(s(1), "x", value);
    }
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!((progress(&script, 1, 2), progress(&script, 1, 3)), ((4, 5, 0), (4, 5, 0)));
    for value in ["5", "6", "7"] {
        script.write(s(1), "x", value);
    }
    script.stabilize(&some([1, 2]));
    // Two calls to S3 are under way, and it gets no more. All that is applied goes.
    assert_eq!(progress(&script, 1, 3), (4, 7, 2));
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.write(s(1), "x", "8");
    script.stabilize(&some([1, 2]));
    assert_eq!((progress(&script, 1, 2), progress(&script, 1, 3)), ((8, 9, 0), (4, 7, 2)));
    assert_eq!(script.story(s(1)), ["1 x=8"]);
    script.lose(|text| text.contains("→ S3 "));
    // The next heartbeat finds that what S3 needs is gone.
    script.beat(s(1));
    script.deliver("S1 → S3 Snapshot t1 last=7@1");
    script.settle();
    assert_eq!((progress(&script, 1, 2), progress(&script, 1, 3)), ((8, 9, 0), (8, 9, 0)));
    script.beat(s(1));
    script.settle();
    assert_eq!(script.commits(), [8, 8, 8]);
    assert_eq!(script.story(s(3)), ["1 x=8"]);
    assert_eq!(script.server(s(3)).machine, script.server(s(1)).machine);
    script.assert_recorded();
}

// ---- confchange_v1_remove_leader -------------------------------------------------------------

#[test]
fn confchange_v1_remove_leader() {
    let mut script = Script::led(3, &[("pipeline", 64)]);
    assert_eq!(script.reconfigure(s(1), &[outside(1)]), None);
    script.write(s(1), "x", "foo");
    script.stabilize(&some([2]));
    script.write(s(1), "x", "bar");
    // S2 answers. In etcd a configuration counts once it is applied, so that S1 and S2 are enough;
    // here, as in the paper, as soon as it is in the log, and S1 does not count itself any more
    // (dissertation §4.2.2). S1 leads until it is committed.
    script.stabilize(&some([1, 2]));
    assert_eq!(script.roles()[0], "S1 leads 1");
    assert_eq!(script.commits()[0], 1);
    // S3 takes the change and foo: they are committed, S1 steps down, and bar is not committed.
    script.deliver(
        "S1 → S3 Append t1 base=1@1 [2@1 voters=(2 3)] commit=1
         S1 → S3 Append t1 base=2@1 [3@1 x=foo] commit=1
         S3 → S1 Appended t1 match=2",
    );
    assert_eq!(script.roles(), ["S1 follows 1", "S2 follows 1", "S3 follows 1"]);
    assert_eq!(script.commits()[0], 2);
    script.settle();
    assert_eq!(script.commits()[0], 2, "whoever does not lead counts no answers");
    for node in NodeId::all(3) {
        let story = script.story(node);
        assert_eq!(story, ["1 noop", "1 voters=(2 3)", "1 x=foo", "1 x=bar"], "{node}");
        assert_eq!(script.configuration(node).to_string(), "voters=(2 3)", "{node}");
    }
    // S1 takes no requests, and it cannot stand.
    script.heard.answers.clear();
    script.write(s(1), "x", "baz");
    script.settle();
    assert_eq!(script.heard.answers, [Answer::Redirect(None)]);
    assert!(!script.may_campaign(s(1)));
    assert!(script.may_campaign(s(2)) && script.may_campaign(s(3)));
    // The two who are left go on.
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 1", "S2 leads 2", "S3 follows 2"]);
    assert_eq!(script.value(s(3), "x"), Some("bar"));
    script.assert_recorded();
}

// ---- confchange_v2_replace_leader ------------------------------------------------------------

#[test]
fn confchange_v2_replace_leader() {
    let mut script = Script::raft(4, &[("first_voters", 3), ("auto_leave", 0), ("leader_noop", 1)]);
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.reconfigure(s(1), &[outside(1), voter(4)]), None);
    let joint = "voters=(2 3 4)&&(1 2 3)";
    script.stabilize(&some([1, 2, 3]));
    assert_eq!(script.commits()[0], 2, "S2 and S3 are a majority of both halves");
    // As in etcd, the beginning of the log is a snapshot that knows of the change.
    assert_eq!(script.order(s(1), Order::Compact), None);
    script.lose_all();
    script.beat(s(1));
    script.settle();
    for node in NodeId::all(4) {
        assert_eq!(script.configuration(node).to_string(), joint, "{node}");
    }
    assert_eq!(script.log(s(4)).last_included(), Index(2));
    // S4 is to lead, while the configuration is joint.
    assert_eq!(script.order(s(1), Order::Transfer { to: s(4) }), None);
    assert_eq!(script.roles(), ["S1 leads 1", "S2 follows 1", "S3 follows 1", "S4 follows 1"]);
    script.deliver("S1 → S4 TimeoutNow t1");
    script.settle();
    let roles = ["S1 follows 2", "S2 follows 2", "S3 follows 2", "S4 leads 2"];
    assert_eq!(script.roles(), roles);
    // S4 leaves the joint configuration.
    assert_eq!(script.reconfigure(s(4), &[]), None);
    script.settle();
    script.beat(s(4));
    script.settle();
    assert_eq!(script.roles(), roles);
    for node in some([2, 3, 4]) {
        assert_eq!(script.configuration(node).to_string(), "voters=(2 3 4)", "{node}");
        assert_eq!(script.log(node).last_index(), Index(4), "{node}");
        assert_eq!(script.server(node).commit_index, Index(4), "{node}");
    }
    // In etcd S1 hears that it is out, since a configuration counts there only once it is applied.
    // Here the leader speaks to S1 no more, and S1 may think that it is wanted; nobody votes for it.
    assert_eq!(script.configuration(s(1)).to_string(), joint);
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.roles()[0], "S1 stands 3");
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    assert!(script.server(s(2)).is_leader());
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

// ---- async_storage_writes_append_aba_race ----------------------------------------------------

/// In etcd's story S1's disk is slow: three leaders in turn put an entry at index 2, and the news
/// that the first is written comes when the third is wanted. Disks are never late here; what can be
/// late, and come twice, are the calls and their answers. The danger is the same: that an answer
/// about one entry is taken for another at the same index.
#[test]
fn async_storage_writes_append_aba_race() {
    let mut script = Script::raft(7, &[("leader_noop", 1)]);
    // S2 leads term 1 and puts an entry at index 2 of S1's log.
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    script.write(s(2), "x", "a");
    let first = "S2 → S1 Append t1 base=1@1 [2@1 x=a] commit=1";
    script.duplicate(first);
    script.deliver(first);
    script.lose(|text| text.starts_with("S2 ") && text != first);
    script.duplicate("S1 → S2 Appended t1 match=2");
    // S3 leads term 2 and puts another there.
    script.campaign(s(3));
    script.stabilize(&some([4, 5, 6]));
    script.stabilize(&some([3]));
    let second = "S3 → S1 Append t2 base=1@1 [2@2] commit=1";
    script.duplicate(second);
    script.deliver(
        "S3 → S1 RequestVote t2 last=1@1
         S3 → S1 Append t2 base=1@1 [2@2] commit=1",
    );
    assert_eq!(script.terms(s(1)), [1, 2]);
    script.lose(|text| text.starts_with("S3 ") && text != second);
    // S4 leads term 3. S1 hears of that before it gets S4's entry.
    script.campaign(s(4));
    script.stabilize(&some([5, 6, 7]));
    script.stabilize(&some([4]));
    script.lose(|text| text.starts_with("S4 "));
    script.beat(s(4));
    script.lose(|text| text.starts_with("S4 ") && !text.contains("→ S1 "));
    script.deliver("S4 → S1 Append t3 base=1@1 [2@3] commit=1");
    assert_eq!(script.terms(s(1)), [1, 3]);
    // Now the calls of the first two leaders come once more.
    script.deliver(first);
    script.deliver(second);
    assert_eq!(script.terms(s(1)), [1, 3], "they are refused for their terms");
    // And all answers, old and new.
    script.deliver(
        "S1 → S2 Appended t1 match=2
         S1 → S2 Appended t1 match=2
         S1 → S3 Appended t2 match=2
         S1 → S4 Appended t3 match=2",
    );
    assert_eq!(progress(&script, 4, 1).0, 2);
    assert_eq!(script.commits(), [1; 7], "nobody has a majority");
    // S2 and S3 learn from S1's refusals that they lead no more.
    script.stabilize(&some([2, 3]));
    assert_eq!(
        (script.roles()[1].as_str(), script.roles()[2].as_str()),
        ("S2 follows 3", "S3 follows 3")
    );
    script.beat(s(4));
    script.settle();
    script.beat(s(4));
    script.settle();
    for node in NodeId::all(7) {
        assert_eq!(script.story(node), ["1 noop", "3 noop"], "{node}");
    }
    assert_eq!(script.commits(), [2; 7]);
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}
