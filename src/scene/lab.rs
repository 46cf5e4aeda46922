//! A world of any protocol behind one handle.

use super::events::{Journal, Wreck};
use super::quiet::{AHEAD, Quiet, Scout};
use super::trace::Scribe;
use super::{Counters, EventRow, Exhibit, Flight, Folds, Message, Scene, Trace, Window, subject};
use crate::sim::timeline::{BranchId, Moment, Timeline, Tree};
use crate::sim::{
    Action, ActionError, LinkError, MessageId, Micros, NodeId, Recording, RecordingError, Session,
    World,
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
    /// To the last event that a recording can hold.
    Full,
}

/// The most events that are taken in search of the next beat.
pub(super) const SEARCHED: u64 = 100_000;
/// How many steps are told again after a jump, to whoever asks what happened.
const RETOLD: u64 = 2_000;

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
    /// Takes the next event, or the next action where the run was lived before; tells whether there
    /// was one.
    fn step(&mut self) -> bool;
    /// Takes events up to a moment, at most `budget` of them, and stops where an invariant breaks.
    fn run_until(&mut self, moment: Micros, budget: u64) -> Advance;
    /// How long nothing will happen that matters; 20,000 events are looked ahead at most.
    fn quiet(&mut self) -> Quiet;
    /// The cluster that stands on the right of two that run side by side, to look at; this one stands
    /// on the left.
    fn beside(&self) -> Option<&dyn Lab> {
        None
    }
    /// The same, to ask it for what happened.
    fn beside_mut(&mut self) -> Option<&mut dyn Lab> {
        None
    }
    /// The node that runs and leads.
    fn leader(&self) -> Option<NodeId>;
    /// Crashes the node that leads; of two clusters side by side, both at the same moment.
    ///
    /// # Errors
    /// When nobody leads; nothing has changed then.
    fn crash_leader(&mut self) -> Result<(), ActionError> {
        let node = self.leader().ok_or(ActionError::NobodyLeads)?;
        self.act(Action::Crash { node })
    }
    /// Checks that something can be done.
    ///
    /// # Errors
    /// Why not.
    fn check(&self, action: &Action) -> Result<(), ActionError>;
    /// Does what a person asks for, and keeps it in the recording. Where something has happened
    /// already, a branch begins.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    fn act(&mut self, action: Action) -> Result<(), ActionError>;
    /// This moment.
    fn moment(&self) -> Moment;
    /// Goes to a moment of this branch, or to its end if that is earlier.
    fn seek(&mut self, to: Moment);
    /// Goes to a moment of the clock on this branch, or to its end if that is earlier.
    fn seek_time(&mut self, at: Micros);
    /// Goes back to before the last event or action; tells whether there was one.
    fn step_back(&mut self) -> bool;
    /// Goes on to the next beat or mark; where none is known, the run is lived until there is one,
    /// for at most 100,000 events.
    fn beat_forward(&mut self);
    /// Goes back to the last beat or mark before this moment, or to the beginning.
    fn beat_back(&mut self);
    /// Goes back to before the last action, on a branch without it; tells whether there was one.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    fn undo(&mut self) -> Result<bool, ActionError>;
    /// Goes back to where an action was undone, if nothing has happened since; tells whether there
    /// was one.
    fn redo(&mut self) -> bool;
    /// Begins a branch here.
    ///
    /// # Errors
    /// When there are as many branches as there may be, or the name is too long.
    fn fork(&mut self, name: &str) -> Result<(), ActionError>;
    /// Goes to another branch; tells whether there is such a branch.
    fn switch(&mut self, branch: BranchId) -> bool;
    /// Takes a branch away; the last one stays.
    fn delete(&mut self, branch: BranchId);
    /// Names a branch.
    ///
    /// # Errors
    /// When the name is too long.
    fn rename(&mut self, branch: BranchId, name: &str) -> Result<(), ActionError>;
    /// Marks this moment; the empty text takes the mark away.
    ///
    /// # Errors
    /// When the text is too long, or there are as many marks as there may be.
    fn mark(&mut self, text: &str) -> Result<(), ActionError>;
    /// The branches, with all that happened on them.
    fn tree(&self) -> &Tree;
    /// What of this branch is kept more sparsely, because it is long.
    fn folds(&self) -> Folds;
    /// Everything there is to draw but the messages under way.
    fn scene(&self, window: Window) -> Scene;
    /// What was counted up to this moment, over time.
    fn counters(&self) -> Counters<'_>;
    /// The messages under way, into a list that is cleared first.
    fn flights(&self, into: &mut Vec<Flight>);
    /// One message under way, whole.
    fn message(&self, id: MessageId) -> Option<Message>;
    /// The newest events that `wanted` takes, newest last. After a jump, only the last few thousand
    /// events are known.
    fn events(&mut self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow>;
    /// The last `most` steps up to this moment, in sentences, oldest first.
    fn story(&self, most: u64) -> Vec<EventRow>;
    /// The trace of this branch, whole or the part around this moment; at most `budget` steps are
    /// replayed for it, so that it may take several calls until [`Lab::is_traced`].
    fn trace(&mut self, budget: u64) -> &Trace;
    /// The trace as far as it has come, if there is one.
    fn traced(&self) -> Option<&Trace>;
    /// Whether the trace has come as far as it will.
    fn is_traced(&self) -> bool {
        let end = self.tree().current().end.after;
        self.traced().is_some_and(|trace| trace.upto().moment.after >= trace.goal(end))
    }
    /// Gives the memory of the trace back; what happens is not traced any more.
    fn forget_trace(&mut self);
    /// The messages lost since they were last asked for.
    fn wrecks(&mut self) -> Vec<Wreck>;
    /// What there is to try, in sentences.
    fn tries(&self) -> Vec<Phrase>;
    /// How the run begins; it has no actions.
    fn start(&self) -> &Recording;
    /// This branch, as a recording.
    fn recording(&self) -> Recording;
    /// The run with all its branches, and where its reader stands.
    fn session(&self) -> Session;
    /// This branch alone, with its reader here, or at its end.
    fn line(&self, at_end: bool) -> Session;
    /// A number that tells this state from any other.
    fn digest(&self) -> u64;
}

