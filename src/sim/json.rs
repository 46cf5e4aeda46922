//! How a run's parts are read from JSON, into a value first, whatever it says, and then from that; and
//! how they are written. A type says its fields once, for both; serde's derive would write a reader and a
//! writer for each type, here all types share a few. What is wrong is told with the fields that lead to
//! it, and the place in a list, counted from zero:
//! `actions: 4: action: node: invalid value: integer `256`, expected u8`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{SortedMap, Text};

/// A value in JSON, in as little memory as will do: what is read may be hostile.
pub(crate) enum Json {
    Null,
    Bool(bool),
    Whole(u64),
    Negative(i64),
    /// A number that is not whole, or too large; nothing here takes one.
    Float,
    Text(Text),
    List(Box<[Json]>),
    Object(Box<[(Text, Json)]>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, found: bool) -> Result<Json, E> {
                Ok(Json::Bool(found))
            }

            fn visit_u64<E>(self, found: u64) -> Result<Json, E> {
                Ok(Json::Whole(found))
            }

            fn visit_i64<E>(self, found: i64) -> Result<Json, E> {
                Ok(Json::Negative(found))
            }

            // Not called, but the one that it would have tells floats, and that weighs 8 KB.
            fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
                Ok(Json::Float)
            }

            fn visit_str<E>(self, found: &str) -> Result<Json, E> {
                Ok(Json::Text(found.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Json::List(list.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    fields.push((Text::from(name), value));
                }
                // So serde_json's `arbitrary_precision` gives a number that does not fit an integer.
                match &fields[..] {
                    [(name, _)] if name == "$serde_json::private::Number" => Ok(Json::Float),
                    _ => Ok(Json::Object(fields.into())),
                }
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl Json {
    /// Reads a text; the error says where it is not JSON, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The value of one field of an object, whatever else there is.
    pub fn field<T: Read>(&self, name: &str) -> Result<T, String> {
        let Self::Object(fields) = self else { return Err(self.misfit("type", "an object")) };
        let field = fields.iter().find(|(found, _)| found == name);
        let (_, value) = field.ok_or_else(|| missing(name))?;
        T::read(value).map_err(|why| within(&name, &why))
    }

    /// What is wrong with it, its `type` or its `value`, where another was expected.
    fn misfit(&self, what: &str, expected: &str) -> String {
        let found = match self {
            Self::Null => "null",
            Self::Bool(is) => &format!("boolean `{is}`"),
            Self::Whole(number) => &format!("integer `{number}`"),
            Self::Negative(number) => &format!("integer `{number}`"),
            Self::Float => "floating point",
            Self::Text(text) => &format!("string \"{text:.64}\""),
            Self::List(_) => "sequence",
            Self::Object(_) => "map",
        };
        format!("invalid {what}: {found}, expected {expected}")
    }

    fn integer(&self, most: u64, expected: &str) -> Result<u64, String> {
        match self {
            Self::Whole(number) if *number <= most => Ok(*number),
            Self::Whole(_) | Self::Negative(_) => Err(self.misfit("value", expected)),
            _ => Err(self.misfit("type", expected)),
        }
    }

    fn text(&self) -> Result<&Text, String> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(self.misfit("type", "a string")),
        }
    }

    /// The values of a list.
    pub fn list(&self) -> Result<&[Self], String> {
        match self {
            Self::List(list) => Ok(list),
            _ => Err(self.misfit("type", "a sequence")),
        }
    }

    /// The values of a list that has just so many.
    pub fn tuple<const N: usize>(&self) -> Result<&[Self; N], String> {
        let list = self.list()?;
        list.try_into().map_err(|_| format!("invalid length {}, expected {N}", list.len()))
    }

    /// The values of the fields of a struct or a variant.
    pub fn fields(
        &self,
        expected: &str,
        names: &'static [&'static str],
    ) -> Result<Fields<'_>, String> {
        let Self::Object(fields) = self else { return Err(self.misfit("type", expected)) };
        let mut values = vec![None; names.len()];
        for (found, value) in fields {
            let Some(place) = names.iter().position(|name| name == found) else {
                return Err(unknown("field", found, names));
            };
            if values[place].replace(value).is_some() {
                return Err(format!("duplicate field `{found:.64}`"));
            }
        }
        Ok(Fields { names, values, next: 0 })
    }

    /// The name of a variant of an enum and the values of its fields; one that has none is told by
    /// its name alone.
    pub fn variant(
        &self,
        variants: &'static [(&'static str, &'static [&'static str])],
    ) -> Result<(&'static str, Fields<'_>), String> {
        let names = || variants.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let (found, content) = match self {
            Self::Text(found) => (found, &Self::Null),
            Self::Object(fields) if fields.len() == 1 => (&fields[0].0, &fields[0].1),
            _ => {
                let allowed = format!("{}, or an object with one of them", one_of(&names()));
                return Err(self.misfit("type", &allowed));
            }
        };
        let Some((name, fields)) = variants.iter().find(|(name, _)| name == found) else {
            return Err(unknown("variant", found, &names()));
        };
        let fields = match (content, fields) {
            (Self::Null, []) => Fields { names: fields, values: Vec::new(), next: 0 },
            (_, []) => return Err(content.misfit("type", "no fields")),
            _ => content.fields(&format!("the fields of `{name}`"), fields)?,
        };
        Ok((name, fields))
    }
}

