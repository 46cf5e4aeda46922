//! A verdict on the clients at every moment of a run: the same whether one goes there, comes back, or
//! plays straight to it; and never another than that of the history up to there.

use conclave::check::consistency::{Consistency, Standing};
use conclave::check::linearizability::{Budget, KeyValue, Model, check_history};
use conclave::protocols::catalog;
use conclave::protocols::raft::Raft;
use conclave::scene::{Advance, FaultKind, Lab, Window, faults};
use conclave::sim::rng::Rng;
use conclave::sim::timeline::Moment;
use conclave::sim::{
    Action, Answer, History, Micros, NodeId, Op, Quality, Recording, Timeline, Workload,
};
use conclave::text::Language;

fn ms(millis: u64) -> Micros {
    Micros::from_millis(millis)
}

fn write(value: &str) -> Op {
    Op::Write { key: "x".into(), value: value.into() }
}

fn read() -> Op {
    Op::Read { key: "x".into() }
}

/// A run of five nodes with these settings.
fn open(protocol: &str, settings: &[(&str, u64)]) -> Box<dyn Lab> {
    let settings = settings.iter().map(|&(id, value)| (id.to_owned(), value)).collect();
    catalog::open(Recording { settings, ..Recording::new(protocol, 5, 1) }).expect("it is allowed")
}

fn go_on(lab: &mut dyn Lab, by: Micros) {
    let until = lab.now() + by;
    // A breach stops a run; here it goes on.
    while lab.run_until(until, 100_000) == Advance::Breached {}
}

fn ask(lab: &mut dyn Lab, node: NodeId, op: Op) {
    lab.act(Action::Request { node, op, persistent: false }).expect("it can be asked");
    go_on(lab, ms(200));
}

/// Whoever leads, among some nodes.
fn leader(lab: &mut dyn Lab, among: impl Fn(NodeId) -> bool) -> NodeId {
    for _ in 0..1_000 {
        go_on(lab, ms(5));
        let scene = lab.scene(Window { first: None, columns: 1 });
        let leads = scene.nodes.iter().find(|node| node.face.leads && among(node.id));
        if let Some(node) = leads {
            return node.id;
        }
    }
    panic!("nobody was elected in five seconds");
}

/// A leader is cut off, another one is elected and writes, then somebody reads at the old one.
/// Gives the run, and the step after which the old one was asked.
fn read_at_the_deposed_leader(mut lab: Box<dyn Lab>, others_with_it: usize) -> (Box<dyn Lab>, u64) {
    let old = leader(&mut *lab, |_| true);
    ask(&mut *lab, old, write("1"));
    let others = NodeId::all(5).filter(|&node| node != old);
    let with: Vec<_> = others.take(others_with_it).chain([old]).collect();
    let sides = NodeId::all(5).map(|node| u8::from(with.contains(&node))).collect();
    lab.act(Action::Partition { sides }).expect("it can be cut");
    let new = leader(&mut *lab, |node| !with.contains(&node));
    ask(&mut *lab, new, write("2"));
    let before = lab.steps();
    ask(&mut *lab, old, read());
    (lab, before)
}

fn standing(lab: &dyn Lab) -> Standing {
    let mut judge = Consistency::default();
    judge.judge(lab.tree(), Budget::default());
    judge.standing(lab.tree(), lab.moment()).expect("it was judged")
}

fn is_linearizable(lab: &dyn Lab) -> bool {
    matches!(standing(lab), Standing::Linearizable { .. })
}

// ---- the promise of the product ------------------------------------------------------------------

const LOCAL_READS: (&str, u64) = ("reads", 1);
const READ_INDEX: (&str, u64) = ("reads", 2);

#[test]
fn a_stale_read_of_raft_is_found_and_read_index_gives_none() {
    let (lab, _) = read_at_the_deposed_leader(open("raft", &[LOCAL_READS]), 0);
    assert_eq!(standing(&*lab), Standing::Not { operation: 2 }, "x = 1 was read after x = 2");
    let (lab, _) = read_at_the_deposed_leader(open("raft", &[READ_INDEX]), 0);
    assert!(is_linearizable(&*lab));
}

#[test]
fn quorums_of_multi_paxos_that_do_not_meet_are_found_and_majorities_give_no_stale_read() {
    let small = [("phase1_quorum", 2), ("phase2_quorum", 2)];
    let (lab, _) = read_at_the_deposed_leader(open("multi_paxos", &small), 1);
    assert_eq!(standing(&*lab), Standing::Not { operation: 2 });
    let (lab, _) = read_at_the_deposed_leader(open("multi_paxos", &[]), 1);
    assert!(is_linearizable(&*lab));
}

