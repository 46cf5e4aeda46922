//! How many events a second the simulator takes natively: 5 and 25 nodes under client load, with
//! invariants off and on, and with every event explained. `cargo xtask bench` prints the same for
//! wasm beside it.

use std::time::Instant;

use conclave::protocols::raft::{Config, Raft};
use conclave::sim::world::Setup;
use conclave::sim::{Event, Micros, Quality, Watch, Workload, World};

/// Listens to everything, keeps nothing.
struct Listener(u64);

impl Watch<Raft> for Listener {
    fn event(&mut self, event: Event<'_, Raft>) {
        self.0 += event.reasons.len() as u64;
    }
}

fn main() {
    println!("{:>5}  {:<28} {:>12}", "nodes", "what", "M events/s");
    for nodes in [5, 25, 101] {
        let setup = |judged| Setup {
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
            judged,
        };
        let row = |what: &str, judged: bool, explain: bool| {
            let mut best = 0.0_f64;
            for _ in 0..3 {
                let mut world = World::<Raft>::new(&setup(judged), &mut ());
                world.run_until(Micros::from_secs(1), &mut ());
                let (steps, begun) = (world.steps(), Instant::now());
                while world.steps() < steps + 1_000_000 {
                    if explain { world.step(&mut Listener(0)) } else { world.step(&mut ()) };
                }
                assert!(world.breaches().is_empty());
                best = best.max(1.0 / begun.elapsed().as_secs_f64());
            }
            println!("{nodes:>5}  {what:<28} {best:>12.2}");
        };
        row("invariants off", false, false);
        row("invariants on", true, false);
        row("invariants on, explained", true, true);
    }
}
