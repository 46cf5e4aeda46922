//! What the run costs over time: one row a measure, all of them along the time of the branch.
//!
//! A world counts what led to it, so what lies ahead of the reader is not drawn.

use std::fmt::Write as _;

use conclave::scene::{Counters, Glyph, Lab};
use conclave::sim::Micros;
use conclave::sim::series::Stretch;
use conclave::text::{Argument, Phrase, say};
use yew::prelude::*;

use super::element::{Element, Is, all, column_head, el, row_head};
use super::stage::motion::{glyph_class, outline};
use super::{Ui, clock};

/// How wide a plot is, in its own units.
const WIDE: u64 = 1_000;
/// How high.
const HIGH: u64 = 24;
/// The most rows of the table.
const ROWS: usize = 12;

/// The time along which everything is drawn.
#[derive(Clone, Copy)]
struct Axis {
    now: Micros,
    end: Micros,
    /// How long a column is.
    width: Micros,
}

impl Axis {
    fn x(self, at: Micros) -> u64 {
        at.min(self.now).0 * WIDE / self.end.0.max(1)
    }
}

/// The counters of the run, or of two clusters, one below the other.
pub fn counters(ui: &Ui, lab: &dyn Lab) -> Html {
    let end = lab.tree().current().end.at;
    let clusters = [Some(lab), lab.beside()].into_iter().flatten();
    all(clusters.map(|cluster| course(ui, cluster, end)).collect())
}

fn course(ui: &Ui, lab: &dyn Lab, end: Micros) -> Html {
    let Counters { kinds, tally, is_led } = lab.counters();
    let axis = Axis { now: lab.now(), end, width: tally.series.width() };
    let stretches: Vec<&Stretch> = tally.series.stretches().collect();
    let sum = joined(&stretches);
    let groups = groups(ui, kinds, is_led, &sum);
    let bodies = groups.iter().map(|group| {
        let values: Vec<Vec<u64>> = group
            .measures
            .iter()
            .map(|measure| stretches.iter().map(|stretch| measure.value(stretch)).collect())
            .collect();
        let most = values.iter().flatten().copied().max().unwrap_or(0);
        let highest = ui.say(say::counters::highest(group.show(most)));
        let measures = group.measures.iter().zip(&values).map(|(measure, values)| {
            let number = group.show(measure.value(&sum));
            row(measure.head(), plot(values, most, axis), ui.say(say::counters::is(number)))
        });
        let title = el("th").fixed(&[("scope", Is("rowgroup"))]).text(group.name.clone());
        let title = row(title, el("td").text(highest), AttrValue::default());
        el("tbody").kid(title).kids(measures)
    });
    let about = say::counters::about(clock(axis.now), lab.title(), axis.width);
    let ends = [Micros(0), end].map(|at| el("span").text(clock(at).into()));
    let foot = el("tr").kid(el("td")).kid(el("td").class("axis").kids(ends)).kid(el("td"));
    all(vec![
        el("p").class("empty").say(ui, about).into(),
        el("table").class("small counters").kids(bodies).kid(el("tfoot").kid(foot)).into(),
        table(ui, &groups, &stretches, axis).into(),
    ])
}

fn joined(stretches: &[&Stretch]) -> Stretch {
    let mut sum = Stretch::default();
    stretches.iter().for_each(|stretch| sum.add(stretch));
    sum
}

/// What is measured, and of which kind of message or for how many of a hundred.
struct Measure {
    glyph: Option<Glyph>,
    name: AttrValue,
    read: fn(&Stretch, usize) -> u64,
    of: usize,
}

impl Measure {
    fn value(&self, stretch: &Stretch) -> u64 {
        (self.read)(stretch, self.of)
    }

    fn head(&self) -> Element {
        let glyph = self.glyph.map(|glyph| {
            let class = format!("{} epoch-none", glyph_class(glyph)).into();
            el("svg")
                .attrs(
                    &["class", "viewBox", "aria-hidden"],
                    vec![class, "-13 -13 26 26".into(), "true".into()],
                )
                .kid(path(outline(glyph).into()))
        });
        row_head().kids(glyph).text(self.name.clone())
    }
}

/// Measures on one scale.
struct Group {
    name: AttrValue,
    measures: Vec<Measure>,
    /// Whether they are spans of time, in microseconds.
    times: bool,
    /// Whether they are parts of one whole.
    parts: bool,
}

impl Group {
    fn show(&self, value: u64) -> Argument {
        match (self.times, value) {
            (true, 0) => "–".into(),
            (true, _) => Micros(value).into(),
            (false, _) => value.into(),
        }
    }
}

