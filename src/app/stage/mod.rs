//! The stage: nodes on a ring, links, clients in the middle, messages on their way.
//!
//! Yew draws what changes with an event. The group of messages, the canvas above it and the arcs of
//! the timers belong to [`motion`], which moves them once a frame.

mod actions;
pub mod layout;
pub mod motion;

use conclave::scene::{Node, Scene, Shape, Vote};
use conclave::sim::node::Status;
use conclave::sim::{Action, MessageId, NodeId};
use conclave::text::say;
use wasm_bindgen::JsCast;
use yew::prelude::*;

pub use actions::{action_bar, direction};
use js_sys::Math;
use layout::{Layout, Point, tenths};

use super::{Msg, Selection, Ui, epoch_class};

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
    html! {
        <div class="stage">
            <svg viewBox={view_box} role="group" aria-label={label}>
                <defs>
                    <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"
                        patternTransform="rotate(45)">
                        <rect width="7" height="7" class="hatch-ground" />
                        <line x1="0" y1="0" x2="0" y2="7" class="hatch-line" />
                    </pattern>
                </defs>
                { links(ui, scene, layout, selection) }
                { clients(ui, scene, layout) }
                { headings(ui, scene, layout) }
                <g class="strips" aria-hidden="true">
                    { for scene.nodes.iter().filter(|_| layout.roomy()).map(|node| strip(node, layout)) }
                </g>
                <g class="messages" aria-hidden="true" ref={places.messages.clone()} onclick={pick} />
                <g class="nodes" role="list" aria-label={ui.say(say::stage::nodes())}>
                    { for scene.nodes.iter().map(|node| {
                        let reached = scene.milestone.as_ref();
                        let part = Part {
                            selected: selection == Some(Selection::Node(node.id)),
                            focusable: node.id == focusable,
                            reached: reached.is_some_and(|witness| witness.nodes.contains(node.id)),
                        };
                        let button = node_button(ui, node, layout, part);
                        html! { <g role="listitem" key={node.id.0}>{ button }</g> }
                    }) }
                </g>
            </svg>
            <canvas class="swarm" aria-hidden="true" ref={places.canvas.clone()} />
        </div>
    }
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
fn node_button(ui: &Ui, node: &Node, layout: &Layout, of: Part) -> Html {
    let Part { selected, focusable, reached } = of;
    let radius = layout.radius;
    let transform = Layout::translate(layout.node(node.id));
    let class = classes!(
        "node",
        epoch_class(node.face.epoch),
        match node.status {
            Status::Up => None,
            Status::Paused => Some("paused"),
            Status::Crashed => Some("down"),
        },
        node.face.leads.then_some("leads"),
        match node.face.role.shape {
            Shape::Plain | Shape::Double => None,
            Shape::Dashed => Some("dashed"),
            Shape::Dotted => Some("dotted"),
        },
        reached.then_some("reached"),
        selected.then_some("selected"),
    );
    let onkeydown = keys(ui, node, layout.nodes);
    html! {
        <g
            {class}
            {transform}
            role="button"
            tabindex={if focusable { "0" } else { "-1" }}
            aria-label={ui.say(node_name(node))}
            aria-pressed={selected.to_string()}
            data-node={node.id.0.to_string()}
            onclick={ui.on(Msg::Select(Some(Selection::Node(node.id))))}
            {onkeydown}
        >
            <circle class="halo" r={tenths(radius + 9.0)} />
            <circle class="face" r={tenths(radius)} />
            if node.face.role.shape == Shape::Double && node.status != Status::Crashed {
                <circle class="inner" r={tenths(radius - 5.0)} />
            }
            <circle class="arc" r={tenths(radius + 4.5)} pathLength="100" transform="rotate(-90)"
                data-arc={node.id.0.to_string()} />
            if layout.roomy() {
                { labels(ui, node) }
                { pips(node, radius) }
            } else {
                <text class="small-name" dy="0.35em">{ small_label(node) }</text>
            }
        </g>
    }
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

fn labels(ui: &Ui, node: &Node) -> Html {
    let sign = match (node.status, node.face.role.shape) {
        (Status::Crashed, _) => "✕",
        (Status::Paused, _) => "❄",
        (Status::Up, Shape::Double) => "★",
        (Status::Up, Shape::Dashed) => "?",
        (Status::Up, Shape::Plain | Shape::Dotted) => "",
    };
    let epoch = ui.say(say::node::epoch(node.face.epoch, node.face.epoch_name.clone()));
    let lift = node.face.caption.as_ref().map(|_| "translate(0 -9)");
    html! {
        <g transform={lift}>
            <text class="sign" y="-15">{ sign }</text>
            <text class="name" y={if sign.is_empty() { "1" } else { "4" }}>{ node.id.to_string() }</text>
            <text class="epoch" y="20">
                { epoch }
                if let Some(caption) = &node.face.caption {
                    <tspan x="0" dy="1.1em">{ caption }</tspan>
                }
            </text>
        </g>
    }
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
fn pips(node: &Node, radius: f64) -> Html {
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
        html! {
            <g {class} key={voter.0} transform={Layout::translate(at)}>
                <circle r="7.5" />
                <text dy="0.35em">{ sign }</text>
            </g>
        }
    };
    html! { <g class="pips" aria-hidden="true">{ for node.face.votes.iter().enumerate().map(pip) }</g> }
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
    let top = tenths(y + layout.radius + if node.face.votes.is_empty() { 13.0 } else { 28.0 });
    let square = |(place, cell): (usize, &conclave::scene::Cell)| {
        let committed = cell.index <= node.face.log.commit;
        let class =
            classes!("strip-cell", epoch_class(cell.epoch), committed.then_some("committed"));
        html! {
            <rect {class} key={cell.index} x={tenths(left + place as f64 * 12.0 + 1.0)}
                y={top.clone()}
                width="10" height="10" rx="2" />
        }
    };
    html! {
        <>
            if snapshot {
                <rect class="strip-snapshot" x={tenths(left - 11.0)} y={top.clone()} width="10" height="10" rx="2" />
            }
            { for cells.iter().enumerate().map(square) }
        </>
    }
}

fn links(ui: &Ui, scene: &Scene, layout: &Layout, selection: Option<Selection>) -> Html {
    let all = || NodeId::all(layout.nodes);
    let pairs =
        all().flat_map(|low| all().filter(move |&high| high > low).map(move |high| (low, high)));
    let shown = pairs.filter_map(|(low, high)| {
        let forth = scene.cuts.contains(&(low, high));
        let back = scene.cuts.contains(&(high, low));
        let selected = selection == Some(Selection::Link(low, high));
        let drawn = layout.roomy() && !layout.share_column(low, high);
        (drawn || forth || back || selected)
            .then(|| link(ui, layout, (low, high), (forth, back), selected))
    });
    html! { <g class="links" aria-hidden="true">{ for shown }</g> }
}

/// A link: a line to look at, and a broad one to hit.
fn link(
    ui: &Ui,
    layout: &Layout,
    (low, high): (NodeId, NodeId),
    (forth, back): (bool, bool),
    selected: bool,
) -> Html {
    let (start, end) = (layout.node(low), layout.node(high));
    let class = classes!("link", (forth || back).then_some("cut"), selected.then_some("selected"),);
    let line = |class: &'static str| {
        html! {
            <line {class} x1={tenths(start.x)} y1={tenths(start.y)} x2={tenths(end.x)} y2={tenths(end.y)} />
        }
    };
    // The mark stands nearer to the receiver that hears nothing.
    let mark = |dead: bool, part: f64| {
        let Point { x, y } = start.towards(end, part);
        html! {
            if dead {
                <text class="scissors" x={tenths(x)} y={tenths(y)} dy="0.35em">{ "✂" }</text>
            }
        }
    };
    html! {
        <g {class} key={format!("{low}-{high}")}
            onclick={ui.on(Msg::Select(Some(Selection::Link(low, high))))}>
            { line("seen") }
            { line("hit") }
            { mark(forth, if back { 0.62 } else { 0.56 }) }
            { mark(back, if forth { 0.38 } else { 0.44 }) }
        </g>
    }
}

