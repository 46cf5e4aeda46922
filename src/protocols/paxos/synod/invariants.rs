//! The safety of consensus ("Paxos Made Simple" §2.1), and the invariants that it is made of (§2.2).
//!
//! The judge sees the cluster from outside. Its ghost history holds every acceptance there ever was,
//! so it knows the moment at which a value is chosen, which no replica does (PAXOS-7, PAXOS-M2).

use std::collections::VecDeque;

use super::{Config, Paxos, Phase, Proposal, Proposer, Replica};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::ghost::{Flaw, Instance};
use crate::protocols::paxos::rules::Quorums;
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, NodeSet, Op, RequestId, SortedMap};

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Two values were chosen.
    TwoChosen { node: NodeId, first: Op, second: Op },
    /// A replica took for chosen what was not.
    LearnedUnchosen { node: NodeId, value: Op },
    /// A value was accepted that no client asked for.
    NobodyAsked { node: NodeId, value: Op },
    /// A promise went back.
    PromiseWentBack { node: NodeId, from: Ballot, to: Ballot },
    /// An acceptor accepted less than it had promised or accepted, or forgot what it had accepted.
    AcceptedBelow { node: NodeId, ballot: Ballot, bound: Ballot },
    /// After a value was chosen, another was accepted with a higher number.
    Unstable { node: NodeId, chosen: Op, ballot: Ballot, value: Op },
    /// A proposer issued a proposal that P2c does not allow.
    WrongValue { node: NodeId, ballot: Ballot, value: Op },
    /// A proposer issued a value that nobody asked it for, and that nobody had accepted.
    NeverAccepted { node: NodeId, ballot: Ballot, value: Op },
    /// Two values were proposed with one number.
    SharedBallot { node: NodeId, ballot: Ballot, first: Op, second: Op },
}

/// What came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// A quorum of acceptors has accepted a proposal: its value is chosen, whether or not anybody
    /// knows (§2.1).
    Chosen {
        /// The proposal's number.
        ballot: Ballot,
        /// Its value.
        value: Op,
        /// Who has accepted it.
        by: NodeSet,
    },
}

/// What the judge remembers of one replica.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    promised: Ballot,
    accepted: (Ballot, Option<RequestId>),
    /// The last command that waited.
    waiting: Option<RequestId>,
    /// The number of its last proposal.
    issued: Ballot,
    learned: bool,
}

/// The judge.
#[derive(Clone, Debug)]
pub struct Consensus {
    nodes: u8,
    acceptors: NodeSet,
    quorums: Quorums,
    seen: Vec<Seen>,
    instance: Instance,
    /// What clients asked for.
    asked: SortedMap<RequestId, Op>,
    reached: VecDeque<Milestone>,
}

const AGREEMENT: usize = 0;
const VALIDITY: usize = 1;
const PROMISES: usize = 2;
const ACCEPTANCES: usize = 3;
const STABILITY: usize = 4;
const VALUE_RULE: usize = 5;
const UNIQUE_NUMBERS: usize = 6;

impl Judge<Paxos> for Consensus {
    type Breach = Breach;
    type Milestone = Milestone;

