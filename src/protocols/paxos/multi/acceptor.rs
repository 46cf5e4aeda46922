//! The acceptor: the rules of one decree (§2.2), for all instances at once (§3).

use std::sync::Arc;

use super::log::{Cell, Slot, Value};
use super::message::Message;
use super::{Cx, Fx, Reason, Replica};
use crate::protocols::paxos::ballot::Ballot;
use crate::protocols::paxos::mutations::Mutation;
use crate::protocols::paxos::rules::{may_accept, may_promise};
use crate::sim::NodeId;

impl Replica {
    /// A replica that wants to lead asks for a promise.
    pub(super) fn prepare(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        first_unchosen: Slot,
        fx: &mut Fx,
    ) {
        let promised = self.durable.promised;
        if !may_promise(promised, ballot, cx.config.mutations) {
            if ballot == promised {
                return fx.explain(|| Reason::Repeated { from, ballot });
            }
            fx.explain(|| Reason::Refused { from, ballot, promised });
            return fx.send(from, Message::Refused { ballot, promised });
        }
        self.durable.promised = ballot;
        self.seen = self.seen.max(ballot);
        if let Some(own) = self.own_ballot() {
            fx.explain(|| Reason::GivesWay { ballot: own, to: ballot });
        }
        self.follow(cx, None, fx);
        let log = &self.durable.log;
        let accepted: Vec<_> =
            log.from(first_unchosen).map(|(slot, cell)| (slot, cell.clone())).collect();
        let snapshot = (log.base() >= first_unchosen).then(|| self.durable.snapshot.clone());
        fx.explain(|| Reason::Promised { to: from, ballot, reported: accepted.len() as u64 });
        fx.send(from, Message::Promise { ballot, accepted, snapshot });
    }

    /// A leader proposes, or says that it is there.
    pub(super) fn accept(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        (first, values): (Slot, &[Arc<Value>]),
        first_unchosen: Slot,
        fx: &mut Fx,
    ) {
        let (promised, mutations) = (self.durable.promised, cx.config.mutations);
        if !may_accept(promised, ballot, mutations) {
            fx.explain(|| Reason::Refused { from, ballot, promised });
            return fx.send(from, Message::Refused { ballot, promised });
        }
        // Who accepts n must refuse everything below n from now on, as if it had promised n.
        if !mutations.has(Mutation::AcceptUnpromised) {
            self.durable.promised = promised.max(ballot);
        }
        self.seen = self.seen.max(ballot);
        // A leader of the same number cannot be, unless numbers are not unique.
        if self.own_ballot() != Some(ballot) || !self.is_leader() {
            self.follow(cx, Some(from), fx);
        }
        for (slot, value) in (first.0..).map(Slot).zip(values) {
            self.accept_one(slot, ballot, value.clone());
        }
        match values.len() as u64 {
            0 => fx.explain(|| Reason::LeaderHeard { leader: from, ballot }),
            count => {
                let last = Slot(first.0 + count - 1);
                fx.explain(|| Reason::Accepted { ballot, first, last });
            }
        }
        self.learn_from(ballot, first_unchosen);
        self.execute(cx, fx);
        self.acknowledge(cx, from, ballot, (first, values.len() as u64), first_unchosen, fx);
    }

    /// Accepts a proposal in one instance. What is known to be chosen stays.
    pub(super) fn accept_one(&mut self, slot: Slot, ballot: Ballot, value: Arc<Value>) {
        if self.durable.log.get(slot).is_none_or(|cell| !cell.chosen) {
            self.durable.log.set(slot, Cell { ballot, value, chosen: false });
        }
    }

    /// The leader with this number knows what is chosen in all slots before `first_unchosen`. It
    /// proposes one value a slot, so what was accepted from it there is what was chosen.
    fn learn_from(&mut self, ballot: Ballot, first_unchosen: Slot) {
        for slot in self.first_unchosen.until(first_unchosen) {
            if self.durable.log.get(slot).is_some_and(|cell| cell.ballot == ballot) {
                self.durable.log.mark_chosen(slot);
            }
        }
    }

    /// Tells a leader what was accepted, and how far this replica knows what is chosen.
    pub(super) fn acknowledge(
        &mut self,
        cx: &Cx<'_>,
        to: NodeId,
        ballot: Ballot,
        (first, count): (Slot, u64),
        first_unchosen: Slot,
        fx: &mut Fx,
    ) {
        self.execute(cx, fx);
        let behind = self.first_unchosen < first_unchosen;
        let first_unchosen = self.first_unchosen;
        fx.send(to, Message::Accepted { ballot, first, count, first_unchosen, behind });
    }

    /// A leader teaches what was chosen. That is so whatever was promised.
    pub(super) fn success(
        &mut self,
        cx: &Cx<'_>,
        from: NodeId,
        ballot: Ballot,
        (first, values): (Slot, &[Arc<Value>]),
        first_unchosen: Slot,
        fx: &mut Fx,
    ) {
        for (slot, value) in (first.0..).map(Slot).zip(values) {
            self.learn(slot, value);
        }
        fx.explain(|| Reason::Taught { from, first, count: values.len() as u64 });
        self.acknowledge(cx, from, ballot, (Slot(0), 0), first_unchosen, fx);
    }

    /// A value is chosen, says somebody who knows.
    pub(super) fn learn(&mut self, slot: Slot, value: &Arc<Value>) {
        let log = &mut self.durable.log;
        match log.get(slot) {
            Some(cell) if cell.chosen => {}
            Some(cell) if cell.value == *value => log.mark_chosen(slot),
            Some(_) | None => {
                log.set(slot, Cell { ballot: Ballot::NONE, value: value.clone(), chosen: true });
            }
        }
    }
}
