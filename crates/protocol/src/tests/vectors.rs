//! The histories of `schema/fold-vectors.json`, which the fold of every language is held against.
//!
//! Owns the reading of their notation. The file is made by `xtask`, and read by the tests of the
//! TypeScript client too.

use super::snapshot_json;
use crate::{AnyEvent, State};
use serde_json::Value;

const FILE: &str = include_str!("../../../../schema/fold-vectors.json");

fn expand(value: &Value, time: Option<usize>) -> Value {
    match value {
        Value::Object(members) if members.contains_key("$text") => {
            let runs = members["$text"].as_array().unwrap().iter();
            runs.map(|run| run[0].as_str().unwrap().repeat(run[1].as_u64().unwrap() as usize))
                .collect::<String>()
                .into()
        }
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), expand(value, time))).collect(),
        Value::Array(items) => items.iter().map(|item| expand(item, time)).collect(),
        Value::String(text) => match time {
            Some(time) => text.replace('#', &time.to_string()).into(),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}

#[test]
fn the_vectors_fold_as_they_say() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let mut states = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let name = &vector["name"];
        let nobody = State::new(serde_json::from_value(expand(&vector["worker"], None)).unwrap());
        // one that folds everything, and one that begins anew with each snapshot
        let (mut whole, mut anew) = (nobody.clone(), nobody.clone());
        for (at, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
            if let Some(state) = step.get("state") {
                states += 1;
                let want = expand(state, None);
                for state in [&whole, &anew] {
                    assert_eq!(serde_json::to_value(state).unwrap(), want, "{name}, step {at}");
                }
                let snapshot = AnyEvent::from_json(&snapshot_json(&whole)).unwrap();
                anew = nobody.clone();
                anew.apply(&snapshot);
                continue;
            }
            let times = step.get("times").and_then(Value::as_u64);
            for time in 0..times.unwrap_or(1) as usize {
                let event = expand(&step["event"], times.map(|_| time)).to_string();
                let event = AnyEvent::from_json(&event).unwrap();
                whole.apply(&event);
                anew.apply(&event);
            }
        }
    }
    assert!(states > 40, "{states}");
}