    const INVARIANTS: &'static [&'static str] = &[
        "agreement",
        "validity",
        "promises",
        "acceptances",
        "stability",
        "value_rule",
        "unique_numbers",
    ];

    fn new(nodes: u8) -> Self {
        let config = Config::default();
        Self {
            nodes,
            acceptors: config.placement(nodes).acceptors().collect(),
            quorums: config.quorums(nodes),
            seen: vec![Seen::default(); nodes.into()],
            instance: Instance::default(),
            asked: SortedMap::default(),
            reached: VecDeque::new(),
        }
    }

    fn configured(&mut self, config: &Config) {
        self.acceptors = config.placement(self.nodes).acceptors().collect();
        self.quorums = config.quorums(self.nodes);
    }

    fn changed(&mut self, states: &[Option<Replica>], node: NodeId, breaches: &mut Vec<Breach>) {
        let Some(replica) = &states[node.slot()] else {
            // A crash forgets what is volatile; what was promised and accepted stays.
            let seen = &mut self.seen[node.slot()];
            (seen.waiting, seen.issued, seen.learned) = (None, Ballot::NONE, false);
            return;
        };
        let waiting = replica.proposer.waiting.last();
        let seen = self.seen[node.slot()];
        if let Some(command) = waiting.filter(|command| Some(command.request) != seen.waiting) {
            self.asked.insert(command.request, command.op.clone());
        }
        let mut issued = seen.issued;
        if let Phase::Accept { proposal } = &replica.proposer.phase
            && proposal.ballot != issued
        {
            issued = proposal.ballot;
            self.issued(node, &replica.proposer, proposal, breaches);
        }
        let accepted = replica.durable.accepted.as_ref();
        let vote = |proposal: &Proposal| (proposal.ballot, Some(proposal.value.request));
        let vote = accepted.map_or((Ballot::NONE, None), vote);
        let promised = replica.durable.promised;
        if promised < seen.promised {
            breaches.push(Breach::PromiseWentBack { node, from: seen.promised, to: promised });
        }
        if vote != seen.accepted {
            let (ballot, bound) = (vote.0, seen.promised.max(seen.accepted.0));
            if ballot < bound {
                breaches.push(Breach::AcceptedBelow { node, ballot, bound });
            }
            if let Some(proposal) = accepted {
                self.accepted(node, proposal, breaches);
            }
        }
        if let Some(learned) = replica.learned().filter(|_| !seen.learned) {
            self.learned(node, learned, breaches);
        }
        self.seen[node.slot()] = Seen {
            promised,
            accepted: vote,
            waiting: waiting.map(|command| command.request),
            issued,
            learned: replica.learned().is_some(),
        };
    }

    fn milestone(&mut self) -> Option<Milestone> {
        self.reached.pop_front()
    }

    fn invariant(breach: &Breach) -> usize {
        match breach {
            Breach::TwoChosen { .. } | Breach::LearnedUnchosen { .. } => AGREEMENT,
            Breach::NobodyAsked { .. } => VALIDITY,
            Breach::PromiseWentBack { .. } => PROMISES,
            Breach::AcceptedBelow { .. } => ACCEPTANCES,
            Breach::Unstable { .. } => STABILITY,
            Breach::WrongValue { .. } | Breach::NeverAccepted { .. } => VALUE_RULE,
            Breach::SharedBallot { .. } => UNIQUE_NUMBERS,
        }
    }
}

impl Consensus {
    /// P2c (§2.2); and what a proposer takes over from others was accepted, not only seen.
    fn issued(
        &self,
        node: NodeId,
        proposer: &Proposer,
        proposal: &Proposal,
        breaches: &mut Vec<Breach>,
    ) {
        let Proposal { ballot, value } = proposal;
        let issued = (*ballot, Some(value.request));
        if !self.instance.may_issue(issued, self.acceptors.iter(), self.quorums.phase1) {
            breaches.push(Breach::WrongValue { node, ballot: *ballot, value: value.op.clone() });
        }
        let own = proposer.waiting.iter().any(|each| each.request == value.request);
        if !own && !self.instance.was_accepted(issued) {
            breaches.push(Breach::NeverAccepted { node, ballot: *ballot, value: value.op.clone() });
        }
    }

    /// "Only a value that has been proposed may be chosen", and "only a single value is chosen"
    /// (§2.1).
    fn accepted(&mut self, node: NodeId, proposal: &Proposal, breaches: &mut Vec<Breach>) {
        let Proposal { ballot, value } = proposal;
        let ballot = *ballot;
        if self.asked.get(&value.request).is_none() {
            // A proposer that is both quorums by itself goes from the request to the choice in one
            // step; nothing can be seen in between.
            if (self.quorums.phase1, self.quorums.phase2) != (1, 1) {
                breaches.push(Breach::NobodyAsked { node, value: value.op.clone() });
            }
            self.asked.insert(value.request, value.op.clone());
        }
        let asked = &self.asked;
        let op = |value: Option<RequestId>| {
            let request = value.expect("every value is a command");
            asked.get(&request).expect("what was accepted was asked for").clone()
        };
        let vote = (ballot, Some(value.request));
        let chosen = self.instance.accepted(node, vote, self.quorums.phase2, |flaw| {
            breaches.push(match flaw {
                Flaw::SharedBallot { ballot, first, second } => {
                    Breach::SharedBallot { node, ballot, first: op(first), second: op(second) }
                }
                Flaw::TwoChosen { first, second } => {
                    Breach::TwoChosen { node, first: op(first), second: op(second) }
                }
                Flaw::Unstable { chosen, ballot, value } => {
                    Breach::Unstable { node, chosen: op(chosen), ballot, value: op(value) }
                }
            });
        });
        if let Some(chosen) = chosen {
            let (ballot, by) = (chosen.ballot, chosen.by);
            self.reached.push_back(Milestone::Chosen { ballot, value: op(chosen.value), by });
        }
    }

    /// "A process never learns that a value has been chosen unless it actually has been" (§2.1).
    fn learned(&self, node: NodeId, learned: &Proposal, breaches: &mut Vec<Breach>) {
        let chosen = self.instance.chosen().and_then(|chosen| chosen.value);
        if chosen != Some(learned.value.request) {
            breaches.push(Breach::LearnedUnchosen { node, value: learned.value.op.clone() });
        }
    }
}
