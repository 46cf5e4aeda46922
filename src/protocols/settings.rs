//! What the configurations of all engines are made of: settings that are fields, and the set of rules
//! that are taken away.

use std::marker::PhantomData;

/// A [`Setting`](crate::sim::protocol::Setting) that goes by the name of its field, or a deliberate
/// defect among the `mutations` of a configuration.
macro_rules! setting {
    (time $field:ident) => {
        $crate::sim::protocol::Setting {
            id: stringify!($field),
            kind: $crate::sim::protocol::SettingKind::Time {
                least: $crate::sim::Micros::from_millis(1),
                most: $crate::sim::Micros::from_secs(10),
            },
            get: |config| config.$field.0,
            set: |config, value| config.$field = $crate::sim::Micros(value),
        }
    };
    (switch $field:ident) => {
        $crate::sim::protocol::Setting {
            id: stringify!($field),
            kind: $crate::sim::protocol::SettingKind::Switch,
            get: |config| config.$field.into(),
            set: |config, value| config.$field = value != 0,
        }
    };
    (count $field:ident, $least:literal to $most:expr) => {
        $crate::sim::protocol::Setting {
            id: stringify!($field),
            kind: $crate::sim::protocol::SettingKind::Count { least: $least, most: $most },
            get: |config| config.$field,
            set: |config, value| config.$field = value,
        }
    };
    (defect $id:literal, $mutation:expr) => {
        $crate::sim::protocol::Setting {
            id: $id,
            kind: $crate::sim::protocol::SettingKind::Defect,
            get: |config| config.mutations.has($mutation).into(),
            set: |config, value| config.mutations.set($mutation, value != 0),
        }
    };
}

pub(super) use setting;

/// A rule of an algorithm that can be taken away.
pub trait Rule: Copy {
    /// Its place among the rules of its algorithm, below 16.
    fn place(self) -> u16;
}

/// Which rules are taken away; none by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mutations<R> {
    places: u16,
    rules: PhantomData<R>,
}

impl<R> Default for Mutations<R> {
    fn default() -> Self {
        Self { places: 0, rules: PhantomData }
    }
}

impl<R: Rule> Mutations<R> {
    /// Whether a rule is taken away.
    #[inline]
    pub fn has(self, rule: R) -> bool {
        self.places >> rule.place() & 1 == 1
    }

    /// Takes a rule away, or gives it back.
    pub fn set(&mut self, rule: R, taken: bool) {
        let bit = 1 << rule.place();
        self.places = if taken { self.places | bit } else { self.places & !bit };
    }
}
