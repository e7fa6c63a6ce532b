//! Garbage gives errors, never a panic.

use super::round_trips::frame;
use crate::strategies::history::{nested, nobody};
use crate::{AnyEvent, Diagnostic, Event, Frame, Part, Problem, RunId, RuntimeId, State, Timestamp, WorkerId, api};
use proptest::prelude::*;
use proptest::sample::Index;

/// Gives `text` to every decoder, and folds what comes out.
fn decode(text: &str) {
    let _ = Frame::from_json(text);
    let _ = (text.parse::<WorkerId>(), text.parse::<RunId>(), text.parse::<RuntimeId>(), text.parse::<Timestamp>());
    let _ = (serde_json::from_str::<Frame>(text).is_ok(), serde_json::from_str::<Event>(text).is_ok());
    let _ = (serde_json::from_str::<Part>(text).is_ok(), serde_json::from_str::<State>(text).is_ok());
    let _ = (serde_json::from_str::<Diagnostic>(text).is_ok(), serde_json::from_str::<Problem>(text).is_ok());
    let _ =
        (serde_json::from_str::<api::CreateWorker>(text).is_ok(), serde_json::from_str::<api::SendInput>(text).is_ok());
    let _ = serde_json::from_str::<api::WorkerList>(text).is_ok();
    if let Ok(event) = AnyEvent::from_json(text) {
        let mut state = nobody();
        state.apply(&event);
        super::check_bounds(&state).unwrap();
    }
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        decode(&text);
    }

    #[test]
    fn almost_json(text in "[\\[\\]{}\":,0-9eE.+ \\\\utypekind-]{0,60}") {
        decode(&text);
        decode(&format!("{{\"type\":{text}}}"));
        decode(&format!("{{\"kind\":\"event\",\"event\":{text}}}"));
    }

    #[test]
    fn mutated_frames(frame in frame(), cuts in prop::collection::vec((any::<Index>(), any::<char>(), 0u8..4), 1..5)) {
        let mut chars: Vec<char> = serde_json::to_string(&frame).unwrap().chars().collect();
        for (at, c, how) in cuts {
            if chars.is_empty() {
                break;
            }
            let at = at.index(chars.len());
            match how {
                0 => chars[at] = c,
                1 => chars.insert(at, c),
                2 => drop(chars.remove(at)),
                _ => chars.truncate(at),
            }
        }
        let text: String = chars.into_iter().collect();
        decode(&text);
        if let Ok(Frame::Event(frame)) = Frame::from_json(&text) {
            decode(frame.event.get());
        }
    }
}

#[test]
fn what_is_no_event_says_why() {
    for (json, why) in [
        ("", "JSON object"),
        ("[]", "JSON object"),
        ("{}", "type"),
        (r#"{"type":1}"#, "type"),
        (r#"{"type":"x","type":"y"}"#, "duplicate"),
        (r#"{"type":"x"} {}"#, "trailing"),
        (r#"{"type":"block_delta","text":"x","at":"2026-11-21T05:54:00Z"}"#, "block_id"),
        (r#"{"type":"block_delta","block_id":"b","text":"x"}"#, "at"),
        (r#"{"type":"block_delta","block_id":"b","text":"x","at":"now"}"#, "RFC 3339"),
        (r#"{"type":"run_started","run_id":"r_1","trigger":"input","at":"2026-11-21T05:54:00Z"}"#, "ULID"),
    ] {
        let error = AnyEvent::from_json(json).unwrap_err().to_string();
        assert!(error.contains(why), "{json}: {error}");
        decode(json);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = nested(100).to_string();
    for json in [
        "[".repeat(1_000_000),
        format!("{{\"type\":\"extension\",\"namespace\":\"n\",\"value\":{}", "[".repeat(1_000_000)),
        format!(
            "{{\"type\":\"extension\",\"namespace\":\"n\",\"value\":[{deep},[{deep}]],\"at\":\"2026-11-21T05:54:00Z\"}}"
        ),
        format!("{{\"kind\":\"event\",\"event\":{}", "[".repeat(1_000_000)),
        format!("{{\"type\":\"odd\",\"value\":{}", "{\"a\":".repeat(1_000_000)),
    ] {
        decode(&json);
    }
}
