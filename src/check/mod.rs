//! Judges that look at a run from outside.
//!
//! * [`linearizability`] asks whether what clients saw could have come from one copy of the data,
//!   which did one thing at a time.

pub mod linearizability;
