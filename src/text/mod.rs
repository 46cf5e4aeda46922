//! What the page says, in every language it speaks.
//!
//! The catalogue is `static/locales/*.toml`, one file a language. The build script makes of it one
//! function for each phrase in [`say`] and refuses a language that is not complete. A [`Phrase`] is
//! data: it can be kept, compared, and rendered in another language later.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::sim::{ClientId, Micros, NodeId, Seat};

include!(concat!(env!("OUT_DIR"), "/phrases.rs"));

/// The phrases of each language, taken apart when the first is asked for: in the program they are one
/// text, for a table of so many would weigh as much as a tenth of them.
static PHRASES: [OnceLock<Vec<&'static str>>; TEXTS.len()] =
    [const { OnceLock::new() }; TEXTS.len()];

/// A sentence or a label, in no language yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    number: u16,
    /// In alphabetical order of their names.
    arguments: Vec<Argument>,
}

/// Something that is filled into a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A whole number.
    Number(u64),
    /// A span or a moment of virtual time.
    Time(Micros),
    /// A node or a client.
    Seat(Seat),
    /// A text that is the same in every language.
    Text(String),
    /// Another phrase.
    Phrase(Phrase),
    /// Several, separated as the language does it.
    List(Vec<Argument>),
}

impl Phrase {
    fn new(number: u16, arguments: Vec<Argument>) -> Self {
        Self { number, arguments }
    }

    /// The phrase in a language.
    pub fn render(&self, language: Language) -> String {
        let mut out = String::new();
        self.render_into(language, &mut out);
        out
    }

    fn render_into(&self, language: Language, out: &mut String) {
        let text = TEXTS[language as usize];
        let phrases = PHRASES[language as usize].get_or_init(|| text.split('\0').collect());
        let mut rest = phrases[usize::from(self.number)];
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            // The build script wrote them: a digit and a brace.
            let (place, after) = after.split_at(2);
            let place = usize::from(place.as_bytes()[0] - b'0');
            self.arguments[place].render_into(language, out);
            rest = after;
        }
        out.push_str(rest);
    }
}

impl Argument {
    fn render_into(&self, language: Language, out: &mut String) {
        let written = match self {
            Self::Number(number) => write!(out, "{number}"),
            Self::Time(time) => write!(out, "{}", Milliseconds(*time)),
            Self::Seat(seat) => write!(out, "{seat}"),
            Self::Text(text) => out.write_str(text),
            Self::Phrase(phrase) => {
                phrase.render_into(language, out);
                Ok(())
            }
            Self::List(items) => {
                let comma = say::language::comma().render(language);
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push_str(&comma);
                    }
                    item.render_into(language, out);
                }
                Ok(())
            }
        };
        written.expect("writing to a string does not fail");
    }
}

/// Milliseconds for people: `12.5 ms`, with a tenth where that says more.
struct Milliseconds(Micros);

impl std::fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0.0 + 50) / 100;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => write!(f, "{whole} ms"),
            (whole, tenth) => write!(f, "{whole}.{tenth} ms"),
        }
    }
}

impl Language {
    /// The language's name in its own script.
    pub fn name(self) -> String {
        say::language::name().render(self)
    }

    /// The language's tag for the `lang` attribute.
    pub fn tag(self) -> String {
        say::language::tag().render(self)
    }

    /// The language that a tag such as `zh-CN` or `en_GB` asks for, if the page speaks it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        let known = LANGUAGES.iter().find(|(_, id)| id.eq_ignore_ascii_case(primary));
        known.map(|(language, _)| *language)
    }
}

macro_rules! argument_from {
    ($($from:ty => |$name:ident| $make:expr;)*) => {$(
        impl From<$from> for Argument {
            fn from($name: $from) -> Self {
                $make
            }
        }
    )*};
}

argument_from! {
    u64 => |number| Self::Number(number);
    u32 => |number| Self::Number(number.into());
    u16 => |number| Self::Number(number.into());
    u8 => |number| Self::Number(number.into());
    usize => |number| Self::Number(number as u64);
    Micros => |time| Self::Time(time);
    Seat => |seat| Self::Seat(seat);
    NodeId => |node| Self::Seat(Seat::Node(node));
    ClientId => |client| Self::Seat(Seat::Client(client));
    Phrase => |phrase| Self::Phrase(phrase);
    String => |text| Self::Text(text);
    &str => |text| Self::Text(text.into());
    Vec<Argument> => |items| Self::List(items);
}
