//! Time travel: whatever way one comes to a moment, it is the moment of a straight replay; nothing
//! that was done is lost; and an hour fits.

mod support;

use std::time::Instant;

use conclave::protocols::raft::{Raft, Timer};
use conclave::sim::recording::Timed;
use conclave::sim::rng::Rng;
use conclave::sim::timeline::{
    BeatKind, BranchId, MAX_ACTIONS, MAX_BRANCHES, MAX_MARKS, MAX_STEPS, MAX_TIME, Moment, Place,
    Timeline,
};
use conclave::sim::{
    Action, ActionError, Micros, Protocol, Quality, Recording, RecordingError, Session, Workload,
    World,
};
use support::cluster::{ms, write_op};
use support::solo::s;

type Run = Timeline<Raft>;

fn begin(nodes: u8, seed: u64) -> Run {
    Timeline::open(Recording::new("raft", nodes, seed), &mut ()).expect("nothing has been done")
}

fn election(node: u8) -> Action {
    Action::FireTimer { node: s(node), timer: Raft::timer_number(Timer::Election) as u8 }
}

/// Lives on, or replays, up to a moment of the clock.
fn run_until(run: &mut Run, moment: Micros) {
    while run.advance(moment, &mut ()) {}
    run.wait_until(moment);
}

/// The state at a moment of a branch, by nothing but a replay from the beginning.
fn straight(run: &Run, Place { branch, moment }: Place) -> World<Raft> {
    let branch = run.tree().branch(branch).expect("it is there");
    let done = branch.actions.iter().take_while(|timed| timed.after < moment.after);
    let actions = done.cloned().collect();
    let recording = Recording { actions, ..run.start().clone() };
    let mut world = recording.replay::<Raft>(&mut ()).expect("it was just played");
    while world.steps() < moment.after {
        assert!(world.step(&mut ()), "there is a next event");
    }
    // What is due in this very moment has not happened yet.
    if world.now() < moment.at {
        world.run_until(moment.at, &mut ());
    }
    assert_eq!((world.steps(), world.now()), (moment.after, moment.at));
    world
}

#[track_caller]
fn assert_straight(run: &Run) {
    assert_eq!(run.world().digest(), straight(run, run.place()).digest());
}

/// A run of two seconds with a crash and a restart in it.
fn eventful() -> Run {
    let mut run = begin(3, 1);
    run.act(election(1), &mut ()).expect("it runs");
    run_until(&mut run, ms(300));
    run.act(Action::Crash { node: s(1) }, &mut ()).expect("it is up");
    run_until(&mut run, ms(1_000));
    run.act(Action::Restart { node: s(1) }, &mut ()).expect("it is down");
    run_until(&mut run, ms(2_000));
    run
}

// ---- to and fro ------------------------------------------------------------------------------

#[test]
fn every_step_can_be_gone_back_to_and_on_from() {
    let mut run = eventful();
    let end = run.world().digest();
    let mut digests = Vec::new();
    while run.step_back() {
        assert_straight(&run);
        digests.push(run.world().digest());
    }
    assert_eq!(run.moment(), Moment::default());
    for digest in digests.iter().rev() {
        assert_eq!(run.world().digest(), *digest);
        assert!(run.advance(Micros(u64::MAX), &mut ()));
    }
    run_until(&mut run, ms(2_000));
    assert_eq!(run.world().digest(), end);
    assert_eq!(run.tree().branches().len(), 1, "looking back is no branch");
}

#[test]
fn every_moment_of_the_clock_can_be_gone_to() {
    let mut run = eventful();
    let mut rng = Rng::new(1);
    for _ in 0..500 {
        let at = Micros(rng.between(0, 2_000_000));
        run.seek_time(at);
        assert_eq!(run.world().now(), at);
        assert_straight(&run);
        assert!(run.next_due().is_none_or(|due| due > at), "all of that moment has happened");
    }
    run.seek_time(ms(5_000));
    assert_eq!(run.moment(), run.tree().current().end, "there is nothing after the end");
}

