//! The space–time diagram: what part of it is shown, and how the reader moves through it.
//!
//! It is drawn outside Yew, when the browser paints: to pan is to draw, and nothing else.

mod pen;

use conclave::scene::spacetime::{Hit, LEAST_SPAN, Seen, Subject, View, draw, hit};
use conclave::scene::{Lab, Scene};
use conclave::sim::Micros;
use conclave::text::say;
use wasm_bindgen::prelude::*;
use web_sys::{
    AddEventListenerOptions, CanvasRenderingContext2d, Event, HtmlCanvasElement, KeyboardEvent,
    TouchEvent, WheelEvent,
};
use yew::prelude::*;

pub use pen::palette;

use super::browser::{self, Frames};
use super::{Dialog, Msg, Selection, Ui, button, clock};

/// How many steps are replayed for the diagram in one frame.
const BUDGET: u64 = 20_000;
/// What is shown at first.
const SPAN: Micros = Micros::from_millis(400);
/// How high a lane is, in pixels, where there is room.
const LANE: u32 = 46;
/// How high the whole diagram is at most, in pixels, and how high where time runs down.
const HIGHEST: u32 = 620;
const LONG: u32 = 460;
/// How far the pointer may move in a click.
const STILL: i32 = 4;

/// What is asked of the diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To be drawn when the browser paints next.
    Draw,
    /// To be drawn now.
    Paint,
    /// To show what is later by so many thousandths of the time shown, or earlier.
    Pan(i32),
    /// To show so many thousandths of the time shown; this part of it, in thousandths, stays put.
    Zoom(i32, Option<i32>),
    /// To show the whole run.
    Whole,
    /// To show the present moment.
    Here,
    /// To be dragged from here on.
    Grab,
    /// To follow the pointer by so many pixels.
    Drag(i32),
    /// To follow two fingers: where the middle between them is along time, and how far apart they are,
    /// in pixels.
    Pinch(i32, i32),
    /// To tell what is there, in pixels from its upper left corner.
    Pick(i32, i32),
}

/// The diagram.
pub struct Diagram {
    send: Callback<Msg>,
    canvas: NodeRef,
    told: NodeRef,
    wired: Option<(HtmlCanvasElement, CanvasRenderingContext2d)>,
    from: Micros,
    span: Micros,
    /// Whether the view goes along with the present.
    follows: bool,
    /// What was the present when it was drawn last.
    now: Micros,
    /// How far the pointer was moved since it went down.
    dragged: i32,
    /// Where two fingers were last, as in [`Ask::Pinch`].
    pinched: Option<(i32, i32)>,
    frames: Frames,
    requested: bool,
    on_hand: Closure<dyn FnMut(Event)>,
}

impl Diagram {
    /// A diagram that is not shown yet.
    pub fn new(send: &Callback<Msg>) -> Self {
        let frames = Frames::new({
            let send = send.clone();
            move |_| send.emit(Msg::Diagram(Ask::Paint))
        });
        let on_hand = {
            let send = send.clone();
            Closure::new(move |event: Event| {
                let asked = match event.dyn_ref::<WheelEvent>() {
                    Some(event) => wheel(event),
                    None => {
                        if event.type_() == "touchstart" {
                            send.emit(Msg::Diagram(Ask::Grab));
                        }
                        pinch(event.unchecked_ref())
                    }
                };
                if let Some(ask) = asked {
                    // While the page scrolls, nobody may stop it.
                    if event.cancelable() {
                        event.prevent_default();
                    }
                    send.emit(Msg::Diagram(ask));
                }
            })
        };
        Self {
            send: send.clone(),
            canvas: NodeRef::default(),
            told: NodeRef::default(),
            wired: None,
            from: Micros(0),
            span: SPAN,
            follows: true,
            now: Micros(0),
            dragged: 0,
            pinched: None,
            frames,
            requested: false,
            on_hand,
        }
    }

