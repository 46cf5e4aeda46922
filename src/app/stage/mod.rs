//! The stage: nodes on a ring, links, clients in the middle, messages on their way.
//!
//! Yew draws what changes with an event. The group of messages, the canvas above it and the arcs of
//! the timers belong to [`motion`], which moves them once a frame.

mod actions;
pub mod layout;
pub mod motion;

use std::rc::Rc;

use conclave::scene::{Node, Scene, Shape, Vote};
use conclave::sim::node::Status;
use conclave::sim::{Action, MessageId, NodeId, NodeSet};
use conclave::text::say;
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub use actions::{DELAY, action_bar, direction};
use js_sys::Math;
use layout::{Layout, Point, tenths};
use yew::html::{onclick, oncontextmenu, onkeydown};

use super::element::{Element, Is, all, el};
use super::{Msg, Selection, Ui, browser, epoch_class};

/// The elements of the stage that [`motion`] fills.
#[derive(Clone, Default, PartialEq)]
pub struct Places {
    /// The group for messages.
    pub messages: NodeRef,
    /// The canvas, for when there are too many of them.
    pub canvas: NodeRef,
}

/// The stage of a cluster that is called so.
pub fn stage(
    ui: &Ui,
    label: AttrValue,
    scene: &Scene,
    layout: &Layout,
    selection: Option<Selection>,
    places: &Places,
) -> Html {
    let view_box = format!("0 0 {} {}", layout.width as u32, layout.height as u32);
    let focusable = match selection {
        Some(Selection::Node(node)) => node,
        _ => NodeId(0),
    };
    let pick = {
        let send = ui.send.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(id) = message_at(&event) {
                send.emit(Msg::Select(Some(Selection::Message(id))));
            }
        })
    };
    // A long press, the right button, or the key for it: what is there is selected, and what can be
    // done to it has the focus.
    let menu = {
        let send = ui.send.clone();
        Callback::from(move |event: MouseEvent| {
            let target =
                event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let Some(target) = target else { return };
            if !matches!(target.closest(".node, .link, [data-message]"), Ok(Some(_))) {
                return;
            }
            event.prevent_default();
            let init = web_sys::MouseEventInit::new();
            init.set_bubbles(true);
            if let Ok(click) = MouseEvent::new_with_mouse_event_init_dict("click", &init) {
                // Whoever listens to it does not refuse it.
                let _ = target.dispatch_event(&click);
            }
            send.emit(Msg::FocusActions);
        })
    };
    let stripe = el("pattern")
        .fixed(&[
            ("id", Is("hatch")),
            ("width", Is("7")),
            ("height", Is("7")),
            ("patternUnits", Is("userSpaceOnUse")),
            ("patternTransform", Is("rotate(45)")),
        ])
        .kid(el("rect").fixed(&[
            ("width", Is("7")),
            ("height", Is("7")),
            ("class", Is("hatch-ground")),
        ]))
        .kid(el("line").fixed(&[
            ("x1", Is("0")),
            ("y1", Is("0")),
            ("x2", Is("0")),
            ("y2", Is("7")),
            ("class", Is("hatch-line")),
        ]));
    let reached = scene.milestone.as_ref();
    let nodes = scene.nodes.iter().map(|node| {
        let part = Part {
            selected: selection == Some(Selection::Node(node.id)),
            focusable: node.id == focusable,
            reached: reached.is_some_and(|witness| witness.nodes.contains(node.id)),
        };
        let button = node_button(ui, node, layout, part);
        el("g").fixed(&[("role", Is("listitem"))]).key(node.id.0).kid(button)
    });
    let strips = scene.nodes.iter().filter(|_| layout.roomy()).map(|node| strip(node, layout));
    let list = vec!["nodes".into(), "list".into(), ui.say(say::stage::nodes())];
    let drawing = el("svg")
        .attrs(&["viewBox", "role", "aria-label"], vec![view_box.into(), "group".into(), label])
        .kid(el("defs").kid(stripe))
        .kid(sides(scene, layout))
        .kid(links(ui, scene, layout, selection))
        .kid(clients(ui, scene, layout))
        .kid(headings(ui, scene, layout))
        .kid(unspoken("g", "strips").kids(strips))
        .kid(
            unspoken("g", "messages")
                .place(&places.messages)
                .listen(Rc::new(onclick::Wrapper::new(pick))),
        )
        .kid(el("g").attrs(&["class", "role", "aria-label"], list).kids(nodes));
    let canvas = unspoken("canvas", "swarm").place(&places.canvas);
    el("div")
        .class("stage")
        .listen(Rc::new(oncontextmenu::Wrapper::new(menu)))
        .kid(drawing)
        .kid(canvas)
        .into()
}

