//! Why a server did what it did, in sentences.

use super::membership::MembershipError;
use super::view::short;
use super::{Reason, Refusal, StepDown};
use crate::sim::NodeId;
use crate::text::{Argument, Phrase, say};

/// The sentence of a reason, the section of the paper, and whether it is worth stopping for.
pub(super) fn explain(node: NodeId, reason: &Reason) -> (Phrase, &'static str, bool) {
    use say::raft::reason as r;
    match *reason {
        Reason::Started { term, last_index } => (r::started(last_index, node, term), "§5.2", false),
        Reason::ElectionTimeout { term } => (r::timed_out(node, term), "§5.2", true),
        Reason::HigherTerm { from, term, old, was: StepDown::Follower } => {
            (r::higher_term_follower(from, node, old, term), "§5.1", false)
        }
        Reason::HigherTerm { from, term, old, was: StepDown::Candidate } => {
            (r::higher_term_candidate(from, node, old, term), "§5.1", false)
        }
        Reason::HigherTerm { from, term, old, was: StepDown::Leader } => {
            (r::higher_term_leader(from, node, old, term), "§5.1", true)
        }
        Reason::StaleTerm { from, theirs, ours } => {
            (r::stale_term(from, node, ours, theirs), "§5.1", false)
        }
        Reason::VoteGranted { candidate, term } => {
            (r::vote_granted(candidate, node, term), "§5.2", false)
        }
        Reason::AlreadyVoted { candidate, voted_for, term } => {
            (r::already_voted(candidate, node, term, voted_for), "§5.2", false)
        }
        Reason::OwnCandidate { candidate, term } => {
            (r::own_candidate(candidate, node, term), "§5.2", false)
        }
        Reason::LogBehind { candidate, theirs, ours } => {
            (r::log_behind(candidate, node, ours.1, ours.0, theirs.1, theirs.0), "§5.4.1", false)
        }
        Reason::VoteCounted { from, votes, needed } => {
            (r::vote_counted(from, needed, node, votes), "§5.2", false)
        }
        Reason::RefusalCounted { from, refused } => {
            (r::refusal_counted(from, node, refused), "§5.2", false)
        }
        Reason::Elected { term, votes, of } => (r::elected(of, node, term, votes), "§5.2", true),
        Reason::PreVoteStarted { term } => (r::pre_vote_started(node, term), "§9.6", false),
        Reason::PreVoteGranted { candidate, term } => {
            (r::pre_vote_granted(candidate, node, term), "§9.6", false)
        }
        Reason::PreVoteCounted { from, votes, needed } => {
            (r::pre_vote_counted(from, needed, node, votes), "§9.6", false)
        }
        Reason::LeaderAlive { candidate } => (r::leader_alive(candidate, node), "§4.2.3", false),
        Reason::QuorumLost { heard, needed } => (r::quorum_lost(heard, needed, node), "§6.2", true),
        Reason::LateVote { from, term } => (r::late_vote(from, node, term), "§5.2", false),
        Reason::LeaderHeard { leader, term } => {
            (r::leader_heard(leader, node, term), "§5.2", false)
        }
        Reason::NoopAppended { index, term } => (r::noop(index, node, term), "§8", false),
        Reason::Heartbeat { term } => (r::heartbeat(node, term), "§5.2", false),
        Reason::LogsDoNotMeet { prev_index, prev_term, have: None } => {
            (r::logs_do_not_meet(prev_index, node, prev_term), "§5.3", false)
        }
        Reason::LogsDoNotMeet { prev_index, prev_term, have: Some(have) } => {
            (r::logs_do_not_meet_term(have, prev_index, node, prev_term), "§5.3", false)
        }
        Reason::Overwritten { from, to, had, got } => {
            (r::overwritten(from, got, had, to, node), "§5.3", true)
        }
        Reason::Appended { from, to } => (r::appended(from, to, node), "§5.3", false),
        Reason::NothingNew { leader } => (r::nothing_new(leader, node), "§5.2", false),
        Reason::BackedUp { follower, from, to } => {
            (r::backed_up(follower, from, node, to), "§5.3", false)
        }
        Reason::Matched { follower, index } => (r::matched(follower, index, node), "§5.3", false),
        Reason::LateReply { from } => (r::late_reply(from, node), "§5.3", false),
        Reason::Committed { from, to, replicas, of } => {
            (r::committed(of, from, to, node, replicas), "§5.3", true)
        }
        Reason::OlderTerm { index, of, current } => {
            (r::older_term(current, index, node, of), "§5.4.2", true)
        }
        Reason::CommitLearned { from, to } => (r::commit_learned(from, to, node), "§5.3", false),
        Reason::Applied { from, to } => (r::applied(from, to, node), "§5.3", false),
        Reason::CommandAppended { index, term } => {
            (r::command_appended(index, node, term), "§5.3", false)
        }
        Reason::Redirected { leader: Some(leader) } => (r::redirected(leader, node), "§8", false),
        Reason::Redirected { leader: None } => (r::redirected_nowhere(node), "§8", false),
        Reason::HandingOver { to } => (r::handing_over(node, to), "§3.10", false),
        Reason::SnapshotTaken { from, to } => (r::snapshot_taken(from, to, node), "§7", true),
        Reason::SnapshotSent { to, index } => (r::snapshot_sent(index, node, to), "§7", true),
        Reason::SnapshotInstalled { leader, index } => {
            (r::snapshot_installed(index, leader, node), "§7", true)
        }
        Reason::OrderRefused(ref refusal) => refuse(node, refusal),
        Reason::ConfigurationAdopted { index, configuration } => {
            (r::configuration_adopted(short(configuration), index, node), "§6", true)
        }
        Reason::LeftCluster { index } => (r::left_cluster(index, node), "§4.2.2", true),
        Reason::TransferBegun { to } => (r::transfer_begun(node, to), "§3.10", true),
        Reason::TimeoutNowSent { to } => (r::timeout_now_sent(node, to), "§3.10", true),
        Reason::TimeoutNowHeard { leader } => (r::timeout_now_heard(leader, node), "§3.10", false),
        Reason::TransferAborted { to } => (r::transfer_aborted(node, to), "§3.10", true),
        Reason::PromiseKept => (r::promise_kept(node), "§6.4.1", false),
        Reason::ReadLocally { applied } => (r::read_locally(applied, node), "§8", false),
        Reason::ReadWaits { index, round } => (r::read_waits(index, node, round), "§6.4", false),
        Reason::RoundConfirmed { round } => (r::round_confirmed(node, round), "§6.4", false),
        Reason::ReadAnswered { index } => (r::read_answered(index, node), "§6.4", false),
        Reason::LeaseExtended { round, until } => {
            (r::lease_extended(node, round, until), "§6.4.1", false)
        }
        Reason::ReadByLease { until } => (r::read_by_lease(node, until), "§6.4.1", false),
    }
}

