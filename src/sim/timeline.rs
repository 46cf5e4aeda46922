//! Time travel: a run that can be gone back to at any moment, and gone on with otherwise.
//!
//! A [`Timeline`] is a world, the [`Tree`] of everything that was done to it, and some keyframes:
//! worlds as they were. To seek is to take the last keyframe before the moment and to replay from
//! there, so what is shown is always what a straight replay shows. Acting where something has
//! already happened begins a branch; the old one stays.
//!
//! Keyframes are clones; what worlds share, such as the entries of logs, is not copied. When they
//! weigh too much or are too many, the one that is missed least is forgotten: memory stays bounded
//! and a seek is at most a little longer.
//!
//! All that needs no protocol is the work of a `Chronicle`, which is compiled once; here it gets
//! the worlds of one protocol to play with.

mod beats;
mod chronicle;
mod tree;

pub use beats::{Beat, BeatKind, Beats, MAX_BEATS};
pub use tree::{
    Branch, BranchId, MAX_ACTIONS, MAX_BRANCHES, MAX_MARKS, MAX_STEPS, MAX_TIME, MAX_TURNS, Mark,
    Moment, Place, Tree,
};

use chronicle::{Chronicle, Player};
use tree::Notes;

use super::environment::Environment;
use super::history::Turn;
use super::recording::{Recording, RecordingError};
use super::session::Session;
use super::world::{Event, EventKind, Watch, World};
use super::{Action, ActionError, Micros, Protocol};

/// A run with all its branches, and the world at one moment of it.
#[derive(Clone, Debug)]
pub struct Timeline<P: Protocol> {
    chronicle: Chronicle,
    world: World<P>,
    /// Worlds as they were, where the chronicle says.
    frames: Vec<World<P>>,
}

/// A [`Watch`] behind a pointer: a timeline is compiled once for all who watch.
pub trait Audience<P: Protocol> {
    /// Whether reasons are wanted.
    fn explains(&self) -> bool;
    /// Something happened.
    fn event(&mut self, event: Event<'_, P>);
}

impl<P: Protocol, W: Watch<P>> Audience<P> for W {
    fn explains(&self) -> bool {
        Watch::explains(self)
    }

    fn event(&mut self, event: Event<'_, P>) {
        Watch::event(self, event);
    }
}

/// Passes on what happens; on a branch that is lived for the first time, it takes notes.
struct Lookout<'a, P: Protocol> {
    notes: Option<Notes<'a>>,
    audience: &'a mut dyn Audience<P>,
}

impl<P: Protocol> Watch<P> for Lookout<'_, P> {
    fn explains(&self) -> bool {
        self.notes.is_some() || self.audience.explains()
    }

    fn event(&mut self, event: Event<'_, P>) {
        if let Some(Notes { beats, turns }) = &mut self.notes {
            if let Some(turn) = Turn::of(&event) {
                turns.push(turn);
            }
            let moment = Moment { after: event.step, at: event.at };
            let kind = match event.kind {
                EventKind::Acted(_) => Some(BeatKind::Acted),
                EventKind::Breached(_) => Some(BeatKind::Breached),
                EventKind::Reached(_) => Some(BeatKind::Decided),
                _ => event.reasons.iter().find_map(P::beat),
            };
            if let Some(kind) = kind {
                beats.push(Beat { moment, kind });
            }
        }
        self.audience.event(event);
    }
}

/// A world to play with, those that are kept, and who watches.
struct Reel<'a, P: Protocol> {
    world: &'a mut World<P>,
    frames: &'a mut Vec<World<P>>,
    audience: &'a mut dyn Audience<P>,
}

impl<P: Protocol> Player for Reel<'_, P> {
    fn around(&self) -> &Environment {
        self.world.around()
    }

    fn around_mut(&mut self) -> &mut Environment {
        self.world.around_mut()
    }

    fn step(&mut self, until: Micros, notes: Option<Notes<'_>>) -> bool {
        self.world.step_before(until, &mut Lookout { notes, audience: self.audience })
    }

    fn check(&self, action: &Action) -> Result<(), ActionError> {
        self.world.check(action)
    }

    fn act(&mut self, action: &Action, notes: Option<Notes<'_>>) -> Result<(), ActionError> {
        self.world.act(action, &mut Lookout { notes, audience: self.audience })
    }

    fn digest(&self) -> u64 {
        self.world.digest()
    }

    fn weight(&self) -> usize {
        self.world.weight()
    }

    fn keep(&mut self, frame: usize) {
        self.frames.insert(frame, self.world.clone());
    }

    fn forget(&mut self, frame: usize) {
        self.frames.remove(frame);
    }

    fn go_to(&mut self, frame: usize) {
        self.world.clone_from(&self.frames[frame]);
    }
}

