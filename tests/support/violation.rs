//! What is wrong with a run: a broken invariant, or something that clients must not see.

use std::collections::BTreeMap;

use conclave::check::linearizability::{Budget, Verdict, check_history};
use conclave::protocols::raft::Config;
use conclave::sim::{Event, EventKind, History, Judge, Protocol, RequestId, Watch};

use super::chaos::Chaos;

/// The name of the one invariant that no judge of a protocol knows.
pub const LINEARIZABILITY: &str = "linearizability";

/// What clients see, and at which step each answer reached them.
#[derive(Debug, Default)]
pub struct Seen {
    pub history: History,
    returned: BTreeMap<RequestId, u64>,
}

impl<P: Protocol> Watch<P> for Seen {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: Event<'_, P>) {
        if let EventKind::Returned { request, .. } = event.kind {
            self.returned.insert(request, event.step);
        }
        self.history.event(event);
    }
}

/// What is wrong.
#[derive(Debug)]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// The world's count of steps when it showed.
    pub step: u64,
    /// The rest, for people.
    pub what: String,
}

/// Whether clients are promised that what they see is linearizable.
pub fn promises_linearizability(config: &Config) -> bool {
    // Without sessions a retry may be done twice.
    config.client_sessions
}

/// The first thing that is wrong with a run so far.
pub fn violation<P>(chaos: &Chaos<P>, seen: &Seen) -> Option<Violation>
where
    P: Protocol<Config = Config>,
{
    if let Some(first) = chaos.world.breaches().first() {
        let invariant = P::Judge::INVARIANTS[P::Judge::invariant(&first.breach)];
        return Some(Violation {
            invariant,
            step: first.step,
            what: format!("{:?}", first.breach),
        });
    }
    if !promises_linearizability(chaos.world.config()) {
        return None;
    }
    match check_history(&seen.history, Budget::default()) {
        Verdict::Linearizable { .. } => None,
        Verdict::Not { key, operation, .. } => {
            let operation = &seen.history.operations()[operation];
            let step = seen.returned[&operation.request];
            let what = format!("on {key:?} there is no place for {operation:?}");
            Some(Violation { invariant: LINEARIZABILITY, step, what })
        }
        Verdict::Undecided { keys, steps } => {
            let what = format!("{keys:?} is undecided after {steps} steps");
            Some(Violation { invariant: "undecided", step: chaos.world.steps(), what })
        }
    }
}
