//! How many events a second the simulator takes natively. `cargo xtask bench` prints the same for
//! wasm beside it.

mod load;

use std::time::Instant;

const EVENTS: u64 = 1_000_000;

fn main() {
    println!("{:>5}  {:<10} {:>18}", "nodes", "watched", "M events/s, native");
    for (nodes, watched) in load::CASES {
        let mut best = 0.0_f64;
        for _ in 0..3 {
            let mut world = load::busy(nodes, watched);
            let begun = Instant::now();
            load::run(&mut world, watched, EVENTS);
            best = best.max(EVENTS as f64 / 1e6 / begun.elapsed().as_secs_f64());
        }
        println!("{nodes:>5}  {:<10} {best:>18.2}", format!("{watched:?}"));
    }
}
