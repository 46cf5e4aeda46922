//! The judge can fail: every invariant that is broken by hand is reported, and so is an engine that
//! is wrong on purpose, when it runs in the world.

mod support;

use std::collections::BTreeSet;

use conclave::protocols::raft::membership::Configuration;
use conclave::protocols::raft::{
    Breach, Config, Durable, Entry, Figure3, Index, Log, Message, Payload, Raft, Reads, Reason,
    Role, Server, Term, Timer,
};
use conclave::sim::machine::KeyValue;
use conclave::sim::protocol::Alarm;
use conclave::sim::{
    Context, Effects, Event, EventKind, Input, Judge, Micros, NodeId, Protocol, Setting, Watch,
};
use support::chaos::{Chaos, Kind};
use support::solo::{entry, log, s, write};

// ---- states made by hand ---------------------------------------------------------------------

/// A cluster of states that never came from an engine.
struct Bench {
    judge: Figure3,
    states: Vec<Option<Server>>,
}

impl Bench {
    fn new() -> Self {
        Self { judge: Figure3::new(3), states: vec![None; 3] }
    }

    /// S`number` is now like this; what the judge says to it.
    fn show(&mut self, number: u8, mut server: Server) -> Vec<Breach> {
        let before = self.states[s(number).slot()].take();
        if server.is_leader() {
            server.durable.voted_for = Some(s(number));
        } else if let Some(before) = before.filter(|before| before.term() == server.term()) {
            server.durable.voted_for = before.durable.voted_for;
        }
        self.states[s(number).slot()] = Some(server);
        self.look(number)
    }

    fn crash(&mut self, number: u8) -> Vec<Breach> {
        self.states[s(number).slot()] = None;
        self.look(number)
    }

    fn look(&mut self, number: u8) -> Vec<Breach> {
        let mut breaches = Vec::new();
        self.judge.changed(&self.states, s(number), &mut breaches);
        breaches
    }
}

fn follower(term: u64, log: Log) -> Server {
    Server {
        durable: Durable { current_term: Term(term), voted_for: None, log, ..Durable::default() },
        commit_index: Index(0),
        last_applied: Index(0),
        machine: KeyValue::default(),
        configuration: Configuration::default(),
        configuration_index: Index(0),
        leader_heard: Micros(0),
        role: Role::Follower { leader: None },
    }
}

fn leader(term: u64, log: Log) -> Server {
    Server {
        role: Role::Leader {
            progress: vec![],
            quorum_checked: Micros(0),
            reads: Reads::default(),
            transfer: None,
        },
        ..follower(term, log)
    }
}

/// The same server, knowing that its log is committed up to an index, and having applied it.
fn committed(server: Server, index: u64) -> Server {
    Server { commit_index: Index(index), last_applied: Index(index), ..server }
}

fn log_of(entries: impl IntoIterator<Item = Entry>) -> Log {
    let mut log = Log::default();
    entries.into_iter().for_each(|entry| log.push(entry));
    log
}

/// The breach is the one expected, and belongs to the invariant of this name.
fn assert_breach(found: &[Breach], expected: Breach, invariant: &str) {
    assert_eq!(found, std::slice::from_ref(&expected));
    assert_eq!(Figure3::INVARIANTS[Figure3::invariant(&expected)], invariant);
}

#[test]
fn a_sound_history_has_no_breach() {
    let mut bench = Bench::new();
    for number in 1..=3 {
        assert_eq!(bench.show(number, follower(0, Log::default())), []);
    }
    let steps = [
        (1, leader(1, Log::default())),
        (1, leader(1, log(&[1]))),
        (2, follower(1, log(&[1]))),
        (1, committed(leader(1, log(&[1])), 1)),
        (1, committed(leader(1, log(&[1, 1])), 1)),
        (2, committed(follower(1, log(&[1])), 1)),
        (2, committed(leader(2, log(&[1])), 1)),
        (2, committed(leader(2, log(&[1, 2])), 1)),
        (3, follower(2, log(&[1, 2]))),
        (2, committed(leader(2, log(&[1, 2])), 2)),
        // The old leader learns of the new one and gives up what it had not committed.
        (1, committed(follower(2, log(&[1])), 1)),
        (1, committed(follower(2, log(&[1, 2])), 2)),
    ];
    for (number, server) in steps {
        assert_eq!(bench.show(number, server.clone()), [], "S{number} {server:?}");
    }
    // A restart forgets what is committed; that is no step back.
    assert_eq!(bench.crash(2), []);
    let mut restarted = follower(2, log(&[1, 2]));
    restarted.durable.voted_for = Some(s(2));
    assert_eq!(bench.show(2, restarted), []);
}

