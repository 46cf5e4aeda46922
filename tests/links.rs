//! Links and files: what was saved opens again, short and for ever, and whatever else comes in is
//! refused by name, quickly and in little memory.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::path::Path;

use conclave::protocols::raft::{Raft, Timer};
use conclave::sim::recording::Timed;
use conclave::sim::rng::Rng;
use conclave::sim::session::{ENGINE, FORMAT, MAX_BYTES, MAX_JSON, Strand};
use conclave::sim::timeline::{MAX_STEPS, Moment, Timeline};
use conclave::sim::{
    Action, LinkError, Micros, Protocol, Recording, RecordingError, Session, Workload,
};
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::cluster::{ms, write_op};
use support::solo::s;

type Run = Timeline<Raft>;

/// Counts what is allocated, to see that hostile bytes cannot ask for much.
struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let now = NOW.get() + bytes;
    NOW.set(now);
    PEAK.set(PEAK.get().max(now));
}

/// The most that something has allocated at a time, in bytes.
fn peak(of: impl FnOnce()) -> isize {
    let before = NOW.get();
    PEAK.set(before);
    of();
    PEAK.get() - before
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to the contract of `GlobalAlloc`, which is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A run as in a class: a partition, crashes, writes, about an action a second.
fn classroom(seed: u64, actions: usize) -> Run {
    let mut run = Run::open(Recording::new("raft", 5, seed), &mut ()).expect("nothing was done");
    let mut rng = Rng::new(seed);
    while run.tree().current().actions.len() < actions {
        let until = run.world().now() + Micros(rng.between(200_000, 2_000_000));
        while run.advance(until, &mut ()) {}
        run.wait_until(until);
        let (node, other) = (s(rng.between(1, 5) as u8), s(rng.between(1, 5) as u8));
        let action = match rng.between(0, 9) {
            0 | 1 => Action::Crash { node },
            2 | 3 => Action::Restart { node },
            4 => Action::Cut { from: node, to: other },
            5 => Action::Partition { sides: (0..5).map(|_| rng.between(0, 1) as u8).collect() },
            6 => Action::Heal,
            7 => Action::FireTimer { node, timer: Raft::timer_number(Timer::Election) as u8 },
            _ => {
                let op = write_op("x", &rng.between(0, 99).to_string());
                Action::Request { node, op, persistent: true }
            }
        };
        // Some cannot be done.
        let _ = run.act(action, &mut ());
    }
    run
}

/// A run with three branches, names and marks, whose reader stands in the past of one.
fn branched() -> Run {
    let mut run = classroom(1, 12);
    let end = run.moment().at;
    for (at, name) in [(end.0 / 2, "without the crash"), (end.0 / 3, "别的")] {
        run.seek_time(Micros(at));
        run.mark(name).expect("it is short");
        run.act(Action::Heal, &mut ()).expect("it always can be done");
        let branch = run.place().branch;
        run.rename(branch, name).expect("it is short");
        while run.advance(end, &mut ()) {}
        run.wait_until(end);
    }
    run.seek_time(Micros(end.0 / 4 * 3));
    run
}

fn resume(session: Session) -> (Run, Option<Moment>) {
    Run::resume(session, &mut ()).expect("it was just saved")
}

// ---- what is saved opens ---------------------------------------------------------------------

#[test]
fn a_session_saved_opens_with_all_branches_at_the_same_moment() {
    let run = branched();
    let bytes = run.session().to_bytes().expect("it is short");
    let read = Session::from_bytes(&bytes).expect("it was just written");
    assert_eq!(read, run.session());
    let json = Session::from_bytes(run.session().to_json().as_bytes());
    assert_eq!(json, Ok(run.session()));
    let marked = format!("\u{feff}{}", run.session().to_json());
    assert_eq!(Session::from_bytes(marked.as_bytes()), json, "with a byte-order mark");
    let (opened, differs) = resume(read);
    assert_eq!(differs, None);
    assert_eq!(opened.world().digest(), run.world().digest());
    assert_eq!(opened.moment(), run.moment());
    assert_eq!(opened.tree().current().name, "别的");
    assert_eq!(opened.session(), run.session());
}

#[test]
fn a_link_of_one_branch_opens_at_this_moment_or_at_its_end() {
    let run = branched();
    for at_end in [false, true] {
        let link = run.line(at_end).to_link().expect("it is short");
        let (mut opened, differs) = resume(Session::from_link(&link).expect("it is one"));
        assert_eq!((differs, opened.tree().branches().len()), (None, 1));
        let end = run.tree().current().end;
        assert_eq!(opened.moment(), if at_end { end } else { run.moment() });
        assert_eq!(opened.recording(), run.recording());
        opened.seek(run.moment());
        assert_eq!(opened.world().digest(), run.world().digest());
        let texts = |run: &Run| run.tree().marks().into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(texts(&opened), texts(&run));
    }
}

#[test]
fn a_link_of_fifty_actions_has_at_most_1500_characters() {
    for seed in 0..20 {
        let run = classroom(seed, 50);
        let link = run.line(true).to_link().expect("it is short");
        assert!(link.len() <= 1_500, "seed {seed}: {} characters", link.len());
        let plain = link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(plain, "it needs no escapes in an address");
    }
}

#[test]
fn a_recording_of_json_opens_where_its_last_action_left_it() {
    let run = classroom(3, 10);
    let json = run.recording().to_json();
    let (opened, differs) = resume(Session::from_bytes(json.as_bytes()).expect("it is one"));
    assert_eq!((opened.world().digest(), differs), (run.world().digest(), None));
}

/// Links of every version that there was. They are never changed; whoever changes what engines do
/// adds the new digest's links beside them.
#[test]
fn every_link_of_the_archive_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/links");
    let mut links: Vec<_> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|file| file.expect("it can be read").path())
        .collect();
    links.sort();
    assert!(!links.is_empty());
    for path in links {
        let link = fs::read_to_string(&path).expect("it can be read");
        let name = path.display();
        let session = Session::from_link(&link).unwrap_or_else(|error| panic!("{name}: {error}"));
        let moment = session.moment;
        let (opened, differs) =
            Run::resume(session, &mut ()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((opened.moment(), differs), (moment, None), "{name}");
    }
}

