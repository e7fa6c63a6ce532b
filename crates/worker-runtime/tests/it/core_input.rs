//! Input: what it becomes, and that a key starts one run.
//!
//! Owns the tests of accepting.

use crate::core_support::*;
use protocol::api::SendInput;
use protocol::{Code, EntryKind, Part};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use worker_runtime::{ApiError, InputError};

#[tokio::test]
async fn a_run_is_told_from_its_beginning_to_its_end() {
    let script = parrot();
    let runtime = runtime(Arc::clone(&script)).await;
    let id = create(&runtime).await;
    let run = input(&runtime, id, "one two").await;
    let state = idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(
        told(&stream),
        [
            "status idle",
            "run started",
            "status running",
            "input",
            "block started",
            "delta one ",
            "delta two",
            "block complete",
            "run completed",
            "status idle",
        ]
    );
    check_convergence(&stream);
    let kinds: Vec<_> = state.transcript.iter().map(|e| (e.kind.clone(), e.run_id)).collect();
    assert_eq!(kinds, [(EntryKind::UserMessage, Some(run)), (EntryKind::Text, Some(run))]);

    let page = runtime.interaction().transcript(id, None, None).await.unwrap();
    assert_eq!(page.entries.iter().collect::<Vec<_>>(), state.transcript.iter().map(|e| &**e).collect::<Vec<_>>());
    input(&runtime, id, "again").await;
    idle(&runtime, id).await;
    assert_eq!(script.made.load(Ordering::SeqCst), 1, "an executor lives as long as its worker");
}

#[tokio::test]
async fn what_is_no_input_is_told() {
    let runtime = runtime(parrot()).await;
    let id = create(&runtime).await;
    let interaction = runtime.interaction();
    let empty = SendInput::default();
    let blank = SendInput { content: vec![Part::text("")], idempotency_key: None };
    for bad in [empty, blank, keyed("a", ""), keyed("a", &"k".repeat(129))] {
        assert_eq!(interaction.input(id, bad).await.unwrap_err().code(), Code::InvalidInput);
    }
    assert_eq!(runtime.catalogue().get(id).unwrap().events, 1);
    let nobody = protocol::WorkerId::from_parts(1, 1);
    assert_eq!(interaction.input(nobody, say("a")).await.unwrap_err(), InputError::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_starts_one_run_however_often_it_is_sent() {
    let runtime = runtime(patient()).await;
    let id = create(&runtime).await;
    let mut sending = Vec::new();
    for _ in 0..64 {
        let interaction = runtime.interaction();
        sending.push(tokio::spawn(async move { interaction.input(id, keyed("go", "k")).await.unwrap().run_id }));
    }
    let mut runs = HashSet::new();
    for sent in sending {
        runs.insert(sent.await.unwrap());
    }
    assert_eq!(runs.len(), 1);
    let interaction = runtime.interaction();
    assert_eq!(interaction.input(id, keyed("other", "k")).await.unwrap_err(), InputError::KeyReused);
    let busy = interaction.input(id, keyed("go", "another")).await.unwrap_err();
    assert_eq!(busy.code(), Code::WorkerBusy);

    runtime.catalogue().stop(id).await.unwrap();
    let again = interaction.input(id, keyed("go", "k")).await.unwrap();
    assert!(runs.contains(&again.run_id), "also when the worker takes no new input");
    let stopped = interaction.input(id, say("go")).await.unwrap_err();
    assert_eq!((stopped.code(), stopped.clone()), (Code::WorkerStopped, InputError::Stopped));
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(told(&stream).iter().filter(|t| *t == "run started").count(), 1);
    check_convergence(&stream);
}

#[tokio::test]
async fn a_long_input_is_cut_in_its_event_and_whole_for_the_executor_and_the_transcript() {
    let runtime = runtime(parrot()).await;
    let id = create(&runtime).await;
    let text = "ü\u{1}".repeat(200_000);
    input(&runtime, id, &text).await;
    idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    check_convergence(&stream);
    let page = runtime.interaction().transcript(id, None, Some(1)).await.unwrap();
    assert_eq!(page.entries[0].text.as_deref(), Some(&*text), "what was said back");
    let page = runtime.interaction().transcript(id, page.before, Some(1)).await.unwrap();
    assert_eq!(page.entries[0].content, Some(vec![Part::text(text)]));
    assert_eq!(page.before, None);
    let bad = runtime.interaction().transcript(id, Some("x".into()), None).await.unwrap_err();
    assert_eq!(bad.code(), Code::InvalidInput);
}
