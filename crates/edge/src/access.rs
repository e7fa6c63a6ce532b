//! What is told of each request.
//!
//! Owns the access log and the request metrics: method, route, status and time. Must not tell
//! queries, headers or bodies; a path is told by its template.

use crate::metric_definitions::{REQUEST_SECONDS, REQUESTS};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use tokio::time::Instant;

/// The template of the path that was matched, in a response's extensions.
#[derive(Clone)]
struct Template(MatchedPath);

/// Notes a route's template in its response.
pub(crate) async fn note_template(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(Template(template));
    }
    response
}

/// Tells of a request that has its answer.
pub(crate) fn tell(method: &Method, started: Instant, response: &Response) {
    let template = response.extensions().get::<Template>();
    let route = template.map_or("none", |template| template.0.as_str()).to_owned();
    let method = known(method);
    let status = response.status().as_u16();
    let took = started.elapsed();
    if matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics") {
        tracing::debug!(target: "yoi::access", method, route, status, ms = took.as_millis(), "answered");
    } else {
        tracing::info!(target: "yoi::access", method, route, status, ms = took.as_millis(), "answered");
    }
    metrics::counter!(REQUESTS, "route" => route.clone(), "method" => method, "status" => status.to_string())
        .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route).record(took.as_secs_f64());
}

/// Methods by name; anybody can make others up, and each would be a metric of its own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
