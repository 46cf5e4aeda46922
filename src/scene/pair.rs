//! Two clusters side by side, on one timeline and under one script: whatever is done to one is done
//! to both.
//!
//! The cluster on the left leads the way: moments, branches and marks are its own. Where the other one
//! stands follows from that: as many actions as on the left are done, and everything is taken that is
//! due before the next of them, up to what the left one's clock shows. Thus both are at the same
//! moment after every step, seek, undo and replay.
//!
//! What can be done to one alone is a [`Action::Pass`] for the other, so that both have the same list
//! of actions. Each branch on the left has one on the right, whose name is its number.

use super::lab::SEARCHED;
use super::{
    Advance, Counters, EventRow, Flight, Folds, Lab, Message, Quiet, Scene, Trace, Window, Wreck,
};
use crate::sim::timeline::{Beat, BranchId, MAX_BRANCHES, MAX_STEPS, Moment, Tree};
use crate::sim::{
    Action, ActionError, MessageId, Micros, NodeId, Recording, RecordingError, Session, Text,
};
use crate::text::Phrase;

/// Two clusters side by side.
pub struct Pair {
    left: Box<dyn Lab>,
    right: Box<dyn Lab>,
}

/// How many of its branch's actions are done.
fn done(lab: &dyn Lab) -> usize {
    lab.tree().current().actions.partition_point(|timed| timed.after < lab.steps())
}

/// Whether something has happened after this moment.
fn in_the_past(lab: &dyn Lab) -> bool {
    lab.moment() < lab.tree().current().end
}

/// What a branch on the right is called that belongs to this one on the left.
fn name_for(branch: BranchId) -> String {
    branch.0.to_string()
}

impl Pair {
    /// Two runs that were paired before, or in which nothing has been done yet.
    ///
    /// # Errors
    /// When they are not of one size, or branches of the left one have none on the right.
    pub fn new(left: Box<dyn Lab>, mut right: Box<dyn Lab>) -> Result<Self, RecordingError> {
        if left.size() != right.size() {
            return Err(RecordingError::Nodes { nodes: right.size() });
        }
        if let ([first], [other]) = (left.tree().branches(), right.tree().branches()) {
            let (name, other) = (name_for(first.id), other.id);
            right.rename(other, &name).map_err(RecordingError::Setup)?;
        }
        let mut pair = Self { left, right };
        let lonely = |branch: &BranchId| pair.twin(*branch).is_none();
        if let Some(number) =
            pair.left.tree().branches().iter().map(|each| each.id).position(|id| lonely(&id))
        {
            return Err(RecordingError::Branch { number });
        }
        pair.align();
        pair.pair_up();
        Ok(pair)
    }

    /// The branch on the right that belongs to one on the left.
    fn twin(&self, branch: BranchId) -> Option<BranchId> {
        let name = name_for(branch);
        let branches = self.right.tree().branches().iter();
        { branches }.find(|each| each.name == name).map(|each| each.id)
    }

    /// Notes that the current branches belong together, and takes away those on the right that belong
    /// to none any more.
    fn pair_up(&mut self) {
        let here = self.right.tree().current().id;
        let name = name_for(self.left.tree().current().id);
        let renamed = self.right.rename(here, &name).is_ok();
        assert!(renamed, "numbers are short");
        let left = self.left.tree().branches();
        let names: Vec<Text> = left.iter().map(|each| name_for(each.id).into()).collect();
        let right = self.right.tree().branches().iter();
        let lost = right.filter(|each| !names.contains(&each.name)).map(|each| each.id);
        for branch in lost.collect::<Vec<_>>() {
            self.right.delete(branch);
        }
    }

    /// The action on the right before which it must stop: the first that is not done on the left.
    fn barrier(&self) -> Option<Moment> {
        let next = self.right.tree().current().actions.get(done(&*self.left))?;
        (next.at <= self.left.now()).then(|| next.moment())
    }

    /// Lets the right one live on to where the left one stands.
    fn follow(&mut self) -> Advance {
        if let Some(barrier) = self.barrier() {
            while self.right.steps() < barrier.after && self.right.step() {}
            return Advance::Reached;
        }
        let mut breached = false;
        loop {
            match self.right.run_until(self.left.now(), u64::MAX) {
                Advance::Breached => breached = true,
                Advance::Reached if breached => return Advance::Breached,
                other => return other,
            }
        }
    }

    /// Brings the right one to where the left one stands, wherever it was.
    fn align(&mut self) {
        let twin = self.twin(self.left.tree().current().id);
        let twin = twin.expect("every branch on the left has one on the right");
        if self.right.tree().current().id != twin {
            self.right.switch(twin);
        }
        match self.barrier() {
            Some(barrier) => self.right.seek(barrier),
            None => self.right.seek_time(self.left.now()),
        }
    }

