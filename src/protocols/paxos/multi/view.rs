//! How Multi-Paxos looks. Everything here only reads.

use super::{Breach, Cell, Durable, Message, Milestone, MultiPaxos, Reason, Replica, Role, Slot};
use super::{Timer, Value};
use crate::scene::{self, Epoch, Exhibit, Face, Field, Glyph, Mark, Sentence, Shape, Vote, Window};
use crate::sim::protocol::Judge;
use crate::sim::{NodeId, NodeSet, Protocol, RequestId};
use crate::text::{Argument, Phrase, say};

impl From<Slot> for Argument {
    fn from(slot: Slot) -> Self {
        slot.0.into()
    }
}

impl Exhibit for MultiPaxos {
    const KINDS: &'static [(Glyph, &'static str)] = &[
        (Glyph::Ballot, "Prepare"),
        (Glyph::Yes, "Promise"),
        (Glyph::Heartbeat, "Heartbeat"),
        (Glyph::Entries, "Accept"),
        (Glyph::Ack, "Accepted"),
        (Glyph::No, "Refused"),
        (Glyph::Entries, "Success"),
        (Glyph::Snapshot, "Install"),
    ];

    fn name() -> Phrase {
        say::multi_paxos::name()
    }

    fn setting(id: &str) -> (Phrase, Phrase) {
        use say::multi_paxos::setting as s;
        use say::paxos::{mutation as m, setting as shared};
        use say::raft::setting as raft;
        match id {
            "election_timeout_least" => (raft::election_timeout_least(), s::timeout_least_help()),
            "election_timeout_most" => (raft::election_timeout_most(), s::timeout_most_help()),
            "heartbeat_interval" => (raft::heartbeat_interval(), s::heartbeat_interval_help()),
            "phase1_quorum" => (shared::phase_one_quorum(), shared::phase_one_quorum_help()),
            "phase2_quorum" => (shared::phase_two_quorum(), shared::phase_two_quorum_help()),
            "stable_leader" => (s::stable_leader(), s::stable_leader_help()),
            "client_sessions" => (raft::client_sessions(), s::client_sessions_help()),
            "max_entries" => (raft::max_entries(), s::max_entries_help()),
            "snapshot_threshold" => (raft::snapshot_threshold(), s::snapshot_threshold_help()),
            "forget_promise" => (m::forget_promise(), m::forget_promise_help()),
            "forget_accepted" => (m::forget_accepted(), m::forget_accepted_help()),
            "own_value" => (m::own_value(), s::own_value_help()),
            "any_value" => (m::any_value(), m::any_value_help()),
            "small_quorums" => (m::small_quorums(), m::small_quorums_help()),
            "same_number" => (m::same_number(), m::same_number_help()),
            "reuse_number" => (m::reuse_number(), m::reuse_number_help()),
            "accept_below" => (m::accept_below(), m::accept_below_help()),
            "accept_unpromised" => (m::accept_unpromised(), m::accept_unpromised_help()),
            unknown => unreachable!("{unknown} is not in SETTINGS"),
        }
    }

    fn timer(timer: Timer) -> (Phrase, bool) {
        match timer {
            Timer::Election => (say::raft::election_timer(), true),
            Timer::Heartbeat => (say::raft::heartbeat_timer(), false),
        }
    }

    fn face(me: NodeId, nodes: u8, _: &Self::Config, replica: &Replica, window: Window) -> Face {
        let (name, shape) = match &replica.role {
            Role::Follower { .. } => (say::multi_paxos::follower(), Shape::Plain),
            Role::Candidate { .. } => (say::paxos::preparing(), Shape::Dashed),
            Role::Leader { .. } => (say::multi_paxos::leader(), Shape::Double),
        };
        let mut face = disk_face(&replica.durable, window);
        face.role = scene::Role { name, shape };
        face.leads = replica.is_leader();
        face.votes = votes(replica, nodes);
        face.log.commit = replica.executed().0;
        face.log.applied = replica.executed().0;
        face.fields.extend(volatile_fields(replica));
        if let Role::Leader { acks, peers, .. } = &replica.role {
            let others = NodeId::all(nodes).filter(|&node| node != me);
            face.log.marks = others
                .map(|node| {
                    let lacks = acks.iter().position(|by| !by.contains(node));
                    let next = replica.first_unchosen.0 + lacks.unwrap_or(acks.len()) as u64;
                    let matched = peers[node.slot()].first_unchosen.previous().0;
                    Mark { node, next, matched }
                })
                .collect();
            face.peers = Some(scene::Table {
                title: say::raft::peers(),
                columns: vec!["firstUnaccepted", "firstUnchosen"],
                rows: face
                    .log
                    .marks
                    .iter()
                    .map(|mark| (mark.node, vec![mark.next, mark.matched + 1]))
                    .collect(),
            });
        }
        face
    }

    fn face_down(disk: &Durable, window: Window) -> Face {
        disk_face(disk, window)
    }

    fn leadership(replica: &Replica) -> Option<Epoch> {
        replica.own_ballot().filter(|_| replica.is_leader()).map(Epoch::from)
    }

    fn last_index(replica: &Replica) -> u64 {
        replica.durable.log.last().0
    }

    fn last_index_on(disk: &Durable) -> u64 {
        disk.log.last().0
    }

    fn epoch(message: &Message) -> Epoch {
        message.ballot().into()
    }

    fn fields(message: &Message) -> Vec<(&'static str, String)> {
        let mut fields = vec![("n", message.ballot().to_string())];
        let mut add = |name, value: String| fields.push((name, value));
        match message {
            Message::Prepare { first_unchosen, .. } => {
                add("firstUnchosen", first_unchosen.to_string());
            }
            Message::Promise { accepted, snapshot, .. } => {
                let each = accepted.iter().map(|(slot, cell)| {
                    let number = if cell.chosen { "✓".into() } else { cell.ballot.to_string() };
                    format!("{slot}: {number} {}", cell.value)
                });
                add("accepted", listed(each));
                if let Some(snapshot) = snapshot {
                    add("snapshot", snapshot.last.to_string());
                }
            }
            Message::Accept { first, values, first_unchosen, .. }
            | Message::Success { first, values, first_unchosen, .. } => {
                let each = (first.0..).zip(values.iter());
                add("values", listed(each.map(|(slot, value)| format!("{slot}: {value}"))));
                add("firstUnchosen", first_unchosen.to_string());
            }
            Message::Accepted { first, count, first_unchosen, behind, .. } => {
                let slots = first.until(Slot(first.0 + count));
                add("slots", listed(slots.map(|slot| slot.to_string())));
                add("firstUnchosen", first_unchosen.to_string());
                add("behind", behind.to_string());
            }
            Message::Refused { promised, .. } => add("promised", promised.to_string()),
            Message::Install { snapshot, first_unchosen, .. } => {
                add("snapshot", snapshot.last.to_string());
                add("firstUnchosen", first_unchosen.to_string());
            }
        }
        fields
    }

    fn purpose(message: &Message) -> Phrase {
        use say::multi_paxos::help;
        match message {
            Message::Prepare { .. } => help::prepare(),
            Message::Promise { .. } => help::promise(),
            Message::Accept { values, .. } if values.is_empty() => help::heartbeat(),
            Message::Accept { .. } => help::accept(),
            Message::Accepted { .. } => help::accepted(),
            Message::Refused { .. } => say::paxos::help::refused(),
            Message::Success { .. } => help::success(),
            Message::Install { .. } => help::install(),
        }
    }

    fn notation(message: &Message) -> String {
        message.to_string()
    }

    fn reason(node: NodeId, reason: &Reason) -> Sentence {
        let (phrase, source, key) = explain(node, reason);
        Sentence { phrase, source, key }
    }

    fn milestone(milestone: &Milestone) -> (Phrase, NodeSet) {
        let Milestone::Chosen { slot, chosen } = milestone;
        let by: Vec<Argument> = chosen.by.iter().map(Argument::from).collect();
        let value = named(chosen.value);
        (say::multi_paxos::chosen(chosen.ballot, by, *slot, value), chosen.by)
    }

    fn tries() -> Vec<Phrase> {
        use say::tries;
        vec![
            tries::multi_lead(),
            tries::multi_crash(),
            tries::multi_stable(),
            tries::multi_quorums(),
        ]
    }

    fn invariant(number: usize) -> (Phrase, Phrase, &'static str) {
        use say::multi_paxos::invariant as i;
        use say::paxos::invariant as shared;
        match <MultiPaxos as Protocol>::Judge::INVARIANTS[number] {
            "agreement" => (shared::agreement(), i::agreement_says(), "§2.1"),
            "validity" => (shared::validity(), i::validity_says(), "§2.1"),
            "promises" => (shared::promises(), shared::promises_says(), "§2.5"),
            "acceptances" => (shared::acceptances(), shared::acceptances_says(), "§2.2, P1a"),
            "stability" => (shared::stability(), shared::stability_says(), "§2.2, P2a"),
            "unique_numbers" => (shared::unique_numbers(), i::unique_numbers_says(), "§2.5"),
            "prefixes" => (i::prefixes(), i::prefixes_says(), "§3"),
            unknown => unreachable!("{unknown} is not in INVARIANTS"),
        }
    }

    fn breach(breach: &Breach) -> (Phrase, NodeSet) {
        use say::multi_paxos::breach as b;
        let phrase = match *breach {
            Breach::TwoChosen { slot, first, second, .. } => {
                b::two_chosen(named(first), named(second), slot)
            }
            Breach::ExecutedUnchosen { node, slot, value } => {
                b::executed_unchosen(node, slot, named(value))
            }
            Breach::NobodyProposed { node, slot, value } => {
                b::nobody_proposed(node, slot, named(value))
            }
            Breach::PromiseWentBack { node, from, to } => {
                say::paxos::breach::promise_went_back(from, node, to)
            }
            Breach::AcceptedBelow { node, slot, ballot, bound } => {
                b::accepted_below(ballot, bound, node, slot)
            }
            Breach::Forgotten { node, slot } => b::forgotten(node, slot),
            Breach::Unstable { node, slot, ballot, chosen, value } => {
                b::unstable(ballot, named(chosen), node, slot, named(value))
            }
            Breach::SharedBallot { slot, ballot, first, second, .. } => {
                b::shared_ballot(ballot, named(first), named(second), slot)
            }
            Breach::HistoriesDiffer { node, slot } => b::histories_differ(node, slot),
        };
        (phrase, breach.nodes())
    }
}

