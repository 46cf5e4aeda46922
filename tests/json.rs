//! What a person does, as JSON: all of it comes back, and what is wrong with it is told by the name of
//! the field.

use conclave::sim::recording::Timed;
use conclave::sim::session::{Deed, ENGINE, Strand};
use conclave::sim::timeline::Mark;
use conclave::sim::{
    Action, MemberChange, MessageId, Micros, NodeId, Op, Order, Place, Quality, Recording,
    RecordingError, Session, Text, Workload,
};
use serde_json::{Value, json};

/// One action of each kind, and of each kind of what it holds.
fn one_of_each() -> Vec<Action> {
    let (node, from, to, message) = (NodeId(0), NodeId(1), NodeId(2), MessageId(7));
    let (quality, workload) = (Quality::default(), Workload::default());
    let key = Text::from("x");
    let op = Op::Write { key: key.clone(), value: "1".into() };
    let order = |order| Action::Order { node, order };
    let change = |place| MemberChange { node, place };
    let changes = [Place::Voter, Place::Learner, Place::Outside].map(change).into();
    let all = vec![
        Action::Crash { node },
        Action::Restart { node },
        Action::Pause { node },
        Action::Resume { node },
        Action::FireTimer { node, timer: 1 },
        Action::SetClock { node, ppm: 900_000 },
        Action::Cut { from, to },
        Action::Mend { from, to },
        Action::Partition { sides: vec![0, 1, 0] },
        Action::Heal,
        Action::Drop { message },
        Action::Delay { message, by: Micros(5) },
        Action::Deliver { message },
        Action::Duplicate { message },
        Action::SetNetwork { quality },
        Action::SetLink { from, to, quality },
        Action::Request { node, op, persistent: true },
        Action::Request { node, op: Op::Read { key }, persistent: false },
        order(Order::Transfer { to }),
        order(Order::Reconfigure { changes }),
        order(Order::Compact),
        Action::SetWorkload { workload },
        Action::Configure { setting: "pre_vote".into(), value: 1 },
        Action::Pass,
    ];
    // Whoever has to add a kind here adds one to the list.
    for action in &all {
        match action {
            Action::Crash { .. } | Action::Restart { .. } | Action::Pause { .. } => {}
            Action::Resume { .. } | Action::FireTimer { .. } | Action::SetClock { .. } => {}
            Action::Cut { .. } | Action::Mend { .. } | Action::Partition { .. } => {}
            Action::Heal | Action::Pass | Action::Drop { .. } | Action::Delay { .. } => {}
            Action::Deliver { .. } | Action::Duplicate { .. } | Action::SetNetwork { .. } => {}
            Action::SetLink { .. } | Action::SetWorkload { .. } | Action::Configure { .. } => {}
            Action::Request { op: Op::Write { .. } | Op::Read { .. }, .. } => {}
            Action::Order { order: Order::Transfer { .. } | Order::Compact, .. } => {}
            Action::Order { order: Order::Reconfigure { .. }, .. } => {}
        }
    }
    all
}

#[test]
fn every_action_survives() {
    let mut recording = Recording::new("raft", 3, 1);
    for action in one_of_each() {
        recording.actions.push(Timed { at: Micros(1), after: 2, action });
    }
    assert_eq!(Recording::from_json(&recording.to_json()), Ok(recording));
}

/// An action as JSON.
fn written(action: Action) -> Value {
    let mut recording = Recording::new("raft", 3, 1);
    recording.actions.push(Timed { at: Micros(1), after: 2, action });
    let mut json: Value = serde_json::from_str(&recording.to_json()).expect("it is JSON");
    json["actions"][0]["action"].take()
}

