//! What a person does, as JSON: all of it comes back, and what is wrong with it is told by the name of
//! the field.

use conclave::sim::recording::Timed;
use conclave::sim::{
    Action, MemberChange, MessageId, Micros, NodeId, Op, Order, Place, Quality, Recording,
    RecordingError, Text, Workload,
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
        let action = serde_json::to_value(action).expect("it has no odd keys");
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