fn unknown(what: &str, found: &str, names: &[&str]) -> String {
    format!("unknown {what} `{found:.64}`, expected {}", one_of(names))
}

fn one_of(names: &[&str]) -> String {
    format!("one of `{}`", names.join("`, `"))
}

fn missing(name: &str) -> String {
    format!("missing field `{name}`")
}

/// The values of fields, which are taken in the order of their names.
pub(crate) struct Fields<'a> {
    names: &'static [&'static str],
    values: Vec<Option<&'a Json>>,
    next: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self) -> (&'static str, Option<&'a Json>) {
        self.next += 1;
        (self.names[self.next - 1], self.values[self.next - 1])
    }

    fn take_needed(&mut self) -> Result<(&'static str, &'a Json), String> {
        let (name, value) = self.take();
        Ok((name, value.ok_or_else(|| missing(name))?))
    }

    /// A field that must be there; an error in it names it.
    pub fn need<T: Read>(&mut self) -> Result<T, String> {
        let (name, value) = self.take_needed()?;
        T::read(value).map_err(|why| within(&name, &why))
    }

    /// A field that has a default.
    pub fn or_default<T: Read + Default>(&mut self) -> Result<T, String> {
        match self.take() {
            (_, None) => Ok(T::default()),
            (name, Some(value)) => T::read(value).map_err(|why| within(&name, &why)),
        }
    }
}

/// An error in a field, or in one value of a list.
fn within(place: &dyn fmt::Display, why: &str) -> String {
    format!("{place}: {why}")
}

/// Writes JSON: whatever is opened must be closed, and in an object a name comes before each value.
#[derive(Debug, Default)]
pub struct Writer {
    /// What is written so far.
    pub out: String,
}

impl Writer {
    /// Separates what comes from what was.
    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }

    /// Begins an object by `{` or a list by `[`.
    pub fn open(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
    }

    /// Ends it by `}` or `]`.
    pub fn close(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    /// The name of a value.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.out.push(':');
        self
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.separate();
        quote(text, &mut self.out);
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        self.raw(&number.to_string());
    }

    /// Yes or no.
    pub fn flag(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    /// What is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.out.push_str(json);
    }

    /// A field that is left out when there is nothing in it.
    pub(crate) fn unless_empty(&mut self, name: &str, value: &dyn Write) {
        let before = self.out.len();
        let start = self.name(name).out.len();
        value.write_to(self);
        if matches!(&self.out[start..], "null" | "\"\"" | "[]") {
            self.out.truncate(before);
        }
    }
}

