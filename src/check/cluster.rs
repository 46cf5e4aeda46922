//! A small cluster as a [`Model`]: every order in which an engine's inputs can come, from a given
//! moment on.
//!
//! A search begins where a [`Recording`] ends: a cluster, with what clients have asked and all that
//! is under way. What is sent stays sent, as in the specifications of Paxos: a message can arrive at
//! any later moment, again and again, or never. So the network loses, repeats and reorders as badly
//! as one can think of, and what has arrived need not be told apart from what has not. A crash and
//! the restart that follows are one step: to be down is to receive nothing, which is possible
//! anyway. A timer that runs may go off at any moment. How often timers go off and nodes crash is
//! limited by the [`Scope`]. Clocks stand still, so engines that look at theirs are not for this.
//!
//! There are many states of a cluster, but few of a node. Each of these is kept once, with what
//! comes of each input there, so that the engine takes an input in a state once, however many
//! clusters that node is part of.
//!
//! The protocol's own judge looks on. It does not tell states apart: what it remembers should follow
//! from what nodes hold and from all that was ever sent. That is so for Paxos, as long as nobody is
//! the only one who learns of what it accepted; but for the order in which acceptances came.
//!
//! A path that was found can be played: as a [`Recording`], it leads a [`World`] to the same breach.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::explore::Model;
use crate::sim::digest::Digest;
use crate::sim::protocol::{Alarm, MAX_TIMERS};
use crate::sim::recording::Timed;
use crate::sim::world::Body;
use crate::sim::{
    Action, Context, Effects, Input, Judge, Micros, NodeId, Protocol, Recording, RecordingError,
    Seat, World,
};

/// How long after a step the next one is done in a recording, so that people can follow.
const PACE: Micros = Micros::from_millis(100);

/// Where a search begins, and how much may happen.
#[derive(Clone, Debug)]
pub struct Scope<P: Protocol> {
    /// The run up to there: the cluster, its settings, what clients have asked. Nodes that are down
    /// at its end stay down.
    pub begin: Recording,
    /// How many times, in all, a timer goes off.
    pub timeouts: u8,
    /// How many times, in all, a node crashes and starts again.
    pub crashes: u8,
    /// What nodes may come to; a step to anything else is not taken.
    pub within: fn(&P::State) -> bool,
    /// The one invariant to look at, by its name; none for all of the protocol's.
    pub invariant: Option<&'static str>,
}

/// A message to a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Letter<P: Protocol> {
    /// Who sent it.
    pub from: Seat,
    /// Who is to get it.
    pub to: NodeId,
    /// What it carries.
    pub body: Body<P>,
}

/// A cluster in a small scope.
#[derive(Clone, Debug)]
pub struct Cluster<P: Protocol> {
    scope: Scope<P>,
    world: World<P>,
    letters: Known<Letter<P>>,
    nodes: Known<Node<P>>,
    /// For each known node, what comes of each input that was tried, by [`Step::input`].
    outcomes: Vec<Vec<Option<Outcome>>>,
    fx: Effects<P>,
    /// The nodes that the judge is shown: which, and their states.
    shown: (Vec<u32>, Vec<Option<P::State>>),
}

/// A node, and who it is.
#[derive(Clone, Debug, PartialEq, Hash)]
struct Node<P: Protocol> {
    id: NodeId,
    /// None when it is down.
    state: Option<P::State>,
    /// A bit for each timer that runs.
    timers: u8,
}

/// What comes of an input: nothing, or nothing that is allowed, when it leaves the node as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    /// What the node becomes.
    node: u32,
    /// The letters that it sends.
    letters: Rc<[u16]>,
}

/// Values, each once, told apart by their digests, and known by the order in which they came.
#[derive(Clone, Debug)]
struct Known<T> {
    values: Vec<T>,
    places: BTreeMap<u64, u32>,
}

