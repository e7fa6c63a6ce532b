//! The stream of one worker, over as many connections as it takes.
//!
//! Owns reconnecting, resuming and dropping what came twice. It folds nothing, and has no task
//! and no queue of its own: a reader that does not poll is not read for, and the server notices.

mod backoff;
mod ending;
mod options;
mod position;
mod socket;
#[cfg(test)]
mod tests;
mod update;

pub use options::{Coalesce, First, FollowOptions, Mode, OnGap};
pub use update::{Received, Update};

use crate::client::Client;
use crate::error::Error;
use backoff::Backoff;
use ending::Next;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use position::{Position, Seen};
use protocol::{Action, Diagnostic, WorkerId};
use socket::{Incoming, Socket};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that lasted so long was good, whatever it brought.
const GOOD_AFTER: Duration = Duration::from_secs(1);
/// So many connections in a row that brought nothing but a frame which does not parse end the
/// stream: the second of them already went without a cursor.
const MALFORMED_AT_MOST: u32 = 5;

/// The stream of one worker. Dropping it ends it.
pub struct Follow {
    client: Client,
    worker: WorkerId,
    options: FollowOptions,
    position: Position,
    backoff: Backoff,
    /// Connections in a row that ended with a malformed frame before any event.
    malformed: u32,
    /// Whether there has been a connection.
    connected: bool,
    /// `None` once the stream has ended.
    phase: Option<Phase>,
}

enum Phase {
    Waiting(Instant),
    /// Boxed, so that a reader may drop `next` in the middle and lose nothing.
    Connecting(BoxFuture<'static, Result<Socket, Error>>),
    Open(Box<Connection>),
}

struct Connection {
    socket: Socket,
    since: Instant,
    /// Whether it got as far as `ready`.
    ready: bool,
    /// Whether it brought an event that had not come before.
    fresh: bool,
    /// The last diagnostic, which says more than a close code.
    told: Option<Diagnostic>,
}

impl Follow {
    pub(crate) fn new(client: Client, worker: WorkerId, options: FollowOptions) -> Follow {
        let position = Position::new(options.cursor.as_deref());
        let phase = Some(Phase::Waiting(Instant::now()));
        let backoff = Backoff::default();
        Follow { client, worker, options, position, backoff, malformed: 0, connected: false, phase }
    }

    /// Whose stream it is.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    /// The last event delivered; resume after it with it.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.position.cursor()
    }

    /// What comes next: an error is the last thing, then there is nothing.
    ///
    /// May be dropped before it is done, as in `select!`, and called again.
    pub async fn next(&mut self) -> Option<Result<Update, Error>> {
        loop {
            match self.phase.as_mut()? {
                Phase::Waiting(until) => {
                    tokio::time::sleep_until(*until).await;
                    let connecting = self.connect();
                    self.phase = Some(Phase::Connecting(connecting));
                }
                Phase::Connecting(connecting) => match connecting.await {
                    Ok(socket) => {
                        self.phase = Some(Phase::Open(Box::new(Connection::new(socket))));
                        if std::mem::replace(&mut self.connected, true) {
                            return Some(Ok(Update::Reconnected));
                        }
                    }
                    Err(error) if !self.connected && self.options.first == First::Fail => {
                        self.phase = None;
                        return Some(Err(error));
                    }
                    Err(error) => return Some(self.go_on(ending::refused(error))),
                },
                Phase::Open(connection) => {
                    let read = match connection.socket.receive().await {
                        Ok(Incoming::Text(text)) => Update::from_json(&text).map_err(Next::Resume),
                        Ok(Incoming::Closed(frame)) => Err(ending::closed(frame.as_ref(), connection.told.take())),
                        Err(error) => Err(Next::Resume(error)),
                    };
                    match read {
                        Ok(None) => {}
                        Ok(Some(update)) => {
                            if let Some(item) = self.take(update) {
                                return Some(item);
                            }
                        }
                        Err(next) => return Some(self.ended(next)),
                    }
                }
            }
        }
    }

