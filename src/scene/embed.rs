//! What an instructor puts into a page of their own: a run, and how it is shown there.

use super::export::escape;

/// A frame of this height, whose address is in this attribute.
macro_rules! frame {
    ($address:literal, $height:literal) => {
        concat!(
            "<iframe ",
            $address,
            "=\"%link%\"\n  sandbox=\"allow-scripts\" title=\"%title%\" ",
            "width=\"100%%\" height=\"",
            $height,
            "\"></iframe>\n"
        )
    };
}

/// The kinds of page, and what to paste there; a name between two `%` stands for a value, and none for
/// a `%`.
pub const HOSTS: [(&str, &str); 6] = [
    ("HTML: <iframe>", frame!("src", "900")),
    (
        "HTML: <consensus-lab>",
        "<script src=\"%folder%app.js\" defer></script>\n<consensus-lab%options% run=\"%run%\">\n  \
         <a href=\"%link%\">%title%</a>\n</consensus-lab>\n",
    ),
    ("Markdown", "[%title%](<%link%>)\n"),
    ("MyST", ":::{iframe} %raw%\n:width: 100%%\n:title: %title%\n:::\n"),
    ("Quarto", concat!("```{=html}\n", frame!("src", "900"), "```\n")),
    ("reveal.js", concat!("<section>\n", frame!("data-src", "600"), "</section>\n")),
];
/// What may be done to the world, in groups of [`Faults::KINDS`](crate::sim::Faults::KINDS).
pub const DEEDS: [&str; 8] = [
    "crash,restart",
    "pause,resume",
    "fire_timer,set_clock",
    "cut,mend,partition,heal",
    "drop,delay,deliver,duplicate",
    "set_network,set_link",
    "order",
    "configure",
];
/// The panels that are shown where nothing is said.
pub const PANELS: &str = "logs,spacetime,events,messages,clients,counters,timeline,branches";
/// From how many characters on an address is cut off by some platforms.
pub const LONG: usize = 2_000;

/// What was chosen: names and values of a form, or nothing at all. A name may stand there several
/// times.
pub type Fields = [(String, String)];

/// The options that were chosen and are not as they would be anyway, each between these texts. Nothing
/// in them needs to be escaped.
fn options(fields: &Fields, [before, between, after]: [&str; 3]) -> String {
    let mut text = String::new();
    for (name, usual) in [
        ("lang", ""),
        ("theme", ""),
        ("controls", ""),
        ("poster", ""),
        ("panels", PANELS),
        ("faults", &DEEDS.join(",")),
    ] {
        let mut value = String::new();
        for (_, part) in fields.iter().filter(|(each, _)| each == name) {
            if !value.is_empty() {
                value.push(',');
            }
            value += part;
        }
        if value != usual && !fields.is_empty() {
            for part in [before, name, between, &value, after] {
                text += part;
            }
        }
    }
    text
}

/// The options that were chosen, as a query.
pub fn query(fields: &Fields) -> String {
    options(fields, ["&", "=", ""])
}

/// What to paste. The field `host` is one of [`HOSTS`], `address` that of the page, which is `home` if
/// nothing is said; `run` is what stands behind `#run=` in a link, `title` what readers are told who do
/// not see it.
pub fn snippet(fields: &Fields, home: &str, run: &str, title: &str) -> String {
    let field = |name: &str, usual| {
        let field = fields.iter().find(|(each, _)| each == name);
        field.map(|(_, value)| value.trim()).filter(|value| !value.is_empty()).unwrap_or(usual)
    };
    let address = field("address", home).split('#').next().unwrap_or_default();
    let (path, more) =
        address.split_once('?').map_or((address, "?embed"), |(path, _)| (path, "&embed"));
    let link = [address, more, &query(fields), "#run=", run].concat();
    let values = [
        ("folder", &path[..path.rfind('/').map_or(0, |end| end + 1)]),
        ("", "%"),
        ("title", title),
        ("run", run),
        ("link", &link),
        ("raw", &link),
        ("options", &options(fields, [" ", "=\"", "\""])),
    ];
    let host = field("host", "");
    let (_, template) = HOSTS.iter().find(|(name, _)| *name == host).unwrap_or(&HOSTS[0]);
    let mut text = String::new();
    for (place, part) in template.split('%').enumerate() {
        match values.iter().find(|(name, _)| place % 2 == 1 && *name == part) {
            None => text += part,
            Some(("raw" | "options", value)) => text += value,
            Some((_, value)) => escape(value, &mut text),
        }
    }
    text
}