/// A run of one protocol.
#[derive(Clone, Debug)]
pub struct Run<P: Exhibit> {
    timeline: Timeline<P>,
    journal: Journal<P>,
    /// Whether there was a jump since the journal was begun.
    jumped: bool,
    /// Where the replay stands that the trace is made from, while it is not yet where it should be.
    relived: Option<World<P>>,
    /// What is known to lie ahead.
    quiet: Quiet,
}

impl<P: Exhibit> Run<P> {
    /// Plays a session and stands where its reader stood; tells from which moment on the run may
    /// differ from the one that was saved, if it does.
    ///
    /// # Errors
    /// When the session cannot be played.
    pub fn resume(session: Session) -> Result<(Self, Option<Moment>), RecordingError> {
        let mut journal = Journal::new();
        let (timeline, differs) = Timeline::resume(session, &mut journal)?;
        journal.wrecks.clear();
        let quiet = Quiet::default();
        Ok((Self { timeline, journal, jumped: true, relived: None, quiet }, differs))
    }

    fn world(&self) -> &World<P> {
        self.timeline.world()
    }

    /// Takes what comes next up to a moment of the clock; tells whether something came.
    fn advance(&mut self, until: Micros) -> bool {
        self.journal.listen(self.timeline.place(), self.timeline.tree());
        let advanced = self.timeline.advance(until, &mut self.journal);
        self.journal.stepped(self.timeline.world());
        advanced
    }

    /// Looks ahead.
    fn scout(&self) -> Quiet {
        let (mut world, mut scout) = (self.world().clone(), Scout(false));
        for _ in 0..AHEAD {
            let next = world.steps() + 1;
            self.timeline.play(&mut world, next, &mut scout);
            if scout.0 {
                return Quiet { until: world.now(), ends: true };
            }
            if world.steps() < next {
                return Quiet { until: Micros(u64::MAX), ends: false };
            }
        }
        Quiet { until: world.now(), ends: false }
    }

    /// The world stands somewhere else.
    fn jump(&mut self) {
        self.quiet = Quiet::default();
        self.journal.clear();
        self.jumped = true;
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
        self.world().now()
    }

