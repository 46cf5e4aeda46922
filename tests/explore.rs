//! Exhaustive search of small scopes: of published specifications, which must have the states that
//! TLC counts in them, and of our engine of one decree, which must refine the specification.
//! `-- --nocapture` prints for each defect its shortest way to do harm, as a recording.

mod support;

use std::collections::BTreeSet;

use conclave::check::cluster::{Cluster, Letter, Scope, State, Step};
use conclave::check::explore::{Budget, Model, Verdict, explore};
use conclave::check::specs::commit::{TCommit, TwoPhase};
use conclave::check::specs::paxos;
use conclave::protocols::paxos::synod::{Message, Proposal, Replica};
use conclave::protocols::paxos::{Ballot, Paxos};
use conclave::sim::digest::Digest;
use conclave::sim::recording::Timed;
use conclave::sim::world::Body;
use conclave::sim::{Action, MessageId, Micros, NodeId, Protocol, Quality, Recording, Seat};
use support::cluster::write_op;

/// Distinct states, generated states, depth.
fn counts<M: Model>(mut model: M) -> (u64, u64, u32) {
    let report = explore(&mut model, Budget::default());
    assert!(report.verdict.holds(), "every invariant of the specification holds");
    (report.distinct, report.generated, report.depth)
}

#[test]
fn tcommit_has_the_states_that_tlc_counts() {
    assert_eq!(counts(TCommit::<3>), (34, 94, 7));
}

#[test]
fn two_phase_has_the_states_that_tlc_counts() {
    assert_eq!(counts(TwoPhase::<3>), (288, 1_146, 11));
}

#[test]
fn paxos_has_the_states_that_tlc_counts() {
    let tiny = paxos::Paxos { acceptors: 3, ballots: 2, values: 2 };
    assert_eq!(counts(tiny), (3_921, 23_563, 17));
}

/// Two proposers and three acceptors: on three replicas, of which the third learns too, or each by
/// itself, where the last acceptor learns. Who learns of an acceptance hears of it from another.
const TOGETHER: (u8, &[(&str, u64)]) = (3, &[("proposers", 2), ("acceptors", 3), ("learners", 1)]);
const APART: (u8, &[(&str, u64)]) = (5, TOGETHER.1);
/// One asks the first proposer, one the second.
const RIVALS: &[(u8, &str)] = &[(1, "a"), (2, "b")];

/// A cluster of which clients have asked this; messages and timers wait for ever.
fn begin(
    (nodes, roles): (u8, &[(&str, u64)]),
    defect: Option<&str>,
    requests: &[(u8, &str)],
) -> Recording {
    let mut begin = Recording::new(Paxos::ID, nodes, 1);
    let still = ["round_timeout", "backoff_least", "backoff_most"].map(|id| (id, 10_000_000));
    let settings = still.iter().chain(roles).copied().chain(defect.map(|id| (id, 1)));
    begin.settings = settings.map(|(id, value)| (id.into(), value)).collect();
    let latency = Quality::MAX_TIME;
    begin.quality = Quality { latency, jitter: Micros(0), ..Quality::default() };
    for &(node, value) in requests {
        let op = write_op("x", value);
        act(&mut begin, Action::Request { node: NodeId(node - 1), op, persistent: false });
    }
    begin
}

/// Does something more at the end of a recording.
fn act(recording: &mut Recording, action: Action) {
    let world = recording.replay::<Paxos>(&mut ()).expect("it can be played up to here");
    recording.actions.push(Timed { at: world.now(), after: world.steps(), action });
}

/// A search of which no more is known than that proposers begin one round each.
fn scope(begin: Recording) -> Scope<Paxos> {
    let within = |replica: &Replica| replica.durable.round <= 1;
    Scope { begin, timeouts: 0, crashes: 0, within, invariant: None }
}

/// The first number of the first proposer.
const ONE: Ballot = Ballot { round: 1, proposer: NodeId(0) };

/// Three numbers are used: 1.1, 1.2 and 2.1.
fn three_numbers(replica: &Replica) -> bool {
    replica.durable.promised <= Ballot { round: 2, ..ONE }
}

