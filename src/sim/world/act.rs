//! Doing what a person asks for: checked first, so that a refusal changes nothing.

use super::{Watch, World};
use crate::sim::action::{Action, ActionError};
use crate::sim::client::{Client, MAX_CLIENTS};
use crate::sim::machine::{MAX_TEXT, Op};
use crate::sim::node::{Status, TRUE_CLOCK_PPM};
use crate::sim::protocol::Judge as _;
use crate::sim::queue::Due;
use crate::sim::world::{EventKind, Loss};
use crate::sim::{ClientId, Input, MemberChange, NodeId, NodeSet, Order, Protocol, Quality, Seat};

impl<P: Protocol> World<P> {
    /// Does what a person asks for.
    ///
    /// # Errors
    /// When it cannot be done; nothing has changed then.
    pub fn act<W: Watch<P>>(&mut self, action: &Action, watch: &mut W) -> Result<(), ActionError> {
        self.check(action)?;
        self.steps += 1;
        if !matches!(action, Action::Order { .. }) {
            self.tell_plain(watch, EventKind::Acted(action));
        }
        match action {
            Action::Crash { node } => self.crash(*node, watch),
            Action::Restart { node } => {
                let disk = self.nodes[node.slot()].disk.take().expect("a crashed node has a disk");
                self.boot(*node, disk, watch);
            }
            Action::Pause { node } => {
                self.nodes[node.slot()].status = Status::Paused;
                self.count_leader(*node);
            }
            Action::Resume { node } => self.resume(*node),
            Action::FireTimer { node, timer } => {
                self.nodes[node.slot()].timers[usize::from(*timer)].plan.call_off();
                self.fire(*node, *timer, watch);
            }
            Action::SetClock { node, ppm } => {
                let now = self.now;
                self.nodes[node.slot()].set_clock(now, *ppm);
            }
            Action::Cut { from, to } => self.cut(*from, *to, watch),
            Action::Mend { from, to } => self.post.network.mend(*from, *to),
            Action::Partition { sides } => self.partition(sides, watch),
            Action::Heal => self.post.network.mend_all(),
            Action::Drop { message } => {
                let slot = self.post.find(*message)?;
                self.forget_held(slot);
                self.lose(slot, Loss::Hand, watch);
            }
            Action::Delay { message, by } => {
                let slot = self.post.find(*message)?;
                self.forget_held(slot);
                let flight = self.post.flights[slot as usize].as_ref().expect("it was found");
                let due = flight.due().max(self.now) + *by;
                let arrival = flight.arrival.max(self.now) + *by;
                self.post.reschedule(slot, due, arrival);
            }
            Action::Deliver { message } => {
                let slot = self.post.find(*message)?;
                self.forget_held(slot);
                let ticket = self.post.queue.ticket(self.now);
                let flight = self.post.flights[slot as usize].as_mut().expect("it was found");
                (flight.arrival, flight.doom, flight.ticket) = (self.now, None, ticket);
                self.settle(slot, watch);
            }
            Action::Duplicate { message } => {
                let slot = self.post.find(*message)?;
                let flight = self.post.flights[slot as usize].as_ref().expect("it was found");
                let (from, to, body) = (flight.from, flight.to, flight.body.clone());
                self.post.launch(self.now, from, to, body);
            }
            Action::SetNetwork { quality } => self.post.network.set_quality(*quality),
            Action::SetLink { from, to, quality } => {
                self.post.network.set_link(*from, *to, *quality);
            }
            Action::Request { node, op, persistent } => {
                let id = self.free_client().expect("checked");
                self.begin(id, *node, op.clone(), *persistent, watch);
            }
            Action::Order { node, order } => {
                self.feed(*node, watch.explains(), Input::Order(order));
                // Told afterwards, with what the node made of it.
                self.tell(watch, EventKind::Acted(action));
            }
            Action::SetWorkload { workload } => {
                self.workload = *workload;
                self.fit_clients();
            }
            Action::Configure { setting, value } => {
                let setting = P::settings().iter().find(|each| each.id == setting);
                (setting.expect("checked").set)(&mut self.config, *value);
                if let Some(judge) = &mut self.judge {
                    judge.configured(&self.config);
                }
            }
            Action::Pass => {}
        }
        self.record_findings(watch);
        Ok(())
    }

    /// A held message is no longer at its node's door.
    fn forget_held(&mut self, slot: u32) {
        for node in &mut self.nodes {
            node.backlog.retain(|due| *due != Due::Flight(slot));
        }
    }

    fn cut<W: Watch<P>>(&mut self, from: NodeId, to: NodeId, watch: &mut W) {
        self.post.network.cut(from, to);
        for slot in 0..self.post.flights.len() {
            let under_way = self.post.flights[slot].as_ref().is_some_and(|flight| {
                flight.from == Seat::Node(from)
                    && flight.to == Seat::Node(to)
                    && flight.due() >= self.now
                    && !self.nodes[to.slot()].backlog.contains(&Due::Flight(slot as u32))
            });
            if under_way {
                self.lose(slot as u32, Loss::Cut, watch);
            }
        }
    }