fn groups(ui: &Ui, kinds: &[(Glyph, &'static str)], is_led: bool, sum: &Stretch) -> Vec<Group> {
    let sent = |read| {
        let seen = kinds.iter().enumerate().filter(|(kind, _)| sum.of(*kind).messages > 0);
        let each = seen.map(|(of, &(glyph, name))| Measure {
            glyph: Some(glyph),
            name: name.into(),
            read,
            of,
        });
        each.collect()
    };
    let one = |name, read, of| Measure { glyph: None, name: ui.say(name), read, of };
    let mut results = vec![one(say::counters::commits(), |each, _| each.commits, 0)];
    if is_led {
        results.push(one(say::counters::elections(), |each, _| each.elections, 0));
    }
    results.push(one(say::counters::operations(), |each, _| each.latencies.count(), 0));
    let latency = |each: &Stretch, percent| each.latencies.percentile(percent as u8).unwrap_or(0);
    let waits =
        vec![one(say::counters::median(), latency, 50), one(say::counters::most(), latency, 95)];
    let group =
        |name: Phrase, measures, times, parts| Group { name: ui.say(name), measures, times, parts };
    vec![
        group(say::counters::messages(), sent(|each, kind| each.of(kind).messages), false, true),
        group(say::counters::bytes(), sent(|each, kind| each.of(kind).bytes), false, true),
        group(say::counters::results(), results, false, false),
        group(say::counters::latency(), waits, true, false),
    ]
}

fn row(head: Element, middle: Element, number: AttrValue) -> Element {
    el("tr").kid(head).kid(middle).kid(el("td").text(number))
}

fn path(d: AttrValue) -> Element {
    el("path").attrs(&["d"], vec![d])
}

/// Columns from the run's beginning up to now.
fn plot(values: &[u64], most: u64, axis: Axis) -> Element {
    let (mut course, mut level) = (format!("M0 {HIGH}"), HIGH);
    let mut rise = |to: u64, at: Micros| {
        if to != level {
            level = to;
            // Writing to a string does not fail.
            let _ = write!(course, "H{}V{to}", axis.x(at));
        }
    };
    for (place, value) in (0..).zip(values) {
        // What is there at all can be seen.
        rise(HIGH - (value * HIGH).div_ceil(most.max(1)), Micros(place * axis.width.0));
    }
    rise(HIGH, axis.now);
    let now = axis.x(axis.now);
    let line = format!("M{now} 0V{HIGH}");
    let line = el("path").attrs(&["class", "d"], vec!["now".into(), line.into()]);
    let names = &["viewBox", "preserveAspectRatio", "aria-hidden"];
    let values = vec![format!("0 0 {WIDE} {HIGH}").into(), "none".into(), "true".into()];
    el("td").kid(el("svg").attrs(names, values).kid(path(course.into())).kid(line))
}

/// The same in numbers, in a few longer stretches.
fn table(ui: &Ui, groups: &[Group], stretches: &[&Stretch], axis: Axis) -> Element {
    let each = stretches.len().div_ceil(ROWS);
    let line = |first: Element, cell: &dyn Fn(&Group, &[Measure]) -> Element| {
        let columns = groups.iter().flat_map(|group| {
            let width = if group.parts { group.measures.len().max(1) } else { 1 };
            group.measures.chunks(width).map(move |measures| (group, measures))
        });
        el("tr").kid(first).kids(columns.map(|(group, measures)| cell(group, measures)))
    };
    let names = line(el("td"), &|group, measures| {
        let name = if group.parts { &group.name } else { &measures[0].name };
        column_head().text(name.clone())
    });
    let rows = (0..).zip(stretches.chunks(each)).map(|(place, chunk)| {
        let all = joined(chunk);
        let from = clock(Micros(place * each as u64 * axis.width.0));
        line(row_head().text(from.into()), &|group, measures| {
            let value = measures.iter().map(|measure| measure.value(&all)).sum();
            el("td").say(ui, say::counters::is(group.show(value)))
        })
    });
    let name = ui.say(say::counters::table());
    let names_of = &["class", "tabindex", "role", "aria-label"];
    let values = vec!["log-scroll".into(), "0".into(), "region".into(), name.clone()];
    let table = el("table").class("small").kid(el("tbody").kid(names).kids(rows));
    el("details")
        .class("counters-table")
        .kid(el("summary").text(name))
        .kid(el("div").attrs(names_of, values).kid(table))
}
