//! `request`: one request, one response.
//!
//! Owns nothing but the passage.

use crate::bindings::request::{Host, Options, RequestError, Response};
use crate::instance::Guest;

impl Host for Guest {
    async fn send(
        &mut self,
        method: String,
        url: String,
        options: Options,
    ) -> wasmtime::Result<Result<Response, RequestError>> {
        Ok(Box::pin(crate::request::send(&self.plugin, &self.told, method, url, options)).await)
    }
}
