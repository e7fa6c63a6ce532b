//! The connection to an agent: JSON-RPC over its standard streams.
//!
//! Owns the only code that knows the protocol library's connection. What the agent says is handed
//! on as it came, in order and without loss; while nobody takes it, the agent waits. Must not
//! interpret it.

use agent_client_protocol::{Agent, Client, Error, Lines, UntypedMessage, v1};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::codec::{FramedRead, FramedWrite, LinesCodec, LinesCodecError};

/// The most bytes of one message.
const MESSAGE_BYTES: usize = 32 << 20;
/// How many messages may wait to be taken.
const LANE: usize = 256;

/// What an agent says unasked.
#[derive(Debug)]
pub(super) enum Incoming {
    /// Something that wants no answer.
    Notification(UntypedMessage),
    /// Something that does.
    Request(UntypedMessage, Responder),
}

/// Who waits for the answer to a request of the agent.
#[derive(Debug)]
pub(super) struct Responder(Box<v1::Responder<Value>>);

/// Why a request of the agent is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such method.
    Unknown,
    /// There is no such file.
    Missing(String),
    /// It is not in its form, or asks for what it may not have.
    Invalid(String),
    /// It could not be done.
    Failed(String),
}

impl Responder {
    pub(super) fn answer(self, answer: Result<Value, Refusal>) {
        // agents show the message, and hardly ever what is beside it
        let told = |mut error: Error, words: String| {
            error.message = format!("{}: {words}", error.message);
            error
        };
        let result = answer.map_err(|refusal| match refusal {
            Refusal::Unknown => Error::method_not_found(),
            // the code and the words by which agents tell that a file is still to be made
            Refusal::Missing(words) => Error::new(RESOURCE_NOT_FOUND, format!("Resource not found: {words}")),
            Refusal::Invalid(words) => told(Error::invalid_params(), words),
            Refusal::Failed(words) => told(Error::internal_error(), words),
        });
        // an agent that is gone misses nothing
        let _ = self.0.respond_with_result(result);
    }
}

/// An agent does not answer a request with what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub code: i32,
    pub message: String,
}

/// The code of an agent that wants somebody to sign in.
pub(super) const AUTH_REQUIRED: i32 = -32000;

/// The code of a file that is not there.
const RESOURCE_NOT_FOUND: i32 = -32002;

/// A connection.
pub(super) struct Connection {
    to: v1::ConnectionTo<Agent>,
    pub(super) incoming: mpsc::Receiver<Incoming>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn broken(error: LinesCodecError) -> io::Error {
    match error {
        LinesCodecError::Io(error) => error,
        LinesCodecError::MaxLineLengthExceeded => io::Error::other("a message is too long"),
    }
}

impl Connection {
    /// Connects to an agent behind these streams. None where it is gone already.
    pub(super) async fn open<R, W>(stdout: R, stdin: W) -> Option<Connection>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let lines = FramedRead::new(stdout, LinesCodec::new_with_max_length(MESSAGE_BYTES));
        let lines = lines.map(|line| line.map_err(broken));
        let sink = SinkExt::<String>::sink_map_err(FramedWrite::new(stdin, LinesCodec::new()), broken);
        let (told, incoming) = mpsc::channel(LANE);
        let (ready, connected) = oneshot::channel();
        let asked = told.clone();
        let task = tokio::spawn(async move {
            let served = Client
                .v1()
                .name("yoi")
                .on_receive_notification(
                    async move |message: UntypedMessage, _| {
                        let _ = told.send(Incoming::Notification(message)).await;
                        Ok(())
                    },
                    agent_client_protocol::on_receive_notification!(),
                )
                .on_receive_request(
                    async move |message: UntypedMessage, responder: v1::Responder<Value>, _| {
                        let _ = asked.send(Incoming::Request(message, Responder(Box::new(responder)))).await;
                        Ok(())
                    },
                    agent_client_protocol::on_receive_request!(),
                )
                .connect_with(Lines::new(sink, lines), async move |to: v1::ConnectionTo<Agent>| {
                    let _ = ready.send(to.clone());
                    to.incoming_closed().await;
                    Ok(())
                })
                .await;
            if let Err(error) = served {
                // its words may repeat what the agent said
                tracing::debug!(code = error.code.value(), "the connection to an agent ended");
            }
        });
        let to = connected.await.ok()?;
        Some(Connection { to, incoming, task })
    }

    /// Asks the agent. What it says before its answer is in `incoming` by the time this returns.
    /// The future may be kept while `incoming` is read.
    pub(super) fn request(
        &self,
        method: &'static str,
        params: Value,
    ) -> impl Future<Output = Result<Value, Refused>> + Send + use<> {
        let to = self.to.clone();
        let message = UntypedMessage::new(method, params);
        async move {
            let refused = |error: Error| Refused { code: error.code.value(), message: error.message };
            let message = message.map_err(refused)?;
            to.send_request(message).block_task().await.map_err(refused)
        }
    }

    /// Tells the agent something.
    pub(super) fn notify(&self, method: &'static str, params: Value) {
        if let Ok(message) = UntypedMessage::new(method, params) {
            // an agent that is gone misses nothing
            let _ = self.to.send_notification(message);
        }
    }

    /// Whether the agent may still answer.
    pub(super) fn lives(&self) -> bool {
        !self.task.is_finished() && !self.to.is_incoming_closed()
    }

    /// Waits until it cannot answer any more.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let to = self.to.clone();
        async move {
            let _ = to.terminated().await;
        }
    }
}
