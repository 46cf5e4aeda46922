//! A run for other programs to read: the space–time diagram as SVG, events as JSON and CSV, a
//! sequence diagram for Mermaid, a log for ShiViz, its link as a QR code. Each is a function of what it is given.

mod mermaid;
mod qr;
mod shiviz;
mod svg;
mod tables;

pub use mermaid::mermaid;
pub use qr::{Code, MOST_BYTES, code};
pub use shiviz::{SHIVIZ_PATTERN, shiviz};
pub(super) use svg::escape;
pub use svg::{Palette, svg};
pub use tables::{csv, json};

use super::EventRow;
use crate::sim::Seat;

/// The most events of a table or a log.
pub const MOST_EVENTS: u64 = 20_000;
/// The most events of a sequence diagram: more are no diagram any more.
pub const MOST_ROWS: u64 = 150;

/// Puts texts after each other.
fn put(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

/// A text on one line: signs that control are spaces.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter < ' ' { ' ' } else { letter }).collect()
}

/// What an event says, without who sent it to whom, where that is said otherwise.
fn content(row: &EventRow, from: Seat, to: Seat) -> &str {
    let [from, to] = [from, to].map(|seat| seat.to_string());
    let rest = row.notation.strip_prefix(&*from).and_then(|rest| rest.strip_prefix(" → "));
    rest.and_then(|rest| rest.strip_prefix(&*to)).unwrap_or(&row.notation).trim_start()
}
