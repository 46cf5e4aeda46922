//! A run as plain JSON, for other programs. It says the same in every language of the page: names and
//! sentences are in English.

use super::{Epoch, Lab, Node, Scene, Verdict, Window};
pub use crate::sim::json::Writer;
use crate::sim::node::Status;
use crate::sim::{NodeId, NodeSet, Seat};
use crate::text::{Language, Phrase};

/// The most entries of a log, its last, and the most messages that are told.
pub const MOST_TOLD: usize = 1_000;

/// Everything that there is at this moment. Of two clusters side by side, the second is in `beside`.
pub fn state(lab: &dyn Lab) -> String {
    let mut json = Writer::default();
    write(&mut json, lab);
    json.out
}

impl Writer {
    /// A phrase, in English.
    pub fn say(&mut self, phrase: &Phrase) {
        self.text(&phrase.render(Language::En));
    }

    /// A list.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.name(name).open('[');
        for item in items {
            write(self, item);
        }
        self.close(']');
    }

    fn node(&mut self, node: NodeId) {
        self.number(node.0.into());
    }

    /// Several nodes, by number.
    pub fn nodes(&mut self, name: &str, nodes: NodeSet) {
        self.list(name, nodes.iter(), Self::node);
    }

    /// What an invariant has come to, as fields of an object.
    pub fn verdict(&mut self, verdict: &Verdict) {
        self.name("name").say(&verdict.name);
        self.name("holds").flag(verdict.breach.is_none());
        if let Some(witness) = &verdict.breach {
            self.name("time").number(witness.at.0);
            self.name("step").number(witness.step);
            self.name("sentence").say(&witness.sentence);
            self.nodes("nodes", witness.nodes);
        }
    }

    fn epoch(&mut self, name: &str, epoch: Epoch) {
        self.name(name).text(&epoch.to_string());
    }
}

fn write(json: &mut Writer, lab: &dyn Lab) {
    let scene = lab.scene(Window { first: None, columns: MOST_TOLD as u64 });
    json.open('{');
    json.name("protocol").text(lab.protocol());
    json.name("time").number(scene.now.0);
    json.name("steps").number(scene.steps);
    json.name("digest").text(&format!("{:#018x}", lab.digest()));
    json.name("summary").say(&scene.summary);
    json.list("nodes", &scene.nodes, node);
    links(json, &scene);
    messages(json, lab);
    json.name("in_flight").number(scene.in_flight as u64);
    json.list("verdicts", &scene.verdicts, |json, verdict| {
        json.open('{');
        json.verdict(verdict);
        json.close('}');
    });
    json.name("settings").open('{');
    for setting in &scene.settings {
        json.name(setting.id).number(setting.value);
    }
    json.close('}');
    if let Some(beside) = lab.beside() {
        json.name("beside");
        write(json, beside);
    }
    json.close('}');
}

fn node(json: &mut Writer, node: &Node) {
    let Node { id, status, clock_ppm, face, timers } = node;
    json.open('{');
    json.name("id").number(id.0.into());
    json.name("name").text(&id.to_string());
    json.name("role").say(&face.role.name);
    json.name("leads").flag(face.leads);
    json.name("status").text(match status {
        Status::Up => "up",
        Status::Paused => "paused",
        Status::Crashed => "crashed",
    });
    // "term" or "ballot"; a ballot is a number and the node that made it.
    json.epoch(&face.epoch_name.render(Language::En), face.epoch);
    json.name("clock_ppm").number((*clock_ppm).into());
    json.list("log", &face.log.cells, |json, cell| {
        json.open('{');
        json.name("index").number(cell.index);
        json.epoch("epoch", cell.epoch);
        json.name("text").text(cell.text.as_deref().unwrap_or_default());
        json.close('}');
    });
    for (name, index) in [
        ("last", face.log.last),
        ("snapshot", face.log.snapshot),
        ("commit", face.log.commit),
        ("applied", face.log.applied),
    ] {
        json.name(name).number(index);
    }
    json.name("fields").open('{');
    for field in &face.fields {
        json.name(field.name).say(&field.value);
    }
    json.close('}');
    json.list("timers", timers, |json, timer| {
        json.open('{');
        json.name("timer").number(timer.number.into());
        json.name("name").say(&timer.name);
        json.name("due").number(timer.due.0);
        json.close('}');
    });
    json.close('}');
}

/// Both directions of every link.
fn links(json: &mut Writer, scene: &Scene) {
    let all = || scene.nodes.iter().map(|node| node.id);
    let links = all().flat_map(|from| all().map(move |to| (from, to)));
    json.list("links", links.filter(|(from, to)| from != to), |json, link| {
        json.open('{');
        json.name("from").node(link.0);
        json.name("to").node(link.1);
        json.name("cut").flag(scene.cuts.contains(&link));
        json.close('}');
    });
}

fn messages(json: &mut Writer, lab: &dyn Lab) {
    let mut flights = Vec::new();
    lab.flights(&mut flights);
    let messages = flights.iter().take(MOST_TOLD).filter_map(|flight| lab.message(flight.id));
    json.list("messages", messages, |json, message| {
        json.open('{');
        json.name("id").number(message.flight.id.0);
        json.name("kind").text(message.kind);
        for (name, seat) in [("from", message.flight.from), ("to", message.flight.to)] {
            match seat {
                Seat::Node(node) => json.name(name).node(node),
                Seat::Client(_) => json.name(name).text(&seat.to_string()),
            }
        }
        json.name("sent").number(message.flight.sent.0);
        json.name("arrival").number(message.flight.arrival.0);
        json.name("held").flag(message.held);
        json.name("fields").open('{');
        for (name, value) in &message.fields {
            json.name(name).text(value);
        }
        json.close('}');
        json.close('}');
    });
}
