//! Clients: a form to speak for one, a dial for those that act by themselves, and what they wait for.

use std::rc::Rc;

use conclave::scene::Scene;
use conclave::sim::{Action, NodeId, Op, Workload};
use conclave::text::say;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::{Button, Msg, Selection, Ui, clock, use_ui};

/// The numbers of clients to choose from.
const CROWDS: [u16; 5] = [0, 1, 3, 10, 30];

/// What the form shows.
#[derive(Clone, PartialEq, Properties)]
pub struct ClientFormProps {
    /// The world.
    pub scene: Rc<Scene>,
    /// What is selected: a selected node is asked.
    pub selection: Option<Selection>,
}

/// Whom the form asks.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    /// Whoever leads the latest epoch.
    Leader,
    /// This node, whatever it is.
    Node(NodeId),
}

/// The form to write and read as a client.
#[component]
pub fn ClientForm(props: &ClientFormProps) -> Html {
    let ui = use_ui();
    let scene = &props.scene;
    let target = use_state(|| Target::Leader);
    let persistent = use_state(|| false);
    let (key, value) = (use_node_ref(), use_node_ref());
    let node = match *target {
        Target::Node(node) if node.slot() < scene.nodes.len() => node,
        Target::Node(_) | Target::Leader => leader(scene).unwrap_or(NodeId(0)),
    };
    let ask = |make: fn(String, String) -> Op| {
        let (send, key, value, persistent) =
            (ui.send.clone(), key.clone(), value.clone(), *persistent);
        Callback::from(move |_: ()| {
            let text = |field: &NodeRef| {
                field.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
            };
            let op = make(text(&key).trim().to_owned(), text(&value));
            send.emit(Msg::Act(Action::Request { node, op, persistent }));
        })
    };
    let write = ask(|key, value| Op::Write { key: key.into(), value: value.into() });
    let read = ask(|key, _| Op::Read { key: key.into() });
    let onsubmit = {
        let write = write.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            write.emit(());
        })
    };
    let choose = {
        let target = target.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            target.set(
                select.value().parse().map_or(Target::Leader, |node| Target::Node(NodeId(node))),
            );
        })
    };
    let persist = {
        let persistent = persistent.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            persistent.set(input.checked());
        })
    };
    html! {
        <section class="card" aria-labelledby="client-title">
            <h2 id="client-title">{ ui.say(say::client::title()) }</h2>
            <form class="client" {onsubmit}>
                <label>{ ui.say(say::client::ask()) }
                    <select onchange={choose}>
                        <option value="leader" selected={*target == Target::Leader}>
                            { ui.say(say::client::leader()) }
                        </option>
                        { for scene.nodes.iter().map(|node| html! {
                            <option value={node.id.0.to_string()} selected={*target == Target::Node(node.id)}>
                                { node.id.to_string() }
                            </option>
                        }) }
                    </select>
                </label>
                <label class="key">{ ui.say(say::client::key()) }
                    <input ref={key} value="x" autocomplete="off" spellcheck="false" />
                </label>
                <label class="value">{ ui.say(say::client::value()) }
                    <input ref={value} value="1" autocomplete="off" spellcheck="false" />
                </label>
                <span class="client-buttons">
                    <button type="submit" class="good">{ ui.say(say::client::write()) }</button>
                    <Button label={ui.say(say::client::read())}
                        onclick={Callback::from(move |_: MouseEvent| read.emit(()))} />
                </span>
                <label class="check">
                    <input type="checkbox" checked={*persistent} onchange={persist} />
                    { ui.say(say::client::persist()) }
                </label>
            </form>
            { crowd(&ui, scene.workload) }
        </section>
    }
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
    html! {
        <label class="dial">{ ui.say(say::client::crowd()) }
            <select {onchange}>
                { for CROWDS.iter().map(|&clients| html! {
                    <option value={clients.to_string()} selected={clients == workload.clients}>{ clients }</option>
                }) }
            </select>
        </label>
    }
}

/// What the list shows.
#[derive(Clone, PartialEq, Properties)]
pub struct ClientsProps {
    /// The world.
    pub scene: Rc<Scene>,
}

/// The clients and what they wait for.
#[component]
pub fn Clients(props: &ClientsProps) -> Html {
    let ui = use_ui();
    let clients = &props.scene.clients;
    if clients.is_empty() {
        return html! { <p class="empty">{ ui.say(say::client::none()) }</p> };
    }
    html! {
        <table class="small clients-table">
            <thead><tr>
                <th scope="col">{ ui.say(say::client::one()) }</th>
                <th scope="col">{ ui.say(say::client::operations()) }</th>
                <th scope="col">{ ui.say(say::client::waits()) }</th>
            </tr></thead>
            <tbody>
                { for clients.iter().map(|client| html! {
                    <tr key={client.name.clone()}>
                        <th scope="row">{ &client.name }</th>
                        <td>{ client.operations }</td>
                        <td>{ match &client.pending {
                            Some((op, node, since)) => {
                                ui.say(say::client::pending(*node, op.as_str(), clock(*since)))
                            }
                            None => ui.say(say::client::idle()),
                        } }</td>
                    </tr>
                }) }
            </tbody>
        </table>
    }
}
