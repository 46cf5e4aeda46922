//! What the clients of a run saw: every operation, when it was asked and what was answered.

use super::world::{EventKind, Watch};
use super::{Answer, Event, Micros, Op, Protocol, RequestId};

/// The beginning or the end of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The world's count of steps.
    pub step: u64,
    /// When.
    pub at: Micros,
    /// The operation.
    pub request: RequestId,
    /// What was asked, or what was answered.
    pub what: Said,
}

/// What a client asks, or is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It asks for the first time.
    Asked(Op),
    /// It is answered.
    Answered(Answer),
}

impl Turn {
    /// What of an event belongs to a history, if anything.
    pub fn of<P: Protocol>(event: &Event<'_, P>) -> Option<Self> {
        let (request, what) = match event.kind {
            EventKind::Asked { request, op, again: false, .. } => {
                (request, Said::Asked(op.clone()))
            }
            EventKind::Returned { request, answer, .. } => {
                (request, Said::Answered(answer.clone()))
            }
            _ => return None,
        };
        Some(Self { step: event.step, at: event.at, request, what })
    }
}

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

    /// Adds what comes next; tells which operation it belongs to.
    ///
    /// # Panics
    /// When something is answered that nobody has asked.
    pub fn add(&mut self, turn: &Turn) -> usize {
        let Turn { at, request, what, .. } = turn;
        match what {
            Said::Asked(op) => {
                let (request, op, invoked) = (*request, op.clone(), *at);
                self.operations.push(Operation { request, op, invoked, returned: None });
                self.operations.len() - 1
            }
            Said::Answered(answer) => {
                // Those that are open are few and young: they stand at the end.
                let asked = self.operations.iter().rposition(|each| each.request == *request);
                let asked = asked.expect("an operation is asked before it is answered");
                self.operations[asked].returned = Some((*at, answer.clone()));
                asked
            }
        }
    }
}

impl<P: Protocol> Watch<P> for History {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: Event<'_, P>) {
        if let Some(turn) = Turn::of(&event) {
            self.add(&turn);
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
