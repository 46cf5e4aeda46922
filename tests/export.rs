//! What is exported says what happened, in the form that its readers expect.

use std::collections::BTreeMap;

use conclave::protocols::catalog;
use conclave::scene::export::{
    MOST_EVENTS, Palette, SHIVIZ_PATTERN, csv, json, mermaid, shiviz, svg,
};
use conclave::scene::spacetime::{Ink, MOST_ARROWS, Pen, Spot, Subject, View, draw, hit};
use conclave::scene::trace::Fate;
use conclave::scene::{EventRow, Lab, Trace};
use conclave::sim::{Action, Micros, NodeId, Op, Quality, Recording, Seat, Workload};
use conclave::text::Language;
use serde_json::Value;

/// A run with everything in it: elections, writes, losses, a crash, a pause, odd texts.
fn run(protocol: &str) -> Box<dyn Lab> {
    let mut recording = Recording::new(protocol, 5, 4);
    recording.quality = Quality { loss_ppm: 60_000, ..Quality::default() };
    recording.workload = Workload { clients: 2, ..Workload::default() };
    let mut lab = catalog::open(recording).unwrap();
    let later = |lab: &mut dyn Lab| {
        lab.run_until(lab.now() + Micros::from_millis(250), u64::MAX);
    };
    later(&mut *lab);
    let (key, value) = ("a;b#c".into(), "\"1\",<&>{end}%%\u{7}: 2".into());
    let op = Op::Write { key, value };
    lab.act(Action::Request { node: NodeId(0), op, persistent: true }).unwrap();
    later(&mut *lab);
    lab.act(Action::Pause { node: NodeId(2) }).unwrap();
    later(&mut *lab);
    lab.act(Action::Crash { node: NodeId(1) }).unwrap();
    lab.act(Action::Crash { node: NodeId(2) }).unwrap();
    later(&mut *lab);
    lab.act(Action::Restart { node: NodeId(1) }).unwrap();
    later(&mut *lab);
    lab
}

fn parts(lab: &mut dyn Lab) -> (Vec<EventRow>, Trace) {
    let rows = lab.story(MOST_EVENTS);
    lab.trace(u64::MAX);
    assert!(lab.is_traced());
    (rows, lab.trace(0).clone())
}

#[test]
fn every_event_is_a_json_object_with_the_same_columns_as_in_csv() {
    let mut lab = run("raft");
    let (rows, _) = parts(&mut *lab);
    let text = json(&rows, Language::En);
    let objects: Vec<BTreeMap<String, Value>> = serde_json::from_str(&text).unwrap();
    assert_eq!(objects.len(), rows.len());
    assert!(objects.iter().zip(&rows).all(|(object, row)| object["at_us"] == row.at.0));
    assert!(text.contains("\\u0007"), "what JSON cannot hold is escaped");
    let table = csv(&rows, Language::En);
    let names = table.lines().next().unwrap().split(',');
    assert!(names.eq([
        "number", "at_us", "step", "class", "seat", "message", "event", "reasons", "notation"
    ]));
    assert_eq!(records(&table).len(), rows.len() + 1);
    for (record, object) in records(&table).iter().skip(1).zip(&objects) {
        assert_eq!(record.len(), 9);
        assert_eq!(object["event"], record[6].as_str());
        assert_eq!(object["notation"], record[8].as_str());
    }
}

/// A reader of CSV as RFC 4180 says.
fn records(table: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut quoted) =
        (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = table.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            letter => field.push(letter),
        }
    }
    records
}

#[test]
fn a_sequence_diagram_has_an_arrow_for_each_message_that_was_settled() {
    for protocol in ["raft", "paxos", "multi_paxos"] {
        let mut lab = run(protocol);
        let (rows, trace) = parts(&mut *lab);
        let text = mermaid(&rows, &trace, Language::En, "a head; with # signs");
        assert!(text.starts_with("sequenceDiagram\n%% a head#59; with #35; signs\n"));
        let count = |sign: &str| {
            text.lines().filter(|line| line.split(':').next().unwrap().contains(sign)).count()
        };
        let fate = |fate| trace.arrows().filter(|(_, arrow)| arrow.fate == fate).count();
        assert_eq!(count("->>"), fate(Fate::Delivered), "{protocol}");
        assert_eq!(count("-x"), fate(Fate::Lost), "{protocol}");
        for line in text.lines().skip(2) {
            let (statement, told) = line.split_once(": ").unwrap_or((line, ""));
            assert!(!told.replace("#", "").contains(['{', '<', '\u{7}']), "{line}");
            let known =
                ["participant ", "Note over "].iter().any(|start| statement.starts_with(start));
            assert!(known || statement.contains("->>") || statement.contains("-x"), "{line}");
        }
    }
}

