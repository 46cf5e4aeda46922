//! What cut links leave of the network.

use crate::sim::{NodeId, NodeSet};

/// The sides of the network, by their first nodes: a path of links leads from each node of a side to
/// each other, along or against the way on which they carry; one side if it is whole. Of each node,
/// by its id, `cuts` has those that nothing reaches which it sends.
pub fn sides(cuts: &[NodeSet]) -> Vec<NodeSet> {
    let all = || NodeId::all(cuts.len() as u8);
    let joined = |one: NodeId, other: NodeId| {
        !cuts[one.slot()].contains(other) || !cuts[other.slot()].contains(one)
    };
    let mut rest: NodeSet = all().collect();
    if cuts.iter().all(|cut| cut.is_empty()) {
        return vec![rest];
    }
    let mut sides = Vec::new();
    while let Some(first) = rest.iter().next() {
        let mut side = NodeSet::EMPTY;
        let mut found = vec![first];
        rest.remove(first);
        while let Some(one) = found.pop() {
            side.insert(one);
            for other in rest.iter().filter(|&other| joined(one, other)) {
                rest.remove(other);
                found.push(other);
            }
        }
        sides.push(side);
    }
    sides
}

/// The sides in writing, by who is on them, `S1 S2 | S3 S4 S5`, or by how many, `2 | 3`.
pub(super) fn parted(sides: &[NodeSet], by_name: bool) -> String {
    let side = |side: &NodeSet| match by_name {
        true => side.iter().map(|node| node.to_string()).collect::<Vec<_>>().join(" "),
        false => side.len().to_string(),
    };
    sides.iter().map(side).collect::<Vec<_>>().join(" | ")
}
