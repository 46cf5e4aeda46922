//! Conclave: consensus algorithms as real engines, in a deterministic world, for a page to show.
//!
//! The map of the house, in the order in which to read it:
//!
//! * [`sim`] is a world that can run any protocol: virtual time, a network, crashes, clients.
//! * [`protocols`] are the engines, pure state machines that read like their papers.
//!
//! Arrows go one way: `protocols → sim`. Nothing in this library touches a browser, a clock, a
//! thread or ambient chance; the page is the binary of this package and can be seen in `app`.

pub mod protocols;
pub mod sim;
