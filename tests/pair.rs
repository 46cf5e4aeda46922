//! Two clusters side by side: whatever is done to one is done to both, at the same moment, whatever
//! way one comes there.

use std::collections::BTreeMap;

use conclave::protocols::catalog;
use conclave::scene::{Advance, Costs, EventRow, Lab, Scene, Window};
use conclave::sim::node::Status;
use conclave::sim::rng::Rng;
use conclave::sim::timeline::{BranchId, Moment};
use conclave::sim::{
    Action, ActionError, MessageId, Micros, NodeId, Quality, Recording, RecordingError, Session,
    Workload,
};
use conclave::text::Language;

const NODES: u8 = 5;

fn busy(seed: u64) -> Recording {
    let workload = Workload { clients: 3, ..Workload::default() };
    Recording { workload, ..Recording::new("raft", NODES, seed) }
}

fn pair(seed: u64) -> Box<dyn Lab> {
    let session = catalog::begin(busy(seed), Some("multi_paxos")).expect("both are built in");
    catalog::resume(session).expect("nothing has been done").0
}

fn right(lab: &dyn Lab) -> &dyn Lab {
    lab.beside().expect("there are two")
}

fn scene(lab: &dyn Lab) -> Scene {
    lab.scene(Window { first: None, columns: 1 })
}

fn statuses(lab: &dyn Lab) -> Vec<Status> {
    scene(lab).nodes.iter().map(|node| node.status).collect()
}

fn millis(lab: &mut dyn Lab, millis: u64) {
    assert_eq!(lab.run_until(Micros::from_millis(millis), u64::MAX), Advance::Reached);
}

/// What there is to know of both.
fn facts(lab: &dyn Lab) -> [(Micros, u64, Costs); 2] {
    // What the network costs is counted beside the state that the digest tells.
    [lab, right(lab)].map(|each| {
        let digest = match each.beside() {
            None => each.digest(),
            Some(_) => 0,
        };
        (lab.now(), digest, scene(each).costs)
    })
}

#[test]
fn both_begin_alike_and_run_on_one_clock() {
    let mut lab = pair(1);
    assert_eq!((lab.protocol(), right(&*lab).protocol()), ("raft", "multi_paxos"));
    for moment in [1, 150, 1_000, 5_000] {
        millis(&mut *lab, moment);
        assert_eq!(lab.now(), Micros::from_millis(moment));
        assert_eq!(right(&*lab).now(), lab.now());
    }
    while lab.now() < Micros::from_secs(6) {
        assert!(lab.step());
        assert_eq!(right(&*lab).now(), lab.now());
    }
    for each in [&*lab, right(&*lab)] {
        assert!(scene(each).costs.operations > 10, "{} serves clients", each.protocol());
    }
}

#[test]
fn each_of_two_runs_as_it_would_alone() {
    let mut lab = pair(3);
    millis(&mut *lab, 4_000);
    lab.act(Action::Crash { node: NodeId(1) }).unwrap();
    millis(&mut *lab, 8_000);
    for each in [lab.recording(), right(&*lab).recording()] {
        let mut alone = catalog::open(each).unwrap();
        millis(&mut *alone, 8_000);
        let beside =
            [&*lab, right(&*lab)].into_iter().find(|lab| lab.protocol() == alone.protocol());
        assert_eq!(scene(&*alone), scene(beside.unwrap()));
    }
}

