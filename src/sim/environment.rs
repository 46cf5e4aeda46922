//! Everything around the engines: time, chance, the network, the nodes' seats, the clients.
//!
//! None of it knows a protocol. An [`Environment`] does by itself what no engine has a part in, and
//! gives a [`Cue`] for the rest: the [`World`](super::World) lets its engines play it, and tells
//! whoever watches. Thus all of this is compiled once, however many protocols there are.

mod act;
mod check;
mod clients;
mod post;

use std::hash::Hash;

pub(crate) use check::Rules;
pub use check::{check_quality, check_setting};
pub(crate) use clients::Heard;
pub(crate) use post::{Envelope, Post};

use super::client::{Client, Workload};
use super::digest::Digest;
use super::network::{Network, Quality};
use super::node::{Node, Status};
use super::protocol::{Alarm, Context, Protocol};
use super::queue::{Due, Queue, Ticket, Turn};
use super::rng::Rng;
use super::tally::Tally;
use super::timeline::Moment;
use super::world::Loss;
use super::{ClientId, Micros, NodeId, Seat};

/// What comes next for the engines and for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// Nothing that anybody sees.
    Nothing,
    /// A node starts from its disk.
    Boot(NodeId),
    /// A node loses all but its disk.
    Crash(NodeId),
    /// A node stands still, or goes on.
    Halt(NodeId),
    /// A timer goes off.
    Fire(NodeId, u8),
    /// The message in this slot arrives at a node.
    Arrive(NodeId, u32),
    /// The message in this slot arrives at a client.
    Answer(ClientId, u32),
    /// The message in this slot waits at the door of a paused node.
    Hold(u32),
    /// The message in this slot is lost.
    Lose(u32, Loss),
    /// The body of one message is that of another, too.
    Copy {
        /// The slot where it is.
        from: u32,
        /// The slot where it is to be as well.
        to: u32,
    },
    /// A client asks for what it waits for.
    Ask {
        /// Who asks.
        client: ClientId,
        /// Whether it asked before.
        again: bool,
        /// The slot in which the request is under way.
        slot: u32,
    },
}

/// Everything around the engines, at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub now: Micros,
    pub steps: u64,
    rng: Rng,
    queue: Queue,
    pub network: Network,
    pub post: Post,
    pub(super) nodes: Vec<Node>,
    pub clients: Vec<Client>,
    pub workload: Workload,
    pub tally: Tally,
}

impl Environment {
    pub fn new(nodes: u8, seed: u64, quality: Quality, workload: Workload) -> Self {
        Self {
            now: Micros(0),
            steps: 0,
            rng: Rng::new(seed),
            queue: Queue::default(),
            network: Network::new(nodes, quality),
            post: Post::default(),
            nodes: (0..nodes).map(|_| Node::new()).collect(),
            clients: Vec::new(),
            workload,
            tally: Tally::default(),
        }
    }

    /// How many nodes there are.
    pub fn size(&self) -> u8 {
        self.nodes.len() as u8
    }

