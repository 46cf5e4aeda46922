//! Leadership transfer (RAFT-19; dissertation §3.10).

mod support;

use conclave::protocols::raft::{Config, Index, Raft, Reason, Refusal};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Answer, Micros, Order, Quality};
use support::cluster::{Cluster, ms};
use support::raft_script::{learner, voter};
use support::script::Script;
use support::solo::s;

/// A person asks S1 to hand over.
fn hand_over(script: &mut Script<Raft>, to: u8) {
    assert_eq!(script.order(s(1), Order::Transfer { to: s(to) }), None);
}

/// The messages under way that ask somebody to stand.
fn asked(script: &Script<Raft>) -> Vec<String> {
    let mail = script.mail().into_iter().map(|(_, text)| text);
    mail.filter(|text| text.contains("TimeoutNow")).collect()
}

#[test]
fn a_server_that_is_up_to_date_is_asked_at_once_and_leads_the_next_term() {
    let mut script = Script::led(3, &[]);
    hand_over(&mut script, 2);
    assert_eq!(asked(&script), ["S1 → S2 TimeoutNow t1"]);
    script.settle();
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 follows 2", "S2 leads 2", "S3 follows 2"]);
    assert_eq!(script.commits(), [2, 2, 2]);
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

#[test]
fn a_server_that_lags_is_brought_up_to_date_first() {
    let mut script = Script::led(3, &[]);
    for value in ["2", "3"] {
        script.write(s(1), "x", value);
        script.lose(|text| text.contains("→ S3 "));
        script.stabilize(&[s(1), s(2)]);
    }
    hand_over(&mut script, 3);
    assert_eq!(asked(&script), [""; 0], "S3 lacks two entries");
    script.beat(s(1));
    script.deliver("S1 → S3 Append t1 base=1@1 [2@1 x=2 3@1 x=3] commit=3");
    assert_eq!(asked(&script), [""; 0], "S1 does not know yet");
    script.deliver("S3 → S1 Appended t1 match=3");
    assert_eq!(asked(&script), ["S1 → S3 TimeoutNow t1"]);
    script.settle();
    assert_eq!(script.roles()[2], "S3 leads 2");
}

#[test]
fn a_server_whose_next_entry_is_gone_gets_the_snapshot_first() {
    let mut script = Script::led(3, &[]);
    script.write(s(1), "x", "2");
    script.stabilize(&[s(1), s(2)]);
    script.lose(|text| text.contains("→ S3 "));
    assert_eq!(script.order(s(1), Order::Compact), None);
    hand_over(&mut script, 3);
    script.beat(s(1));
    script.deliver(
        "S1 → S3 Snapshot t1 last=2@1
         S3 → S1 Appended t1 match=2
         S1 → S3 TimeoutNow t1",
    );
    script.settle();
    assert_eq!(script.roles()[2], "S3 leads 2");
    assert_eq!(script.value(s(3), "x"), Some("2"));
}

#[test]
fn a_leader_that_hands_over_takes_no_requests() {
    let mut script = Script::led(4, &[]);
    hand_over(&mut script, 2);
    let (before, heard) = (script.server(s(1)).clone(), script.heard.reasons.len());
    script.write(s(1), "x", "2");
    let to = s(2);
    assert_eq!(script.reasons_since(heard), [Reason::HandingOver { to }]);
    assert_eq!(script.order(s(1), Order::Transfer { to: s(3) }), Some(Refusal::TransferUnderWay));
    assert_eq!(script.reconfigure(s(1), &[learner(4)]), Some(Refusal::TransferUnderWay));
    assert_eq!(*script.server(s(1)), before);
    script.settle();
    assert_eq!(script.heard.answers, [Answer::Redirect(None)]);
}

#[test]
fn a_transfer_that_takes_an_election_timeout_is_given_up() {
    let mut script = Script::led(3, &[]);
    script.write(s(1), "x", "2");
    script.lose(|text| text.contains("→ S3 "));
    script.settle();
    hand_over(&mut script, 3);
    // S3 cannot be reached.
    script.pass(s(1), Micros::from_millis(4_900));
    script.beat(s(1));
    script.lose(|text| text.contains("→ S3 "));
    assert_eq!(script.reconfigure(s(1), &[]), Some(Refusal::TransferUnderWay));
    script.pass(s(1), ms(100));
    let heard = script.heard.reasons.len();
    script.beat(s(1));
    assert!(script.reasons_since(heard).contains(&Reason::TransferAborted { to: s(3) }));
    // S1 leads on, and takes requests.
    script.write(s(1), "x", "3");
    script.settle();
    assert_eq!(script.roles(), ["S1 leads 1", "S2 follows 1", "S3 follows 1"]);
    assert_eq!(script.value(s(1), "x"), Some("3"));
    assert_eq!(asked(&script), [""; 0]);
}

#[test]
fn one_that_was_asked_stands_though_all_hear_a_leader() {
    let careful = [("pre_vote", 1), ("check_quorum", 1)];
    let mut script = Script::led(3, &careful);
    script.campaign(s(2));
    script.settle();
    assert_eq!(script.roles(), ["S1 leads 1", "S2 asks 1", "S3 follows 1"], "nobody wants it");
    let mut script = Script::led(3, &careful);
    hand_over(&mut script, 2);
    script.deliver(
        "S1 → S2 TimeoutNow t1
         S2 → S3 RequestVote t2 last=1@1 transfer
         S3 → S2 Vote t2 granted",
    );
    assert_eq!(script.roles(), ["S1 leads 1", "S2 leads 2", "S3 follows 2"]);
    script.settle();
    assert_eq!(script.roles()[0], "S1 follows 2");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_transfer_that_cannot_be_is_refused_with_the_reason() {
    let mut script = Script::raft(4, &[("first_voters", 3), ("leader_noop", 1)]);
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.reconfigure(s(1), &[learner(4)]), None);
    script.settle();
    let before = script.server(s(1)).clone();
    for (node, to, refusal) in
        [(2, 3, Refusal::NotLeader), (1, 1, Refusal::LeadsAlready), (1, 4, Refusal::NoVoter(s(4)))]
    {
        assert_eq!(script.order(s(node), Order::Transfer { to: s(to) }), Some(refusal));
    }
    assert_eq!(*script.server(s(1)), before);
    // Once it has a vote it may lead.
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    script.settle();
    hand_over(&mut script, 4);
    script.settle();
    assert_eq!(script.roles()[3], "S4 leads 2");
}

#[test]
fn a_request_to_stand_that_comes_late_or_twice_breaks_nothing() {
    let mut script = Script::led(3, &[]);
    hand_over(&mut script, 2);
    let late = "S1 → S2 TimeoutNow t1";
    script.duplicate(late);
    script.duplicate(late);
    script.deliver(late);
    // The second copy finds a candidate of a later term, the third a leader.
    script.deliver(late);
    assert_eq!(script.roles()[1], "S2 stands 2");
    script.flood(|text| text != late);
    script.deliver(late);
    assert_eq!(script.roles(), ["S1 follows 2", "S2 leads 2", "S3 follows 2"]);
    // One that comes after the leader went on with more entries: S2 stands and unseats it, and does
    // not win, for it is behind.
    let mut script = Script::led(3, &[]);
    hand_over(&mut script, 2);
    script.pass(s(1), Micros::from_secs(5));
    script.beat(s(1));
    script.write(s(1), "x", "2");
    script.stabilize(&[s(1), s(3)]);
    assert_eq!(script.commits()[0], 2);
    script.deliver(late);
    script.flood(|text| !text.contains("Append "));
    assert_eq!(script.roles()[1], "S2 stands 2");
    assert_eq!(script.log(s(3)).last_index(), Index(2));
    assert_eq!(script.broken(), [""; 0]);
}

/// From the end of one leader to the next: what it takes when S1 hands over, and when it crashes.
fn gap(transfer: bool, seed: u64) -> Micros {
    let quality = Quality { latency: ms(10), jitter: Micros(0), ..Quality::default() };
    let config = Config { leader_noop: true, ..Config::default() };
    let mut world = Cluster::of(Setup { seed, config, quality, ..Setup::default() });
    let old = world.elect();
    world.run_for(ms(500));
    let began = world.now();
    if transfer {
        let to = world.up().find(|&node| node != old).expect("there are five");
        world.act(Action::Order { node: old, order: Order::Transfer { to } });
    } else {
        world.crash(old);
    }
    world.run_until_that("another leads", |world| {
        world.leader().is_some_and(|leader| leader != old)
    });
    world.now().since(began)
}

#[test]
fn a_transfer_takes_a_message_and_an_election_and_waits_for_no_timeout() {
    let (mut slowest, mut fastest_crash) = (Micros(0), Micros(u64::MAX));
    for seed in 1..=20 {
        slowest = slowest.max(gap(true, seed));
        fastest_crash = fastest_crash.min(gap(false, seed));
    }
    println!(
        "without a leader: {slowest} at most after a transfer, {fastest_crash} at least after a crash"
    );
    assert_eq!(slowest, ms(30), "TimeoutNow, RequestVote and its answer, 10 ms each");
    assert!(fastest_crash > ms(100), "the shortest election timeout less the last heartbeat's age");
}
