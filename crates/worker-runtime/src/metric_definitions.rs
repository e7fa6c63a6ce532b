//! The metrics of the runtime: names, units and meanings, in one place.
//!
//! Owns the names; must not record anything.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Events published.
pub(crate) const EVENTS: &str = "yoi_runtime_events_total";
/// Bytes of the events published.
pub(crate) const EVENT_BYTES: &str = "yoi_runtime_event_bytes_total";
/// Runs ended, by `outcome`.
pub(crate) const RUNS: &str = "yoi_runtime_runs_total";
/// Workers, by `status`.
pub(crate) const WORKERS: &str = "yoi_runtime_workers";
/// From taking an input to its being as durable as promised.
pub(crate) const INPUT_SECONDS: &str = "yoi_runtime_input_seconds";
/// Batches that the store did not take.
pub(crate) const STORE_FAILURES: &str = "yoi_runtime_store_failures_total";

/// Describes this crate's metrics to the installed recorder.
pub fn describe_metrics() {
    describe_counter!(EVENTS, "Events published");
    describe_counter!(EVENT_BYTES, Unit::Bytes, "Bytes of events published");
    describe_counter!(RUNS, "Runs ended, by outcome");
    describe_gauge!(WORKERS, "Workers, by status");
    describe_histogram!(INPUT_SECONDS, Unit::Seconds, "From taking an input to its acknowledgement");
    describe_counter!(STORE_FAILURES, "Batches that the store did not take");
}
