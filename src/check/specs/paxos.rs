//! Consensus by Paxos (Lamport, "The Paxos Algorithm, or How to Win a Turing Award", 2019): module
//! `Paxos` of `PaxosHowToWinATuringAward`. Every ballot has a leader of its own, and messages, once
//! sent, can be received at any time, more than once or never.

use crate::check::explore::Model;

/// A ballot's number.
pub type Ballot = u8;
/// A value's number.
pub type Value = u8;

/// The specification, with so many acceptors, ballots and values. Any majority of the acceptors is a
/// quorum; all quorums that are looked at are the smallest.
#[derive(Clone, Copy, Debug)]
pub struct Paxos {
    /// How many acceptors there are, at most 8.
    pub acceptors: u8,
    /// How many ballots there are.
    pub ballots: Ballot,
    /// How many values there are.
    pub values: Value,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// "1a": a ballot begins.
    Prepare {
        /// Which.
        bal: Ballot,
    },
    /// "1b": an acceptor joins it, and tells its last vote.
    Promise {
        /// Which acceptor.
        acc: u8,
        /// Which ballot.
        bal: Ballot,
        /// Its last vote, if any.
        vote: Option<(Ballot, Value)>,
    },
    /// "2a": a ballot's leader asks for votes for a value.
    Accept {
        /// Which ballot.
        bal: Ballot,
        /// Which value.
        val: Value,
    },
    /// "2b": an acceptor votes.
    Accepted {
        /// Which acceptor.
        acc: u8,
        /// In which ballot.
        bal: Ballot,
        /// For which value.
        val: Value,
    },
}

/// A state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// For each acceptor, the highest ballot that it has joined: `maxBal`.
    pub max_bal: Vec<Option<Ballot>>,
    /// For each acceptor, its last vote: `maxVBal` and `maxVal`.
    pub max_vote: Vec<Option<(Ballot, Value)>>,
    /// All messages ever sent: a set, in order.
    pub msgs: Vec<Message>,
}

impl State {
    /// Sends a message; one that was sent before is sent already.
    pub fn send(&mut self, message: Message) {
        if let Err(place) = self.msgs.binary_search(&message) {
            self.msgs.insert(place, message);
        }
    }

    /// Whether an acceptor has voted so.
    fn voted(&self, acc: u8, (bal, val): (Ballot, Value)) -> bool {
        self.msgs.binary_search(&Message::Accepted { acc, bal, val }).is_ok()
    }
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A ballot begins.
    Phase1a(Ballot),
    /// An acceptor joins a ballot.
    Phase1b(u8, Ballot),
    /// A ballot's leader proposes a value.
    Phase2a(Ballot, Value),
    /// An acceptor votes in a ballot.
    Phase2b(u8, Ballot),
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Two values are chosen: `Consensus`, which the specification refines, is broken.
    TwoChosen(Value, Value),
    /// The invariant `Inv` of the module does not hold.
    Inv,
}

impl Paxos {
    /// All quorums, as bit sets.
    fn quorums(&self) -> impl Iterator<Item = u32> + use<> {
        let smallest = u32::from(self.acceptors) / 2 + 1;
        (0..1_u32 << self.acceptors).filter(move |set| set.count_ones() == smallest)
    }

    /// What the leader of a ballot may propose: each pair is one way in which `Phase2a` is enabled
    /// for a value, told by the highest vote in the promises of a quorum.
    fn proposals(&self, state: &State, bal: Ballot, mut each: impl FnMut(Value)) {
        if state.msgs.iter().any(|msg| matches!(msg, Message::Accept { bal: b, .. } if *b == bal)) {
            return;
        }
        let promises = || {
            state.msgs.iter().filter_map(|msg| match *msg {
                Message::Promise { acc, bal: b, vote } if b == bal => Some((acc, vote)),
                _ => None,
            })
        };
        let joined = promises().fold(0, |set, (acc, _)| set | 1_u32 << acc);
        for quorum in self.quorums().filter(|quorum| quorum & joined == *quorum) {
            let votes = || {
                promises().filter(|(acc, _)| quorum >> acc & 1 == 1).filter_map(|(_, vote)| vote)
            };
            match votes().map(|(bal, _)| bal).max() {
                None => (0..self.values).for_each(&mut each),
                Some(highest) => {
                    votes().filter(|vote| vote.0 == highest).for_each(|(_, val)| each(val));
                }
            }
        }
    }

