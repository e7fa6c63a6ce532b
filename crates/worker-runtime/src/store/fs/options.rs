//! How a file store is set up.
//!
//! Owns the settings and their defaults. Must not read them from anywhere.

use super::disk::Faults;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// When what was written is forced onto the disk. See the module's header for what each can lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before a batch counts as committed.
    Always,
    /// Every [`FsOptions::sync_interval`], and before a batch that requires it counts as committed.
    #[default]
    Interval,
    /// When the operating system pleases.
    Never,
}

impl Durability {
    /// Its name in settings and in a status.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Durability::Always => "always",
            Durability::Interval => "interval",
            Durability::Never => "never",
        }
    }
}

/// Tells the time of day, to which the age of files is compared.
pub type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The settings of a [`super::FsStore`].
#[derive(Clone)]
pub struct FsOptions {
    /// The store's folder. Made, readable by its owner only, when missing.
    pub root: PathBuf,
    /// When writes are forced onto the disk. Default [`Durability::Interval`].
    pub durability: Durability,
    /// How often, with [`Durability::Interval`]. Default 200 ms.
    pub sync_interval: Duration,
    /// The size in bytes at which a new file of events is begun. Default 8 MiB.
    pub segment_bytes: u64,
    /// The most bytes of events kept per worker. Default 256 MiB.
    pub retention_bytes: u64,
    /// How long events are kept after the last write to their file. Default 30 days.
    pub retention_age: Duration,
    /// How often that is looked at, besides whenever a file is begun. Default 60 s.
    pub retention_interval: Duration,
    /// The most batches that wait to be written. Default 1024.
    pub queue_batches: usize,
    /// The most bytes that wait to be written; a longer batch waits alone. Default 16 MiB.
    pub queue_bytes: usize,
    /// The most workers whose files are kept open for writing, two files each. Default 128.
    pub open_workers: usize,
    /// The time of day. Default the system's.
    pub clock: WallClock,
    /// Failures to act out, in tests.
    pub(super) faults: Option<Faults>,
}

impl FsOptions {
    /// The defaults, for a store in `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        FsOptions {
            root: root.into(),
            durability: Durability::default(),
            sync_interval: Duration::from_millis(200),
            segment_bytes: 8 << 20,
            retention_bytes: 256 << 20,
            retention_age: Duration::from_secs(30 * 24 * 60 * 60),
            retention_interval: Duration::from_secs(60),
            queue_batches: 1024,
            queue_bytes: 16 << 20,
            open_workers: 128,
            clock: Arc::new(system_time),
            faults: None,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the default of the clock that whoever opens a store may replace")]
pub(super) fn system_time() -> SystemTime {
    SystemTime::now()
}

impl fmt::Debug for FsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FsOptions")
            .field("durability", &self.durability)
            .field("sync_interval", &self.sync_interval)
            .field("segment_bytes", &self.segment_bytes)
            .field("retention_bytes", &self.retention_bytes)
            .field("retention_age", &self.retention_age)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_no_path() {
        let text = format!("{:?}", FsOptions::new("/srv/secret-place"));
        assert!(!text.contains("secret"), "{text}");
    }
}
