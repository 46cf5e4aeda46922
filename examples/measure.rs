//! The simulator's benchmark for wasm: `cargo xtask bench` builds it, loads it into a browser and
//! runs each case, with the browser's clock beside it. Natively there is `cargo bench`.

#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "it measures only as wasm"))]
#[path = "../benches/load/mod.rs"]
mod load;

#[cfg(target_arch = "wasm32")]
mod exports {
    use wasm_bindgen::prelude::*;

    use super::load::{self, CASES, EVENTS, Load, ROUNDS};

    /// A busy cluster.
    #[wasm_bindgen]
    pub struct Measured(Box<dyn Load>);

    #[wasm_bindgen]
    impl Measured {
        /// How many cases there are.
        pub fn cases() -> usize {
            CASES.len()
        }

        /// How often to measure them all.
        pub fn rounds() -> u32 {
            ROUNDS
        }

        /// The cluster of a case, busy.
        #[wasm_bindgen(constructor)]
        pub fn new(case: usize) -> Self {
            Self(CASES[case].load())
        }

        /// Takes as many events as are measured.
        pub fn run(&mut self) {
            self.0.run(EVENTS);
        }

        /// The table of all figures, from the median time in seconds of each case.
        pub fn report(seconds: &[f64]) -> String {
            let work = CASES.iter().map(|case| case.load().count(EVENTS));
            load::report(&seconds.iter().copied().zip(work).collect::<Vec<_>>())
        }
    }
}

fn main() {
    if cfg!(not(target_arch = "wasm32")) {
        for case in load::CASES {
            case.load().run(10_000);
            println!("{case:?}: 10,000 events, no invariant broken");
        }
    }
}
