//! The model of stateright's example of Paxos, for our search: three servers, and two clients that
//! each write and then read. What they saw must be linearizable. Messages arrive in any order, once.

use conclave::check::explore::Model;

const SERVERS: u8 = 3;
const CLIENTS: u8 = 2;

type Ballot = (u8, u8);
/// The request's number, its client, its value.
type Proposal = (u8, u8, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    Put(u8, u8),
    Get(u8),
    PutOk(u8),
    GetOk(u8, u8),
    Prepare(Ballot),
    Prepared(Ballot, Option<(Ballot, Proposal)>),
    Accept(Ballot, Proposal),
    Accepted(Ballot),
    Decided(Ballot, Proposal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope {
    from: u8,
    to: u8,
    message: Message,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Server {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepares: [Option<Option<(Ballot, Proposal)>>; SERVERS as usize],
    /// A bit for each server.
    accepts: u8,
    accepted: Option<(Ballot, Proposal)>,
    decided: bool,
}

/// A client, with its part of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Client {
    awaiting: Option<u8>,
    /// How many operations it has invoked, or one more when all are complete.
    operations: u8,
    /// How many operations of the other were complete when its read was invoked.
    before_read: u8,
    read: Option<u8>,
}

impl Client {
    fn complete(&self) -> u8 {
        match self.awaiting {
            Some(_) => self.operations - 1,
            None => 2,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    servers: [Server; SERVERS as usize],
    clients: [Client; CLIENTS as usize],
    /// In order; what was sent twice is here twice.
    network: Vec<Envelope>,
}

impl State {
    fn send(&mut self, from: u8, to: u8, message: Message) {
        let envelope = Envelope { from, to, message };
        let place = self.network.partition_point(|each| *each <= envelope);
        self.network.insert(place, envelope);
    }

    fn broadcast(&mut self, from: u8, message: Message) {
        for to in (0..SERVERS).filter(|to| *to != from) {
            self.send(from, to, message);
        }
    }

    /// A server takes a message; tells whether it does anything.
    fn serve(&mut self, Envelope { from, to: me, message }: Envelope) -> bool {
        let server = &mut self.servers[usize::from(me)];
        if server.decided {
            let Message::Get(request) = message else { return false };
            let (_, (_, _, value)) = server.accepted.expect("what is decided was accepted");
            self.send(me, from, Message::GetOk(request, value));
            return true;
        }
        match message {
            Message::Put(request, value) if server.proposal.is_none() => {
                let ballot = (server.ballot.0 + 1, me);
                server.proposal = Some((request, from, value));
                server.ballot = ballot;
                server.prepares = [None; SERVERS as usize];
                server.prepares[usize::from(me)] = Some(server.accepted);
                server.accepts = 0;
                self.broadcast(me, Message::Prepare(ballot));
            }
            Message::Prepare(ballot) if server.ballot < ballot => {
                server.ballot = ballot;
                let accepted = server.accepted;
                self.send(me, from, Message::Prepared(ballot, accepted));
            }
            Message::Prepared(ballot, accepted) if ballot == server.ballot => {
                server.prepares[usize::from(from)] = Some(accepted);
                if server.prepares.iter().flatten().count() == 2 {
                    let highest = server.prepares.iter().flatten().max().expect("there are two");
                    let proposal = highest.map(|(_, proposal)| proposal).or(server.proposal);
                    let proposal = proposal.expect("a proposer has a proposal");
                    server.proposal = Some(proposal);
                    server.accepted = Some((ballot, proposal));
                    server.accepts |= 1 << me;
                    self.broadcast(me, Message::Accept(ballot, proposal));
                }
            }
            Message::Accept(ballot, proposal) if server.ballot <= ballot => {
                server.ballot = ballot;
                server.accepted = Some((ballot, proposal));
                self.send(me, from, Message::Accepted(ballot));
            }
            Message::Accepted(ballot) if ballot == server.ballot => {
                server.accepts |= 1 << from;
                if server.accepts.count_ones() == 2 {
                    server.decided = true;
                    let proposal = server.proposal.expect("a proposer has a proposal");
                    self.broadcast(me, Message::Decided(ballot, proposal));
                    self.send(me, proposal.1, Message::PutOk(proposal.0));
                }
            }
            Message::Decided(ballot, proposal) => {
                server.ballot = ballot;
                server.accepted = Some((ballot, proposal));
                server.decided = true;
            }
            _ => return false,
        }
        true
    }

    /// A client takes an answer; tells whether it waited for it.
    fn answer(&mut self, me: u8, message: Message) -> bool {
        let at = usize::from(me - SERVERS);
        let other = self.clients[1 - at].complete();
        let client = &mut self.clients[at];
        match message {
            Message::PutOk(request) if client.awaiting == Some(request) => {
                let read = 2 * me;
                client.awaiting = Some(read);
                client.operations = 2;
                client.before_read = other;
                self.send(me, (me + 1) % SERVERS, Message::Get(read));
            }
            Message::GetOk(request, value) if client.awaiting == Some(request) => {
                client.awaiting = None;
                client.operations = 3;
                client.read = Some(value);
            }
            _ => return false,
        }
        true
    }

    /// Whether what clients saw can be put in an order in which each read returns what was written
    /// last; the first so many operations of each are in it already.
    fn linearizable(&self, ordered: [u8; CLIENTS as usize], register: u8) -> bool {
        if (0..2).all(|at| ordered[at] >= self.clients[at].complete()) {
            return true;
        }
        (0..2).any(|at| {
            let (client, other) = (&self.clients[at], ordered[1 - at]);
            let mut ordered = ordered;
            ordered[at] += 1;
            match ordered[at] {
                1 => self.linearizable(ordered, at as u8 + 1),
                2 if client.operations >= 2 && client.before_read <= other => {
                    client.read.is_none_or(|value| value == register)
                        && self.linearizable(ordered, register)
                }
                _ => false,
            }
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Cluster;

impl Model for Cluster {
    type State = State;
    type Step = Envelope;
    type Breach = &'static str;

    fn initial(&mut self) -> Vec<State> {
        let (servers, clients) = Default::default();
        let mut state = State { servers, clients, network: Vec::new() };
        for me in SERVERS..SERVERS + CLIENTS {
            let at = me - SERVERS;
            let client = &mut state.clients[usize::from(at)];
            (client.awaiting, client.operations) = (Some(me), 1);
            state.send(me, me % SERVERS, Message::Put(me, at + 1));
        }
        vec![state]
    }

    fn next(&mut self, state: &State, into: &mut Vec<(Envelope, State)>) {
        for (place, &envelope) in state.network.iter().enumerate() {
            // Of copies, one is enough.
            if state.network.get(place + 1) == Some(&envelope) {
                continue;
            }
            let mut next = state.clone();
            let done = match envelope.to {
                to if to < SERVERS => next.serve(envelope),
                to => next.answer(to, envelope.message),
            };
            if done {
                let place = next.network.iter().position(|each| *each == envelope);
                next.network.remove(place.expect("it was under way"));
                into.push((envelope, next));
            }
        }
    }

    fn breach(&mut self, state: &mut State) -> Option<&'static str> {
        (!state.linearizable([0; 2], 0)).then_some("linearizable")
    }
}