    /// Does something to the left one and something to the right one, at the same moment.
    fn do_both(&mut self, left: Action, right: Action) -> Result<(), ActionError> {
        let full = |what, most| Err(ActionError::Full { what, most });
        if self.left.steps().max(self.right.steps()) >= MAX_STEPS {
            return full("steps", MAX_STEPS);
        }
        let past = [in_the_past(&*self.left), in_the_past(&*self.right)];
        if past.contains(&true) {
            let branches = [&self.left, &self.right].map(|lab| lab.tree().branches().len());
            if branches.iter().any(|&branches| branches >= MAX_BRANCHES) {
                return full("branches", MAX_BRANCHES as u64);
            }
            // A branch begins on both sides, or on neither.
            for (lab, past) in [&mut self.left, &mut self.right].into_iter().zip(past) {
                if !past {
                    lab.fork("")?;
                }
            }
        }
        self.left.act(left)?;
        let done = self.right.act(right).is_ok();
        assert!(done, "it was checked, and both have done as much");
        self.pair_up();
        Ok(())
    }

    /// Where on the way through the right one's branch a beat is, before or after a moment.
    fn right_beats(&self) -> &[Beat] {
        &self.right.tree().current().beats
    }

    /// The beats and marks of the left one.
    fn left_beats(&self) -> impl Iterator<Item = Moment> {
        let tree = self.left.tree();
        let marks = tree.marks().into_iter().map(|mark| mark.moment);
        tree.current().beats.iter().map(|beat| beat.moment).chain(marks)
    }
}

