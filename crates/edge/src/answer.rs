//! Answers with a JSON body.
//!
//! Owns their head. Must not decide what is answered.

use crate::Refused;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::Code;
use serde::Serialize;

/// What a handler comes to.
pub type Answer = Result<Response, Refused>;

/// An answer with a JSON body.
///
/// # Errors
/// When the body cannot be written as JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let json = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Refused::new(Code::Internal, "the answer could not be written")
    })?;
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((status, headers, json).into_response())
}
