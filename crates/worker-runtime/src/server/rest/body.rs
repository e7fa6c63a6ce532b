//! The bodies of requests, held to their form.
//!
//! Owns their bounds in bytes and time, and the words for what does not parse: the line, the
//! column and the member. Must not know what they mean.

use crate::server::problem::Refused;
use crate::server::service::Shared;
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use protocol::Code;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

/// The longest words about a body that does not parse: they repeat parts of it.
const WORDS: usize = 400;

/// Reads a JSON body.
pub(super) async fn read<T: DeserializeOwned>(shared: &Shared, request: Request<Body>) -> Result<T, Refused> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(invalid("the body is JSON: send `Content-Type: application/json`"));
    }
    let max = shared.options.body_bytes;
    if announced(&parts.headers).is_some_and(|length| length > max as u64) {
        return Err(too_large(max));
    }
    let whole = timeout(shared.options.body_timeout, Limited::new(body, max).collect());
    let bytes = match whole.await {
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(max)),
        Ok(Err(_)) => return Err(invalid("the body broke off, or is not framed as HTTP/1.1 asks")),
        Err(_) => return Err(invalid(format!("the body took longer than {:?}", shared.options.body_timeout))),
    };
    parse(&bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    if bytes.is_empty() {
        return Err(invalid("the body is empty; send a JSON object"));
    }
    // a list would be read as the members in their order
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("the body is a list; send a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let place = if [".", "?"].contains(&path.as_str()) { String::new() } else { format!("`{path}`: ") };
        invalid(format!("the body does not parse: {place}{}", error.inner()))
    })?;
    json.end().map_err(|error| invalid(format!("the body does not parse: {error}")))?;
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

fn invalid(words: impl Into<String>) -> Refused {
    let words: String = words.into();
    let words = match words.char_indices().nth(WORDS) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words,
    };
    Refused::new(Code::InvalidInput, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::api::{CreateWorker, SendInput};

    fn words<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        parse::<T>(text.as_bytes()).unwrap_err().0.detail
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
        assert!(long.chars().count() <= WORDS + 1, "{long}");
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<SendInput>(&bytes);
        }
    }
}
