//! A pen that draws on a canvas.

use conclave::scene::export::Palette;
use conclave::scene::spacetime::{Ink, Pen, Spot};
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Element};

use crate::app::browser;
use crate::app::stage::motion::EPOCHS;

/// The colours of an element of the class `inks`, as the browser makes them of theme and contrast.
pub fn palette(element: &Element) -> Palette {
    let style = browser::window().get_computed_style(element).ok().flatten();
    let properties = [
        "background-color",
        "caret-color",
        "text-decoration-color",
        "color",
        "outline-color",
        "column-rule-color",
        "text-emphasis-color",
    ];
    let inks = properties.map(|property| {
        let value = style.as_ref().and_then(|style| style.get_property_value(property).ok());
        value.unwrap_or_default()
    });
    Palette { inks, epochs: EPOCHS }
}

/// A canvas whose unit is a tenth of a pixel.
pub struct Brush<'a> {
    /// Where it draws.
    pub paint: &'a CanvasRenderingContext2d,
    /// What with.
    pub palette: &'a Palette,
}

impl Pen for Brush<'_> {
    fn begin(&mut self, ink: Ink, width: i64, dashed: bool) {
        let dashes = match dashed {
            true => Array::of2(&JsValue::from(50), &JsValue::from(40)),
            false => Array::new(),
        };
        // Only what is not a list of numbers is refused.
        let _ = self.paint.set_line_dash(&dashes);
        self.paint.set_stroke_style_str(self.palette.of(ink));
        self.paint.set_line_width(width as f64);
        self.paint.begin_path();
    }

    fn line(&mut self, from: Spot, to: Spot) {
        self.paint.move_to(from.x as f64, from.y as f64);
        self.paint.line_to(to.x as f64, to.y as f64);
    }

    fn end(&mut self) {
        self.paint.stroke();
    }

    fn fill(&mut self, ink: Ink, faint: bool, from: Spot, to: Spot) {
        self.paint.set_global_alpha(if faint { 0.6 } else { 1.0 });
        self.paint.set_fill_style_str(self.palette.of(ink));
        let (width, height) = ((to.x - from.x).max(0), (to.y - from.y).max(0));
        self.paint.fill_rect(from.x as f64, from.y as f64, width as f64, height as f64);
        self.paint.set_global_alpha(1.0);
    }

    fn write(&mut self, ink: Ink, centred: bool, at: Spot, text: &str) {
        self.paint.set_text_align(if centred { "center" } else { "left" });
        self.paint.set_fill_style_str(self.palette.of(ink));
        // A text that cannot be drawn is no reason to stop.
        let _ = self.paint.fill_text(text, at.x as f64, at.y as f64);
    }
}
