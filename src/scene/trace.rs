//! What a space–time diagram is drawn from: who sent what to whom and when, what became of it, and how
//! each node fared. Small records in the order of time, of any protocol; a run that is longer than
//! [`STRETCH`] is known in part.

use super::subject::{self, Subject};
use super::{Epoch, Exhibit, Flight, Glyph};
use crate::sim;
use crate::sim::node::Status;
use crate::sim::timeline::{Moment, Place, Tree};
use crate::sim::world::Body;
use crate::sim::{Event, EventKind, MessageId, Micros, NodeId, NodeSet, Seat, Watch};

/// The most steps that a trace covers, but for a quarter that it may grow by: 16 MiB of messages.
pub const STRETCH: u64 = 250_000;
/// How many arrows share one bound on their ends.
const CHUNK: usize = 512;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was settled before the trace begins, which does not know it.
    Unknown,
    /// It is on its way, or waits at a node that is paused.
    UnderWay,
    /// It arrived and was taken in.
    Delivered,
    /// It was lost.
    Lost,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// When it was sent.
    pub sent: Micros,
    /// When it arrives, or would arrive if it were not lost on the way.
    pub arrival: Micros,
    /// When its fate was settled: later than the arrival, if it had to wait for a node. Of one that is
    /// under way, when it was sent.
    pub end: Micros,
    /// The world's count of steps when it was sent.
    pub sent_step: u32,
    /// The world's count of steps at that moment.
    pub end_step: u32,
    /// Who sent it.
    pub from: Seat,
    /// Who was to get it.
    pub to: Seat,
    /// What became of it.
    pub fate: Fate,
    /// How it is drawn on the stage.
    pub glyph: Glyph,
    /// The colour of the epoch that it speaks of.
    pub colour: Option<u8>,
}

impl Arrow {
    /// A message under way, but for the step in which it was sent.
    fn of(flight: &Flight) -> Self {
        let Flight { from, to, sent, arrival, glyph, epoch, .. } = *flight;
        Self {
            sent,
            arrival,
            end: sent,
            sent_step: 0,
            end_step: 0,
            from,
            to,
            fate: Fate::UnderWay,
            glyph,
            colour: epoch.colour(),
        }
    }
}

/// How a node fares from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// From when on.
    pub since: Micros,
    /// Whether it is up, paused or down.
    pub status: Status,
    /// The epoch that it leads.
    pub leads: Option<Epoch>,
}

/// The trace of a branch, or of a part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    branch: Place,
    from: Moment,
    /// The name of the first arrow.
    first: u64,
    /// By name, and so in the order in which they were sent.
    arrows: Vec<Arrow>,
    /// For each chunk of arrows, the last moment at which one of them was settled.
    ends: Vec<Micros>,
    under_way: Vec<u64>,
    standings: Vec<Vec<Standing>>,
    clients: u16,
    /// Whose standing may have changed in this step.
    touched: NodeSet,
}

impl Trace {
    /// The moment at which it begins.
    pub fn from(&self) -> Moment {
        self.from
    }