/// Writes a text between quotes.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        let short = match letter {
            '"' | '\\' => letter,
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{c}' => 'f',
            '\r' => 'r',
            ..' ' => {
                let digit = |part: u32| char::from_digit(part, 16).unwrap_or('0');
                let number = u32::from(letter);
                out.push_str("\\u00");
                out.extend([digit(number / 16), digit(number % 16)]);
                continue;
            }
            _ => {
                out.push(letter);
                continue;
            }
        };
        out.extend(['\\', short]);
    }
    out.push('"');
}

/// What can be written as JSON.
pub(crate) trait Write {
    /// Writes it after what is written already.
    fn write_to(&self, json: &mut Writer);
}

/// A value as JSON.
pub(crate) fn to_text(value: &dyn Write) -> String {
    let mut json = Writer::default();
    value.write_to(&mut json);
    json.out
}

/// What can be read from JSON.
pub(crate) trait Read: Sized {
    /// What it says, or why it is not such a value.
    fn read(json: &Json) -> Result<Self, String>;
}

macro_rules! json_integers {
    ($($Type:ident),*) => {
        $(impl Read for $Type {
            fn read(json: &Json) -> Result<Self, String> {
                Ok(json.integer($Type::MAX as u64, stringify!($Type))? as $Type)
            }
        }

        impl Write for $Type {
            fn write_to(&self, json: &mut Writer) {
                json.number(*self as u64);
            }
        })*
    };
}

json_integers!(u8, u16, u32, u64, usize);

impl Read for bool {
    fn read(json: &Json) -> Result<Self, String> {
        match json {
            Json::Bool(is) => Ok(*is),
            _ => Err(json.misfit("type", "a boolean")),
        }
    }
}

impl Write for bool {
    fn write_to(&self, json: &mut Writer) {
        json.flag(*self);
    }
}

impl Read for String {
    fn read(json: &Json) -> Result<Self, String> {
        Ok(json.text()?.to_string())
    }
}

impl Write for String {
    fn write_to(&self, json: &mut Writer) {
        json.text(self);
    }
}

impl Read for Text {
    fn read(json: &Json) -> Result<Self, String> {
        Ok(json.text()?.clone())
    }
}

impl Write for Text {
    fn write_to(&self, json: &mut Writer) {
        json.text(self);
    }
}

impl<T: Read> Read for Option<T> {
    fn read(json: &Json) -> Result<Self, String> {
        match json {
            Json::Null => Ok(None),
            _ => T::read(json).map(Some),
        }
    }
}

impl<T: Write> Write for Option<T> {
    fn write_to(&self, json: &mut Writer) {
        match self {
            None => json.raw("null"),
            Some(value) => value.write_to(json),
        }
    }
}

impl<T: Read> Read for Box<T> {
    fn read(json: &Json) -> Result<Self, String> {
        T::read(json).map(Box::new)
    }
}

