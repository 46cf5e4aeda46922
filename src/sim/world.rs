//! The event loop: a state and the next event make the next state.
//!
//! A [`World`] holds a cluster, its network and its clients. [`World::step`] takes the next event,
//! [`World::act`] does what a person asks for. Both are exact: two worlds that were made alike and
//! treated alike are equal, and a clone goes on like its original. Whoever wants to know what
//! happens passes a [`Watch`]; passing `&mut ()` costs nothing.
//!
//! What comes next is found by the environment, which knows no protocol. Here are the engines and
//! what only they understand: their states and disks, the bodies of messages, and their judge.

mod event;

use std::hash::{Hash, Hasher};

use super::action::{Action, ActionError};
use super::client::{Client, Workload};
use super::digest::Digest;
use super::environment::{Cue, Envelope, Environment, Heard, Rules};
use super::network::{Network, Quality};
use super::node::{Running, Status};
use super::protocol::{Effects, Input, Judge, Protocol};
use super::tally::Tally;
use super::{ClientId, MAX_NODES, Micros, NodeId, Seat};

pub use super::environment::{check_quality, check_setting};
pub use event::{Body, Breached, Event, EventKind, Flight, Loss, Reached, Watch};

/// The most breaches that a world keeps; one is enough to stop, and a broken run finds more for ever.
const MAX_BREACHES: usize = 64;

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
    around: Environment,
    /// None for a node that is down.
    states: Vec<Option<P::State>>,
    /// What is left of nodes that are down.
    disks: Vec<Option<P::Durable>>,
    bodies: Bodies<P>,
    judge: Option<P::Judge>,
    found: Vec<<P::Judge as Judge<P>>::Breach>,
    breaches: Vec<Breached<<P::Judge as Judge<P>>::Breach>>,
    milestone: Option<Reached<<P::Judge as Judge<P>>::Milestone>>,
    fx: Effects<P>,
}

/// The bodies of the messages under way, each in the slot of its envelope.
#[derive(Clone, Debug)]
struct Bodies<P: Protocol>(Vec<Option<Body<P>>>);

impl<P: Protocol> Bodies<P> {
    fn get(&self, slot: u32) -> &Body<P> {
        self.0[slot as usize].as_ref().expect("what has an envelope has a body")
    }

    fn put(&mut self, slot: u32, body: Body<P>) {
        let slot = slot as usize;
        if slot == self.0.len() {
            self.0.push(Some(body));
        } else {
            self.0[slot] = Some(body);
        }
    }

    fn take(&mut self, slot: u32) -> Body<P> {
        self.0[slot as usize].take().expect("what has an envelope has a body")
    }

