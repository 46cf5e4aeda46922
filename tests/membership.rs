//! Changes of membership (RAFT-18; §6; dissertation §4): learners, one server at a time, joint
//! consensus, the leader that leaves, and what the rules are for. The arithmetic of configurations
//! is held to etcd's vectors elsewhere; here servers act on it.

mod support;

use conclave::protocols::raft::membership::MembershipError;
use conclave::protocols::raft::{Config, Index, Raft, Reason, Refusal, Term};
use conclave::sim::world::Setup;
use conclave::sim::{Action, MemberChange, Micros, NodeId, Order, Place, Workload};
use support::cluster::{Cluster, ms};
use support::raft_script::{learner, outside, voter};
use support::script::Script;
use support::solo::s;

fn secs(secs: u64) -> Micros {
    Micros::from_secs(secs)
}

/// S1 leads the first `voters` of five servers; its first entry is committed.
fn led(voters: u64, settings: &[(&str, u64)]) -> Script<Raft> {
    let settings = [&[("first_voters", voters), ("leader_noop", 1)], settings].concat();
    let mut script = Script::raft(5, &settings);
    script.campaign(s(1));
    script.settle();
    script.beat(s(1));
    script.settle();
    assert!(script.server(s(1)).is_leader());
    script
}

/// A change that goes through, and everybody hears of it.
fn change(script: &mut Script<Raft>, leader: u8, changes: &[MemberChange]) {
    assert_eq!(script.reconfigure(s(leader), changes), None);
    script.settle();
    script.beat(s(leader));
    script.settle();
}

// ---- learners --------------------------------------------------------------------------------

#[test]
fn a_learner_receives_the_log_and_has_no_say() {
    let mut script = led(3, &[]);
    change(&mut script, 1, &[learner(4)]);
    assert_eq!(script.configuration(s(4)).to_string(), "voters=(1 2 3) learners=(4)");
    // It counts for no majority: S1 and the learner are two of four and commit nothing.
    script.write(s(1), "x", "3");
    script.stabilize(&[s(1), s(4)]);
    assert_eq!(script.log(s(4)).last_index(), Index(3));
    assert_eq!(script.commits()[0], 2);
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(script.commits()[0], 3);
    assert_eq!(script.value(s(4), "x"), Some("3"));
    // It does not stand, nor is it asked for its vote.
    assert!(!script.may_campaign(s(4)));
    script.campaign(s(2));
    assert!(script.mail().iter().all(|(_, text)| !text.contains("→ S4 ")));
}

#[test]
fn a_learner_that_has_caught_up_becomes_a_voter() {
    let mut script = led(3, &[]);
    change(&mut script, 1, &[learner(4)]);
    change(&mut script, 1, &[voter(4)]);
    assert_eq!(script.configuration(s(4)).to_string(), "voters=(1 2 3 4)");
    assert!(script.may_campaign(s(4)));
    // Now S1 and one other are half of four, and not enough.
    script.write(s(1), "x", "4");
    script.stabilize(&[s(1), s(4)]);
    assert_eq!(script.commits()[0], 3);
    script.stabilize(&[s(1), s(2)]);
    assert_eq!(script.commits()[0], 4);
    // And back: a voter may become a learner.
    script.settle();
    change(&mut script, 1, &[learner(4)]);
    assert!(!script.may_campaign(s(4)));
}

#[test]
fn a_server_that_does_not_belong_waits_to_be_asked() {
    let mut world = Cluster::tuned(5, 1, Config { first_voters: 3, ..Config::default() });
    world.run_for(secs(10));
    for node in [s(4), s(5)] {
        assert_eq!(world.term(node), Term(0), "{node} neither stands nor is spoken to");
    }
}

// ---- one server at a time --------------------------------------------------------------------

#[test]
fn a_configuration_counts_as_soon_as_it_is_in_the_log() {
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3 4)");
    script.stabilize(&[s(2)]);
    assert_eq!(script.configuration(s(2)).to_string(), "voters=(1 2 3 4)");
    script.stabilize(&[s(1)]);
    assert_eq!(script.commits()[0], 1, "S1 and S2 are two of four");
    assert_eq!(script.configuration(s(3)).to_string(), "voters=(1 2 3)");
    script.stabilize(&[s(1), s(3)]);
    assert_eq!(script.commits()[0], 2, "with S3 they are three");
}

