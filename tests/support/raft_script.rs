//! What scripts ask of Raft servers.

use conclave::protocols::raft::membership::Configuration;
use conclave::protocols::raft::{Log, Raft, Reason, Refusal, Server};
use conclave::sim::{Action, MemberChange, Micros, NodeId, Order, Place};

use super::cluster::story;
use super::script::Script;
use super::solo::s;

/// Timers that leave a script time to let one server's clock run by itself.
const SLOW: [(&str, u64); 3] = [
    ("election_timeout_least", Micros::from_secs(5).0),
    ("election_timeout_most", Micros::from_secs(10).0),
    ("heartbeat_interval", Micros::from_secs(1).0),
];

impl Script<Raft> {
    /// Servers to whom nothing happens by itself.
    pub fn raft(nodes: u8, settings: &[(&str, u64)]) -> Self {
        Self::new(nodes, &[&SLOW, settings].concat())
    }

    /// The same, with S1 as the leader of term 1 and its first entry, which does nothing, committed
    /// everywhere.
    pub fn led(nodes: u8, settings: &[(&str, u64)]) -> Self {
        let mut script = Self::raft(nodes, &[&[("leader_noop", 1)], settings].concat());
        script.campaign(s(1));
        script.settle();
        script.beat(s(1));
        script.settle();
        assert!(script.server(s(1)).is_leader());
        assert_eq!(script.commits(), vec![1; nodes.into()]);
        script
    }

    /// A server's election timeout elapses.
    pub fn campaign(&mut self, node: NodeId) {
        self.fire(node, 0);
    }

    /// It is time for a leader's heartbeat.
    pub fn beat(&mut self, node: NodeId) {
        self.fire(node, 1);
    }

    /// Whether a server has an election timeout that could elapse.
    pub fn may_campaign(&self, node: NodeId) -> bool {
        self.world.timers(node).any(|(number, _)| number == 0)
    }

    /// Whatever is under way to these servers arrives, and whatever comes of it at them.
    pub fn stabilize(&mut self, nodes: &[NodeId]) {
        let to: Vec<_> = nodes.iter().map(|node| format!("→ {node} ")).collect();
        self.flood(|text| to.iter().any(|to| text.contains(to)));
    }

    /// Everything arrives.
    pub fn settle(&mut self) {
        self.flood(|_| true);
    }

    /// What is under way to a server is lost.
    pub fn lose(&mut self, lost: impl Fn(&str) -> bool) {
        for (message, text) in self.mail() {
            if lost(&text) {
                self.act(Action::Drop { message });
            }
        }
    }

    /// A span passes on one server's clock; on the others', and for messages, a tenth of it.
    pub fn pass(&mut self, node: NodeId, span: Micros) {
        self.act(Action::SetClock { node, ppm: 10_000_000 });
        let moment = self.world.now() + Micros(span.0 / 10);
        self.world.run_until(moment, &mut self.heard);
        self.act(Action::SetClock { node, ppm: 1_000_000 });
    }

    /// A person asks a server for something; why it refuses, if it does.
    pub fn order(&mut self, node: NodeId, order: Order) -> Option<Refusal> {
        let before = self.heard.reasons.len();
        self.act(Action::Order { node, order });
        self.heard.reasons[before..].iter().find_map(|reason| match reason {
            Reason::OrderRefused(refusal) => Some(refusal.clone()),
            _ => None,
        })
    }

    /// A person asks a server to change the membership.
    pub fn reconfigure(&mut self, node: NodeId, changes: &[MemberChange]) -> Option<Refusal> {
        self.order(node, Order::Reconfigure { changes: changes.to_vec() })
    }

    pub fn server(&self, node: NodeId) -> &Server {
        self.state(node)
    }

    pub fn log(&self, node: NodeId) -> &Log {
        self.server(node).log()
    }

    /// The terms and commands of a log, such as `1 x=1`.
    pub fn story(&self, node: NodeId) -> Vec<String> {
        story(self.log(node))
    }

    pub fn terms(&self, node: NodeId) -> Vec<u64> {
        self.log(node).entries().iter().map(|entry| entry.term.0).collect()
    }

    /// What each server is: its role and its term, as in `S1 leads 1`.
    pub fn roles(&self) -> Vec<String> {
        use conclave::protocols::raft::Role;
        let role = |node: NodeId| {
            let server = self.server(node);
            let does = match server.role {
                Role::Follower { .. } => "follows",
                Role::PreCandidate { .. } => "asks",
                Role::Candidate { .. } => "stands",
                Role::Leader { .. } => "leads",
            };
            format!("{node} {does} {}", server.term())
        };
        NodeId::all(self.world.size()).map(role).collect()
    }

    pub fn commits(&self) -> Vec<u64> {
        NodeId::all(self.world.size()).map(|node| self.server(node).commit_index.0).collect()
    }

    pub fn configuration(&self, node: NodeId) -> Configuration {
        self.server(node).configuration
    }

    /// What the servers said since a moment in the play.
    pub fn reasons_since(&self, heard: usize) -> &[Reason] {
        &self.heard.reasons[heard..]
    }

    /// What a key is bound to at a server.
    pub fn value(&self, node: NodeId, key: &str) -> Option<&str> {
        self.server(node).machine.get(key).map(|value| value.as_str())
    }
}

/// S`number` gets a vote.
pub fn voter(number: u8) -> MemberChange {
    MemberChange { node: s(number), place: Place::Voter }
}

/// S`number` receives the log and has no vote.
pub fn learner(number: u8) -> MemberChange {
    MemberChange { node: s(number), place: Place::Learner }
}

/// S`number` leaves.
pub fn outside(number: u8) -> MemberChange {
    MemberChange { node: s(number), place: Place::Outside }
}
