//! The checker of linearizability, judged by histories and by a checker that nobody here wrote.
//!
//! Porcupine's 102 histories of etcd and its 6 of a key–value store, of 1, 10 and 50 clients, have its
//! verdicts. On small random histories the checker agrees with that of the crate `todc-utils`.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use conclave::check::linearizability::{Budget, Model, Operation, Verdict, check};
use conclave::sim::rng::Rng;
use support::orders::check_verdict;
use todc_utils::linearizability::WGLChecker;
use todc_utils::specifications::register::{RegisterOperation, RegisterSpecification};
use todc_utils::{Action, History};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

// ---- etcd, recorded by Jepsen ------------------------------------------------------------------

/// A register that may be empty.
#[derive(Debug)]
struct Register;

#[derive(Clone, Debug, PartialEq)]
enum Ask {
    Read,
    Write(u32),
    CompareAndSet(u32, u32),
}

#[derive(Clone, Debug, PartialEq)]
enum Reply {
    Value(Option<u32>),
    Written,
    Set(bool),
}

impl Model for Register {
    type Key = ();
    type Input = Ask;
    type Output = Reply;
    type State = Option<u32>;

    fn key(_: &Ask) {}

    fn initial() -> Option<u32> {
        None
    }

    fn step(state: &Option<u32>, ask: &Ask, reply: Option<&Reply>) -> Option<Option<u32>> {
        match *ask {
            Ask::Read => reply.is_none_or(|reply| *reply == Reply::Value(*state)).then_some(*state),
            Ask::Write(value) => Some(Some(value)),
            Ask::CompareAndSet(from, to) => {
                let set = *state == Some(from);
                let after = if set { Some(to) } else { *state };
                reply.is_none_or(|reply| *reply == Reply::Set(set)).then_some(after)
            }
        }
    }

    fn only_looks(ask: &Ask, reply: Option<&Reply>) -> bool {
        *ask == Ask::Read || reply == Some(&Reply::Set(false))
    }
}

/// Those of the 102 that are linearizable; the others are not.
const LINEARIZABLE: [u32; 23] =
    [2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102];

/// A history of Jepsen's. Its clock counts lines. What timed out is open for ever.
fn jepsen(number: u32) -> Vec<Operation<Ask, Reply>> {
    let path = data(&format!("jepsen/etcd_{number:03}.log"));
    let text = fs::read_to_string(&path).expect("the history is there");
    let mut history: Vec<Operation<Ask, Reply>> = Vec::new();
    // By the client's number: its operation that is open.
    let mut open: Vec<Option<usize>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words: Vec<_> = line.split(|c: char| c.is_whitespace() || "[]".contains(c)).collect();
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let ["INFO", "jepsen.util", "-", client, what, op, ref arguments @ ..] = words[..] else {
            panic!("{path:?}: {line}");
        };
        let client: usize = client.parse().expect("clients are numbers");
        let numbers: Vec<u32> = arguments.iter().filter_map(|word| word.parse().ok()).collect();
        open.resize(open.len().max(client + 1), None);
        if what == ":invoke" {
            let input = match (op, &numbers[..]) {
                (":read", []) => Ask::Read,
                (":write", &[value]) => Ask::Write(value),
                (":cas", &[from, to]) => Ask::CompareAndSet(from, to),
                _ => panic!("{path:?}: {line}"),
            };
            assert_eq!(open[client].replace(history.len()), None, "one at a time");
            history.push(Operation { input, invoked: at as u64, returned: None });
            continue;
        }
        let reply = match (what, op, arguments) {
            (":ok", ":read", _) => Reply::Value(numbers.first().copied()),
            (":ok", ":write", _) => Reply::Written,
            (":ok", ":cas", _) => Reply::Set(true),
            (":fail", ":cas", _) => Reply::Set(false),
            (":info", _, _) | (":fail", ":read", [":timed-out"]) => {
                // A client whose write or compare-and-set timed out is not heard of again.
                if op == ":read" {
                    open[client] = None;
                }
                continue;
            }
            _ => panic!("{path:?}: {line}"),
        };
        let asked = open[client].take().expect("what is answered was asked");
        history[asked].returned = Some((at as u64, reply));
    }
    history
}

fn jepsen_histories() -> impl Iterator<Item = (u32, Vec<Operation<Ask, Reply>>)> {
    // The cluster did not start in run 95.
    (0..=102).filter(|&number| number != 95).map(|number| (number, jepsen(number)))
}

