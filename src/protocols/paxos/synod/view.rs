//! How Paxos looks. Everything here only reads.

use super::{
    Breach, Config, Durable, Message, Milestone, Paxos, Phase, Placement, Proposal, Reason,
    Replica, Timer,
};
use crate::protocols::paxos::ballot::Ballot;
use crate::scene::{
    self, Column, Epoch, Exhibit, Face, Field, Glyph, Sentence, Shape, Vote, Window,
};
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, NodeSet, Protocol};
use crate::text::{Argument, Phrase, say};

impl Exhibit for Paxos {
    const KINDS: &'static [(Glyph, &'static str)] = &[
        (Glyph::Ballot, "Prepare"),
        (Glyph::Yes, "Promise"),
        (Glyph::Entries, "Accept"),
        (Glyph::Ack, "Accepted"),
        (Glyph::No, "Refused"),
    ];

    fn name() -> Phrase {
        say::paxos::name()
    }

    fn setting(id: &str) -> (Phrase, Phrase) {
        use say::paxos::{mutation as m, setting as s};
        match id {
            "proposers" => (s::proposers(), s::proposers_help()),
            "acceptors" => (s::acceptors(), s::acceptors_help()),
            "learners" => (s::learners(), s::learners_help()),
            "phase1_quorum" => (s::phase_one_quorum(), s::phase_one_quorum_help()),
            "phase2_quorum" => (s::phase_two_quorum(), s::phase_two_quorum_help()),
            "round_timeout" => (s::round_timeout(), s::round_timeout_help()),
            "backoff" => (s::backoff(), s::backoff_help()),
            "backoff_least" => (s::backoff_least(), s::backoff_least_help()),
            "backoff_most" => (s::backoff_most(), s::backoff_most_help()),
            "distinguished" => (s::distinguished(), s::distinguished_help()),
            "forget_promise" => (m::forget_promise(), m::forget_promise_help()),
            "forget_accepted" => (m::forget_accepted(), m::forget_accepted_help()),
            "own_value" => (m::own_value(), m::own_value_help()),
            "any_value" => (m::any_value(), m::any_value_help()),
            "small_quorums" => (m::small_quorums(), m::small_quorums_help()),
            "same_number" => (m::same_number(), m::same_number_help()),
            "reuse_number" => (m::reuse_number(), m::reuse_number_help()),
            "accept_below" => (m::accept_below(), m::accept_below_help()),
            "report_seen" => (m::report_seen(), m::report_seen_help()),
            "accept_unpromised" => (m::accept_unpromised(), m::accept_unpromised_help()),
            "id_first" => (m::id_first(), m::id_first_help()),
            unknown => unreachable!("{unknown} is not in SETTINGS"),
        }
    }

    fn timer(timer: Timer) -> (Phrase, bool) {
        match timer {
            Timer::Retry => (say::paxos::retry_timer(), true),
        }
    }

    fn face(_: NodeId, nodes: u8, config: &Config, replica: &Replica, _: Window) -> Face {
        let (name, shape) = match &replica.proposer.phase {
            Phase::Prepare { .. } => (say::paxos::preparing(), Shape::Dashed),
            Phase::Accept { .. } => (say::paxos::proposing(), Shape::Dashed),
            Phase::BackOff => (say::paxos::backing_off(), Shape::Plain),
            Phase::Idle if replica.learned().is_some() => (say::paxos::informed(), Shape::Plain),
            Phase::Idle => (say::paxos::idle(), Shape::Plain),
        };
        let mut face = disk_face(&replica.durable);
        face.role = scene::Role { name, shape };
        face.votes = votes(replica, &config.placement(nodes));
        face.fields.extend(volatile_fields(replica));
        if let Some(learned) = replica.learned() {
            face.log = log(Some(learned));
            face.log.commit = 1;
            face.log.applied = 1;
        }
        face
    }

    fn face_down(disk: &Durable, _: Window) -> Face {
        disk_face(disk)
    }

    fn last_index(replica: &Replica) -> u64 {
        (replica.durable.accepted.is_some() || replica.learned().is_some()).into()
    }

    fn last_index_on(disk: &Durable) -> u64 {
        disk.accepted.is_some().into()
    }

    fn epoch(message: &Message) -> Epoch {
        message.ballot().into()
    }

    fn fields(message: &Message) -> Vec<(&'static str, String)> {
        let mut fields = vec![("n", message.ballot().to_string())];
        match message {
            Message::Prepare { .. } => {}
            Message::Promise { accepted, .. } => fields.push(("accepted", show(accepted.as_ref()))),
            Message::Accept(proposal) | Message::Accepted(proposal) => {
                fields.push(("v", proposal.value.op.to_string()));
                fields.push(("request", proposal.value.request.to_string()));
            }
            Message::Refused { promised, .. } => fields.push(("promised", promised.to_string())),
        }
        fields
    }

    fn purpose(message: &Message) -> Phrase {
        use say::paxos::help;
        match message {
            Message::Prepare { .. } => help::prepare(),
            Message::Promise { .. } => help::promise(),
            Message::Accept(_) => help::accept(),
            Message::Accepted(_) => help::accepted_message(),
            Message::Refused { .. } => help::refused(),
        }
    }

    fn notation(message: &Message) -> String {
        message.to_string()
    }

    fn reason(node: NodeId, reason: &Reason) -> Sentence {
        let (phrase, source, key) = explain(node, reason);
        Sentence { phrase, source, key }
    }

    fn tries() -> Vec<Phrase> {
        use say::tries;
        vec![
            tries::paxos_write(),
            tries::paxos_duel(),
            tries::paxos_futures(),
            tries::paxos_apart(),
        ]
    }

    fn columns(config: &Config, nodes: u8) -> Option<[Column; 3]> {
        let placement = config.placement(nodes);
        if !placement.is_apart() {
            return None;
        }
        let proposers: NodeSet = placement.proposers().collect();
        let acceptors: NodeSet = placement.acceptors().collect();
        let others = |node: &NodeId| !proposers.union(acceptors).contains(*node);
        Some([
            Column { name: say::paxos::setting::proposers(), nodes: proposers },
            Column { name: say::paxos::setting::acceptors(), nodes: acceptors },
            Column {
                name: say::paxos::setting::learners(),
                nodes: NodeId::all(nodes).filter(others).collect(),
            },
        ])
    }

    fn beginning() -> Phrase {
        say::paxos::nothing_chosen()
    }

    fn milestone(milestone: &Milestone) -> (Phrase, NodeSet) {
        let Milestone::Chosen { ballot, value, by } = milestone;
        (say::paxos::chosen(*ballot, names(*by), value.to_string()), *by)
    }

    fn invariant(number: usize) -> (Phrase, Phrase, &'static str) {
        use say::paxos::invariant as i;
        match <Paxos as Protocol>::Judge::INVARIANTS[number] {
            "agreement" => (i::agreement(), i::agreement_says(), "§2.1"),
            "validity" => (i::validity(), i::validity_says(), "§2.1"),
            "promises" => (i::promises(), i::promises_says(), "§2.5"),
            "acceptances" => (i::acceptances(), i::acceptances_says(), "§2.2, P1a"),
            "stability" => (i::stability(), i::stability_says(), "§2.2, P2a"),
            "value_rule" => (i::value_rule(), i::value_rule_says(), "§2.2, P2c"),
            "unique_numbers" => (i::unique_numbers(), i::unique_numbers_says(), "§2.5"),
            unknown => unreachable!("{unknown} is not in INVARIANTS"),
        }
    }

    fn breach(breach: &Breach) -> (Phrase, NodeSet) {
        use say::paxos::breach as b;
        match breach {
            Breach::TwoChosen { node, first, second } => {
                (b::two_chosen(first.to_string(), second.to_string()), NodeSet::of(*node))
            }
            Breach::LearnedUnchosen { node, value } => {
                (b::learned_unchosen(*node, value.to_string()), NodeSet::of(*node))
            }
            Breach::NobodyAsked { node, value } => {
                (b::nobody_asked(*node, value.to_string()), NodeSet::of(*node))
            }
            Breach::PromiseWentBack { node, from, to } => {
                (b::promise_went_back(*from, *node, *to), NodeSet::of(*node))
            }
            Breach::AcceptedBelow { node, ballot: Ballot::NONE, bound } => {
                (b::acceptance_forgotten(*bound, *node), NodeSet::of(*node))
            }
            Breach::AcceptedBelow { node, ballot, bound } => {
                (b::accepted_below(*ballot, *bound, *node), NodeSet::of(*node))
            }
            Breach::Unstable { node, chosen, ballot, value } => (
                b::unstable(*ballot, chosen.to_string(), *node, value.to_string()),
                NodeSet::of(*node),
            ),
            Breach::WrongValue { node, ballot, value } => {
                (b::wrong_value(*ballot, *node, value.to_string()), NodeSet::of(*node))
            }
            Breach::NeverAccepted { node, ballot, value } => {
                (b::never_accepted(*ballot, *node, value.to_string()), NodeSet::of(*node))
            }
            Breach::SharedBallot { node, ballot, first, second } => (
                b::shared_ballot(*ballot, first.to_string(), second.to_string()),
                NodeSet::of(*node),
            ),
        }
    }
}

