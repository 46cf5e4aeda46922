//! A verdict on a history, looked at by itself: an order that is given must be one.

use std::collections::BTreeSet;
use std::fmt::Debug;

use conclave::check::linearizability::{Model, Operation, Verdict};

/// Asserts that each order in the verdict is an order of the history, as far as it goes.
pub fn check_verdict<M: Model>(
    history: &[Operation<M::Input, M::Output>],
    verdict: &Verdict<M::Key>,
) where
    M::Key: Debug,
    M::Input: Debug,
{
    match verdict {
        Verdict::Linearizable { orders } => {
            let keys: BTreeSet<_> = history.iter().map(|each| M::key(&each.input)).collect();
            assert!(keys.iter().eq(orders.iter().map(|(key, _)| key)), "every key has an order");
            for (key, order) in orders {
                check_order::<M>(history, key, order);
                let members: BTreeSet<_> = order.iter().collect();
                for (at, operation) in history.iter().enumerate() {
                    let belongs = operation.returned.is_some() && M::key(&operation.input) == *key;
                    assert!(!belongs || members.contains(&at), "{at} is missing: {order:?}");
                }
            }
        }
        Verdict::Not { key, operation, prefix } => {
            check_order::<M>(history, key, prefix);
            let members: BTreeSet<_> = prefix.iter().collect();
            assert!(!members.contains(operation), "{operation} can be placed: {prefix:?}");
            let (end, _) = history[*operation].returned.as_ref().expect("it returned");
            for (at, each) in history.iter().enumerate() {
                let before = each.returned.as_ref().is_some_and(|(returned, _)| returned < end);
                let belongs = before && M::key(&each.input) == *key;
                assert!(!belongs || members.contains(&at), "{at} is missing: {prefix:?}");
            }
        }
        Verdict::Undecided { keys, .. } => assert!(!keys.is_empty()),
    }
}

/// Asserts that operations follow each other in an order in which they can have taken effect.
fn check_order<M: Model>(history: &[Operation<M::Input, M::Output>], key: &M::Key, order: &[usize])
where
    M::Key: Debug,
    M::Input: Debug,
{
    let mut state = M::initial();
    let mut members = BTreeSet::new();
    let mut latest_call = 0;
    for &at in order {
        let Operation { input, invoked, returned } = &history[at];
        assert!(members.insert(at), "{at} stands twice in {order:?}");
        assert_eq!(M::key(input), *key, "{at} is about another key");
        let output = returned.as_ref().map(|(_, output)| output);
        let after = M::step(&state, input, output);
        state = after.unwrap_or_else(|| panic!("{at} {input:?} does not fit here: {order:?}"));
        latest_call = latest_call.max(*invoked);
        let in_time = returned.as_ref().is_none_or(|(returned, _)| *returned >= latest_call);
        assert!(in_time, "{at} had returned before one before it was called: {order:?}");
    }
    for (at, each) in history.iter().enumerate() {
        let late = each.returned.as_ref().is_none_or(|(returned, _)| *returned >= latest_call);
        let other = M::key(&each.input) != *key;
        assert!(late || other || members.contains(&at), "{at} had returned before: {order:?}");
    }
}
