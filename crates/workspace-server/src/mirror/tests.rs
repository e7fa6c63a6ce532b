//! Mirrors over a scripted runtime: what viewers get through outages, losses and restarts.
//!
//! Owns the script: a log that can be cut, closed and recreated. Time is paused.

use super::*;
use crate::handle::{Answer, Created, Incoming, Source, WorkerQuery};
use bytes::Bytes;
use futures_util::StreamExt;
use observation::{Options, Published, sse};
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{AnyEvent, ExpiredReason, Frame, LinkState, RuntimeKind, State, WorkerInfo};
use std::pin::Pin;
use tokio::sync::Notify;

const AT: &str = "2026-01-01T00:00:00.000Z";

/// A runtime with one worker.
#[derive(Default)]
struct World {
    events: Vec<Bytes>,
    /// The number of the first event kept.
    floor: usize,
    /// What cursors begin with: another one after the log was lost.
    era: u32,
    away: bool,
    deleted: bool,
    /// Connections break when this changes.
    breaks: u32,
    /// What was asked for with each connection.
    asked: Vec<Option<String>>,
    open: usize,
    /// The next connection brings this as it is.
    garbage: Option<Bytes>,
    /// How many events a snapshot is behind; those come after it by themselves, a while later.
    stale: usize,
}

#[derive(Default)]
struct Runtime {
    id: Option<RuntimeId>,
    world: Mutex<World>,
    changed: Notify,
}

fn runtime_id() -> RuntimeId {
    "box".parse().unwrap()
}

fn worker() -> WorkerId {
    WorkerId::from_parts(1, 1)
}

fn info() -> WorkerInfo {
    serde_json::from_value(serde_json::json!({
        "worker_id": worker().to_string(), "display_name": "w", "profile": "p", "labels": {}, "created_at": AT,
    }))
    .unwrap()
}

fn notice(n: usize) -> Bytes {
    // with a member and in an order of its own: it is passed on byte for byte
    Bytes::from(format!(
        r#"{{"type":"notice","of_tomorrow":[{n}],"level":"info","code":"c","message":"n{n}","at":"{AT}"}}"#
    ))
}

impl Runtime {
    fn new() -> Arc<Runtime> {
        Arc::new(Runtime { id: Some(runtime_id()), ..Runtime::default() })
    }

    fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock());
        self.changed.notify_waiters();
    }

    fn say(&self, count: usize) {
        self.change(|world| {
            for _ in 0..count {
                let n = world.events.len() + 1;
                world.events.push(notice(n));
            }
        });
    }

    fn state(&self) -> State {
        let (mut state, world) = (State::new(info()), self.world.lock());
        for json in &world.events[..world.events.len() - world.stale] {
            state.apply(&AnyEvent::from_json(std::str::from_utf8(json).unwrap()).unwrap());
        }
        state
    }

    fn cursor(era: u32, n: usize) -> RuntimeCursor {
        RuntimeCursor::new(&format!("era{era}-{n}")).unwrap()
    }

    fn away() -> HandleError {
        let detail = crate::handle::Detail::new("10.0.0.7:7071 refused");
        HandleError::Unavailable { runtime_id: runtime_id(), detail }
    }
}

fn diagnostic(diagnostic: Diagnostic) -> HandleError {
    HandleError::Diagnostic(Box::new(diagnostic))
}

struct Connection {
    runtime: Arc<Runtime>,
    era: u32,
    breaks: u32,
    at: usize,
    first: Option<Incoming>,
    ready: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.runtime.world.lock().open -= 1;
    }
}

