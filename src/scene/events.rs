//! What happened, kept as it came and turned into sentences only when somebody reads them.

use std::collections::VecDeque;

use super::subject::Subject;
use super::{Exhibit, Sentence, Trace};
use crate::sim::json;
use crate::sim::protocol::Judge;
use crate::sim::timeline::{self, Tree};
use crate::sim::world::{Body, Flight, Loss};
use crate::sim::{
    Action, Answer, Event, EventKind, MessageId, Micros, NodeId, Order, Place, Seat, Watch,
};
use crate::text::{Language, Phrase, say};

/// The most events that are kept; older ones are forgotten first.
const KEPT: usize = 20_000;

/// As many bits as it takes to count the events of one step: all nodes start in the first, and what
/// is under way on cut links is lost in one.
const EVENTS_A_STEP: u32 = 20;

/// What the notation of traces has no sign for, it says in this language, whichever the page speaks.
const NOTATION: Language = Language::En;

/// What kind of event it is, for a mark beside it and for leaving some out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A node did something.
    Node,
    /// The network did something.
    Network,
    /// A client did something.
    Client,
    /// A person did something.
    Person,
    /// An invariant was broken.
    Breach,
    /// Something came about, seen from outside.
    Milestone,
}

/// An event, in sentences.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Its number, the same whenever the run comes by; unique in a run.
    pub number: u64,
    /// When.
    pub at: Micros,
    /// The world's count of steps.
    pub step: u64,
    /// What kind.
    pub class: Class,
    /// Whose it is.
    pub seat: Option<Seat>,
    /// The message that it is about.
    pub message: Option<MessageId>,
    /// What happened.
    pub title: Phrase,
    /// The same in the notation of traces and tests.
    pub notation: String,
    /// Why, or what came of it.
    pub reasons: Vec<Sentence>,
    /// Whether it is worth stopping for.
    pub key: bool,
}

/// An event as it is kept.
#[derive(Clone, Debug)]
struct Record<P: Exhibit> {
    number: u64,
    at: Micros,
    step: u64,
    what: What<P>,
    reasons: Vec<P::Reason>,
}

#[derive(Clone, Debug)]
enum What<P: Exhibit> {
    Booted(NodeId),
    Arrived(Letter<P>),
    Held(Letter<P>),
    Lost(Letter<P>, Loss),
    Timer(NodeId, P::Timer),
    Asked { from: Seat, op: String, node: NodeId, again: bool },
    Returned(Letter<P>),
    Acted(Action),
    Breached(<P::Judge as Judge<P>>::Breach),
    Reached(<P::Judge as Judge<P>>::Milestone),
}

/// A message as it is kept.
#[derive(Clone, Debug)]
struct Letter<P: Exhibit> {
    id: MessageId,
    from: Seat,
    to: Seat,
    body: Body<P>,
}

/// A message that was lost, for the page to show where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wreck {
    /// Which.
    pub id: MessageId,
    /// Who sent it.
    pub from: Seat,
    /// Who was to get it.
    pub to: Seat,
    /// How far it came, from 0 to 1.
    pub progress: f64,
}

/// Keeps what happens.
#[derive(Clone, Debug)]
pub(super) struct Journal<P: Exhibit> {
    records: VecDeque<Record<P>>,
    /// Messages lost since they were last asked for.
    pub wrecks: Vec<Wreck>,
    /// What the space–time diagram is drawn from, while somebody looks at it.
    pub trace: Option<Trace>,
    /// Whether what happens now belongs to it.
    tracing: bool,
}

impl<P: Exhibit> Journal<P> {
    pub fn new() -> Self {
        Self { records: VecDeque::new(), wrecks: Vec::new(), trace: None, tracing: false }
    }

    /// Forgets what happened, but for the trace.
    pub fn clear(&mut self) {
        self.records.clear();
        self.wrecks.clear();
        self.tracing = false;
    }

    /// Something will happen at this place: listens for the trace if it ends here.
    pub fn listen(&mut self, here: timeline::Place, tree: &Tree) {
        let end = tree.current().end;
        self.tracing = self.trace.as_ref().is_some_and(|trace| trace.follows(here, end));
    }

    /// It has happened, and this is what became of the world.
    pub fn stepped(&mut self, world: &dyn Subject) {
        if let Some(trace) = self.trace.as_mut().filter(|_| self.tracing) {
            trace.stepped(world);
            trace.shed();
            self.tracing = false;
        }
    }