    /// `ShowsSafeAt` of module `Voting`, for some quorum: nothing but this value was chosen, or will
    /// be, in a lower ballot.
    fn safe_at(&self, state: &State, bal: Ballot, val: Value) -> bool {
        let voted_in = |quorum: u32, ballot: Ballot| {
            state.msgs.iter().find_map(move |msg| match *msg {
                Message::Accepted { acc, bal, val } if bal == ballot && quorum >> acc & 1 == 1 => {
                    Some(val)
                }
                _ => None,
            })
        };
        self.quorums().any(|quorum| {
            let mut members = (0..self.acceptors).filter(|acc| quorum >> acc & 1 == 1);
            members.all(|acc| state.max_bal[usize::from(acc)] >= Some(bal))
                && (0..bal).rev().find_map(|lower| voted_in(quorum, lower)).is_none_or(|v| v == val)
        })
    }

    /// The values that a quorum has voted for in one ballot.
    pub fn chosen(&self, state: &State) -> Vec<Value> {
        let mut chosen = Vec::new();
        for (bal, val) in (0..self.ballots).flat_map(|b| (0..self.values).map(move |v| (b, v))) {
            let votes = (0..self.acceptors).filter(|&acc| state.voted(acc, (bal, val))).count();
            if votes > usize::from(self.acceptors / 2) && !chosen.contains(&val) {
                chosen.push(val);
            }
        }
        chosen
    }

    /// The invariant `Inv`, without `TypeOK`, which the types say.
    fn inv(&self, state: &State) -> bool {
        let acceptors = state.max_bal.iter().zip(&state.max_vote).zip(0..);
        let mut votes = acceptors.map(|((bal, vote), acc)| {
            *bal >= vote.map(|vote| vote.0) && vote.is_none_or(|vote| state.voted(acc, vote))
        });
        votes.all(|holds| holds)
            && state.msgs.iter().all(|msg| match *msg {
                Message::Prepare { .. } => true,
                Message::Promise { acc, bal, vote } => {
                    state.max_bal[usize::from(acc)] >= Some(bal)
                        && vote.is_none_or(|vote| state.voted(acc, vote))
                }
                Message::Accept { bal, val } => {
                    let alone = |other: &Message| match *other {
                        Message::Accept { bal: b, val: v } => b != bal || v == val,
                        _ => true,
                    };
                    self.safe_at(state, bal, val) && state.msgs.iter().all(alone)
                }
                Message::Accepted { acc, bal, val } => {
                    state.max_vote[usize::from(acc)].is_some_and(|vote| vote.0 >= bal)
                        && state.msgs.binary_search(&Message::Accept { bal, val }).is_ok()
                }
            })
    }
}

impl Model for Paxos {
    type State = State;
    type Step = Step;
    type Breach = Breach;

    fn initial(&mut self) -> Vec<State> {
        let nobody = usize::from(self.acceptors);
        let (max_bal, max_vote) = (vec![None; nobody], vec![None; nobody]);
        vec![State { max_bal, max_vote, msgs: Vec::new() }]
    }

    fn next(&mut self, state: &State, into: &mut Vec<(Step, State)>) {
        for bal in 0..self.ballots {
            let mut next = state.clone();
            next.send(Message::Prepare { bal });
            into.push((Step::Phase1a(bal), next));
            self.proposals(state, bal, |val| {
                let mut next = state.clone();
                next.send(Message::Accept { bal, val });
                into.push((Step::Phase2a(bal, val), next));
            });
        }
        for (acc, at) in (0..self.acceptors).zip(0..) {
            let joined = state.max_bal[at];
            for msg in &state.msgs {
                match *msg {
                    Message::Prepare { bal } if Some(bal) > joined => {
                        let mut next = state.clone();
                        next.max_bal[at] = Some(bal);
                        next.send(Message::Promise { acc, bal, vote: state.max_vote[at] });
                        into.push((Step::Phase1b(acc, bal), next));
                    }
                    Message::Accept { bal, val } if Some(bal) >= joined => {
                        let mut next = state.clone();
                        next.max_bal[at] = Some(bal);
                        next.max_vote[at] = Some((bal, val));
                        next.send(Message::Accepted { acc, bal, val });
                        into.push((Step::Phase2b(acc, bal), next));
                    }
                    _ => {}
                }
            }
        }
    }

    fn breach(&mut self, state: &mut State) -> Option<Breach> {
        match self.chosen(state)[..] {
            [first, second, ..] => Some(Breach::TwoChosen(first, second)),
            _ if !self.inv(state) => Some(Breach::Inv),
            _ => None,
        }
    }
}