impl<T: Write> Write for Box<T> {
    fn write_to(&self, json: &mut Writer) {
        T::write_to(self, json);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(json: &Json) -> Result<Self, String> {
        let list = json.list()?.iter().enumerate();
        list.map(|(place, value)| T::read(value).map_err(|why| within(&place, &why))).collect()
    }
}

impl<T: Write> Write for Vec<T> {
    fn write_to(&self, json: &mut Writer) {
        json.open('[');
        for value in self {
            value.write_to(json);
        }
        json.close(']');
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(json: &Json) -> Result<Self, String> {
        let [a, b] = json.tuple()?;
        Ok((A::read(a)?, B::read(b)?))
    }
}

impl<A: Write, B: Write> Write for (A, B) {
    fn write_to(&self, json: &mut Writer) {
        json.open('[');
        self.0.write_to(json);
        self.1.write_to(json);
        json.close(']');
    }
}

impl Read for SortedMap<String, u64> {
    fn read(json: &Json) -> Result<Self, String> {
        let Json::Object(fields) = json else { return Err(json.misfit("type", "a map")) };
        let pair = |(name, value): &(Text, Json)| match u64::read(value) {
            Ok(number) => Ok((name.to_string(), number)),
            Err(why) => Err(within(name, &why)),
        };
        fields.iter().map(pair).collect()
    }
}

impl Write for SortedMap<String, u64> {
    fn write_to(&self, json: &mut Writer) {
        json.open('{');
        for (name, number) in self.iter() {
            json.name(name).number(*number);
        }
        json.close('}');
    }
}

/// A struct in JSON, by its fields in order: one must be there, one may be missing (`or default`), or
/// is even left out when there is nothing in it (`or nothing`).
macro_rules! json_struct {
    ($Type:ident { $($field:ident $(or $otherwise:ident)?),* }) => {
        impl crate::sim::json::Read for $Type {
            fn read(json: &crate::sim::json::Json) -> Result<Self, String> {
                const NAMES: &[&str] = &[$(stringify!($field)),*];
                let mut fields = json.fields(concat!("struct ", stringify!($Type)), NAMES)?;
                Ok($Type { $($field: crate::sim::json::json_field!(fields $($otherwise)?)),* })
            }
        }

        impl crate::sim::json::Write for $Type {
            fn write_to(&self, json: &mut crate::sim::json::Writer) {
                json.open('{');
                $(crate::sim::json::json_field!(json, self.$field, $field $($otherwise)?);)*
                json.close('}');
            }
        }
    };
}

/// One field of a struct, read or written.
macro_rules! json_field {
    ($fields:ident) => {
        $fields.need()?
    };
    ($fields:ident $otherwise:ident) => {
        $fields.or_default()?
    };
    ($json:ident, $value:expr, $name:ident nothing) => {
        $json.unless_empty(stringify!($name), &$value)
    };
    ($json:ident, $value:expr, $name:ident $(default)?) => {
        crate::sim::json::Write::write_to(&$value, $json.name(stringify!($name)))
    };
}

/// An enum in JSON: its variants, with their names there and their fields.
macro_rules! json_enum {
    ($Type:ident { $($name:literal => $Variant:ident { $($field:ident),* },)* }) => {
        impl crate::sim::json::Read for $Type {
            fn read(json: &crate::sim::json::Json) -> Result<Self, String> {
                const VARIANTS: &[(&str, &[&str])] = &[$(($name, &[$(stringify!($field)),*])),*];
                #[allow(unused_mut, unused_variables, reason = "not every enum has fields")]
                let (name, mut fields) = json.variant(VARIANTS)?;
                Ok(match name {
                    $($name => $Type::$Variant { $($field: fields.need()?),* },)*
                    _ => unreachable!("it is one of the names"),
                })
            }
        }

        impl crate::sim::json::Write for $Type {
            fn write_to(&self, json: &mut crate::sim::json::Writer) {
                match self {
                    $($Type::$Variant { $($field),* } => {
                        crate::sim::json::json_variant!(json, $name, $($field),*);
                    })*
                }
            }
        }
    };
}

/// One variant of an enum, written.
macro_rules! json_variant {
    ($json:ident, $name:literal,) => {
        $json.text($name)
    };
    ($json:ident, $name:literal, $($field:ident),+) => {
        $json.open('{');
        $json.name($name).open('{');
        $(crate::sim::json::Write::write_to($field, $json.name(stringify!($field)));)+
        $json.close('}');
        $json.close('}');
    };
}

/// What is another type, with a name of its own.
macro_rules! json_newtypes {
    ($($Type:ident),*) => {
        $(impl crate::sim::json::Read for $Type {
            fn read(json: &crate::sim::json::Json) -> Result<Self, String> {
                crate::sim::json::Read::read(json).map(Self)
            }
        }

        impl crate::sim::json::Write for $Type {
            fn write_to(&self, json: &mut crate::sim::json::Writer) {
                self.0.write_to(json);
            }
        })*
    };
}

pub(crate) use {json_enum, json_field, json_newtypes, json_struct, json_variant};
