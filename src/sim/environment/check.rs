//! Checking that an action can be done, before anything changes.

use super::Environment;
use crate::sim::action::{Action, ActionError};
use crate::sim::client::{Client, MAX_CLIENTS};
use crate::sim::machine::{MAX_TEXT, Op};
use crate::sim::node::{Status, TRUE_CLOCK_PPM};
use crate::sim::{MemberChange, NodeId, NodeSet, Order, Protocol, Quality, SettingKind};

/// What can be asked of the nodes of one protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    takes: fn(&Order) -> bool,
    setting: fn(&str) -> Option<SettingKind>,
}

impl Rules {
    pub fn of<P: Protocol>() -> Self {
        Self { takes: P::takes, setting: kind::<P> }
    }
}

impl Environment {
    /// Checks that an action can be done.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, action: &Action, rules: Rules) -> Result<(), ActionError> {
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
            Action::Partition { .. } | Action::Heal | Action::Pass => Ok(()),
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
                self.check_order(order, rules)
            }
            Action::SetWorkload { workload } => Ok(workload.check()?),
            Action::Configure { setting, value } => {
                check_value(setting, (rules.setting)(setting), *value)
            }
        }
    }

    fn check_order(&self, order: &Order, rules: Rules) -> Result<(), ActionError> {
        if !(rules.takes)(order) {
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
    check_value(setting, kind::<P>(setting), value)
}

/// What values a setting of a protocol takes; none when there is no such setting.
fn kind<P: Protocol>(setting: &str) -> Option<SettingKind> {
    P::settings().iter().find(|each| each.id == setting).map(|each| each.kind)
}

fn check_value(setting: &str, kind: Option<SettingKind>, value: u64) -> Result<(), ActionError> {
    let kind = kind.ok_or_else(|| ActionError::NoSuchSetting { setting: setting.into() })?;
    let (least, most) = kind.range();
    in_range(setting, value, least, most)
}
