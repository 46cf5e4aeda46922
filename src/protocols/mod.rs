//! The engines, one folder each. A folder knows only `sim`, `scene` and its own files.

pub mod catalog;
pub mod raft;
