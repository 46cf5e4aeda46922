//! The same models for stateright, after its own examples `2pc` and `paxos`, with what it has for
//! them: sets, maps, actors and its tester of linearizability.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::actor::{Actor, ActorModel, Id, Network, Out, majority, model_peers};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;
use stateright::util::{HashableHashMap, HashableHashSet};
use stateright::{Checker, Expectation, Model, Property};

use crate::Counts;

fn search<M>(model: M) -> Counts
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let checker = model.checker().threads(1).spawn_bfs().join();
    checker.assert_properties();
    (checker.unique_state_count() as u64, checker.state_count() as u64)
}

// ---- two-phase commit --------------------------------------------------------------------------

struct TwoPhase {
    rms: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Transaction {
    rm_state: Vec<Rm>,
    tm_state: Tm,
    tm_prepared: Vec<bool>,
    msgs: BTreeSet<Sent>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sent {
    Prepared { rm: usize },
    Commit,
    Abort,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rm {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Tm {
    Init,
    Committed,
    Aborted,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    TmCommit,
    TmAbort,
    TmRcvPrepared(usize),
    RmPrepare(usize),
    RmChooseToAbort(usize),
    RmRcvCommitMsg(usize),
    RmRcvAbortMsg(usize),
}

impl Model for TwoPhase {
    type State = Transaction;
    type Action = Phase;

    fn init_states(&self) -> Vec<Transaction> {
        vec![Transaction {
            rm_state: vec![Rm::Working; self.rms],
            tm_state: Tm::Init,
            tm_prepared: vec![false; self.rms],
            msgs: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &Transaction, actions: &mut Vec<Phase>) {
        let init = state.tm_state == Tm::Init;
        if init && state.tm_prepared.iter().all(|prepared| *prepared) {
            actions.push(Phase::TmCommit);
        }
        if init {
            actions.push(Phase::TmAbort);
        }
        for rm in 0..self.rms {
            if init && state.msgs.contains(&Sent::Prepared { rm }) {
                actions.push(Phase::TmRcvPrepared(rm));
            }
            if state.rm_state[rm] == Rm::Working {
                actions.push(Phase::RmPrepare(rm));
                actions.push(Phase::RmChooseToAbort(rm));
            }
            if state.msgs.contains(&Sent::Commit) {
                actions.push(Phase::RmRcvCommitMsg(rm));
            }
            if state.msgs.contains(&Sent::Abort) {
                actions.push(Phase::RmRcvAbortMsg(rm));
            }
        }
    }

    fn next_state(&self, state: &Transaction, action: Phase) -> Option<Transaction> {
        let mut state = state.clone();
        match action {
            Phase::TmCommit => {
                state.tm_state = Tm::Committed;
                state.msgs.insert(Sent::Commit);
            }
            Phase::TmAbort => {
                state.tm_state = Tm::Aborted;
                state.msgs.insert(Sent::Abort);
            }
            Phase::TmRcvPrepared(rm) => state.tm_prepared[rm] = true,
            Phase::RmPrepare(rm) => {
                state.rm_state[rm] = Rm::Prepared;
                state.msgs.insert(Sent::Prepared { rm });
            }
            Phase::RmChooseToAbort(rm) | Phase::RmRcvAbortMsg(rm) => {
                state.rm_state[rm] = Rm::Aborted;
            }
            Phase::RmRcvCommitMsg(rm) => state.rm_state[rm] = Rm::Committed,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("consistent", |_, state: &Transaction| {
            !(state.rm_state.contains(&Rm::Aborted) && state.rm_state.contains(&Rm::Committed))
        })]
    }
}

pub fn two_phase() -> Counts {
    search(TwoPhase { rms: 7 })
}

// ---- Paxos -------------------------------------------------------------------------------------

type Ballot = (u32, Id);
type Proposal = (u64, Id, char);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Message {
    Prepare { ballot: Ballot },
    Prepared { ballot: Ballot, accepted: Option<(Ballot, Proposal)> },
    Accept { ballot: Ballot, proposal: Proposal },
    Accepted { ballot: Ballot },
    Decided { ballot: Ballot, proposal: Proposal },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepares: HashableHashMap<Id, Option<(Ballot, Proposal)>>,
    accepts: HashableHashSet<Id>,
    accepted: Option<(Ballot, Proposal)>,
    decided: bool,
}

#[derive(Clone)]
struct Server {
    peers: Vec<Id>,
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Message>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            ballot: (0, Id::from(0)),
            proposal: None,
            prepares: HashableHashMap::default(),
            accepts: HashableHashSet::default(),
            accepted: None,
            decided: false,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
        from: Id,
        message: Self::Msg,
        out: &mut Out<Self>,
    ) {
        use RegisterMsg::{Get, GetOk, Internal, Put, PutOk};
        let quorum = majority(self.peers.len() + 1);
        if state.decided {
            if let Get(request) = message {
                let (_, (_, _, value)) = state.accepted.expect("what is decided was accepted");
                out.send(from, GetOk(request, value));
            }
            return;
        }
        match message {
            Put(request, value) if state.proposal.is_none() => {
                let state = state.to_mut();
                state.proposal = Some((request, from, value));
                state.prepares = HashableHashMap::default();
                state.accepts = HashableHashSet::default();
                state.ballot = (state.ballot.0 + 1, id);
                state.prepares.insert(id, state.accepted);
                let ballot = state.ballot;
                out.broadcast(&self.peers, &Internal(Message::Prepare { ballot }));
            }
            Internal(Message::Prepare { ballot }) if state.ballot < ballot => {
                state.to_mut().ballot = ballot;
                let accepted = state.accepted;
                out.send(from, Internal(Message::Prepared { ballot, accepted }));
            }
            Internal(Message::Prepared { ballot, accepted }) if ballot == state.ballot => {
                let state = state.to_mut();
                state.prepares.insert(from, accepted);
                if state.prepares.len() == quorum {
                    let highest = state.prepares.values().max().expect("there is a quorum");
                    let proposal = highest.map(|(_, proposal)| proposal).or(state.proposal);
                    let proposal = proposal.expect("a proposer has a proposal");
                    state.proposal = Some(proposal);
                    state.accepted = Some((ballot, proposal));
                    state.accepts.insert(id);
                    out.broadcast(&self.peers, &Internal(Message::Accept { ballot, proposal }));
                }
            }
            Internal(Message::Accept { ballot, proposal }) if state.ballot <= ballot => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                out.send(from, Internal(Message::Accepted { ballot }));
            }
            Internal(Message::Accepted { ballot }) if ballot == state.ballot => {
                let state = state.to_mut();
                state.accepts.insert(from);
                if state.accepts.len() == quorum {
                    state.decided = true;
                    let proposal = state.proposal.expect("a proposer has a proposal");
                    out.broadcast(&self.peers, &Internal(Message::Decided { ballot, proposal }));
                    out.send(proposal.1, PutOk(proposal.0));
                }
            }
            Internal(Message::Decided { ballot, proposal }) => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                state.decided = true;
            }
            _ => {}
        }
    }
}

pub fn paxos() -> Counts {
    let servers = (0..3).map(|at| RegisterActor::Server(Server { peers: model_peers(at, 3) }));
    let clients = (0..2).map(|_| RegisterActor::Client { put_count: 1, server_count: 3 });
    let model = ActorModel::new((), LinearizabilityTester::new(Register('\0')))
        .actors(servers)
        .actors(clients)
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "linearizable", |_, state| {
            state.history.serialized_history().is_some()
        })
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations);
    search(model)
}
