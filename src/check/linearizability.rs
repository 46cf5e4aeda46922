//! Is a history linearizable (Herlihy & Wing 1990)? Is there an order of its operations, each at one
//! moment between its call and its return, that one copy of the data would have answered alike?
//!
//! The search is that of Wing & Gong (1993) with the memory of Lowe (2017): try what was called
//! before the first return that is still open, one after the other, go back when nothing fits, and
//! never look twice at the same set of operations done with the same state reached.
//!
//! Keys are independent of each other (Herlihy & Wing's locality), so each is searched alone. They
//! take turns, and every turn is twice as long as the one before: a key that is wrong and quickly
//! shown to be wrong is found before another one, that is hard, has taken all time and memory.
//!
//! An operation without a return is open for ever: it may take effect at any later time, or never.
//!
//! What it promises: the answer is exact, but for fingerprints that collide (below 2⁻⁸⁰ in any run
//! that a [`Budget`] allows); it depends on nothing but the history and the budget; and it comes
//! after at most [`Budget::steps`] steps, as [`Verdict::Undecided`] if need be.

mod memo;
mod search;

use std::hash::Hash;

use crate::sim::{self, Answer, History, Op, Text};
use search::{Search, Status};

/// What one copy of the data, used by one client at a time, would do.
pub trait Model {
    /// What keeps operations apart: those on different keys have nothing to do with each other.
    type Key: Clone + Ord;
    /// What a client asks for.
    type Input: PartialEq;
    /// What it is answered.
    type Output;
    /// What is kept for one key.
    type State: Clone + Eq + Hash;

    /// The key that an operation is about.
    fn key(input: &Self::Input) -> Self::Key;

    /// What is kept for a key that nobody has used.
    fn initial() -> Self::State;

    /// What is kept after the operation; none when this state would not have given this answer.
    /// Without an answer, none is known: any would do.
    fn step(
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State>;

    /// Whether the operation, when it was answered like this, leaves *every* state that allows it
    /// as it is. Such an operation is done as soon as it can be, and nothing else is tried in its
    /// place; to say "no" is always right and only slower.
    fn only_looks(_input: &Self::Input, _output: Option<&Self::Output>) -> bool {
        false
    }
}

/// One operation, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<I, O> {
    /// What was asked.
    pub input: I,
    /// When it was asked, on any clock that all clients share.
    pub invoked: u64,
    /// When it was answered, and how; none when it is open for ever. Of two operations the first
    /// comes before the second only if it returned *before* the second was called: at the same
    /// moment they overlap.
    pub returned: Option<(u64, O)>,
}

/// How much to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most steps, over all keys; one looks at one call or return, or goes back by one. Ten
    /// million take a second natively, give or take what the state of the model costs.
    pub steps: u64,
    /// The most bytes to remember configurations in, over all keys, 16 bytes each. When they are
    /// used up, the search goes on without remembering more: slower, never wrong.
    pub memory: u64,
}

impl Default for Budget {
    /// 20 million steps, which is some two seconds natively, and 64 MiB.
    fn default() -> Self {
        Self { steps: 20_000_000, memory: 64 << 20 }
    }
}

/// What was found. Operations are named by where they stand in the list that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<K> {
    /// There is an order.
    Linearizable {
        /// For each key such an order: all operations that were answered, and those open ones that
        /// must have taken effect.
        orders: Vec<(K, Vec<usize>)>,
    },
    /// There is none.
    Not {
        /// The key where it went wrong; the operations on it alone have no order.
        key: K,
        /// The operation that cannot be placed: the first to return, of those with which the history
        /// up to their return has no order any more.
        operation: usize,
        /// The longest order without it: all that returned before it, and what it takes besides.
        prefix: Vec<usize>,
    },
    /// The budget was too small to tell.
    Undecided {
        /// The keys that are still open; all others are in order.
        keys: Vec<K>,
        /// How many steps were taken.
        steps: u64,
    },
}

impl<K> Verdict<K> {
    /// Whether an order was found.
    pub fn is_linearizable(&self) -> bool {
        matches!(self, Self::Linearizable { .. })
    }
}

/// How many steps each key gets in the first round.
const FIRST_TURN: u64 = 1_000;

