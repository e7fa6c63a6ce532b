//! Adding up what runs use.
//!
//! Owns the sum of a worker's totals and one run's.

use super::text::json_len;
use protocol::Usage;
use serde_json::{Map, Number, Value};

/// The most bytes of what an executor adds to the token counts.
const EXTRA_BYTES: usize = 4096;

/// The totals of before and of this run so far. Other members are added where both are numbers;
/// else the run's stands.
pub(super) fn sum(before: &Usage, run: Usage) -> Usage {
    let mut extra = before.extra.clone();
    for (name, value) in run.extra {
        let value = match (extra.get(&name), &value) {
            (Some(Value::Number(a)), Value::Number(b)) => add(a, b).unwrap_or(value),
            _ => value,
        };
        extra.insert(name, value);
    }
    if json_len(&extra) > EXTRA_BYTES {
        extra = Map::new();
    }
    Usage {
        input_tokens: before.input_tokens.saturating_add(run.input_tokens),
        output_tokens: before.output_tokens.saturating_add(run.output_tokens),
        extra,
    }
}

fn add(a: &Number, b: &Number) -> Option<Value> {
    if let (Some(a), Some(b)) = (a.as_u64(), b.as_u64()) {
        return Some(a.saturating_add(b).into());
    }
    Number::from_f64(a.as_f64()? + b.as_f64()?).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_add_up_and_words_are_replaced() {
        let usage = |json| serde_json::from_value::<Usage>(json).unwrap();
        let before = usage(json!({"input_tokens": 1, "output_tokens": 2, "cost": 0.5, "calls": 2, "model": "a"}));
        let run = usage(json!({"input_tokens": 10, "output_tokens": 20, "cost": 0.25, "calls": 1, "model": "b"}));
        let total = usage(json!({"input_tokens": 11, "output_tokens": 22, "cost": 0.75, "calls": 3, "model": "b"}));
        assert_eq!(sum(&before, run), total);
    }
}
