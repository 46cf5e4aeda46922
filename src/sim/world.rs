//! The event loop: a state and the next event make the next state.
//!
//! A [`World`] holds a cluster, its network and its clients. [`World::step`] takes the next event,
//! [`World::act`] does what a person asks for. Both are exact: two worlds that were made alike and
//! treated alike are equal, and a clone goes on like its original. Whoever wants to know what
//! happens passes a [`Watch`]; passing `&mut ()` costs nothing.

mod act;
mod post;

use std::hash::{Hash, Hasher};

use super::action::Action;
use super::client::{self, Client, Pending, Workload};
use super::digest::Digest;
use super::machine::{Answer, Command, Op, RequestId};
use super::network::{Network, Quality};
use super::node::{Node, Running, Status};
use super::protocol::{Alarm, Context, Effects, Input, Judge, Protocol};
use super::queue::{Due, Queue, Ticket, Turn};
use super::rng::Rng;
use super::tally::Tally;
use super::{ClientId, MAX_NODES, MessageId, Micros, NodeId, Seat};

pub use act::{check_quality, check_setting};
use post::Post;

/// The most breaches that a world keeps; one is enough to stop, and a broken run finds more for ever.
const MAX_BREACHES: usize = 64;

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body<P: Protocol> {
    /// From node to node.
    Peer(P::Message),
    /// From a client to a node.
    Request(Command),
    /// From a node to a client.
    Answer(RequestId, Answer),
}

/// A message under way.
#[derive(Clone, Debug)]
pub struct Flight<P: Protocol> {
    /// Its name in this run.
    pub id: MessageId,
    /// Who sent it.
    pub from: Seat,
    /// Who is to get it.
    pub to: Seat,
    /// What it carries.
    pub body: Body<P>,
    /// When it was sent.
    pub sent: Micros,
    /// When it arrives, or would arrive if it were not lost on the way.
    pub arrival: Micros,
    /// Why it will be lost on the way; none when it will arrive.
    pub doom: Option<Loss>,
    ticket: Ticket,
}