#[test]
fn two_leaders_of_one_term_break_election_safety() {
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, leader(4, Log::default())), []);
    assert_eq!(bench.show(2, leader(5, Log::default())), [], "another term is fine");
    assert_eq!(bench.crash(1), []);
    let found = bench.show(3, leader(4, Log::default()));
    let expected = Breach::TwoLeaders { term: Term(4), first: s(1), second: s(3) };
    assert_breach(&found, expected, "election_safety");
}

#[test]
fn a_leader_that_drops_or_changes_its_entries_breaks_append_only() {
    for (changed, others) in [(log(&[1]), 0), (log_of([entry(1, write(1, "x", "1"))]), 1)] {
        let mut bench = Bench::new();
        assert_eq!(bench.show(1, leader(1, log(&[1, 1]))), []);
        let found = bench.show(1, leader(1, changed));
        let expected = Breach::LeaderRewrote { leader: s(1), index: Index(2) };
        assert_breach(&found[..1], expected, "leader_append_only");
        assert_eq!(found.len(), 1 + others, "a changed entry also breaks log matching");
    }
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, follower(1, log(&[1, 1]))), []);
    assert_eq!(bench.show(1, follower(2, log(&[1]))), [], "a follower may");
}

#[test]
fn logs_that_differ_at_or_before_an_equal_entry_break_log_matching() {
    let (one, two) = (entry(1, write(1, "x", "1")), entry(1, write(2, "x", "2")));
    let pairs = [
        (log_of([one.clone()]), log_of([two.clone()]), 1),
        (
            log_of([one, entry(3, write(3, "x", "3"))]),
            log_of([two, entry(3, write(3, "x", "3"))]),
            2,
        ),
        (log(&[1, 3]), log(&[2, 3]), 2),
    ];
    for (first, second, index) in pairs {
        let mut bench = Bench::new();
        assert_eq!(bench.show(1, follower(3, first.clone())), []);
        let found = bench.show(2, follower(3, second));
        let term = first.term_at(Index(index)).expect("it is there");
        let expected = Breach::LogsDiffer { node: s(2), index: Index(index), term };
        assert_breach(&found, expected, "log_matching");
    }
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, follower(3, log(&[1, 3]))), []);
    assert_eq!(bench.show(2, follower(3, log(&[1, 2, 2]))), [], "different terms may differ");
}

#[test]
fn a_leader_without_a_committed_entry_breaks_leader_completeness() {
    // It comes to lead later …
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, committed(leader(1, log(&[1, 1])), 2)), []);
    assert_eq!(bench.crash(1), [], "what is committed stays so when its leader is gone");
    let missing = Breach::CommittedEntryMissing { leader: s(2), index: Index(2), term: Term(1) };
    assert_breach(&bench.show(2, leader(2, log(&[1]))), missing.clone(), "leader_completeness");
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, committed(leader(1, log(&[1, 1])), 2)), []);
    assert_breach(&bench.show(2, leader(3, log(&[1, 2]))), missing.clone(), "leader_completeness");
    // … or leads already when a leader of an earlier term commits.
    let mut bench = Bench::new();
    assert_eq!(bench.show(2, leader(2, Log::default())), []);
    let found = bench.show(1, committed(leader(1, log(&[1, 1])), 2));
    assert_breach(&found, missing, "leader_completeness");
}

#[test]
fn servers_that_apply_different_entries_break_state_machine_safety() {
    let differs = |index| Breach::AppliedDiffers { node: s(2), index: Index(index) };
    for (other, commit, index) in [
        // Another entry, the same entry after another, and no entry at all.
        (log(&[1, 2, 2]), 3, 3),
        (log(&[1, 2]), 2, 2),
        (log(&[2]), 1, 1),
        (log(&[1]), 2, 2),
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.show(1, committed(follower(2, log(&[1, 1, 1])), 3)), []);
        let found = bench.show(2, committed(follower(2, other.clone()), commit));
        assert_breach(&found, differs(index), "state_machine_safety");
    }
}

#[test]
fn a_server_that_loses_a_committed_entry_breaks_state_machine_safety() {
    for (rest, index) in [(log(&[1]), 2), (log(&[1, 3]), 2), (log(&[1, 3, 3]), 2)] {
        let mut bench = Bench::new();
        assert_eq!(bench.show(1, committed(follower(2, log(&[1, 2])), 2)), []);
        let found = bench.show(1, committed(follower(3, rest), 2));
        let expected = Breach::AppliedDiffers { node: s(1), index: Index(index) };
        assert_breach(&found, expected, "state_machine_safety");
    }
}

