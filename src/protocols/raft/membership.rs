//! Who belongs to the cluster and how that may change (dissertation §4.1–4.3), in the manner of
//! `quorum.rs`: a configuration and changes come in, the next configuration comes out. Nothing here
//! knows a message, a log or a leader.
//!
//! Two majorities that decide at the same time must have a server in common. A *simple* change
//! gives or takes one vote, and then every majority of the old voters meets every majority of the
//! new ones (§4.1). Any other change goes through a *joint* configuration, in which both the old
//! and the new voters must agree to everything (§4.3). A learner receives the log and has no vote
//! (§4.2.1).

use std::fmt;

use super::quorum::{Joint, Majority};
use crate::sim::{NodeId, NodeSet};

/// Who belongs to the cluster. What [`Configuration::simple`], [`Configuration::enter_joint`] and
/// [`Configuration::leave_joint`] make of a sound one is sound:
///
/// - nobody is a learner who is a voter, old or new;
/// - whoever waits to become a learner is an old voter and no new one;
/// - nobody waits, and nothing is left by itself, unless the configuration is joint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// Who votes; a joint configuration has two halves, the outgoing one is empty otherwise.
    pub voters: Joint,
    /// Who receives the log and does not vote.
    pub learners: NodeSet,
    /// Old voters who become learners when the joint configuration is left; until then their vote
    /// counts in the outgoing half.
    pub learners_next: NodeSet,
    /// Whether the leader leaves the joint configuration by itself as soon as it is committed.
    pub auto_leave: bool,
}

/// What becomes of one server. It is no error to ask for what is so already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It gets a vote.
    AddVoter(NodeId),
    /// It receives the log; a vote that it had it loses.
    AddLearner(NodeId),
    /// It leaves.
    Remove(NodeId),
}

/// Why a configuration cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MembershipError {
    /// It is joint, and must be left before anything else.
    Joint,
    /// It is to be left and is not joint.
    NotJoint,
    /// It is to become joint and has no voters who could agree to that.
    NobodyVotes,
    /// Nobody would be left who votes.
    NoVoterLeft,
    /// A simple change would give or take more than one vote.
    ManyVotes {
        /// Whose votes.
        changed: NodeSet,
    },
}

impl fmt::Display for MembershipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joint => {
                write!(f, "configuration: it is joint; only to leave that is allowed")
            }
            Self::NotJoint => {
                write!(f, "configuration: it is not joint; only a joint one can be left")
            }
            Self::NobodyVotes => {
                write!(f, "configuration: it has no voters; at least one must agree to a joint one")
            }
            Self::NoVoterLeft => {
                write!(f, "changes: they leave no voter; at least one is needed")
            }
            Self::ManyVotes { changed } => {
                write!(f, "changes: {} votes change, those of ", changed.len())?;
                list(f, *changed)?;
                write!(f, "; at most one is allowed in a configuration that is not joint")
            }
        }
    }
}

impl std::error::Error for MembershipError {}

impl Configuration {
    /// These servers vote, and there are no others.
    pub fn of(voters: NodeSet) -> Self {
        let incoming = Majority { voters };
        Self { voters: Joint { incoming, ..Joint::default() }, ..Self::default() }
    }

    /// Whether two halves must agree.
    pub const fn is_joint(self) -> bool {
        !self.voters.outgoing.voters.is_empty()
    }

    /// Everybody who votes, in either half.
    pub const fn voters(self) -> NodeSet {
        self.voters.incoming.voters.union(self.voters.outgoing.voters)
    }

    /// Everybody to whom a leader sends its log.
    pub const fn members(self) -> NodeSet {
        self.voters().union(self.learners)
    }

    /// The configuration after a simple change: learners as many as one likes, votes one at most
    /// (§4.1: "only one server can be added or removed from the cluster at once").
    ///
    /// # Errors
    /// When the configuration is joint, nobody would be left to vote, or more than one vote would
    /// change.
    pub fn simple(self, changes: &[Change]) -> Result<Self, MembershipError> {
        if self.is_joint() {
            return Err(MembershipError::Joint);
        }
        let next = self.changed(changes)?;
        let (old, new) = (self.voters(), next.voters());
        let either = old.iter().chain(new.iter());
        let changed: NodeSet =
            either.filter(|&node| old.contains(node) != new.contains(node)).collect();
        if changed.len() > 1 {
            return Err(MembershipError::ManyVotes { changed });
        }
        Ok(next)
    }

    /// The joint configuration of the voters as they are and as the changes make them: C_old,new
    /// (§4.3). `auto_leave` is kept for the leader to see.
    ///
    /// # Errors
    /// When the configuration is joint already, nobody votes in it, or nobody would be left to.
    pub fn enter_joint(
        mut self,
        auto_leave: bool,
        changes: &[Change],
    ) -> Result<Self, MembershipError> {
        if self.is_joint() {
            return Err(MembershipError::Joint);
        }
        if self.voters().is_empty() {
            return Err(MembershipError::NobodyVotes);
        }
        self.voters.outgoing = self.voters.incoming;
        self.auto_leave = auto_leave;
        self.changed(changes)
    }

    /// The configuration of the new voters alone: C_new (§4.3).
    ///
    /// # Errors
    /// When the configuration is not joint.
    pub fn leave_joint(self) -> Result<Self, MembershipError> {
        if !self.is_joint() {
            return Err(MembershipError::NotJoint);
        }
        let learners = self.learners.iter().chain(self.learners_next.iter()).collect();
        Ok(Self { learners, ..Self::of(self.voters.incoming.voters) })
    }

    /// The changes, one after the other, made to the incoming half.
    fn changed(mut self, changes: &[Change]) -> Result<Self, MembershipError> {
        for &change in changes {
            let (Change::AddVoter(node) | Change::AddLearner(node) | Change::Remove(node)) = change;
            let old_voter = self.voters.outgoing.voters.contains(node);
            self.voters.incoming.voters.remove(node);
            self.learners.remove(node);
            self.learners_next.remove(node);
            let group = match change {
                Change::AddVoter(_) => &mut self.voters.incoming.voters,
                Change::AddLearner(_) if old_voter => &mut self.learners_next,
                Change::AddLearner(_) => &mut self.learners,
                Change::Remove(_) => continue,
            };
            group.insert(node);
        }
        if self.voters.incoming.voters.is_empty() {
            return Err(MembershipError::NoVoterLeft);
        }
        Ok(self)
    }
}

/// In etcd's notation: `voters=(1 2 3)&&(1 2) learners=(4) learners_next=(2) autoleave`, of which
/// only the voters are always there.
impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "voters=")?;
        list(f, self.voters.incoming.voters)?;
        if self.is_joint() {
            write!(f, "&&")?;
            list(f, self.voters.outgoing.voters)?;
        }
        for (name, nodes) in [("learners", self.learners), ("learners_next", self.learners_next)] {
            if !nodes.is_empty() {
                write!(f, " {name}=")?;
                list(f, nodes)?;
            }
        }
        if self.auto_leave {
            write!(f, " autoleave")?;
        }
        Ok(())
    }
}

/// The numbers of servers, counted from one: `(1 2 3)`.
fn list(f: &mut fmt::Formatter<'_>, nodes: NodeSet) -> fmt::Result {
    write!(f, "(")?;
    for (place, node) in nodes.iter().enumerate() {
        let space = if place == 0 { "" } else { " " };
        write!(f, "{space}{}", u16::from(node.0) + 1)?;
    }
    write!(f, ")")
}
