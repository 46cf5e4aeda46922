//! The `omnipaxos` crate in our world.
//!
//! A timer of the world ends each round of heartbeats; the engine draws nothing. It wants connections
//! that keep order, and to hear of those that broke and are back: `link.rs` makes them of what the
//! network has. Heartbeats run on the same connections, so that a break is noticed within a round.
//! On a network that lets messages overtake each other it is slow, but safe.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::messages::Message as Letter;
use omnipaxos::storage::{Entry, NoSnapshot, StopSign, Storage, StorageOp, StorageResult};
use omnipaxos::{ClusterConfig, ServerConfig};

use super::link::{Link, Place};
use super::{Outside, Peer};
use crate::protocols::settings::setting;
use crate::sim::digest::Digest;
use crate::sim::machine::KeyValue;
use crate::sim::protocol::{Context, Effects, Input, Protocol, Setting};
use crate::sim::{Answer, Command, Micros, NodeId};

/// The protocol, as a name. It needs two nodes or more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OmniPaxos;

/// How a cluster is tuned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OmniConfig {
    /// How long a round of heartbeats takes: a leader that was not heard in it is replaced. Must be
    /// longer than a message and its reply are on their way.
    pub election_timeout: Micros,
}

impl Default for OmniConfig {
    /// The shortest election timeout of our Raft.
    fn default() -> Self {
        Self { election_timeout: Micros::from_millis(150) }
    }
}

const SETTINGS: &[Setting<OmniConfig>] = &[setting!(time election_timeout)];

/// After how many rounds the engine repeats what was not answered.
const RESEND_ROUNDS: u64 = 2;

/// What goes off at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A round of heartbeats is over.
    Round,
}

impl Entry for Command {
    type Snapshot = NoSnapshot;
}

/// A message of the engine and its place in the connection.
#[derive(Clone, Debug)]
pub struct Message {
    place: Place,
    letter: Box<Letter<Command>>,
}

impl Message {
    /// The engine's messages can be cloned and printed, nothing else.
    fn print(&self) -> String {
        format!("{self:?}")
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.print() == other.print()
    }
}

impl Eq for Message {}

impl Hash for Message {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print().hash(state);
    }
}

/// The disk of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durable {
    /// How often the node was started.
    starts: u32,
    promised: Option<Ballot>,
    accepted: Option<Ballot>,
    decided: u64,
    log: Vec<Command>,
}

impl Hash for Durable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ballot = |ballot: Option<Ballot>| ballot.map(|each| (each.n, each.priority, each.pid));
        (self.starts, ballot(self.promised), ballot(self.accepted), self.decided).hash(state);
        self.log.hash(state);
    }
}

/// The engine owns its storage and never gives it back, so it is given a share.
#[derive(Clone, Debug)]
struct Disk(Rc<RefCell<Durable>>);

impl Storage<Command> for Disk {
    fn write_atomically(&mut self, ops: Vec<StorageOp<Command>>) -> StorageResult<()> {
        for op in ops {
            match op {
                StorageOp::AppendEntry(entry) => self.append_entry(entry)?,
                StorageOp::AppendEntries(entries) => self.append_entries(entries)?,
                StorageOp::AppendOnPrefix(from, entries) => self.append_on_prefix(from, entries)?,
                StorageOp::SetPromise(ballot) => self.set_promise(ballot)?,
                StorageOp::SetDecidedIndex(index) => self.set_decided_idx(index)?,
                StorageOp::SetAcceptedRound(ballot) => self.set_accepted_round(ballot)?,
                StorageOp::SetCompactedIdx(index) => self.set_compacted_idx(index)?,
                StorageOp::Trim(index) => self.trim(index)?,
                StorageOp::SetStopsign(stop) => self.set_stopsign(stop)?,
                StorageOp::SetSnapshot(snapshot) => self.set_snapshot(snapshot)?,
            }
        }
        Ok(())
    }

    fn append_entry(&mut self, entry: Command) -> StorageResult<()> {
        self.0.borrow_mut().log.push(entry);
        Ok(())
    }

    fn append_entries(&mut self, entries: Vec<Command>) -> StorageResult<()> {
        self.0.borrow_mut().log.extend(entries);
        Ok(())
    }

