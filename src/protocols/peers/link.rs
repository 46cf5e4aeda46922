//! Connections that keep order and say when they broke, over a network that promises neither.
//!
//! Each message carries its place: the connection and its number in it. What comes early waits for
//! what it has overtaken; what was repeated or is late is thrown away. When too much has come early,
//! or has waited too long, the connection broke: all that the sender still has under way in it is
//! lost, as with TCP, and the next message opens another.

use std::collections::BTreeMap;

/// So many messages that came early tell that the one before them was lost, as with TCP's fast
/// retransmit (RFC 5681, §3.2).
const MOST_EARLY: usize = 3;

/// A message's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// How often the sender had been started.
    from_start: u32,
    /// How often it thinks the receiver was.
    to_start: u32,
    /// How often the connection had broken since.
    breaks: u64,
    /// The how-manieth message in this direction, from 1.
    number: u64,
}

/// One end of the connection to another node, which sends messages `M`.
#[derive(Clone, Debug)]
pub(super) struct Link<M> {
    our_start: u32,
    their_start: u32,
    breaks: u64,
    sent: u64,
    heard: u64,
    /// What came early, by its number.
    early: BTreeMap<u64, M>,
    /// What had been heard at the last check that found something waiting.
    stuck_at: Option<u64>,
}

impl<M> Link<M> {
    /// The end of a node that was started so often.
    pub fn new(our_start: u32) -> Self {
        Self {
            our_start,
            their_start: 1,
            breaks: 0,
            sent: 0,
            heard: 0,
            early: BTreeMap::new(),
            stuck_at: None,
        }
    }

    /// The place of the next message to send.
    pub fn send(&mut self) -> Place {
        self.sent += 1;
        Place {
            from_start: self.our_start,
            to_start: self.their_start,
            breaks: self.breaks,
            number: self.sent,
        }
    }

    /// A message arrives. Tells whether the connection broke and there is a new one, and gives the
    /// message back when it is the next to read; [`Link::take`] gives those that had waited for it.
    pub fn receive(&mut self, place: Place, message: M) -> (bool, Option<M>) {
        let mut reconnected = false;
        if place.from_start > self.their_start {
            *self = Self { their_start: place.from_start, ..Self::new(self.our_start) };
            reconnected = true;
        }
        if (place.from_start, place.to_start) != (self.their_start, self.our_start) {
            return (reconnected, None);
        }
        if place.breaks > self.breaks {
            self.reopen(place.breaks);
            reconnected = true;
        }
        if place.breaks < self.breaks || place.number <= self.heard {
            return (reconnected, None);
        }
        if place.number == self.heard + 1 {
            self.heard = place.number;
            return (reconnected, Some(message));
        }
        self.early.insert(place.number, message);
        if self.early.len() > MOST_EARLY {
            self.reopen(self.breaks + 1);
            reconnected = true;
        }
        (reconnected, None)
    }

    /// The next message, if it has come.
    pub fn take(&mut self) -> Option<M> {
        let message = self.early.remove(&(self.heard + 1))?;
        self.heard += 1;
        Some(message)
    }

    /// Some time has passed. Tells whether the connection broke and there is a new one: when
    /// something has waited since the last check for what does not come.
    pub fn check(&mut self) -> bool {
        let waiting = (!self.early.is_empty()).then_some(self.heard);
        let broke = waiting.is_some() && waiting == self.stuck_at;
        self.stuck_at = waiting;
        if broke {
            self.reopen(self.breaks + 1);
        }
        broke
    }

    fn reopen(&mut self, breaks: u64) {
        (self.breaks, self.sent, self.heard) = (breaks, 0, 0);
        self.early.clear();
        self.stuck_at = None;
    }
}