    /// The newest events that `wanted` takes, newest last.
    pub fn rows(&self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow> {
        let mut rows = VecDeque::new();
        for record in self.records.iter().rev() {
            if rows.len() == most {
                break;
            }
            let row = record.row();
            if wanted(&row) {
                rows.push_front(row);
            }
        }
        rows.into()
    }
}

impl<P: Exhibit> Watch<P> for Journal<P> {
    fn event(&mut self, event: Event<'_, P>) {
        if let Some(trace) = self.trace.as_mut().filter(|_| self.tracing) {
            trace.hear(&event);
        }
        let letter = |flight: &Flight<P>| Letter {
            id: flight.id,
            from: flight.from,
            to: flight.to,
            body: flight.body.clone(),
        };
        let what = match event.kind {
            EventKind::Booted(node) => What::Booted(node),
            EventKind::Arrived(flight) => What::Arrived(letter(flight)),
            EventKind::Held(flight) => What::Held(letter(flight)),
            EventKind::Lost(flight, loss) => {
                let way = flight.arrival.since(flight.sent).0.max(1) as f64;
                let progress = (event.at.since(flight.sent).0 as f64 / way).min(1.0);
                let Flight { id, from, to, .. } = *flight;
                self.wrecks.push(Wreck { id, from, to, progress });
                What::Lost(letter(flight), loss)
            }
            EventKind::TimerFired(node, timer) => What::Timer(node, timer),
            EventKind::Asked { request, op, node, again } => {
                let from = Seat::Client(request.client);
                What::Asked { from, op: op.to_string(), node, again }
            }
            EventKind::Returned { flight, .. } => What::Returned(letter(flight)),
            EventKind::Acted(action) => What::Acted(action.clone()),
            EventKind::Breached(breach) => What::Breached(breach.clone()),
            EventKind::Reached(milestone) => What::Reached(milestone.clone()),
        };
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        let (at, step, reasons) = (event.at, event.step, event.reasons.to_vec());
        let last = self.records.back().filter(|last| last.step == step);
        let number = last.map_or(step << EVENTS_A_STEP, |last| last.number + 1);
        self.records.push_back(Record { number, at, step, what, reasons });
        let excess = self.wrecks.len().saturating_sub(256);
        self.wrecks.drain(..excess);
    }
}

impl<P: Exhibit> Letter<P> {
    /// What can be said of it to people, and what it says in the notation of traces and tests.
    fn read(&self) -> Read {
        let (kind, text) = match &self.body {
            Body::Peer(message) => (P::look(message).kind, P::notation(message)),
            Body::Request(command) => ("Request", command.op.to_string()),
            Body::Answer(_, answer) => ("Answer", notate_answer(answer)),
        };
        Read { id: self.id, from: self.from, to: self.to, kind, text }
    }
}

/// An answer in the notation of traces and tests.
pub fn notate_answer(answer: &Answer) -> String {
    match answer {
        Answer::Written => "ok".into(),
        Answer::Value(Some(value)) => format!("= {value}"),
        Answer::Value(None) => "= ∅".into(),
        Answer::Redirect(Some(node)) => format!("ask {node}"),
        Answer::Redirect(None) => "no leader known".into(),
    }
}

impl<P: Exhibit> Record<P> {
    fn row(&self) -> EventRow {
        let mut row = self.what.read().tell();
        (row.number, row.at, row.step) = (self.number, self.at, self.step);
        let node = match row.seat {
            Some(Seat::Node(node)) => node,
            Some(Seat::Client(_)) | None => NodeId(0),
        };
        row.reasons.extend(self.reasons.iter().map(|reason| P::reason(node, reason)));
        row.key |= row.reasons.iter().any(|sentence| sentence.key);
        row
    }
}

impl<P: Exhibit> What<P> {
    fn read(&self) -> Happening<'_> {
        match self {
            Self::Booted(node) => Happening::Booted(*node),
            Self::Arrived(letter) | Self::Returned(letter) => Happening::Arrived(letter.read()),
            Self::Held(letter) => Happening::Held(letter.read()),
            Self::Lost(letter, loss) => Happening::Lost(letter.read(), *loss),
            Self::Timer(node, timer) => Happening::Timer(*node, P::timer(*timer).0),
            Self::Asked { from, op, node, again } => {
                Happening::Asked { from: *from, op, node: *node, again: *again }
            }
            Self::Acted(action) => Happening::Acted(action),
            Self::Breached(breach) => Happening::Found(Class::Breach, P::breach(breach).0),
            Self::Reached(milestone) => {
                Happening::Found(Class::Milestone, P::milestone(milestone).0)
            }
        }
    }
}

/// What happened, after its protocol has put in its words.
enum Happening<'a> {
    Booted(NodeId),
    Arrived(Read),
    Held(Read),
    Lost(Read, Loss),
    /// Whose timer, and its name.
    Timer(NodeId, Phrase),
    Asked {
        from: Seat,
        op: &'a str,
        node: NodeId,
        again: bool,
    },
    Acted(&'a Action),
    /// What the judge found.
    Found(Class, Phrase),
}

/// A message that was read.
struct Read {
    id: MessageId,
    from: Seat,
    to: Seat,
    kind: &'static str,
    text: String,
}