#[test]
fn all_histories_of_etcd_are_judged_as_porcupine_judges_them() {
    let histories: Vec<_> = jepsen_histories().collect();
    assert_eq!(histories.len(), 102);
    let begun = Instant::now();
    for (number, history) in &histories {
        let verdict = check::<Register>(history, Budget::default());
        let expected = LINEARIZABLE.contains(number);
        assert_eq!(verdict.is_linearizable(), expected, "etcd_{number:03}: {verdict:?}");
        check_verdict::<Register>(history, &verdict);
    }
    let took = begun.elapsed();
    println!("102 histories in {took:?}");
    assert!(took.as_secs_f64() < 1.0, "102 histories took {took:?}");
}

#[test]
fn without_memory_the_verdicts_are_the_same_or_open() {
    let mut decided = 0;
    for (number, history) in jepsen_histories() {
        let budget = Budget { steps: 100_000, memory: 0 };
        match check::<Register>(&history, budget) {
            Verdict::Undecided { steps, .. } => assert_eq!(steps, budget.steps),
            verdict => {
                decided += 1;
                let expected = LINEARIZABLE.contains(&number);
                assert_eq!(verdict.is_linearizable(), expected, "etcd_{number:03}");
            }
        }
    }
    assert!(decided > 50, "only {decided} were decided");
}

// ---- a store of strings ------------------------------------------------------------------------

/// A store of strings that can be appended to, in which what was never put is empty.
#[derive(Debug)]
struct Strings;

#[derive(Clone, Debug, PartialEq)]
struct Request {
    key: String,
    verb: Verb,
}

#[derive(Clone, Debug, PartialEq)]
enum Verb {
    Get,
    Put(String),
    Append(String),
}

impl Model for Strings {
    type Key = String;
    type Input = Request;
    type Output = String;
    type State = String;

    fn key(request: &Request) -> String {
        request.key.clone()
    }

    fn initial() -> String {
        String::new()
    }

    fn step(state: &String, request: &Request, got: Option<&String>) -> Option<String> {
        match &request.verb {
            Verb::Get => got.is_none_or(|got| got == state).then(|| state.clone()),
            Verb::Put(value) => Some(value.clone()),
            Verb::Append(value) => Some(format!("{state}{value}")),
        }
    }

    fn only_looks(request: &Request, _: Option<&String>) -> bool {
        request.verb == Verb::Get
    }
}

fn request(key: &str, verb: Verb) -> Request {
    Request { key: key.into(), verb }
}

/// One of porcupine's histories of a key–value store.
fn strings(name: &str) -> Vec<Operation<Request, String>> {
    let text = fs::read_to_string(data("porcupine-kv").join(name)).expect("the history is there");
    let mut history: Vec<Operation<Request, String>> = Vec::new();
    // What each client waits for, by its place in the history.
    let mut waits = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let field = |name: &str| {
            let (_, rest) = line.split_once(&format!(":{name} ")).expect("all fields are there");
            match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => rest.split([',', '}']).next(),
            }
            .expect("a split has a first part")
            .to_owned()
        };
        let client = field("process");
        match (field("type").as_str(), field("f").as_str()) {
            (":invoke", verb) => {
                let verb = match verb {
                    ":get" => Verb::Get,
                    ":put" => Verb::Put(field("value")),
                    ":append" => Verb::Append(field("value")),
                    _ => panic!("{line}"),
                };
                let earlier = waits.insert(client, history.len());
                assert_eq!(earlier, None, "line {}: a client asks for one thing at a time", at + 1);
                let input = request(&field("key"), verb);
                history.push(Operation { input, invoked: at as u64, returned: None });
            }
            (":ok", _) => {
                let place = waits.remove(&client).expect("what is answered was asked");
                assert_eq!(history[place].input.key, field("key"), "line {}", at + 1);
                history[place].returned = Some((at as u64, field("value")));
            }
            _ => panic!("{line}"),
        }
    }
    history
}

#[test]
fn porcupines_histories_of_a_store_are_judged_as_porcupine_judges_them() {
    for (name, operations, expected) in [
        ("c01-ok.txt", 58, true),
        ("c01-bad.txt", 38, false),
        ("c10-ok.txt", 337, true),
        ("c10-bad.txt", 405, false),
        ("c50-ok.txt", 1712, true),
        ("c50-bad.txt", 2024, false),
    ] {
        let history = strings(name);
        assert_eq!(history.len(), operations, "{name}");
        let budget = Budget { memory: 8 << 20, ..Budget::default() };
        let verdict = check::<Strings>(&history, budget);
        assert_eq!(verdict.is_linearizable(), expected, "{name}: {verdict:?}");
        check_verdict::<Strings>(&history, &verdict);
    }
}

