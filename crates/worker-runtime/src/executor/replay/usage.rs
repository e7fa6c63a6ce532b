//! Totals of a run out of totals of a worker.
//!
//! Owns the subtraction. Must not know where the totals come from.

use protocol::Usage;
use serde_json::Value;

/// `totals` counted from where `base` stood. Numbers that went back count as none.
pub(super) fn since(totals: &Usage, base: &Usage) -> Usage {
    let extra = totals.extra.iter().map(|(name, value)| {
        let value = match base.extra.get(name) {
            Some(base) => less(value, base),
            None => value.clone(),
        };
        (name.clone(), value)
    });
    Usage {
        input_tokens: totals.input_tokens.saturating_sub(base.input_tokens),
        output_tokens: totals.output_tokens.saturating_sub(base.output_tokens),
        extra: extra.collect(),
    }
}

/// `value - base` where both are numbers; `value` where they are not.
fn less(value: &Value, base: &Value) -> Value {
    if let (Some(value), Some(base)) = (value.as_u64(), base.as_u64()) {
        return value.saturating_sub(base).into();
    }
    match (value.as_f64(), base.as_f64()) {
        (Some(value), Some(base)) => (value - base).max(0.0).into(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_from_the_base() {
        let read = |value| serde_json::from_value::<Usage>(value).unwrap();
        let base = read(json!({"input_tokens": 10, "output_tokens": 5, "cost": 0.5, "cached": 3, "model": "a"}));
        let totals =
            read(json!({"input_tokens": 12, "output_tokens": 4, "cost": 0.75, "cached": 9, "model": "b", "new": 1}));
        let expected =
            read(json!({"input_tokens": 2, "output_tokens": 0, "cost": 0.25, "cached": 6, "model": "b", "new": 1}));
        assert_eq!(since(&totals, &base), expected);
    }
}
