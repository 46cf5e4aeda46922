//! The load that the benchmarks run, natively and in wasm alike: a cluster on a quick network that
//! keeps order, as omnipaxos wants it, and clients that hardly think.

use std::fmt::Write;

use conclave::protocols::paxos::MultiPaxos;
use conclave::protocols::peers::{OmniPaxos, RaftRs};
use conclave::protocols::raft::Raft;
use conclave::sim::world::{Body, Flight, Setup};
use conclave::sim::{Event, EventKind, Micros, Protocol, Quality, Watch, Workload, World};

/// How many events a measurement takes.
pub const EVENTS: u32 = 1_000_000;
/// How often everything is measured; the cases take turns, and the median counts.
pub const ROUNDS: u32 = 5;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    nodes: u8,
    clients: u16,
    engine: Engine,
    watched: Watched,
}

/// Whose engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    /// Ours.
    Raft,
    /// TiKV's.
    RaftRs,
    OmniPaxos,
    /// Ours.
    MultiPaxos,
}

/// How closely a run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    /// Nobody looks.
    Not,
    /// Every event is told, with its reasons, to somebody who keeps nothing.
    Explained,
    /// Invariants are checked after every event.
    Judged,
    /// Both.
    Closely,
}

const fn case(nodes: u8, clients: u16, engine: Engine, watched: Watched) -> Case {
    Case { nodes, clients, engine, watched }
}

/// The first with so many nodes and clients is what the others of them are compared with. With ten
/// clients, engines differ in how many commands they put into a message; with one, nobody can.
pub const CASES: [Case; 17] = [
    case(5, 10, Engine::Raft, Watched::Not),
    case(5, 10, Engine::RaftRs, Watched::Not),
    case(5, 10, Engine::OmniPaxos, Watched::Not),
    case(5, 10, Engine::MultiPaxos, Watched::Not),
    case(5, 10, Engine::Raft, Watched::Explained),
    case(5, 10, Engine::Raft, Watched::Judged),
    case(5, 10, Engine::Raft, Watched::Closely),
    case(5, 1, Engine::Raft, Watched::Not),
    case(5, 1, Engine::RaftRs, Watched::Not),
    case(5, 1, Engine::OmniPaxos, Watched::Not),
    case(5, 1, Engine::MultiPaxos, Watched::Not),
    case(25, 10, Engine::Raft, Watched::Not),
    case(25, 10, Engine::RaftRs, Watched::Not),
    case(25, 10, Engine::OmniPaxos, Watched::Not),
    case(25, 10, Engine::MultiPaxos, Watched::Not),
    case(25, 10, Engine::Raft, Watched::Closely),
    case(101, 10, Engine::Raft, Watched::Closely),
];

/// What a measurement is of, the same in every round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// How many messages nodes got from each other.
    pub messages: u32,
    /// How many operations of clients were answered.
    pub commands: u32,
}

/// A busy cluster, whoever's engine it runs.
pub trait Load {
    /// Takes so many events.
    ///
    /// # Panics
    /// When an invariant breaks.
    fn run(&mut self, events: u32);

    /// Takes so many events and counts what is in them.
    fn count(&mut self, events: u32) -> Work;
}

impl Case {
    /// The cluster, which has elected its leader and is busy.
    pub fn load(self) -> Box<dyn Load> {
        match self.engine {
            Engine::Raft => Box::new(Busy::<Raft>::new(self)),
            Engine::RaftRs => Box::new(Busy::<RaftRs>::new(self)),
            Engine::OmniPaxos => Box::new(Busy::<OmniPaxos>::new(self)),
            Engine::MultiPaxos => Box::new(Busy::<MultiPaxos>::new(self)),
        }
    }
}

struct Busy<P: Protocol> {
    world: World<P>,
    watched: Watched,
}

impl<P: Protocol> Busy<P> {
    fn new(Case { nodes, clients, watched, .. }: Case) -> Self {
        let quality = Quality {
            latency: Micros(1_000),
            jitter: Micros(500),
            fifo: true,
            ..Quality::default()
        };
        let workload = Workload {
            clients,
            think_least: Micros(0),
            think_most: Micros(1_000),
            ..Workload::default()
        };
        let judged = matches!(watched, Watched::Judged | Watched::Closely);
        let setup = Setup { nodes, seed: 7, quality, workload, judged, ..Setup::default() };
        let mut world = World::new(&setup, &mut ());
        world.run_until(Micros::from_secs(1), &mut ());
        Self { world, watched }
    }
}

/// Listens to everything, keeps nothing.
struct Listener(u64);

impl<P: Protocol> Watch<P> for Listener {
    fn event(&mut self, event: Event<'_, P>) {
        self.0 += event.reasons.len() as u64;
    }
}

impl<P: Protocol> Load for Busy<P> {
    fn run(&mut self, events: u32) {
        let mut listener = Listener(0);
        for _ in 0..events {
            match self.watched {
                Watched::Not | Watched::Judged => self.world.step(&mut ()),
                Watched::Explained | Watched::Closely => self.world.step(&mut listener),
            };
        }
        assert_eq!(self.world.breaches(), []);
    }

    fn count(&mut self, events: u32) -> Work {
        let mut work = Work::default();
        for _ in 0..events {
            self.world.step(&mut work);
        }
        work
    }
}

impl<P: Protocol> Watch<P> for Work {
    const EXPLAIN: bool = false;

    fn event(&mut self, event: Event<'_, P>) {
        match event.kind {
            EventKind::Arrived(Flight { body: Body::Peer(_), .. }) => self.messages += 1,
            EventKind::Returned { .. } => self.commands += 1,
            _ => {}
        }
    }
}

/// The table of all figures: for each case, the median time in seconds that [`EVENTS`] took, and what
/// was in them. The last columns say how many times as much our Raft does in the same time.
pub fn report(figures: &[(f64, Work)]) -> String {
    let mut table = format!(
        "{:38}{:>33}{:>12}   ours, times as many\n{:>5}{:>8}  {:<10} {:<12}{:>11}{:>11}{:>11}{:>12}{:>11}{:>10}{:>9}\n",
        "",
        "thousands a second",
        "events",
        "nodes",
        "clients",
        "engine",
        "watched",
        "events",
        "messages",
        "commands",
        "a command",
        "events",
        "messages",
        "commands",
    );
    let rates = |&(seconds, Work { messages, commands }): &(f64, Work)| {
        [EVENTS, messages, commands].map(|each| f64::from(each) / 1e3 / seconds)
    };
    for (case, figure) in CASES.iter().zip(figures) {
        let like =
            |other: &&(&Case, _)| (other.0.nodes, other.0.clients) == (case.nodes, case.clients);
        let cases: Vec<_> = CASES.iter().zip(figures).collect();
        let (_, ours) = cases.iter().find(like).expect("at least the case itself");
        let (ours, this) = (rates(ours), rates(figure));
        let Case { nodes, clients, engine, watched } = case;
        let _ = writeln!(
            table,
            "{nodes:>5}{clients:>8}  {:<10} {:<12}{:>11.0}{:>11.0}{:>11.0}{:>12.1}{:>11.2}{:>10.2}{:>9.2}",
            format!("{engine:?}"),
            format!("{watched:?}"),
            this[0],
            this[1],
            this[2],
            this[0] / this[2],
            ours[0] / this[0],
            ours[1] / this[1],
            ours[2] / this[2],
        );
    }
    table
}
