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

mod tree;

pub use tree::{
    Beat, BeatKind, Branch, BranchId, MAX_ACTIONS, MAX_BRANCHES, MAX_MARKS, MAX_STEPS, MAX_TIME,
    Mark, Moment, Place, Tree,
};

use super::recording::{Recording, RecordingError, Timed};
use super::session::{ENGINE, Session, Strand};
use super::world::{Event, EventKind, Watch, World};
use super::{Action, ActionError, Micros, Protocol};

/// How many steps there are from one keyframe to the next while memory lasts.
const STRIDE: u64 = 10_000;
/// The most keyframes.
const MAX_FRAMES: usize = 64;
/// The most bytes that keyframes take together, as far as [`World::weight`] tells.
const MAX_WEIGHT: usize = 40 << 20;

/// A world as it was.
#[derive(Clone, Debug)]
struct Frame<P: Protocol> {
    place: Place,
    weight: usize,
    world: World<P>,
}

/// A run with all its branches, and the world at one moment of it.
#[derive(Clone, Debug)]
pub struct Timeline<P: Protocol> {
    /// How the run begins; it has no actions.
    start: Recording,
    tree: Tree,
    world: World<P>,
    /// How many of the current branch's actions are done at this moment.
    done: usize,
    /// How many steps to live to until the next keyframe.
    frame_due: u64,
    /// In the order of their moments.
    frames: Vec<Frame<P>>,
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

/// Passes on what happens; on a branch that is lived for the first time, it keeps the beats.
struct Lookout<'a, P: Protocol> {
    beats: Option<&'a mut Vec<Beat>>,
    audience: &'a mut dyn Audience<P>,
}

