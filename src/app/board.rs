//! The run on paper: some of its moments, what happened, and where to find it. It is there only while
//! the page is printed.

use conclave::scene::{Class, EventRow};
use conclave::sim::Micros;
use conclave::text::{Phrase, say};
use yew::prelude::*;

use super::element::{Element, column_head, el};
use super::page::Shown;
use super::{Ui, clock, export, stage};

/// The most events in the table.
pub const MOST_ROWS: usize = 40;

/// A moment of the run.
pub struct Picture {
    /// When it is.
    pub at: Micros,
    /// What the reader calls it.
    pub text: AttrValue,
    /// The clusters, one or two.
    pub shown: Vec<Shown>,
}

/// What is printed.
pub struct Board {
    /// The moments, in order.
    pub pictures: Vec<Picture>,
    /// Key events up to the present, in order.
    pub rows: Vec<EventRow>,
    /// A link to the present.
    pub link: Option<AttrValue>,
}

/// A run on paper, by the names of its protocols.
pub fn board(ui: &Ui, board: &Board, title: Phrase) -> Html {
    let link = board.link.iter().map(|link| {
        let text = el("p").text(link.clone());
        el("div").class("board-link").kid(export::code(ui, link)).kid(text)
    });
    let heads = [say::print::time(), say::print::event(), say::print::reason()];
    let heads = heads.map(|head| column_head().say(ui, head));
    let table = el("table")
        .kid(el("caption").say(ui, say::print::events(MOST_ROWS)))
        .kid(el("thead").kid(el("tr").kids(heads)))
        .kid(el("tbody").kids(board.rows.iter().map(|row| event(ui, row))));
    el("main")
        .class("board")
        .kid(el("h1").say(ui, title))
        .kid(
            el("div")
                .class("board-pictures")
                .kids(board.pictures.iter().map(|each| picture(ui, each))),
        )
        .kid(table)
        .kids(link)
        .into()
}

fn picture(ui: &Ui, Picture { at, text, shown }: &Picture) -> Element {
    let caption = el("figcaption")
        .kid(el("strong").text(clock(*at).into()))
        .text(" ".into())
        .text(text.clone())
        .kids(shown.iter().map(|shown| el("p").say(ui, shown.scene.summary.clone())));
    let stages = shown.iter().map(|Shown { scene, layout, places, .. }| {
        let label = ui.say(say::stage::label(scene.nodes.len()));
        stage::stage(ui, label, scene, layout, None, places)
    });
    el("figure").kids(stages).kid(caption)
}

fn event(ui: &Ui, row: &EventRow) -> Element {
    let reasons = row.reasons.iter().filter(|reason| reason.key || row.class == Class::Person);
    let reasons = reasons.map(|reason| el("span").say(ui, reason.phrase.clone()).text(" ".into()));
    el("tr")
        .kid(el("td").text(clock(row.at).into()))
        .kid(el("td").say(ui, row.title.clone()))
        .kid(el("td").kids(reasons))
}
