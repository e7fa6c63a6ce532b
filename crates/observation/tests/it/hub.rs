//! One hub, in-memory sockets with small buffers, and a clock that only moves when all wait.

use crate::world::{Told, delta, publish, sealer, stream, worker};
use bytes::Bytes;
use event_log::Limits;
use futures_util::{FutureExt, SinkExt, StreamExt};
use observation::{Attach, AttachRequest, Connection, Hub, OnGap, Options, Stream, Subject};
use protocol::{Code, Diagnostic, Envelope};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Bytes as WsBytes, Message};

type Socket = WebSocketStream<DuplexStream>;

fn attach_raw(hub: &Hub, subject: Subject, buffer: usize) -> DuplexStream {
    let (server, client) = tokio::io::duplex(buffer);
    hub.attach(Connection::new(server, Bytes::new(), subject));
    client
}

async fn attach(hub: &Hub, subject: Subject) -> Socket {
    WebSocketStream::from_raw_socket(attach_raw(hub, subject, 16 << 10), Role::Client, None).await
}

fn follow(stream: &Arc<Stream>, request: AttachRequest) -> Subject {
    Subject::Stream(Attach::new(Arc::clone(stream), request))
}

/// Reads until `ready` or the close code.
async fn read_until(socket: &mut Socket, told: &mut Told, until: impl Fn(&Told) -> bool) -> Option<u16> {
    let sealer = sealer();
    while !until(told) {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => told.take(&sealer, &text),
            Some(Ok(Message::Close(close))) => return Some(close.map_or(0, |c| c.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Some(1006),
        }
    }
    None
}

async fn read_to_close(socket: &mut Socket, told: &mut Told) -> u16 {
    read_until(socket, told, |_| false).await.unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn snapshot_ready_live_and_resume() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    publish(&stream, vec![delta("Hel"), delta("lo")]);
    let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let mut told = Told::default();
    assert_eq!(read_until(&mut socket, &mut told, |t| t.ready).await, None);
    assert_eq!((told.seq, told.snapshots, told.events), (3, 1, 0));
    assert_eq!(told.state.as_ref().unwrap().open_blocks[0].text.as_str(), "Hello");

    publish(&stream, vec![delta(", world")]);
    read_until(&mut socket, &mut told, |t| t.seq == 4).await;
    drop(socket);
    publish(&stream, vec![delta("!"), delta("!")]);
    told.reconnected();
    let request = AttachRequest { cursor: told.cursor.clone(), ..AttachRequest::default() };
    let mut socket = attach(&hub, follow(&stream, request)).await;
    read_until(&mut socket, &mut told, |t| t.ready).await;
    assert_eq!((told.seq, told.snapshots, told.events), (6, 1, 3));
    assert_eq!(told.state.as_ref(), Some(&*stream.state().1));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_stream_is_told_and_answered_with_a_snapshot() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let request = AttachRequest { cursor: Some("nonsense".into()), ..AttachRequest::default() };
    let mut socket = attach(&hub, follow(&stream, request.clone())).await;
    let mut told = Told::default();
    read_until(&mut socket, &mut told, |t| t.ready).await;
    assert_eq!((told.codes(), told.snapshots), (vec![Code::CursorUnknown], 1));

    let request = AttachRequest { on_gap: OnGap::Close, ..request };
    let mut socket = attach(&hub, follow(&stream, request)).await;
    let mut told = Told::default();
    assert_eq!(read_to_close(&mut socket, &mut told).await, 4409);
    assert_eq!((told.codes(), told.snapshots), (vec![Code::CursorUnknown], 0));
}

#[tokio::test(start_paused = true)]
async fn an_evicted_cursor_has_expired() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits { max_events: 10, max_bytes: 1 << 20 });
    let cursor = Some(stream.cursor_at(stream.head()).unwrap().to_string());
    (0..20).for_each(|_| publish(&stream, vec![delta("x")]));
    let request = AttachRequest { cursor, on_gap: OnGap::Close, ..AttachRequest::default() };
    let mut socket = attach(&hub, follow(&stream, request)).await;
    let mut told = Told::default();
    assert_eq!(read_to_close(&mut socket, &mut told).await, 4410);
    assert_eq!(told.diagnostics[0].reason.as_ref().unwrap().as_str(), "retention");
}