    /// Takes the canvas that Yew has just made or kept.
    fn attach(&mut self) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
        let canvas: HtmlCanvasElement = self.canvas.cast()?;
        if self.wired.as_ref().is_none_or(|(known, _)| *known != canvas) {
            let paint = canvas.get_context("2d").ok()??.dyn_into().ok()?;
            let options = AddEventListenerOptions::new();
            options.set_passive(false);
            let function = self.on_hand.as_ref().unchecked_ref();
            for name in ["wheel", "touchstart", "touchmove"] {
                canvas
                    .add_event_listener_with_callback_and_add_event_listener_options(
                        name, function, &options,
                    )
                    .ok()?;
            }
            self.wired = Some((canvas, paint));
        }
        self.wired.clone()
    }

    /// Draws when the browser paints next, however often it is asked for until then.
    pub fn request(&mut self) {
        if !self.requested {
            self.requested = true;
            self.frames.request();
        }
    }

    /// The browser paints: what was asked for is drawn now.
    pub fn painted(&mut self) {
        self.requested = false;
    }

    /// Changes what is shown, and has it drawn.
    pub fn ask(&mut self, ask: Ask, lab: &dyn Lab) {
        let end = lab.tree().current().end.at;
        let thousandths = |part: i32| self.span.0 as i64 * i64::from(part) / 1_000;
        match ask {
            Ask::Draw | Ask::Paint | Ask::Pick(..) => {}
            Ask::Pan(part) => self.from = shift(self.from, thousandths(part)),
            Ask::Zoom(part, fixed) => {
                let present = lab.now().since(self.from).0 * 1_000 / self.span.0.max(1);
                let fixed = fixed.unwrap_or(if present <= 1_000 { present as i32 } else { 500 });
                let longest = (end.0 + end.0 / 10).max(SPAN.0);
                let span = (thousandths(part) as u64).clamp(LEAST_SPAN.0, longest);
                let less = self.span.0 as i64 - span as i64;
                self.from = shift(self.from, less * i64::from(fixed) / 1_000);
                self.span = Micros(span);
            }
            Ask::Whole => {
                (self.from, self.span) = (Micros(0), (end + Micros(end.0 / 50)).max(SPAN))
            }
            Ask::Here => self.centre(lab.now()),
            Ask::Grab => (self.dragged, self.pinched) = (0, None),
            Ask::Drag(pixels) => {
                self.dragged += pixels.abs();
                let (length, _) = self.length();
                self.from = shift(self.from, thousandths(-pixels * 1_000 / length));
            }
            Ask::Pinch(middle, apart) => {
                if let Some((fixed, before)) = self.pinched.replace((middle, apart)) {
                    let (length, _) = self.length();
                    let part = before * 1_000 / apart.max(1);
                    self.ask(Ask::Zoom(part, Some(fixed * 1_000 / length)), lab);
                    self.ask(Ask::Drag(middle - fixed), lab);
                }
            }
        }
        self.from = self.from.min(end);
        self.follows = match ask {
            Ask::Pan(_) | Ask::Drag(_) | Ask::Whole => false,
            Ask::Here => true,
            _ => self.follows,
        };
        self.request();
    }

    /// What is at a spot; nothing at the end of a drag.
    pub fn pick(&self, lab: &mut dyn Lab, x: i32, y: i32) -> Option<Hit> {
        let view = self.view()?;
        (self.dragged <= STILL).then(|| hit(lab.trace(BUDGET), &view, x, y))
    }

    fn centre(&mut self, now: Micros) {
        self.from = now.since(Micros(self.span.0 / 4 * 3));
    }

    /// How far time reaches, in pixels, and whether it runs down.
    fn length(&self) -> (i32, bool) {
        let Some((canvas, _)) = &self.wired else { return (1, false) };
        let down = !browser::is_wide(canvas);
        let size = if down { canvas.client_height() } else { canvas.client_width() };
        (size.max(1), down)
    }

    /// What part is shown, once there is a canvas.
    pub fn view(&self) -> Option<View> {
        let (canvas, _) = self.wired.as_ref()?;
        let (width, height) = (canvas.client_width() as u32, canvas.client_height() as u32);
        let (_, down) = self.length();
        Some(View { from: self.from, span: self.span, width, height, down })
    }

    /// Draws it. While the run is being read, or time passes, it is drawn again.
    pub fn draw(
        &mut self,
        ui: &Ui,
        lab: &mut dyn Lab,
        scene: &Scene,
        selection: Option<Selection>,
        playing: bool,
    ) {
        let Some((canvas, paint)) = self.attach() else { return };
        let now = lab.now();
        let away = now < self.from || now > self.from + self.span;
        if self.now != now && away && (self.follows || !playing) {
            self.centre(now);
        }
        self.now = now;
        let trace = lab.trace(BUDGET);
        let lanes = u32::from(trace.nodes()) + u32::from(trace.clients().min(4));
        let (_, down) = self.length();
        let height = if down { LONG } else { (24 + lanes * LANE).min(HIGHEST) };
        // Only a name that is not one can fail.
        let _ = canvas.style().set_property("height", &format!("{height}px"));
        let Some(view) = self.view() else { return };
        let ratio = browser::window().device_pixel_ratio();
        let pixels = |length: u32| (f64::from(length) * ratio) as u32;
        let (width, height) = (pixels(view.width), pixels(view.height));
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        let _ = paint.set_transform(ratio / 10.0, 0.0, 0.0, ratio / 10.0, 0.0, 0.0);
        paint.set_font("115px system-ui, sans-serif");
        let palette = palette(&canvas);
        let words = words(ui, scene);
        let Some(subject) = subject(lab, &words, selection) else { return };
        let seen = draw(&subject, &view, &mut pen::Brush { paint: &paint, palette: &palette });
        let label = label(ui, &view, seen);
        let _ = canvas.set_attribute("aria-label", &label);
        if let Some(told) = self.told.get() {
            let reading = (!lab.is_traced()).then(|| ui.say(say::spacetime::reading()));
            let dense = seen.merged.then(|| ui.say(say::spacetime::merged()));
            let more: Vec<_> = [Some(label.into()), dense, reading].into_iter().flatten().collect();
            told.set_text_content(Some(&more.join(" ")));
        }
        if !lab.is_traced() {
            self.request();
        }
    }
}

