//! The metrics of runtimes and their registry: names, units and meanings, in one place.
//!
//! Owns the names; must not record anything.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Operations asked of a runtime, by `runtime_id`, `operation` and `outcome`: `ok` or a code.
pub(crate) const CALLS: &str = "yoi_workspace_runtime_calls_total";
/// From asking a runtime to its answer, retries included, by `runtime_id` and `operation`.
pub(crate) const CALL_SECONDS: &str = "yoi_workspace_runtime_call_seconds";
/// Requests that were sent again, by `runtime_id` and `operation`.
pub(crate) const RETRIES: &str = "yoi_workspace_runtime_retries_total";
/// Probes, by `runtime_id` and `outcome`: `ok` or a code.
pub(crate) const PROBES: &str = "yoi_workspace_runtime_probes_total";
/// How long probes took, by `runtime_id`.
pub(crate) const PROBE_SECONDS: &str = "yoi_workspace_runtime_probe_seconds";
/// Whether a runtime answered when it was asked last, by `runtime_id`: 1 or 0.
pub(crate) const RUNTIME_UP: &str = "yoi_workspace_runtime_up";

/// Describes these metrics to the installed recorder.
pub fn describe_metrics() {
    describe_counter!(CALLS, "Operations asked of a runtime, by outcome");
    describe_histogram!(CALL_SECONDS, Unit::Seconds, "From asking a runtime to its answer, retries included");
    describe_counter!(RETRIES, "Requests to a runtime that were sent again");
    describe_counter!(PROBES, "Probes of a runtime, by outcome");
    describe_histogram!(PROBE_SECONDS, Unit::Seconds, "How long probes of a runtime took");
    describe_gauge!(RUNTIME_UP, "Whether a runtime answered when it was asked last");
}
