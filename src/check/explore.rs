//! Exhaustive search: every state that a model can reach, breadth first, as TLC does it (Yu, Manolios
//! & Lamport, "Model Checking TLA+ Specifications", 1999).
//!
//! States are told apart by fingerprints of 64 bits. Only the states of the level that is being
//! expanded and of the next are kept; of all others there is the fingerprint, and the fingerprint of
//! the state from which it was reached first. A path is found by going back along these and then
//! forward again, through the states that have these fingerprints. Because the search goes level by
//! level, that path is a shortest one.
//!
//! Two states with one fingerprint are taken for one, and what lies behind the second is not seen.
//! Among n states there is such a pair with a chance of about n² / 2⁶⁵: for a million states, one in
//! forty million.

mod seen;

use std::fmt::Debug;
use std::hash::Hash;
use std::mem;

use seen::Seen;

use crate::sim::digest::Digest;

/// Something that can be in one of many states and goes from one to another by steps.
pub trait Model {
    /// A state. What it feeds to the hasher tells it apart from all other states.
    type State: Clone + Debug + Hash;
    /// What leads from one state to the next.
    type Step: Clone + Debug;
    /// What can be wrong.
    type Breach: Clone + Debug;

    /// Where it can begin.
    fn initial(&mut self) -> Vec<Self::State>;

    /// Every step that is possible in a state, with the state that it leads to, in an order that
    /// depends on nothing else; pushed to `into`, which is empty.
    fn next(&mut self, state: &Self::State, into: &mut Vec<(Self::Step, Self::State)>);

    /// What is wrong with a state; asked once for each, before its next states. What does not tell
    /// it apart may be filled in here.
    fn breach(&mut self, state: &mut Self::State) -> Option<Self::Breach>;

    /// What is wrong with a step; asked for every step, those to known states too.
    fn wrong_step(&mut self, _from: &Self::State, _to: &Self::State) -> Option<Self::Breach> {
        None
    }
}

/// How far a search may go. A state costs some 40 bytes, and its own size while its level or the
/// next is being expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most different states.
    pub distinct: u64,
    /// The most states, known ones counted again.
    pub generated: u64,
}

impl Default for Budget {
    /// Ten million different states, half a gigabyte without the states themselves.
    fn default() -> Self {
        Self { distinct: 10_000_000, generated: 1_000_000_000 }
    }
}

/// What a search found. Counted as TLC counts.
#[derive(Clone, Debug)]
pub struct Report<M: Model> {
    /// How many different states were reached, the initial ones included.
    pub distinct: u64,
    /// How many states were reached, each as often as it was; the initial ones count once.
    pub generated: u64,
    /// How many states the longest of the shortest paths has.
    pub depth: u32,
    /// How it ended.
    pub verdict: Verdict<M>,
}

/// How a search ended.
#[derive(Clone, Debug)]
pub enum Verdict<M: Model> {
    /// Every state was seen, and nothing is wrong.
    Holds,
    /// Something is wrong.
    Breached {
        /// A shortest way there.
        path: Path<M>,
        /// What is wrong there.
        breach: M::Breach,
    },
    /// The budget was used up before every state was seen.
    Exceeded,
}

impl<M: Model> Verdict<M> {
    /// Whether every state was seen, and nothing is wrong.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }
}

/// A way from an initial state.
#[derive(Clone, Debug)]
pub struct Path<M: Model> {
    /// Where it begins.
    pub initial: M::State,
    /// Each step, with the state that it leads to.
    pub steps: Vec<(M::Step, M::State)>,
}

/// Visits every state that the model can reach, until something is wrong or the budget is used up.
pub fn explore<M: Model>(model: &mut M, budget: Budget) -> Report<M> {
    let mut search = Search { budget, seen: Seen::default(), distinct: 0, generated: 0, depth: 0 };
    let verdict = search.run(model);
    let Search { distinct, generated, depth, .. } = search;
    Report { distinct, generated, depth, verdict }
}

struct Search {
    budget: Budget,
    /// For each fingerprint, the one from which it was reached; for those of initial states, itself.
    seen: Seen,
    distinct: u64,
    generated: u64,
    depth: u32,
}

impl Search {
    fn run<M: Model>(&mut self, model: &mut M) -> Verdict<M> {
        let (mut level, mut next_level) = (Vec::new(), Vec::new());
        for mut state in model.initial() {
            let print = Digest::of(&state);
            match self.reach(print, print) {
                Reached::Known => {}
                Reached::TooFar => return Verdict::Exceeded,
                Reached::New => match model.breach(&mut state) {
                    None => level.push((print, state)),
                    Some(breach) => {
                        return Verdict::Breached {
                            path: Path { initial: state, steps: Vec::new() },
                            breach,
                        };
                    }
                },
            }
        }
        let mut reached = Vec::new();
        while !level.is_empty() {
            self.depth += 1;
            for (from, state) in level.drain(..) {
                model.next(&state, &mut reached);
                for (step, mut next) in reached.drain(..) {
                    let print = Digest::of(&next);
                    let outcome = self.reach(print, from);
                    let wrong = model.wrong_step(&state, &next);
                    let wrong = match outcome {
                        Reached::TooFar => return Verdict::Exceeded,
                        Reached::Known => wrong,
                        Reached::New => wrong.or_else(|| model.breach(&mut next)),
                    };
                    if let Some(breach) = wrong {
                        let mut path = self.path(model, from);
                        path.steps.push((step, next));
                        self.depth += 1;
                        return Verdict::Breached { path, breach };
                    }
                    if let Reached::New = outcome {
                        next_level.push((print, next));
                    }
                }
            }
            mem::swap(&mut level, &mut next_level);
        }
        Verdict::Holds
    }

    /// A state with this fingerprint was reached from the one with that.
    fn reach(&mut self, print: u64, from: u64) -> Reached {
        if self.generated == self.budget.generated {
            return Reached::TooFar;
        }
        self.generated += 1;
        if !self.seen.insert(print, from) {
            return Reached::Known;
        }
        if self.distinct == self.budget.distinct {
            return Reached::TooFar;
        }
        self.distinct += 1;
        Reached::New
    }

    /// The way by which the state with this fingerprint was reached first.
    fn path<M: Model>(&self, model: &mut M, to: u64) -> Path<M> {
        let mut prints = vec![to];
        let mut at = to;
        while self.seen.parent(at) != at {
            at = self.seen.parent(at);
            prints.push(at);
        }
        prints.pop();
        let same = |print: u64| move |state: &M::State| Digest::of(state) == print;
        let initial = model.initial().into_iter().find(same(at));
        let initial = initial.expect("a model begins where it began before");
        let mut steps: Vec<(M::Step, M::State)> = Vec::with_capacity(prints.len());
        let mut reached = Vec::new();
        for print in prints.into_iter().rev() {
            let state = steps.last().map_or(&initial, |(_, state)| state);
            model.next(state, &mut reached);
            let step = reached.drain(..).find(|(_, state)| Digest::of(state) == print);
            steps.push(step.expect("a model goes where it went before"));
        }
        Path { initial, steps }
    }
}

/// What became of a state that was reached.
enum Reached {
    New,
    Known,
    /// The budget is used up.
    TooFar,
}