/// Key 7 got two appends before the client read it and was told of the first alone.
#[test]
fn the_operation_that_cannot_be_placed_is_named() {
    let history = strings("c01-bad.txt");
    let Verdict::Not { key, operation, prefix } = check::<Strings>(&history, Budget::default())
    else {
        panic!("it is not linearizable");
    };
    assert_eq!(key, "7");
    assert_eq!(history[operation].input, request("7", Verb::Get));
    assert_eq!(history[operation].returned.as_ref().unwrap().1, "x 0 0 y");
    let appends = prefix.iter().map(|&at| &history[at].input.verb).collect::<Vec<_>>();
    let append = |text: &str| Verb::Append(text.into());
    assert_eq!(appends, [&Verb::Get, &append("x 0 0 y"), &append("x 0 3 y")]);
}

/// Clients that append, put and get on few keys at once, as a single copy would answer them. One in
/// five hundred never hears the answer, and half of these were never done.
fn busy(seed: u64, clients: usize, keys: u64, length: usize) -> Vec<Operation<Request, String>> {
    let mut rng = Rng::new(seed);
    let mut history: Vec<Operation<Request, String>> = Vec::new();
    let mut store = vec![String::new(); keys as usize];
    // For each client what it waits for, and whether that was done and what it will hear.
    let mut waits: Vec<Option<(usize, Option<String>)>> = vec![None; clients];
    // And when it will do what it does next.
    let mut turns: Vec<u64> = (0..clients).map(|_| rng.between(1, 100)).collect();
    while history.len() < length || waits.iter().any(Option::is_some) {
        let now = *turns.iter().min().expect("there are clients");
        let client = turns.iter().position(|&turn| turn == now).expect("it is one of them");
        let thinks = matches!(waits[client], Some((_, Some(_))));
        turns[client] = now + rng.between(1, if thinks { 200 } else { 50 });
        match waits[client].take() {
            None if history.len() < length => {
                let at = history.len();
                let verb = match rng.between(0, 9) {
                    0 => Verb::Put(format!("({client} {at})")),
                    1..=5 => Verb::Append(format!("({client} {at})")),
                    _ => Verb::Get,
                };
                let input = request(&rng.between(0, keys - 1).to_string(), verb);
                history.push(Operation { input, invoked: now, returned: None });
                waits[client] = Some((at, None));
            }
            None => {}
            Some((at, None)) => {
                let lost = rng.between(0, 999);
                if lost == 0 {
                    continue;
                }
                let Request { key, verb } = &history[at].input;
                let value = &mut store[key.parse::<usize>().expect("keys are numbers")];
                match verb {
                    Verb::Get => {}
                    Verb::Put(new) => value.clone_from(new),
                    Verb::Append(more) => value.push_str(more),
                }
                waits[client] = (lost != 1).then(|| (at, Some(value.clone())));
            }
            Some((at, Some(answer))) => history[at].returned = Some((now, answer)),
        }
    }
    history
}

/// Fifty clients on ten keys, right and then with one wrong answer: a late get that misses what an
/// early one had seen.
#[test]
fn fifty_clients_are_judged_in_little_memory() {
    let budget = Budget { memory: 8 << 20, ..Budget::default() };
    for seed in 0..20 {
        let mut history = busy(seed, 50, 10, 2_500);
        let verdict = check::<Strings>(&history, budget);
        assert!(verdict.is_linearizable(), "seed {seed}: {verdict:?}");
        check_verdict::<Strings>(&history, &verdict);

        let is_get = |operation: &&mut Operation<Request, String>| {
            operation.input.verb == Verb::Get
                && operation.returned.as_ref().is_some_and(|(_, got)| got.len() > 10)
        };
        let wrong = history[1_500..].iter_mut().find(is_get).expect("there is a get");
        let key = wrong.input.key.clone();
        let got = &mut wrong.returned.as_mut().unwrap().1;
        got.truncate(got.rfind('(').unwrap());
        got.push_str("(99 99)");
        let verdict = check::<Strings>(&history, budget);
        let Verdict::Not { key: found, .. } = &verdict else {
            println!("seed {seed}: {verdict:?}");
            continue;
        };
        assert_eq!(*found, key);
        check_verdict::<Strings>(&history, &verdict);
    }
}

/// So many appends at once that no order of them can be told from another, and a get that none
/// explains.
fn hopeless(key: &str, appends: u64) -> Vec<Operation<Request, String>> {
    let append = |at: u64| Operation {
        input: request(key, Verb::Append(format!("{at},"))),
        invoked: at,
        returned: Some((1_000, String::new())),
    };
    let mut history: Vec<_> = (0..appends).map(append).collect();
    let returned = Some((2_001, "nonsense".into()));
    history.push(Operation { input: request(key, Verb::Get), invoked: 2_000, returned });
    history
}

