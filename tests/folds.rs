//! A long run keeps its past more sparsely, and says exactly what it keeps no more.

use conclave::protocols::catalog;
use conclave::scene::{Folds, Lab};
use conclave::sim::timeline::{MAX_BEATS, Moment};
use conclave::sim::{Action, Micros, NodeId, Recording, Workload};
use conclave::text::Language;

const ALL: u64 = u64::MAX;

/// One node and clients that hardly wait: decisions as fast as can be.
fn hasty() -> Box<dyn Lab> {
    let think = Micros::from_millis(1);
    let workload = Workload {
        clients: 8,
        think_least: think,
        think_most: think,
        read_percent: 0,
        ..Workload::default()
    };
    catalog::open(Recording { workload, ..Recording::new("raft", 1, 1) }).expect("it is in range")
}

fn sentences(lab: &dyn Lab) -> Vec<String> {
    lab.folds().tell().into_iter().map(|phrase| phrase.render(Language::En)).collect()
}

#[test]
fn a_short_run_keeps_everything_and_says_nothing() {
    let mut lab = hasty();
    lab.run_until(Micros::from_secs(10), ALL);
    assert_eq!(lab.folds(), Folds::default());
    assert_eq!(sentences(&*lab), <[String; 0]>::default());
}

#[test]
fn marks_that_were_given_up_are_told_with_the_moment_up_to_which() {
    let mut lab = hasty();
    let count = |lab: &dyn Lab| lab.tree().current().beats.len();
    while count(&*lab) < MAX_BEATS {
        assert!(lab.step());
    }
    assert_eq!(lab.folds().thinned, None, "{MAX_BEATS} are kept");
    let full = lab.moment();
    while lab.folds().thinned.is_none() {
        assert!(lab.step());
    }
    assert_eq!(lab.folds().thinned, Some(full.at));
    let kept = count(&*lab);
    assert!((MAX_BEATS / 2..MAX_BEATS / 2 + 10).contains(&kept), "{kept} are kept");

    // From there on, none is left out; and a branch that begins before knows of its own part alone.
    let before = lab.steps();
    lab.run_until(lab.now() + Micros::from_secs(1), ALL);
    let told = lab.story(lab.steps() - before);
    let decided = told.iter().filter(|row| row.key).count();
    assert_eq!(count(&*lab) - kept, decided);
    lab.seek(Moment { after: full.after / 2, at: Micros(0) });
    let here = lab.now();
    lab.act(Action::Pause { node: NodeId(0) }).expect("it runs");
    assert_eq!(lab.folds().thinned, Some(here));
}

#[test]
fn keyframes_that_were_given_up_are_told_and_every_moment_is_what_it_was() {
    let recording = Recording::new("multi_paxos", 5, 3);
    let mut lab = catalog::open(recording.clone()).expect("it is in range");
    let live_to = |lab: &mut dyn Lab, steps: u64| {
        while lab.steps() < steps {
            assert!(lab.step());
        }
    };
    live_to(&mut *lab, 630_000);
    assert_eq!(lab.folds().replayed, None, "there is a keyframe every 10,000 events");
    live_to(&mut *lab, 700_000);
    assert_eq!(lab.folds().replayed, Some(20_000));
    let said = sentences(&*lab).join("\n");
    for number in ["20000 events are replayed", "250000 events at a time"] {
        assert!(said.contains(number), "{said}");
    }

    let mut straight = catalog::open(recording).expect("it is in range");
    for after in [1, 333_333, 612_345] {
        live_to(&mut *straight, after);
        lab.seek(Moment { after, at: Micros(0) });
        assert_eq!((lab.steps(), lab.digest()), (after, straight.digest()));
    }
}