impl<T: Hash> Known<T> {
    fn place(&mut self, value: T) -> u32 {
        *self.places.entry(Digest::of(&value)).or_insert_with(|| {
            self.values.push(value);
            self.values.len() as u32 - 1
        })
    }
}

impl<P: Protocol> Known<Letter<P>> {
    fn letter(&mut self, letter: Letter<P>) -> u16 {
        let place = u16::try_from(self.place(letter));
        place.expect("a scope in which 65,536 different letters are sent is not small")
    }
}

/// A state of a cluster.
#[derive(Clone, Debug)]
pub struct State<P: Protocol> {
    nodes: Vec<u32>,
    /// A bit for each letter that was sent.
    sent: Vec<u64>,
    timeouts: u8,
    crashes: u8,
    judge: Rc<P::Judge>,
    /// What the judge has not seen yet.
    unseen: Option<Step>,
}

/// What can happen to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A letter arrives; which, [`Cluster::letter`] tells.
    Arrive(u16),
    /// A timer goes off, by its number in the protocol's list.
    Timeout(NodeId, u8),
    /// A node crashes and starts again.
    Bounce(NodeId),
}

impl Step {
    /// The input's number among all that a node can get.
    fn input(self) -> usize {
        match self {
            Self::Bounce(_) => 0,
            Self::Timeout(_, timer) => 1 + usize::from(timer),
            Self::Arrive(letter) => 1 + MAX_TIMERS + usize::from(letter),
        }
    }
}

impl<P: Protocol> Hash for State<P> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for node in &self.nodes {
            node.hash(hasher);
        }
        for word in &self.sent {
            word.hash(hasher);
        }
        (u16::from(self.timeouts) << 8 | u16::from(self.crashes)).hash(hasher);
    }
}

impl<P: Protocol> State<P> {
    fn send(&mut self, letter: u16) {
        let (word, bit) = (usize::from(letter / 64), letter % 64);
        if self.sent.len() <= word {
            self.sent.resize(word + 1, 0);
        }
        self.sent[word] |= 1 << bit;
    }

    /// The letters that were sent up to here.
    fn sent(&self) -> impl Iterator<Item = u16> {
        (0..).zip(&self.sent).flat_map(|(word, &bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
        })
    }
}

impl<P: Protocol> Cluster<P> {
    /// The cluster at the end of a recording.
    ///
    /// # Errors
    /// When the recording cannot be played.
    pub fn new(scope: Scope<P>) -> Result<Self, RecordingError> {
        let world = scope.begin.replay::<P>(&mut ())?;
        Ok(Self {
            scope,
            letters: Known { values: Vec::new(), places: BTreeMap::new() },
            nodes: Known { values: Vec::new(), places: BTreeMap::new() },
            outcomes: Vec::new(),
            fx: Effects::new(false),
            shown: (vec![u32::MAX; world.size().into()], vec![None; world.size().into()]),
            world,
        })
    }

    /// A letter that was sent in some state.
    pub fn letter(&self, letter: u16) -> &Letter<P> {
        &self.letters.values[usize::from(letter)]
    }

    /// All letters that were sent up to a state.
    pub fn sent<'a>(&'a self, state: &'a State<P>) -> impl Iterator<Item = &'a Letter<P>> {
        state.sent().map(|letter| self.letter(letter))
    }

    /// A node in a state of the cluster; none when it is down.
    pub fn node(&self, state: &State<P>, node: NodeId) -> Option<&P::State> {
        self.nodes.values[state.nodes[node.slot()] as usize].state.as_ref()
    }

