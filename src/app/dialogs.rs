//! The dialogs, each a `<dialog>` of the platform: it keeps the focus in and lets Escape close it.

use conclave::protocols::catalog::{Known, PROTOCOLS};
use conclave::scene::{GLYPHS, Glyph, Lab, Scene};
use conclave::sim::{Action, MemberChange, NodeId, Order, PAGE_NODES, Place, Recording};
use conclave::text::{LANGUAGES, Phrase, say};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::keys::HOTKEYS;
use super::options::NOBODY;
use super::stage::motion::{glyph_class, outline};
use super::{Dialog, Msg, Theme, Ui, browser, button, button_with, options};

/// What the reader has done in the dialog that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// For each node, its side of the partition, or its place in the cluster.
    pub sides: Vec<u8>,
    /// What is wrong with what was typed.
    pub problem: Option<Phrase>,
}

impl Draft {
    /// What a dialog begins with: two sides, the first as large as the second or larger by one; or
    /// who belongs to the cluster now.
    pub fn new(dialog: Dialog, scene: &Scene) -> Self {
        let nodes = scene.nodes.len();
        let members = (dialog == Dialog::Members)
            .then(|| scene.leader().and_then(|leader| leader.face.members))
            .flatten();
        let side = |place| match members {
            Some(members) => members.place(NodeId(place as u8)) as u8,
            None => u8::from(place >= nodes.div_ceil(2)),
        };
        Self { sides: (0..nodes).map(side).collect(), problem: None }
    }
}

/// A dialog. `element` is where it will be; the page opens it once it is there.
pub fn dialog(
    ui: &Ui,
    which: Dialog,
    draft: &Draft,
    scene: &Scene,
    lab: &dyn Lab,
    element: &NodeRef,
) -> Html {
    let (title, content) = match which {
        Dialog::NewRun => (say::page::new_run(), new_run(ui, draft, lab)),
        Dialog::Partition => (say::partition::title(), partition(ui, draft)),
        Dialog::Members => (say::members::title(), members(ui, draft, scene)),
        Dialog::Links(node) => (say::link::of(node), links(ui, scene, node)),
        Dialog::Export => (say::export::title(), super::export::choices(ui)),
        Dialog::Help => (say::help::title(), help(ui)),
    };
    html! {
        <dialog ref={element.clone()} aria-labelledby="dialog-title" onclose={ui.on(Msg::Dialog(None))}>
            <div class="dialog-head">
                <h2 id="dialog-title">{ ui.say(title) }</h2>
                <button type="button" class="dismiss" aria-label={ui.say(say::page::close())}
                    onclick={ui.on(Msg::Dialog(None))}>{ "✕" }</button>
            </div>
            { content }
        </dialog>
    }
}

/// Protocol, nodes and seed of a new run.
fn new_run(ui: &Ui, draft: &Draft, lab: &dyn Lab) -> Html {
    let Recording { protocol, nodes, seed, .. } = lab.start();
    let beside = lab.beside().map(Lab::protocol);
    let onsubmit = {
        let send = ui.send.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let [protocol, beside, nodes, seed] =
                ["run-protocol", "run-beside", "run-nodes", "run-seed"].map(browser::value_of);
            let beside = (beside != NOBODY).then_some(beside);
            send.emit(Msg::TryStart { protocol, beside, nodes, seed });
        })
    };
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            let send = send.clone();
            yew::platform::spawn_local(async move {
                send.emit(Msg::Open(browser::bytes_of(file).await));
            });
        })
    };
    let protocols = |chosen: Option<&str>| {
        let option = |each: &Known| {
            html! {
                <option value={each.id} selected={chosen == Some(each.id)}>{ ui.say((each.name)()) }</option>
            }
        };
        PROTOCOLS.iter().map(option).collect::<Html>()
    };
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <div class="entry">
                <label for="run-protocol">{ ui.say(say::run::protocol()) }</label>
                <select id="run-protocol">{ protocols(Some(protocol)) }</select>
            </div>
            <div class="entry">
                <label for="run-beside">{ ui.say(say::run::beside()) }</label>
                <select id="run-beside" aria-describedby="run-beside-help">
                    <option value={NOBODY} selected={beside.is_none()}>{ ui.say(say::run::alone()) }</option>
                    { protocols(beside) }
                </select>
                <small id="run-beside-help">{ ui.say(say::run::beside_help()) }</small>
            </div>
            <div class="entry">
                <label for="run-nodes">{ ui.say(say::run::nodes()) }</label>
                <input id="run-nodes" aria-describedby="run-nodes-help" inputmode="numeric" ~defaultValue={nodes.to_string()} />
                <small id="run-nodes-help">{ ui.say(say::option::number(1_u8, PAGE_NODES)) }</small>
            </div>
            <div class="entry">
                <label for="run-seed">{ ui.say(say::run::seed()) }</label>
                <input id="run-seed" aria-describedby="run-seed-help" inputmode="numeric" ~defaultValue={seed.to_string()} />
                <small id="run-seed-help">{ ui.say(say::run::seed_help()) }</small>
            </div>
            <p class="problem" role="alert">
                { draft.problem.as_ref().map(|why| ui.say(why.clone())).unwrap_or_default() }
            </p>
            <button type="submit" class="primary">{ ui.say(say::run::start()) }</button>
            <div class="entry">
                <label for="run-file">{ ui.say(say::run::open()) }</label>
                <input id="run-file" type="file" aria-describedby="run-file-help" accept=".conclave,.json,application/json" {onchange} />
                <small id="run-file-help">{ ui.say(say::run::open_help()) }</small>
            </div>
        </form>
    }
}

