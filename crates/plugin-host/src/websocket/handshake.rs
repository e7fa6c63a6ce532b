//! The opening handshake, from the client's side.
//!
//! Owns what is sent and what an answer must be: 101 with the right key, a subprotocol that was
//! offered or none, no extension. Must not follow a redirect or decide what is allowed.

use crate::bindings::websocket::WsError;
use crate::dial::Stream;
use crate::http1;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use manifest::CheckedUrl;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// A socket that stands, and the subprotocol of it.
pub(super) struct Shaken {
    pub socket: WebSocketStream<Stream>,
    pub subprotocol: Option<Box<str>>,
}

/// Shakes hands.
pub(super) async fn shake(
    stream: Stream,
    url: &CheckedUrl,
    mut headers: HeaderMap,
    offered: &[Box<str>],
    config: WebSocketConfig,
) -> Result<Shaken, WsError> {
    let key = generate_key();
    let own = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
        (header::SEC_WEBSOCKET_KEY, &key),
    ];
    for (name, value) in own {
        headers.insert(name, value.try_into().map_err(|_| broken("the handshake cannot be written"))?);
    }
    if !offered.is_empty() {
        let offered = HeaderValue::try_from(offered.join(", ")).map_err(|_| broken("a subprotocol is no token"))?;
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
    }
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = url.origin_form().parse().map_err(|_| broken("the path cannot be sent"))?;
    *request.headers_mut() = headers;

    let failed = |error: hyper::Error| broken(&error.to_string());
    let (mut sender, connection) = http1::builder().handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = connection.with_upgrades();
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        let subprotocol = judge(&answer, &key, offered)?;
        Ok::<_, WsError>((hyper::upgrade::on(answer).await.map_err(failed)?, subprotocol))
    };
    tokio::pin!(exchange, connection);
    let mut is_driven = true;
    let (upgraded, subprotocol) = loop {
        tokio::select! {
            biased;
            done = &mut exchange => break done?,
            _ = &mut connection, if is_driven => is_driven = false,
        }
    };
    let parts = upgraded.downcast::<TokioIo<Stream>>().map_err(|_| broken("the connection was lost"))?;
    let (io, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    let socket = WebSocketStream::from_partially_read(io, read, Role::Client, Some(config)).await;
    Ok(Shaken { socket, subprotocol })
}

/// Whether the answer opens a WebSocket; with which subprotocol.
fn judge(answer: &Response<Incoming>, key: &str, offered: &[Box<str>]) -> Result<Option<Box<str>>, WsError> {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(broken(&format!("the server answered {}, not 101", answer.status().as_u16())));
    }
    let headers = answer.headers();
    let names = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    if !names(header::UPGRADE, "websocket") || !names(header::CONNECTION, "upgrade") {
        return Err(broken("the server switched to another protocol"));
    }
    if headers.get(header::SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| *accept != derive_accept_key(key.as_bytes())) {
        return Err(broken("the server's key is wrong"));
    }
    if headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS) {
        return Err(broken("the server chose an extension that was not offered"));
    }
    let mut chosen = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let Some(first) = chosen.next() else { return Ok(None) };
    let subprotocol = offered.iter().find(|name| first.as_bytes() == name.as_bytes());
    match (subprotocol, chosen.next()) {
        (Some(name), None) => Ok(Some(name.clone())),
        _ => Err(broken("the server chose a subprotocol that was not offered")),
    }
}

fn broken(text: &str) -> WsError {
    WsError::Protocol(text.to_owned())
}
