//! One request, one response.
//!
//! Owns how a request is put together and how a response is read. Must not follow redirects: the
//! plugin decides, and asks again.

use crate::bindings::host::request as host;
use crate::clock::millis;
use std::fmt;
use std::str::Utf8Error;
use std::time::Duration;

/// A request, put together step by step: `Request::post(url).header("content-type", "…").body(…).send()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is sent by `send`"]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    timeout: Option<Duration>,
}

/// A whole response, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not allowed, and what would allow it.
    Denied(String),
    /// The URL cannot be read.
    InvalidUrl(String),
    /// The method, a header or the body cannot be sent.
    Invalid(String),
    /// Too many requests are under way.
    TooManyRequests,
    /// A body is larger than this many bytes.
    TooLarge(u64),
    /// The response was not there in time.
    Timeout,
    /// No connection.
    ConnectFailed(String),
    /// TLS failed.
    Tls(String),
    /// What came is not an HTTP response.
    Protocol(String),
    /// The plugin is being stopped.
    Cancelled,
}

impl Request {
    /// A request with any method.
    pub fn new(method: &str, url: &str) -> Request {
        Request { method: method.into(), url: url.into(), headers: Vec::new(), body: None, timeout: None }
    }

    /// A `GET`.
    pub fn get(url: &str) -> Request {
        Request::new("GET", url)
    }

    /// A `POST`.
    pub fn post(url: &str) -> Request {
        Request::new("POST", url)
    }

    /// Adds a header. Those that could carry a credential are refused when it is sent.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self
    }

    /// A body of JSON text, with its `content-type`.
    pub fn json(self, text: impl Into<String>) -> Request {
        self.header("content-type", "application/json").body(text.into())
    }

    /// How long to wait for the whole response; the manifest's `request_timeout_ms` bounds it.
    pub fn timeout(mut self, timeout: Duration) -> Request {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it and waits for the whole response.
    ///
    /// # Errors
    /// If there is none. A status of 400 or more is a response, not an error.
    pub fn send(self) -> Result<Response, Error> {
        let headers = self.headers.into_iter().map(|(name, value)| host::Header { name, value }).collect();
        let options = host::Options { headers, body: self.body, timeout_ms: self.timeout.map(millis) };
        let response = host::send(&self.method, &self.url, &options)?;
        let headers = response.headers.into_iter().map(|header| (header.name, header.value)).collect();
        Ok(Response { status: response.status, headers, body: response.body })
    }
}

impl Response {
    /// A response of these parts, for a plugin's own tests. Names of headers are in lower case.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8>) -> Response {
        Response { status, headers, body }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// All headers, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its body as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.body)
    }

    /// How long the server asks to wait before the next request: `retry-after` in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

impl Error {
    /// Whether the same request may succeed later, without anybody changing anything. It may also have
    /// been carried out: send again only what may be done twice.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use Error::{ConnectFailed, Protocol, Timeout, Tls, TooManyRequests};
        matches!(self, TooManyRequests | Timeout | ConnectFailed(_) | Tls(_) | Protocol(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Denied(why) => write!(f, "not allowed: {why}"),
            Error::InvalidUrl(why) => write!(f, "the URL cannot be used: {why}"),
            Error::Invalid(why) => write!(f, "the request cannot be sent: {why}"),
            Error::TooManyRequests => f.write_str("too many requests are under way"),
            Error::TooLarge(most) => write!(f, "a body is larger than {most} bytes"),
            Error::Timeout => f.write_str("the response was not there in time"),
            Error::ConnectFailed(why) => write!(f, "no connection: {why}"),
            Error::Tls(why) => write!(f, "TLS failed: {why}"),
            Error::Protocol(why) => write!(f, "no HTTP response: {why}"),
            Error::Cancelled => f.write_str("the plugin is being stopped"),
        }
    }
}

impl std::error::Error for Error {}

impl From<host::RequestError> for Error {
    fn from(error: host::RequestError) -> Self {
        match error {
            host::RequestError::Denied(why) => Error::Denied(why),
            host::RequestError::InvalidUrl(why) => Error::InvalidUrl(why),
            host::RequestError::Invalid(why) => Error::Invalid(why),
            host::RequestError::TooManyRequests => Error::TooManyRequests,
            host::RequestError::TooLarge(most) => Error::TooLarge(most),
            host::RequestError::Timeout => Error::Timeout,
            host::RequestError::ConnectFailed(why) => Error::ConnectFailed(why),
            host::RequestError::Tls(why) => Error::Tls(why),
            host::RequestError::Protocol(why) => Error::Protocol(why),
            host::RequestError::Cancelled => Error::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_put_together_in_order() {
        let request = Request::post("https://example.org/x").header("a", "1").json("{}");
        assert_eq!(request.method, "POST");
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "content-type"]);
        assert_eq!(request.body.as_deref(), Some(b"{}".as_slice()));
    }

    #[test]
    fn a_response_is_read_with_care() {
        let headers = vec![("retry-after".to_owned(), b" 7".to_vec()), ("x".to_owned(), vec![0xff])];
        let response = Response::new(429, headers, vec![0xff]);
        assert!(!response.is_success());
        assert_eq!(response.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(response.header("X"), None, "it is not text");
        assert!(response.text().is_err());
        assert_eq!(response.headers().count(), 2);
    }

    #[test]
    fn what_a_person_must_change_is_not_tried_again() {
        assert!(Error::Timeout.is_transient() && Error::ConnectFailed(String::new()).is_transient());
        for error in [Error::Denied(String::new()), Error::TooLarge(1), Error::Cancelled] {
            assert!(!error.is_transient(), "{error}");
        }
    }
}
