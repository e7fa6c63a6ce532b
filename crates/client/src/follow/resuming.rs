//! One stream over as many connections as it takes.
//!
//! Owns reconnecting, resuming after the last cursor, and dropping what came before. Must not know
//! what a frame says beyond what it means for that.

use super::backoff::{self, Backoff};
use super::dialect::{Dialect, Meaning};
use super::ending::{self, Next};
use super::options::{First, FollowOptions};
use super::position::{Position, Seen};
use crate::error::Error;
use crate::server::Server;
use crate::socket::{Incoming, Socket};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use protocol::{Action, Diagnostic};
use reqwest::Url;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that lasted so long was good, whatever it brought.
const GOOD_AFTER: Duration = Duration::from_secs(1);
/// So many connections in a row that brought nothing but a frame which does not parse end the
/// stream: the second of them already went without a cursor.
const MALFORMED_AT_MOST: u32 = 5;

/// A stream whose frames are read by `D`. Dropping it ends it.
pub(super) struct Resuming<D: Dialect> {
    server: Arc<Server>,
    /// Without its query.
    url: Url,
    options: FollowOptions,
    position: Position,
    backoff: Backoff,
    /// Connections in a row that ended with a malformed frame before any event.
    malformed: u32,
    /// Whether there has been a connection.
    connected: bool,
    /// `None` once the stream has ended.
    phase: Option<Phase>,
    dialect: PhantomData<fn() -> D>,
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

impl<D: Dialect> Resuming<D> {
    pub(super) fn new(server: Arc<Server>, url: Url, options: FollowOptions) -> Self {
        Resuming {
            server,
            url,
            position: Position::new(options.cursor.as_deref()),
            options,
            backoff: Backoff::default(),
            malformed: 0,
            connected: false,
            phase: Some(Phase::Waiting(Instant::now())),
            dialect: PhantomData,
        }
    }

    /// The last event delivered; resume after it with it.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.position.cursor()
    }

    /// What comes next: an error is the last thing, then there is nothing.
    ///
    /// May be dropped before it is done, as in `select!`, and called again.
    pub(super) async fn next(&mut self) -> Option<Result<D::Update, Error>> {
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
                            return Some(Ok(D::reconnected()));
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
                        Ok(Incoming::Text(text)) => D::read(&text).map_err(Next::Resume),
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
    pub(super) async fn close(self) {
        if let Some(Phase::Open(connection)) = self.phase {
            connection.socket.close().await;
        }
    }

    /// The same as a `Stream`.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<D::Update, Error>> + Send {
        futures_util::stream::unfold(self, |mut stream| async move {
            let item = stream.next().await?;
            Some((item, stream))
        })
    }

    fn connect(&self) -> BoxFuture<'static, Result<Socket, Error>> {
        let mut url = self.url.clone();
        self.options.add_query(&mut url, self.position.cursor());
        Box::pin(Socket::connect(Arc::clone(&self.server), url))
    }

    /// Takes note of an update; nothing where it is to be dropped.
    fn take(&mut self, update: D::Update) -> Option<Result<D::Update, Error>> {
        let Some(Phase::Open(connection)) = &mut self.phase else { return None };
        match D::meaning(&update) {
            Meaning::Snapshot(cursor) => self.position.snapshot(cursor),
            Meaning::Event(cursor) => {
                if self.position.event(cursor) == Seen::Before {
                    return None;
                }
                connection.fresh = true;
                self.malformed = 0;
            }
            Meaning::Ready(cursor) => {
                connection.ready = true;
                self.position.reached(cursor);
            }
            Meaning::Heartbeat(cursor) => self.position.reached(cursor),
            Meaning::Diagnostic(diagnostic) => match diagnostic.action {
                Action::Stop | Action::SignIn => {
                    let error = Error::Diagnostic(Box::new(diagnostic.clone()));
                    return Some(self.ended(Next::Stop(error)));
                }
                Action::Resnapshot => {
                    self.position.forget();
                    connection.told = Some(diagnostic.clone());
                }
                _ => connection.told = Some(diagnostic.clone()),
            },
            Meaning::Aside => {}
        }
        Some(Ok(update))
    }

    /// What follows from the end of the open connection.
    fn ended(&mut self, next: Next) -> Result<D::Update, Error> {
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

    fn go_on(&mut self, next: Next) -> Result<D::Update, Error> {
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
        tracing::debug!(path = self.url.path(), %reason, ?retry_in, "the stream is interrupted");
        Ok(D::disconnected(reason, retry_in))
    }
}

impl Connection {
    fn new(socket: Socket) -> Connection {
        Connection { socket, since: Instant::now(), ready: false, fresh: false, told: None }
    }
}
