//! A run is its seed and what was done to it: always, everywhere, to the last bit.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use conclave::protocols::paxos::{MultiPaxos, Paxos};
use conclave::protocols::raft::{Raft, Timer};
use conclave::sim::recording::{FORMAT, Timed};
use conclave::sim::rng::Rng;
use conclave::sim::{
    Action, ActionError, Micros, NodeId, Protocol, Quality, Recording, RecordingError, Workload,
    World,
};
use serde::Deserialize;
use serde_json::Value;
use support::chaos::{Chaos, Kind};
use support::cluster::{Cluster, Trace, ms, write_op};
use support::solo::s;

/// A run that everything has happened to.
fn eventful(kind: Kind, seed: u64) -> (Chaos<Raft>, Trace) {
    let (mut chaos, mut trace) = (Chaos::new(kind, seed, 2..=7), Trace::default());
    chaos.rage(&mut trace);
    chaos.mend(&mut trace);
    (chaos, trace)
}

fn kinds_and_seeds() -> impl Iterator<Item = (Kind, u64)> {
    Kind::ALL.into_iter().flat_map(|kind| (0..6).map(move |seed| (kind, seed)))
}

// ---- the same again --------------------------------------------------------------------------

#[test]
fn a_run_repeated_is_the_same_run() {
    for (kind, seed) in kinds_and_seeds() {
        let (first, first_trace) = eventful(kind, seed);
        let (second, second_trace) = eventful(kind, seed);
        assert!(first_trace.events > 20, "{kind:?} {seed}: {}", first_trace.events);
        assert_eq!(first_trace, second_trace, "{kind:?} {seed}");
        assert_eq!(first.recording, second.recording);
        assert_eq!(first.world.digest(), second.world.digest());
    }
}

#[test]
fn another_seed_gives_another_run() {
    let digests = (0..200).map(|seed| {
        let mut world = Cluster::new(3, seed);
        world.run_for(ms(400));
        world.digest()
    });
    let mut digests: Vec<_> = digests.collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 200);
}

/// One server, elected by hand: only the seed tells such worlds apart, and what it will bring.
#[test]
fn the_digest_sees_the_chance_that_is_to_come() {
    let [first, second] = [1, 2].map(|seed| {
        let mut world = Cluster::new(1, seed);
        world.fire(s(1), Timer::Election);
        world
    });
    assert_eq!(first.server(s(1)), second.server(s(1)));
    assert!(first.timers(s(1)).eq(second.timers(s(1))));
    assert_ne!(first.digest(), second.digest());
}