/// An element that is only for the eye.
fn unspoken(name: &'static str, class: &'static str) -> Element {
    el(name).attrs(&["class", "aria-hidden"], vec![class.into(), "true".into()])
}

/// The message whose glyph was clicked.
fn message_at(event: &MouseEvent) -> Option<MessageId> {
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let glyph = target.closest("[data-message]").ok()??;
    glyph.get_attribute("data-message")?.parse().ok().map(MessageId)
}

/// What part a node plays in what the reader looks at.
struct Part {
    selected: bool,
    focusable: bool,
    /// Whether it shows what came about last.
    reached: bool,
}

/// A node, a button named like "S1, leader, term 3".
fn node_button(ui: &Ui, node: &Node, layout: &Layout, of: Part) -> Element {
    let Part { selected, focusable, reached } = of;
    let radius = layout.radius;
    let transform = Layout::translate(layout.node(node.id));
    let class = classed(
        format!("node {}", epoch_class(node.face.epoch)),
        &[
            match node.status {
                Status::Up => "",
                Status::Paused => " paused",
                Status::Crashed => " down",
            },
            if node.face.leads { " leads" } else { "" },
            match node.face.role.shape {
                Shape::Plain | Shape::Double => "",
                Shape::Dashed => " dashed",
                Shape::Dotted => " dotted",
            },
            if reached { " reached" } else { "" },
            if selected { " selected" } else { "" },
        ],
    );
    let circle = |class: &'static str, more: f64| {
        el("circle").attrs(&["class", "r"], vec![class.into(), tenths(radius + more).into()])
    };
    let inner = node.face.role.shape == Shape::Double && node.status != Status::Crashed;
    let inner: Option<Html> = inner.then(|| circle("inner", -5.0).into());
    let number: AttrValue = node.id.0.to_string().into();
    let arc = el("circle").attrs(
        &["class", "r", "pathLength", "transform", "data-arc"],
        vec![
            "arc".into(),
            tenths(radius + 4.5).into(),
            "100".into(),
            "rotate(-90)".into(),
            number.clone(),
        ],
    );
    let button = el("g")
        .attrs(
            &[
                "class",
                "transform",
                "role",
                "tabindex",
                "aria-label",
                "aria-pressed",
                "data-node",
                "part",
            ],
            vec![
                class,
                transform.into(),
                "button".into(),
                if focusable { "0" } else { "-1" }.into(),
                ui.say(node_name(node)),
                selected.to_string().into(),
                number,
                "node".into(),
            ],
        )
        .on_click(ui, Msg::Select(Some(Selection::Node(node.id))))
        .listen(Rc::new(onkeydown::Wrapper::new(keys(ui, node, layout.nodes))))
        .kid(circle("halo", 9.0))
        .kid(circle("face", 0.0))
        .kid(inner.unwrap_or_default())
        .kid(arc);
    if layout.roomy() {
        button.kid(labels(ui, node)).kid(pips(node, radius))
    } else {
        let name = &["class", "dy"];
        let name = el("text").attrs(name, vec!["small-name".into(), "0.35em".into()]);
        button.kid(name.text(small_label(node).into()))
    }
}

