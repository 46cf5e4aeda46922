//! Judges that look at runs from outside.
//!
//! * [`linearizability`] asks whether what clients saw could have come from one copy of the data,
//!   which did one thing at a time; [`consistency`] keeps the answer for every moment of a run.
//! * [`explore`] visits every state that a model can reach; [`specs`] are published models, and
//!   [`cluster`] makes one of any engine, in a small scope.

pub mod cluster;
pub mod consistency;
pub mod explore;
pub mod linearizability;
pub mod specs;
