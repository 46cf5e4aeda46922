//! A run with all its branches as data, and the bytes of a link or a file.
//!
//! The bytes are a head of eleven, then the JSON of the [`Session`], deflated: JSON, so that what a
//! link of today says is plain to every later version; deflated, so that fifty actions fit into
//! 1,500 characters. The head is the [`MAGIC`], the [`FORMAT`], the length of what follows and a
//! checksum of it, so that what is wrong with a link can be told.

use std::fmt;
use std::hash::Hasher;

use data_encoding::BASE64URL_NOPAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::digest::Digest;
use super::json::{Json, Read, Write, Writer, json_struct, to_text};
use super::recording::Timed;
use super::timeline::{MAX_ACTIONS, MAX_BRANCHES, MAX_MARKS, MAX_STEPS, MAX_TIME, Mark, Moment};
use super::{Action, Micros, Recording, RecordingError, Text};

/// The format that this build writes and reads.
pub const FORMAT: u8 = 1;
/// The engines' version, which a session is played by.
pub const ENGINE: &str = env!("CARGO_PKG_VERSION");
/// What all links and files begin with.
pub const MAGIC: [u8; 2] = [0xC0, 0x5E];
/// The most bytes of a link or file.
pub const MAX_BYTES: usize = 1 << 20;
/// The most bytes of a session's JSON.
pub const MAX_JSON: usize = 2 << 20;
/// The most steps of all branches together.
pub const MAX_ALL_STEPS: u64 = 4 * MAX_STEPS;

/// The length of the head.
const HEAD: usize = 11;
/// How hard to look for repetitions, from 0 to 10.
const EFFORT: u8 = 9;

/// A run with all its branches, and where its reader stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The version of the engines that played it.
    pub engine: String,
    /// How the run begins; it has no actions.
    pub start: Recording,
    /// The branches; each comes after the one that it left.
    pub strands: Vec<Strand>,
    /// On which of them the reader stands.
    pub strand: usize,
    /// At which moment.
    pub moment: Moment,
    /// The digest of the state there.
    pub digest: u64,
    /// The cluster beside this one, if there is one. Each of its branches has for its name the place
    /// of the branch of this session that it belongs to.
    pub beside: Option<Box<Session>>,
}

json_struct! {
    Session { engine, start, strands, strand, moment, digest, beside or nothing }
}

/// A branch, from where it left another one on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strand {
    /// Which one it left, by its place, and when; none for the first.
    pub origin: Option<(usize, Moment)>,
    /// What the reader calls it.
    pub name: Text,
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    /// What is marked.
    pub marks: Vec<Mark>,
    /// How far it was lived.
    pub end: Moment,
}

json_struct! {
    Strand { origin or nothing, name or nothing, deeds or nothing, marks or nothing, end }
}

/// An action, and when it was done, counted from the action before it or from where the branch
/// begins: how much later in microseconds, how many steps later; then 16 bits of the digest of the
/// state just after it; then the action. In this order it is a list in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed(pub u64, pub u64, pub u16, pub Action);

impl Read for Deed {
    fn read(json: &Json) -> Result<Self, String> {
        let [later, steps, check, action] = json.tuple()?;
        Ok(Self(Read::read(later)?, Read::read(steps)?, Read::read(check)?, Read::read(action)?))
    }
}

impl Write for Deed {
    fn write_to(&self, json: &mut Writer) {
        let Self(later, steps, check, action) = self;
        json.open('[');
        later.write_to(json);
        steps.write_to(json);
        check.write_to(json);
        action.write_to(json);
        json.close(']');
    }
}

impl Strand {
    /// Where it begins.
    fn from(&self) -> Moment {
        self.origin.map_or(Moment::default(), |(_, moment)| moment)
    }

    /// Writes down what was done, each thing with its check.
    pub(super) fn write(&mut self, actions: &[Timed], checks: &[u16]) {
        let mut last = self.from();
        for (timed, check) in actions.iter().zip(checks) {
            let Timed { at, after, action } = timed;
            let (later, steps) = (at.since(last.at).0, after.saturating_sub(last.after));
            self.deeds.push(Deed(later, steps, *check, action.clone()));
            last = timed.moment();
        }
    }

