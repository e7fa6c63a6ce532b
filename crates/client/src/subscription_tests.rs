//! Subscriptions against a scripted server, and over connections that are not this machine's.
//!
//! Owns the tests of batches, of their ends, and of the seam that opens connections.

use crate::testing::{Asked, Binary, Close, Hold, Ping, Refuse, Scripted, Send, Step, delta, diagnostic, event, frame};
use crate::testing::{play, ready, worker};
use crate::{
    ClientOptions, Coalesce, Connect, Error, FollowOptions, Io, Mode, OnGap, RawFrame, RuntimeClient, SubscribeOptions,
    Subscription, Update,
};
use futures_util::future::BoxFuture;
use protocol::Code;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

async fn subscribe(script: Vec<Step>) -> (Scripted, Subscription) {
    let server = Scripted::start(vec![script]).await;
    let subscription = server.runtime().subscribe(worker(), SubscribeOptions::default()).await.unwrap();
    (server, subscription)
}

/// Everything until the end, one word each, and the size of the largest batch.
async fn words(subscription: &mut Subscription) -> (Vec<String>, usize) {
    let (mut words, mut largest) = (Vec::new(), 0);
    loop {
        let mut batch = Vec::new();
        let more = tokio::time::timeout(Duration::from_secs(10), subscription.receive(&mut batch)).await.unwrap();
        largest = batch.len().max(largest);
        assert_eq!(batch.is_empty(), more.is_err());
        words.extend(batch.into_iter().map(|frame| match frame {
            RawFrame::Event { cursor, worker_id, .. } => {
                assert_eq!(worker_id, worker());
                cursor
            }
            RawFrame::Ready { cursor } => format!("ready@{}", cursor.unwrap_or_default()),
            RawFrame::Heartbeat(heartbeat) => format!("heartbeat {}", heartbeat.worker),
            RawFrame::Link { state, lost, .. } => format!("link {state} lost={lost}"),
            RawFrame::Diagnostic(diagnostic) => format!("told {}", diagnostic.code),
            RawFrame::Closed { code } => format!("closed {code:?}"),
        }));
        if let Err(error) = more {
            words.push(format!("over: {}", error.code()));
            return (words, largest);
        }
    }
}

#[tokio::test]
async fn asks_for_what_it_is_told_to() {
    let server = Scripted::start(vec![vec![Hold], vec![Hold]]).await;
    let all = SubscribeOptions {
        cursor: Some("c_1".into()),
        on_gap: OnGap::Close,
        coalesce: Coalesce::Off,
        mode: Mode::Auto,
    };
    server.runtime().subscribe(worker(), all).await.unwrap();
    let asked = server.asked.lock().unwrap()[0].clone();
    assert_eq!(asked.path, format!("/v1/workers/{}/events/ws", worker()));
    assert_eq!(asked.query.as_deref(), Some("cursor=c_1&mode=auto&on_gap=close&coalesce=off"));
    assert_eq!(asked.authorization.as_deref(), Some("Bearer hunter2"));
}

