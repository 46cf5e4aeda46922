//! Paxos (Lamport, "The Part-Time Parliament", 1998, and "Paxos Made Simple", 2001).
//!
//! [`synod`] agrees on one value, once: the algorithm of "Paxos Made Simple" §2. What every instance
//! of that algorithm needs, alone or as an entry of a log, stands beside it: the numbers of proposals
//! (`ballot.rs`), the rules of the acceptor, of the quorums and of the choice of a value
//! (`rules.rs`), the rules that can be taken away (`mutations.rs`), and what a judge remembers of an
//! instance (`ghost.rs`).

mod ballot;
mod ghost;
mod mutations;
mod rules;
pub mod synod;

pub use ballot::Ballot;
pub use ghost::Chosen;
pub use mutations::{Mutation, Mutations};
pub use synod::Paxos;
