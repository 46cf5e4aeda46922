//! One server without a world: an input goes in, its effects come out as lines of text.

use std::sync::Arc;

use conclave::protocols::raft::{
    Config, Conflict, Durable, Entry, Index, Log, Message, Outcome, Payload, Raft, Server, Term,
    Timer,
};
use conclave::sim::protocol::Alarm;
use conclave::sim::{
    ClientId, Command, Context, Effects, Input, Micros, NodeId, Op, Protocol, RequestId,
};

/// The server that people call S1, S2, …
pub fn s(number: u8) -> NodeId {
    NodeId(number - 1)
}

/// A server of a cluster, and what it is asked to do.
#[derive(Clone, Debug)]
pub struct Solo {
    pub server: Server,
    pub id: NodeId,
    pub nodes: u8,
    pub config: Config,
    /// What is sent and has not been looked at, for tests that carry messages between servers.
    pub sent: Vec<(NodeId, Message)>,
    requests: u32,
}

impl Solo {
    /// S1 of a new cluster.
    pub fn new(nodes: u8) -> Self {
        Self::boot(s(1), nodes, Config::default(), Durable::default()).0
    }

    /// S1 with this term and log, and no vote in that term.
    pub fn with_log(nodes: u8, term: u64, log: Log) -> Self {
        let disk = Durable { current_term: Term(term), voted_for: None, log, ..Durable::default() };
        Self::boot(s(1), nodes, Config::default(), disk).0
    }

    /// A server starts from its disk; the effects of that.
    pub fn boot(id: NodeId, nodes: u8, config: Config, disk: Durable) -> (Self, Vec<String>) {
        let mut fx = Effects::new(true);
        let cx = Context { id, nodes, clock: Micros(0), config: &config };
        let server = Raft::boot(&cx, disk, &mut fx);
        (Self { server, id, nodes, config, sent: Vec::new(), requests: 0 }, lines(&fx))
    }

    /// A candidate of the term after the one on its disk.
    pub fn candidate(nodes: u8) -> Self {
        let mut solo = Self::new(nodes);
        solo.timer(Timer::Election);
        solo
    }

    /// A leader of the term after this one, elected by as many servers as are needed.
    pub fn leader(nodes: u8, term: u64, log: Log) -> Self {
        Self::with_log(nodes, term, log).elected()
    }

    /// Stands for election and wins it.
    pub fn elected(mut self) -> Self {
        self.timer(Timer::Election);
        let term = self.server.term().0;
        for voter in 2..=self.nodes / 2 + 1 {
            self.message(voter, vote(term, true));
        }
        assert!(self.server.is_leader(), "a majority of votes makes a leader");
        self
    }

    /// The server takes an input; what it wants done, one effect a line.
    pub fn step(&mut self, input: Input<'_, Raft>) -> Vec<String> {
        let mut fx = Effects::new(true);
        let Self { id, nodes, ref config, .. } = *self;
        let cx = Context { id, nodes, clock: Micros(0), config };
        Raft::step(&cx, &mut self.server, input, &mut fx);
        self.sent.extend(fx.messages().iter().cloned());
        lines(&fx)
    }

    /// A timer goes off.
    pub fn timer(&mut self, timer: Timer) -> Vec<String> {
        self.step(Input::Timer(timer))
    }

    /// A message from S`from` arrives.
    pub fn message(&mut self, from: u8, message: Message) -> Vec<String> {
        self.step(Input::Message { from: s(from), message: &message })
    }

    /// C1 asks for its next write.
    pub fn write(&mut self, key: &str, value: &str) -> Vec<String> {
        self.requests += 1;
        let command = write(self.requests, key, value);
        self.step(Input::Request(&command))
    }

    /// The terms of its log, in order.
    pub fn terms(&self) -> Vec<u64> {
        self.server.log().entries().iter().map(|entry| entry.term.0).collect()
    }

    /// What a crash now would leave, but for the snapshot.
    pub fn disk(&self) -> Durable {
        Durable { snapshot: Arc::default(), ..Raft::disk(self.server.clone()) }
    }
}

