//! The rules of "Paxos Made Simple" §2, one by one, at one replica without a world.

mod support;

use conclave::protocols::paxos::synod::{Config, Durable, Message, Proposal, Replica, Timer};
use conclave::protocols::paxos::{Ballot, Paxos};
use conclave::sim::protocol::Alarm;
use conclave::sim::{
    ClientId, Command, Context, Effects, Input, Micros, NodeId, Op, Protocol, RequestId,
};
use support::solo::s;

/// A replica, and what a step of it wants done.
struct Solo {
    replica: Replica,
    id: NodeId,
    nodes: u8,
    config: Config,
}

impl Solo {
    fn new(id: NodeId, nodes: u8) -> Self {
        Self::boot(id, nodes, Config::default(), Durable::default())
    }

    fn boot(id: NodeId, nodes: u8, config: Config, disk: Durable) -> Self {
        let cx = Context { id, nodes, clock: Micros(0), config: &config };
        let replica = Paxos::boot(&cx, disk, &mut Effects::new(false));
        Self { replica, id, nodes, config }
    }

    /// The replica takes an input; messages, answers and the timer come out, one a line.
    fn step(&mut self, input: Input<'_, Paxos>) -> Vec<String> {
        let mut fx = Effects::new(false);
        let Self { id, nodes, ref config, .. } = *self;
        let cx = Context { id, nodes, clock: Micros(0), config };
        Paxos::step(&cx, &mut self.replica, input, &mut fx);
        let mut lines: Vec<_> =
            fx.messages().iter().map(|(to, message)| format!("→ {to} {message}")).collect();
        lines.extend(fx.answers().iter().map(|(_, answer)| format!("→ {answer:?}")));
        lines.extend(fx.alarms().last().map(|(timer, alarm)| match alarm {
            Alarm::Off => format!("{timer:?} off"),
            Alarm::After { least, most } => format!("{timer:?} after {least} to {most}"),
        }));
        lines
    }

    fn hear(&mut self, from: u8, message: Message) -> Vec<String> {
        self.step(Input::Message { from: s(from), message: &message })
    }

    fn ask(&mut self, command: &Command) -> Vec<String> {
        self.step(Input::Request(command))
    }

    fn retry(&mut self) -> Vec<String> {
        self.step(Input::Timer(Timer::Retry))
    }
}

/// A client's write of `x`; clients are counted from 1.
fn value(client: u16, text: &str) -> Command {
    let request = RequestId { client: ClientId(client - 1), sequence: 1 };
    Command { request, op: Op::Write { key: "x".into(), value: text.into() } }
}

fn read(client: u16, key: &str) -> Command {
    let request = RequestId { client: ClientId(client - 1), sequence: 1 };
    Command { request, op: Op::Read { key: key.into() } }
}

fn ballot(round: u64, node: u8) -> Ballot {
    Ballot { round, proposer: s(node) }
}

fn proposal(round: u64, node: u8, value: Command) -> Proposal {
    Proposal { ballot: ballot(round, node), value }
}

fn prepare(round: u64, node: u8) -> Message {
    Message::Prepare { ballot: ballot(round, node) }
}

fn promise(round: u64, node: u8, accepted: Option<Proposal>) -> Message {
    Message::Promise { ballot: ballot(round, node), accepted }
}

const NONE: [&str; 0] = [];

#[test]
fn paxos_1_roles_can_be_placed_apart() {
    let config = Config { proposers: 2, acceptors: 3, learners: 2, ..Config::default() };
    let placement = config.placement(7);
    let who = |has: &dyn Fn(NodeId) -> bool| {
        NodeId::all(7).filter(|&node| has(node)).map(|node| node.0 + 1).collect::<Vec<_>>()
    };
    assert_eq!(who(&|node| placement.proposes(node)), [1, 2]);
    assert_eq!(who(&|node| placement.accepts(node)), [3, 4, 5]);
    assert_eq!(who(&|node| placement.learns(node)), [6, 7]);
    // Usually every replica has all roles.
    let all = Config::default().placement(3);
    assert!(NodeId::all(3).all(|n| all.proposes(n) && all.accepts(n) && all.learns(n)));
    // Where there is no room, roles share replicas.
    let placement = config.placement(3);
    assert_eq!(placement.acceptors().count(), 3);
}