impl Source for Connection {
    fn next<'a>(
        &'a mut self,
        into: &'a mut Vec<Incoming>,
    ) -> futures_util::future::BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            loop {
                let runtime = Arc::clone(&self.runtime);
                let changed = runtime.changed.notified();
                if self.first.is_none() && !self.ready && runtime.world.lock().stale > 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                {
                    let mut world = self.runtime.world.lock();
                    if world.deleted {
                        return Err(diagnostic(Diagnostic::new(Code::WorkerDeleted, "the worker was deleted")));
                    }
                    if world.away || world.breaks != self.breaks {
                        return Err(Runtime::away());
                    }
                    let first = self.first.take();
                    let alone = first.is_some() && world.stale > 0;
                    into.extend(first);
                    if alone {
                        return Ok(());
                    }
                    if let Some(json) = world.garbage.take() {
                        into.push(Incoming::Event { cursor: Runtime::cursor(self.era, 0), json });
                        return Ok(());
                    }
                    while let Some(json) = world.events.get(self.at) {
                        self.at += 1;
                        into.push(Incoming::Event { cursor: Runtime::cursor(self.era, self.at), json: json.clone() });
                    }
                    if !self.ready {
                        self.ready = true;
                        into.push(Incoming::Ready { cursor: Some(Runtime::cursor(self.era, self.at)) });
                    }
                }
                if !into.is_empty() {
                    return Ok(());
                }
                changed.await;
            }
        })
    }
}

struct Handle(Arc<Runtime>);

impl RuntimeHandle for Handle {
    fn runtime_id(&self) -> &RuntimeId {
        self.0.id.as_ref().unwrap()
    }

    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Remote
    }

    fn workers<'a>(&'a self, _: &'a WorkerQuery) -> Answer<'a, WorkerList> {
        unreachable!("not of streams")
    }

    fn approve<'a>(&'a self, _: WorkerId, _: &'a str, _: ResolveApproval) -> Answer<'a, WorkerDetail> {
        unreachable!("not of streams")
    }

    fn info(&self) -> Answer<'_, RuntimeInfo> {
        unreachable!("not of streams")
    }

    fn create(&self, _: CreateWorker) -> Answer<'_, Created> {
        unreachable!("not of streams")
    }

    fn input(&self, _: WorkerId, _: SendInput) -> Answer<'_, InputAccepted> {
        unreachable!("not of streams")
    }

    fn transcript(&self, _: WorkerId, _: Option<String>, _: Option<usize>) -> Answer<'_, TranscriptPage> {
        unreachable!("not of streams")
    }

    fn worker(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        unreachable!("not of streams")
    }

    fn delete(&self, _: WorkerId) -> Answer<'_, ()> {
        unreachable!("not of streams")
    }

    fn cancel(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        unreachable!("not of streams")
    }

    fn stop(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        unreachable!("not of streams")
    }

    fn resume(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        unreachable!("not of streams")
    }

    fn subscribe(&self, worker_id: WorkerId, from: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>> {
        let runtime = Arc::clone(&self.0);
        Box::pin(async move {
            let state = runtime.state();
            let mut world = runtime.world.lock();
            world.asked.push(from.as_ref().map(|c| c.as_str().to_owned()));
            if world.away {
                return Err(Runtime::away());
            }
            if world.deleted || worker_id != worker() {
                return Err(diagnostic(Diagnostic::new(Code::WorkerNotFound, "there is no such worker")));
            }
            let (at, first) = match from {
                Some(cursor) => {
                    let (era, n) = cursor.as_str().strip_prefix("era").and_then(|c| c.split_once('-')).unwrap();
                    let n: usize = n.parse().unwrap();
                    if era != world.era.to_string() {
                        return Err(diagnostic(Diagnostic::expired(ExpiredReason::Epoch, "lost")));
                    }
                    if n < world.floor {
                        return Err(diagnostic(Diagnostic::expired(ExpiredReason::Retention, "old")));
                    }
                    (n, None)
                }
                None => {
                    let mut json = serde_json::to_value(&state).unwrap();
                    json["type"] = "snapshot".into();
                    json["at"] = AT.into();
                    let at = world.events.len() - world.stale;
                    let cursor = Runtime::cursor(world.era, at);
                    (at, Some(Incoming::Event { cursor, json: Bytes::from(json.to_string()) }))
                }
            };
            world.open += 1;
            let (era, breaks) = (world.era, world.breaks);
            drop(world);
            Ok(Box::new(Connection { runtime, era, breaks, at, first, ready: false }) as Box<dyn Source>)
        })
    }
}

fn mirrors(secret: u8, limits: Limits) -> Mirrors {
    let options = MirrorOptions { limits, ..MirrorOptions::default() };
    Mirrors::new(options, Arc::new(Sealer::new([secret; 32].into(), Vec::new())), Arc::new(|_, _, _| {}))
}

