//! The run for other programs: the dialog that offers it, and the files.

use conclave::scene::export::{self, MOST_EVENTS, MOST_ROWS};
use conclave::scene::spacetime::View;
use conclave::scene::{Lab, Scene};
use conclave::sim::Micros;
use conclave::text::{Phrase, say};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlImageElement};
use yew::prelude::*;

use super::element::{all, el};
use super::spacetime::{self, Diagram};
use super::stage::layout::tenths;
use super::{Msg, Selection, Ui, browser, button, clock};

/// What can be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The stage as it is.
    FrameSvg,
    /// The same as pixels.
    FramePng,
    /// The space–time diagram, the part shown.
    Diagram,
    /// Events as JSON.
    Json,
    /// Events as CSV.
    Csv,
    /// Events as a sequence diagram.
    Mermaid,
    /// Events with vector clocks.
    Shiviz,
}

/// How a diagram is saved that has not been shown.
const UNSEEN: View = View {
    from: Micros(0),
    span: Micros::from_millis(400),
    width: 1_000,
    height: 400,
    down: false,
};

/// What the dialog offers.
pub fn choices(ui: &Ui, of: Option<Phrase>) -> Html {
    let choices = [
        (File::FrameSvg, say::export::frame_svg(), None),
        (File::FramePng, say::export::frame_png(), None),
        (File::Diagram, say::export::diagram(), None),
        (File::Mermaid, say::export::mermaid(), Some(MOST_ROWS)),
        (File::Shiviz, say::export::shiviz(), Some(MOST_EVENTS)),
        (File::Json, say::export::json(), Some(MOST_EVENTS)),
        (File::Csv, say::export::csv(), Some(MOST_EVENTS)),
    ];
    let choices = choices.into_iter().map(|(file, name, most)| {
        let most = most.map(|most| el("small").say(ui, say::export::most(most)));
        el("li").kid(button(ui.say(name), "", ui.on(Msg::Export(file)))).kids(most)
    });
    let print = el("li").kid(button(ui.say(say::print::open()), "", ui.on(Msg::Print)));
    all(vec![
        el("p").say(ui, say::export::about()).into(),
        of.map(|of| el("p").say(ui, say::export::of(of)).into()).unwrap_or_default(),
        el("ul").class("export inks").kids(choices).kid(print).into(),
    ])
}

/// An address as a QR code, if it is not too long for one.
pub fn code(ui: &Ui, address: &AttrValue) -> Html {
    let Some(code) = export::code(address) else {
        let sorry = say::share::no_code(address.len(), export::MOST_BYTES);
        return el("p").class("empty").say(ui, sorry).into();
    };
    let view_box = format!("0 0 {0} {0}", code.size).into();
    let names = &["class", "role", "aria-label", "viewBox", "shape-rendering"];
    let name = ui.say(say::share::code_name());
    el("svg")
        .attrs(names, vec!["code".into(), "img".into(), name, view_box, "crispEdges".into()])
        .kid(el("path").attrs(&["d"], vec![code.path.into()]))
        .into()
}

/// Offers a file for download.
pub fn save(
    file: File,
    ui: &Ui,
    page: &Element,
    lab: &mut dyn Lab,
    scene: &Scene,
    selection: Option<Selection>,
    diagram: &Diagram,
) -> Result<(), JsValue> {
    let (language, protocol, id) = (ui.language, ui.say(lab.title()), lab.protocol());
    let title = ui.say(say::stage::of(scene.nodes.len(), lab.title()));
    let (name, text) = match file {
        File::FrameSvg => ("cluster.svg", frame(page, &title)?.0),
        File::FramePng => return save_pixels(format!("{id}-cluster.png"), frame(page, &title)?),
        File::Json => ("events.json", export::json(&lab.story(MOST_EVENTS), language)),
        File::Csv => ("events.csv", export::csv(&lab.story(MOST_EVENTS), language)),
        File::Diagram => {
            while !lab.is_traced() {
                lab.trace(u64::MAX);
            }
            let view = diagram
                .view()
                .unwrap_or(View { from: lab.now().since(Micros::from_millis(300)), ..UNSEEN });
            let inks = page.query_selector(".inks")?.ok_or(JsValue::NULL)?;
            let palette = spacetime::palette(&inks);
            let title = format!("{protocol}: {}", ui.say(say::spacetime::label()));
            let words = spacetime::words(ui, scene);
            let subject = spacetime::subject(lab, &words, selection).ok_or(JsValue::NULL)?;
            let svg = export::svg(&subject, &view, &palette, &title);
            ("space-time.svg", svg)
        }
        File::Mermaid | File::Shiviz => {
            let most = if file == File::Mermaid { MOST_ROWS } else { MOST_EVENTS };
            let rows = lab.story(most);
            let head = say::export::head(rows.len(), most, &*protocol, clock(lab.now()));
            while !lab.is_traced() {
                lab.trace(u64::MAX);
            }
            let trace = lab.trace(0);
            match file {
                File::Mermaid => {
                    ("run.mmd", export::mermaid(&rows, trace, language, &ui.say(head)))
                }
                _ => ("run.shiviz.log", export::shiviz(&rows, trace, language)),
            }
        }
    };
    browser::save(&format!("{id}-{name}"), text.as_bytes())
}

