//! The replicated state machine that every protocol here drives: a key–value store.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
pub use smol_str::SmolStr as Text;

use super::ClientId;

/// The longest key or value, in characters.
pub const MAX_TEXT: usize = 64;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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

impl Op {
    /// The key that it is about.
    pub fn key(&self) -> &Text {
        match self {
            Self::Write { key, .. } | Self::Read { key } => key,
        }
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
    /// The value read, or none when the key is unbound.
    Value(Option<Text>),
    /// This node does not serve clients now; perhaps that one does.
    Redirect(Option<super::NodeId>),
}

/// The store, and what each client was last told, so that a retry is not applied twice
/// (Ongaro's dissertation, §6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyValue {
    values: BTreeMap<Text, Text>,
    sessions: BTreeMap<ClientId, (u32, Answer)>,
}

impl KeyValue {
    /// Does what the command says and returns what its client is to hear. With `sessions`, a
    /// command that was done before is not done again: its client hears the same answer.
    pub fn apply(&mut self, command: &Command, sessions: bool) -> Answer {
        let RequestId { client, sequence } = command.request;
        if sessions
            && let Some((last, answer)) = self.sessions.get(&client)
            && *last >= sequence
        {
            return answer.clone();
        }
        let answer = match &command.op {
            Op::Write { key, value } => {
                match self.values.get_mut(key) {
                    Some(old) => old.clone_from(value),
                    None => {
                        self.values.insert(key.clone(), value.clone());
                    }
                }
                Answer::Written
            }
            Op::Read { key } => Answer::Value(self.values.get(key).cloned()),
        };
        if sessions {
            self.sessions.insert(client, (sequence, answer.clone()));
        }
        answer
    }

    /// What the key is bound to.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.values.get(key)
    }

    /// All bindings, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.values.iter()
    }
}
