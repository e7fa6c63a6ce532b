//! Texts from outside, made fit to be written down.
//!
//! Owns the bounds and the cleaning: no control characters, no more than so many bytes, no divided
//! character, and a mark where something is gone.

/// The beginning of a text.
pub(crate) fn beginning(text: &str, most: usize) -> String {
    let text = ticket::text::text(text);
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n[… {} bytes more]", text.get(..end).unwrap_or_default(), text.len() - end)
}

/// The end of a text.
pub(crate) fn end(text: &str, most: usize) -> String {
    let text = ticket::text::text(text);
    if text.len() <= most {
        return text;
    }
    let mut start = text.len() - most;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    format!("[{start} bytes before …]\n{}", text.get(start..).unwrap_or_default())
}

/// One line of at most so many bytes.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = ticket::text::line(text.trim());
    if text.len() <= most {
        return text;
    }
    let mut end = most.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// A text as a block of Markdown that it cannot end by itself.
pub(crate) fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_cannot_leave_their_place() {
        assert_eq!(beginning("aéb", 2), "a\n[… 3 bytes more]");
        assert_eq!(end("aéb", 2), "[3 bytes before …]\nb");
        assert_eq!(line("a\x1b[31m\nb", 100), "a␛[31m b");
        assert_eq!(line("abcdef", 5), "ab…");
        assert_eq!(fenced("```\nx"), "````text\n```\nx\n````");
    }
}
