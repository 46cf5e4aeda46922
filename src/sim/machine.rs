//! The replicated state machine that every protocol here drives: a key–value store.

use std::fmt;

pub use smol_str::SmolStr as Text;

use super::ClientId;
use super::json::json_enum;

/// The longest key or value, in characters.
pub const MAX_TEXT: usize = 64;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Binds a key to a value.
    Write {
        /// The key, at most [`MAX_TEXT`] characters.
        key: Text,
        /// The value, at most [`MAX_TEXT`] characters.
        value: Text,
    },
    /// Asks for the value of a key.
    Read {
        /// The key, at most [`MAX_TEXT`] characters.
        key: Text,
    },
}

json_enum! {
    Op {
        "write" => Write { key, value },
        "read" => Read { key },
    }
}

impl Op {
    /// The key that it is about.
    pub fn key(&self) -> &Text {
        match self {
            Self::Write { key, .. } | Self::Read { key } => key,
        }
    }
}

impl Command {
    /// How many bytes it takes, by the measure of [`Protocol::bytes`](super::Protocol::bytes).
    pub fn bytes(&self) -> u64 {
        let texts = match &self.op {
            Op::Write { key, value } => key.len() + value.len() + 2,
            Op::Read { key } => key.len() + 1,
        };
        // The client's name, its sequence number, the kind.
        1 + 8 + 1 + texts as u64
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { key, value } => write!(f, "{key}={value}"),
            Self::Read { key } => write!(f, "{key}?"),
        }
    }
}

/// Names one operation of one client; the sequence number is one more for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// Who asks.
    pub client: ClientId,
    /// Its how-manieth operation, from 1.
    pub sequence: u32,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client, self.sequence)
    }
}

/// An operation with its name: what a log entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// Whose operation it is.
    pub request: RequestId,
    /// What to do.
    pub op: Op,
}

/// What a client hears.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The write took effect.
    Written,
    /// The value read, or none when the key is unbound. To a write: it did not take effect and never
    /// will, because the register that it is about can be written once; this is what the key is
    /// bound to for good.
    Value(Option<Text>),
    /// This node does not serve clients now; perhaps that one does.
    Redirect(Option<super::NodeId>),
}

/// The store, and what each client was last told, so that a retry is not applied twice
/// (Ongaro's dissertation, §6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyValue {
    /// In the order of the keys, which are few.
    values: Vec<(Text, Text)>,
    /// By the client's number: its last command that was done, and the answer.
    sessions: Vec<Option<(u32, Answer)>>,
}

impl KeyValue {
    /// Does what the command says and returns what its client is to hear. With `sessions`, a
    /// command that was done before is not done again: its client hears the same answer.
    pub fn apply(&mut self, command: &Command, sessions: bool) -> Answer {
        if !sessions {
            return self.execute(&command.op);
        }
        let RequestId { client, sequence } = command.request;
        let client = usize::from(client.0);
        if let Some(Some((last, answer))) = self.sessions.get(client)
            && *last >= sequence
        {
            return answer.clone();
        }
        let answer = self.execute(&command.op);
        if self.sessions.len() <= client {
            self.sessions.resize(client + 1, None);
        }
        self.sessions[client] = Some((sequence, answer.clone()));
        answer
    }

    fn execute(&mut self, op: &Op) -> Answer {
        let place = self.place(op.key());
        match (op, place) {
            (Op::Write { value, .. }, Ok(place)) => {
                self.values[place].1.clone_from(value);
                Answer::Written
            }
            (Op::Write { key, value }, Err(place)) => {
                self.values.insert(place, (key.clone(), value.clone()));
                Answer::Written
            }
            (Op::Read { .. }, Ok(place)) => Answer::Value(Some(self.values[place].1.clone())),
            (Op::Read { .. }, Err(_)) => Answer::Value(None),
        }
    }

    /// Where a key is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.values.binary_search_by(|(bound, _)| bound.as_str().cmp(key))
    }

    /// What the key is bound to.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.place(key).ok().map(|place| &self.values[place].1)
    }

    /// How many bytes it takes, by the measure of [`Protocol::bytes`](super::Protocol::bytes); what
    /// clients were told counts as a number each.
    pub fn bytes(&self) -> u64 {
        let texts = self.iter().map(|(key, value)| key.len() + value.len() + 2);
        texts.sum::<usize>() as u64 + 16 * self.sessions.iter().flatten().count() as u64
    }

    /// All bindings, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.values.iter().map(|(key, value)| (key, value))
    }
}
