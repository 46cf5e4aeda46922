//! The list of all protocols: the only place to touch to add one.

use super::paxos::{MultiPaxos, Paxos};
use super::raft::Raft;
use crate::scene::{Exhibit, Lab, Pair, Run};
use crate::sim::timeline::Moment;
use crate::sim::{ActionError, Recording, RecordingError, Session};
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
    /// Whether it has a setting of this name.
    knows: fn(&str) -> bool,
}

/// All protocols. A static: each crate that reads a constant compiles the engines behind it once
/// more.
pub static PROTOCOLS: &[Known] = &[known::<Raft>(), known::<Paxos>(), known::<MultiPaxos>()];

const fn known<P: Exhibit>() -> Known {
    Known { id: P::ID, name: P::name, open: run::<P>, knows: knows::<P> }
}

fn knows<P: Exhibit>(setting: &str) -> bool {
    P::settings().iter().any(|each| each.id == setting)
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
pub fn resume(mut session: Session) -> Result<Resumed, RecordingError> {
    let beside = session.beside.take();
    let (left, differs) = resume_one(session)?;
    let Some(beside) = beside else { return Ok((left, differs)) };
    let (right, too) = resume_one(*beside)?;
    Ok((Box::new(Pair::new(left, right)?), differs.or(too)))
}

fn resume_one(session: Session) -> Result<Resumed, RecordingError> {
    (find(&session.start.protocol)?.open)(session)
}

fn find(protocol: &str) -> Result<&'static Known, RecordingError> {
    let known = PROTOCOLS.iter().find(|each| each.id == protocol);
    known.ok_or_else(|| RecordingError::NoSuchProtocol { protocol: protocol.into() })
}

/// A run in which nothing has been done yet: of a recording, and beside it, if a second protocol is
/// named, of one that begins alike. Each setting goes to those that know it.
///
/// # Errors
/// When a protocol is not built in, or none of them knows a setting.
pub fn begin(recording: Recording, beside: Option<&str>) -> Result<Session, RecordingError> {
    let first = find(&recording.protocol)?;
    let second = beside.map(find).transpose()?;
    let knows = |name: &str| [Some(first), second].iter().flatten().any(|each| (each.knows)(name));
    if let Some((name, _)) = recording.settings.iter().find(|(name, _)| !knows(name)) {
        let setting = name.clone();
        return Err(RecordingError::Setup(ActionError::NoSuchSetting { setting }));
    }
    let own = |known: &Known| {
        let mut own = recording.clone();
        own.protocol = known.id.into();
        own.settings.retain(|name| (known.knows)(name));
        Session::of_recording(own)
    };
    Ok(Session { beside: second.map(|known| Box::new(own(known))), ..own(first) })
}

fn run<P: Exhibit>(session: Session) -> Result<Resumed, RecordingError> {
    let (run, differs) = Run::<P>::resume(session)?;
    Ok((Box::new(run), differs))
}
