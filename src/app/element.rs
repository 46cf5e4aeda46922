//! Elements, built by calls: `html!` expands to many times the code of a call.

use std::rc::Rc;

pub use AttributeOrProperty::Static as Is;
use conclave::text::{Phrase, say};
use web_sys::HtmlInputElement;
use yew::html::{onchange, onclick};
use yew::prelude::*;
use yew::virtual_dom::{AttributeOrProperty, Attributes, Key, Listener, VList, VTag, VText};

use super::{Msg, Ui};

/// An element that is being built.
pub struct Element(Rc<VTag>);

/// An element without attributes and children.
#[inline(never)]
pub fn el(name: &'static str) -> Element {
    Element(Rc::new(VTag::new(name)))
}

/// Several elements without one around them.
#[inline(never)]
pub fn all(parts: Vec<Html>) -> Html {
    VList::with_children(parts, None).into()
}

/// The head of a column.
#[inline(never)]
pub fn column_head() -> Element {
    el("th").fixed(&[("scope", Is("col"))])
}

/// The head of a row.
#[inline(never)]
pub fn row_head() -> Element {
    el("th").fixed(&[("scope", Is("row"))])
}

/// A card with a heading, which names it.
#[inline(never)]
pub fn card(ui: &Ui, id: &'static str, title: Phrase) -> Element {
    card_of(id, heading(ui, id, title, None))
}

/// A card with a heading that is made already.
#[inline(never)]
pub fn card_of(id: &'static str, heading: Element) -> Element {
    el("section").attrs(&["class", "aria-labelledby"], vec!["card".into(), id.into()]).kid(heading)
}

/// The heading of a card, perhaps with what the card comes to. Where cards fold, it is the button
/// that does it.
#[inline(never)]
pub fn heading(ui: &Ui, id: &'static str, title: Phrase, badge: Option<Element>) -> Element {
    let heading = el("h2").attrs(&["id"], vec![id.into()]);
    let Some(unfolded) = ui.unfolded else { return heading.say(ui, title).kids(badge) };
    let open = unfolded == id;
    let fold = el("button")
        .attrs(&["type", "aria-expanded"], vec!["button".into(), open.to_string().into()])
        .on_click(ui, Msg::Unfold(if open { "" } else { id }));
    heading.kid(fold.say(ui, title).kids(badge))
}

/// A field of a form, with its label before it.
#[inline(never)]
pub fn field(class: &'static str, id: &'static str, label: AttrValue, field: Html) -> Element {
    let label = el("label").attrs(&["for"], vec![id.into()]).text(label);
    el("div").class(class).kid(label).kid(field)
}

/// What can be chosen in a `<select>`.
#[inline(never)]
pub fn option(value: AttrValue, label: AttrValue, selected: bool) -> Html {
    let option = el("option").attrs_if(&["value", "selected"], vec![value, "".into()], selected);
    option.text(label).into()
}

/// Several things to choose one from.
#[inline(never)]
pub fn select(id: &'static str, options: Vec<Html>, onchange: Callback<Event>) -> Html {
    el("select")
        .attrs(&["id"], vec![id.into()])
        .listen(Rc::new(onchange::Wrapper::new(onchange)))
        .kids(options)
        .into()
}

/// A box to tick, with its label behind it.
#[inline(never)]
pub fn check(label: AttrValue, on: bool, turn: Rc<dyn Fn(bool)>) -> Element {
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        turn(input.checked());
    });
    let tick = html! { <input type="checkbox" checked={on} {onchange} /> };
    el("label").class("check").kid(tick).text(label)
}

/// What names mean, folded: for readers who cannot rest a pointer on them.
#[inline(never)]
pub fn meanings(ui: &Ui, names: Vec<(AttrValue, Phrase)>) -> Element {
    let names = names.into_iter().map(|(name, meaning)| {
        let name = el("dt").text(name);
        el("div").class("field").kid(name).kid(el("dd").say(ui, meaning))
    });
    el("details")
        .class("meanings")
        .kid(el("summary").say(ui, say::page::meanings()))
        .kid(el("dl").kids(names))
}

/// The button that takes away what it stands in.
#[inline(never)]
pub fn dismiss(ui: &Ui, label: Phrase, msg: Msg) -> Element {
    el("button")
        .attrs(
            &["type", "class", "aria-label"],
            vec!["button".into(), "dismiss".into(), ui.say(label)],
        )
        .on_click(ui, msg)
        .text("✕".into())
}

impl Element {
    /// Gives it a class that does not change.
    #[inline(never)]
    pub fn class(self, class: &'static str) -> Self {
        self.attrs(&["class"], vec![class.into()])
    }

    /// Gives it these attributes, in place of all that it has.
    #[inline(never)]
    pub fn attrs(mut self, names: &'static [&'static str], values: Vec<AttrValue>) -> Self {
        let values = values.into_iter().map(|value| Some(AttributeOrProperty::Attribute(value)));
        self.tag().attributes = Attributes::Dynamic { keys: names, values: values.collect() };
        self
    }

    /// Gives it these attributes, in place of all that it has; the last only where it is to be there.
    #[inline(never)]
    pub fn attrs_if(
        self,
        names: &'static [&'static str],
        mut values: Vec<AttrValue>,
        last: bool,
    ) -> Self {
        let count = names.len() - usize::from(!last);
        values.truncate(count);
        self.attrs(&names[..count], values)
    }

    /// Gives it these attributes, which do not change, in place of all that it has.
    #[inline(never)]
    pub fn fixed(mut self, attributes: &'static [(&'static str, AttributeOrProperty)]) -> Self {
        self.tag().attributes = Attributes::Static(attributes);
        self
    }

    /// Lets a click on it send a message.
    #[inline(never)]
    pub fn on_click(self, ui: &Ui, msg: Msg) -> Self {
        self.listen(Rc::new(onclick::Wrapper::new(ui.on(msg))))
    }

    /// Lets it listen to an event.
    #[inline(never)]
    pub fn listen(mut self, listener: Rc<dyn Listener>) -> Self {
        self.tag().add_listener(listener);
        self
    }

    /// Lets it be found.
    #[inline(never)]
    pub fn place(mut self, place: &NodeRef) -> Self {
        self.tag().node_ref = place.clone();
        self
    }

    /// Tells it from its siblings.
    pub fn key(mut self, key: impl Into<Key>) -> Self {
        self.tag().key = Some(key.into());
        self
    }

    /// Puts a text into it.
    #[inline(never)]
    pub fn text(self, text: AttrValue) -> Self {
        self.push(VText::new(text).into())
    }

    /// Puts a phrase into it.
    #[inline(never)]
    pub fn say(self, ui: &Ui, phrase: Phrase) -> Self {
        self.text(ui.say(phrase))
    }

    /// Puts something into it.
    pub fn kid(self, kid: impl Into<Html>) -> Self {
        self.push(kid.into())
    }

    /// Puts some things into it.
    pub fn kids(self, kids: impl IntoIterator<Item: Into<Html>>) -> Self {
        kids.into_iter().fold(self, Self::kid)
    }

    #[inline(never)]
    fn push(mut self, kid: Html) -> Self {
        self.tag().add_child(kid);
        self
    }

    #[inline(never)]
    fn tag(&mut self) -> &mut VTag {
        Rc::get_mut(&mut self.0).expect("nobody else has it yet")
    }
}

impl From<Element> for Html {
    fn from(element: Element) -> Self {
        Self::VTag(element.0)
    }
}
