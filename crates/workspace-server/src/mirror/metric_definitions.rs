//! The names of this module's metrics, and what they mean.
//!
//! Owns the names. Must not count.

use metrics::{Unit, describe_counter, describe_gauge};

/// Mirrors of workers.
pub(super) const MIRRORS: &str = "yoi_mirrors";
/// Open connections to runtimes, for streams.
pub(super) const UPSTREAM: &str = "yoi_mirror_upstream_connections";
/// Connections to runtimes that broke.
pub(super) const BROKEN: &str = "yoi_mirror_upstream_broken_total";
/// Events received from runtimes.
pub(super) const EVENTS: &str = "yoi_mirror_events_total";
/// Times that a mirror had to begin anew because its position was lost.
pub(super) const REPLACED: &str = "yoi_mirror_replaced_total";
/// Times that older events were asked of a runtime.
pub(super) const BACKFILLS: &str = "yoi_mirror_backfills_total";

/// Says what the metrics mean.
pub fn describe_metrics() {
    describe_gauge!(MIRRORS, Unit::Count, "Workers whose streams are mirrored");
    describe_gauge!(UPSTREAM, Unit::Count, "Open connections to runtimes' streams");
    describe_counter!(BROKEN, Unit::Count, "Connections to runtimes' streams that broke");
    describe_counter!(EVENTS, Unit::Count, "Events received from runtimes");
    describe_counter!(REPLACED, Unit::Count, "Mirrors that began anew because the runtime lost their position");
    describe_counter!(BACKFILLS, Unit::Count, "Times that older events were asked of a runtime");
}