    fn append_on_prefix(&mut self, from: usize, entries: Vec<Command>) -> StorageResult<()> {
        let log = &mut self.0.borrow_mut().log;
        log.truncate(from);
        log.extend(entries);
        Ok(())
    }

    fn set_promise(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.0.borrow_mut().promised = Some(ballot);
        Ok(())
    }

    fn set_decided_idx(&mut self, index: usize) -> StorageResult<()> {
        self.0.borrow_mut().decided = index as u64;
        Ok(())
    }

    fn get_decided_idx(&self) -> StorageResult<usize> {
        Ok(self.0.borrow().decided as usize)
    }

    fn set_accepted_round(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.0.borrow_mut().accepted = Some(ballot);
        Ok(())
    }

    fn get_accepted_round(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.0.borrow().accepted)
    }

    fn get_entries(&self, from: usize, to: usize) -> StorageResult<Vec<Command>> {
        Ok(self.0.borrow().log.get(from..to).unwrap_or_default().to_vec())
    }

    fn get_log_len(&self) -> StorageResult<usize> {
        Ok(self.0.borrow().log.len())
    }

    fn get_suffix(&self, from: usize) -> StorageResult<Vec<Command>> {
        Ok(self.0.borrow().log.get(from..).unwrap_or_default().to_vec())
    }

    fn get_promise(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.0.borrow().promised)
    }

    fn set_stopsign(&mut self, stop: Option<StopSign>) -> StorageResult<()> {
        assert!(stop.is_none(), "the members never change");
        Ok(())
    }

    fn get_stopsign(&self) -> StorageResult<Option<StopSign>> {
        Ok(None)
    }

    fn trim(&mut self, _: usize) -> StorageResult<()> {
        unreachable!("the log is never trimmed")
    }

    fn set_compacted_idx(&mut self, _: usize) -> StorageResult<()> {
        unreachable!("the log is never trimmed")
    }

    fn get_compacted_idx(&self) -> StorageResult<usize> {
        Ok(0)
    }

    fn set_snapshot(&mut self, _: Option<NoSnapshot>) -> StorageResult<()> {
        unreachable!("no snapshots are taken")
    }

    fn get_snapshot(&self) -> StorageResult<Option<NoSnapshot>> {
        Ok(None)
    }
}

/// A node.
pub struct Node {
    engine: omnipaxos::OmniPaxos<Command, Disk>,
    disk: Rc<RefCell<Durable>>,
    machine: KeyValue,
    applied: u64,
    /// The connection to each node.
    links: Vec<Link<Box<Letter<Command>>>>,
    /// What is to be sent; empty between steps.
    outbox: Vec<Letter<Command>>,
}

/// It cannot be done: the engine can be neither copied nor put into a given state. Whoever wants a
/// copy of a world plays its recording again.
impl Clone for Node {
    /// # Panics
    /// Always.
    fn clone(&self) -> Self {
        panic!("an omnipaxos node cannot be cloned; replay the run instead")
    }
}

impl Node {
    /// All that can be seen of it.
    fn facts(&self) -> impl PartialEq + Hash + fmt::Debug + use<> {
        let ui = self.engine.get_ui_states();
        // What can only be printed.
        let rest = format!("{:?} {:?} {:?}", ui.current_ballot, ui.heartbeats, self.links);
        let disk = self.disk.borrow().clone();
        let leader = self.engine.get_current_leader();
        (disk, leader, self.machine.clone(), rest)
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
        let Ballot { n, pid, .. } = self.engine.get_promise();
        (n.into(), pid)
    }

    fn leads(&self) -> bool {
        self.engine.get_current_leader() == Some((self.engine.get_pid(), true))
    }

    fn decided(&self) -> u64 {
        self.disk.borrow().decided
    }

    fn applied(&self) -> u64 {
        self.applied
    }

    fn entry(&self, index: u64) -> Option<u64> {
        self.disk.borrow().log.get(index as usize - 1).map(Digest::of)
    }
}

type Cx<'a> = Context<'a, OmniPaxos>;
type Fx = Effects<OmniPaxos>;

/// The engine counts its nodes from 1.
fn pid(node: NodeId) -> u64 {
    u64::from(node.0) + 1
}

