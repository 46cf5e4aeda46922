//! Clients: they ask, wait, follow a redirect, ask again, and remember who answered.

use super::json::json_struct;
use super::queue::Plan;
use super::{ClientId, Micros, NodeId, Op, RequestId, Text};

/// The most clients of a world, those that act by themselves and those that a person speaks for.
pub const MAX_CLIENTS: u16 = 1_000;

/// What the clients that act by themselves do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// How many such clients there are.
    pub clients: u16,
    /// The shortest time from an answer to the next operation.
    pub think_least: Micros,
    /// The longest time from an answer to the next operation.
    pub think_most: Micros,
    /// How many of a hundred operations are reads.
    pub read_percent: u8,
    /// How many keys they use.
    pub keys: u8,
    /// How long a client waits for an answer before it asks another node.
    pub patience: Micros,
}

json_struct! {
    Workload { clients, think_least, think_most, read_percent, keys, patience }
}

impl Default for Workload {
    /// Nobody acts by themselves.
    fn default() -> Self {
        Self {
            clients: 0,
            think_least: Micros::from_millis(100),
            think_most: Micros::from_millis(300),
            read_percent: 30,
            keys: 3,
            patience: Micros::from_millis(500),
        }
    }
}

/// What is wrong with a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadError {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: u64,
    /// The least value allowed.
    pub least: u64,
    /// The greatest value allowed.
    pub most: u64,
}

impl Workload {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn check(&self) -> Result<(), WorkloadError> {
        let minute = Micros::from_secs(60).0;
        let ranges = [
            ("clients", self.clients.into(), 0, 100),
            ("think_least", self.think_least.0, 0, minute),
            ("think_most", self.think_most.0, self.think_least.0, minute),
            ("read_percent", self.read_percent.into(), 0, 100),
            ("keys", self.keys.into(), 1, 26),
            ("patience", self.patience.0, 1_000, minute),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(WorkloadError { field, value, least, most });
            }
        }
        Ok(())
    }
}

/// An operation that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// What was asked.
    pub op: Op,
    /// When it was first asked.
    pub invoked: Micros,
    /// Whom it was asked last.
    pub node: NodeId,
    /// Whom the client asked last of its own accord, not because it was sent there.
    pub(super) tried: NodeId,
    /// Whether to ask again when no answer comes.
    pub persistent: bool,
}

/// A client.
#[derive(Clone, Debug, Hash)]
pub struct Client {
    /// How many operations it has begun.
    pub sequence: u32,
    /// The one that waits for an answer, if any.
    pub pending: Option<Pending>,
    /// The node that it asks first: whoever answered last.
    pub favourite: NodeId,
    /// Whether it acts by itself.
    pub automatic: bool,
    /// Its next thought.
    pub(super) thought: Plan,
    /// The end of its patience.
    pub(super) impatience: Plan,
}

impl Client {
    pub(super) fn new(favourite: NodeId) -> Self {
        Self {
            sequence: 0,
            pending: None,
            favourite,
            automatic: false,
            thought: Plan::default(),
            impatience: Plan::default(),
        }
    }

    /// The name of its last operation.
    pub fn request(&self, id: ClientId) -> RequestId {
        RequestId { client: id, sequence: self.sequence }
    }

    /// Whether a person can speak for it: it is nobody's, and waits for nothing.
    pub(super) fn is_free(&self) -> bool {
        !self.automatic && self.pending.is_none()
    }
}

/// The n-th key of a workload: `x`, `y`, `z`, then `a` to `w`.
pub fn key(number: u64) -> Text {
    const NAMES: &str = "xyzabcdefghijklmnopqrstuvw";
    let at = (number % 26) as usize;
    Text::new_inline(&NAMES[at..=at])
}

/// The value that a client writes by itself: its own name and how often it has written, so that no
/// value is written twice and a reader can tell where each came from.
pub fn value(request: RequestId) -> Text {
    let mut bytes = [0_u8; 20];
    let mut at = bytes.len();
    let mut digits = |mut number: u64, before: u8| {
        loop {
            at -= 1;
            bytes[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        at -= 1;
        bytes[at] = before;
        at
    };
    digits(request.sequence.into(), b'.');
    let start = digits(u64::from(request.client.0) + 1, b'c');
    Text::new_inline(std::str::from_utf8(&bytes[start..]).expect("digits are ASCII"))
}
