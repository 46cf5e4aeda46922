//! Which kinds of action a reader may do.

use super::Action;

/// A set of kinds of action. What clients do may always be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults(u32);

impl Faults {
    /// The kinds, by their names in JSON.
    pub const KINDS: [&'static str; 18] = [
        "crash",
        "restart",
        "pause",
        "resume",
        "fire_timer",
        "set_clock",
        "cut",
        "mend",
        "partition",
        "heal",
        "drop",
        "delay",
        "deliver",
        "duplicate",
        "set_network",
        "set_link",
        "order",
        "configure",
    ];
    /// All of them.
    pub const ALL: Self = Self((1 << Self::KINDS.len()) - 1);

    /// Reads a list of [`Faults::KINDS`], with spaces or commas between them; none when a name is not
    /// one of them.
    pub fn read(list: &str) -> Option<Self> {
        let names = list.split([' ', ',']).filter(|name| !name.is_empty());
        let place = |name| Self::KINDS.iter().position(|kind| *kind == name);
        names.map(place).try_fold(Self(0), |set, place| Some(Self(set.0 | 1 << place?)))
    }

    /// The names of its kinds.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let places = (0..Self::KINDS.len()).filter(move |place| self.0 >> place & 1 == 1);
        places.map(|place| Self::KINDS[place])
    }

    /// Whether an action may be done.
    pub fn allow(self, action: &Action) -> bool {
        let place = match action {
            Action::Crash { .. } => 0,
            Action::Restart { .. } => 1,
            Action::Pause { .. } => 2,
            Action::Resume { .. } => 3,
            Action::FireTimer { .. } => 4,
            Action::SetClock { .. } => 5,
            Action::Cut { .. } => 6,
            Action::Mend { .. } => 7,
            Action::Partition { .. } => 8,
            Action::Heal => 9,
            Action::Drop { .. } => 10,
            Action::Delay { .. } => 11,
            Action::Deliver { .. } => 12,
            Action::Duplicate { .. } => 13,
            Action::SetNetwork { .. } => 14,
            Action::SetLink { .. } => 15,
            Action::Order { .. } => 16,
            Action::Configure { .. } => 17,
            Action::Request { .. } | Action::SetWorkload { .. } | Action::Pass => return true,
        };
        self.0 >> place & 1 == 1
    }
}
