//! Client sessions (RAFT-17; §8, dissertation §6.3): "if the leader crashes after committing the log
//! entry but before responding to the client, the client will retry the command with a new leader,
//! causing it to be executed a second time".

mod support;

use conclave::protocols::raft::Raft;
use conclave::sim::{Action, Micros};
use support::cluster::write_op;
use support::script::Script;
use support::solo::s;

/// C1 asks S1 to write; S1 commits that and crashes before C1 hears of it. S2 leads, and somebody
/// else writes. Then C1 has waited long enough and asks again.
fn asked_again(sessions: u64) -> Script<Raft> {
    let mut script = Script::led(3, &[("client_sessions", sessions)]);
    let op = write_op("x", "first");
    script.act(Action::Request { node: s(1), op, persistent: true });
    script.deliver("C1 → S1 x=first");
    script.stabilize(&[s(1), s(2), s(3)]);
    assert_eq!(script.value(s(1), "x"), Some("first"));
    script.act(Action::Crash { node: s(1) });
    script.lose(|text| text.contains("→ C1 "));
    script.campaign(s(2));
    script.stabilize(&[s(2), s(3)]);
    script.write(s(2), "x", "second");
    script.stabilize(&[s(2), s(3)]);
    assert_eq!(script.value(s(2), "x"), Some("second"));
    let moment = script.world.now() + Micros::from_millis(600);
    script.world.run_until(moment, &mut script.heard);
    script.deliver("C1 → S2 x=first");
    script.stabilize(&[s(2), s(3)]);
    let story = ["1 noop", "1 x=first", "2 noop", "2 x=second", "2 x=first"];
    assert_eq!(script.story(s(2)), story, "the log holds it twice in any case");
    script
}

#[test]
fn with_sessions_a_retry_with_a_new_leader_is_answered_and_not_done_again() {
    let mut script = asked_again(1);
    assert_eq!(script.value(s(2), "x"), Some("second"));
    script.deliver("S2 → C1 Written");
    assert_eq!(script.broken(), [""; 0]);
    script.assert_recorded();
}

#[test]
fn without_sessions_it_is_done_twice_and_takes_away_what_came_between() {
    let mut script = asked_again(0);
    assert_eq!(script.value(s(2), "x"), Some("first"));
    script.deliver("S2 → C1 Written");
    assert_eq!(script.broken(), [""; 0], "Raft itself is as safe as ever");
    script.assert_recorded();
}

#[test]
fn a_request_that_the_network_repeats_later_is_not_done_after_newer_ones() {
    for (sessions, left) in [(1, "newer"), (0, "older")] {
        let mut script = Script::led(3, &[("client_sessions", sessions)]);
        let older = "C1 → S1 x=older";
        script.act(Action::Request { node: s(1), op: write_op("x", "older"), persistent: true });
        script.duplicate(older);
        script.deliver(older);
        script.flood(|text| text != older);
        // The same client's next request.
        script.write(s(1), "x", "newer");
        script.flood(|text| text != older);
        assert_eq!(script.world.clients().len(), 1);
        script.deliver(older);
        script.settle();
        assert_eq!(script.value(s(1), "x"), Some(left));
    }
}
