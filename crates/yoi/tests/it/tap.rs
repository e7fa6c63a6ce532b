//! A connection to a worker's stream, as bare as it can be.
//!
//! Owns the socket, and what came over it byte for byte. It resumes nothing, drops nothing and
//! folds nothing: what a stream promises is checked on what was really sent.

use crate::wait::DEADLINE;
use futures_util::StreamExt;
use protocol::{AnyEvent, Diagnostic, EventKind, Frame, State, WorkerId};
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// An event, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its cursor.
    pub cursor: String,
    /// Its bytes.
    pub json: Box<str>,
}

impl Told {
    /// As it reads.
    pub fn event(&self) -> AnyEvent {
        AnyEvent::from_json(&self.json).unwrap()
    }

    /// Whether it is a snapshot.
    pub fn is_snapshot(&self) -> bool {
        self.json.starts_with(r#"{"type":"snapshot""#)
    }

    /// The state, where it is a snapshot.
    pub fn state(&self) -> Option<State> {
        match self.event().kind() {
            Some(EventKind::Snapshot(state)) => Some((**state).clone()),
            _ => None,
        }
    }

    /// The text, where it is a delta.
    pub fn delta(&self) -> Option<String> {
        if !self.json.starts_with(r#"{"type":"block_delta""#) {
            return None;
        }
        match self.event().kind() {
            Some(EventKind::BlockDelta { text, .. }) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether it says that the run is over and the worker idle again.
    pub fn is_idle(&self) -> bool {
        self.json.starts_with(r#"{"type":"status_changed","status":"idle""#)
    }
}

/// One thing that came.
#[derive(Clone, Debug)]
pub enum Got {
    /// An event.
    Event(Told),
    /// What existed has been delivered.
    Ready(Option<String>),
    /// Something is wrong.
    Diagnostic(Diagnostic),
    /// The server closed, with this code.
    Closed(u16),
    /// The connection ended without a word.
    Lost,
}

/// A connection to a worker's stream.
pub struct Tap {
    socket: WebSocketStream<TcpStream>,
}

impl Tap {
    /// Connects; `query` is what stands behind the `?`.
    pub async fn connect(address: SocketAddr, worker: WorkerId, query: &str) -> Result<Tap, Error> {
        Tap::over(TcpStream::connect(address).await?, worker, query, None).await
    }

    /// Connects with a token, where there is one.
    pub async fn connect_with(
        address: SocketAddr,
        worker: WorkerId,
        query: &str,
        token: Option<&str>,
    ) -> Result<Tap, Error> {
        Tap::over(TcpStream::connect(address).await?, worker, query, token).await
    }

    /// Connects with a receive buffer of about so many bytes.
    pub async fn connect_narrow(address: SocketAddr, worker: WorkerId, query: &str, bytes: u32) -> Result<Tap, Error> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(bytes)?;
        Tap::over(socket.connect(address).await?, worker, query, None).await
    }

    async fn over(tcp: TcpStream, worker: WorkerId, query: &str, token: Option<&str>) -> Result<Tap, Error> {
        let mut request =
            format!("ws://{}/v1/workers/{worker}/events/ws?{query}", tcp.peer_addr()?).into_client_request()?;
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().expect("a header");
            request.headers_mut().insert("authorization", bearer);
        }
        let handshake = tokio_tungstenite::client_async(request, tcp);
        let (socket, _) = timeout(DEADLINE, handshake)
            .await
            .map_err(|_| std::io::ErrorKind::TimedOut)
            .map_err(|kind| Error::Io(kind.into()))??;
        Ok(Tap { socket })
    }

    /// What comes next, heartbeats and pings aside; panics at the deadline.
    pub async fn next(&mut self) -> Got {
        timeout(DEADLINE, self.take()).await.expect("nothing came")
    }

    /// The same, however long it takes.
    pub async fn take(&mut self) -> Got {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => match got(&text) {
                    Some(got) => return got,
                    None => continue,
                },
                Some(Ok(Message::Close(frame))) => {
                    return Got::Closed(frame.map_or(1005, |frame| u16::from(frame.code)));
                }
                Some(Ok(Message::Binary(_))) => panic!("a binary frame"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Got::Lost,
            }
        }
    }

    /// The events up to `ready`; panics where anything else comes.
    pub async fn up_to_ready(&mut self) -> Vec<Told> {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Got::Event(told) => events.push(told),
                Got::Ready(_) => return events,
                other => panic!("in place of `ready`: {other:?}"),
            }
        }
    }

    /// The next event; panics where anything else comes.
    pub async fn event(&mut self) -> Told {
        match self.next().await {
            Got::Event(told) => told,
            other => panic!("in place of an event: {other:?}"),
        }
    }

    /// Says goodbye and waits for the answer.
    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
        let goodbye = async { while let Some(Ok(_)) = self.socket.next().await {} };
        timeout(DEADLINE, goodbye).await.expect("no answer to a close frame");
    }
}

/// What a frame says; nothing where it says only that the connection lives.
fn got(text: &str) -> Option<Got> {
    Some(match Frame::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}")) {
        Frame::Event(frame) => Got::Event(Told { cursor: frame.cursor, json: frame.event.get().into() }),
        Frame::Ready { cursor, .. } => Got::Ready(cursor),
        Frame::Diagnostic { diagnostic, .. } => Got::Diagnostic(diagnostic),
        Frame::Heartbeat(_) => return None,
        other => panic!("not to be sent by a runtime: {other:?}"),
    })
}

/// The snapshot of a worker as it is now, and its cursor.
pub async fn snapshot(address: SocketAddr, worker: WorkerId) -> (State, String) {
    let mut tap = Tap::connect(address, worker, "").await.unwrap();
    let told = tap.event().await;
    (told.state().expect("the first event is a snapshot"), told.cursor)
}
