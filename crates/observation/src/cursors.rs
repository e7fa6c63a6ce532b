//! How positions of a stream are told to clients.
//!
//! Owns the seam between a position and the text a client holds, and its plain implementation.
//! Must not decide what a position is worth: the log does.

use event_log::{Position, Sealer};
use std::fmt;
use std::sync::Arc;

/// The most characters of a cursor (`wire.md` §2).
pub const MAX_CURSOR: usize = 96;

/// A cursor's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CursorText {
    len: u8,
    text: [u8; MAX_CURSOR],
}

impl CursorText {
    /// A cursor's text, of at most [`MAX_CURSOR`] bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<CursorText> {
        let mut out = CursorText { len: u8::try_from(text.len()).ok()?, text: [0; MAX_CURSOR] };
        out.text.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(out)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for CursorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CursorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CursorText({self})")
    }
}

/// Makes and reads the cursors of one stream.
pub trait Cursors: Send + Sync + 'static {
    /// The cursor of a position; `None` where this stream can no longer name it. The positions of
    /// all events kept, and the one before them, can be named.
    fn cursor(&self, position: Position) -> Option<CursorText>;

    /// The position that a text names; `None` for one that was never issued for this stream, or
    /// whose place in it is not known here.
    fn position(&self, text: &str) -> Option<Position>;
}

/// Cursors that hold the position itself, sealed.
pub struct Sealed {
    sealer: Arc<Sealer>,
    context: Vec<u8>,
}

impl Sealed {
    /// Cursors sealed by `sealer` and bound to `context`: the identity of what is streamed, as seen
    /// from where it is served.
    #[must_use]
    pub fn new(sealer: Arc<Sealer>, context: Vec<u8>) -> Sealed {
        Sealed { sealer, context }
    }
}

impl Cursors for Sealed {
    fn cursor(&self, position: Position) -> Option<CursorText> {
        CursorText::new(self.sealer.seal(&self.context, position).as_str())
    }

    fn position(&self, text: &str) -> Option<Position> {
        self.sealer.open(&self.context, text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_any_text_up_to_the_bound() {
        for len in [0, 1, 44, MAX_CURSOR] {
            let text = "x".repeat(len);
            assert_eq!(CursorText::new(&text).unwrap().as_str(), text);
        }
        assert!(CursorText::new(&"x".repeat(MAX_CURSOR + 1)).is_none());
    }
}
