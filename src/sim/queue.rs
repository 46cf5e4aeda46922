//! What is due, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{ClientId, Micros, NodeId};

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The fate of the message in this slot is settled.
    Flight(u32),
    /// A timer goes off.
    Timer(NodeId, u8),
    /// A client thinks of its next operation, or has waited long enough for an answer.
    Client(ClientId),
}

/// A place in the queue: the moment, then the order of asking. It names one intention for ever, so
/// that whoever changes their mind just forgets the ticket and takes a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket {
    /// When.
    pub at: Micros,
    /// Which of those that are due at the same moment; unique in a run.
    pub order: u64,
}

/// The queue of everything that is due.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(Ticket, Due)>>,
    issued: u64,
}

impl Queue {
    /// A ticket that is not in the queue yet.
    pub fn ticket(&mut self, at: Micros) -> Ticket {
        self.issued += 1;
        Ticket { at, order: self.issued }
    }

    /// Puts something into the queue.
    pub fn push(&mut self, ticket: Ticket, due: Due) {
        self.heap.push(Reverse((ticket, due)));
    }

    /// What comes first.
    pub fn peek(&self) -> Option<(Ticket, Due)> {
        self.heap.peek().map(|Reverse(first)| *first)
    }

    /// Takes out what comes first.
    pub fn pop(&mut self) {
        self.heap.pop();
    }

    /// Replaces what comes first, at the cost of one sift.
    pub fn postpone(&mut self, ticket: Ticket) {
        if let Some(mut first) = self.heap.peek_mut() {
            first.0.0 = ticket;
        }
    }
}
