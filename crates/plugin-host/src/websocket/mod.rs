//! `host_api.websocket`: connections that the host owns and a plugin drives.
//!
//! Owns what a plugin can do with one: open, send, receive, close. The socket itself belongs to a
//! task, one for each connection, which reads ahead and answers pings while the plugin sleeps. Must
//! not connect again, keep alive or back off: that is the plugin's.

mod closing;
mod error;
mod fragment;
mod handshake;
mod inbox;
mod open;
mod sockets;
mod task;

pub(crate) use open::open;
pub(crate) use sockets::Sockets;

use crate::bindings::websocket::{CloseInfo, Received, Status, WsError};
use crate::context::Context;
use inbox::Inbox;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use task::Outgoing;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// How long a message may take until it is handed to the network.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// What a plugin holds of a connection. Dropping it closes the connection with 1001.
pub struct Connection {
    inbox: Arc<Inbox>,
    outgoing: mpsc::Sender<Outgoing>,
    close: Arc<CloseOrder>,
    subprotocol: Option<Box<str>>,
    /// Counted until both this and the task are gone.
    _slot: Arc<OwnedSemaphorePermit>,
}

/// The plugin's order to close, which its task obeys.
#[derive(Debug, Default)]
pub(crate) struct CloseOrder {
    given: CancellationToken,
    frame: Mutex<Option<CloseInfo>>,
}

impl Connection {
    /// Sends a message, and waits until it is handed to the network.
    pub(crate) async fn send(
        &self,
        plugin: &Context,
        told: &CancellationToken,
        message: Message,
    ) -> Result<(), WsError> {
        if told.is_cancelled() {
            return Err(WsError::Cancelled);
        }
        if message.len() as u64 > plugin.limits.message_bytes {
            return Err(WsError::MessageTooLarge(plugin.limits.message_bytes));
        }
        if let Some(ended) = self.inbox.ended() {
            return Err(WsError::Closed(ended));
        }
        if self.close.given.is_cancelled() {
            return Err(WsError::Closed(self.close.info()));
        }
        let handed = async {
            plugin.send_rate.taken().await;
            let (done, handed) = oneshot::channel();
            let gone = || WsError::Closed(self.inbox.ended().unwrap_or_else(|| self.close.info()));
            self.outgoing.send(Outgoing { message, done }).await.map_err(|_| gone())?;
            handed.await.map_err(|_| gone())
        };
        tokio::select! {
            biased;
            sent = timeout(SEND_TIMEOUT, handed) => sent.unwrap_or(Err(WsError::Timeout)),
            () = told.cancelled() => Err(WsError::Cancelled),
        }
    }

    /// Waits for the next message.
    pub(crate) async fn receive(&self, told: &CancellationToken, wait: Duration) -> Result<Received, WsError> {
        if told.is_cancelled() {
            return Err(WsError::Cancelled);
        }
        if let Some(received) = self.inbox.try_next() {
            return Ok(received);
        }
        if wait.is_zero() {
            return Ok(Received::Timeout);
        }
        tokio::select! {
            biased;
            () = told.cancelled() => Err(WsError::Cancelled),
            received = timeout(wait, self.inbox.next()) => Ok(received.unwrap_or(Received::Timeout)),
        }
    }

    /// Orders the task to close. The first order counts.
    pub(crate) fn close(&self, code: u16, reason: &str) -> Result<(), WsError> {
        if !closing::may_be_sent(code) {
            return Err(WsError::Protocol(format!("{code} is no close code that can be sent")));
        }
        if reason.len() > closing::MAX_REASON_BYTES {
            return Err(WsError::Protocol("the reason is longer than 123 bytes".to_owned()));
        }
        self.close.give(CloseInfo { code, reason: reason.to_owned() });
        Ok(())
    }

    /// Where the connection is.
    pub(crate) fn status(&self) -> Status {
        match self.inbox.ended() {
            Some(ended) => Status::Closed(ended),
            None if self.close.given.is_cancelled() => Status::Closing,
            None => Status::Open,
        }
    }

    /// What the server chose.
    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.inbox.abandon();
        self.close.give(CloseInfo { code: 1001, reason: String::new() });
    }
}

impl CloseOrder {
    fn give(&self, info: CloseInfo) {
        self.frame.lock().get_or_insert(info);
        self.given.cancel();
    }

    fn info(&self) -> CloseInfo {
        self.frame.lock().clone().unwrap_or(CloseInfo { code: 1006, reason: String::new() })
    }
}
