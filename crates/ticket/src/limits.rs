//! The bounds on a store and what is in it.
//!
//! Owns the constants. A file over its bound is told and not read; a change that would pass one is
//! refused.

/// The most bytes of a title.
pub const MAX_TITLE_BYTES: usize = 512;
/// The most bytes of a front matter, between its two lines.
pub const MAX_FRONT_BYTES: usize = 64 * 1024;
/// The most bytes of an `item.md`.
pub const MAX_ITEM_BYTES: u64 = 1024 * 1024;
/// The most bytes of a `thread.md`.
pub const MAX_THREAD_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of a body that is written: of an item, an event or a resolution.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The most bytes of a `resolution.md`.
pub const MAX_RESOLUTION_BYTES: u64 = 1024 * 1024;
/// The most bytes of a `relations.json`.
pub const MAX_RELATIONS_BYTES: u64 = 1024 * 1024;
/// The most relations that one ticket may have.
pub const MAX_RELATIONS: usize = 512;
/// The most bytes of an `orchestration-plan.jsonl`.
pub const MAX_PLAN_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of an author, an assignee, a readiness or a risk flag.
pub const MAX_NAME_BYTES: usize = 200;
/// The most risk flags of one ticket.
pub const MAX_RISK_FLAGS: usize = 64;
/// The most bytes of a reason, a note of a relation or a field of a plan record.
pub const MAX_REASON_BYTES: usize = 1024;
/// The most bytes of the comment that begins an event.
pub const MAX_COMMENT_BYTES: usize = 16 * 1024;
/// The most tickets of one store.
pub const MAX_TICKETS: usize = 100_000;
/// The most operation keys that a store remembers; the oldest go first.
pub const MAX_KEYS: usize = 1000;
/// The most bytes of an operation key.
pub const MAX_KEY_BYTES: usize = 200;
/// The most bytes of a journal: the two texts of everything that one operation changes.
pub const MAX_JOURNAL_BYTES: u64 = 64 * 1024 * 1024;
/// The most files of one record that is imported.
pub const MAX_IMPORT_FILES: usize = 1000;
/// The most bytes of one record that is imported.
pub const MAX_IMPORT_BYTES: u64 = 64 * 1024 * 1024;
/// The most findings that `doctor` tells of one file; what is beyond is counted.
pub const MAX_FINDINGS_OF_A_FILE: usize = 100;
