//! Texts that are no longer than they may be.
//!
//! Owns the cutting, which never divides a character, and says how much is gone.

/// A text of at most so many bytes, and how many were left out at its end.
pub(crate) fn cut(text: &str, most: usize) -> (String, usize) {
    if text.len() <= most {
        return (text.to_owned(), 0);
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text.get(..end).unwrap_or_default();
    (kept.to_owned(), text.len() - kept.len())
}

/// The same for a line, which ends with a mark where something is gone.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = ticket::text::line(text);
    let (mut kept, gone) = cut(&text, most);
    if gone > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_divided() {
        assert_eq!(cut("aé", 2), ("a".to_owned(), 2));
        assert_eq!(cut("aé", 3), ("aé".to_owned(), 0));
        assert_eq!(line("a\nb\x1bc", 3), "a b…");
    }
}
