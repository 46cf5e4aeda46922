//! The invariants, each with its verdict.

use conclave::scene::Verdict;
use conclave::text::say;
use yew::prelude::*;

use super::{Ui, clock};

/// The verdicts.
pub fn verdicts(ui: &Ui, verdicts: &[Verdict]) -> Html {
    let holding = verdicts.iter().filter(|verdict| verdict.breach.is_none()).count();
    html! {
        <section class="card" aria-labelledby="verdicts-title">
            <h2 id="verdicts-title">{ ui.say(say::verdict::title()) }
                <span class={classes!("badge", if holding == verdicts.len() { "good" } else { "bad" })}>
                    { ui.say(say::verdict::holding(verdicts.len(), holding)) }
                </span>
            </h2>
            <ul class="verdicts">
                { for verdicts.iter().map(|verdict| {
                    let name = ui.say(verdict.name.clone());
                    let (class, sign, state) = match verdict.breach {
                        None => ("holds", "✓", say::verdict::holds()),
                        Some(_) => ("broken", "✗", say::verdict::broken()),
                    };
                    html! {
                        <li key={name.to_string()} {class}>
                            <details open={verdict.breach.is_some()}>
                                <summary>
                                    <span class="verdict-sign" aria-hidden="true">{ sign }</span>
                                    { name }<span class="sr">{ ": " }{ ui.say(state) }</span>
                                </summary>
                                <p>{ ui.say(verdict.statement.clone()) }{ " " }<cite>{ verdict.source }</cite></p>
                                if let Some(witness) = &verdict.breach {
                                    <p class="witness">{ clock(witness.at) }{ " " }{ ui.say(witness.sentence.clone()) }</p>
                                }
                            </details>
                        </li>
                    }
                }) }
            </ul>
        </section>
    }
}