impl<P: Protocol> Timeline<P> {
    /// Plays a recording and stands where its last action left it.
    ///
    /// # Errors
    /// When the recording cannot be played.
    pub fn open(
        recording: Recording,
        audience: &mut dyn Audience<P>,
    ) -> Result<Self, RecordingError> {
        recording.check_lengths()?;
        Ok(Self::resume(Session::of_recording(recording), audience)?.0)
    }

    /// Plays a session and stands where its reader stood. With it comes the moment up to which the
    /// run is surely the one that was saved, if it is another one after that: other engines may do
    /// otherwise. What cannot be done at all from there on is left out.
    ///
    /// # Errors
    /// When the session cannot be played, although it was played by these engines.
    pub fn resume(
        session: Session,
        audience: &mut dyn Audience<P>,
    ) -> Result<(Self, Option<Moment>), RecordingError> {
        session.check()?;
        let setup = session.start.setup::<P>()?;
        let world = World::new(&setup, &mut Lookout { notes: None, audience });
        let chronicle = Chronicle::new(session.start.clone());
        let mut timeline = Self { chronicle, world, frames: Vec::new() };
        let differs = timeline.with(audience, |chronicle, reel| chronicle.resume(session, reel))?;
        Ok((timeline, differs))
    }

    /// Lets the chronicle play with the worlds.
    fn with<T>(
        &mut self,
        audience: &mut dyn Audience<P>,
        play: impl FnOnce(&mut Chronicle, &mut dyn Player) -> T,
    ) -> T {
        let Self { chronicle, world, frames } = self;
        play(chronicle, &mut Reel { world, frames, audience })
    }

    /// The run with all its branches, and where its reader stands.
    pub fn session(&self) -> Session {
        self.chronicle.session(self.moment(), self.world.digest())
    }

    /// This branch alone, with its reader here, or at its end.
    pub fn line(&self, at_end: bool) -> Session {
        let end = self.tree().current().end;
        if !at_end || self.moment() == end {
            return self.chronicle.line(self.moment(), self.world.digest());
        }
        let mut world = self.frames[self.chronicle.frame_before(end)].clone();
        self.play(&mut world, end.after, &mut ());
        world.around_mut().wait_until(end.at);
        self.chronicle.line(end, world.digest())
    }

    /// How the run begins; it has no actions.
    pub fn start(&self) -> &Recording {
        self.chronicle.start()
    }

    /// The current branch as a recording.
    pub fn recording(&self) -> Recording {
        self.chronicle.recording()
    }

    /// The world at this moment.
    pub fn world(&self) -> &World<P> {
        &self.world
    }

    /// The branches.
    pub fn tree(&self) -> &Tree {
        self.chronicle.tree()
    }

    /// This moment.
    pub fn moment(&self) -> Moment {
        self.world.around().moment()
    }

    /// How many of this branch's actions are done at this moment.
    pub fn done_actions(&self) -> usize {
        self.chronicle.done_actions()
    }

    /// This moment of this branch.
    pub fn place(&self) -> Place {
        Place { branch: self.tree().current().id, moment: self.moment() }
    }

    /// How many keyframes there are, and about how many bytes they take.
    pub fn frames(&self) -> (usize, usize) {
        self.chronicle.frames()
    }

    /// How many steps a way to a moment of this branch takes at most, if keyframes were given up so
    /// that it takes more than at first: then there was one every 10,000 steps.
    pub fn longest_way(&self) -> Option<u64> {
        self.chronicle.longest_way()
    }

    // ---- onwards -----------------------------------------------------------------------------

    /// When what comes next comes: an action that this branch holds, or an event.
    pub fn next_due(&mut self) -> Option<Micros> {
        self.chronicle.next_due(self.world.around_mut())
    }

    /// Takes what comes next, if it comes up to a moment of the clock; tells whether it did. In
    /// what was lived before, that includes what was done.
    pub fn advance(&mut self, until: Micros, audience: &mut dyn Audience<P>) -> bool {
        self.with(audience, |chronicle, reel| chronicle.advance(until, reel))
    }

