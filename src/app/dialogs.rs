//! The dialogs, each a `<dialog>` of the platform: it keeps the focus in and lets Escape close it.

use std::rc::Rc;

use conclave::scene::{GLYPHS, Glyph, Scene};
use conclave::sim::{Action, NodeId, PAGE_NODES};
use conclave::text::{LANGUAGES, Phrase, say};
use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::stage::motion::{glyph_class, outline};
use super::{Button, Dialog, Msg, Theme, Ui, options, use_ui};

/// What the dialogs show.
#[derive(Clone, PartialEq, Properties)]
pub struct DialogsProps {
    /// Which is open.
    pub dialog: Option<Dialog>,
    /// The world.
    pub scene: Rc<Scene>,
    /// The seed of the run.
    pub seed: u64,
}

/// The dialog that is open, if one is.
#[component]
pub fn Dialogs(props: &DialogsProps) -> Html {
    let ui = use_ui();
    let DialogsProps { dialog, scene, seed } = props;
    let element = use_node_ref();
    {
        let element = element.clone();
        use_effect_with(*dialog, move |dialog| {
            if let (Some(_), Some(element)) = (dialog, element.cast::<HtmlDialogElement>())
                && !element.open()
            {
                // Only an element that is not in the document refuses.
                let _ = element.show_modal();
            }
        });
    }
    let Some(dialog) = dialog else { return Html::default() };
    let (title, content) = match dialog {
        Dialog::NewRun => (
            say::page::new_run(),
            html! { <NewRun nodes={scene.nodes.len() as u8} seed={*seed} /> },
        ),
        Dialog::Partition => {
            (say::partition::title(), html! { <Partition scene={scene.clone()} /> })
        }
        Dialog::Links(node) => (say::link::of(*node), links(&ui, scene, *node)),
        Dialog::Help => (say::help::title(), help(&ui)),
    };
    html! {
        <dialog ref={element} aria-labelledby="dialog-title" onclose={ui.on(Msg::Dialog(None))}>
            <div class="dialog-head">
                <h2 id="dialog-title">{ ui.say(title) }</h2>
                <button type="button" class="dismiss" aria-label={ui.say(say::page::close())}
                    onclick={ui.on(Msg::Dialog(None))}>{ "✕" }</button>
            </div>
            { content }
        </dialog>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct NewRunProps {
    nodes: u8,
    seed: u64,
}

/// Nodes and seed of a new run.
#[component]
fn NewRun(props: &NewRunProps) -> Html {
    let ui = use_ui();
    let (nodes, seed) = (use_node_ref(), use_node_ref());
    let problem = use_state(|| None::<Phrase>);
    let onsubmit = {
        let (ui, nodes, seed, problem) = (ui.clone(), nodes.clone(), seed.clone(), problem.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let read = |field: &NodeRef, name: &'static str, least, most| {
                let text = field.cast::<HtmlInputElement>().map(|input| input.value());
                let text = text.unwrap_or_default().trim().to_owned();
                options::number(&text, least, most)
                    .map_err(|allowed| say::option::refused(allowed, name, text))
            };
            let run = read(&nodes, "nodes", 1, PAGE_NODES.into())
                .and_then(|nodes| Ok((nodes, read(&seed, "seed", 0, u64::MAX)?)));
            match run {
                Ok((nodes, seed)) => ui.send.emit(Msg::Start { nodes: nodes as u8, seed }),
                Err(why) => problem.set(Some(why)),
            }
        })
    };
    html! {
        <form class="form" {onsubmit} novalidate=true>
            <label>{ ui.say(say::run::nodes()) }
                <input ref={nodes} inputmode="numeric" value={props.nodes.to_string()} />
                <small>{ ui.say(say::option::number(1_u8, PAGE_NODES)) }</small>
            </label>
            <label>{ ui.say(say::run::seed()) }
                <input ref={seed} inputmode="numeric" value={props.seed.to_string()} />
                <small>{ ui.say(say::run::seed_help()) }</small>
            </label>
            <p class="problem" role="alert">
                { problem.as_ref().map(|why| ui.say(why.clone())).unwrap_or_default() }
            </p>
            <button type="submit" class="primary">{ ui.say(say::run::start()) }</button>
        </form>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PartitionProps {
    scene: Rc<Scene>,
}

/// A side for each node.
#[component]
fn Partition(props: &PartitionProps) -> Html {
    let ui = use_ui();
    let count = props.scene.nodes.len();
    let sides = use_state(|| {
        (0..count).map(|place| u8::from(place >= count.div_ceil(2))).collect::<Vec<_>>()
    });
    let cut = {
        let (send, sides) = (ui.send.clone(), sides.clone());
        Callback::from(move |_: MouseEvent| {
            send.emit(Msg::Act(Action::Partition { sides: (*sides).clone() }));
            send.emit(Msg::Dialog(None));
        })
    };
    let choice = |node: NodeId, side: u8, label: Phrase| {
        let chosen = sides[node.slot()] == side;
        let onclick = {
            let sides = sides.clone();
            Callback::from(move |_: MouseEvent| {
                let mut next = (*sides).clone();
                next[node.slot()] = side;
                sides.set(next);
            })
        };
        let label = ui.say(label);
        html! {
            <button type="button" class={classes!("side", format!("side-{side}"))} {onclick}
                aria-pressed={chosen.to_string()} aria-label={format!("{node}: {label}")}>{ label }</button>
        }
    };
    html! {
        <>
            <p>{ ui.say(say::partition::about()) }</p>
            <ul class="sides">
                { for NodeId::all(count as u8).map(|node| html! {
                    <li key={node.0}>
                        <span class="side-name">{ node.to_string() }</span>
                        { choice(node, 0, say::partition::side_a()) }
                        { choice(node, 1, say::partition::side_b()) }
                        { choice(node, 2, say::partition::side_c()) }
                    </li>
                }) }
            </ul>
            <p class="dialog-foot">
                <Button label={ui.say(say::partition::apply())} class="primary" onclick={cut} />
                <Button label={ui.say(say::act::heal())} onclick={ui.act(Action::Heal)} />
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
    let keys = [
        ("Space", say::help::play()),
        (".", say::help::step()),
        ("Tab, ← →", say::help::nodes()),
        ("Enter", say::help::select()),
        ("X", say::help::crash()),
        ("Esc", say::help::leave()),
        ("?", say::help::open()),
    ];
    let glyph = |glyph: Glyph| {
        let name = match glyph {
            Glyph::Ballot => say::glyph::ballot(),
            Glyph::Yes => say::glyph::yes(),
            Glyph::No => say::glyph::no(),
            Glyph::Entries => say::glyph::entries(),
            Glyph::Heartbeat => say::glyph::heartbeat(),
            Glyph::Ack => say::glyph::ack(),
            Glyph::Request => say::glyph::request(),
            Glyph::Answer => say::glyph::answer(),
        };
        html! {
            <li>
                <svg viewBox="-11 -11 22 22" aria-hidden="true" class={format!("{} epoch-2", glyph_class(glyph))}>
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
                { for keys.into_iter().map(|(key, what)| html! {
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