#[test]
fn every_sign_of_a_text_is_written_as_serde_json_does() {
    let all: String = ('\0'..='\u{ff}').chain(['\u{2028}', '漢', '🙂']).collect();
    let recording = Recording::new(&all, 3, 1).to_json();
    let text = serde_json::to_string(&all).expect("it is a text");
    assert!(recording.contains(&format!(r#""protocol":{text},"nodes":3"#)), "{recording}");
}

#[test]
fn what_is_empty_is_left_out_of_a_branch_and_nowhere_else() {
    let workload = Workload { clients: 1, ..Workload::default() };
    let recording = Recording { workload, ..Recording::new("raft", 3, u64::MAX) };
    let json = concat!(
        r#"{"format":1,"protocol":"raft","nodes":3,"seed":18446744073709551615,"settings":{},"#,
        r#""quality":{"latency":10000,"jitter":10000,"loss_ppm":0,"duplicate_ppm":0,"#,
        r#""fifo":false},"workload":{"clients":1,"think_least":100000,"think_most":300000,"#,
        r#""read_percent":30,"keys":3,"patience":500000},"actions":[]}"#,
    );
    assert_eq!(recording.to_json(), json);
    let mut session = Session::of_recording(recording);
    let head = format!(r#"{{"engine":"{ENGINE}","start":{json},"strands":"#);
    let end = r#""end":{"after":0,"at":0}"#;
    let tail = r#","strand":0,"moment":{"after":0,"at":0},"digest":0"#;
    assert_eq!(session.to_json(), format!("{head}[{{{end}}}]{tail}}}"));
    session.strands[0] = Strand {
        origin: Some((0, session.moment)),
        name: "x".into(),
        deeds: vec![Deed(1, 2, 3, Action::Heal)],
        marks: vec![Mark { moment: session.moment, text: "y".into() }],
        end: session.moment,
    };
    let first = concat!(
        r#"{"origin":[0,{"after":0,"at":0}],"name":"x","deeds":[[1,2,3,"heal"]],"#,
        r#""marks":[{"moment":{"after":0,"at":0},"text":"y"}],"#,
    );
    session.beside = Some(Box::new(session.clone()));
    let one = format!("{head}[{first}{end}}}]{tail}");
    assert_eq!(session.to_json(), format!(r#"{one},"beside":{one}}}}}"#));
}

/// Where in a value there are objects, as JSON pointers.
fn objects(value: &Value) -> Vec<String> {
    let children: Vec<_> = match value {
        Value::Object(map) => map.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(list) => (0..).map(|n: u8| n.to_string()).zip(list).collect(),
        _ => return Vec::new(),
    };
    let within = |(name, child)| objects(child).into_iter().map(move |at| format!("/{name}{at}"));
    let own = value.is_object().then(String::new);
    own.into_iter().chain(children.into_iter().flat_map(within)).collect()
}

/// What is wrong with an action whose object at a pointer is another one.
fn complaint(action: &Value, at: &str, object: Value) -> String {
    let mut action = action.clone();
    *action.pointer_mut(at).expect("it leads there") = object;
    let recording = json!({
        "format": 1, "protocol": "raft", "nodes": 3, "seed": 1,
        "actions": [{ "at": 0, "after": 0, "action": action }],
    });
    match Recording::from_json(&recording.to_string()) {
        Err(RecordingError::Malformed(why)) => why,
        other => panic!("{recording}: {other:?}"),
    }
}

#[test]
fn what_is_wrong_with_an_action_is_told_by_the_name_of_the_field() {
    for action in one_of_each() {
        let action = written(action);
        for at in objects(&action) {
            let object = action.pointer(&at).and_then(Value::as_object).expect("it leads there");
            let changed = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                let mut object = object.clone();
                change(&mut object);
                complaint(&action, &at, object.into())
            };
            if ["", "/request/op", "/order/order"].contains(&at.as_str()) {
                let why = complaint(&action, &at, json!({ "explode": {} }));
                assert!(why.contains("unknown variant `explode`, expected "), "{why}");
                // As other systems write variants.
                let why = complaint(&action, &at, json!({ "type": "crash", "node": 1 }));
                let (_, wrong) =
                    why.split_once("invalid type: map, expected one of `").expect(&why);
                assert!(wrong.ends_with("`, or an object with one of them"), "{why}");
                continue;
            }
            let why = changed(&|object| drop(object.insert("colour".into(), json!(1))));
            assert!(why.contains("unknown field `colour`, expected "), "{why}");
            for name in object.keys() {
                let why = changed(&|object| drop(object.remove(name)));
                assert!(why.contains(&format!("missing field `{name}`")), "{why}");
                let why = changed(&|object| object[name] = json!(-1.5));
                let (_, wrong) =
                    why.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("{why}"));
                assert!(wrong.starts_with("invalid type: floating point, expected "), "{why}");
            }
        }
    }
}
