//! What comes from a worker must not drive the terminal.
//!
//! Owns the neutralising of control characters: colour and cursor sequences (`ESC [ … letter`) are
//! taken out, every other control character is shown as a picture of itself, and what turns the
//! direction of writing around is shown as a mark. Must not know what is shown.

/// A sequence longer than this is none.
const MAX_SEQUENCE: usize = 64;

/// Cleans a text that comes in pieces: a sequence may be split between two of them.
#[derive(Clone, Debug, Default)]
pub struct Cleaner {
    /// What may become a sequence, or a line end.
    pending: String,
}

impl Cleaner {
    /// Cleans the next piece.
    pub fn feed(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            self.one(c, &mut out);
        }
        out
    }

    /// What was held back, at the end.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.pending).chars().map(picture).collect()
    }

    fn one(&mut self, c: char, out: &mut String) {
        if !self.pending.is_empty() {
            let more = match (self.pending.as_str(), c) {
                ("\r", '\n') => {
                    self.pending.clear();
                    out.push('\n');
                    return;
                }
                ("\r", _) => false,
                ("\x1b", '[') => true,
                ("\x1b", _) => false,
                (_, '\x40'..='\x7e') => {
                    self.pending.clear();
                    return;
                }
                (pending, '\x20'..='\x3f') => pending.len() < MAX_SEQUENCE,
                _ => false,
            };
            if more {
                self.pending.push(c);
                return;
            }
            out.push_str(&self.finish());
        }
        match c {
            '\x1b' | '\r' => self.pending.push(c),
            _ => out.push(picture(c)),
        }
    }
}

/// Cleans a whole text.
pub fn text(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    let mut out = cleaner.feed(text);
    out.push_str(&cleaner.finish());
    out
}

/// Cleans a text that is to stay on one line.
pub fn line(text_: &str) -> String {
    text(text_).replace(['\n', '\t'], " ")
}

/// The beginning of a text that is to stay on one line: no more of it is looked at than shows.
pub fn head(text: &str, bytes: usize) -> String {
    line(text.get(..protocol::floor_char_boundary(text, bytes)).unwrap_or_default())
}

/// The first line of a text that has anything on it, cleaned.
pub fn first_line(text: &str) -> String {
    let beginning = text.trim_start();
    let end = beginning.find('\n').unwrap_or(beginning.len());
    head(beginning.get(..end).unwrap_or_default().trim_end(), 1024)
}

/// A character as it may be shown.
fn picture(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        // C1, line and paragraph separators, and what turns the direction of writing around
        '\u{80}'..='\u{9f}'
        | '\u{2028}'..='\u{2029}'
        | '\u{61c}'
        | '\u{200e}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_go_and_the_rest_is_shown() {
        for (from, to) in [
            ("plain\n\ttext é漢🙂", "plain\n\ttext é漢🙂"),
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b[2J\x1b[H", ""),
            ("\x1b]0;title\x07", "␛]0;title␇"),
            ("\x1b]52;c;cm0gLXJm\x1b\\", "␛]52;c;cm0gLXJm␛\\"),
            ("\x1bc", "␛c"),
            ("\x1b\x1b[31mx", "␛x"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("a\r\nb\rc", "a\nb␍c"),
            ("x\x08\x7f\0", "x␈␡␀"),
            ("\u{202e}gpj.exe\u{200f}\u{2028}", "\u{fffd}gpj.exe\u{fffd}\u{fffd}"),
            ("\x1b[", "␛["),
            ("\x1b[31\n", "␛[31\n"),
        ] {
            assert_eq!(text(from), to, "{from:?}");
            for at in (0..from.len()).filter(|at| from.is_char_boundary(*at)) {
                let mut cleaner = Cleaner::default();
                let (head, tail) = from.split_at(at);
                let whole = cleaner.feed(head) + &cleaner.feed(tail) + &cleaner.finish();
                assert_eq!(whole, to, "{from:?} cut at {at}");
            }
        }
        let endless = format!("\x1b[{}", "1".repeat(1000));
        assert!(text(&endless).ends_with("111"));
        assert_eq!(line("a\nb\tc"), "a b c");
        assert_eq!(first_line("\n  \n  cargo test \r\nrest"), "cargo test");
        assert_eq!(head("漢漢", 4), "漢");
    }
}
