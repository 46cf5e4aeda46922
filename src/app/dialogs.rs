//! The dialogs, each a `<dialog>` of the platform: it keeps the focus in and lets Escape close it.

use std::rc::Rc;

use conclave::protocols::catalog::{Known, PROTOCOLS};
use conclave::scene::keys::HOTKEYS;
use conclave::scene::{GLYPHS, Glyph, Lab, Scene};
use conclave::sim::{Action, MemberChange, NodeId, Order, PAGE_NODES, Place, Recording};
use conclave::text::{LANGUAGES, Phrase, say};
use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::html::{oncancel, onchange, onclose, onsubmit};
use yew::prelude::*;

use super::element::{Element, Is, all, check, dismiss, el, field, option};
use super::export::{choices, code};
use super::options::NOBODY;
use super::traffic::drawing;
use super::{Dialog, Msg, Theme, Ui, browser, button, button_with, embed, options};

/// What the reader has done in the dialog that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// For each node, its side of the partition, or its place in the cluster.
    pub sides: Vec<u8>,
    /// What is wrong with what was typed.
    pub problem: Option<Phrase>,
    /// What was chosen in the form of what to embed.
    pub fields: Vec<(String, String)>,
    /// Which of two clusters it is about.
    pub of: Option<Phrase>,
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
        Self { sides: (0..nodes).map(side).collect(), ..Self::default() }
    }
}

/// A dialog. `element` is where it will be; the page opens it once it is there.
pub fn dialog(
    ui: &Ui,
    which: Dialog,
    draft: &Draft,
    scene: &Scene,
    lab: &dyn Lab,
    link: Option<&AttrValue>,
    element: &NodeRef,
) -> Html {
    let (title, content) = match which {
        Dialog::NewRun => (say::page::new_run(), new_run(ui, draft, lab)),
        Dialog::Partition => (say::partition::title(), partition(ui, draft)),
        Dialog::Members => (say::members::title(), members(ui, draft, scene)),
        Dialog::Links(node) => (say::link::of(node), links(ui, scene, node)),
        Dialog::Export => (say::export::title(), choices(ui, draft.of.clone())),
        Dialog::Code => {
            (say::share::code_title(), link.map(|link| code(ui, link)).unwrap_or_default())
        }
        Dialog::Embed => {
            let name = ui.say(lab.title());
            let form = |link| embed::form(ui, &draft.fields, link, &name, draft.problem.as_ref());
            (say::embed::title(), link.map(|link| form(link)).unwrap_or_default())
        }
        Dialog::Help => (say::help::title(), help(ui)),
    };
    let head = el("div")
        .class("dialog-head")
        .kid(el("h2").fixed(&[("id", Is("dialog-title"))]).say(ui, title))
        .kid(dismiss(ui, say::page::close(), Msg::Dialog(None)));
    // By Escape: before the next key, and not when only the choice of a file is given up.
    let cancelled = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            if event.target_dyn_into::<HtmlDialogElement>().is_some() {
                send.emit(Msg::Dialog(None));
            }
        })
    };
    el("dialog")
        .place(element)
        .fixed(&[("aria-labelledby", Is("dialog-title"))])
        .listen(Rc::new(oncancel::Wrapper::new(cancelled)))
        .listen(Rc::new(onclose::Wrapper::new(ui.on(Msg::Dialog(None)))))
        .kid(head)
        .kid(content)
        .into()
}

