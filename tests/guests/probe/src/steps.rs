//! Steps, and the choice among them.
//!
//! Owns reading a step's members. Must not carry one out itself.

use crate::{abuse, connections::Connections, host};
use serde_json::{Value, json};

/// Carries out steps; keeps what lasts from one to the next.
#[derive(Default)]
pub struct Steps {
    pub connections: Connections,
    pub kept: Vec<Vec<u8>>,
}

/// What a step came to.
pub enum Out {
    Value(Value),
    /// In place of every answer.
    Raw(String),
}

/// The end of the call, with an error.
pub struct Fail {
    pub kind: String,
    pub text: String,
}

/// An error of the host, as JSON.
pub type Refused = Value;

/// A step's members.
#[derive(Clone, Copy)]
pub struct Step<'a>(pub &'a Value);

impl<'a> Step<'a> {
    pub fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    pub fn text_or(self, key: &str, or: &'a str) -> &'a str {
        self.text(key).unwrap_or(or)
    }

    pub fn number(self, key: &str) -> Option<u64> {
        self.0.get(key)?.as_u64()
    }

    pub fn number_or(self, key: &str, or: u64) -> u64 {
        self.number(key).unwrap_or(or)
    }

    pub fn texts(self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// `[["name", "value"], …]`
    pub fn pairs(self, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
    }
}

impl Steps {
    pub fn step(&mut self, step: &Value) -> Result<Out, Fail> {
        let step = Step(step);
        let word = step.text_or("do", "");
        let done = match word {
            "repeat" => return self.repeat(step),
            "fail" => {
                return Err(Fail { kind: step.text_or("as", "failed").into(), text: step.text_or("text", "").into() });
            }
            "huge" => return Ok(Out::Raw("h".repeat(step.number_or("bytes", 0) as usize))),
            "garbage" => return Ok(Out::Raw(abuse::garbage())),
            "invalid_utf8" => return Ok(Out::Raw(abuse::invalid_utf8())),
            "spin" => abuse::spin(step.number("ms")),
            "recurse" => Ok(json!(abuse::recurse(1))),
            "allocate" => Ok(abuse::allocate(&mut self.kept, step)),
            "panic" => panic!("the test asked for it"),
            "trap" => abuse::trap(),
            _ => match self.connections.step(word, step) {
                Some(done) => done,
                None => host::step(word, step).unwrap_or_else(|| Err(json!({ "kind": "unknown-step", "text": word }))),
            },
        };
        Ok(Out::Value(match done {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "error": error }),
        }))
    }

    fn repeat(&mut self, step: Step<'_>) -> Result<Out, Fail> {
        let mut last = Vec::new();
        for _ in 0..step.number_or("times", u64::MAX) {
            last.clear();
            for inner in step.0.get("steps").map(list).unwrap_or_default() {
                match self.step(inner)? {
                    Out::Value(value) => {
                        let is_cancelled = is_cancelled(&value);
                        last.push(value);
                        if is_cancelled {
                            // so that what is around ends too
                            return Ok(Out::Value(json!({ "error": { "kind": "cancelled" }, "last": last })));
                        }
                    }
                    raw => return Ok(raw),
                }
            }
        }
        Ok(Out::Value(json!({ "ok": last })))
    }
}

/// An array of steps, or one.
pub fn list(steps: &Value) -> Vec<&Value> {
    match steps {
        Value::Array(steps) => steps.iter().collect(),
        one => vec![one],
    }
}

pub fn is_cancelled(value: &Value) -> bool {
    value.pointer("/error/kind").is_some_and(|kind| kind == "cancelled")
}

/// So many bytes, none of them zero.
pub fn bytes(count: u64) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8 + 1).collect()
}

pub fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}