/// Carries messages between servers until none is left; those to others are lost.
pub fn exchange(servers: &mut [Solo]) {
    loop {
        let mut mail = Vec::new();
        for server in servers.iter_mut() {
            let from = server.id;
            mail.extend(server.sent.drain(..).map(|(to, message)| (from, to, message)));
        }
        if mail.is_empty() {
            return;
        }
        for (from, to, message) in mail {
            if let Some(server) = servers.iter_mut().find(|server| server.id == to) {
                server.step(Input::Message { from, message: &message });
            }
        }
    }
}

/// What a step wants done: first what its timers are left at, then messages, then answers.
pub fn lines(fx: &Effects<Raft>) -> Vec<String> {
    let mut lines = Vec::new();
    for &timer in Raft::TIMERS {
        let last = fx.alarms().iter().rfind(|(set, _)| *set == timer);
        lines.extend(last.map(|(_, alarm)| match alarm {
            Alarm::Off => format!("{timer:?} off"),
            Alarm::After { least, most } => format!("{timer:?} after {least} to {most}"),
        }));
    }
    lines.extend(fx.messages().iter().map(|(to, message)| format!("→ {to} {message}")));
    lines.extend(fx.answers().iter().map(|(request, answer)| format!("→ {request} {answer:?}")));
    lines
}

/// A log of entries that do nothing, of these terms.
pub fn log(terms: &[u64]) -> Log {
    let mut log = Log::default();
    for entry in noops(terms) {
        log.push(entry);
    }
    log
}

/// Entries that do nothing, of these terms.
pub fn noops(terms: &[u64]) -> Vec<Entry> {
    terms.iter().map(|&term| Entry::new(Term(term), Payload::Noop)).collect()
}

/// A write of C1.
pub fn write(sequence: u32, key: &str, value: &str) -> Command {
    Command {
        request: RequestId { client: ClientId(0), sequence },
        op: Op::Write { key: key.into(), value: value.into() },
    }
}

/// An entry that holds a command.
pub fn entry(term: u64, command: Command) -> Entry {
    Entry::new(Term(term), Payload::Command(command))
}

/// A candidate asks; its log ends at an index with a term.
pub fn request_vote(term: u64, (last_index, last_term): (u64, u64)) -> Message {
    Message::RequestVote {
        term: Term(term),
        last_log_index: Index(last_index),
        last_log_term: Term(last_term),
        transfer: false,
    }
}

/// A voter answers.
pub fn vote(term: u64, vote_granted: bool) -> Message {
    Message::RequestVoteReply { term: Term(term), vote_granted }
}

/// A leader brings entries that follow an index with a term.
pub fn append(term: u64, prev: (u64, u64), entries: Vec<Entry>, commit: u64) -> Message {
    Message::AppendEntries {
        term: Term(term),
        prev_log_index: Index(prev.0),
        prev_log_term: Term(prev.1),
        entries: entries.into_iter().map(Arc::new).collect(),
        leader_commit: Index(commit),
        round: 0,
    }
}

/// A follower's log equals the leader's up to an index.
pub fn appended(term: u64, match_index: u64) -> Message {
    let outcome = Outcome::Success { match_index: Index(match_index) };
    Message::AppendEntriesReply { term: Term(term), round: 0, outcome }
}

/// A follower refuses what was to follow an index.
pub fn refused(term: u64, prev_log_index: u64, conflict: Option<Conflict>) -> Message {
    let outcome = Outcome::Failure { prev_log_index: Index(prev_log_index), conflict };
    Message::AppendEntriesReply { term: Term(term), round: 0, outcome }
}

/// How a follower that would accept the message answers it; none when it asks for no answer.
pub fn acceptance(message: &Message) -> Option<Message> {
    match message {
        Message::AppendEntries { term, prev_log_index, entries, .. } => {
            Some(appended(term.0, prev_log_index.0 + entries.len() as u64))
        }
        Message::RequestVote { term, .. } => Some(vote(term.0, true)),
        Message::PreVote { term, .. } => {
            Some(Message::PreVoteReply { term: *term, vote_granted: true })
        }
        Message::InstallSnapshot { term, snapshot } => {
            Some(appended(term.0, snapshot.last_included_index.0))
        }
        Message::RequestVoteReply { .. }
        | Message::TimeoutNow { .. }
        | Message::PreVoteReply { .. }
        | Message::AppendEntriesReply { .. } => None,
    }
}
