//! TiKV's `raft` crate in our world.
//!
//! The engine counts ticks and draws its own election timeouts. Here the world does both: a timer of
//! the world goes off after an election timeout that the world drew, and the engine is told to
//! campaign, as its `tick` would; another goes off for each heartbeat. Whenever the engine puts
//! `election_elapsed` back to zero, it has heard of a leader, voted or changed its role, and the
//! world's timer is set anew. So the engine decides when, the world decides how long, and what the
//! engine draws by itself is never looked at.
//!
//! It wants bytes for entries, so commands are encoded when they are proposed and decoded when they
//! are applied. All of a step is on disk before its messages leave, which the world's contract
//! promises; snapshots are never taken.

use std::fmt;
use std::hash::{Hash, Hasher};

use raft::eraftpb::{self, ConfState, Entry, HardState, MessageType};
use raft::{GetEntriesContext, RaftState, RawNode, StateRole, Storage, StorageError};
use slog::{Discard, Logger, o};

use super::{Outside, Peer};
use crate::protocols::settings::setting;
use crate::sim::digest::Digest;
use crate::sim::machine::KeyValue;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::{Answer, ClientId, Command, Micros, NodeId, Op, RequestId, Text};

/// The protocol, as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftRs;

/// How a cluster is tuned; the names and defaults of our own Raft.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftRsConfig {
    /// The shortest election timeout.
    pub election_timeout_least: Micros,
    /// The longest election timeout.
    pub election_timeout_most: Micros,
    /// The time between two heartbeats of a leader.
    pub heartbeat_interval: Micros,
    /// Whether a node asks before it begins a new term.
    pub pre_vote: bool,
    /// Whether a leader that no majority answers steps down, and leases are respected.
    pub check_quorum: bool,
}

impl Default for RaftRsConfig {
    fn default() -> Self {
        Self {
            election_timeout_least: Micros::from_millis(150),
            election_timeout_most: Micros::from_millis(300),
            heartbeat_interval: Micros::from_millis(50),
            pre_vote: false,
            check_quorum: false,
        }
    }
}

const SETTINGS: &[Setting<RaftRsConfig>] = &[
    setting!(time election_timeout_least),
    setting!(time election_timeout_most),
    setting!(time heartbeat_interval),
    setting!(switch pre_vote),
    setting!(switch check_quorum),
];

/// What goes off at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// No leader was heard for an election timeout.
    Election,
    /// It is time for a leader's next heartbeat.
    Heartbeat,
}

/// A message of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Message(Box<eraftpb::Message>);

impl Eq for Message {}

impl Hash for Message {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let message = &*self.0;
        (message.msg_type as u8, message.from, message.to, message.term).hash(state);
        (message.log_term, message.index, message.commit, message.commit_term).hash(state);
        (message.reject, message.reject_hint, &message.context).hash(state);
        message.entries.len().hash(state);
        message.entries.iter().for_each(|entry| entry_digest(entry).hash(state));
    }
}

fn entry_digest(entry: &Entry) -> u64 {
    Digest::of(&(entry.term, &entry.data))
}

/// The disk of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durable {
    hard_state: HardState,
    entries: Vec<Entry>,
    nodes: u8,
}

impl Hash for Durable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let HardState { term, vote, commit, .. } = self.hard_state;
        (term, vote, commit, self.nodes, self.entries.len()).hash(state);
        self.entries.iter().for_each(|entry| entry_digest(entry).hash(state));
    }
}

impl Durable {
    /// Writes entries, over those of the same index and all after them.
    fn append(&mut self, entries: Vec<Entry>) {
        if let Some(first) = entries.first() {
            self.entries.truncate(first.index as usize - 1);
            self.entries.extend(entries);
        }
    }
}

impl Storage for Durable {
    fn initial_state(&self) -> raft::Result<RaftState> {
        let voters: Vec<u64> = (1..=self.nodes.into()).collect();
        Ok(RaftState::new(self.hard_state.clone(), ConfState::from((voters, Vec::new()))))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        let mut entries = self.entries[low as usize - 1..high as usize - 1].to_vec();
        raft::util::limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        let Some(place) = index.checked_sub(1) else { return Ok(0) };
        let entry = self.entries.get(place as usize);
        entry.map(|entry| entry.term).ok_or(StorageError::Unavailable.into())
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.entries.len() as u64)
    }

    fn snapshot(&self, _: u64, _: u64) -> raft::Result<eraftpb::Snapshot> {
        Err(StorageError::SnapshotTemporarilyUnavailable.into())
    }
}

/// A node.
pub struct Node {
    engine: RawNode<Durable>,
    machine: KeyValue,
    /// When the engine's election clock was last put back, on the node's own clock.
    election_since: Micros,
    /// When it last made sure of its majority, if it leads.
    quorum_checked: Option<Micros>,
    /// What is to be sent; empty between steps.
    outbox: Vec<eraftpb::Message>,
}

