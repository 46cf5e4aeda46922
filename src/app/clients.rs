//! Clients: a form to speak for one, a dial for those that act by themselves, and what they wait for.

use conclave::scene::Scene;
use conclave::sim::{Action, NodeId, Op, Workload};
use conclave::text::say;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::element::{Is, card, column_head, el, field, option, row_head};
use super::{Msg, Ui, browser, button, clock};

/// The numbers of clients to choose from.
const CROWDS: [u16; 5] = [0, 1, 3, 10, 30];

/// What the reader has chosen in the form; what they typed stays in its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choice {
    /// Whom to ask: this node, or whoever leads.
    pub node: Option<NodeId>,
    /// Whether to ask until there is an answer.
    pub persistent: bool,
}

/// The form to write and read as a client.
pub fn form(ui: &Ui, scene: &Scene, choice: Choice) -> Html {
    let Choice { node: chosen, persistent } = choice;
    let node = chosen.or_else(|| leader(scene)).unwrap_or(NodeId(0));
    let ask = {
        let send = ui.send.clone();
        move |op| send.emit(Msg::Act(Action::Request { node, op, persistent }))
    };
    let key = |event: &Event| browser::value_of(event, "client-key").trim().to_owned().into();
    let onsubmit = {
        let ask = ask.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let value = browser::value_of(&event, "client-value").into();
            ask(Op::Write { key: key(&event), value });
        })
    };
    let onread = Callback::from(move |event: MouseEvent| ask(Op::Read { key: key(&event) }));
    let onchoose = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            send.emit(Msg::Ask(select.value().parse().ok().map(NodeId)));
        })
    };
    let onpersist = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::Persist(input.checked()));
        })
    };
    let leader = option("leader".into(), ui.say(say::client::leader()), chosen.is_none());
    let nodes = scene.nodes.iter().map(|node| {
        let value = node.id.0.to_string().into();
        option(value, node.id.to_string().into(), chosen == Some(node.id))
    });
    let whom = html! {
        <select id="client-node" onchange={onchoose}>{ leader }{ for nodes }</select>
    };
    let typed = |id: &'static str, value: &'static str| {
        html! { <input {id} ~defaultValue={value} autocomplete="off" spellcheck="false" /> }
    };
    let (key, value) = (typed("client-key", "x"), typed("client-value", "1"));
    let write = el("button")
        .fixed(&[("type", Is("submit")), ("class", Is("good"))])
        .say(ui, say::client::write());
    let form = html! {
        <form class="client" {onsubmit}>
            { field("entry", "client-node", ui.say(say::client::ask()), whom) }
            { field("entry", "client-key", ui.say(say::client::key()), key) }
            { field("entry", "client-value", ui.say(say::client::value()), value) }
            { el("span").class("client-buttons").kid(write)
                .kid(button(ui.say(say::client::read()), "", onread)) }
            { el("label").class("check")
                .kid(html! { <input type="checkbox" checked={persistent} onchange={onpersist} /> })
                .say(ui, say::client::persist()) }
        </form>
    };
    card("client-title", el("h2").say(ui, say::client::title()))
        .kid(form)
        .kid(crowd(ui, scene.workload))
        .into()
}

/// Who leads, of those that say so in the latest epoch.
fn leader(scene: &Scene) -> Option<NodeId> {
    let leaders = scene.nodes.iter().filter(|node| node.face.leads);
    leaders.max_by_key(|node| node.face.epoch).map(|node| node.id)
}

/// How many clients act by themselves.
fn crowd(ui: &Ui, workload: Workload) -> Html {
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(clients) = select.value().parse() {
                let workload = Workload { clients, ..workload };
                send.emit(Msg::Act(Action::SetWorkload { workload }));
            }
        })
    };
    let crowds = CROWDS.iter().map(|&clients| {
        let number: AttrValue = clients.to_string().into();
        option(number.clone(), number, clients == workload.clients)
    });
    let select = html! { <select id="crowd" {onchange}>{ for crowds }</select> };
    field("dial", "crowd", ui.say(say::client::crowd()), select).into()
}

/// The clients and what they wait for.
pub fn clients(ui: &Ui, scene: &Scene) -> Html {
    let clients = &scene.clients;
    if clients.is_empty() {
        return el("p").class("empty").say(ui, say::client::none()).into();
    }
    let head = el("tr")
        .kid(column_head().say(ui, say::client::one()))
        .kid(column_head().say(ui, say::client::operations()))
        .kid(column_head().say(ui, say::client::waits()));
    let rows = clients.iter().map(|client| {
        let waits = match &client.pending {
            Some((op, node, since)) => say::client::pending(*node, op.as_str(), clock(*since)),
            None => say::client::idle(),
        };
        el("tr")
            .key(client.name.clone())
            .kid(row_head().text(client.name.clone().into()))
            .kid(el("td").text(client.operations.to_string().into()))
            .kid(el("td").say(ui, waits))
    });
    let table = el("table").class("small clients-table").kid(el("thead").kid(head));
    table.kid(el("tbody").kids(rows)).into()
}
