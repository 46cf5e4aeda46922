//! The safety of each instance, and that all replicas execute the same commands in the same order.
//!
//! The judge sees the cluster from outside. For each instance that is not done with everywhere its
//! ghost history holds every acceptance there ever was; of the others it remembers what was chosen.

use std::collections::VecDeque;

use super::log::{Cell, Slot, Value};
use super::{Config, MultiPaxos, Replica};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::ghost::{Chosen, Flaw, Instance};
use crate::protocols::paxos::rules::Quorums;
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, NodeSet, RequestId, SortedMap};

/// A value by name: whose request it is, or none for a no-op.
type Name = Option<RequestId>;

/// What was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Two values were chosen in one slot.
    TwoChosen { node: NodeId, slot: Slot, first: Name, second: Name },
    /// A replica executed what was not chosen.
    ExecutedUnchosen { node: NodeId, slot: Slot, value: Name },
    /// A command came up at a replica that does not lead.
    NobodyProposed { node: NodeId, slot: Slot, value: Name },
    /// A promise went back.
    PromiseWentBack { node: NodeId, from: Ballot, to: Ballot },
    /// An acceptor accepted less than it had promised or accepted.
    AcceptedBelow { node: NodeId, slot: Slot, ballot: Ballot, bound: Ballot },
    /// An acceptor forgot what it had accepted.
    Forgotten { node: NodeId, slot: Slot },
    /// After a value was chosen, another was accepted with a higher number.
    Unstable { node: NodeId, slot: Slot, ballot: Ballot, chosen: Name, value: Name },
    /// Two values were proposed with one number.
    SharedBallot { node: NodeId, slot: Slot, ballot: Ballot, first: Name, second: Name },
    /// Two replicas executed different commands, or in another order.
    HistoriesDiffer { node: NodeId, slot: Slot },
}

/// What came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// A quorum of acceptors has accepted a proposal: its value is chosen in its slot, whether or not
    /// anybody knows.
    Chosen {
        /// The slot.
        slot: Slot,
        /// What was chosen, and by whom.
        chosen: Chosen,
    },
}

/// What the judge remembers of one replica.
#[derive(Clone, Debug, Default)]
struct Seen {
    promised: Ballot,
    /// What it had accepted, from `first` on; [`Ballot::NONE`] where nothing.
    votes: VecDeque<(Ballot, Name)>,
    /// The first slot of which it did not know what is chosen.
    first: Slot,
}

/// The judge.
#[derive(Clone, Debug)]
pub struct Replication {
    nodes: u8,
    quorums: Quorums,
    seen: Vec<Seen>,
    /// The instances that are not done with everywhere.
    open: SortedMap<Slot, Instance>,
    /// What was chosen in each slot from 1 on, as far as it was.
    chosen: Vec<Option<Name>>,
    /// The digest of all values up to each slot from 1 on, as the first replica executed them; 0
    /// where no replica stopped yet.
    histories: Vec<u64>,
    /// The commands that leaders brought up, by their numbers first: new ones come near the end.
    proposed: Vec<RequestId>,
    reached: VecDeque<Milestone>,
}

const AGREEMENT: usize = 0;
const VALIDITY: usize = 1;
const PROMISES: usize = 2;
const ACCEPTANCES: usize = 3;
const STABILITY: usize = 4;
const UNIQUE_NUMBERS: usize = 5;
const PREFIXES: usize = 6;

impl Judge<MultiPaxos> for Replication {
    type Breach = Breach;
    type Milestone = Milestone;

    const INVARIANTS: &'static [&'static str] = &[
        "agreement",
        "validity",
        "promises",
        "acceptances",
        "stability",
        "unique_numbers",
        "prefixes",
    ];

    fn new(nodes: u8) -> Self {
        let seen = Seen { first: Slot(1), ..Seen::default() };
        Self {
            nodes,
            quorums: Config::default().quorums(nodes),
            seen: vec![seen; nodes.into()],
            open: SortedMap::default(),
            chosen: Vec::new(),
            histories: Vec::new(),
            proposed: Vec::new(),
            reached: VecDeque::new(),
        }
    }

    fn configured(&mut self, config: &Config) {
        self.quorums = config.quorums(self.nodes);
    }

    fn changed(&mut self, states: &[Option<Replica>], node: NodeId, breaches: &mut Vec<Breach>) {
        // A crash takes nothing away that the judge looks at: what was executed is executed again.
        let Some(replica) = &states[node.slot()] else { return };
        let promised = self.seen[node.slot()].promised;
        if replica.durable.promised < promised {
            let to = replica.durable.promised;
            breaches.push(Breach::PromiseWentBack { node, from: promised, to });
        }
        let first = self.seen[node.slot()].first;
        let end = replica.durable.log.last().next();
        let known = Slot(first.0 + self.seen[node.slot()].votes.len() as u64);
        for slot in first.until(end.max(known)) {
            self.look(replica, node, slot, breaches);
        }
        self.seen[node.slot()].promised = replica.durable.promised;
        if replica.first_unchosen != first {
            self.executed(replica, node, breaches);
        }
    }

    fn milestone(&mut self) -> Option<Milestone> {
        self.reached.pop_front()
    }

    fn invariant(breach: &Breach) -> usize {
        match breach {
            Breach::TwoChosen { .. } | Breach::ExecutedUnchosen { .. } => AGREEMENT,
            Breach::NobodyProposed { .. } => VALIDITY,
            Breach::PromiseWentBack { .. } => PROMISES,
            Breach::AcceptedBelow { .. } | Breach::Forgotten { .. } => ACCEPTANCES,
            Breach::Unstable { .. } => STABILITY,
            Breach::SharedBallot { .. } => UNIQUE_NUMBERS,
            Breach::HistoriesDiffer { .. } => PREFIXES,
        }
    }
}

