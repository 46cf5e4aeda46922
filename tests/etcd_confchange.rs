//! Changes of the membership, judged by the 58 vectors of etcd (`tests/data/etcd-confchange`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use conclave::protocols::raft::membership::{Change, Configuration, MembershipError};
use conclave::protocols::raft::quorum::{Joint, Majority};
use conclave::sim::{NodeId, NodeSet};

/// A vector: a command in one line, changes below it, and what they are to make of the
/// configuration.
#[derive(Debug)]
struct Vector {
    line: usize,
    command: String,
    changes: Vec<Change>,
    output: Vec<String>,
}

/// Reads the format of the Go package `datadriven`: comments, then a command and its input, a line
/// of dashes, and the output up to an empty line.
fn parse(text: &str) -> Vec<Vector> {
    let mut vectors = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((line, command)) = lines.next() {
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        let input = lines.by_ref().map(|(_, input)| input).take_while(|line| *line != "----");
        let changes = input.flat_map(str::split_whitespace).filter_map(change).collect();
        let output = lines.by_ref().map(|(_, output)| output).take_while(|line| !line.is_empty());
        let output = output.map(str::to_owned).collect();
        vectors.push(Vector { line, command: command.to_owned(), changes, output });
    }
    vectors
}

/// `v1` gives server 1 a vote, `l1` makes it a learner, `r1` removes it. An update (`u1`) and
/// whatever names server 0 change nothing: etcd knows both for what it keeps outside of Raft.
fn change(word: &str) -> Option<Change> {
    let (what, number) = word.split_at(1);
    let node = NodeId(number.parse::<u8>().expect("servers are numbers").checked_sub(1)?);
    match what {
        "v" => Some(Change::AddVoter(node)),
        "l" => Some(Change::AddLearner(node)),
        "r" => Some(Change::Remove(node)),
        "u" => None,
        other => panic!("no such change: {other}"),
    }
}

fn apply(
    before: Configuration,
    command: &str,
    changes: &[Change],
) -> Result<Configuration, MembershipError> {
    match command {
        "simple" => before.simple(changes),
        "enter-joint" | "enter-joint autoleave=false" => before.enter_joint(false, changes),
        "enter-joint autoleave=true" => before.enter_joint(true, changes),
        "leave-joint" => before.leave_joint(),
        other => panic!("no such command: {other}"),
    }
}

/// How etcd says it.
fn refusal(command: &str, error: MembershipError) -> &'static str {
    match error {
        MembershipError::Joint if command == "simple" => {
            "can't apply simple config change in joint config"
        }
        MembershipError::Joint => "config is already joint",
        MembershipError::NotJoint => "can't leave a non-joint config",
        MembershipError::NobodyVotes => "can't make a zero-voter config joint",
        MembershipError::NoVoterLeft => "removed all voters",
        MembershipError::ManyVotes { .. } => {
            "more than one voter changed without entering joint config"
        }
    }
}

/// Below the configuration etcd prints what a leader knows of each member. The states of that
/// progress are not part of the configuration here, and in the vectors none ever moves: all are
/// probed and match nothing. But `next` is the number of the command with which a server became a
/// member (0 prints as 1 in newer files), and so tells whether it has stayed one since.
fn check(name: &str, count: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/etcd-confchange");
    let text = fs::read_to_string(folder.join(name)).expect("the vectors are there");
    let vectors = parse(&text);
    assert_eq!(vectors.len(), count, "{name}");

    let mut configuration = Configuration::default();
    let mut member_since = BTreeMap::new();
    for (number, vector) in vectors.iter().enumerate() {
        let at = format!("{name}:{}", vector.line);
        let next = match apply(configuration, &vector.command, &vector.changes) {
            Ok(next) => next,
            Err(error) => {
                assert_eq!(vector.output, [refusal(&vector.command, error)], "{at}");
                continue;
            }
        };
        member_since.retain(|&member, _| next.members().contains(member));
        for member in next.members().iter() {
            member_since.entry(member).or_insert(number);
        }
        assert_eq!(vector.output[0], next.to_string(), "{at}");
        let members = vector.output[1..].iter().map(|line| member(line)).collect::<Vec<_>>();
        let expected = member_since.iter().map(|(&node, &since)| Member {
            node,
            since: since.max(1),
            learner: next.learners.contains(node),
        });
        assert_eq!(members, expected.collect::<Vec<_>>(), "{at}");
        configuration = next;
    }
}

#[derive(Debug, PartialEq)]
struct Member {
    node: NodeId,
    since: usize,
    learner: bool,
}