    /// What was done, each thing with its check if one is known.
    pub(super) fn read(&self) -> impl Iterator<Item = (Timed, u16)> {
        let mut last = self.from();
        self.deeds.iter().map(move |Deed(later, steps, check, action)| {
            last.at = last.at + Micros(*later);
            last.after = last.after.saturating_add(*steps);
            (Timed { at: last.at, after: last.after, action: action.clone() }, *check)
        })
    }
}

/// Why a link or a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It is something else.
    NotALink,
    /// A part of it is missing.
    Truncated {
        /// How many bytes there are.
        have: usize,
        /// How many there should be.
        want: usize,
    },
    /// Something in it has changed.
    Corrupted,
    /// It is too large.
    Oversized {
        /// The most bytes allowed: of a link, or of what it unfolds to.
        most: usize,
    },
    /// It was written in a later format.
    Format {
        /// The format it names.
        found: u8,
    },
    /// It can be read, but not played.
    Recording(RecordingError),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALink => write!(f, "this is not a link to a run, nor a file of one"),
            Self::Truncated { have, want } => {
                write!(f, "truncated: it has {have} of {want} bytes")
            }
            Self::Corrupted => write!(f, "corrupted: something in it has changed on its way"),
            Self::Oversized { most } => write!(f, "oversized: at most {most} bytes are allowed"),
            Self::Format { found } => {
                write!(f, "format: {found} is not known; this version reads {FORMAT}")
            }
            Self::Recording(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for LinkError {}

impl From<RecordingError> for LinkError {
    fn from(why: RecordingError) -> Self {
        Self::Recording(why)
    }
}

impl Session {
    /// A session of one recording, whose reader stands where it ends.
    pub fn of_recording(recording: Recording) -> Self {
        let mut start = recording;
        let actions = std::mem::take(&mut start.actions);
        let end = actions.last().map(|last| Moment { after: last.after + 1, at: last.at });
        let end = end.unwrap_or_default();
        let mut strand = Strand { end, ..Strand::default() };
        strand.write(&actions, &vec![0; actions.len()]);
        let engine = ENGINE.into();
        Self {
            engine,
            start,
            strands: vec![strand],
            strand: 0,
            moment: end,
            digest: 0,
            beside: None,
        }
    }

    /// As the bytes of a file.
    ///
    /// # Errors
    /// When it is longer than a session may be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LinkError> {
        self.check()?;
        let json = self.to_json();
        let body = compress_to_vec(json.as_bytes(), EFFORT);
        if json.len() > MAX_JSON || body.len() > MAX_BYTES - HEAD {
            return Err(LinkError::Oversized { most: MAX_BYTES });
        }
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend(MAGIC);
        bytes.push(FORMAT);
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(checksum(&body).to_le_bytes());
        bytes.extend(body);
        Ok(bytes)
    }

    /// As the text of a link.
    ///
    /// # Errors
    /// When it is longer than a session may be.
    pub fn to_link(&self) -> Result<String, LinkError> {
        Ok(BASE64URL_NOPAD.encode(&self.to_bytes()?))
    }

    /// Reads what [`Session::to_link`] wrote.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_link(link: &str) -> Result<Self, LinkError> {
        let link = link.trim();
        if link.len() > MAX_BYTES / 3 * 4 {
            return Err(LinkError::Oversized { most: MAX_BYTES });
        }
        // A link that lost its end may have lost a part of a byte.
        let whole = link.len() - usize::from(link.len() % 4 == 1);
        let text = link.as_bytes().get(..whole).unwrap_or_default();
        let mut bytes = vec![0; BASE64URL_NOPAD.decode_len(text.len()).unwrap_or(0)];
        let decoded = match BASE64URL_NOPAD.decode_mut(text, &mut bytes) {
            Ok(length) => length,
            // What was cut within a byte has bits left over.
            Err(partial) if partial.error.position + 4 > text.len() => partial.written,
            Err(_) if bytes.starts_with(&MAGIC) => return Err(LinkError::Corrupted),
            Err(_) => return Err(LinkError::NotALink),
        };
        Self::from_bytes(&bytes[..decoded])
    }

    /// Reads an address that ends with a link, a link alone, or the JSON of a session or of a recording.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, LinkError> {
        match text.split_once("#run=") {
            Some((_, link)) => Self::from_link(link),
            None if text.trim_start().starts_with('{') => Self::from_bytes(text.as_bytes()),
            None => Self::from_link(text),
        }
    }

    /// Reads what [`Session::to_bytes`] wrote, or the JSON of a session or of a recording.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LinkError> {
        // Some editors put a byte-order mark before what they save.
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        if bytes.trim_ascii_start().first() == Some(&b'{') {
            return Self::from_json(bytes);
        }
        if bytes.len() > MAX_BYTES {
            return Err(LinkError::Oversized { most: MAX_BYTES });
        }
        let Some(rest) = bytes.strip_prefix(&MAGIC) else { return Err(LinkError::NotALink) };
        match rest.first() {
            Some(&FORMAT) | None => {}
            Some(&found) => return Err(LinkError::Format { found }),
        }
        let number = |from: usize| {
            let four = bytes.get(from..from + 4)?.first_chunk()?;
            Some(u32::from_le_bytes(*four))
        };
        let (Some(length), Some(sum)) = (number(3), number(7)) else {
            return Err(LinkError::Truncated { have: bytes.len(), want: HEAD });
        };
        let (body, want) = (&bytes[HEAD..], (length as usize).saturating_add(HEAD));
        if want > MAX_BYTES {
            return Err(LinkError::Corrupted);
        }
        if bytes.len() < want {
            return Err(LinkError::Truncated { have: bytes.len(), want });
        }
        if bytes.len() > want || checksum(body) != sum {
            return Err(LinkError::Corrupted);
        }
        let json =
            decompress_to_vec_with_limit(body, MAX_JSON).map_err(|error| match error.status {
                TINFLStatus::HasMoreOutput => LinkError::Oversized { most: MAX_JSON },
                _ => LinkError::Corrupted,
            })?;
        Self::from_json(&json)
    }

    /// Reads the JSON of a session or of a recording.
    fn from_json(json: &[u8]) -> Result<Self, LinkError> {
        if json.len() > MAX_JSON {
            return Err(LinkError::Oversized { most: MAX_JSON });
        }
        let malformed = RecordingError::Malformed;
        let text = std::str::from_utf8(json).map_err(|error| malformed(error.to_string()))?;
        // A recording says its format first of all; a session has one inside.
        let is_session = text.trim_start_matches(|c: char| c == '{' || c.is_whitespace());
        let session = match is_session.starts_with("\"engine\"") {
            true => Json::parse(text).and_then(|json| Self::read(&json)).map_err(malformed)?,
            false => Self::of_recording(Recording::from_json(text)?),
        };
        session.check()?;
        Ok(session)
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        to_text(self)
    }

    /// Checks that it does not ask for more than there may be, and that it is a tree.
    ///
    /// # Errors
    /// Of what it asks for too much, or which branch does not hang together.
    pub(super) fn check(&self) -> Result<(), RecordingError> {
        let at_most = |field, value: usize, most: usize| match value > most {
            true => Err(RecordingError::TooLong { field, value: value as u64, most: most as u64 }),
            false => Ok(()),
        };
        at_most("branches", self.strands.len(), MAX_BRANCHES)?;
        at_most("actions", self.start.actions.len(), 0)?;
        let mut all_steps = 0_u64;
        for (number, strand) in self.strands.iter().enumerate() {
            let from = strand.from();
            let known = match strand.origin {
                None => number == 0,
                Some((parent, _)) => parent < number,
            };
            if !known || strand.end < from {
                return Err(RecordingError::Branch { number });
            }
            let end = strand.end;
            at_most("actions", strand.deeds.len(), MAX_ACTIONS)?;
            at_most("marks", strand.marks.len(), MAX_MARKS)?;
            for (field, value, most) in
                [("steps", end.after, MAX_STEPS), ("at", end.at.0, MAX_TIME.0)]
            {
                if value > most {
                    return Err(RecordingError::TooLong { field, value, most });
                }
            }
            all_steps += end.after.saturating_sub(from.after);
        }
        if all_steps > MAX_ALL_STEPS {
            let (value, most) = (all_steps, MAX_ALL_STEPS);
            return Err(RecordingError::TooLong { field: "steps", value, most });
        }
        if self.strand >= self.strands.len() {
            return Err(RecordingError::Branch { number: self.strand });
        }
        match &self.beside {
            None => Ok(()),
            Some(third) if third.beside.is_some() => {
                Err(RecordingError::TooLong { field: "beside", value: 2, most: 1 })
            }
            Some(beside) => beside.check(),
        }
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut digest = Digest::default();
    digest.write(bytes);
    digest.finish() as u32
}