#[test]
fn paxos_1_an_acceptor_apart_tells_its_proposer_and_the_learners() {
    let config = Config { proposers: 1, acceptors: 3, learners: 1, ..Config::default() };
    let mut acceptor = Solo::boot(s(2), 5, config, Durable::default());
    let lines = acceptor.hear(1, Message::Accept(proposal(1, 1, value(1, "a"))));
    assert_eq!(lines, ["→ S1 Accepted 1.1 x=a", "→ S5 Accepted 1.1 x=a"]);
}

#[test]
fn paxos_2_numbers_are_unique_and_ordered_as_pairs() {
    assert!(ballot(1, 2) > ballot(1, 1));
    assert!(ballot(2, 1) > ballot(1, 5));
    assert_eq!(ballot(3, 2).to_string(), "3.2");
    assert!(Ballot::NONE < ballot(1, 1));
}

#[test]
fn paxos_2_a_new_number_is_above_all_that_the_proposer_has_heard_of() {
    let mut solo = Solo::new(s(1), 3);
    solo.hear(3, prepare(7, 3));
    let lines = solo.ask(&value(1, "a"));
    assert_eq!(lines[0], "→ S2 Prepare 8.1");
}

#[test]
fn paxos_3_prepare_carries_no_value() {
    let mut solo = Solo::new(s(1), 3);
    let lines = solo.ask(&value(1, "a"));
    assert_eq!(lines, ["→ S2 Prepare 1.1", "→ S3 Prepare 1.1", "Retry after 200ms to 200ms"]);
}

#[test]
fn paxos_4_an_acceptor_never_again_answers_a_prepare_up_to_its_promise() {
    let mut solo = Solo::new(s(1), 3);
    assert_eq!(solo.hear(2, prepare(2, 2)), ["→ S2 Promise 2.2 []"]);
    assert_eq!(solo.hear(2, prepare(2, 2)), NONE, "once");
    assert_eq!(solo.hear(3, prepare(1, 3)), ["→ S3 Refused 1.3 promised=2.2"]);
    assert_eq!(solo.hear(3, prepare(2, 3)), ["→ S3 Promise 2.3 []"]);
}

#[test]
fn paxos_4_an_acceptor_never_accepts_below_its_promise() {
    let mut solo = Solo::new(s(1), 3);
    solo.hear(2, prepare(2, 2));
    let lines = solo.hear(3, Message::Accept(proposal(1, 3, value(1, "a"))));
    assert_eq!(lines, ["→ S3 Refused 1.3 promised=2.2"]);
    assert_eq!(solo.replica.durable.accepted, None);
}

#[test]
fn paxos_4_a_promise_reports_the_highest_numbered_acceptance() {
    let mut solo = Solo::new(s(1), 3);
    solo.hear(2, Message::Accept(proposal(1, 2, value(1, "a"))));
    solo.hear(2, Message::Accept(proposal(2, 2, value(2, "b"))));
    assert_eq!(solo.hear(3, prepare(3, 3)), ["→ S3 Promise 3.3 [2.2 x=b]"]);
}

#[test]
fn paxos_5_without_reports_a_proposer_proposes_its_own_value() {
    let mut solo = Solo::new(s(1), 3);
    solo.ask(&value(1, "own"));
    let lines = solo.hear(2, promise(1, 1, None));
    let sent = "Accepted 1.1 x=own";
    let accept = "Accept 1.1 x=own";
    let expected = [
        format!("→ S2 {accept}"),
        format!("→ S3 {accept}"),
        format!("→ S2 {sent}"),
        format!("→ S3 {sent}"),
        "Retry after 200ms to 200ms".into(),
    ];
    assert_eq!(lines, expected, "and its own acceptor accepts at once");
}

