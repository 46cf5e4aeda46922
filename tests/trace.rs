//! The trace of a run, from which the space–time diagram is drawn, says exactly what happened.

use std::collections::BTreeMap;

use conclave::protocols::catalog;
use conclave::protocols::raft::Raft;
use conclave::scene::trace::{Fate, STRETCH};
use conclave::scene::{Lab, Trace, Window};
use conclave::sim::node::Status;
use conclave::sim::timeline::{BranchId, Moment};
use conclave::sim::{
    Action, Event, EventKind, MessageId, Micros, NodeId, Quality, Recording, Timeline, Watch,
    Workload,
};

/// A run in which clients write and the network loses, doubles and reorders.
fn start(protocol: &str, seed: u64) -> Recording {
    let mut recording = Recording::new(protocol, 5, seed);
    recording.quality = Quality { loss_ppm: 50_000, duplicate_ppm: 20_000, ..Quality::default() };
    recording.workload = Workload { clients: 2, ..Workload::default() };
    recording
}

/// Lives on for a second, with a crash, a pause, a cut and what a person does to messages.
fn live(lab: &mut dyn Lab) {
    let node = NodeId;
    for action in [
        Action::Crash { node: node(1) },
        Action::Pause { node: node(2) },
        Action::Cut { from: node(3), to: node(4) },
        Action::Restart { node: node(1) },
        Action::Resume { node: node(2) },
        Action::Heal,
    ] {
        lab.run_until(lab.now() + Micros::from_millis(150), u64::MAX);
        lab.act(action).unwrap();
        let mut flights = Vec::new();
        lab.flights(&mut flights);
        for (place, flight) in flights.iter().take(3).enumerate() {
            let message = flight.id;
            let action = match place {
                0 => Action::Drop { message },
                1 => Action::Delay { message, by: Micros::from_millis(40) },
                _ => Action::Duplicate { message },
            };
            lab.act(action).unwrap();
        }
    }
    lab.run_until(lab.now() + Micros::from_millis(150), u64::MAX);
}

fn whole(lab: &mut dyn Lab) -> Trace {
    loop {
        let trace = lab.trace(1_000).clone();
        if lab.is_traced() {
            return trace;
        }
    }
}

/// What became of each message, as an eye-witness tells it.
#[derive(Default)]
struct Witness(BTreeMap<MessageId, (Micros, Micros, Fate)>);

impl Watch<Raft> for Witness {
    fn event(&mut self, event: Event<'_, Raft>) {
        let (flight, fate) = match event.kind {
            EventKind::Arrived(flight) | EventKind::Returned { flight, .. } => {
                (flight, Fate::Delivered)
            }
            EventKind::Lost(flight, _) => (flight, Fate::Lost),
            _ => return,
        };
        let told = self.0.insert(flight.id, (flight.sent, event.at, fate));
        assert_eq!(told, None, "a message is settled once");
    }
}

#[test]
fn every_message_sent_is_delivered_or_lost_or_under_way() {
    for seed in 1..=8 {
        let mut lab = catalog::open(start("raft", seed)).unwrap();
        live(&mut *lab);
        let trace = whole(&mut *lab);
        let mut witness = Witness::default();
        let mut timeline = Timeline::<Raft>::open(lab.recording(), &mut witness).unwrap();
        while timeline.moment().after < lab.steps() && timeline.advance(lab.now(), &mut witness) {}
        let mut told = witness.0;
        for flight in timeline.world().flights() {
            told.insert(flight.id, (flight.sent, flight.sent, Fate::UnderWay));
        }
        let traced = trace.arrows().map(|(id, arrow)| (id, (arrow.sent, arrow.end, arrow.fate)));
        let traced: BTreeMap<_, _> = traced.collect();
        assert_eq!(traced, told, "seed {seed}");
        let ids: Vec<u64> = traced.keys().map(|id| id.0).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "none is left out");
        assert!(traced.values().any(|(_, _, fate)| *fate == Fate::Lost));
    }
}

#[test]
fn a_trace_that_listens_is_the_trace_of_a_replay() {
    for protocol in ["raft", "paxos", "multi_paxos"] {
        let mut lab = catalog::open(start(protocol, 3)).unwrap();
        lab.trace(0);
        live(&mut *lab);
        let heard = whole(&mut *lab);
        let replayed = whole(&mut *catalog::resume(lab.session()).unwrap().0);
        assert_eq!(heard.arrows().collect::<Vec<_>>(), replayed.arrows().collect::<Vec<_>>());
        assert_eq!(heard, replayed, "{protocol}");
    }
}

