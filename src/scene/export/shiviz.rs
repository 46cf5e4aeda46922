//! A log for ShiViz: one event a line, with its host and its vector clock.
//!
//! The file begins as ShiViz's own examples do: the regular expression that reads a line, then the
//! one that separates runs, which is empty.

use super::{one_line, put};
use crate::scene::trace::Arrow;
use crate::scene::{Class, EventRow, Trace};
use crate::sim::json::quote;
use crate::sim::{ClientId, MessageId, NodeId, Seat};
use crate::text::Language;

/// The regular expression that reads a line, in the syntax of JavaScript.
pub const SHIVIZ_PATTERN: &str = r"(?<host>\S+) (?<clock>\{.*?\}) (?<at>\S+) (?<event>.*)";

/// Hosts that are no seats: where messages are lost, where a person acts, where things are seen.
const OUTSIDE: [&str; 3] = ["network", "person", "judge"];

/// A vector clock: of each host, how many events are known.
type Clock = Vec<u32>;

/// A log of some events. A message carries the clock of whoever sent it; one that was sent before
/// the first event carries none. Messages that are lost end at a host of their own, `network`; what
/// a person does and what is seen from outside happens at `person` and `judge`.
pub fn shiviz(rows: &[EventRow], trace: &Trace, language: Language) -> String {
    let mut out = String::new();
    put(&mut out, &[SHIVIZ_PATTERN, "\n\n"]);
    let nodes = usize::from(trace.nodes());
    let seats = nodes + usize::from(trace.clients());
    let place = |seat: Seat| match seat {
        Seat::Node(node) => node.slot(),
        Seat::Client(client) => nodes + usize::from(client.0),
    };
    let mut clocks: Vec<Clock> = vec![vec![0; seats + OUTSIDE.len()]; seats + OUTSIDE.len()];
    let mut carried: Vec<(MessageId, Clock)> = Vec::new();
    let first = rows.first().map_or(0, |row| row.step);
    let known = |(_, arrow): &(MessageId, &Arrow)| u64::from(arrow.sent_step) >= first;
    let mut sent = trace.arrows().filter(known).peekable();
    for (number, row) in rows.iter().enumerate() {
        let host = match (row.class, row.seat) {
            (Class::Network, _) => seats,
            (Class::Person, _) => seats + 1,
            (_, Some(seat)) => place(seat),
            (_, None) => seats + 2,
        };
        let brought =
            row.message.and_then(|id| carried.binary_search_by_key(&id, |each| each.0).ok());
        if let Some(brought) = brought {
            for (known, &events) in clocks[host].iter_mut().zip(&carried[brought].1) {
                *known = events.max(*known);
            }
        }
        clocks[host][host] += 1;
        put(&mut out, &[&name(host, nodes, seats), " {"]);
        let mut comma = "";
        for (other, events) in clocks[host].iter().enumerate().filter(|(_, events)| **events > 0) {
            out.push_str(comma);
            quote(&name(other, nodes, seats), &mut out);
            put(&mut out, &[":", &events.to_string()]);
            comma = ",";
        }
        let (title, notation) = (row.title.render(language), one_line(&row.notation));
        put(
            &mut out,
            &["} ", &row.at.0.to_string(), "us ", &one_line(&title), " [", &notation, "]\n"],
        );
        // What was sent in a step is sent when all of the step is told.
        if rows.get(number + 1).is_some_and(|next| next.step == row.step) {
            continue;
        }
        while let Some((id, arrow)) =
            sent.next_if(|(_, arrow)| u64::from(arrow.sent_step) <= row.step)
        {
            carried.push((id, clocks[place(arrow.from)].clone()));
        }
    }
    out
}

fn name(host: usize, nodes: usize, seats: usize) -> String {
    match host {
        node if node < nodes => NodeId(node as u8).to_string(),
        client if client < seats => ClientId((client - nodes) as u16).to_string(),
        outside => OUTSIDE[outside - seats].into(),
    }
}
