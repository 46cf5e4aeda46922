//! The colours of the page: what WCAG 2.2 asks of contrast (1.4.3, 1.4.11), computed for every token
//! on every ground of every theme; and whether readers who are colour-blind can tell epochs apart.

use std::collections::{BTreeMap, BTreeSet};

use palette::color_difference::{Ciede2000, Wcag21RelativeContrast};
use palette::{IntoColor, Lab, LinSrgb, Srgb};

const SHEET: &str = include_str!("../static/style/page.css");

type Tokens = BTreeMap<&'static str, Srgb<f32>>;

fn colour(text: &str) -> Srgb<f32> {
    let colour: Srgb<u8> = text.parse().unwrap_or_else(|_| panic!("{text} is no colour"));
    colour.into_format()
}

/// What stands between the braces after a selector.
fn block(selector: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, rest) = SHEET.split_once(&format!("{selector} {{\n")).expect("it has a block");
    let (block, _) = rest.split_once('}').expect("it ends");
    let declarations = block.lines().filter_map(|line| line.trim().split_once(": "));
    declarations
        .filter_map(|(name, value)| Some((name.strip_prefix("--")?, value.strip_suffix(';')?)))
}

/// The tokens of a theme that are colours.
fn tokens(theme: &str) -> Tokens {
    let mut tokens = Tokens::new();
    for (name, value) in block(":root,\n:host") {
        let Some(place) = value.find('#') else { continue };
        let colours: Vec<&str> = value[place..].trim_end_matches(')').split(", ").collect();
        let which = if theme == "dark" { colours.len() - 1 } else { 0 };
        tokens.insert(name, colour(colours[which]));
    }
    if theme == "projector" {
        tokens
            .extend(block("[data-theme=\"projector\"]").map(|(name, value)| (name, colour(value))));
    }
    tokens
}

const THEMES: [&str; 3] = ["light", "dark", "projector"];

fn assert_contrast(least: f32, over: &[&str], on: &[&str]) {
    for theme in THEMES {
        let tokens = tokens(theme);
        for (front, back) in over.iter().flat_map(|front| on.iter().map(move |back| (front, back)))
        {
            let contrast = tokens[front].relative_contrast(tokens[back]);
            assert!(contrast >= least, "{theme}: {front} on {back} has {contrast:.2}");
        }
    }
}

/// Some of one colour over another, as `color-mix(in srgb, …)` and `opacity` have it.
fn some(front: Srgb<f32>, part: f32, back: Srgb<f32>) -> Srgb<f32> {
    front * part + back * (1.0 - part)
}

const GROUNDS: [&str; 3] = ["ground", "card", "sunk"];
const TINTED: [&str; 3] = ["good-ground", "bad-ground", "warn-ground"];
const TEXTS: [&str; 5] = ["ink", "soft", "accent", "good", "bad"];
const EPOCHS: [&str; 7] =
    ["epoch-0", "epoch-1", "epoch-2", "epoch-3", "epoch-4", "epoch-5", "epoch-none"];

#[test]
fn text_has_a_contrast_of_at_least_4_5() {
    assert_contrast(4.5, &TEXTS, &GROUNDS);
    assert_contrast(4.5, &["ink", "soft"], &TINTED);
    assert_contrast(4.5, &["good"], &["good-ground"]);
    assert_contrast(4.5, &["bad"], &["bad-ground"]);
    for theme in THEMES {
        let white = colour("#ffffff");
        let contrast = white.relative_contrast(tokens(theme)["accent-ground"]);
        assert!(contrast >= 4.5, "{theme}: white on accent-ground has {contrast:.2}");
    }
}

#[test]
fn text_on_what_is_tinted_by_an_epoch_or_a_fault_has_a_contrast_of_at_least_4_5() {
    for theme in THEMES {
        let tokens = tokens(theme);
        let assert_on = |texts: &[&str], back: Srgb<f32>, what: &str| {
            for front in texts {
                let contrast = tokens[front].relative_contrast(back);
                assert!(contrast >= 4.5, "{theme}: {front} on {what} has {contrast:.2}");
            }
        };
        for epoch in EPOCHS {
            let entry = some(tokens[epoch], 0.18, tokens["card"]);
            assert_on(&["ink", "soft", "accent"], entry, &format!("an entry of {epoch}"));
        }
        for fault in ["soft", "accent"] {
            let band = some(tokens[fault], 0.18, tokens["sunk"]);
            assert_on(&["ink"], band, &format!("a band of {fault}"));
        }
    }
}

#[test]
fn what_is_drawn_has_a_contrast_of_at_least_3() {
    assert_contrast(3.0, &["edge", "accent", "good", "bad"], &GROUNDS);
    assert_contrast(3.0, &EPOCHS, &["card", "sunk"]);
    // What has the focus wears a ring, also in a notice.
    assert_contrast(3.0, &["accent"], &TINTED);
    for theme in THEMES {
        let tokens = tokens(theme);
        let arc = some(tokens["ink"], 0.75, tokens["card"]);
        let contrast = arc.relative_contrast(tokens["card"]);
        assert!(contrast >= 3.0, "{theme}: the arc of a timer has {contrast:.2}");
    }
}

#[test]
fn no_token_is_without_a_test() {
    let tested: BTreeSet<&str> =
        [&GROUNDS[..], &TINTED, &TEXTS, &EPOCHS, &["accent-ground", "edge"]]
            .into_iter()
            .flatten()
            .copied()
            .collect();
    // Lines only part what stands apart without them.
    let all: BTreeSet<&str> = tokens("light").into_keys().filter(|name| *name != "line").collect();
    assert_eq!(tested, all);
}

#[test]
fn a_projector_shows_text_with_a_contrast_of_at_least_7() {
    let tokens = tokens("projector");
    for front in ["ink", "soft", "accent", "good", "bad", "edge"] {
        let contrast = tokens[front].relative_contrast(tokens["card"]);
        assert!(contrast >= 7.0, "{front} has {contrast:.2}");
    }
}

/// How dichromats see linear RGB: Machado, Oliveira and Fernandes 2009, table 1, severity 1.
const DICHROMATS: [(&str, [[f32; 3]; 3]); 3] = [
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

#[test]
fn epochs_differ_for_readers_who_are_colour_blind() {
    let tokens = tokens("light");
    for (vision, matrix) in DICHROMATS {
        let seen: Vec<(&str, Lab)> = EPOCHS[..6]
            .iter()
            .map(|name| {
                let LinSrgb { red, green, blue, .. } = tokens[name].into_linear();
                let row = |[r, g, b]: [f32; 3]| (r * red + g * green + b * blue).clamp(0.0, 1.0);
                let [red, green, blue] = matrix.map(row);
                (*name, LinSrgb::new(red, green, blue).into_color())
            })
            .collect();
        for (place, (name, first)) in seen.iter().enumerate() {
            for (other, second) in &seen[..place] {
                let distance = first.difference(*second);
                assert!(distance >= 10.0, "{vision}: {name} and {other} differ by {distance:.1}");
            }
        }
    }
}
