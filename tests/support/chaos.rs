//! Random runs: everything in them is drawn from a seed, and all of it is kept as a recording.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use conclave::protocols::raft::ReadMode;
use conclave::sim::digest::Digest;
use conclave::sim::node::Status;
use conclave::sim::recording::Timed;
use conclave::sim::rng::Rng;
use conclave::sim::{
    Action, MemberChange, MessageId, Micros, NodeId, Op, Order, Place, Protocol, Quality,
    Recording, Setting, SettingKind, Text, Watch, Workload, World,
};

use super::cluster::{ms, write_op};

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but timers that go off too early.
    Clean,
    /// Messages are lost and repeated.
    Lossy,
    /// Messages overtake each other by far.
    Reordering,
    /// Servers crash, pause and have bad clocks.
    Crashing,
    /// Links are cut.
    Partitioned,
    /// Somebody of ill will lets timers run out, bounces servers, picks which messages arrive, and
    /// asks for things all the while.
    Stormy,
    /// The membership changes all the time, while the cluster is cut in two again and again.
    Regrouping,
}

/// How often somebody acts in a run in which everything is done by hand.
const DEEDS: u32 = 120;

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Clean,
        Self::Lossy,
        Self::Reordering,
        Self::Crashing,
        Self::Partitioned,
        Self::Stormy,
        Self::Regrouping,
    ];

    /// How large clusters of the sweep are. Ill will needs somebody to play off against somebody.
    fn sizes(self) -> RangeInclusive<u8> {
        match self {
            Self::Stormy => 3..=5,
            // Two changes of one server each can only miss each other in an even number.
            Self::Regrouping => 4..=4,
            _ => 1..=7,
        }
    }

    /// The kind of links that such a run begins with.
    fn quality(self, rng: &mut Rng) -> Quality {
        let clean = Quality {
            latency: Micros(rng.between(0, 10_000)),
            jitter: Micros(rng.between(0, 10_000)),
            loss_ppm: 0,
            duplicate_ppm: 0,
            fifo: rng.chance(250_000),
        };
        match self {
            Self::Clean | Self::Crashing | Self::Partitioned | Self::Stormy | Self::Regrouping => {
                clean
            }
            Self::Lossy => Quality {
                loss_ppm: rng.between(10_000, 300_000) as u32,
                duplicate_ppm: rng.between(0, 200_000) as u32,
                ..clean
            },
            Self::Reordering => Quality {
                jitter: Micros(rng.between(10_000, 200_000)),
                duplicate_ppm: rng.between(0, 200_000) as u32,
                fifo: false,
                ..clean
            },
        }
    }
}

/// The variable that names a run to do again.
pub const SWEEP: &str = "CONCLAVE_SWEEP";

/// The name of a run of the sweep: `Crashing:17`, or `Stormy:17:forget_vote` with a rule taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub kind: Kind,
    pub seed: u64,
    /// The settings of the rules that are taken away.
    pub defects: Vec<String>,
}

impl Name {
    /// The run, at its beginning.
    pub fn begin<P: Protocol>(&self) -> Chaos<P> {
        let mut chaos = Chaos::new(self.kind, self.seed, self.kind.sizes());
        for setting in self.defects.iter().cloned() {
            chaos.act(Action::Configure { setting, value: 1 }, &mut ());
        }
        chaos
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.kind, self.seed)?;
        self.defects.iter().try_for_each(|defect| write!(f, ":{defect}"))
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let wrong = || format!("{name:?} is not the name of a run, such as Crashing:17");
        let mut parts = name.split(':');
        let kind = parts
            .next()
            .and_then(|kind| Kind::ALL.into_iter().find(|each| format!("{each:?}") == kind));
        let seed = parts.next().and_then(|seed| seed.parse().ok());
        let (kind, seed) = (kind.ok_or_else(wrong)?, seed.ok_or_else(wrong)?);
        Ok(Self { kind, seed, defects: parts.map(str::to_owned).collect() })
    }
}

/// The value that a run begins with; none means the default. Each setting has draws of its own, so
/// that a new one does not change those of the others.
fn draw<C>(setting: &Setting<C>, seed: u64, on_ppm: u32) -> Option<u64> {
    let mut rng = Rng::new(Digest::of(&(seed, setting.id)));
    match setting.kind {
        // Without sessions a retry may be done twice, and nobody promises to hide that: most runs
        // keep them, so that what clients see can be judged.
        SettingKind::Switch if setting.id == "client_sessions" => Some(rng.chance(800_000).into()),
        SettingKind::Switch => Some(rng.chance(on_ppm).into()),
        // Two sizes drawn apart would make quorums that do not meet.
        SettingKind::Count { .. } if setting.id.ends_with("_quorum") => None,
        SettingKind::Count { least, most } => {
            let value = [0, 1, 2, 3, 4, 8, 20, 64][rng.between(0, 7) as usize];
            Some(value.clamp(least, most))
        }
        SettingKind::Choice { values } => Some(rng.between(0, values - 1)),
        SettingKind::Time { .. } | SettingKind::Defect => None,
    }
}

