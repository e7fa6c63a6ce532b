//! A connection to a worker's stream through a backend, as bare as it can be.
//!
//! Owns the socket, over WebSocket or server-sent events, and the check that each frame is of the
//! stream asked for. It resumes nothing, drops nothing and folds nothing.

use super::earshot::Earshot;
use super::sse::{Events, Refused};
use crate::tap::Told;
use crate::wait::DEADLINE;
use futures_util::StreamExt;
use protocol::{Diagnostic, Frame, HeartbeatFrame, LinkState, RuntimeId, WorkerId};
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// How a stream travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Over WebSocket.
    Socket,
    /// As server-sent events.
    Sse,
}

/// Whose stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The worker's runtime.
    pub runtime: RuntimeId,
    /// The worker.
    pub worker: WorkerId,
}

/// One thing that came.
#[derive(Clone, Debug)]
pub enum Word {
    /// An event.
    Event(Told),
    /// What existed has been delivered.
    Ready(Option<String>),
    /// The backend lost or found the runtime.
    Link {
        /// How it is now.
        state: LinkState,
        /// Whether events were lost.
        lost: bool,
    },
    /// Something is wrong.
    Diagnostic(Diagnostic),
    /// Nothing happened for a while.
    Heartbeat(HeartbeatFrame),
    /// The server closed, with this code.
    Closed(u16),
    /// The connection ended without a word.
    Lost,
}

impl Word {
    /// In short, for comparing.
    pub fn short(&self) -> String {
        match self {
            Word::Event(told) if told.is_snapshot() => "snapshot".into(),
            Word::Event(_) => "event".into(),
            Word::Ready(_) => "ready".into(),
            Word::Link { state, lost } => format!("link {state} lost:{lost}"),
            Word::Diagnostic(diagnostic) => diagnostic.code.to_string(),
            Word::Heartbeat(_) => "heartbeat".into(),
            Word::Closed(code) => format!("closed {code}"),
            Word::Lost => "lost".into(),
        }
    }
}

enum Socket {
    Socket(Box<WebSocketStream<TcpStream>>),
    Sse(Events),
}

/// A connection.
pub struct Viewer {
    socket: Socket,
    subject: Subject,
    earshot: Option<Earshot>,
}

impl Viewer {
    /// Connects to a backend, after an event where there is one; nothing where it cannot be reached.
    /// `query` is what else stands behind the `?`.
    pub async fn connect(
        address: SocketAddr,
        wire: Wire,
        subject: &Subject,
        cursor: Option<&str>,
        query: &str,
    ) -> Option<Viewer> {
        let Subject { runtime, worker } = subject;
        let path = format!("/api/runtimes/{runtime}/workers/{worker}/events");
        let socket = match wire {
            Wire::Sse => match Events::connect(address, &format!("{path}?{query}"), cursor).await {
                Ok(events) => Socket::Sse(events),
                Err(Refused::Lost) => return None,
                Err(Refused::Answer(answer)) => panic!("no stream: {answer}"),
            },
            Wire::Socket => {
                let tcp = TcpStream::connect(address).await.ok()?;
                return Viewer::over(tcp, address, subject, cursor, query).await;
            }
        };
        Some(Viewer { socket, subject: subject.clone(), earshot: None })
    }

