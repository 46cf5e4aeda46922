//! The list of all protocols: the only place to touch to add one.

use super::paxos::{MultiPaxos, Paxos};
use super::raft::Raft;
use crate::scene::{Exhibit, Lab, Run};
use crate::sim::timeline::Moment;
use crate::sim::{Recording, RecordingError, Session};
use crate::text::Phrase;

/// A run that was opened, and the moment from which it may differ from the one that was saved.
pub type Resumed = (Box<dyn Lab>, Option<Moment>);

/// Opens a session of one protocol.
type Open = fn(Session) -> Result<Resumed, RecordingError>;

/// A protocol that is built in.
#[derive(Debug)]
pub struct Known {
    /// The name that links use.
    pub id: &'static str,
    /// The name for people.
    pub name: fn() -> Phrase,
    open: Open,
}

/// All protocols. A static: each crate that reads a constant compiles the engines behind it once
/// more.
pub static PROTOCOLS: &[Known] = &[known::<Raft>(), known::<Paxos>(), known::<MultiPaxos>()];

const fn known<P: Exhibit>() -> Known {
    Known { id: P::ID, name: P::name, open: run::<P> }
}

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
    match PROTOCOLS.iter().find(|each| each.id == session.start.protocol) {
        Some(known) => (known.open)(session),
        None => Err(RecordingError::NoSuchProtocol { protocol: session.start.protocol }),
    }
}

fn run<P: Exhibit>(session: Session) -> Result<Resumed, RecordingError> {
    let (run, differs) = Run::<P>::resume(session)?;
    Ok((Box::new(run), differs))
}
