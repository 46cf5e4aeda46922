//! The stories of one decree, step by step: P1 to P9 of the lessons, each with its goal.

mod support;

use conclave::protocols::paxos::synod::{Config, Milestone, Phase, Reason};
use conclave::protocols::paxos::{Ballot, Paxos};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Answer, Micros, NodeId, Quality, World};
use support::cluster::write_op;
use support::script::{Heard, Script};
use support::solo::s;

/// The back-off never ends by itself.
const STILL: [(&str, u64); 3] =
    [("round_timeout", 10_000_000), ("backoff_least", 10_000_000), ("backoff_most", 10_000_000)];

fn play(nodes: u8, settings: &[(&str, u64)]) -> Script<Paxos> {
    Script::new(nodes, &[&STILL, settings].concat())
}

/// What was chosen, each with its number and who had accepted it, such as `x=1 1.1 S1 S2`.
fn chosen(script: &Script<Paxos>) -> Vec<String> {
    let milestones = script.heard.milestones.iter();
    milestones
        .map(|Milestone::Chosen { ballot, value, by }| {
            let by: Vec<_> = by.iter().map(|node| node.to_string()).collect();
            format!("{value} {ballot} {}", by.join(" "))
        })
        .collect()
}

fn knows(script: &Script<Paxos>, node: NodeId) -> Option<String> {
    script.state(node).learned().map(|proposal| proposal.value.op.to_string())
}

fn nobody_knows(script: &Script<Paxos>) -> bool {
    let up = NodeId::all(script.world.size()).filter_map(|node| script.world.state(node));
    up.map(|replica| replica.learned()).all(|learned| learned.is_none())
}

/// What an acceptor has accepted, such as `1.1 x=1`.
fn accepted(script: &Script<Paxos>, node: NodeId) -> String {
    let accepted = script.state(node).durable.accepted.as_ref();
    accepted.map_or("∅".into(), ToString::to_string)
}

#[test]
fn p1_one_proposer_and_three_acceptors_choose_one_value() {
    let mut script = play(3, &[("proposers", 1)]);
    script.write(s(1), "x", "A");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S2 → S1 Promise 1.1 []
         S1 → S2 Accept 1.1 x=A",
    );
    assert_eq!(chosen(&script), ["x=A 1.1 S1 S2"]);
    script.deliver("S2 → S1 Accepted 1.1 x=A");
    assert_eq!(knows(&script, s(1)).as_deref(), Some("x=A"));
    script.deliver("S1 → C1 Written");
    assert_eq!(script.heard.answers, [Answer::Written]);
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

/// P2: a promise binds a proposer to a value that is not its own.
#[test]
fn p2_a_proposer_sends_accept_for_a_value_that_is_not_its_own() {
    let mut script = play(3, &[]);
    script.write(s(1), "x", "A");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S2 → S1 Promise 1.1 []
         S1 → S2 Accept 1.1 x=A",
    );
    script.write(s(3), "x", "B");
    script.deliver("S3 → S2 Prepare 1.3");
    script.deliver("S2 → S3 Promise 1.3 [1.1 x=A]");
    assert!(script.mail().iter().any(|(_, text)| text == "S3 → S2 Accept 1.3 x=A"));
    let bound = script.heard.reasons.iter().any(|reason| {
        matches!(reason, Reason::ValueBound { of, promises: 2, .. } if of.to_string() == "1.1")
    });
    assert!(bound, "the choice of the value is explained");
}

/// P3: a majority accepted, and no learner and no proposer knows; whoever proposes next, whatever it
/// wants, can only choose the same.
#[test]
fn p3_chosen_but_nobody_knows() {
    let mut script = play(3, &[]);
    script.write(s(1), "x", "v");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S2 → S1 Promise 1.1 []
         S1 → S2 Accept 1.1 x=v",
    );
    assert_eq!(chosen(&script), ["x=v 1.1 S1 S2"]);
    assert!(nobody_knows(&script), "chosen, and nobody knows");
    script.act(Action::Crash { node: s(1) });
    script.lose_all();
    assert!(nobody_knows(&script));

    script.write(s(3), "x", "w");
    script.flood(|_| true);
    assert_eq!(knows(&script, s(3)).as_deref(), Some("x=v"));
    assert_eq!(script.heard.answers, [Answer::Value(Some("v".into()))]);
    assert_eq!(script.broken(), [""; 0]);
}

