//! The client's side of HTTP/1.1, on a connection that was dialled for one exchange.
//!
//! Owns the bounds on a response's head and the headers that both capabilities send. Must not dial,
//! follow a redirect, keep a connection, or spawn: whoever drops the future drops the connection.

use crate::secrets::{self, SecretError, Secrets};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hyper::client::conn::http1::Builder;
use manifest::{CheckedUrl, CredentialHeader};

/// The most headers that a plugin may set.
pub(crate) const MAX_HEADERS: usize = 64;
/// The most bytes of one header's value.
const MAX_VALUE_BYTES: usize = 8 << 10;
/// The most headers of a response, and the most bytes of its head.
const MAX_RESPONSE_HEADERS: usize = 128;
const MAX_HEAD_BYTES: usize = 64 << 10;

/// A header that cannot be sent. It holds names, never values.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("at most {MAX_HEADERS} headers can be set")]
    TooMany,
    #[error("a header's name is not one")]
    Name,
    #[error("the value of `{0}` cannot be sent")]
    Value(HeaderName),
    #[error("`{0}` is set by the host")]
    Own(HeaderName),
    #[error("a credential that the grant names cannot be read; the host's log says which")]
    Credential(#[source] SecretError),
}

/// A client with bounds.
pub(crate) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.max_headers(MAX_RESPONSE_HEADERS).max_buf_size(MAX_HEAD_BYTES);
    builder
}

/// What a plugin sets, after the host's own.
pub(crate) fn headers(url: &CheckedUrl, set: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, HeaderError> {
    if set.len() > MAX_HEADERS {
        return Err(HeaderError::TooMany);
    }
    let mut headers = HeaderMap::with_capacity(set.len() + 4);
    let host = HeaderValue::try_from(url.host_header()).map_err(|_| HeaderError::Value(header::HOST))?;
    headers.insert(header::HOST, host);
    for (name, value) in set {
        let name = HeaderName::try_from(name).map_err(|_| HeaderError::Name)?;
        if name == header::ACCEPT_ENCODING {
            return Err(HeaderError::Own(name));
        }
        if value.len() > MAX_VALUE_BYTES {
            return Err(HeaderError::Value(name));
        }
        let value = HeaderValue::from_bytes(&value).map_err(|_| HeaderError::Value(name.clone()))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Adds the credentials of the grants, in place of what else has their names.
pub(crate) async fn add_credentials(
    headers: &mut HeaderMap,
    credentials: &[&CredentialHeader],
    secrets: &dyn Secrets,
) -> Result<(), HeaderError> {
    for credential in credentials {
        let (name, value) = secrets::header(secrets, credential).await.map_err(|error| {
            tracing::warn!(target: "yoi::plugin", %error, "a credential cannot be sent");
            HeaderError::Credential(error)
        })?;
        headers.insert(name, value);
    }
    Ok(())
}
