//! How much of a snapshot's bound a value takes.
//!
//! Owns a measure that every implementation of the fold can compute alike from parsed JSON,
//! whatever the spelling of numbers. Must not own any bound.

use serde::Serialize;
use serde_json::Value;

/// The length of `text` as a JSON string, quotes and escapes (RFC 8259 §7, the short forms where
/// they exist) included, non-ASCII characters as UTF-8.
fn string(text: &str) -> usize {
    let escapes = |b: u8| match b {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escapes).sum::<usize>()
}

/// The weight of a JSON value: the length of its compact encoding, with every number, `true`,
/// `false` and `null` counted as 8.
pub(crate) fn of_value(value: &Value) -> usize {
    match value {
        Value::String(s) => string(s),
        Value::Array(items) => 2 + items.iter().map(|v| of_value(v) + 1).sum::<usize>(),
        Value::Object(members) => 2 + members.iter().map(|(k, v)| string(k) + 2 + of_value(v)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// The weight of what `value` is encoded as; a value that cannot be encoded weighs too much for
/// any bound.
pub(crate) fn of<T: Serialize>(value: &T) -> usize {
    serde_json::to_value(value).map_or(usize::MAX / 2, |v| of_value(&v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_weigh_their_encoding(text in any::<String>()) {
            prop_assert_eq!(string(&text), serde_json::to_string(&text).unwrap().len());
        }
    }

    #[test]
    fn numbers_weigh_the_same_however_spelled() {
        let weigh = |s: &str| of_value(&serde_json::from_str(s).unwrap());
        assert_eq!(weigh("[1]"), weigh("[1.0e10]"));
        assert_eq!(weigh(r#"{"a":"b","c":[]}"#), 2 + (3 + 2 + 3) + (3 + 2 + 2));
    }
}