impl<P: Protocol> Flight<P> {
    /// When its fate is settled: at its arrival, or earlier when it is lost.
    pub fn due(&self) -> Micros {
        self.ticket.at
    }
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The network lost it by chance.
    Chance,
    /// The link is cut.
    Cut,
    /// The receiver is down.
    Down,
    /// A person dropped it.
    Hand,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event<'a, P: Protocol> {
    /// When.
    pub at: Micros,
    /// The world's count of steps, this one included.
    pub step: u64,
    /// What.
    pub kind: EventKind<'a, P>,
    /// Why the node did what it did about it.
    pub reasons: &'a [P::Reason],
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind<'a, P: Protocol> {
    /// A node was started, for the first time or again.
    Booted(NodeId),
    /// A message arrived and was taken in.
    Arrived(&'a Flight<P>),
    /// A message arrived at a paused node and waits.
    Held(&'a Flight<P>),
    /// A message was lost.
    Lost(&'a Flight<P>, Loss),
    /// A timer went off.
    TimerFired(NodeId, P::Timer),
    /// A client asks a node for something, for the first time or again.
    Asked {
        /// The operation's name.
        request: RequestId,
        /// What is asked.
        op: &'a Op,
        /// Who is asked.
        node: NodeId,
        /// Whether it was asked before.
        again: bool,
    },
    /// An operation of a client is over: the answer arrived.
    Returned {
        /// The message that brought the answer.
        flight: &'a Flight<P>,
        /// The operation's name.
        request: RequestId,
        /// The answer; a redirect means that the client gave up.
        answer: &'a Answer,
    },
    /// A person did something.
    Acted(&'a Action),
    /// The judge found an invariant broken.
    Breached(&'a <P::Judge as Judge<P>>::Breach),
    /// The judge saw something come about, whether or not any node knows.
    Reached(&'a <P::Judge as Judge<P>>::Milestone),
}

/// Somebody who wants to know what happens.
pub trait Watch<P: Protocol> {
    /// Whether reasons are wanted; without, they are not computed.
    const EXPLAIN: bool = true;

    /// Whether reasons are wanted now.
    fn explains(&self) -> bool {
        Self::EXPLAIN
    }

    /// Something happened.
    fn event(&mut self, event: Event<'_, P>);
}

impl<P: Protocol> Watch<P> for () {
    const EXPLAIN: bool = false;

    #[inline]
    fn event(&mut self, _: Event<'_, P>) {}
}

/// A breach of an invariant, and when it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breached<B> {
    /// When.
    pub at: Micros,
    /// The world's count of steps.
    pub step: u64,
    /// What is wrong.
    pub breach: B,
}

/// Something that came about, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<M> {
    /// When.
    pub at: Micros,
    /// The world's count of steps.
    pub step: u64,
    /// What.
    pub milestone: M,
}

/// How a world begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup<C> {
    /// How many nodes, from 1 to [`MAX_NODES`].
    pub nodes: u8,
    /// What all chance in the run comes from.
    pub seed: u64,
    /// How the protocol is tuned.
    pub config: C,
    /// The quality of all links.
    pub quality: Quality,
    /// What clients do by themselves.
    pub workload: Workload,
    /// Whether invariants are checked.
    pub judged: bool,
}

impl<C: Default> Default for Setup<C> {
    fn default() -> Self {
        Self {
            nodes: 5,
            seed: 1,
            config: C::default(),
            quality: Quality::default(),
            workload: Workload::default(),
            judged: true,
        }
    }
}

/// A cluster, its network and its clients, at a moment.
#[derive(Clone, Debug)]
pub struct World<P: Protocol> {
    config: P::Config,
    now: Micros,
    steps: u64,
    post: Post<P>,
    nodes: Vec<Node<P>>,
    states: Vec<Option<P::State>>,
    clients: Vec<Client>,
    workload: Workload,
    judge: Option<P::Judge>,
    found: Vec<<P::Judge as Judge<P>>::Breach>,
    breaches: Vec<Breached<<P::Judge as Judge<P>>::Breach>>,
    milestone: Option<Reached<<P::Judge as Judge<P>>::Milestone>>,
    tally: Tally,
    fx: Effects<P>,
}

impl<P: Protocol> World<P> {
    /// A world at its first moment, all nodes started.
    ///
    /// # Panics
    /// When the number of nodes is not from 1 to [`MAX_NODES`]; [`super::Recording`] refuses such
    /// a number with an error.
    pub fn new(setup: &Setup<P::Config>, watch: &mut impl Watch<P>) -> Self {
        let Setup { nodes, seed, ref config, quality, workload, judged } = *setup;
        assert!((1..=MAX_NODES).contains(&nodes), "{nodes} nodes; 1 to {MAX_NODES} are allowed");
        let mut world = Self {
            config: config.clone(),
            now: Micros(0),
            steps: 0,
            post: Post {
                rng: Rng::new(seed),
                queue: Queue::default(),
                network: Network::new(nodes, quality),
                flights: Vec::new(),
                free: Vec::new(),
                last_id: 0,
            },
            nodes: (0..nodes).map(|_| Node::new()).collect(),
            states: vec![None; nodes.into()],
            clients: Vec::new(),
            workload,
            judge: judged.then(|| P::Judge::new(nodes)),
            found: Vec::new(),
            breaches: Vec::new(),
            milestone: None,
            tally: Tally::default(),
            fx: Effects::new(false),
        };
        if let Some(judge) = &mut world.judge {
            judge.configured(config);
        }
        for node in NodeId::all(nodes) {
            world.boot(node, P::first_disk(), watch);
        }
        world.fit_clients();
        world
    }

    /// The present moment.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// How many events and actions there have been.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How many nodes there are.
    pub fn size(&self) -> u8 {
        self.nodes.len() as u8
    }

    /// How the protocol is tuned.
    pub fn config(&self) -> &P::Config {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.post.network
    }

    /// What clients do by themselves.
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// A node's state; none when it is down.
    pub fn state(&self, node: NodeId) -> Option<&P::State> {
        self.states[node.slot()].as_ref()
    }

    /// The disk of a node that is down; none when it is not.
    pub fn disk(&self, node: NodeId) -> Option<&P::Durable> {
        self.nodes[node.slot()].disk.as_ref()
    }

    /// Whether a node is up, paused or down.
    pub fn status(&self, node: NodeId) -> Status {
        self.nodes[node.slot()].status
    }

    /// What a node's clock shows.
    pub fn clock(&self, node: NodeId) -> Micros {
        self.nodes[node.slot()].clock(self.now)
    }

    /// The pace of a node's clock, in parts per million.
    pub fn clock_ppm(&self, node: NodeId) -> u32 {
        self.nodes[node.slot()].clock_ppm
    }

    /// The timers of a node that run, with their numbers.
    pub fn timers(&self, node: NodeId) -> impl Iterator<Item = (usize, Running)> {
        let timers = self.nodes[node.slot()].timers.iter().enumerate();
        timers.filter_map(|(number, timer)| Some((number, timer.running()?)))
    }

    /// All messages under way, in no order that means anything.
    pub fn flights(&self) -> impl Iterator<Item = &Flight<P>> {
        self.post.flights.iter().flatten()
    }

    /// All clients, by id.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The judge of the invariants; none when they are not checked.
    pub fn judge(&self) -> Option<&P::Judge> {
        self.judge.as_ref()
    }

    /// What was found wrong so far; at most 64 breaches are kept.
    pub fn breaches(&self) -> &[Breached<<P::Judge as Judge<P>>::Breach>] {
        &self.breaches
    }

    /// What came about last, seen from outside.
    pub fn milestone(&self) -> Option<&Reached<<P::Judge as Judge<P>>::Milestone>> {
        self.milestone.as_ref()
    }

    /// What the run cost so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The node that runs and leads, of those that believe so the one with the highest number.
    pub fn leader(&self) -> Option<NodeId> {
        let number = |node: &NodeId| self.state(*node).and_then(P::leads);
        self.tally.leaders().iter().max_by_key(number)
    }

    /// When the next event is due.
    pub fn next_due(&mut self) -> Option<Micros> {
        self.front().map(|(ticket, _)| ticket.at)
    }

    /// Takes the next event; tells whether there was one.
    pub fn step(&mut self, watch: &mut impl Watch<P>) -> bool {
        self.step_before(Micros(u64::MAX), watch)
    }

    /// Takes the next event if it is due up to a moment, that moment included; tells whether it was.
    pub(super) fn step_before(&mut self, moment: Micros, watch: &mut impl Watch<P>) -> bool {
        let Some((ticket, due)) = self.front().filter(|(ticket, _)| ticket.at <= moment) else {
            return false;
        };
        self.post.queue.pop();
        self.now = ticket.at;
        self.steps += 1;
        match due {
            Due::Flight(slot) => self.settle(slot, watch),
            Due::Timer(node, number) => self.timer_due(node, number, watch),
            Due::Thought(client) => self.thought_due(client, watch),
            Due::Impatience(client) => self.impatience_due(client, watch),
        }
        true
    }

    /// Takes all events that are due up to a moment, that moment included, and stops there. Does
    /// nothing when the moment is past.
    pub fn run_until(&mut self, moment: Micros, watch: &mut impl Watch<P>) {
        while self.step_before(moment, watch) {}
        self.now = self.now.max(moment);
    }

    /// Lets time pass in which nothing is due.
    pub(super) fn wait_until(&mut self, moment: Micros) {
        self.now = self.now.max(moment);
    }

    /// About how many bytes a copy of it takes.
    pub fn weight(&self) -> usize {
        let states: usize = self.states.iter().flatten().map(P::weight).sum();
        let flights = self.post.flights.len() * size_of::<Flight<P>>();
        let clients = self.clients.len() * size_of::<Client>();
        size_of::<Self>() + self.nodes.len() * size_of::<Node<P>>() + states + flights + clients
    }

    /// A number that tells this state from any other, the same natively and in every browser.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        let into = &mut digest;
        (self.now, self.steps, self.post.rng.peek(), self.post.last_id).hash(into);
        // Only what differs from the defaults: a setting that a later version adds must not change
        // the digests of older runs.
        let default = P::Config::default();
        for setting in P::settings() {
            let value = (setting.get)(&self.config);
            if value != (setting.get)(&default) {
                (setting.id, value).hash(into);
            }
        }
        self.states.hash(into);
        for node in &self.nodes {
            (node.status, &node.disk, node.clock_ppm, node.clock(self.now)).hash(into);
            node.backlog.len().hash(into);
            node.timers.map(|timer| timer.running()).hash(into);
        }
        let mut flights: Vec<_> = self.flights().collect();
        flights.sort_unstable_by_key(|flight| flight.id);
        for flight in flights {
            (flight.id, flight.from, flight.to, flight.sent, flight.arrival).hash(into);
            (&flight.body, flight.doom, flight.ticket).hash(into);
        }
        (&self.clients, self.workload, &self.post.network).hash(into);
        digest.finish()
    }

    /// The next event that still counts. What was put off, dropped or stopped is sorted out here.
    fn front(&mut self) -> Option<(Ticket, Due)> {
        loop {
            let (ticket, due) = self.post.queue.peek()?;
            let turn = match due {
                Due::Flight(slot) => match &self.post.flights[slot as usize] {
                    Some(flight) if flight.ticket == ticket => Turn::Due,
                    _ => Turn::Void,
                },
                Due::Timer(node, number) => {
                    self.nodes[node.slot()].timers[usize::from(number)].plan.turn(ticket)
                }
                Due::Thought(id) => self.clients[usize::from(id.0)].thought.turn(ticket),
                Due::Impatience(id) => self.clients[usize::from(id.0)].impatience.turn(ticket),
            };
            match turn {
                Turn::Due => return Some((ticket, due)),
                Turn::PutOff(later) => self.post.queue.postpone(later),
                Turn::Void => self.post.queue.pop(),
            }
        }
    }

    // ---- nodes -------------------------------------------------------------------------------

    /// Runs a piece of the engine at a node and carries out what it wants done.
    fn engine(
        &mut self,
        node: NodeId,
        explaining: bool,
        run: impl FnOnce(&Context<'_, P>, &mut Option<P::State>, &mut Effects<P>),
    ) {
        self.fx.clear();
        self.fx.explaining = explaining;
        let cx = Context {
            id: node,
            nodes: self.nodes.len() as u8,
            clock: self.nodes[node.slot()].clock(self.now),
            config: &self.config,
        };
        run(&cx, &mut self.states[node.slot()], &mut self.fx);
        let seat = &mut self.nodes[node.slot()];
        for (timer, alarm) in self.fx.alarms.drain(..) {
            let number = P::timer_number(timer);
            let Alarm::After { least, most } = alarm else {
                seat.timers[number].plan.call_off();
                continue;
            };
            let span = seat.to_world(self.post.rng.time(least, most));
            let ticket = self.post.queue.ticket(self.now + span);
            let timer = &mut seat.timers[number];
            timer.set = self.now;
            timer.plan.set(ticket, Due::Timer(node, number as u8), &mut self.post.queue);
        }
        for (to, message) in self.fx.messages.drain(..) {
            self.tally.sent(P::bytes(&message));
            self.post.send(self.now, Seat::Node(node), Seat::Node(to), Body::Peer(message));
        }
        for (request, answer) in self.fx.answers.drain(..) {
            let to = Seat::Client(request.client);
            self.post.send(self.now, Seat::Node(node), to, Body::Answer(request, answer));
        }
        if let Some(judge) = &mut self.judge {
            judge.changed(&self.states, node, &mut self.found);
        }
        self.count_leader(node);
    }

    /// A node may have begun to lead, or ceased to.
    fn count_leader(&mut self, node: NodeId) {
        let runs = self.nodes[node.slot()].status == Status::Up;
        let leads = runs && self.state(node).is_some_and(|state| P::leads(state).is_some());
        self.tally.leads(node, leads, self.now);
    }

    fn tell<'a, W: Watch<P>>(&'a self, watch: &mut W, kind: EventKind<'a, P>) {
        watch.event(Event { at: self.now, step: self.steps, kind, reasons: &self.fx.reasons });
    }

    /// Tells of an event that no engine had a part in.
    fn tell_plain(&self, watch: &mut impl Watch<P>, kind: EventKind<'_, P>) {
        watch.event(Event { at: self.now, step: self.steps, kind, reasons: &[] });
    }

    /// Keeps what the judge saw, and tells of it.
    fn record_findings(&mut self, watch: &mut impl Watch<P>) {
        let (at, step) = (self.now, self.steps);
        while let Some(milestone) = self.judge.as_mut().and_then(Judge::milestone) {
            watch.event(Event { at, step, kind: EventKind::Reached(&milestone), reasons: &[] });
            self.milestone = Some(Reached { at, step, milestone });
        }
        for breach in std::mem::take(&mut self.found) {
            if self.breaches.len() < MAX_BREACHES {
                watch.event(Event { at, step, kind: EventKind::Breached(&breach), reasons: &[] });
                self.breaches.push(Breached { at, step, breach });
            }
        }
    }

    fn feed(&mut self, node: NodeId, explaining: bool, input: Input<'_, P>) {
        self.engine(node, explaining, |cx, state, fx| {
            P::step(cx, state.as_mut().expect("only a node that is up is fed"), input, fx);
        });
    }

    fn boot<W: Watch<P>>(&mut self, node: NodeId, disk: P::Durable, watch: &mut W) {
        self.nodes[node.slot()].status = Status::Up;
        self.engine(node, watch.explains(), |cx, state, fx| *state = Some(P::boot(cx, disk, fx)));
        self.tell(watch, EventKind::Booted(node));
        self.record_findings(watch);
    }

    fn crash<W: Watch<P>>(&mut self, node: NodeId, watch: &mut W) {
        let seat = &mut self.nodes[node.slot()];
        seat.status = Status::Crashed;
        seat.disk = self.states[node.slot()].take().map(P::disk);
        for timer in &mut seat.timers {
            timer.plan.call_off();
        }
        // What waited at the door of a paused node is lost with it.
        for due in std::mem::take(&mut seat.backlog) {
            if let Due::Flight(slot) = due {
                self.lose(slot, Loss::Down, watch);
            }
        }
        self.fx.clear();
        if let Some(judge) = &mut self.judge {
            judge.changed(&self.states, node, &mut self.found);
        }
        self.count_leader(node);
    }

    fn resume(&mut self, node: NodeId) {
        self.nodes[node.slot()].status = Status::Up;
        self.count_leader(node);
        for due in self.at_the_door(node) {
            let ticket = self.post.queue.ticket(self.now);
            match due {
                Due::Flight(slot) => {
                    let flight = self.post.flights[slot as usize].as_mut();
                    flight.expect("a held message keeps its slot").ticket = ticket;
                    self.post.queue.push(ticket, due);
                }
                Due::Timer(_, number) => {
                    let timer = &mut self.nodes[node.slot()].timers[usize::from(number)];
                    timer.plan.set(ticket, due, &mut self.post.queue);
                }
                Due::Thought(_) | Due::Impatience(_) => unreachable!("clients are not paused"),
            }
        }
    }

    /// What came while a node was paused, then what comes in this very moment, in order.
    fn at_the_door(&mut self, node: NodeId) -> Vec<Due> {
        let mut waiting = std::mem::take(&mut self.nodes[node.slot()].backlog);
        let flights = self.post.flights.iter().enumerate().filter_map(|(slot, flight)| {
            let flight = flight.as_ref().filter(|flight| flight.to == Seat::Node(node))?;
            (flight.doom.is_none()).then_some((flight.ticket, Due::Flight(slot as u32)))
        });
        let timers = self
            .timers(node)
            .map(|(number, running)| (running.ticket, Due::Timer(node, number as u8)));
        let present = flights
            .chain(timers)
            .filter(|(ticket, due)| ticket.at <= self.now && !waiting.contains(due));
        let mut present: Vec<_> = present.collect();
        present.sort_unstable();
        waiting.extend(present.into_iter().map(|(_, due)| due));
        waiting
    }

    fn timer_due<W: Watch<P>>(&mut self, node: NodeId, number: u8, watch: &mut W) {
        let seat = &mut self.nodes[node.slot()];
        let timer = &mut seat.timers[usize::from(number)];
        timer.plan.left_queue();
        if seat.status == Status::Paused {
            seat.backlog.push(Due::Timer(node, number));
            return;
        }
        timer.plan.call_off();
        self.fire(node, number, watch);
    }

    fn fire<W: Watch<P>>(&mut self, node: NodeId, number: u8, watch: &mut W) {
        let timer = P::TIMERS[usize::from(number)];
        self.feed(node, watch.explains(), Input::Timer(timer));
        self.tell(watch, EventKind::TimerFired(node, timer));
        self.record_findings(watch);
    }

    // ---- messages ----------------------------------------------------------------------------

    /// The message in this slot arrives, or is lost where it is.
    fn settle<W: Watch<P>>(&mut self, slot: u32, watch: &mut W) {
        let flight = self.post.flights[slot as usize].as_ref().expect("the queue was checked");
        if let Some(why) = flight.doom {
            return self.lose(slot, why, watch);
        }
        match flight.to {
            Seat::Node(node) => match self.nodes[node.slot()].status {
                Status::Up => self.arrive(node, slot, watch),
                Status::Crashed => self.lose(slot, Loss::Down, watch),
                Status::Paused => {
                    self.nodes[node.slot()].backlog.push(Due::Flight(slot));
                    let flight = self.post.flights[slot as usize].as_ref();
                    self.tell_plain(watch, EventKind::Held(flight.expect("it was just read")));
                }
            },
            Seat::Client(client) => self.answered(client, slot, watch),
        }
    }

    fn lose<W: Watch<P>>(&mut self, slot: u32, why: Loss, watch: &mut W) {
        let flight = self.post.take(slot);
        self.tell_plain(watch, EventKind::Lost(&flight, why));
    }

    fn arrive<W: Watch<P>>(&mut self, node: NodeId, slot: u32, watch: &mut W) {
        let flight = self.post.take(slot);
        let input = match (&flight.body, flight.from) {
            (Body::Peer(message), Seat::Node(from)) => Input::Message { from, message },
            (Body::Request(command), _) => Input::Request(command),
            _ => unreachable!("a node is sent messages of its peers and requests of clients"),
        };
        self.feed(node, watch.explains(), input);
        self.tell(watch, EventKind::Arrived(&flight));
        self.record_findings(watch);
    }

    // ---- clients -----------------------------------------------------------------------------

    /// Sees to it that as many clients act by themselves as the workload says.
    fn fit_clients(&mut self) {
        let mut active = 0;
        for client in &mut self.clients {
            client.automatic &= active < self.workload.clients;
            active += u16::from(client.automatic);
        }
        while active < self.workload.clients
            && let Some(id) = self.free_client()
        {
            self.clients[usize::from(id.0)].automatic = true;
            self.think(id);
            active += 1;
        }
    }

    fn think(&mut self, id: ClientId) {
        let Workload { think_least, think_most, .. } = self.workload;
        let span = self.post.rng.time(think_least, think_most);
        let ticket = self.post.queue.ticket(self.now + span);
        let thought = &mut self.clients[usize::from(id.0)].thought;
        thought.set(ticket, Due::Thought(id), &mut self.post.queue);
    }

    fn thought_due<W: Watch<P>>(&mut self, id: ClientId, watch: &mut W) {
        let client = &mut self.clients[usize::from(id.0)];
        client.thought.left_queue();
        client.thought.call_off();
        if client.automatic && client.pending.is_none() {
            let node = client.favourite;
            let op = self.invent(id);
            self.begin(id, node, op, true, watch);
        }
    }

    fn impatience_due<W: Watch<P>>(&mut self, id: ClientId, watch: &mut W) {
        let size = self.size();
        let client = &mut self.clients[usize::from(id.0)];
        client.impatience.left_queue();
        client.impatience.call_off();
        if let Some(pending) = client.pending.as_mut().filter(|pending| pending.persistent) {
            // Going on from where it was sent to could lead round in a circle that leaves some out.
            pending.tried = NodeId((pending.tried.0 + 1) % size);
            let next = pending.tried;
            self.ask(id, next, true, watch);
        }
    }

    /// What a client that acts by itself does next.
    fn invent(&mut self, id: ClientId) -> Op {
        let Workload { keys, read_percent, .. } = self.workload;
        let key = client::key(self.post.rng.between(0, u64::from(keys.max(1)) - 1));
        if self.post.rng.between(0, 99) < read_percent.into() {
            return Op::Read { key };
        }
        let mut request = self.clients[usize::from(id.0)].request(id);
        request.sequence += 1;
        Op::Write { key, value: client::value(request) }
    }

    fn begin<W: Watch<P>>(
        &mut self,
        id: ClientId,
        node: NodeId,
        op: Op,
        persistent: bool,
        watch: &mut W,
    ) {
        let client = &mut self.clients[usize::from(id.0)];
        client.sequence += 1;
        client.pending = Some(Pending { op, invoked: self.now, node, tried: node, persistent });
        self.ask(id, node, false, watch);
    }

    fn ask<W: Watch<P>>(&mut self, id: ClientId, node: NodeId, again: bool, watch: &mut W) {
        let client = &mut self.clients[usize::from(id.0)];
        let request = client.request(id);
        let pending = client.pending.as_mut().expect("only a pending operation is asked for");
        pending.node = node;
        let command = Command { request, op: pending.op.clone() };
        let ticket = self.post.queue.ticket(self.now + self.workload.patience);
        client.impatience.set(ticket, Due::Impatience(id), &mut self.post.queue);
        self.tell_plain(watch, EventKind::Asked { request, op: &command.op, node, again });
        self.post.send(self.now, Seat::Client(id), Seat::Node(node), Body::Request(command));
    }

    /// An answer reaches a client.
    fn answered<W: Watch<P>>(&mut self, id: ClientId, slot: u32, watch: &mut W) {
        let flight = self.post.take(slot);
        let (Body::Answer(request, answer), Seat::Node(from)) = (&flight.body, flight.from) else {
            unreachable!("a client is sent answers of nodes");
        };
        let client = &mut self.clients[usize::from(id.0)];
        let persistent = match &client.pending {
            Some(pending) if client.request(id) == *request => pending.persistent,
            _ => return self.tell_plain(watch, EventKind::Arrived(&flight)),
        };
        match answer {
            Answer::Redirect(Some(node)) if *node != from => {
                self.tell_plain(watch, EventKind::Arrived(&flight));
                self.ask(id, *node, true, watch);
            }
            // Nobody knows a leader: a persistent client waits and asks somebody else.
            Answer::Redirect(_) if persistent => {
                self.tell_plain(watch, EventKind::Arrived(&flight));
            }
            Answer::Redirect(_) | Answer::Written | Answer::Value(_) => {
                if let (Some(pending), false) =
                    (client.pending.take(), matches!(answer, Answer::Redirect(_)))
                {
                    self.tally.answered(self.now.since(pending.invoked));
                }
                client.impatience.call_off();
                client.favourite = from;
                if client.automatic {
                    self.think(id);
                }
                let (request, flight) = (*request, &flight);
                self.tell_plain(watch, EventKind::Returned { flight, request, answer });
            }
        }
    }
}
