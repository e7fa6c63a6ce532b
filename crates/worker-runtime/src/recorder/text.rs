//! Cutting texts so that their JSON stays within a bound.
//!
//! Owns the arithmetic of escapes; always cuts between characters. Must not know whose text it is.

use serde::Serialize;
use std::io;

/// The most bytes of a text in one event, once escaped: what a frame takes, less every other
/// member of the events that carry one.
pub(crate) const ESCAPED_BYTES: usize = protocol::MAX_EVENT_BYTES - 2048;

/// The bytes that `c` takes inside a JSON string.
fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        _ => c.len_utf8(),
    }
}

/// How many bytes from the beginning of `text` take at most `max` bytes inside a JSON string.
pub(crate) fn fitting(text: &str, max: usize) -> usize {
    // No character takes more than six times its own bytes.
    if text.len() <= max / 6 {
        return text.len();
    }
    let mut left = max;
    for (at, c) in text.char_indices() {
        match left.checked_sub(escaped(c)) {
            Some(rest) => left = rest,
            None => return at,
        }
    }
    text.len()
}

/// `text` in pieces of which each takes at most [`ESCAPED_BYTES`] inside a JSON string.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(fitting(rest, ESCAPED_BYTES))?;
        rest = after;
        Some(piece)
    })
}

/// `text` with at most `max` bytes.
pub(crate) fn clip(mut text: String, max: usize) -> String {
    text.truncate(protocol::floor_char_boundary(&text, max));
    text
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of `value` as JSON; too long for any bound where it has none.
pub(crate) fn json_len<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_fits_is_the_longest_that_does(text in "[a\"\\\\\n\u{1}é漢🙂]{0,30}", max in 0usize..80) {
            let end = fitting(&text, max);
            prop_assert!(json_len(&text[..end]) - 2 <= max);
            if let Some(next) = text[end..].chars().next() {
                prop_assert!(json_len(&text[..end + next.len_utf8()]) - 2 > max);
            }
        }
    }

    #[test]
    fn pieces_are_whole_and_bounded() {
        for text in ["\u{1}".repeat(200_000), "漢".repeat(300_000), "x".repeat(ESCAPED_BYTES), String::new()] {
            let pieces: Vec<_> = pieces(&text).collect();
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|p| !p.is_empty() && json_len(p) - 2 <= ESCAPED_BYTES));
        }
    }

    #[test]
    fn clipping_is_between_characters() {
        assert_eq!(clip("aé".into(), 2), "a");
        assert_eq!(clip("aé".into(), 3), "aé");
    }
}