    /// A node's seat.
    pub fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.slot()]
    }

    /// This moment.
    pub fn moment(&self) -> Moment {
        Moment { after: self.steps, at: self.now }
    }

    /// Takes the next event if it is due up to a moment, that moment included.
    #[inline]
    pub fn next(&mut self, moment: Micros) -> Option<Cue> {
        let (ticket, due) = self.front().filter(|(ticket, _)| ticket.at <= moment)?;
        self.queue.pop();
        self.now = ticket.at;
        self.steps += 1;
        Some(match due {
            Due::Flight(slot) => self.settle(slot),
            Due::Timer(node, number) => self.timer_due(node, number),
            Due::Thought(client) => self.thought_due(client),
            Due::Impatience(client) => self.impatience_due(client),
        })
    }

    /// The next event that still counts. What was put off, dropped or stopped is sorted out here.
    fn front(&mut self) -> Option<(Ticket, Due)> {
        loop {
            let (ticket, due) = self.queue.peek()?;
            let turn = match due {
                Due::Flight(slot) => match self.post.get(slot) {
                    Some(envelope) if envelope.ticket == ticket => Turn::Due,
                    _ => Turn::Void,
                },
                Due::Timer(node, number) => {
                    self.nodes[node.slot()].timers[usize::from(number)].plan.turn(ticket)
                }
                Due::Thought(id) => self.client(id).thought.turn(ticket),
                Due::Impatience(id) => self.client(id).impatience.turn(ticket),
            };
            match turn {
                Turn::Due => return Some((ticket, due)),
                Turn::PutOff(later) => self.queue.postpone(later),
                Turn::Void => self.queue.pop(),
            }
        }
    }

    /// The message in this slot arrives, or is lost where it is.
    #[inline]
    fn settle(&mut self, slot: u32) -> Cue {
        let Envelope { to, doom, .. } = *self.post.at(slot);
        if let Some(why) = doom {
            return Cue::Lose(slot, why);
        }
        let node = match to {
            Seat::Node(node) => node,
            Seat::Client(client) => return Cue::Answer(client, slot),
        };
        let seat = &mut self.nodes[node.slot()];
        match seat.status {
            Status::Up => Cue::Arrive(node, slot),
            Status::Crashed => Cue::Lose(slot, Loss::Down),
            Status::Paused => {
                seat.backlog.push(Due::Flight(slot));
                Cue::Hold(slot)
            }
        }
    }

    fn timer_due(&mut self, node: NodeId, number: u8) -> Cue {
        let seat = &mut self.nodes[node.slot()];
        let timer = &mut seat.timers[usize::from(number)];
        timer.plan.left_queue();
        if seat.status == Status::Paused {
            seat.backlog.push(Due::Timer(node, number));
            return Cue::Nothing;
        }
        timer.plan.call_off();
        Cue::Fire(node, number)
    }

    /// Sets a timer of a node, or stops it.
    pub fn set_alarm(&mut self, node: NodeId, number: usize, alarm: Alarm) {
        let seat = &mut self.nodes[node.slot()];
        let Alarm::After { least, most } = alarm else {
            return seat.timers[number].plan.call_off();
        };
        let span = seat.to_world(self.rng.time(least, most));
        let ticket = self.queue.ticket(self.now + span);
        let timer = &mut seat.timers[number];
        timer.set = self.now;
        timer.plan.set(ticket, Due::Timer(node, number as u8), &mut self.queue);
    }

    /// When the next event is due.
    pub fn next_due(&mut self) -> Option<Micros> {
        self.front().map(|(ticket, _)| ticket.at)
    }

    /// Lets time pass in which nothing is due.
    pub fn wait_until(&mut self, moment: Micros) {
        self.now = self.now.max(moment);
    }

    /// Counts in the number with which a node leads, if it runs and does.
    pub fn count_leader(&mut self, node: NodeId, number: Option<u64>) {
        let runs = self.node(node).status == Status::Up;
        self.tally.leads(node, number.filter(|_| runs), self.now);
    }

    /// What a node knows of where it runs.
    pub fn context<'a, P: Protocol>(&self, id: NodeId, config: &'a P::Config) -> Context<'a, P> {
        Context { id, nodes: self.size(), clock: self.node(id).clock(self.now), config }
    }

    /// About how many bytes a copy of it takes, beside its own size.
    pub fn weight(&self) -> usize {
        let post = self.post.slots() * size_of::<Option<Envelope>>();
        let clients = self.clients.len() * size_of::<Client>();
        self.nodes.len() * size_of::<Node>() + post + clients + self.tally.weight()
    }

    // ---- its parts of the world's digest, in their order -------------------------------------

    /// What comes first.
    pub fn hash_time(&self, into: &mut Digest) {
        (self.now, self.steps, self.rng.peek(), self.post.last_id).hash(into);
    }

    /// What comes last, after nodes and messages.
    pub fn hash_rest(&self, into: &mut Digest) {
        (&self.clients, self.workload, &self.network).hash(into);
    }
}