    /// The same over WebSocket, where the system keeps little of what is not read: within one machine
    /// it would keep megabytes, by the size of its packets.
    pub async fn connect_narrow(address: SocketAddr, subject: &Subject, query: &str) -> Viewer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket2::SockRef::from(&socket).set_tcp_mss(536).unwrap();
        let tcp = socket.connect(address).await.unwrap();
        Viewer::over(tcp, address, subject, None, query).await.expect("a connection")
    }

    async fn over(
        tcp: TcpStream,
        address: SocketAddr,
        subject: &Subject,
        cursor: Option<&str>,
        query: &str,
    ) -> Option<Viewer> {
        let Subject { runtime, worker } = subject;
        let cursor = cursor.map_or(String::new(), |cursor| format!("cursor={cursor}&"));
        let url = format!("ws://{address}/api/runtimes/{runtime}/workers/{worker}/events/ws?{cursor}{query}");
        let handshake = tokio_tungstenite::client_async(url.into_client_request().unwrap(), tcp);
        let (socket, _) = timeout(DEADLINE, handshake).await.ok()?.ok()?;
        Some(Viewer { socket: Socket::Socket(Box::new(socket)), subject: subject.clone(), earshot: None })
    }

    /// From now on what it is sent is heard there too.
    pub fn heard_by(mut self, earshot: &Earshot) -> Viewer {
        self.earshot = Some(earshot.clone());
        self
    }

    /// What comes next; panics at the deadline.
    pub async fn next(&mut self) -> Word {
        timeout(DEADLINE, self.take()).await.expect("nothing came")
    }

    /// The same, however long it takes. May be dropped and called again.
    pub async fn take(&mut self) -> Word {
        loop {
            let word = match &mut self.socket {
                Socket::Socket(socket) => match socket.next().await {
                    Some(Ok(Message::Text(text))) => self.read(&text),
                    Some(Ok(Message::Close(frame))) => {
                        Some(Word::Closed(frame.map_or(1005, |frame| u16::from(frame.code))))
                    }
                    Some(Ok(Message::Binary(_))) => panic!("a binary frame"),
                    Some(Ok(_)) => None,
                    Some(Err(_)) | None => Some(Word::Lost),
                },
                Socket::Sse(events) => match events.next().await {
                    Some(sent) => {
                        let word = self.read(&sent.data);
                        if let Some(Word::Event(told)) = &word {
                            assert_eq!((sent.kind.as_str(), sent.id.as_ref()), ("event", Some(&told.cursor)));
                        }
                        word
                    }
                    None => Some(Word::Lost),
                },
            };
            if let Some(word) = word {
                return word;
            }
        }
    }

    /// What comes next, heartbeats aside.
    pub async fn word(&mut self) -> Word {
        loop {
            match self.next().await {
                Word::Heartbeat(_) => {}
                word => return word,
            }
        }
    }

    /// What comes next in short, which is to be this; heartbeats aside.
    pub async fn expect(&mut self, words: &[&str]) {
        for word in words {
            let got = self.word().await;
            assert_eq!(got.short(), *word, "{got:?}");
        }
    }

    /// A snapshot, whatever followed it so far, and `ready`.
    pub async fn expect_whole(&mut self) {
        let events = self.up_to_ready().await;
        let snapshots: Vec<_> = events.iter().map(Told::is_snapshot).collect();
        assert!(snapshots.first() == Some(&true) && !snapshots[1..].contains(&true), "{snapshots:?}");
    }

    /// The next event; panics where anything else comes.
    pub async fn event(&mut self) -> Told {
        match self.word().await {
            Word::Event(told) => told,
            other => panic!("in place of an event: {other:?}"),
        }
    }

    /// The events up to `ready`; panics where anything else comes.
    pub async fn up_to_ready(&mut self) -> Vec<Told> {
        let mut events = Vec::new();
        loop {
            match self.word().await {
                Word::Event(told) => events.push(told),
                Word::Ready(_) => return events,
                other => panic!("in place of `ready`: {other:?}"),
            }
        }
    }

    /// What a frame says, where it is of a kind that is known.
    fn read(&self, text: &str) -> Option<Word> {
        if let Some(earshot) = &self.earshot {
            earshot.hear(text);
        }
        let (runtime, worker, word) = match Frame::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}")) {
            Frame::Event(frame) => {
                assert!(frame.cursor.len() <= 96, "{text}");
                let told = Told { cursor: frame.cursor, json: frame.event.get().into() };
                (frame.runtime_id, frame.worker_id, Word::Event(told))
            }
            Frame::Ready { cursor, runtime_id, worker_id } => (runtime_id, worker_id, Word::Ready(cursor)),
            Frame::Link { runtime_id, worker_id, state, lost, .. } => {
                (runtime_id, worker_id, Word::Link { state, lost })
            }
            Frame::Diagnostic { runtime_id, worker_id, diagnostic, .. } => {
                (runtime_id, worker_id.expect("whose"), Word::Diagnostic(diagnostic))
            }
            Frame::Heartbeat(heartbeat) => {
                (heartbeat.runtime_id.clone(), heartbeat.worker_id, Word::Heartbeat(heartbeat))
            }
            Frame::Unknown { .. } => return None,
        };
        assert_eq!((runtime.as_ref(), worker), (Some(&self.subject.runtime), self.subject.worker), "{text}");
        Some(word)
    }
}

/// The snapshot of a worker as a backend has it now, and its cursor.
pub async fn snapshot(address: SocketAddr, subject: &Subject) -> (protocol::State, String) {
    let mut viewer = Viewer::connect(address, Wire::Socket, subject, None, "").await.expect("a connection");
    let told = viewer.event().await;
    (told.state().expect("the first event is a snapshot"), told.cursor)
}
