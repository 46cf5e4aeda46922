//! What is due, and when.

use std::hash::{Hash, Hasher};

use super::{ClientId, Micros, NodeId};

/// Something that will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The fate of the message in this slot is settled.
    Flight(u32),
    /// A timer goes off.
    Timer(NodeId, u8),
    /// A client thinks of its next operation.
    Thought(ClientId),
    /// A client has waited long enough for an answer.
    Impatience(ClientId),
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

impl Ticket {
    /// Tickets in order, as one number: quicker to compare.
    fn key(self) -> u128 {
        u128::from(self.at.0) << 64 | u128::from(self.order)
    }
}

/// Something that is due at one moment, until it is put off or called off. The queue may hold an
/// earlier ticket for it than the one that counts: putting it off, as a Raft follower does with its
/// election at each heartbeat, costs nothing until the earlier one comes up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    /// The ticket that counts, if any.
    pub ticket: Option<Ticket>,
    queued: Option<Ticket>,
}

/// What is in the queue for it says nothing about what will happen.
impl Hash for Plan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ticket.hash(state);
    }
}

/// What a ticket that comes up means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// What was planned is due.
    Due,
    /// It was put off until then.
    PutOff(Ticket),
    /// It was called off, or the ticket was taken twice.
    Void,
}

impl Plan {
    /// Plans it for the moment of a ticket, instead of whatever was planned.
    pub fn set(&mut self, ticket: Ticket, due: Due, queue: &mut Queue) {
        self.ticket = Some(ticket);
        if self.queued.is_none_or(|queued| queued > ticket) {
            self.queued = Some(ticket);
            queue.push(ticket, due);
        }
    }

    /// Calls it off.
    pub fn call_off(&mut self) {
        self.ticket = None;
    }

    /// A ticket for it comes up in the queue.
    pub fn turn(&mut self, ticket: Ticket) -> Turn {
        if self.queued != Some(ticket) {
            return Turn::Void;
        }
        match self.ticket {
            Some(current) if current == ticket => Turn::Due,
            later => {
                self.queued = later;
                later.map_or(Turn::Void, Turn::PutOff)
            }
        }
    }

    /// It was due, and its ticket has left the queue.
    pub fn left_queue(&mut self) {
        self.queued = None;
    }
}

/// The queue of everything that is due: a heap with four children a node, which is half as deep as
/// one with two and reads neighbours in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: Vec<(Ticket, Due)>,
    issued: u64,
}

/// How many children a place of the heap has.
const CHILDREN: usize = 4;

impl Queue {
    /// A ticket that is not in the queue yet.
    pub fn ticket(&mut self, at: Micros) -> Ticket {
        self.issued += 1;
        Ticket { at, order: self.issued }
    }

    /// Puts something into the queue.
    pub fn push(&mut self, ticket: Ticket, due: Due) {
        let mut place = self.heap.len();
        self.heap.push((ticket, due));
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent].0.key() < ticket.key() {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = (ticket, due);
    }

    /// What comes first.
    pub fn peek(&self) -> Option<(Ticket, Due)> {
        self.heap.first().copied()
    }

    /// Takes out what comes first.
    pub fn pop(&mut self) {
        if let Some(last) = self.heap.pop()
            && !self.heap.is_empty()
        {
            self.sink(last);
        }
    }

    /// Takes out everything, in order.
    pub fn empty(mut self) -> impl Iterator<Item = Due> {
        std::iter::from_fn(move || {
            let (_, due) = self.peek()?;
            self.pop();
            Some(due)
        })
    }

    /// Gives what comes first another moment.
    pub fn postpone(&mut self, ticket: Ticket) {
        if let Some(&(_, due)) = self.heap.first() {
            self.sink((ticket, due));
        }
    }

    /// Puts something in the place of what comes first.
    fn sink(&mut self, item: (Ticket, Due)) {
        let heap = &mut self.heap[..];
        let mut place = 0;
        while let Some(least) = least_child(heap, place)
            && heap[least].0.key() < item.0.key()
        {
            heap[place] = heap[least];
            place = least;
        }
        heap[place] = item;
    }
}

/// Which child of a place comes first; none when it has no children.
fn least_child(heap: &[(Ticket, Due)], place: usize) -> Option<usize> {
    let earlier = |one: usize, other: usize| {
        if heap[other].0.key() < heap[one].0.key() { other } else { one }
    };
    let first = place * CHILDREN + 1;
    if first + CHILDREN <= heap.len() {
        return Some(earlier(earlier(first, first + 1), earlier(first + 2, first + 3)));
    }
    (first..heap.len()).reduce(earlier)
}

#[cfg(test)]
mod tests {
    use super::{Due, Plan, Queue, Turn};
    use crate::sim::rng::Rng;
    use crate::sim::{ClientId, Micros};

    #[test]
    fn what_is_due_first_comes_first_and_of_two_what_was_asked_for_first() {
        let mut rng = Rng::new(1);
        for size in 0..200 {
            let mut queue = Queue::default();
            let mut expected = Vec::new();
            for _ in 0..size {
                let ticket = queue.ticket(Micros(rng.between(0, 20)));
                queue.push(ticket, Due::Flight(ticket.order as u32));
                expected.push(ticket);
            }
            // Some are put off when they come up, some new ones come in between.
            expected.sort_unstable();
            let mut taken = Vec::new();
            while let Some((ticket, due)) = queue.peek() {
                assert_eq!(ticket, expected.remove(0));
                taken.push(due);
                let later = queue.ticket(ticket.at + Micros(rng.between(1, 5)));
                match rng.between(0, 9) {
                    0 => queue.postpone(later),
                    1 => {
                        queue.pop();
                        queue.push(later, due);
                    }
                    _ => {
                        queue.pop();
                        continue;
                    }
                }
                expected.insert(expected.partition_point(|&other| other < later), later);
            }
            assert!(expected.is_empty());
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), size);
        }
    }

    #[test]
    fn a_plan_comes_up_once_at_its_last_moment() {
        let due = Due::Thought(ClientId(0));
        let mut queue = Queue::default();
        let mut plan = Plan::default();
        let [soon, sooner, late] = [20, 10, 30].map(|at| queue.ticket(Micros(at)));
        plan.set(soon, due, &mut queue);
        plan.set(late, due, &mut queue);
        assert_eq!(queue.peek(), Some((soon, due)), "putting off leaves the queue alone");
        assert_eq!(plan.turn(soon), Turn::PutOff(late));
        queue.postpone(late);
        plan.set(sooner, due, &mut queue);
        assert_eq!(queue.peek(), Some((sooner, due)));
        assert_eq!(plan.turn(sooner), Turn::Due);
        plan.left_queue();
        plan.call_off();
        queue.pop();
        assert_eq!(plan.turn(late), Turn::Void, "the ticket from before is worth nothing");
    }

    #[test]
    fn a_plan_that_is_called_off_does_not_come_up() {
        let due = Due::Impatience(ClientId(0));
        let mut queue = Queue::default();
        let mut plan = Plan::default();
        let [first, second] = [10, 20].map(|at| queue.ticket(Micros(at)));
        plan.set(first, due, &mut queue);
        plan.call_off();
        assert_eq!(plan.turn(first), Turn::Void);
        queue.pop();
        plan.set(second, due, &mut queue);
        assert_eq!(queue.peek(), Some((second, due)), "it is queued again");
        assert_eq!(plan.turn(second), Turn::Due);
    }
}
