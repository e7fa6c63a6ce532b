//! The bodies of requests, held to their form.
//!
//! Owns their bounds in bytes and time, and the words for what does not parse: the line, the
//! column and the member. Must not know what they mean.

use crate::Refused;
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use protocol::Code;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

/// The bounds of a request's body: in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes. Default 4 MiB.
    pub bytes: usize,
    /// How long it may take to come. Default 30 s.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 4 << 20, time: Duration::from_secs(30) }
    }
}

/// Reads a JSON body, within the [`Limits`] in the request's extensions.
///
/// # Errors
/// When it is not JSON of this form, or over its bounds.
pub async fn read<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Refused> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(Refused::invalid("the body is JSON: send `Content-Type: application/json`"));
    }
    let limits: Limits = parts.extensions.get().copied().unwrap_or_default();
    if announced(&parts.headers).is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large(limits.bytes));
    }
    let whole = timeout(limits.time, Limited::new(body, limits.bytes).collect());
    let bytes = match whole.await {
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limits.bytes)),
        Ok(Err(_)) => return Err(Refused::invalid("the body broke off, or is not framed as HTTP/1.1 asks")),
        Err(_) => return Err(Refused::invalid(format!("the body took longer than {:?}", limits.time))),
    };
    parse(&bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    if bytes.is_empty() {
        return Err(Refused::invalid("the body is empty; send a JSON object"));
    }
    // a list would be read as the members in their order
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refused::invalid("the body is a list; send a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let place = if [".", "?"].contains(&path.as_str()) { String::new() } else { format!("`{path}`: ") };
        Refused::invalid(format!("the body does not parse: {place}{}", error.inner()))
    })?;
    json.end().map_err(|error| Refused::invalid(format!("the body does not parse: {error}")))?;
    Ok(value)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return false };
    let essence = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(max: usize) -> Refused {
    Refused::new(Code::PayloadTooLarge, format!("a body has at most {max} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::api::{CreateWorker, SendInput};

    fn words<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        parse::<T>(text.as_bytes()).unwrap_err().problem().detail.clone()
    }

    #[test]
    fn names_line_column_and_member() {
        let told = [
            words::<CreateWorker>("{\n  \"labels\": {\"a\": 1}}"),
            words::<CreateWorker>("{\"nmae\": 1}"),
            words::<CreateWorker>("{\"profile\": \"echo\",}"),
            words::<CreateWorker>("{} {}"),
            words::<CreateWorker>("{\"worker_id\": \"w_1\"}"),
            words::<SendInput>("{}"),
            words::<SendInput>("[]"),
            words::<SendInput>("{\"content\": [{\"type\": \"text\"}]}"),
            words::<SendInput>(""),
        ];
        insta::assert_snapshot!("body_words", told.join("\n"));
    }

    #[test]
    fn words_are_bounded() {
        let long = words::<CreateWorker>(&format!("{{\"{}\": 1}}", "x".repeat(10_000)));
        assert!(long.chars().count() < 500, "{long}");
    }

    fn request(length: Option<usize>, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        request.headers_mut().insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        if let Some(length) = length {
            request.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        request.extensions_mut().insert(Limits { bytes: 16, time: Duration::from_secs(5) });
        request
    }

    async fn refused(request: Request<Body>) -> (Code, String) {
        let refused = read::<serde_json::Value>(request).await.unwrap_err();
        (refused.problem().code.clone(), refused.problem().detail.clone())
    }

    #[tokio::test(start_paused = true)]
    async fn is_held_to_the_bounds_of_its_request() {
        let read = read::<serde_json::Value>(request(None, Body::from("{\"a\": [1, 2]}"))).await;
        assert_eq!(read.unwrap()["a"][1], 2);
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(20));
        // one that says how long it is need not be read
        let endless = || Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        for request in [request(None, Body::from(long)), request(Some(17), endless())] {
            let started = tokio::time::Instant::now();
            assert_eq!(refused(request).await.0, Code::PayloadTooLarge);
            assert!(started.elapsed().is_zero());
        }
        let (code, words) = refused(request(Some(10), endless())).await;
        assert!(code == Code::InvalidInput && words.contains("5s"), "{words}");
        let mut untyped = request(None, Body::from("{}"));
        untyped.headers_mut().remove(CONTENT_TYPE);
        assert!(refused(untyped).await.1.contains("Content-Type"));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<SendInput>(&bytes);
        }
    }
}