/// The sign for nothing, as in the notation of traces.
const NOTHING: &str = "∅";

fn show(proposal: Option<&Proposal>) -> String {
    proposal.map_or(NOTHING.into(), Proposal::to_string)
}

/// A value with no words around it; an empty list is said to be one.
fn plain(value: impl Into<Argument>) -> Phrase {
    match value.into() {
        Argument::List(items) if items.is_empty() => say::language::value(NOTHING),
        value => say::language::value(value),
    }
}

fn names(nodes: NodeSet) -> Vec<Argument> {
    nodes.iter().map(Argument::from).collect()
}

/// What a disk alone shows: all that is left of a crashed replica.
fn disk_face(disk: &Durable) -> Face {
    use say::paxos::help;
    let durable = |name, value, help| Field { name, value, durable: true, help };
    Face {
        role: scene::Role { name: say::paxos::idle(), shape: Shape::Plain },
        epoch_name: say::paxos::ballot(),
        epoch: disk.promised.into(),
        caption: Some(show(disk.accepted.as_ref())),
        leads: false,
        votes: Vec::new(),
        fields: vec![
            durable("promised", plain(disk.promised), help::promised()),
            durable("accepted", plain(show(disk.accepted.as_ref())), help::accepted()),
            durable("round", plain(disk.round), help::round()),
        ],
        peers: None,
        members: None,
        log: log(disk.accepted.as_ref()),
    }
}