#[test]
fn a_configuration_goes_with_the_entry_that_brought_it() {
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    script.lose_all();
    script.campaign(s(2));
    script.stabilize(&[s(2), s(3)]);
    script.beat(s(2));
    script.settle();
    assert_eq!(script.roles()[..2], ["S1 follows 2", "S2 leads 2"]);
    assert_eq!(script.story(s(1)), ["1 noop", "2 noop"]);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3)");
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_restart_finds_the_latest_configuration_in_the_log() {
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    script.bounce(s(1));
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3 4)");
}

/// The leader of the moment is asked to make one change, again and again until it is made.
fn insist(world: &mut Cluster, node: NodeId, place: Place) {
    let made = |world: &Cluster| {
        let leader = world.leader()?;
        let server = world.server(leader);
        let voters = server.configuration.voters();
        let done = server.configuration_index <= server.commit_index
            && !server.configuration.is_joint()
            && match place {
                Place::Voter => voters.contains(node),
                Place::Learner => server.configuration.learners.contains(node),
                Place::Outside => !server.configuration.members().contains(node),
            };
        done.then_some(leader)
    };
    for _ in 0..600 {
        if made(world).is_some() {
            return;
        }
        if let Some(leader) = world.leader() {
            let changes = vec![MemberChange { node, place }];
            world.act(Action::Order { node: leader, order: Order::Reconfigure { changes } });
        }
        world.run_for(ms(100));
    }
    panic!("within a minute: {node} is {place:?}");
}

/// Three servers become five and then three others, while clients write.
fn grow_and_shrink(config: Config, seed: u64) {
    let config = Config { first_voters: 3, leader_noop: true, ..config };
    let workload =
        Workload { clients: 3, think_least: ms(5), think_most: ms(20), ..Workload::default() };
    let mut world = Cluster::of(Setup { nodes: 6, seed, config, workload, ..Setup::default() });
    let written = |world: &Cluster| world.clients().iter().map(|each| each.sequence).sum::<u32>();
    for number in [4, 5, 6] {
        insist(&mut world, s(number), Place::Learner);
        insist(&mut world, s(number), Place::Voter);
    }
    for number in [1, 2, 3] {
        let before = written(&world);
        insist(&mut world, s(number), Place::Outside);
        // Nobody tells a server that it is out, so it is turned off (dissertation §4.2.3).
        world.crash(s(number));
        world.run_for(secs(2));
        assert!(written(&world) > before, "clients are served when S{number} is out");
    }
    world.act(Action::SetWorkload { workload: Workload::default() });
    world.run_for(secs(5));
    let leader = world.leader_among(&[s(4), s(5), s(6)]).expect("one of those who are left leads");
    assert_eq!(world.server(leader).configuration.to_string(), "voters=(4 5 6)");
    for node in [s(4), s(5), s(6)] {
        assert_eq!(world.server(node).machine, world.server(leader).machine, "seed {seed}: {node}");
    }
}

#[test]
fn the_cluster_is_exchanged_one_by_one_while_clients_write() {
    for seed in 1..=20 {
        grow_and_shrink(Config::default(), seed);
    }
}

#[test]
fn the_cluster_is_exchanged_through_joint_configurations_and_by_snapshots() {
    for seed in 1..=20 {
        let config = Config { joint_consensus: true, snapshot_threshold: 16, ..Config::default() };
        grow_and_shrink(config, seed);
        let careful =
            Config { pre_vote: true, check_quorum: true, pipeline: 8, ..Config::default() };
        grow_and_shrink(careful, seed);
    }
}

// ---- joint consensus -------------------------------------------------------------------------

/// S1 to S3 become S3 to S5 in one change that is left by hand.
fn joint() -> Script<Raft> {
    let mut script = led(3, &[("auto_leave", 0)]);
    let changes = [outside(1), outside(2), voter(4), voter(5)];
    assert_eq!(script.reconfigure(s(1), &changes), None);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(3 4 5)&&(1 2 3)");
    script
}

#[test]
fn a_joint_configuration_commits_with_both_majorities_only() {
    let mut script = joint();
    script.stabilize(&[s(1), s(2)]);
    assert_eq!(script.commits()[0], 1, "S1 and S2 are the old majority, and not enough");
    script.stabilize(&[s(1), s(4)]);
    script.beat(s(1));
    script.stabilize(&[s(1), s(2), s(4)]);
    assert_eq!(script.commits()[0], 1, "S4 alone is no majority of the new");
    script.stabilize(&[s(1), s(5)]);
    script.beat(s(1));
    script.stabilize(&[s(1), s(5)]);
    assert_eq!(script.commits()[0], 2, "S1 and S2, S4 and S5");

    let mut script = joint();
    script.lose(|text| text.contains("→ S2 "));
    script.stabilize(&[s(1), s(4), s(5)]);
    script.beat(s(1));
    script.stabilize(&[s(1), s(4), s(5)]);
    assert_eq!(script.log(s(5)).last_index(), Index(2));
    assert_eq!(script.commits()[0], 1, "the new majority, and S1 alone of the old");
    script.stabilize(&[s(1), s(3)]);
    assert_eq!(script.commits()[0], 2, "S3 is of both");
}