/// What a diagram says: the name of the number that counts leaderships, and what many clients are
/// called.
pub fn words(ui: &Ui, scene: &Scene) -> [AttrValue; 2] {
    [scene.nodes[0].face.epoch_name.clone(), say::stage::clients()].map(|phrase| ui.say(phrase))
}

/// What is to be drawn of a run that is traced.
pub fn subject<'a>(
    lab: &'a dyn Lab,
    [epoch_name, clients]: &'a [AttrValue; 2],
    selection: Option<Selection>,
) -> Option<Subject<'a>> {
    let (node, message) = match selection {
        Some(Selection::Node(node)) => (Some(node), None),
        Some(Selection::Message(message)) => (None, Some(message)),
        Some(Selection::Link(..)) | None => (None, None),
    };
    let (trace, beats, now) = (lab.traced()?, &lab.tree().current().beats, lab.now());
    Some(Subject { trace, beats, now, node, message, epoch_name, clients })
}

/// What can be seen, in a sentence.
pub fn label(ui: &Ui, view: &View, seen: Seen) -> String {
    let Seen { messages, lost, .. } = seen;
    let (from, to) = (clock(view.from), clock(view.from + view.span));
    ui.say(say::spacetime::seen(from, lost, messages, to)).to_string()
}

fn shift(moment: Micros, by: i64) -> Micros {
    Micros(moment.0.saturating_add_signed(by))
}

/// What the wheel asks for. Above a page that can be scrolled it scrolls, unless the diagram has the
/// focus or Ctrl is held.
fn wheel(event: &WheelEvent) -> Option<Ask> {
    let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
    let (dx, dy) = (event.delta_x(), event.delta_y());
    if event.shift_key() || dx.abs() > dy.abs() {
        let way = if dx == 0.0 { dy } else { dx };
        return Some(Ask::Pan(way.clamp(-400.0, 400.0) as i32));
    }
    let focused = canvas.parent_element().and_then(|view| view.matches(":focus").ok());
    if !event.ctrl_key() && focused != Some(true) {
        return None;
    }
    let down = !browser::is_wide(&canvas);
    let (place, length) = match down {
        true => (event.offset_y(), canvas.client_height()),
        false => (event.offset_x(), canvas.client_width()),
    };
    let factor = 1_000 + (dy * 2.0).clamp(-400.0, 600.0) as i32;
    Some(Ask::Zoom(factor, Some(place * 1_000 / length.max(1))))
}

