//! What a run cost so far, in numbers; of two clusters, one beside the other.

use conclave::scene::Costs;
use conclave::text::{Phrase, say};
use yew::prelude::*;

use super::Ui;
use super::element::{Is, card, column_head, el, meanings, row_head};

/// A number: its name, what it means, and its value where there is one.
type Row = (Phrase, Phrase, fn(&Costs) -> Option<String>);

/// The table of costs: a row for each number, a column for each cluster.
pub fn costs(ui: &Ui, clusters: &[(Phrase, Costs)]) -> Html {
    let rows: [Row; 8] = [
        (say::costs::messages(), say::costs::messages_help(), |costs| {
            Some(costs.messages.to_string())
        }),
        (say::costs::bytes(), say::costs::bytes_help(), |costs| Some(costs.bytes.to_string())),
        (say::costs::operations(), say::costs::operations_help(), |costs| {
            Some(costs.operations.to_string())
        }),
        (say::costs::each(), say::costs::each_help(), |costs| {
            Some(tenths((costs.messages * 10).checked_div(costs.operations)?))
        }),
        (say::costs::median(), say::costs::median_help(), |costs| costs.median.map(millis)),
        (say::costs::most(), say::costs::most_help(), |costs| costs.most.map(millis)),
        (say::costs::round_trips(), say::costs::round_trips_help(), |costs| {
            costs.round_trips.map(tenths)
        }),
        (say::costs::leaderless(), say::costs::leaderless_help(), |costs| {
            costs.leaderless.map(|time| millis(time.0))
        }),
    ];
    let titles = clusters.iter().map(|(title, _)| column_head().say(ui, title.clone()));
    let head = el("tr").kid(column_head().say(ui, say::costs::what())).kids(titles);
    let names = rows.iter().map(|(name, help, _)| (ui.say(name.clone()), help.clone())).collect();
    let rows = rows.into_iter().map(|(name, help, value)| {
        let values = clusters
            .iter()
            .map(|(_, costs)| el("td").text(value(costs).map_or("—".into(), AttrValue::from)));
        el("tr").attrs(&["title"], vec![ui.say(help)]).kid(row_head().say(ui, name)).kids(values)
    });
    let table = el("table")
        .fixed(&[("class", Is("small costs")), ("aria-labelledby", Is("costs-title"))])
        .kid(el("thead").kid(head));
    let note = el("p").class("told").say(ui, say::costs::leaderless_note());
    let is_led = clusters.iter().any(|(_, costs)| costs.leaderless.is_some());
    card(ui, "costs-title", say::costs::title())
        .kid(table.kid(el("tbody").kids(rows)))
        .kids(is_led.then_some(note))
        .kid(meanings(ui, names))
        .into()
}

fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn millis(micros: u64) -> String {
    tenths(micros / 100) + " ms"
}
