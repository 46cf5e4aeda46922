//! Time in which nothing happens that matters.
//!
//! A step matters when somebody acts, an invariant breaks or something comes about seen from outside,
//! a client asks or a message of one is settled, a node starts, a timer runs out that is drawn around
//! its node, a reason is worth stopping for, or a message is settled that is neither a heartbeat nor
//! an acknowledgement. What is left is a cluster that waits: heartbeats, what is said to them, and
//! the timers that send them.

use super::{Exhibit, Glyph};
use crate::sim::world::Body;
use crate::sim::{Event, EventKind, Micros, NodeId, Watch};

/// How long a quiet time must last at least to be skipped.
const LEAST: Micros = Micros::from_millis(100);
/// How much of it is left, so that what ends it is seen to come.
const LEAD: Micros = Micros::from_millis(20);
/// How many steps are looked ahead.
pub(super) const AHEAD: u64 = 20_000;

/// What lies ahead on a branch, as long as nobody acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Up to when nothing happens that matters.
    pub until: Micros,
    /// Whether something does then; if not, nobody has looked further.
    pub ends: bool,
}

impl Quiet {
    /// Where to go on, if there is a quiet time to be skipped: shortly before what ends it.
    pub fn skip(self, now: Micros) -> Option<Micros> {
        (self.ends && self.until.since(now) > LEAST).then(|| self.until - LEAD)
    }
}

/// Looks out for the next step that matters.
pub(super) struct Scout(pub bool);

impl<P: Exhibit> Watch<P> for Scout {
    fn event(&mut self, event: Event<'_, P>) {
        self.0 |= match event.kind {
            EventKind::Arrived(flight) | EventKind::Held(flight) | EventKind::Lost(flight, _) => {
                match flight.body {
                    Body::Peer(message) => {
                        !matches!(P::look(message).glyph, Glyph::Heartbeat | Glyph::Ack)
                    }
                    Body::Request(_) | Body::Answer(..) => true,
                }
            }
            EventKind::TimerFired(_, timer) => P::timer(timer).1,
            _ => true,
        };
        self.0 |= event.reasons.iter().any(|reason| P::reason(NodeId(0), reason).key);
    }
}
