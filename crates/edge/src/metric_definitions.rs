//! The metrics of a server's edge: names, units and meanings, in one place.
//!
//! Owns the names; must not record anything.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Requests answered, by `route`, `method` and `status`.
pub(crate) const REQUESTS: &str = "yoi_http_requests_total";
/// From a request's head to its response's head, by `route`.
pub(crate) const REQUEST_SECONDS: &str = "yoi_http_request_seconds";
/// Open connections, without those that were upgraded to WebSocket.
pub(crate) const CONNECTIONS: &str = "yoi_http_connections";
/// Connections turned away, by `reason`: `full`, `tls`, `accept`.
pub(crate) const REFUSED: &str = "yoi_http_connections_refused_total";
/// Handlers that panicked.
pub(crate) const PANICS: &str = "yoi_http_panics_total";

/// Describes these metrics to the installed recorder.
pub fn describe_metrics() {
    describe_counter!(REQUESTS, "Requests answered, by route, method and status");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "From a request's head to its response's head, by route");
    describe_gauge!(CONNECTIONS, "Open connections, without those that were upgraded to WebSocket");
    describe_counter!(REFUSED, "Connections turned away, by reason");
    describe_counter!(PANICS, "Handlers that panicked");
}