#[test]
fn paxos_5_the_value_of_the_highest_numbered_report_must_be_proposed() {
    let mut solo = Solo::new(s(1), 5);
    solo.hear(5, prepare(5, 5));
    solo.ask(&value(1, "own"));
    assert_eq!(solo.hear(2, promise(6, 1, Some(proposal(2, 2, value(2, "low"))))), NONE);
    let lines = solo.hear(3, promise(6, 1, Some(proposal(3, 3, value(3, "high")))));
    assert_eq!(lines[0], "→ S2 Accept 6.1 x=high");
}

#[test]
fn paxos_5_a_minority_of_promises_is_not_enough() {
    let mut solo = Solo::new(s(1), 5);
    solo.ask(&value(1, "own"));
    assert_eq!(solo.hear(2, promise(1, 1, None)), NONE);
    assert_eq!(solo.hear(2, promise(1, 1, None)), NONE, "the same promise twice counts once");
    assert!(!solo.hear(3, promise(1, 1, None)).is_empty());
}

#[test]
fn paxos_5_promises_of_another_round_do_not_count() {
    let mut solo = Solo::new(s(1), 3);
    solo.ask(&value(1, "own"));
    assert_eq!(solo.retry()[0], "→ S2 Prepare 2.1");
    assert_eq!(solo.hear(2, promise(1, 1, None)), NONE);
    assert_eq!(solo.hear(2, promise(2, 1, None))[0], "→ S2 Accept 2.1 x=own");
}

#[test]
fn paxos_6_what_was_promised_and_accepted_survives_a_crash() {
    let mut solo = Solo::new(s(1), 3);
    solo.hear(2, prepare(1, 2));
    solo.hear(2, Message::Accept(proposal(1, 2, value(1, "a"))));
    solo.hear(3, prepare(4, 3));
    let disk = Paxos::disk(solo.replica.clone());
    let mut again = Solo::boot(s(1), 3, Config::default(), disk);
    assert_eq!(again.replica.learned(), None, "what was learned does not");
    assert_eq!(again.hear(2, prepare(3, 2)), ["→ S2 Refused 3.2 promised=4.3"]);
    assert_eq!(again.hear(2, prepare(5, 2)), ["→ S2 Promise 5.2 [1.2 x=a]"]);
}

#[test]
fn paxos_6_accepting_a_number_promises_it() {
    let mut solo = Solo::new(s(1), 3);
    solo.hear(2, Message::Accept(proposal(3, 2, value(1, "a"))));
    assert_eq!(solo.replica.durable.promised, ballot(3, 2));
    let lines = solo.hear(3, Message::Accept(proposal(2, 3, value(2, "b"))));
    assert_eq!(lines, ["→ S3 Refused 2.3 promised=3.2"]);
}

#[test]
fn paxos_7_a_learner_knows_when_a_majority_has_accepted_one_number() {
    let mut solo = Solo::new(s(1), 5);
    let accepted = |round, node, text| Message::Accepted(proposal(round, node, value(1, text)));
    solo.hear(2, accepted(1, 2, "a"));
    solo.hear(3, accepted(1, 2, "a"));
    solo.hear(4, accepted(2, 3, "a"));
    assert_eq!(solo.replica.learned(), None, "three acceptances, of two numbers");
    solo.hear(5, accepted(1, 2, "a"));
    let learned = solo.replica.learned().expect("three of five");
    assert_eq!(learned.to_string(), "1.2 x=a");
}

