//! How many states a second the exhaustive search visits, beside stateright's on the same models: one
//! thread each, in turns, every state visited and one invariant checked in each.

mod ours;
mod theirs;

use std::time::Instant;

use conclave::check::explore::{Budget, Model, explore};
use conclave::check::specs::commit::TwoPhase;

/// How often each search is measured; the two take turns, and the median counts.
const ROUNDS: usize = 9;

/// How many different states there are, and how many were generated.
type Counts = (u64, u64);

/// A model: its name, our search of it, and theirs.
type Case = (&'static str, fn() -> Counts, fn() -> Counts);

const CASES: [Case; 2] = [
    ("two-phase commit, 7 managers", || search(TwoPhase::<7>), theirs::two_phase),
    ("Paxos, 2 clients", || search(ours::Cluster), theirs::paxos),
];

/// Visits every state; the invariant of the model must hold.
fn search<M: Model>(mut model: M) -> Counts {
    let report = explore(&mut model, Budget::default());
    assert!(report.verdict.holds());
    (report.distinct, report.generated)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() {
    println!(
        "exhaustive search, one thread, median of {ROUNDS}\n{:30}{:>10}{:>11}{:>24}\n{:51}{:>12}{:>12}{:>8}",
        "", "distinct", "generated", "thousand states/s", "", "conclave", "stateright", "times"
    );
    for (name, ours, theirs) in CASES {
        let (distinct, generated) = ours();
        assert_eq!((distinct, generated), theirs(), "{name}: the models are the same");
        let mut seconds = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            for (search, seconds) in [ours, theirs].into_iter().zip(&mut seconds) {
                let begun = Instant::now();
                search();
                seconds.push(begun.elapsed().as_secs_f64());
            }
        }
        let [ours, theirs] = seconds.map(|seconds| distinct as f64 / median(seconds) / 1e3);
        let times = ours / theirs;
        println!("{name:30}{distinct:>10}{generated:>11}{ours:>12.0}{theirs:>12.0}{times:>8.1}");
    }
}
