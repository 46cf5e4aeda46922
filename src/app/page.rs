//! The hub: the one place that owns the run and changes it.

use std::rc::Rc;

use conclave::protocols::catalog;
use conclave::scene::{
    Advance, EventRow, Lab, Scene, Window, complain, complain_link, complain_recording,
};
use conclave::sim::timeline::{MAX_STEPS, Moment};
use conclave::sim::{Micros, Recording, Session, SettingKind};
use conclave::text::{Phrase, say};
use wasm_bindgen::prelude::*;
use yew::prelude::*;

use super::browser::{self, Frames};
use super::clients::Choice;
use super::dialogs::{self, Draft};
use super::options::{self, Options};
use super::stage::layout::Layout;
use super::stage::motion::Motion;
use super::stage::{self, Places};
use super::{Dialog, Msg, Selection, Tab, Theme, Travel, Ui, button, button_with};
use super::{
    clients, events, hooks, inspector, keys, logs, rules, timeline, traffic, transport, verdicts,
};

/// The most events in one frame; a run that wants more goes slower than asked.
const BUDGET: u64 = 20_000;
/// The least time between two renderings while running, in milliseconds: what happens faster cannot
/// be read.
const RENDER_EVERY: f64 = 50.0;
/// The longest time that one frame stands for, in milliseconds; a browser that slept has not lived.
const LONGEST_FRAME: f64 = 100.0;
/// The most events that the list shows.
const SHOWN_EVENTS: usize = 200;
/// How many columns the table of logs shows.
const LOG_COLUMNS: u64 = 12;
/// The least width of a wide stage, in CSS pixels.
const WIDE: &str = "(min-width: 640px)";

/// Something that the reader should know.
#[derive(Clone, PartialEq)]
struct Notice {
    id: u64,
    phrase: Phrase,
}

/// The page.
pub struct Page {
    ui: Ui,
    options: Options,
    lab: Box<dyn Lab>,
    scene: Scene,
    rows: Vec<EventRow>,
    playing: bool,
    /// The world's clock as a fraction of microseconds more than its own whole ones.
    clock: f64,
    last_frame: Option<f64>,
    last_render: f64,
    drawn: u64,
    speed: u32,
    selection: Option<Selection>,
    window: Window,
    tab: Tab,
    only_key: bool,
    dialog: Option<Dialog>,
    draft: Draft,
    choice: Choice,
    notices: Vec<Notice>,
    noticed: u64,
    breaches: usize,
    layout: Layout,
    motion: Motion,
    frames: Frames,
    places: Places,
    time: NodeRef,
    dialog_element: NodeRef,
    /// The link that was made last.
    link: Option<AttrValue>,
    onscreen: Rc<std::cell::Cell<bool>>,
    /// Kept, so that the browser can call them as long as the page lives.
    _listeners: Vec<Closure<dyn FnMut(JsValue)>>,
}

