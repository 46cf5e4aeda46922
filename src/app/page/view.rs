//! How the page looks.

use std::rc::Rc;

use conclave::scene::{Lab, Scene};
use conclave::sim::SettingKind;
use conclave::text::{Phrase, say};
use yew::html::onkeydown;
use yew::prelude::*;

use super::{Page, Shown, clusters};
use crate::app::element::{Element, Is, all, dismiss, el};
use crate::app::options::{Options, Panel};
use crate::app::{Dialog, Msg, Plan, Selection, Tab, Ui, browser, button, button_with};
use crate::app::{
    board, clients, costs, counters, dialogs, events, inspector, keys, logs, rules, spacetime,
    stage, timeline, traffic, transport, verdicts,
};

impl Page {
    /// The page.
    pub(super) fn show(&self) -> Html {
        let ui = &self.ui;
        let message = self.selected_message();
        let (lab, scene, selection) = (&*self.lab, self.scene(), self.selection);
        let paired = lab.beside().is_some();
        let Options { embed, controls, .. } = self.options;
        let shown = |panel, make: &dyn Fn() -> Html| match self.options.has_panel(panel) {
            true => make(),
            false => Html::default(),
        };
        let inspects = ui.unfolded.is_some() && self.options.has_panel(Panel::Inspector);
        let actions = match controls {
            true => stage::action_bar(ui, scene, selection, message.as_ref(), paired, inspects),
            false => Html::default(),
        };
        let names = &["class", "aria-labelledby", "part"];
        let stage = el("section")
            .attrs(names, vec!["card stage-card".into(), "stage-title".into(), "stage".into()])
            .kid(self.stages())
            .kid(actions);
        let quiet = self.quiet.filter(|_| self.playing);
        let costs = || self.costs();
        let pair_costs = if paired { shown(Panel::Costs, &costs) } else { Html::default() };
        let own_costs = if paired { Html::default() } else { shown(Panel::Costs, &costs) };
        let left = el("div")
            .class("left")
            .kid(stage)
            .kid(self.transport(controls))
            .kid(shown(Panel::Timeline, &|| timeline::timeline(ui, lab, quiet)))
            .kid(pair_costs)
            .kid(shown(Panel::Branches, &|| timeline::keeping(ui, lab.tree(), self.link.as_ref())))
            .kid(self.tabs());
        let inspect = || inspector::inspector(ui, scene, selection, message.as_ref(), lab.tries());
        // A part of another page has the form with the table of clients.
        let ask = self.options.has_tab(Tab::Clients) && !embed;
        let side = [
            shown(Panel::Inspector, &inspect),
            if ask { clients::form(ui, scene, self.choice) } else { Html::default() },
            shown(Panel::Verdicts, &|| verdicts::verdicts(ui, &scene.verdicts)),
            own_costs,
            shown(Panel::Rules, &|| rules::rules(ui, scene)),
        ];
        let empty = Html::default();
        let side = side.iter().any(|panel| *panel != empty).then(|| {
            let label = ui.say(say::page::side());
            el("aside").attrs(&["class", "aria-label"], vec!["right".into(), label]).kids(side)
        });
        // A document has one main part; a part of another page is none.
        let floor = el(if embed { "div" } else { "main" });
        let class = if side.is_some() { "floor" } else { "floor alone" };
        let floor = floor.attrs(&["class"], vec![class.into()]).kid(left).kids(side);
        // What comes and goes keeps its place: else Yew makes all that stand before it anew.
        let dialog = self.dialog.map(|dialog| {
            let link = self.link.as_ref();
            dialogs::dialog(ui, dialog, &self.draft, scene, lab, link, &self.dialog_element)
        });
        let board =
            self.board.as_ref().map(|board| Html::from(board::board(ui, board, self.title())));
        let look = match ui.unfolded {
            None if embed => "embed",
            None => "broad",
            Some("") => "folding",
            Some(_) => "folding lifted",
        };
        let header = controls.then(|| Html::from(self.header()));
        html! {
            <div class={classes!("lab", look)}
                onkeydown={self.hotkeys()} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}
                ondrop={self.drop()}>
                // First, so that it is what is printed that patterns are looked up in.
                { board.unwrap_or_default() }
                { header.unwrap_or_default() }
                { self.notices() }
                { el("p").fixed(&[("class", Is("sr")), ("role", Is("status"))]).text(self.said.clone()) }
                { floor }
                { dialog.unwrap_or_default() }
            </div>
        }
    }

    fn transport(&self, controls: bool) -> Html {
        let (skips, scene) = (self.quiet.is_some(), self.scene());
        let Self { ui, playing, speed, time, .. } = self;
        transport::transport(ui, *playing, skips, *speed, controls, time, scene)
    }

    /// The clusters on their stages, one or two.
    fn stages(&self) -> Html {
        let (ui, first) = (&self.ui, &self.shown[0]);
        if self.lab.beside().is_none() {
            let title = el("h2").fixed(&[("id", Is("stage-title"))]);
            let label = ui.say(say::stage::label(first.scene.nodes.len()));
            return all(vec![
                title.say(ui, say::stage::title()).into(),
                summary(ui, &first.scene).into(),
                stage::stage(ui, label, &first.scene, &first.layout, self.selection, &first.places),
            ]);
        }
        let title = el("h2").fixed(&[("id", Is("stage-title")), ("class", Is("sr"))]);
        let clusters = (0..self.shown.len()).map(|side| self.one_of_two(side));
        all(vec![
            title.say(ui, say::stage::both()).into(),
            el("div").class("pair").kids(clusters).into(),
        ])
    }

    /// One of two clusters; whatever is done on its stage, the panels speak of it from then on.
    fn one_of_two(&self, side: usize) -> Element {
        let Shown { scene, layout, places, .. } = &self.shown[side];
        let chosen = side == self.side;
        let ui = {
            let send = self.ui.send.clone();
            let send = Callback::from(move |msg| {
                send.emit(Msg::Look(side));
                send.emit(msg);
            });
            Ui { send, ..self.ui }
        };
        let title = clusters(&*self.lab).nth(side).map(Lab::title).expect("it is shown");
        let label = ui.say(say::stage::of(scene.nodes.len(), title.clone()));
        let selection = self.selection.filter(|_| chosen);
        let class = if chosen { "one chosen" } else { "one" };
        let look = el("button")
            .attrs(&["type", "aria-pressed"], vec!["button".into(), chosen.to_string().into()])
            .on_click(&self.ui, Msg::Look(side))
            .say(&ui, say::stage::look(title.clone()));
        let head = el("div").class("one-head").kid(el("h3").say(&ui, title.clone())).kid(look);
        el("section")
            .attrs(&["class", "aria-label"], vec![class.into(), ui.say(title)])
            .kid(head)
            .kid(summary(&ui, scene))
            .kid(stage::stage(&ui, label, scene, layout, selection, places))
    }

    fn costs(&self) -> Html {
        let shown = clusters(&*self.lab).zip(&self.shown);
        let costs: Vec<_> = shown.map(|(lab, shown)| (lab.title(), shown.scene.costs)).collect();
        costs::costs(&self.ui, &costs)
    }

    /// The cluster that the panels speak of.
    pub(super) fn cluster(&self) -> &dyn Lab {
        clusters(&*self.lab).nth(self.side).expect("it is shown")
    }

    /// Its name, if there are two.
    pub(super) fn one_of_both(&self) -> Option<Phrase> {
        self.lab.beside().map(|_| self.cluster().title())
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

    /// What the clients of the cluster saw.
    fn clients(&self) -> Html {
        clients::clients(&self.ui, self.cluster(), &self.shown[self.side].consistency)
    }

    fn selected_message(&self) -> Option<conclave::scene::Message> {
        match self.selection {
            Some(Selection::Message(id)) => self.cluster().message(id),
            _ => None,
        }
    }

    fn hotkeys(&self) -> Callback<KeyboardEvent> {
        let send = self.ui.send.clone();
        let (dialog, single) = (self.dialog.is_some(), self.ui.single_keys);
        Callback::from(move |event: KeyboardEvent| {
            // A dialog has all keys for itself: Escape closes it.
            if dialog {
                return;
            }
            if let Some(msg) = keys::obey(&event, single) {
                event.prevent_default();
                send.emit(msg);
            }
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

    fn header(&self) -> Element {
        let ui = &self.ui;
        let languages = dialogs::language_select(ui);
        let themes = dialogs::theme_select(ui, self.options.theme);
        let again = Msg::Start(Plan {
            protocol: self.lab.protocol().into(),
            beside: self.lab.beside().map(|lab| lab.protocol().into()),
            nodes: self.lab.size(),
            seed: self.lab.start().seed,
        });
        let dialog = |label, dialog| button(ui.say(label), "", ui.on(Msg::Dialog(Some(dialog))));
        let help = Some(ui.say(say::page::reset_help()));
        let reset = button_with(ui.say(say::page::reset()), "", help, None, ui.on(again));
        let actions = el("div")
            .class("top-actions")
            .kid(dialog(say::page::new_run(), Dialog::NewRun))
            .kid(reset)
            .kid(languages)
            .kid(themes)
            .kid(dialog(say::page::help(), Dialog::Help));
        let title = el("span").class("protocol").say(ui, self.title());
        el("header").class("top").kid(el("h1").text("Conclave".into()).kid(title)).kid(actions)
    }

    fn notices(&self) -> Element {
        let ui = &self.ui;
        let verdicts = self.shown.iter().flat_map(|shown| &shown.scene.verdicts);
        let broken = verdicts.filter_map(|verdict| {
            let witness = verdict.breach.as_ref()?;
            let name = el("strong").say(ui, verdict.name.clone());
            let notice = el("p").class("notice broken").kid(name).text(" ".into());
            Some(notice.say(ui, witness.sentence.clone()))
        });
        // What is broken in both is said once.
        let settings = self.shown.iter().flat_map(|shown| &shown.scene.settings);
        let mut broken_rules: Vec<_> = settings
            .filter(|setting| setting.kind == SettingKind::Defect && setting.value != 0)
            .collect();
        broken_rules.dedup_by_key(|setting| setting.id);
        let broken_rules: Vec<_> =
            broken_rules.into_iter().map(|each| each.name.clone().into()).collect();
        let rules = (!broken_rules.is_empty()).then(|| {
            el("p").class("notice").say(ui, say::rules::broken(self.title(), broken_rules))
        });
        let notices = self.notices.iter().map(|notice| {
            let dismiss = dismiss(ui, say::page::dismiss(), Msg::Dismiss(notice.id));
            let text = el("span").say(ui, notice.phrase.clone());
            el("p").class("notice").key(notice.id).kid(text).kid(dismiss)
        });
        el("div")
            .fixed(&[("class", Is("notices")), ("role", Is("alert"))])
            .kids(rules)
            .kids(broken)
            .kids(notices)
    }

    fn tabs(&self) -> Html {
        let (ui, scene) = (&self.ui, self.scene());
        if !self.options.has_tab(self.tab) {
            return Html::default();
        }
        let tabs = [
            (Tab::Logs, say::tab::logs()),
            (Tab::SpaceTime, say::tab::space_time()),
            (Tab::Events, say::tab::events()),
            (Tab::Traffic, say::tab::traffic(scene.in_flight)),
            (Tab::Clients, say::tab::clients()),
            (Tab::Counters, say::tab::counters()),
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
            Tab::Clients if self.options.embed => {
                all(vec![clients::form(ui, scene, self.choice), self.clients()])
            }
            Tab::Clients => self.clients(),
            Tab::Counters => counters::counters(ui, &*self.lab),
        };
        let id = |tab: Tab| AttrValue::from(format!("tab-{tab:?}"));
        let tabs = tabs.into_iter().filter(|(tab, _)| self.options.has_tab(*tab));
        let tabs = tabs.map(|(tab, label)| {
            let names = &["type", "role", "aria-selected", "tabindex", "id", "aria-controls"];
            let chosen = tab == self.tab;
            let stop = if chosen { "0" } else { "-1" }.into();
            let chosen = chosen.to_string().into();
            let values = vec!["button".into(), "tab".into(), chosen, stop, id(tab), "panel".into()];
            el("button").attrs(names, values).on_click(ui, Msg::ShowTab(tab)).say(ui, label)
        });
        let list = el("div")
            .attrs(&["role", "aria-label"], vec!["tablist".into(), ui.say(say::tab::label())])
            .listen(Rc::new(onkeydown::Wrapper::new(Callback::from(keys::among_tabs))))
            .kids(tabs);
        let names = &["id", "role", "tabindex", "aria-labelledby"];
        let panel = el("div")
            .attrs(names, vec!["panel".into(), "tabpanel".into(), "0".into(), id(self.tab)])
            .kid(panel);
        let of = self.one_of_both().map(|of| el("p").class("told").say(ui, say::stage::look(of)));
        el("section").class("card tabs").kids(of).kid(list).kid(panel).into()
    }
}

/// What a cluster has come to, in a sentence.
fn summary(ui: &Ui, scene: &Scene) -> Element {
    el("p").class("summary").say(ui, scene.summary.clone())
}
