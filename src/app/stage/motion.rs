//! What moves with time: messages along their links, and the arcs of timers. Once a frame, outside
//! Yew, with no text formatted and no element made that is not needed.
//!
//! Up to [`FEW`] messages are SVG glyphs from a pool, each moved by one call on a transform that is
//! kept. More are drawn on a canvas above the stage.

use std::collections::VecDeque;

use conclave::scene::{Epoch, Flight, GLYPHS, Glyph, Node, Scene, Wreck};
use conclave::sim::{MessageId, Micros};
use wasm_bindgen::prelude::*;
use web_sys::{
    CanvasRenderingContext2d, Element, HtmlCanvasElement, SvgGraphicsElement, SvgTransform,
};

use super::layout::{Layout, Point, tenths};
use crate::app::{browser, epoch_class};

/// The most messages that are SVG glyphs.
const FEW: usize = 400;
/// How long the place where a message was lost is shown, in milliseconds of the reader's.
const MOURNING: f64 = 900.0;
/// The six colours of epochs, as in the style sheet; they hold on light and on dark.
pub const EPOCHS: [&str; 6] = ["#615cc6", "#c97674", "#7d9204", "#97586f", "#5a7046", "#2a8f97"];
/// The colour of what belongs to no epoch.
const NEUTRAL: &str = "#7a7f87";

/// What moves.
#[derive(Default)]
pub struct Motion {
    group: Option<Element>,
    canvas: Option<HtmlCanvasElement>,
    paint: Option<CanvasRenderingContext2d>,
    pool: Vec<Slot>,
    arcs: Vec<Arc>,
    flights: Vec<Flight>,
    wrecks: VecDeque<(Wreck, f64)>,
    /// Whether things step instead of glide.
    still: bool,
    /// Whether the canvas has something on it.
    painted: bool,
}

/// A glyph of the pool.
struct Slot {
    element: Element,
    shape: Element,
    transform: SvgTransform,
    shown: Option<(MessageId, Glyph, Epoch, Mood)>,
}

/// What becomes of a message that is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Moving,
    Selected,
    Lost,
}

/// A timer's arc.
struct Arc {
    element: Element,
    node: usize,
}

impl Motion {
    /// Nothing yet. When `still`, things step instead of glide.
    pub fn new(still: bool) -> Self {
        Self { still, ..Self::default() }
    }

    /// Lets things step instead of glide, or glide.
    pub fn set_still(&mut self, still: bool) {
        self.still = still;
    }

    /// Takes the elements that Yew has just made or kept.
    pub fn attach(&mut self, group: Option<Element>, canvas: Option<HtmlCanvasElement>) {
        if self.group != group {
            self.pool.clear();
            self.group = group;
        }
        if self.canvas != canvas {
            let context =
                canvas.as_ref().and_then(|canvas| canvas.get_context("2d").ok().flatten());
            self.paint = context.and_then(|context| context.dyn_into().ok());
            self.canvas = canvas;
        }
        self.arcs.clear();
        let stage = self.group.as_ref().and_then(|group| group.closest("svg").ok().flatten());
        let found = stage.and_then(|stage| stage.query_selector_all("[data-arc]").ok());
        let Some(found) = found else { return };
        for place in 0..found.length() {
            let element = found.get(place).and_then(|node| node.dyn_into::<Element>().ok());
            let Some(element) = element else { continue };
            let node = element.get_attribute("data-arc").and_then(|node| node.parse().ok());
            self.arcs.extend(node.map(|node| Arc { element, node }));
        }
    }

    /// Remembers where messages were lost.
    pub fn mourn(&mut self, wrecks: Vec<Wreck>, clock: f64) {
        self.wrecks.extend(wrecks.into_iter().map(|wreck| (wreck, clock)));
        while self.wrecks.len() > 64 {
            self.wrecks.pop_front();
        }
    }

    /// The list that flights are put into before a frame.
    pub fn flights(&mut self) -> &mut Vec<Flight> {
        &mut self.flights
    }

    /// Draws a frame: messages, wrecks and arcs as they are at a moment.
    pub fn draw(
        &mut self,
        scene: &Scene,
        layout: &Layout,
        now: Micros,
        selected: Option<MessageId>,
        clock: f64,
    ) {
        while self.wrecks.front().is_some_and(|(_, since)| clock - since > MOURNING) {
            self.wrecks.pop_front();
        }
        if self.flights.len() > FEW {
            self.hide_pool(0);
            self.paint(layout, now);
        } else {
            self.clear_canvas();
            self.place(layout, now, selected);
        }
        self.turn_arcs(scene, now);
    }

