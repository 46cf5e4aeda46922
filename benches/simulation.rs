//! How many events a second the simulator takes natively, with our engines and with those of others.
//! `cargo xtask bench` prints the same for wasm beside it.

mod load;

use std::time::Instant;

use load::{CASES, EVENTS, ROUNDS};

fn main() {
    let mut seconds = [const { Vec::new() }; CASES.len()];
    for _ in 0..ROUNDS {
        for (case, seconds) in CASES.iter().zip(&mut seconds) {
            let mut load = case.load();
            let begun = Instant::now();
            load.run(EVENTS);
            seconds.push(begun.elapsed().as_secs_f64());
        }
    }
    let figures = CASES.iter().zip(seconds).map(|(case, mut seconds)| {
        seconds.sort_by(f64::total_cmp);
        (seconds[seconds.len() / 2], case.load().count(EVENTS))
    });
    let figures: Vec<_> = figures.collect();
    println!("native, one thread, median of {ROUNDS}\n{}", load::report(&figures));
}
