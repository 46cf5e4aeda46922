//! The hub: the one place that owns the run and changes it.

mod update;
mod view;

use std::rc::Rc;

use conclave::protocols::catalog;
use conclave::scene::{EventRow, Lab, Scene, Window};
use conclave::sim::Recording;
use conclave::text::Phrase;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

use super::browser::{self, Frames};
use super::clients::Choice;
use super::dialogs::Draft;
use super::hooks;
use super::options::Options;
use super::spacetime::{Ask, Diagram};
use super::stage::Places;
use super::stage::layout::Layout;
use super::stage::motion::Motion;
use super::{Dialog, Msg, Selection, Tab, Ui};

/// How many columns the table of logs shows.
const LOG_COLUMNS: u64 = 12;
/// The least width of a wide stage, in CSS pixels.
pub const WIDE: &str = "(min-width: 640px)";

/// Something that the reader should know.
#[derive(Clone, PartialEq)]
struct Notice {
    id: u64,
    phrase: Phrase,
}

/// A cluster on its stage.
struct Shown {
    scene: Scene,
    layout: Layout,
    motion: Motion,
    places: Places,
}

/// The page.
pub struct Page {
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
    diagram: Diagram,
    frames: Frames,
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
        let session = catalog::begin(recording, options.beside.as_deref());
        let Ok((lab, _)) = session.and_then(catalog::resume) else {
            unreachable!("options are in their ranges")
        };
        let window = Window { first: None, columns: LOG_COLUMNS };
        let ui = Ui { language: options.language, send: ctx.link().callback(|msg| msg) };
        let frames = Frames::new({
            let send = ui.send.clone();
            move |clock| send.emit(Msg::Frame(clock))
        });
        let onscreen = Rc::new(std::cell::Cell::new(true));
        let mut page = Self {
            shown: Vec::new(),
            side: 0,
            rows: Vec::new(),
            playing: options.autoplay,
            speed: options.speed,
            _listeners: listen(&ui.send, &onscreen),
            diagram: Diagram::new(&ui.send),
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
            time: NodeRef::default(),
            dialog_element: NodeRef::default(),
            link: None,
        };
        page.set_stages();
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
        self.take(msg)
    }

    fn view(&self, _: &Context<Self>) -> Html {
        self.show()
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        for Shown { motion, places: Places { messages, canvas }, .. } in &mut self.shown {
            motion.attach(messages.cast(), canvas.cast());
        }
        if let Some(dialog) = self.dialog_element.cast::<web_sys::HtmlDialogElement>()
            && !dialog.open()
        {
            // Only an element that is not in the document refuses.
            let _ = dialog.show_modal();
        }
        self.draw(browser::clock());
        self.draw_diagram();
        self.mind_frames();
    }
}

/// The clusters of a run, one or two.
fn clusters(lab: &dyn Lab) -> impl Iterator<Item = &dyn Lab> {
    std::iter::once(lab).chain(lab.beside())
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
    let on_size = {
        let send = send.clone();
        Closure::<dyn FnMut(JsValue)>::new(move |_| send.emit(Msg::Diagram(Ask::Draw)))
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
    let _ = browser::window().add_event_listener_with_callback("resize", &function(&on_size));
    if let Ok(Some(query)) = browser::window().match_media(WIDE) {
        let _ = query.add_event_listener_with_callback("change", &function(&on_resize));
    }
    let root = browser::document().get_element_by_id("app");
    if let (Ok(observer), Some(root)) =
        (web_sys::IntersectionObserver::new(&function(&on_cross)), root)
    {
        observer.observe(&root);
    }
    vec![on_sight, on_resize, on_size, on_link, on_cross]
}