/// Settings that change in the middle of a run of a protocol, with the least and the greatest value.
fn turned(protocol: &str) -> &'static [(&'static str, u64, u64)] {
    match protocol {
        "paxos" => &[
            ("round_timeout", 20_000, 300_000),
            ("backoff", 0, 1),
            ("backoff_least", 1_000, 50_000),
            ("backoff_most", 50_000, 500_000),
        ],
        _ => &[
            ("election_timeout_least", 30_000, 300_000),
            ("election_timeout_most", 100_000, 600_000),
            ("heartbeat_interval", 10_000, 100_000),
            ("fast_backup", 0, 1),
            ("leader_noop", 0, 1),
            ("max_entries", 1, 10),
            ("pipeline", 1, 10),
            ("snapshot_threshold", 0, 10),
            ("max_applied", 0, 3),
            ("joint_consensus", 0, 1),
        ],
    }
}

/// What a cluster of a protocol needs to get on.
fn mended(protocol: &str) -> &'static [(&'static str, u64)] {
    match protocol {
        "paxos" => &[
            ("round_timeout", 200_000),
            ("backoff", 1),
            ("backoff_least", 20_000),
            ("backoff_most", 300_000),
        ],
        _ => &[
            ("election_timeout_least", 150_000),
            ("election_timeout_most", 300_000),
            ("heartbeat_interval", 50_000),
            ("max_applied", 0),
        ],
    }
}

/// A run under way, and what it came from.
#[derive(Clone, Debug)]
pub struct Chaos<P: Protocol> {
    pub world: World<P>,
    pub recording: Recording,
    /// Whether people give orders, too; where engines are compared they cannot, as not all take them.
    pub ordered: bool,
    kind: Kind,
    rng: Rng,
}

impl<P: Protocol> Chaos<P> {
    /// The beginning of the run that this seed names: size, settings, network and workload.
    pub fn new(kind: Kind, seed: u64, sizes: RangeInclusive<u8>) -> Self {
        // The world draws from the seed itself; the tester must not draw the same.
        let mut rng = Rng::new(seed ^ 0xc0a5_c0a5_0000_0000 ^ (kind as u64) << 24);
        let nodes = rng.between((*sizes.start()).into(), (*sizes.end()).into()) as u8;
        let mut recording = Recording::new(P::ID, nodes, seed);
        // In some runs most switches are on, in some few: what breaks may need many of them off.
        let on_ppm = [100_000, 500_000, 900_000][rng.between(0, 2) as usize];
        let drawn = P::settings().iter();
        let drawn = drawn.filter_map(|each| Some((each.id.to_owned(), draw(each, seed, on_ppm)?)));
        recording.settings = drawn.collect();
        recording.quality = kind.quality(&mut rng);
        let think_least = Micros(rng.between(0, 100_000));
        recording.workload = Workload {
            clients: rng.between(0, 4) as u16,
            think_least,
            think_most: think_least + Micros(rng.between(0, 200_000)),
            read_percent: rng.between(0, 60) as u8,
            keys: rng.between(1, 5) as u8,
            patience: Micros(rng.between(20_000, 500_000)),
        };
        let setup = recording.setup::<P>().expect("all of it is in range");
        Self { world: World::new(&setup, &mut ()), recording, ordered: true, kind, rng }
    }

    /// Does something and keeps it, unless it cannot be done.
    pub fn act(&mut self, action: Action, watch: &mut impl Watch<P>) {
        if matches!(action, Action::Order { .. }) && !self.ordered {
            return;
        }
        let (at, after) = (self.world.now(), self.world.steps());
        if self.world.act(&action, watch).is_ok() {
            self.recording.actions.push(Timed { at, after, action });
        }
    }

    /// Faults, for some seconds.
    pub fn rage(&mut self, watch: &mut impl Watch<P>) {
        match self.kind {
            Kind::Stormy => return (0..DEEDS).for_each(|_| self.ill_will(watch)),
            Kind::Regrouping => return (0..DEEDS).for_each(|_| self.regroup(watch)),
            _ => {}
        }
        let end = self.world.now() + Micros(self.rng.between(1_500_000, 4_000_000));
        while self.world.now() < end {
            self.wait(watch);
            let action = self.fault();
            self.act(action, watch);
        }
    }