    fn send(&mut self, around: &mut Environment, from: Seat, to: Seat, body: Body<P>) {
        if around.duplicates(from, to) {
            self.put(around.launch(from, to), body.clone());
        }
        self.put(around.launch(from, to), body);
    }
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
            around: Environment::new(nodes, seed, quality, workload),
            states: vec![None; nodes.into()],
            disks: vec![Some(P::first_disk()); nodes.into()],
            bodies: Bodies(Vec::new()),
            judge: judged.then(|| P::Judge::new(nodes)),
            found: Vec::new(),
            breaches: Vec::new(),
            milestone: None,
            fx: Effects::new(false),
        };
        if let Some(judge) = &mut world.judge {
            judge.configured(config);
        }
        for node in NodeId::all(nodes) {
            world.boot(node, watch);
        }
        world.around.fit_clients();
        world
    }

    /// What is around the engines.
    pub(crate) fn around(&self) -> &Environment {
        &self.around
    }

    /// What the message in a slot carries.
    pub(crate) fn body(&self, slot: u32) -> &Body<P> {
        self.bodies.get(slot)
    }

    pub(super) fn around_mut(&mut self) -> &mut Environment {
        &mut self.around
    }

    /// The present moment.
    pub fn now(&self) -> Micros {
        self.around.now
    }

    /// How many events and actions there have been.
    pub fn steps(&self) -> u64 {
        self.around.steps
    }

    /// How many nodes there are.
    pub fn size(&self) -> u8 {
        self.around.size()
    }

    /// How the protocol is tuned.
    pub fn config(&self) -> &P::Config {
        &self.config
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.around.network
    }

    /// What clients do by themselves.
    pub fn workload(&self) -> Workload {
        self.around.workload
    }

    /// A node's state; none when it is down.
    pub fn state(&self, node: NodeId) -> Option<&P::State> {
        self.states[node.slot()].as_ref()
    }

    /// The disk of a node that is down; none when it is not.
    pub fn disk(&self, node: NodeId) -> Option<&P::Durable> {
        self.disks[node.slot()].as_ref()
    }

    /// Whether a node is up, paused or down.
    pub fn status(&self, node: NodeId) -> Status {
        self.around.node(node).status
    }

    /// What a node's clock shows.
    pub fn clock(&self, node: NodeId) -> Micros {
        self.around.node(node).clock(self.now())
    }

    /// The pace of a node's clock, in parts per million.
    pub fn clock_ppm(&self, node: NodeId) -> u32 {
        self.around.node(node).clock_ppm
    }

    /// The timers of a node that run, with their numbers.
    pub fn timers(&self, node: NodeId) -> impl Iterator<Item = (usize, Running)> {
        self.around.node(node).timers()
    }

    /// All messages under way, in no order that means anything.
    pub fn flights(&self) -> impl Iterator<Item = Flight<'_, P>> {
        let post = self.around.post.iter();
        post.map(|(slot, envelope)| Flight::new(envelope, self.bodies.get(slot)))
    }

    /// All clients, by id.
    pub fn clients(&self) -> &[Client] {
        &self.around.clients
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
        &self.around.tally
    }

    /// The node that runs and leads, of those that believe so the one with the highest number.
    pub fn leader(&self) -> Option<NodeId> {
        let number = |node: &NodeId| self.state(*node).and_then(P::leads);
        self.tally().leaders().iter().max_by_key(number)
    }

    /// About how many bytes a copy of it takes.
    pub fn weight(&self) -> usize {
        let states: usize = self.states.iter().flatten().map(P::weight).sum();
        let bodies = self.bodies.0.len() * size_of::<Option<Body<P>>>();
        let disks = self.disks.len() * size_of::<Option<P::Durable>>();
        size_of::<Self>() + self.around.weight() + disks + states + bodies
    }

    /// A number that tells this state from any other, the same natively and in every browser.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        let into = &mut digest;
        self.around.hash_time(into);
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
        for (node, disk) in self.around.nodes.iter().zip(&self.disks) {
            node.status.hash(into);
            disk.hash(into);
            node.hash_rest(self.now(), into);
        }
        for slot in self.around.sent() {
            let envelope = self.around.post.at(slot);
            envelope.hash_outside(into);
            self.bodies.get(slot).hash(into);
            envelope.hash_fate(into);
        }
        self.around.hash_rest(into);
        digest.finish()
    }

    // ---- onwards -----------------------------------------------------------------------------

    /// When the next event is due.
    pub fn next_due(&mut self) -> Option<Micros> {
        self.around.next_due()
    }

    /// Takes the next event; tells whether there was one.
    pub fn step(&mut self, watch: &mut impl Watch<P>) -> bool {
        self.step_before(Micros(u64::MAX), watch)
    }

    /// Takes the next event if it is due up to a moment, that moment included; tells whether it was.
    pub(super) fn step_before(&mut self, moment: Micros, watch: &mut impl Watch<P>) -> bool {
        let cue = self.around.next(moment);
        let some = cue.is_some();
        if let Some(cue) = cue {
            self.play(cue, watch);
        }
        some
    }

    /// Takes all events that are due up to a moment, that moment included, and stops there. Does
    /// nothing when the moment is past.
    pub fn run_until(&mut self, moment: Micros, watch: &mut impl Watch<P>) {
        while self.step_before(moment, watch) {}
        self.wait_until(moment);
    }

    /// Lets time pass in which nothing is due.
    pub(super) fn wait_until(&mut self, moment: Micros) {
        self.around.wait_until(moment);
    }

    /// Checks that an action can be done.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, action: &Action) -> Result<(), ActionError> {
        self.around.check(action, Rules::of::<P>())
    }

    /// Does what a person asks for.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    pub fn act<W: Watch<P>>(&mut self, action: &Action, watch: &mut W) -> Result<(), ActionError> {
        self.check(action)?;
        self.around.steps += 1;
        if let Action::Order { node, order } = action {
            self.feed(*node, watch.explains(), Input::Order(order));
            // Told afterwards, with what the node made of it.
            self.tell(watch, EventKind::Acted(action));
        } else {
            self.tell_plain(watch, EventKind::Acted(action));
            if let Action::Configure { setting, value } = action {
                self.configure(setting, *value);
            }
            for cue in self.around.act(action) {
                self.play(cue, watch);
            }
        }
        self.record_findings(watch);
        Ok(())
    }

    fn configure(&mut self, setting: &str, value: u64) {
        let setting = P::settings().iter().find(|each| each.id == setting);
        (setting.expect("checked").set)(&mut self.config, value);
        if let Some(judge) = &mut self.judge {
            judge.configured(&self.config);
        }
    }

    /// Does at last what the environment leaves to the engines, and tells of it.
    fn play<W: Watch<P>>(&mut self, cue: Cue, watch: &mut W) {
        match cue {
            Cue::Nothing => {}
            Cue::Boot(node) => self.boot(node, watch),
            Cue::Crash(node) => self.crash(node),
            Cue::Halt(node) => self.count_leader(node),
            Cue::Fire(node, number) => {
                let timer = P::TIMERS[usize::from(number)];
                self.feed(node, watch.explains(), Input::Timer(timer));
                self.tell(watch, EventKind::TimerFired(node, timer));
                self.record_findings(watch);
            }
            Cue::Arrive(node, slot) => self.arrive(node, slot, watch),
            Cue::Answer(client, slot) => self.answer(client, slot, watch),
            Cue::Hold(slot) => {
                let envelope = self.around.post.at(slot);
                let flight = Flight::new(envelope, self.bodies.get(slot));
                self.tell_plain(watch, EventKind::Held(&flight));
            }
            Cue::Lose(slot, why) => {
                let (envelope, body) = self.take(slot);
                self.tell_plain(watch, EventKind::Lost(&Flight::new(&envelope, &body), why));
            }
            Cue::Copy { from, to } => self.bodies.put(to, self.bodies.get(from).clone()),
            Cue::Ask { client, again, slot } => self.ask(client, again, slot, watch),
        }
    }

    // ---- nodes -------------------------------------------------------------------------------

    fn boot<W: Watch<P>>(&mut self, node: NodeId, watch: &mut W) {
        let disk = self.disks[node.slot()].take().expect("a node that is down has a disk");
        self.fx.begin(watch.explains());
        let cx = self.around.context(node, &self.config);
        self.states[node.slot()] = Some(P::boot(&cx, disk, &mut self.fx));
        self.carry_out(node);
        self.tell(watch, EventKind::Booted(node));
        self.record_findings(watch);
    }

    fn crash(&mut self, node: NodeId) {
        self.disks[node.slot()] = self.states[node.slot()].take().map(P::disk);
        self.changed(node);
    }

    fn feed(&mut self, node: NodeId, explaining: bool, input: Input<'_, P>) {
        self.fx.begin(explaining);
        let cx = self.around.context(node, &self.config);
        let state = self.states[node.slot()].as_mut().expect("only a node that is up is fed");
        P::step(&cx, state, input, &mut self.fx);
        self.carry_out(node);
    }

    /// Carries out what a node wants done.
    fn carry_out(&mut self, node: NodeId) {
        let Self { around, bodies, fx, .. } = self;
        for (timer, alarm) in fx.alarms.drain(..) {
            around.set_alarm(node, P::timer_number(timer), alarm);
        }
        let from = Seat::Node(node);
        for (to, message) in fx.messages.drain(..) {
            around.tally.sent(P::kind(&message), P::bytes(&message), around.now);
            bodies.send(around, from, Seat::Node(to), Body::Peer(message));
        }
        for (request, answer) in fx.answers.drain(..) {
            let to = Seat::Client(request.client);
            bodies.send(around, from, to, Body::Answer(request, answer));
        }
        self.changed(node);
    }

    /// The judge looks at a node that may be another one now.
    fn changed(&mut self, node: NodeId) {
        if let Some(judge) = &mut self.judge {
            judge.changed(&self.states, node, &mut self.found);
        }
        self.count_leader(node);
        let committed = self.state(node).map_or(0, P::committed);
        self.around.tally.committed(committed, self.now());
    }

    /// A node may have begun to lead, or ceased to.
    fn count_leader(&mut self, node: NodeId) {
        let number = self.state(node).and_then(P::leads);
        self.around.count_leader(node, number);
    }

    // ---- messages ----------------------------------------------------------------------------

    /// Takes out a message whose fate is settled.
    fn take(&mut self, slot: u32) -> (Envelope, Body<P>) {
        (self.around.post.take(slot), self.bodies.take(slot))
    }

    /// A message reaches a node.
    fn arrive<W: Watch<P>>(&mut self, node: NodeId, slot: u32, watch: &mut W) {
        let (envelope, body) = self.take(slot);
        let input = match (&body, envelope.from) {
            (Body::Peer(message), Seat::Node(from)) => Input::Message { from, message },
            (Body::Request(command), _) => Input::Request(command),
            _ => unreachable!("a node is sent messages of its peers and requests of clients"),
        };
        self.feed(node, watch.explains(), input);
        self.tell(watch, EventKind::Arrived(&Flight::new(&envelope, &body)));
        self.record_findings(watch);
    }

    /// A request of a client goes on its way.
    fn ask<W: Watch<P>>(&mut self, id: ClientId, again: bool, slot: u32, watch: &mut W) {
        let (command, node) = self.around.asked(id);
        let (request, op) = (command.request, &command.op);
        self.tell_plain(watch, EventKind::Asked { request, op, node, again });
        self.bodies.put(slot, Body::Request(command));
    }

    /// An answer reaches a client.
    fn answer<W: Watch<P>>(&mut self, id: ClientId, slot: u32, watch: &mut W) {
        let (envelope, body) = self.take(slot);
        let (Body::Answer(request, answer), Seat::Node(from)) = (&body, envelope.from) else {
            unreachable!("a client is sent answers of nodes");
        };
        let (request, flight) = (*request, &Flight::new(&envelope, &body));
        match self.around.hear(id, from, request, answer) {
            Heard::Nothing => self.tell_plain(watch, EventKind::Arrived(flight)),
            Heard::Redirect(node) => {
                self.tell_plain(watch, EventKind::Arrived(flight));
                let slot = self.around.ask(id, node);
                self.ask(id, true, slot, watch);
            }
            Heard::End => self.tell_plain(watch, EventKind::Returned { flight, request, answer }),
        }
    }

    // ---- telling -----------------------------------------------------------------------------

    fn tell<'a, W: Watch<P>>(&'a self, watch: &mut W, kind: EventKind<'a, P>) {
        let (at, step) = (self.now(), self.steps());
        watch.event(Event { at, step, kind, reasons: &self.fx.reasons });
    }

    /// Tells of an event that no engine had a part in.
    fn tell_plain(&self, watch: &mut impl Watch<P>, kind: EventKind<'_, P>) {
        watch.event(Event { at: self.now(), step: self.steps(), kind, reasons: &[] });
    }

    /// Keeps what the judge saw, and tells of it.
    fn record_findings(&mut self, watch: &mut impl Watch<P>) {
        let (at, step) = (self.now(), self.steps());
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
}