// ---- other engines ---------------------------------------------------------------------------

#[test]
fn a_run_that_other_engines_play_otherwise_opens_and_says_from_where() {
    let run = classroom(5, 20);
    let session = run.line(true);
    let moments: Vec<_> = run.recording().actions.iter().map(Timed::moment).collect();
    let (_, differs) = resume(Session { digest: 1, ..session.clone() });
    assert_eq!(differs, moments.last().copied(), "all is well up to the last action");

    let mut other = session.clone();
    other.strands[0].deeds[7].2 ^= 1;
    let (opened, differs) = resume(other);
    let seven = Moment { after: moments[6].after + 1, at: moments[6].at };
    assert!(differs.is_some_and(|from| seven <= from && from <= moments[7]), "{differs:?}");
    assert_eq!(opened.world().digest(), run.world().digest());

    // What cannot be done at all is left out, if other engines did it.
    let mut other = Session { engine: "0.0.1".into(), ..session.clone() };
    other.strands[0].deeds[9].1 += 1;
    let (opened, differs) = resume(other.clone());
    assert_eq!(opened.tree().current().actions.len(), 9);
    assert!(differs.is_some());
    let own = Session { engine: ENGINE.into(), ..other };
    let error = Run::resume(own, &mut ()).map(|_| ());
    assert_eq!(error, Err(RecordingError::Order { number: 9 }));
}

// ---- what is not a link ----------------------------------------------------------------------

#[test]
fn what_is_wrong_with_a_link_is_told() {
    let bytes = branched().session().to_bytes().expect("it is short");
    let read = |bytes: &[u8]| Session::from_bytes(bytes).map(|_| ());
    for have in 2..bytes.len() {
        let want = if have < 11 { 11 } else { bytes.len() };
        assert_eq!(read(&bytes[..have]), Err(LinkError::Truncated { have, want }));
    }
    for place in 7..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 4;
        assert_eq!(read(&bytes), Err(LinkError::Corrupted), "byte {place}");
    }
    assert_eq!(read(&[&bytes[..], b"x"].concat()), Err(LinkError::Corrupted));
    let mut later = bytes.clone();
    later[2] = FORMAT + 1;
    assert_eq!(read(&later), Err(LinkError::Format { found: FORMAT + 1 }));
    assert_eq!(read(b"GIF89a"), Err(LinkError::NotALink));
    assert_eq!(read(b""), Err(LinkError::NotALink));
    let large = vec![0xC0; MAX_BYTES + 1];
    assert_eq!(read(&large), Err(LinkError::Oversized { most: MAX_BYTES }));
    let large = [b"{".to_vec(), vec![b' '; MAX_JSON]].concat();
    assert_eq!(read(&large), Err(LinkError::Oversized { most: MAX_JSON }));

    let link = branched().session().to_link().expect("it is short");
    for length in 4..link.len() {
        let error = Session::from_link(&link[..length]).map(|_| ());
        assert!(matches!(error, Err(LinkError::Truncated { .. })), "{length}: {error:?}");
    }
    assert_eq!(Session::from_link("hello there").map(|_| ()), Err(LinkError::NotALink));
    let odd = link.replacen(&link[40..41], "é", 1);
    assert!(matches!(Session::from_link(&odd), Err(LinkError::Corrupted | LinkError::NotALink)));
}

