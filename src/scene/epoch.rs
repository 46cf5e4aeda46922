//! The number that counts leaderships.

use std::fmt;

use crate::sim::NodeId;
use crate::text::Argument;

/// A term, an epoch, or a ballot: a number that may carry the name of the node that made it. They
/// are ordered as pairs. The default is none at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch {
    /// The number; 0 for none.
    pub number: u64,
    /// Whose it is, where that is a part of it.
    pub node: Option<NodeId>,
}

impl Epoch {
    /// Which of the six colours it has, so that epochs that follow each other differ; none for no
    /// epoch.
    pub fn colour(self) -> Option<u8> {
        let owner = self.node.map_or(0, |node| 2 * u64::from(node.0));
        let known = self.number.checked_sub(1)?;
        Some(((known + owner) % 6) as u8)
    }
}

impl From<u64> for Epoch {
    fn from(number: u64) -> Self {
        Self { number, node: None }
    }
}

/// `3`, or `3.2` for the third of S2.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)?;
        match self.node {
            Some(node) if self.number > 0 => write!(f, ".{}", u16::from(node.0) + 1),
            Some(_) | None => Ok(()),
        }
    }
}

impl From<Epoch> for Argument {
    fn from(epoch: Epoch) -> Self {
        match epoch.node {
            None => Self::Number(epoch.number),
            Some(_) => Self::Text(epoch.to_string()),
        }
    }
}
