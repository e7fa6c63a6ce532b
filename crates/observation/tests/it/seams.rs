//! What a backend adds to a stream: lenses, the link, a replacement, streams that are still looked
//! for, credentials that end, and compressed messages.
//!
//! Owns one viewer that writes down what it is told, in short. Time is paused.

use crate::world::{CONTEXT, delta, publish, sealer, stream, worker};
use bytes::Bytes;
use event_log::{Epoch, Limits, Lineage, Seq};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use observation::{
    Attach, AttachRequest, Blocks, Class, Connection, Framing, Hub, Lens, Options, Seen, Step, Stream, Subject, Tap,
    Tapped, sse,
};
use parking_lot::Mutex;
use protocol::{AnyEvent, BlockKind, Code, Diagnostic, Envelope, EventKind, Frame, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A lens that drops notices and shouts deltas, and counts what it is asked.
struct Shout {
    id: &'static str,
    asked: AtomicUsize,
    states: AtomicUsize,
}

impl Shout {
    fn new(id: &'static str) -> Arc<Shout> {
        Arc::new(Shout { id, asked: AtomicUsize::new(0), states: AtomicUsize::new(0) })
    }
}

impl Lens for Shout {
    fn id(&self) -> &str {
        self.id
    }

    fn event(&self, json: &Bytes, blocks: &dyn Blocks) -> Seen {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let event = AnyEvent::from_json(std::str::from_utf8(json).unwrap()).unwrap();
        match event.kind() {
            Some(EventKind::Notice { .. }) => Seen::Drop,
            Some(EventKind::BlockDelta { block_id, .. }) => {
                assert_eq!(blocks.kind(block_id), Some(BlockKind::Text), "the kind of its block is known");
                Seen::Replace(String::from_utf8(json.to_vec()).unwrap().replace("\"text\":\"x", "\"text\":\"X").into())
            }
            _ => Seen::Pass,
        }
    }

    fn state(&self, state: &State) -> State {
        self.states.fetch_add(1, Ordering::SeqCst);
        let mut state = state.clone();
        state.transcript = Default::default();
        state
    }
}

fn notice() -> EventKind {
    EventKind::Notice { level: protocol::Level::Info, code: "c".into(), message: "m".into(), entry_id: None }
}

/// A client on a socket of its own making, which reads frames by hand.
struct Client {
    io: DuplexStream,
    buffer: Vec<u8>,
    cursor: Option<String>,
}

impl Client {
    fn of(hub: &Hub, set: impl FnOnce(&mut Connection), subject: Subject) -> Client {
        let (server, io) = tokio::io::duplex(64 << 10);
        let mut connection = Connection::new(server, Bytes::new(), subject);
        set(&mut connection);
        hub.attach(connection);
        Client { io, buffer: Vec::new(), cursor: None }
    }

    fn new(hub: &Hub, stream: &Arc<Stream>, cursor: Option<String>, class: Class) -> Client {
        let request = AttachRequest { cursor, ..AttachRequest::default() };
        let attach = Attach { class, ..Attach::new(Arc::clone(stream), request) };
        Client::of(hub, |_| {}, Subject::Stream(attach))
    }

    /// The next message: its first byte and payload.
    async fn message(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let &[first, second, ref rest @ ..] = &self.buffer[..] {
                let (len, skip) = match second {
                    126 if rest.len() >= 2 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), 4),
                    127 => panic!("too long for these tests"),
                    126 => (usize::MAX, 4),
                    len => (usize::from(len), 2),
                };
                if self.buffer.len() >= skip && len <= self.buffer.len() - skip {
                    let payload = self.buffer[skip..skip + len].to_vec();
                    self.buffer.drain(..skip + len);
                    return (first, payload);
                }
            }
            let mut bytes = [0; 4096];
            let n = tokio::time::timeout(Duration::from_secs(100), self.io.read(&mut bytes)).await.unwrap().unwrap();
            if n == 0 {
                return (0, Vec::new());
            }
            self.buffer.extend_from_slice(&bytes[..n]);
        }
    }

    /// The next frame in short; heartbeats and pings are passed over.
    async fn next(&mut self) -> String {
        loop {
            let (first, payload) = self.message().await;
            let payload = if first == 0xc1 { inflated(&payload) } else { payload };
            match first {
                0 => return "end".into(),
                0x89 => continue,
                0x88 => return format!("close {}", u16::from_be_bytes([payload[0], payload[1]])),
                _ => {}
            }
            return match Frame::from_json(std::str::from_utf8(&payload).unwrap()).unwrap() {
                Frame::Event(frame) => {
                    self.cursor = Some(frame.cursor);
                    match AnyEvent::from_json(frame.event.get()).unwrap().kind().unwrap() {
                        EventKind::Snapshot(state) => {
                            format!(
                                "snapshot {:?}",
                                state.open_blocks.last().map(|b| b.text.as_str().to_owned()).unwrap_or_default()
                            )
                        }
                        EventKind::BlockDelta { text, .. } => text.clone(),
                        EventKind::Notice { .. } => "notice".into(),
                        other => panic!("{other:?}"),
                    }
                }
                Frame::Ready { .. } => "ready".into(),
                Frame::Heartbeat(_) => continue,
                Frame::Link { state, lost, .. } => format!("{state} {lost}"),
                Frame::Diagnostic { diagnostic, .. } => diagnostic.code.to_string(),
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

fn why(code: Code) -> Diagnostic {
    Diagnostic::new(code, "why")
}

#[tokio::test(start_paused = true)]
async fn a_class_sees_through_its_lens_once_however_many_watch() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let lens = Shout::new("shout");
    // in every framing
    let attach = || {
        let class: Class = Some(Arc::clone(&lens) as Arc<dyn Lens>);
        Subject::Stream(Attach { class, ..Attach::new(Arc::clone(&stream), AttachRequest::default()) })
    };
    let mut all: Vec<Client> = [Framing::WebSocket, Framing::Deflate]
        .into_iter()
        .cycle()
        .take(20)
        .map(|framing| Client::of(&hub, |c| c.framing = framing, attach()))
        .collect();
    let mut bodies: Vec<_> = (0..5).map(|_| Box::pin(sse::body(attach(), &Options::default(), None))).collect();
    let mut plain = Client::new(&hub, &stream, None, None);
    for client in all.iter_mut().chain([&mut plain]) {
        client.expect(&["snapshot \"\"", "ready"]).await;
    }
    let mut texts = vec![String::new(); bodies.len()];
    for (body, text) in bodies.iter_mut().zip(&mut texts) {
        read_events(body, text, "event: ready").await;
    }
    assert_eq!(lens.states.load(Ordering::SeqCst), 1, "one state for all");
    publish(&stream, vec![delta("xa"), notice(), notice(), delta("xb"), notice()]);
    for client in &mut all {
        client.expect(&["Xa", "Xb"]).await;
    }
    for (body, text) in bodies.iter_mut().zip(&mut texts) {
        read_events(body, text, "Xb").await;
        assert!(text.contains("Xa") && !text.contains("notice"), "{text}");
    }
    plain.expect(&["xa", "notice", "notice", "xb", "notice"]).await;
    assert_eq!(lens.asked.load(Ordering::SeqCst), 5, "once for each event, not for each viewer or framing");
    // nothing but what is hidden, then something: no hole, no repetition
    publish(&stream, vec![notice(), notice()]);
    tokio::time::sleep(Duration::from_millis(10)).await;
    publish(&stream, vec![delta("xc")]);
    for client in &mut all {
        client.expect(&["Xc"]).await;
    }
    // resuming in the middle of what is hidden, and by a cursor of what is hidden
    plain.expect(&["notice"]).await;
    let hidden = plain.cursor.clone();
    Client::new(&hub, &stream, hidden, Some(Shout::new("shout"))).expect(&["Xc", "ready"]).await;
    let shown = all[0].cursor.clone();
    publish(&stream, vec![notice(), delta("xd"), notice()]);
    Client::new(&hub, &stream, shown, Some(Shout::new("another"))).expect(&["Xd", "ready"]).await;
}

/// Reads a body of server-sent events up to `word`.
async fn read_events(body: &mut (impl futures_util::Stream<Item = Bytes> + Unpin), text: &mut String, word: &str) {
    while !text.contains(word) {
        let next = tokio::time::timeout(Duration::from_secs(100), body.next()).await.unwrap();
        text.push_str(std::str::from_utf8(&next.expect("it goes on")).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_sees_nothing_of_a_long_backlog_is_ready_all_the_same() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let cursor = stream.cursor_at(stream.head()).map(|c| c.to_string());
    (0..30).for_each(|_| publish(&stream, (0..100).map(|_| notice()).collect()));
    let mut client = Client::new(&hub, &stream, cursor, Some(Shout::new("shout")));
    client.expect(&["ready"]).await;
    publish(&stream, vec![delta("xe")]);
    client.expect(&["Xe"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_link_is_told_once_to_each() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut client = Client::new(&hub, &stream, None, None);
    client.expect(&["snapshot \"\"", "ready"]).await;
    stream.link_down(why(Code::RuntimeTimeout));
    stream.link_down(why(Code::RuntimeUnavailable));
    client.expect(&["down false", "runtime_timeout"]).await;
    let mut late = Client::new(&hub, &stream, None, None);
    late.expect(&["runtime_unavailable", "down false", "snapshot \"\"", "ready"]).await;
    stream.link_up(false);
    stream.link_up(false);
    publish(&stream, vec![delta("xa")]);
    client.expect(&["up false", "xa"]).await;
    late.expect(&["up false", "xa"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_replacement_is_told_wherever_a_viewer_stands() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut client = Client::new(&hub, &stream, None, None);
    client.expect(&["snapshot \"\"", "ready"]).await;
    publish(&stream, vec![delta("xa")]);
    client.expect(&["xa"]).await;
    let old = client.cursor.clone();
    let mut state = (*stream.state().1).clone();
    state.open_blocks.clear();
    // further on and further back, in numbers, than where it was
    for head in [Seq(5), Seq(1 << 40), Seq(2)] {
        stream.link_up(true);
        let lineage = Lineage::starting(Epoch(head.0 + 100));
        stream.replace(lineage, head, state.clone(), why(Code::CursorExpired));
        client.expect(&["up true", "cursor_expired", "snapshot \"\""]).await;
    }
    publish(&stream, vec![notice()]);
    client.expect(&["notice"]).await;
    // an old cursor is of the stream that is gone
    Client::new(&hub, &stream, old, None).expect(&["cursor_expired", "snapshot \"\""]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_looked_for_comes_when_it_is_found() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let later = || {
        let (steps, found) = mpsc::channel::<Step>(4);
        let found: BoxStream<'static, Step> =
            Box::pin(futures_util::stream::unfold(
                found,
                |mut found| async move { Some((found.recv().await?, found)) },
            ));
        (steps, Subject::Later { envelope: Envelope::new(None, worker()), steps: found })
    };
    let (steps, subject) = later();
    let mut client = Client::of(&hub, |_| {}, subject);
    steps.send(Step::Tell(why(Code::RuntimeUnavailable))).await.unwrap();
    client.expect(&["runtime_unavailable"]).await;
    // it is kept alive meanwhile
    tokio::time::sleep(Duration::from_secs(40)).await;
    client.io.write_all(&[0x8a, 0x80, 1, 2, 3, 4]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let guard = Arc::new(());
    let attach = Attach::new(Arc::clone(&stream), AttachRequest::default());
    let attach = Attach { guard: Some(Arc::clone(&guard) as _), ..attach };
    steps.send(Step::Attach(attach)).await.unwrap();
    client.expect(&["up false", "snapshot \"\"", "ready"]).await;
    publish(&stream, vec![delta("xa")]);
    client.expect(&["xa"]).await;
    assert_eq!(Arc::strong_count(&guard), 2);
    drop(client);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(Arc::strong_count(&guard), 1, "nobody follows any more");

    let (steps, subject) = later();
    let mut client = Client::of(&hub, |_| {}, subject);
    steps.send(Step::Refuse(why(Code::WorkerNotFound))).await.unwrap();
    client.expect(&["worker_not_found", "close 4404"]).await;
    // whoever looks is gone without a word
    let (steps, subject) = later();
    let mut client = Client::of(&hub, |_| {}, subject);
    drop(steps);
    client.expect(&["internal", "close 1011"]).await;
    // whoever asked is gone: nobody looks any more
    let (steps, subject) = later();
    drop(Client::of(&hub, |_| {}, subject));
    tokio::time::timeout(Duration::from_secs(5), steps.closed()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn credentials_end_with_their_time_or_when_they_are_revoked() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let subject = || Subject::Stream(Attach::new(Arc::clone(&stream), AttachRequest::default()));
    let set = |tag: u64, seconds: Option<u64>| {
        move |connection: &mut Connection| {
            connection.tag = tag;
            connection.expires_at = seconds.map(|s| Instant::now() + Duration::from_secs(s));
        }
    };
    let mut short = Client::of(&hub, set(1, Some(5)), subject());
    let mut other = Client::of(&hub, set(2, None), subject());
    let mut revoked = Client::of(&hub, set(3, Some(500)), subject());
    for client in [&mut short, &mut other, &mut revoked] {
        client.expect(&["snapshot \"\"", "ready"]).await;
    }
    let begun = Instant::now();
    short.expect(&["credential_expired", "close 4401"]).await;
    assert!(begun.elapsed() >= Duration::from_secs(5) && begun.elapsed() < Duration::from_secs(6));
    hub.end(3, &why(Code::CredentialExpired));
    revoked.expect(&["credential_expired", "close 4401"]).await;
    publish(&stream, vec![delta("xa")]);
    other.expect(&["xa"]).await;
}

#[tokio::test(start_paused = true)]
async fn compressed_messages_are_those_that_are_shared() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let subject = || Subject::Stream(Attach::new(Arc::clone(&stream), AttachRequest::default()));
    let mut client = Client::of(&hub, |c| c.framing = Framing::Deflate, subject());
    let mut plain = Client::of(&hub, |_| {}, subject());
    for round in 0..2 {
        for _ in 0..2 {
            let (first, payload) = client.message().await;
            let text = match first {
                // a message that stands alone: RSV1, and the tail that every one leaves out
                0xc1 => inflated(&payload),
                0x81 => payload,
                other => panic!("{other:#x}"),
            };
            let expected = plain.message().await.1;
            assert_eq!(String::from_utf8(text).unwrap(), String::from_utf8(expected).unwrap());
            assert!(first == 0xc1 || round == 0, "long enough to be worth it");
        }
        publish(&stream, vec![delta("x".repeat(500)), notice()]);
    }
}

fn inflated(payload: &[u8]) -> Vec<u8> {
    let body = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut text = Vec::with_capacity(1 << 16);
    let mut inflate = flate2::Decompress::new(false);
    inflate.decompress_vec(&body, &mut text, flate2::FlushDecompress::Sync).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_tap_reads_what_a_viewer_would() {
    let stream = stream(Limits { max_events: 10, max_bytes: 1 << 20 });
    let mut tap = Tap::attach(&stream, None).unwrap();
    let mut told = Vec::new();
    tap.next(&mut told).await.unwrap();
    publish(&stream, vec![delta("xa"), delta("xb")]);
    tap.next(&mut told).await.unwrap();
    let seen = Mutex::new(Vec::new());
    let short = |tapped: &Tapped| {
        seen.lock().push(match tapped {
            Tapped::Event { cursor, .. } => sealer().open(CONTEXT, cursor.as_str()).unwrap().seq.0.to_string(),
            Tapped::Ready { .. } => "ready".into(),
            Tapped::Diagnostic(diagnostic) => diagnostic.code.to_string(),
        });
    };
    told.iter().for_each(short);
    assert_eq!(*seen.lock(), ["1", "ready", "2", "3"]);
    // it fell behind what is kept: that is told, and a snapshot follows
    (0..20).for_each(|_| publish(&stream, vec![delta("x")]));
    seen.lock().clear();
    told.clear();
    tap.next(&mut told).await.unwrap();
    told.iter().for_each(short);
    assert_eq!(*seen.lock(), ["lagged", "23"]);
    let old = stream.cursor_at(stream.log().floor().prev()).map(|c| c.to_string());
    let mut resumed = Tap::attach(&stream, old.as_deref()).unwrap();
    told.clear();
    seen.lock().clear();
    resumed.next(&mut told).await.unwrap();
    told.iter().for_each(short);
    assert_eq!(seen.lock().len(), 10, "{:?}", seen.lock());
    assert_eq!(Tap::attach(&stream, Some("nonsense")).err().map(|d| d.code), Some(Code::CursorUnknown));
    // nothing is said twice for a batch that holds something already
    let waiting = tokio::time::timeout(Duration::from_secs(1), tap.next(&mut told)).await;
    assert!(waiting.is_err());
    stream.end(why(Code::WorkerDeleted));
    assert_eq!(tap.next(&mut told).await.map_err(|d| d.code), Err(Code::WorkerDeleted));
}
