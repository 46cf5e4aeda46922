//! Which moments tell a run on paper.

use conclave::protocols::catalog;
use conclave::scene::storyboard::{MOST_MOMENTS, storyboard};
use conclave::scene::{Class, Lab};
use conclave::sim::timeline::{BeatKind, Moment};
use conclave::sim::{Action, Micros, NodeId, Recording, Workload};

fn busy() -> Box<dyn Lab> {
    let workload = Workload { clients: 3, ..Workload::default() };
    let recording = Recording { workload, ..Recording::new("raft", 5, 1) };
    let mut lab = catalog::open(recording).expect("it is in range");
    lab.run_until(Micros::from_secs(20), u64::MAX);
    lab
}

fn moments(lab: &dyn Lab) -> Vec<Moment> {
    storyboard(lab).into_iter().map(|mark| mark.moment).collect()
}

#[test]
fn a_run_in_which_nothing_has_happened_is_told_by_this_moment() {
    let lab = catalog::open(Recording::new("raft", 5, 1)).expect("it is in range");
    assert_eq!(moments(&*lab), [Moment::default()]);
}

#[test]
fn what_the_reader_has_marked_is_all_there_is_with_its_text() {
    let mut lab = busy();
    for (second, text) in [(9, "late"), (2, "early"), (5, "between")] {
        lab.seek_time(Micros::from_secs(second));
        lab.mark(text).expect("there is room");
    }
    let told = storyboard(&*lab);
    let told = told.iter().map(|mark| (mark.moment.at.0 / 1_000_000, mark.text.as_str()));
    assert_eq!(told.collect::<Vec<_>>(), [(2, "early"), (5, "between"), (9, "late")]);
}

#[test]
fn else_it_is_told_by_up_to_six_beats_rare_ones_first_and_evenly_spread() {
    let mut lab = busy();
    let beats = |lab: &dyn Lab, wanted: fn(BeatKind) -> bool| -> Vec<Moment> {
        let beats = lab.tree().current().beats.iter();
        beats.filter(|beat| wanted(beat.kind)).map(|beat| beat.moment).collect()
    };
    let led = beats(&*lab, |kind| matches!(kind, BeatKind::Led(_)));
    let decided = beats(&*lab, |kind| kind == BeatKind::Decided);
    assert!(led.len() < 3 && decided.len() > 20);
    let told = moments(&*lab);
    assert_eq!(told.len(), MOST_MOMENTS);
    assert!(told.is_sorted() && led.iter().all(|moment| told.contains(moment)));
    assert!(
        [decided.first(), decided.last()].map(Option::unwrap).iter().all(|end| told.contains(end))
    );

    // Seven actions leave no room for anything else.
    for second in 21..28 {
        lab.run_until(Micros::from_secs(second), u64::MAX);
        let node = NodeId(4);
        let crash = second % 2 == 1;
        lab.act(if crash { Action::Crash { node } } else { Action::Restart { node } }).unwrap();
    }
    let acted = beats(&*lab, |kind| kind == BeatKind::Acted);
    let told = moments(&*lab);
    assert_eq!(told.len(), MOST_MOMENTS);
    assert!(told.iter().all(|moment| acted.contains(moment)));
    assert_eq!((told.first(), told.last()), (acted.first(), acted.last()));
    for moment in told {
        lab.seek(moment);
        assert!(lab.story(1).iter().any(|row| row.class == Class::Person));
    }
}