/// What two fingers ask for. One scrolls the page.
fn pinch(event: &TouchEvent) -> Option<Ask> {
    let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
    let touches = event.touches();
    let (one, other) = (touches.get(0)?, touches.get(1)?);
    let (x, y) = (one.client_x() - other.client_x(), one.client_y() - other.client_y());
    let apart = f64::from(x * x + y * y).sqrt() as i32;
    let corner = canvas.get_bounding_client_rect();
    let middle = match browser::is_wide(&canvas) {
        true => (one.client_x() + other.client_x()) / 2 - corner.left() as i32,
        false => (one.client_y() + other.client_y()) / 2 - corner.top() as i32,
    };
    Some(Ask::Pinch(middle, apart))
}

/// What a key asks of the diagram that has the focus.
fn key(event: &KeyboardEvent) -> Option<Ask> {
    if event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || event.shift_key() && event.key() != "+"
    {
        return None;
    }
    Some(match event.key().as_str() {
        "ArrowLeft" | "ArrowUp" => Ask::Pan(-250),
        "ArrowRight" | "ArrowDown" => Ask::Pan(250),
        "+" | "=" => Ask::Zoom(500, None),
        "-" => Ask::Zoom(2_000, None),
        "0" => Ask::Whole,
        "Enter" => Ask::Here,
        _ => return None,
    })
}

/// The panel.
pub fn spacetime(ui: &Ui, diagram: &Diagram) -> Html {
    let ask = |ask| ui.on(Msg::Diagram(ask));
    let buttons = [
        (say::spacetime::earlier(), Ask::Pan(-500)),
        (say::spacetime::later(), Ask::Pan(500)),
        (say::spacetime::zoom_in(), Ask::Zoom(500, None)),
        (say::spacetime::zoom_out(), Ask::Zoom(2_000, None)),
        (say::spacetime::whole(), Ask::Whole),
        (say::spacetime::here(), Ask::Here),
    ];
    let send = &diagram.send;
    let onkeydown = {
        let send = send.clone();
        Callback::from(move |event: KeyboardEvent| {
            let Some(ask) = key(&event) else { return };
            event.prevent_default();
            event.stop_propagation();
            send.emit(Msg::Diagram(ask));
        })
    };
    let onclick = {
        let send = send.clone();
        Callback::from(move |event: MouseEvent| {
            send.emit(Msg::Diagram(Ask::Pick(event.offset_x(), event.offset_y())));
        })
    };
    let onmousemove = {
        let send = send.clone();
        Callback::from(move |event: MouseEvent| {
            let canvas = event.target_dyn_into::<HtmlCanvasElement>();
            if let (Some(canvas), 1) = (canvas, event.buttons()) {
                let down = !browser::is_wide(&canvas);
                let way = if down { event.movement_y() } else { event.movement_x() };
                send.emit(Msg::Diagram(Ask::Drag(way)));
            }
        })
    };
    html! {
        <div class="spacetime">
            <div class="pager" role="toolbar" aria-label={ui.say(say::spacetime::label())}>
                { for buttons.into_iter().map(|(label, what)| button(ui.say(label), "", ask(what))) }
                { button(ui.say(say::export::open()), "", ui.on(Msg::Dialog(Some(Dialog::Export)))) }
            </div>
            <div class="spacetime-view" role="group" tabindex="0" {onkeydown}
                aria-label={ui.say(say::spacetime::label())} aria-describedby="spacetime-help">
                <canvas class="inks" role="img" ref={diagram.canvas.clone()} {onclick} {onmousemove}
                    onmousedown={ask(Ask::Grab)} />
            </div>
            <p class="spacetime-told" ref={diagram.told.clone()}></p>
            <p class="legend" id="spacetime-help">{ ui.say(say::spacetime::help()) }</p>
        </div>
    }
}
