//! Only what may be sent twice is sent twice, which is counted where it arrives.

use super::script::{Reply, Script, answer, itself, json, problem};
use super::{id, remote, worker};
use crate::handle::{Created, RuntimeHandle, WorkerQuery, testing};
use protocol::api::{CreateWorker, SendInput, WorkerDetail};
use protocol::{Code, Part, Problem, RunId};
use serde_json::json;
use std::time::{Duration, Instant};

/// A runtime whose answers break off, as often as it is asked.
async fn broken() -> Script {
    Script::itself_and(Reply::Torn(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{".to_vec())).await
}

fn input(key: Option<&str>) -> SendInput {
    SendInput { content: vec![Part::text("hi")], idempotency_key: key.map(str::to_owned) }
}

#[tokio::test]
async fn what_may_be_sent_twice_is_sent_three_times() {
    let script = broken().await;
    let remote = remote(script.address);
    let mut asked = 0;
    let named = || CreateWorker { worker_id: Some(worker()), ..CreateWorker::default() };
    for n in 0..5 {
        let error = match n {
            0 => remote.worker(worker()).await.err(),
            1 => remote.workers(&WorkerQuery::default()).await.err(),
            2 => remote.transcript(worker(), None, None).await.err(),
            3 => remote.create(named()).await.err(),
            _ => remote.input(worker(), input(Some("k"))).await.err(),
        };
        assert_eq!(error.unwrap().code(), Code::UpstreamDisconnected);
        asked += 3;
        assert_eq!(script.asked().len(), asked, "{:?}", script.asked().last());
    }
}

#[tokio::test]
async fn what_may_not_be_sent_twice_is_sent_once() {
    let script = broken().await;
    let remote = remote(script.address);
    for n in 0..7 {
        let error = match n {
            0 => remote.create(CreateWorker::default()).await.err(),
            1 => remote.input(worker(), input(None)).await.err(),
            2 => remote.cancel(worker()).await.err(),
            3 => remote.stop(worker()).await.err(),
            4 => remote.resume(worker()).await.err(),
            5 => remote.delete(worker()).await.err(),
            _ => remote.approve(worker(), "a_1", Default::default()).await.err(),
        };
        assert_eq!(error.unwrap().code(), Code::UpstreamDisconnected);
        assert_eq!(script.asked().len(), n + 1, "{:?}", script.asked());
    }
}

#[tokio::test]
async fn who_a_runtime_is_may_always_be_asked_again() {
    let script = Script::start(|asked, before| match (asked, before) {
        ("GET /runtime", 0 | 1) => Reply::Bytes(Vec::new()),
        ("GET /runtime", _) => itself(),
        _ => json("200 OK", &testing::detail(worker())),
    })
    .await;
    remote(script.address).cancel(worker()).await.unwrap();
    assert_eq!((script.identified(), script.asked().len()), (3, 1));
}

#[tokio::test]
async fn the_second_answer_counts() {
    let run = RunId::from_parts(1, 2);
    let script = Script::start(move |asked, before| match (asked, before) {
        ("GET /runtime", _) => itself(),
        (_, 0) => Reply::Torn(b"HTTP/1.1 202 Accepted\r\n".to_vec()),
        _ => json("202 Accepted", &json!({ "run_id": run })),
    })
    .await;
    let accepted = remote(script.address).input(worker(), input(Some("k"))).await.unwrap();
    assert_eq!((accepted.run_id, script.asked().len()), (run, 2));
}

#[tokio::test]
async fn a_runtime_that_asks_for_time_gets_it() {
    let script = Script::start(|asked, before| match (asked, before) {
        ("GET /runtime", _) => itself(),
        (_, 0) => problem(&Problem::new(Code::Overloaded, "too much to do").retry_after(700)),
        _ => json("200 OK", &testing::detail(worker())),
    })
    .await;
    let began = Instant::now();
    remote(script.address).worker(worker()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(700));
    // for longer than the request has, nobody waits
    let asking = problem(&Problem::new(Code::Overloaded, "too much to do").retry_after(60_000));
    let script = Script::itself_and(asking).await;
    let (began, remote) = (Instant::now(), remote(script.address));
    assert_eq!(remote.worker(worker()).await.unwrap_err().code(), Code::Overloaded);
    assert!(began.elapsed() < Duration::from_secs(4));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn what_stands_is_not_asked_for_again() {
    for reply in [
        problem(&Problem::new(Code::WorkerBusy, "x")),
        problem(&Problem::new(Code::Unauthenticated, "x")),
        answer("200 OK", "text/html", b"<html>"),
    ] {
        let script = Script::itself_and(reply).await;
        remote(script.address).worker(worker()).await.unwrap_err();
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_worker_that_was_there_is_told_from_a_new_one() {
    for (status, new) in [("201 Created", true), ("200 OK", false)] {
        let script = Script::itself_and(json(status, &testing::detail(worker()))).await;
        let created = remote(script.address).create(CreateWorker::default()).await.unwrap();
        assert_eq!(matches!(created, Created::New(_)), new);
        assert_eq!(created.into_detail().runtime_id, Some(id()));
    }
    let other = WorkerDetail { ..testing::detail(protocol::WorkerId::from_parts(8, 8)) };
    let script = Script::itself_and(json("201 Created", &other)).await;
    let named = CreateWorker { worker_id: Some(worker()), ..CreateWorker::default() };
    assert_eq!(remote(script.address).create(named).await.unwrap_err().code(), Code::RuntimeProtocolError);
}