/// P4: one past, two futures. S1 alone has accepted v.
#[test]
fn p4_a_value_accepted_by_a_minority_may_or_may_not_be_chosen() {
    let mut past = play(3, &[]);
    past.write(s(1), "x", "v");
    past.deliver(
        "S1 → S2 Prepare 1.1
         S2 → S1 Promise 1.1 []",
    );
    past.lose_all();
    assert_eq!(accepted(&past, s(1)), "1.1 x=v");
    assert_eq!(chosen(&past), [""; 0]);
    past.write(s(3), "x", "w");

    // S3 hears S1: it must propose v.
    let mut one = past.clone();
    one.flood(|text| !text.contains("S2"));
    assert_eq!(chosen(&one), ["x=v 1.3 S1 S3"]);

    // S3 hears S2 instead: it is free.
    let mut other = past.clone();
    other.flood(|text| !text.contains("S1"));
    assert_eq!(chosen(&other), ["x=w 1.3 S2 S3"]);

    assert_eq!((one.broken(), other.broken()), (vec![], vec![]));
}

/// P5: after X is chosen an acceptor may still accept Y, with a lower number; chosen stays X.
#[test]
fn p5_stragglers_accept_after_the_choice_and_change_nothing() {
    let mut script = play(5, &[]);
    script.write(s(4), "x", "Y");
    script.deliver(
        "S4 → S3 Prepare 1.4
         S4 → S5 Prepare 1.4
         S3 → S4 Promise 1.4 []
         S5 → S4 Promise 1.4 []",
    );
    script.write(s(1), "x", "X");
    script.deliver(
        "S1 → S3 Prepare 1.1
         S3 → S1 Refused 1.1 promised=1.4",
    );
    script.fire(s(1), 0);
    script.deliver(
        "S1 → S2 Prepare 2.1
         S1 → S3 Prepare 2.1
         S2 → S1 Promise 2.1 []
         S3 → S1 Promise 2.1 []
         S1 → S2 Accept 2.1 x=X
         S1 → S3 Accept 2.1 x=X",
    );
    assert_eq!(chosen(&script), ["x=X 2.1 S1 S2 S3"]);
    script.deliver("S4 → S5 Accept 1.4 x=Y");
    assert_eq!(accepted(&script, s(5)), "1.4 x=Y");
    script.deliver("S4 → S3 Accept 1.4 x=Y");
    assert_eq!(accepted(&script, s(3)), "2.1 x=X", "it has promised more");
    script.flood(|_| true);
    assert_eq!(chosen(&script).len(), 1);
    assert_eq!(knows(&script, s(4)).as_deref(), Some("x=X"));
    assert_eq!(script.broken(), [""; 0]);
}

/// Two proposers on a network on which every message takes as long as any other.
fn duel(backoff: bool, distinguished: bool) -> (World<Paxos>, Heard<Paxos>) {
    let quality = Quality { jitter: Micros(0), ..Quality::default() };
    let mut setup = Setup::<Config> { nodes: 5, quality, ..Setup::default() };
    (setup.config.backoff, setup.config.distinguished) = (backoff, distinguished);
    let mut heard = Heard { milestones: vec![], reasons: vec![], answers: vec![] };
    let mut world = World::<Paxos>::new(&setup, &mut heard);
    for node in [s(1), s(2)] {
        let op = write_op("x", &node.to_string());
        world.act(&Action::Request { node, op, persistent: false }, &mut heard).expect("allowed");
        world.run_until(world.now() + Micros::from_millis(15), &mut heard);
    }
    (world, heard)
}