    /// Moves the glyphs of the pool.
    fn place(&mut self, layout: &Layout, now: Micros, selected: Option<MessageId>) {
        let Some(group) = self.group.clone() else { return };
        let flights = std::mem::take(&mut self.flights);
        let mut used = 0;
        for flight in &flights {
            let mood = if Some(flight.id) == selected { Mood::Selected } else { Mood::Moving };
            let part = if self.still { 0.5 } else { flight.progress(now) };
            let point = layout.flight(flight.from, flight.to, part);
            let look = (flight.id, flight.glyph, flight.epoch, mood);
            used += usize::from(self.show(&group, used, look, point));
        }
        for place in 0..self.wrecks.len() {
            let (wreck, _) = self.wrecks[place];
            let point = layout.flight(wreck.from, wreck.to, wreck.progress);
            let look = (wreck.id, Glyph::No, Epoch::default(), Mood::Lost);
            used += usize::from(self.show(&group, used, look, point));
        }
        self.flights = flights;
        self.hide_pool(used);
    }

    /// Puts a glyph of the pool somewhere; tells whether there is one to be had.
    fn show(
        &mut self,
        group: &Element,
        place: usize,
        look: (MessageId, Glyph, Epoch, Mood),
        at: Point,
    ) -> bool {
        if place == self.pool.len() {
            let Some(slot) = Slot::new(group) else { return false };
            self.pool.push(slot);
        }
        let slot = &mut self.pool[place];
        slot.dress(look);
        // Only a transform list that another script changed can refuse.
        slot.transform.set_translate(at.x as f32, at.y as f32).is_ok()
    }

    fn hide_pool(&mut self, from: usize) {
        for slot in self.pool.iter_mut().skip(from) {
            if slot.shown.take().is_some() {
                let _ = slot.element.set_attribute("display", "none");
            }
        }
    }

    /// Lets each arc show how much of its timer is left, on one scale for all.
    fn turn_arcs(&self, scene: &Scene, now: Micros) {
        let drawn = |node: &Node| {
            let timer = node.timers.iter().find(|timer| timer.drawn)?;
            Some((timer.set, timer.due))
        };
        let spans = scene.nodes.iter().filter_map(drawn).map(|(set, due)| due.since(set).0);
        let longest = spans.max().unwrap_or(1).max(1) as f64;
        for arc in &self.arcs {
            let left = match scene.nodes.get(arc.node).and_then(drawn) {
                Some((_, due)) => due.since(now).0 as f64 / longest * 100.0,
                None => 0.0,
            };
            let left = if self.still { (left / 12.5).ceil() * 12.5 } else { left };
            let dashes = format!("{} 200", tenths(left));
            let _ = arc.element.set_attribute("stroke-dasharray", &dashes);
        }
    }

    fn clear_canvas(&mut self) {
        if let (true, Some(canvas), Some(paint)) = (self.painted, &self.canvas, &self.paint) {
            paint.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok();
            paint.clear_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
            self.painted = false;
        }
    }

    /// Draws all messages on the canvas: one path for each colour and glyph.
    fn paint(&mut self, layout: &Layout, now: Micros) {
        self.clear_canvas();
        let (Some(canvas), Some(paint)) = (&self.canvas, &self.paint) else { return };
        let ratio = browser::window().device_pixel_ratio();
        let (wide, high) = (canvas.client_width(), canvas.client_height());
        let (width, height) = ((f64::from(wide) * ratio) as u32, (f64::from(high) * ratio) as u32);
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        // The view box fits into the canvas as it does into the SVG: whole, in the middle.
        let scale = (f64::from(width) / layout.width).min(f64::from(height) / layout.height);
        let left = (f64::from(width) - layout.width * scale) / 2.0;
        let top = (f64::from(height) - layout.height * scale) / 2.0;
        let _ = paint.set_transform(scale, 0.0, 0.0, scale, left, top);
        let colour_of = |flight: &Flight| flight.epoch.colour().map_or(EPOCHS.len(), usize::from);
        for (number, colour) in EPOCHS.iter().chain([&NEUTRAL]).enumerate() {
            paint.set_fill_style_str(colour);
            for glyph in GLYPHS {
                let mut some = false;
                for flight in &self.flights {
                    if flight.glyph != glyph || colour_of(flight) != number {
                        continue;
                    }
                    if !some {
                        paint.begin_path();
                        some = true;
                    }
                    let at = layout.flight(flight.from, flight.to, flight.progress(now));
                    trace(paint, glyph, at);
                }
                if some {
                    paint.fill();
                }
            }
        }
        self.painted = true;
    }
}

