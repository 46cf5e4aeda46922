//! Clients: a form to speak for one, a dial for those that act by themselves, and what they saw.

use std::rc::Rc;

use conclave::check::consistency::{self, Consistency, Standing};
use conclave::scene::{self, Fault, FaultKind, Lab, Scene, Verdict, Witness, notate_answer};
use conclave::sim::{
    Action, Answer, ClientId, Micros, NodeId, NodeSet, Op, Operation, Text, Workload,
};
use conclave::text::{Phrase, say};
use web_sys::HtmlSelectElement;
use yew::html::onsubmit;
use yew::prelude::*;

use super::element::{
    Element, Is, all, card, check, column_head, el, field, option, row_head, select,
};
use super::stage::layout::tenths;
use super::{Msg, Travel, Ui, browser, button, clock};

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
    let leader = option("leader".into(), ui.say(say::client::leader()), chosen.is_none());
    let nodes = scene.nodes.iter().map(|node| {
        let value = node.id.0.to_string().into();
        option(value, node.id.to_string().into(), chosen == Some(node.id))
    });
    let whom = std::iter::once(leader).chain(nodes).collect();
    let whom = select("client-node", whom, onchoose);
    let typed = |id: &'static str, value: &'static str| {
        html! { <input {id} ~defaultValue={value} autocomplete="off" spellcheck="false" /> }
    };
    let (key, value) = (typed("client-key", "x"), typed("client-value", "1"));
    let write = el("button")
        .fixed(&[("type", Is("submit")), ("class", Is("good"))])
        .say(ui, say::client::write());
    let buttons = el("span").class("client-buttons").kid(write);
    let form = el("form")
        .class("client")
        .listen(Rc::new(onsubmit::Wrapper::new(onsubmit)))
        .kid(field("entry", "client-node", ui.say(say::client::ask()), whom))
        .kid(field("entry", "client-key", ui.say(say::client::key()), key))
        .kid(field("entry", "client-value", ui.say(say::client::value()), value))
        .kid(buttons.kid(button(ui.say(say::client::read()), "", onread)))
        .kid(check(ui.say(say::client::persist()), persistent, ui.on_tick(Msg::Persist)));
    card(ui, "client-title", say::client::title()).kid(form).kid(crowd(ui, scene.workload)).into()
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
    let select = select("crowd", crowds.collect(), onchange);
    field("dial", "crowd", ui.say(say::client::crowd()), select).into()
}

/// How many operations are shown.
const SHOWN: usize = 100;
/// How many operations of an order are written out.
const WRITTEN: usize = 12;
/// How many faults are listed.
const FAULTS: usize = 20;
/// The height of a lane, in CSS pixels.
const LANE: u64 = 30;
/// The height of the row that names faults.
const FOOT: u64 = 18;

/// Whether the clients were served as by one copy of the data, in a sentence, and since when not.
fn standing(lab: &dyn Lab, judge: &Consistency) -> (Phrase, Option<Standing>, Option<Micros>) {
    let tree = lab.tree();
    let standing = judge.standing(tree, lab.moment());
    let (sentence, since) = match &standing {
        None => (say::linear::unknown(), None),
        Some(Standing::Linearizable { to }) => {
            (say::linear::found(judge.asked(tree, *to), clock(to.at)), None)
        }
        Some(Standing::Not { operation }) => {
            let Operation { request, op, invoked, returned } = judge.operation(*operation);
            let (at, answer) = returned.as_ref().expect("only what was answered is misplaced");
            let (asked, answered) = (clock(*invoked), clock(*at));
            let (answer, client) = (notate_answer(answer), request.client);
            let op = op.to_string();
            (say::linear::broken(answer, answered, asked, client, op), Some(*at))
        }
        Some(Standing::Undecided { steps }) => (say::linear::undecided(*steps), None),
    };
    (sentence, standing, since)
}

/// The verdict on the clients, as if linearizability were an invariant like others.
pub fn verdict(lab: &dyn Lab, judge: &Consistency) -> Verdict {
    let (sentence, standing, since) = standing(lab, judge);
    let witness = |at| Witness { at, step: lab.steps(), sentence, nodes: NodeSet::EMPTY };
    Verdict {
        name: say::linear::name(),
        statement: say::linear::statement(),
        source: "Herlihy & Wing 1990",
        breach: since.map(witness),
        open: matches!(standing, None | Some(Standing::Undecided { .. })),
    }
}

/// A line of text.
fn line(ui: &Ui, class: &'static str, phrase: Phrase) -> Html {
    el("p").class(class).say(ui, phrase).into()
}

