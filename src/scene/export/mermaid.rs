//! A sequence diagram for Mermaid.

use super::{content, one_line, put};
use crate::scene::trace::Fate;
use crate::scene::{Class, EventRow, Trace};
use crate::sim::{ClientId, NodeId, Seat};
use crate::text::Language;

/// A sequence diagram of some events: messages when they arrive or are lost, and what else happened
/// as notes. `head` says of which events, in a line of comment.
pub fn mermaid(rows: &[EventRow], trace: &Trace, language: Language, head: &str) -> String {
    let mut out = String::new();
    put(&mut out, &["sequenceDiagram\n%% ", &plain(head), "\n"]);
    let nodes = NodeId::all(trace.nodes()).map(Seat::Node);
    let clients = (0..trace.clients()).map(|client| Seat::Client(ClientId(client)));
    for seat in nodes.chain(clients) {
        put(&mut out, &["participant ", &seat.to_string(), "\n"]);
    }
    let all = format!("S1,S{}", trace.nodes());
    for row in rows {
        let over = row.seat.map_or_else(|| all.clone(), |seat| seat.to_string());
        match row.message.and_then(|id| trace.arrow(id)) {
            Some(arrow) => {
                let settled = u64::from(arrow.end_step) == row.step;
                let sign = match arrow.fate {
                    Fate::Lost if settled => "-x",
                    // It waits at a door, and is told again when it is taken in.
                    _ if row.class == Class::Network => continue,
                    _ => "->>",
                };
                let text = plain(content(row, arrow.from, arrow.to));
                let [from, to] = [arrow.from, arrow.to].map(|seat| seat.to_string());
                put(&mut out, &[&from, sign, &to, ": ", &text, "\n"]);
            }
            None => note(&over, &row.title.render(language), &mut out),
        }
        for reason in row.reasons.iter().filter(|reason| reason.key) {
            note(&over, &reason.phrase.render(language), &mut out);
        }
    }
    out
}

fn note(over: &str, text: &str, out: &mut String) {
    put(out, &["Note over ", over, ": ", &plain(text), "\n"]);
}

/// A text without what Mermaid takes for more than text, each such sign as its number.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in one_line(text).chars() {
        match letter {
            '#' | ';' | '<' | '>' | '%' | '{' | '}' | ':' | '&' => {
                put(&mut out, &["#", &u32::from(letter).to_string(), ";"]);
            }
            letter => out.push(letter),
        }
    }
    out
}