#[test]
fn what_is_done_to_one_is_done_to_both() {
    let mut lab = pair(1);
    millis(&mut *lab, 2_000);
    let quality = Quality { loss_ppm: 50_000, ..Quality::default() };
    for action in [
        Action::Crash { node: NodeId(0) },
        Action::Pause { node: NodeId(1) },
        Action::Cut { from: NodeId(2), to: NodeId(3) },
        Action::SetNetwork { quality },
        Action::SetWorkload { workload: Workload { clients: 7, ..Workload::default() } },
        Action::Configure { setting: "heartbeat_interval".into(), value: 30_000 },
    ] {
        lab.act(action).unwrap();
        let (left, right) = (scene(&*lab), scene(right(&*lab)));
        let heartbeat = |scene: &Scene| {
            scene.settings.iter().find(|each| each.id == "heartbeat_interval").unwrap().value
        };
        let seen = |scene: &Scene| {
            let nodes = scene.nodes.iter().map(|node| node.status).collect::<Vec<_>>();
            (nodes, scene.cuts.clone(), scene.quality, scene.workload, heartbeat(scene))
        };
        assert_eq!(seen(&left), seen(&right));
    }
}

#[test]
fn what_only_one_can_do_the_other_lets_pass() {
    let labs = (1..50).map(|seed| {
        let mut lab = pair(seed);
        millis(&mut *lab, 2_000);
        let leaders = lab.leader().zip(right(&*lab).leader());
        leaders.is_some_and(|(left, right)| left != right).then_some(lab)
    });
    let mut lab = { labs }.flatten().next().expect("chance chooses the leaders");
    // A setting of Raft alone, and one of Multi-Paxos alone.
    for (setting, value) in [("pre_vote", 1), ("stable_leader", 0)] {
        lab.act(Action::Configure { setting: setting.into(), value }).unwrap();
    }
    lab.crash_leader().unwrap();
    let down = |lab: &dyn Lab| statuses(lab).iter().position(|&status| status == Status::Crashed);
    let (one, other) = (down(&*lab).unwrap(), down(right(&*lab)).unwrap());
    lab.act(Action::Restart { node: NodeId(one as u8) }).unwrap();
    assert_eq!((down(&*lab), down(right(&*lab))), (None, Some(other)));
    let again = lab.act(Action::Restart { node: NodeId(one as u8) });
    assert_eq!(again, Err(ActionError::NodeIsNotDown { node: NodeId(one as u8) }));
    let counts = [&*lab, right(&*lab)].map(|lab| lab.recording().actions.len());
    assert_eq!(counts, [4, 4], "both have the same list");
}

#[test]
fn what_belongs_to_one_alone_is_refused() {
    let mut lab = pair(1);
    millis(&mut *lab, 500);
    for action in [
        Action::FireTimer { node: NodeId(0), timer: 0 },
        Action::Drop { message: MessageId(1) },
        Action::Deliver { message: MessageId(1) },
    ] {
        assert_eq!(lab.act(action), Err(ActionError::OneSided));
    }
    let unknown = Action::Configure { setting: "luck".into(), value: 1 };
    let error = ActionError::NoSuchSetting { setting: "luck".into() };
    assert_eq!(lab.act(unknown), Err(error.clone()));
    let settings = [("luck".into(), 1)].into_iter().collect();
    let session = catalog::begin(Recording { settings, ..busy(1) }, Some("paxos"));
    assert_eq!(session, Err(RecordingError::Setup(error)));
    let mut early = pair(1);
    assert_eq!(early.crash_leader(), Err(ActionError::NobodyLeads));
}

// ---- what it is for --------------------------------------------------------------------------

/// When somebody began to lead, as the events say it.
fn elections(rows: &[EventRow]) -> Vec<Micros> {
    let tells = |row: &&EventRow| {
        let said = row.reasons.iter().map(|reason| reason.phrase.render(Language::En));
        { said }.any(|said| {
            said.contains("and leads term")
                || said.contains("leads with number") && said.contains("promises")
        })
    };
    rows.iter().filter(tells).map(|row| row.at).collect()
}