#[tokio::test]
async fn brings_everything_in_order_and_says_how_it_ended() {
    let (_server, mut subscription) = subscribe(vec![
        delta("1"),
        frame("of_tomorrow", None, ""),
        Ping,
        frame("link", Some("1"), r#","state":"down","lost":false"#),
        frame("heartbeat", Some("1"), r#","worker":"running","link":"up","lag_events":0,"oldest":null"#),
        diagnostic(Code::Lagged),
        ready("1"),
        delta("2"),
        diagnostic(Code::WorkerDeleted),
        Close(4404),
    ])
    .await;
    let (said, _) = words(&mut subscription).await;
    let want = [
        "1",
        "link down lost=false",
        "heartbeat running",
        "told lagged",
        "ready@1",
        "2",
        "told worker_deleted",
        "closed Some(4404)",
        "over: upstream_disconnected",
    ];
    assert_eq!(said, want);
    // and it stays over
    assert!(subscription.receive(&mut Vec::new()).await.is_err());
}

#[tokio::test]
async fn takes_what_is_there_in_bounded_batches_without_losing_any() {
    let many: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    let script = many.iter().map(|cursor| delta(cursor)).chain([Close(1001)]).collect();
    let (_server, mut subscription) = subscribe(script).await;
    // all of it is on its way
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (said, largest) = words(&mut subscription).await;
    assert_eq!(said[..many.len()], many[..]);
    assert_eq!(said[many.len()..], ["closed Some(1001)", "over: upstream_disconnected"]);
    assert!((2..=1024).contains(&largest), "{largest}");
}

#[tokio::test]
async fn what_is_no_frame_ends_it_after_what_came_before() {
    for bad in [Send("not JSON".to_owned()), Send(r#"{"kind":"event","cursor":3}"#.to_owned()), Binary] {
        let (_server, mut subscription) = subscribe(vec![delta("1"), delta("2"), bad, delta("3"), Hold]).await;
        assert_eq!(words(&mut subscription).await.0, ["1", "2", "over: runtime_protocol_error"]);
    }
}

#[tokio::test]
async fn a_connection_that_just_ends_and_one_that_is_silent_are_told_apart() {
    // the server drops the connection without a word
    let (_server, mut subscription) = subscribe(vec![ready("1")]).await;
    assert_eq!(words(&mut subscription).await.0, ["ready@1", "over: upstream_disconnected"]);
    let (_server, mut subscription) = subscribe(vec![ready("1"), Hold]).await;
    assert_eq!(words(&mut subscription).await.0, ["ready@1", "over: runtime_timeout"]);
}

#[tokio::test]
async fn a_reader_may_drop_receive_at_any_time() {
    let script = (0..300).map(|n| delta(&n.to_string())).chain([Close(1000)]).collect();
    let (_server, mut subscription) = subscribe(script).await;
    let mut cursors = Vec::new();
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            more = subscription.receive(&mut batch) => if more.is_err() { break },
            () = tokio::time::sleep(Duration::from_micros(20)) => {}
        }
        cursors.extend(batch.drain(..).filter_map(|frame| match frame {
            RawFrame::Event { cursor, .. } => Some(cursor),
            _ => None,
        }));
    }
    assert_eq!(cursors, (0..300).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refused_upgrade_is_the_problem_it_was_refused_with() {
    let problem = serde_json::to_string(&protocol::Problem::new(Code::WorkerNotFound, "no such worker")).unwrap();
    let server = Scripted::start(vec![vec![Refuse(404, problem)]]).await;
    let error = server.runtime().subscribe(worker(), SubscribeOptions::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Problem(problem) if problem.code == Code::WorkerNotFound), "{error:?}");
}

#[tokio::test]
async fn goes_through_a_backend_and_keeps_the_bytes() {
    let server = Scripted::start(vec![vec![event("1", r#"{"type":"of_tomorrow", "n":1.50}"#), Hold]]).await;
    let far = server.backend().on(&"far".parse().unwrap());
    let mut subscription = far.subscribe(worker(), SubscribeOptions::default()).await.unwrap();
    let mut frames = Vec::new();
    subscription.receive(&mut frames).await.unwrap();
    let RawFrame::Event { json, .. } = &frames[0] else { panic!("{frames:?}") };
    assert_eq!(json.as_ref(), br#"{"type":"of_tomorrow", "n":1.50}"#);
    let path = format!("/api/runtimes/far/workers/{}/events/ws", worker());
    assert_eq!(server.asked.lock().unwrap()[0].path, path);
    subscription.close().await;
}

/// A network of one machine that is not this one: it refuses the first connections.
#[derive(Default)]
struct Simulated {
    targets: Mutex<Vec<(String, u16)>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Connect for Simulated {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn Io>>> {
        let mut targets = self.targets.lock().unwrap();
        targets.push((host.to_owned(), port));
        let refused = targets.len() < 3;
        Box::pin(async move {
            if refused {
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "nobody is there"));
            }
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            let asked = Arc::clone(&self.asked);
            tokio::spawn(async move { play(Box::new(theirs), vec![delta("1"), ready("1"), Hold], &asked).await });
            let io: Box<dyn Io> = Box::new(ours);
            Ok(io)
        })
    }
}

#[tokio::test]
async fn streams_are_opened_through_the_seam() {
    let network = Arc::new(Simulated::default());
    let mut options = ClientOptions::new("http://box.invalid:7071");
    options.connector = Some(Arc::<Simulated>::clone(&network));
    let client = RuntimeClient::direct(options).unwrap();
    let error = client.subscribe(worker(), SubscribeOptions::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Connect { target, .. } if target == "box.invalid:7071"), "{error:?}");
    let first = crate::First::Retry;
    let mut follow = client.follow(worker(), FollowOptions { first, ..FollowOptions::default() });
    assert!(matches!(follow.next().await, Some(Ok(Update::Disconnected { .. }))));
    assert!(matches!(follow.next().await, Some(Ok(Update::Event(event))) if event.cursor() == "1"));
    assert_eq!(*network.targets.lock().unwrap(), vec![("box.invalid".to_owned(), 7071); 3]);
    assert_eq!(network.asked.lock().unwrap().len(), 1);
}