#[test]
fn paxos_7_clients_hear_what_was_chosen() {
    let mut solo = Solo::new(s(1), 3);
    let (winner, loser) = (value(1, "a"), value(2, "b"));
    solo.ask(&loser);
    for from in [2, 3] {
        solo.hear(from, Message::Accepted(proposal(1, 2, winner.clone())));
    }
    let lines = solo.ask(&winner);
    assert_eq!(lines, ["→ Written"]);
    assert_eq!(solo.ask(&loser), [r#"→ Value(Some("a"))"#], "its write never takes effect");
    assert_eq!(solo.ask(&read(3, "x")), [r#"→ Value(Some("a"))"#]);
    assert_eq!(solo.ask(&read(3, "y")), ["→ Value(None)"]);
}

#[test]
fn paxos_7_a_read_learns_from_a_quorum_of_promises_that_nothing_was_chosen() {
    let mut solo = Solo::new(s(1), 3);
    solo.ask(&read(1, "x"));
    // This one came too late for the promises that are under way.
    assert_eq!(solo.ask(&read(2, "x")), NONE);
    let lines = solo.hear(2, promise(1, 1, None));
    assert_eq!(lines[..3], ["→ S2 Prepare 2.1", "→ S3 Prepare 2.1", "→ Value(None)"]);
    assert_eq!(solo.hear(2, promise(2, 1, None)), ["→ Value(None)", "Retry off"]);
}

#[test]
fn paxos_9_a_pre_empted_proposer_backs_off_at_random_or_tries_again_at_once() {
    for (backoff, alarm) in [(true, "Retry after 20ms to 300ms"), (false, "Retry after 0ms to 0ms")]
    {
        let config = Config { backoff, ..Config::default() };
        let mut solo = Solo::boot(s(1), 3, config, Durable::default());
        solo.ask(&value(1, "a"));
        let refused = Message::Refused { ballot: ballot(1, 1), promised: ballot(1, 3) };
        assert_eq!(solo.hear(2, refused), [alarm]);
        assert_eq!(solo.replica.proposer.wasted, 1);
        assert_eq!(solo.retry()[0], "→ S2 Prepare 2.1");
    }
}

#[test]
fn paxos_9_only_the_distinguished_proposer_proposes() {
    let config = Config { distinguished: true, ..Config::default() };
    let mut solo = Solo::boot(s(2), 3, config, Durable::default());
    assert_eq!(solo.ask(&value(1, "a")), ["→ Redirect(Some(NodeId(0)))"]);
}

#[test]
fn paxos_13_the_quorums_of_the_two_phases_are_counted_apart() {
    let config = Config { phase1_quorum: 4, phase2_quorum: 2, ..Config::default() };
    let mut solo = Solo::boot(s(1), 5, config, Durable::default());
    solo.ask(&value(1, "a"));
    solo.hear(2, promise(1, 1, None));
    assert_eq!(solo.hear(3, promise(1, 1, None)), NONE, "three of four");
    assert_eq!(solo.hear(4, promise(1, 1, None))[0], "→ S2 Accept 1.1 x=a");
    solo.hear(2, Message::Accepted(proposal(1, 1, value(1, "a"))));
    assert!(solo.replica.learned().is_some(), "two of two");
}

#[test]
fn paxos_m1_an_acceptor_reports_what_it_accepted_not_what_it_saw() {
    let mut config = Config::default();
    for (report_seen, report) in
        [(false, "→ S3 Promise 3.3 []"), (true, "→ S3 Promise 3.3 [1.2 x=a]")]
    {
        config.mutations.set(conclave::protocols::paxos::Mutation::ReportSeen, report_seen);
        let mut solo = Solo::boot(s(1), 3, config.clone(), Durable::default());
        solo.hear(3, prepare(2, 3));
        let refused = solo.hear(2, Message::Accept(proposal(1, 2, value(1, "a"))));
        assert_eq!(refused, ["→ S2 Refused 1.2 promised=2.3"]);
        assert_eq!(solo.hear(3, prepare(3, 3)), [report]);
    }
}
