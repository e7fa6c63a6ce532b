//! Text of plugins, before people see it.
//!
//! Owns what is taken out of it. Must not let a control character through: a terminal would obey it.

use std::borrow::Cow;

/// Whether a line may have more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One: line ends are escaped too.
    One,
    /// Many.
    Many,
}

/// Text with its control characters escaped, and those that turn the direction of text.
pub(crate) fn clean(text: &str, lines: Lines) -> Cow<'_, str> {
    let is_bad = |c: char| {
        let allowed = lines == Lines::Many && matches!(c, '\n' | '\t');
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (c.is_control() && !allowed) || turns || matches!(c, '\u{2028}' | '\u{2029}')
    };
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bad(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

/// The longest beginning of so many bytes that is text.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// One clean line of so many bytes at most.
pub(crate) fn line(text: &str, bytes: usize) -> String {
    clean(cut(text, bytes), Lines::One).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_a_terminal() {
        assert_eq!(clean("a\u{1b}[31mb", Lines::One), "a\\u{1b}[31mb");
        assert_eq!(clean("a\nb\u{202e}c", Lines::One), "a\\nb\\u{202e}c");
        assert_eq!(clean("a\n\tb\r", Lines::Many), "a\n\tb\\r");
        assert_eq!(clean("ä ö 漢", Lines::One), "ä ö 漢");
        assert_eq!(cut("ää", 3), "ä");
        assert_eq!(line("abc", 2), "ab");
    }
}