#[test]
fn time_without_a_leader_is_what_the_events_say() {
    for seed in 1..=20 {
        let mut lab = pair(seed);
        millis(&mut *lab, 2_000);
        let mut before = Vec::new();
        for each in [&*lab, right(&*lab)] {
            let costs = scene(each).costs;
            before.push(costs.leaderless.expect("both are led"));
        }
        if lab.crash_leader().is_err() {
            // An election is under way; that is another test's.
            continue;
        }
        let crashed = lab.now();
        millis(&mut *lab, 4_000);
        let events =
            [lab.events(20_000, &|_| true), lab.beside_mut().unwrap().events(20_000, &|_| true)];
        for ((each, rows), before) in [&*lab, right(&*lab)].into_iter().zip(&events).zip(before) {
            let elected = elections(rows);
            let (first, next) = (elected[0], elected.iter().find(|&&at| at > crashed));
            assert!(before >= first, "nobody leads before the first election");
            let lead = next.expect("two seconds are enough for an election").since(crashed);
            let leaderless = scene(each).costs.leaderless.unwrap();
            if elected.iter().filter(|&&at| at > crashed).count() == 1 {
                assert_eq!(leaderless, before + lead, "{}, seed {seed}", each.protocol());
            }
        }
    }
}

#[test]
fn paxos_for_one_value_has_no_leader_to_miss() {
    let session = catalog::begin(busy(1), Some("paxos")).unwrap();
    let mut lab = catalog::resume(session).unwrap().0;
    millis(&mut *lab, 3_000);
    assert!(scene(&*lab).costs.leaderless.is_some());
    assert_eq!(scene(right(&*lab)).costs.leaderless, None);
    assert_eq!(lab.crash_leader(), Err(ActionError::NobodyLeads));
}

// ---- to and fro ------------------------------------------------------------------------------

#[test]
fn every_step_can_be_gone_back_to_and_on_from() {
    let mut lab = pair(2);
    millis(&mut *lab, 400);
    lab.act(Action::Crash { node: NodeId(2) }).unwrap();
    millis(&mut *lab, 500);
    let mut seen = vec![facts(&*lab)];
    while lab.step_back() {
        seen.push(facts(&*lab));
    }
    assert_eq!(lab.moment(), Moment::default());
    let known: Vec<_> =
        seen.iter().map(|facts| facts.each_ref().map(|(_, _, costs)| *costs)).collect();
    // On the way back the clock stands just before what comes next, on the way on just after it.
    let mut on = vec![known.last().copied().unwrap()];
    while lab.moment() < lab.tree().current().end {
        assert!(lab.step());
        let costs = facts(&*lab).map(|(_, _, costs)| costs);
        on.push(costs);
    }
    let messages = |all: &[[Costs; 2]]| {
        let mut counts: Vec<_> = all.iter().map(|[a, b]| (a.messages, b.messages)).collect();
        counts.dedup();
        counts
    };
    let back: Vec<_> = known.into_iter().rev().collect();
    assert_eq!(messages(&back), messages(&on));
}

#[test]
fn both_stand_where_a_straight_replay_leads_whatever_the_way() {
    let mut rng = Rng::new(11);
    for seed in 0..6 {
        let mut lab = pair(seed);
        // For each place on the left that was seen: what there was on the right.
        let mut known = BTreeMap::new();
        for _ in 0..120 {
            let node = NodeId(rng.between(0, u64::from(NODES) - 1) as u8);
            let branches: Vec<BranchId> =
                lab.tree().branches().iter().map(|each| each.id).collect();
            let branch = branches[rng.between(0, branches.len() as u64 - 1) as usize];
            let end = lab.tree().current().end.at;
            match rng.between(0, 16) {
                0 => _ = lab.act(Action::Crash { node }),
                1 => _ = lab.act(Action::Restart { node }),
                2 => _ = lab.act(Action::Pause { node }),
                3 => _ = lab.act(Action::Resume { node }),
                4 => _ = lab.crash_leader(),
                5..=7 => {
                    _ = lab.run_until(lab.now() + Micros::from_millis(rng.between(1, 700)), 5_000)
                }
                8 => _ = lab.step(),
                9 => _ = lab.step_back(),
                10 => lab.seek_time(Micros(rng.between(0, end.0))),
                11 => _ = lab.undo().unwrap(),
                12 => _ = lab.redo(),
                13 => _ = lab.switch(branch),
                14 => lab.delete(branch),
                15 => lab.beat_back(),
                _ => lab.beat_forward(),
            }
            let beside = right(&*lab);
            assert!(beside.now() <= lab.now());
            let done = |lab: &dyn Lab| {
                let actions = &lab.tree().current().actions;
                actions.iter().filter(|timed| timed.after < lab.moment().after).count()
            };
            assert_eq!(done(&*lab), done(beside), "both have done as much");
            assert!(lab.tree().branches().len() <= beside.tree().branches().len());
            let place = (lab.tree().current().id, lab.moment(), done(&*lab));
            let digest = beside.digest();
            assert_eq!(*known.entry(place).or_insert(digest), digest, "seed {seed} at {place:?}");
            // Straight from the beginning.
            let mut straight =
                catalog::open(Recording { actions: Vec::new(), ..beside.recording() }).unwrap();
            for timed in beside.recording().actions.iter().take(done(beside)) {
                straight.run_until(timed.at, u64::MAX);
                while straight.steps() < timed.after {
                    assert!(straight.step());
                }
                straight.act(timed.action.clone()).unwrap();
            }
            while straight.steps() < beside.steps() {
                assert!(straight.step());
            }
            straight.run_until(beside.now(), 0);
            assert_eq!(straight.digest(), digest, "seed {seed} at {place:?}");
        }
    }
}

