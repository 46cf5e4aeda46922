//! What was done in a run, where its reader stands, and where its keyframes are.
//!
//! A chronicle knows no protocol: the worlds themselves are behind a [`Player`].

use super::tree::{
    Branch, BranchId, MAX_ACTIONS, MAX_STEPS, MAX_TIME, Mark, Moment, Notes, Place, Tree,
};
use crate::sim::environment::Environment;
use crate::sim::history::Turn;
use crate::sim::recording::{Recording, RecordingError, Timed};
use crate::sim::session::{ENGINE, Session, Strand};
use crate::sim::{Action, ActionError, Micros};

/// How many steps there are from one keyframe to the next while memory lasts.
const STRIDE: u64 = 10_000;
/// The most keyframes.
const MAX_FRAMES: usize = 64;
/// The most bytes that keyframes take together, as far as
/// [`World::weight`](crate::sim::World::weight) tells.
const MAX_WEIGHT: usize = 40 << 20;

/// A world, and others that are kept as they were.
pub(super) trait Player {
    fn around(&self) -> &Environment;
    fn around_mut(&mut self) -> &mut Environment;
    /// Takes the next event if it is due up to a moment, and notes it; tells whether it was.
    fn step(&mut self, until: Micros, notes: Option<Notes<'_>>) -> bool;
    fn check(&self, action: &Action) -> Result<(), ActionError>;
    fn act(&mut self, action: &Action, notes: Option<Notes<'_>>) -> Result<(), ActionError>;
    fn digest(&self) -> u64;
    fn weight(&self) -> usize;
    /// Keeps the world as it is, as the keyframe of this number.
    fn keep(&mut self, frame: usize);
    /// Forgets a keyframe.
    fn forget(&mut self, frame: usize);
    /// Makes the world what it was at a keyframe.
    fn go_to(&mut self, frame: usize);
}

/// Where a world was kept.
#[derive(Clone, Copy, Debug)]
struct Frame {
    place: Place,
    weight: usize,
}

/// A run without its worlds.
#[derive(Clone, Debug)]
pub(super) struct Chronicle {
    /// How the run begins; it has no actions.
    start: Recording,
    tree: Tree,
    /// How many of the current branch's actions are done at this moment.
    done: usize,
    /// What clients asked and were told in the step that is lived.
    turns: Vec<Turn>,
    /// How many steps to live to until the next keyframe.
    frame_due: u64,
    /// In the order of their moments.
    frames: Vec<Frame>,
}

impl Chronicle {
    /// A run in which nothing has happened.
    pub fn new(start: Recording) -> Self {
        let (turns, frames) = (Vec::new(), Vec::new());
        Self { start, tree: Tree::new(), done: 0, turns, frame_due: 0, frames }
    }

    /// Plays a session from its first moment on and stands where its reader stood; tells from which
    /// moment on it may be another one.
    ///
    /// # Errors
    /// When the session cannot be played, although it was played by these engines.
    pub fn resume(
        &mut self,
        session: Session,
        reel: &mut dyn Player,
    ) -> Result<Option<Moment>, RecordingError> {
        self.keep_frame(reel);
        let (mut ids, mut differs) = (Vec::new(), None);
        for (number, strand) in session.strands.into_iter().enumerate() {
            match self.resume_strand(&mut ids, number, strand, reel, &mut differs) {
                Ok(()) => {}
                Err(_) if differs.is_some() || session.engine != ENGINE => {
                    differs = differs.or(Some(reel.around().moment()));
                    ids.resize(number + 1, self.tree.current().id);
                }
                Err(error) => return Err(error),
            }
        }
        self.enter(ids[session.strand], reel);
        self.seek(session.moment, reel);
        let elsewhere = reel.around().moment() != session.moment;
        if elsewhere && session.engine == ENGINE && differs.is_none() {
            return Err(RecordingError::Branch { number: session.strand });
        }
        // Recordings come without a digest.
        let other = session.digest != 0 && session.digest != reel.digest();
        if (elsewhere || other) && differs.is_none() {
            let done = self.done.checked_sub(1);
            let last = done.map(|last| self.tree.current().actions[last].moment());
            differs = Some(last.unwrap_or_default());
        }
        Ok(differs)
    }

    fn resume_strand(
        &mut self,
        ids: &mut Vec<BranchId>,
        number: usize,
        strand: Strand,
        reel: &mut dyn Player,
        differs: &mut Option<Moment>,
    ) -> Result<(), RecordingError> {
        let broken = || RecordingError::Branch { number };
        if let Some((parent, moment)) = strand.origin {
            self.enter(ids[parent], reel);
            self.seek(moment, reel);
            if reel.around().moment() != moment {
                return Err(broken());
            }
            self.fork(moment).map_err(|_| broken())?;
        }
        let id = self.tree.current().id;
        ids.push(id);
        for (number, (timed, known)) in strand.read().enumerate() {
            let before = reel.around().moment();
            self.live_on(number, timed, reel)?;
            // Recordings come without checks.
            let other = known != 0 && self.tree.current().checks.last() != Some(&known);
            *differs = differs.or(other.then_some(before));
        }
        self.live_to(strand.end, reel).ok_or_else(broken)?;
        self.tree.rename(id, &strand.name).map_err(RecordingError::Setup)?;
        for Mark { moment, text } in strand.marks {
            self.tree.mark(moment, &text).map_err(RecordingError::Setup)?;
        }
        Ok(())
    }

    /// Lives on to an action of a recording, and does it.
    fn live_on(
        &mut self,
        number: usize,
        timed: Timed,
        reel: &mut dyn Player,
    ) -> Result<(), RecordingError> {
        let Timed { at, after, action } = timed;
        self.live_to(Moment { after, at }, reel).ok_or(RecordingError::Order { number })?;
        self.act(action, reel).map_err(|why| RecordingError::Action { number, why })
    }

    /// Lives on to a moment; none when the run does not come through it.
    fn live_to(&mut self, to: Moment, reel: &mut dyn Player) -> Option<()> {
        while reel.around().steps < to.after && self.advance(to.at, reel) {}
        let around = reel.around_mut();
        let early = around.next_due().is_some_and(|due| due < to.at);
        if around.steps != to.after || around.now > to.at || early {
            return None;
        }
        self.wait_until(to.at, reel);
        Some(())
    }

    /// The run with all its branches, for a reader at this moment of the current one.
    pub fn session(&self, moment: Moment, digest: u64) -> Session {
        let (strands, strand) = self.tree.strands();
        let (engine, start) = (ENGINE.into(), self.start.clone());
        Session { engine, start, strands, strand, moment, digest, beside: None }
    }

    /// The current branch alone, for a reader at this moment of it.
    pub fn line(&self, moment: Moment, digest: u64) -> Session {
        let strands = vec![self.tree.line()];
        let (engine, start) = (ENGINE.into(), self.start.clone());
        Session { engine, start, strands, strand: 0, moment, digest, beside: None }
    }

    pub fn start(&self) -> &Recording {
        &self.start
    }

    /// The current branch as a recording.
    pub fn recording(&self) -> Recording {
        Recording { actions: self.tree.current().actions.clone(), ..self.start.clone() }
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub fn tree_mut(&mut self) -> &mut Tree {
        &mut self.tree
    }

    pub fn done_actions(&self) -> usize {
        self.done
    }

    /// How many keyframes there are, and about how many bytes they take.
    pub fn frames(&self) -> (usize, usize) {
        (self.frames.len(), self.frames.iter().map(|frame| frame.weight).sum())
    }

    /// How many steps lie between two keyframes of this branch at most, if there are more than there
    /// were before keyframes were given up.
    pub fn longest_way(&self) -> Option<u64> {
        let here = self.tree.current();
        let shared = self.frames.iter().filter(|frame| self.tree.shares(frame.place, here.id));
        let (mut last, mut longest) = (0, 0);
        for after in shared.map(|frame| frame.place.moment.after).chain([here.end.after]) {
            longest = longest.max(after.saturating_sub(last));
            last = after;
        }
        (longest > STRIDE).then_some(longest)
    }

    fn place(&self, reel: &dyn Player) -> Place {
        Place { branch: self.tree.current().id, moment: reel.around().moment() }
    }

    // ---- onwards -----------------------------------------------------------------------------

    /// When what comes next comes: an action that this branch holds, or an event.
    pub fn next_due(&self, around: &mut Environment) -> Option<Micros> {
        let next = self.tree.current().actions.get(self.done);
        match next.filter(|timed| timed.after == around.steps) {
            Some(timed) => Some(timed.at),
            None => around.next_due(),
        }
    }

    /// Takes what comes next, if it comes up to a moment of the clock; tells whether it did.
    pub fn advance(&mut self, until: Micros, reel: &mut dyn Player) -> bool {
        let Branch { actions, beats, end, .. } = self.tree.current_mut();
        let known = reel.around().steps < end.after;
        if !known && reel.around().steps >= MAX_STEPS {
            return false;
        }
        let notes = (!known).then_some(Notes { beats, turns: &mut self.turns });
        let advanced = advance(reel, &mut self.done, actions, until, notes);
        if advanced && !known {
            self.lived(reel);
        }
        advanced
    }

    /// Lets time pass in which nothing is due.
    pub fn wait_until(&mut self, moment: Micros, reel: &mut dyn Player) {
        reel.around_mut().wait_until(moment.min(MAX_TIME));
        if reel.around().moment() > self.tree.current().end {
            self.lived(reel);
        }
    }

    /// Notes that this branch was lived up to here.
    fn lived(&mut self, reel: &mut dyn Player) {
        let moment = reel.around().moment();
        self.tree.current_mut().end = moment;
        if !self.turns.is_empty() {
            self.tree.keep_turns(&mut self.turns);
        }
        self.tree.forget_undone();
        if moment.after >= self.frame_due {
            self.keep_frame(reel);
        }
    }

    /// Does what a person asks for. Where something has happened already, a branch begins.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    pub fn act(&mut self, action: Action, reel: &mut dyn Player) -> Result<(), ActionError> {
        reel.check(&action)?;
        if self.done >= MAX_ACTIONS {
            return Err(ActionError::Full { what: "actions", most: MAX_ACTIONS as u64 });
        }
        let moment = reel.around().moment();
        if moment.after >= MAX_STEPS {
            return Err(ActionError::Full { what: "steps", most: MAX_STEPS });
        }
        if moment < self.tree.current().end {
            self.fork(moment)?;
        }
        let branch = self.tree.current_mut();
        let notes = Notes { beats: &mut branch.beats, turns: &mut self.turns };
        let done = reel.act(&action, Some(notes)).is_ok();
        assert!(done, "it was checked");
        branch.actions.push(Timed { at: moment.at, after: moment.after, action });
        branch.checks.push(reel.digest() as u16);
        self.done += 1;
        self.lived(reel);
        Ok(())
    }

    // ---- to and fro --------------------------------------------------------------------------

    /// Goes to a moment of this branch.
    pub fn seek(&mut self, to: Moment, reel: &mut dyn Player) {
        self.jump(&|moment| moment <= to, reel);
        let to = to.min(self.tree.current().end);
        self.replay(to.after, Micros(u64::MAX), to.at, reel);
    }

    /// Goes to a moment of the clock.
    pub fn seek_time(&mut self, at: Micros, reel: &mut dyn Player) {
        self.jump(&|moment| moment.at <= at, reel);
        let end = self.tree.current().end;
        self.replay(end.after, at, at.min(end.at), reel);
    }

    /// Stands at the last known place before a moment, unless that is where the world stands.
    fn jump(&mut self, before: &dyn Fn(Moment) -> bool, reel: &mut dyn Player) {
        let frame = self.last_frame(before);
        let here = reel.around().moment();
        if !before(here) || here < self.frames[frame].place.moment {
            reel.go_to(frame);
        }
        self.done = self.tree.current().done(reel.around().steps);
    }

    /// Plays on to so many steps, as far as they come up to a moment of the clock; then lets the
    /// clock go on to `at`, unless something is due before.
    fn replay(&mut self, steps: u64, until: Micros, at: Micros, reel: &mut dyn Player) {
        let actions = &self.tree.current().actions;
        let done = &mut self.done;
        while reel.around().steps < steps && advance(reel, done, actions, until, None) {}
        let around = reel.around_mut();
        let due = self.next_due(around).unwrap_or(at);
        around.wait_until(due.min(at));
    }

    /// Plays this branch on in a world that is not the reader's, to so many steps.
    pub fn play(&self, steps: u64, reel: &mut dyn Player) {
        let branch = self.tree.current();
        let (mut done, late) = (branch.done(reel.around().steps), Micros(u64::MAX));
        while reel.around().steps < steps && advance(reel, &mut done, &branch.actions, late, None) {
        }
    }

    /// Goes to another branch: to the same moment of the clock, or to its end if that is earlier.
    /// Tells whether there is such a branch.
    pub fn switch(&mut self, branch: BranchId, reel: &mut dyn Player) -> bool {
        if self.tree.branch(branch).is_none() {
            return false;
        }
        let now = reel.around().now;
        self.enter(branch, reel);
        self.tree.forget_undone();
        self.seek_time(now, reel);
        true
    }

    /// Makes a branch the current one, and stands where both are the same.
    fn enter(&mut self, branch: BranchId, reel: &mut dyn Player) {
        if !self.tree.shares(self.place(reel), branch) {
            reel.go_to(0);
        }
        self.tree.select(branch);
        self.done = self.tree.current().done(reel.around().steps);
        self.mind_frames();
    }

    /// Begins a branch at a moment of this one.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    fn fork(&mut self, moment: Moment) -> Result<(), ActionError> {
        self.tree.fork(moment)?;
        self.mind_frames();
        Ok(())
    }

    /// Begins a branch with a name.
    ///
    /// # Errors
    /// When there are as many branches as there may be, or the name is too long.
    pub fn fork_named(&mut self, moment: Moment, name: &str) -> Result<(), ActionError> {
        self.fork(moment)?;
        self.tree.forget_undone();
        let id = self.tree.current().id;
        self.tree.rename(id, name)
    }

    /// Takes a branch away; the last one stays. Tells whether there was such a branch.
    pub fn delete(&mut self, branch: BranchId, reel: &mut dyn Player) -> bool {
        if self.tree.branch(branch).is_none() || self.tree.branches().len() == 1 {
            return false;
        }
        if self.tree.current().id == branch {
            let origin = self.tree.current().origin.map(|origin| origin.branch);
            let others = self.tree.branches().iter().map(|each| each.id);
            let other = origin.or_else(|| { others }.find(|&id| id != branch));
            self.switch(other.expect("there are two at least"), reel);
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
        for frame in (0..self.frames.len()).rev() {
            if self.frames[frame].place.branch == branch {
                self.forget_frame(frame, reel);
            }
        }
        self.tree.delete(branch);
        true
    }

    /// Goes back to before the last action, on a branch without it. Tells whether there was one.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub fn undo(&mut self, reel: &mut dyn Player) -> Result<bool, ActionError> {
        let Some(last) = self.done.checked_sub(1) else { return Ok(false) };
        let (place, before) = (self.place(reel), self.tree.current().actions[last].moment());
        self.tree.push_undone(place);
        if let Err(error) = self.fork(before) {
            self.tree.pop_undone();
            return Err(error);
        }
        self.seek(before, reel);
        Ok(true)
    }

    /// Goes back to where an action was undone. Tells whether there was one.
    pub fn redo(&mut self, reel: &mut dyn Player) -> bool {
        let Some(Place { branch, moment }) = self.tree.pop_undone() else { return false };
        self.enter(branch, reel);
        self.seek(moment, reel);
        true
    }

    // ---- keyframes ---------------------------------------------------------------------------

    /// The last keyframe before a moment of this branch.
    pub fn frame_before(&self, moment: Moment) -> usize {
        self.last_frame(&|known| known <= moment)
    }

    fn last_frame(&self, before: &dyn Fn(Moment) -> bool) -> usize {
        let here = self.tree.current().id;
        let known =
            |frame: &Frame| before(frame.place.moment) && self.tree.shares(frame.place, here);
        let frame = self.frames.iter().rposition(known);
        frame.expect("the first keyframe is before everything")
    }

    /// Looks when the next keyframe of this branch is due.
    fn mind_frames(&mut self) {
        let last = self.frame_before(self.tree.current().end);
        self.frame_due = self.frames[last].place.moment.after + STRIDE;
    }

    fn keep_frame(&mut self, reel: &mut dyn Player) {
        let (place, weight) = (self.place(reel), reel.weight());
        self.frame_due = place.moment.after + STRIDE;
        let at = self.frames.partition_point(|frame| frame.place.moment <= place.moment);
        self.frames.insert(at, Frame { place, weight });
        reel.keep(at);
        while self.frames.len() > MAX_FRAMES || self.frames().1 > MAX_WEIGHT {
            let Some(least) = self.least_missed(place.moment.after) else { return };
            self.forget_frame(least, reel);
        }
    }

    fn forget_frame(&mut self, frame: usize, reel: &mut dyn Player) {
        self.frames.remove(frame);
        reel.forget(frame);
    }

    /// The keyframe without which the longest way from one to the next is shortest, when the world
    /// stands after so many steps. On branches where nobody stands, ways may be four times as long.
    /// The first one is never given up.
    fn least_missed(&self, here_after: u64) -> Option<usize> {
        let here = self.tree.current().id;
        let (on, off): (Vec<usize>, Vec<usize>) = (0..self.frames.len())
            .partition(|&each| self.tree.shares(self.frames[each].place, here));
        let steps = |each: usize| self.frames[each].place.moment.after;
        let way = |line: &[usize], middle: usize, pace: u64| {
            let to = line.get(middle + 1).map_or(here_after, |&next| steps(next));
            (to.saturating_sub(steps(line[middle - 1])) / pace, line[middle])
        };
        let ways = (1..on.len()).map(|middle| way(&on, middle, 1));
        let off: Vec<usize> = [0].into_iter().chain(off).collect();
        let ways = ways.chain((1..off.len()).map(|middle| way(&off, middle, 4)));
        ways.min().map(|(_, frame)| frame)
    }
}

/// Takes what comes next in a world: the next action if this is its moment, or else an event.
fn advance(
    reel: &mut dyn Player,
    done: &mut usize,
    actions: &[Timed],
    until: Micros,
    notes: Option<Notes<'_>>,
) -> bool {
    match actions.get(*done).filter(|timed| timed.after == reel.around().steps) {
        None => reel.step(until, notes),
        Some(timed) if timed.at > until => false,
        Some(timed) => {
            reel.around_mut().wait_until(timed.at);
            let again = reel.act(&timed.action, notes).is_ok();
            assert!(again, "it was done before, in this very state");
            *done += 1;
            true
        }
    }
}
