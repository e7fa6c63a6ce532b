//! How much of a snapshot's bound a value takes.
//!
//! Owns a measure that every implementation of the fold can compute alike from parsed JSON,
//! whatever the spelling of numbers, and that is never less than the length of the compact
//! encoding. Must not own any bound.
//!
//! The weight of
//! - a string is the bytes of its shortest JSON encoding: 2 for the quotes, the UTF-8 bytes of
//!   its characters, 1 more for each of `"` `\` and U+0008, U+0009, U+000A, U+000C, U+000D
//!   (`\n` is two bytes), 5 more for every other character below U+0020 (`\u0001` is six);
//! - a number, `true`, `false` or `null` is 24, which no shortest spelling of a double passes;
//! - an array is 2, and for each item its weight and 1;
//! - an object is 2, and for each member the weight of its name, the weight of its value, and 2.
//!
//! Objects and arrays nested more than [`bounds::DEPTH`] levels deep, the outermost being the
//! first, weigh more than any bound.

use crate::bounds;
use serde::Serialize;
use serde_json::Value;

/// More than any bound, and little enough for sums of it not to overflow.
const HEAVY: usize = 1 << 30;

/// No shortest spelling of a number is longer: `-2.2250738585072014e-308`.
const SCALAR: usize = 24;

/// The weight of a string.
fn string(text: &str) -> usize {
    let escapes = |b: u8| match b {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escapes).sum::<usize>()
}

/// The weight of `value`, itself at most `levels` levels deep.
fn within(value: &Value, levels: usize) -> usize {
    match value {
        Value::String(s) => string(s),
        Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR,
        Value::Array(_) | Value::Object(_) if levels == 0 => HEAVY,
        Value::Array(items) => items.iter().map(|v| within(v, levels - 1) + 1).fold(2, usize::saturating_add),
        Value::Object(members) => {
            let member = |(name, v): (&String, &Value)| string(name) + 2 + within(v, levels - 1);
            members.iter().map(member).fold(2, usize::saturating_add)
        }
    }
    .min(HEAVY)
}

/// The weight of a JSON value.
pub(crate) fn of_value(value: &Value) -> usize {
    within(value, bounds::DEPTH)
}

/// The weight of what `value` is encoded as; a value that cannot be encoded weighs too much for
/// any bound.
pub(crate) fn of<T: Serialize>(value: &T) -> usize {
    serde_json::to_value(value).map_or(HEAVY, |v| of_value(&v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategies::json_value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_weigh_their_encoding(text in any::<String>()) {
            prop_assert_eq!(string(&text), serde_json::to_string(&text).unwrap().len());
        }

        #[test]
        fn nothing_weighs_less_than_its_encoding(value in json_value()) {
            prop_assert!(of_value(&value) >= serde_json::to_string(&value).unwrap().len());
        }

        #[test]
        fn no_number_is_longer_than_its_weight(bits in any::<u64>(), int in any::<i64>()) {
            let float = f64::from_bits(bits);
            prop_assert!(serde_json::to_string(&float).unwrap().len() <= SCALAR);
            prop_assert!(serde_json::to_string(&int).unwrap().len() <= SCALAR);
        }
    }

    #[test]
    fn numbers_weigh_the_same_however_spelled() {
        let weigh = |s: &str| of_value(&serde_json::from_str(s).unwrap());
        assert_eq!(weigh("[1]"), weigh("[1.0e10]"));
        assert_eq!(weigh("[1,null]"), 2 + 25 + 25);
        assert_eq!(weigh(r#"{"a":"b","c":[]}"#), 2 + (3 + 2 + 3) + (3 + 2 + 2));
    }

    #[test]
    fn what_is_nested_too_deep_is_too_heavy() {
        let nested = |levels: usize| (1..levels).fold(Value::Array(Vec::new()), |v, _| Value::Array(vec![v]));
        assert!(of_value(&nested(bounds::DEPTH)) < 1000);
        assert_eq!(of_value(&nested(bounds::DEPTH + 1)), HEAVY);
        assert_eq!(of(&vec![nested(bounds::DEPTH); 9]), HEAVY);
    }
}
