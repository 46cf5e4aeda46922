//! Quorum arithmetic, judged by the 127 vectors of etcd (`tests/data/etcd-quorum`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use conclave::protocols::raft::Index;
use conclave::protocols::raft::quorum::{Joint, Majority, VoteResult};
use conclave::sim::{NodeId, NodeSet};

/// A vector: a command with its arguments, and what it is to print.
#[derive(Debug)]
struct Vector {
    line: usize,
    command: String,
    arguments: BTreeMap<String, Vec<String>>,
    output: String,
}

/// Reads the format of the Go package `datadriven`: comments, then a command in one line, a line of
/// dashes, and the output up to an empty line.
fn parse(text: &str) -> Vec<Vector> {
    let mut vectors = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((line, input)) = lines.next() {
        if input.is_empty() || input.starts_with('#') {
            continue;
        }
        let (command, mut rest) = input.split_once(' ').unwrap_or((input, ""));
        let mut arguments = BTreeMap::new();
        while let Some((name, value)) = rest.split_once('=') {
            // A list in brackets, or one word.
            let end = if value.starts_with('(') { value.find(')').map(|at| at + 1) } else { None };
            let end = end.or(value.find(' ')).unwrap_or(value.len());
            let list = value[..end].trim_matches(['(', ')']).split(',');
            let list = list.map(|each| each.trim().to_owned()).collect();
            arguments.insert(name.trim().to_owned(), list);
            rest = &value[end..];
        }
        assert_eq!(lines.next().map(|(_, dashes)| dashes), Some("----"), "after line {line}");
        let output = lines.by_ref().map(|(_, output)| output).take_while(|line| !line.is_empty());
        let output = output.collect::<Vec<_>>().join("\n");
        vectors.push(Vector { line, command: command.to_owned(), arguments, output });
    }
    vectors
}

fn vectors(name: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/etcd-quorum");
    parse(&fs::read_to_string(folder.join(name)).expect("the vectors are there"))
}

impl Vector {
    fn argument(&self, name: &str) -> &[String] {
        self.arguments.get(name).map_or(&[], Vec::as_slice)
    }

    /// The ids of a configuration, in order; none when it is left out, or "zero".
    fn ids(&self, name: &str) -> Vec<NodeId> {
        let ids = self.argument(name).iter().filter(|id| *id != "zero");
        ids.map(|id| NodeId(id.parse().expect("ids are numbers"))).collect()
    }

    /// The two configurations; the second is empty when only one is asked about.
    fn joint(&self) -> Joint {
        let majority = |name| Majority { voters: self.ids(name).into_iter().collect() };
        Joint { incoming: majority("cfg"), outgoing: majority("cfgj") }
    }

    fn is_joint(&self) -> bool {
        self.arguments.contains_key("cfgj")
    }

    /// What is known of each voter: one value for each in the order of both lists, without
    /// repetition; `_` when nothing is.
    fn known(&self, name: &str) -> BTreeMap<NodeId, &str> {
        let mut ids = Vec::new();
        for id in [self.ids("cfg"), self.ids("cfgj")].concat() {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let values = self.argument(name);
        assert_eq!(ids.len(), values.len(), "{self:?}");
        let known = ids.into_iter().zip(values.iter().map(String::as_str));
        known.filter(|(_, value)| *value != "_").collect()
    }
}

/// All ways to say the same must come to the same: a majority is a joint configuration with nobody
/// or with itself, and the halves of a joint one can change places.
fn agreed<T: PartialEq + std::fmt::Debug>(
    vector: &Vector,
    joint: impl Fn(Joint) -> T,
    majority: impl Fn(Majority) -> T,
) -> T {
    let given = vector.joint();
    let Joint { incoming, outgoing } = given;
    let result = joint(given);
    assert_eq!(joint(Joint { incoming: outgoing, outgoing: incoming }), result, "{vector:?}");
    if outgoing.voters.is_empty() {
        assert_eq!(majority(incoming), result, "{vector:?}");
        assert_eq!(joint(Joint { incoming, outgoing: incoming }), result, "{vector:?}");
    }
    result
}

fn committed(vector: &Vector) -> Index {
    assert_eq!(vector.command, "committed");
    let known = vector.known("idx");
    let acked = |id: NodeId| {
        Index(known.get(&id).map_or(0, |index| index.parse().expect("indexes are numbers")))
    };
    agreed(vector, |joint| joint.committed_index(acked), |each| each.committed_index(acked))
}

fn vote(vector: &Vector) -> VoteResult {
    assert_eq!(vector.command, "vote");
    let known = vector.known("votes");
    let who = |vote: &str| -> NodeSet {
        known.iter().filter(|(_, cast)| **cast == vote).map(|(id, _)| *id).collect()
    };
    let (granted, refused) = (who("y"), who("n"));
    assert_eq!(usize::from(granted.len() + refused.len()), known.len(), "{vector:?}");
    agreed(
        vector,
        |joint| joint.vote_result(granted, refused),
        |each| each.vote_result(granted, refused),
    )
}

fn check_committed(name: &str, count: usize, joint: bool) {
    let vectors = vectors(name);
    assert_eq!(vectors.len(), count, "{name}");
    for vector in &vectors {
        assert_eq!(vector.is_joint(), joint, "{name}: {vector:?}");
        // Above the result is a drawing.
        let expected = match vector.output.lines().last().expect("there is a result") {
            "<empty majority quorum>∞" => u64::MAX,
            number => number.parse().expect("the result is a number"),
        };
        assert_eq!(committed(vector), Index(expected), "{name}:{}", vector.line);
    }
}

fn check_vote(name: &str, count: usize, joint: bool) {
    let vectors = vectors(name);
    assert_eq!(vectors.len(), count, "{name}");
    for vector in &vectors {
        assert_eq!(vector.is_joint(), joint, "{name}: {vector:?}");
        let expected = match vector.output.as_str() {
            "VoteWon" => VoteResult::Won,
            "VoteLost" => VoteResult::Lost,
            "VotePending" => VoteResult::Pending,
            other => panic!("{name}:{}: {other}", vector.line),
        };
        assert_eq!(vote(vector), expected, "{name}:{}", vector.line);
    }
}

#[test]
fn what_a_majority_holds_is_what_etcd_says() {
    check_committed("majority_commit.txt", 16, false);
}

#[test]
fn what_two_majorities_hold_is_what_etcd_says() {
    check_committed("joint_commit.txt", 50, true);
}

#[test]
fn how_a_majority_votes_is_what_etcd_says() {
    check_vote("majority_vote.txt", 22, false);
}

#[test]
fn how_two_majorities_vote_is_what_etcd_says() {
    check_vote("joint_vote.txt", 39, true);
}
