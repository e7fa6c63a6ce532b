//! A runtime's own server, over TLS too: an embedded and a remote runtime cannot be told apart.

use crate::handle::remote::Remote;
use crate::handle::{
    Created, Embedded, HandleError, Incoming, RemoteSpec, RuntimeCursor, RuntimeHandle, Source, WorkerQuery,
};
use protocol::api::{CreateWorker, ResolveApproval, SendInput};
use protocol::{Code, Part, RuntimeKind, WorkerId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::executor::Echo;
use worker_runtime::server::{Server, ServerOptions, Tls};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Runtime, RuntimeOptions};
use yoi_client::CertificatePin;

async fn runtime(id: &str) -> Runtime {
    let profiles: Vec<worker_runtime::executor::SharedProfile> = vec![Arc::new(Echo::new())];
    Runtime::start(RuntimeOptions::new(
        id.parse().unwrap(),
        profiles,
        Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap()),
    ))
    .await
    .unwrap()
}

async fn serve(runtime: Runtime, tls: Option<Tls>) -> (SocketAddr, DropGuard) {
    let mut options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
    options.tls = tls;
    let server = Server::bind(options, runtime).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    tokio::spawn(server.run(cancel.clone()));
    (address, cancel.drop_guard())
}

fn input(text: &str, key: Option<&str>) -> SendInput {
    SendInput { content: vec![Part::text(text)], idempotency_key: key.map(str::to_owned) }
}

/// What a stream brings until `ready` and at least `events` more.
async fn read(source: &mut Box<dyn Source>, until: impl Fn(&[Incoming]) -> bool) -> Vec<Incoming> {
    let mut got = Vec::new();
    while !until(&got) {
        tokio::time::timeout(Duration::from_secs(20), source.next(&mut got)).await.unwrap().unwrap();
    }
    got
}

