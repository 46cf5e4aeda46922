//! The invariants, each with its verdict.

use conclave::scene::Verdict;
use conclave::text::say;
use yew::prelude::*;

use super::element::{Element, Is, card_of, el, heading};
use super::{Ui, clock};

/// The verdicts.
pub fn verdicts(ui: &Ui, verdicts: &[Verdict]) -> Html {
    let holds = |verdict: &&Verdict| verdict.breach.is_none() && !verdict.open;
    let holding = verdicts.iter().filter(holds).count();
    let state = if holding == verdicts.len() { "badge good" } else { "badge bad" };
    let badge = el("span").class(state).say(ui, say::verdict::holding(verdicts.len(), holding));
    let id = "verdicts-title";
    card_of(id, heading(ui, id, say::verdict::title(), Some(badge)))
        .kid(el("ul").class("verdicts").kids(verdicts.iter().map(|each| verdict(ui, each))))
        .into()
}

fn verdict(ui: &Ui, verdict: &Verdict) -> Element {
    let name = ui.say(verdict.name.clone());
    let (class, sign, state) = match verdict.breach {
        None if verdict.open => ("unsure", "?", say::verdict::open()),
        None => ("holds", "✓", say::verdict::holds()),
        Some(_) => ("broken", "✗", say::verdict::broken()),
    };
    let sign = el("span")
        .fixed(&[("class", Is("verdict-sign")), ("aria-hidden", Is("true"))])
        .text(sign.into());
    let spoken = el("span").class("sr").text(": ".into()).say(ui, state);
    let statement = el("p")
        .say(ui, verdict.statement.clone())
        .text(" ".into())
        .kid(el("cite").text(verdict.source.into()));
    let witness = verdict.breach.as_ref().map(|witness| {
        let at = el("p").class("witness").text(clock(witness.at).into()).text(" ".into());
        at.say(ui, witness.sentence.clone())
    });
    let details = html! {
        <details open={verdict.breach.is_some()}>
            { el("summary").kid(sign).kid(el("span").text(name.clone()).kid(spoken)) }
            { statement }
            { for witness }
        </details>
    };
    el("li").key(name.to_string()).class(class).kid(details)
}
