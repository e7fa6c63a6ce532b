//! The task that owns one connection.
//!
//! Owns the socket from the handshake to its end: reads into the inbox while there is room, answers
//! pings, writes what the plugin sends, and closes for whatever reason comes first. Reading and
//! writing go on side by side, so that a peer that only talks and one that only listens both work.

use super::closing::{self, End};
use super::{CloseOrder, fragment, inbox::Inbox};
use crate::bindings::websocket::CloseInfo;
use crate::dial::Stream;
use crate::gauges::Alive;
use crate::permission::{Gate, Question};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use manifest::Nat64Prefix;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

type Sink = SplitSink<WebSocketStream<Stream>, Message>;
type Source = SplitStream<WebSocketStream<Stream>>;

/// A message, and who waits until it is handed over.
pub(super) struct Outgoing {
    pub message: Message,
    pub done: oneshot::Sender<()>,
}

/// What bounds a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    frame_bytes: usize,
    idle: Duration,
    lifetime: Duration,
}

/// A connection that stands.
pub(super) struct Task {
    pub socket: WebSocketStream<Stream>,
    pub inbox: Arc<Inbox>,
    pub to_send: mpsc::Receiver<Outgoing>,
    pub close: Arc<CloseOrder>,
    pub stop: CancellationToken,
    pub gate: Gate,
    pub question: Question,
    pub peer: IpAddr,
    pub nat64: Box<[Nat64Prefix]>,
    pub limits: Limits,
    pub _slot: Arc<OwnedSemaphorePermit>,
    pub _alive: [Alive; 2],
}

impl Limits {
    pub fn of(limits: &manifest::Limits) -> Limits {
        let frame_bytes = usize::try_from(limits.frame_bytes).unwrap_or(usize::MAX);
        Limits { frame_bytes, idle: limits.idle(), lifetime: limits.lifetime() }
    }
}

impl Task {
    /// Runs the connection to its end.
    pub async fn run(self) {
        let Task { socket, inbox, mut to_send, close, stop, mut gate, question, peer, nat64, limits, .. } = self;
        let (mut sink, mut source) = socket.split();
        let active = Active::now();
        let end = tokio::select! {
            biased;
            _ = gate.withdrawn(&question, peer, &nat64) => End::Withdrawn,
            () = stop.cancelled() => End::Stopped,
            () = close.given.cancelled() => End::Ordered(close.info()),
            error = write(&mut sink, &mut to_send, limits.frame_bytes, &active) => End::Failed(error),
            end = read(&mut source, &inbox, &active) => end,
            () = active.idle(limits.idle) => End::Idle,
            () = sleep(limits.lifetime) => End::Lifetime,
        };
        // a reload that takes a grant back often stops the plugin too: the peer is told the first
        let end = match end {
            End::Stopped if gate.still(&question, peer, &nat64).is_err() => End::Withdrawn,
            end => end,
        };
        // whoever waits for a message to be handed over hears of the end, and how it came, at once
        if !matches!(end, End::Ordered(_)) {
            inbox.end(end.seen());
        }
        drop(to_send);
        let answer = tokio::select! {
            answer = finish(&mut sink, &mut source, &inbox, &end) => answer,
            () = stop_soon(&stop) => None,
        };
        inbox.end(answer.unwrap_or_else(|| end.seen()));
    }
}

/// Says the close, then reads until the peer's answer or the end of patience.
async fn finish(sink: &mut Sink, source: &mut Source, inbox: &Inbox, end: &End) -> Option<CloseInfo> {
    let deadline = Instant::now() + end.wait();
    if let End::Peer(_) = end {
        let _ = timeout_at(deadline, sink.flush()).await;
        return None;
    }
    let said = end.said()?;
    let frame = CloseFrame { code: said.code.into(), reason: said.reason.into() };
    timeout_at(deadline, sink.send(Message::Close(Some(frame)))).await.ok()?.ok()?;
    if let End::Failed(_) = end {
        // nothing that such a peer says further is worth the wait
        return None;
    }
    let is_ordered = matches!(end, End::Ordered(_));
    let answer = async {
        loop {
            if is_ordered {
                inbox.room().await;
            }
            match source.next().await? {
                Ok(Message::Close(frame)) => return frame.as_ref().map(closing::info),
                Ok(message @ (Message::Text(_) | Message::Binary(_))) if is_ordered => inbox.put(message),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    };
    timeout_at(deadline, answer).await.ok().flatten()
}

/// Waits until shortly after the instance was told to end.
async fn stop_soon(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(End::Stopped.wait()).await;
}

/// Reads into the inbox while there is room.
async fn read(source: &mut Source, inbox: &Inbox, active: &Active) -> End {
    loop {
        inbox.room().await;
        match source.next().await {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => inbox.put(message),
            Some(Ok(Message::Close(frame))) => return End::Peer(frame),
            // the library answers pings while it reads
            Some(Ok(_)) => {}
            Some(Err(error)) => return End::Failed(error),
            None => return End::Failed(Error::ConnectionClosed),
        }
        active.touch();
    }
}

/// Writes what comes, one message after the other.
async fn write(sink: &mut Sink, to_send: &mut mpsc::Receiver<Outgoing>, frame_bytes: usize, active: &Active) -> Error {
    while let Some(Outgoing { message, done }) = to_send.recv().await {
        if done.is_closed() {
            // nobody waits any more: it was told that the message was not handed over
            continue;
        }
        for frame in fragment::cut(message, frame_bytes) {
            if let Err(error) = sink.feed(frame).await {
                return error;
            }
        }
        if let Err(error) = sink.flush().await {
            return error;
        }
        active.touch();
        let _ = done.send(());
    }
    std::future::pending().await
}

/// When something last came or went.
struct Active(Mutex<Instant>);

impl Active {
    fn now() -> Active {
        Active(Mutex::new(Instant::now()))
    }

    fn touch(&self) {
        *self.0.lock() = Instant::now();
    }

    /// Waits until nothing has for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let until = *self.0.lock() + limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}