/// A clock that was wrong for a millisecond and is right again still shows another time.
#[test]
fn the_digest_sees_what_a_clock_shows() {
    let digests = [1_000_000, 2_000_000].map(|ppm| {
        let mut world = Cluster::new(3, 1);
        world.act(Action::SetClock { node: s(2), ppm });
        world.run_for(ms(1));
        world.act(Action::SetClock { node: s(2), ppm: 1_000_000 });
        world.digest()
    });
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn a_clone_goes_on_like_its_original() {
    for (kind, seed) in kinds_and_seeds() {
        let mut original = Chaos::<Raft>::new(kind, seed, 2..=7);
        original.rage(&mut ());
        let mut clone = original.clone();
        assert_eq!(clone.world.digest(), original.world.digest());
        let (mut original_trace, mut clone_trace) = (Trace::default(), Trace::default());
        original.rage(&mut original_trace);
        clone.rage(&mut clone_trace);
        assert_eq!(original_trace, clone_trace, "{kind:?} {seed}");
        assert_eq!(clone.world.digest(), original.world.digest());
    }
}

#[test]
fn a_clone_that_is_treated_otherwise_leaves_its_original_alone() {
    let mut original = Cluster::new(5, 1);
    original.elect();
    let (before, mut other) = (original.digest(), original.clone());
    other.crash(s(1));
    other.run_for(Micros::from_secs(1));
    assert_ne!(other.digest(), before);
    assert_eq!(original.digest(), before);
}

#[test]
fn watching_and_judging_change_nothing() {
    for (kind, seed) in kinds_and_seeds() {
        let (chaos, _) = eventful(kind, seed);
        let unwatched = chaos.recording.replay::<Raft>(&mut ()).expect("it was just played");
        assert_eq!(unwatched.digest(), chaos.world.digest(), "{kind:?} {seed}");

        let mut setup = chaos.recording.setup::<Raft>().expect("it was just played");
        let until = Micros::from_secs(2);
        let mut judged = World::<Raft>::new(&setup, &mut ());
        judged.run_until(until, &mut ());
        setup.judged = false;
        let mut unjudged = World::<Raft>::new(&setup, &mut ());
        unjudged.run_until(until, &mut ());
        assert_eq!(unjudged.digest(), judged.digest(), "{kind:?} {seed}");
    }
}

#[test]
fn how_time_is_cut_into_slices_changes_nothing() {
    for seed in 0..20 {
        let workload = Workload { clients: 3, ..Workload::default() };
        let start = Recording { workload, ..Recording::new("raft", 5, seed) };
        let begin = || start.replay::<Raft>(&mut ()).expect("nothing has been done yet");
        let (mut whole, mut sliced, mut stepped) = (begin(), begin(), begin());
        let end = Micros::from_secs(3);
        whole.run_until(end, &mut ());

        let mut rng = Rng::new(seed);
        while sliced.now() < end {
            // Frames of a page, and looks at what comes next.
            let frame = sliced.now() + rng.time(Micros(0), ms(20));
            sliced.next_due();
            sliced.run_until(frame.min(end), &mut ());
            assert!(sliced.next_due().is_some_and(|due| due > sliced.now()));
        }
        assert_eq!(sliced.digest(), whole.digest(), "seed {seed}");

        while stepped.next_due().is_some_and(|due| due <= end) {
            stepped.step(&mut ());
        }
        stepped.run_until(end, &mut ());
        assert_eq!(stepped.digest(), whole.digest(), "seed {seed}");
        assert_eq!(stepped.steps(), whole.steps());
    }
}

#[test]
fn a_moment_that_is_past_is_not_run_to() {
    let mut world = Cluster::new(3, 1);
    world.run_for(ms(500));
    let before = world.digest();
    world.0.run_until(ms(100), &mut ());
    assert_eq!((world.now(), world.digest()), (ms(500), before));
}

#[test]
fn the_digest_sees_every_kind_of_change() {
    let mut world = Cluster::new(3, 1);
    world.fire(s(1), Timer::Election);
    let message = world.mail()[0].0;
    let quality = Quality { latency: ms(11), ..Quality::default() };
    let changes = [
        Action::Crash { node: s(2) },
        Action::Pause { node: s(2) },
        Action::SetClock { node: s(2), ppm: 999_999 },
        Action::Cut { from: s(1), to: s(2) },
        Action::Cut { from: s(2), to: s(1) },
        Action::Drop { message },
        Action::Delay { message, by: ms(1) },
        Action::Deliver { message },
        Action::Duplicate { message },
        Action::SetNetwork { quality },
        Action::SetLink { from: s(1), to: s(2), quality },
        Action::SetLink { from: s(2), to: s(1), quality },
        Action::Request { node: s(1), op: write_op("x", "1"), persistent: false },
        Action::Request { node: s(1), op: write_op("x", "1"), persistent: true },
        Action::Request { node: s(1), op: write_op("x", "2"), persistent: false },
        Action::SetWorkload { workload: Workload { keys: 4, ..Workload::default() } },
        Action::Configure { setting: "fast_backup".into(), value: 1 },
        Action::Configure { setting: "max_entries".into(), value: 1 },
        Action::Heal,
    ];
    let mut seen = BTreeMap::from([(world.digest(), None)]);
    for action in changes {
        let mut changed = world.clone();
        changed.act(action.clone());
        let same = seen.insert(changed.digest(), Some(action.clone()));
        assert_eq!(same, None, "{action:?} makes the same digest");
    }
}

// ---- recordings ------------------------------------------------------------------------------

#[test]
fn a_recording_replayed_is_the_same_run() {
    for (kind, seed) in kinds_and_seeds() {
        let (mut chaos, trace) = eventful(kind, seed);
        assert!(chaos.recording.actions.len() > 10);
        let mut replayed_trace = Trace::default();
        let replayed = chaos.recording.replay::<Raft>(&mut replayed_trace);
        let mut replayed = replayed.unwrap_or_else(|error| panic!("{kind:?} {seed}: {error}"));
        assert_eq!(replayed_trace, trace, "{kind:?} {seed}");
        assert_eq!(replayed.now(), chaos.world.now());
        assert_eq!(replayed.digest(), chaos.world.digest());
        let later = chaos.world.now() + Micros::from_secs(1);
        chaos.world.run_until(later, &mut ());
        replayed.run_until(later, &mut ());
        assert_eq!(replayed.digest(), chaos.world.digest());
    }
}

/// Between events, in the moment of an event, and several times in one moment.
#[test]
fn actions_at_odd_moments_replay_at_those_moments() {
    let mut recording = Recording::new("raft", 4, 7);
    recording.quality = Quality { latency: ms(10), jitter: ms(0), ..Quality::default() };
    let mut world = recording.replay::<Raft>(&mut ()).expect("nothing has been done yet");
    let mut act = |world: &mut World<Raft>, action: Action| {
        recording.actions.push(Timed { at: world.now(), after: world.steps(), action });
        world.act(&recording.actions[recording.actions.len() - 1].action, &mut ()).expect("it can");
    };
    // Twice before anything has happened.
    act(&mut world, Action::FireTimer { node: s(1), timer: 0 });
    act(&mut world, Action::FireTimer { node: s(2), timer: 0 });
    // Between events.
    world.run_until(ms(3), &mut ());
    act(&mut world, Action::Pause { node: s(4) });
    // Several messages are due at 10 ms; before, between and after them.
    world.run_until(ms(9), &mut ());
    for _ in 0..3 {
        world.step(&mut ());
        act(&mut world, Action::Cut { from: s(1), to: s(2) });
        act(&mut world, Action::Heal);
    }
    assert_eq!(world.now(), ms(10));
    world.run_until(ms(10), &mut ());
    act(&mut world, Action::Resume { node: s(4) });
    // Long after, twice.
    world.run_until(Micros(1_234_567), &mut ());
    act(&mut world, Action::Crash { node: s(3) });
    act(&mut world, Action::Restart { node: s(3) });

    let replayed = recording.replay::<Raft>(&mut ()).expect("all of it was done");
    assert_eq!(replayed.digest(), world.digest());
    assert_eq!((replayed.now(), replayed.steps()), (world.now(), world.steps()));
}

#[test]
fn a_recording_survives_json() {
    for (kind, seed) in kinds_and_seeds() {
        let (chaos, _) = eventful(kind, seed);
        let json = chaos.recording.to_json();
        let read = Recording::from_json(&json).expect("it was just written");
        assert_eq!(read, chaos.recording);
        assert_eq!(read.to_json(), json);
    }
}

#[test]
fn the_largest_numbers_survive_json() {
    let mut recording = Recording::new("raft", 101, u64::MAX);
    let (at, after) = (Micros(u64::MAX), u64::MAX);
    recording.actions.push(Timed { at, after, action: Action::Heal });
    assert_eq!(Recording::from_json(&recording.to_json()), Ok(recording));
}

#[test]
fn a_short_recording_takes_the_defaults() {
    let json = r#"{"format":1,"protocol":"raft","nodes":5,"seed":3}"#;
    assert_eq!(Recording::from_json(json), Ok(Recording::new("raft", 5, 3)));
}

#[test]
fn what_is_not_a_recording_is_malformed() {
    let with = |fields: &str| {
        format!(r#"{{"format":{FORMAT},"protocol":"raft","nodes":3,"seed":1{fields}}}"#)
    };
    let actions = |action: &str| with(&format!(r#","actions":[{action}]"#));
    assert!(Recording::from_json(&with("")).is_ok());
    let malformed = [
        (String::new(), "EOF"),
        ("raft".into(), "expected"),
        ("[]".into(), "invalid"),
        ("{}".into(), "format"),
        (format!(r#"{{"format":{FORMAT}}}"#), "protocol"),
        (with(r#","colour":"red""#), "colour"),
        (with(r#","quality":{"latency":1}"#), "jitter"),
        (with(r#","workload":{"clients":-1}"#), "-1"),
        (with(r#","nodes":4"#), "nodes"),
        (with(r#","settings":{"fast_backup":true}"#), "true"),
        (actions(r#"{"at":0,"after":0}"#), "action"),
        (actions(r#"{"at":0,"after":0,"action":"explode"}"#), "explode"),
        (actions(r#"{"at":0,"after":0,"action":{"crash":{}}}"#), "node"),
        (actions(r#"{"at":0,"after":0,"action":{"crash":{"node":256}}}"#), "256"),
        (actions(r#"{"at":0,"after":0,"action":{"crash":{"node":0,"how":1}}}"#), "how"),
        (actions(r#"{"at":0,"after":0,"why":1,"action":"heal"}"#), "why"),
        (
            actions(
                r#"{"at":0,"after":0,"action":{"request":{"node":0,"persistent":true,
                "op":{"read":{"key":"x","value":"1"}}}}}"#,
            ),
            "value",
        ),
    ];
    for (json, about) in malformed {
        match Recording::from_json(&json) {
            Err(RecordingError::Malformed(why)) => {
                assert!(why.contains(about), "{json}: {why:?} does not speak of {about:?}");
            }
            other => panic!("{json}: {other:?}"),
        }
    }
}

#[test]
fn a_recording_of_another_format_is_refused_as_such() {
    for json in [
        r#"{"format":2,"protocol":"raft","nodes":3,"seed":1}"#,
        r#"{"format":2,"engine":{"name":"raft"},"size":"large"}"#,
    ] {
        assert_eq!(Recording::from_json(json), Err(RecordingError::Format { found: 2 }));
    }
}

#[test]
fn a_recording_that_cannot_be_played_says_why() {
    let start = || Recording::new("raft", 3, 1);
    let refused = |recording: Recording| recording.replay::<Raft>(&mut ()).map(|_| ()).unwrap_err();
    let out_of_range = |field: &str, value, least, most| {
        RecordingError::Setup(ActionError::OutOfRange { field: field.into(), value, least, most })
    };
    for nodes in [0, 102, 255] {
        let error = refused(Recording { nodes, ..start() });
        assert_eq!(error, RecordingError::Nodes { nodes });
    }
    let error = refused(Recording { protocol: "paxos".into(), ..start() });
    assert_eq!(error, RecordingError::NoSuchProtocol { protocol: "paxos".into() });
    let set = |name: &str, value| [(name.to_owned(), value)].into_iter().collect();
    let error = refused(Recording { settings: set("speed", 1), ..start() });
    let setting = "speed".into();
    assert_eq!(error, RecordingError::Setup(ActionError::NoSuchSetting { setting }));
    let error = refused(Recording { settings: set("max_entries", 0), ..start() });
    assert_eq!(error, out_of_range("max_entries", 0, 1, 1_000));
    let quality = Quality { jitter: Micros(u64::MAX), ..Quality::default() };
    let error = refused(Recording { quality, ..start() });
    assert_eq!(error, out_of_range("jitter", u64::MAX, 0, 10_000_000));
    let workload = Workload { clients: 101, ..Workload::default() };
    let error = refused(Recording { workload, ..start() });
    assert_eq!(error, out_of_range("clients", 101, 0, 100));

    let timed = |at, after, action| Timed { at: Micros(at), after, action };
    let played = |actions: Vec<Timed>| refused(Recording { actions, ..start() });
    let node = NodeId(3);
    assert_eq!(
        played(vec![timed(0, 0, Action::Heal), timed(0, 1, Action::Crash { node })]),
        RecordingError::Action { number: 1, why: ActionError::NoSuchNode { node, nodes: 3 } }
    );
    // The first timer goes off after 150 to 300 ms.
    for (actions, number) in [
        (vec![timed(0, 1, Action::Heal)], 0),
        (vec![timed(100_000, 0, Action::Heal), timed(99_999, 1, Action::Heal)], 1),
        (vec![timed(100_000, 0, Action::Heal), timed(100_000, 0, Action::Heal)], 1),
        (vec![timed(100_000, 0, Action::Heal), timed(100_000, 2, Action::Heal)], 1),
        (vec![timed(400_000, 0, Action::Heal)], 0),
        (vec![timed(400_000, 1_000_000, Action::Heal)], 0),
    ] {
        assert_eq!(played(actions), RecordingError::Order { number });
    }
}

/// A link may have been cut off, mistyped or made up: whatever is read either plays or is refused.
#[test]
fn a_damaged_recording_never_panics() {
    let mut rng = Rng::new(1);
    let (mut malformed, mut refused, mut played) = (0, 0, 0);
    for (kind, seed) in kinds_and_seeds() {
        let (chaos, _) = eventful(kind, seed);
        let json = chaos.recording.to_json().into_bytes();
        for _ in 0..60 {
            let mut damaged = json.clone();
            for _ in 0..rng.between(1, 2) {
                let at = rng.between(0, damaged.len() as u64 - 1) as usize;
                match rng.between(0, 3) {
                    0 => damaged.truncate(at.max(1)),
                    1 => drop(damaged.remove(at)),
                    // Digits for digits, so that much of it still is a recording.
                    _ if damaged[at].is_ascii_digit() => {
                        damaged[at] = b'0' + rng.between(0, 9) as u8;
                    }
                    _ => damaged[at] = rng.between(0x20, 0x7e) as u8,
                }
            }
            let damaged = String::from_utf8(damaged).expect("all of it is ASCII");
            match Recording::from_json(&damaged) {
                Err(_) => malformed += 1,
                Ok(recording) => match recording.replay::<Raft>(&mut ()) {
                    Err(_) => refused += 1,
                    Ok(_) => played += 1,
                },
            }
        }
    }
    assert!(malformed > 100 && refused > 50 && played > 20, "{malformed} {refused} {played}");
}

// ---- digests that must not change ------------------------------------------------------------

/// A run, how far to play it, and the digest that must come out, here as in every browser.
#[derive(Debug, Deserialize)]
struct Recorded {
    name: String,
    recording: Value,
    until: u64,
    digest: String,
}

/// Recorded runs; `UPDATE_RECORDINGS=1 cargo test --test determinism` writes them anew.
const RECORDINGS: &str = "tests/data/recordings.json";

#[test]
fn recorded_runs_give_the_digests_that_they_gave() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDINGS);
    if env::var_os("UPDATE_RECORDINGS").is_some() {
        fs::write(&path, record()).expect("the file can be written");
    }
    let json = fs::read_to_string(&path).expect("the file is part of the repository");
    let recorded: Vec<Recorded> = serde_json::from_str(&json).expect("it holds recordings");
    for protocol in [Raft::ID, Paxos::ID, MultiPaxos::ID] {
        let runs = recorded.iter().filter(|each| each.recording["protocol"] == protocol);
        assert!(runs.count() >= 20, "{protocol}");
    }
    for Recorded { name, recording, until, digest } in recorded {
        let recording = Recording::from_json(&recording.to_string())
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        let replayed = match &*recording.protocol {
            Paxos::ID => replay::<Paxos>(&recording, until),
            MultiPaxos::ID => replay::<MultiPaxos>(&recording, until),
            _ => replay::<Raft>(&recording, until),
        };
        let replayed = replayed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(format!("{replayed:#018x}"), digest, "{name}");
    }
}

fn replay<P: Protocol>(recording: &Recording, until: u64) -> Result<u64, RecordingError> {
    let mut world = recording.replay::<P>(&mut ())?;
    world.run_until(Micros(until), &mut ());
    Ok(world.digest())
}

/// Runs of all protocols, kinds and sizes, one a line.
fn record() -> String {
    let mut json = record_all::<Raft>("", &[1, 2, 3, 4, 5, 7, 9, 25], &Kind::ALL);
    // Nobody changes who belongs to these.
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(|&kind| kind != Kind::Regrouping).collect();
    json += &record_all::<Paxos>("paxos, ", &[1, 3, 4, 7], &kinds);
    json += &record_all::<MultiPaxos>("multi-paxos, ", &[1, 3, 5, 9], &kinds);
    json + "\n]\n"
}

fn record_all<P: Protocol>(title: &str, sizes: &[u8], kinds: &[Kind]) -> String {
    let runs = kinds.iter().flat_map(|&kind| sizes.iter().map(move |&size| (kind, size)));
    let mut json = String::new();
    for (number, (kind, size)) in runs.enumerate() {
        let mut chaos = Chaos::<P>::new(kind, number as u64, size..=size);
        chaos.rage(&mut ());
        if number % 2 == 0 {
            chaos.mend(&mut ());
        }
        let until = chaos.world.now() + Micros::from_secs(1);
        chaos.world.run_until(until, &mut ());
        let name = format!("{title}{kind:?}, {size} nodes").to_lowercase();
        let recording = chaos.recording.to_json();
        let (until, digest) = (until.0, chaos.world.digest());
        let comma = if number == 0 && title.is_empty() { "[" } else { "," };
        write!(
            json,
            "{comma}\n{{\"name\":\"{name}\",\"until\":{until},\"digest\":\"{digest:#018x}\",\"recording\":{recording}}}"
        )
        .expect("a string takes everything");
    }
    json
}