impl Protocol for OmniPaxos {
    type Config = OmniConfig;
    type Durable = Durable;
    type State = Node;
    type Message = Message;
    type Timer = Timer;
    type Reason = ();
    type Judge = Outside;

    const ID: &'static str = "omnipaxos";
    const TIMERS: &'static [Timer] = &[Timer::Round];

    fn settings() -> &'static [Setting<OmniConfig>] {
        SETTINGS
    }

    fn first_disk() -> Durable {
        Durable::default()
    }

    fn boot(cx: &Cx<'_>, mut disk: Durable, fx: &mut Fx) -> Node {
        disk.starts += 1;
        let links = NodeId::all(cx.nodes).map(|_| Link::new(disk.starts)).collect();
        let disk = Rc::new(RefCell::new(disk));
        let cluster = ClusterConfig {
            configuration_id: 1,
            nodes: NodeId::all(cx.nodes).map(pid).collect(),
            flexible_quorum: None,
        };
        let server = ServerConfig {
            pid: pid(cx.id),
            election_tick_timeout: 1,
            resend_message_tick_timeout: RESEND_ROUNDS,
            // Room for messages, reserved at once; more than a step sends.
            buffer_size: 256,
            ..ServerConfig::default()
        };
        let engine = cluster.build_for_server(server, Disk(disk.clone()));
        let mut node = Node {
            engine: engine.expect("two nodes or more make a cluster"),
            disk,
            machine: KeyValue::default(),
            applied: 0,
            links,
            outbox: Vec::new(),
        };
        node.next_round(cx, fx);
        node.settle(fx);
        node
    }

    fn step(cx: &Cx<'_>, node: &mut Node, input: Input<'_, Self>, fx: &mut Fx) {
        match input {
            Input::Timer(Timer::Round) => {
                node.check_links();
                node.engine.tick();
                node.next_round(cx, fx);
            }
            Input::Message { from, message } => node.receive(from, message),
            Input::Request(command) => match node.engine.get_current_leader() {
                Some((leader, _)) if leader == pid(cx.id) => {
                    let taken = node.engine.append(command.clone());
                    taken.expect("entries are refused only while the members change");
                }
                leader => {
                    let leader = leader.map(|(leader, _)| NodeId(leader as u8 - 1));
                    fx.answer(command.request, Answer::Redirect(leader));
                }
            },
            Input::Order(_) => unreachable!("it takes no orders"),
        }
        node.settle(fx);
    }

    fn disk(node: Node) -> Durable {
        node.disk.take()
    }
}

impl Node {
    fn next_round(&self, cx: &Cx<'_>, fx: &mut Fx) {
        let round = cx.config.election_timeout;
        fx.set_timer(Timer::Round, round, round);
    }

    /// Takes in what can be read of a connection now that a message came.
    fn receive(&mut self, from: NodeId, message: &Message) {
        let link = &mut self.links[from.slot()];
        let (reconnected, mut next) = link.receive(message.place, message.letter.clone());
        if reconnected {
            self.engine.reconnected(pid(from));
        }
        while let Some(letter) = next {
            self.engine.handle_incoming(*letter);
            next = link.take();
        }
    }

    /// Looks for connections on which nothing gets on.
    fn check_links(&mut self) {
        for (slot, link) in self.links.iter_mut().enumerate() {
            if link.check() {
                self.engine.reconnected(pid(NodeId(slot as u8)));
            }
        }
    }

    /// Applies what was decided and sends what is to be sent.
    fn settle(&mut self, fx: &mut Fx) {
        let disk = self.disk.borrow();
        if self.applied < disk.decided {
            let leads = self.engine.get_current_leader() == Some((self.engine.get_pid(), true));
            for command in &disk.log[self.applied as usize..disk.decided as usize] {
                let answer = self.machine.apply(command, true);
                if leads {
                    fx.answer(command.request, answer);
                }
            }
            self.applied = disk.decided;
        }
        self.engine.take_outgoing_messages(&mut self.outbox);
        self.outbox.sort_by_key(Letter::get_receiver);
        for letter in self.outbox.drain(..) {
            let to = NodeId(letter.get_receiver() as u8 - 1);
            let place = self.links[to.slot()].send();
            fx.send(to, Message { place, letter: Box::new(letter) });
        }
    }
}
