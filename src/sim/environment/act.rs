//! Doing what a person asks for.

use super::{Cue, Environment};
use crate::sim::action::Action;
use crate::sim::node::Status;
use crate::sim::queue::{Due, Queue, Ticket};
use crate::sim::world::Loss;
use crate::sim::{MessageId, NodeId, Seat};

impl Environment {
    /// Does what a person asks for, which was checked, as far as no engine has a part in it; what is
    /// left to do, in order.
    pub fn act(&mut self, action: &Action) -> Vec<Cue> {
        let now = self.now;
        match *action {
            Action::Crash { node } => return self.crash(node),
            Action::Restart { node } => {
                self.nodes[node.slot()].status = Status::Up;
                return vec![Cue::Boot(node)];
            }
            Action::Pause { node } => {
                self.nodes[node.slot()].status = Status::Paused;
                return vec![Cue::Halt(node)];
            }
            Action::Resume { node } => {
                self.resume(node);
                return vec![Cue::Halt(node)];
            }
            Action::FireTimer { node, timer } => {
                self.nodes[node.slot()].timers[usize::from(timer)].plan.call_off();
                return vec![Cue::Fire(node, timer)];
            }
            Action::SetClock { node, ppm } => self.nodes[node.slot()].set_clock(now, ppm),
            Action::Cut { from, to } => return self.cut(from, to),
            Action::Mend { from, to } => self.network.mend(from, to),
            Action::Partition { ref sides } => return self.partition(sides),
            Action::Heal => self.network.mend_all(),
            Action::Drop { message } => {
                let slot = self.slot_of(message);
                self.forget_held(slot);
                return vec![Cue::Lose(slot, Loss::Hand)];
            }
            Action::Delay { message, by } => {
                let slot = self.slot_of(message);
                self.forget_held(slot);
                let envelope = self.post.at(slot);
                let due = envelope.ticket.at.max(now) + by;
                let arrival = envelope.arrival.max(now) + by;
                self.reschedule(slot, due, arrival);
            }
            Action::Deliver { message } => {
                let slot = self.slot_of(message);
                self.forget_held(slot);
                let ticket = self.queue.ticket(now);
                let envelope = self.post.at_mut(slot);
                (envelope.arrival, envelope.doom, envelope.ticket) = (now, None, ticket);
                return vec![self.settle(slot)];
            }
            Action::Duplicate { message } => {
                let slot = self.slot_of(message);
                let envelope = *self.post.at(slot);
                let copy = self.launch(envelope.from, envelope.to);
                return vec![Cue::Copy { from: slot, to: copy }];
            }
            Action::SetNetwork { quality } => self.network.set_quality(quality),
            Action::SetLink { from, to, quality } => self.network.set_link(from, to, quality),
            Action::Request { node, ref op, persistent } => {
                let id = self.free_client().expect("checked");
                return vec![self.begin(id, node, op.clone(), persistent)];
            }
            Action::SetWorkload { workload } => {
                self.workload = workload;
                self.fit_clients();
            }
            // Orders and settings are for the engines alone.
            Action::Order { .. } | Action::Configure { .. } | Action::Pass => {}
        }
        Vec::new()
    }

    fn crash(&mut self, node: NodeId) -> Vec<Cue> {
        let seat = &mut self.nodes[node.slot()];
        seat.status = Status::Crashed;
        for timer in &mut seat.timers {
            timer.plan.call_off();
        }
        // What waited at the door of a paused node is lost with it.
        let lost = std::mem::take(&mut seat.backlog).into_iter().filter_map(|due| match due {
            Due::Flight(slot) => Some(Cue::Lose(slot, Loss::Down)),
            _ => None,
        });
        [Cue::Crash(node)].into_iter().chain(lost).collect()
    }

    fn resume(&mut self, node: NodeId) {
        self.nodes[node.slot()].status = Status::Up;
        for due in self.at_the_door(node) {
            let ticket = self.queue.ticket(self.now);
            match due {
                Due::Flight(slot) => {
                    self.post.at_mut(slot).ticket = ticket;
                    self.queue.push(ticket, due);
                }
                Due::Timer(_, number) => {
                    let timer = &mut self.nodes[node.slot()].timers[usize::from(number)];
                    timer.plan.set(ticket, due, &mut self.queue);
                }
                Due::Thought(_) | Due::Impatience(_) => unreachable!("clients are not paused"),
            }
        }
    }

    /// What came while a node was paused, then what comes in this very moment, in order.
    fn at_the_door(&mut self, node: NodeId) -> Vec<Due> {
        let mut waiting = std::mem::take(&mut self.nodes[node.slot()].backlog);
        let mut present = Queue::default();
        let mut comes = |ticket: Ticket, due| {
            if ticket.at <= self.now && !waiting.contains(&due) {
                present.push(ticket, due);
            }
        };
        for (slot, envelope) in self.post.iter() {
            if envelope.to == Seat::Node(node) && envelope.doom.is_none() {
                comes(envelope.ticket, Due::Flight(slot));
            }
        }
        for (number, running) in self.node(node).timers() {
            comes(running.ticket, Due::Timer(node, number as u8));
        }
        waiting.extend(present.empty());
        waiting
    }

    /// A held message is no longer at its node's door.
    fn forget_held(&mut self, slot: u32) {
        for node in &mut self.nodes {
            node.backlog.retain(|due| *due != Due::Flight(slot));
        }
    }

    fn cut(&mut self, from: NodeId, to: NodeId) -> Vec<Cue> {
        self.network.cut(from, to);
        let held = &self.nodes[to.slot()].backlog;
        let under_way = self.post.iter().filter(|(slot, envelope)| {
            envelope.from == Seat::Node(from)
                && envelope.to == Seat::Node(to)
                && envelope.ticket.at >= self.now
                && !held.contains(&Due::Flight(*slot))
        });
        under_way.map(|(slot, _)| Cue::Lose(slot, Loss::Cut)).collect()
    }

    fn partition(&mut self, sides: &[u8]) -> Vec<Cue> {
        let mut lost = Vec::new();
        for from in NodeId::all(self.size()) {
            for to in NodeId::all(self.size()).filter(|&to| to != from) {
                if sides[from.slot()] == sides[to.slot()] {
                    self.network.mend(from, to);
                } else {
                    lost.append(&mut self.cut(from, to));
                }
            }
        }
        lost
    }

    /// Where a message is that was checked to be under way.
    fn slot_of(&self, message: MessageId) -> u32 {
        let Ok(slot) = self.post.find(message) else { unreachable!("checked") };
        slot
    }
}