fn cluster(scope: Scope<Paxos>) -> Cluster<Paxos> {
    Cluster::new(scope).expect("it can be played")
}

/// How many different states, when nothing is wrong in any.
fn sound(scope: Scope<Paxos>) -> u64 {
    let report = explore(&mut cluster(scope), Budget::default());
    match report.verdict {
        Verdict::Holds => report.distinct,
        Verdict::Exceeded => panic!("there are more than {} states", report.distinct),
        Verdict::Breached { path, breach } => panic!("{breach:?} after {:?}", path.steps),
    }
}

#[test]
fn paxos_4_two_proposers_agree_in_every_order_though_one_tries_again() {
    let scope = scope(begin(TOGETHER, None, RIVALS));
    assert_eq!(sound(Scope { timeouts: 1, within: three_numbers, ..scope }), 2_007_174);
}

#[test]
fn paxos_5_two_proposers_agree_in_every_order_though_one_replica_crashes() {
    let scope = scope(begin(TOGETHER, None, RIVALS));
    assert_eq!(sound(Scope { crashes: 1, within: three_numbers, ..scope }), 2_351_524);
}

#[test]
fn a_search_that_exceeds_its_budget_says_so() {
    let mut cluster = cluster(scope(begin(TOGETHER, None, RIVALS)));
    for budget in [
        Budget { distinct: 1_000, ..Budget::default() },
        Budget { generated: 1_000, ..Budget::default() },
    ] {
        let report = explore(&mut cluster, budget);
        assert!(matches!(report.verdict, Verdict::Exceeded));
        assert!(report.distinct <= budget.distinct && report.generated <= budget.generated + 1);
    }
}

/// A defect, and a small scope in which it does harm.
struct Harm {
    defect: &'static str,
    scope: Scope<Paxos>,
    /// How many steps lead to it.
    steps: usize,
}

/// Ten of the defects; the eleventh stops progress, and has a test of its own.
fn harms() -> [Harm; 10] {
    let harm = |defect, steps, roles, requests, adapt: fn(&mut Scope<Paxos>)| {
        let mut scope = scope(begin(roles, Some(defect), requests));
        scope.invariant = Some("agreement");
        adapt(&mut scope);
        Harm { defect, scope, steps }
    };
    let deliver = |scope: &mut Scope<Paxos>, messages: &[u64]| {
        for &message in messages {
            act(&mut scope.begin, Action::Deliver { message: MessageId(message) });
        }
    };
    let crash = |scope: &mut Scope<Paxos>| scope.crashes = 1;
    let mut harms = [
        harm("forget_promise", 9, TOGETHER, RIVALS, crash),
        harm("forget_accepted", 9, TOGETHER, RIVALS, crash),
        harm("own_value", 8, TOGETHER, RIVALS, |_| {}),
        harm("any_value", 11, TOGETHER, RIVALS, |scope| {
            (scope.timeouts, scope.within) = (1, three_numbers);
        }),
        harm("small_quorums", 2, TOGETHER, RIVALS, |_| {}),
        harm("same_number", 8, TOGETHER, RIVALS, |_| {}),
        // A proposer that accepts, too, is bound by what it accepted itself.
        harm("reuse_number", 13, APART, &[(1, "a"), (1, "b")], crash),
        harm("accept_below", 8, TOGETHER, RIVALS, |_| {}),
        // Whatever was proposed is safe, accepted or not; but it was not to be taken over.
        harm("report_seen", 8, APART, RIVALS, |scope| {
            (scope.timeouts, scope.invariant) = (1, None);
            scope.within = |replica| replica.durable.promised != Ballot { round: 2, ..ONE };
        }),
        harm("accept_unpromised", 10, APART, RIVALS, |scope| {
            (scope.timeouts, scope.within) = (1, three_numbers);
        }),
    ];
    // The whole way is too long for a search: it begins when S1 has issued its proposal, ...
    deliver(&mut harms[8].scope, &[1, 3, 4, 6, 7]);
    // ... or when both have, with promises of S4 and S5, and of S3 and S4.
    deliver(&mut harms[9].scope, &[1, 4, 5, 6, 7, 2, 11, 12, 14, 15]);
    harms
}

