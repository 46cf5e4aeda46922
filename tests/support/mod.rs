//! What several test files need. Each file is a crate of its own and uses its part.
#![allow(dead_code, reason = "each test crate uses its part of this")]

pub mod chaos;
pub mod cluster;
pub mod orders;
pub mod raft_script;
pub mod script;
pub mod solo;
pub mod table;
pub mod violation;