/// The numbers that were pre-empted, and by which.
fn preemptions(heard: &Heard<Paxos>) -> Vec<(Ballot, Ballot)> {
    let reasons = heard.reasons.iter();
    let preempted = reasons.filter_map(|reason| match reason {
        Reason::Preempted { ballot, by } => Some((*ballot, *by)),
        _ => None,
    });
    preempted.collect()
}

/// P6: two proposers pre-empt each other for ever; random back-off ends it.
#[test]
fn p6_a_duel_goes_on_for_ever_until_somebody_backs_off() {
    let (mut world, mut heard) = duel(false, false);
    world.run_until(Micros::from_secs(10), &mut heard);
    let preempted = preemptions(&heard);
    assert!(heard.milestones.is_empty(), "nothing is chosen in ten seconds");
    assert!(preempted.len() > 100, "{} rounds were given up", preempted.len());
    for pair in preempted.windows(2) {
        assert_ne!(pair[0].0.proposer, pair[1].0.proposer, "they take turns: {pair:?}");
    }
    let wasted = |node| world.state(node).expect("up").proposer.wasted;
    assert_eq!(wasted(s(1)) + wasted(s(2)), preempted.len() as u64, "wasted rounds are counted");

    let calm = Action::Configure { setting: "backoff".into(), value: 1 };
    world.act(&calm, &mut heard).expect("a setting");
    world.run_until(world.now() + Micros::from_secs(2), &mut heard);
    assert_eq!(heard.milestones.len(), 1, "with back-off it ends");
    assert_eq!(heard.answers.len(), 2);
    assert!(world.breaches().is_empty());
}

#[test]
fn p6_a_distinguished_proposer_meets_no_rival() {
    let (mut world, mut heard) = duel(false, true);
    world.run_until(Micros::from_secs(1), &mut heard);
    assert_eq!(preemptions(&heard), []);
    assert_eq!(heard.milestones.len(), 1);
    assert_eq!(heard.answers.len(), 2, "the other client was sent to S1");
}

/// P7: S1 uses number 1.1 twice, for two values.
fn the_same_number_twice(settings: &[(&str, u64)]) -> Script<Paxos> {
    let mut script = play(3, settings);
    script.write(s(1), "x", "v1");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S2 → S1 Promise 1.1 []",
    );
    // S1 is about to ask S2 and S3; its own acceptor has accepted v1.
    assert_eq!(accepted(&script, s(1)), "1.1 x=v1");
    script.bounce(s(1));
    script.write(s(1), "x", "v2");
    script
}

#[test]
fn p7_a_number_that_is_used_again_chooses_two_values() {
    // The roles stand apart, so that the proposer's own acceptor does not remind it: S1 proposes,
    // S2 to S4 accept.
    let settings = [("proposers", 1), ("acceptors", 3), ("learners", 1), ("reuse_number", 1)];
    let mut script = play(4, &settings);
    script.write(s(1), "x", "v1");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S1 → S3 Prepare 1.1
         S2 → S1 Promise 1.1 []
         S3 → S1 Promise 1.1 []
         S1 → S2 Accept 1.1 x=v1",
    );
    assert_eq!(chosen(&script), [""; 0]);
    script.bounce(s(1));
    script.write(s(1), "x", "v2");
    script.deliver(
        "S1 → S3 Prepare 1.1
         S1 → S4 Prepare 1.1
         S3 → S1 Promise 1.1 []
         S4 → S1 Promise 1.1 []
         S1 → S3 Accept 1.1 x=v2
         S1 → S4 Accept 1.1 x=v2",
    );
    assert_eq!(chosen(&script), ["x=v2 1.1 S3 S4"]);
    // The first Accept is still under way.
    script.deliver("S1 → S3 Accept 1.1 x=v1");
    assert_eq!(script.broken(), ["unique_numbers", "agreement"]);
}

#[test]
fn p7_with_its_number_on_disk_a_proposer_never_uses_it_again() {
    let script = the_same_number_twice(&[]);
    assert!(script.mail().iter().any(|(_, text)| text == "S1 → S2 Prepare 2.1"));
    assert!(!script.mail().iter().any(|(_, text)| text.contains("1.1 x=v2")));
}