/// What of a style an element of the stage needs to stand alone.
const STYLES: [&str; 13] = [
    "display",
    "fill",
    "font-family",
    "font-size",
    "font-weight",
    "opacity",
    "paint-order",
    "stroke",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-width",
    "text-anchor",
    "visibility",
];

/// The stage as an SVG that stands alone, and its size.
fn frame(page: &Element, title: &str) -> Result<(String, f64, f64), JsValue> {
    let missing = || JsValue::from_str("there is no stage");
    let stage = page.query_selector(&shown("svg"))?.ok_or_else(missing)?;
    let copy: Element = stage.clone_node_with_deep(true)?.unchecked_into();
    let (olds, news) = (stage.query_selector_all("*")?, copy.query_selector_all("*")?);
    for place in 0..olds.length() {
        let (Some(old), Some(new)) = (olds.get(place), news.get(place)) else { break };
        let new: Element = new.unchecked_into();
        let style = browser::window().get_computed_style(old.unchecked_ref())?;
        for name in STYLES {
            let value = style.as_ref().map(|style| style.get_property_value(name)).transpose()?;
            new.set_attribute(name, &value.unwrap_or_default())?;
        }
        new.remove_attribute("class")?;
    }
    let view_box = stage.unchecked_ref::<web_sys::SvgsvgElement>().view_box().base_val();
    let view_box = view_box.ok_or_else(missing)?;
    let (width, height) = (f64::from(view_box.width()), f64::from(view_box.height()));
    let make =
        |name| browser::document().create_element_ns(Some("http://www.w3.org/2000/svg"), name);
    let card = page.query_selector(".stage-card")?.ok_or_else(missing)?;
    let style = browser::window().get_computed_style(&card)?.ok_or_else(missing)?;
    let ground = make("rect")?;
    ground.set_attribute("fill", &style.get_property_value("background-color")?)?;
    place(&ground, 0.0, 0.0, width, height)?;
    copy.insert_before(&ground, copy.first_child().as_ref())?;
    let name = make("title")?;
    name.set_text_content(Some(title));
    copy.insert_before(&name, copy.first_child().as_ref())?;
    // The canvas fits over the stage as the view box fits into it.
    let swarm: HtmlCanvasElement =
        page.query_selector(&shown(".swarm"))?.ok_or_else(missing)?.unchecked_into();
    let (wide, high) = (f64::from(swarm.client_width()), f64::from(swarm.client_height()));
    if swarm.width() > 0 && wide > 0.0 && high > 0.0 {
        let scale = (wide / width).min(high / height);
        let (wide, high) = (wide / scale, high / scale);
        let image = make("image")?;
        image.set_attribute("href", &swarm.to_data_url()?)?;
        place(&image, (width - wide) / 2.0, (height - high) / 2.0, wide, high)?;
        copy.append_child(&image)?;
    }
    place(&copy, 0.0, 0.0, width, height)?;
    let text = web_sys::XmlSerializer::new()?.serialize_to_string(&copy)?;
    Ok((text, width, height))
}

/// Gives an element of an SVG its place and size.
fn place(element: &Element, x: f64, y: f64, width: f64, height: f64) -> Result<(), JsValue> {
    for (name, value) in [("x", x), ("y", y), ("width", width), ("height", height)] {
        element.set_attribute(name, &tenths(value))?;
    }
    Ok(())
}

/// Paints an SVG, twice as large, and offers that for download.
fn save_pixels(name: String, (svg, width, height): (String, f64, f64)) -> Result<(), JsValue> {
    let image = HtmlImageElement::new()?;
    let text = String::from(js_sys::encode_uri_component(&svg));
    image.set_src(&format!("data:image/svg+xml;charset=utf-8,{text}"));
    yew::platform::spawn_local(async move {
        let painted = async {
            wasm_bindgen_futures::JsFuture::from(image.decode()).await?;
            let canvas = browser::document().create_element("canvas")?;
            let canvas: HtmlCanvasElement = canvas.unchecked_into();
            let (wide, high) = (width * 2.0, height * 2.0);
            canvas.set_width(wide as u32);
            canvas.set_height(high as u32);
            let paint = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
            let paint: CanvasRenderingContext2d = paint.unchecked_into();
            paint.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, wide, high)?;
            browser::save_from(&name, &canvas.to_data_url()?)
        };
        if let Err(error) = painted.await {
            web_sys::console::error_1(&error);
        }
    });
    Ok(())
}

/// What is on the stage of the cluster that the panels speak of.
fn shown(what: &str) -> String {
    format!(".stage-card > .stage {what}, .chosen .stage {what}")
}
