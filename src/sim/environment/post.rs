//! The post: all messages under way, as far as they can be told from outside.

use std::hash::Hash;

use super::Environment;
use crate::sim::digest::Digest;
use crate::sim::network::Passage;
use crate::sim::queue::{Due, Queue, Ticket};
use crate::sim::world::Loss;
use crate::sim::{ActionError, MessageId, Micros, Seat};

/// What stands on a message; the body is kept by the world, in the same slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub id: MessageId,
    pub from: Seat,
    pub to: Seat,
    pub sent: Micros,
    /// When it arrives, or would arrive if it were not lost on the way.
    pub arrival: Micros,
    /// Why it will be lost on the way; none when it will arrive.
    pub doom: Option<Loss>,
    pub(in crate::sim) ticket: Ticket,
}

impl Envelope {
    /// When its fate is settled.
    pub fn due(&self) -> Micros {
        self.ticket.at
    }

    /// What of a message's digest comes before its body.
    pub fn hash_outside(&self, into: &mut Digest) {
        (self.id, self.from, self.to, self.sent, self.arrival).hash(into);
    }

    /// What of a message's digest comes after its body.
    pub fn hash_fate(&self, into: &mut Digest) {
        (self.doom, self.ticket).hash(into);
    }
}

const TAKEN: &str = "only slots that are taken are named";

/// The slots of all messages under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    slots: Vec<Option<Envelope>>,
    free: Vec<u32>,
    pub last_id: u64,
}

impl Post {
    /// All messages under way with their slots, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Envelope)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(slot, envelope)| Some((slot as u32, envelope.as_ref()?)))
    }

    /// How many slots there are, free ones included.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// What is in a slot, if anything.
    pub fn get(&self, slot: u32) -> Option<&Envelope> {
        self.slots[slot as usize].as_ref()
    }

    /// The message in a slot that is taken.
    pub fn at(&self, slot: u32) -> &Envelope {
        self.get(slot).expect(TAKEN)
    }

    /// The same, to change it.
    pub fn at_mut(&mut self, slot: u32) -> &mut Envelope {
        self.slots[slot as usize].as_mut().expect(TAKEN)
    }

    /// Takes a message out and leaves its slot free.
    pub fn take(&mut self, slot: u32) -> Envelope {
        self.free.push(slot);
        self.slots[slot as usize].take().expect(TAKEN)
    }

    /// The slot of a message.
    ///
    /// # Errors
    /// When it is not under way.
    pub fn find(&self, id: MessageId) -> Result<u32, ActionError> {
        let mut all = self.iter();
        let found = all.find(|(_, envelope)| envelope.id == id);
        found.map(|(slot, _)| slot).ok_or(ActionError::NoSuchMessage { message: id })
    }

    fn put(&mut self, envelope: Envelope) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(envelope);
            return slot;
        }
        self.slots.push(Some(envelope));
        (self.slots.len() - 1) as u32
    }
}

impl Environment {
    /// Whether the network makes two of a message that is sent now.
    pub fn duplicates(&mut self, from: Seat, to: Seat) -> bool {
        match (from, to) {
            (Seat::Node(from), Seat::Node(to)) => self.network.duplicates(from, to, &mut self.rng),
            _ => false,
        }
    }

    /// Sends a message on its way; in which slot it is.
    pub fn launch(&mut self, from: Seat, to: Seat) -> u32 {
        let Passage { due, arrival, doom } = match (from, to) {
            (Seat::Node(from), Seat::Node(to)) => {
                self.network.passage(from, to, self.now, &mut self.rng)
            }
            _ => self.network.client_passage(self.now, &mut self.rng),
        };
        let ticket = self.queue.ticket(due);
        self.post.last_id += 1;
        let id = MessageId(self.post.last_id);
        let slot = self.post.put(Envelope { id, from, to, sent: self.now, arrival, doom, ticket });
        self.queue.push(ticket, Due::Flight(slot));
        slot
    }

    /// Gives a message under way another moment.
    pub(super) fn reschedule(&mut self, slot: u32, due: Micros, arrival: Micros) {
        let ticket = self.queue.ticket(due);
        self.queue.push(ticket, Due::Flight(slot));
        let envelope = self.post.at_mut(slot);
        (envelope.ticket, envelope.arrival) = (ticket, arrival);
    }

    /// The slots of all messages under way, in the order in which these were sent.
    pub fn sent(&self) -> impl Iterator<Item = u32> {
        let mut order = Queue::default();
        for (slot, envelope) in self.post.iter() {
            let ticket = Ticket { at: Micros(0), order: envelope.id.0 };
            order.push(ticket, Due::Flight(slot));
        }
        order.empty().map(|due| match due {
            Due::Flight(slot) => slot,
            _ => unreachable!("only messages were put in"),
        })
    }
}