    /// Lets some time pass, or some events, or nothing.
    fn wait(&mut self, watch: &mut impl Watch<P>) {
        match self.rng.between(0, 3) {
            0 => {
                let moment = self.world.now() + Micros(self.rng.between(0, 300_000));
                self.world.run_until(moment, watch);
            }
            1 | 2 => {
                for _ in 0..self.rng.between(0, 20) {
                    self.world.step(watch);
                }
            }
            _ => {}
        }
    }

    /// Lets a few things happen, then does something spiteful.
    fn ill_will(&mut self, watch: &mut impl Watch<P>) {
        for _ in 0..self.rng.between(0, 6) {
            self.world.step(watch);
        }
        let node = self.node();
        let action = match self.rng.between(0, 10) {
            0 | 1 => Action::FireTimer { node, timer: 0 },
            2 => {
                self.act(Action::Crash { node }, watch);
                Action::Restart { node }
            }
            3 => Action::Crash { node },
            4 => Action::Restart { node },
            5 | 6 => self.request(node, "x", false),
            7 => Action::Drop { message: self.one_of_the_first() },
            8 => self.order(node),
            _ => Action::Deliver { message: self.one_of_the_first() },
        };
        self.act(action, watch);
    }

    /// Lets things happen, then calls a vote, cuts the cluster in two, or asks whoever leads to
    /// change the membership.
    fn regroup(&mut self, watch: &mut impl Watch<P>) {
        for _ in 0..self.rng.between(0, 12) {
            self.world.step(watch);
        }
        let node = self.node();
        let action = match self.rng.between(0, 9) {
            0..=2 => Action::FireTimer { node, timer: 0 },
            3 | 4 => self.cut_in_two(),
            5 => Action::Heal,
            6 => self.request(node, "x", false),
            _ => {
                let changes = self.changes();
                for node in NodeId::all(self.world.size()) {
                    let order = Order::Reconfigure { changes: changes.clone() };
                    self.act(Action::Order { node, order }, watch);
                }
                return;
            }
        };
        self.act(action, watch);
    }

    /// Something to do to the world; it need not be possible.
    fn fault(&mut self) -> Action {
        let kind = match self.rng.between(0, 9) {
            0 => Kind::ALL[self.rng.between(0, 4) as usize],
            1..=3 => Kind::Clean,
            _ => self.kind,
        };
        let node = self.node();
        match kind {
            Kind::Clean | Kind::Stormy | Kind::Regrouping => self.ordinary(node),
            Kind::Lossy => self.loss(node),
            Kind::Reordering => self.disorder(),
            Kind::Crashing => self.breakdown(node),
            Kind::Partitioned => self.separation(node),
        }
    }

    fn ordinary(&mut self, node: NodeId) -> Action {
        let key = Text::new(["x", "y", "z"][self.rng.between(0, 2) as usize]);
        let persistent = self.rng.chance(500_000);
        match self.rng.between(0, 9) {
            0..=5 => self.request(node, &key, persistent),
            6 => self.order(node),
            7 => self.setting(),
            _ => Action::FireTimer { node, timer: self.rng.between(0, 1) as u8 },
        }
    }

    fn request(&mut self, node: NodeId, key: &str, persistent: bool) -> Action {
        let op = if self.rng.chance(300_000) {
            Op::Read { key: key.into() }
        } else {
            write_op(key, &self.rng.between(0, 999).to_string())
        };
        Action::Request { node, op, persistent }
    }

    fn order(&mut self, node: NodeId) -> Action {
        let order = match self.rng.between(0, 7) {
            0 => Order::Compact,
            1 | 2 => Order::Transfer { to: self.node() },
            _ => Order::Reconfigure { changes: self.changes() },
        };
        Action::Order { node, order }
    }

    /// Changes of the membership, mostly one; none ends a change that has two steps.
    fn changes(&mut self) -> Vec<MemberChange> {
        let mut changes: Vec<MemberChange> = Vec::new();
        for _ in 0..[0, 1, 1, 1, 1, 1, 1, 2, 2, 3][self.rng.between(0, 9) as usize] {
            let places = [Place::Voter, Place::Learner, Place::Outside, Place::Outside];
            let (node, place) = (self.node(), places[self.rng.between(0, 3) as usize]);
            if changes.iter().all(|each| each.node != node) {
                changes.push(MemberChange { node, place });
            }
        }
        changes
    }

    fn setting(&mut self) -> Action {
        let kept = |setting: &str| self.trusts_clocks() && setting.starts_with("election_timeout");
        let dials = turned(P::ID).iter().filter(|(setting, ..)| !kept(setting));
        let dials: Vec<_> = dials.collect();
        let &(setting, least, most) = dials[self.rng.between(0, dials.len() as u64 - 1) as usize];
        let value = self.rng.between(least, most);
        Action::Configure { setting: setting.into(), value }
    }