    /// Lets time pass in which nothing is due.
    pub fn wait_until(&mut self, moment: Micros) {
        self.with(&mut (), |chronicle, reel| chronicle.wait_until(moment, reel));
    }

    /// Does what a person asks for. Where something has happened already, a branch begins.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    pub fn act(
        &mut self,
        action: Action,
        audience: &mut dyn Audience<P>,
    ) -> Result<(), ActionError> {
        self.with(audience, |chronicle, reel| chronicle.act(action, reel))
    }

    // ---- to and fro --------------------------------------------------------------------------

    /// Goes to a moment of this branch: after so many steps, or to the end if it has fewer. `at` is
    /// shown by the clock if nothing happens before.
    pub fn seek(&mut self, to: Moment) {
        self.with(&mut (), |chronicle, reel| chronicle.seek(to, reel));
    }

    /// Goes to what this branch was at a moment of the clock, or to its end if that is earlier.
    pub fn seek_time(&mut self, at: Micros) {
        self.with(&mut (), |chronicle, reel| chronicle.seek_time(at, reel));
    }

    /// Goes back to before the last step: an event or an action. Tells whether there was one.
    pub fn step_back(&mut self) -> bool {
        let Some(after) = self.world.steps().checked_sub(1) else { return false };
        self.seek(Moment { after, at: Micros(0) });
        true
    }

    /// Goes to another branch: to the same moment of the clock, or to its end if that is earlier.
    /// Tells whether there is such a branch.
    pub fn switch(&mut self, branch: BranchId) -> bool {
        self.with(&mut (), |chronicle, reel| chronicle.switch(branch, reel))
    }

    /// Begins a branch here, on which nothing has happened after this moment.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub fn fork(&mut self, name: &str) -> Result<(), ActionError> {
        let here = self.moment();
        self.chronicle.fork_named(here, name)
    }

    /// Takes a branch away, with all that happened on it alone; the last one stays. Tells whether
    /// there was such a branch.
    pub fn delete(&mut self, branch: BranchId) -> bool {
        self.with(&mut (), |chronicle, reel| chronicle.delete(branch, reel))
    }

    /// Names a branch.
    ///
    /// # Errors
    /// When the name is too long.
    pub fn rename(&mut self, branch: BranchId, name: &str) -> Result<(), ActionError> {
        self.chronicle.tree_mut().rename(branch, name)
    }

    /// Marks this moment; the empty text takes the mark away.
    ///
    /// # Errors
    /// When the text is too long, or there are as many marks as there may be.
    pub fn mark(&mut self, text: &str) -> Result<(), ActionError> {
        let here = self.moment();
        self.chronicle.tree_mut().mark(here, text)
    }

    /// Goes back to before the last action, and goes on without it from there: a branch begins, and
    /// the one with the action stays. Tells whether there was an action.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub fn undo(&mut self) -> Result<bool, ActionError> {
        self.with(&mut (), |chronicle, reel| chronicle.undo(reel))
    }

    /// Goes back to where an action was undone, if nothing has happened since. Tells whether there
    /// was one.
    pub fn redo(&mut self) -> bool {
        self.with(&mut (), |chronicle, reel| chronicle.redo(reel))
    }

    /// The last `most` steps up to this moment once more, for somebody who was not there.
    pub fn retell(&self, most: u64, audience: &mut dyn Audience<P>) {
        let from = self.world.steps().saturating_sub(most);
        let mut world = if from == 0 {
            // The first steps are those in which the nodes are started.
            let Ok(setup) = self.start().setup::<P>() else { unreachable!("it was played") };
            World::new(&setup, &mut Lookout { notes: None, audience })
        } else {
            self.world_at(from)
        };
        self.play(&mut world, self.world.steps(), audience);
    }

    /// The world of this branch as it was after so many steps.
    pub fn world_at(&self, steps: u64) -> World<P> {
        let frame = self.chronicle.frame_before(Moment { after: steps, at: Micros(0) });
        let mut world = self.frames[frame].clone();
        self.play(&mut world, steps, &mut ());
        world
    }

    /// Plays this branch on in another world, to so many steps.
    pub fn play(&self, world: &mut World<P>, steps: u64, audience: &mut dyn Audience<P>) {
        self.chronicle.play(steps, &mut Reel { world, frames: &mut Vec::new(), audience });
    }
}
