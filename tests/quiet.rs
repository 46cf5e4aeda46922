//! Quiet time is time in which nothing happens that matters: what may be skipped, what may not, and
//! that the run is the same whoever skips.

use conclave::protocols::catalog;
use conclave::scene::{Class, EventRow, Lab, Quiet};
use conclave::sim::timeline::Moment;
use conclave::sim::{Action, Micros, NodeId, Recording, Workload};

const ALL: u64 = u64::MAX;
const PROTOCOLS: [&str; 3] = ["raft", "multi_paxos", "paxos"];

/// Two clients that take their time.
fn slow(protocol: &str, beside: Option<&str>) -> Box<dyn Lab> {
    let workload = Workload {
        clients: 2,
        think_least: Micros::from_secs(2),
        think_most: Micros::from_secs(20),
        ..Workload::default()
    };
    let recording = Recording { workload, ..Recording::new(protocol, 5, 4) };
    let session = catalog::begin(recording, beside).expect("it is in range");
    catalog::resume(session).expect("nothing has been done").0
}

/// Somebody watches, 10 ms at a time, and skips what is quiet; gives what was skipped.
fn watch(lab: &mut dyn Lab, until: Micros) -> Vec<(Micros, Micros)> {
    let mut skipped = Vec::new();
    while lab.now() < until {
        let (now, mut to) = (lab.now(), lab.now() + Micros::from_millis(10));
        if let Some(later) = lab.quiet().skip(now).filter(|&later| later < until) {
            skipped.push((now, later));
            to = later;
        }
        lab.run_until(to.min(until), ALL);
    }
    skipped
}

fn crash_at(lab: &mut dyn Lab, second: u64) {
    lab.run_until(Micros::from_secs(second), ALL);
    lab.act(Action::Crash { node: NodeId(1) }).expect("it is up");
}

/// Whether the list of events makes something of it, or a client has a part in it.
fn matters(row: &EventRow) -> bool {
    row.key || row.class != Class::Node || row.notation.starts_with('C')
}

#[test]
fn whoever_skips_comes_to_the_state_of_whoever_does_not() {
    let end = Micros::from_secs(120);
    for (protocol, beside) in
        PROTOCOLS.map(|each| (each, None)).into_iter().chain([("raft", Some("multi_paxos"))])
    {
        let mut straight = slow(protocol, beside);
        crash_at(&mut *straight, 60);
        straight.run_until(end, ALL);
        let mut lab = slow(protocol, beside);
        let before = watch(&mut *lab, Micros::from_secs(60));
        lab.act(Action::Crash { node: NodeId(1) }).expect("it is up");
        let after = watch(&mut *lab, end);
        assert!(!before.is_empty() && !after.is_empty(), "{protocol}");
        let facts = |lab: &dyn Lab| (lab.now(), lab.steps(), lab.digest(), lab.recording());
        assert_eq!(facts(&*lab), facts(&*straight), "{protocol}");
        if let (Some(left), Some(right)) = (lab.beside(), straight.beside()) {
            assert_eq!(facts(left), facts(right));
        }
    }
}

#[test]
fn nothing_that_matters_is_skipped_and_what_ends_the_quiet_does() {
    for protocol in PROTOCOLS {
        let mut lab = slow(protocol, None);
        let skipped = watch(&mut *lab, Micros::from_secs(60));
        let rows = lab.story(lab.steps());
        let whole: u64 = skipped.iter().map(|(from, to)| to.since(*from).0).sum();
        assert!(whole > Micros::from_secs(20).0, "{protocol}: only {whole} µs are skipped");
        for (from, to) in skipped {
            let inside = rows.iter().filter(|row| (from..=to).contains(&row.at) && row.at > from);
            let lost: Vec<_> = inside.filter(|row| matters(row)).collect();
            assert_eq!(lost, <[&EventRow; 0]>::default(), "{protocol}: from {from} to {to}");
            let next = rows.iter().find(|row| row.at > to && matters(row)).map(|row| row.at);
            let wait = next.map(|at| at.since(to));
            assert!(wait <= Some(Micros::from_millis(60)), "{protocol}: {wait:?} after {to}");
        }
    }
}

#[test]
fn an_action_that_lies_ahead_ends_the_quiet() {
    let mut lab = catalog::open(Recording::new("raft", 5, 1)).expect("it is in range");
    crash_at(&mut *lab, 30);
    lab.seek(Moment { after: 0, at: Micros(0) });
    lab.run_until(Micros::from_secs(5), ALL);
    let ends = Quiet { until: Micros::from_secs(30), ends: true };
    assert_eq!(lab.quiet(), ends);
    assert_eq!(ends.skip(lab.now()), Some(Micros::from_millis(29_980)));
    assert_eq!(ends.skip(Micros::from_millis(29_950)), None, "too little to skip");
    // On a branch without it, nothing is known to happen.
    lab.fork("").expect("there is room");
    let open = lab.quiet();
    assert!(!open.ends && open.until > Micros::from_secs(60), "{open:?}");
    assert_eq!(open.skip(lab.now()), None);
}

#[test]
fn whoever_acts_looks_ahead_anew() {
    let mut lab = catalog::open(Recording::new("raft", 5, 1)).expect("it is in range");
    lab.run_until(Micros::from_secs(2), ALL);
    assert!(!lab.quiet().ends);
    lab.crash_leader().expect("somebody leads");
    let soon = lab.quiet();
    assert!(soon.ends && soon.until < Micros::from_secs(3), "{soon:?}");
}