/// Protocol, nodes and seed of a new run.
fn new_run(ui: &Ui, draft: &Draft, lab: &dyn Lab) -> Html {
    let Recording { protocol, nodes, seed, .. } = lab.start();
    let beside = lab.beside().map(Lab::protocol);
    let submitted = {
        let send = ui.send.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let [protocol, beside, nodes, seed] =
                ["run-protocol", "run-beside", "run-nodes", "run-seed"]
                    .map(|id| browser::value_of(&event, id));
            let beside = (beside != NOBODY).then_some(beside);
            send.emit(Msg::TryStart { protocol, beside, nodes, seed });
        })
    };
    let picked = {
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
        let protocol =
            |each: &Known| option(each.id.into(), ui.say((each.name)()), chosen == Some(each.id));
        PROTOCOLS.iter().map(protocol).collect::<Vec<_>>()
    };
    let alone = option(NOBODY.into(), ui.say(say::run::alone()), beside.is_none());
    let number = |id: &'static str, help: &'static str, value: String| {
        let names = &["id", "aria-describedby", "inputmode", "value"];
        let values = vec![id.into(), help.into(), "numeric".into(), value.into()];
        el("input").attrs(names, values).into()
    };
    let helped = |id, label, input, help_id: &'static str, help| {
        let help = el("small").attrs(&["id"], vec![help_id.into()]).say(ui, help);
        field("entry", id, ui.say(label), input).kid(help)
    };
    let first = el("select").fixed(&[("id", Is("run-protocol"))]).kids(protocols(Some(protocol)));
    let second = el("select")
        .fixed(&[("id", Is("run-beside")), ("aria-describedby", Is("run-beside-help"))])
        .kid(alone)
        .kids(protocols(beside));
    let file = el("input")
        .fixed(&[
            ("id", Is("run-file")),
            ("type", Is("file")),
            ("aria-describedby", Is("run-file-help")),
            ("accept", Is(".conclave,.json,application/json")),
        ])
        .listen(Rc::new(onchange::Wrapper::new(picked)));
    let problem = draft.problem.as_ref().map(|why| ui.say(why.clone())).unwrap_or_default();
    let entries = [
        field("entry", "run-protocol", ui.say(say::run::protocol()), first.into()),
        helped(
            "run-beside",
            say::run::beside(),
            second.into(),
            "run-beside-help",
            say::run::beside_help(),
        ),
        helped(
            "run-nodes",
            say::run::nodes(),
            number("run-nodes", "run-nodes-help", nodes.to_string()),
            "run-nodes-help",
            say::option::number(1_u8, PAGE_NODES),
        ),
        helped(
            "run-seed",
            say::run::seed(),
            number("run-seed", "run-seed-help", seed.to_string()),
            "run-seed-help",
            say::run::seed_help(),
        ),
        el("p").fixed(&[("class", Is("problem")), ("role", Is("alert"))]).text(problem),
        el("button")
            .fixed(&[("type", Is("submit")), ("class", Is("primary"))])
            .say(ui, say::run::start()),
        helped("run-file", say::run::open(), file.into(), "run-file-help", say::run::open_help()),
    ];
    el("form")
        .fixed(&[("class", Is("form")), ("novalidate", Is(""))])
        .listen(Rc::new(onsubmit::Wrapper::new(submitted)))
        .kids(entries)
        .into()
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
    let foot = el("p")
        .class("dialog-foot")
        .kid(button(ui.say(say::partition::apply()), "primary", cut))
        .kid(button(ui.say(say::act::heal()), "", ui.act(Action::Heal)));
    let about = el("p").say(ui, say::partition::about());
    all(vec![about.into(), sides(ui, draft, names).into(), foot.into()])
}

/// One of three for each node.
fn sides(ui: &Ui, draft: &Draft, names: [Phrase; 3]) -> Element {
    let names = names.map(|name| ui.say(name));
    let choice = |node: NodeId, chosen: u8| {
        (0_u8..).zip(&names).map(move |(side, name)| {
            let pressed = (side == chosen).to_string().into();
            let spoken = format!("{node}: {name}").into();
            el("button")
                .attrs(
                    &["type", "class", "aria-pressed", "aria-label"],
                    vec!["button".into(), "side".into(), pressed, spoken],
                )
                .on_click(ui, Msg::Side(node, side))
                .text(name.clone())
        })
    };
    let rows = (0_u8..).map(NodeId).zip(&draft.sides).map(|(node, &side)| {
        let name = el("span").class("side-name").text(node.to_string().into());
        el("li").key(node.0).kid(name).kids(choice(node, side))
    });
    el("ul").class("sides").kids(rows)
}