#[test]
fn a_joint_configuration_elects_with_both_majorities_only() {
    let mut script = joint();
    script.settle();
    script.beat(s(1));
    script.settle();
    script.campaign(s(3));
    script.stabilize(&[s(4), s(5)]);
    script.stabilize(&[s(3)]);
    assert_eq!(script.roles()[2], "S3 stands 2", "all of the new, and one of the old");
    script.stabilize(&[s(1)]);
    script.stabilize(&[s(3)]);
    assert_eq!(script.roles()[2], "S3 leads 2");
}

#[test]
fn a_joint_configuration_is_left_by_hand_and_only_once_it_is_committed() {
    let mut script = joint();
    let pending = Some(Refusal::ChangePending { index: Index(2) });
    assert_eq!(script.reconfigure(s(1), &[]), pending);
    script.settle();
    script.beat(s(1));
    script.settle();
    assert_eq!(script.commits(), [2; 5]);
    let is_joint = Some(Refusal::Membership(MembershipError::Joint));
    assert_eq!(script.reconfigure(s(1), &[voter(2)]), is_joint);
    assert_eq!(script.reconfigure(s(1), &[]), None);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(3 4 5)");
    script.settle();
    assert_eq!(script.roles()[0], "S1 follows 1", "it is not in it, and it is committed");
    for node in [s(3), s(4), s(5)] {
        assert_eq!(script.configuration(node).to_string(), "voters=(3 4 5)", "{node}");
    }
    assert_eq!(script.broken(), [""; 0]);
}

#[test]
fn a_joint_configuration_is_left_by_itself_when_it_says_so() {
    let mut script = led(3, &[]);
    let changes = [learner(1), voter(4)];
    assert_eq!(script.reconfigure(s(1), &changes), None);
    let joint = "voters=(2 3 4)&&(1 2 3) learners_next=(1) autoleave";
    assert_eq!(script.configuration(s(1)).to_string(), joint);
    script.settle();
    let left = "voters=(2 3 4) learners=(1)";
    assert_eq!(script.roles()[0], "S1 follows 1", "learners do not lead");
    // S4 has an empty log still; the next leader brings it all.
    script.campaign(s(2));
    script.settle();
    script.beat(s(2));
    script.settle();
    for node in [s(1), s(2), s(3), s(4)] {
        assert_eq!(script.configuration(node).to_string(), left, "{node}");
    }
    let entries = ["1 noop", &format!("1 {joint}"), &format!("1 {left}"), "2 noop"];
    assert_eq!(script.story(s(4)), entries);
}

#[test]
fn a_new_leader_leaves_the_joint_configuration_that_an_old_one_entered() {
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[outside(1), voter(4)]), None);
    script.stabilize(&[s(2), s(3), s(4)]);
    script.lose_all();
    script.campaign(s(2));
    script.settle();
    assert!(script.server(s(2)).is_leader());
    script.beat(s(2));
    script.settle();
    for node in [s(2), s(3), s(4)] {
        assert_eq!(script.configuration(node).to_string(), "voters=(2 3 4)", "{node}");
    }
    assert_eq!(script.broken(), [""; 0]);
}

// ---- the leader that leaves ------------------------------------------------------------------

#[test]
fn a_leader_that_removes_itself_leads_until_that_is_committed_and_no_longer() {
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[outside(1)]), None);
    script.stabilize(&[s(1), s(2)]);
    // "It will temporarily manage a cluster that does not include itself" (§6), nor count itself.
    assert_eq!(script.roles()[0], "S1 leads 1");
    assert_eq!(script.commits()[0], 1, "S2 is one of two");
    script.beat(s(1));
    assert_eq!(script.roles()[0], "S1 leads 1");
    let before = script.heard.reasons.len();
    script.stabilize(&[s(1), s(3)]);
    assert_eq!(script.commits()[0], 2);
    assert_eq!(script.roles()[0], "S1 follows 1");
    let left = Reason::LeftCluster { index: Index(2) };
    assert!(script.reasons_since(before).contains(&left));
    assert!(!script.may_campaign(s(1)));
    script.settle();
    script.campaign(s(3));
    script.settle();
    assert_eq!(
        script.roles(),
        ["S1 follows 1", "S2 follows 2", "S3 leads 2", "S4 follows 0", "S5 follows 0"]
    );
}

