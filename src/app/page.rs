//! The hub: the one place that owns the run and changes it.

mod obey;
mod script;
mod update;
mod view;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use conclave::check::consistency::Consistency;
use conclave::protocols::catalog;
use conclave::scene::call::Call;
use conclave::scene::{EventRow, Lab, Quiet, Scene, Window};
use conclave::sim::Recording;
use conclave::text::Phrase;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::prelude::*;

use super::board::Board;
use super::browser::{self, Frames};
use super::clients::Choice;
use super::dialogs::Draft;
use super::focus::Focus;
use super::options::Options;
use super::spacetime::Diagram;
use super::stage::Places;
use super::stage::layout::Layout;
use super::stage::motion::Motion;
use super::{Dialog, Msg, Selection, Tab, Ui};

/// How many columns the table of logs shows.
const LOG_COLUMNS: u64 = 12;

/// Something that the reader should know.
#[derive(Clone, PartialEq)]
struct Notice {
    id: u64,
    phrase: Phrase,
}

/// A cluster on its stage.
pub struct Shown {
    /// What there is to draw.
    pub scene: Scene,
    /// Where it stands.
    pub layout: Layout,
    /// What moves on it.
    motion: Motion,
    /// The elements for what moves.
    pub places: Places,
    /// What the clients saw, judged.
    consistency: Consistency,
}

/// Where a page is put, and how it begins.
#[derive(Clone)]
pub struct Setup {
    /// The element that it fills.
    pub host: Element,
    /// The element that wears its language and theme.
    pub root: Element,
    /// The address that its links lead to.
    pub home: String,
    /// Options: names and values.
    pub options: Vec<(String, String)>,
    /// What is told of it.
    pub tell: Function,
    /// Where scripts find the page once there is one.
    pub desk: Rc<OnceCell<Desk>>,
}

impl PartialEq for Setup {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host
    }
}

/// Yew makes it of nothing but itself.
impl Properties for Setup {
    type Builder = ();

    fn builder() {}
}

/// The page as Yew sees it. Scripts that ask it something do not wait for Yew, so it is shared.
#[derive(Clone)]
pub struct Desk {
    page: Rc<RefCell<Page>>,
}

impl Component for Desk {
    type Message = Msg;
    type Properties = Setup;

    fn create(ctx: &Context<Self>) -> Self {
        let send = ctx.link().callback(|msg| msg);
        let desk = Self { page: Rc::new(RefCell::new(Page::new(ctx.props(), send))) };
        let desk = ctx.props().desk.get_or_init(|| desk).clone();
        // Yew tells that all is rendered when it has time, after a frame or two. Who waits for the page need not.
        let ready = desk.clone();
        yew::platform::spawn_local(async move {
            ready.page.borrow_mut().rendered();
            ready.page.borrow_mut().news.insert(0, ("lab-ready", "{\"v\":1}".into()));
            ready.tell();
        });
        desk
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        let prints = msg == Msg::Print;
        if prints || msg == Msg::Printed(true) {
            // Yew tells that all is rendered when it has time; paper does not wait.
            let page = self.page.clone();
            yew::platform::spawn_local(async move {
                page.borrow_mut().draw_board();
                if prints {
                    // What forbids to print leaves the page as it is.
                    let _ = browser::window().print();
                }
            });
        }
        let changed = self.page.borrow_mut().take(msg);
        if changed {
            // What is rendered may take away what has the focus; the next key does not wait either.
            let focus = Focus::within(&self.page.borrow().host);
            yew::platform::spawn_local(async move { focus.restore() });
        }
        self.tell();
        changed
    }

    fn view(&self, _: &Context<Self>) -> Html {
        self.page.borrow().show()
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        self.page.borrow_mut().rendered();
        self.tell();
    }
}

impl Desk {
    /// Does what a script asks for, at once; what is shown follows soon.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn obey(&self, method: &str, arguments: &str) -> Result<String, String> {
        let call = Call::read(method, arguments)?;
        // A script may be called in the midst of another call.
        let page = self.page.try_borrow_mut();
        let answer = page.map_err(|_| format!("{method}: the page is busy"))?.answer(call);
        self.tell();
        answer
    }

    /// Tells what has happened, while nobody holds the page: whoever listens may ask it something.
    fn tell(&self) {
        let (news, tell) = {
            let mut page = self.page.borrow_mut();
            page.tell_events();
            (std::mem::take(&mut page.news), page.tell.clone())
        };
        for (name, detail) in news {
            // What becomes of it is theirs.
            let _ = tell.call2(&JsValue::NULL, &name.into(), &detail.into());
        }
    }
}