/// A body with a right head.
fn wrap(body: &[u8]) -> Vec<u8> {
    let mut digest = conclave::sim::digest::Digest::default();
    std::hash::Hasher::write(&mut digest, body);
    let sum = std::hash::Hasher::finish(&digest) as u32;
    let length = (body.len() as u32).to_le_bytes();
    [&[0xC0, 0x5E, FORMAT], &length[..], &sum.to_le_bytes(), body].concat()
}

#[test]
fn what_unfolds_without_end_is_stopped() {
    let mut bomb = Vec::new();
    let made = peak(|| bomb = wrap(&compress_to_vec(&vec![b' '; 64 << 20], 9)));
    assert!(made > 64 << 20, "the count works");
    assert!(bomb.len() < MAX_BYTES);
    let most = peak(|| {
        let error = Session::from_bytes(&bomb).map(|_| ());
        assert_eq!(error, Err(LinkError::Oversized { most: MAX_JSON }));
    });
    assert!(most < 16 << 20);

    // As much as is allowed, of whatever takes the most memory for its length.
    let head = r#"{"engine":"0","start":{"format":1,"protocol":"raft","nodes":3,"seed":1"#;
    let ends = |open: &str, each: &str, close: &str| {
        let count = (MAX_JSON - 400) / (each.len() + 1);
        let list = vec![each; count].join(",");
        format!("{head}{open}{list}{close}")
    };
    let tail = r#""strand":0,"moment":{"after":0,"at":0},"digest":0}"#;
    let action = r#"{"at":0,"after":0,"action":"heal"}"#;
    let strand = r#"{"end":{"after":0,"at":0}}"#;
    let settings = (0..).map(|number: u32| format!(r#""{number:x}":0"#)).take(200_000);
    let settings = settings.collect::<Vec<_>>().join(",");
    let hostile = [
        ends(
            r#"},"strands":[{"deeds":["#,
            r#"[0,0,0,"heal"]"#,
            &format!(r#"],{}],{tail}"#, &strand[1..]),
        ),
        ends(r#"},"strands":["#, strand, &format!("],{tail}")),
        ends(r#","actions":["#, action, &format!(r#"]}},"strands":[{strand}],{tail}"#)),
        format!(r#"{head},"settings":{{{settings}}}}},"strands":[{strand}],{tail}"#),
    ];
    for json in hostile {
        let bytes = wrap(&compress_to_vec(json.as_bytes(), 1));
        let mut read = Err(LinkError::NotALink);
        let most = peak(|| read = Session::from_bytes(&bytes));
        assert!(most < 64 << 20, "{} MiB: {}", most >> 20, &json[60..160]);
        assert!(read.and_then(|session| Ok(Run::resume(session, &mut ())?)).is_err());
    }
}

#[test]
fn a_session_that_asks_for_an_endless_replay_is_refused_at_once() {
    let far = Moment { after: MAX_STEPS + 1, at: ms(1) };
    let mut session = Session::of_recording(Recording::new("raft", 3, 1));
    session.strands[0].end = far;
    let error =
        Err(RecordingError::TooLong { field: "steps", value: MAX_STEPS + 1, most: MAX_STEPS });
    assert_eq!(Run::resume(session.clone(), &mut ()).map(|_| ()), error);
    let end = Moment { after: MAX_STEPS, at: ms(1) };
    let other = Strand { origin: Some((0, Moment::default())), end, ..Strand::default() };
    session.strands = vec![Strand { end, ..Strand::default() }, other.clone(), other.clone()];
    session.strands.extend([other.clone(), other]);
    let error = Run::resume(session, &mut ()).map(|_| ());
    assert!(matches!(error, Err(RecordingError::TooLong { field: "steps", .. })), "{error:?}");
}

#[test]
fn branches_that_do_not_hang_together_are_refused() {
    let good = branched().session();
    let broken = |change: &dyn Fn(&mut Session)| {
        let mut session = good.clone();
        change(&mut session);
        let read = Session::from_bytes(session.to_json().as_bytes());
        let error = read.and_then(|session| Ok(Run::resume(session, &mut ())?));
        let error = error.map(|_| ()).expect_err("it does not hang together");
        assert!(
            matches!(
                error,
                LinkError::Recording(RecordingError::Branch { .. } | RecordingError::Order { .. })
            ),
            "{error}"
        );
    };
    broken(&|session| session.strands.clear());
    broken(&|session| session.strand = 3);
    broken(&|session| session.strands[1].origin = None);
    broken(&|session| session.strands[1].origin = Some((1, Moment::default())));
    broken(&|session| session.strands[1].origin = Some((0, Moment { after: 1, at: ms(900_000) })));
    broken(&|session| session.strands[0].origin = Some((0, Moment::default())));
    broken(&|session| session.strands[1].end = Moment::default());
    broken(&|session| session.strands[2].end.at = session.strands[2].end.at + ms(500));
    broken(&|session| session.moment.at = session.moment.at + ms(500));
}

// ---- a million inputs ------------------------------------------------------------------------

/// Runs a property so many times, without files beside the test.
fn hold<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

/// A million inputs: noise, true links with some bytes changed, and the right head before JSON with
/// some bytes changed. Nothing panics; nothing that reads is beyond its bounds.
#[test]
fn a_million_inputs_of_the_decoder_neither_panic_nor_take_much() {
    let small = {
        let mut run = classroom(1, 4);
        run.seek_time(ms(600));
        run.act(Action::Heal, &mut ()).expect("it always can be done");
        run.session()
    };
    let (link, bytes) = (small.to_link().expect("short"), small.to_bytes().expect("short"));
    let json = small.to_json().into_bytes();
    let change = || (any::<prop::sample::Index>(), any::<u8>());
    PEAK.set(NOW.get());
    let before = NOW.get();
    hold(200_000, prop::collection::vec(any::<u8>(), 0..64), |noise| {
        let _ = Session::from_bytes(&noise);
        let _ = Session::from_link(&String::from_utf8_lossy(&noise));
    });
    hold(200_000, (change(), change()), |((one, with), (other, by))| {
        let mut damaged = link.clone().into_bytes();
        let place = one.index(damaged.len());
        damaged[place] = with % 128;
        let place = other.index(damaged.len());
        damaged[place] = by % 128;
        let damaged = String::from_utf8(damaged).expect("it is ASCII");
        let read = Session::from_link(&damaged);
        assert!(read.is_err() || damaged.trim() == link.trim());
    });
    hold(200_000, (change(), any::<prop::sample::Index>()), |((place, with), cut)| {
        let mut damaged = bytes.clone();
        let place = place.index(damaged.len());
        damaged[place] = with;
        damaged.truncate(cut.index(damaged.len()) + 1);
        let read = Session::from_bytes(&damaged);
        assert!(read.is_err() || damaged == bytes);
    });
    hold(200_000, (change(), change()), |((one, with), (other, by))| {
        let mut damaged = json.clone();
        let (one, other) = (one.index(damaged.len()), other.index(damaged.len()));
        (damaged[one], damaged[other]) = (with, by);
        let _ = Session::from_bytes(&damaged);
    });
    // Deflated again, and deflated with a byte changed.
    let body = compress_to_vec(&json, 9);
    hold(200_000, change(), |(place, with)| {
        let mut damaged = body.clone();
        let place = place.index(damaged.len());
        damaged[place] = with;
        let _ = Session::from_bytes(&wrap(&damaged));
    });
    assert!(PEAK.get() - before < 64 << 20);
}

/// What reads is played, or refused; digits are changed, so that most of it reads.
#[test]
fn what_reads_is_played_or_refused_by_name() {
    let workload = Workload { clients: 2, ..Workload::default() };
    let small = {
        let recording = Recording { workload, ..Recording::new("raft", 3, 1) };
        let mut run = Run::open(recording, &mut ()).expect("nothing has been done");
        run.act(Action::Crash { node: s(1) }, &mut ()).expect("it is up");
        while run.advance(ms(300), &mut ()) {}
        run.act(Action::Restart { node: s(1) }, &mut ()).expect("it is down");
        run.session()
    };
    let json = small.to_json().into_bytes();
    let digits = json.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
    let digits: Vec<_> = digits.map(|(place, _)| place).collect();
    let change = || (any::<prop::sample::Index>(), b'0'..=b'9');
    hold(2_000, (change(), change()), |((one, with), (other, by))| {
        let mut damaged = json.clone();
        damaged[digits[one.index(digits.len())]] = with;
        damaged[digits[other.index(digits.len())]] = by;
        if let Ok(session) = Session::from_bytes(&damaged) {
            let moment = session.moment;
            if let Ok((run, None)) = Run::resume(session, &mut ()) {
                assert_eq!(run.moment(), moment);
            }
        }
    });
}
