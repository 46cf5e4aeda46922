//! The load that the benchmarks run, natively and in wasm alike: a cluster on a quick network, ten
//! clients that hardly think.

use conclave::protocols::raft::{Config, Raft};
use conclave::sim::world::Setup;
use conclave::sim::{Event, Micros, Quality, Watch, Workload, World};

/// What is measured: how many nodes, and how closely the run is watched.
pub const CASES: [(u8, Watched); 7] = [
    (5, Watched::Not),
    (5, Watched::Judged),
    (5, Watched::Explained),
    (25, Watched::Not),
    (25, Watched::Judged),
    (25, Watched::Explained),
    (101, Watched::Judged),
];

/// How closely a run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Invariants are off.
    Not,
    /// Invariants are checked after every event.
    Judged,
    /// And every event is told, with its reasons, to somebody who keeps nothing.
    Explained,
}

/// Listens to everything, keeps nothing.
struct Listener(u64);

impl Watch<Raft> for Listener {
    fn event(&mut self, event: Event<'_, Raft>) {
        self.0 += event.reasons.len() as u64;
    }
}

/// A cluster that has elected its leader and is busy.
pub fn busy(nodes: u8, watched: Watched) -> World<Raft> {
    let setup = Setup {
        nodes,
        seed: 7,
        config: Config::default(),
        quality: Quality { latency: Micros(1_000), jitter: Micros(500), ..Quality::default() },
        workload: Workload {
            clients: 10,
            think_least: Micros(0),
            think_most: Micros(1_000),
            ..Workload::default()
        },
        judged: watched != Watched::Not,
    };
    let mut world = World::new(&setup, &mut ());
    world.run_until(Micros::from_secs(1), &mut ());
    world
}

/// Takes so many events.
///
/// # Panics
/// When an invariant breaks.
pub fn run(world: &mut World<Raft>, watched: Watched, events: u64) {
    let mut listener = Listener(0);
    for _ in 0..events {
        match watched {
            Watched::Not | Watched::Judged => world.step(&mut ()),
            Watched::Explained => world.step(&mut listener),
        };
    }
    assert!(world.breaches().is_empty(), "{:?}", world.breaches());
}