    /// Whether reads rest on leases, which hold as long as clocks and timeouts keep to what was
    /// agreed: in such a run they do.
    fn trusts_clocks(&self) -> bool {
        self.value("reads") == Some(ReadMode::Lease as u64)
    }

    /// The value of a setting, if the protocol has it.
    fn value(&self, setting: &str) -> Option<u64> {
        let setting = P::settings().iter().find(|each| each.id == setting)?;
        Some((setting.get)(self.world.config()))
    }

    /// A pace of a clock. Where clocks are trusted, two of them drift apart by less than they may.
    fn pace(&mut self) -> u32 {
        let (least, most) = match self.value("clock_drift") {
            Some(percent) if self.trusts_clocks() => {
                (1_000_000 - percent * 5_000, 1_000_000 + percent * 5_000)
            }
            _ => (300_000, 3_000_000),
        };
        self.rng.between(least, most) as u32
    }

    fn loss(&mut self, node: NodeId) -> Action {
        match self.rng.between(0, 9) {
            0 => Action::SetNetwork { quality: Kind::Lossy.quality(&mut self.rng) },
            1 => {
                let quality = Quality { loss_ppm: 900_000, ..self.world.network().quality() };
                Action::SetLink { from: node, to: self.node(), quality }
            }
            2..=3 => Action::Duplicate { message: self.message() },
            _ => Action::Drop { message: self.message() },
        }
    }

    fn disorder(&mut self) -> Action {
        let message = self.message();
        match self.rng.between(0, 9) {
            0 => Action::SetNetwork { quality: Kind::Reordering.quality(&mut self.rng) },
            1..=2 => Action::Duplicate { message },
            3..=6 => Action::Delay { message, by: Micros(self.rng.between(0, 400_000)) },
            _ => Action::Deliver { message },
        }
    }

    fn breakdown(&mut self, node: NodeId) -> Action {
        match self.rng.between(0, 9) {
            0 | 1 => Action::Crash { node },
            2..=4 => Action::Restart { node },
            5 => Action::Pause { node },
            6 | 7 => Action::Resume { node },
            8 => Action::SetClock { node, ppm: self.pace() },
            _ => Action::Deliver { message: self.message() },
        }
    }

    fn separation(&mut self, node: NodeId) -> Action {
        let other = self.node();
        match self.rng.between(0, 9) {
            0..=2 => self.cut_in_two(),
            3 => {
                let sides = NodeId::all(self.world.size());
                Action::Partition { sides: sides.map(|each| u8::from(each == node)).collect() }
            }
            4..=6 => Action::Cut { from: node, to: other },
            7..=8 => Action::Mend { from: node, to: other },
            _ => Action::Heal,
        }
    }

    fn cut_in_two(&mut self) -> Action {
        let sides = NodeId::all(self.world.size());
        Action::Partition { sides: sides.map(|_| self.rng.between(0, 1) as u8).collect() }
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.rng.between(0, u64::from(self.world.size()) - 1) as u8)
    }

    fn message(&mut self) -> MessageId {
        let all: Vec<_> = self.world.flights().map(|flight| flight.id).collect();
        let choice = self.rng.between(0, all.len().max(1) as u64 - 1) as usize;
        all.get(choice).copied().unwrap_or_default()
    }

    /// A message of the first few; often none, when there are few.
    fn one_of_the_first(&mut self) -> MessageId {
        let choice = self.rng.between(0, 40) as usize;
        self.world.flights().nth(choice).map(|flight| flight.id).unwrap_or_default()
    }

    /// Mends everything: all servers run, with good clocks, on a good network.
    pub fn mend(&mut self, watch: &mut impl Watch<P>) {
        for node in NodeId::all(self.world.size()) {
            match self.world.status(node) {
                Status::Up => {}
                Status::Paused => self.act(Action::Resume { node }, watch),
                Status::Crashed => self.act(Action::Restart { node }, watch),
            }
            self.act(Action::SetClock { node, ppm: 1_000_000 }, watch);
        }
        self.act(Action::Heal, watch);
        let quality = Quality { latency: ms(2), jitter: ms(3), ..Quality::default() };
        self.act(Action::SetNetwork { quality }, watch);
        for &(setting, value) in mended(P::ID) {
            self.act(Action::Configure { setting: setting.into(), value }, watch);
        }
        // One entry a heartbeat would be less than clients bring.
        if self.value("entries_with_heartbeat") == Some(1) {
            self.act(Action::Configure { setting: "max_entries".into(), value: 64 }, watch);
        }
    }
}
