//! The branches of a timeline: what was done on each, how far it was lived, what is worth a mark.

use super::beats::Beats;
use crate::sim::history::Turn;
use crate::sim::json::json_struct;
use crate::sim::machine::MAX_TEXT;
use crate::sim::recording::Timed;
use crate::sim::session::Strand;
use crate::sim::{ActionError, Micros, Text};

/// The most branches of a timeline.
pub const MAX_BRANCHES: usize = 256;
/// The most actions of one branch, those before it began included.
pub const MAX_ACTIONS: usize = 20_000;
/// The most marks of one branch.
pub const MAX_MARKS: usize = 256;
/// The most steps of a branch: half a million a minute are played, so that opening any recording
/// takes seconds, not hours.
pub const MAX_STEPS: u64 = 5_000_000;
/// The latest moment: a year. Far beyond [`MAX_STEPS`] in any run in which something happens.
pub const MAX_TIME: Micros = Micros::from_secs(365 * 86_400);
/// The most turns of clients that all branches keep together, some 9 MiB; an hour with two busy
/// clients has 70,000.
pub const MAX_TURNS: usize = 1 << 17;

/// A place in a run: so many steps were taken, and the clock shows this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// How many steps the world has taken.
    pub after: u64,
    /// The world's clock.
    pub at: Micros,
}

json_struct!(Moment { after, at });

impl Timed {
    /// The moment at which it was done, just before it.
    pub fn moment(&self) -> Moment {
        Moment { after: self.after, at: self.at }
    }
}

/// Names a branch for as long as its timeline lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub u32);

/// A moment of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The branch.
    pub branch: BranchId,
    /// The moment.
    pub moment: Moment,
}

/// What is kept of a step that is lived for the first time.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    pub beats: &'a mut Beats,
    /// What clients asked and were told in it.
    pub turns: &'a mut Vec<Turn>,
}

/// A moment that the reader has marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The moment.
    pub moment: Moment,
    /// What the reader calls it, at most [`MAX_TEXT`] characters.
    pub text: Text,
}

json_struct!(Mark { moment, text });

/// One line of the run: everything done on it from the run's beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name in this timeline.
    pub id: BranchId,
    /// What the reader calls it; empty when they have not named it.
    pub name: Text,
    /// Where it left another branch; none for the first.
    pub origin: Option<Place>,
    /// What was done, from the run's beginning on, in order.
    pub actions: Vec<Timed>,
    /// For each action, 16 bits of the digest of the state just after it.
    pub checks: Vec<u16>,
    /// How far it was lived.
    pub end: Moment,
    /// What the reader has marked, in order.
    pub marks: Vec<Mark>,
    /// What is worth a mark, in order.
    pub beats: Beats,
    /// What clients asked and were told since it left another branch, in order.
    turns: Vec<Turn>,
    /// After which step it is not known any more what clients asked and were told, if there was no
    /// room for it.
    pub full_after: Option<u64>,
}

impl Branch {
    /// How many of its actions are done after so many steps: an action is a step itself.
    pub(super) fn done(&self, steps: u64) -> usize {
        self.actions.partition_point(|timed| timed.after < steps)
    }

    /// The actions that are done at a moment.
    pub fn actions_at(&self, moment: Moment) -> &[Timed] {
        &self.actions[..self.done(moment.after)]
    }

    /// The actions that this branch does not share with the one that it left.
    pub fn own_actions(&self) -> &[Timed] {
        let origin = self.origin.map_or(0, |origin| self.done(origin.moment.after));
        &self.actions[origin..]
    }

    /// What clients asked and were told on it up to a step.
    fn turns_to(&self, step: u64) -> &[Turn] {
        &self.turns[..self.turns.partition_point(|turn| turn.step <= step)]
    }

    /// Whether nothing would be lost without it.
    fn is_empty(&self) -> bool {
        let lived = self.origin.is_none_or(|origin| self.end > origin.moment);
        !(lived || !self.name.is_empty() || !self.marks.is_empty())
    }
}

