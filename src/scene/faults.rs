//! What a person did to nodes and links, as spans of time.

use super::sides::{parted, sides as sides_of};
use crate::sim::recording::Timed;
use crate::sim::{Action, Micros, NodeId, NodeSet};
use crate::text::{Phrase, say};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A node is down.
    Down,
    /// A node stands still.
    Frozen,
    /// Links are cut.
    Cut,
}

/// Something that is wrong for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// The same in words: which node, or between whom.
    pub phrase: Phrase,
    /// From when on.
    pub from: Micros,
    /// Until when; none when it still is.
    pub to: Option<Micros>,
}

/// The spans that these actions made, in the order in which they begin. What is done to the links
/// while some are cut ends one span and begins another.
pub fn faults(actions: &[Timed], nodes: u8) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    // For each node, whom it does not reach.
    let mut cuts = vec![NodeSet::EMPTY; nodes.into()];
    // Which span of a node is open; behind the nodes, which span of the links.
    let mut open: Vec<Option<usize>> = vec![None; usize::from(nodes) + 1];
    for Timed { at, action, .. } in actions {
        let (of, kind, mut phrase) = match action {
            Action::Crash { node } => (node.slot(), FaultKind::Down, Some(say::fault::down(*node))),
            Action::Pause { node } => {
                (node.slot(), FaultKind::Frozen, Some(say::fault::frozen(*node)))
            }
            Action::Restart { node } | Action::Resume { node } => {
                (node.slot(), FaultKind::Down, None)
            }
            Action::Cut { from, to } => {
                cuts[from.slot()].insert(*to);
                (cuts.len(), FaultKind::Cut, Some(say::fault::cut()))
            }
            Action::Mend { from, to } => {
                cuts[from.slot()].remove(*to);
                (cuts.len(), FaultKind::Cut, Some(say::fault::cut()))
            }
            Action::Heal => {
                cuts.fill(NodeSet::EMPTY);
                (cuts.len(), FaultKind::Cut, None)
            }
            Action::Partition { sides } => {
                for (cut, side) in cuts.iter_mut().zip(sides) {
                    let others = NodeId::all(nodes);
                    *cut = others.filter(|other| sides[other.slot()] != *side).collect();
                }
                (
                    cuts.len(),
                    FaultKind::Cut,
                    Some(say::fault::partition(parted(&sides_of(&cuts), true))),
                )
            }
            _ => continue,
        };
        if kind == FaultKind::Cut && cuts.iter().all(|cut| cut.is_empty()) {
            phrase = None;
        }
        if let Some(span) = open[of].take() {
            found[span].to = Some(*at);
        }
        if let Some(phrase) = phrase {
            open[of] = Some(found.len());
            found.push(Fault { kind, phrase, from: *at, to: None });
        }
    }
    found
}