#[test]
fn beats_name_the_moments_just_after_what_is_worth_a_stop() {
    let mut run = eventful();
    let beats = run.tree().current().beats.clone();
    let kinds: Vec<_> = beats.iter().map(|beat| beat.kind).collect();
    let acted = kinds.iter().filter(|kind| **kind == BeatKind::Acted).count();
    assert_eq!(acted, 3);
    assert!(beats.is_sorted_by_key(|beat| beat.moment));
    let first = beats.iter().find(|beat| beat.kind == BeatKind::Led(1)).expect("S1 was elected");
    let (elected, before) = (first.moment, first.moment.after - 1);
    let leads = |run: &Run| run.world().state(s(1)).is_some_and(|server| server.is_leader());
    run.seek(elected);
    assert!(leads(&run) && run.moment() == elected);
    run.seek(Moment { after: before, at: Micros(0) });
    assert!(!leads(&run));
}

// ---- branches --------------------------------------------------------------------------------

#[test]
fn acting_in_the_past_begins_a_branch_and_the_old_one_stays() {
    let mut run = eventful();
    let old = (run.place(), run.world().digest());
    run.seek_time(ms(500));
    run.act(election(2), &mut ()).expect("it runs");
    let new = run.place().branch;
    assert_ne!(new, old.0.branch);
    run_until(&mut run, ms(700));
    assert_straight(&run);
    let branch = run.tree().current();
    assert_eq!(branch.origin, Some(Place { branch: old.0.branch, ..branch.origin.unwrap() }));
    assert_eq!(branch.origin.map(|origin| origin.moment.at), Some(ms(500)));
    assert_eq!(branch.actions.len(), 3, "two of the old branch and its own");
    assert_eq!(branch.own_actions().len(), 1);

    assert!(run.switch(old.0.branch));
    assert_eq!(run.world().now(), ms(700), "the same moment of the clock");
    assert_straight(&run);
    run.seek(old.0.moment);
    assert_eq!(run.world().digest(), old.1);
    assert!(run.switch(new));
    assert_eq!(run.moment(), run.tree().current().end);
    assert!(!run.switch(BranchId(77)));
}

#[test]
fn undo_goes_back_to_before_the_last_action_and_goes_on_without_it() {
    let mut run = eventful();
    let end = run.place();
    assert_eq!(run.undo(), Ok(true));
    assert_eq!((run.world().now(), run.done_actions()), (ms(1_000), 2));
    assert_straight(&run);
    assert_eq!(run.undo(), Ok(true));
    assert_eq!((run.world().now(), run.done_actions()), (ms(300), 1));
    assert_eq!(run.undo(), Ok(true));
    assert_eq!(run.undo(), Ok(false), "nothing is left to undo");
    assert!(run.redo() && run.redo());
    assert_eq!((run.world().now(), run.done_actions()), (ms(1_000), 2));
    // On from here, nobody restarts S1.
    run_until(&mut run, ms(2_000));
    assert_eq!(run.world().status(s(1)), conclave::sim::node::Status::Crashed);
    assert_straight(&run);
    assert!(!run.redo(), "something has happened since");
    assert_eq!(run.tree().branches().len(), 2, "branches on which nothing happened are gone");
    assert!(run.switch(end.branch));
    run.seek(end.moment);
    assert_eq!(run.done_actions(), 3);
}

#[test]
fn redo_after_the_last_undo_leads_back_to_where_it_began() {
    let mut run = eventful();
    let (end, digest) = (run.place(), run.world().digest());
    for undone in 1..=3 {
        for _ in 0..undone {
            assert_eq!(run.undo(), Ok(true));
        }
        for _ in 0..undone {
            assert!(run.redo());
            assert_straight(&run);
        }
        assert!(!run.redo());
        assert_eq!((run.place(), run.world().digest()), (end, digest));
        assert_eq!(run.tree().branches().len(), 1);
    }
}

