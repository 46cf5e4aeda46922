//! The way through the run: a slider with what happened beside it, branches, marks, links.

use conclave::scene::Epoch;
use conclave::sim::Micros;
use conclave::sim::timeline::{BeatKind, BranchId, Tree};
use conclave::text::say;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::{Dialog, Msg, Travel, Ui, browser, button, clock, epoch_class};

/// How many columns the lanes have; of what falls into one, one is drawn.
const COLUMNS: u64 = 400;

/// The slider and the lanes over it; those of a cluster beside it, too.
pub fn timeline(ui: &Ui, tree: &Tree, beside: Option<&Tree>, now: Micros, steps: u64) -> Html {
    let end = tree.current().end;
    let oninput = {
        let send = ui.send.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::Travel(Travel::Time(Micros(input.value_as_number() as u64))));
        })
    };
    let spoken = ui.say(say::timeline::moment(end.after, steps, clock(now)));
    html! {
        <div class="timeline">
            { lanes(tree, end.at) }
            { for beside.map(|tree| lanes(tree, end.at)) }
            <input id="timeline" type="range" min="0" max={end.at.0.to_string()} step="1"
                ~valueAsNumber={now.0 as f64} {oninput} aria-valuetext={spoken}
                aria-label={ui.say(say::timeline::label())} />
        </div>
    }
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
            html! { <rect {class} x={from.to_string()} y="5" {width} height="4" /> }
        })
    };
    for beat in &tree.current().beats {
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
            marks.push(html! { <rect {class} x={x.to_string()} {y} width="1.5" {height} /> });
        }
    }
    leaders.extend(span(led, COLUMNS));
    let flags = tree.marks().into_iter().map(|mark| {
        let x = column(mark.moment.at);
        html! { <path class="marked" d={format!("M{x} 0v13M{x} 0h5l-1.5 2 1.5 2h-5")} /> }
    });
    html! {
        <svg class="lanes" viewBox={format!("0 0 {COLUMNS} 13")} preserveAspectRatio="none" aria-hidden="true">
            { for leaders }{ for marks }{ for flags }
        </svg>
    }
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
            send.emit(Msg::Mark(browser::value_of("mark-text")));
        })
    };
    let name = |number: usize, name: &str| match name {
        "" => ui.say(say::timeline::branch_number(number + 1)),
        _ => name.to_string().into(),
    };
    html! {
        <details class="card keeping">
            <summary>{ ui.say(say::timeline::keeping(tree.branches().len())) }</summary>
            <div class="keeping-row">
                <div class="entry">
                    <label for="branch">{ ui.say(say::timeline::branch()) }</label>
                    <select id="branch" onchange={onswitch}>
                        { for tree.branches().iter().enumerate().map(|(number, branch)| html! {
                            <option value={branch.id.0.to_string()} selected={branch.id == current.id}>
                                { name(number, &branch.name) }
                            </option>
                        }) }
                    </select>
                </div>
                <div class="entry">
                    <label for="branch-name">{ ui.say(say::timeline::name()) }</label>
                    <input id="branch-name" maxlength="64" autocomplete="off"
                        value={current.name.to_string()} onchange={onrename} />
                </div>
                { button(ui.say(say::timeline::fork()), "", ui.on(Msg::Travel(Travel::Fork))) }
                if tree.branches().len() > 1 {
                    { button(ui.say(say::timeline::delete()), "bad", ui.on(Msg::Travel(Travel::Delete))) }
                }
            </div>
            <form class="keeping-row" onsubmit={onmark}>
                <div class="entry">
                    <label for="mark-text">{ ui.say(say::timeline::mark_text()) }</label>
                    <input id="mark-text" maxlength="64" autocomplete="off" />
                </div>
                <button type="submit">{ ui.say(say::timeline::mark()) }</button>
            </form>
            <div class="keeping-row">
                { button(ui.say(say::share::link()), "", ui.on(Msg::Share(true))) }
                { button(ui.say(say::share::link_here()), "", ui.on(Msg::Share(false))) }
                { button(ui.say(say::share::save()), "", ui.on(Msg::Save)) }
                { button(ui.say(say::export::open()), "", ui.on(Msg::Dialog(Some(Dialog::Export)))) }
            </div>
            if let Some(link) = link {
                <div class="entry">
                    <label for="link">{ ui.say(say::share::address()) }</label>
                    <input id="link" readonly=true value={link.clone()} />
                </div>
            }
        </details>
    }
}
