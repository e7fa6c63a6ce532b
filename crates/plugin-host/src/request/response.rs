//! An answer, whole or not at all.
//!
//! Owns what of a response reaches the plugin: headers without cookies and credentials, and every
//! byte of the body as it came. Must not decompress, decode or cut.

use super::exchange::protocol;
use crate::bindings::request::{Header, RequestError, Response};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Headers of the connection, not of the answer.
const HOP_BY_HOP: [header::HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TRAILER, header::TE];

/// Types of bodies that never end.
const STREAMS: [&str; 2] = ["text/event-stream", "multipart/x-mixed-replace"];

/// Reads a response to its end.
pub(super) async fn read(answer: http::Response<Incoming>, limit: u64) -> Result<Response, RequestError> {
    let (head, mut body) = answer.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(RequestError::Protocol("the server switched protocols; `websocket` is for that".to_owned()));
    }
    if let Some(kind) = stream_kind(&head.headers) {
        return Err(RequestError::Protocol(format!("the answer is a stream ({kind}), which is no response")));
    }
    if body.size_hint().lower() > limit {
        return Err(RequestError::TooLarge(limit));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // trailers are left out: nothing here could tell which of them carry credentials
        let Ok(data) = frame.map_err(protocol)?.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > limit {
            return Err(RequestError::TooLarge(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Response { status: head.status.as_u16(), headers: visible(&head.headers), body: bytes })
}

fn stream_kind(headers: &HeaderMap) -> Option<&'static str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    STREAMS.into_iter().find(|stream| kind.eq_ignore_ascii_case(stream))
}

fn visible(headers: &HeaderMap) -> Vec<Header> {
    let shown = |name: &header::HeaderName| {
        !HOP_BY_HOP.contains(name) && name != "keep-alive" && !manifest::header::is_hidden_in_response(name.as_str())
    };
    let headers = headers.iter().filter(|(name, _)| shown(name));
    headers.map(|(name, value)| Header { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() }).collect()
}