/// Judges a history.
///
/// # Panics
/// When an operation returned before it was called.
pub fn check<M: Model>(
    operations: &[Operation<M::Input, M::Output>],
    budget: Budget,
) -> Verdict<M::Key> {
    // Keys are few; in order, so that what is found depends on nothing else.
    let mut keys: Vec<(M::Key, Vec<usize>)> = Vec::new();
    for (at, operation) in operations.iter().enumerate() {
        let key = M::key(&operation.input);
        let place = keys.binary_search_by(|(known, _)| known.cmp(&key)).unwrap_or_else(|place| {
            keys.insert(place, (key, Vec::new()));
            place
        });
        keys[place].1.push(at);
    }
    let search = |(key, members)| (key, Search::<M>::new(operations, members));
    let mut open: Vec<_> = keys.into_iter().map(search).collect();
    let mut orders: Vec<(M::Key, Vec<usize>)> = Vec::new();
    let (mut steps_left, mut memory_left) = (budget.steps, budget.memory);
    let mut turn = FIRST_TURN;
    while !open.is_empty() {
        if steps_left == 0 {
            let keys = open.into_iter().map(|(key, _)| key).collect();
            return Verdict::Undecided { keys, steps: budget.steps };
        }
        let mut at = 0;
        while at < open.len() {
            let mut steps = turn.min(steps_left);
            steps_left -= steps;
            let status = open[at].1.run(&mut steps, &mut memory_left);
            steps_left += steps;
            if matches!(status, Status::Working) {
                at += 1;
                continue;
            }
            let (key, search) = open.remove(at);
            memory_left += search.memory();
            match status {
                Status::Found { order } => {
                    let place = orders.partition_point(|(known, _)| *known < key);
                    orders.insert(place, (key, order));
                }
                Status::Blocked { operation, prefix } => {
                    return Verdict::Not { key, operation, prefix };
                }
                Status::Working => unreachable!("it has come to an end"),
            }
        }
        turn = turn.saturating_mul(2);
    }
    Verdict::Linearizable { orders }
}

/// A key of the store that all protocols here drive ([`sim::machine::KeyValue`]).
#[derive(Clone, Copy, Debug)]
pub struct KeyValue;

impl Model for KeyValue {
    type Key = Text;
    type Input = Op;
    type Output = Answer;
    type State = Option<Text>;

    fn key(op: &Op) -> Text {
        op.key().clone()
    }

    fn initial() -> Option<Text> {
        None
    }

    fn step(bound: &Option<Text>, op: &Op, answer: Option<&Answer>) -> Option<Option<Text>> {
        match (op, answer) {
            (Op::Write { value, .. }, Some(Answer::Written) | None) => Some(Some(value.clone())),
            // A write that came too late, where a value can be written once, only looks.
            (Op::Read { .. } | Op::Write { .. }, Some(Answer::Value(value))) if value == bound => {
                Some(bound.clone())
            }
            (Op::Read { .. }, None) => Some(bound.clone()),
            (Op::Read { .. }, Some(Answer::Value(_) | Answer::Written | Answer::Redirect(_)))
            | (Op::Write { .. }, Some(Answer::Value(_) | Answer::Redirect(_))) => None,
        }
    }

    fn only_looks(op: &Op, _: Option<&Answer>) -> bool {
        matches!(op, Op::Read { .. })
    }
}

/// Judges what the clients of a run saw. Operations are named by where they stand in
/// [`History::operations`].
///
/// A write that ended with a redirect counts as open, not as undone: the network may have brought
/// the request twice, first to a server that took it in and then, when it no longer led, to the same
/// server, which sent the client away.
pub fn check_history(history: &History, budget: Budget) -> Verdict<Text> {
    let seen = |seen: &sim::Operation| Operation {
        input: seen.op.clone(),
        invoked: seen.invoked.0,
        returned: match &seen.returned {
            None | Some((_, Answer::Redirect(_))) => None,
            Some((at, answer)) => Some((at.0, answer.clone())),
        },
    };
    let operations: Vec<_> = history.operations().iter().map(seen).collect();
    check::<KeyValue>(&operations, budget)
}