/// P8: acceptors that accept n and do not promise it accept less afterwards.
fn an_acceptance_without_a_promise(settings: &[(&str, u64)]) -> Script<Paxos> {
    let mut script = play(5, settings);
    // S1 gets the promises of S1, S2 and S3, and goes to sleep.
    script.write(s(1), "x", "X");
    script.deliver(
        "S1 → S2 Prepare 1.1
         S1 → S3 Prepare 1.1
         S2 → S1 Promise 1.1 []
         S3 → S1 Promise 1.1 []",
    );
    // S5 gets those of S3, S4 and S5, and has its value accepted by S2, S3 and S5: chosen.
    script.write(s(5), "x", "Z");
    script.deliver(
        "S5 → S3 Prepare 1.5
         S5 → S4 Prepare 1.5
         S3 → S5 Promise 1.5 []
         S4 → S5 Promise 1.5 []
         S5 → S2 Accept 1.5 x=Z
         S5 → S4 Accept 1.5 x=Z",
    );
    assert_eq!(chosen(&script), ["x=Z 1.5 S2 S4 S5"]);
    // S1's Accept reaches S2, which never promised 1.5.
    script.deliver("S1 → S2 Accept 1.1 x=X");
    script
}

#[test]
fn p8_accepting_must_also_promise() {
    let mut script = an_acceptance_without_a_promise(&[("accept_unpromised", 1)]);
    assert_eq!(accepted(&script, s(2)), "1.1 x=X", "below what it had accepted");
    assert_eq!(script.broken(), ["acceptances"]);
    // A third proposer hears S1, S2 and S3, of whom none remembers Z any more.
    script.write(s(2), "x", "W");
    script.flood(|text| !text.contains("S4") && !text.contains("S5"));
    assert!(script.broken().contains(&"agreement"), "{:?}", script.broken());
}

#[test]
fn p8_an_acceptance_is_a_promise_too() {
    let script = an_acceptance_without_a_promise(&[]);
    assert_eq!(accepted(&script, s(2)), "1.5 x=Z");
    assert_eq!(script.state(s(2)).durable.promised.to_string(), "1.5");
    assert_eq!(script.broken(), [""; 0]);
}

/// P9: with the name before the count, nobody comes above the greatest name.
#[test]
fn p9_the_name_before_the_count_is_safe_and_stuck() {
    let mut setup = Setup::<Config> { nodes: 5, ..Setup::default() };
    setup.config.mutations.set(conclave::protocols::paxos::Mutation::IdFirst, true);
    let mut heard = Heard { milestones: vec![], reasons: vec![], answers: vec![] };
    let mut world = World::<Paxos>::new(&setup, &mut heard);
    let ask = |world: &mut World<Paxos>, heard: &mut Heard<Paxos>, node: NodeId| {
        let op = write_op("x", &node.to_string());
        world.act(&Action::Request { node, op, persistent: true }, heard).expect("allowed");
    };
    ask(&mut world, &mut heard, s(5));
    // S5 prepares everywhere, and dies before anybody answers.
    while !matches!(world.state(s(5)).expect("up").proposer.phase, Phase::Prepare { .. }) {
        world.step(&mut heard);
    }
    world.act(&Action::Crash { node: s(5) }, &mut heard).expect("it is up");
    world.run_until(world.now() + Micros::from_millis(100), &mut heard);
    for node in [s(1), s(2), s(3), s(4)] {
        ask(&mut world, &mut heard, node);
    }
    world.run_until(world.now() + Micros::from_secs(30), &mut heard);
    let tried: u64 =
        NodeId::all(4).map(|node| world.state(node).expect("up").proposer.wasted).sum();
    assert!(tried > 100, "{tried} rounds");
    assert_eq!(heard.milestones, [], "nothing is chosen");
    assert!(world.breaches().is_empty(), "safety does not depend on it");
}