impl Read {
    /// In the notation of traces and tests.
    fn notation(&self, fate: &str) -> String {
        let Self { from, to, text, .. } = self;
        format!("{from} → {to} {text}{fate}")
    }
}

impl Happening<'_> {
    /// Its row, without its number, its moment and the reasons.
    fn tell(self) -> EventRow {
        let message = match &self {
            Self::Arrived(read) | Self::Held(read) | Self::Lost(read, _) => Some(read.id),
            _ => None,
        };
        let (class, seat, title, notation) = match self {
            Self::Booted(node) => {
                let seat = Some(Seat::Node(node));
                (Class::Node, seat, say::event::booted(node), format!("{node} boot"))
            }
            Self::Arrived(read) => {
                let title = say::event::arrived(read.from, read.kind, read.to);
                let class = match read.to {
                    Seat::Node(_) => Class::Node,
                    Seat::Client(_) => Class::Client,
                };
                (class, Some(read.to), title, read.notation(""))
            }
            Self::Held(read) => {
                let title = say::event::held(read.from, read.kind, read.to);
                (Class::Network, Some(read.to), title, read.notation(" (held)"))
            }
            Self::Lost(read, loss) => {
                let Read { from, kind, to, .. } = read;
                let title = match loss {
                    Loss::Chance => say::event::lost_by_chance(from, kind, to),
                    Loss::Cut => say::event::lost_on_cut_link(from, kind, to),
                    Loss::Down => say::event::lost_at_down_node(from, kind, to),
                    Loss::Hand => say::event::lost_by_hand(from, kind, to),
                };
                (Class::Network, Some(to), title, read.notation(" (lost)"))
            }
            Self::Timer(node, name) => {
                let notation = format!("{node} {}", name.render(NOTATION));
                (Class::Node, Some(Seat::Node(node)), say::event::timer(node, name), notation)
            }
            Self::Asked { from, op, node, again } => {
                let title = match again {
                    true => say::event::asked_again(from, node, op),
                    false => say::event::asked(from, node, op),
                };
                (Class::Client, Some(from), title, format!("{from} → {node} {op}"))
            }
            Self::Acted(action) => {
                (Class::Person, None, tell_action(action), format!("! {}", json::to_text(action)))
            }
            Self::Found(class, sentence) => {
                let notation = sentence.render(NOTATION);
                (class, None, sentence, notation)
            }
        };
        let key = matches!(class, Class::Person | Class::Breach | Class::Milestone);
        let (number, at, step, reasons) = (0, Micros(0), 0, Vec::new());
        EventRow { number, at, step, class, seat, message, title, notation, reasons, key }
    }
}

/// What a person did, as a sentence.
fn tell_action(action: &Action) -> Phrase {
    use say::acted;
    match action {
        Action::Crash { node } => acted::crash(*node),
        Action::Restart { node } => acted::restart(*node),
        Action::Pause { node } => acted::pause(*node),
        Action::Resume { node } => acted::resume(*node),
        Action::FireTimer { node, .. } => acted::fire_timer(*node),
        Action::SetClock { node, ppm } => acted::set_clock(*node, u64::from(*ppm) / 10_000),
        Action::Cut { from, to } => acted::cut(*from, *to),
        Action::Mend { from, to } => acted::mend(*from, *to),
        Action::Partition { .. } => acted::partition(),
        Action::Heal => acted::heal(),
        Action::Drop { message } => acted::drop_message(message.0),
        Action::Delay { message, by } => acted::delay(*by, message.0),
        Action::Deliver { message } => acted::deliver(message.0),
        Action::Duplicate { message } => acted::duplicate(message.0),
        Action::SetNetwork { .. } => acted::set_network(),
        Action::SetLink { from, to, .. } => acted::set_link(*from, *to),
        Action::Request { node, op, .. } => acted::request(*node, op.to_string()),
        Action::Order { node, order: Order::Transfer { to } } => acted::transfer(*node, *to),
        Action::Order { node, order: Order::Reconfigure { changes } } => {
            let changes = changes.iter().map(|change| {
                let node = change.node;
                let phrase = match change.place {
                    Place::Voter => acted::to_voter(node),
                    Place::Learner => acted::to_learner(node),
                    Place::Outside => acted::to_outside(node),
                };
                phrase.into()
            });
            let changes: Vec<_> = changes.collect();
            match changes.is_empty() {
                true => acted::leave_joint(*node),
                false => acted::reconfigure(changes, *node),
            }
        }
        Action::Order { node, order: Order::Compact } => acted::compact(*node),
        Action::SetWorkload { workload } => acted::set_workload(workload.clients),
        Action::Pass => acted::pass(),
        Action::Configure { setting, value } => acted::configure(setting.as_str(), *value),
    }
}
