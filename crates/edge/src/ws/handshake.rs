//! The server's side of the opening handshake (RFC 6455 §4.2).
//!
//! Owns what a request must be, what a client offers, and the answer that accepts it. Must not
//! choose among what is offered, nor print it: a subprotocol may hold a token.

use super::{HandOver, Io};
use crate::Refused;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use protocol::Code;
use std::fmt;

/// The one version there is (RFC 6455 §4.1).
const VERSION: &str = "13";

/// An opening handshake that may be accepted; an extractor. One that is dropped is answered as any
/// request.
pub struct Handshake {
    accept: String,
    protocols: Vec<String>,
    extensions: Vec<HeaderValue>,
    protocol: Option<HeaderValue>,
    extension: Option<HeaderValue>,
}

/// Why an opening handshake is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHandshake {
    /// A WebSocket is needed, in the version that is spoken here.
    #[error("{0}")]
    Upgrade(&'static str),
    /// It is not in its form.
    #[error("{0}")]
    Form(&'static str),
}

impl BadHandshake {
    /// What went wrong, as programs know it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            BadHandshake::Upgrade(_) => Code::UpgradeRequired,
            BadHandshake::Form(_) => Code::BadRequest,
        }
    }
}

impl IntoResponse for BadHandshake {
    fn into_response(self) -> Response {
        let refused = Refused::new(self.code(), self.to_string());
        match self {
            BadHandshake::Upgrade(_) => {
                let headers = [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, VERSION)];
                (headers, refused).into_response()
            }
            BadHandshake::Form(_) => refused.into_response(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Handshake {
    type Rejection = BadHandshake;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, BadHandshake> {
        Handshake::read(&parts.method, parts.version, &parts.headers)
    }
}

impl Handshake {
    /// Reads the head of a request.
    ///
    /// # Errors
    /// When it does not begin a WebSocket.
    pub fn read(method: &Method, version: Version, headers: &HeaderMap) -> Result<Handshake, BadHandshake> {
        if method != Method::GET || version < Version::HTTP_11 {
            return Err(BadHandshake::Form("a WebSocket begins with GET and HTTP/1.1"));
        }
        // where a body ends and frames begin is nothing that a proxy and this server may see differently
        let is_empty = headers.get_all(CONTENT_LENGTH).iter().all(|length| length == "0");
        if !is_empty || headers.contains_key(TRANSFER_ENCODING) {
            return Err(BadHandshake::Form("an opening handshake has no content"));
        }
        if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
            let words = "this is a WebSocket: send `Connection: Upgrade` and `Upgrade: websocket`; over HTTP alone use the path without `/ws`";
            return Err(BadHandshake::Upgrade(words));
        }
        if one(headers, &SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
            return Err(BadHandshake::Upgrade("`Sec-WebSocket-Version` is 13"));
        }
        let accept = match one(headers, &SEC_WEBSOCKET_KEY) {
            Some(key) if is_key(key) => observation::ws::derive_accept_key(key),
            _ => return Err(BadHandshake::Form("`Sec-WebSocket-Key` is 16 bytes in base64")),
        };
        Ok(Handshake {
            accept,
            protocols: offered_protocols(headers).map(str::to_owned).collect(),
            extensions: headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().cloned().collect(),
            protocol: None,
            extension: None,
        })
    }

    /// The subprotocols that the client offers, the one it likes best first.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.protocols.iter().map(String::as_str)
    }

    /// The fields in which the client offers extensions (RFC 6455 §9.1), as they are.
    pub fn extensions(&self) -> impl Iterator<Item = &HeaderValue> {
        self.extensions.iter()
    }

    /// Speaks this subprotocol, where the client offers it.
    #[must_use]
    pub fn with_protocol(mut self, name: &str) -> Handshake {
        if self.protocols().any(|offered| offered == name) {
            self.protocol = HeaderValue::from_str(name).ok();
        }
        self
    }

    /// Uses these extensions, which must be among those that the client offers.
    #[must_use]
    pub fn with_extension(mut self, agreed: HeaderValue) -> Handshake {
        self.extension = Some(agreed);
        self
    }

    /// The answer that accepts. Once it is written, `owner` is called with the socket, and with
    /// what the client has sent already; it must not block.
    #[must_use]
    pub fn hand_over(self, owner: impl FnOnce(Box<dyn Io>, Bytes) + Send + 'static) -> Response {
        let headers = [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_ACCEPT, &*self.accept)];
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
        if let Some(protocol) = self.protocol {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        if let Some(extension) = self.extension {
            response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, extension);
        }
        response.extensions_mut().insert(HandOver::new(owner));
        response
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// The subprotocols that a request offers, the one it likes best first. A name that is no token
/// (RFC 9110 §5.6.2) could not be echoed, and is passed over.
pub fn offered_protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|b| *b == b','));
    names.filter_map(|name| std::str::from_utf8(name.trim_ascii()).ok().filter(|name| is_token(name)))
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    Some(value.as_bytes().trim_ascii())
}

