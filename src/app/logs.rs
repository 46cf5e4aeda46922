//! The logs: nodes × indexes.

use conclave::scene::{Node, Scene};
use conclave::sim::node::Status;
use conclave::text::say;
use yew::prelude::*;

use super::{Msg, Ui, button, button_with, epoch_class};

/// The table of logs, with the leader's knowledge of the others below it.
pub fn logs(ui: &Ui, scene: &Scene) -> Html {
    let conclave::scene::Logs { first, columns, longest } = scene.logs;
    if longest == 0 {
        return html! { <p class="empty">{ ui.say(say::log::empty()) }</p> };
    }
    let shown = first..=(first + columns - 1).min(longest);
    let leader = scene.leader();
    let last_window = (longest + 1).saturating_sub(columns).max(1);
    html! {
        <>
            <div class="log-scroll" tabindex="0" role="region" aria-label={ui.say(say::log::table())}>
                <table class="logs">
                    <thead>
                        <tr>
                            <th scope="col">{ ui.say(say::log::node()) }</th>
                            { for shown.clone().map(|index| html! { <th scope="col" key={index}>{ index }</th> }) }
                        </tr>
                    </thead>
                    <tbody>
                        { for scene.nodes.iter().map(|node| row(ui, node, leader, shown.clone())) }
                    </tbody>
                </table>
            </div>
            <div class="log-foot">
                <p class="legend">
                    <span class="cell epoch-1 committed">{ "x=1" }</span>{ ui.say(say::log::committed()) }
                    <span class="cell epoch-1">{ "x=1" }</span>{ ui.say(say::log::uncommitted()) }
                    if scene.nodes.iter().any(|node| node.face.log.snapshot > 0) {
                        <span class="cell snapshot" />{ ui.say(say::log::in_snapshot()) }
                    }
                    if leader.is_some() {
                        <span class="mark">{ "◂" }</span>{ ui.say(say::log::matched()) }
                        <span class="mark">{ "▴" }</span>{ ui.say(say::log::next()) }
                    }
                </p>
                if longest > columns {
                    <span class="pager">
                        { button_with(ui.say(say::log::earlier()), "", None, first == 1,
                            ui.on(Msg::ShowLogsFrom(Some(first.saturating_sub(columns).max(1))))) }
                        { button_with(ui.say(say::log::later()), "", None, first >= last_window,
                            ui.on(Msg::ShowLogsFrom(Some((first + columns).min(last_window))))) }
                        { button(ui.say(say::log::follow()), "", ui.on(Msg::ShowLogsFrom(None))) }
                    </span>
                }
            </div>
        </>
    }
}

fn row(ui: &Ui, node: &Node, leader: Option<&Node>, shown: std::ops::RangeInclusive<u64>) -> Html {
    let mark =
        leader.and_then(|leader| leader.face.log.marks.iter().find(|mark| mark.node == node.id));
    let leads = leader.is_some_and(|leader| leader.id == node.id);
    let sign = match node.status {
        Status::Crashed => " ✕",
        Status::Paused => " ❄",
        Status::Up if leads => " ★",
        Status::Up => "",
    };
    let log = &node.face.log;
    let cell = |index: u64| {
        let marks = html! {
            <>
                if mark.is_some_and(|mark| mark.matched == index) {
                    <span class="mark" title={ui.say(say::log::matched())}>{ "◂" }</span>
                }
                if mark.is_some_and(|mark| mark.next == index) {
                    <span class="mark" title={ui.say(say::log::next())}>{ "▴" }</span>
                }
            </>
        };
        if index <= log.snapshot {
            let title = ui.say(say::log::in_snapshot());
            return html! {
                <td key={index}>
                    <span class="cell snapshot" title={title.clone()}><span class="sr">{ title }</span></span>
                    { marks }
                </td>
            };
        }
        // A log may have gaps.
        let place = log.cells.binary_search_by_key(&index, |cell| cell.index);
        let Ok(cell) = place.map(|place| &log.cells[place]) else {
            return html! { <td key={index} class="none">{ marks }</td> };
        };
        let committed = index <= log.commit && node.status != Status::Crashed;
        let class = classes!("cell", epoch_class(cell.epoch), committed.then_some("committed"));
        let text: AttrValue = match &cell.text {
            Some(text) => text.clone().into(),
            None => ui.say(say::log::noop()),
        };
        let state = if committed { say::log::committed() } else { say::log::uncommitted() };
        let spoken = ui.say(say::log::cell(cell.epoch, node.face.epoch_name.clone(), state));
        html! {
            <td key={index}>
                <span {class} title={format!("{text}: {spoken}")}>
                    <span class="cell-epoch">{ cell.epoch.to_string() }</span>
                    <span class="cell-text">{ text }</span>
                    <span class="sr">{ spoken }</span>
                </span>
                { marks }
            </td>
        }
    };
    html! {
        <tr key={node.id.0}>
            <th scope="row">{ node.id.to_string() }<span aria-hidden="true">{ sign }</span></th>
            { for shown.map(cell) }
        </tr>
    }
}
