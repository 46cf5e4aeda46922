//! What clients see is recorded as they saw it.

use conclave::protocols::raft::Raft;
use conclave::sim::world::Setup;
use conclave::sim::{Action, Answer, History, Micros, NodeId, Op, Workload, World};

fn write(key: &str, value: &str) -> Op {
    Op::Write { key: key.into(), value: value.into() }
}

fn read(key: &str) -> Op {
    Op::Read { key: key.into() }
}

/// A cluster whose first leader is there, and who that is.
fn led(history: &mut History) -> (World<Raft>, NodeId) {
    let mut world = World::<Raft>::new(&Setup::default(), history);
    let leader = |world: &World<Raft>| {
        NodeId::all(5).find(|&node| world.state(node).is_some_and(|server| server.is_leader()))
    };
    while leader(&world).is_none() {
        world.step(history);
    }
    let leader = leader(&world).expect("the loop ended with one");
    (world, leader)
}

#[test]
fn an_operation_is_recorded_from_its_first_asking_to_its_answer() {
    let mut history = History::default();
    let (mut world, leader) = led(&mut history);
    let begun = world.now();
    for op in [write("x", "1"), read("x")] {
        let action = Action::Request { node: leader, op, persistent: false };
        world.act(&action, &mut history).expect("the leader can be asked");
        world.run_until(world.now() + Micros::from_secs(1), &mut history);
    }
    let [written, seen] = history.operations() else { panic!("two operations: {history:?}") };
    assert_eq!((written.op.clone(), written.invoked), (write("x", "1"), begun));
    assert_eq!(written.returned.as_ref().map(|(_, answer)| answer), Some(&Answer::Written));
    let (at, answer) = seen.returned.as_ref().expect("the read was answered");
    assert_eq!(answer, &Answer::Value(Some("1".into())));
    assert!(*at > seen.invoked);
}

#[test]
fn an_operation_that_nobody_answers_stays_open() {
    let mut history = History::default();
    let (mut world, leader) = led(&mut history);
    world.act(&Action::Crash { node: leader }, &mut history).expect("it is up");
    let action = Action::Request { node: leader, op: write("x", "1"), persistent: false };
    world.act(&action, &mut history).expect("a node that is down can be asked in vain");
    world.run_until(world.now() + Micros::from_secs(10), &mut history);
    assert_eq!(history.operations().len(), 1);
    assert_eq!(history.operations()[0].returned, None);
}

#[test]
fn a_retry_is_no_second_operation() {
    let mut history = History::default();
    let (mut world, leader) = led(&mut history);
    world.act(&Action::Crash { node: leader }, &mut history).expect("it is up");
    let action = Action::Request { node: leader, op: write("x", "1"), persistent: true };
    world.act(&action, &mut history).expect("a node that is down can be asked");
    world.run_until(world.now() + Micros::from_secs(10), &mut history);
    assert_eq!(history.operations().len(), 1);
    assert!(history.operations()[0].returned.is_some(), "the others have elected a leader");
}

#[test]
fn clients_that_act_by_themselves_answer_for_every_operation() {
    let workload = Workload { clients: 5, ..Workload::default() };
    let setup = Setup { workload, ..Setup::default() };
    let mut history = History::default();
    let mut world = World::<Raft>::new(&setup, &mut history);
    world.run_until(Micros::from_secs(20), &mut history);
    let operations = history.operations();
    assert!(operations.len() > 200, "{} operations in 20 s", operations.len());
    let open = operations.iter().filter(|operation| operation.returned.is_none()).count();
    assert!(open <= 5, "a client has one operation at a time, {open} are open");
    let begun: u32 = world.clients().iter().map(|client| client.sequence).sum();
    assert_eq!(operations.len(), begun as usize);
}