/// The engine cannot be copied, but it can be built anew from its disk and its public fields: between
/// steps nothing else of it matters.
impl Clone for Node {
    fn clone(&self) -> Self {
        let raft = &self.engine.raft;
        let disk = raft.store().clone();
        let mut engine = start(raft.id, raft.raft_log.applied, disk);
        let copy = &mut engine.raft;
        copy.mut_prs().clone_from(raft.prs());
        copy.state = raft.state;
        copy.leader_id = raft.leader_id;
        copy.election_elapsed = raft.election_elapsed;
        copy.pending_conf_index = raft.pending_conf_index;
        copy.check_quorum = raft.check_quorum;
        copy.pre_vote = raft.pre_vote;
        // Nothing is pending; this only tells it that its role is no news.
        let ready = engine.ready();
        engine.advance(ready);
        Self { engine, machine: self.machine.clone(), outbox: Vec::new(), ..*self }
    }
}

impl Node {
    /// All that two nodes can differ in between steps.
    fn facts(&self) -> impl PartialEq + Hash + fmt::Debug + use<'_> {
        let raft = &self.engine.raft;
        let mut followers: Vec<_> = raft.prs().iter().collect();
        followers.sort_unstable_by_key(|(id, _)| **id);
        let followers: Vec<_> = followers
            .into_iter()
            .map(|(id, each)| {
                let flow = (each.paused, each.recent_active, each.ins.full());
                (*id, each.matched, each.next_idx, each.state as u8, flow)
            })
            .collect();
        let role = (raft.state as u8, raft.leader_id, raft.election_elapsed);
        let (granted, refused, _) = raft.prs().tally_votes();
        let clocks = (self.election_since, self.quorum_checked);
        let progress = (raft.raft_log.applied, granted, refused, followers);
        (raft.store(), role, progress, clocks, &self.machine)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts().fmt(f)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.facts(), other.facts());
        mine == theirs
    }
}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.facts().hash(state);
    }
}

impl Peer for Node {
    fn ballot(&self) -> (u64, u64) {
        (self.engine.raft.term, 0)
    }

    fn leads(&self) -> bool {
        self.engine.raft.state == StateRole::Leader
    }

    fn decided(&self) -> u64 {
        self.engine.raft.raft_log.committed
    }

    fn applied(&self) -> u64 {
        self.engine.raft.raft_log.applied
    }

    fn entry(&self, index: u64) -> Option<u64> {
        self.engine.store().entries.get(index as usize - 1).map(entry_digest)
    }
}

type Cx<'a> = Context<'a, RaftRs>;
type Fx = Effects<RaftRs>;

/// Between two looks at the world's clock the engine's own stands still: here it shows one tick
/// while the shortest election timeout has not passed, and then two.
const ELECTION_TICKS: usize = 2;

fn start(id: u64, applied: u64, disk: Durable) -> RawNode<Durable> {
    let config = raft::Config {
        id,
        applied,
        election_tick: ELECTION_TICKS,
        heartbeat_tick: 1,
        max_size_per_msg: raft::NO_LIMIT,
        max_inflight_msgs: 256,
        ..raft::Config::default()
    };
    RawNode::new(&config, disk, &Logger::root(Discard, o!())).expect("the configuration is valid")
}

impl Protocol for RaftRs {
    type Config = RaftRsConfig;
    type Durable = Durable;
    type State = Node;
    type Message = Message;
    type Timer = Timer;
    type Reason = ();
    type Judge = Outside;

    const ID: &'static str = "raft-rs";
    const TIMERS: &'static [Timer] = &[Timer::Election, Timer::Heartbeat];

    fn settings() -> &'static [Setting<RaftRsConfig>] {
        SETTINGS
    }

    fn first_disk() -> Durable {
        Durable::default()
    }

    fn boot(cx: &Cx<'_>, mut disk: Durable, fx: &mut Fx) -> Node {
        disk.nodes = cx.nodes;
        let mut node = Node {
            engine: start(u64::from(cx.id.0) + 1, 0, disk),
            machine: KeyValue::default(),
            election_since: cx.clock,
            quorum_checked: None,
            outbox: Vec::new(),
        };
        node.settle(cx, fx);
        node
    }

    fn step(cx: &Cx<'_>, node: &mut Node, input: Input<'_, Self>, fx: &mut Fx) {
        let raft = &mut node.engine.raft;
        let lease = cx.clock.since(node.election_since) < cx.config.election_timeout_least;
        raft.election_elapsed = if lease { 1 } else { ELECTION_TICKS };
        raft.pre_vote = cx.config.pre_vote;
        raft.check_quorum = cx.config.check_quorum;
        match input {
            Input::Timer(Timer::Election) => {
                raft.election_elapsed = 0;
                // Refused only while it leads.
                let _ = node.engine.campaign();
            }
            Input::Timer(Timer::Heartbeat) => node.heartbeat(cx, fx),
            // What it refuses, a response to nobody's question for instance, is as good as lost.
            Input::Message { message, .. } => {
                let _ = node.engine.step((*message.0).clone());
            }
            Input::Request(command) => {
                if raft.state == StateRole::Leader {
                    let proposed = node.engine.propose(Vec::new(), encode(command));
                    proposed.expect("a leader takes every proposal");
                } else {
                    let leader = raft.leader_id.checked_sub(1).map(|id| NodeId(id as u8));
                    fx.answer(command.request, Answer::Redirect(leader));
                }
            }
            Input::Order(_) => unreachable!("it takes no orders"),
        }
        node.settle(cx, fx);
    }

    fn disk(node: Node) -> Durable {
        node.engine.store().clone()
    }
}

