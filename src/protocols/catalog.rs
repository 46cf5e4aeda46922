//! The list of all protocols: the only place to touch to add one.

use super::paxos::{MultiPaxos, Paxos};
use super::raft::Raft;
use crate::scene::{Lab, Run};
use crate::sim::{Protocol, Recording, RecordingError};

/// Opens a recording of one protocol.
type Open = fn(Recording) -> Result<Box<dyn Lab>, RecordingError>;

/// All protocols, by the name that links use. A static: each crate that reads a constant compiles the
/// engines behind it once more.
pub static PROTOCOLS: &[(&str, Open)] = &[
    (Raft::ID, |recording| Ok(Box::new(Run::<Raft>::open(recording)?))),
    (Paxos::ID, |recording| Ok(Box::new(Run::<Paxos>::open(recording)?))),
    (MultiPaxos::ID, |recording| Ok(Box::new(Run::<MultiPaxos>::open(recording)?))),
];

/// Plays a recording, whatever its protocol, and stands where its last action left it.
///
/// # Errors
/// When no such protocol is built in, or the recording cannot be played.
pub fn open(recording: Recording) -> Result<Box<dyn Lab>, RecordingError> {
    match PROTOCOLS.iter().find(|(id, _)| *id == recording.protocol) {
        Some((_, open)) => open(recording),
        None => Err(RecordingError::NoSuchProtocol { protocol: recording.protocol }),
    }
}
