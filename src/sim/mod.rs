//! A deterministic world that can run any protocol.
//!
//! Everything here is vocabulary: no file in this room knows a protocol. Start with [`protocol`],
//! the contract that an engine signs, then [`world`], the event loop that honours it; what is around
//! the engines, and knows none of them, is in `environment`.
//!
//! * Time is virtual: an integer count of microseconds ([`Micros`]).
//! * Chance comes from one seeded generator ([`rng::Rng`]); an engine never draws from it.
//! * Everything a person does is an [`Action`]; a run is a [`Recording`]; replaying a recording
//!   gives the same run bit for bit, natively and in every browser.

pub mod action;
pub mod client;
pub mod digest;
pub(crate) mod environment;
mod faults;
pub mod history;
mod ids;
pub(crate) mod json;
pub mod machine;
pub mod network;
pub mod node;
pub mod order;
pub mod protocol;
mod queue;
pub mod recording;
pub mod rng;
pub mod series;
pub mod session;
pub mod sorted;
pub mod tally;
pub mod timeline;
pub mod trail;
pub mod world;

pub use action::{Action, ActionError};
pub use client::{Workload, WorkloadError};
pub use faults::Faults;
pub use history::{History, Operation};
pub use ids::{ClientId, MessageId, Micros, NodeId, NodeSet, Seat};
pub use machine::{Answer, Command, Op, RequestId, Text};
pub use network::{Network, Quality};
pub use order::{MemberChange, Order, Place};
pub use protocol::{Context, Effects, Input, Judge, Protocol, Setting, SettingKind};
pub use recording::{Recording, RecordingError};
pub use session::{LinkError, Session};
pub use sorted::SortedMap;
pub use tally::Tally;
pub use timeline::Timeline;
pub use trail::Trail;
pub use world::{Body, Event, EventKind, Watch, World};

/// The most nodes that a world can hold; the page offers [`PAGE_NODES`].
pub const MAX_NODES: u8 = 101;

/// The most nodes that the page offers.
pub const PAGE_NODES: u8 = 25;
