//! The post: everything that sending needs, so that it can be borrowed apart from the nodes.

use super::{Body, Flight};
use crate::sim::network::Passage;
use crate::sim::queue::{Due, Queue};
use crate::sim::rng::Rng;
use crate::sim::{ActionError, MessageId, Micros, Network, Protocol, Seat};

/// Chance, the queue, the network, and the messages under way.
#[derive(Clone, Debug)]
pub(super) struct Post<P: Protocol> {
    pub rng: Rng,
    pub queue: Queue,
    pub network: Network,
    pub flights: Vec<Option<Flight<P>>>,
    pub free: Vec<u32>,
    pub last_id: u64,
}

impl<P: Protocol> Post<P> {
    pub fn passage(&mut self, from: Seat, to: Seat, now: Micros) -> Passage {
        match (from, to) {
            (Seat::Node(from), Seat::Node(to)) => {
                self.network.passage(from, to, now, &mut self.rng)
            }
            _ => self.network.client_passage(now, &mut self.rng),
        }
    }

    pub fn send(&mut self, now: Micros, from: Seat, to: Seat, body: Body<P>) {
        if let (Seat::Node(sender), Seat::Node(receiver)) = (from, to)
            && self.network.duplicates(sender, receiver, &mut self.rng)
        {
            self.launch(now, from, to, body.clone());
        }
        self.launch(now, from, to, body);
    }

    pub fn launch(&mut self, now: Micros, from: Seat, to: Seat, body: Body<P>) {
        let Passage { due, arrival, doom } = self.passage(from, to, now);
        let ticket = self.queue.ticket(due);
        self.last_id += 1;
        let id = MessageId(self.last_id);
        let flight = Flight { id, from, to, body, sent: now, arrival, doom, ticket };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.flights.push(Some(flight));
                (self.flights.len() - 1) as u32
            }
        };
        self.queue.push(ticket, Due::Flight(slot));
    }

    pub fn take(&mut self, slot: u32) -> Flight<P> {
        self.free.push(slot);
        self.flights[slot as usize].take().expect("the queue names slots that are taken")
    }

    pub fn find(&self, id: MessageId) -> Result<u32, ActionError> {
        self.flights
            .iter()
            .position(|flight| flight.as_ref().is_some_and(|flight| flight.id == id))
            .map(|slot| slot as u32)
            .ok_or(ActionError::NoSuchMessage { message: id })
    }

    /// Gives a message under way another moment.
    pub fn reschedule(&mut self, slot: u32, due: Micros, arrival: Micros) {
        let ticket = self.queue.ticket(due);
        self.queue.push(ticket, Due::Flight(slot));
        let flight = self.flights[slot as usize].as_mut().expect("the slot was just found");
        flight.ticket = ticket;
        flight.arrival = arrival;
    }
}