    /// What becomes of a node that takes an input.
    fn take(&mut self, place: u32, step: Step) -> Outcome {
        let nothing = Outcome { node: place, letters: Rc::default() };
        let Node { id, state, mut timers } = self.nodes.values[place as usize].clone();
        let Some(mut state) = state else { return nothing };
        let cx = Context {
            id,
            nodes: self.world.size(),
            clock: self.world.clock(id),
            config: self.world.config(),
        };
        self.fx.clear();
        let fx = &mut self.fx;
        match step {
            Step::Bounce(_) => {
                timers = 0;
                state = P::boot(&cx, P::disk(state), fx);
            }
            Step::Timeout(_, timer) => {
                timers &= !(1 << timer);
                P::step(&cx, &mut state, Input::Timer(P::TIMERS[usize::from(timer)]), fx);
            }
            Step::Arrive(letter) => {
                let letter = &self.letters.values[usize::from(letter)];
                let input = match (&letter.body, letter.from) {
                    (Body::Peer(message), Seat::Node(from)) => Input::Message { from, message },
                    (Body::Request(command), _) => Input::Request(command),
                    _ => unreachable!("nodes are sent messages of peers and requests of clients"),
                };
                P::step(&cx, &mut state, input, fx);
            }
        }
        if !(self.scope.within)(&state) {
            return nothing;
        }
        for (timer, alarm) in fx.alarms() {
            let bit = 1 << P::timer_number(*timer);
            match alarm {
                Alarm::After { .. } => timers |= bit,
                Alarm::Off => timers &= !bit,
            }
        }
        let (from, letters) = (Seat::Node(id), &mut self.letters);
        let letters = fx.messages().iter().map(|(to, message)| {
            letters.letter(Letter { from, to: *to, body: Body::Peer(message.clone()) })
        });
        let letters = letters.collect();
        let node = self.nodes.place(Node { id, state: Some(state), timers });
        Outcome { node, letters }
    }

    /// The state after a step; none when nothing changes.
    fn after(&mut self, state: &State<P>, node: NodeId, step: Step) -> Option<State<P>> {
        let (place, input) = (state.nodes[node.slot()], step.input());
        if self.outcomes.len() <= place as usize {
            self.outcomes.resize(place as usize + 1, Vec::new());
        }
        let outcomes = &mut self.outcomes[place as usize];
        if outcomes.len() <= input {
            outcomes.resize(input + 1, None);
        }
        if self.outcomes[place as usize][input].is_none() {
            self.outcomes[place as usize][input] = Some(self.take(place, step));
        }
        let outcome = self.outcomes[place as usize][input].as_ref().expect("it was just tried");
        let was_sent = |letter: &u16| {
            state
                .sent
                .get(usize::from(letter / 64))
                .is_some_and(|word| word >> (letter % 64) & 1 == 1)
        };
        if outcome.node == place && outcome.letters.iter().all(was_sent) {
            return None;
        }
        let mut next = state.clone();
        next.nodes[node.slot()] = outcome.node;
        for &letter in &*outcome.letters {
            next.send(letter);
        }
        next.unseen = Some(step);
        Some(next)
    }

    /// Whose step it is.
    fn whose(&self, step: Step) -> NodeId {
        match step {
            Step::Arrive(letter) => self.letter(letter).to,
            Step::Timeout(node, _) | Step::Bounce(node) => node,
        }
    }

    /// A path as a recording: the run up to where it begins, and then each step done by hand.
    ///
    /// # Panics
    /// When the steps are not those of a path of this cluster.
    pub fn record(&self, steps: &[Step]) -> Recording {
        let mut world = self.world.clone();
        let mut recording = self.scope.begin.clone();
        let mut act = |world: &mut World<P>, action: Action| {
            let (at, after) = (world.now(), world.steps());
            world.act(&action, &mut ()).expect("what the model can do, the world can");
            recording.actions.push(Timed { at, after, action });
        };
        for (done, step) in steps.iter().enumerate() {
            let moment = world.now() + PACE;
            if world.next_due().is_none_or(|due| due > moment) {
                world.run_until(moment, &mut ());
            }
            match *step {
                Step::Bounce(node) => {
                    act(&mut world, Action::Crash { node });
                    act(&mut world, Action::Restart { node });
                }
                Step::Timeout(node, timer) => act(&mut world, Action::FireTimer { node, timer }),
                Step::Arrive(letter) => {
                    let Letter { from, to, body } = self.letter(letter);
                    let copies = world.flights().filter(|flight| {
                        (flight.from, flight.to) == (*from, Seat::Node(*to)) && flight.body == body
                    });
                    let mut copies: Vec<_> = copies.map(|flight| flight.id).collect();
                    copies.sort_unstable();
                    let message = copies[0];
                    // What arrives again later must still be under way then.
                    if copies.len() == 1 && steps[done + 1..].contains(step) {
                        act(&mut world, Action::Duplicate { message });
                    }
                    act(&mut world, Action::Deliver { message });
                }
            }
        }
        recording
    }
}

