//! The list of all protocols: the only place to touch to add one.

use super::paxos::{MultiPaxos, Paxos};
use super::raft::Raft;
use crate::scene::{Exhibit, Lab, Run};
use crate::sim::timeline::Moment;
use crate::sim::{Protocol, Recording, RecordingError, Session};

/// A run that was opened, and the moment from which it may differ from the one that was saved.
pub type Resumed = (Box<dyn Lab>, Option<Moment>);

/// Opens a session of one protocol.
type Open = fn(Session) -> Result<Resumed, RecordingError>;

/// All protocols, by the name that links use. A static: each crate that reads a constant compiles the
/// engines behind it once more.
pub static PROTOCOLS: &[(&str, Open)] =
    &[(Raft::ID, run::<Raft>), (Paxos::ID, run::<Paxos>), (MultiPaxos::ID, run::<MultiPaxos>)];

/// Plays a recording, whatever its protocol, and stands where its last action left it.
///
/// # Errors
/// When no such protocol is built in, or the recording cannot be played.
pub fn open(recording: Recording) -> Result<Box<dyn Lab>, RecordingError> {
    Ok(resume(Session::of_recording(recording))?.0)
}

/// Plays a session, whatever its protocol, and stands where its reader stood.
///
/// # Errors
/// When no such protocol is built in, or the session cannot be played.
pub fn resume(session: Session) -> Result<Resumed, RecordingError> {
    match PROTOCOLS.iter().find(|(id, _)| *id == session.start.protocol) {
        Some((_, open)) => open(session),
        None => Err(RecordingError::NoSuchProtocol { protocol: session.start.protocol }),
    }
}

fn run<P: Exhibit>(session: Session) -> Result<Resumed, RecordingError> {
    let (run, differs) = Run::<P>::resume(session)?;
    Ok((Box::new(run), differs))
}