/// The names of the columns, where there are columns.
fn headings(ui: &Ui, scene: &Scene, layout: &Layout) -> Html {
    let columns = scene.columns.iter().flatten().enumerate();
    let heading = |(place, column): (usize, &conclave::scene::Column)| {
        html! {
            if !column.nodes.is_empty() {
                <text class="heading" x={tenths(layout.column(place))} y={tenths(Layout::HEADING)}>
                    { ui.say(column.name.clone()) }
                </text>
            }
        }
    };
    columns.map(heading).collect()
}

/// The clients, in the middle or before all columns.
fn clients(ui: &Ui, scene: &Scene, layout: &Layout) -> Html {
    let waiting = scene.clients.iter().filter(|client| client.pending.is_some()).count();
    let line =
        if waiting == 0 { String::new() } else { ui.say(say::stage::waiting(waiting)).to_string() };
    html! {
        <g class="clients" aria-hidden="true" transform={Layout::translate(layout.centre())}>
            <rect x="-38" y="-19" width="76" height="38" rx="10" />
            <text dy={if line.is_empty() { "0.35em" } else { "-0.2em" }}>{ ui.say(say::stage::clients()) }</text>
            <text class="waiting" dy="1.1em">{ line }</text>
        </g>
    }
}

/// The keys of a node that has the focus.
fn keys(ui: &Ui, node: &Node, nodes: u8) -> Callback<KeyboardEvent> {
    let send = ui.send.clone();
    let (id, status) = (node.id, node.status);
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let neighbour = |step: u8| NodeId((id.0 + step) % nodes);
        let focus = match event.key().as_str() {
            "Enter" | " " => {
                send.emit(Msg::Select(Some(Selection::Node(id))));
                None
            }
            "x" | "X" => {
                send.emit(Msg::Select(Some(Selection::Node(id))));
                send.emit(Msg::Act(crash_or_restart(id, status)));
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

/// Gives the focus to another node of the same stage.
fn focus_node(event: &KeyboardEvent, node: NodeId) {
    let here = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let stage = here.and_then(|here| here.closest("svg").ok().flatten());
    let selector = format!("[data-node='{}']", node.0);
    let found = stage.and_then(|stage| stage.query_selector(&selector).ok().flatten());
    if let Some(element) = found {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.unchecked_into::<web_sys::SvgElement>().focus();
    }
}