#[test]
fn clocks_for_shiviz_count_events_and_carry_what_the_sender_knew() {
    let mut lab = run("raft");
    let (rows, trace) = parts(&mut *lab);
    let text = shiviz(&rows, &trace, Language::En);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(SHIVIZ_PATTERN));
    assert_eq!(lines.next(), Some(""), "there is one run, and nothing that separates runs");
    let mut last: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut told = 0;
    for (line, row) in lines.zip(&rows) {
        let (host, rest) = line.split_once(' ').unwrap();
        let end = rest.find('}').unwrap() + 1;
        let clock: BTreeMap<String, u64> = serde_json::from_str(&rest[..end]).unwrap();
        assert!(rest[end..].starts_with(&format!(" {}us ", row.at.0)));
        let before = last.remove(host).unwrap_or_default();
        assert_eq!(clock[host], before.get(host).unwrap_or(&0) + 1, "a host counts its events");
        for (other, events) in &clock {
            assert!(before.get(other) <= Some(events), "a clock does not go back");
            let theirs = last.get(other).map_or(0, |clock| clock[other]);
            assert!(other == host || *events <= theirs, "nobody knows more than has happened");
        }
        let arrow = row.message.and_then(|id| trace.arrow(id));
        if let Some(arrow) = arrow.filter(|arrow| arrow.sent_step > 0) {
            let sender = arrow.from.to_string();
            assert!(clock.get(&sender) > Some(&0), "a message brings its sender's clock: {line}");
            told += 1;
        }
        last.insert(host.to_owned(), clock);
    }
    assert!(told > 100);
    assert_eq!(text.lines().count(), rows.len() + 2);
}

/// A pen that counts.
#[derive(Default)]
struct Counter {
    lines: usize,
    texts: Vec<String>,
}

impl Pen for Counter {
    fn begin(&mut self, _: Ink, _: i64, _: bool) {}

    fn line(&mut self, _: Spot, _: Spot) {
        self.lines += 1;
    }

    fn end(&mut self) {}

    fn fill(&mut self, _: Ink, _: bool, _: Spot, _: Spot) {}

    fn write(&mut self, _: Ink, _: bool, _: Spot, text: &str) {
        self.texts.push(text.into());
    }
}

fn subject<'a>(lab: &'a dyn Lab) -> Subject<'a> {
    Subject {
        trace: lab.traced().unwrap(),
        beats: &lab.tree().current().beats,
        now: lab.now(),
        node: None,
        message: None,
        epoch_name: "term",
        clients: "clients",
    }
}

const WHOLE: View =
    View { from: Micros(0), span: Micros(1_300_000), width: 1_000, height: 400, down: false };

#[test]
fn the_diagram_shows_every_message_of_its_time() {
    let mut lab = run("raft");
    lab.trace(u64::MAX);
    let subject = subject(&*lab);
    let mut pen = Counter::default();
    let seen = draw(&subject, &WHOLE, &mut pen);
    assert_eq!(seen.messages, subject.trace.arrows().count());
    let lost = subject.trace.arrows().filter(|(_, arrow)| arrow.fate == Fate::Lost).count();
    assert!(lost > 0 && !seen.merged);
    assert_eq!(seen.lost, lost);
    for name in ["S1", "S2", "S3", "S4", "S5", "C1", "C2"] {
        assert!(pen.texts.iter().any(|text| text == name), "{name} has a lane");
    }
    assert!(pen.texts.iter().any(|text| text.starts_with("★ term ")), "who leads is printed");
    let later = View { from: Micros(600_000), span: Micros(100_000), ..WHOLE };
    let seen = draw(&subject, &later, &mut Counter::default());
    assert!(seen.messages > 0 && seen.messages < subject.trace.arrows().count());
    let down = View { down: true, width: 340, height: 460, ..later };
    assert_eq!(draw(&subject, &down, &mut Counter::default()), seen, "time may run down as well");
}

#[test]
fn too_many_messages_are_counted_instead_of_drawn() {
    let mut recording = Recording::new("raft", 5, 4);
    recording.workload = Workload { clients: 20, ..Workload::default() };
    let mut lab = catalog::open(recording).unwrap();
    lab.run_until(Micros::from_secs(20), u64::MAX);
    lab.trace(u64::MAX);
    let subject = subject(&*lab);
    let mut pen = Counter::default();
    let seen = draw(&subject, &View { span: Micros::from_secs(20), ..WHOLE }, &mut pen);
    assert!(seen.merged && seen.messages > MOST_ARROWS);
    assert!(pen.lines < 6_000, "what is drawn does not grow with the run");
}

#[test]
fn a_click_on_an_arrow_finds_its_message_at_a_moment_when_it_was_under_way() {
    let mut lab = run("raft");
    lab.trace(u64::MAX);
    let subject = subject(&*lab);
    let view = View { from: Micros(300_000), span: Micros(200_000), ..WHOLE };
    let mut found = 0;
    for x in (50..1_000).step_by(7) {
        for y in (30..400).step_by(5) {
            let hit = hit(subject.trace, &view, x, y);
            assert!(
                hit.at >= view.from && hit.at <= view.from + view.span || hit.message.is_some()
            );
            let Some(id) = hit.message else {
                assert!(matches!(hit.seat, Some(Seat::Node(_) | Seat::Client(_))));
                continue;
            };
            let arrow = subject.trace.arrow(id).unwrap();
            assert!(arrow.sent <= hit.at && (hit.at < arrow.end || arrow.fate == Fate::UnderWay));
            found += 1;
        }
    }
    assert!(found > 100);
}

#[test]
fn the_diagram_as_svg_stands_alone_and_is_the_same_everywhere() {
    let mut lab = run("raft");
    lab.trace(u64::MAX);
    let inks = ["#fff", "#ddd", "#666", "#111", "#33a", "#a22", "#161"].map(str::to_owned);
    let palette = Palette { inks, epochs: ["#1", "#2", "#3", "#4", "#5", "#6"] };
    let svg = svg(&subject(&*lab), &WHOLE, &palette, "a <title> & more");
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(svg.contains("<title>a &lt;title&gt; &amp; more</title>") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("stroke-dasharray"), "what was lost is broken");
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty());
    assert!(!svg.contains("class=") && !svg.contains("style="));
}
