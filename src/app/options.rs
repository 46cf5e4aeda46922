//! The query options: one typed schema. A bad value falls back to its default, and a notice names
//! it, its value and what is allowed.

use conclave::protocols::catalog::PROTOCOLS;
use conclave::scene::call::MOST_SPEED;
use conclave::sim::{Faults, PAGE_NODES};
use conclave::text::{LANGUAGES, Language, Phrase, say};

use super::{Tab, Theme, browser};

/// The speed slider's greatest place; its least is 0.
pub const FASTEST: u32 = 80;
/// What stands for no second cluster, and for no scenario.
pub const NOBODY: &str = "none";
/// Twenty places on the slider are a factor of ten.
const PLACES_A_DECADE: f64 = 20.0;
/// The place of 50 ms of the world in a second of the reader's.
pub const USUAL_SPEED: u32 = 34;

/// How many milliseconds of the world pass in a second of the reader's.
pub fn speed(place: u32) -> f64 {
    js_sys::Math::pow(10.0, f64::from(place) / PLACES_A_DECADE)
}

/// The place of a speed on the slider, the nearest.
pub fn place_of(millis: u64) -> u32 {
    (js_sys::Math::log10(millis as f64) * PLACES_A_DECADE).round() as u32
}

/// What the page's address, or the attributes of its element, ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The protocol's name.
    pub protocol: String,
    /// The name of the protocol of a second cluster beside the first, if there is to be one.
    pub beside: Option<String>,
    /// How many nodes, from 1 to 25.
    pub nodes: u8,
    /// What all chance comes from.
    pub seed: u64,
    /// The reader's language.
    pub language: Language,
    /// Colours.
    pub theme: Theme,
    /// The speed slider's place.
    pub speed: u32,
    /// Whether to run at once.
    pub autoplay: bool,
    /// Whether the page is a part of another page.
    pub embed: bool,
    /// Whether things step instead of glide.
    pub still: bool,
    /// Whether there is more to press than Play.
    pub controls: bool,
    /// The panels that are shown, if it was said.
    pub panels: Option<Panels>,
    /// What may be done to the world.
    pub faults: Faults,
}

/// The panels, by name; those that share the place below the stage come first, as in [`Tab`].
pub const PANELS: [&str; 12] = [
    "logs",
    "spacetime",
    "events",
    "messages",
    "clients",
    "counters",
    "timeline",
    "branches",
    "inspector",
    "verdicts",
    "costs",
    "rules",
];

/// A panel that is not a tab, by its place in the list of all.
#[derive(Clone, Copy, Debug)]
pub enum Panel {
    /// The way through the run.
    Timeline = 6,
    /// Branches, marks, links.
    Branches,
    /// What is selected.
    Inspector,
    /// The invariants.
    Verdicts,
    /// What the run costs.
    Costs,
    /// Network and rules.
    Rules,
}

/// A set of panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panels(u16);

impl Options {
    /// Reads names and values; with the options come notices of what was not right.
    pub fn read(given: &[(String, String)]) -> (Self, Vec<Phrase>) {
        let mut options = Self {
            protocol: PROTOCOLS[0].id.into(),
            beside: None,
            nodes: 5,
            seed: 1,
            language: preferred_language(),
            theme: Theme::Auto,
            speed: USUAL_SPEED,
            autoplay: false,
            embed: false,
            still: browser::matches("(prefers-reduced-motion: reduce)"),
            controls: true,
            panels: None,
            faults: Faults::ALL,
        };
        let mut notices = Vec::new();
        for (name, value) in given {
            if let Err(allowed) = options.set(&name.to_ascii_lowercase(), value.trim()) {
                notices.push(refused(name, value, allowed));
            }
        }
        // Movement that nobody asked for is not for readers who asked for none.
        options.autoplay &= !options.still;
        (options, notices)
    }