/// A class and those of others that are not empty; each begins with a space.
fn classed(first: String, others: &[&str]) -> AttrValue {
    (first + &others.concat()).into()
}

/// The accessible name of a node.
pub fn node_name(node: &Node) -> conclave::text::Phrase {
    let Node { id, status, face, .. } = node;
    let (epoch_name, epoch) = (face.epoch_name.clone(), face.epoch);
    let role = match status {
        Status::Up => face.role.name.clone(),
        Status::Paused => say::node::frozen(face.role.name.clone()),
        Status::Crashed => say::node::down(),
    };
    say::node::name(epoch, epoch_name, *id, role)
}

fn labels(ui: &Ui, node: &Node) -> Element {
    let sign = match (node.status, node.face.role.shape) {
        (Status::Crashed, _) => "✕",
        (Status::Paused, _) => "❄",
        (Status::Up, Shape::Double) => "★",
        (Status::Up, Shape::Dashed) => "?",
        (Status::Up, Shape::Plain | Shape::Dotted) => "",
    };
    let epoch = ui.say(say::node::epoch(node.face.epoch, node.face.epoch_name.clone()));
    let part = |class: &'static str, y: &'static str| {
        el("text").attrs(&["class", "y"], vec![class.into(), y.into()])
    };
    let labels = el("g");
    let labels = match &node.face.caption {
        Some(_) => labels.fixed(&[("transform", Is("translate(0 -9)"))]),
        None => labels,
    };
    let caption = node.face.caption.as_ref().map(|caption| {
        let caption = AttrValue::from(caption.to_string());
        el("tspan").fixed(&[("x", Is("0")), ("dy", Is("1.1em"))]).text(caption)
    });
    let name = part("name", if sign.is_empty() { "1" } else { "4" });
    labels
        .kid(part("sign", "-15").text(sign.into()))
        .kid(name.text(node.id.to_string().into()))
        .kid(part("epoch", "20").text(epoch).kids(caption))
}

/// What fits into a small node.
fn small_label(node: &Node) -> String {
    match (node.status, node.face.role.shape) {
        (Status::Crashed, _) => "✕".into(),
        (_, Shape::Double) => format!("★{}", node.id.0 + 1),
        _ => (node.id.0 + 1).to_string(),
    }
}

/// The votes at a node that gathers them, on its lower edge: ✓, ✗, or nothing yet.
fn pips(node: &Node, radius: f64) -> Element {
    let count = node.face.votes.len();
    let pip = |(place, (voter, vote)): (usize, &(NodeId, Vote))| {
        let angle = (90.0 + (count as f64 / 2.0 - 0.5 - place as f64) * 24.0).to_radians();
        let away = radius + 17.0;
        let at = Point { x: away * Math::cos(angle), y: away * Math::sin(angle) };
        let (class, sign) = match vote {
            Vote::Granted => ("pip yes", "✓"),
            Vote::Refused => ("pip no", "✗"),
            Vote::Open => ("pip", "·"),
        };
        el("g")
            .attrs(&["class", "transform"], vec![class.into(), Layout::translate(at).into()])
            .key(voter.0)
            .kid(el("circle").fixed(&[("r", Is("7.5"))]))
            .kid(el("text").fixed(&[("dy", Is("0.35em"))]).text(sign.into()))
    };
    unspoken("g", "pips").kids(node.face.votes.iter().enumerate().map(pip))
}

