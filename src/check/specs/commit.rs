//! Transaction commit (Gray & Lamport, "Consensus on Transaction Commit", 2006): modules `TCommit`
//! and `TwoPhase`.

use crate::check::explore::Model;

/// The state of a resource manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rm {
    /// It still works on its part.
    Working,
    /// It is ready to commit.
    Prepared,
    /// It has committed.
    Committed,
    /// It has aborted.
    Aborted,
}

/// One resource manager has committed, another has aborted: `TCConsistent` is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inconsistent;

fn consistent<const RMS: usize>(rm_state: &[Rm; RMS]) -> Option<Inconsistent> {
    let broken = rm_state.contains(&Rm::Aborted) && rm_state.contains(&Rm::Committed);
    broken.then_some(Inconsistent)
}

fn with<const RMS: usize>(rm_state: &[Rm; RMS], rm: usize, state: Rm) -> [Rm; RMS] {
    let mut rm_state = *rm_state;
    rm_state[rm] = state;
    rm_state
}

/// What transaction commit is, whatever carries it out: module `TCommit`, with so many resource
/// managers.
#[derive(Clone, Copy, Debug)]
pub struct TCommit<const RMS: usize>;

/// A step of [`TCommit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A resource manager is ready.
    Prepare(usize),
    /// It commits.
    Commit(usize),
    /// It aborts.
    Abort(usize),
}

impl<const RMS: usize> Model for TCommit<RMS> {
    type State = [Rm; RMS];
    type Step = Decision;
    type Breach = Inconsistent;

    fn initial(&mut self) -> Vec<Self::State> {
        vec![[Rm::Working; RMS]]
    }

    fn next(&mut self, state: &Self::State, into: &mut Vec<(Decision, Self::State)>) {
        let can_commit = state.iter().all(|rm| matches!(rm, Rm::Prepared | Rm::Committed));
        let not_committed = !state.contains(&Rm::Committed);
        for rm in 0..RMS {
            if state[rm] == Rm::Working {
                into.push((Decision::Prepare(rm), with(state, rm, Rm::Prepared)));
            }
            if state[rm] == Rm::Prepared && can_commit {
                into.push((Decision::Commit(rm), with(state, rm, Rm::Committed)));
            }
            if matches!(state[rm], Rm::Working | Rm::Prepared) && not_committed {
                into.push((Decision::Abort(rm), with(state, rm, Rm::Aborted)));
            }
        }
    }

    fn breach(&mut self, state: &mut Self::State) -> Option<Inconsistent> {
        consistent(state)
    }
}

/// Two-phase commit: module `TwoPhase`, with so many resource managers, at most 32.
#[derive(Clone, Copy, Debug)]
pub struct TwoPhase<const RMS: usize>;

/// A state of [`TwoPhase`]. Sets of resource managers have a bit for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction<const RMS: usize> {
    /// The resource managers.
    pub rm_state: [Rm; RMS],
    /// The transaction manager.
    pub tm_state: Tm,
    /// From whom the transaction manager has received "prepared".
    pub tm_prepared: u32,
    /// Who has sent "prepared" to the transaction manager. What it has sent, its own state tells.
    pub sent_prepared: u32,
}

/// The state of the transaction manager. It sends "commit" or "abort" at the moment it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tm {
    /// Nothing is decided.
    Init,
    /// It has decided to commit.
    Committed,
    /// It has decided to abort.
    Aborted,
}

/// A step of [`TwoPhase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The transaction manager decides to commit.
    TmCommit,
    /// The transaction manager decides to abort.
    TmAbort,
    /// The transaction manager hears that a resource manager is ready.
    TmRcvPrepared(usize),
    /// A resource manager is ready, and says so.
    RmPrepare(usize),
    /// A resource manager aborts by itself.
    RmChooseToAbort(usize),
    /// A resource manager hears "commit".
    RmRcvCommitMsg(usize),
    /// A resource manager hears "abort".
    RmRcvAbortMsg(usize),
}

impl<const RMS: usize> Model for TwoPhase<RMS> {
    type State = Transaction<RMS>;
    type Step = Phase;
    type Breach = Inconsistent;

    fn initial(&mut self) -> Vec<Self::State> {
        let rm_state = [Rm::Working; RMS];
        vec![Transaction { rm_state, tm_state: Tm::Init, tm_prepared: 0, sent_prepared: 0 }]
    }

    fn next(&mut self, state: &Self::State, into: &mut Vec<(Phase, Self::State)>) {
        let mut step = |phase, change: &dyn Fn(&mut Self::State)| {
            let mut next = state.clone();
            change(&mut next);
            into.push((phase, next));
        };
        if state.tm_state == Tm::Init {
            if state.tm_prepared.count_ones() as usize == RMS {
                step(Phase::TmCommit, &|next| next.tm_state = Tm::Committed);
            }
            step(Phase::TmAbort, &|next| next.tm_state = Tm::Aborted);
        }
        for rm in 0..RMS {
            let bit = 1 << rm;
            if state.tm_state == Tm::Init && state.sent_prepared & bit != 0 {
                step(Phase::TmRcvPrepared(rm), &|next| next.tm_prepared |= bit);
            }
            if state.rm_state[rm] == Rm::Working {
                step(Phase::RmPrepare(rm), &|next| {
                    next.rm_state[rm] = Rm::Prepared;
                    next.sent_prepared |= bit;
                });
                step(Phase::RmChooseToAbort(rm), &|next| next.rm_state[rm] = Rm::Aborted);
            }
            match state.tm_state {
                Tm::Init => {}
                Tm::Committed => {
                    step(Phase::RmRcvCommitMsg(rm), &|next| next.rm_state[rm] = Rm::Committed);
                }
                Tm::Aborted => {
                    step(Phase::RmRcvAbortMsg(rm), &|next| next.rm_state[rm] = Rm::Aborted);
                }
            }
        }
    }

    fn breach(&mut self, state: &mut Self::State) -> Option<Inconsistent> {
        consistent(&state.rm_state)
    }
}
