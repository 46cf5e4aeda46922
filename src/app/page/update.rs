//! What the page does with what is asked of it.

use conclave::check::linearizability::Budget;
use conclave::protocols::catalog;
use conclave::scene::embed::query;
use conclave::scene::export::MOST_EVENTS;
use conclave::scene::storyboard::storyboard;
use conclave::scene::{
    Advance, Class, EventRow, Lab, Scene, complain, complain_link, complain_recording,
};
use conclave::sim::timeline::{MAX_STEPS, Mark, Moment};
use conclave::sim::{Action, ActionError, Micros, Recording, Seat, Session};
use conclave::text::{Phrase, say};
use yew::AttrValue;

use super::{Notice, Page, Shown, clusters};
use crate::app::board::{Board, MOST_ROWS, Picture};
use crate::app::dialogs::{self, Draft};
use crate::app::spacetime::Ask;
use crate::app::stage::Places;
use crate::app::stage::layout::Layout;
use crate::app::stage::motion::Motion;
use crate::app::{
    Dialog, Msg, Plan, Selection, TABS, Tab, Theme, Travel, browser, clients, export, options,
    timeline,
};

/// The most events in one frame; a run that wants more goes slower than asked.
const BUDGET: u64 = 20_000;
/// The least time between two renderings while running, in milliseconds: what happens faster cannot
/// be read.
const RENDER_EVERY: f64 = 50.0;
/// The least time between two sentences of what happens while running, in milliseconds: what is
/// said faster cannot be heard.
const TELL_EVERY: f64 = 1_500.0;
/// The longest time that one frame stands for, in milliseconds; a browser that slept has not lived.
const LONGEST_FRAME: f64 = 100.0;
/// The least time between two judgements of the clients while running, in milliseconds.
const JUDGE_EVERY: f64 = 1_000.0;
/// How many times as long as the last one took the next one waits, at least.
const PAUSE_AFTER_JUDGING: f64 = 10.0;
/// What a judgement may cost: a third of a second.
const BUDGET_TO_JUDGE: Budget = Budget { steps: 1_000_000, memory: 4 << 20 };
/// The most notices that are shown at once, the latest.
const MOST_NOTICES: usize = 10;
/// The most events that the list shows.
const SHOWN_EVENTS: usize = 200;

