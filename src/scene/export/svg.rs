//! The space–time diagram as an SVG that stands alone.

use super::put;
use crate::scene::spacetime::{Ink, Pen, Spot, Subject, View, draw};

/// What the inks of a diagram are, as CSS colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// [`Ink::Ground`], [`Ink::Line`], [`Ink::Soft`], [`Ink::Plain`], [`Ink::Accent`], [`Ink::Bad`],
    /// [`Ink::Good`].
    pub inks: [String; 7],
    /// The six colours of epochs.
    pub epochs: [&'static str; 6],
}

impl Palette {
    /// The colour of an ink.
    pub fn of(&self, ink: Ink) -> &str {
        let [ground, line, soft, plain, accent, bad, good] = &self.inks;
        match ink {
            Ink::Ground => ground,
            Ink::Line => line,
            Ink::Soft => soft,
            Ink::Plain => plain,
            Ink::Accent => accent,
            Ink::Bad => bad,
            Ink::Good => good,
            Ink::Epoch(colour) => self.epochs[usize::from(colour)],
        }
    }
}

/// The diagram, with a title for those who do not see it.
pub fn svg(subject: &Subject<'_>, view: &View, palette: &Palette, title: &str) -> String {
    let mut out = String::new();
    let [width, height] = [view.width, view.height].map(|size| size.to_string());
    put(
        &mut out,
        &[
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"",
            &width,
            "\" height=\"",
            &height,
            // In tenths of a pixel.
            "\" viewBox=\"0 0 ",
            &width,
            "0 ",
            &height,
            "0\" font-family=\"system-ui, sans-serif\" font-size=\"115\"><title>",
        ],
    );
    escape(title, &mut out);
    out.push_str("</title>\n");
    draw(subject, view, &mut Svg { out: &mut out, palette });
    out.push_str("</svg>\n");
    out
}

/// A pen that writes elements, in tenths of a pixel as they come.
struct Svg<'a> {
    out: &'a mut String,
    palette: &'a Palette,
}

impl Svg<'_> {
    /// Attributes that are numbers.
    fn numbers(&mut self, attributes: &[(&str, i64)]) {
        for (name, value) in attributes {
            put(self.out, &[" ", name, "=\"", &value.to_string(), "\""]);
        }
    }

    /// Attributes that are texts.
    fn texts(&mut self, attributes: &[(&str, &str)]) {
        for (name, value) in attributes {
            put(self.out, &[" ", name, "=\"", value, "\""]);
        }
    }
}

impl Pen for Svg<'_> {
    fn begin(&mut self, ink: Ink, width: i64, dashed: bool) {
        self.out.push_str("<path fill=\"none\"");
        self.numbers(&[("stroke-width", width)]);
        self.texts(&[("stroke", self.palette.of(ink))]);
        if dashed {
            self.texts(&[("stroke-dasharray", "50 40")]);
        }
        self.out.push_str(" d=\"");
    }

    fn line(&mut self, from: Spot, to: Spot) {
        for (sign, spot) in [("M", from), ("L", to)] {
            put(self.out, &[sign, &spot.x.to_string(), " ", &spot.y.to_string()]);
        }
    }

    fn end(&mut self) {
        self.out.push_str("\"/>\n");
    }

    fn fill(&mut self, ink: Ink, faint: bool, from: Spot, to: Spot) {
        self.out.push_str("<rect");
        let (width, height) = ((to.x - from.x).max(0), (to.y - from.y).max(0));
        self.numbers(&[("x", from.x), ("y", from.y), ("width", width), ("height", height)]);
        let opacity = if faint { "0.6" } else { "1" };
        self.texts(&[("fill", self.palette.of(ink)), ("fill-opacity", opacity)]);
        self.out.push_str("/>\n");
    }

    fn write(&mut self, ink: Ink, centred: bool, at: Spot, text: &str) {
        self.out.push_str("<text");
        self.numbers(&[("x", at.x), ("y", at.y)]);
        let anchor = if centred { "middle" } else { "start" };
        self.texts(&[("fill", self.palette.of(ink)), ("text-anchor", anchor)]);
        self.out.push('>');
        escape(text, self.out);
        self.out.push_str("</text>\n");
    }
}

/// Writes a text so that XML and HTML take it for a text, in an attribute, too. What XML cannot hold at all is left out.
pub fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(' '),
            ..' ' | '\u{fffe}' | '\u{ffff}' => {}
            letter => out.push(letter),
        }
    }
}
