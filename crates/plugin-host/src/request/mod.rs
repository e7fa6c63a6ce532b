//! `host_api.request`: one request, one response.
//!
//! Owns the order of checks and the deadline over the whole exchange. Must not leave anything open:
//! when the answer is there, or the plugin is told to end, or the grant is gone, so is the connection.

mod exchange;
mod response;

use crate::bindings::request::{Header, Options, RequestError, Response};
use crate::context::Context;
use crate::dial::DialError;
use crate::http1::HeaderError;
use crate::permission::{Question, words};
use manifest::{Capability, Reason, Refusal};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// Sends a request and waits for the whole response.
pub(crate) async fn send(
    plugin: &Context,
    told: &CancellationToken,
    method: String,
    url: String,
    options: Options,
) -> Result<Response, RequestError> {
    if told.is_cancelled() {
        return Err(RequestError::Cancelled);
    }
    let Options { headers, body, timeout_ms } = options;
    let question = question(method, url, &headers);
    let permit = plugin.gate.ask(&question)?;
    let body = body.unwrap_or_default();
    if body.len() as u64 > plugin.limits.request_bytes {
        return Err(RequestError::TooLarge(plugin.limits.request_bytes));
    }
    let _slot = plugin.requests.clone().try_acquire_owned().map_err(|_| RequestError::TooManyRequests)?;
    plugin.send_rate.take().map_err(|_| RequestError::TooManyRequests)?;

    let most = plugin.limits.request_timeout();
    let allowed = timeout_ms.map_or(most, |ms| Duration::from_millis(ms.into()).min(most));
    let deadline = Instant::now() + allowed;
    let headers = headers.into_iter().map(|Header { name, value }| (name, value)).collect();
    let exchange = exchange::run(plugin, &permit, &question, headers, body, deadline);
    tokio::select! {
        biased;
        () = told.cancelled() => Err(RequestError::Cancelled),
        answer = timeout_at(deadline, exchange) => answer.unwrap_or(Err(RequestError::Timeout)),
    }
}

fn question(method: String, url: String, headers: &[Header]) -> Question {
    Question {
        capability: Capability::Request,
        method: method.into(),
        url: url.into(),
        headers: headers.iter().map(|header| header.name.as_str().into()).collect(),
        subprotocols: Box::default(),
    }
}

impl From<Refusal> for RequestError {
    fn from(refusal: Refusal) -> RequestError {
        match refusal.reason() {
            Reason::InvalidUrl(_) => RequestError::InvalidUrl(refusal.to_string()),
            _ => RequestError::Denied(words(&refusal)),
        }
    }
}

impl From<HeaderError> for RequestError {
    fn from(error: HeaderError) -> RequestError {
        match error {
            HeaderError::Credential(_) => RequestError::Denied(error.to_string()),
            error => RequestError::Invalid(error.to_string()),
        }
    }
}

impl From<DialError> for RequestError {
    fn from(error: DialError) -> RequestError {
        match error {
            DialError::Refused(refusal) => refusal.into(),
            DialError::Timeout => RequestError::Timeout,
            DialError::Tls(text) => RequestError::Tls(text),
            error => RequestError::ConnectFailed(error.to_string()),
        }
    }
}