/// The last entries of a node's log, as a strip of squares below it.
fn strip(node: &Node, layout: &Layout) -> Html {
    const MOST: usize = 7;
    let log = &node.face.log;
    let cells = &log.cells[log.cells.len().saturating_sub(MOST)..];
    // A snapshot is one square more, before the entries that follow it.
    let begun = cells.first().map_or(log.snapshot, |cell| cell.index - 1);
    let snapshot = log.snapshot > 0 && begun == log.snapshot;
    let Point { x, y } = layout.node(node.id);
    let left = x - cells.len() as f64 * 6.0;
    let top: AttrValue =
        tenths(y + layout.radius + if node.face.votes.is_empty() { 13.0 } else { 28.0 }).into();
    let square = |class: AttrValue, x: f64| {
        el("rect").attrs(
            &["class", "x", "y", "width", "height", "rx"],
            vec![class, tenths(x).into(), top.clone(), "10".into(), "10".into(), "2".into()],
        )
    };
    let snapshot = snapshot.then(|| square("strip-snapshot".into(), left - 11.0).into());
    let mut parts = vec![snapshot.unwrap_or_default()];
    for (place, cell) in cells.iter().enumerate() {
        let committed = if cell.index <= log.commit { " committed" } else { "" };
        let class = classed(format!("strip-cell {}", epoch_class(cell.epoch)), &[committed]);
        let x = left + place as f64 * 12.0 + 1.0;
        parts.push(square(class, x).key(cell.index).into());
    }
    all(parts)
}

/// The sides of a network that is split, each as ground below its nodes.
fn sides(scene: &Scene, layout: &Layout) -> Element {
    const AROUND: f64 = 19.0;
    let split = scene.sides.iter().filter(|_| scene.sides.len() > 1);
    let ground = |side: &NodeSet, class: &'static str, more: f64| {
        let corners = side.iter().map(|node| {
            let Point { x, y } = layout.node(node);
            format!("{},{} ", tenths(x), tenths(y))
        });
        let width = 2.0 * (layout.radius + AROUND + more);
        el("polygon").attrs(
            &["class", "points", "stroke-width"],
            vec![class.into(), corners.collect::<String>().into(), tenths(width).into()],
        )
    };
    unspoken("g", "sides").kids(split.map(|side| {
        // A line around what is itself drawn as a broad line.
        el("g").kid(ground(side, "shore", 1.5)).kid(ground(side, "side", 0.0))
    }))
}

fn links(ui: &Ui, scene: &Scene, layout: &Layout, selection: Option<Selection>) -> Element {
    let all = || NodeId::all(layout.nodes);
    let pairs =
        all().flat_map(|low| all().filter(move |&high| high > low).map(move |high| (low, high)));
    let shown = pairs.filter_map(|(low, high)| {
        let forth = scene.cuts.contains(&(low, high));
        let back = scene.cuts.contains(&(high, low));
        let selected = selection == Some(Selection::Link(low, high));
        let drawn = layout.roomy() && !layout.share_column(low, high);
        // Of the many links between sides, their grounds tell.
        let apart = || scene.sides.iter().any(|side| side.contains(low) != side.contains(high));
        (drawn || selected || (forth || back) && !apart())
            .then(|| link(ui, layout, (low, high), (forth, back), selected))
    });
    unspoken("g", "links").kids(shown)
}

/// A link: a line to look at, and a broad one to hit.
fn link(
    ui: &Ui,
    layout: &Layout,
    (low, high): (NodeId, NodeId),
    (forth, back): (bool, bool),
    selected: bool,
) -> Element {
    let (start, end) = (layout.node(low), layout.node(high));
    let cut = if forth || back { " cut" } else { "" };
    let class = classed("link".into(), &[cut, if selected { " selected" } else { "" }]);
    let line = |class: &'static str| {
        el("line").attrs(
            &["class", "x1", "y1", "x2", "y2"],
            vec![
                class.into(),
                tenths(start.x).into(),
                tenths(start.y).into(),
                tenths(end.x).into(),
                tenths(end.y).into(),
            ],
        )
    };
    // The mark stands nearer to the receiver that hears nothing.
    let mark = |dead: bool, part: f64| {
        if !dead {
            return Html::default();
        }
        let Point { x, y } = start.towards(end, part);
        el("text")
            .attrs(
                &["class", "x", "y", "dy"],
                vec!["scissors".into(), tenths(x).into(), tenths(y).into(), "0.35em".into()],
            )
            .text("✂".into())
            .into()
    };
    el("g")
        .attrs(&["class"], vec![class])
        .key(format!("{low}-{high}"))
        .on_click(ui, Msg::Select(Some(Selection::Link(low, high))))
        .kid(line("seen"))
        .kid(line("hit"))
        .kid(mark(forth, if back { 0.62 } else { 0.56 }))
        .kid(mark(back, if forth { 0.38 } else { 0.44 }))
}