    fn partition<W: Watch<P>>(&mut self, sides: &[u8], watch: &mut W) {
        for from in NodeId::all(self.size()) {
            for to in NodeId::all(self.size()).filter(|&to| to != from) {
                if sides[from.slot()] == sides[to.slot()] {
                    self.post.network.mend(from, to);
                } else {
                    self.cut(from, to, watch);
                }
            }
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

    /// Checks that an action can be done.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::Crash { node } => match self.known(*node)? {
                Status::Crashed => Err(ActionError::NodeIsDown { node: *node }),
                Status::Up | Status::Paused => Ok(()),
            },
            Action::Restart { node } => match self.known(*node)? {
                Status::Crashed => Ok(()),
                Status::Up | Status::Paused => Err(ActionError::NodeIsNotDown { node: *node }),
            },
            Action::Pause { node } => self.running(*node),
            Action::Resume { node } => match self.known(*node)? {
                Status::Paused => Ok(()),
                Status::Up | Status::Crashed => Err(ActionError::NodeIsNotPaused { node: *node }),
            },
            Action::FireTimer { node, timer } => {
                self.running(*node)?;
                let timers = &self.nodes[node.slot()].timers;
                match timers.get(usize::from(*timer)) {
                    Some(slot) if slot.running().is_some() => Ok(()),
                    _ => Err(ActionError::NoSuchTimer { node: *node, timer: *timer }),
                }
            }
            Action::SetClock { node, ppm } => {
                self.known(*node)?;
                let (least, most) = (TRUE_CLOCK_PPM / 10, TRUE_CLOCK_PPM * 10);
                in_range("ppm", (*ppm).into(), least.into(), most.into())
            }
            Action::Cut { from, to } | Action::Mend { from, to } => self.link(*from, *to),
            Action::Partition { sides } if sides.len() != self.nodes.len() => {
                Err(ActionError::SidesDoNotFit { given: sides.len(), nodes: self.size() })
            }
            Action::Partition { .. } | Action::Heal => Ok(()),
            Action::Drop { message }
            | Action::Deliver { message }
            | Action::Duplicate { message } => self.post.find(*message).map(|_| ()),
            Action::Delay { message, by } => {
                self.post.find(*message)?;
                in_range("by", by.0, 0, Quality::MAX_TIME.0)
            }
            Action::SetNetwork { quality } => check_quality(quality),
            Action::SetLink { from, to, quality } => {
                self.link(*from, *to)?;
                check_quality(quality)
            }
            Action::Request { node, op, .. } => {
                self.known(*node)?;
                check_op(op)?;
                let full = self.clients.len() >= usize::from(MAX_CLIENTS);
                match full && !self.clients.iter().any(Client::is_free) {
                    true => Err(ActionError::TooManyClients { most: MAX_CLIENTS }),
                    false => Ok(()),
                }
            }
            Action::Order { node, order } => {
                self.running(*node)?;
                self.check_order(order)
            }
            Action::SetWorkload { workload } => Ok(workload.check()?),
            Action::Configure { setting, value } => check_setting::<P>(setting, *value),
            Action::Pass => Ok(()),
        }
    }

    fn check_order(&self, order: &Order) -> Result<(), ActionError> {
        if !P::takes(order) {
            return Err(ActionError::NoSuchOrder);
        }
        match order {
            Order::Transfer { to } => self.known(*to).map(|_| ()),
            Order::Reconfigure { changes } => {
                let mut named = NodeSet::EMPTY;
                for &MemberChange { node, .. } in changes {
                    self.known(node)?;
                    if !named.insert(node) {
                        return Err(ActionError::NamedTwice { node });
                    }
                }
                Ok(())
            }
            Order::Compact => Ok(()),
        }
    }

    fn known(&self, node: NodeId) -> Result<Status, ActionError> {
        let seat = self.nodes.get(node.slot());
        seat.map(|seat| seat.status)
            .ok_or(ActionError::NoSuchNode { node, nodes: self.nodes.len() as u8 })
    }

    fn running(&self, node: NodeId) -> Result<(), ActionError> {
        match self.known(node)? {
            Status::Up => Ok(()),
            Status::Paused | Status::Crashed => Err(ActionError::NodeIsNotRunning { node }),
        }
    }

    fn link(&self, from: NodeId, to: NodeId) -> Result<(), ActionError> {
        self.known(from)?;
        self.known(to)?;
        if from == to { Err(ActionError::NoSuchLink { from, to }) } else { Ok(()) }
    }
}

fn in_range(field: &str, value: u64, least: u64, most: u64) -> Result<(), ActionError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ActionError::OutOfRange { field: field.into(), value, least, most })
}

/// Checks every field of a link's quality.
///
/// # Errors
/// The first field that is out of its range.
pub fn check_quality(quality: &Quality) -> Result<(), ActionError> {
    let longest = Quality::MAX_TIME.0;
    in_range("latency", quality.latency.0, 0, longest)?;
    in_range("jitter", quality.jitter.0, 0, longest)?;
    in_range("loss_ppm", quality.loss_ppm.into(), 0, 1_000_000)?;
    in_range("duplicate_ppm", quality.duplicate_ppm.into(), 0, 1_000_000)
}

/// Checks the texts of an operation.
fn check_op(op: &Op) -> Result<(), ActionError> {
    let fits = |field, text: &str| match text.chars().count() {
        characters if characters > MAX_TEXT => Err(ActionError::TextTooLong { field, characters }),
        _ => Ok(()),
    };
    if op.key().is_empty() {
        return Err(ActionError::KeyIsEmpty);
    }
    fits("key", op.key())?;
    match op {
        Op::Write { value, .. } => fits("value", value),
        Op::Read { .. } => Ok(()),
    }
}

/// Checks that a protocol has this setting and that the value is one of its values.
///
/// # Errors
/// The setting's name when there is none; its range when the value is outside.
pub fn check_setting<P: Protocol>(setting: &str, value: u64) -> Result<(), ActionError> {
    let known = P::settings().iter().find(|each| each.id == setting);
    let known = known.ok_or_else(|| ActionError::NoSuchSetting { setting: setting.into() })?;
    let (least, most) = known.kind.range();
    in_range(setting, value, least, most)
}
