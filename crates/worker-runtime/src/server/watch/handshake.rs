//! The server's side of the opening handshake (RFC 6455 §4.2).
//!
//! Owns what a request must be and the answer that accepts it. Must not know what is watched.

use crate::server::problem::Refused;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Method, StatusCode, Version};
use protocol::Code;

/// The one version there is (RFC 6455 §4.1).
const VERSION: &str = "13";

/// Why an opening handshake is refused.
#[derive(Debug)]
pub(in crate::server) enum BadHandshake {
    /// A WebSocket is needed, in the version that is spoken here.
    Upgrade(&'static str),
    /// It is not in its form.
    Form(&'static str),
}

impl IntoResponse for BadHandshake {
    fn into_response(self) -> Response {
        match self {
            BadHandshake::Upgrade(words) => {
                let refused = Refused::new(Code::BadRequest, words).with_status(StatusCode::UPGRADE_REQUIRED);
                let headers = [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_VERSION, VERSION)];
                (headers, refused).into_response()
            }
            BadHandshake::Form(words) => Refused::new(Code::BadRequest, words).into_response(),
        }
    }
}

/// Checks a request; gives the value of `Sec-WebSocket-Accept`.
pub(super) fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<String, BadHandshake> {
    if method != Method::GET || version < Version::HTTP_11 {
        return Err(BadHandshake::Form("a WebSocket begins with GET and HTTP/1.1"));
    }
    if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
        let words = "this is a WebSocket: send `Connection: Upgrade` and `Upgrade: websocket`; over HTTP alone use the path without `/ws`";
        return Err(BadHandshake::Upgrade(words));
    }
    if one(headers, &SEC_WEBSOCKET_VERSION) != Some(VERSION.as_bytes()) {
        return Err(BadHandshake::Upgrade("`Sec-WebSocket-Version` is 13"));
    }
    match one(headers, &SEC_WEBSOCKET_KEY) {
        Some(key) if is_key(key) => Ok(observation::ws::derive_accept_key(key)),
        _ => Err(BadHandshake::Form("`Sec-WebSocket-Key` is 16 bytes in base64")),
    }
}

/// The answer that accepts.
pub(super) fn accept(accept: &str) -> Response {
    let headers = [(UPGRADE, "websocket"), (CONNECTION, "Upgrade"), (SEC_WEBSOCKET_ACCEPT, accept)];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
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
    use http::HeaderValue;

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn checked(headers: &[(&'static str, &'static str)]) -> Result<String, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        check(&Method::GET, Version::HTTP_11, &map).map_err(|bad| bad.into_response().status().as_u16())
    }

    #[test]
    fn accepts_as_the_standard_s_example() {
        assert_eq!(checked(&GOOD), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()));
        for (method, version) in [(Method::GET, Version::HTTP_10), (Method::HEAD, Version::HTTP_11)] {
            let refused = check(&method, version, &HeaderMap::new());
            assert!(matches!(refused, Err(BadHandshake::Form(_))), "{refused:?}");
        }
    }

    #[test]
    fn refuses_each_part_that_is_wrong() {
        for (name, value, status) in [
            ("connection", "keep-alive", 426),
            ("upgrade", "h2c", 426),
            ("sec-websocket-version", "8", 426),
            ("sec-websocket-key", "dGhlIHNhbXBsZQ==", 400),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=!", 400),
            ("sec-websocket-key", "", 400),
        ] {
            let headers = GOOD.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
            assert_eq!(checked(&headers), Err(status), "{name}: {value}");
            let without: Vec<_> = GOOD.into_iter().filter(|(n, _)| *n != name).collect();
            assert_eq!(checked(&without), Err(status), "without {name}");
        }
    }
}