#[test]
fn a_link_carries_both_with_all_their_branches() {
    let mut lab = pair(4);
    millis(&mut *lab, 1_500);
    lab.crash_leader().unwrap();
    millis(&mut *lab, 2_500);
    lab.mark("what now").unwrap();
    lab.seek_time(Micros::from_millis(700));
    lab.act(Action::Partition { sides: vec![0, 0, 1, 1, 1] }).unwrap();
    millis(&mut *lab, 3_000);
    lab.undo().unwrap();
    lab.fork("nobody is cut off").unwrap();
    millis(&mut *lab, 900);
    for branch in lab.tree().branches().iter().map(|each| each.id).collect::<Vec<_>>() {
        assert!(lab.switch(branch));
        let session = lab.session();
        let link = session.to_link().unwrap();
        let (opened, differs) = catalog::resume(Session::from_link(&link).unwrap()).unwrap();
        assert_eq!(differs, None);
        assert_eq!(opened.digest(), lab.digest());
        assert_eq!(opened.moment(), lab.moment());
        assert_eq!(right(&*opened).digest(), right(&*lab).digest());
        assert_eq!(opened.tree().branches().len(), lab.tree().branches().len());
        assert_eq!(opened.session(), session, "what was opened is sent on as it came");
    }
    for at_end in [false, true] {
        let line = catalog::resume(lab.line(at_end)).unwrap();
        assert_eq!((line.0.tree().branches().len(), line.1), (1, None));
        if !at_end {
            assert_eq!(line.0.digest(), lab.digest());
        }
    }
}

#[test]
fn a_session_that_was_tampered_with_is_told_of_either_cluster() {
    let mut lab = pair(4);
    millis(&mut *lab, 1_500);
    lab.crash_leader().unwrap();
    millis(&mut *lab, 2_500);
    let good = lab.session();
    for tamper in [
        |session: &mut Session| session.digest ^= 1,
        |session: &mut Session| session.beside.as_mut().unwrap().digest ^= 1,
    ] {
        let mut session = good.clone();
        tamper(&mut session);
        assert!(catalog::resume(session).unwrap().1.is_some());
    }
    let mut third = good.clone();
    third.beside.as_mut().unwrap().beside = Some(Box::new(good.clone()));
    assert!(catalog::resume(Session { ..third.clone() }).is_err());
    assert!(third.to_bytes().is_err());
    let mut lonely = good;
    lonely.beside.as_mut().unwrap().strands[0].name = "7".into();
    lonely.beside.as_mut().unwrap().strands.push(Default::default());
    assert!(catalog::resume(lonely).is_err());
}
