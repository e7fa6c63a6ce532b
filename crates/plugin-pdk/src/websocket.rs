//! Connections that the host owns and the plugin drives.
//!
//! Owns how one is opened, read and written. Must not connect again by itself: [`crate::steady`] has
//! what a plugin needs for that, and the plugin decides.

use crate::bindings::host::websocket as host;
use crate::clock::millis;
use std::fmt;
use std::time::Duration;

/// How to open a connection: `Connect::to(url).subprotocol("chat.v1").open()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is opened by `open`"]
pub struct Connect {
    url: String,
    subprotocols: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
    timeout: Option<Duration>,
}

/// An open connection. To drop it closes it with 1001.
#[derive(Debug)]
pub struct Connection(host::Connection);

/// A message, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// A close code of RFC 6455; 1005 if there was none, 1006 if the connection broke.
    pub code: u16,
    /// Often empty.
    pub reason: String,
}

/// What waiting for a message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// Nothing in that time.
    Timeout,
    /// The connection has ended, and this was all.
    Closed(Close),
}

/// Where a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Messages can be sent and received.
    Open,
    /// A close was sent.
    Closing,
    /// It has ended.
    Closed(Close),
}

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not allowed, and what would allow it.
    Denied(String),
    /// The URL cannot be read.
    InvalidUrl(String),
    /// Too many connections are open.
    TooManyConnections,
    /// The message is larger than this many bytes.
    MessageTooLarge(u64),
    /// It was not done in time.
    Timeout,
    /// The connection had ended.
    Closed(Close),
    /// No connection.
    ConnectFailed(String),
    /// TLS failed.
    Tls(String),
    /// The plugin is being stopped.
    Cancelled,
    /// The peer does not keep to RFC 6455.
    Protocol(String),
}

impl Connect {
    /// To this URL, `wss:` or `ws:`.
    pub fn to(url: &str) -> Connect {
        Connect { url: url.into(), subprotocols: Vec::new(), headers: Vec::new(), timeout: None }
    }

    /// Offers a subprotocol, after those before.
    pub fn subprotocol(mut self, name: &str) -> Connect {
        self.subprotocols.push(name.into());
        self
    }

    /// Adds a header to the handshake. Those that could carry a credential are refused.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Connect {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    /// How long until it has to stand; the manifest's `connect_timeout_ms` bounds it.
    pub fn timeout(mut self, timeout: Duration) -> Connect {
        self.timeout = Some(timeout);
        self
    }

    /// Opens it and waits until it stands.
    ///
    /// # Errors
    /// If it does not stand.
    pub fn open(self) -> Result<Connection, Error> {
        let headers = self.headers.into_iter().map(|(name, value)| host::Header { name, value }).collect();
        let connect_timeout_ms = self.timeout.map(millis);
        let options = host::Options { subprotocols: self.subprotocols, headers, connect_timeout_ms };
        Ok(Connection(host::open(&self.url, &options)?))
    }
}

impl Connection {
    /// Sends text. Waits until the network has it.
    ///
    /// # Errors
    /// If it was not sent.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        Ok(self.0.send_text(text)?)
    }

    /// Sends bytes. Waits until the network has them.
    ///
    /// # Errors
    /// If they were not sent.
    pub fn send_binary(&self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.0.send_binary(bytes)?)
    }

    /// Waits for the next message, at most so long.
    ///
    /// # Errors
    /// If the plugin is being stopped.
    pub fn receive(&self, timeout: Duration) -> Result<Received, Error> {
        Ok(match self.0.receive(millis(timeout))? {
            host::Received::Message(host::Message::Text(text)) => Received::Message(Message::Text(text)),
            host::Received::Message(host::Message::Binary(bytes)) => Received::Message(Message::Binary(bytes)),
            host::Received::Timeout => Received::Timeout,
            host::Received::Closed(close) => Received::Closed(close.into()),
        })
    }

    /// Sends a close, and does not wait for the peer's.
    ///
    /// # Errors
    /// If the code or the reason cannot be sent.
    pub fn close(&self, code: u16, reason: &str) -> Result<(), Error> {
        Ok(self.0.close(code, reason)?)
    }

    /// Where it is now.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.0.status() {
            host::Status::Open => Status::Open,
            host::Status::Closing => Status::Closing,
            host::Status::Closed(close) => Status::Closed(close.into()),
        }
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn subprotocol(&self) -> Option<String> {
        self.0.subprotocol()
    }
}

impl Error {
    /// Whether to connect again later may succeed, without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Closed(close) => close.is_transient(),
            Error::TooManyConnections
            | Error::Timeout
            | Error::ConnectFailed(_)
            | Error::Tls(_)
            | Error::Protocol(_) => true,
            Error::Denied(_) | Error::InvalidUrl(_) | Error::MessageTooLarge(_) | Error::Cancelled => false,
        }
    }
}

impl Close {
    /// Whether to connect again may succeed: not if the host or the peer said that it is not allowed
    /// (1008), nor after the peer's 1003 and 1007, which mean that it cannot take what was sent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !matches!(self.code, 1003 | 1007 | 1008)
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, " {}", self.reason) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Denied(why) => write!(f, "not allowed: {why}"),
            Error::InvalidUrl(why) => write!(f, "the URL cannot be used: {why}"),
            Error::TooManyConnections => f.write_str("too many connections are open"),
            Error::MessageTooLarge(most) => write!(f, "the message is larger than {most} bytes"),
            Error::Timeout => f.write_str("it was not done in time"),
            Error::Closed(close) => write!(f, "the connection had ended: {close}"),
            Error::ConnectFailed(why) => write!(f, "no connection: {why}"),
            Error::Tls(why) => write!(f, "TLS failed: {why}"),
            Error::Cancelled => f.write_str("the plugin is being stopped"),
            Error::Protocol(why) => write!(f, "no WebSocket: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<host::CloseInfo> for Close {
    fn from(close: host::CloseInfo) -> Self {
        Close { code: close.code, reason: close.reason }
    }
}

impl From<host::WsError> for Error {
    fn from(error: host::WsError) -> Self {
        match error {
            host::WsError::Denied(why) => Error::Denied(why),
            host::WsError::InvalidUrl(why) => Error::InvalidUrl(why),
            host::WsError::TooManyConnections => Error::TooManyConnections,
            host::WsError::MessageTooLarge(most) => Error::MessageTooLarge(most),
            host::WsError::Timeout => Error::Timeout,
            host::WsError::Closed(close) => Error::Closed(close.into()),
            host::WsError::ConnectFailed(why) => Error::ConnectFailed(why),
            host::WsError::Tls(why) => Error::Tls(why),
            host::WsError::Cancelled => Error::Cancelled,
            host::WsError::Protocol(why) => Error::Protocol(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_must_change_is_not_tried_again() {
        let closed = |code| Error::Closed(Close { code, reason: String::new() });
        assert!(closed(1006).is_transient() && closed(1001).is_transient() && Error::Timeout.is_transient());
        assert!(!closed(1008).is_transient() && !Error::Denied(String::new()).is_transient());
    }

    #[test]
    fn a_close_is_said_with_its_reason_if_it_has_one() {
        assert_eq!(Close { code: 1000, reason: String::new() }.to_string(), "1000");
        assert_eq!(Close { code: 1001, reason: "away".into() }.to_string(), "1001 away");
    }
}
