//! The leader: phase 1 once for all instances, and phase 2 for each command (§3).

use std::collections::VecDeque;
use std::sync::Arc;

use super::log::{Cell, Slot, Snapshot, Value};
use super::message::{Message, Values};
use super::{Cx, Fx, Peer, Reason, Replica, Role, Timer};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::mutations::Mutation;
use crate::protocols::paxos::rules::outweighs;
use crate::sim::{Command, NodeId, NodeSet, SortedMap};

impl Replica {
    /// No leader was heard in time, or phase 1 did not end in time.
    pub(super) fn election_timeout(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let waiting = match &mut self.role {
            Role::Candidate { waiting, .. } => std::mem::take(waiting),
            Role::Follower { .. } | Role::Leader { .. } => Vec::new(),
        };
        self.run_for_leader(cx, waiting, fx);
    }

    /// Phase 1 (a) for "infinitely many instances", with one short message (§3): all from the first
    /// of which it does not know what is chosen.
    pub(super) fn run_for_leader(&mut self, cx: &Cx<'_>, waiting: Vec<Command>, fx: &mut Fx) {
        let ballot = Ballot::next(cx.id, self.durable.round, self.seen, cx.config.mutations);
        self.durable.round = ballot.round;
        self.durable.promised = self.durable.promised.max(ballot);
        self.seen = self.seen.max(ballot);
        if self.is_leader() {
            fx.stop_timer(Timer::Heartbeat);
        }
        let first_unchosen = self.first_unchosen;
        let own = self.durable.log.from(first_unchosen);
        let mut reported = SortedMap::default();
        for (slot, cell) in own {
            reported.insert(slot, cell.clone());
        }
        self.role = Role::Candidate { ballot, promises: NodeSet::of(cx.id), reported, waiting };
        fx.explain(|| Reason::RunsForLeader { ballot, first: first_unchosen });
        self.set_election_timer(cx, fx);
        for peer in cx.peers() {
            fx.send(peer, Message::Prepare { ballot, first_unchosen });
        }
        self.count_promises(cx, fx);
    }

    /// A replica promises, and reports what it has accepted.
    pub(super) fn promise(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        accepted: &[(Slot, Cell)],
        snapshot: Option<&Arc<Snapshot>>,
        fx: &mut Fx,
    ) {
        let Role::Candidate { ballot: own, promises, reported, .. } = &mut self.role else {
            return fx.explain(|| Reason::LateReply { from, ballot });
        };
        if ballot != *own {
            return fx.explain(|| Reason::LateReply { from, ballot });
        }
        promises.insert(from);
        let (count, needed) = (promises.len(), cx.config.quorums(cx.nodes).phase1);
        fx.explain(|| Reason::PromiseCounted { from, promises: count, needed });
        for (slot, cell) in accepted {
            consider(reported, *slot, cell, cx);
        }
        if let Some(snapshot) = snapshot {
            self.install(snapshot, fx);
        }
        self.count_promises(cx, fx);
    }

    /// A quorum of promises makes a leader. "It executes phase 2 for all instances" for which a
    /// value was reported, and has "a special no-op command" chosen in the gaps (§3).
    fn count_promises(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let Role::Candidate { promises, .. } = &self.role else { return };
        let count = promises.len();
        if count < cx.config.quorums(cx.nodes).phase1 {
            return;
        }
        let role = std::mem::replace(&mut self.role, Role::Follower { leader: None });
        let Role::Candidate { ballot, mut reported, waiting, .. } = role else { return };
        fx.explain(|| Reason::Leads { ballot, promises: count });
        // What somebody knows to be chosen need not be proposed again.
        for (slot, cell) in reported.iter().filter(|(_, cell)| cell.chosen) {
            self.learn(*slot, &cell.value);
        }
        self.execute(cx, fx);
        let first = self.first_unchosen;
        let last = reported.last().map_or(Slot(0), |(slot, _)| *slot);
        let next = last.max(self.durable.log.last()).max(self.executed()).next();
        if cx.config.mutations.has(Mutation::OwnValue) {
            reported.clear();
        }
        let mut gaps = 0;
        for slot in first.until(next) {
            let value = match reported.remove(&slot) {
                Some(cell) => cell.value,
                None => {
                    gaps += 1;
                    Arc::new(Value::Noop)
                }
            };
            self.accept_one(slot, ballot, value);
        }
        if first < next {
            fx.explain(|| Reason::Recovers { first, last: next.previous(), gaps });
        }
        let acks: VecDeque<_> = first.until(next).map(|_| NodeSet::of(cx.id)).collect();
        let peers = vec![Peer::default(); cx.nodes.into()];
        self.role = Role::Leader { ballot, next, acks, peers };
        fx.stop_timer(Timer::Election);
        self.heartbeat(cx, fx);
        self.choose(cx, (first, next), fx);
        for command in waiting {
            self.propose(cx, Value::Command(command), fx);
        }
    }