#[test]
fn a_server_that_applies_what_is_not_committed_breaks_state_machine_safety() {
    let mut bench = Bench::new();
    let hasty = Server { last_applied: Index(1), ..follower(1, log(&[1])) };
    let expected = Breach::AppliedBeforeCommit { node: s(1), index: Index(1) };
    assert_breach(&bench.show(1, hasty), expected, "state_machine_safety");
}

#[test]
fn what_goes_back_is_not_monotonic() {
    let went_back = Breach::TermWentBack { node: s(1), from: Term(3), to: Term(2) };
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, follower(3, Log::default())), []);
    assert_breach(&bench.show(1, follower(2, Log::default())), went_back.clone(), "monotonic");
    // The term is on disk, so a crash is no excuse.
    let mut bench = Bench::new();
    assert_eq!(bench.show(1, follower(3, Log::default())), []);
    assert_eq!(bench.crash(1), []);
    assert_breach(&bench.show(1, follower(2, Log::default())), went_back, "monotonic");

    let mut bench = Bench::new();
    assert_eq!(bench.show(1, committed(follower(1, log(&[1, 1])), 2)), []);
    let found = bench.show(1, committed(follower(1, log(&[1, 1])), 1));
    let expected = Breach::CommitWentBack { node: s(1), from: Index(2), to: Index(1) };
    assert_breach(&found, expected, "monotonic");
}

// ---- engines that are wrong on purpose -------------------------------------------------------

/// Raft with one flaw; [`SOUND`] has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flawed<const FLAW: usize>;

/// Flaws are numbered like the invariants that they break.
const FORGETS_VOTES: usize = 0;
const REWRITES_AS_LEADER: usize = 1;
const TAKES_ENTRIES_ANYWHERE: usize = 2;
const VOTES_FOR_ANYBODY: usize = 3;
const COMMITS_ALONE: usize = 4;
const FORGETS_TERMS: usize = 5;
const SOUND: usize = 6;

/// Lets the engine run, with its effects carried over.
fn with_raft<const FLAW: usize, T>(
    cx: &Context<'_, Flawed<FLAW>>,
    fx: &mut Effects<Flawed<FLAW>>,
    run: impl FnOnce(&Context<'_, Raft>, &mut Effects<Raft>) -> T,
) -> T {
    let cx = Context { id: cx.id, nodes: cx.nodes, clock: cx.clock, config: cx.config };
    let mut inner = Effects::new(true);
    let result = run(&cx, &mut inner);
    for (to, message) in inner.messages() {
        fx.send(*to, message.clone());
    }
    for (timer, alarm) in inner.alarms() {
        match *alarm {
            Alarm::After { least, most } => fx.set_timer(*timer, least, most),
            Alarm::Off => fx.stop_timer(*timer),
        }
    }
    for (request, answer) in inner.answers() {
        fx.answer(*request, answer.clone());
    }
    for reason in inner.reasons() {
        fx.explain(|| reason.clone());
    }
    result
}

impl<const FLAW: usize> Protocol for Flawed<FLAW> {
    type Config = Config;
    type Durable = Durable;
    type State = Server;
    type Message = Message;
    type Timer = Timer;
    type Reason = Reason;
    type Judge = Figure3ForFlawed;

    const ID: &'static str = "flawed";
    const TIMERS: &'static [Timer] = Raft::TIMERS;

    fn settings() -> &'static [Setting<Config>] {
        Raft::settings()
    }

    fn first_disk() -> Durable {
        Raft::first_disk()
    }

    fn boot(cx: &Context<'_, Self>, disk: Durable, fx: &mut Effects<Self>) -> Server {
        with_raft(cx, fx, |cx, fx| Raft::boot(cx, disk, fx))
    }

    fn step(
        cx: &Context<'_, Self>,
        server: &mut Server,
        input: Input<'_, Self>,
        fx: &mut Effects<Self>,
    ) {
        let me = cx.id;
        let message = &mut None;
        let input = match input {
            Input::Message { from, message: original } => {
                let message = message.insert(original.clone());
                match message {
                    Message::AppendEntries { prev_log_index, prev_log_term, .. }
                        if FLAW == TAKES_ENTRIES_ANYWHERE =>
                    {
                        if let Some(term) = server.log().term_at(*prev_log_index) {
                            *prev_log_term = term;
                        }
                    }
                    Message::RequestVote { last_log_term, .. } if FLAW == VOTES_FOR_ANYBODY => {
                        *last_log_term = Term(u64::MAX);
                    }
                    _ => {}
                }
                Input::Message { from, message }
            }
            Input::Timer(timer) => Input::Timer(timer),
            Input::Request(command) => Input::Request(command),
            Input::Order(order) => Input::Order(order),
        };
        let last = server.log().last_index();
        if FLAW == REWRITES_AS_LEADER && server.is_leader() && last > server.commit_index {
            let term = server.log().last_term();
            server.durable.log.truncate_from(last);
            server.durable.log.push(Entry::new(term, Payload::Noop));
        }
        with_raft(cx, fx, |cx, fx| Raft::step(cx, server, input, fx));
        if FLAW == FORGETS_VOTES && server.durable.voted_for != Some(me) {
            server.durable.voted_for = None;
        }
        if FLAW == COMMITS_ALONE && server.is_leader() {
            server.commit_index = server.log().last_index();
            server.last_applied = server.commit_index;
        }
    }

    fn disk(server: Server) -> Durable {
        match FLAW {
            FORGETS_TERMS => Durable { current_term: Term(0), voted_for: None, ..server.durable },
            _ => server.durable,
        }
    }
}