fn volatile_fields(replica: &Replica) -> Vec<Field> {
    use say::paxos::help;
    let volatile = |name, value, help| Field { name, value, durable: false, help };
    let proposer = &replica.proposer;
    let waiting = proposer.waiting.iter().map(|command| command.op.to_string().into());
    let waiting: Vec<Argument> = waiting.collect();
    let number = match &proposer.phase {
        Phase::Accept { proposal } => proposal.to_string(),
        phase => phase.ballot().map_or(NOTHING.into(), |ballot| ballot.to_string()),
    };
    vec![
        volatile("proposal", plain(number), help::proposal()),
        volatile("waiting", plain(waiting), help::waiting()),
        volatile("roundsWasted", plain(proposer.wasted), help::wasted()),
        volatile("seen", plain(replica.seen), help::seen()),
        volatile("learned", plain(show(replica.learned())), help::learned()),
    ]
}

/// Which acceptors have answered the round that is under way.
fn votes(replica: &Replica, placement: &Placement) -> Vec<(NodeId, Vote)> {
    let yes = match &replica.proposer.phase {
        Phase::Idle | Phase::BackOff => return Vec::new(),
        Phase::Prepare { promises, .. } => *promises,
        Phase::Accept { proposal } => replica.learner.acceptances(proposal),
    };
    let vote = |node| if yes.contains(node) { Vote::Granted } else { Vote::Open };
    placement.acceptors().map(|node| (node, vote(node))).collect()
}