#[test]
fn a_branch_that_is_deleted_leaves_those_that_left_it() {
    let mut run = eventful();
    let root = run.place().branch;
    let mut branches = vec![root];
    // A branch of a branch of a branch, each with an action of its own, and one aside.
    for at in [1_500, 1_700, 1_900, 400] {
        run.seek_time(ms(at));
        run.act(Action::Heal, &mut ()).expect("it always can be done");
        run_until(&mut run, ms(2_500));
        branches.push(run.place().branch);
    }
    let ends = |run: &mut Run| -> Vec<_> {
        let ids: Vec<_> = run.tree().branches().iter().map(|branch| branch.id).collect();
        let ends = ids.into_iter().map(|id| {
            assert!(run.switch(id));
            run.seek(run.tree().current().end);
            assert_straight(run);
            (id, run.world().digest())
        });
        ends.collect()
    };
    let mut expected = ends(&mut run);
    assert_eq!(expected.len(), 5);
    for id in [branches[1], root, branches[4], branches[2]] {
        assert!(run.delete(id));
        expected.retain(|(kept, _)| *kept != id);
        assert_eq!(ends(&mut run), expected);
    }
    assert!(!run.delete(branches[3]), "the last branch stays");
    assert!(!run.delete(root), "it is gone");
}

#[test]
fn marks_are_seen_on_the_branches_that_share_their_moment() {
    let mut run = eventful();
    for at in [100, 600, 1_500] {
        run.seek_time(ms(at));
        run.mark(&format!("at {at}")).expect("it is short");
    }
    run.seek_time(ms(700));
    run.act(Action::Heal, &mut ()).expect("it always can be done");
    let seen = |run: &Run| -> Vec<_> {
        run.tree().marks().iter().map(|mark| mark.text.to_string()).collect()
    };
    assert_eq!(seen(&run), ["at 100", "at 600"]);
    run.mark("here").expect("it is short");
    assert_eq!(seen(&run), ["at 100", "at 600", "here"]);
    run.mark("").expect("nothing is too long");
    assert_eq!(seen(&run), ["at 100", "at 600"]);
    run.switch(BranchId(0));
    assert_eq!(seen(&run), ["at 100", "at 600", "at 1500"]);
}

// ---- limits ----------------------------------------------------------------------------------

#[test]
fn what_is_full_says_so_and_changes_nothing() {
    let mut run = begin(1, 1);
    let mut full = |what, most: usize, act: &mut dyn FnMut(&mut Run, usize) -> Result<(), _>| {
        let made = (0..=most).map(|number| act(&mut run, number)).find(Result::is_err);
        let error = ActionError::Full { what, most: most as u64 };
        assert_eq!(made, Some(Err(error)));
        assert_straight(&run);
    };
    full("marks", MAX_MARKS, &mut |run, number| {
        run.wait_until(Micros(number as u64));
        run.mark("x")
    });
    full("branches", MAX_BRANCHES, &mut |run, number| run.fork(&number.to_string()));
    let long = "x".repeat(65);
    let too_long = |field| Err(ActionError::TextTooLong { field, characters: 65 });
    assert_eq!(run.mark(&long), too_long("mark"));
    assert_eq!(run.rename(BranchId(0), &long), too_long("name"));
    let mut run = begin(1, 1);
    let heal = (0..=MAX_ACTIONS).map(|_| run.act(Action::Heal, &mut ()));
    let most = MAX_ACTIONS as u64;
    assert_eq!(
        { heal }.find(Result::is_err),
        Some(Err(ActionError::Full { what: "actions", most }))
    );
}

#[test]
fn a_recording_that_asks_for_an_endless_replay_is_refused_at_once() {
    let heal = |at, after| Timed { at, after, action: Action::Heal };
    let too_long = [
        ("steps", MAX_STEPS + 1, MAX_STEPS, vec![heal(ms(1), MAX_STEPS + 1)]),
        ("at", u64::MAX, MAX_TIME.0, vec![heal(Micros(u64::MAX), 0)]),
        ("actions", 20_001, MAX_ACTIONS as u64, vec![heal(ms(0), 0); MAX_ACTIONS + 1]),
    ];
    for (field, value, most, actions) in too_long {
        let recording = Recording { actions, ..Recording::new("raft", 3, 1) };
        let error = RecordingError::TooLong { field, value, most };
        assert_eq!(recording.replay::<Raft>(&mut ()).map(|_| ()), Err(error.clone()));
        assert_eq!(Run::open(recording, &mut ()).map(|_| ()), Err(error.clone()));
        assert!(error.to_string().contains(&most.to_string()), "{error}");
    }
}