#[test]
fn a_server_that_an_uncommitted_entry_removes_may_stand() {
    // S1 removes itself, and starts again before that is committed: it is still wanted.
    let mut script = led(3, &[]);
    assert_eq!(script.reconfigure(s(1), &[outside(1)]), None);
    script.lose_all();
    script.bounce(s(1));
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(2 3)");
    assert!(script.may_campaign(s(1)), "it might still be needed (dissertation §4.2.2)");
    script.campaign(s(1));
    script.settle();
    assert_eq!(script.roles()[0], "S1 follows 2", "it led until its removal was committed");
    assert_eq!(script.configuration(s(3)).to_string(), "voters=(2 3)");
}

// ---- a removed server ------------------------------------------------------------------------

/// How often a cluster of two has another leader within ten seconds in which a third server, which
/// was removed and does not know it, goes on as if it belonged.
fn disturbances(settings: &[&str]) -> u64 {
    let mut world = Cluster::tuned(3, 1, Config { leader_noop: true, ..Config::default() });
    for setting in settings {
        world.act(Action::Configure { setting: (*setting).into(), value: 1 });
    }
    let leader = world.elect();
    let removed = NodeId::all(3).find(|&node| node != leader).expect("there are three");
    insist(&mut world, removed, Place::Outside);
    assert!(world.server(removed).configuration.voters().contains(removed), "nobody told it");
    let rest: Vec<_> = NodeId::all(3).filter(|&node| node != removed).collect();
    let leader = world.elect_among(&rest);
    let before = world.term(leader).0;
    world.run_for(secs(10));
    world.elect_among(&rest);
    world.term(rest[0]).0.max(world.term(rest[1]).0) - before
}

#[test]
fn a_removed_server_disturbs_the_others_unless_they_leave_its_requests_unread() {
    let none = disturbances(&[]);
    let counts = ["pre_vote", "check_quorum"].map(|setting| disturbances(&[setting]));
    println!("terms within ten seconds: {none}; with PreVote, with CheckQuorum: {counts:?}");
    assert!(none > 5, "{none}");
    assert_eq!(counts, [0, 0]);
    assert_eq!(disturbances(&["pre_vote", "check_quorum"]), 0);
}

// ---- refusals --------------------------------------------------------------------------------

#[test]
fn a_change_that_is_refused_says_why_and_changes_nothing() {
    let mut script = led(3, &[]);
    let before = script.server(s(1)).clone();
    let not_joint = Refusal::Membership(MembershipError::NotJoint);
    let nobody = Refusal::Membership(MembershipError::NoVoterLeft);
    let cases: [(u8, &[MemberChange], Refusal); 3] = [
        (2, &[voter(4)], Refusal::NotLeader),
        (1, &[], not_joint),
        (1, &[outside(1), outside(2), outside(3)], nobody),
    ];
    for (node, changes, refusal) in cases {
        assert_eq!(script.reconfigure(s(node), changes), Some(refusal), "{changes:?}");
        assert_eq!(*script.server(s(1)), before);
    }
    assert_eq!(script.reconfigure(s(1), &[voter(4)]), None);
    let pending = Refusal::ChangePending { index: Index(2) };
    assert_eq!(script.reconfigure(s(1), &[voter(5)]), Some(pending));
    script.lose_all();
    script.campaign(s(2));
    script.stabilize(&[s(3)]);
    script.stabilize(&[s(2)]);
    assert!(script.server(s(2)).is_leader());
    let early = Refusal::NothingCommitted { term: Term(2) };
    assert_eq!(script.reconfigure(s(2), &[voter(5)]), Some(early));
}

// ---- what the rules are for ------------------------------------------------------------------

