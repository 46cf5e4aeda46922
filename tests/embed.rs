//! What instructors paste.

use conclave::scene::embed::{DEEDS, HOSTS, PANELS, query, snippet};
use conclave::sim::Faults;

/// What the form gives, with these values in place of those that it begins with.
fn fields(chosen: &[(&str, &[&str])]) -> Vec<(String, String)> {
    let panels: Vec<_> = PANELS.split(',').collect();
    let mut fields = vec![
        ("host", vec![""]),
        ("address", vec!["lab/index.html"]),
        ("lang", vec![""]),
        ("theme", vec![""]),
        ("panels", panels),
        ("faults", DEEDS.to_vec()),
    ];
    fields.retain(|(name, _)| !chosen.iter().any(|(each, _)| each == name));
    fields.extend(chosen.iter().map(|(name, values)| (*name, values.to_vec())));
    let named = |(name, values): (&str, Vec<&str>)| {
        let name = name.to_owned();
        values.into_iter().map(move |value| (name.clone(), value.into())).collect::<Vec<_>>()
    };
    fields.into_iter().flat_map(named).collect()
}

#[test]
fn every_fault_is_in_one_group_of_deeds() {
    assert_eq!(DEEDS.join(","), Faults::KINDS.join(","));
}

#[test]
fn what_is_as_it_would_be_anyway_is_not_said() {
    assert_eq!(query(&[]), "");
    assert_eq!(query(&fields(&[])), "");
    assert_eq!(query(&fields(&[("lang", &["zh"]), ("theme", &["dark"])])), "&lang=zh&theme=dark");
    assert_eq!(query(&fields(&[("controls", &["none"])])), "&controls=none");
    assert_eq!(query(&fields(&[("panels", &["logs", "rules"])])), "&panels=logs,rules");
    assert_eq!(query(&fields(&[("faults", &DEEDS[..1])])), "&faults=crash,restart");
}

#[test]
fn no_panel_and_no_deed_at_all_can_be_asked_for() {
    assert_eq!(query(&fields(&[("panels", &[]), ("faults", &[])])), "&panels=&faults=");
    assert_eq!(Faults::read("").unwrap().names().count(), 0);
}

#[test]
fn every_host_is_given_the_run_and_what_was_chosen() {
    for (host, _) in HOSTS {
        let fields = fields(&[("host", &[host]), ("faults", &["order"])]);
        let text = snippet(&fields, "/", "RUN", "Raft");
        let link = "lab/index.html?embed&amp;faults=order#run=RUN";
        assert!(text.replace('&', "&amp;").replace("&amp;amp;", "&amp;").contains(link), "{text}");
    }
}

#[test]
fn the_page_is_found_where_it_is_when_no_address_is_given() {
    let text = |fields: &[_]| snippet(fields, "https://example.org/lab/", "RUN", "Raft");
    assert!(text(&[]).starts_with("<iframe src=\"https://example.org/lab/?embed#run=RUN\""));
    assert_eq!(text(&fields(&[("address", &[" "])])), text(&[]));
    let element = text(&fields(&[("host", &[HOSTS[1].0]), ("address", &[])]));
    assert!(element.contains("<script src=\"https://example.org/lab/app.js\""), "{element}");
    let beside = snippet(&fields(&[("host", &[HOSTS[1].0])]), "page.html", "RUN", "Raft");
    assert!(beside.contains("<script src=\"lab/app.js\""), "{beside}");
    let own = [("host", &[HOSTS[1].0][..]), ("address", &["https://x.org/a/b.html?c=/d#e"])];
    let own = text(&fields(&own));
    assert!(own.contains("<script src=\"https://x.org/a/app.js\""), "{own}");
    assert!(own.contains("<a href=\"https://x.org/a/b.html?c=/d&amp;embed#run=RUN\""), "{own}");
    let bare = fields(&[("host", &[HOSTS[1].0]), ("address", &["index.html"])]);
    assert!(snippet(&bare, "", "RUN", "Raft").contains("<script src=\"app.js\""));
}

#[test]
fn markup_that_was_typed_stays_text() {
    // A directive of MyST is none: its argument is taken as it is.
    for (host, _) in HOSTS.into_iter().filter(|(host, _)| *host != "MyST") {
        let fields = fields(&[("host", &[host]), ("address", &["\"><script>/x"])]);
        let text = snippet(&fields, "/", "RUN\"><b>", "<b>\"");
        assert!(!text.contains("<script>") && !text.contains("<b>"), "{text}");
        assert!(!text.contains("=\"\""), "{text}");
    }
}