/// Who belongs to the cluster; the leader is asked to change it.
fn members(ui: &Ui, draft: &Draft, scene: &Scene) -> Html {
    let Some((leader, members)) =
        scene.leader().and_then(|leader| Some((leader.id, leader.face.members?)))
    else {
        return el("p").class("empty").say(ui, say::members::no_leader()).into();
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
    let nothing = changes.is_empty().then(|| ui.say(say::members::nothing()));
    let apply = ui.say(say::members::apply());
    let mut foot = el("p").class("dialog-foot").kid(button_with(
        apply,
        "primary",
        None,
        nothing,
        ask(changes),
    ));
    if !members.outgoing.is_empty() {
        foot = foot.kid(button(ui.say(say::members::leave()), "", ask(Vec::new())));
    }
    let about = el("p").say(ui, say::members::about());
    all(vec![about.into(), sides(ui, draft, names).into(), foot.into()])
}

/// Both directions of each link of a node.
fn links(ui: &Ui, scene: &Scene, node: NodeId) -> Html {
    let others = NodeId::all(scene.nodes.len() as u8).filter(|&other| other != node);
    let rows = others.map(|other| {
        el("li")
            .key(other.0)
            .kid(super::stage::direction(ui, scene, node, other))
            .kid(super::stage::direction(ui, scene, other, node))
    });
    el("ul").class("links-list").kids(rows).into()
}

/// What the keys do, and what the signs mean.
fn help(ui: &Ui) -> Html {
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
        el("li").kid(drawing(glyph, "epoch-2")).say(ui, name)
    };
    let keys = HOTKEYS.iter().map(|hotkey| {
        let name = el("dt").kid(el("kbd").text(hotkey.name.into()));
        el("div").class("field").kid(name).kid(el("dd").say(ui, (hotkey.what)()))
    });
    let single = check(ui.say(say::help::single()), ui.single_keys, ui.on_tick(Msg::SingleKeys));
    el("div")
        .class("help")
        .kid(el("p").say(ui, say::help::about()))
        .kid(el("h3").say(ui, say::help::keys()))
        .kid(el("dl").kids(keys))
        .kid(single)
        .kid(el("h3").say(ui, say::help::signs()))
        .kid(el("ul").class("glyphs").kids(GLYPHS.map(glyph)))
        .kid(el("p").say(ui, say::help::colours()))
        .into()
}

/// The languages, each in its own script.
pub fn language_select(ui: &Ui) -> Html {
    let chosen = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = LANGUAGES.iter().find(|(_, id)| *id == select.value());
            if let Some((language, _)) = chosen {
                send.emit(Msg::Speak(*language));
            }
        })
    };
    let languages = LANGUAGES.iter().map(|(language, id)| {
        let names = &["value", "lang", "selected"];
        let values = vec![(*id).into(), language.tag().into(), "".into()];
        let chosen = *language == ui.language;
        el("option").attrs_if(names, values, chosen).text(language.name().into())
    });
    el("select")
        .attrs(&["aria-label"], vec![ui.say(say::page::language())])
        .listen(Rc::new(onchange::Wrapper::new(chosen)))
        .kids(languages)
        .into()
}

/// The themes.
pub fn theme_select(ui: &Ui, theme: Theme) -> Html {
    let chosen = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            send.emit(Msg::Wear(Theme::of(&select.value()).unwrap_or_default()));
        })
    };
    let themes = Theme::ALL.into_iter().zip(Theme::names());
    let themes = themes.map(|((id, each), name)| option(id.into(), ui.say(name), each == theme));
    el("select")
        .attrs(&["aria-label"], vec![ui.say(say::theme::label())])
        .listen(Rc::new(onchange::Wrapper::new(chosen)))
        .kids(themes)
        .into()
}