    /// Ends the stream and says goodbye to the server.
    pub async fn close(self) {
        if let Some(Phase::Open(connection)) = self.phase {
            connection.socket.close().await;
        }
    }

    /// The same as a `Stream`.
    pub fn into_stream(self) -> impl Stream<Item = Result<Update, Error>> + Send {
        futures_util::stream::unfold(self, |mut follow| async move {
            let item = follow.next().await?;
            Some((item, follow))
        })
    }

    fn connect(&self) -> BoxFuture<'static, Result<Socket, Error>> {
        let mut url = self.client.shared.endpoint.stream(self.worker);
        self.options.add_query(&mut url, self.position.cursor());
        Box::pin(Socket::connect(Arc::clone(&self.client.shared), url))
    }

    /// Takes note of an update; nothing where it is to be dropped.
    fn take(&mut self, update: Update) -> Option<Result<Update, Error>> {
        let Some(Phase::Open(connection)) = &mut self.phase else { return None };
        match &update {
            Update::Event(received) if received.is_snapshot() => self.position.snapshot(received.cursor()),
            Update::Event(received) => {
                if self.position.event(received.cursor()) == Seen::Before {
                    return None;
                }
                connection.fresh = true;
                self.malformed = 0;
            }
            Update::Ready { cursor } => {
                connection.ready = true;
                self.position.reached(cursor.as_deref());
            }
            Update::Heartbeat(heartbeat) => self.position.reached(heartbeat.cursor.as_deref()),
            Update::Diagnostic(diagnostic) => match diagnostic.action {
                Action::Stop | Action::SignIn => {
                    let error = Error::Diagnostic(diagnostic.clone());
                    return Some(self.ended(Next::Stop(error)));
                }
                Action::Resnapshot => {
                    self.position.forget();
                    connection.told = Some((**diagnostic).clone());
                }
                _ => connection.told = Some((**diagnostic).clone()),
            },
            Update::Link { .. } | Update::Disconnected { .. } | Update::Reconnected => {}
        }
        Some(Ok(update))
    }

    /// What follows from the end of the open connection.
    fn ended(&mut self, next: Next) -> Result<Update, Error> {
        if let Some(Phase::Open(connection)) = &self.phase {
            let malformed = matches!(&next, Next::Resume(Error::Protocol { .. }));
            let lasted = connection.since.elapsed() >= GOOD_AFTER;
            if connection.ready && !malformed && (connection.fresh || lasted) {
                self.backoff.reset();
            }
            if malformed {
                self.malformed += 1;
            } else if connection.ready {
                self.malformed = 0;
            }
        }
        let next = match next {
            Next::Resume(error @ Error::Protocol { .. }) if self.malformed >= MALFORMED_AT_MOST => Next::Stop(error),
            // the same again: only a snapshot gets past it
            Next::Resume(error @ Error::Protocol { .. }) if self.malformed >= 2 => Next::Resnapshot(error),
            next => next,
        };
        self.go_on(next)
    }

    fn go_on(&mut self, next: Next) -> Result<Update, Error> {
        let reason = match next {
            Next::Stop(error) => {
                self.phase = None;
                return Err(error);
            }
            Next::Resnapshot(error) => {
                self.position.forget();
                error
            }
            Next::Resume(error) => error,
        };
        let retry_in = self.backoff.next(backoff::random(), reason.retry_after_ms());
        self.phase = Some(Phase::Waiting(Instant::now() + retry_in));
        tracing::debug!(worker = %self.worker, %reason, ?retry_in, "the stream is interrupted");
        Ok(Update::Disconnected { reason, retry_in })
    }
}

impl Connection {
    fn new(socket: Socket) -> Connection {
        Connection { socket, since: Instant::now(), ready: false, fresh: false, told: None }
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follow").field("worker", &self.worker).field("cursor", &self.cursor()).finish_non_exhaustive()
    }
}