// ---- random walks ----------------------------------------------------------------------------

/// Something to do; it need not be possible.
fn whim(rng: &mut Rng, run: &Run) -> Action {
    let node = s(rng.between(1, run.world().size().into()) as u8);
    let other = s(rng.between(1, run.world().size().into()) as u8);
    match rng.between(0, 8) {
        0 => Action::Crash { node },
        1 => Action::Restart { node },
        2 => Action::Pause { node },
        3 => Action::Resume { node },
        4 => Action::Cut { from: node, to: other },
        5 => Action::Heal,
        6 => election(node.0 + 1),
        7 => Action::SetClock { node, ppm: rng.between(500_000, 2_000_000) as u32 },
        _ => {
            let op = write_op("x", &rng.between(0, 99).to_string());
            Action::Request { node, op, persistent: true }
        }
    }
}

/// What must never be lost: the actions of each branch that was not deleted, and how far it went.
fn holdings(run: &Run) -> Vec<(BranchId, usize, Moment)> {
    let branches = run.tree().branches().iter();
    branches.map(|branch| (branch.id, branch.actions.len(), branch.end)).collect()
}

/// The longest that a walk lives; further on it goes back, so that each replay stays short.
const WALK: Micros = Micros::from_secs(20);

/// Does so many things of all kinds to one run, and looks after each whether it is what a straight
/// replay shows, and whether something was lost.
fn walk(seed: u64, actions: usize) {
    let mut rng = Rng::new(seed);
    let mut run = begin(rng.between(2, 5) as u8, seed);
    let mut most_branches = 0;
    for _ in 0..actions {
        let before = holdings(&run);
        let lived = |origin: Option<Place>, end| origin.is_none_or(|from| from.moment < end);
        let idle = run.tree().branches().iter().filter(|each| !lived(each.origin, each.end));
        let idle: Vec<_> = idle.map(|branch| branch.id).collect();
        let ids: Vec<_> = run.tree().branches().iter().map(|branch| branch.id).collect();
        let some = ids[rng.between(0, ids.len() as u64 - 1) as usize];
        let mut deleted = None;
        match rng.between(0, 20) {
            _ if ids.len() > 30 => deleted = run.delete(some).then_some(some),
            0..=4 => _ = run.act(whim(&mut rng, &run), &mut ()),
            5..=8 if run.world().now() > WALK => run.seek(Moment::default()),
            5..=8 => {
                let until = run.world().now() + Micros(rng.between(0, 200_000));
                run_until(&mut run, until);
            }
            9 => _ = run.advance(Micros(u64::MAX), &mut ()),
            10 => _ = run.step_back(),
            11 | 12 => _ = run.undo().expect("there is room for branches"),
            13 => _ = run.redo(),
            14 => {
                let end = run.tree().current().end;
                run.seek_time(Micros(rng.between(end.at.0 / 2, end.at.0)));
            }
            15 => {
                let end = run.tree().current().end;
                run.seek(Moment { after: rng.between(0, end.after), at: Micros(0) });
            }
            16 => run.seek(run.tree().current().end),
            17 => run.fork("").expect("there is room"),
            18 => _ = run.switch(some),
            19 if seed.is_multiple_of(2) => {
                let saved = run.session();
                let bytes = saved.to_bytes().expect("it is short");
                let session = Session::from_bytes(&bytes).expect("it was just written");
                let (opened, differs) = Run::resume(session, &mut ()).expect("it was played");
                assert_eq!((opened.session(), differs), (saved, None));
                run = opened;
                assert_straight(&run);
                // Branches go by other names now.
                continue;
            }
            _ if ids.len() > 6 => deleted = run.delete(some).then_some(some),
            _ => {}
        }
        assert_straight(&run);
        let after = holdings(&run);
        for (id, actions, end) in before.into_iter().filter(|(id, ..)| deleted != Some(*id)) {
            let kept = after.iter().find(|(kept, ..)| *kept == id);
            if let Some((_, now, until)) = kept {
                assert!(*now >= actions && *until >= end);
            } else {
                // Nobody stands any more on a branch on which nothing has happened.
                assert!(idle.contains(&id), "seed {seed}: {id:?} is lost");
            }
        }
        most_branches = most_branches.max(after.len());
    }
    assert!(most_branches > 5, "seed {seed}: {most_branches} branches");
    // At the end, each branch once more, whole.
    let ids: Vec<_> = run.tree().branches().iter().map(|branch| branch.id).collect();
    for id in ids {
        if run.switch(id) {
            run.seek(run.tree().current().end);
            assert_straight(&run);
        }
    }
}