    /// Sets one option. Names that nobody knows are left to others.
    ///
    /// # Errors
    /// What is allowed, when the value is not.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Phrase> {
        let value = &*value.to_ascii_lowercase();
        match name {
            "protocol" => self.protocol = protocol(value, &[])?,
            "beside" if value == NOBODY => self.beside = None,
            "beside" => self.beside = Some(protocol(value, &[NOBODY])?),
            "nodes" | "n" => self.nodes = number(value, 1, PAGE_NODES.into())? as u8,
            "seed" => self.seed = number(value, 0, u64::MAX)?,
            "speed" => self.speed = speed_place(value)?,
            "lang" if value == "auto" => self.language = preferred_language(),
            "lang" => {
                let known = LANGUAGES.iter().map(|(_, id)| *id);
                let all = || one_of(&std::iter::once("auto").chain(known).collect::<Vec<_>>());
                self.language = Language::of_tag(value).ok_or_else(all)?;
            }
            "theme" => {
                let all = || one_of(&Theme::ALL.map(|(name, _)| name));
                self.theme = Theme::of(value).ok_or_else(all)?;
            }
            "autoplay" => self.autoplay = switch(value)?,
            "embed" => self.embed = switch(value)?,
            "motion" => {
                self.still = match value {
                    "auto" => self.still,
                    "full" => false,
                    "reduced" => true,
                    _ => return Err(one_of(&["auto", "full", "reduced"])),
                }
            }
            "controls" => {
                self.controls = match value {
                    "auto" => true,
                    "none" => false,
                    _ => return Err(one_of(&["auto", "none"])),
                }
            }
            "panels" if value == "auto" => self.panels = None,
            "panels" => self.panels = Some(panels(value)?),
            "faults" if value == "all" => self.faults = Faults::ALL,
            "faults" if value == "none" => self.faults = Faults::read("").expect("it is a list"),
            "faults" => {
                let refused = || one_of(&[&["all", "none"], &Faults::KINDS[..]].concat());
                self.faults = Faults::read(value).ok_or_else(refused)?;
            }
            // There are none yet; whoever asks for one is told so.
            "scenario" if value != NOBODY => return Err(one_of(&[NOBODY])),
            // The script that starts the page waits for it.
            "poster" => _ = switch(value)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether a tab is shown.
    pub fn has_tab(&self, tab: Tab) -> bool {
        self.has(tab as usize)
    }

    /// Whether a panel is shown. A part of another page has no side unless it is asked for.
    pub fn has_panel(&self, panel: Panel) -> bool {
        self.has(panel as usize)
    }

    fn has(&self, place: usize) -> bool {
        match self.panels {
            Some(Panels(set)) => set >> place & 1 == 1,
            None => !self.embed || place < Panel::Inspector as usize,
        }
    }
}

/// That a value is not allowed, and what is. Of the value, as much is said as tells which it is.
pub fn refused(name: &str, value: &str, allowed: Phrase) -> Phrase {
    let value: String = value.chars().take(64).collect();
    say::option::refused(allowed, name, value)
}

/// A protocol's name; `others` are allowed as well.
///
/// # Errors
/// What is allowed.
fn protocol(value: &str, others: &[&'static str]) -> Result<String, Phrase> {
    let known = PROTOCOLS.iter().find(|each| each.id == value).map(|each| each.id.into());
    known.ok_or_else(|| {
        let all = others.iter().copied().chain(PROTOCOLS.iter().map(|each| each.id));
        say::option::one_of(all.map(Into::into).collect::<Vec<_>>())
    })
}

/// Names of panels, with spaces or commas between them.
///
/// # Errors
/// What is allowed.
fn panels(list: &str) -> Result<Panels, Phrase> {
    let mut set = 0;
    for name in list.split([' ', ',']).filter(|name| !name.is_empty()) {
        let place = PANELS.iter().position(|panel| *panel == name);
        set |= 1 << place.ok_or_else(|| one_of(&[&["auto"], &PANELS[..]].concat()))?;
    }
    Ok(Panels(set))
}

fn one_of(values: &[&'static str]) -> Phrase {
    say::option::one_of(values.iter().map(|value| (*value).into()).collect::<Vec<_>>())
}

/// A whole number in a range.
///
/// # Errors
/// What is allowed.
pub fn number(value: &str, least: u64, most: u64) -> Result<u64, Phrase> {
    let parsed = value.parse().ok().filter(|number| (least..=most).contains(number));
    parsed.ok_or_else(|| say::option::number(least, most))
}

/// A flag: there, or there with a value that says so.
fn switch(value: &str) -> Result<bool, Phrase> {
    match value {
        "" | "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(one_of(&["true", "false"])),
    }
}

/// Milliseconds of the world a second, to the nearest place of the slider.
fn speed_place(value: &str) -> Result<u32, Phrase> {
    Ok(place_of(number(value, 1, MOST_SPEED)?))
}

fn preferred_language() -> Language {
    let tags = browser::languages();
    tags.iter().find_map(|tag| Language::of_tag(tag)).unwrap_or_default()
}
