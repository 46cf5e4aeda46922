//! What a run cost so far, in numbers; of two clusters, one beside the other.

use conclave::scene::Costs;
use conclave::text::{Phrase, say};
use yew::prelude::*;

use super::Ui;

/// A number: its name, what it means, and its value where there is one.
type Row = (Phrase, Phrase, fn(&Costs) -> Option<String>);

/// The table of costs: a row for each number, a column for each cluster.
pub fn costs(ui: &Ui, clusters: &[(Phrase, Costs)]) -> Html {
    let rows: [Row; 7] = [
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
        (say::costs::leaderless(), say::costs::leaderless_help(), |costs| {
            costs.leaderless.map(|time| millis(time.0))
        }),
    ];
    html! {
        <section class="card" aria-labelledby="costs-title">
            <h2 id="costs-title">{ ui.say(say::costs::title()) }</h2>
            <table class="small costs">
                <thead><tr>
                    <th scope="col">{ ui.say(say::costs::what()) }</th>
                    { for clusters.iter().map(|(title, _)| html! {
                        <th scope="col">{ ui.say(title.clone()) }</th>
                    }) }
                </tr></thead>
                <tbody>
                    { for rows.into_iter().map(|(name, help, value)| html! {
                        <tr title={ui.say(help)}>
                            <th scope="row">{ ui.say(name) }</th>
                            { for clusters.iter().map(|(_, costs)| html! {
                                <td>{ value(costs).unwrap_or("—".into()) }</td>
                            }) }
                        </tr>
                    }) }
                </tbody>
            </table>
        </section>
    }
}

fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn millis(micros: u64) -> String {
    tenths(micros / 100) + " ms"
}