#[test]
fn what_cannot_be_decided_is_given_up() {
    let begun = Instant::now();
    let history = hopeless("a", 30);
    for budget in [Budget::default(), Budget { steps: 100_000, memory: 1_000 }] {
        let verdict = check::<Strings>(&history, budget);
        assert_eq!(verdict, Verdict::Undecided { keys: vec!["a".into()], steps: budget.steps });
    }
    println!("given up after {:?}", begun.elapsed());
    let verdict = check::<Strings>(&hopeless("a", 6), Budget::default());
    assert!(matches!(verdict, Verdict::Not { operation: 6, .. }), "{verdict:?}");
}

#[test]
fn a_hopeless_key_does_not_hide_a_wrong_one() {
    let mut history = hopeless("a", 30);
    history.extend(hopeless("b", 4));
    let budget = Budget { steps: 100_000, ..Budget::default() };
    let verdict = check::<Strings>(&history, budget);
    let Verdict::Not { key, operation, .. } = &verdict else { panic!("{verdict:?}") };
    assert_eq!((key.as_str(), *operation), ("b", 35));
}

// ---- the rules, one by one ---------------------------------------------------------------------

fn write(value: u32, invoked: u64, returned: Option<u64>) -> Operation<Ask, Reply> {
    let returned = returned.map(|at| (at, Reply::Written));
    Operation { input: Ask::Write(value), invoked, returned }
}

fn read(value: u32, invoked: u64, returned: u64) -> Operation<Ask, Reply> {
    let returned = Some((returned, Reply::Value(Some(value))));
    Operation { input: Ask::Read, invoked, returned }
}

fn is_linearizable(history: &[Operation<Ask, Reply>]) -> bool {
    let verdict = check::<Register>(history, Budget::default());
    check_verdict::<Register>(history, &verdict);
    verdict.is_linearizable()
}

#[test]
fn nothing_at_all_is_linearizable() {
    let orders = Vec::new();
    assert_eq!(check::<Register>(&[], Budget::default()), Verdict::Linearizable { orders });
}

#[test]
fn overlapping_operations_may_take_effect_in_either_order() {
    assert!(is_linearizable(&[write(1, 0, Some(9)), write(2, 1, Some(8)), read(1, 10, 11)]));
    assert!(is_linearizable(&[write(1, 0, Some(9)), write(2, 1, Some(8)), read(2, 10, 11)]));
}

#[test]
fn a_read_after_a_write_must_not_miss_it() {
    assert!(!is_linearizable(&[write(1, 0, Some(1)), write(2, 2, Some(3)), read(1, 4, 5)]));
}

#[test]
fn two_reads_in_turn_must_not_go_back() {
    let writes = [write(1, 0, Some(1)), write(2, 2, Some(9))];
    let with = |reads: [Operation<Ask, Reply>; 2]| [writes.clone(), reads].concat();
    assert!(is_linearizable(&with([read(1, 3, 4), read(2, 5, 6)])));
    assert!(!is_linearizable(&with([read(2, 3, 4), read(1, 5, 6)])));
}

#[test]
fn at_the_same_moment_operations_overlap() {
    assert!(is_linearizable(&[write(1, 0, Some(2)), write(2, 3, Some(5)), read(1, 5, 6)]));
    assert!(!is_linearizable(&[write(1, 0, Some(2)), write(2, 3, Some(5)), read(1, 6, 6)]));
}

#[test]
fn an_open_write_may_take_effect_late_once_or_never() {
    let begun = [write(1, 0, Some(1)), write(2, 2, None)];
    let with = |reads: &[Operation<Ask, Reply>]| [&begun, reads].concat();
    assert!(is_linearizable(&with(&[read(1, 3, 4)])), "never");
    assert!(is_linearizable(&with(&[read(1, 3, 4), read(2, 5, 6)])), "late");
    assert!(!is_linearizable(&with(&[read(2, 3, 4), read(1, 5, 6)])), "it cannot be undone");
    let again = [read(2, 3, 4), write(1, 5, Some(6)), read(1, 7, 8), read(2, 9, 10)];
    assert!(!is_linearizable(&with(&again)), "twice");
    assert!(!is_linearizable(&[read(2, 0, 1), write(2, 2, None)]), "before it was asked");
}

