//! The bounds of a folded state, and so of a snapshot.
//!
//! Owns the numbers; `fold` keeps to them. Weights are those of `docs/wire.md`: the length of the
//! compact JSON encoding, with every number, boolean and null counted as 24.

/// The most transcript entries.
pub const TRANSCRIPT_ENTRIES: usize = 200;
/// The most weight of all transcript entries; the oldest go first.
pub const TRANSCRIPT_WEIGHT: usize = 1 << 20;
/// The most bytes of one text; its end is kept.
pub const TEXT_BYTES: usize = 256 << 10;
/// The most open blocks; the oldest go first.
pub const OPEN_BLOCKS: usize = 64;
/// The most weight of all open blocks, each with an empty `text` and without `omitted_bytes`; the
/// oldest go first.
pub const OPEN_BLOCKS_WEIGHT: usize = 256 << 10;
/// The most bytes of text in all open blocks; the oldest blocks lose their beginnings first.
pub const OPEN_TEXT_BYTES: usize = 1 << 20;
/// The most open approvals; the oldest go first.
pub const APPROVALS: usize = 64;
/// The most weight of all open approvals.
pub const APPROVALS_WEIGHT: usize = 256 << 10;
/// The most items of a plan; the last go first.
pub const PLAN_ITEMS: usize = 256;
/// The most weight of a plan.
pub const PLAN_WEIGHT: usize = 256 << 10;
/// The most weight of `usage`; over it only the token counts are kept.
pub const USAGE_WEIGHT: usize = 16 << 10;
/// The most weight of `worker`; over it unknown members go, then labels, then the ends of names.
pub const WORKER_WEIGHT: usize = 64 << 10;
/// The most bytes that are kept of the display name and profile of a worker over its weight.
pub const WORKER_NAME_BYTES: usize = 1 << 10;
/// The most levels of objects and arrays in an entry, approval, plan item, `usage` or `worker`:
/// one that is deeper weighs more than any bound.
pub const DEPTH: usize = 64;
/// What follows: the encoded `snapshot` event of any history is smaller.
pub const SNAPSHOT_BYTES: usize = 8 << 20;

/// Every bound by its name, for what is generated from them.
pub const ALL: &[(&str, usize)] = &[
    ("TRANSCRIPT_ENTRIES", TRANSCRIPT_ENTRIES),
    ("TRANSCRIPT_WEIGHT", TRANSCRIPT_WEIGHT),
    ("TEXT_BYTES", TEXT_BYTES),
    ("OPEN_BLOCKS", OPEN_BLOCKS),
    ("OPEN_BLOCKS_WEIGHT", OPEN_BLOCKS_WEIGHT),
    ("OPEN_TEXT_BYTES", OPEN_TEXT_BYTES),
    ("APPROVALS", APPROVALS),
    ("APPROVALS_WEIGHT", APPROVALS_WEIGHT),
    ("PLAN_ITEMS", PLAN_ITEMS),
    ("PLAN_WEIGHT", PLAN_WEIGHT),
    ("USAGE_WEIGHT", USAGE_WEIGHT),
    ("WORKER_WEIGHT", WORKER_WEIGHT),
    ("WORKER_NAME_BYTES", WORKER_NAME_BYTES),
    ("DEPTH", DEPTH),
    ("SNAPSHOT_BYTES", SNAPSHOT_BYTES),
];
