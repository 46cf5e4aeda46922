//! A world of any protocol behind one handle.

use super::events::{Journal, Wreck, notate_answer};
use super::{
    Client, Epoch, EventRow, Exhibit, Flight, Glyph, Logs, Message, Node, Orders, Scene, Setting,
    Timer, Verdict, Window, Witness,
};
use crate::sim::node::Status;
use crate::sim::protocol::Judge;
use crate::sim::recording::Timed;
use crate::sim::world::Body;
use crate::sim::{
    Action, ActionError, MessageId, Micros, NodeId, Order, Recording, RecordingError, Seat,
    SettingKind, World,
};
use crate::text::{Phrase, say};

/// How far a [`Lab::run_until`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// To the moment that was asked for.
    Reached,
    /// As far as the budget of events allowed.
    OutOfBudget,
    /// To an event that broke an invariant.
    Breached,
}

/// What the page, lessons and tests hold: a run of some protocol.
pub trait Lab {
    /// The protocol's name in links.
    fn protocol(&self) -> &'static str;
    /// The protocol's name for people.
    fn title(&self) -> Phrase;
    /// The present moment.
    fn now(&self) -> Micros;
    /// How many events and actions there have been.
    fn steps(&self) -> u64;
    /// How many nodes there are.
    fn size(&self) -> u8;
    /// When the next event is due.
    fn next_due(&mut self) -> Option<Micros>;
    /// Takes the next event; tells whether there was one.
    fn step(&mut self) -> bool;
    /// Takes events up to a moment, at most `budget` of them, and stops where an invariant breaks.
    fn run_until(&mut self, moment: Micros, budget: u64) -> Advance;
    /// Does what a person asks for, and keeps it in the recording.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    fn act(&mut self, action: Action) -> Result<(), ActionError>;
    /// Everything there is to draw but the messages under way.
    fn scene(&self, window: Window) -> Scene;
    /// The messages under way, into a list that is cleared first.
    fn flights(&self, into: &mut Vec<Flight>);
    /// One message under way, whole.
    fn message(&self, id: MessageId) -> Option<Message>;
    /// The newest events that `wanted` takes, newest last.
    fn events(&self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow>;
    /// How many events have been told.
    fn told(&self) -> u64;
    /// The messages lost since they were last asked for.
    fn wrecks(&mut self) -> Vec<Wreck>;
    /// The run so far.
    fn recording(&self) -> &Recording;
    /// A number that tells this state from any other.
    fn digest(&self) -> u64;
}

/// A run of one protocol.
#[derive(Clone, Debug)]
pub struct Run<P: Exhibit> {
    world: World<P>,
    journal: Journal<P>,
    recording: Recording,
}

impl<P: Exhibit> Run<P> {
    /// Plays a recording and stands where its last action left it.
    ///
    /// # Errors
    /// When the recording cannot be played.
    pub fn open(recording: Recording) -> Result<Self, RecordingError> {
        let mut journal = Journal::new();
        let world = recording.replay::<P>(&mut journal)?;
        journal.wrecks.clear();
        Ok(Self { world, journal, recording })
    }

    fn node(&self, id: NodeId, window: Window) -> Node {
        let face = match (self.world.state(id), self.world.disk(id)) {
            (Some(state), _) => P::face(id, self.world.size(), state, window),
            (None, Some(disk)) => P::face_down(disk, window),
            (None, None) => unreachable!("a node is up or has a disk"),
        };
        let timers = self.world.timers(id).map(|(number, running)| {
            let (name, drawn) = P::timer(P::TIMERS[number]);
            let (set, due) = (running.set, running.due());
            Timer { number: number as u8, name, set, due, drawn }
        });
        Node {
            id,
            status: self.world.status(id),
            clock_ppm: self.world.clock_ppm(id),
            face,
            timers: timers.collect(),
        }
    }

    fn longest(&self) -> u64 {
        let lengths = NodeId::all(self.world.size()).map(|id| {
            let up = self.world.state(id).map(P::last_index);
            up.or_else(|| self.world.disk(id).map(P::last_index_on)).unwrap_or(0)
        });
        lengths.max().unwrap_or(0)
    }

