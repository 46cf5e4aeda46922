//! Deliberate defects: each takes one rule away, so that people and searches can see what the rule
//! is for. All are off by default; each is a setting, so that it is part of a run like any other.

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

/// Which rules are taken away; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mutations(u16);

impl Mutations {
    /// Whether a rule is taken away.
    #[inline]
    pub const fn has(self, mutation: Mutation) -> bool {
        self.0 >> mutation as u16 & 1 == 1
    }

    /// Takes a rule away, or gives it back.
    pub const fn set(&mut self, mutation: Mutation, on: bool) {
        let bit = 1 << mutation as u16;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// The setting of a mutation, in a configuration that keeps them in `mutations`.
macro_rules! defect {
    ($id:literal, $mutation:ident) => {
        Setting {
            id: $id,
            kind: SettingKind::Defect,
            get: |config: &Config| config.mutations.has(Mutation::$mutation).into(),
            set: |config: &mut Config, value| config.mutations.set(Mutation::$mutation, value != 0),
        }
    };
}

pub(super) use defect;