fn words(got: &[Incoming]) -> Vec<String> {
    got.iter()
        .map(|incoming| match incoming {
            Incoming::Event { json, .. } => {
                serde_json::from_slice::<serde_json::Value>(json).unwrap()["type"].as_str().unwrap().to_owned()
            }
            Incoming::Ready { .. } => "ready".to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

fn has(got: &[Incoming], word: &str) -> bool {
    words(got).iter().any(|found| found == word)
}

fn code<T>(answer: Result<T, HandleError>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{} {}", error.code(), error.to_problem().detail),
    }
}

/// Everything that a runtime is asked, and what it answers, without what differs from one to another.
async fn story(handle: &dyn RuntimeHandle) -> Vec<String> {
    let mut told = Vec::new();
    let named = WorkerId::from_parts(1, 1);
    let request = || CreateWorker {
        worker_id: Some(named),
        labels: [("team".to_owned(), "core".to_owned())].into(),
        ..CreateWorker::default()
    };
    let info = handle.info().await.unwrap();
    told.push(format!("{} {} {:?}", info.runtime_id, info.status, info.profiles));
    let nobody = WorkerId::from_parts(9, 9);
    told.push(code(handle.worker(nobody).await));
    told.push(code(handle.input(nobody, input("x", None)).await));
    told.push(match handle.subscribe(nobody, None).await {
        Err(error) => error.code().to_string(),
        Ok(mut source) => source.next(&mut Vec::new()).await.unwrap_err().code().to_string(),
    });
    told.push(format!("{}", matches!(handle.create(request()).await.unwrap(), Created::New(_))));
    told.push(format!("{}", matches!(handle.create(request()).await.unwrap(), Created::Existing(_))));
    told.push(code(handle.create(CreateWorker { labels: Default::default(), ..request() }).await));
    let unknown = CreateWorker { profile: Some("none".into()), ..CreateWorker::default() };
    told.push(code(handle.create(unknown).await));

    let mut source = handle.subscribe(named, None).await.unwrap();
    let first = read(&mut source, |got| has(got, "ready")).await;
    told.extend(words(&first));
    let run = handle.input(named, input("hello", Some("k"))).await.unwrap();
    assert_eq!(handle.input(named, input("hello", Some("k"))).await.unwrap().run_id, run.run_id);
    told.push(code(handle.input(named, input("other", Some("k"))).await));
    told.push(code(handle.input(named, input("", None)).await));
    let idle = |got: &[Incoming]| {
        let idle = got.iter().filter(
            |i| matches!(i, Incoming::Event { json, .. } if json.windows(15).any(|w| w == br#""status":"idle""#)),
        );
        idle.count() > 0 && has(got, "run_finished")
    };
    let live = read(&mut source, idle).await;
    told.extend(words(&live));
    // the same events after the cursor of an earlier one
    let Some(Incoming::Event { cursor, .. }) = live.first() else { panic!("{live:?}") };
    let mut again = handle.subscribe(named, Some(cursor.clone())).await.unwrap();
    let replayed = read(&mut again, |got| has(got, "ready")).await;
    told.extend(words(&replayed));
    let json = |got: &[Incoming]| -> Vec<_> {
        got.iter()
            .filter_map(|i| if let Incoming::Event { json, .. } = i { Some(json.clone()) } else { None })
            .collect()
    };
    assert_eq!(json(&live)[1..], json(&replayed)[..]);
    told.push(match handle.subscribe(named, Some(RuntimeCursor::new("made-up").unwrap())).await {
        Err(error) => error.code().to_string(),
        Ok(mut source) => source.next(&mut Vec::new()).await.unwrap_err().code().to_string(),
    });

    let detail = handle.worker(named).await.unwrap();
    told.push(format!("{:?} {} {}", detail.runtime_id, detail.status, detail.events));
    let page = handle.transcript(named, None, Some(1)).await.unwrap();
    told.push(format!("{} {}", page.entries.len(), page.before.is_some()));
    told.push(format!("{}", handle.transcript(named, page.before, None).await.unwrap().entries.len()));
    told.push(code(handle.transcript(named, Some("nothing".into()), None).await));
    told.push(code(handle.transcript(named, None, Some(10_000)).await));
    let answer = || ResolveApproval { option: "yes".into() };
    told.push(code(handle.approve(named, "a_1", answer()).await));
    told.push(code(handle.approve(named, "..", answer()).await));
    told.push(code(handle.cancel(named).await));
    for n in 2..6 {
        let request = CreateWorker { worker_id: Some(WorkerId::from_parts(n, 1)), ..CreateWorker::default() };
        handle.create(request).await.unwrap();
    }
    told.extend(lists(handle).await);
    told.push(code(handle.delete(named).await));
    told.push(format!("{}", handle.stop(named).await.unwrap().status));
    told.push(code(handle.input(named, input("x", None)).await));
    told.push(format!("{}", handle.resume(named).await.unwrap().status));
    handle.stop(named).await.unwrap();
    handle.delete(named).await.unwrap();
    let mut rest = Vec::new();
    let end = loop {
        if let Err(error) = source.next(&mut rest).await {
            break error;
        }
    };
    told.push(format!("{} {}", end.code(), end.to_diagnostic().message));
    told
}

async fn lists(handle: &dyn RuntimeHandle) -> Vec<String> {
    let mut told = Vec::new();
    for labels in [vec![], vec!["team"], vec!["team=core"], vec!["team=core", "team=other"], vec!["none"]] {
        let mut query = WorkerQuery {
            labels: labels.iter().map(|label| label.parse().unwrap()).collect(),
            limit: Some(2),
            ..WorkerQuery::default()
        };
        loop {
            let list = handle.workers(&query).await.unwrap();
            let ids: Vec<_> = list.workers.iter().map(|row| row.worker.worker_id).collect();
            told.push(format!("{labels:?} {ids:?} {:?}", list.next_page));
            let Some(next) = list.next_page else { break };
            query.after = Some(next.parse().unwrap());
        }
    }
    for query in [
        WorkerQuery { limit: Some(0), ..WorkerQuery::default() },
        WorkerQuery { limit: Some(501), ..WorkerQuery::default() },
        WorkerQuery { status: Some("bored".into()), ..WorkerQuery::default() },
    ] {
        told.push(code(handle.workers(&query).await));
    }
    told
}

#[tokio::test]
async fn embedded_and_remote_tell_the_same_story() {
    let embedded = Embedded::new(runtime("box").await);
    let (address, _serving) = serve(runtime("box").await, None).await;
    let remote = Remote::new(&RemoteSpec::new("box".parse().unwrap(), format!("http://{address}"))).unwrap();
    assert_eq!((embedded.kind(), remote.kind()), (RuntimeKind::Embedded, RuntimeKind::Remote));
    assert_eq!(embedded.runtime_id(), remote.runtime_id());
    let (one, other) = (story(&embedded).await, story(&remote).await);
    assert!(one.len() > 40, "{one:#?}");
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_apart() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let tls = Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    let (address, _serving) = serve(runtime("box").await, Some(tls)).await;
    let asking = |ca: Option<String>, pin: Option<CertificatePin>| async move {
        let mut spec = RemoteSpec::new("box".parse().unwrap(), format!("https://{address}"));
        spec.ca = ca.map(String::into_bytes);
        spec.pin = pin;
        let remote = Remote::new(&spec).unwrap();
        let stream = remote.subscribe(WorkerId::from_parts(1, 1), None).await.err();
        (remote.info().await.err(), stream)
    };
    let pin = CertificatePin::of(made.cert.der());
    for (ca, pin) in [(Some(made.cert.pem()), None), (None, Some(pin))] {
        let (info, stream) = asking(ca, pin).await;
        assert!(info.is_none() && stream.is_none(), "{info:?} {stream:?}");
    }
    let wrong = CertificatePin::of(other.cert.der());
    for (ca, pin) in [(Some(other.cert.pem()), None), (None, Some(wrong))] {
        let (info, stream) = asking(ca, pin).await;
        for error in [info.unwrap(), stream.unwrap()] {
            super::assert_discreet(&error, address);
            assert_eq!((error.code(), error.to_problem().status), (Code::RuntimeTlsFailed, 502), "{error:?}");
        }
    }
}