/// Why an order is refused.
fn refuse(node: NodeId, refusal: &Refusal) -> (Phrase, &'static str, bool) {
    use say::raft::refusal as r;
    match *refusal {
        Refusal::NotLeader => (r::not_leader(node), "§5.1", false),
        Refusal::LeadsAlready => (r::leads_already(node), "§3.10", false),
        Refusal::TransferUnderWay => (r::transfer_under_way(node), "§3.10", false),
        Refusal::NoVoter(other) => (r::no_voter(other), "§3.10", false),
        Refusal::ChangePending { index } => (r::change_pending(index, node), "§4.1", false),
        Refusal::NothingCommitted { term } => (r::nothing_committed(node, term), "§4.1", false),
        Refusal::Membership(MembershipError::Joint) => (r::joint(node), "§6", false),
        Refusal::Membership(MembershipError::NotJoint) => (r::not_joint(node), "§6", false),
        Refusal::Membership(MembershipError::NobodyVotes | MembershipError::NoVoterLeft) => {
            (r::no_voter_left(node), "§6", false)
        }
        Refusal::Membership(MembershipError::ManyVotes { changed }) => {
            let changed: Vec<Argument> = changed.iter().map(Argument::from).collect();
            (r::many_votes(changed, node), "§4.1", false)
        }
        Refusal::NothingToCompact => (r::nothing_to_compact(node), "§7", false),
    }
}