    fn flight(flight: &crate::sim::world::Flight<P>) -> Flight {
        let (glyph, epoch) = match &flight.body {
            Body::Peer(message) => {
                let look = P::look(message);
                (look.glyph, look.epoch)
            }
            Body::Request(_) => (Glyph::Request, Epoch::default()),
            Body::Answer(..) => (Glyph::Answer, Epoch::default()),
        };
        let crate::sim::world::Flight { id, from, to, sent, arrival, .. } = *flight;
        Flight { id, from, to, sent, arrival, glyph, epoch }
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let all = 0..<P::Judge as Judge<P>>::INVARIANTS.len();
        let verdict = |number| {
            let (name, statement, source) = P::invariant(number);
            let broken = |breached: &&crate::sim::world::Breached<_>| {
                <P::Judge as Judge<P>>::invariant(&breached.breach) == number
            };
            let breach = self.world.breaches().iter().find(broken).map(|breached| {
                let (sentence, nodes) = P::breach(&breached.breach);
                Witness { at: breached.at, step: breached.step, sentence, nodes }
            });
            Verdict { name, statement, source, breach }
        };
        all.map(verdict).collect()
    }

    fn milestone(&self) -> Option<Witness> {
        self.world.milestone().map(|reached| {
            let (sentence, nodes) = P::milestone(&reached.milestone);
            Witness { at: reached.at, step: reached.step, sentence, nodes }
        })
    }

    fn clients(&self) -> Vec<Client> {
        let clients = self.world.clients().iter().enumerate();
        let shown = clients.filter(|(_, client)| client.automatic || client.sequence > 0);
        shown
            .map(|(number, client)| Client {
                name: crate::sim::ClientId(number as u16).to_string(),
                operations: client.sequence,
                pending: client
                    .pending
                    .as_ref()
                    .map(|pending| (pending.op.to_string(), pending.node, pending.invoked)),
            })
            .collect()
    }

    fn settings(&self) -> Vec<Setting> {
        let setting = |setting: &crate::sim::Setting<P::Config>| {
            let (name, help) = P::setting(setting.id);
            let value = (setting.get)(self.world.config());
            let choices = match setting.kind {
                SettingKind::Choice { values } => {
                    (0..values).map(|value| P::choice(setting.id, value)).collect()
                }
                _ => Vec::new(),
            };
            Setting { id: setting.id, name, help, kind: setting.kind, value, choices }
        };
        P::settings().iter().map(setting).collect()
    }
}

impl<P: Exhibit> Lab for Run<P> {
    fn protocol(&self) -> &'static str {
        P::ID
    }

    fn title(&self) -> Phrase {
        P::name()
    }

    fn now(&self) -> Micros {
        self.world.now()
    }

    fn steps(&self) -> u64 {
        self.world.steps()
    }

    fn size(&self) -> u8 {
        self.world.size()
    }

    fn next_due(&mut self) -> Option<Micros> {
        self.world.next_due()
    }

    fn step(&mut self) -> bool {
        self.world.step(&mut self.journal)
    }

    fn run_until(&mut self, moment: Micros, budget: u64) -> Advance {
        let found = self.world.breaches().len();
        let mut left = budget;
        while self.world.next_due().is_some_and(|due| due <= moment) {
            if left == 0 {
                return Advance::OutOfBudget;
            }
            left -= 1;
            self.world.step(&mut self.journal);
            if self.world.breaches().len() > found {
                return Advance::Breached;
            }
        }
        self.world.run_until(moment, &mut self.journal);
        Advance::Reached
    }

    fn act(&mut self, action: Action) -> Result<(), ActionError> {
        let (at, after) = (self.world.now(), self.world.steps());
        self.world.act(&action, &mut self.journal)?;
        self.recording.actions.push(Timed { at, after, action });
        Ok(())
    }

    fn scene(&self, window: Window) -> Scene {
        let longest = self.longest();
        let columns = window.columns.max(1);
        let end = (longest + 1).saturating_sub(columns).max(1);
        let first = window.first.unwrap_or(end).clamp(1, longest.max(1));
        let window = Window { first: Some(first), columns };
        let ids = || NodeId::all(self.world.size());
        let nodes: Vec<_> = ids().map(|id| self.node(id, window)).collect();
        let network = self.world.network();
        let milestone = self.milestone();
        let standing = match &milestone {
            Some(witness) => witness.sentence.clone(),
            None => P::beginning(),
        };
        let pairs = ids().flat_map(|from| ids().map(move |to| (from, to)));
        Scene {
            now: self.world.now(),
            steps: self.world.steps(),
            summary: summary(&nodes, standing),
            nodes,
            milestone,
            cuts: pairs.filter(|&(from, to)| network.is_cut(from, to)).collect(),
            logs: Logs { first, columns, longest },
            clients: self.clients(),
            verdicts: self.verdicts(),
            quality: network.quality(),
            workload: self.world.workload(),
            settings: self.settings(),
            orders: Orders {
                transfer: P::takes(&Order::Transfer { to: NodeId(0) }),
                reconfigure: P::takes(&Order::Reconfigure { changes: Vec::new() }),
                compact: P::takes(&Order::Compact),
            },
            in_flight: self.world.flights().count(),
        }
    }

