//! What stands in a transcript, as rows.
//!
//! Owns how entries, blocks, parts and changes look, folded and not, and the memory of it. Must not draw,
//! nor know where on the screen a row stands.

mod block;
mod entry;
mod heading;
pub mod layouts;
mod parts;
pub mod plain;

/// Whether something shows as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// As one line.
    Folded,
    /// As a whole.
    Open,
}

impl Fold {
    /// The other.
    pub fn other(self) -> Fold {
        match self {
            Fold::Folded => Fold::Open,
            Fold::Open => Fold::Folded,
        }
    }
}