/// The bug that Ongaro found in 2015 in the changes of one server (dissertation §4.1 as published;
/// raft-dev, "bug in single-server membership changes"), with four servers that S5 is to join:
///
/// 1. S1 leads and adds S5; the entry reaches S1 and S5 alone.
/// 2. S2 leads the next term, with the votes of S3 and S4. It knows nothing of S5, removes S1, and
///    S2 and S3, or any two of the three who are left, commit that.
/// 3. S1 leads the third term, by its own configuration of five: with the votes of S4 and S5.
///
/// S2's change was committed, and S1 does not have it.
fn the_bug_of_2015(early_change: u64) -> (Script<Raft>, Option<Refusal>) {
    let settings = [("first_voters", 4), ("early_change", early_change)];
    let mut script = Script::raft(5, &settings);
    script.campaign(s(1));
    script.settle();
    assert!(script.server(s(1)).is_leader());
    let refusal = script.reconfigure(s(1), &[voter(5)]);
    if refusal.is_some() {
        return (script, refusal);
    }
    script.beat(s(1));
    script.stabilize(&[s(1), s(5)]);
    script.lose_all();
    assert_eq!((script.terms(s(1)), script.terms(s(5))), (vec![1], vec![1]));
    // 2.
    script.campaign(s(2));
    script.stabilize(&[s(3), s(4)]);
    script.stabilize(&[s(2)]);
    assert!(script.server(s(2)).is_leader());
    script.deliver("S2 → S1 RequestVote t2 last=0@0");
    script.lose_all();
    let refusal = script.reconfigure(s(2), &[outside(1)]);
    if refusal.is_some() {
        return (script, refusal);
    }
    assert_eq!(script.configuration(s(2)).to_string(), "voters=(2 3 4)");
    script.stabilize(&[s(2), s(3)]);
    assert_eq!(script.server(s(2)).commit_index, Index(1), "S2 and S3 are two of three");
    script.lose_all();
    // 3.
    script.campaign(s(1));
    script.stabilize(&[s(4), s(5)]);
    script.stabilize(&[s(1)]);
    script.lose_all();
    (script, None)
}

#[test]
fn the_bug_of_2015_loses_a_committed_entry() {
    let (mut script, refusal) = the_bug_of_2015(1);
    assert_eq!(refusal, None);
    assert!(script.server(s(1)).is_leader(), "{:?}", script.roles());
    assert_eq!(script.broken(), ["leader_completeness"]);
    // It goes on: S1 commits its own entries where S2's were.
    script.write(s(1), "x", "lost");
    script.beat(s(1));
    script.stabilize(&[s(1), s(4), s(5)]);
    assert_eq!(script.broken(), ["leader_completeness", "state_machine_safety"]);
    script.assert_recorded();
}

#[test]
fn a_leader_changes_nothing_before_it_has_committed_an_entry_of_its_term() {
    let (mut script, refusal) = the_bug_of_2015(0);
    assert_eq!(refusal, Some(Refusal::NothingCommitted { term: Term(1) }));
    script.write(s(1), "x", "1");
    script.stabilize(&[s(1), s(2), s(3)]);
    assert_eq!(script.reconfigure(s(1), &[voter(5)]), None);
}

/// S1 to S3 become S1 to S5 at once. S1 knows of it, S4 and S5 hear of it; S2 and S3 do not.
fn two_at_once(two_server_change: u64) -> Script<Raft> {
    let mut script = led(3, &[("two_server_change", two_server_change)]);
    assert_eq!(script.reconfigure(s(1), &[voter(4), voter(5)]), None);
    script.stabilize(&[s(1), s(4), s(5)]);
    script.beat(s(1));
    script.stabilize(&[s(1), s(4), s(5)]);
    script.lose_all();
    assert_eq!(script.log(s(5)).last_index(), Index(2));
    // S2 asks S3, S1 asks S4 and S5, in the same term.
    script.bounce(s(1));
    script.campaign(s(2));
    script.stabilize(&[s(3)]);
    script.stabilize(&[s(2)]);
    script.lose_all();
    script.campaign(s(1));
    script.stabilize(&[s(4), s(5)]);
    script.stabilize(&[s(1)]);
    assert_eq!(script.roles()[1], "S2 leads 2");
    script
}

#[test]
fn two_servers_at_once_make_two_majorities_that_do_not_meet() {
    let script = two_at_once(1);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3 4 5)");
    assert_eq!(script.roles()[0], "S1 leads 2");
    // S2 leads, and lacks what was committed by its rules when S1 began.
    assert_eq!(script.broken(), ["leader_completeness", "election_safety"]);
    script.assert_recorded();
}

#[test]
fn through_a_joint_configuration_two_servers_at_once_are_safe() {
    let script = two_at_once(0);
    assert_eq!(script.configuration(s(1)).to_string(), "voters=(1 2 3 4 5)&&(1 2 3) autoleave");
    assert_eq!(script.roles()[0], "S1 stands 2", "S1 alone is no majority of the old three");
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}
