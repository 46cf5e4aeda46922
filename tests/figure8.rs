//! Figure 8 of the Raft paper, step by step (RAFT-13): why a leader commits only entries of its own
//! term by counting. S1 to S5 are the paper's; `a` is its entry of term 1, `b` of term 2, `c` of
//! term 3, `d` of term 4.

use conclave::protocols::raft::{Breach, Figure3, Payload, Raft, Server};
use conclave::sim::world::Setup;
use conclave::sim::{Action, Judge, Micros, NodeId, Op, World};

const S1: NodeId = NodeId(0);
const S2: NodeId = NodeId(1);
const S3: NodeId = NodeId(2);
const S4: NodeId = NodeId(3);
const S5: NodeId = NodeId(4);

/// A cluster in which nothing happens by itself: timers run out when the script says so.
struct Script(World<Raft>);

impl Script {
    fn new(mutation: Option<&str>) -> Self {
        let mut script = Self(World::new(&Setup::default(), &mut ()));
        let still = Micros::from_secs(10).0;
        for (setting, value) in [
            ("election_timeout_most", still),
            ("election_timeout_least", still),
            ("heartbeat_interval", still),
        ] {
            script.act(Action::Configure { setting: setting.into(), value });
        }
        for node in NodeId::all(5) {
            // The timers of the first boot were set before that.
            script.act(Action::Crash { node });
            script.act(Action::Restart { node });
        }
        if let Some(mutation) = mutation {
            script.act(Action::Configure { setting: mutation.into(), value: 1 });
        }
        script
    }

    fn act(&mut self, action: Action) {
        self.0.act(&action, &mut ()).expect("the script can be played");
    }

    /// Lets what is under way arrive.
    fn settle(&mut self) {
        self.0.run_until(self.0.now() + Micros::from_millis(200), &mut ());
    }

    /// Only these reach each other.
    fn together(&mut self, nodes: &[NodeId]) {
        let alone = |node: NodeId| if nodes.contains(&node) { 0 } else { node.0 + 1 };
        self.act(Action::Partition { sides: NodeId::all(5).map(alone).collect() });
    }

    /// The node's election timeout elapses.
    fn time_out(&mut self, node: NodeId) {
        self.act(Action::FireTimer { node, timer: 0 });
        self.settle();
    }

    fn write(&mut self, node: NodeId, value: &str) {
        let op = Op::Write { key: "x".into(), value: value.into() };
        self.act(Action::Request { node, op, persistent: false });
        self.settle();
    }

    fn server(&self, node: NodeId) -> &Server {
        self.0.state(node).expect("it is up")
    }

    /// A log in the manner of the figure: each entry as its value and its term.
    fn log(&self, node: NodeId) -> String {
        let durable = self.0.state(node).map(|server| &server.durable);
        let durable = durable.or_else(|| self.0.disk(node)).expect("it is up or has a disk");
        let entry = |payload: &Payload| match payload {
            Payload::Command(command) => match &command.op {
                Op::Write { value, .. } => value.to_string(),
                Op::Read { .. } => "?".into(),
            },
            Payload::Noop | Payload::Configuration(_) => "-".into(),
        };
        let entries = durable.log.entries().iter();
        let entries = entries.map(|each| format!("{}{}", entry(&each.payload), each.term));
        entries.collect::<Vec<_>>().join(" ")
    }

    fn logs(&self) -> [String; 5] {
        [S1, S2, S3, S4, S5].map(|node| self.log(node))
    }

    fn leads(&self, node: NodeId) -> bool {
        self.0.state(node).is_some_and(Server::is_leader)
    }

    /// (a) "S1 is leader and partially replicates the log entry at index 2."
    fn a(&mut self) {
        self.time_out(S2);
        self.write(S2, "a");
        self.time_out(S1);
        assert!(self.leads(S1) && self.server(S1).term().0 == 2);
        self.together(&[S1, S2]);
        self.write(S1, "b");
        assert_eq!(self.logs(), ["a1 b2", "a1 b2", "a1", "a1", "a1"]);
    }

    /// (b) "S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself, and
    /// accepts a different entry at log index 2."
    fn b(&mut self) {
        self.act(Action::Crash { node: S1 });
        self.together(&[S3, S4, S5]);
        self.time_out(S5);
        assert!(self.leads(S5) && self.server(S5).term().0 == 3);
        self.together(&[S5]);
        self.write(S5, "c");
        assert_eq!(self.logs(), ["a1 b2", "a1 b2", "a1", "a1", "a1 c3"]);
    }

    /// (c) "S5 crashes; S1 restarts, is elected leader, and continues replication. At this point,
    /// the log entry from term 2 has been replicated on a majority of the servers, but it is not
    /// committed."
    fn c(&mut self) {
        self.act(Action::Crash { node: S5 });
        self.act(Action::Restart { node: S1 });
        self.together(&[S1, S2, S3]);
        self.time_out(S1);
        self.time_out(S1);
        assert!(self.leads(S1) && self.server(S1).term().0 == 4);
        assert_eq!(self.logs(), ["a1 b2", "a1 b2", "a1 b2", "a1", "a1 c3"]);
    }

    /// (d) and (e) begin alike: S1 crashes, and S5 stands for election.
    fn s5_stands(&mut self) {
        self.act(Action::Crash { node: S1 });
        self.act(Action::Restart { node: S5 });
        self.together(&[S2, S3, S4, S5]);
        self.time_out(S5);
        self.time_out(S5);
    }
}

#[test]
fn an_entry_of_an_earlier_term_on_a_majority_is_not_committed_and_may_be_overwritten() {
    let mut script = Script::new(None);
    script.a();
    script.b();
    script.c();
    assert!(script.server(S1).commit_index.0 < 2, "b is on a majority, and not committed");
    // (d) "If S1 crashes as in (d), S5 could be elected leader (with votes from S2, S3, and S4) and
    // overwrite the entry with its own entry from term 3."
    script.s5_stands();
    assert!(script.leads(S5));
    script.act(Action::FireTimer { node: S5, timer: 1 });
    script.settle();
    assert_eq!(script.logs(), ["a1 b2", "a1 c3", "a1 c3", "a1 c3", "a1 c3"]);
    assert!(script.0.breaches().is_empty(), "nobody was promised b");
}

#[test]
fn an_entry_of_the_current_term_on_a_majority_commits_all_before_it() {
    let mut script = Script::new(None);
    script.a();
    script.b();
    script.c();
    // (e) "However, if S1 replicates an entry from its current term on a majority of the servers
    // before crashing, as in (e), then this entry is committed (S5 cannot win an election)."
    script.write(S1, "d");
    assert_eq!(script.server(S1).commit_index.0, 3);
    script.s5_stands();
    assert!(!script.leads(S5));
    assert_eq!(script.logs(), ["a1 b2 d4", "a1 b2 d4", "a1 b2 d4", "a1", "a1 c3"]);
    assert!(script.0.breaches().is_empty());
}

#[test]
fn without_the_rule_a_committed_entry_is_lost() {
    let mut script = Script::new(Some("commit_older_term"));
    script.a();
    script.b();
    script.c();
    assert_eq!(script.server(S1).commit_index.0, 2, "b is committed by counting alone");
    script.s5_stands();
    assert!(script.leads(S5));
    let first = &script.0.breaches().first().expect("a committed entry is not in S5's log").breach;
    assert!(matches!(first, Breach::CommittedEntryMissing { leader: S5, .. }), "{first:?}");
    assert_eq!(Figure3::INVARIANTS[Figure3::invariant(first)], "leader_completeness");
}