impl Page {
    /// Does what is asked of the page; tells whether it looks different then.
    pub(super) fn take(&mut self, msg: Msg) -> bool {
        match msg {
            Msg::Frame(clock) => return self.frame(clock),
            Msg::Play => self.play(),
            Msg::Pause => self.pause(),
            Msg::Step => {
                self.pause();
                self.lab.step();
                self.moved();
                self.say_of(browser::clock(), &|_| true);
            }
            Msg::PlayOrPause if self.playing => self.pause(),
            Msg::PlayOrPause => self.play(),
            Msg::Travel(travel) => self.travel(travel),
            Msg::NameBranch(branch, name) => {
                if let Err(error) = self.lab.rename(branch, &name) {
                    self.complain(complain(&error));
                }
            }
            Msg::Mark(text) => {
                if let Err(error) = self.lab.mark(text.trim()) {
                    self.complain(complain(&error));
                }
            }
            Msg::Share(at_end) => {
                if let Some(address) = self.make_link(at_end) {
                    self.copy(address);
                }
            }
            Msg::Copy(text) => self.copy(text),
            Msg::Copied(copied) => self.notice(match (copied, self.dialog) {
                (true, _) => say::share::copied(),
                (false, Some(_)) => say::embed::not_copied(),
                (false, None) => say::share::not_copied(),
            }),
            Msg::Save => match self.lab.session().to_bytes() {
                Ok(bytes) => {
                    if browser::save("run.conclave", &bytes).is_err() {
                        self.complain(say::share::not_saved());
                    }
                }
                Err(error) => self.complain(complain_link(&error)),
            },
            Msg::Speed(place) => self.speed = place.min(options::FASTEST),
            Msg::SkipQuiet => {
                self.quiet = self.quiet.is_none().then(|| self.lab.quiet());
            }
            Msg::Act(action) => {
                if let Err(why) = self.act(action) {
                    self.complain(why);
                }
            }
            Msg::CrashLeaders => {
                let done = self.lab.crash_leader();
                self.acted(done);
            }
            Msg::Look(side) if side == self.side => return false,
            Msg::Look(side) => {
                (self.side, self.selection) = (side, None);
                self.window.first = None;
                self.moved();
            }
            Msg::Select(selection) => {
                // What moves on cannot be read: to look into a message, time stands still.
                if let Some(Selection::Message(_)) = selection {
                    self.pause();
                }
                self.selection = selection;
            }
            Msg::FocusActions => {
                self.focus_soon(".actions-buttons button".into());
                return false;
            }
            Msg::Unfold(card) => {
                self.ui.unfolded = self.ui.unfolded.map(|_| card);
                self.focus_soon(format!("#{card} button"));
            }
            Msg::Start(plan) => self.start(plan),
            Msg::Open(bytes) => match Session::from_bytes(&bytes) {
                Ok(session) => {
                    self.pause();
                    self.open(session);
                }
                Err(error) => self.refuse(complain_link(&error)),
            },
            Msg::OpenLink(link) => {
                let session = Session::from_text(&link).map_err(|error| complain_link(&error));
                let resume =
                    |session| catalog::resume(session).map_err(|error| complain_recording(&error));
                match session.and_then(resume) {
                    Ok((lab, differs)) => {
                        self.pause();
                        self.enter(lab, differs);
                    }
                    Err(why) => self.complain(options::refused("run", &link, why)),
                }
            }
            Msg::Show => {}
            Msg::Set(given) => self.set(&given),
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
                if tab != Tab::SpaceTime {
                    self.lab.forget_trace();
                }
                self.tab = tab;
                self.moved();
            }
            Msg::Diagram(Ask::Paint) => {
                self.diagram.painted();
                self.draw_diagram();
                return false;
            }
            Msg::Diagram(Ask::Pick(x, y)) => {
                let lab = cluster(&mut *self.lab, self.side);
                let Some(hit) = self.diagram.pick(lab, x, y) else { return false };
                self.travel(Travel::Time(hit.at));
                self.selection = match (hit.message, hit.seat) {
                    (Some(message), _) => Some(Selection::Message(message)),
                    (None, Some(Seat::Node(node))) => Some(Selection::Node(node)),
                    (None, _) => None,
                };
            }
            Msg::Diagram(ask) => {
                self.diagram.ask(ask, cluster(&mut *self.lab, self.side));
                return false;
            }
            Msg::Export(file) => return self.export(file),
            Msg::Print | Msg::Printed(true) => self.make_board(),
            Msg::Printed(false) => self.board = None,
            Msg::OnlyKeyEvents(only) => {
                self.only_key = only;
                self.moved();
            }
            Msg::Obey(command, node, key) => return self.obey(command, node, key),
            Msg::SingleKeys(single) => self.ui.single_keys = single,
            Msg::Dialog(dialog) => {
                if dialog.is_none() {
                    self.close_dialog();
                }
                if matches!(dialog, Some(Dialog::Code | Dialog::Embed)) {
                    // What runs on is not at this moment any more.
                    self.pause();
                    if self.make_link(false).is_none() {
                        return true;
                    }
                }
                self.dialog = dialog;
                if let Some(dialog) = dialog {
                    self.draft = Draft::new(dialog, self.scene());
                    self.draft.of = self.one_of_both();
                }
            }
            Msg::TryStart { protocol, beside, nodes, seed } => {
                match dialogs::read_run(&nodes, &seed) {
                    Ok((nodes, seed)) => self.start(Plan { protocol, beside, nodes, seed }),
                    Err(problem) => self.draft.problem = Some(problem),
                }
            }
            Msg::Side(node, side) => self.draft.sides[node.slot()] = side,
            Msg::Compose(fields) => {
                self.draft.fields = fields;
                self.draft.problem = None;
            }
            Msg::Bake => {
                let link = self.link.as_deref().unwrap_or_default();
                let run = link.find('#').map_or("", |hash| &link[hash..]);
                self.tell("bake", &[&query(&self.draft.fields), run].concat());
            }
            Msg::Ask(node) => self.choice.node = node,
            Msg::Persist(persistent) => self.choice.persistent = persistent,
            Msg::Complain(phrase) => self.complain(phrase),
            Msg::Dismiss(id) => self.notices.retain(|notice| notice.id != id),
            Msg::Sight(seen) => {
                self.seen = seen;
                self.mind_frames();
                return false;
            }
            Msg::Resized => {
                self.fold();
                self.diagram.request();
                let layouts = self.shown.iter().map(|shown| self.layout(&shown.scene));
                for (place, layout) in layouts.collect::<Vec<_>>().into_iter().enumerate() {
                    self.shown[place].layout = layout;
                }
            }
        }
        true
    }

    /// Does something to the world, if it may and can be done.
    pub(super) fn act(&mut self, action: Action) -> Result<(), Phrase> {
        let faults = self.options.faults;
        if !faults.allow(&action) {
            let names = faults.names().map(Into::into).collect::<Vec<_>>();
            return Err(say::refused::fault(names));
        }
        self.lab.act(action).map_err(|error| complain(&error))?;
        self.acted(Ok(()));
        Ok(())
    }

    /// Something was to be done to the world, and was done or refused.
    fn acted(&mut self, done: Result<(), ActionError>) {
        match done {
            Ok(()) => {
                self.keep();
                self.say_of(browser::clock(), &|row| row.class == Class::Person);
            }
            Err(error) => self.complain(complain(&error)),
        }
        self.moved();
    }

    /// Says the last event of this kind, if there is one. What the reader did is said at once,
    /// what the cluster does only so often.
    fn say_of(&mut self, clock: f64, kind: &dyn Fn(&EventRow) -> bool) {
        let lab = cluster(&mut *self.lab, self.side);
        let Some(row) = lab.events(1, kind).pop() else { return };
        let reasons = row.reasons.into_iter().filter(|reason| reason.key);
        let said = std::iter::once(row.title).chain(reasons.map(|reason| reason.phrase));
        let said: Vec<_> = said.map(|phrase| self.ui.say(phrase)).collect();
        self.said = said.join(". ").into();
        (self.said_at, self.said_to) = (clock, row.step);
    }

    /// Makes a link to this moment, or to the end of this branch, if that is possible.
    fn make_link(&mut self, at_end: bool) -> Option<AttrValue> {
        match self.lab.line(at_end).to_link() {
            Ok(link) => self.link = Some(format!("{}#run={link}", self.home).into()),
            Err(error) => {
                self.complain(complain_link(&error));
                return None;
            }
        }
        self.link.clone()
    }

    /// Gives the focus to what will be there once the page is rendered.
    pub(super) fn focus_soon(&self, selector: String) {
        let host = self.host.clone();
        yew::platform::spawn_local(async move {
            browser::focus(host.query_selector(&selector).ok().flatten());
        });
    }

    /// Folds the cards where there is no room for them beside the stage. A part of another page has
    /// those that were asked for.
    fn fold(&mut self) {
        let folds = !self.options.embed && !browser::is_broad(&self.host);
        self.ui.unfolded = folds.then(|| self.ui.unfolded.unwrap_or_default());
    }

    /// Lets everything follow the options that can change.
    pub(super) fn arrange(&mut self) {
        self.fold();
        self.ui.faults = self.options.faults;
        if !self.options.has_tab(self.tab) {
            let first = TABS.into_iter().find(|tab| self.options.has_tab(*tab));
            self.tab = first.unwrap_or_default();
        }
    }

    pub(super) fn play(&mut self) {
        self.playing = true;
        self.clock = self.lab.now().0 as f64;
        self.mind_frames();
    }

    pub(super) fn pause(&mut self) {
        self.playing = false;
        self.mind_frames();
        self.moved();
    }

    /// Frames are asked for while there is something to move and somebody to see it, else none.
    pub(super) fn mind_frames(&mut self) {
        let wanted = self.playing && self.seen;
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
        if let Some(quiet) = &mut self.quiet {
            *quiet = self.lab.quiet();
            let later = quiet.skip(self.lab.now());
            self.clock = self.clock.max(later.unwrap_or_default().0 as f64);
        }
        match self.lab.run_until(Micros(self.clock as u64), BUDGET) {
            Advance::Reached => {}
            Advance::OutOfBudget => self.clock = self.lab.now().0 as f64,
            Advance::Full => {
                self.complain(say::refused::full(MAX_STEPS, "steps"));
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
        if clock - self.said_at >= TELL_EVERY {
            let to = self.said_to;
            self.say_of(clock, &|row| row.key && row.step > to);
        }
        true
    }

    /// Draws what moves with time.
    pub(super) fn draw(&mut self, clock: f64) {
        let now = self.lab.now();
        for (side, Shown { scene, layout, motion, .. }) in self.shown.iter_mut().enumerate() {
            let lab = cluster(&mut *self.lab, side);
            lab.flights(motion.flights());
            motion.mourn(lab.wrecks(), clock);
            let selected = match self.selection {
                Some(Selection::Message(id)) if side == self.side => Some(id),
                _ => None,
            };
            motion.draw(scene, layout, now, selected, clock);
        }
        if let Some(time) = self.time.get() {
            time.set_text_content(Some(&crate::app::clock(now)));
        }
    }

    /// Gives each cluster of the run a stage.
    pub(super) fn set_stages(&mut self) {
        self.shown = self.stages_now();
        (self.side, self.selection) = (0, None);
    }

    /// Each cluster of the run on a stage of its own.
    fn stages_now(&self) -> Vec<Shown> {
        let stage = |lab: &dyn Lab| {
            let scene = lab.scene(self.window);
            let layout = self.layout(&scene);
            let motion = Motion::new(self.options.still);
            let (places, consistency) = Default::default();
            Shown { scene, layout, motion, places, consistency }
        };
        clusters(&*self.lab).map(stage).collect()
    }

    /// Makes what is printed. The reader stands where they stood, then.
    fn make_board(&mut self) {
        let here = self.lab.moment();
        let mut pictures = Vec::new();
        for Mark { moment, text } in storyboard(&*self.lab) {
            self.lab.seek(moment);
            let mut shown = self.stages_now();
            for (lab, shown) in clusters(&*self.lab).zip(&mut shown) {
                lab.flights(shown.motion.flights());
            }
            pictures.push(Picture { at: self.lab.now(), text: text.to_string().into(), shown });
        }
        self.lab.seek(here);
        let mut rows = self.lab.story(MOST_EVENTS);
        rows.retain(|row| row.key);
        rows.drain(..rows.len().saturating_sub(MOST_ROWS));
        let link = self.make_link(false);
        self.board = Some(Board { pictures, rows, link });
    }

    /// Draws what does not move on paper.
    pub(super) fn draw_board(&mut self) {
        for Picture { at, shown, .. } in self.board.iter_mut().flat_map(|board| &mut board.pictures)
        {
            for Shown { scene, layout, motion, places, .. } in shown {
                let Places { messages, canvas } = places;
                motion.attach(messages.cast(), canvas.cast());
                motion.draw(scene, layout, *at, None, 0.0);
            }
        }
    }

    /// Where things stand on a stage; one of two is square. As in the style sheet, that of a part of
    /// another page is low, and that in a low window.
    fn layout(&self, scene: &Scene) -> Layout {
        let wide = self.lab.beside().is_none() && browser::is_wide(&self.host);
        let low = self.options.embed || browser::matches("(max-height: 30rem)");
        Layout::new(scene, wide, low)
    }

    /// Draws the space–time diagram, if it is to be seen.
    pub(super) fn draw_diagram(&mut self) {
        if self.tab == Tab::SpaceTime {
            let Self { ui, lab, shown, side, selection, playing, .. } = self;
            let (lab, scene) = (cluster(&mut **lab, *side), &shown[*side].scene);
            self.diagram.draw(ui, lab, scene, *selection, *playing);
        }
    }

    /// Saves the run for another program; tells whether there is something to say about it.
    fn export(&mut self, file: export::File) -> bool {
        let Self { host, ui, lab, shown, side, selection, diagram, .. } = self;
        let (lab, scene) = (cluster(&mut **lab, *side), &shown[*side].scene);
        let saved = export::save(file, ui, host, lab, scene, *selection, diagram);
        if self.tab != Tab::SpaceTime {
            self.lab.forget_trace();
        }
        if saved.is_err() {
            self.complain(say::share::not_saved());
        }
        saved.is_err()
    }

    /// The world has changed: takes a new scene of it.
    pub(super) fn moved(&mut self) {
        for (lab, shown) in clusters(&*self.lab).zip(&mut self.shown) {
            shown.scene = lab.scene(self.window);
            shown.layout.mind(&shown.scene);
        }
        self.drawn = self.lab.steps();
        if self.tab == Tab::Events {
            let only_key = self.only_key;
            let lab = cluster(&mut *self.lab, self.side);
            self.rows = lab.events(SHOWN_EVENTS, &|row| !only_key || row.key);
        }
        self.judge();
        let verdicts = self.shown.iter().flat_map(|shown| &shown.scene.verdicts);
        let breaches = verdicts.filter(|verdict| verdict.breach.is_some()).count();
        if breaches > self.breaches {
            self.playing = false;
            self.mind_frames();
            self.tell_breaches();
        }
        self.breaches = breaches;
    }

    /// Judges the clients: when time stands still, where nobody has judged yet, and now and then while
    /// somebody looks at them.
    fn judge(&mut self) {
        let clock = browser::clock();
        let due = !self.playing || self.tab == Tab::Clients && clock >= self.judge_at;
        for (lab, shown) in clusters(&*self.lab).zip(&mut self.shown) {
            let Shown { consistency, scene, .. } = shown;
            if due || consistency.standing(lab.tree(), lab.moment()).is_none() {
                consistency.judge(lab.tree(), BUDGET_TO_JUDGE);
            }
            scene.verdicts.push(clients::verdict(lab, consistency));
        }
        if due {
            let took = browser::clock() - clock;
            self.judge_at = clock + JUDGE_EVERY.max(took * PAUSE_AFTER_JUDGING);
        }
    }

    pub(super) fn start(&mut self, Plan { protocol, beside, nodes, seed }: Plan) {
        let mut recording = Recording::new(&protocol, nodes, seed);
        // The network and the load that the reader has chosen stay as they are, and the rules too,
        // unless they are those of another protocol.
        recording.quality = self.scene().quality;
        recording.workload = self.scene().workload;
        for (lab, shown) in clusters(&*self.lab).zip(&self.shown) {
            if protocol == lab.protocol() || beside.as_deref() == Some(lab.protocol()) {
                let settings = shown.scene.settings.iter();
                recording.settings.extend(settings.map(|each| (each.id.to_owned(), each.value)));
            }
        }
        match catalog::begin(recording, beside.as_deref()) {
            Ok(session) => self.open(session),
            Err(error) => self.refuse(complain_recording(&error)),
        }
    }

    /// Goes to another moment or branch, and stands still there.
    pub(super) fn travel(&mut self, travel: Travel) {
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
            Travel::To(moment) => lab.seek(moment),
            Travel::Undo => done = lab.undo().map(|_| ()),
            Travel::Redo => _ = lab.redo(),
            Travel::Branch(branch) => _ = lab.switch(branch),
            Travel::Fork => done = lab.fork(""),
            Travel::Delete => lab.delete(lab.tree().current().id),
        }
        if let Err(error) = done {
            self.complain(complain(&error));
        }
        self.clock = self.lab.now().0 as f64;
        self.told = self.stands();
        self.said_to = self.lab.steps();
        self.mind_frames();
        self.keep();
        self.moved();
        // The slider says by itself where it is.
        self.said = match travel {
            Travel::Time(_) => AttrValue::default(),
            _ => {
                let (moment, stands) =
                    (timeline::spoken(&self.ui, &*self.lab), &self.scene().summary);
                format!("{moment}. {}", self.ui.say(stands.clone())).into()
            }
        };
    }

    /// Goes on where a recording ends. One that cannot be played leaves everything as it is.
    fn open(&mut self, session: Session) {
        match catalog::resume(session) {
            Ok((lab, differs)) => self.enter(lab, differs),
            Err(error) => self.refuse(complain_recording(&error)),
        }
    }

    /// Goes on with another run, which may differ from the one that was saved.
    pub(super) fn enter(&mut self, lab: Box<dyn Lab>, differs: Option<Moment>) {
        if let Some(Moment { after, at }) = differs {
            self.complain(say::share::differs(after, crate::app::clock(at)));
        }
        self.link = None;
        self.close_dialog();
        self.dialog = None;
        self.clock = lab.now().0 as f64;
        self.lab = lab;
        self.choice.node = None;
        self.window.first = None;
        self.breaches = 0;
        self.told = self.stands();
        self.set_stages();
        self.keep();
        self.moved();
    }

    /// Says what is wrong with a run that was asked for, where it was asked for.
    fn refuse(&mut self, phrase: Phrase) {
        match self.dialog {
            Some(Dialog::NewRun) => self.draft.problem = Some(phrase),
            _ => self.complain(phrase),
        }
    }

    /// Lets the platform close the dialog: it gives the focus back to what opened it.
    fn close_dialog(&self) {
        if let Some(dialog) = self.dialog_element.cast::<web_sys::HtmlDialogElement>() {
            dialog.close();
        }
    }

    /// Copies a text.
    fn copy(&self, text: AttrValue) {
        let send = self.ui.send.clone();
        yew::platform::spawn_local(async move {
            send.emit(Msg::Copied(browser::copy(&text).await));
        });
    }

    /// Says something, where it is seen.
    pub(super) fn notice(&mut self, phrase: Phrase) {
        if self.dialog == Some(Dialog::Embed) {
            self.draft.problem = Some(phrase);
            return;
        }
        self.notices.retain(|notice| notice.phrase != phrase);
        let surplus = (self.notices.len() + 1).saturating_sub(MOST_NOTICES);
        self.notices.drain(..surplus);
        self.noticed += 1;
        self.notices.push(Notice { id: self.noticed, phrase });
    }

    /// Lets the root say which language it speaks and which theme it wears.
    pub(super) fn dress(&self) {
        let root = &self.root;
        let (theme, _) = Theme::ALL[self.options.theme as usize];
        for (name, value) in [("lang", &*self.ui.language.tag()), ("data-theme", theme)] {
            // Only a name that is not one can fail.
            let _ = root.set_attribute(name, value);
        }
        if root.tag_name() == "HTML" {
            browser::document().set_title(&self.ui.say(say::page::title(self.title())));
        }
    }
}

/// One cluster of a run, to ask it for what happened.
fn cluster(lab: &mut dyn Lab, side: usize) -> &mut dyn Lab {
    match side {
        0 => lab,
        _ => lab.beside_mut().expect("there are as many sides as clusters"),
    }
}