    /// How far it has come, on which branch.
    pub fn upto(&self) -> Place {
        self.branch
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u8 {
        self.standings.len() as u8
    }

    /// How many clients have sent something.
    pub fn clients(&self) -> u16 {
        self.clients
    }

    /// All messages, in the order in which they were sent.
    pub fn arrows(&self) -> impl Iterator<Item = (MessageId, &Arrow)> {
        (self.first..)
            .map(MessageId)
            .zip(&self.arrows)
            .filter(|(_, arrow)| arrow.fate != Fate::Unknown)
    }

    /// One message.
    pub fn arrow(&self, id: MessageId) -> Option<&Arrow> {
        let place = usize::try_from(id.0.checked_sub(self.first)?).ok()?;
        self.arrows.get(place).filter(|arrow| arrow.fate != Fate::Unknown)
    }

    /// How a node fared, from when on; never empty.
    pub fn standings(&self, node: NodeId) -> &[Standing] {
        &self.standings[node.slot()]
    }

    /// Calls with each message that was on its way between two moments. What is settled is found
    /// without a look at what was sent and settled before or after.
    pub fn between<'a>(
        &'a self,
        from: Micros,
        to: Micros,
        each: &mut dyn FnMut(MessageId, &'a Arrow),
    ) {
        let last = self.arrows.partition_point(|arrow| arrow.sent <= to);
        for (number, chunk) in self.arrows[..last].chunks(CHUNK).enumerate() {
            if self.ends[number] < from {
                continue;
            }
            for (place, arrow) in chunk.iter().enumerate() {
                let settled = matches!(arrow.fate, Fate::Delivered | Fate::Lost);
                if settled && arrow.end >= from {
                    each(MessageId(self.first + (number * CHUNK + place) as u64), arrow);
                }
            }
        }
        for &id in &self.under_way {
            if let Some(arrow) = self.arrow(MessageId(id)).filter(|arrow| arrow.sent <= to) {
                each(MessageId(id), arrow);
            }
        }
    }

    // ---- how it comes about -----------------------------------------------------------------

    /// The trace of a branch from where a world stands on.
    pub(super) fn new(place: Place, world: &dyn Subject) -> Self {
        let around = world.around();
        let nodes = around.size();
        let under_way = around.post.iter().map(|(_, envelope)| envelope.id.0).min();
        let first = under_way.unwrap_or(around.post.last_id + 1);
        let mut trace = Self {
            branch: place,
            from: around.moment(),
            first,
            arrows: Vec::new(),
            ends: Vec::new(),
            under_way: Vec::new(),
            standings: vec![Vec::new(); nodes.into()],
            clients: 0,
            touched: NodeId::all(nodes).collect(),
        };
        trace.stepped(world);
        for arrow in &mut trace.arrows {
            arrow.fate = Fate::Unknown;
        }
        trace.look_up(world);
        let mut sent = Micros(0);
        for arrow in &mut trace.arrows {
            match arrow.fate {
                Fate::Unknown => arrow.sent = sent,
                _ => sent = arrow.sent,
            }
        }
        trace
    }

    /// From which step to which one a branch is to be replayed for its trace. One that is of another
    /// branch, or too far from the present, is taken away first.
    pub(super) fn wanted(trace: &mut Option<Self>, here: Place, tree: &Tree) -> (u64, u64) {
        let (present, end) = (here.moment.after, tree.current().end.after);
        let fits = |trace: &mut Self| {
            let last = trace.branch.moment.after.max(trace.from.after + STRETCH);
            (trace.from.after..=last).contains(&present) && tree.shares(trace.branch, here.branch)
        };
        *trace = trace.take_if(fits);
        match trace {
            Some(trace) => {
                trace.branch.branch = here.branch;
                (trace.branch.moment.after, trace.goal(end))
            }
            None => {
                let from = present.saturating_sub(STRETCH / 2).min(end.saturating_sub(STRETCH));
                (from, end.min(from + STRETCH))
            }
        }
    }

    /// After which step it is to end, of a branch that ends after `end`.
    pub(super) fn goal(&self, end: u64) -> u64 {
        end.min(self.from.after + STRETCH)
    }

    /// Whether it ends where its branch ends and the present is, so that what happens now belongs to
    /// it.
    pub(super) fn follows(&self, here: Place, end: Moment) -> bool {
        let Place { branch, moment } = self.branch;
        (branch, moment.after) == (here.branch, end.after) && here.moment == end
    }

    /// Takes up what happens.
    pub(super) fn hear<P: Exhibit>(&mut self, event: &Event<'_, P>) {
        let (flight, fate) = match event.kind {
            EventKind::Arrived(flight) | EventKind::Returned { flight, .. } => {
                if let Seat::Node(node) = flight.to {
                    self.touched.insert(node);
                }
                (flight, Fate::Delivered)
            }
            EventKind::Lost(flight, _) => (flight, Fate::Lost),
            EventKind::TimerFired(node, _) | EventKind::Booted(node) => {
                self.touched.insert(node);
                return;
            }
            EventKind::Acted(_) => {
                self.touched = NodeId::all(self.nodes()).collect();
                return;
            }
            _ => return,
        };
        let (glyph, epoch) = match &flight.body {
            Body::Peer(message) => {
                let look = P::look(message);
                (look.glyph, look.epoch)
            }
            Body::Request(_) => (Glyph::Request, Epoch::default()),
            Body::Answer(..) => (Glyph::Answer, Epoch::default()),
        };
        let sim::world::Flight { id, from, to, sent, arrival, .. } = *flight;
        let arrow = Arrow::of(&Flight { id, from, to, sent, arrival, glyph, epoch });
        let (end, end_step) = (event.at, event.step as u32);
        self.put(id, Arrow { fate, end, end_step, ..arrow });
    }

    /// Takes up what a step has done, once it is over.
    pub(super) fn stepped(&mut self, world: &dyn Subject) {
        let around = world.around();
        self.branch.moment = around.moment();
        self.sent_up_to(MessageId(around.post.last_id));
        let since = self.branch.moment.at;
        for node in std::mem::take(&mut self.touched).iter() {
            let (status, leads) = (around.node(node).status, world.leadership(node));
            let standings = &mut self.standings[node.slot()];
            let same = |last: &Standing| (last.status, last.leads) == (status, leads);
            if !standings.last().is_some_and(same) {
                standings.push(Standing { since, status, leads });
            }
        }
    }

    /// Looks up what is under way in the world.
    pub(super) fn look_up(&mut self, world: &dyn Subject) {
        self.waited(world.around().now);
        let mut flights = Vec::new();
        subject::flights(world, &mut flights);
        self.under_way.clear();
        for flight in flights {
            self.put(flight.id, Arrow::of(&flight));
            self.under_way.push(flight.id.0);
        }
    }

    /// Looks up what the present knows better, if the trace ends here.
    pub(super) fn catch_up(&mut self, here: Place, end: Moment, world: &dyn Subject) {
        if self.branch.moment.after == here.moment.after {
            self.look_up(world);
        }
        if self.branch.moment.after == end.after {
            self.waited(end.at);
        }
    }

    /// Time has passed in which nothing happened.
    fn waited(&mut self, at: Micros) {
        self.branch.moment.at = self.branch.moment.at.max(at);
    }

    fn put(&mut self, id: MessageId, arrow: Arrow) {
        let Some(place) = id.0.checked_sub(self.first) else { return };
        let place = place as usize;
        // It may be sent and settled in one step, before the step is over.
        self.sent_up_to(id);
        let sent_step = self.arrows[place].sent_step;
        self.arrows[place] = Arrow { sent_step, ..arrow };
        if arrow.fate != Fate::UnderWay {
            let bound = &mut self.ends[place / CHUNK];
            *bound = arrow.end.max(*bound);
        }
        for seat in [arrow.from, arrow.to] {
            if let Seat::Client(client) = seat {
                self.clients = self.clients.max(client.0 + 1);
            }
        }
    }

    /// Makes room for all messages up to this one: they were sent in this step.
    fn sent_up_to(&mut self, last: MessageId) {
        let count = (last.0 + 1).saturating_sub(self.first) as usize;
        if count <= self.arrows.len() {
            return;
        }
        let Moment { after, at } = self.branch.moment;
        let nobody = Seat::Node(NodeId(0));
        let arrow = Arrow {
            sent: at,
            arrival: at,
            end: at,
            sent_step: after as u32,
            end_step: after as u32,
            from: nobody,
            to: nobody,
            fate: Fate::UnderWay,
            glyph: Glyph::Request,
            colour: None,
        };
        self.arrows.resize(count, arrow);
        self.ends.resize(count.div_ceil(CHUNK), Micros(0));
    }

    /// Forgets its first part, when it has grown by a quarter more than it should.
    pub(super) fn shed(&mut self) {
        let Moment { after, .. } = self.branch.moment;
        if after - self.from.after <= STRETCH + STRETCH / 4 {
            return;
        }
        let from = (after - STRETCH) as u32;
        // Whole chunks, so that the bounds on their ends hold on.
        let old = self.arrows.partition_point(|arrow| arrow.sent_step < from) / CHUNK;
        self.from = Moment { after: from.into(), at: self.arrows[old * CHUNK].sent };
        self.first += (old * CHUNK) as u64;
        self.arrows.drain(..old * CHUNK);
        self.ends.drain(..old);
        for standings in &mut self.standings {
            let old = standings.partition_point(|standing| standing.since <= self.from.at);
            standings.drain(..old.saturating_sub(1));
        }
    }
}

/// Writes down what happens.
pub(super) struct Scribe<'a>(pub &'a mut Trace);

impl<P: Exhibit> Watch<P> for Scribe<'_> {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: Event<'_, P>) {
        self.0.hear(&event);
    }
}