/// Whether a header, a list in one or several fields, holds this token (RFC 9110 §5.6.1).
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let mut values = headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    values.any(|value| value.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Whether this is 16 bytes in base64: 22 characters of its alphabet and two of padding.
fn is_key(key: &[u8]) -> bool {
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    key.strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(alphabet))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn read(headers: &[(&'static str, &'static str)]) -> Result<Handshake, BadHandshake> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Handshake::read(&Method::GET, Version::HTTP_11, &map)
    }

    fn status(headers: &[(&'static str, &'static str)]) -> u16 {
        let answer = match read(headers) {
            Ok(handshake) => handshake.hand_over(|_, _| {}),
            Err(bad) => bad.into_response(),
        };
        answer.status().as_u16()
    }

    #[test]
    fn accepts_as_the_standard_s_example() {
        let answer = read(&GOOD).unwrap().hand_over(|_, _| {});
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(answer.headers()[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for (method, version) in [(Method::GET, Version::HTTP_10), (Method::HEAD, Version::HTTP_11)] {
            let refused = Handshake::read(&method, version, &HeaderMap::new());
            assert!(matches!(refused, Err(BadHandshake::Form(_))), "{refused:?}");
        }
    }

    #[test]
    fn refuses_each_part_that_is_wrong() {
        for (name, value, expected) in [
            ("connection", "keep-alive", 426),
            ("upgrade", "h2c", 426),
            ("sec-websocket-version", "8", 426),
            ("sec-websocket-key", "dGhlIHNhbXBsZQ==", 400),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=!", 400),
            ("sec-websocket-key", "", 400),
        ] {
            let headers = GOOD.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
            assert_eq!(status(&headers), expected, "{name}: {value}");
            let without: Vec<_> = GOOD.into_iter().filter(|(n, _)| *n != name).collect();
            assert_eq!(status(&without), expected, "without {name}");
        }
    }

    #[test]
    fn only_what_is_offered_is_chosen() {
        let offers = [
            ("sec-websocket-protocol", "yoi.v1, yoi.token.c2VjcmV0,, no good,"),
            ("sec-websocket-protocol", "last"),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ];
        let offering = || read(&[&GOOD[..], &offers].concat()).unwrap();
        assert_eq!(offering().protocols().collect::<Vec<_>>(), ["yoi.v1", "yoi.token.c2VjcmV0", "last"]);
        assert_eq!(offering().extensions().collect::<Vec<_>>(), ["permessage-deflate; client_max_window_bits"]);
        let answer = offering().with_protocol("yoi.v1").with_protocol("yoi.v2").hand_over(|_, _| {});
        assert_eq!(answer.headers()[SEC_WEBSOCKET_PROTOCOL], "yoi.v1");
        assert_eq!(answer.headers().get(SEC_WEBSOCKET_EXTENSIONS), None);
        let agreed = HeaderValue::from_static("permessage-deflate; server_no_context_takeover");
        let answer = offering().with_extension(agreed.clone()).hand_over(|_, _| {});
        assert_eq!(answer.headers()[SEC_WEBSOCKET_EXTENSIONS], agreed);
        assert_eq!(answer.headers().get(SEC_WEBSOCKET_PROTOCOL), None);
    }

    #[test]
    fn a_token_among_the_subprotocols_is_not_printed() {
        let handshake = read(&[&GOOD[..], &[("sec-websocket-protocol", "yoi.v1, yoi.token.c2VjcmV0")]].concat());
        let printed = format!("{:?}", handshake.unwrap().with_protocol("yoi.v1"));
        assert!(printed.contains("yoi.v1") && !printed.contains("c2VjcmV0"), "{printed}");
    }
}