fn name(cell: &Cell) -> Name {
    match &*cell.value {
        Value::Noop => None,
        Value::Command(command) => Some(command.request),
    }
}

impl Replication {
    /// One slot of one replica, from the first of which it did not know what is chosen.
    fn look(&mut self, replica: &Replica, node: NodeId, slot: Slot, breaches: &mut Vec<Breach>) {
        let seen = &mut self.seen[node.slot()];
        let place = (slot.0 - seen.first.0) as usize;
        if seen.votes.len() <= place {
            seen.votes.resize(place + 1, (Ballot::NONE, None));
        }
        let before = seen.votes[place];
        let Some(cell) = replica.durable.log.get(slot) else {
            if before.0 > Ballot::NONE && slot > replica.durable.log.base() {
                breaches.push(Breach::Forgotten { node, slot });
            }
            return;
        };
        let vote = (cell.ballot, name(cell));
        if vote == before || vote.0 == Ballot::NONE {
            return;
        }
        seen.votes[place] = vote;
        let (ballot, bound) = (vote.0, seen.promised.max(before.0));
        if ballot < bound {
            breaches.push(Breach::AcceptedBelow { node, slot, ballot, bound });
        }
        if let Some(request) = vote.1
            && self.is_new(request)
            && !replica.is_leader()
        {
            breaches.push(Breach::NobodyProposed { node, slot, value: vote.1 });
        }
        let instance = self.open.get_or_insert(slot, Instance::default());
        let chosen = instance.accepted(node, vote, self.quorums.phase2, |flaw| {
            breaches.push(match flaw {
                Flaw::SharedBallot { ballot, first, second } => {
                    Breach::SharedBallot { node, slot, ballot, first, second }
                }
                Flaw::TwoChosen { first, second } => {
                    Breach::TwoChosen { node, slot, first, second }
                }
                Flaw::Unstable { chosen, ballot, value } => {
                    Breach::Unstable { node, slot, ballot, chosen, value }
                }
            });
        });
        if let Some(chosen) = chosen {
            let place = slot.0 as usize - 1;
            if self.chosen.len() <= place {
                self.chosen.resize(place + 1, None);
            }
            match self.chosen[place].replace(chosen.value) {
                Some(first) if first != chosen.value => {
                    let second = chosen.value;
                    breaches.push(Breach::TwoChosen { node, slot, first, second });
                }
                Some(_) | None => {}
            }
            self.reached.push_back(Milestone::Chosen { slot, chosen });
        }
    }

    /// Whether a command was never seen before; it is from now on.
    fn is_new(&mut self, request: RequestId) -> bool {
        let order = |request: &RequestId| (request.sequence, request.client);
        let place = self.proposed.binary_search_by_key(&order(&request), order);
        if let Err(place) = place {
            self.proposed.insert(place, request);
        }
        place.is_err()
    }

    /// A replica executed something, or starts again from its snapshot.
    fn executed(&mut self, replica: &Replica, node: NodeId, breaches: &mut Vec<Breach>) {
        let seen = &mut self.seen[node.slot()];
        let (first, next) = (seen.first, replica.first_unchosen);
        for slot in first.until(next) {
            let chosen = self.chosen.get(slot.0 as usize - 1).copied().flatten();
            let Some(cell) = replica.durable.log.get(slot) else { continue };
            if chosen != Some(name(cell)) {
                breaches.push(Breach::ExecutedUnchosen { node, slot, value: name(cell) });
            }
        }
        if next < first {
            // Only a defect forgets what was chosen; it will be seen again.
            breaches.push(Breach::Forgotten { node, slot: next });
            seen.votes.clear();
        } else {
            let passed = (next.0 - first.0) as usize;
            seen.votes.drain(..passed.min(seen.votes.len()));
        }
        seen.first = next;
        self.compare(replica, node, breaches);
        let done = self.seen.iter().map(|seen| seen.first).min().expect("there are nodes");
        self.open.remove_before(&done);
    }

    /// All replicas execute the same values in the same order.
    fn compare(&mut self, replica: &Replica, node: NodeId, breaches: &mut Vec<Breach>) {
        let slot = replica.executed();
        let Some(place) = (slot.0 as usize).checked_sub(1) else { return };
        if self.histories.len() <= place {
            self.histories.resize(place + 1, 0);
        }
        match self.histories[place] {
            0 => self.histories[place] = replica.history,
            known if known == replica.history => {}
            _ => breaches.push(Breach::HistoriesDiffer { node, slot }),
        }
    }
}

/// Who shows a breach.
impl Breach {
    pub(super) fn nodes(&self) -> NodeSet {
        match self {
            Self::TwoChosen { node, .. }
            | Self::ExecutedUnchosen { node, .. }
            | Self::NobodyProposed { node, .. }
            | Self::PromiseWentBack { node, .. }
            | Self::AcceptedBelow { node, .. }
            | Self::Forgotten { node, .. }
            | Self::Unstable { node, .. }
            | Self::SharedBallot { node, .. }
            | Self::HistoriesDiffer { node, .. } => NodeSet::of(*node),
        }
    }
}