impl Lab for Pair {
    fn protocol(&self) -> &'static str {
        self.left.protocol()
    }

    fn title(&self) -> Phrase {
        self.left.title()
    }

    fn now(&self) -> Micros {
        self.left.now()
    }

    fn steps(&self) -> u64 {
        self.left.steps() + self.right.steps()
    }

    fn size(&self) -> u8 {
        self.left.size()
    }

    fn next_due(&mut self) -> Option<Micros> {
        let (left, right) = (self.left.next_due(), self.right.next_due());
        left.into_iter().chain(right).min()
    }

    /// Takes the left one's next event, or all of the right one's next instant if that comes first.
    fn step(&mut self) -> bool {
        let moved = match (self.left.next_due(), self.right.next_due()) {
            (None, None) => return false,
            (left, Some(right)) if left.is_none_or(|left| right < left) => {
                self.left.run_until(right, 0) == Advance::Reached
            }
            _ => self.left.step(),
        };
        moved && self.follow() != Advance::Full
    }

    fn run_until(&mut self, moment: Micros, budget: u64) -> Advance {
        let most = self.steps().saturating_add(budget);
        loop {
            let left = most.saturating_sub(self.steps());
            let next = self.next_due().map_or(moment, |due| due.min(moment));
            let advances = [self.left.run_until(next, left), self.follow()];
            for worst in [Advance::Full, Advance::Breached, Advance::OutOfBudget] {
                if advances.contains(&worst) {
                    return worst;
                }
            }
            if self.next_due().is_none_or(|due| due > moment) {
                self.left.run_until(moment, 0);
                return self.follow();
            }
        }
    }

    /// As long as it is quiet in both.
    fn quiet(&mut self) -> Quiet {
        let (left, right) = (self.left.quiet(), self.right.quiet());
        if right.until < left.until { right } else { left }
    }

    fn beside(&self) -> Option<&dyn Lab> {
        Some(&*self.right)
    }

    fn beside_mut(&mut self) -> Option<&mut dyn Lab> {
        Some(&mut *self.right)
    }

    fn leader(&self) -> Option<NodeId> {
        self.left.leader()
    }

    fn crash_leader(&mut self) -> Result<(), ActionError> {
        let leaders = self.left.leader().zip(self.right.leader());
        let (left, right) = leaders.ok_or(ActionError::NobodyLeads)?;
        self.do_both(Action::Crash { node: left }, Action::Crash { node: right })
    }

    fn check(&self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::FireTimer { .. }
            | Action::Drop { .. }
            | Action::Delay { .. }
            | Action::Deliver { .. }
            | Action::Duplicate { .. } => Err(ActionError::OneSided),
            _ => self.left.check(action).or_else(|why| self.right.check(action).map_err(|_| why)),
        }
    }

    /// Does it wherever it can be done.
    fn act(&mut self, action: Action) -> Result<(), ActionError> {
        self.check(&action)?;
        let [left, right] = [&self.left, &self.right].map(|lab| match lab.check(&action) {
            Ok(()) => action.clone(),
            Err(_) => Action::Pass,
        });
        self.do_both(left, right)
    }

    fn moment(&self) -> Moment {
        self.left.moment()
    }

    fn seek(&mut self, to: Moment) {
        self.left.seek(to);
        self.align();
    }

    fn seek_time(&mut self, at: Micros) {
        self.left.seek_time(at);
        self.align();
    }

    fn step_back(&mut self) -> bool {
        let here = self.left.moment();
        // When the last event of each was.
        let [left, right] = [&mut self.left, &mut self.right]
            .map(|lab| lab.step_back().then(|| lab.next_due()).flatten());
        let just_before = |due: Option<Micros>| due.unwrap_or_default() - Micros(1);
        let to = match right > left {
            true => Moment { after: here.after, at: just_before(right) },
            false => Moment { after: here.after.saturating_sub(1), at: just_before(left) },
        };
        self.seek(to);
        left.or(right).is_some()
    }

    fn beat_forward(&mut self) {
        let (here, beside) = (self.left.moment(), self.right.moment());
        let left = self
            .left_beats()
            .filter(|&moment| moment.after > here.after || moment.at > here.at)
            .min();
        let right = self.right_beats().iter().find(|beat| beat.moment.after > beside.after);
        match (left, right.map(|beat| beat.moment.at)) {
            (left, Some(at)) if left.is_none_or(|left| at < left.at) => return self.seek_time(at),
            (Some(moment), _) => return self.seek(moment),
            (None, _) => {}
        }
        self.seek(self.left.tree().current().end);
        let last = |pair: &Self| {
            [&pair.left, &pair.right].map(|lab| lab.tree().current().beats.last().copied())
        };
        let known = last(self);
        for _ in 0..SEARCHED {
            if !self.step() || last(self) != known {
                break;
            }
        }
    }

    fn beat_back(&mut self) {
        let here = self.left.moment();
        let left = self.left_beats().filter(|&moment| moment < here).max();
        let right = self.right_beats().iter().rev().map(|beat| beat.moment.at);
        let right = { right }.find(|&at| at < here.at);
        match (left, right) {
            (left, Some(at)) if left.is_none_or(|left| at > left.at) => self.seek_time(at),
            (left, _) => self.seek(left.unwrap_or_default()),
        }
    }

    fn undo(&mut self) -> Result<bool, ActionError> {
        if !self.left.undo()? {
            return Ok(false);
        }
        self.right.undo()?;
        self.pair_up();
        self.align();
        Ok(true)
    }

    fn redo(&mut self) -> bool {
        let redone = self.left.redo();
        self.align();
        self.pair_up();
        redone
    }

    fn fork(&mut self, name: &str) -> Result<(), ActionError> {
        self.left.fork(name)?;
        self.right.fork("")?;
        self.pair_up();
        Ok(())
    }

    fn switch(&mut self, branch: BranchId) -> bool {
        let switched = self.left.switch(branch);
        self.align();
        self.pair_up();
        switched
    }

    fn delete(&mut self, branch: BranchId) {
        self.left.delete(branch);
        self.align();
        self.pair_up();
    }

    fn rename(&mut self, branch: BranchId, name: &str) -> Result<(), ActionError> {
        self.left.rename(branch, name)
    }

    fn mark(&mut self, text: &str) -> Result<(), ActionError> {
        self.left.mark(text)
    }

    fn tree(&self) -> &Tree {
        self.left.tree()
    }

    fn folds(&self) -> Folds {
        self.left.folds().or(self.right.folds())
    }

    fn scene(&self, window: Window) -> Scene {
        self.left.scene(window)
    }

    fn counters(&self) -> Counters<'_> {
        self.left.counters()
    }

    fn flights(&self, into: &mut Vec<Flight>) {
        self.left.flights(into);
    }

    fn message(&self, id: MessageId) -> Option<Message> {
        self.left.message(id)
    }

    fn events(&mut self, most: usize, wanted: &dyn Fn(&EventRow) -> bool) -> Vec<EventRow> {
        self.left.events(most, wanted)
    }

    fn story(&self, most: u64) -> Vec<EventRow> {
        self.left.story(most)
    }

    fn trace(&mut self, budget: u64) -> &Trace {
        self.left.trace(budget)
    }

    fn traced(&self) -> Option<&Trace> {
        self.left.traced()
    }

    fn forget_trace(&mut self) {
        self.left.forget_trace();
        self.right.forget_trace();
    }

    fn wrecks(&mut self) -> Vec<Wreck> {
        self.left.wrecks()
    }

    fn tries(&self) -> Vec<Phrase> {
        use crate::text::say::tries;
        vec![tries::pair_leaders(), tries::pair_costs(), tries::pair_network(), tries::pair_split()]
    }

    fn start(&self) -> &Recording {
        self.left.start()
    }

    /// The left one's branch.
    fn recording(&self) -> Recording {
        self.left.recording()
    }

    fn session(&self) -> Session {
        let mut beside = self.right.session();
        let order = self.left.tree().in_order();
        for strand in &mut beside.strands {
            let place = order.iter().position(|branch| strand.name == name_for(branch.id));
            // What only redoing leads to is not kept.
            strand.name = place.map_or(Text::default(), |place| place.to_string().into());
        }
        Session { beside: Some(Box::new(beside)), ..self.left.session() }
    }

    fn line(&self, at_end: bool) -> Session {
        let mut beside = self.right.line(at_end);
        beside.strands[0].name = name_for(BranchId(0)).into();
        Session { beside: Some(Box::new(beside)), ..self.left.line(at_end) }
    }

    fn digest(&self) -> u64 {
        crate::sim::digest::Digest::of(&[self.left.digest(), self.right.digest()])
    }
}
