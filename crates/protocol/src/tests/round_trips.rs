//! What is written is what is read.

use crate::strategies::content::{entry, part};
use crate::strategies::events::{approval, event, state, worker};
use crate::strategies::{json_value, run_id, runtime_id, text, timestamp, word, worker_id};
use crate::{
    Action, AnyEvent, Code, Diagnostic, Envelope, EventFrame, EventKind, ExpiredReason, Frame, HeartbeatFrame,
    LinkState, Problem, Status, api,
};
use proptest::option;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Debug;

fn trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&json).map_err(|e| TestCaseError::fail(format!("{e}: {json}")))?;
    prop_assert_eq!(&back, value);
    prop_assert_eq!(serde_json::to_string(&back).unwrap(), json);
    let tree: T = serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap();
    prop_assert_eq!(&tree, value);
    Ok(())
}

pub(super) fn diagnostic() -> impl Strategy<Value = Diagnostic> {
    let reason = option::of(word(ExpiredReason::KNOWN));
    (word(Code::KNOWN), text(), reason, any::<bool>(), option::of(any::<u64>()), word(Action::KNOWN)).prop_map(
        |(code, message, reason, retryable, retry_after_ms, action)| Diagnostic {
            code,
            message,
            reason,
            retryable,
            retry_after_ms,
            action,
        },
    )
}

pub(super) fn cursor() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,96}"
}

pub(super) fn frame() -> impl Strategy<Value = Frame> {
    let head = || (option::of(cursor()), option::of(runtime_id()), worker_id());
    let told = (head(), word(Status::KNOWN), word(LinkState::KNOWN), any::<u64>(), option::of(cursor()));
    prop_oneof![
        (cursor(), option::of(runtime_id()), worker_id(), event()).prop_map(
            |(cursor, runtime_id, worker_id, event)| {
                let event = serde_json::value::to_raw_value(&event).unwrap();
                Frame::Event(EventFrame { cursor, runtime_id, worker_id, event })
            }
        ),
        head().prop_map(|(cursor, runtime_id, worker_id)| Frame::Ready { cursor, runtime_id, worker_id }),
        told.prop_map(|((cursor, runtime_id, worker_id), worker, link, lag_events, oldest)| {
            Frame::Heartbeat(HeartbeatFrame { cursor, runtime_id, worker_id, worker, link, lag_events, oldest })
        }),
        (head(), word(LinkState::KNOWN), any::<bool>()).prop_map(|((cursor, runtime_id, worker_id), state, lost)| {
            Frame::Link { cursor, runtime_id, worker_id, state, lost }
        }),
        (head(), any::<bool>(), diagnostic()).prop_map(|((cursor, runtime_id, worker_id), named, diagnostic)| {
            Frame::Diagnostic { cursor, runtime_id, worker_id: named.then_some(worker_id), diagnostic }
        }),
    ]
}