    /// Phase 2 (a) for a new command, in the first slot that is free.
    pub(super) fn propose(&mut self, cx: &Cx<'_>, value: Value, fx: &mut Fx) {
        let Role::Leader { ballot, next, acks, .. } = &mut self.role else {
            unreachable!("only a leader proposes");
        };
        let (ballot, slot) = (*ballot, *next);
        *next = slot.next();
        acks.push_back(NodeSet::of(cx.id));
        self.accept_one(slot, ballot, Arc::new(value));
        fx.explain(|| Reason::Proposes { ballot, slot });
        for peer in cx.peers() {
            self.send_unsent(cx, peer, slot, fx);
        }
        self.choose(cx, (slot, slot.next()), fx);
    }

    /// A leader's heartbeat carries the first of what a replica should have accepted by now, and so is
    /// also the retry of what was lost.
    pub(super) fn heartbeat(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let Role::Leader { ballot, .. } = self.role else { return };
        let interval = cx.config.heartbeat_interval;
        fx.set_timer(Timer::Heartbeat, interval, interval);
        fx.explain(|| Reason::Heartbeat { ballot });
        for peer in cx.peers() {
            let Role::Leader { acks, peers, .. } = &mut self.role else { return };
            let lacking = acks.iter().position(|by| !by.contains(peer)).unwrap_or(acks.len());
            let first = Slot(self.first_unchosen.0 + lacking as u64);
            let known = &mut peers[peer.slot()];
            known.teaching = false;
            let under_way = known.overdue.max(self.first_unchosen)..known.first_unsent;
            known.overdue = known.first_unsent;
            if under_way.contains(&first) {
                let (values, first_unchosen) = (Values::default(), self.first_unchosen);
                fx.send(peer, Message::Accept { ballot, first, values, first_unchosen });
            } else {
                self.send_from(cx, peer, first, fx);
            }
        }
    }

    /// Sends a replica what it was not sent yet, unless that begins before `upto`: then it has enough
    /// to answer, and is sent the rest when it does.
    fn send_unsent(&mut self, cx: &Cx<'_>, peer: NodeId, upto: Slot, fx: &mut Fx) {
        let Role::Leader { next, peers, .. } = &self.role else { return };
        let first = peers[peer.slot()].first_unsent.max(self.first_unchosen);
        if (upto..*next).contains(&first) {
            self.send_from(cx, peer, first, fx);
        }
    }

    /// Sends a replica proposals from a slot on, as many as one message carries.
    fn send_from(&mut self, cx: &Cx<'_>, peer: NodeId, first: Slot, fx: &mut Fx) {
        let Role::Leader { ballot, next, peers, .. } = &mut self.role else { return };
        let end = Slot(first.0 + cx.config.max_entries).min(*next).max(first);
        let unsent = &mut peers[peer.slot()].first_unsent;
        *unsent = end.max(*unsent);
        let (ballot, values) = (*ballot, self.values(first, end));
        let first_unchosen = self.first_unchosen;
        fx.send(peer, Message::Accept { ballot, first, values, first_unchosen });
    }

    /// The values of some slots, all of which a leader has.
    fn values(&self, first: Slot, end: Slot) -> Values {
        let values = first.until(end).map(|slot| {
            let cell = self.durable.log.get(slot);
            cell.expect("a leader has a value in each slot after its snapshot").value.clone()
        });
        values.collect()
    }

