//! Are the clients of a run served as by one copy of the data: up to this moment, up to any other?
//!
//! A branch is judged to its end, once; for every earlier moment the rest follows. What is
//! linearizable was so all along, what is not stays so: it broke where the operation returned that
//! cannot be placed. And an order of the whole, ended after the last operation that had been
//! answered at a moment, is an order for that moment: what was asked later comes later in it.

use super::linearizability::{Budget, Verdict, check_history};
use crate::sim::history::Said;
use crate::sim::timeline::{Moment, Place, Tree};
use crate::sim::{Answer, History, Op, Operation, Text};

/// What is known of the clients of a branch.
#[derive(Clone, Debug)]
struct Judged {
    /// Up to where.
    to: Place,
    /// How many times something was asked or answered up to there.
    turns: usize,
    history: History,
    /// After which steps each operation was asked, and answered: never, if it is open.
    steps: Vec<(u64, u64)>,
    verdict: Verdict<Text>,
    /// Up to which step an earlier judgement found an order, when this one was given up.
    sure_to: u64,
}

/// The judge of a run's clients, who remembers the last judgement.
#[derive(Clone, Debug, Default)]
pub struct Consistency {
    judged: Option<Judged>,
}

/// How the clients of a run stand at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is an order of all operations.
    Linearizable {
        /// Up to this moment, if that is earlier than the one that was asked for.
        to: Moment,
    },
    /// There is none.
    Not {
        /// The operation that cannot be placed.
        operation: usize,
    },
    /// The search was given up.
    Undecided {
        /// How many steps it took.
        steps: u64,
    },
}

/// An operation at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its place in the order in which operations were asked, from 0.
    pub number: usize,
    /// The operation; what it was answered later is in it, too.
    pub operation: &'a Operation,
    /// Whether it has been answered.
    pub answered: bool,
}

impl Consistency {
    /// Judges the current branch to its end, if that is not known yet. What is known of the part that
    /// it shares with the one that was judged last is kept.
    pub fn judge(&mut self, tree: &Tree, budget: Budget) {
        let (branch, turns) = (tree.current(), tree.turns());
        let known = self.judged.take().filter(|judged| tree.shares(judged.to, branch.id));
        let mut judged = known.unwrap_or_else(|| Judged {
            to: Place { branch: branch.id, moment: Moment::default() },
            turns: 0,
            history: History::default(),
            steps: Vec::new(),
            verdict: Verdict::Linearizable { orders: Vec::new() },
            sure_to: 0,
        });
        if !matches!(judged.verdict, Verdict::Undecided { .. }) {
            judged.sure_to = judged.to.moment.after;
        }
        judged.to = Place { branch: branch.id, moment: branch.end };
        if judged.turns < turns.len() {
            for turn in &turns[judged.turns..] {
                let operation = judged.history.add(turn);
                match turn.what {
                    Said::Asked(_) => judged.steps.push((turn.step, u64::MAX)),
                    Said::Answered(_) => judged.steps[operation].1 = turn.step,
                }
            }
            judged.turns = turns.len();
            if !matches!(judged.verdict, Verdict::Not { .. }) {
                judged.verdict = check_history(&judged.history, budget);
            }
        }
        self.judged = Some(judged);
    }

    /// What is known of the current branch, if anything.
    fn known(&self, tree: &Tree) -> Option<&Judged> {
        self.judged.as_ref().filter(|judged| tree.shares(judged.to, tree.current().id))
    }

    /// How the clients of the current branch stand at a moment; none when nobody has judged yet.
    pub fn standing(&self, tree: &Tree, now: Moment) -> Option<Standing> {
        let Judged { to, steps, verdict, sure_to, .. } = self.known(tree)?;
        let linearizable = Standing::Linearizable { to: now.min(to.moment) };
        Some(match verdict {
            Verdict::Not { operation, .. } if steps[*operation].1 <= now.after => {
                Standing::Not { operation: *operation }
            }
            Verdict::Undecided { steps, .. } if now.after > *sure_to => {
                Standing::Undecided { steps: *steps }
            }
            _ => linearizable,
        })
    }

    /// The operations that were asked last up to a moment, and some that have been open for longer;
    /// in the order in which they were asked.
    pub fn operations(&self, tree: &Tree, now: Moment, most: usize) -> Vec<Seen<'_>> {
        let Some(Judged { history, steps, .. }) = self.known(tree) else { return Vec::new() };
        let asked = steps.partition_point(|&(asked, _)| asked <= now.after);
        let first = asked.saturating_sub(most);
        let open = (0..first).filter(|&number| steps[number].1 > now.after).take(most / 4);
        let seen = |number: usize| Seen {
            number,
            operation: &history.operations()[number],
            answered: steps[number].1 <= now.after,
        };
        open.chain(first..asked).map(seen).collect()
    }

    /// An operation, by its number.
    ///
    /// # Panics
    /// When there is no such operation.
    pub fn operation(&self, number: usize) -> &Operation {
        let judged = self.judged.as_ref().expect("whoever names an operation has seen it here");
        &judged.history.operations()[number]
    }

    /// How many operations were asked up to a moment.
    pub fn asked(&self, tree: &Tree, now: Moment) -> usize {
        let steps = self.known(tree).map_or(&[][..], |judged| &judged.steps);
        steps.partition_point(|&(asked, _)| asked <= now.after)
    }

    /// For each key an order of the operations on it that explains all answers up to a moment. When
    /// there is none, there is one key: the one where it went wrong, with the longest order without
    /// the operation that cannot be placed.
    pub fn orders(&self, tree: &Tree, now: Moment) -> Vec<(&Text, &[usize])> {
        let Some(Judged { steps, verdict, .. }) = self.known(tree) else { return Vec::new() };
        let up_to_now = |order: &'_ Vec<usize>| {
            let last = order.iter().rposition(|&operation| steps[operation].1 <= now.after);
            last.map_or(0, |last| last + 1)
        };
        match verdict {
            Verdict::Linearizable { orders } => {
                orders.iter().map(|(key, order)| (key, &order[..up_to_now(order)])).collect()
            }
            Verdict::Not { key, prefix, .. } => vec![(key, &prefix[..up_to_now(prefix)])],
            Verdict::Undecided { .. } => Vec::new(),
        }
    }

    /// What a key is bound to after an order of operations on it.
    pub fn bound(&self, order: &[usize]) -> Option<&Text> {
        order.iter().rev().find_map(|&number| {
            let Operation { op, returned, .. } = self.operation(number);
            match (op, returned) {
                (
                    Op::Write { value, .. },
                    None | Some((_, Answer::Written | Answer::Redirect(_))),
                ) => Some(value),
                _ => None,
            }
        })
    }
}