/// A log of one entry: what was accepted, or what is known to be chosen.
fn log(proposal: Option<&Proposal>) -> scene::Log {
    let cell = proposal.map(|Proposal { ballot, value }| scene::Cell {
        index: 1,
        epoch: (*ballot).into(),
        text: Some(value.op.to_string()),
    });
    let cells: Vec<_> = cell.into_iter().collect();
    scene::Log { last: cells.len() as u64, cells, ..scene::Log::default() }
}

/// The sentence of a reason, the section of the paper, and whether it is worth stopping for.
fn explain(node: NodeId, reason: &Reason) -> (Phrase, &'static str, bool) {
    use say::paxos::reason as r;
    match reason {
        Reason::Started { promised, accepted: None } => {
            (r::started(node, *promised), "§2.5", false)
        }
        Reason::Started { promised, accepted: Some(accepted) } => {
            (r::started_accepted(*accepted, node, *promised), "§2.5", false)
        }
        Reason::RoundStarted { ballot } => (r::round_started(*ballot, node), "§2.2", true),
        Reason::Waits => (r::waits(node), "§2.2", false),
        Reason::TimedOut { ballot } => (r::timed_out(*ballot, node), "§2.4", true),
        Reason::Preempted { ballot, by } => (r::preempted(*ballot, *by, node), "§2.4", true),
        Reason::Promised { to, ballot, accepted: None } => {
            (r::promised(*ballot, node, *to), "§2.2", false)
        }
        Reason::Promised { to, ballot, accepted: Some(accepted) } => {
            (r::promised_accepted(*accepted, *ballot, node, *to), "§2.2", false)
        }
        Reason::Repeated { from, ballot } => (r::repeated(*ballot, *from, node), "§2.2", false),
        Reason::PrepareRefused { from, ballot, promised } => {
            (r::prepare_refused(*ballot, *from, node, *promised), "§2.5", false)
        }
        Reason::PromiseCounted { from, promises, needed, accepted: None } => {
            (r::promise_counted(*from, *needed, node, *promises), "§2.2", false)
        }
        Reason::PromiseCounted { from, promises, needed, accepted: Some(accepted) } => {
            (r::promise_counted_accepted(*accepted, *from, *needed, node, *promises), "§2.2", false)
        }
        Reason::LateReply { from, ballot } => (r::late_reply(*ballot, *from, node), "§2.2", false),
        Reason::ValueFree { ballot, value, promises } => {
            (r::value_free(*ballot, node, *promises, value.to_string()), "§2.2", true)
        }
        Reason::ValueBound { ballot, value, of, promises } => {
            (r::value_bound(*ballot, node, *of, *promises, value.to_string()), "§2.2, P2c", true)
        }
        Reason::NothingChosen { promises } => (r::nothing_chosen(node, *promises), "§2.2", false),
        Reason::Accepted { ballot, value } => {
            (r::accepted(*ballot, node, value.to_string()), "§2.2", false)
        }
        Reason::AcceptRefused { from, ballot, promised } => {
            (r::accept_refused(*ballot, *from, node, *promised), "§2.2, P1a", false)
        }
        Reason::RefusalHeard { from, ballot, promised } => {
            (r::refusal_heard(*ballot, *from, node, *promised), "§2.5", false)
        }
        Reason::AcceptanceHeard { from, ballot, count, needed } => {
            (r::acceptance_heard(*ballot, *count, *from, *needed, node), "§2.3", false)
        }
        Reason::Learned { ballot, value, count } => {
            (r::learned(*ballot, *count, node, value.to_string()), "§2.3", true)
        }
        Reason::KnownAlready { from } => (r::known_already(*from, node), "§2.3", false),
        Reason::Answered { request, chosen } => {
            (r::answered(chosen.to_string(), node, request.to_string()), "§2.1", false)
        }
        Reason::Redirected { to } => (r::redirected(node, *to), "§2.4", false),
    }
}