/// The names of the columns, where there are columns.
fn headings(ui: &Ui, scene: &Scene, layout: &Layout) -> Html {
    let columns = scene.columns.iter().flatten().enumerate();
    let heading = |(place, column): (usize, &conclave::scene::Column)| {
        let (x, y) = (tenths(layout.column(place)).into(), tenths(Layout::HEADING).into());
        el("text")
            .attrs(&["class", "x", "y"], vec!["heading".into(), x, y])
            .say(ui, column.name.clone())
            .into()
    };
    let filled = columns.filter(|(_, column)| !column.nodes.is_empty());
    all(filled.map(heading).collect())
}

/// The clients, in the middle or before all columns.
fn clients(ui: &Ui, scene: &Scene, layout: &Layout) -> Element {
    let line = match scene.waiting {
        0 => String::new(),
        waiting => ui.say(say::stage::waiting(waiting)).to_string(),
    };
    let names = &["class", "aria-hidden", "transform"];
    let at = Layout::translate(layout.centre()).into();
    let dy = if line.is_empty() { "0.35em" } else { "-0.2em" };
    let frame = el("rect").fixed(&[
        ("x", Is("-38")),
        ("y", Is("-19")),
        ("width", Is("76")),
        ("height", Is("38")),
        ("rx", Is("10")),
    ]);
    let waiting = el("text").fixed(&[("class", Is("waiting")), ("dy", Is("1.1em"))]);
    el("g")
        .attrs(names, vec!["clients".into(), "true".into(), at])
        .kid(frame)
        .kid(el("text").attrs(&["dy"], vec![dy.into()]).say(ui, say::stage::clients()))
        .kid(waiting.text(line.into()))
}

/// The keys of a node that has the focus.
fn keys(ui: &Ui, node: &Node, nodes: u8) -> Callback<KeyboardEvent> {
    let send = ui.send.clone();
    let id = node.id;
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let neighbour = |step: u8| NodeId((id.0 + step) % nodes);
        let focus = match event.key().as_str() {
            "Enter" | " " => {
                send.emit(Msg::Select(Some(Selection::Node(id))));
                None
            }
            "ArrowRight" | "ArrowDown" => Some(neighbour(1)),
            "ArrowLeft" | "ArrowUp" => Some(neighbour(nodes - 1)),
            "Home" => Some(NodeId(0)),
            "End" => Some(NodeId(nodes - 1)),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(node) = focus {
            focus_node(&event, node);
        }
    })
}

/// What the crash key does to a node.
pub fn crash_or_restart(node: NodeId, status: Status) -> Action {
    match status {
        Status::Up | Status::Paused => Action::Crash { node },
        Status::Crashed => Action::Restart { node },
    }
}

/// Gives the focus to a node of the first stage, or of the second.
pub fn focus_on(page: &web_sys::Element, side: usize, node: NodeId) {
    let stages = page.query_selector_all(".stage > svg");
    let stage = stages.ok().and_then(|stages| stages.item(side as u32));
    focus_within(stage.map(|stage| stage.unchecked_into()), node);
}

/// Gives the focus to another node of the same stage.
fn focus_node(event: &KeyboardEvent, node: NodeId) {
    let here = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    focus_within(here.and_then(|here| here.closest("svg").ok().flatten()), node);
}

fn focus_within(stage: Option<web_sys::Element>, node: NodeId) {
    let selector = format!("[data-node='{}']", node.0);
    browser::focus(stage.and_then(|stage| stage.query_selector(&selector).ok().flatten()));
}