    fn steps(&self) -> u64 {
        self.world().steps()
    }

    fn size(&self) -> u8 {
        self.world().size()
    }

    fn next_due(&mut self) -> Option<Micros> {
        self.timeline.next_due()
    }

    fn step(&mut self) -> bool {
        self.advance(Micros(u64::MAX))
    }

    fn run_until(&mut self, moment: Micros, budget: u64) -> Advance {
        let found = self.world().breaches().len();
        let mut left = budget;
        while self.timeline.next_due().is_some_and(|due| due <= moment) {
            if left == 0 {
                return Advance::OutOfBudget;
            }
            left -= 1;
            if !self.advance(moment) {
                return Advance::Full;
            }
            if self.world().breaches().len() > found {
                return Advance::Breached;
            }
        }
        self.timeline.wait_until(moment);
        Advance::Reached
    }

    fn quiet(&mut self) -> Quiet {
        if self.quiet.until <= self.now() {
            self.quiet = self.scout();
        }
        self.quiet
    }

    fn leader(&self) -> Option<NodeId> {
        self.world().leader()
    }

    fn check(&self, action: &Action) -> Result<(), ActionError> {
        self.world().check(action)
    }

    fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.quiet = Quiet::default();
        self.journal.listen(self.timeline.place(), self.timeline.tree());
        let done = self.timeline.act(action, &mut self.journal);
        self.journal.stepped(self.timeline.world());
        done
    }

    fn moment(&self) -> Moment {
        self.timeline.moment()
    }

    fn seek(&mut self, to: Moment) {
        self.timeline.seek(to);
        self.jump();
    }

    fn seek_time(&mut self, at: Micros) {
        self.timeline.seek_time(at);
        self.jump();
    }

    fn step_back(&mut self) -> bool {
        let moved = self.timeline.step_back();
        self.jump();
        moved
    }

    fn beat_forward(&mut self) {
        beat_forward(self);
    }

    fn beat_back(&mut self) {
        beat_back(self);
    }

    fn undo(&mut self) -> Result<bool, ActionError> {
        let undone = self.timeline.undo()?;
        self.jump();
        Ok(undone)
    }

    fn redo(&mut self) -> bool {
        let redone = self.timeline.redo();
        self.jump();
        redone
    }

    fn fork(&mut self, name: &str) -> Result<(), ActionError> {
        self.quiet = Quiet::default();
        self.timeline.fork(name)
    }

    fn switch(&mut self, branch: BranchId) -> bool {
        let switched = self.timeline.switch(branch);
        self.jump();
        switched
    }

    fn delete(&mut self, branch: BranchId) {
        self.timeline.delete(branch);
        self.jump();
    }

    fn rename(&mut self, branch: BranchId, name: &str) -> Result<(), ActionError> {
        self.timeline.rename(branch, name)
    }

    fn mark(&mut self, text: &str) -> Result<(), ActionError> {
        self.timeline.mark(text)
    }

    fn tree(&self) -> &Tree {
        self.timeline.tree()
    }

    fn folds(&self) -> Folds {
        Folds::of(self.tree().current(), self.timeline.longest_way())
    }

    fn scene(&self, window: Window) -> Scene {
        subject::scene(self.world(), window)
    }

    fn counters(&self) -> Counters<'_> {
        subject::counters(self.world())
    }

    fn flights(&self, into: &mut Vec<Flight>) {
        subject::flights(self.world(), into);
    }

    fn message(&self, id: MessageId) -> Option<Message> {
        subject::message(self.world(), id)
    }

    fn events(&mut self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow> {
        if std::mem::take(&mut self.jumped) {
            self.journal.clear();
            self.timeline.retell(RETOLD, &mut self.journal);
            self.journal.wrecks.clear();
        }
        self.journal.rows(most, wanted)
    }

    fn story(&self, most: u64) -> Vec<EventRow> {
        let mut journal = Journal::new();
        self.timeline.retell(most, &mut journal);
        journal.rows(usize::MAX, &|_| true)
    }

    fn trace(&mut self, budget: u64) -> &Trace {
        let Self { timeline, journal, relived, .. } = self;
        let here = timeline.place();
        let (from, to) = Trace::wanted(&mut journal.trace, here, timeline.tree());
        if from < to || journal.trace.is_none() {
            let known = relived.take().filter(|world| world.steps() == from);
            let mut world = known.unwrap_or_else(|| timeline.world_at(from));
            let trace = journal.trace.get_or_insert_with(|| Trace::new(here, &world));
            for _ in 0..budget.min(to - from) {
                let next = world.steps() + 1;
                timeline.play(&mut world, next, &mut Scribe(trace));
                trace.stepped(&world);
            }
            trace.look_up(&world);
            *relived = (world.steps() < to).then_some(world);
        }
        let trace = journal.trace.as_mut().expect("it was just made");
        trace.catch_up(here, timeline.tree().current().end, timeline.world());
        trace
    }

    fn traced(&self) -> Option<&Trace> {
        self.journal.trace.as_ref()
    }

    fn forget_trace(&mut self) {
        (self.journal.trace, self.relived) = (None, None);
    }

    fn wrecks(&mut self) -> Vec<Wreck> {
        std::mem::take(&mut self.journal.wrecks)
    }

    fn tries(&self) -> Vec<Phrase> {
        P::tries()
    }

    fn start(&self) -> &Recording {
        self.timeline.start()
    }

    fn recording(&self) -> Recording {
        self.timeline.recording()
    }

    fn session(&self) -> Session {
        self.timeline.session()
    }

    fn line(&self, at_end: bool) -> Session {
        self.timeline.line(at_end)
    }

    fn digest(&self) -> u64 {
        self.world().digest()
    }
}