impl<P: Protocol> Model for Cluster<P> {
    type State = State<P>;
    type Step = Step;
    type Breach = <P::Judge as Judge<P>>::Breach;

    fn initial(&mut self) -> Vec<State<P>> {
        let world = &self.world;
        let nodes = NodeId::all(world.size()).map(|id| {
            let running = world.timers(id).fold(0, |timers, (number, _)| timers | 1 << number);
            self.nodes.place(Node { id, state: world.state(id).cloned(), timers: running })
        });
        let mut state = State {
            nodes: nodes.collect(),
            sent: Vec::new(),
            timeouts: self.scope.timeouts,
            crashes: self.scope.crashes,
            judge: Rc::new(world.judge().expect("a recording is judged").clone()),
            unseen: None,
        };
        let mut flights: Vec<_> = world.flights().collect();
        flights.sort_unstable_by_key(|flight| flight.id);
        for flight in flights {
            if let Seat::Node(to) = flight.to {
                let letter = Letter { from: flight.from, to, body: flight.body.clone() };
                state.send(self.letters.letter(letter));
            }
        }
        vec![state]
    }

    fn next(&mut self, state: &State<P>, into: &mut Vec<(Step, State<P>)>) {
        for letter in state.sent() {
            let (to, step) = (self.letter(letter).to, Step::Arrive(letter));
            into.extend(self.after(state, to, step).map(|next| (step, next)));
        }
        for node in NodeId::all(self.world.size()) {
            let running = self.nodes.values[state.nodes[node.slot()] as usize].timers;
            let running = if state.timeouts > 0 { running } else { 0 };
            for timer in (0..MAX_TIMERS as u8).filter(|timer| running >> timer & 1 == 1) {
                let step = Step::Timeout(node, timer);
                if let Some(mut next) = self.after(state, node, step) {
                    next.timeouts -= 1;
                    into.push((step, next));
                }
            }
            if state.crashes > 0
                && let Some(mut next) = self.after(state, node, Step::Bounce(node))
            {
                next.crashes -= 1;
                into.push((Step::Bounce(node), next));
            }
        }
    }

    fn breach(&mut self, state: &mut State<P>) -> Option<Self::Breach> {
        let step = state.unseen.take()?;
        let node = self.whose(step);
        let (places, shown) = &mut self.shown;
        for ((place, shown), new) in places.iter_mut().zip(&mut *shown).zip(&state.nodes) {
            if place != new {
                shown.clone_from(&self.nodes.values[*new as usize].state);
                *place = *new;
            }
        }
        let (judge, mut breaches) = (Rc::make_mut(&mut state.judge), Vec::new());
        if let Step::Bounce(_) = step {
            let up = shown[node.slot()].take();
            judge.changed(shown, node, &mut breaches);
            shown[node.slot()] = up;
        }
        judge.changed(shown, node, &mut breaches);
        while judge.milestone().is_some() {}
        breaches.into_iter().find(|breach| {
            let name = P::Judge::INVARIANTS[P::Judge::invariant(breach)];
            self.scope.invariant.is_none_or(|wanted| wanted == name)
        })
    }
}
