//! A world in which nothing happens by itself: the script says which message arrives, and which
//! timer runs out. Messages are named in the notation of traces, such as `S1 → S2 Prepare 1.1`.

use conclave::scene::Exhibit;
use conclave::sim::recording::Timed;
use conclave::sim::world::Body;
use conclave::sim::{
    Action, Answer, Event, EventKind, Judge, MessageId, Micros, NodeId, Quality, Recording, Watch,
    World,
};

use super::cluster::write_op;

/// A play.
#[derive(Clone, Debug)]
pub struct Script<P: Exhibit> {
    pub world: World<P>,
    pub recording: Recording,
    pub heard: Heard<P>,
}

/// What the audience hears.
#[derive(Clone, Debug)]
pub struct Heard<P: Exhibit> {
    /// What came about, seen from outside.
    pub milestones: Vec<<P::Judge as Judge<P>>::Milestone>,
    /// Why nodes did what they did.
    pub reasons: Vec<P::Reason>,
    /// What clients were answered.
    pub answers: Vec<Answer>,
}

impl<P: Exhibit> Watch<P> for Heard<P> {
    fn event(&mut self, event: Event<'_, P>) {
        self.reasons.extend(event.reasons.iter().cloned());
        match event.kind {
            EventKind::Reached(milestone) => self.milestones.push(milestone.clone()),
            EventKind::Returned { answer, .. } => self.answers.push(answer.clone()),
            _ => {}
        }
    }
}

impl<P: Exhibit> Script<P> {
    /// A cluster with these settings. Messages take ten seconds and so wait for the script.
    pub fn new(nodes: u8, settings: &[(&str, u64)]) -> Self {
        let mut recording = Recording::new(P::ID, nodes, 1);
        recording.settings = settings.iter().map(|&(id, value)| (id.into(), value)).collect();
        let latency = Quality::MAX_TIME;
        recording.quality = Quality { latency, jitter: Micros(0), ..Quality::default() };
        let setup = recording.setup::<P>().expect("the settings are in range");
        let mut heard = Heard { milestones: Vec::new(), reasons: Vec::new(), answers: Vec::new() };
        let world = World::new(&setup, &mut heard);
        Self { world, recording, heard }
    }

    /// Does what must be possible, and whatever follows at the same moment.
    pub fn act(&mut self, action: Action) {
        let (at, after) = (self.world.now(), self.world.steps());
        self.world.act(&action, &mut self.heard).unwrap_or_else(|why| panic!("{action:?}: {why}"));
        self.recording.actions.push(Timed { at, after, action });
        self.world.run_until(at, &mut self.heard);
    }

    /// All messages under way, in the order of sending.
    pub fn mail(&self) -> Vec<(MessageId, String)> {
        let mut mail: Vec<_> = self
            .world
            .flights()
            .map(|flight| {
                let body = match &flight.body {
                    Body::Peer(message) => P::notation(message),
                    Body::Request(command) => command.op.to_string(),
                    Body::Answer(_, answer) => format!("{answer:?}"),
                };
                (flight.id, format!("{} → {} {body}", flight.from, flight.to))
            })
            .collect();
        mail.sort_unstable();
        mail
    }

    /// These messages arrive, one after the other, one a line; each must be under way.
    pub fn deliver(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let message = self.find(line);
            self.act(Action::Deliver { message });
        }
    }

    /// A second copy of this message sets out; it must be under way.
    pub fn duplicate(&mut self, line: &str) {
        let message = self.find(line);
        self.act(Action::Duplicate { message });
    }

    fn find(&self, line: &str) -> MessageId {
        let mail = self.mail();
        let found = mail.iter().find(|(_, text)| text == line);
        let (message, _) = found.unwrap_or_else(|| {
            let texts: Vec<_> = mail.iter().map(|(_, text)| text.as_str()).collect();
            panic!("not under way: {line}; these are:\n{}", texts.join("\n"))
        });
        *message
    }

    /// Everything that is under way and in which `wanted` arrives, and what comes of it, until
    /// nothing more is under way that does.
    pub fn flood(&mut self, wanted: impl Fn(&str) -> bool) {
        for _ in 0..10_000 {
            let mail = self.mail();
            let Some((message, _)) = mail.iter().find(|(_, text)| wanted(text)) else { return };
            self.act(Action::Deliver { message: *message });
        }
        panic!("messages breed messages for ever");
    }

    /// Everything that is under way is lost.
    pub fn lose_all(&mut self) {
        for (message, _) in self.mail() {
            self.act(Action::Drop { message });
        }
    }

    /// A client asks a node to write; the request arrives.
    pub fn write(&mut self, node: NodeId, key: &str, value: &str) {
        let op = write_op(key, value);
        let line = format!("→ {node} {op}");
        self.act(Action::Request { node, op, persistent: false });
        let mail = self.mail();
        let (message, _) = mail.iter().rfind(|(_, text)| text.ends_with(&line)).expect("asked");
        self.act(Action::Deliver { message: *message });
    }

    pub fn fire(&mut self, node: NodeId, timer: u8) {
        self.act(Action::FireTimer { node, timer });
    }

    /// The replica crashes and starts again.
    pub fn bounce(&mut self, node: NodeId) {
        self.act(Action::Crash { node });
        self.act(Action::Restart { node });
    }

    pub fn state(&self, node: NodeId) -> &P::State {
        self.world.state(node).expect("the node is up")
    }

    /// The invariants that were broken, by name, each once, in the order of discovery.
    pub fn broken(&self) -> Vec<&'static str> {
        let mut broken = Vec::new();
        for breached in self.world.breaches() {
            let name = P::Judge::INVARIANTS[P::Judge::invariant(&breached.breach)];
            if !broken.contains(&name) {
                broken.push(name);
            }
        }
        broken
    }

    /// The play as a recording leads to the same world.
    pub fn assert_recorded(&self) {
        let replayed = self.recording.replay::<P>(&mut ()).expect("it was just played");
        assert_eq!(replayed.steps(), self.world.steps());
    }
}