/// Goes on to the next beat or mark.
fn beat_forward(lab: &mut dyn Lab) {
    let here = lab.moment();
    let tree = lab.tree();
    let beats = tree.current().beats.iter().map(|beat| beat.moment);
    let marks = tree.marks().into_iter().map(|mark| mark.moment);
    let ahead = beats.filter(|moment| moment.after > here.after);
    if let Some(next) = ahead.chain(marks.filter(|&moment| moment > here)).min() {
        return lab.seek(next);
    }
    let end = tree.current().end;
    lab.seek(end);
    let last = |lab: &dyn Lab| lab.tree().current().beats.last().copied();
    let known = last(lab);
    for _ in 0..SEARCHED {
        if !lab.step() || last(lab) != known {
            break;
        }
    }
}

/// Goes back to the last beat or mark.
fn beat_back(lab: &mut dyn Lab) {
    let here = lab.moment();
    let tree = lab.tree();
    let beats = tree.current().beats.iter().map(|beat| beat.moment);
    let marks = tree.marks().into_iter().map(|mark| mark.moment);
    let behind = beats.filter(|moment| moment.after < here.after);
    let behind = behind.chain(marks.filter(|&moment| moment < here)).max();
    lab.seek(behind.unwrap_or_default());
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
        ActionError::OneSided => refused::one_sided(),
        ActionError::NobodyLeads => refused::nobody_leads(),
        ActionError::NoSuchSetting { setting } => refused::no_such_setting(setting.as_str()),
        ActionError::Full { what, most } => refused::full(*most, *what),
        ActionError::OutOfRange { field, value, least, most } => {
            refused::out_of_range(field.as_str(), *least, *most, *value)
        }
    }
}

/// Why a link or a file cannot be opened, for people.
pub fn complain_link(error: &LinkError) -> Phrase {
    use say::refused;
    match error {
        LinkError::NotALink => refused::not_a_link(),
        LinkError::Truncated { have, want } => refused::truncated(*have, *want),
        LinkError::Corrupted => refused::corrupted(),
        LinkError::Oversized { most } => refused::oversized(*most),
        LinkError::Format { found } => refused::format(*found, crate::sim::session::FORMAT),
        LinkError::Recording(why) => complain_recording(why),
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
        RecordingError::TooLong { field, value, most } => refused::too_long(*field, *most, *value),
        RecordingError::Setup(why) => complain(why),
        RecordingError::Action { number, why } => refused::action(*number, complain(why)),
        RecordingError::Branch { number } => refused::branch(*number),
        RecordingError::Order { number } => refused::order(*number),
    }
}
