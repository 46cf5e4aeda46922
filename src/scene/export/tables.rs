//! Events as JSON and as CSV.

use super::put;
use crate::scene::{Class, EventRow};
use crate::sim::json::quote;
use crate::text::Language;

/// The columns of both, in order. Moments are whole microseconds of the world's clock.
const COLUMNS: [&str; 9] =
    ["number", "at_us", "step", "class", "seat", "message", "event", "reasons", "notation"];

/// The places of those that are numbers.
const NUMBERS: [usize; 4] = [0, 1, 2, 5];

/// An event's cells, in the order of [`COLUMNS`].
fn cells(row: &EventRow, language: Language) -> [String; 9] {
    let class = match row.class {
        Class::Node => "node",
        Class::Network => "network",
        Class::Client => "client",
        Class::Person => "person",
        Class::Breach => "breach",
        Class::Milestone => "milestone",
    };
    let mut reasons = String::new();
    for reason in &row.reasons {
        let start = if reasons.is_empty() { "" } else { "; " };
        put(&mut reasons, &[start, &reason.phrase.render(language), " (", reason.source, ")"]);
    }
    [
        row.number.to_string(),
        row.at.0.to_string(),
        row.step.to_string(),
        class.into(),
        row.seat.map_or(String::new(), |seat| seat.to_string()),
        row.message.map_or(String::new(), |id| id.0.to_string()),
        row.title.render(language),
        reasons,
        row.notation.clone(),
    ]
}

/// Events as a JSON array of objects, one a line.
pub fn json(rows: &[EventRow], language: Language) -> String {
    let mut out = String::from("[");
    for (place, row) in rows.iter().enumerate() {
        out.push_str(if place == 0 { "\n{" } else { ",\n{" });
        write_row(row, language, true, &mut out);
        out.push('}');
    }
    out.push_str("\n]\n");
    out
}

/// Events as CSV (RFC 4180): a line of names, then one line an event.
pub fn csv(rows: &[EventRow], language: Language) -> String {
    let mut out = String::new();
    for (place, name) in COLUMNS.iter().enumerate() {
        put(&mut out, &[if place == 0 { "" } else { "," }, name]);
    }
    out.push_str("\r\n");
    for row in rows {
        write_row(row, language, false, &mut out);
        out.push_str("\r\n");
    }
    out
}

/// The cells of a row with commas between them; in JSON, each after its name.
fn write_row(row: &EventRow, language: Language, json: bool, out: &mut String) {
    for (place, (name, cell)) in COLUMNS.iter().zip(cells(row, language)).enumerate() {
        if place > 0 {
            out.push(',');
        }
        if json {
            put(out, &["\"", name, "\":"]);
        }
        let number = NUMBERS.contains(&place);
        match cell.is_empty() {
            true => out.push_str(if json { "null" } else { "" }),
            false if number => out.push_str(&cell),
            false if json => quote(&cell, out),
            false => put(out, &["\"", &cell.replace('"', "\"\""), "\""]),
        }
    }
}
