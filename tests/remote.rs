//! What other programs see of a run, and what they may ask of it.

use conclave::protocols::catalog;
use conclave::scene::Lab;
use conclave::scene::call::{Call, METHODS, MOST_STEPS};
use conclave::scene::state::state;
use conclave::sim::{Action, Faults, Micros, NodeId, Recording};
use serde_json::Value;

fn begin(protocol: &str, beside: Option<&str>) -> Box<dyn Lab> {
    let session = catalog::begin(Recording::new(protocol, 5, 7), beside).unwrap();
    catalog::resume(session).unwrap().0
}

/// The state as JSON that another reader understands.
fn told(lab: &dyn Lab) -> Value {
    serde_json::from_str(&state(lab)).unwrap()
}

#[test]
fn the_state_tells_what_the_scene_shows() {
    let mut lab = begin("raft", None);
    lab.run_until(Micros::from_millis(1_000), u64::MAX);
    let leader = lab.leader().unwrap();
    lab.act(Action::Cut { from: NodeId(0), to: NodeId(1) }).unwrap();
    lab.act(Action::Crash { node: leader }).unwrap();
    let state = told(&*lab);
    assert_eq!(state["protocol"], "raft");
    assert_eq!(state["time"], 1_000_000);
    assert_eq!(state["steps"], lab.steps());
    assert_eq!(state["digest"], format!("{:#018x}", lab.digest()));
    let node = &state["nodes"][usize::from(leader.0)];
    assert_eq!(node["status"], "crashed");
    assert_eq!(node["name"], leader.to_string());
    assert!(node["term"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{node}");
    assert!(node["fields"]["currentTerm"].is_string(), "{node}");
    let links = state["links"].as_array().unwrap();
    assert_eq!(links.len(), 20);
    let cut: Vec<_> = links.iter().filter(|link| link["cut"] == true).collect();
    assert_eq!(cut.len(), 1);
    assert_eq!((&cut[0]["from"], &cut[0]["to"]), (&Value::from(0), &Value::from(1)));
    let verdicts = state["verdicts"].as_array().unwrap();
    assert!(verdicts.len() > 5 && verdicts.iter().all(|verdict| verdict["holds"] == true));
}

#[test]
fn a_broken_invariant_is_told_with_its_witness() {
    let recording = r#"{"format":1,"protocol":"raft","nodes":2,"seed":1,"settings":{"half_quorum":1},"actions":[
        {"at":0,"after":0,"action":{"fire_timer":{"node":0,"timer":0}}},
        {"at":0,"after":1,"action":{"fire_timer":{"node":1,"timer":0}}}]}"#;
    let state = told(&*catalog::open(Recording::from_json(recording).unwrap()).unwrap());
    let verdicts = state["verdicts"].as_array().unwrap();
    let broken = verdicts.iter().find(|verdict| verdict["holds"] == false).unwrap();
    assert_eq!(broken["nodes"], serde_json::json!([0, 1]));
    assert!(!broken["sentence"].as_str().unwrap().is_empty());
}

#[test]
fn the_second_of_two_clusters_is_told_beside_the_first() {
    let mut lab = begin("raft", Some("multi_paxos"));
    lab.run_until(Micros::from_millis(500), u64::MAX);
    let state = told(&*lab);
    assert_eq!(state["beside"]["protocol"], "multi_paxos");
    assert_eq!(state["beside"]["time"], state["time"]);
    assert!(state["beside"]["nodes"][0]["ballot"].is_string(), "{state}");
}

#[test]
fn markup_in_values_is_a_text_like_any_other() {
    let mut lab = begin("raft", None);
    lab.run_until(Micros::from_millis(1_000), u64::MAX);
    let evil = "\"</script>\u{1}\\";
    let op = conclave::sim::Op::Write { key: evil.into(), value: "<img onerror=alert()>".into() };
    lab.act(Action::Request { node: lab.leader().unwrap(), op, persistent: false }).unwrap();
    lab.run_until(Micros::from_millis(1_100), u64::MAX);
    let text = told(&*lab).to_string();
    assert!(text.contains("<img onerror=alert()>"));
}

#[test]
fn every_method_is_read() {
    for (method, names) in METHODS {
        let arguments = match method {
            "step" => "[7]",
            "seek" => "[5000]",
            "speed" => "[100]",
            "act" => r#"[{"crash":{"node":2}}]"#,
            "load" => {
                r#"["{\"format\":1,\"protocol\":\"raft\",\"nodes\":3,\"seed\":1,\"actions\":[]}"]"#
            }
            _ => "[]",
        };
        let read = Call::read(method, arguments);
        assert!(read.is_ok(), "{method}: {read:?}");
        assert_eq!(names.is_empty(), arguments == "[]", "{method}");
    }
    assert_eq!(Call::read("step", "[]"), Ok(Call::Step(1)));
    assert_eq!(Call::read("act", r#"["heal"]"#), Ok(Call::Act(Action::Heal)));
}

#[test]
fn what_is_not_allowed_is_refused_with_method_argument_value_and_what_is() {
    let refused = |method: &str, arguments: &str| Call::read(method, arguments).unwrap_err();
    let least = format!("step: n: 0, 1 to {MOST_STEPS} allowed");
    assert_eq!(refused("step", "[0]"), least);
    assert_eq!(
        refused("seek", "[-1]"),
        "seek: time: invalid value: integer `-1`, expected u64, 0 to 31536000000000 allowed"
    );
    assert_eq!(
        refused("speed", "[\"fast\"]"),
        "speed: value: invalid type: string \"fast\", expected u64, 1 to 10000 allowed"
    );
    assert_eq!(
        refused("step", "[1.5]"),
        "step: n: invalid type: floating point, expected u64, 1 to 1000000 allowed"
    );
    assert_eq!(refused("play", "[1]"), "play: 1 arguments, at most 0 allowed");
    assert!(
        refused("act", "[{\"explode\":{}}]")
            .starts_with("act: action: unknown variant `explode`, expected one of `crash`")
    );
    assert!(
        refused("act", "[{\"crash\":{\"node\":256}}]")
            .starts_with("act: action: node: invalid value: integer `256`")
    );
    assert!(refused("load", "[\"nonsense\"]").starts_with("load: run: "));
    assert!(refused("eval", "[\"1\"]").starts_with("eval: there is no such method, but play, "));
    for hostile in
        ["", "{}", "null", "[", "[[[[[[[[", "[{\"__proto__\":1}]", "\u{0}", "[\"\\ud800\"]"]
    {
        assert!(Call::read("act", hostile).is_err(), "{hostile}");
    }
}

#[test]
fn a_list_of_faults_allows_what_it_names_and_what_clients_do() {
    let crash = Action::Crash { node: NodeId(0) };
    let request = Action::Request {
        node: NodeId(0),
        op: conclave::sim::Op::Read { key: "x".into() },
        persistent: false,
    };
    assert!(Faults::ALL.allow(&crash) && Faults::ALL.allow(&Action::Heal));
    let none = Faults::read("").unwrap();
    assert!(!none.allow(&crash) && !none.allow(&Action::Heal) && none.allow(&request));
    let two = Faults::read("heal, crash").unwrap();
    assert!(two.allow(&crash) && two.allow(&Action::Heal));
    assert!(!two.allow(&Action::Restart { node: NodeId(0) }));
    assert_eq!(Faults::read("crash burn"), None);
    assert_eq!(Faults::read(&Faults::KINDS.join(" ")), Some(Faults::ALL));
}