/// The sign for nothing, as in the notation of traces.
const NOTHING: &str = "∅";

/// Texts with commas between, or the sign for nothing.
fn listed(each: impl Iterator<Item = String>) -> String {
    let all = each.collect::<Vec<_>>().join(", ");
    if all.is_empty() { NOTHING.into() } else { all }
}

/// A value by whose request it is.
fn named(value: Option<RequestId>) -> Argument {
    match value {
        None => say::log::noop().into(),
        Some(request) => request.to_string().into(),
    }
}

/// A value with no words around it; an empty list is said to be one.
fn plain(value: impl Into<Argument>) -> Phrase {
    match value.into() {
        Argument::List(items) if items.is_empty() => say::language::value(NOTHING),
        value => say::language::value(value),
    }
}

/// What a disk alone shows: all that is left of a crashed replica.
fn disk_face(disk: &Durable, window: Window) -> Face {
    use say::multi_paxos::help;
    let durable = |name, value, help| Field { name, value, durable: true, help };
    Face {
        role: scene::Role { name: say::multi_paxos::follower(), shape: Shape::Plain },
        epoch_name: say::paxos::ballot(),
        epoch: disk.promised.into(),
        caption: None,
        leads: false,
        votes: Vec::new(),
        fields: vec![
            durable("promised", plain(disk.promised), help::promised()),
            durable("round", plain(disk.round), say::paxos::help::round()),
            durable("log[]", plain(disk.log.last()), help::log()),
            durable("snapshot", plain(disk.snapshot.last), help::snapshot()),
        ],
        peers: None,
        members: None,
        log: log(disk, window),
    }
}

