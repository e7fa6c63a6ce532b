//! Generators of arbitrary values for property tests.
//!
//! Owns how values are made up: ids, words, JSON; `content`, `events` and `history` build on
//! them. Must not assert anything.

pub(crate) mod content;
pub(crate) mod events;
pub(crate) mod history;

use crate::{RunId, RuntimeId, Timestamp, WorkerId};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Any JSON value, every finite double among them, a few levels deep.
pub(crate) fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::ANY.prop_map(|f| Value::from(if f.is_finite() { f } else { 0.1 })),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// Text with what is hard: quotes, control characters, characters of every length.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z \"\\\\\n\u{1}é漢🙂]{0,8}", 1 => any::<String>()]
}

/// Members that this version does not know.
pub(crate) fn extra() -> impl Strategy<Value = Map<String, Value>> {
    let members = prop::collection::vec(("x_[a-zé]{0,3}", json_value()), 0..3);
    prop_oneof![2 => Just(Map::new()), 1 => members.prop_map(|m| m.into_iter().collect())]
}

/// One of a few ids, so that events meet.
pub(crate) fn name() -> impl Strategy<Value = String> {
    "[ab\"é][0-3]"
}

/// A value of an open enumeration, known or not.
pub(crate) fn word<T: for<'a> From<&'a str> + Clone + std::fmt::Debug + 'static>(
    known: &'static [T],
) -> impl Strategy<Value = T> {
    prop_oneof![4 => prop::sample::select(known), 1 => "[a-z_\"漢]{0,9}".prop_map(|s| T::from(&s))]
}

pub(crate) fn run_id() -> impl Strategy<Value = RunId> {
    (any::<u32>(), any::<u128>()).prop_map(|(ms, random)| RunId::from_parts(ms.into(), random))
}

pub(crate) fn worker_id() -> impl Strategy<Value = WorkerId> {
    (any::<u32>(), any::<u128>()).prop_map(|(ms, random)| WorkerId::from_parts(ms.into(), random))
}

pub(crate) fn runtime_id() -> impl Strategy<Value = RuntimeId> {
    "[a-z0-9][a-z0-9._-]{0,63}".prop_map(|s| s.parse().unwrap())
}

pub(crate) fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(|ms| Timestamp::from_millis(ms.rem_euclid(253_402_207_200_000)))
}