impl Component for Page {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let (options, complaints) = Options::read();
        let recording = Recording::new(&options.protocol, options.nodes, options.seed);
        let lab = catalog::open(recording).expect("options are in their ranges");
        let window = Window { first: None, columns: LOG_COLUMNS };
        let ui = Ui { language: options.language, send: ctx.link().callback(|msg| msg) };
        let frames = Frames::new({
            let send = ui.send.clone();
            move |clock| send.emit(Msg::Frame(clock))
        });
        let onscreen = Rc::new(std::cell::Cell::new(true));
        let mut page = Self {
            scene: lab.scene(window),
            layout: Layout::new(options.nodes, browser::matches(WIDE)),
            motion: Motion::new(options.still),
            rows: Vec::new(),
            playing: options.autoplay,
            speed: options.speed,
            _listeners: listen(&ui.send, &onscreen),
            ui,
            lab,
            window,
            frames,
            onscreen,
            options,
            clock: 0.0,
            last_frame: None,
            last_render: 0.0,
            drawn: 0,
            selection: None,
            tab: Tab::default(),
            only_key: false,
            dialog: None,
            draft: Draft::default(),
            choice: Choice::default(),
            notices: Vec::new(),
            noticed: 0,
            breaches: 0,
            places: Places::default(),
            time: NodeRef::default(),
            dialog_element: NodeRef::default(),
            link: None,
        };
        for complaint in complaints {
            page.notice(complaint);
        }
        hooks::offer(&page.ui.send);
        page.dress();
        page.keep();
        page.ui.send.emit(Msg::OpenLink);
        page
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Frame(clock) => return self.frame(clock),
            Msg::Play => self.play(),
            Msg::Pause => self.pause(),
            Msg::Step => {
                self.pause();
                self.lab.step();
                self.moved();
            }
            Msg::PlayOrPause if self.playing => self.pause(),
            Msg::PlayOrPause => self.play(),
            Msg::Travel(travel) => self.travel(travel),
            Msg::NameBranch(branch, name) => {
                if let Err(error) = self.lab.rename(branch, &name) {
                    self.notice(complain(&error));
                }
            }
            Msg::Mark(text) => {
                if let Err(error) = self.lab.mark(text.trim()) {
                    self.notice(complain(&error));
                }
            }
            Msg::Share(at_end) => match self.lab.line(at_end).to_link() {
                Ok(link) => {
                    let (address, send) = (browser::address(&link), self.ui.send.clone());
                    yew::platform::spawn_local(async move {
                        let copied = browser::copy(&address).await;
                        send.emit(Msg::Shared(address, copied));
                    });
                }
                Err(error) => self.notice(complain_link(&error)),
            },
            Msg::Shared(address, copied) => {
                self.link = Some(address.into());
                self.notice(if copied { say::share::copied() } else { say::share::not_copied() });
            }
            Msg::Save => match self.lab.session().to_bytes() {
                Ok(bytes) => {
                    if browser::save("run.conclave", &bytes).is_err() {
                        self.notice(say::share::not_saved());
                    }
                }
                Err(error) => self.notice(complain_link(&error)),
            },
            Msg::Speed(place) => self.speed = place.min(options::FASTEST),
            Msg::Act(action) => {
                match self.lab.act(action) {
                    Ok(()) => self.keep(),
                    Err(error) => self.notice(complain(&error)),
                }
                self.moved();
            }
            Msg::Select(selection) => {
                // What moves on cannot be read: to look into a message, time stands still.
                if let Some(Selection::Message(_)) = selection {
                    self.pause();
                }
                self.selection = selection;
            }
            Msg::Start { protocol, nodes, seed } => self.start(protocol, nodes, seed),
            Msg::Open(bytes) => match Session::from_bytes(&bytes) {
                Ok(session) => {
                    self.pause();
                    self.open(session);
                }
                Err(error) => self.refuse(complain_link(&error)),
            },
            Msg::OpenLink => match browser::link().map(|link| Session::from_link(&link)) {
                Some(Ok(session)) => {
                    self.pause();
                    self.open(session);
                }
                Some(Err(error)) => self.notice(complain_link(&error)),
                None => return false,
            },
            Msg::Speak(language) => {
                self.ui.language = language;
                self.dress();
            }
            Msg::Wear(theme) => {
                self.options.theme = theme;
                self.dress();
            }
            Msg::ShowLogsFrom(first) => {
                self.window.first = first;
                self.moved();
            }
            Msg::ShowTab(tab) => {
                self.tab = tab;
                self.moved();
            }
            Msg::OnlyKeyEvents(only) => {
                self.only_key = only;
                self.moved();
            }
            Msg::Dialog(dialog) => {
                if dialog.is_none() {
                    self.close_dialog();
                }
                self.dialog = dialog;
                if let Some(dialog) = dialog {
                    self.draft = Draft::new(dialog, &self.scene);
                }
            }
            Msg::TryStart(protocol, nodes, seed) => match dialogs::read_run(&nodes, &seed) {
                Ok((nodes, seed)) => self.start(protocol, nodes, seed),
                Err(problem) => self.draft.problem = Some(problem),
            },
            Msg::Side(node, side) => self.draft.sides[node.slot()] = side,
            Msg::Ask(node) => self.choice.node = node,
            Msg::Persist(persistent) => self.choice.persistent = persistent,
            Msg::Complain(phrase) => self.notice(phrase),
            Msg::Dismiss(id) => self.notices.retain(|notice| notice.id != id),
            Msg::Sight => {
                self.mind_frames();
                return false;
            }
            Msg::Resized => {
                self.layout = Layout::new(self.lab.size(), browser::matches(WIDE));
            }
        }
        true
    }

    fn view(&self, _: &Context<Self>) -> Html {
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

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        let Places { messages, canvas } = &self.places;
        self.motion.attach(messages.cast(), canvas.cast());
        if let Some(dialog) = self.dialog_element.cast::<web_sys::HtmlDialogElement>()
            && !dialog.open()
        {
            // Only an element that is not in the document refuses.
            let _ = dialog.show_modal();
        }
        self.draw(browser::clock());
        self.mind_frames();
    }
}

