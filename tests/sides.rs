//! What cut links leave of the network is shown and said: its sides, and nothing where it is whole.

use conclave::protocols::catalog;
use conclave::scene::{Lab, Window, sides};
use conclave::sim::{Action, NodeId, NodeSet, Recording};

const WINDOW: Window = Window { first: None, columns: 10 };

fn raft() -> Box<dyn Lab> {
    catalog::open(Recording::new("raft", 5, 1)).expect("a new run")
}

fn side(nodes: &[u8]) -> NodeSet {
    nodes.iter().map(|&number| NodeId(number - 1)).collect()
}

fn said(lab: &dyn Lab) -> String {
    lab.scene(WINDOW).summary.render(Default::default())
}

#[test]
fn a_partition_has_the_sides_that_were_asked_for_until_it_is_healed() {
    let mut lab = raft();
    assert_eq!(lab.scene(WINDOW).sides, [side(&[1, 2, 3, 4, 5])]);
    assert!(!said(&*lab).contains("Split"));
    lab.act(Action::Partition { sides: vec![1, 0, 1, 2, 0] }).expect("it can be cut");
    assert_eq!(lab.scene(WINDOW).sides, [side(&[1, 3]), side(&[2, 5]), side(&[4])]);
    assert!(said(&*lab).ends_with(" Split: S1 S3 | S2 S5 | S4."), "{}", said(&*lab));
    lab.act(Action::Heal).expect("it can be mended");
    assert_eq!(lab.scene(WINDOW).sides.len(), 1);
    assert!(!said(&*lab).contains("Split"));
}

#[test]
fn links_cut_one_by_one_split_the_network_with_the_last_direction() {
    let mut lab = raft();
    let alone = NodeId(4);
    let mut cut = 0;
    for other in NodeId::all(4) {
        for (from, to) in [(alone, other), (other, alone)] {
            assert_eq!(lab.scene(WINDOW).sides.len(), 1, "before {from} → {to} is cut");
            lab.act(Action::Cut { from, to }).expect("it can be cut");
        }
        cut += 1;
        let links = format!(" Cut links: {cut}.");
        assert_eq!(said(&*lab).ends_with(&links), cut < 4, "{}", said(&*lab));
    }
    assert_eq!(lab.scene(WINDOW).sides, [side(&[1, 2, 3, 4]), side(&[5])]);
}

#[test]
fn a_chain_of_links_is_one_side() {
    let nodes = 7;
    let far = |one: NodeId| NodeId::all(nodes).filter(move |other| other.0.abs_diff(one.0) > 1);
    let chain: Vec<NodeSet> = NodeId::all(nodes).map(|one| far(one).collect()).collect();
    assert_eq!(sides(&chain).len(), 1);
}