/// A part of the drawing, from one place to another in thousandths of its width, at a height in CSS
/// pixels.
fn part(
    name: &'static str,
    class: &'static str,
    (left, right): (u64, u64),
    (top, height): (u64, u64),
) -> Element {
    let percent = |thousandths: u64| (tenths(thousandths as f64 / 10.0) + "%").into();
    el(name).attrs(
        &["class", "x", "width", "y", "height"],
        vec![
            class.into(),
            percent(left),
            percent((right - left).max(3)),
            top.to_string().into(),
            height.to_string().into(),
        ],
    )
}

/// A text, if there is room for it: half a dozen pixels for each of its letters on a wide screen. On
/// a narrow one it ends where there is no more room.
fn label(room: (u64, u64), top: u64, text: AttrValue) -> Option<Html> {
    let fits = room.1 - room.0 >= 8 * text.len() as u64;
    let text = el("text").fixed(&[("y", Is("12"))]).text(text);
    fits.then(|| part("svg", "label", room, (top, 16)).kid(text).into())
}

/// What clients asked and were told: as intervals over time, with the faults behind them, and as a
/// table; the verdict, and what it is drawn from.
pub fn clients(ui: &Ui, lab: &dyn Lab, judge: &Consistency) -> Html {
    let (tree, now) = (lab.tree(), lab.moment());
    let shown = judge.operations(tree, now, SHOWN);
    let (sentence, standing, since) = standing(lab, judge);
    let (class, misplaced) = match standing {
        Some(Standing::Linearizable { .. }) => ("holds", None),
        Some(Standing::Not { operation }) => ("broken", Some(operation)),
        None | Some(Standing::Undecided { .. }) => ("unsure", None),
    };
    let faults = scene::faults(tree.current().actions_at(now), lab.size());
    let full = tree.current().full_after.filter(|&full| full < now.after);
    let mut parts = vec![line(ui, class, sentence)];
    if let Some(full) = full {
        parts.push(line(ui, "order", say::client::full(full)));
    }
    if let Some(at) = since.filter(|at| *at < now.at) {
        parts.push(button(ui.say(say::client::go()), "", ui.on(Msg::Travel(Travel::Time(at)))));
    }
    if shown.is_empty() {
        parts.push(line(ui, "empty", say::client::none()));
        return all(parts);
    }
    parts.push(lanes(ui, &shown, now.at, misplaced, &faults));
    for Fault { phrase, from, to, .. } in faults.into_iter().rev().take(FAULTS) {
        let to = to.map_or("…".into(), clock);
        parts.push(line(ui, "order", say::client::fault(clock(from), to, phrase)));
    }
    witness(ui, lab, judge, misplaced.is_some(), &mut parts);
    parts.push(table(ui, lab, judge, &shown, misplaced));
    all(parts)
}

/// The orders that were found; of what has none, the longest one without what cannot be placed.
fn witness(ui: &Ui, lab: &dyn Lab, judge: &Consistency, broken: bool, parts: &mut Vec<Html>) {
    for (key, order) in judge.orders(lab.tree(), lab.moment()) {
        if order.is_empty() {
            continue;
        }
        let left_out = order.len().saturating_sub(WRITTEN);
        let mut written = String::from(if left_out > 0 { "…" } else { "" });
        for &number in &order[left_out..] {
            if !written.is_empty() {
                written += " · ";
            }
            let operation = judge.operation(number);
            written += &operation.request.client.to_string();
            written += " ";
            written += &told(operation, true);
        }
        let key = key.as_str();
        let sentence = if broken {
            let value = judge.bound(order).map_or("∅", |value| value.as_str());
            say::client::prefix(key, written, value)
        } else {
            say::client::order(key, written)
        };
        parts.push(line(ui, "order", sentence));
    }
}

/// An operation and its answer, short: `x=1`, `x? = 1`.
fn told(operation: &Operation, answered: bool) -> String {
    let mut text = operation.op.to_string();
    match &operation.returned {
        Some((_, Answer::Written)) | None => {}
        Some((_, answer)) if answered => {
            text += " ";
            text += &notate_answer(answer);
        }
        Some(_) => {}
    }
    text
}