    fn flights(&self, into: &mut Vec<Flight>) {
        into.clear();
        into.extend(self.world.flights().map(Self::flight));
    }

    fn message(&self, id: MessageId) -> Option<Message> {
        let flight = self.world.flights().find(|flight| flight.id == id)?;
        let (kind, help, fields) = match &flight.body {
            Body::Peer(message) => (P::look(message).kind, P::purpose(message), P::fields(message)),
            Body::Request(command) => {
                let fields = vec![
                    ("request", command.request.to_string()),
                    ("operation", command.op.to_string()),
                ];
                ("Request", say::message::request(), fields)
            }
            Body::Answer(request, answer) => {
                let fields =
                    vec![("request", request.to_string()), ("answer", notate_answer(answer))];
                ("Answer", say::message::answer(), fields)
            }
        };
        let held = match flight.to {
            Seat::Node(node) => {
                self.world.status(node) == Status::Paused && flight.due() < self.world.now()
            }
            Seat::Client(_) => false,
        };
        Some(Message { flight: Self::flight(flight), kind, help, fields, held })
    }

    fn events(&self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow> {
        self.journal.rows(most, wanted)
    }

    fn told(&self) -> u64 {
        self.journal.total()
    }

    fn wrecks(&mut self) -> Vec<Wreck> {
        std::mem::take(&mut self.journal.wrecks)
    }

    fn recording(&self) -> &Recording {
        &self.recording
    }

    fn digest(&self) -> u64 {
        self.world.digest()
    }
}

/// How things stand, in a sentence: who leads, or else what was said of it; who is down.
fn summary(nodes: &[Node], leaderless: Phrase) -> Phrase {
    let leaders = nodes.iter().filter(|node| node.face.leads).map(|node| {
        let Node { id, face, .. } = node;
        say::summary::leader(face.epoch, face.epoch_name.clone(), *id).into()
    });
    let leaders: Vec<_> = leaders.collect();
    let standing = if leaders.is_empty() { leaderless } else { say::summary::leads(leaders) };
    let down = nodes.iter().filter(|node| node.status != Status::Up).map(|node| node.id.into());
    let down: Vec<_> = down.collect();
    if down.is_empty() { standing } else { say::summary::some_down(down, standing) }
}

/// Why an action cannot be done, for people.
pub fn complain(error: &ActionError) -> Phrase {
    use say::refused;
    match error {
        ActionError::NoSuchNode { node, nodes } => refused::no_such_node(*node, *nodes),
        ActionError::NoSuchLink { from, to } => refused::no_such_link(*from, *to),
        ActionError::NodeIsDown { node } => refused::node_is_down(*node),
        ActionError::NodeIsNotDown { node } => refused::node_is_not_down(*node),
        ActionError::NodeIsNotRunning { node } => refused::node_is_not_running(*node),
        ActionError::NodeIsNotPaused { node } => refused::node_is_not_paused(*node),
        ActionError::NoSuchTimer { node, .. } => refused::no_such_timer(*node),
        ActionError::NoSuchMessage { message } => refused::no_such_message(message.0),
        ActionError::SidesDoNotFit { given, nodes } => refused::sides_do_not_fit(*given, *nodes),
        ActionError::TextTooLong { field, characters } => {
            refused::text_too_long(*characters, *field, crate::sim::machine::MAX_TEXT)
        }
        ActionError::KeyIsEmpty => refused::key_is_empty(crate::sim::machine::MAX_TEXT),
        ActionError::TooManyClients { most } => refused::too_many_clients(*most),
        ActionError::NoSuchOrder => refused::no_such_order(),
        ActionError::NamedTwice { node } => refused::named_twice(*node),
        ActionError::NoSuchSetting { setting } => refused::no_such_setting(setting.as_str()),
        ActionError::OutOfRange { field, value, least, most } => {
            refused::out_of_range(field.as_str(), *least, *most, *value)
        }
    }
}

/// Why a recording cannot be played, for people.
pub fn complain_recording(error: &RecordingError) -> Phrase {
    use say::refused;
    match error {
        RecordingError::Malformed(why) => refused::malformed(why.as_str()),
        RecordingError::Format { found } => refused::format(*found, crate::sim::recording::FORMAT),
        RecordingError::NoSuchProtocol { protocol } => refused::no_such_protocol(protocol.as_str()),
        RecordingError::Nodes { nodes } => {
            refused::out_of_range("nodes", 1_u8, crate::sim::MAX_NODES, *nodes)
        }
        RecordingError::Setup(why) => complain(why),
        RecordingError::Action { number, why } => refused::action(*number, complain(why)),
        RecordingError::Order { number } => refused::order(*number),
    }
}
