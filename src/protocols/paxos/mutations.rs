//! Deliberate defects: each takes one rule away, so that people and searches can see what the rule
//! is for. All are off by default; each is a setting, so that it is part of a run like any other.

use crate::protocols::settings::{self, Rule};

/// A rule that can be taken away. Sections are those of "Paxos Made Simple".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// A restart forgets what was promised (against §2.5, stable storage).
    ForgetPromise,
    /// A restart forgets what was accepted (against §2.5, stable storage).
    ForgetAccepted,
    /// A proposer always proposes its own value (against P2c, §2.2).
    OwnValue,
    /// A proposer takes the value of the lowest-numbered acceptance reported, not of the highest
    /// (against P2c, §2.2).
    AnyValue,
    /// Half of the acceptors, rounded down, are a quorum of either phase: two may not meet (against
    /// §2.2, "any two majorities have at least one acceptor in common").
    SmallQuorums,
    /// Numbers do not say whose they are (against §2.5). An acceptor then takes an equal number for
    /// a repetition and promises it once more; were it to promise each number only once, that alone
    /// would keep two proposers of one number apart.
    SameNumber,
    /// A restarted proposer begins again with the numbers that it used before (against §2.5).
    /// Acceptors promise an equal number once more, as above.
    ReuseNumber,
    /// An acceptor accepts whatever it promised (against P1a, §2.2).
    AcceptBelow,
    /// An acceptor reports the highest-numbered proposal that it has *seen*, accepted or not
    /// (against §2.2, the answer to a prepare request).
    ReportSeen,
    /// An acceptor that accepts a proposal does not promise its number (against P1a, §2.2).
    AcceptUnpromised,
    /// The proposer's name comes before the count: who has the greatest name always has the greatest
    /// number (against §2.4: no proposer can make progress once it is gone).
    IdFirst,
}

impl Rule for Mutation {
    fn place(self) -> u16 {
        self as u16
    }
}

/// Which rules are taken away.
pub type Mutations = settings::Mutations<Mutation>;
