//! What clients of Raft see is linearizable, whatever goes wrong; and a lie would be found.
//!
//! The runs are those of the sweep (`tests/sweep.rs`), with client sessions on, without which
//! a retry may be done twice, and with reads that promise the latest value.

mod support;

use conclave::check::linearizability::{Budget, Verdict, check_history};
use conclave::protocols::raft::{Raft, ReadMode};
use conclave::sim::{
    Action, Answer, Event, EventKind, History, Micros, Op, RequestId, Watch, Workload,
};
use support::chaos::{Chaos, Kind};

/// How many runs of each kind.
const SEEDS: u64 = 100;

/// A run with faults, then some seconds without, and all that its clients saw.
fn run<W: Watch<Raft>>(kind: Kind, seed: u64, watch: &mut W) {
    let mut chaos = Chaos::<Raft>::new(kind, seed, 1..=7);
    let on = Action::Configure { setting: "client_sessions".into(), value: 1 };
    chaos.act(on, watch);
    if chaos.world.config().reads == ReadMode::Local {
        let value = ReadMode::ReadIndex as u64;
        chaos.act(Action::Configure { setting: "reads".into(), value }, watch);
    }
    // Two keys and hasty clients: much that overlaps.
    let workload = Workload {
        clients: 5,
        think_least: Micros::from_millis(0),
        think_most: Micros::from_millis(40),
        read_percent: 50,
        keys: 2,
        patience: Micros::from_millis(100),
    };
    chaos.act(Action::SetWorkload { workload }, watch);
    chaos.rage(watch);
    chaos.mend(watch);
    chaos.world.run_until(chaos.world.now() + Micros::from_secs(2), watch);
}

#[test]
fn what_clients_see_is_linearizable() {
    let (mut operations, mut open, mut redirected) = (0, 0, 0);
    for kind in Kind::ALL {
        for seed in 0..SEEDS {
            let mut history = History::default();
            run(kind, seed, &mut history);
            let verdict = check_history(&history, Budget::default());
            assert!(verdict.is_linearizable(), "{kind:?}:{seed}: {verdict:?}");
            for operation in history.operations() {
                operations += 1;
                match operation.returned {
                    None => open += 1,
                    Some((_, Answer::Redirect(_))) => redirected += 1,
                    Some((_, Answer::Written | Answer::Value(_))) => {}
                }
            }
        }
    }
    println!("{operations} operations, {open} open, {redirected} redirected");
    assert!(operations > 50 * 5 * SEEDS, "the clients were busy: {operations} operations");
    assert!(open > SEEDS, "some never heard: {open} operations are open");
}

/// A history in which one answer is not what the client was told.
#[derive(Debug, Default)]
struct Liar {
    history: History,
    lie: Option<RequestId>,
}

impl Liar {
    /// A value that this read must not see: it was written and overwritten, one after the other,
    /// before the read began. Values that clients choose by themselves, `c1.5`, are written once.
    fn stale(&self, request: RequestId) -> Option<Answer> {
        let seen = self.history.operations();
        let asked = seen.iter().rfind(|each| each.request == request)?;
        let written_before = |moment: Micros| {
            seen.iter().rfind(|each| {
                let done =
                    |(at, answer): &(Micros, Answer)| *answer == Answer::Written && *at < moment;
                each.op.key() == asked.op.key() && each.returned.as_ref().is_some_and(done)
            })
        };
        let second = written_before(asked.invoked)?;
        let first = written_before(second.invoked)?;
        match (&asked.op, &first.op) {
            (Op::Read { .. }, Op::Write { value, .. }) if value.starts_with('c') => {
                Some(Answer::Value(Some(value.clone())))
            }
            _ => None,
        }
    }
}

impl Watch<Raft> for Liar {
    fn event(&mut self, event: Event<'_, Raft>) {
        let EventKind::Returned { flight, request, answer } = event.kind else {
            return self.history.event(event);
        };
        let lie = self.stale(request).filter(|_| self.lie.is_none());
        if lie.is_some() {
            self.lie = Some(request);
        }
        let answer = lie.as_ref().unwrap_or(answer);
        let kind = EventKind::Returned { flight, request, answer };
        self.history.event(Event { kind, ..event });
    }
}

#[test]
fn a_stale_answer_is_found() {
    let mut lies = 0;
    for kind in Kind::ALL {
        for seed in 0..SEEDS / 5 {
            let mut liar = Liar::default();
            run(kind, seed, &mut liar);
            let verdict = check_history(&liar.history, Budget::default());
            let Some(lie) = liar.lie else {
                assert!(verdict.is_linearizable(), "{kind:?}:{seed}: {verdict:?}");
                continue;
            };
            lies += 1;
            let Verdict::Not { key, operation, prefix } = verdict else {
                panic!("{kind:?}:{seed}: {lie} was told a lie: {verdict:?}");
            };
            let seen = liar.history.operations();
            let told = seen.iter().find(|each| each.request == lie).expect("it was asked");
            assert_eq!(key, *told.op.key(), "{kind:?}:{seed}");
            assert!(!prefix.contains(&operation), "{kind:?}:{seed}");
        }
    }
    assert!(lies > 4 * SEEDS / 5, "only {lies} lies were told");
}