impl Node {
    fn heartbeat(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let raft = &mut self.engine.raft;
        if let Some(checked) = self.quorum_checked
            && cx.clock.since(checked) >= cx.config.election_timeout_least
        {
            self.quorum_checked = Some(cx.clock);
            if cx.config.check_quorum {
                let mut message = eraftpb::Message::default();
                message.set_msg_type(MessageType::MsgCheckQuorum);
                message.from = raft.id;
                let _ = raft.step(message);
            }
        }
        if raft.state == StateRole::Leader {
            fx.set_timer(
                Timer::Heartbeat,
                cx.config.heartbeat_interval,
                cx.config.heartbeat_interval,
            );
            raft.ping();
        }
    }

    /// Does what the engine has ready, then sends and sets timers.
    fn settle(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        while self.engine.has_ready() {
            let mut ready = self.engine.ready();
            self.outbox.append(&mut ready.take_messages());
            self.apply(&ready.take_committed_entries(), fx);
            let entries = ready.take_entries();
            let disk = self.engine.mut_store();
            disk.append(entries);
            if let Some(hard_state) = ready.hs() {
                disk.hard_state.clone_from(hard_state);
            }
            self.outbox.append(&mut ready.take_persisted_messages());
            let mut light = self.engine.advance(ready);
            if let Some(commit) = light.commit_index() {
                self.engine.mut_store().hard_state.commit = commit;
            }
            self.outbox.append(&mut light.take_messages());
            self.apply(&light.take_committed_entries(), fx);
            self.engine.advance_apply();
        }
        // The engine goes through its followers in the order of a hash map.
        self.outbox.sort_by_key(|message| message.to);
        for message in self.outbox.drain(..) {
            fx.send(NodeId(message.to as u8 - 1), Message(Box::new(message)));
        }
        self.set_timers(cx, fx);
    }

    fn set_timers(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let leads = self.leads();
        let restarted = self.engine.raft.election_elapsed == 0;
        if restarted {
            self.election_since = cx.clock;
        }
        if leads != self.quorum_checked.is_some() {
            if leads {
                let interval = cx.config.heartbeat_interval;
                fx.set_timer(Timer::Heartbeat, interval, interval);
                fx.stop_timer(Timer::Election);
            } else {
                fx.stop_timer(Timer::Heartbeat);
            }
            self.quorum_checked = leads.then_some(cx.clock);
        }
        if restarted && !leads {
            let RaftRsConfig { election_timeout_least, election_timeout_most, .. } = *cx.config;
            fx.set_timer(Timer::Election, election_timeout_least, election_timeout_most);
        }
    }

    fn apply(&mut self, entries: &[Entry], fx: &mut Fx) {
        let leads = self.leads();
        // The entry with which a leader begins its term is empty.
        for entry in entries.iter().filter(|entry| !entry.data.is_empty()) {
            let command = decode(&entry.data);
            let answer = self.machine.apply(&command, true);
            if leads {
                fx.answer(command.request, answer);
            }
        }
    }
}

/// A command as bytes: client, sequence, the length of the key with the kind of operation in its
/// highest bit, key, value.
fn encode(Command { request, op }: &Command) -> Vec<u8> {
    let (key, value, write) = match op {
        Op::Read { key } => (key, "", 0),
        Op::Write { key, value } => (key, value.as_str(), WRITE),
    };
    let mut bytes = Vec::with_capacity(HEAD + key.len() + value.len());
    bytes.extend(request.client.0.to_le_bytes());
    bytes.extend(request.sequence.to_le_bytes());
    bytes.extend((key.len() as u16 | write).to_le_bytes());
    bytes.extend(key.as_bytes());
    bytes.extend(value.as_bytes());
    bytes
}

/// How many bytes come before the key.
const HEAD: usize = 8;
const WRITE: u16 = 1 << 15;

fn decode(bytes: &[u8]) -> Command {
    let (&[c0, c1, s0, s1, s2, s3, k0, k1], texts) =
        bytes.split_first_chunk::<HEAD>().expect("encode wrote a head");
    let kind = u16::from_le_bytes([k0, k1]);
    let (key, value) = texts.split_at(usize::from(kind & !WRITE));
    let text = |bytes| Text::new(str::from_utf8(bytes).expect("encode wrote UTF-8"));
    let key = text(key);
    Command {
        request: RequestId {
            client: ClientId(u16::from_le_bytes([c0, c1])),
            sequence: u32::from_le_bytes([s0, s1, s2, s3]),
        },
        op: if kind & WRITE == 0 {
            Op::Read { key }
        } else {
            Op::Write { key, value: text(value) }
        },
    }
}