/// The operations as intervals, a lane for each client.
fn lanes(
    ui: &Ui,
    shown: &[consistency::Seen<'_>],
    now: Micros,
    misplaced: Option<usize>,
    faults: &[Fault],
) -> Html {
    let newest = &shown[shown.len().saturating_sub(SHOWN)..];
    let from = newest.first().map_or(now, |seen| seen.operation.invoked);
    let span = now.since(from).0.max(1);
    let x = |at: Micros| at.since(from).0.min(span) * 1_000 / span;
    let mut names: Vec<ClientId> = Vec::new();
    for seen in shown {
        let name = seen.operation.request.client;
        if let Err(place) = names.binary_search(&name) {
            names.insert(place, name);
        }
    }
    let height = names.len() as u64 * LANE;
    let mut drawn: Vec<Html> = Vec::new();
    let seen: Vec<_> = faults.iter().filter(|fault| fault.to.is_none_or(|to| to > from)).collect();
    for (place, fault) in seen.iter().enumerate() {
        let (left, right) = (x(fault.from), x(fault.to.unwrap_or(now)));
        let class = match fault.kind {
            FaultKind::Down => "band",
            FaultKind::Frozen => "band frozen",
            FaultKind::Cut => "band cut",
        };
        drawn.push(part("rect", class, (left, right), (0, height)).into());
        let end = seen.get(place + 1).map_or(1_000, |next| x(next.from));
        drawn.extend(label((left, end), height, ui.say(fault.phrase.clone())));
    }
    for (place, seen) in shown.iter().enumerate() {
        let Operation { request, op, invoked, returned } = seen.operation;
        let y = names.binary_search(&request.client).unwrap_or_default() as u64 * LANE;
        let end = returned.as_ref().filter(|_| seen.answered).map(|(at, _)| *at);
        let (left, right) = (x(*invoked), x(end.unwrap_or(now)));
        let class = match (end, op) {
            _ if misplaced == Some(seen.number) => "odd",
            (None, _) => "open",
            (_, Op::Read { .. }) => "read",
            (_, Op::Write { .. }) => "write",
        };
        drawn.push(part("rect", class, (left, right), (y + 16, 8)).into());
        let mut later = shown[place + 1..].iter().map(|next| next.operation);
        let next = later.find(|next| next.request.client == request.client);
        let end = next.map_or(1_000, |next| x(next.invoked));
        let text = told(seen.operation, seen.answered);
        drawn.extend(label((left, end), y, text.into()));
    }
    let tall = |class: &'static str, height: u64| {
        el("svg").attrs(&["class", "height"], vec![class.into(), height.to_string().into()])
    };
    let names = (0..).zip(&names);
    let names = names
        .filter_map(|(lane, name)| label((0, 1_000), lane * LANE + 12, name.to_string().into()));
    let times = el("span")
        .class("interval-times")
        .kid(el("span").text(clock(from).into()))
        .kid(el("span").text(clock(now).into()));
    el("div")
        .fixed(&[("class", Is("intervals")), ("aria-hidden", Is("true"))])
        .kid(tall("interval-names", height).kids(names))
        .kid(tall("interval-lanes", height + FOOT).kids(drawn))
        .kid(el("span"))
        .kid(times)
        .into()
}

/// The same as a table.
fn table(
    ui: &Ui,
    lab: &dyn Lab,
    judge: &Consistency,
    shown: &[consistency::Seen<'_>],
    misplaced: Option<usize>,
) -> Html {
    let (tree, now) = (lab.tree(), lab.moment());
    let mut places = vec![None; shown.len()];
    for (key, order) in judge.orders(tree, now) {
        for (place, number) in order.iter().enumerate() {
            if let Ok(row) = shown.binary_search_by_key(number, |seen| seen.number) {
                places[row] = Some((key, place + 1));
            }
        }
    }
    let row = |(seen, place): (&consistency::Seen<'_>, &Option<(&Text, usize)>)| {
        let Operation { request, op, invoked, returned } = seen.operation;
        let (at, answer) = match returned.as_ref().filter(|_| seen.answered) {
            Some((at, answer)) => (clock(*at).into(), notate_answer(answer)),
            None => (ui.say(say::client::open()), String::new()),
        };
        let odd = misplaced == Some(seen.number);
        let place = match place {
            _ if odd => ui.say(say::client::misplaced()),
            Some((key, place)) => format!("{key} {place}").into(),
            None => AttrValue::default(),
        };
        let cells = [op.to_string().into(), clock(*invoked).into(), at, answer.into(), place];
        el("tr")
            .class(if odd { "odd" } else { "even" })
            .kid(row_head().text(request.client.to_string().into()))
            .kids(cells.map(|cell: AttrValue| el("td").text(cell)))
    };
    let heads = [
        say::client::one(),
        say::client::operation(),
        say::client::asked(),
        say::client::answered(),
        say::client::answer(),
        say::client::place(),
    ];
    let head = el("tr").kids(heads.map(|head| column_head().say(ui, head)));
    let title = ui.say(say::client::lanes());
    let table = el("table")
        .class("small")
        .kid(el("caption").class("sr").text(title.clone()))
        .kid(el("thead").kid(head))
        .kid(el("tbody").kids(shown.iter().zip(&places).rev().map(row)));
    let asked = judge.asked(tree, now);
    let rest =
        (asked > shown.len()).then(|| line(ui, "order", say::client::newest(asked, shown.len())));
    let names = &["class", "role", "aria-label", "tabindex"];
    let values = vec!["operations".into(), "group".into(), title, "0".into()];
    el("div").attrs(names, values).kid(table).kids(rest).into()
}