proptest! {
    #[test]
    fn events(event in event()) {
        trip(&event)?;
        trip(&AnyEvent::from(event.clone()))?;
        let json = serde_json::to_string(&event).unwrap();
        let read = AnyEvent::from_json(&json).unwrap();
        prop_assert_eq!(read.kind(), Some(&event.kind));
        // `type` comes first and `at` last
        let tree: Value = serde_json::from_str(&json).unwrap();
        let members: Vec<_> = tree.as_object().unwrap().keys().map(String::as_str).collect();
        prop_assert_eq!(members.first(), Some(&"type"));
        prop_assert_eq!(members.last(), Some(&"at"));
        prop_assert!(EventKind::TYPES.contains(&tree["type"].as_str().unwrap()));
    }

    #[test]
    fn values(state in state(), part in part(), entry in entry(), worker in worker(), at in timestamp()) {
        trip(&state)?;
        trip(&part)?;
        trip(&entry)?;
        trip(&worker)?;
        trip(&at)?;
    }

    #[test]
    fn ids(worker in worker_id(), run in run_id(), runtime in runtime_id(), code in word(Code::KNOWN)) {
        trip(&worker)?;
        trip(&run)?;
        trip(&runtime)?;
        trip(&code)?;
    }

    #[test]
    fn errors(diagnostic in diagnostic(), detail in text(), wait in any::<u64>()) {
        trip(&diagnostic)?;
        let problem = Problem::new(diagnostic.code.clone(), detail);
        prop_assert_eq!(&problem.type_uri, &format!("urn:yoi:error:{}", diagnostic.code));
        trip(&problem.retry_after(wait))?;
    }

    #[test]
    fn bodies(worker in worker(), runtime_id in option::of(runtime_id()), approval in approval(), entries in prop::collection::vec(entry(), 0..3), diagnostic in diagnostic(), value in json_value()) {
        let usage = crate::Usage { extra: [("x".to_owned(), value)].into_iter().collect(), ..Default::default() };
        let detail = api::WorkerDetail {
            updated_at: worker.created_at,
            worker,
            runtime_id,
            status: Status::Idle,
            run: None,
            approvals: vec![approval],
            usage,
            cursor: None,
            events: 3,
            workdir: None,
            affordances: None,
        };
        trip(&detail)?;
        trip(&api::WorkerList { workers: vec![detail], next_page: None, diagnostics: vec![diagnostic] })?;
        trip(&api::TranscriptPage { entries, before: Some("b".into()) })?;
    }

    #[test]
    fn frames(frame in frame()) {
        let json = serde_json::to_string(&frame).unwrap();
        let back = Frame::from_json(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), json.clone());
        let other: Frame = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&other).unwrap(), json.clone());
        // what an envelope writes is what a frame is encoded as
        let mut written = Vec::new();
        match &frame {
            Frame::Event(f) => {
                let envelope = Envelope::new(f.runtime_id.as_ref(), f.worker_id);
                envelope.write_event(&mut written, &f.cursor, f.event.get().as_bytes());
                prop_assert_eq!(written.len(), envelope.event_len(&f.cursor, f.event.get().as_bytes()));
            }
            Frame::Ready { cursor, runtime_id, worker_id } => {
                Envelope::new(runtime_id.as_ref(), *worker_id).write(&mut written, "ready", cursor.as_deref(), "");
            }
            Frame::Diagnostic { cursor, runtime_id, worker_id: Some(worker_id), diagnostic } => {
                let envelope = Envelope::new(runtime_id.as_ref(), *worker_id);
                envelope.write_diagnostic(&mut written, cursor.as_deref(), diagnostic);
            }
            _ => return Ok(()),
        }
        prop_assert_eq!(String::from_utf8(written).unwrap(), json);
    }
}

#[test]
fn every_type_is_listed_once() {
    use proptest::strategy::ValueTree;
    let listed: BTreeSet<_> = EventKind::TYPES.iter().map(|t| (*t).to_owned()).collect();
    assert_eq!(listed.len(), EventKind::TYPES.len());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let made: BTreeSet<_> = (0..2000)
        .map(|_| serde_json::to_value(event().new_tree(&mut runner).unwrap().current()).unwrap())
        .map(|json| json["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(made, listed);
}

#[test]
fn requests_refuse_what_they_do_not_know() {
    assert!(serde_json::from_str::<api::CreateWorker>(r#"{"displayname":"x"}"#).is_err());
    assert!(serde_json::from_str::<api::SendInput>(r#"{"content":[],"x":1}"#).is_err());
    assert!(serde_json::from_str::<api::ResolveApproval>(r#"{"option":"x","y":1}"#).is_err());
    let input: api::SendInput = serde_json::from_str(r#"{"content":[{"type":"text","text":"hi"}]}"#).unwrap();
    assert_eq!(serde_json::to_string(&input).unwrap(), r#"{"content":[{"type":"text","text":"hi"}]}"#);
}