/// The judge of Raft, for Raft with flaws.
#[derive(Clone, Debug)]
struct Figure3ForFlawed(Figure3);

impl<const FLAW: usize> Judge<Flawed<FLAW>> for Figure3ForFlawed {
    type Breach = Breach;
    type Milestone = std::convert::Infallible;

    const INVARIANTS: &'static [&'static str] = Figure3::INVARIANTS;

    fn new(nodes: u8) -> Self {
        Self(Figure3::new(nodes))
    }

    fn changed(&mut self, states: &[Option<Server>], node: NodeId, found: &mut Vec<Breach>) {
        self.0.changed(states, node, found);
    }

    fn invariant(breach: &Breach) -> usize {
        Figure3::invariant(breach)
    }
}

/// The breaches that somebody heard of.
#[derive(Default)]
struct Heard(Vec<Breach>);

impl<const FLAW: usize> Watch<Flawed<FLAW>> for Heard {
    fn event(&mut self, event: Event<'_, Flawed<FLAW>>) {
        if let EventKind::Breached(breach) = event.kind {
            self.0.push(breach.clone());
        }
    }
}

/// The invariants that a flaw breaks in some hundred runs.
fn broken<const FLAW: usize>() -> BTreeSet<&'static str> {
    let mut broken = BTreeSet::new();
    for seed in 0..60 {
        for kind in Kind::ALL {
            let mut heard = Heard::default();
            let mut chaos = Chaos::<Flawed<FLAW>>::new(kind, seed, 3..=5);
            chaos.rage(&mut heard);
            let kept = chaos.world.breaches().iter().map(|breached| breached.breach.clone());
            assert!(kept.eq(heard.0.iter().cloned()), "what is kept was told");
            for breached in chaos.world.breaches() {
                assert!(breached.at <= chaos.world.now() && breached.step <= chaos.world.steps());
                broken.insert(Figure3::INVARIANTS[Figure3::invariant(&breached.breach)]);
            }
        }
    }
    broken
}

#[test]
fn an_engine_without_a_flaw_breaks_nothing() {
    assert_eq!(broken::<SOUND>(), BTreeSet::new());
}

#[test]
fn an_engine_that_forgets_whom_it_voted_for_elects_two_leaders() {
    assert!(broken::<FORGETS_VOTES>().contains(Figure3::INVARIANTS[FORGETS_VOTES]));
}

#[test]
fn an_engine_whose_leader_rewrites_its_log_is_found_out() {
    assert!(broken::<REWRITES_AS_LEADER>().contains(Figure3::INVARIANTS[REWRITES_AS_LEADER]));
}

#[test]
fn an_engine_that_takes_entries_anywhere_makes_logs_differ() {
    let found = broken::<TAKES_ENTRIES_ANYWHERE>();
    assert!(found.contains(Figure3::INVARIANTS[TAKES_ENTRIES_ANYWHERE]));
}

#[test]
fn an_engine_that_votes_for_anybody_elects_leaders_that_lack_entries() {
    assert!(broken::<VOTES_FOR_ANYBODY>().contains(Figure3::INVARIANTS[VOTES_FOR_ANYBODY]));
}

#[test]
fn an_engine_that_commits_alone_applies_different_entries() {
    assert!(broken::<COMMITS_ALONE>().contains(Figure3::INVARIANTS[COMMITS_ALONE]));
}

#[test]
fn an_engine_that_forgets_its_term_in_a_crash_is_found_out() {
    assert!(broken::<FORGETS_TERMS>().contains(Figure3::INVARIANTS[FORGETS_TERMS]));
}
