//! Conclave: consensus algorithms as real engines, in a deterministic world, for a page to show.
//!
//! The map of the house, in the order in which to read it:
//!
//! * [`sim`] is a world that can run any protocol: virtual time, a network, crashes, clients.
//! * [`scene`] is what the page draws, plain data; [`scene::Lab`] is a world behind one handle.
//! * [`protocols`] are the engines, pure state machines that read like their papers, and
//!   [`protocols::catalog`], the list of them.
//! * [`check`] judges what a run did from outside.
//! * [`text`] is every phrase that the page says, in every language it speaks.
//!
//! A cluster of five that elects its leader:
//!
//! ```
//! use conclave::protocols::raft::Raft;
//! use conclave::sim::world::Setup;
//! use conclave::sim::{Micros, NodeId, World};
//!
//! let mut world = World::<Raft>::new(&Setup::default(), &mut ());
//! world.run_until(Micros::from_secs(1), &mut ());
//! let leads = |node: &NodeId| world.state(*node).is_some_and(|server| server.is_leader());
//! assert_eq!(NodeId::all(5).filter(leads).count(), 1);
//! assert!(world.breaches().is_empty());
//! ```
//!
//! Arrows go one way: `protocols → scene → sim`, and `check → protocols, sim`. Nothing in this
//! library touches a browser, a clock, a thread or ambient chance; the page is the binary of this
//! package, in `src/app`.

pub mod check;
pub mod protocols;
pub mod scene;
pub mod sim;
pub mod text;