impl<P: Protocol> Watch<P> for Lookout<'_, P> {
    fn explains(&self) -> bool {
        self.beats.is_some() || self.audience.explains()
    }

    fn event(&mut self, event: Event<'_, P>) {
        if let Some(beats) = &mut self.beats {
            let moment = Moment { after: event.step, at: event.at };
            let kind = match event.kind {
                EventKind::Acted(_) => Some(BeatKind::Acted),
                EventKind::Breached(_) => Some(BeatKind::Breached),
                EventKind::Reached(_) => Some(BeatKind::Decided),
                _ => event.reasons.iter().find_map(P::beat),
            };
            if let Some(kind) = kind {
                tree::beat(beats, Beat { moment, kind });
            }
        }
        self.audience.event(event);
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
        let mut timeline = Self::begin(session.start, audience)?;
        let (mut ids, mut differs) = (Vec::new(), None);
        for (number, strand) in session.strands.into_iter().enumerate() {
            let lost = timeline.resume_strand(&mut ids, number, strand, audience, &mut differs);
            match lost {
                Ok(()) => {}
                Err(_) if differs.is_some() || session.engine != ENGINE => {
                    differs = differs.or(Some(timeline.moment()));
                    ids.resize(number + 1, timeline.place().branch);
                }
                Err(error) => return Err(error),
            }
        }
        timeline.enter(ids[session.strand]);
        timeline.seek(session.moment);
        let elsewhere = timeline.moment() != session.moment;
        if elsewhere && session.engine == ENGINE && differs.is_none() {
            return Err(RecordingError::Branch { number: session.strand });
        }
        // Recordings come without a digest.
        let other = session.digest != 0 && session.digest != timeline.world.digest();
        if (elsewhere || other) && differs.is_none() {
            let done = timeline.done.checked_sub(1);
            let last = done.map(|last| timeline.tree.current().actions[last].moment());
            differs = Some(last.unwrap_or_default());
        }
        Ok((timeline, differs))
    }

    fn resume_strand(
        &mut self,
        ids: &mut Vec<BranchId>,
        number: usize,
        strand: Strand,
        audience: &mut dyn Audience<P>,
        differs: &mut Option<Moment>,
    ) -> Result<(), RecordingError> {
        let broken = || RecordingError::Branch { number };
        if let Some((parent, moment)) = strand.origin {
            self.enter(ids[parent]);
            self.seek(moment);
            if self.moment() != moment {
                return Err(broken());
            }
            self.tree.fork(moment).map_err(|_| broken())?;
            self.mind_frames();
        }
        let id = self.tree.current().id;
        ids.push(id);
        for (number, (timed, known)) in strand.read().enumerate() {
            let before = self.moment();
            self.live_on(number, timed, audience)?;
            // Recordings come without checks.
            let other = known != 0 && self.tree.current().checks.last() != Some(&known);
            *differs = differs.or(other.then_some(before));
        }
        self.live_to(strand.end, audience).ok_or_else(broken)?;
        self.tree.rename(id, &strand.name).map_err(RecordingError::Setup)?;
        for Mark { moment, text } in strand.marks {
            self.tree.mark(moment, &text).map_err(RecordingError::Setup)?;
        }
        Ok(())
    }

    /// The run with all its branches, and where its reader stands.
    pub fn session(&self) -> Session {
        let (strands, strand) = self.tree.strands();
        Session { strands, strand, ..self.session_without_strands() }
    }

    /// This branch alone, with its reader here, or at its end.
    pub fn line(&self, at_end: bool) -> Session {
        let branch = self.tree.current();
        let strand = self.tree.line();
        let mut line = Session { strands: vec![strand], ..self.session_without_strands() };
        if at_end && line.moment != branch.end {
            let mut world = self.frame_before(branch.end).world.clone();
            self.play(&mut world, branch.end.after, &mut ());
            world.wait_until(branch.end.at);
            (line.moment, line.digest) = (branch.end, world.digest());
        }
        line
    }

    fn session_without_strands(&self) -> Session {
        Session {
            engine: ENGINE.into(),
            start: self.start.clone(),
            strands: Vec::new(),
            strand: 0,
            moment: self.moment(),
            digest: self.world.digest(),
            beside: None,
        }
    }

    /// A run in which nothing has been done.
    fn begin(start: Recording, audience: &mut dyn Audience<P>) -> Result<Self, RecordingError> {
        let world = World::new(&start.setup::<P>()?, &mut Lookout { beats: None, audience });
        let (tree, frames) = (Tree::new(), Vec::new());
        let mut timeline = Self { start, tree, world, done: 0, frame_due: 0, frames };
        timeline.keep_frame();
        Ok(timeline)
    }

    /// Lives on to an action of a recording, and does it.
    fn live_on(
        &mut self,
        number: usize,
        timed: Timed,
        audience: &mut dyn Audience<P>,
    ) -> Result<(), RecordingError> {
        let Timed { at, after, action } = timed;
        self.live_to(Moment { after, at }, audience).ok_or(RecordingError::Order { number })?;
        self.act(action, audience).map_err(|why| RecordingError::Action { number, why })
    }

    /// Lives on to a moment; none when the run does not come through it.
    fn live_to(&mut self, to: Moment, audience: &mut dyn Audience<P>) -> Option<()> {
        while self.world.steps() < to.after && self.advance(to.at, audience) {}
        let early = self.world.next_due().is_some_and(|due| due < to.at);
        if self.world.steps() != to.after || self.world.now() > to.at || early {
            return None;
        }
        self.wait_until(to.at);
        Some(())
    }

    /// How the run begins; it has no actions.
    pub fn start(&self) -> &Recording {
        &self.start
    }

    /// The current branch as a recording.
    pub fn recording(&self) -> Recording {
        Recording { actions: self.tree.current().actions.clone(), ..self.start.clone() }
    }

    /// The world at this moment.
    pub fn world(&self) -> &World<P> {
        &self.world
    }

    /// The branches.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// This moment.
    pub fn moment(&self) -> Moment {
        Moment { after: self.world.steps(), at: self.world.now() }
    }

    /// How many of this branch's actions are done at this moment.
    pub fn done_actions(&self) -> usize {
        self.done
    }

    /// This moment of this branch.
    pub fn place(&self) -> Place {
        Place { branch: self.tree.current().id, moment: self.moment() }
    }

    /// How many keyframes there are, and about how many bytes they take.
    pub fn frames(&self) -> (usize, usize) {
        (self.frames.len(), self.frames.iter().map(|frame| frame.weight).sum())
    }

    // ---- onwards -----------------------------------------------------------------------------

    /// When what comes next comes: an action that this branch holds, or an event.
    pub fn next_due(&mut self) -> Option<Micros> {
        match self.next_action() {
            Some(timed) => Some(timed.at),
            None => self.world.next_due(),
        }
    }

    fn next_action(&self) -> Option<&Timed> {
        let next = self.tree.current().actions.get(self.done);
        next.filter(|timed| timed.after == self.world.steps())
    }

    /// Takes what comes next, if it comes up to a moment of the clock; tells whether it did. In
    /// what was lived before, that includes what was done.
    pub fn advance(&mut self, until: Micros, audience: &mut dyn Audience<P>) -> bool {
        let Branch { actions, beats, end, .. } = self.tree.current_mut();
        let known = self.world.steps() < end.after;
        if !known && self.world.steps() >= MAX_STEPS {
            return false;
        }
        let mut lookout = Lookout { beats: (!known).then_some(beats), audience };
        let advanced = advance(&mut self.world, &mut self.done, actions, until, &mut lookout);
        if advanced && !known {
            self.lived();
        }
        advanced
    }

    /// Lets time pass in which nothing is due.
    pub fn wait_until(&mut self, moment: Micros) {
        self.world.wait_until(moment.min(MAX_TIME));
        if self.moment() > self.tree.current().end {
            self.lived();
        }
    }

    /// Notes that this branch was lived up to here.
    fn lived(&mut self) {
        let moment = self.moment();
        self.tree.current_mut().end = moment;
        self.tree.forget_undone();
        if moment.after >= self.frame_due {
            self.keep_frame();
        }
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
        self.world.check(&action)?;
        if self.done >= MAX_ACTIONS {
            return Err(ActionError::Full { what: "actions", most: MAX_ACTIONS as u64 });
        }
        if self.world.steps() >= MAX_STEPS {
            return Err(ActionError::Full { what: "steps", most: MAX_STEPS });
        }
        let moment = self.moment();
        if moment < self.tree.current().end {
            self.tree.fork(moment)?;
            self.mind_frames();
        }
        let beats = &mut self.tree.current_mut().beats;
        let mut lookout = Lookout { beats: Some(beats), audience };
        self.world.act(&action, &mut lookout).expect("it was checked");
        let branch = self.tree.current_mut();
        branch.actions.push(Timed { at: moment.at, after: moment.after, action });
        branch.checks.push(self.world.digest() as u16);
        self.done += 1;
        self.lived();
        Ok(())
    }

    // ---- to and fro --------------------------------------------------------------------------

    /// Goes to a moment of this branch: after so many steps, or to the end if it has fewer. `at` is
    /// shown by the clock if nothing happens before.
    pub fn seek(&mut self, to: Moment) {
        self.jump(|moment| moment <= to);
        let end = self.tree.current().end;
        let to = to.min(end);
        self.replay(to.after, Micros(u64::MAX), to.at);
    }

    /// Goes to what this branch was at a moment of the clock, or to its end if that is earlier.
    pub fn seek_time(&mut self, at: Micros) {
        self.jump(|moment| moment.at <= at);
        let end = self.tree.current().end;
        self.replay(end.after, at, at.min(end.at));
    }

    /// Goes back to before the last step: an event or an action. Tells whether there was one.
    pub fn step_back(&mut self) -> bool {
        let Some(after) = self.world.steps().checked_sub(1) else { return false };
        self.seek(Moment { after, at: Micros(0) });
        true
    }

    /// Stands at the last known place before a moment, unless that is where the world stands.
    fn jump(&mut self, before: impl Fn(Moment) -> bool) {
        let here = self.tree.current().id;
        let known = self.frames.iter().rev();
        let known = known.filter(|frame| self.tree.shares(frame.place, here));
        let frame = { known }.find(|frame| before(frame.place.moment));
        let frame = frame.expect("the first keyframe is before everything");
        let nearer = before(self.moment()) && self.moment() >= frame.place.moment;
        if !nearer {
            self.world.clone_from(&frame.world);
        }
        self.done = self.tree.current().done(self.world.steps());
    }

    /// Plays on to so many steps, as far as they come up to a moment of the clock; then lets the
    /// clock go on to `at`, unless something is due before.
    fn replay(&mut self, steps: u64, until: Micros, at: Micros) {
        let actions = &self.tree.current().actions;
        let Self { world, done, .. } = self;
        let mut nobody = Lookout { beats: None, audience: &mut () };
        while world.steps() < steps && advance(world, done, actions, until, &mut nobody) {}
        let due = self.next_due().unwrap_or(at);
        self.world.wait_until(due.min(at));
    }

    /// Goes to another branch: to the same moment of the clock, or to its end if that is earlier.
    /// Tells whether there is such a branch.
    pub fn switch(&mut self, branch: BranchId) -> bool {
        if self.tree.branch(branch).is_none() {
            return false;
        }
        let now = self.world.now();
        self.enter(branch);
        self.tree.forget_undone();
        self.seek_time(now);
        true
    }

    /// Makes a branch the current one, and stands where both are the same.
    fn enter(&mut self, branch: BranchId) {
        if !self.tree.shares(self.place(), branch) {
            self.world.clone_from(&self.frames[0].world);
        }
        self.tree.select(branch);
        self.done = self.tree.current().done(self.world.steps());
        self.mind_frames();
    }

    /// Begins a branch here, on which nothing has happened after this moment.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub fn fork(&mut self, name: &str) -> Result<(), ActionError> {
        self.tree.fork(self.moment())?;
        self.tree.forget_undone();
        self.mind_frames();
        let id = self.tree.current().id;
        self.tree.rename(id, name)
    }

    /// Takes a branch away, with all that happened on it alone; the last one stays. Tells whether
    /// there was such a branch.
    pub fn delete(&mut self, branch: BranchId) -> bool {
        if self.tree.branch(branch).is_none() || self.tree.branches().len() == 1 {
            return false;
        }
        if self.tree.current().id == branch {
            let origin = self.tree.current().origin.map(|origin| origin.branch);
            let others = self.tree.branches().iter().map(|each| each.id);
            let other = origin.or_else(|| { others }.find(|&id| id != branch));
            self.switch(other.expect("there are two at least"));
        }
        if self.tree.branch(branch).is_none() {
            return true;
        }
        let heir = self.tree.heir(branch);
        for frame in &mut self.frames {
            if let Some(heir) = heir.filter(|_| frame.place.branch == branch)
                && self.tree.shares(frame.place, heir)
            {
                frame.place.branch = heir;
            }
        }
        self.frames.retain(|frame| frame.place.branch != branch);
        self.tree.delete(branch);
        true
    }

    /// Names a branch.
    ///
    /// # Errors
    /// When the name is too long.
    pub fn rename(&mut self, branch: BranchId, name: &str) -> Result<(), ActionError> {
        self.tree.rename(branch, name)
    }

    /// Marks this moment; the empty text takes the mark away.
    ///
    /// # Errors
    /// When the text is too long, or there are as many marks as there may be.
    pub fn mark(&mut self, text: &str) -> Result<(), ActionError> {
        self.tree.mark(self.moment(), text)
    }

    /// Goes back to before the last action, and goes on without it from there: a branch begins, and
    /// the one with the action stays. Tells whether there was an action.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub fn undo(&mut self) -> Result<bool, ActionError> {
        let Some(last) = self.done.checked_sub(1) else { return Ok(false) };
        let (place, before) = (self.place(), self.tree.current().actions[last].moment());
        self.tree.push_undone(place);
        if let Err(error) = self.tree.fork(before) {
            self.tree.pop_undone();
            return Err(error);
        }
        self.mind_frames();
        self.seek(before);
        Ok(true)
    }

    /// Goes back to where an action was undone, if nothing has happened since. Tells whether there
    /// was one.
    pub fn redo(&mut self) -> bool {
        let Some(Place { branch, moment }) = self.tree.pop_undone() else { return false };
        self.enter(branch);
        self.seek(moment);
        true
    }

    /// The last `most` steps up to this moment once more, for somebody who was not there.
    pub fn retell(&self, most: u64, audience: &mut dyn Audience<P>) {
        let from = self.world.steps().saturating_sub(most);
        if from == 0 {
            // The first steps are those in which the nodes are started.
            let setup = self.start.setup::<P>().expect("it was played");
            let world = World::new(&setup, &mut Lookout { beats: None, audience });
            return self.retell_from(world, 0, audience);
        }
        let frame = self.frame_before(Moment { after: from, at: Micros(0) });
        self.retell_from(frame.world.clone(), from, audience);
    }

    fn retell_from(&self, mut world: World<P>, from: u64, audience: &mut dyn Audience<P>) {
        self.play(&mut world, from, &mut ());
        self.play(&mut world, self.world.steps(), audience);
    }

    /// Plays this branch on in another world, to so many steps.
    fn play(&self, world: &mut World<P>, steps: u64, audience: &mut dyn Audience<P>) {
        let branch = self.tree.current();
        let (mut done, late) = (branch.done(world.steps()), Micros(u64::MAX));
        let mut lookout = Lookout { beats: None, audience };
        while world.steps() < steps
            && advance(world, &mut done, &branch.actions, late, &mut lookout)
        {}
    }

    // ---- keyframes ---------------------------------------------------------------------------

    /// The last keyframe before a moment of this branch.
    fn frame_before(&self, moment: Moment) -> &Frame<P> {
        let here = self.tree.current().id;
        let known = self.frames.iter().rev().filter(|frame| frame.place.moment <= moment);
        let frame = { known }.find(|frame| self.tree.shares(frame.place, here));
        frame.expect("the first keyframe is before everything")
    }

    /// Looks when the next keyframe of this branch is due.
    fn mind_frames(&mut self) {
        let last = self.frame_before(self.tree.current().end);
        self.frame_due = last.place.moment.after + STRIDE;
    }

    fn keep_frame(&mut self) {
        self.frame_due = self.world.steps() + STRIDE;
        let (place, weight) = (self.place(), self.world.weight());
        let at = self.frames.partition_point(|frame| frame.place.moment <= place.moment);
        self.frames.insert(at, Frame { place, weight, world: self.world.clone() });
        while self.frames.len() > MAX_FRAMES || self.frames().1 > MAX_WEIGHT {
            let Some(least) = self.least_missed() else { return };
            self.frames.remove(least);
        }
    }

    /// The keyframe without which the longest way from one to the next is shortest. On branches
    /// where nobody stands, ways may be four times as long. The first one is never given up.
    fn least_missed(&self) -> Option<usize> {
        let here = self.tree.current().id;
        let (on, off): (Vec<usize>, Vec<usize>) = (0..self.frames.len())
            .partition(|&each| self.tree.shares(self.frames[each].place, here));
        let steps = |each: usize| self.frames[each].place.moment.after;
        let way = |line: &[usize], middle: usize, pace: u64| {
            let to = line.get(middle + 1).map_or(self.world.steps(), |&next| steps(next));
            (to.saturating_sub(steps(line[middle - 1])) / pace, line[middle])
        };
        let ways = (1..on.len()).map(|middle| way(&on, middle, 1));
        let off: Vec<usize> = [0].into_iter().chain(off).collect();
        let ways = ways.chain((1..off.len()).map(|middle| way(&off, middle, 4)));
        ways.min().map(|(_, frame)| frame)
    }
}

/// Takes what comes next in a world: the next action if this is its moment, or else an event. Not
/// inlined: the world's event loop and all of the engine would come with it.
#[inline(never)]
fn advance<P: Protocol>(
    world: &mut World<P>,
    done: &mut usize,
    actions: &[Timed],
    until: Micros,
    lookout: &mut Lookout<'_, P>,
) -> bool {
    match actions.get(*done).filter(|timed| timed.after == world.steps()) {
        None => world.step_before(until, lookout),
        Some(timed) if timed.at > until => false,
        Some(timed) => {
            world.wait_until(timed.at);
            let again = world.act(&timed.action, lookout);
            again.expect("it was done before, in this very state");
            *done += 1;
            true
        }
    }
}
