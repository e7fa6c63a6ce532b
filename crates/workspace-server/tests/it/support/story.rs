//! What was answered, without what differs from one runtime to another and from one time to the
//! next.
//!
//! Owns the masking: names, ids, times and cursors become numbers in the order in which they are
//! met, so that what is the same within one story is the same number, and what is not is another.

use super::{Got, Reply};
use serde_json::Value;
use std::collections::HashMap;

/// Headers that are the server's business alone, or of the length of what is masked.
const PASSED_OVER: [&str; 3] = ["date", "content-length", "connection"];

/// What was answered, in order.
#[derive(Default)]
pub struct Story {
    lines: Vec<String>,
    met: HashMap<(&'static str, String), usize>,
    runtime_id: String,
}

impl Story {
    /// The story of a runtime.
    pub fn of(runtime_id: &str) -> Story {
        Story { runtime_id: runtime_id.to_owned(), ..Story::default() }
    }

    /// All of it.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Adds words.
    pub fn note(&mut self, words: impl AsRef<str>) {
        let masked = self.masked_text(words.as_ref());
        self.lines.push(masked);
    }

    /// Adds a value.
    pub fn value(&mut self, value: &Value) {
        let masked = self.masked("", value.clone()).to_string();
        self.lines.push(masked);
    }

    /// Adds an answer.
    pub fn reply(&mut self, what: &str, reply: &Reply) {
        let mut headers: Vec<_> =
            reply.headers.iter().filter(|(name, _)| !PASSED_OVER.contains(&name.as_str())).collect();
        headers.sort();
        let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let body = match serde_json::from_slice(&reply.body) {
            Ok(value) => self.masked("", value).to_string(),
            Err(_) => String::from_utf8_lossy(&reply.body).into_owned(),
        };
        self.note(format!("{what} -> {} {headers:?} {body}", reply.status));
    }

    /// Adds what a stream brought.
    pub fn got(&mut self, got: &[Got]) {
        for got in got {
            let line = match got {
                Got::Event(told) => {
                    let cursor = self.number("cursor", &told.cursor);
                    // the order of members is told too
                    let event = self.masked("", told.value());
                    format!("event {cursor} {event}")
                }
                Got::Frame(frame) => self.masked("", frame.clone()).to_string(),
                Got::Closed(code) => format!("closed {code}"),
                Got::Lost => "lost".to_owned(),
            };
            self.note(line);
        }
    }

    fn number(&mut self, kind: &'static str, text: &str) -> String {
        let next = self.met.len() + 1;
        let number = *self.met.entry((kind, text.to_owned())).or_insert(next);
        format!("<{kind} {number}>")
    }

    fn masked(&mut self, name: &str, value: Value) -> Value {
        match value {
            Value::Object(object) => {
                object.into_iter().map(|(name, value)| (name.clone(), self.masked(&name, value))).collect()
            }
            Value::Array(items) => items.into_iter().map(|item| self.masked(name, item)).collect(),
            Value::String(text) => Value::String(match name {
                "cursor" | "oldest" | "next_page" | "before" => self.number("cursor", &text),
                "at" | "time" | "created_at" | "updated_at" | "checked_at" | "started_at" => "<time>".to_owned(),
                "kind" if text == "embedded" || text == "remote" => "<kind>".to_owned(),
                _ => self.masked_text(&text),
            }),
            other => other,
        }
    }

    /// Ids, and the runtime's name where it stands as a word.
    fn masked_text(&mut self, text: &str) -> String {
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let bytes = text.as_bytes();
        let (mut out, mut at) = (String::new(), 0);
        while at < bytes.len() {
            let mut end = at;
            while end < bytes.len() && is_word(bytes[end]) {
                end += 1;
            }
            let word = &text[at..end];
            if word == self.runtime_id {
                out.push_str("<runtime>");
            } else if let Some((of, ulid)) = word.rsplit_once('_').filter(|(_, ulid)| is_ulid(ulid)) {
                // of entries, blocks, calls and questions
                out.push_str(&format!("{of}_{}", self.number("id", ulid)));
            } else {
                out.push_str(word);
            }
            let next = (end..=bytes.len()).find(|at| *at == bytes.len() || is_word(bytes[*at])).unwrap_or(end);
            out.push_str(&text[end..next]);
            at = next;
        }
        out
    }
}

fn is_ulid(text: &str) -> bool {
    format!("r_{text}").parse::<protocol::RunId>().is_ok()
}

#[test]
fn what_is_the_same_stays_the_same_and_what_is_not_does_not() {
    let (a, b) = (protocol::WorkerId::from_parts(1, 1), protocol::WorkerId::from_parts(1, 2));
    let told = |runtime: &str, first: protocol::WorkerId, cursors: [&str; 3]| {
        let mut story = Story::of(runtime);
        story.note(format!("`{runtime}` has {first}, {runtime}x does not"));
        for cursor in cursors {
            let value = serde_json::json!({"kind": "ready", "cursor": cursor, "worker_id": first, "é": 1});
            story.got(&[Got::Frame(value)]);
        }
        story.lines().join("\n").replace(&format!("{runtime}x"), "other")
    };
    assert_eq!(told("near", a, ["x", "y", "x"]), told("afar", b, ["p", "q", "p"]));
    assert_ne!(told("near", a, ["x", "y", "x"]), told("afar", b, ["p", "q", "q"]));
}