#[test]
fn the_witness_is_the_operation_that_cannot_be_placed_and_the_longest_order_without_it() {
    let (lab, _) = read_at_the_deposed_leader(open("raft", &[LOCAL_READS]), 0);
    let mut judge = Consistency::default();
    judge.judge(lab.tree(), Budget::default());
    let (tree, now) = (lab.tree(), lab.moment());
    let orders = judge.orders(tree, now);
    let [(key, order)] = &orders[..] else { panic!("one key: {orders:?}") };
    assert_eq!((key.as_str(), *order), ("x", &[0, 1][..]), "both writes");
    assert_eq!(judge.bound(order).map(|value| value.as_str()), Some("2"));
    let odd = judge.operation(2);
    assert_eq!(
        (&odd.op, odd.returned.as_ref().map(|(_, answer)| answer)),
        (&read(), Some(&Answer::Value(Some("1".into()))))
    );
    let seen = judge.operations(tree, now, 2);
    assert_eq!(seen.iter().map(|seen| seen.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(judge.asked(tree, now), 3);
}

// ---- to and fro ----------------------------------------------------------------------------------

#[test]
fn before_it_broke_all_is_well_and_on_a_branch_that_left_before_it_stays_so() {
    let (mut lab, before) = read_at_the_deposed_leader(open("raft", &[LOCAL_READS]), 0);
    let mut judge = Consistency::default();
    judge.judge(lab.tree(), Budget::default());
    let broken = lab.tree().current().id;
    let at = |judge: &Consistency, lab: &dyn Lab| judge.standing(lab.tree(), lab.moment());
    assert_eq!(at(&judge, &*lab), Some(Standing::Not { operation: 2 }));
    lab.seek(Moment { after: before, at: Micros(0) });
    let all_is_well = Some(Standing::Linearizable { to: lab.moment() });
    assert_eq!(at(&judge, &*lab), all_is_well);

    lab.act(Action::Heal).expect("it always can be done");
    assert_eq!(at(&judge, &*lab), None, "nobody has judged this branch");
    judge.judge(lab.tree(), Budget::default());
    assert_eq!(at(&judge, &*lab), Some(Standing::Linearizable { to: lab.moment() }));
    lab.switch(broken);
    lab.seek(lab.tree().current().end);
    judge.judge(lab.tree(), Budget::default());
    assert_eq!(at(&judge, &*lab), Some(Standing::Not { operation: 2 }));
    assert!(lab.undo().expect("there is room"));
    judge.judge(lab.tree(), Budget::default());
    assert_eq!(at(&judge, &*lab), Some(Standing::Linearizable { to: lab.moment() }));
}

#[test]
fn what_is_given_up_says_so_and_stays_sure_of_what_was_found_before() {
    let mut lab = catalog::open(Recording {
        workload: Workload { clients: 5, ..Workload::default() },
        ..Recording::new("raft", 5, 2)
    })
    .expect("it is allowed");
    go_on(&mut *lab, Micros::from_secs(5));
    let sure = lab.moment();
    let mut judge = Consistency::default();
    judge.judge(lab.tree(), Budget::default());
    go_on(&mut *lab, Micros::from_secs(5));
    assert_eq!(
        judge.standing(lab.tree(), lab.moment()),
        Some(Standing::Linearizable { to: sure }),
        "only so much was judged"
    );
    judge.judge(lab.tree(), Budget { steps: 3, memory: 0 });
    let now = judge.standing(lab.tree(), lab.moment());
    assert!(matches!(now, Some(Standing::Undecided { steps: 3, .. })), "{now:?}");
    let then = judge.standing(lab.tree(), sure);
    assert_eq!(then, Some(Standing::Linearizable { to: sure }));
}

/// The history up to this moment, by a straight replay.
fn straight(lab: &dyn Lab) -> History {
    let mut history = History::default();
    let line = Timeline::<Raft>::resume(lab.line(false), &mut ());
    line.expect("it was played").0.retell(u64::MAX, &mut history);
    history
}

#[test]
fn at_any_moment_of_any_branch_the_verdict_is_that_of_the_history_up_to_there() {
    let mut broken = 0;
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut lab = catalog::open(Recording {
            workload: Workload {
                clients: 4,
                keys: 2,
                think_least: ms(5),
                think_most: ms(60),
                ..Workload::default()
            },
            quality: Quality { loss_ppm: 20_000, ..Quality::default() },
            settings: [("reads".to_owned(), seed % 2)].into_iter().collect(),
            ..Recording::new("raft", 3, seed)
        })
        .expect("it is allowed");
        let mut judge = Consistency::default();
        for _ in 0..60 {
            let node = NodeId(rng.between(0, 2) as u8);
            let ids: Vec<_> = lab.tree().branches().iter().map(|branch| branch.id).collect();
            let some = ids[rng.between(0, ids.len() as u64 - 1) as usize];
            let op = Op::Read { key: if rng.chance(500_000) { "x" } else { "y" }.into() };
            match rng.between(0, 11) {
                0..=3 => go_on(&mut *lab, ms(rng.between(1, 400))),
                4 => _ = lab.act(Action::Crash { node }),
                5 => _ = lab.act(Action::Restart { node }),
                6 => {
                    let sides = NodeId::all(3).map(|each| u8::from(each == node)).collect();
                    _ = lab.act(Action::Partition { sides });
                }
                7 => lab.seek_time(Micros(rng.between(0, lab.tree().current().end.at.0))),
                8 => _ = lab.switch(some),
                9 | 10 => _ = lab.act(Action::Request { node, op, persistent: false }),
                _ if ids.len() > 4 => lab.delete(some),
                _ => _ = lab.undo(),
            }
            let history = straight(&*lab);
            judge.judge(lab.tree(), Budget::default());
            let (tree, now) = (lab.tree(), lab.moment());
            let is_linearizable = check_history(&history, Budget::default()).is_linearizable();
            let standing = judge.standing(tree, now).expect("it was judged");
            match standing {
                Standing::Linearizable { to } => assert!(is_linearizable && to == now),
                Standing::Not { .. } => assert!(!is_linearizable, "seed {seed}"),
                Standing::Undecided { .. } => panic!("so few operations can be ordered"),
            }
            broken += u32::from(!is_linearizable);
            let seen = judge.operations(tree, now, usize::MAX);
            assert_eq!(seen.len(), history.operations().len());
            for (seen, straight) in seen.iter().zip(history.operations()) {
                let returned = seen.operation.returned.clone().filter(|_| seen.answered);
                assert_eq!(
                    (&seen.operation.op, seen.operation.invoked),
                    (&straight.op, straight.invoked)
                );
                assert_eq!(returned, straight.returned);
            }
            for (_, order) in judge.orders(tree, now) {
                is_legal(&judge, order);
            }
        }
    }
    assert!(broken > 10, "reads were stale at {broken} moments only");
}

/// Whether one copy of the data, asked in this order, would have answered so.
fn is_legal(judge: &Consistency, order: &[usize]) {
    let mut state = KeyValue::initial();
    for &number in order {
        let operation = judge.operation(number);
        let answer = operation.returned.as_ref().map(|(_, answer)| answer);
        let answer = answer.filter(|answer| !matches!(answer, Answer::Redirect(_)));
        state = KeyValue::step(&state, &operation.op, answer).expect("the order explains it");
    }
}

// ---- faults --------------------------------------------------------------------------------------

#[test]
fn faults_are_spans_from_what_was_done_to_what_undid_it() {
    let s = |number: u8| NodeId(number - 1);
    let mut lab = open("raft", &[]);
    for action in [
        Action::Crash { node: s(1) },
        Action::Cut { from: s(2), to: s(3) },
        Action::Pause { node: s(4) },
        Action::Restart { node: s(1) },
        Action::Partition { sides: vec![0, 0, 1, 1, 1] },
        Action::Resume { node: s(4) },
        Action::Heal,
        Action::Heal,
        Action::Crash { node: s(5) },
    ] {
        lab.act(action).expect("it can be done");
        go_on(&mut *lab, ms(100));
    }
    let found = faults(&lab.tree().current().actions, lab.size());
    let told = found.iter().map(|fault| {
        (
            fault.kind,
            fault.phrase.render(Language::En),
            fault.from.0 / 100_000,
            fault.to.map(|to| to.0 / 100_000),
        )
    });
    let expected = [
        (FaultKind::Down, "S1 down", 0, Some(3)),
        (FaultKind::Cut, "links cut", 1, Some(4)),
        (FaultKind::Frozen, "S4 frozen", 2, Some(5)),
        (FaultKind::Cut, "partition S1 S2 | S3 S4 S5", 4, Some(6)),
        (FaultKind::Down, "S5 down", 8, None),
    ];
    let expected = expected.map(|(kind, phrase, from, to)| (kind, phrase.to_owned(), from, to));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
