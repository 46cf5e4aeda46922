//! How the page looks.

use conclave::sim::SettingKind;
use conclave::text::{Phrase, say};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::Page;
use crate::app::{Dialog, Msg, Selection, Tab, browser, button, button_with};
use crate::app::{
    clients, dialogs, events, inspector, keys, logs, rules, spacetime, stage, timeline, traffic,
    transport, verdicts,
};

impl Page {
    /// The page.
    pub(super) fn show(&self) -> Html {
        let ui = &self.ui;
        let title = self.lab.title();
        let message = self.selected_message();
        let (scene, selection) = (&self.scene, self.selection);
        html! {
            <div class={classes!("lab", self.options.embed.then_some("embed"))}
                onkeydown={self.hotkeys()} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}
                ondrop={self.drop()}>
                { self.header(title) }
                { self.notices() }
                <main class="floor">
                    <div class="left">
                        <section class="card stage-card" aria-labelledby="stage-title">
                            <h2 id="stage-title">{ ui.say(say::stage::title()) }</h2>
                            <p class="summary" role="status">{ ui.say(scene.summary.clone()) }</p>
                            { stage::stage(ui, scene, &self.layout, selection, &self.places) }
                            { stage::action_bar(ui, scene, selection, message.as_ref()) }
                        </section>
                        { transport::transport(ui, self.playing, self.speed, &self.time, scene) }
                        { timeline::timeline(ui, self.lab.tree(), scene.now, scene.steps) }
                        { timeline::keeping(ui, self.lab.tree(), self.link.as_ref()) }
                        { self.tabs() }
                    </div>
                    if !self.options.embed {
                        <aside class="right" aria-label={ui.say(say::page::side())}>
                            { inspector::inspector(ui, scene, selection, message.as_ref()) }
                            { clients::form(ui, scene, self.choice) }
                            { verdicts::verdicts(ui, &scene.verdicts) }
                            { rules::rules(ui, scene) }
                        </aside>
                    }
                </main>
                if let Some(dialog) = self.dialog {
                    { dialogs::dialog(ui, dialog, &self.draft, scene, self.lab.start(),
                        &self.dialog_element) }
                }
            </div>
        }
    }

    fn selected_message(&self) -> Option<conclave::scene::Message> {
        match self.selection {
            Some(Selection::Message(id)) => self.lab.message(id),
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

    fn header(&self, title: Phrase) -> Html {
        let ui = &self.ui;
        let languages = dialogs::language_select(ui);
        let themes = dialogs::theme_select(ui, self.options.theme);
        let again = Msg::Start {
            protocol: self.lab.protocol().into(),
            nodes: self.lab.size(),
            seed: self.lab.start().seed,
        };
        html! {
            <header class="top">
                <h1>{ "Conclave" }<span class="protocol">{ ui.say(title) }</span></h1>
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
        let broken = self.scene.verdicts.iter().filter_map(|verdict| {
            let witness = verdict.breach.as_ref()?;
            Some(html! {
                <p class="notice broken">
                    <strong>{ ui.say(verdict.name.clone()) }</strong>
                    { " " }{ ui.say(witness.sentence.clone()) }
                </p>
            })
        });
        let broken_rules = self
            .scene
            .settings
            .iter()
            .filter(|setting| setting.kind == SettingKind::Defect && setting.value != 0);
        let broken_rules: Vec<_> = broken_rules.map(|each| each.name.clone().into()).collect();
        html! {
            <div class="notices" role="alert">
                if !broken_rules.is_empty() {
                    <p class="notice">{ ui.say(say::rules::broken(self.lab.title(), broken_rules)) }</p>
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
        let ui = &self.ui;
        let tabs = [
            (Tab::Logs, say::tab::logs()),
            (Tab::SpaceTime, say::tab::space_time()),
            (Tab::Events, say::tab::events()),
            (Tab::Traffic, say::tab::traffic(self.scene.in_flight)),
            (Tab::Clients, say::tab::clients()),
        ];
        let panel = match self.tab {
            Tab::Logs => logs::logs(ui, &self.scene),
            Tab::SpaceTime => spacetime::spacetime(ui, &self.diagram),
            Tab::Events => events::events(ui, &self.rows, self.scene.steps, self.only_key),
            Tab::Traffic => {
                let mut all = Vec::new();
                self.lab.flights(&mut all);
                let mut first = Vec::new();
                for flight in all {
                    let arrival = (flight.arrival, flight.id);
                    let place = first.partition_point(|other| *other < arrival);
                    first.insert(place, arrival);
                    first.truncate(traffic::MOST);
                }
                let messages = first.iter().filter_map(|(_, id)| self.lab.message(*id));
                let messages: Vec<_> = messages.collect();
                traffic::traffic(ui, &messages, &self.scene, self.selection)
            }
            // A part of another page has no side; its readers speak for clients here.
            Tab::Clients if self.options.embed => html! {
                <>
                    { clients::form(ui, &self.scene, self.choice) }
                    { clients::clients(ui, &self.scene) }
                </>
            },
            Tab::Clients => clients::clients(ui, &self.scene),
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
