//! The simulator's benchmark for wasm: `cargo xtask bench` builds it, loads it into a browser and
//! calls [`busy`] and [`run`], with the browser's clock beside them. Natively there is
//! `cargo bench`.

#[path = "../benches/load/mod.rs"]
mod load;

#[cfg(target_arch = "wasm32")]
mod exports {
    use conclave::protocols::raft::Raft;
    use conclave::sim::World;
    use wasm_bindgen::prelude::*;

    use super::load;

    /// A cluster and how closely it is watched.
    #[wasm_bindgen]
    pub struct Measured {
        world: World<Raft>,
        watched: load::Watched,
    }

    #[wasm_bindgen]
    impl Measured {
        /// How many cases there are.
        pub fn cases() -> usize {
            load::CASES.len()
        }

        /// The name of a case.
        pub fn name(case: usize) -> String {
            let (nodes, watched) = load::CASES[case];
            format!("{nodes} nodes, {watched:?}")
        }

        /// The cluster of a case, busy.
        #[wasm_bindgen(constructor)]
        pub fn new(case: usize) -> Self {
            let (nodes, watched) = load::CASES[case];
            Self { world: load::busy(nodes, watched), watched }
        }

        /// Takes so many events.
        pub fn run(&mut self, events: u32) {
            load::run(&mut self.world, self.watched, events.into());
        }
    }
}

fn main() {
    if cfg!(not(target_arch = "wasm32")) {
        for (nodes, watched) in load::CASES {
            load::run(&mut load::busy(nodes, watched), watched, 10_000);
            println!("{nodes} nodes, {watched:?}: 10,000 events, no invariant broken");
        }
    }
}