/// Adds a glyph to the canvas's path, a little simpler than its SVG.
fn trace(paint: &CanvasRenderingContext2d, glyph: Glyph, Point { x, y }: Point) {
    let polygon = |points: &[(f64, f64)]| {
        for (place, (dx, dy)) in points.iter().enumerate() {
            if place == 0 { paint.move_to(x + dx, y + dy) } else { paint.line_to(x + dx, y + dy) }
        }
        paint.close_path();
    };
    match glyph {
        Glyph::Ballot => polygon(&[(0.0, -5.0), (5.0, 4.0), (-5.0, 4.0)]),
        Glyph::Entries | Glyph::Snapshot => {
            polygon(&[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)])
        }
        Glyph::No => polygon(&[(-5.0, -2.0), (5.0, -2.0), (5.0, 2.0), (-5.0, 2.0)]),
        Glyph::Request | Glyph::Answer => {
            polygon(&[(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)]);
        }
        Glyph::Yes | Glyph::Heartbeat | Glyph::Ack => {
            let radius = if glyph == Glyph::Yes { 5.0 } else { 3.0 };
            paint.rect(x - radius, y - radius * 0.7, radius * 2.0, radius * 1.4);
        }
    }
}

/// The outline of a glyph, about the origin.
pub fn outline(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Ballot => "M0-10L10 8H-10Z",
        Glyph::Yes => "M0-9A9 9 0 1 1 0 9A9 9 0 1 1 0-9ZM-4.5 0L-1.2 3.8L4.5-3.5",
        Glyph::No => "M0-9A9 9 0 1 1 0 9A9 9 0 1 1 0-9ZM-3.5-3.5L3.5 3.5M3.5-3.5L-3.5 3.5",
        Glyph::Entries => "M-11-7H11V7H-11ZM-4-7V7M4-7V7",
        Glyph::Snapshot => "M-9-9H5L9-5V9H-9ZM-5-1H5M-5 4H5",
        Glyph::Heartbeat => "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z",
        Glyph::Ack => "M0-6.5A6.5 6.5 0 1 1 0 6.5A6.5 6.5 0 1 1 0-6.5ZM-3 0L-.8 2.5L3-2.2",
        Glyph::Request => "M0-10L10 0L0 10L-10 0Z",
        Glyph::Answer => "M0-10L10 0L0 10L-10 0ZM-5 0L5 0",
    }
}

/// The class of a glyph.
pub fn glyph_class(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Ballot => "glyph ballot",
        Glyph::Yes => "glyph yes",
        Glyph::No => "glyph no",
        Glyph::Entries => "glyph entries",
        Glyph::Snapshot => "glyph entries",
        Glyph::Heartbeat => "glyph heartbeat",
        Glyph::Ack => "glyph ack",
        Glyph::Request => "glyph request",
        Glyph::Answer => "glyph answer",
    }
}

impl Slot {
    fn new(group: &Element) -> Option<Self> {
        let document = browser::document();
        let make = |name| document.create_element_ns(Some("http://www.w3.org/2000/svg"), name).ok();
        let (element, hit, shape) = (make("g")?, make("circle")?, make("path")?);
        hit.set_attribute("r", "14").ok()?;
        hit.set_attribute("class", "hit").ok()?;
        element.append_child(&hit).ok()?;
        element.append_child(&shape).ok()?;
        element.set_attribute("transform", "translate(0 0)").ok()?;
        group.append_child(&element).ok()?;
        let graphics = element.clone().dyn_into::<SvgGraphicsElement>().ok()?;
        let transform = graphics.transform().base_val().get_item(0).ok()?;
        Some(Self { element, shape, transform, shown: None })
    }

    /// Gives the glyph the looks of a message, if it has others.
    fn dress(&mut self, look: (MessageId, Glyph, Epoch, Mood)) {
        if self.shown == Some(look) {
            return;
        }
        let (id, glyph, epoch, mood) = look;
        let (outline, class) = match mood {
            Mood::Lost => ("M-6-6L6 6M6-6L-6 6", "glyph lost".to_owned()),
            Mood::Moving => {
                (outline(glyph), format!("{} {}", glyph_class(glyph), epoch_class(epoch)))
            }
            Mood::Selected => {
                (outline(glyph), format!("{} {} selected", glyph_class(glyph), epoch_class(epoch)))
            }
        };
        let set = |element: &Element, name, value: &str| {
            // Only a name that is not one can fail.
            let _ = element.set_attribute(name, value);
        };
        set(&self.element, "class", &class);
        set(&self.shape, "d", outline);
        if mood == Mood::Lost {
            let _ = self.element.remove_attribute("data-message");
        } else {
            set(&self.element, "data-message", &id.0.to_string());
        }
        if self.shown.is_none() {
            let _ = self.element.remove_attribute("display");
        }
        self.shown = Some(look);
    }
}