#[tokio::test(start_paused = true)]
async fn data_from_a_client_ends_its_stream() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    for message in [Message::text("{}"), Message::binary(vec![0; 100_000])] {
        let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
        let mut told = Told::default();
        read_until(&mut socket, &mut told, |t| t.ready).await;
        socket.feed(message).now_or_never();
        socket.flush().now_or_never();
        assert_eq!(read_to_close(&mut socket, &mut told).await, 4405);
        assert_eq!(told.codes(), [Code::ReadOnlyStream]);
    }
}

#[tokio::test(start_paused = true)]
async fn control_frames_are_answered() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
    socket.send(Message::Ping(WsBytes::from_static(b"here?"))).await.unwrap();
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Pong(payload) => break assert_eq!(&payload[..], b"here?"),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
    socket.close(None).await.unwrap();
    while let Some(message) = socket.next().await {
        message.unwrap();
    }
    wait_until(|| hub.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_by_frame_and_close_code() {
    let hub = Hub::start(&Options::default());
    let diagnostic = Diagnostic::new(Code::WorkerNotFound, "no such worker");
    let subject = Subject::Refused { envelope: Envelope::new(None, worker()), diagnostic };
    let mut socket = attach(&hub, subject).await;
    let mut told = Told::default();
    assert_eq!(read_to_close(&mut socket, &mut told).await, 4404);
    assert_eq!(told.codes(), [Code::WorkerNotFound]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_worker_ends_its_stream_after_its_last_event() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let mut told = Told::default();
    read_until(&mut socket, &mut told, |t| t.ready).await;
    publish(&stream, vec![delta("last words")]);
    stream.end(Diagnostic::new(Code::WorkerDeleted, "deleted"));
    assert_eq!(read_to_close(&mut socket, &mut told).await, 4404);
    assert_eq!((told.seq, told.codes()), (2, vec![Code::WorkerDeleted]));
}

#[tokio::test(start_paused = true)]
async fn shutting_down_tells_everybody_and_waits_for_nobody_longer_than_its_deadline() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let stuck = attach_raw(&hub, follow(&stream, AttachRequest::default()), 16);
    let mut told = Told::default();
    read_until(&mut socket, &mut told, |t| t.ready).await;
    let (left, code) = tokio::join!(hub.shutdown(Duration::from_secs(5)), read_to_close(&mut socket, &mut told));
    assert_eq!((left, code, told.codes()), (1, 1001, vec![Code::GoingAway]));
    wait_until(|| hub.connections() == 0).await;
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn an_idle_socket_gets_heartbeats_and_a_silent_peer_is_let_go() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits::default());
    let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let mut told = Told::default();
    read_until(&mut socket, &mut told, |t| t.heartbeats == 10).await;
    assert!(told.diagnostics.is_empty(), "one that answers pings stays");

    let mut mute = attach_raw(&hub, follow(&stream, AttachRequest::default()), 1 << 20);
    drop(socket);
    let mut bytes = Vec::new();
    mute.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.windows(13).any(|w| w == b"slow_consumer"), "it was told");
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_reading_is_told_and_closed_and_others_are_not_touched() {
    let options = Options { writers: 1, ..Options::default() };
    let hub = Hub::start(&options);
    let stream = stream(Limits { max_events: 500, max_bytes: 1 << 20 });
    let stalled = attach_raw(&hub, follow(&stream, AttachRequest::default()), 2048);
    let mut healthy = Vec::new();
    for _ in 0..20 {
        let mut socket = attach(&hub, follow(&stream, AttachRequest::default())).await;
        let mut told = Told::default();
        read_until(&mut socket, &mut told, |t| t.ready).await;
        healthy.push((socket, told));
    }
    for n in 0..60 {
        publish(&stream, (0..50).map(|i| delta(format!("{n}.{i} "))).collect());
        for (socket, told) in &mut healthy {
            let head = stream.head().0;
            let deadline = Duration::from_millis(900);
            let read = read_until(socket, told, |t| t.seq >= head);
            assert_eq!(tokio::time::timeout(deadline, read).await, Ok(None), "delivery waited for the stalled one");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for (_, told) in &healthy {
        assert_eq!(told.state.as_ref(), Some(&*stream.state().1));
    }
    // it begins to read again, too late: what it was sent is whole, and then it is told
    let mut late = WebSocketStream::from_raw_socket(stalled, Role::Client, None).await;
    let mut told = Told::default();
    assert_eq!(read_to_close(&mut late, &mut told).await, 4429);
    assert_eq!(told.codes(), [Code::SlowConsumer]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_briefly_slow_is_caught_up_with() {
    let hub = Hub::start(&Options::default());
    let stream = stream(Limits { max_events: 2_000, max_bytes: 1 << 20 });
    for (missed, lagged) in [(1_500, false), (5_000, true)] {
        let raw = attach_raw(&hub, follow(&stream, AttachRequest::default()), 1024);
        let mut socket = WebSocketStream::from_raw_socket(raw, Role::Client, None).await;
        let mut told = Told::default();
        read_until(&mut socket, &mut told, |t| t.ready).await;
        for n in 0..missed {
            publish(&stream, vec![delta(format!("{n} "))]);
            if n % 100 == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let head = stream.head().0;
        assert_eq!(read_until(&mut socket, &mut told, |t| t.seq == head).await, None);
        assert_eq!(told.codes(), if lagged { vec![Code::Lagged] } else { vec![] });
        assert!(told.events < missed, "deltas were merged: {}", told.events);
        assert_eq!(told.state.as_ref(), Some(&*stream.state().1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hub_takes_as_many_as_it_is_told() {
    let hub = Hub::start(&Options { max_connections: 2, ..Options::default() });
    let stream = stream(Limits::default());
    let _first = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let _second = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let mut third = attach(&hub, follow(&stream, AttachRequest::default())).await;
    let mut told = Told::default();
    read_to_close(&mut third, &mut told).await;
    assert_eq!(told.codes(), [Code::Overloaded]);
}

async fn wait_until(what: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(tokio::time::Instant::now() < deadline, "it never came to be");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes everything, and tells of each write.
struct Teller(Box<dyn Fn() + Send>);

impl AsyncRead for Teller {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Teller {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        (self.0)();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_many_is_come_to_although_the_stream_never_rests() {
    const MEMBERS: usize = 2_000;
    const MOST: usize = 1_000;
    let hub = Hub::start(&Options { writers: 1, ..Options::default() });
    let stream = stream(Limits::default());
    let (said, come) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    for n in 0..MEMBERS {
        let subject = follow(&stream, AttachRequest::default());
        let (stream, said, come) = (Arc::clone(&stream), Arc::clone(&said), Arc::clone(&come));
        let teller: Box<dyn Fn() + Send> = match n {
            // whenever the first has something, there is something new, until the last has it too
            0 => Box::new(move || {
                if !come.load(Ordering::Relaxed) && said.fetch_add(1, Ordering::Relaxed) < MOST {
                    publish(&stream, vec![delta("x")]);
                }
            }),
            _ if n == MEMBERS - 1 => Box::new(move || come.store(true, Ordering::Relaxed)),
            _ => Box::new(|| {}),
        };
        hub.attach(Connection::new(Teller(teller), Bytes::new(), subject));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    come.store(false, Ordering::Relaxed);
    publish(&stream, vec![delta("x")]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (said, come) = (said.load(Ordering::Relaxed), come.load(Ordering::Relaxed));
    assert!(come && (1..MOST).contains(&said), "{said}");
}
