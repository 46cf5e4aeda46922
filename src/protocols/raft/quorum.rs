//! Quorum arithmetic: what a majority holds and decides (§5.2, §5.3), and what two majorities do
//! while the membership changes (§6, joint consensus).
//!
//! Nothing here knows a message or a server. What is known of the voters comes in, the verdict comes
//! out. Nobody at all is a quorum that agrees to everything, so that a configuration that is not in
//! transition is a joint one whose other half is empty.

use super::Index;
use crate::sim::{NodeId, NodeSet};

/// The most members that a [`NodeSet`] can have.
const MOST_VOTERS: usize = u128::BITS as usize;

/// How an election stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoteResult {
    /// It is open: the votes that are missing decide.
    Pending,
    /// Enough voters refused; no vote that is missing can win it any more.
    Lost,
    /// Enough voters granted their vote.
    Won,
}

/// What one majority of all voters needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Majority {
    /// Who has a vote.
    pub voters: NodeSet,
}

impl Majority {
    /// How many voters are a majority.
    pub const fn quorum(self) -> u8 {
        self.voters.len() / 2 + 1
    }

    /// The highest index that a majority of the voters is known to hold; the greatest of all
    /// indexes when there are no voters. A voter of whom nothing is known holds nothing: 0.
    pub fn committed_index(self, acked: impl FnMut(NodeId) -> Index) -> Index {
        self.held_by(self.quorum(), acked)
    }

    /// The highest index that at least so many voters are known to hold; the greatest of all
    /// indexes when there are no voters.
    ///
    /// # Panics
    /// When there are voters, yet fewer than so many.
    pub fn held_by(self, enough: u8, acked: impl FnMut(NodeId) -> Index) -> Index {
        // Most clusters are small, and this is asked at every acknowledgement.
        match self.voters.len() {
            0 => Index(u64::MAX),
            1..=8 => self.held_in(&mut [Index(0); 8], enough, acked),
            _ => self.held_in(&mut [Index(0); MOST_VOTERS], enough, acked),
        }
    }

    fn held_in(
        self,
        room: &mut [Index],
        enough: u8,
        mut acked: impl FnMut(NodeId) -> Index,
    ) -> Index {
        let (mut count, mut least, mut most) = (0, u64::MAX, 0);
        for voter in self.voters.iter() {
            let index = acked(voter);
            (least, most) = (least.min(index.0), most.max(index.0));
            room[count] = index;
            count += 1;
        }
        assert!(count >= usize::from(enough), "there are enough voters");
        // Voters do not lie far apart, so that few halvings find it, without sorting them.
        while least < most {
            let middle = Index(most - (most - least) / 2);
            let reached = room[..count].iter().filter(|index| **index >= middle).count();
            match reached >= usize::from(enough) {
                true => least = middle.0,
                false => most = middle.0 - 1,
            }
        }
        Index(least)
    }

    /// How an election stands in which these voters have granted their vote and those refused it.
    /// Whoever has no vote does not count.
    pub fn vote_result(self, granted: NodeSet, refused: NodeSet) -> VoteResult {
        let (mut yes, mut missing) = (0, 0);
        for voter in self.voters.iter() {
            yes += u8::from(granted.contains(voter));
            missing += u8::from(!granted.contains(voter) && !refused.contains(voter));
        }
        if self.voters.is_empty() || yes >= self.quorum() {
            VoteResult::Won
        } else if yes + missing >= self.quorum() {
            VoteResult::Pending
        } else {
            VoteResult::Lost
        }
    }
}

/// What joint consensus needs: "agreement (for elections and entry commitment) requires separate
/// majorities from both the old and new configurations" (§6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Joint {
    /// The configuration that is, or that is to be.
    pub incoming: Majority,
    /// The configuration that was, in transition; no voters otherwise.
    pub outgoing: Majority,
}

impl Joint {
    /// The halves that have voters: one, or two in transition.
    pub fn halves(self) -> impl Iterator<Item = Majority> {
        [self.incoming, self.outgoing].into_iter().filter(|half| !half.voters.is_empty())
    }

    /// The highest index that is committed in both configurations.
    pub fn committed_index(self, mut acked: impl FnMut(NodeId) -> Index) -> Index {
        self.incoming.committed_index(&mut acked).min(self.outgoing.committed_index(acked))
    }

    /// How an election stands: won when both configurations say so, lost when either does.
    pub fn vote_result(self, granted: NodeSet, refused: NodeSet) -> VoteResult {
        let incoming = self.incoming.vote_result(granted, refused);
        let outgoing = self.outgoing.vote_result(granted, refused);
        match (incoming, outgoing) {
            (VoteResult::Lost, _) | (_, VoteResult::Lost) => VoteResult::Lost,
            (VoteResult::Won, VoteResult::Won) => VoteResult::Won,
            (VoteResult::Pending, _) | (_, VoteResult::Pending) => VoteResult::Pending,
        }
    }
}
