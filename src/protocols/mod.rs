//! The engines, one folder each. A folder knows only `sim`, `scene` and its own files.

pub mod catalog;
pub mod paxos;
#[cfg(feature = "peers")]
pub mod peers;
pub mod raft;
pub mod settings;
