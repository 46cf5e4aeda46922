//! What is wrong with a run: a broken invariant, or something that clients must not see.

use std::collections::BTreeMap;

use conclave::check::linearizability::{Budget, Verdict, check_history};
use conclave::protocols::raft::{Config, ReadMode};
use conclave::sim::world::Breached;
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
    config.client_sessions && config.reads != ReadMode::Local
}

/// What is wrong with a run so far: the first breach of each invariant, in their order in time.
pub fn violations<P>(chaos: &Chaos<P>, seen: &Seen) -> Vec<Violation>
where
    P: Protocol<Config = Config>,
{
    let mut found: Vec<Violation> = Vec::new();
    for Breached { step, breach, .. } in chaos.world.breaches() {
        let invariant = P::Judge::INVARIANTS[P::Judge::invariant(breach)];
        if found.iter().all(|each| each.invariant != invariant) {
            found.push(Violation { invariant, step: *step, what: format!("{breach:?}") });
        }
    }
    if promises_linearizability(chaos.world.config()) {
        found.extend(unlinearizable(seen, chaos.world.steps()));
    }
    found
}

fn unlinearizable(seen: &Seen, now: u64) -> Option<Violation> {
    let (step, what) = match check_history(&seen.history, Budget::default()) {
        Verdict::Linearizable { .. } => return None,
        Verdict::Not { key, operation, .. } => {
            let operation = &seen.history.operations()[operation];
            let step = seen.returned[&operation.request];
            (step, format!("on {key:?} there is no place for {operation:?}"))
        }
        Verdict::Undecided { keys, steps } => {
            (now, format!("{keys:?} is undecided after {steps} steps"))
        }
    };
    Some(Violation { invariant: LINEARIZABILITY, step, what })
}