#[test]
fn every_defect_has_a_shortest_way_to_do_harm_and_the_world_goes_it() {
    for Harm { defect, scope, steps } in harms() {
        let mut cluster = cluster(scope);
        let report = explore(&mut cluster, Budget::default());
        let Verdict::Breached { path, breach } = report.verdict else {
            panic!("{defect} does no harm in {} states", report.distinct);
        };
        let path: Vec<_> = path.steps.iter().map(|(step, _)| *step).collect();
        let recording = cluster.record(&path);
        println!("{defect}: {breach:?}\n{}\n", recording.to_json());
        assert_eq!(path.len(), steps, "{defect} in {} states", report.distinct);
        let world = recording.replay::<Paxos>(&mut ()).expect("it was just played");
        let found = world.breaches().iter().find(|found| found.breach == breach);
        let found = found.unwrap_or_else(|| panic!("{defect}: {:?}", world.breaches()));
        assert_eq!(found.step, world.steps(), "{defect}: by the last step");
    }
}

/// A search for a state in which a value is known to be chosen.
#[derive(Clone, Debug)]
struct Wish(Cluster<Paxos>);

impl Model for Wish {
    type State = State<Paxos>;
    type Step = Step;
    type Breach = ();

    fn initial(&mut self) -> Vec<State<Paxos>> {
        self.0.initial()
    }

    fn next(&mut self, state: &State<Paxos>, into: &mut Vec<(Step, State<Paxos>)>) {
        self.0.next(state, into);
    }

    fn breach(&mut self, state: &mut State<Paxos>) -> Option<()> {
        let mut up = NodeId::all(3).filter_map(|node| self.0.node(state, node));
        up.any(|replica| replica.learned().is_some()).then_some(())
    }
}

/// The greatest proposer is gone for good, and one acceptor has promised to it.
#[test]
fn paxos_10_nobody_can_go_on_after_the_greatest_when_names_come_before_counts() {
    let comes_true = |defect| {
        let mut begin = begin(TOGETHER, defect, &[(2, "b"), (1, "a")]);
        // The request, and the prepare request to S3.
        for message in [MessageId(1), MessageId(4)] {
            act(&mut begin, Action::Deliver { message });
        }
        act(&mut begin, Action::Crash { node: NodeId(1) });
        let within = |_: &Replica| true;
        let mut wish = Wish(cluster(Scope { timeouts: 3, within, ..scope(begin) }));
        match explore(&mut wish, Budget::default()).verdict {
            Verdict::Holds => false,
            Verdict::Breached { .. } => true,
            Verdict::Exceeded => panic!("there are too many states"),
        }
    };
    assert!(comes_true(None));
    assert!(!comes_true(Some("id_first")));
}

/// The engine beside the specification that it is to refine.
///
/// Each role has a replica of its own, so that what it does is one step.
#[derive(Clone, Debug)]
struct Refinement {
    cluster: Cluster<Paxos>,
    spec: paxos::Paxos,
    /// The state that was looked at last, and what it is to the specification.
    last: Option<(u64, paxos::State)>,
    /// The steps of the specification that the engine took.
    taken: BTreeSet<(u64, u64)>,
}

/// A step that is none of the specification's, and no stutter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NoStep(paxos::State, paxos::State);