fn upstream(runtime: &Arc<Runtime>) -> Upstream {
    Upstream {
        handle: Arc::new(Handle(Arc::clone(runtime))),
        removed: CancellationToken::new(),
        replaced: Arc::new(|| false),
        failed: Arc::new(|_| {}),
    }
}

/// A viewer, and what it was told.
struct Viewer {
    body: Pin<Box<dyn futures_util::Stream<Item = Bytes> + Send>>,
    rest: Vec<u8>,
    /// The newest event's cursor.
    cursor: Option<String>,
}

impl Viewer {
    fn new(mirrors: &Mirrors, runtime: &Arc<Runtime>, cursor: Option<String>) -> Viewer {
        Viewer::of(mirrors, upstream(runtime), cursor)
    }

    fn of(mirrors: &Mirrors, upstream: Upstream, cursor: Option<String>) -> Viewer {
        let request = AttachRequest { cursor: cursor.clone(), ..AttachRequest::default() };
        let subject = mirrors.follow(upstream, worker(), request, Box::new(|_| Ok(None)));
        Viewer { body: Box::pin(sse::body(subject, &Options::default(), None)), rest: Vec::new(), cursor }
    }

    /// The next frame in short; heartbeats are passed over.
    async fn next(&mut self) -> String {
        loop {
            let end = self.rest.windows(2).position(|w| w == b"\n\n");
            let Some(end) = end else {
                match tokio::time::timeout(Duration::from_secs(60), self.body.next()).await.expect("in time") {
                    Some(bytes) => self.rest.extend_from_slice(&bytes),
                    None => return "end".to_owned(),
                }
                continue;
            };
            let text: Vec<u8> = self.rest.drain(..end + 2).collect();
            let text = String::from_utf8(text).unwrap();
            let json = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            assert!(!json.contains("10.0.0.7") && !json.contains("era"), "{json}");
            return match Frame::from_json(json).unwrap() {
                Frame::Event(frame) => {
                    assert!(frame.cursor.len() <= 96);
                    self.cursor = Some(frame.cursor);
                    let event: serde_json::Value = serde_json::from_str(frame.event.get()).unwrap();
                    match event["type"].as_str().unwrap() {
                        "snapshot" => format!("snapshot of {}", event["transcript"].as_array().unwrap().len()),
                        _ => {
                            let n = event["message"].as_str().unwrap().trim_start_matches('n').parse().unwrap();
                            assert_eq!(frame.event.get().as_bytes(), &notice(n)[..], "byte for byte");
                            format!("event {n}")
                        }
                    }
                }
                Frame::Ready { .. } => "ready".to_owned(),
                Frame::Link { state, lost, .. } => {
                    let word = if state == LinkState::Up { "up" } else { "down" };
                    format!("link {word}{}", if lost { ", lost" } else { "" })
                }
                Frame::Diagnostic { diagnostic, .. } => diagnostic.code.to_string(),
                Frame::Heartbeat(_) => continue,
                Frame::Unknown { .. } => unreachable!(),
            };
        }
    }

