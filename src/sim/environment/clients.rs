//! What clients do: think, ask, lose patience, hear.

use super::{Cue, Environment};
use crate::sim::client::{self, Client, MAX_CLIENTS, Pending, Workload};
use crate::sim::queue::Due;
use crate::sim::{Answer, ClientId, Command, NodeId, Op, RequestId, Seat};

/// What an answer is to the client that it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing: it waits for something else, or has to wait on.
    Nothing,
    /// It is told to ask this node.
    Redirect(NodeId),
    /// The end of its operation.
    End,
}

impl Environment {
    /// A client.
    pub fn client(&mut self, id: ClientId) -> &mut Client {
        &mut self.clients[usize::from(id.0)]
    }

    /// Sees to it that as many clients act by themselves as the workload says.
    pub fn fit_clients(&mut self) {
        let mut active = 0;
        for client in &mut self.clients {
            client.automatic &= active < self.workload.clients;
            active += u16::from(client.automatic);
        }
        while active < self.workload.clients
            && let Some(id) = self.free_client()
        {
            self.client(id).automatic = true;
            self.think(id);
            active += 1;
        }
    }

    /// A client that waits for nothing and does not act by itself; none when there is no room for
    /// another.
    pub(super) fn free_client(&mut self) -> Option<ClientId> {
        let free = self.clients.iter().position(Client::is_free);
        let at = free.unwrap_or(self.clients.len());
        if at == self.clients.len() {
            if at == usize::from(MAX_CLIENTS) {
                return None;
            }
            // New clients ask different nodes first.
            self.clients.push(Client::new(NodeId((at % self.nodes.len()) as u8)));
        }
        Some(ClientId(at as u16))
    }

    fn think(&mut self, id: ClientId) {
        let Workload { think_least, think_most, .. } = self.workload;
        let span = self.rng.time(think_least, think_most);
        let ticket = self.queue.ticket(self.now + span);
        let thought = &mut self.clients[usize::from(id.0)].thought;
        thought.set(ticket, Due::Thought(id), &mut self.queue);
    }

    pub(super) fn thought_due(&mut self, id: ClientId) -> Cue {
        let client = self.client(id);
        client.thought.left_queue();
        client.thought.call_off();
        if !client.automatic || client.pending.is_some() {
            return Cue::Nothing;
        }
        let node = client.favourite;
        let op = self.invent(id);
        self.begin(id, node, op, true)
    }

    pub(super) fn impatience_due(&mut self, id: ClientId) -> Cue {
        let size = self.size();
        let client = self.client(id);
        client.impatience.left_queue();
        client.impatience.call_off();
        let Some(pending) = client.pending.as_mut().filter(|pending| pending.persistent) else {
            return Cue::Nothing;
        };
        // Going on from where it was sent to could lead round in a circle that leaves some out.
        pending.tried = NodeId((pending.tried.0 + 1) % size);
        let next = pending.tried;
        Cue::Ask { client: id, again: true, slot: self.ask(id, next) }
    }

    /// What a client that acts by itself does next.
    fn invent(&mut self, id: ClientId) -> Op {
        let Workload { keys, read_percent, .. } = self.workload;
        let key = client::key(self.rng.between(0, u64::from(keys.max(1)) - 1));
        if self.rng.between(0, 99) < read_percent.into() {
            return Op::Read { key };
        }
        let mut request = self.client(id).request(id);
        request.sequence += 1;
        Op::Write { key, value: client::value(request) }
    }

    pub(super) fn begin(&mut self, id: ClientId, node: NodeId, op: Op, persistent: bool) -> Cue {
        let invoked = self.now;
        let client = self.client(id);
        client.sequence += 1;
        client.pending = Some(Pending { op, invoked, node, tried: node, persistent });
        Cue::Ask { client: id, again: false, slot: self.ask(id, node) }
    }

    /// Sends a node the request for what a client waits for; in which slot it is.
    pub fn ask(&mut self, id: ClientId, node: NodeId) -> u32 {
        let client = &mut self.clients[usize::from(id.0)];
        let pending = client.pending.as_mut().expect("only a pending operation is asked for");
        pending.node = node;
        let ticket = self.queue.ticket(self.now + self.workload.patience);
        client.impatience.set(ticket, Due::Impatience(id), &mut self.queue);
        self.launch(Seat::Client(id), Seat::Node(node))
    }

    /// What a client asks for, and whom it asked last.
    pub fn asked(&self, id: ClientId) -> (Command, NodeId) {
        let client = &self.clients[usize::from(id.0)];
        let pending = client.pending.as_ref().expect("it has just asked");
        (Command { request: client.request(id), op: pending.op.clone() }, pending.node)
    }

    /// An answer of a node reaches a client.
    pub fn hear(
        &mut self,
        id: ClientId,
        from: NodeId,
        request: RequestId,
        answer: &Answer,
    ) -> Heard {
        let client = self.client(id);
        let persistent = match &client.pending {
            Some(pending) if client.request(id) == request => pending.persistent,
            _ => return Heard::Nothing,
        };
        match answer {
            Answer::Redirect(Some(node)) if *node != from => Heard::Redirect(*node),
            // Nobody knows a leader: a persistent client waits and asks somebody else.
            Answer::Redirect(_) if persistent => Heard::Nothing,
            Answer::Redirect(_) | Answer::Written | Answer::Value(_) => {
                let pending = client.pending.take();
                if let (Some(pending), Answer::Written | Answer::Value(_)) = (pending, answer) {
                    self.tally.answered(self.now.since(pending.invoked), self.now);
                }
                let client = self.client(id);
                client.impatience.call_off();
                client.favourite = from;
                if client.automatic {
                    self.think(id);
                }
                Heard::End
            }
        }
    }
}
