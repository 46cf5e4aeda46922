//! What the clients of a run saw: every operation, when it was asked and what was answered.

use super::world::{EventKind, Watch};
use super::{Answer, Event, Micros, Op, Protocol, RequestId};

/// One operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name.
    pub request: RequestId,
    /// What was asked.
    pub op: Op,
    /// When it was first asked.
    pub invoked: Micros,
    /// When it was answered, and how. An operation without an answer may have taken effect, or may
    /// yet; so may one that was given up after a redirect: an earlier copy of the request may have
    /// reached a leader.
    pub returned: Option<(Micros, Answer)>,
}

/// All operations of a run, in the order in which they were first asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    operations: Vec<Operation>,
}

impl History {
    /// The operations.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }
}

impl<P: Protocol> Watch<P> for History {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: Event<'_, P>) {
        match event.kind {
            EventKind::Asked { request, op, again: false, .. } => {
                let (op, invoked) = (op.clone(), event.at);
                self.operations.push(Operation { request, op, invoked, returned: None });
            }
            EventKind::Returned { request, answer, .. } => {
                // Those that are open are few and young: they stand at the end.
                let asked = self.operations.iter_mut().rev().find(|each| each.request == request);
                let asked = asked.expect("an operation is asked before it is answered");
                asked.returned = Some((event.at, answer.clone()));
            }
            _ => {}
        }
    }
}

/// Two who want to know are told one after the other.
impl<P: Protocol, A: Watch<P>, B: Watch<P>> Watch<P> for (A, B) {
    const EXPLAIN: bool = A::EXPLAIN || B::EXPLAIN;

    fn event(&mut self, event: Event<'_, P>) {
        self.0.event(event.clone());
        self.1.event(event);
    }
}
