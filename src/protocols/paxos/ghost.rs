//! What a judge remembers of one instance: every acceptance there ever was. No replica knows as much.

use super::ballot::Ballot;
use crate::sim::{NodeId, NodeSet, RequestId};

/// A value by name: whose request it is, or none for one that does nothing.
pub(super) type Value = Option<RequestId>;

/// A value is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The number of the proposal with which it was chosen first.
    pub ballot: Ballot,
    /// Whose request it is; none for a value that does nothing.
    pub value: Option<RequestId>,
    /// Who had accepted that proposal then.
    pub by: NodeSet,
}

/// What is wrong with an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Two values were proposed with one number.
    SharedBallot { ballot: Ballot, first: Value, second: Value },
    /// A second value is chosen.
    TwoChosen { first: Value, second: Value },
    /// After a value was chosen, another was accepted with a higher number.
    Unstable { chosen: Value, ballot: Ballot, value: Value },
}

/// The acceptances of one proposal.
#[derive(Clone, Copy, Debug)]
struct Votes {
    ballot: Ballot,
    value: Value,
    by: NodeSet,
}

/// All acceptances of one instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Instance {
    votes: Vec<Votes>,
    chosen: Option<Chosen>,
}

impl Instance {
    /// What was chosen first.
    pub fn chosen(&self) -> Option<&Chosen> {
        self.chosen.as_ref()
    }

    /// An acceptor accepted a proposal; so many acceptances choose a value. Tells what was chosen by
    /// this very acceptance.
    pub fn accepted(
        &mut self,
        by: NodeId,
        (ballot, value): (Ballot, Value),
        quorum: u8,
        mut flaw: impl FnMut(Flaw),
    ) -> Option<Chosen> {
        let same = |each: &Votes| each.ballot == ballot && each.value == value;
        let at = self.votes.iter().position(same).unwrap_or_else(|| {
            let rival = self.votes.iter().find(|each| each.ballot == ballot);
            if let Some(Votes { value: first, .. }) = rival {
                flaw(Flaw::SharedBallot { ballot, first: *first, second: value });
            }
            self.votes.push(Votes { ballot, value, by: NodeSet::EMPTY });
            self.votes.len() - 1
        });
        let votes = &mut self.votes[at];
        votes.by.insert(by);
        let (by, enough) = (votes.by, votes.by.len() >= quorum);
        match self.chosen {
            Some(chosen) if chosen.value == value => None,
            Some(chosen) => {
                if enough {
                    flaw(Flaw::TwoChosen { first: chosen.value, second: value });
                }
                if ballot > chosen.ballot {
                    flaw(Flaw::Unstable { chosen: chosen.value, ballot, value });
                }
                None
            }
            None if enough => {
                for each in &self.votes {
                    if each.ballot > ballot && each.value != value {
                        let Votes { ballot, value: other, .. } = *each;
                        flaw(Flaw::Unstable { chosen: value, ballot, value: other });
                    }
                }
                self.chosen = Some(Chosen { ballot, value, by });
                self.chosen
            }
            None => None,
        }
    }

    /// Whether somebody has accepted this value with a lower number.
    pub fn was_accepted(&self, (ballot, value): (Ballot, Value)) -> bool {
        self.votes.iter().any(|each| each.value == value && each.ballot < ballot)
    }

    /// P2c: "for any v and n, if a proposal with value v and number n is issued, then there is a set
    /// S consisting of a majority of acceptors such that either (a) no acceptor in S has accepted
    /// any proposal numbered less than n, or (b) v is the value of the highest-numbered proposal
    /// among all proposals numbered less than n accepted by the acceptors in S" (§2.2).
    pub fn may_issue(
        &self,
        (ballot, value): (Ballot, Value),
        acceptors: impl Iterator<Item = NodeId>,
        quorum: u8,
    ) -> bool {
        let below = || self.votes.iter().filter(|each| each.ballot < ballot);
        let highest = |acceptor| below().filter(move |each| each.by.contains(acceptor));
        let highest = acceptors.map(|node| highest(node).map(|each| each.ballot).max());
        let highest: Vec<Option<Ballot>> = highest.collect();
        let count = |upto| highest.iter().filter(|each| **each <= upto).count() >= quorum.into();
        count(None)
            || below().any(|each| {
                let top = Some(each.ballot);
                each.value == value && highest.contains(&top) && count(top)
            })
    }
}