#[test]
fn after_any_seek_or_switch_the_trace_is_that_of_the_branch() {
    let mut lab = catalog::open(start("raft", 5)).unwrap();
    live(&mut *lab);
    let first = whole(&mut *lab);
    lab.seek(Moment { after: 100, at: Micros(0) });
    assert_eq!(whole(&mut *lab), first, "where the reader stands changes nothing");
    lab.act(Action::Crash { node: NodeId(0) }).unwrap();
    lab.run_until(lab.now() + Micros::from_millis(300), u64::MAX);
    let second = whole(&mut *lab);
    assert_ne!(second, first);
    let fresh = whole(&mut *catalog::resume(lab.line(true)).unwrap().0);
    assert!(second.arrows().eq(fresh.arrows()), "as if there were no other branch");
    assert!(lab.undo().unwrap());
    assert!(whole(&mut *lab).arrows().all(|(_, arrow)| arrow.sent <= lab.now()));
    assert!(lab.redo());
    assert_eq!(whole(&mut *lab), second);
    assert!(lab.switch(BranchId(0)));
    assert_eq!(whole(&mut *lab), first);
}

#[test]
fn standings_are_those_that_the_scenes_show() {
    let window = Window { first: None, columns: 1 };
    for protocol in ["raft", "multi_paxos"] {
        let mut lab = catalog::open(start(protocol, 2)).unwrap();
        live(&mut *lab);
        let trace = whole(&mut *lab);
        let (end, mut led) = (lab.steps(), false);
        for after in 0..=end {
            lab.seek(Moment { after, at: Micros(0) });
            let now = lab.now();
            for node in lab.scene(window).nodes {
                let standings = trace.standings(node.id);
                let last = standings.partition_point(|standing| standing.since < now);
                // Of what happens in one instant, the scene shows each step.
                let candidates = &standings[last.saturating_sub(1)..];
                let fits =
                    candidates.iter().take_while(|one| one.since <= now || last == 0).any(|one| {
                        let leads = node.face.leads && node.status != Status::Crashed;
                        led |= leads;
                        (one.status, one.leads.is_some()) == (node.status, leads)
                            && one.leads.is_none_or(|epoch| epoch == node.face.epoch)
                    });
                assert!(fits, "{protocol}: {} after {after} steps", node.id);
            }
        }
        assert!(led);
    }
}

#[test]
fn what_is_between_two_moments_is_found_without_looking_at_all() {
    let mut lab = catalog::open(start("raft", 7)).unwrap();
    live(&mut *lab);
    let trace = whole(&mut *lab);
    let end = lab.now().0;
    for tenth in 0..10 {
        let (from, to) = (Micros(end / 10 * tenth), Micros(end / 10 * (tenth + 1)));
        let mut found = Vec::new();
        trace.between(from, to, &mut |id, _| found.push(id));
        found.sort_unstable();
        let on_its_way = trace.arrows().filter(|(_, arrow)| {
            arrow.sent <= to && (arrow.end >= from || arrow.fate == Fate::UnderWay)
        });
        assert_eq!(found, on_its_way.map(|(id, _)| id).collect::<Vec<_>>());
    }
}

#[test]
fn of_a_run_that_is_too_long_the_part_around_the_present_is_known() {
    let mut recording = Recording::new("raft", 5, 1);
    recording.workload = Workload {
        clients: 40,
        think_least: Micros(1_000),
        think_most: Micros(2_000),
        ..Workload::default()
    };
    let mut lab = catalog::open(recording).unwrap();
    lab.trace(0);
    lab.run_until(Micros::from_secs(120), 2 * STRETCH);
    let trace = whole(&mut *lab);
    let known = trace.upto().moment.after - trace.from().after;
    assert_eq!(trace.upto().moment, lab.moment());
    assert!((STRETCH..=STRETCH * 5 / 4).contains(&known), "{known} steps are known");
    let bytes = trace.arrows().count() * 48;
    assert!(bytes <= 20 << 20, "{bytes} bytes");
    lab.seek(Moment { after: 50_000, at: Micros(0) });
    let early = whole(&mut *lab);
    assert!(early.from().after <= 50_000 && early.upto().moment.after >= 50_000);
    lab.seek(Moment { after: 200_000, at: Micros(0) });
    assert_eq!(whole(&mut *lab), early, "nothing is replayed again for what is known");
}
