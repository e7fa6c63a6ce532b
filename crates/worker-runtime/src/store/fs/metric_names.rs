//! The names of what a file store counts.
//!
//! Owns the names and their meanings. Must not count anything itself.

/// Counter: batches written.
pub const COMMITS: &str = "yoi_runtime_store_commits_total";
/// Counter: bytes of events and transcripts written.
pub const BYTES: &str = "yoi_runtime_store_written_bytes_total";
/// Counter: files synced.
pub const SYNCS: &str = "yoi_runtime_store_syncs_total";
/// Counter: writes and syncs that failed.
pub const FAILURES: &str = "yoi_runtime_store_io_errors_total";
/// Histogram, seconds: writing what had queued up, for all its batches together.
pub const COMMIT_SECONDS: &str = "yoi_runtime_store_commit_seconds";
/// Histogram, seconds: syncing one worker's files.
pub const SYNC_SECONDS: &str = "yoi_runtime_store_sync_seconds";
/// Histogram: batches written together.
pub const GROUP_BATCHES: &str = "yoi_runtime_store_group_batches";