impl Refinement {
    /// What a state is to the specification: the disks of the acceptors, and all that was sent.
    fn meaning(&self, state: &State<Paxos>) -> paxos::State {
        let bal = |ballot: Ballot| (ballot.round as u8 - 1) * 2 + ballot.proposer.0;
        let vote =
            |proposal: &Proposal| (bal(proposal.ballot), proposal.value.request.client.0 as u8);
        let acceptors =
            || (2..5).map(|acc| &self.cluster.node(state, NodeId(acc)).expect("up").durable);
        let promised = |promised| (promised != Ballot::NONE).then(|| bal(promised));
        let mut meaning = paxos::State {
            max_bal: acceptors().map(|disk| promised(disk.promised)).collect(),
            max_vote: acceptors().map(|disk| disk.accepted.as_ref().map(vote)).collect(),
            msgs: Vec::new(),
        };
        for Letter { from, body, .. } in self.cluster.sent(state) {
            let (Seat::Node(from), Body::Peer(message)) = (from, body) else { continue };
            let acc = from.0.saturating_sub(2);
            meaning.send(match message {
                Message::Prepare { ballot } => paxos::Message::Prepare { bal: bal(*ballot) },
                Message::Promise { ballot, accepted } => {
                    let vote = accepted.as_ref().map(vote);
                    paxos::Message::Promise { acc, bal: bal(*ballot), vote }
                }
                Message::Accept(proposal) => {
                    let (bal, val) = vote(proposal);
                    paxos::Message::Accept { bal, val }
                }
                Message::Accepted(proposal) => {
                    let (bal, val) = vote(proposal);
                    paxos::Message::Accepted { acc, bal, val }
                }
                // The specification has no refusals; they do nothing but save time.
                Message::Refused { .. } => continue,
            });
        }
        meaning
    }
}

impl Model for Refinement {
    type State = State<Paxos>;
    type Step = Step;
    type Breach = NoStep;

    fn initial(&mut self) -> Vec<State<Paxos>> {
        let initial = self.cluster.initial();
        assert_eq!(vec![self.meaning(&initial[0])], self.spec.initial());
        initial
    }

    fn next(&mut self, state: &State<Paxos>, into: &mut Vec<(Step, State<Paxos>)>) {
        self.cluster.next(state, into);
    }

    fn breach(&mut self, _: &mut State<Paxos>) -> Option<NoStep> {
        None
    }

    fn wrong_step(&mut self, from: &State<Paxos>, to: &State<Paxos>) -> Option<NoStep> {
        let digest = Digest::of(from);
        let last = self.last.take().filter(|(last, _)| *last == digest);
        let before = last.map_or_else(|| self.meaning(from), |(_, meaning)| meaning);
        let after = self.meaning(to);
        let mut wrong = None;
        if before != after {
            let step = (Digest::of(&before), Digest::of(&after));
            if self.taken.insert(step) {
                let mut possible = Vec::new();
                self.spec.next(&before, &mut possible);
                let is_step = possible.iter().any(|(_, next)| *next == after);
                wrong = (!is_step).then(|| NoStep(before.clone(), after));
            }
        }
        self.last = Some((digest, before));
        wrong
    }
}

fn refinement(scope: Scope<Paxos>) -> Refinement {
    let spec = paxos::Paxos { acceptors: 3, ballots: 4, values: 2 };
    Refinement { cluster: cluster(scope), spec, last: None, taken: BTreeSet::new() }
}

#[test]
fn every_step_of_the_engine_is_a_step_of_the_specification_or_a_stutter() {
    let mut refinement = refinement(scope(begin(APART, None, RIVALS)));
    let report = explore(&mut refinement, Budget::default());
    assert!(report.verdict.holds(), "{:?}", report.verdict);
    assert_eq!((report.distinct, refinement.taken.len()), (802_333, 4_166));
}

#[test]
fn a_crash_and_what_comes_of_it_are_steps_of_the_specification_or_stutters() {
    let within = |replica: &Replica| replica.durable.round <= 2;
    let alone = scope(begin(APART, None, &[(1, "a")]));
    let mut refinement = refinement(Scope { crashes: 1, within, ..alone });
    let report = explore(&mut refinement, Budget::default());
    assert!(report.verdict.holds(), "{:?}", report.verdict);
    assert_eq!((report.distinct, refinement.taken.len()), (705_157, 3_733));
}

#[test]
fn what_a_defect_does_is_no_step_of_the_specification() {
    for Harm { defect, mut scope, .. } in harms() {
        // With the roles apart, too many states lie before the third number.
        if defect == "any_value" {
            continue;
        }
        scope.begin = begin(APART, Some(defect), RIVALS);
        let report = explore(&mut refinement(scope), Budget::default());
        assert!(matches!(report.verdict, Verdict::Breached { .. }), "{defect}");
    }
}