/// The page.
pub struct Page {
    host: Element,
    root: Element,
    home: String,
    tell: Function,
    ui: Ui,
    options: Options,
    lab: Box<dyn Lab>,
    /// The clusters, one or two.
    shown: Vec<Shown>,
    /// Which of them the panels speak of.
    side: usize,
    rows: Vec<EventRow>,
    playing: bool,
    /// The world's clock as a fraction of microseconds more than its own whole ones.
    clock: f64,
    last_frame: Option<f64>,
    last_render: f64,
    drawn: u64,
    speed: u32,
    /// What lies ahead, if quiet time is to be skipped.
    quiet: Option<Quiet>,
    selection: Option<Selection>,
    window: Window,
    tab: Tab,
    only_key: bool,
    dialog: Option<Dialog>,
    /// The dialog that was opened last, while it is there.
    opened: Option<Dialog>,
    draft: Draft,
    choice: Choice,
    notices: Vec<Notice>,
    noticed: u64,
    breaches: usize,
    /// When the clients may be judged again while time goes on, by the browser's clock.
    judge_at: f64,
    /// What is said to those who do not see what happens, and when it was said, by the browser's clock.
    said: AttrValue,
    said_at: f64,
    /// Up to which step everything is said.
    said_to: u64,
    diagram: Diagram,
    frames: Frames,
    time: NodeRef,
    dialog_element: NodeRef,
    /// The link that was made last.
    link: Option<AttrValue>,
    /// What is printed, while it is.
    board: Option<Board>,
    /// Whether somebody can see it.
    seen: bool,
    /// The options as they were given; readers may have changed what they begin with.
    given: Options,
    /// What was not right with them.
    wrong: Vec<Phrase>,
    /// What is to be told to whoever listens: a name, and JSON.
    news: Vec<(&'static str, String)>,
    /// The number of steps up to which key events were told, of each cluster.
    told: [u64; 2],
}

impl Page {
    fn new(setup: &Setup, send: Callback<Msg>) -> Self {
        let (options, complaints) = Options::read(&setup.options);
        let recording = Recording::new(&options.protocol, options.nodes, options.seed);
        let session = catalog::begin(recording, options.beside.as_deref());
        let Ok((lab, _)) = session.and_then(catalog::resume) else {
            unreachable!("options are in their ranges")
        };
        let window = Window { first: None, columns: LOG_COLUMNS };
        let faults = options.faults;
        let ui = Ui { language: options.language, single_keys: true, faults, unfolded: None, send };
        let frames = Frames::new({
            let send = ui.send.clone();
            move |clock| send.emit(Msg::Frame(clock))
        });
        let mut page = Self {
            shown: Vec::new(),
            side: 0,
            rows: Vec::new(),
            playing: options.autoplay,
            speed: options.speed,
            diagram: Diagram::new(&ui.send),
            host: setup.host.clone(),
            root: setup.root.clone(),
            home: setup.home.clone(),
            tell: setup.tell.clone(),
            ui,
            lab,
            window,
            frames,
            seen: true,
            given: options.clone(),
            wrong: complaints.clone(),
            news: Vec::new(),
            told: [0; 2],
            options,
            clock: 0.0,
            last_frame: None,
            last_render: 0.0,
            drawn: 0,
            quiet: None,
            selection: None,
            tab: Tab::default(),
            only_key: false,
            dialog: None,
            opened: None,
            draft: Draft::default(),
            choice: Choice::default(),
            notices: Vec::new(),
            noticed: 0,
            breaches: 0,
            judge_at: 0.0,
            said: AttrValue::default(),
            said_at: 0.0,
            said_to: 0,
            time: NodeRef::default(),
            dialog_element: NodeRef::default(),
            link: None,
            board: None,
        };
        page.set_stages();
        for complaint in complaints {
            page.complain(complaint);
        }
        page.arrange();
        page.dress();
        page.moved();
        page.keep();
        page
    }

    /// Yew has made or changed the page's elements.
    fn rendered(&mut self) {
        for Shown { motion, places: Places { messages, canvas }, .. } in &mut self.shown {
            motion.attach(messages.cast(), canvas.cast());
        }
        // Once: what the platform has closed stays closed, though the page may hear of it later.
        let opened = std::mem::replace(&mut self.opened, self.dialog);
        if opened != self.dialog
            && let Some(dialog) = self.dialog_element.cast::<web_sys::HtmlDialogElement>()
        {
            // Only an element that is not in the document, or open, refuses.
            let _ = dialog.show_modal();
        }
        self.draw(browser::clock());
        self.draw_diagram();
        self.mind_frames();
    }

    /// Tells whoever listens that something has happened.
    fn tell(&self, name: &str, detail: &str) {
        // What becomes of it is theirs.
        let _ = self.tell.call2(&JsValue::NULL, &name.into(), &detail.into());
    }
}

/// The clusters of a run, one or two.
fn clusters(lab: &dyn Lab) -> impl Iterator<Item = &dyn Lab> {
    std::iter::once(lab).chain(lab.beside())
}