#[test]
fn of_equal_open_writes_each_can_be_used() {
    let mut history = vec![write(1, 0, None), write(1, 1, None), write(1, 2, None)];
    for turn in 0..3 {
        history.extend([
            write(2, 10 * turn + 5, Some(10 * turn + 6)),
            read(1, 10 * turn + 7, 10 * turn + 8),
        ]);
    }
    assert!(is_linearizable(&history));
    history.extend([write(2, 45, Some(46)), read(1, 47, 48)]);
    assert!(!is_linearizable(&history), "there were three");
}

// ---- a second opinion --------------------------------------------------------------------------

type TheirRegister = WGLChecker<RegisterSpecification<u32>>;

/// A register that holds 0 at first, as that of `todc-utils` does.
#[derive(Debug)]
struct FromZero;

impl Model for FromZero {
    type Key = ();
    type Input = Ask;
    type Output = Reply;
    type State = Option<u32>;

    fn key(_: &Ask) {}

    fn initial() -> Option<u32> {
        Some(0)
    }

    fn step(state: &Option<u32>, ask: &Ask, reply: Option<&Reply>) -> Option<Option<u32>> {
        Register::step(state, ask, reply)
    }

    fn only_looks(ask: &Ask, reply: Option<&Reply>) -> bool {
        Register::only_looks(ask, reply)
    }
}

/// A small history of a register, wrong here and there, and the same for the other checker. That one
/// knows no open operations; a write that is open may as well return at the very end, where nobody
/// looks any more.
fn small(seed: u64) -> (Vec<Operation<Ask, Reply>>, History<RegisterOperation<u32>>) {
    use RegisterOperation::{Read, Write};
    let mut rng = Rng::new(seed);
    let clients = rng.between(2, 5) as usize;
    let length = rng.between(2, 14) as usize;
    let wrong_ppm = rng.between(0, 400_000) as u32;
    let values = rng.between(1, 4);
    let (mut ours, mut theirs): (Vec<Operation<Ask, Reply>>, _) = (Vec::new(), Vec::new());
    let mut held = 0;
    // For each client what it waits for, and what it will have read once that is done.
    let mut waits: Vec<Option<(usize, Option<u32>)>> = vec![None; clients];
    // Every operation is a process of its own to the other checker: clients do not matter to it.
    while ours.len() < length || waits.iter().any(Option::is_some) {
        let client = rng.between(0, clients as u64 - 1) as usize;
        let now = theirs.len() as u64;
        match waits[client].take() {
            None if ours.len() < length => {
                let at = ours.len();
                let (input, call) = match rng.between(0, 1) {
                    0 => (Ask::Read, Read(None)),
                    _ => {
                        let value = rng.between(0, values) as u32;
                        (Ask::Write(value), Write(value))
                    }
                };
                ours.push(Operation { input, invoked: now, returned: None });
                theirs.push((at, Action::Call(call)));
                waits[client] = Some((at, None));
            }
            None => {}
            Some((at, None)) => {
                match ours[at].input {
                    Ask::Write(_) if rng.chance(100_000) => continue,
                    Ask::Write(value) => held = value,
                    _ => {}
                }
                let wrong = rng.chance(wrong_ppm);
                let seen = if wrong { rng.between(0, values) as u32 } else { held };
                waits[client] = Some((at, Some(seen)));
            }
            Some((at, Some(seen))) => {
                let (reply, response) = match ours[at].input {
                    Ask::Write(_) if rng.chance(50_000) => continue,
                    Ask::Write(value) => (Reply::Written, Write(value)),
                    _ => (Reply::Value(Some(seen)), Read(Some(seen))),
                };
                ours[at].returned = Some((now, reply));
                theirs.push((at, Action::Response(response)));
            }
        }
    }
    for (at, operation) in ours.iter().enumerate() {
        if let (Ask::Write(value), None) = (&operation.input, &operation.returned) {
            theirs.push((at, Action::Response(Write(*value))));
        }
    }
    (ours, History::from_actions(theirs))
}

#[test]
fn twenty_thousand_small_histories_are_judged_as_another_checker_judges_them() {
    let mut counts = [0, 0];
    for seed in 0..20_000 {
        let (ours, theirs) = small(seed);
        let verdict = check::<FromZero>(&ours, Budget::default());
        let expected = TheirRegister::is_linearizable(theirs);
        assert_eq!(verdict.is_linearizable(), expected, "seed {seed}: {ours:?}: {verdict:?}");
        check_verdict::<FromZero>(&ours, &verdict);
        counts[usize::from(expected)] += 1;
    }
    println!("{} linearizable, {} not", counts[1], counts[0]);
    assert!(counts.iter().all(|&count| count > 4_000), "both kinds are tried: {counts:?}");
}