impl Page {
    fn play(&mut self) {
        self.playing = true;
        self.clock = self.lab.now().0 as f64;
        self.mind_frames();
    }

    fn pause(&mut self) {
        self.playing = false;
        self.mind_frames();
        self.moved();
    }

    /// Frames are asked for while there is something to move and somebody to see it, else none.
    fn mind_frames(&mut self) {
        let wanted = self.playing && browser::visible() && self.onscreen.get();
        match (wanted, self.last_frame.is_some()) {
            (true, false) => {
                self.last_frame = Some(browser::clock());
                self.frames.request();
            }
            (false, true) => {
                self.last_frame = None;
                self.frames.cancel();
            }
            (true, true) | (false, false) => {}
        }
    }

    /// Lets as much of the world's time pass as the reader saw pass. How it is cut into frames
    /// changes nothing: events happen at their moments, in their order.
    fn frame(&mut self, clock: f64) -> bool {
        let Some(last) = self.last_frame else { return false };
        let passed = (clock - last).clamp(0.0, LONGEST_FRAME);
        self.last_frame = Some(clock);
        self.clock += passed * options::speed(self.speed);
        match self.lab.run_until(Micros(self.clock as u64), BUDGET) {
            Advance::Reached => {}
            Advance::OutOfBudget => self.clock = self.lab.now().0 as f64,
            Advance::Full => {
                self.notice(say::refused::full(MAX_STEPS, "steps"));
                self.pause();
                return true;
            }
            Advance::Breached => {
                self.pause();
                return true;
            }
        }
        self.draw(clock);
        self.frames.request();
        if self.lab.steps() == self.drawn || clock - self.last_render < RENDER_EVERY {
            return false;
        }
        self.last_render = clock;
        self.moved();
        true
    }

    /// Draws what moves with time.
    fn draw(&mut self, clock: f64) {
        self.lab.flights(self.motion.flights());
        let wrecks = self.lab.wrecks();
        self.motion.mourn(wrecks, clock);
        let selected = match self.selection {
            Some(Selection::Message(id)) => Some(id),
            _ => None,
        };
        self.motion.draw(&self.scene, &self.layout, self.lab.now(), selected, clock);
        if let Some(time) = self.time.get() {
            time.set_text_content(Some(&super::clock(self.lab.now())));
        }
    }

    /// The world has changed: takes a new scene of it.
    fn moved(&mut self) {
        self.scene = self.lab.scene(self.window);
        self.drawn = self.lab.steps();
        if self.tab == Tab::Events {
            let only_key = self.only_key;
            self.rows = self.lab.events(SHOWN_EVENTS, &|row| !only_key || row.key);
        }
        let breaches =
            self.scene.verdicts.iter().filter(|verdict| verdict.breach.is_some()).count();
        if breaches > self.breaches {
            self.playing = false;
            self.mind_frames();
        }
        self.breaches = breaches;
    }

    fn start(&mut self, protocol: String, nodes: u8, seed: u64) {
        let mut recording = Recording::new(&protocol, nodes, seed);
        // The network and the load that the reader has chosen stay as they are, and the rules too,
        // unless they are those of another protocol.
        recording.quality = self.scene.quality;
        recording.workload = self.scene.workload;
        if protocol == self.lab.protocol() {
            let settings = self.scene.settings.iter();
            recording.settings = settings.map(|each| (each.id.to_owned(), each.value)).collect();
        }
        self.open(Session::of_recording(recording));
    }

    /// Goes to another moment or branch, and stands still there.
    fn travel(&mut self, travel: Travel) {
        self.playing = false;
        let lab = &mut self.lab;
        let mut done = Ok(());
        match travel {
            Travel::Start => lab.seek(Moment::default()),
            Travel::End => lab.seek(lab.tree().current().end),
            Travel::Back => _ = lab.step_back(),
            Travel::NextBeat => lab.beat_forward(),
            Travel::LastBeat => lab.beat_back(),
            Travel::Time(at) => lab.seek_time(at),
            Travel::Undo => done = lab.undo().map(|_| ()),
            Travel::Redo => _ = lab.redo(),
            Travel::Branch(branch) => _ = lab.switch(branch),
            Travel::Fork => done = lab.fork(""),
            Travel::Delete => lab.delete(lab.tree().current().id),
        }
        if let Err(error) = done {
            self.notice(complain(&error));
        }
        self.clock = self.lab.now().0 as f64;
        self.mind_frames();
        self.keep();
        self.moved();
    }