/// Reads `2: StateProbe match=0 next=1 learner`.
fn member(line: &str) -> Member {
    let (number, progress) = line.split_once(": StateProbe match=0 ").expect("nothing matches yet");
    let (_, next) = progress.split_once("next=").expect("each member has a next");
    let (next, learner) = match next.split_once(' ') {
        Some((next, learner)) => (next, learner == "learner"),
        None => (next, false),
    };
    let number: u8 = number.parse().expect("servers are numbers");
    let since: usize = next.parse().expect("a next is a number");
    Member { node: NodeId(number - 1), since: since.max(1), learner }
}

#[test]
fn simple_changes_are_what_etcd_says() {
    check("simple_idempotency.txt", 11);
    check("simple_promote_demote.txt", 7);
    check("simple_safety.txt", 11);
    check("update.txt", 3);
    check("zero.txt", 1);
}

#[test]
fn joint_changes_are_what_etcd_says() {
    check("joint_autoleave.txt", 4);
    check("joint_idempotency.txt", 3);
    check("joint_learners_next.txt", 3);
    check("joint_safety.txt", 15);
}

const SERVERS: u8 = 4;

/// Each configuration of four servers that one or two changes at a time can lead to, and what led
/// from one to the next.
fn reachable() -> Vec<(Configuration, Configuration)> {
    let single = NodeId::all(SERVERS)
        .flat_map(|node| [Change::AddVoter(node), Change::AddLearner(node), Change::Remove(node)]);
    let single: Vec<_> = single.collect();
    let mut changes: Vec<Vec<Change>> = single.iter().map(|&change| vec![change]).collect();
    for &first in &single {
        changes.extend(single.iter().map(|&second| vec![first, second]));
    }

    let mut steps = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![Configuration::default()];
    while let Some(before) = open.pop() {
        let each = changes.iter().flat_map(|changes| {
            [
                before.simple(changes),
                before.enter_joint(false, changes),
                before.enter_joint(true, changes),
            ]
        });
        for after in each.chain([before.leave_joint()]).flatten() {
            steps.push((before, after));
            if seen.insert(after.to_string()) {
                open.push(after);
            }
        }
    }
    steps
}

fn disjoint(one: NodeSet, other: NodeSet) -> bool {
    one.iter().all(|node| !other.contains(node))
}

#[test]
fn every_change_of_a_sound_configuration_leaves_it_sound() {
    for (_, after) in reachable() {
        let Joint { incoming, outgoing } = after.voters;
        assert!(!incoming.voters.is_empty(), "{after}");
        assert!(disjoint(after.learners, after.voters()), "{after}");
        assert!(disjoint(after.learners_next, incoming.voters), "{after}");
        assert!(after.learners_next.iter().all(|node| outgoing.voters.contains(node)), "{after}");
        if !after.is_joint() {
            assert!(after.learners_next.is_empty() && !after.auto_leave, "{after}");
        }
    }
}

/// All sets of servers that can decide by themselves.
fn quorums(voters: Joint) -> Vec<NodeSet> {
    let enough = |half: Majority, who: NodeSet| {
        let votes = half.voters.iter().filter(|&voter| who.contains(voter)).count();
        half.voters.is_empty() || votes >= usize::from(half.quorum())
    };
    let sets = (0..1_u8 << SERVERS).map(|bits| {
        NodeId::all(SERVERS).filter(|node| bits >> node.0 & 1 == 1).collect::<NodeSet>()
    });
    sets.filter(|&who| enough(voters.incoming, who) && enough(voters.outgoing, who)).collect()
}

/// §4.1 and §4.3: no change lets two groups decide at the same time.
#[test]
fn whoever_decides_before_a_change_meets_whoever_decides_after_it() {
    let steps: BTreeMap<_, _> = reachable()
        .into_iter()
        .map(|(before, after)| ((before.to_string(), after.to_string()), (before, after)))
        .collect();
    for (before, after) in steps.into_values().filter(|(before, _)| !before.voters().is_empty()) {
        for old in quorums(before.voters) {
            for new in quorums(after.voters) {
                assert!(!disjoint(old, new), "{before} → {after}");
            }
        }
    }
}

#[test]
fn an_error_names_what_is_wrong_and_what_is_allowed() {
    let two = Configuration::of([NodeId(0), NodeId(1)].into_iter().collect());
    let many = two.simple(&[Change::Remove(NodeId(0)), Change::AddVoter(NodeId(4))]);
    assert_eq!(
        many.unwrap_err().to_string(),
        "changes: 2 votes change, those of (1 5); at most one is allowed in a configuration that \
         is not joint"
    );
    assert_eq!(
        two.leave_joint().unwrap_err().to_string(),
        "configuration: it is not joint; only a joint one can be left"
    );
}