    async fn expect(&mut self, words: &[&str]) {
        for word in words {
            assert_eq!(self.next().await, *word);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_connection_serves_everybody_and_goes_when_nobody_looks() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(3);
    let mut viewers: Vec<Viewer> = (0..100).map(|_| Viewer::new(&mirrors, &runtime, None)).collect();
    for viewer in &mut viewers {
        viewer.expect(&["snapshot of 3", "ready"]).await;
    }
    runtime.say(2);
    for viewer in &mut viewers {
        viewer.expect(&["event 4", "event 5"]).await;
    }
    assert_eq!((runtime.world.lock().open, mirrors.len()), (1, 1));
    drop(viewers);
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(runtime.world.lock().open, 1, "it lingers");
    // one who comes back meanwhile is served from memory
    Viewer::new(&mirrors, &runtime, None).expect(&["snapshot of 5", "ready"]).await;
    assert_eq!(runtime.world.lock().asked.len(), 1);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!((runtime.world.lock().open, mirrors.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_leaves_no_gap() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(1);
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    viewer.expect(&["snapshot of 1", "ready"]).await;
    runtime.change(|world| world.away = true);
    viewer.expect(&["link down", "runtime_unavailable"]).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    // one who comes meanwhile is told, and sees what is known
    let mut late = Viewer::new(&mirrors, &runtime, None);
    late.expect(&["runtime_unavailable", "link down", "snapshot of 1", "ready"]).await;
    let mut resumed = Viewer::new(&mirrors, &runtime, viewer.cursor.clone());
    resumed.expect(&["runtime_unavailable", "link down", "ready"]).await;
    runtime.say(2);
    runtime.change(|world| world.away = false);
    for viewer in [&mut viewer, &mut late, &mut resumed] {
        viewer.expect(&["link up", "event 2", "event 3"]).await;
    }
    let asked = runtime.world.lock().asked.clone();
    assert_eq!(asked.last().unwrap().as_deref(), Some("era0-1"), "it resumed where it was");
    // a connection that merely breaks is the same
    runtime.change(|world| world.breaks += 1);
    runtime.say(1);
    viewer.expect(&["link down", "runtime_unavailable", "link up", "event 4"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_told_to_everybody_and_followed_by_a_snapshot() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(5);
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    viewer.expect(&["snapshot of 5", "ready"]).await;
    runtime.say(1);
    viewer.expect(&["event 6"]).await;
    let old = viewer.cursor.clone();
    runtime.change(|world| {
        world.events.truncate(2);
        (world.era, world.breaks) = (1, 1);
    });
    viewer.expect(&["link down", "runtime_unavailable", "link up, lost", "cursor_expired", "snapshot of 2"]).await;
    runtime.say(1);
    viewer.expect(&["event 3"]).await;
    // and to those who come with what was lost
    Viewer::new(&mirrors, &runtime, old).expect(&["cursor_expired", "snapshot of 2", "event 3", "ready"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_cursor_outlives_the_backend_and_holds_at_one_that_never_saw_the_worker() {
    let runtime = Runtime::new();
    let first = mirrors(1, Limits::default());
    runtime.say(2);
    let mut viewer = Viewer::new(&first, &runtime, None);
    viewer.expect(&["snapshot of 2", "ready"]).await;
    runtime.say(3);
    viewer.expect(&["event 3"]).await;
    let cursor = viewer.cursor.clone();
    viewer.expect(&["event 4", "event 5"]).await;
    drop(viewer);
    let second = mirrors(1, Limits::default());
    let mut others: Vec<Viewer> = (0..10).map(|_| Viewer::new(&second, &runtime, cursor.clone())).collect();
    for viewer in &mut others {
        viewer.expect(&["event 4", "event 5", "ready"]).await;
        assert_eq!(viewer.cursor, others_cursor(&first, 5), "the same cursor for the same event");
    }
    assert_eq!(runtime.world.lock().asked.len(), 3, "a snapshot at each, and the older events once for all");
    runtime.say(1);
    for viewer in &mut others {
        viewer.expect(&["event 6"]).await;
    }
    // another secret, or an altered cursor
    let stranger = mirrors(2, Limits::default());
    Viewer::new(&stranger, &runtime, cursor.clone()).expect(&["cursor_unknown", "snapshot of 6", "ready"]).await;
    let mut altered = cursor.unwrap().into_bytes();
    altered[7] = if altered[7] == b'x' { b'y' } else { b'x' };
    let altered = Some(String::from_utf8(altered).unwrap());
    Viewer::new(&second, &runtime, altered).expect(&["cursor_unknown", "snapshot of 6", "ready"]).await;
}

/// The stream ends while the runtime goes on saying things: that is no fault of the runtime's.
#[tokio::test(start_paused = true)]
async fn an_event_that_comes_after_the_end_is_not_told_as_garbage() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    viewer.expect(&["snapshot of 0", "ready"]).await;
    let (mirror, stream) = mirrors.only();
    stream.end(Diagnostic::new(Code::GoingAway, "this server is shutting down"));
    runtime.say(1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(matches!(&*mirror.stage.borrow(), Stage::Gone(why) if why.code == Code::GoingAway));
    viewer.expect(&["going_away", "end"]).await;
}

/// Events are named before the log has them. Whoever comes just then with such a name is not told that
/// it was never issued.
#[tokio::test(start_paused = true)]
async fn a_cursor_of_an_event_that_is_on_its_way_is_waited_for() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(5);
    Viewer::new(&mirrors, &runtime, None).expect(&["snapshot of 5", "ready"]).await;
    let (mirror, stream) = mirrors.only();
    mirror.index.extend([Runtime::cursor(0, 6)].iter(), stream.log().floor());
    let request = AttachRequest { cursor: others_cursor(&mirrors, 6), ..AttachRequest::default() };
    assert!(mirror.settled(&request).is_none(), "the log does not have it");
    mirror.index.published(stream.head().next());
    assert!(mirror.settled(&request).is_some());
}

/// A runtime may have answered with events of a stream that was replaced before they arrived. Both
/// begin at the same place.
#[tokio::test(start_paused = true)]
async fn events_of_what_was_before_a_loss_are_not_put_in_front_of_what_is_now() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(5);
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    viewer.expect(&["snapshot of 5", "ready"]).await;
    let (mirror, stream) = mirrors.only();
    let published = |n| {
        let json = notice(n);
        Published { event: pump::read_event(&json).unwrap(), bytes: json }
    };
    let older: Vec<_> = [4, 5].map(|n| (Runtime::cursor(0, n), published(n))).into();
    let put = || mirror.put_in_front(&Runtime::cursor(0, 3), &Runtime::cursor(0, 5), older.clone(), &stream);
    runtime.change(|world| {
        world.events.truncate(2);
        (world.era, world.breaks) = (1, 1);
    });
    viewer.expect(&["link down", "runtime_unavailable", "link up, lost", "cursor_expired", "snapshot of 2"]).await;
    let floor = stream.log().floor();
    assert!(matches!(put(), Backfill::Again));
    assert_eq!((stream.log().floor(), mirror.index.find(&Runtime::cursor(0, 4))), (floor, None));
    runtime.say(1);
    viewer.expect(&["event 3"]).await;

    // what is of this stream goes there
    let older: Vec<_> = [1, 2].map(|n| (Runtime::cursor(1, n), published(n))).into();
    let put = mirror.put_in_front(&Runtime::cursor(1, 0), &Runtime::cursor(1, 2), older, &stream);
    assert!(matches!(put, Backfill::Known));
    assert_eq!(stream.log().floor().0, floor.0 - 2);
}

impl Mirrors {
    /// The one mirror that there is, and its stream.
    fn only(&self) -> (Arc<Mirror>, Arc<Stream>) {
        let mirror = self.shared.mirrors.lock().values().next().cloned().unwrap();
        let Stage::Live(stream) = mirror.stage.borrow().clone() else { panic!("it is not live") };
        (mirror, stream)
    }
}

fn others_cursor(mirrors: &Mirrors, n: usize) -> Option<String> {
    mirrors.seal(&runtime_id(), worker()).seal(&Runtime::cursor(0, n)).map(|cursor| cursor.to_string())
}

#[tokio::test(start_paused = true)]
async fn more_than_is_kept_is_told_as_a_gap() {
    let runtime = Runtime::new();
    runtime.say(100);
    let small = mirrors(1, Limits { max_events: 10, max_bytes: 1 << 20 });
    let cursor = |n| others_cursor(&small, n);
    Viewer::new(&small, &runtime, cursor(95)).expect(&["event 96", "event 97"]).await;
    Viewer::new(&small, &runtime, cursor(80)).expect(&["cursor_expired", "snapshot of 100", "ready"]).await;
    Viewer::new(&small, &runtime, cursor(90)).expect(&["event 91"]).await;
    runtime.change(|world| world.floor = 97);
    let fresh = mirrors(1, Limits::default());
    Viewer::new(&fresh, &runtime, cursor(95)).expect(&["cursor_expired", "snapshot of 100", "ready"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_of_older_events_fits_can_be_resumed_from() {
    let runtime = Runtime::new();
    runtime.say(100);
    let small = mirrors(1, Limits { max_events: 10, max_bytes: 1 << 20 });
    let cursor = |n| others_cursor(&small, n);
    Viewer::new(&small, &runtime, cursor(95)).expect(&["event 96"]).await;
    // there is room for five more
    Viewer::new(&small, &runtime, cursor(88)).expect(&["cursor_expired", "snapshot of 100", "ready"]).await;
    let asked = runtime.world.lock().asked.len();
    Viewer::new(&small, &runtime, cursor(90)).expect(&["event 91", "event 92"]).await;
    assert_eq!(runtime.world.lock().asked.len(), asked, "served from memory");
}

/// A runtime makes a snapshot once for many, and may begin with one that is older than its newest
/// event.
#[tokio::test(start_paused = true)]
async fn ready_is_not_said_before_the_runtime_has_told_all_it_had() {
    let runtime = Runtime::new();
    runtime.say(20);
    runtime.change(|world| world.stale = 10);
    for n in [15, 5] {
        let mirrors = mirrors(1, Limits::default());
        let mut viewer = Viewer::new(&mirrors, &runtime, others_cursor(&mirrors, n));
        for n in n + 1..=20 {
            assert_eq!(viewer.next().await, format!("event {n}"));
        }
        viewer.expect(&["ready"]).await;
    }
    // where the connection breaks in between, what is known is served
    let mirrors = mirrors(1, Limits::default());
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    tokio::time::sleep(Duration::from_millis(10)).await;
    runtime.change(|world| world.away = true);
    viewer.expect(&["runtime_unavailable", "link down", "snapshot of 10", "ready"]).await;
    runtime.change(|world| world.away = false);
    viewer.expect(&["link up", "event 11"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_is_away_from_the_beginning_is_waited_for() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(4);
    runtime.change(|world| world.away = true);
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    let mut resuming = Viewer::new(&mirrors, &runtime, others_cursor(&mirrors, 2));
    for viewer in [&mut viewer, &mut resuming] {
        viewer.expect(&["runtime_unavailable"]).await;
    }
    tokio::time::sleep(Duration::from_secs(40)).await;
    runtime.change(|world| world.away = false);
    viewer.expect(&["link up", "snapshot of 4", "ready"]).await;
    resuming.expect(&["link up", "event 3", "event 4", "ready"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_ends_the_stream() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(1);
    let up = upstream(&runtime);
    let request = AttachRequest::default();
    let subject = mirrors.follow(up.clone(), WorkerId::from_parts(9, 9), request, Box::new(|_| Ok(None)));
    let body = sse::body(subject, &Options::default(), None);
    let mut viewer = Viewer { body: Box::pin(body), rest: Vec::new(), cursor: None };
    viewer.expect(&["worker_not_found", "end"]).await;

    let mut viewer = Viewer::of(&mirrors, up.clone(), None);
    viewer.expect(&["snapshot of 1", "ready"]).await;
    runtime.change(|world| world.deleted = true);
    viewer.expect(&["worker_deleted", "end"]).await;
    runtime.change(|world| world.deleted = false);
    let mut viewer = Viewer::of(&mirrors, up.clone(), None);
    viewer.expect(&["snapshot of 1", "ready"]).await;
    up.removed.cancel();
    viewer.expect(&["runtime_not_found", "end"]).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(mirrors.is_empty());
    // one that is reached otherwise from now on is not gone
    let up = Upstream { replaced: Arc::new(|| true), ..upstream(&runtime) };
    let mut viewer = Viewer::of(&mirrors, up.clone(), None);
    viewer.expect(&["snapshot of 1", "ready"]).await;
    up.removed.cancel();
    viewer.expect(&["going_away", "end"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_makes_no_sense_is_never_guessed_at() {
    let (runtime, mirrors) = (Runtime::new(), mirrors(1, Limits::default()));
    runtime.say(1);
    let mut viewer = Viewer::new(&mirrors, &runtime, None);
    viewer.expect(&["snapshot of 1", "ready"]).await;
    runtime.change(|world| world.garbage = Some(Bytes::from_static(b"{\"type\":\"block_delta\"}")));
    viewer.expect(&["link down", "upstream_malformed"]).await;
    runtime.say(1);
    viewer.expect(&["link up", "event 2"]).await;
    let asked = runtime.world.lock().asked.clone();
    assert_eq!(asked, [None, Some("era0-1".to_owned())], "asked again for what made no sense");
}