    /// Goes on where a recording ends. One that cannot be played leaves everything as it is.
    fn open(&mut self, session: Session) {
        match catalog::resume(session) {
            Ok((lab, differs)) => {
                if let Some(Moment { after, at }) = differs {
                    self.notice(say::share::differs(after, super::clock(at)));
                }
                self.link = None;
                self.close_dialog();
                self.dialog = None;
                self.layout = Layout::new(lab.size(), browser::matches(WIDE));
                self.clock = lab.now().0 as f64;
                self.lab = lab;
                self.selection = None;
                self.choice.node = None;
                self.window.first = None;
                self.breaches = 0;
                self.keep();
                self.moved();
            }
            Err(error) => self.refuse(complain_recording(&error)),
        }
    }

    /// Says what is wrong with a run that was asked for, where it was asked for.
    fn refuse(&mut self, phrase: Phrase) {
        match self.dialog {
            Some(Dialog::NewRun) => self.draft.problem = Some(phrase),
            _ => self.notice(phrase),
        }
    }

    /// Lets the platform close the dialog: it gives the focus back to what opened it.
    fn close_dialog(&self) {
        if let Some(dialog) = self.dialog_element.cast::<web_sys::HtmlDialogElement>() {
            dialog.close();
        }
    }

    fn notice(&mut self, phrase: Phrase) {
        self.notices.retain(|notice| notice.phrase != phrase);
        self.noticed += 1;
        self.notices.push(Notice { id: self.noticed, phrase });
    }

    /// Keeps the recording where a trap cannot reach it.
    fn keep(&self) {
        browser::keep_recording(&self.lab.recording().to_json());
    }

    /// Tells the document which language it speaks and which theme it wears.
    fn dress(&self) {
        browser::set_root("lang", &self.ui.language.tag());
        let theme = match self.options.theme {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        browser::set_root("data-theme", theme);
        browser::document().set_title(&self.ui.say(say::page::title(self.lab.title())));
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
            (Tab::Events, say::tab::events()),
            (Tab::Traffic, say::tab::traffic(self.scene.in_flight)),
            (Tab::Clients, say::tab::clients()),
        ];
        let panel = match self.tab {
            Tab::Logs => logs::logs(ui, &self.scene),
            Tab::Events => events::events(ui, &self.rows, self.scene.steps, self.only_key),
            Tab::Traffic => {
                let mut flights = Vec::new();
                self.lab.flights(&mut flights);
                flights.sort_unstable_by_key(|flight| (flight.arrival, flight.id));
                flights.truncate(traffic::MOST);
                let messages = flights.iter().filter_map(|flight| self.lab.message(flight.id));
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

/// Listens to what hides and shows the page and to what changes its size.
fn listen(
    send: &Callback<Msg>,
    onscreen: &Rc<std::cell::Cell<bool>>,
) -> Vec<Closure<dyn FnMut(JsValue)>> {
    let on_sight = {
        let send = send.clone();
        Closure::<dyn FnMut(JsValue)>::new(move |_| send.emit(Msg::Sight))
    };
    let on_resize = {
        let send = send.clone();
        Closure::<dyn FnMut(JsValue)>::new(move |_| send.emit(Msg::Resized))
    };
    let on_link = {
        let send = send.clone();
        Closure::<dyn FnMut(JsValue)>::new(move |_| send.emit(Msg::OpenLink))
    };
    let on_cross = {
        let (send, onscreen) = (send.clone(), onscreen.clone());
        Closure::<dyn FnMut(JsValue)>::new(move |entries: JsValue| {
            let entries = js_sys::Array::from(&entries);
            let last = entries.get(entries.length().saturating_sub(1));
            if let Ok(entry) = last.dyn_into::<web_sys::IntersectionObserverEntry>() {
                onscreen.set(entry.is_intersecting());
                send.emit(Msg::Sight);
            }
        })
    };
    // What an old browser lacks is not listened to.
    let function = |closure: &Closure<dyn FnMut(JsValue)>| {
        closure.as_ref().unchecked_ref::<js_sys::Function>().clone()
    };
    let _ = browser::document()
        .add_event_listener_with_callback("visibilitychange", &function(&on_sight));
    let _ = browser::window().add_event_listener_with_callback("hashchange", &function(&on_link));
    if let Ok(Some(query)) = browser::window().match_media(WIDE) {
        let _ = query.add_event_listener_with_callback("change", &function(&on_resize));
    }
    let root = browser::document().get_element_by_id("app");
    if let (Ok(observer), Some(root)) =
        (web_sys::IntersectionObserver::new(&function(&on_cross)), root)
    {
        observer.observe(&root);
    }
    vec![on_sight, on_resize, on_link, on_cross]
}