/// Reads what was typed into the form of a new run.
///
/// # Errors
/// Which field is not right, its value, and what is allowed.
pub fn read_run(nodes: &str, seed: &str) -> Result<(u8, u64), Phrase> {
    let read = |text: &str, name: &'static str, least, most| {
        options::number(text.trim(), least, most)
            .map_err(|allowed| say::option::refused(allowed, name, text))
    };
    Ok((read(nodes, "nodes", 1, PAGE_NODES.into())? as u8, read(seed, "seed", 0, u64::MAX)?))
}

/// A side for each node.
fn partition(ui: &Ui, draft: &Draft) -> Html {
    let cut = {
        let (send, sides) = (ui.send.clone(), draft.sides.clone());
        Callback::from(move |_: MouseEvent| {
            send.emit(Msg::Act(Action::Partition { sides: sides.clone() }));
            send.emit(Msg::Dialog(None));
        })
    };
    let names = [say::partition::side_a(), say::partition::side_b(), say::partition::side_c()];
    html! {
        <>
            <p>{ ui.say(say::partition::about()) }</p>
            { sides(ui, draft, names) }
            <p class="dialog-foot">
                { button(ui.say(say::partition::apply()), "primary", cut) }
                { button(ui.say(say::act::heal()), "", ui.act(Action::Heal)) }
            </p>
        </>
    }
}

/// One of three for each node.
fn sides(ui: &Ui, draft: &Draft, names: [Phrase; 3]) -> Html {
    let names = names.map(|name| ui.say(name));
    let choice = |node: NodeId, chosen: u8| {
        let sides = (0_u8..).zip(&names).map(move |(side, name)| {
            html! {
                <button type="button" class="side" onclick={ui.on(Msg::Side(node, side))}
                    aria-pressed={(side == chosen).to_string()} aria-label={format!("{node}: {name}")}>
                    { name }
                </button>
            }
        });
        sides.collect::<Html>()
    };
    html! {
        <ul class="sides">
            { for (0_u8..).map(NodeId).zip(&draft.sides).map(|(node, &side)| html! {
                <li key={node.0}>
                    <span class="side-name">{ node.to_string() }</span>
                    { choice(node, side) }
                </li>
            }) }
        </ul>
    }
}

/// Who belongs to the cluster; the leader is asked to change it.
fn members(ui: &Ui, draft: &Draft, scene: &Scene) -> Html {
    let Some((leader, members)) =
        scene.leader().and_then(|leader| Some((leader.id, leader.face.members?)))
    else {
        return html! { <p class="empty">{ ui.say(say::members::no_leader()) }</p> };
    };
    let places = [Place::Voter, Place::Learner, Place::Outside];
    let chosen =
        (0_u8..).map(NodeId).zip(draft.sides.iter().map(|&side| places[usize::from(side)]));
    let changed = chosen.filter(|&(node, place)| place != members.place(node));
    let changes: Vec<_> = changed.map(|(node, place)| MemberChange { node, place }).collect();
    let ask = |changes| {
        let send = ui.send.clone();
        let action = Action::Order { node: leader, order: Order::Reconfigure { changes } };
        Callback::from(move |_: MouseEvent| {
            send.emit(Msg::Act(action.clone()));
            send.emit(Msg::Dialog(None));
        })
    };
    let names = [say::members::voter(), say::members::learner(), say::members::outside()];
    let nothing = changes.is_empty();
    html! {
        <>
            <p>{ ui.say(say::members::about()) }</p>
            { sides(ui, draft, names) }
            <p class="dialog-foot">
                { button_with(ui.say(say::members::apply()), "primary", None, nothing, ask(changes)) }
                if !members.outgoing.is_empty() {
                    { button(ui.say(say::members::leave()), "", ask(Vec::new())) }
                }
            </p>
        </>
    }
}

