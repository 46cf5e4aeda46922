//! How a run's parts are read from JSON: as serde's derive would read them, in a third of the code.
//! The derive writes a reader for each variant, and two for what may be an object or a list; here the
//! variants of an enum share one, and what has fields is an object. What is wrong is told with the
//! fields that lead to it: `actions: action: node: invalid value: integer `256`, expected u8`.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

/// A name that must be one of a few: of fields or, if `variants`, of an enum's variants.
pub(in crate::sim) struct OneOf {
    pub names: &'static [&'static str],
    pub variants: bool,
}

impl<'de> DeserializeSeed<'de> for OneOf {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for OneOf {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<&'static str, E> {
        let name = self.names.iter().find(|name| **name == found);
        name.copied().ok_or_else(|| match self.variants {
            true => E::unknown_variant(found, self.names),
            false => E::unknown_field(found, self.names),
        })
    }
}

/// Reads the value of a field, which may come only once; an error in it names it.
pub(in crate::sim) fn read<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    field: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if field.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    let value = map.next_value();
    *field = Some(value.map_err(|error| A::Error::custom(format_args!("{name}: {error}")))?);
    Ok(())
}

/// A field that must be there.
pub(in crate::sim) fn need<T, E: Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

/// Reads a struct: the fields that must be there, then those that have a default.
macro_rules! read_struct {
    ($Type:ident { $($field:ident),* } $(or default { $($optional:ident),* })?) => {
        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use crate::sim::json::{OneOf, need, read};
                use serde::de::{MapAccess, Visitor};

                const NAMES: &[&str] = &[$(stringify!($field),)* $($(stringify!($optional)),*)?];

                struct Fields;

                impl<'de> Visitor<'de> for Fields {
                    type Value = $Type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($Type)))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$Type, A::Error> {
                        $(let mut $field = None;)*
                        $($(let mut $optional = None;)*)?
                        let names = || OneOf { names: NAMES, variants: false };
                        while let Some(name) = map.next_key_seed(names())? {
                            $(if name == stringify!($field) {
                                read(&mut $field, name, &mut map)?;
                            })*
                            $($(if name == stringify!($optional) {
                                read(&mut $optional, name, &mut map)?;
                            })*)?
                        }
                        Ok($Type {
                            $($field: need($field, stringify!($field))?,)*
                            $($($optional: $optional.unwrap_or_default(),)*)?
                        })
                    }
                }

                deserializer.deserialize_struct(stringify!($Type), NAMES, Fields)
            }
        }
    };
}

/// Reads an enum: all fields that some variant has, the variants that have fields, with their names
/// in JSON, and those that have none.
macro_rules! read_enum {
    (
        $Type:ident of { $($all:ident),* }
        $($name:literal => $Variant:ident { $($field:ident),* },)*
        $(plain $plain:literal => $Plain:ident,)*
    ) => {
        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use crate::sim::json::{OneOf, need, read};
                use serde::de::{EnumAccess, MapAccess, VariantAccess, Visitor};

                const NAMES: &[&str] = &[$($name,)* $($plain),*];

                struct Variants;

                struct Fields {
                    variant: &'static str,
                    names: &'static [&'static str],
                }

                impl<'de> Visitor<'de> for Variants {
                    type Value = $Type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("enum ", stringify!($Type)))
                    }

                    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<$Type, A::Error> {
                        let names = OneOf { names: NAMES, variants: true };
                        let (variant, access) = data.variant_seed(names)?;
                        let names: &[&str] = match variant {
                            $($name => &[$(stringify!($field)),*],)*
                            $($plain => {
                                access.unit_variant()?;
                                return Ok($Type::$Plain);
                            })*
                            _ => unreachable!("it is one of the names"),
                        };
                        access.struct_variant(names, Fields { variant, names })
                    }
                }

                impl<'de> Visitor<'de> for Fields {
                    type Value = $Type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, concat!("struct variant ", stringify!($Type), "::{}"), self.variant)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$Type, A::Error> {
                        $(let mut $all = None;)*
                        let names = || OneOf { names: self.names, variants: false };
                        while let Some(name) = map.next_key_seed(names())? {
                            $(if name == stringify!($all) {
                                read(&mut $all, name, &mut map)?;
                            })*
                        }
                        Ok(match self.variant {
                            $($name => $Type::$Variant {
                                $($field: need($field, stringify!($field))?),*
                            },)*
                            _ => unreachable!("it has fields"),
                        })
                    }
                }

                deserializer.deserialize_enum(stringify!($Type), NAMES, Variants)
            }
        }
    };
}

pub(in crate::sim) use {read_enum, read_struct};
