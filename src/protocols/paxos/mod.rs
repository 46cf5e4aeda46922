//! Paxos (Lamport, "The Part-Time Parliament", 1998, and "Paxos Made Simple", 2001).
//!
//! Two protocols live here. [`synod`] agrees on one value, once: the algorithm of "Paxos Made
//! Simple" §2. [`multi`] agrees on a log of values, one instance of that algorithm an entry, under a
//! leader (§3). What every instance needs, alone or as an entry of a log, stands beside them: the
//! numbers of proposals (`ballot.rs`), the rules of the acceptor, of the quorums and of the choice of
//! a value (`rules.rs`), the rules that can be taken away (`mutations.rs`), and what a judge
//! remembers of an instance (`ghost.rs`).

mod ballot;
mod ghost;
pub mod multi;
mod mutations;
mod rules;
pub mod synod;

pub use ballot::Ballot;
pub use ghost::Chosen;
pub use multi::MultiPaxos;
pub use mutations::{Mutation, Mutations};
pub use synod::Paxos;