fn volatile_fields(replica: &Replica) -> Vec<Field> {
    use say::multi_paxos::help;
    let volatile = |name, value, help| Field { name, value, durable: false, help };
    let bindings = replica.machine.iter().map(|(key, value)| format!("{key}={value}").into());
    let bindings: Vec<Argument> = bindings.collect();
    let mut fields =
        vec![volatile("firstUnchosen", plain(replica.first_unchosen), help::first_unchosen())];
    match &replica.role {
        Role::Follower { leader } => {
            let leader = leader.map_or(say::raft::nobody().into(), Argument::from);
            fields.push(volatile("leader", plain(leader), help::leader()));
        }
        Role::Candidate { ballot, .. } => {
            fields.push(volatile("ballot", plain(*ballot), help::ballot()));
        }
        Role::Leader { ballot, next, .. } => {
            fields.push(volatile("ballot", plain(*ballot), help::ballot()));
            fields.push(volatile("next", plain(*next), help::next()));
        }
    }
    fields.push(volatile("seen", plain(replica.seen), say::paxos::help::seen()));
    fields.push(volatile("stateMachine", plain(bindings), help::machine()));
    fields
}

/// Who has promised, while it runs for leader.
fn votes(replica: &Replica, nodes: u8) -> Vec<(NodeId, Vote)> {
    let Role::Candidate { promises, .. } = &replica.role else { return Vec::new() };
    let vote = |node| if promises.contains(node) { Vote::Granted } else { Vote::Open };
    NodeId::all(nodes).map(|node| (node, vote(node))).collect()
}

