//! How the page looks.

use conclave::scene::{Lab, Scene};
use conclave::sim::SettingKind;
use conclave::text::{Phrase, say};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::{Page, Shown, clusters};
use crate::app::{Dialog, Msg, Plan, Selection, Tab, Ui, browser, button, button_with};
use crate::app::{
    clients, costs, dialogs, events, inspector, keys, logs, rules, spacetime, stage, timeline,
    traffic, transport, verdicts,
};

impl Page {
    /// The page.
    pub(super) fn show(&self) -> Html {
        let ui = &self.ui;
        let message = self.selected_message();
        let (lab, scene, selection) = (&*self.lab, self.scene(), self.selection);
        let beside = lab.beside();
        html! {
            <div class={classes!("lab", self.options.embed.then_some("embed"))}
                onkeydown={self.hotkeys()} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}
                ondrop={self.drop()}>
                { self.header() }
                { self.notices() }
                <main class="floor">
                    <div class="left">
                        <section class="card stage-card" aria-labelledby="stage-title">
                            { self.stages() }
                            { stage::action_bar(ui, scene, selection, message.as_ref(), beside.is_some()) }
                        </section>
                        { transport::transport(ui, self.playing, self.speed, &self.time, scene) }
                        { timeline::timeline(ui, lab.tree(), beside.map(Lab::tree), lab.now(), self.shown[0].scene.steps) }
                        if beside.is_some() {
                            { self.costs() }
                        }
                        { timeline::keeping(ui, lab.tree(), self.link.as_ref()) }
                        { self.tabs() }
                    </div>
                    if !self.options.embed {
                        <aside class="right" aria-label={ui.say(say::page::side())}>
                            { inspector::inspector(ui, scene, selection, message.as_ref(), lab.tries()) }
                            { clients::form(ui, scene, self.choice) }
                            { verdicts::verdicts(ui, &scene.verdicts) }
                            if beside.is_none() {
                                { self.costs() }
                            }
                            { rules::rules(ui, scene) }
                        </aside>
                    }
                </main>
                if let Some(dialog) = self.dialog {
                    { dialogs::dialog(ui, dialog, &self.draft, scene, lab, &self.dialog_element) }
                }
            </div>
        }
    }

    /// The clusters on their stages, one or two.
    fn stages(&self) -> Html {
        let (ui, first) = (&self.ui, &self.shown[0]);
        if self.lab.beside().is_none() {
            let label = ui.say(say::stage::label(first.scene.nodes.len()));
            return html! {
                <>
                    <h2 id="stage-title">{ ui.say(say::stage::title()) }</h2>
                    <p class="summary" role="status">{ ui.say(first.scene.summary.clone()) }</p>
                    { stage::stage(ui, label, &first.scene, &first.layout, self.selection, &first.places) }
                </>
            };
        }
        html! {
            <>
                <h2 id="stage-title" class="sr">{ ui.say(say::stage::both()) }</h2>
                <div class="pair">{ for (0..self.shown.len()).map(|side| self.one_of_two(side)) }</div>
            </>
        }
    }

    /// One of two clusters; whatever is done on its stage, the panels speak of it from then on.
    fn one_of_two(&self, side: usize) -> Html {
        let Shown { scene, layout, places, .. } = &self.shown[side];
        let chosen = side == self.side;
        let ui = {
            let (language, send) = (self.ui.language, self.ui.send.clone());
            let send = Callback::from(move |msg| {
                send.emit(Msg::Look(side));
                send.emit(msg);
            });
            Ui { language, send }
        };
        let title = clusters(&*self.lab).nth(side).map(Lab::title).expect("it is shown");
        let label = ui.say(say::stage::of(scene.nodes.len(), title.clone()));
        let selection = self.selection.filter(|_| chosen);
        html! {
            <section class={classes!("one", chosen.then_some("chosen"))} aria-label={ui.say(title.clone())}>
                <div class="one-head">
                    <h3>{ ui.say(title.clone()) }</h3>
                    <button type="button" aria-pressed={chosen.to_string()} onclick={self.ui.on(Msg::Look(side))}>
                        { ui.say(say::stage::look(title)) }
                    </button>
                </div>
                <p class="summary" role="status">{ ui.say(scene.summary.clone()) }</p>
                { stage::stage(&ui, label, scene, layout, selection, places) }
            </section>
        }
    }

    fn costs(&self) -> Html {
        let shown = clusters(&*self.lab).zip(&self.shown);
        let costs: Vec<_> = shown.map(|(lab, shown)| (lab.title(), shown.scene.costs)).collect();
        costs::costs(&self.ui, &costs)
    }

    /// The cluster that the panels speak of.
    fn cluster(&self) -> &dyn Lab {
        clusters(&*self.lab).nth(self.side).expect("it is shown")
    }

    /// What there is to draw of it.
    pub(super) fn scene(&self) -> &Scene {
        &self.shown[self.side].scene
    }

    /// The names of the protocols.
    pub(super) fn title(&self) -> Phrase {
        match self.lab.beside() {
            None => self.lab.title(),
            Some(beside) => say::page::pair(self.lab.title(), beside.title()),
        }
    }

    fn selected_message(&self) -> Option<conclave::scene::Message> {
        match self.selection {
            Some(Selection::Message(id)) => self.cluster().message(id),
            _ => None,
        }
    }

    fn hotkeys(&self) -> Callback<KeyboardEvent> {
        let send = self.ui.send.clone();
        let dialog = self.dialog.is_some();
        Callback::from(move |event: KeyboardEvent| {
            // A dialog has all keys for itself: Escape closes it.
            if dialog {
                return;
            }
            let target =
                event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let taken = "input, select, textarea, button, summary, a, [role=button], [role=tab]";
            let free = target.is_none_or(|element| {
                element.id() == "timeline" || matches!(element.closest(taken), Ok(None))
            });
            let msg = match event.key().as_str() {
                "Escape" => Some(Msg::Select(None)),
                _ => free.then(|| keys::obey(&event)).flatten(),
            };
            let Some(msg) = msg else { return };
            event.prevent_default();
            send.emit(msg);
        })
    }

    /// A file that is dropped on the page is opened.
    fn drop(&self) -> Callback<DragEvent> {
        let send = self.ui.send.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            let files = event.data_transfer().and_then(|data| data.files());
            let Some(file) = files.and_then(|files| files.get(0)) else { return };
            let send = send.clone();
            yew::platform::spawn_local(async move {
                send.emit(Msg::Open(browser::bytes_of(file).await));
            });
        })
    }

    fn header(&self) -> Html {
        let ui = &self.ui;
        let languages = dialogs::language_select(ui);
        let themes = dialogs::theme_select(ui, self.options.theme);
        let again = Msg::Start(Plan {
            protocol: self.lab.protocol().into(),
            beside: self.lab.beside().map(|lab| lab.protocol().into()),
            nodes: self.lab.size(),
            seed: self.lab.start().seed,
        });
        html! {
            <header class="top">
                <h1>{ "Conclave" }<span class="protocol">{ ui.say(self.title()) }</span></h1>
                <div class="top-actions">
                    { button(ui.say(say::page::new_run()), "", ui.on(Msg::Dialog(Some(Dialog::NewRun)))) }
                    { button_with(ui.say(say::page::reset()), "", Some(ui.say(say::page::reset_help())),
                        false, ui.on(again)) }
                    { languages }
                    { themes }
                    { button(ui.say(say::page::help()), "", ui.on(Msg::Dialog(Some(Dialog::Help)))) }
                </div>
            </header>
        }
    }

    fn notices(&self) -> Html {
        let ui = &self.ui;
        let verdicts = self.shown.iter().flat_map(|shown| &shown.scene.verdicts);
        let broken = verdicts.filter_map(|verdict| {
            let witness = verdict.breach.as_ref()?;
            Some(html! {
                <p class="notice broken">
                    <strong>{ ui.say(verdict.name.clone()) }</strong>
                    { " " }{ ui.say(witness.sentence.clone()) }
                </p>
            })
        });
        // What is broken in both is said once.
        let settings = self.shown.iter().flat_map(|shown| &shown.scene.settings);
        let mut broken_rules: Vec<_> = settings
            .filter(|setting| setting.kind == SettingKind::Defect && setting.value != 0)
            .collect();
        broken_rules.dedup_by_key(|setting| setting.id);
        let broken_rules: Vec<_> =
            broken_rules.into_iter().map(|each| each.name.clone().into()).collect();
        html! {
            <div class="notices" role="alert">
                if !broken_rules.is_empty() {
                    <p class="notice">{ ui.say(say::rules::broken(self.title(), broken_rules)) }</p>
                }
                { for broken }
                { for self.notices.iter().map(|notice| html! {
                    <p class="notice" key={notice.id}>
                        <span>{ ui.say(notice.phrase.clone()) }</span>
                        <button type="button" class="dismiss" onclick={ui.on(Msg::Dismiss(notice.id))}
                            aria-label={ui.say(say::page::dismiss())}>{ "✕" }</button>
                    </p>
                }) }
            </div>
        }
    }

    fn tabs(&self) -> Html {
        let (ui, scene) = (&self.ui, self.scene());
        let tabs = [
            (Tab::Logs, say::tab::logs()),
            (Tab::SpaceTime, say::tab::space_time()),
            (Tab::Events, say::tab::events()),
            (Tab::Traffic, say::tab::traffic(scene.in_flight)),
            (Tab::Clients, say::tab::clients()),
        ];
        let panel = match self.tab {
            Tab::Logs => logs::logs(ui, scene),
            Tab::SpaceTime => spacetime::spacetime(ui, &self.diagram),
            Tab::Events => events::events(ui, &self.rows, scene.steps, self.only_key),
            Tab::Traffic => {
                let mut all = Vec::new();
                self.cluster().flights(&mut all);
                let mut first = Vec::new();
                for flight in all {
                    let arrival = (flight.arrival, flight.id);
                    let place = first.partition_point(|other| *other < arrival);
                    first.insert(place, arrival);
                    first.truncate(traffic::MOST);
                }
                let messages = first.iter().filter_map(|(_, id)| self.cluster().message(*id));
                let messages: Vec<_> = messages.collect();
                traffic::traffic(ui, &messages, scene, self.selection)
            }
            // A part of another page has no side; its readers speak for clients here.
            Tab::Clients if self.options.embed => html! {
                <>
                    { clients::form(ui, scene, self.choice) }
                    { clients::clients(ui, scene) }
                </>
            },
            Tab::Clients => clients::clients(ui, scene),
        };
        html! {
            <section class="card tabs">
                <div role="tablist" aria-label={ui.say(say::tab::label())}>
                    { for tabs.into_iter().map(|(tab, label)| {
                        let chosen = tab == self.tab;
                        html! {
                            <button type="button" role="tab" aria-selected={chosen.to_string()}
                                id={format!("tab-{tab:?}")} aria-controls="panel"
                                onclick={ui.on(Msg::ShowTab(tab))}>{ ui.say(label) }</button>
                        }
                    }) }
                </div>
                <div id="panel" role="tabpanel" tabindex="0" aria-labelledby={format!("tab-{:?}", self.tab)}>
                    { panel }
                </div>
            </section>
        }
    }
}
