//! Published specifications, as models that can be [explored](super::explore): what engines are
//! compared with, and what the search is measured by. Each keeps the names of its TLA+ module in
//! `tlaplus/Examples`, and has as many states as TLC counts in it.

pub mod commit;
pub mod paxos;
