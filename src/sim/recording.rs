//! A run as data: how it began and what was done to it. Replaying a recording gives the run.

use std::fmt;

use super::json::{Json, Read, json_struct, to_text};
use super::timeline::{MAX_ACTIONS, MAX_STEPS, MAX_TIME};
use super::world::{Setup, check_quality, check_setting};
use super::{
    Action, ActionError, MAX_NODES, Micros, Protocol, Quality, SortedMap, Watch, Workload, World,
};

/// The format that this build writes and reads.
pub const FORMAT: u16 = 1;

/// An action and its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The world's clock when it was done.
    pub at: Micros,
    /// How many steps the world had taken before it.
    pub after: u64,
    /// What was done.
    pub action: Action,
}

json_struct!(Timed { at, after, action });

/// A run, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The version of this format, [`FORMAT`].
    pub format: u16,
    /// The protocol's name.
    pub protocol: String,
    /// How many nodes, from 1 to [`MAX_NODES`].
    pub nodes: u8,
    /// What all chance in the run comes from.
    pub seed: u64,
    /// Settings of the protocol that differ from their defaults.
    pub settings: SortedMap<String, u64>,
    /// The quality of all links at the beginning.
    pub quality: Quality,
    /// What clients do by themselves from the beginning.
    pub workload: Workload,
    /// What was done, in order.
    pub actions: Vec<Timed>,
}

json_struct! {
    Recording { format, protocol, nodes, seed, settings or default, quality or default,
        workload or default, actions or default }
}

/// Why a recording cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingError {
    /// It is not the JSON of a recording; the text says where and why.
    Malformed(String),
    /// It was written in another format.
    Format {
        /// The format it names.
        found: u16,
    },
    /// No such protocol is built in.
    NoSuchProtocol {
        /// The name asked for.
        protocol: String,
    },
    /// Its number of nodes is not allowed.
    Nodes {
        /// The number asked for.
        nodes: u8,
    },
    /// A value at the beginning of the run is not allowed.
    Setup(ActionError),
    /// It asks for a longer run than there may be.
    TooLong {
        /// Of what: `actions`, `steps` or `at`, the moment of the last action in microseconds.
        field: &'static str,
        /// How much it asks for.
        value: u64,
        /// The most allowed.
        most: u64,
    },
    /// An action cannot be done at its moment.
    Action {
        /// Its place in the list, from zero.
        number: usize,
        /// Why not.
        why: ActionError,
    },
    /// A branch does not begin where the run comes by, or does not end where it says.
    Branch {
        /// Its place in the list, from zero.
        number: usize,
    },
    /// An action's moment does not come after the one before, or never comes.
    Order {
        /// Its place in the list, from zero.
        number: usize,
    },
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "this is not a recording: {why}"),
            Self::Format { found } => {
                write!(f, "format: {found} is not known; this version reads {FORMAT}")
            }
            Self::NoSuchProtocol { protocol } => write!(f, "protocol: {protocol:?} is not known"),
            Self::Nodes { nodes } => {
                write!(f, "nodes: {nodes} is out of range; 1 to {MAX_NODES} is allowed")
            }
            Self::Setup(why) => why.fmt(f),
            Self::TooLong { field, value, most } => {
                write!(f, "{field}: {value} is too much; a recording holds {most} at most")
            }
            Self::Action { number, why } => write!(f, "action {number}: {why}"),
            Self::Branch { number } => {
                write!(f, "branch {number}: it does not hang together with the others")
            }
            Self::Order { number } => {
                write!(f, "action {number}: its moment does not follow from the run before it")
            }
        }
    }
}

impl std::error::Error for RecordingError {}

impl Recording {
    /// A run of a protocol in which nothing has been done yet, with everything at its default.
    pub fn new(protocol: &str, nodes: u8, seed: u64) -> Self {
        Self {
            format: FORMAT,
            protocol: protocol.into(),
            nodes,
            seed,
            settings: SortedMap::default(),
            quality: Quality::default(),
            workload: Workload::default(),
            actions: Vec::new(),
        }
    }

    /// Reads the JSON that [`Recording::to_json`] wrote.
    ///
    /// # Errors
    /// When it is not a recording, or one of another format.
    pub fn from_json(json: &str) -> Result<Self, RecordingError> {
        let json = Json::parse(json).map_err(RecordingError::Malformed)?;
        // What every format says of itself, whatever else it says.
        match json.field("format").map_err(RecordingError::Malformed)? {
            FORMAT => Self::read(&json).map_err(RecordingError::Malformed),
            found => Err(RecordingError::Format { found }),
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        to_text(self)
    }

    /// How the world of this recording begins.
    ///
    /// # Errors
    /// When it is of another protocol, a number is out of its range or a setting is unknown.
    pub fn setup<P: Protocol>(&self) -> Result<Setup<P::Config>, RecordingError> {
        if self.protocol != P::ID {
            return Err(RecordingError::NoSuchProtocol { protocol: self.protocol.clone() });
        }
        if !(1..=MAX_NODES).contains(&self.nodes) {
            return Err(RecordingError::Nodes { nodes: self.nodes });
        }
        check_quality(&self.quality).map_err(RecordingError::Setup)?;
        let workload = self.workload.check();
        workload.map_err(|error| RecordingError::Setup(error.into()))?;
        let mut config = P::Config::default();
        for (name, value) in self.settings.iter() {
            check_setting::<P>(name, *value).map_err(RecordingError::Setup)?;
            let setting = P::settings().iter().find(|setting| setting.id == name);
            (setting.expect("checked").set)(&mut config, *value);
        }
        Ok(Setup {
            nodes: self.nodes,
            seed: self.seed,
            config,
            quality: self.quality,
            workload: self.workload,
            judged: true,
        })
    }

    /// Checks that it does not ask for a longer run than there may be.
    ///
    /// # Errors
    /// Of what it asks for too much.
    pub(super) fn check_lengths(&self) -> Result<(), RecordingError> {
        let last = self.actions.last().map(Timed::moment).unwrap_or_default();
        let lengths = [
            ("actions", self.actions.len() as u64, MAX_ACTIONS as u64),
            ("steps", last.after, MAX_STEPS),
            ("at", last.at.0, MAX_TIME.0),
        ];
        match lengths.into_iter().find(|(_, value, most)| value > most) {
            Some((field, value, most)) => Err(RecordingError::TooLong { field, value, most }),
            None => Ok(()),
        }
    }

    /// Plays the whole recording: the world as its last action left it.
    ///
    /// # Errors
    /// When the beginning is not allowed, it asks for too much, or an action cannot be done at its
    /// moment.
    pub fn replay<P: Protocol>(
        &self,
        watch: &mut impl Watch<P>,
    ) -> Result<World<P>, RecordingError> {
        self.check_lengths()?;
        let mut world = World::new(&self.setup::<P>()?, watch);
        for (number, timed) in self.actions.iter().enumerate() {
            while world.steps() < timed.after && world.next_due().is_some_and(|due| due <= timed.at)
            {
                world.step(watch);
            }
            let early = world.next_due().is_some_and(|due| due < timed.at);
            if world.steps() != timed.after || world.now() > timed.at || early {
                return Err(RecordingError::Order { number });
            }
            world.wait_until(timed.at);
            world
                .act(&timed.action, watch)
                .map_err(|why| RecordingError::Action { number, why })?;
        }
        Ok(world)
    }
}
