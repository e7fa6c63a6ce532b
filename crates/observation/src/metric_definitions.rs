//! The metrics of this crate: names, units and meanings, in one place.
//!
//! Owns the names; must not record anything.

use metrics::{Unit, describe_counter, describe_gauge};

/// Open connections that watch, by `transport` (`ws`, `sse`).
pub(crate) const WATCHERS: &str = "yoi_observation_watchers";
/// Frames of events encoded: once for each stream, framing and event, however many watch.
pub(crate) const FRAMES_ENCODED: &str = "yoi_observation_frames_encoded_total";
/// Bytes written to watching sockets.
pub(crate) const BYTES_WRITTEN: &str = "yoi_observation_written_bytes_total";
/// Snapshots encoded.
pub(crate) const SNAPSHOTS: &str = "yoi_observation_snapshots_encoded_total";
/// Connections that fell behind what is kept and got a snapshot.
pub(crate) const LAGGED: &str = "yoi_observation_lagged_total";
/// Connections closed, by `code` (the close code, or `gone` where the peer left).
pub(crate) const CLOSED: &str = "yoi_observation_closed_total";

/// Describes this crate's metrics to the installed recorder.
pub fn describe_metrics() {
    describe_gauge!(WATCHERS, "Open connections that watch a worker");
    describe_counter!(FRAMES_ENCODED, "Event frames encoded");
    describe_counter!(BYTES_WRITTEN, Unit::Bytes, "Bytes written to watching sockets");
    describe_counter!(SNAPSHOTS, "Snapshots encoded");
    describe_counter!(LAGGED, "Connections that fell behind what is kept");
    describe_counter!(CLOSED, "Connections closed, by close code");
}