/// Both directions of each link of a node.
fn links(ui: &Ui, scene: &Scene, node: NodeId) -> Html {
    let others = NodeId::all(scene.nodes.len() as u8).filter(|&other| other != node);
    html! {
        <ul class="links-list">
            { for others.map(|other| html! {
                <li key={other.0}>
                    { super::stage::direction(ui, scene, node, other) }
                    { super::stage::direction(ui, scene, other, node) }
                </li>
            }) }
        </ul>
    }
}

fn help(ui: &Ui) -> Html {
    let keys = HOTKEYS.iter().map(|hotkey| (hotkey.name, (hotkey.what)()));
    let keys = keys.chain([
        ("Tab, ← →", say::help::nodes()),
        ("Enter", say::help::select()),
        ("X", say::help::crash()),
        ("Esc", say::help::leave()),
    ]);
    let glyph = |glyph: Glyph| {
        let name = match glyph {
            Glyph::Ballot => say::glyph::ballot(),
            Glyph::Yes => say::glyph::yes(),
            Glyph::No => say::glyph::no(),
            Glyph::Entries => say::glyph::entries(),
            Glyph::Snapshot => say::glyph::snapshot(),
            Glyph::Heartbeat => say::glyph::heartbeat(),
            Glyph::Ack => say::glyph::ack(),
            Glyph::Request => say::glyph::request(),
            Glyph::Answer => say::glyph::answer(),
        };
        html! {
            <li>
                <svg viewBox="-13 -13 26 26" aria-hidden="true" class={format!("{} epoch-2", glyph_class(glyph))}>
                    <path d={outline(glyph)} />
                </svg>
                { ui.say(name) }
            </li>
        }
    };
    html! {
        <div class="help">
            <p>{ ui.say(say::help::about()) }</p>
            <h3>{ ui.say(say::help::keys()) }</h3>
            <dl>
                { for keys.map(|(key, what)| html! {
                    <div class="field"><dt><kbd>{ key }</kbd></dt><dd>{ ui.say(what) }</dd></div>
                }) }
            </dl>
            <h3>{ ui.say(say::help::signs()) }</h3>
            <ul class="glyphs">{ for GLYPHS.map(glyph) }</ul>
            <p>{ ui.say(say::help::colours()) }</p>
        </div>
    }
}

/// The languages, each in its own script.
pub fn language_select(ui: &Ui) -> Html {
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = LANGUAGES.iter().find(|(_, id)| *id == select.value());
            if let Some((language, _)) = chosen {
                send.emit(Msg::Speak(*language));
            }
        })
    };
    html! {
        <select aria-label={ui.say(say::page::language())} {onchange}>
            { for LANGUAGES.iter().map(|(language, id)| html! {
                <option value={*id} lang={language.tag()} selected={*language == ui.language}>{ language.name() }</option>
            }) }
        </select>
    }
}

/// The themes.
pub fn theme_select(ui: &Ui, theme: Theme) -> Html {
    let themes = [
        ("auto", Theme::Auto, say::theme::auto()),
        ("light", Theme::Light, say::theme::light()),
        ("dark", Theme::Dark, say::theme::dark()),
    ];
    let onchange = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = match select.value().as_str() {
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                _ => Theme::Auto,
            };
            send.emit(Msg::Wear(chosen));
        })
    };
    html! {
        <select aria-label={ui.say(say::theme::label())} {onchange}>
            { for themes.into_iter().map(|(id, each, name)| html! {
                <option value={id} selected={each == theme}>{ ui.say(name) }</option>
            }) }
        </select>
    }
}