/// The branches of a timeline and where its reader stands; there is always one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    branches: Vec<Branch>,
    current: usize,
    /// Where the actions were that were undone, the last one last.
    undone: Vec<Place>,
    next_id: u32,
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Branch {
            id: BranchId(0),
            name: Text::default(),
            origin: None,
            actions: Vec::new(),
            checks: Vec::new(),
            end: Moment::default(),
            marks: Vec::new(),
            beats: Beats::default(),
            turns: Vec::new(),
            full_after: None,
        };
        Self { branches: vec![root], current: 0, undone: Vec::new(), next_id: 1 }
    }

    /// All branches, the oldest first.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The branch on which the reader stands.
    pub fn current(&self) -> &Branch {
        &self.branches[self.current]
    }

    pub(super) fn current_mut(&mut self) -> &mut Branch {
        &mut self.branches[self.current]
    }

    /// A branch, as long as it is there.
    pub fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.id == id)
    }

    /// Where redoing leads, if something was undone and nothing has happened since.
    pub fn undone(&self) -> Option<Place> {
        self.undone.last().copied()
    }

    /// Keeps what clients just asked or were told on the current branch, as long as there is room.
    pub(super) fn keep_turns(&mut self, turns: &mut Vec<Turn>) {
        let kept: usize = self.branches.iter().map(|branch| branch.turns.len()).sum();
        let branch = self.current_mut();
        if branch.full_after.is_none() {
            if kept + turns.len() <= MAX_TURNS {
                branch.turns.append(turns);
            } else {
                branch.full_after = turns.first().map(|turn| turn.step - 1);
            }
        }
        turns.clear();
    }

    /// What clients asked and were told on the current branch, in order.
    pub fn turns(&self) -> Vec<&Turn> {
        let (mut pieces, mut next) = (Vec::new(), Some((self.current(), u64::MAX)));
        while let Some((branch, bound)) = next {
            pieces.push(branch.turns_to(bound));
            next = branch.origin.and_then(|Place { branch, moment }| {
                Some((self.branch(branch)?, moment.after.min(bound)))
            });
        }
        pieces.into_iter().rev().flatten().collect()
    }

    /// Whether a moment of one branch is a moment of another, too.
    pub fn shares(&self, place: Place, branch: BranchId) -> bool {
        let (mut id, mut bound) = (branch, Moment { after: u64::MAX, at: Micros(u64::MAX) });
        loop {
            if id == place.branch {
                return place.moment <= bound;
            }
            let Some(origin) = self.branch(id).and_then(|branch| branch.origin) else {
                return false;
            };
            bound = bound.min(origin.moment);
            id = origin.branch;
        }
    }

    pub(super) fn select(&mut self, id: BranchId) {
        let place = self.branches.iter().position(|branch| branch.id == id);
        self.current = place.expect("whoever selects a branch has looked it up");
        self.sweep();
    }

    /// Begins a branch at a moment of the current one, and goes there.
    ///
    /// # Errors
    /// When there are as many branches as there may be.
    pub(super) fn fork(&mut self, moment: Moment) -> Result<(), ActionError> {
        if self.branches.len() == MAX_BRANCHES {
            return Err(ActionError::Full { what: "branches", most: MAX_BRANCHES as u64 });
        }
        // It leaves the branch to which the moment belongs, which may be an ancestor.
        let mut parent = self.current();
        while let Some(origin) = parent.origin.filter(|origin| moment <= origin.moment) {
            parent = self.branch(origin.branch).expect("an origin is a branch that is there");
        }
        let origin = Some(Place { branch: parent.id, moment });
        let old = self.current();
        let done = old.done(moment.after);
        let branch = Branch {
            id: BranchId(self.next_id),
            name: Text::default(),
            origin,
            actions: old.actions[..done].to_vec(),
            checks: old.checks[..done].to_vec(),
            end: moment,
            marks: Vec::new(),
            beats: old.beats.up_to(moment),
            turns: Vec::new(),
            full_after: old.full_after.filter(|&full| full < moment.after),
        };
        self.next_id += 1;
        self.current = self.branches.len();
        self.branches.push(branch);
        self.sweep();
        Ok(())
    }

    /// Notes that the action before this place was undone.
    pub(super) fn push_undone(&mut self, place: Place) {
        self.undone.push(place);
        self.sweep();
    }

    pub(super) fn pop_undone(&mut self) -> Option<Place> {
        self.undone.pop()
    }

    /// Something has happened: what was undone can be reached by its branch alone.
    pub(super) fn forget_undone(&mut self) {
        if !self.undone.is_empty() {
            self.undone.clear();
            self.sweep();
        }
    }

    /// Takes away branches on which nothing has happened and where nobody stands or goes back to.
    fn sweep(&mut self) {
        let here = self.current().id;
        let undone = |tree: &Self, id| tree.undone.iter().any(|place| place.branch == id);
        let idle = |tree: &Self, branch: &Branch| {
            !(tree.is_worth_keeping(branch) || undone(tree, branch.id))
        };
        while let Some(place) = self.branches.iter().position(|branch| idle(self, branch)) {
            self.branches.remove(place);
            let place = self.branches.iter().position(|branch| branch.id == here);
            self.current = place.expect("the current branch is kept");
        }
    }

    /// Whether something has happened on a branch, or it is the current one, or another left it.
    fn is_worth_keeping(&self, branch: &Branch) -> bool {
        let leaves = |each: &Branch| each.origin.is_some_and(|origin| origin.branch == branch.id);
        let current = branch.id == self.current().id;
        current || !branch.is_empty() || self.branches.iter().any(leaves)
    }

    /// All branches but those on which nothing has happened and where nobody stands.
    fn worth_keeping(&self) -> impl Iterator<Item = &Branch> {
        self.branches.iter().filter(|branch| self.is_worth_keeping(branch))
    }

    /// All branches but those that only redoing leads to, each after the one that it left: the order
    /// in which a session holds them.
    pub fn in_order(&self) -> Vec<&Branch> {
        let here = self.current().id;
        let depth = |branch: &Branch| {
            let origin = |branch: &Branch| self.branch(branch.origin?.branch);
            std::iter::successors(Some(branch), |branch| origin(branch)).count()
        };
        // Nobody has left a branch on which nothing has happened yet, so it may come last.
        let rank = |branch: &Branch| (branch.id == here && branch.is_empty(), depth(branch));
        let mut branches: Vec<&Branch> = Vec::new();
        for branch in self.worth_keeping() {
            let place = branches.partition_point(|other| rank(other) <= rank(branch));
            branches.insert(place, branch);
        }
        branches
    }

    /// The branches in that order as strands; and which of them is the current one.
    pub(super) fn strands(&self) -> (Vec<Strand>, usize) {
        let here = self.current().id;
        let branches = self.in_order();
        let place = |id| branches.iter().position(|branch| branch.id == id);
        let strand = |branch: &&Branch| {
            let own = branch.actions.len() - branch.own_actions().len();
            let mut strand = Strand {
                origin: branch.origin.and_then(|from| Some((place(from.branch)?, from.moment))),
                name: branch.name.clone(),
                deeds: Vec::new(),
                marks: branch.marks.clone(),
                end: branch.end,
            };
            strand.write(branch.own_actions(), &branch.checks[own..]);
            strand
        };
        let strands = branches.iter().map(strand).collect();
        (strands, place(here).expect("the current branch is worth keeping"))
    }

    /// The current branch from the run's beginning on.
    pub(super) fn line(&self) -> Strand {
        let branch = self.current();
        let mut strand = Strand {
            origin: None,
            name: branch.name.clone(),
            deeds: Vec::new(),
            marks: self.marks().into_iter().cloned().collect(),
            end: branch.end,
        };
        strand.write(&branch.actions, &branch.checks);
        strand
    }

    /// Of the branches that left this one, the one that left last.
    pub(super) fn heir(&self, id: BranchId) -> Option<BranchId> {
        let leaves = |branch: &Branch| branch.origin.filter(|origin| origin.branch == id);
        let children = self.branches.iter().filter_map(|child| Some((leaves(child)?, child.id)));
        children.max_by_key(|(origin, _)| origin.moment).map(|(_, child)| child)
    }

    /// Takes a branch away that is not the current one. Its heir takes its place for the others
    /// that left it.
    pub(super) fn delete(&mut self, id: BranchId) {
        let here = self.current().id;
        let heir = self.heir(id);
        let deleted = self.branches.iter().position(|branch| branch.id == id);
        let deleted = self.branches.remove(deleted.expect("it was looked up"));
        for child in &mut self.branches {
            let Some(Place { moment, .. }) = child.origin.filter(|from| from.branch == id) else {
                continue;
            };
            let heir = heir.expect("this child could be");
            if child.id == heir {
                let mut turns = deleted.turns_to(moment.after).to_vec();
                turns.append(&mut child.turns);
                child.turns = turns;
                child.origin = deleted.origin;
            } else {
                child.origin = Some(Place { branch: heir, moment });
            }
        }
        self.undone.clear();
        let place = self.branches.iter().position(|branch| branch.id == here);
        self.current = place.expect("the current branch is not the one deleted");
        self.sweep();
    }

    /// Names a branch; the empty name takes its name away. Does nothing when there is no such
    /// branch.
    ///
    /// # Errors
    /// When the name is too long.
    pub(super) fn rename(&mut self, id: BranchId, name: &str) -> Result<(), ActionError> {
        check_text("name", name)?;
        if let Some(branch) = self.branches.iter_mut().find(|branch| branch.id == id) {
            branch.name = name.into();
        }
        Ok(())
    }

    /// Marks a moment of the current branch; the empty text takes the mark away.
    ///
    /// # Errors
    /// When the text is too long, or there are as many marks as there may be.
    pub(super) fn mark(&mut self, moment: Moment, text: &str) -> Result<(), ActionError> {
        check_text("mark", text)?;
        let marks = &mut self.current_mut().marks;
        let place = marks.binary_search_by_key(&moment, |mark| mark.moment);
        match place {
            Ok(place) if text.is_empty() => _ = marks.remove(place),
            Ok(place) => marks[place].text = text.into(),
            Err(_) if text.is_empty() => {}
            Err(_) if marks.len() == MAX_MARKS => {
                return Err(ActionError::Full { what: "marks", most: MAX_MARKS as u64 });
            }
            Err(place) => marks.insert(place, Mark { moment, text: text.into() }),
        }
        Ok(())
    }

    /// The marks that can be seen from the current branch: its own and those of the branches it
    /// left, up to where it left them.
    pub fn marks(&self) -> Vec<&Mark> {
        let here = self.current().id;
        let mut marks: Vec<&Mark> = Vec::new();
        for branch in &self.branches {
            let seen =
                |mark: &Mark| self.shares(Place { branch: branch.id, moment: mark.moment }, here);
            for mark in branch.marks.iter().filter(|mark| seen(mark)) {
                let place = marks.partition_point(|other| other.moment <= mark.moment);
                marks.insert(place, mark);
            }
        }
        marks
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), ActionError> {
    match text.chars().count() {
        characters if characters > MAX_TEXT => Err(ActionError::TextTooLong { field, characters }),
        _ => Ok(()),
    }
}
