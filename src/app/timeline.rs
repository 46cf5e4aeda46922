//! The way through the run: a slider with what happened beside it, branches, marks, links.

use conclave::scene::{Epoch, Lab, Quiet};
use conclave::sim::Micros;
use conclave::sim::timeline::{BeatKind, BranchId, Tree};
use conclave::text::say;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::element::{Is, el, field, option, select};
use super::{Dialog, Msg, Travel, Ui, browser, button, clock, epoch_class};

/// The attributes of a box on the lanes.
const BOX: &[&str] = &["class", "x", "y", "width", "height"];

/// How many columns the lanes have; of what falls into one, one is drawn.
const COLUMNS: u64 = 400;

/// The slider and the lanes over it; those of a cluster beside it, too.
pub fn timeline(ui: &Ui, lab: &dyn Lab, quiet: Option<Quiet>) -> Html {
    let (tree, beside, now) = (lab.tree(), lab.beside().map(Lab::tree), lab.now());
    let end = tree.current().end;
    let endless = quiet.is_some_and(|quiet| !quiet.ends).then(say::timeline::quiet);
    let told = lab.folds().tell().into_iter().chain(endless);
    let told = told.map(|phrase| el("p").class("told").say(ui, phrase));
    let oninput = {
        let send = ui.send.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::Travel(Travel::Time(Micros(input.value_as_number() as u64))));
        })
    };
    let spoken = spoken(ui, lab);
    let input = html! {
        <input id="timeline" type="range" min="0" max={end.at.0.to_string()} step="1"
            ~valueAsNumber={now.0 as f64} {oninput} aria-valuetext={spoken}
            aria-label={ui.say(say::timeline::label())} />
    };
    el("div")
        .fixed(&[("class", Is("timeline")), ("part", Is("timeline"))])
        .kid(lanes(tree, end.at))
        .kid(beside.map(|tree| lanes(tree, end.at)).unwrap_or_default())
        .kid(input)
        .kids(told)
        .into()
}

/// Where the run stands, in words.
pub fn spoken(ui: &Ui, lab: &dyn Lab) -> AttrValue {
    ui.say(say::timeline::moment(lab.tree().current().end.after, lab.steps(), clock(lab.now())))
}

/// What happened, from the top: what the reader did and marked, who led, what was decided or broken.
fn lanes(tree: &Tree, end: Micros) -> Html {
    let column = |at: Micros| at.0 * COLUMNS / end.0.max(1);
    let (mut drawn, mut marks) = ([None; 3], Vec::new());
    let (mut leaders, mut led) = (Vec::new(), None);
    let span = |led: Option<(u64, u64)>, to: u64| {
        led.map(|(from, epoch)| {
            let width = (to - from).max(1).to_string();
            let class = format!("led {}", epoch_class(Epoch::from(epoch)));
            let values =
                vec![class.into(), from.to_string().into(), "5".into(), width.into(), "4".into()];
            el("rect").attrs(BOX, values)
        })
    };
    for beat in tree.current().beats.iter() {
        let x = column(beat.moment.at);
        let (lane, class) = match beat.kind {
            BeatKind::Led(epoch) => {
                leaders.extend(span(led.replace((x, epoch)), x));
                continue;
            }
            BeatKind::Acted => (0, "acted"),
            BeatKind::Decided => (1, "decided"),
            BeatKind::Breached => (2, "breached"),
        };
        if drawn[lane].replace(x) != Some(x) {
            let (y, height) = [("0", "4"), ("10", "3"), ("0", "13")][lane];
            let values =
                vec![class.into(), x.to_string().into(), y.into(), "1.5".into(), height.into()];
            marks.push(el("rect").attrs(BOX, values));
        }
    }
    leaders.extend(span(led, COLUMNS));
    let flags = tree.marks().into_iter().map(|mark| {
        let x = column(mark.moment.at);
        let outline = format!("M{x} 0v13M{x} 0h5l-1.5 2 1.5 2h-5").into();
        el("path").attrs(&["class", "d"], vec!["marked".into(), outline])
    });
    let names = &["class", "viewBox", "preserveAspectRatio", "aria-hidden"];
    let view_box = format!("0 0 {COLUMNS} 13").into();
    el("svg")
        .attrs(names, vec!["lanes".into(), view_box, "none".into(), "true".into()])
        .kids(leaders)
        .kids(marks)
        .kids(flags)
        .into()
}

/// Branches, marks, and the ways to give the run to somebody.
pub fn keeping(ui: &Ui, tree: &Tree, link: Option<&AttrValue>) -> Html {
    let current = tree.current();
    let onswitch = {
        let send = ui.send.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(id) = select.value().parse() {
                send.emit(Msg::Travel(Travel::Branch(BranchId(id))));
            }
        })
    };
    let onrename = {
        let (send, id) = (ui.send.clone(), current.id);
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::NameBranch(id, input.value()));
        })
    };
    let onmark = {
        let send = ui.send.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(Msg::Mark(browser::value_of(&event, "mark-text")));
        })
    };
    let name = |number: usize, name: &str| match name {
        "" => ui.say(say::timeline::branch_number(number + 1)),
        _ => name.to_string().into(),
    };
    let branches = tree.branches().iter().enumerate().map(|(number, branch)| {
        let value = branch.id.0.to_string().into();
        option(value, name(number, &branch.name), branch.id == current.id)
    });
    let branch = select("branch", branches.collect(), onswitch);
    let title = html! {
        <input id="branch-name" maxlength="64" autocomplete="off"
            value={current.name.to_string()} onchange={onrename} />
    };
    let mut row = el("div")
        .class("keeping-row")
        .kid(field("entry", "branch", ui.say(say::timeline::branch()), branch))
        .kid(field("entry", "branch-name", ui.say(say::timeline::name()), title))
        .kid(button(ui.say(say::timeline::fork()), "", ui.on(Msg::Travel(Travel::Fork))));
    if tree.branches().len() > 1 {
        let delete = ui.on(Msg::Travel(Travel::Delete));
        row = row.kid(button(ui.say(say::timeline::delete()), "bad", delete));
    }
    let mark = html! { <input id="mark-text" maxlength="64" autocomplete="off" /> };
    let mark = field("entry", "mark-text", ui.say(say::timeline::mark_text()), mark);
    let form = html! {
        <form class="keeping-row" onsubmit={onmark}>
            { mark }
            { el("button").fixed(&[("type", Is("submit"))]).say(ui, say::timeline::mark()) }
        </form>
    };
    let ways = [
        (say::share::link(), Msg::Share(true)),
        (say::share::link_here(), Msg::Share(false)),
        (say::share::code(), Msg::Dialog(Some(Dialog::Code))),
        (say::embed::open(), Msg::Dialog(Some(Dialog::Embed))),
        (say::share::save(), Msg::Save),
        (say::export::open(), Msg::Dialog(Some(Dialog::Export))),
    ];
    let ways = ways.into_iter().map(|(label, msg)| button(ui.say(label), "", ui.on(msg)));
    let link = link.map(|link| {
        let link = html! { <input id="link" readonly=true value={link.clone()} /> };
        Html::from(field("entry", "link", ui.say(say::share::address()), link))
    });
    let keeping = say::timeline::keeping(tree.branches().len());
    el("details")
        .class("card keeping")
        .kid(el("summary").say(ui, keeping))
        .kid(row)
        .kid(form)
        .kid(el("div").class("keeping-row").kids(ways))
        .kid(link.unwrap_or_default())
        .into()
}
