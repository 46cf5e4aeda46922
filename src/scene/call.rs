//! What other programs ask of a run, as they ask it: the name of a method and its arguments in JSON.
//! What comes in is read into a [`Call`], which cannot hold nonsense.

use super::complain_link;
use crate::sim::json::{Json, Read};
use crate::sim::timeline::MAX_TIME;
use crate::sim::{Action, Micros, Session};
use crate::text::Language;

/// The most events that one call may take.
pub const MOST_STEPS: u64 = 1_000_000;
/// The greatest speed: so many milliseconds of the world in a second of the reader's.
pub const MOST_SPEED: u64 = 10_000;

/// One thing asked of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// To run.
    Play,
    /// To stand still.
    Pause,
    /// To take so many events; it stands still then.
    Step(u64),
    /// To go to a moment; beyond the end of its branch the run is lived on until then.
    Seek(Micros),
    /// To do something to the world.
    Act(Action),
    /// To go on from another run.
    Load(Box<Session>),
    /// To run at so many milliseconds of the world in a second of the reader's.
    Speed(u64),
    /// To tell what there is: see [`state`](super::state).
    State,
    /// To tell what was done, as a recording.
    Recording,
    /// To tell how time goes.
    Pace,
    /// To tell the run with all its branches, as a link.
    Session,
}

/// The methods, each with the names of its arguments.
pub const METHODS: [(&str, &[&str]); 11] = [
    ("play", &[]),
    ("pause", &[]),
    ("step", &["n"]),
    ("seek", &["time"]),
    ("act", &["action"]),
    ("load", &["run"]),
    ("speed", &["value"]),
    ("state", &[]),
    ("recording", &[]),
    ("pace", &[]),
    ("session", &[]),
];

impl Call {
    /// Reads a call; `arguments` is a JSON array.
    ///
    /// # Errors
    /// A sentence that names the method, the argument, its value, and what is allowed.
    pub fn read(method: &str, arguments: &str) -> Result<Self, String> {
        let Some((_, names)) = METHODS.iter().find(|(name, _)| *name == method) else {
            let all: Vec<_> = METHODS.iter().map(|(name, _)| *name).collect();
            return Err(format!("{method:.64}: there is no such method, but {}", all.join(", ")));
        };
        Self::fill(method, names, arguments).map_err(|why| format!("{method}: {why}"))
    }

    fn fill(method: &str, names: &[&str], arguments: &str) -> Result<Self, String> {
        let arguments = Json::parse(arguments)?;
        let given = arguments.list()?;
        if given.len() > names.len() {
            return Err(format!("{} arguments, at most {} allowed", given.len(), names.len()));
        }
        let name = names.first().copied().unwrap_or_default();
        let within = |why: String| format!("{name}: {why}");
        let argument = given.first().unwrap_or(&Json::Null);
        let number = |least: u64, most: u64| match u64::read(argument) {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            Ok(number) => Err(within(format!("{number}, {least} to {most} allowed"))),
            Err(why) => Err(within(format!("{why}, {least} to {most} allowed"))),
        };
        Ok(match method {
            "play" => Self::Play,
            "pause" => Self::Pause,
            "step" if given.is_empty() => Self::Step(1),
            "step" => Self::Step(number(1, MOST_STEPS)?),
            "seek" => Self::Seek(Micros(number(0, MAX_TIME.0)?)),
            "act" => Self::Act(Action::read(argument).map_err(within)?),
            "load" => {
                let text = String::read(argument).map_err(within)?;
                let refused = |error| within(complain_link(&error).render(Language::En));
                Self::Load(Box::new(Session::from_text(&text).map_err(refused)?))
            }
            "speed" => Self::Speed(number(1, MOST_SPEED)?),
            "state" => Self::State,
            "recording" => Self::Recording,
            "pace" => Self::Pace,
            _ => Self::Session,
        })
    }
}