    /// A replica has accepted some proposals.
    pub(super) fn accepted(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        (first, count): (Slot, u64),
        (first_unchosen, behind): (Slot, bool),
        fx: &mut Fx,
    ) {
        let Role::Leader { ballot: own, acks, peers, .. } = &mut self.role else {
            return fx.explain(|| Reason::LateReply { from, ballot });
        };
        if ballot != *own {
            return fx.explain(|| Reason::LateReply { from, ballot });
        }
        let peer = &mut peers[from.slot()];
        if first_unchosen > peer.first_unchosen {
            (peer.first_unchosen, peer.teaching) = (first_unchosen, false);
        }
        let known = self.first_unchosen;
        let from_slot = first.max(known);
        let end = Slot((first.0 + count).min(known.0 + acks.len() as u64));
        for slot in from_slot.until(end) {
            acks[(slot.0 - known.0) as usize].insert(from);
        }
        if count > 0 {
            fx.explain(|| Reason::AcceptanceHeard { from, first, last: Slot(first.0 + count - 1) });
        }
        self.choose(cx, (from_slot, end), fx);
        if count > 0 {
            self.send_unsent(cx, from, Slot(0), fx);
        }
        if behind {
            self.teach(cx, from, fx);
        }
    }

    /// What a quorum has accepted, of these slots, is chosen; the leader learns so first.
    fn choose(&mut self, cx: &Cx<'_>, (first, end): (Slot, Slot), fx: &mut Fx) {
        let Role::Leader { acks, .. } = &self.role else { return };
        let (needed, known) = (cx.config.quorums(cx.nodes).phase2, self.first_unchosen);
        for slot in first.max(known).until(end) {
            let by = acks[(slot.0 - known.0) as usize];
            let open = self.durable.log.get(slot).is_some_and(|cell| !cell.chosen);
            if open && by.len() >= needed {
                self.durable.log.mark_chosen(slot);
                fx.explain(|| Reason::Chosen { slot, count: by.len() });
            }
        }
        self.execute(cx, fx);
    }

    /// Sends a replica that lags what was chosen in the slots that it lacks.
    fn teach(&mut self, cx: &Cx<'_>, to: NodeId, fx: &mut Fx) {
        let Role::Leader { ballot, peers, .. } = &mut self.role else { return };
        let peer = &mut peers[to.slot()];
        if peer.teaching || peer.first_unchosen >= self.first_unchosen {
            return;
        }
        peer.teaching = true;
        let (ballot, first, first_unchosen) = (*ballot, peer.first_unchosen, self.first_unchosen);
        if first <= self.durable.log.base() {
            let snapshot = self.durable.snapshot.clone();
            fx.explain(|| Reason::SnapshotSent { to, last: snapshot.last });
            return fx.send(to, Message::Install { ballot, snapshot, first_unchosen });
        }
        let end = Slot(first.0 + cx.config.max_entries).min(first_unchosen);
        let values = self.values(first, end);
        fx.explain(|| Reason::Teaches { to, first, count: values.len() as u64 });
        fx.send(to, Message::Success { ballot, first, values, first_unchosen });
    }

    /// A replica has promised a higher number.
    pub(super) fn refused(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        promised: Ballot,
        fx: &mut Fx,
    ) {
        self.seen = self.seen.max(promised);
        if self.own_ballot() != Some(ballot) || promised <= ballot {
            return fx.explain(|| Reason::LateReply { from, ballot });
        }
        fx.explain(|| Reason::GivesWay { ballot, to: promised });
        self.follow(cx, None, fx);
    }
}

/// Keeps the acceptance that counts most: one known to be chosen, else the highest-numbered.
fn consider(reported: &mut SortedMap<Slot, Cell>, slot: Slot, cell: &Cell, cx: &Cx<'_>) {
    let best = reported.get(&slot);
    let better = best.is_none_or(|best| {
        let outweighs = outweighs(cell.ballot, best.ballot, cx.config.mutations);
        !best.chosen && (cell.chosen || outweighs)
    });
    if better {
        reported.insert(slot, cell.clone());
    }
}