#[test]
fn random_walks_show_what_a_straight_replay_shows_and_lose_nothing() {
    for seed in 0..10 {
        walk(seed, 500);
    }
}

#[test]
fn a_walk_of_ten_thousand_actions_shows_what_a_straight_replay_shows_and_loses_nothing() {
    walk(10, 10_000);
}

// ---- an hour ---------------------------------------------------------------------------------

/// Five nodes, three clients, an hour, with somebody at work every minute.
fn hour() -> Run {
    let recording = Recording {
        workload: Workload { clients: 2, ..Workload::default() },
        quality: Quality { loss_ppm: 1_000, ..Quality::default() },
        ..Recording::new("raft", 5, 7)
    };
    let mut run = Run::open(recording, &mut ()).expect("nothing has been done");
    for minute in 0..60 {
        run_until(&mut run, Micros::from_secs(60 * minute + 30));
        let node = s((minute / 2 % 5) as u8 + 1);
        let action =
            if minute % 2 == 0 { Action::Crash { node } } else { Action::Restart { node } };
        run.act(action, &mut ()).expect("it was the other way");
        run_until(&mut run, Micros::from_secs(60 * (minute + 1)));
    }
    run
}

#[test]
fn an_hour_is_bounded_in_memory_and_any_moment_of_it_is_near() {
    let begun = Instant::now();
    let mut run = hour();
    let end = run.moment();
    assert!(end.after >= 250_000, "{} events", end.after);
    let (frames, bytes) = run.frames();
    println!(
        "{} events in {:?}; {frames} keyframes, {} KiB; a world weighs {} KiB; {} beats",
        end.after,
        begun.elapsed(),
        bytes >> 10,
        run.world().weight() >> 10,
        run.tree().current().beats.len(),
    );
    assert!(bytes <= 40 << 20);

    let mut rng = Rng::new(1);
    let (mut took, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..1_000 {
        let at = Micros(rng.between(0, end.at.0));
        let begun = Instant::now();
        run.seek_time(at);
        took.push(begun.elapsed());
        seen.push((at, run.moment(), run.world().digest()));
    }
    took.sort_unstable();
    println!("seeks: median {:?}, 95 of 100 {:?}, longest {:?}", took[500], took[950], took[999]);

    // One straight replay that comes by all of them.
    seen.sort_unstable();
    let recording = run.recording();
    let mut straight = Run::open(Recording { actions: vec![], ..recording.clone() }, &mut ())
        .expect("nothing has been done");
    let mut actions = recording.actions.into_iter().peekable();
    for (at, moment, digest) in seen {
        while let Some(timed) = actions.next_if(|timed| timed.at <= at) {
            run_until(&mut straight, timed.at);
            straight.act(timed.action, &mut ()).expect("it was done before");
        }
        run_until(&mut straight, at);
        assert_eq!((straight.moment(), straight.world().digest()), (moment, digest));
    }
}
