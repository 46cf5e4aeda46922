//! Changes of membership (§6; dissertation §4): configurations are entries of the log, and "a server
//! always uses the latest configuration in its log, regardless of whether the entry is committed".

use super::log::{Entry, Payload};
use super::membership::{Change, Configuration};
use super::mutations::Mutation;
use super::order::Refusal;
use super::{Cx, Fx, Index, Progress, Reason, Role, Server, Timer};
use crate::sim::{NodeId, NodeSet};

impl Server {
    /// Whom this server speaks to: all members of its configuration but itself.
    pub(super) fn peers(&self, me: NodeId) -> impl Iterator<Item = NodeId> + Clone + use<> {
        let mut others = self.configuration.members();
        others.remove(me);
        others.iter()
    }

    /// Whom this server asks for their votes: all voters but itself.
    pub(super) fn electors(&self, me: NodeId) -> impl Iterator<Item = NodeId> + Clone + use<> {
        let mut others = self.configuration.voters();
        others.remove(me);
        others.iter()
    }

    /// The configuration as of an index that is in the log, or in its snapshot.
    pub(super) fn configuration_at(&self, index: Index) -> Configuration {
        if self.configuration_index <= index {
            return self.configuration;
        }
        self.find_configuration_before(index.next()).1
    }

    /// The latest configuration before an index, and the index of its entry.
    fn find_configuration_before(&self, end: Index) -> (Index, Configuration) {
        let mut index = end.previous();
        while let Some(entry) = self.log().get(index) {
            if let Payload::Configuration(configuration) = entry.payload {
                return (index, configuration);
            }
            index = index.previous();
        }
        (self.log().last_included(), self.durable.snapshot.configuration)
    }

    /// Looks through the log for the latest configuration: after a start, and when entries went.
    pub(super) fn find_configuration(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        let (index, configuration) = self.find_configuration_before(self.log().last_index().next());
        self.adopt(cx, index, configuration, fx);
    }

    /// Uses another configuration from now on.
    pub(super) fn adopt(
        &mut self,
        cx: &Cx<'_>,
        index: Index,
        configuration: Configuration,
        fx: &mut Fx,
    ) {
        let before = self.configuration.members();
        self.configuration_index = index;
        if configuration == self.configuration {
            return;
        }
        self.configuration = configuration;
        fx.explain(|| Reason::ConfigurationAdopted { index, configuration });
        let next_index = self.log().last_index().next();
        match &mut self.role {
            Role::Leader { progress, .. } => {
                for node in configuration.members().iter().filter(|&node| !before.contains(node)) {
                    progress[node.slot()] = Progress::new(next_index);
                }
            }
            Role::Follower { .. } | Role::PreCandidate { .. } | Role::Candidate { .. } => {
                self.set_election_timer(cx, fx);
            }
        }
    }

    /// Whether this server may stand for election. One that an uncommitted entry removes may: "it
    /// might still be needed until the Cnew entry is committed" (dissertation §4.2.2).
    pub(super) fn may_stand(&self, me: NodeId) -> bool {
        self.configuration.voters().contains(me)
            || self.configuration_index > self.commit_index
                && self.find_configuration_before(self.configuration_index).1.voters().contains(me)
    }

    /// A person asks the leader to change the membership. Nothing at all to change means: leave the
    /// joint configuration.
    pub(super) fn reconfigure_order(&mut self, cx: &Cx<'_>, changes: &[Change], fx: &mut Fx) {
        match self.changed_configuration(cx, changes) {
            Ok(configuration) => self.append_configuration(cx, configuration, fx),
            Err(refusal) => fx.explain(|| Reason::OrderRefused(refusal)),
        }
    }

    /// The configuration after the changes: by one step for one server, through a joint
    /// configuration for several (§6; dissertation §4.1, §4.3).
    fn changed_configuration(
        &self,
        cx: &Cx<'_>,
        changes: &[Change],
    ) -> Result<Configuration, Refusal> {
        let Role::Leader { transfer, .. } = &self.role else { return Err(Refusal::NotLeader) };
        if transfer.is_some() {
            return Err(Refusal::TransferUnderWay);
        }
        if self.configuration_index > self.commit_index {
            return Err(Refusal::ChangePending { index: self.configuration_index });
        }
        let mutations = cx.config.mutations;
        // An uncommitted change that an earlier leader began may yet win; an entry of the own term
        // that is committed rules that out.
        if !self.committed_in_term() && !mutations.has(Mutation::EarlyChange) {
            return Err(Refusal::NothingCommitted { term: self.term() });
        }
        let joint = |auto_leave| self.configuration.enter_joint(auto_leave, changes);
        let changed = match changes {
            [] => self.configuration.leave_joint(),
            [_] if !cx.config.joint_consensus => self.configuration.simple(changes),
            [_, ..] if mutations.has(Mutation::TwoServerChange) => {
                joint(false).and_then(Configuration::leave_joint)
            }
            [_, ..] => joint(cx.config.auto_leave),
        };
        changed.map_err(Refusal::Membership)
    }

    /// Whether an entry of the server's own term is committed.
    pub(super) fn committed_in_term(&self) -> bool {
        self.log().term_at(self.commit_index) == Some(self.term())
    }

    /// "The leader appends the Cnew entry to its log and replicates that entry using the normal Raft
    /// mechanism" (dissertation §4.1).
    fn append_configuration(&mut self, cx: &Cx<'_>, configuration: Configuration, fx: &mut Fx) {
        let entry = Entry::new(self.term(), Payload::Configuration(configuration));
        self.durable.log.push(entry);
        self.adopt(cx, self.log().last_index(), configuration, fx);
        self.spread_new_entries(cx, fx);
    }

    /// What a committed configuration asks of its leader: to leave a joint one (§6), or to step down
    /// when it is not in it (dissertation §4.2.2).
    pub(super) fn settle_configuration(&mut self, cx: &Cx<'_>, fx: &mut Fx) {
        if !self.is_leader() || self.configuration_index > self.commit_index {
            return;
        }
        if self.configuration.is_joint() {
            if self.configuration.auto_leave {
                let left = self.configuration.leave_joint().expect("it is joint");
                self.append_configuration(cx, left, fx);
            }
        } else if !self.configuration.voters().contains(cx.id) {
            fx.explain(|| Reason::LeftCluster { index: self.configuration_index });
            fx.stop_timer(Timer::Heartbeat);
            self.role = Role::Follower { leader: None };
            self.set_election_timer(cx, fx);
        }
    }

    /// The configuration that a cluster begins with: the first so many servers, or all.
    pub(super) fn first_configuration(cx: &Cx<'_>) -> Configuration {
        let voters = match cx.config.first_voters {
            0 => cx.nodes,
            first => first.min(cx.nodes.into()) as u8,
        };
        Configuration::of(NodeId::all(voters).collect::<NodeSet>())
    }
}