fn log(disk: &Durable, window: Window) -> scene::Log {
    let first = window.first.unwrap_or(1);
    let shown = disk.log.from(Slot(first)).take_while(|(slot, _)| slot.0 < first + window.columns);
    let cell = |(slot, cell): (Slot, &Cell)| scene::Cell {
        index: slot.0,
        epoch: cell.ballot.into(),
        text: match &*cell.value {
            Value::Noop => None,
            Value::Command(command) => Some(command.op.to_string()),
        },
    };
    scene::Log {
        last: disk.log.last().0,
        snapshot: disk.log.base().0,
        cells: shown.map(cell).collect(),
        ..scene::Log::default()
    }
}

/// The sentence of a reason, the section of the paper, and whether it is worth stopping for.
fn explain(node: NodeId, reason: &Reason) -> (Phrase, &'static str, bool) {
    use say::multi_paxos::reason as r;
    match *reason {
        Reason::Started { promised, last } => (r::started(last, node, promised), "§2.5", false),
        Reason::RunsForLeader { ballot, first } => {
            (r::runs_for_leader(ballot, first, node), "§3", true)
        }
        Reason::Promised { to, ballot, reported } => {
            (r::promised(ballot, node, reported, to), "§3", false)
        }
        Reason::Repeated { from, ballot } => {
            (say::paxos::reason::repeated(ballot, from, node), "§2.2", false)
        }
        Reason::Refused { from, ballot, promised } => {
            (say::paxos::reason::prepare_refused(ballot, from, node, promised), "§2.5", false)
        }
        Reason::GivesWay { ballot, to } => (r::gives_way(ballot, node, to), "§2.5", true),
        Reason::PromiseCounted { from, promises, needed } => {
            (r::promise_counted(from, needed, node, promises), "§3", false)
        }
        Reason::LateReply { from, ballot } => {
            (say::paxos::reason::late_reply(ballot, from, node), "§2.2", false)
        }
        Reason::Leads { ballot, promises } => (r::leads(ballot, node, promises), "§3", true),
        Reason::Recovers { first, last, gaps } => {
            (r::recovers(first, gaps, last, node), "§3", true)
        }
        Reason::Proposes { ballot, slot } => (r::proposes(ballot, node, slot), "§3", false),
        Reason::Waits => (r::waits(node), "§3", false),
        Reason::Heartbeat { ballot } => (r::heartbeat(ballot, node), "§3", false),
        Reason::LeaderHeard { leader, ballot } => {
            (r::leader_heard(ballot, leader, node), "§3", false)
        }
        Reason::Accepted { ballot, first, last } => {
            (r::accepted(ballot, first, last, node), "§2.2", false)
        }
        Reason::AcceptanceHeard { from, first, last } => {
            (r::acceptance_heard(first, from, last, node), "§2.3", false)
        }
        Reason::Chosen { slot, count } => (r::chosen(count, node, slot), "§2.3", true),
        Reason::Executed { first, last } => (r::executed(first, last, node), "§3", false),
        Reason::Teaches { to, first, count } => (r::teaches(count, first, node, to), "§2.3", false),
        Reason::Taught { from, first, count } => {
            (r::taught(count, first, from, node), "§2.3", false)
        }
        Reason::Compacted { last } => (r::compacted(last, node), "PML §5.5", true),
        Reason::NothingToCompact => (r::nothing_to_compact(node), "PML §5.5", false),
        Reason::SnapshotSent { to, last } => (r::snapshot_sent(last, node, to), "PML §5.5", false),
        Reason::Installed { last } => (r::installed(last, node), "PML §5.5", true),
        Reason::Redirected { to } => (r::redirected(node, to), "§3", false),
        Reason::RedirectedNowhere => (r::redirected_nowhere(node), "§3", false),
    }
}
