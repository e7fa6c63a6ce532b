//! What is in records must not drive a terminal.
//!
//! Owns the neutralising of control characters: each is shown as a picture of itself, and what turns
//! the direction of writing around as a mark. Must not know what is shown.

/// A text as it may be shown, its lines kept.
#[must_use]
pub fn text(text: &str) -> String {
    text.replace("\r\n", "\n").chars().map(picture).collect()
}

/// A text as it may be shown on one line.
#[must_use]
pub fn line(text_: &str) -> String {
    text(text_).replace(['\n', '\t'], " ")
}

/// JSON in which nothing but what is plain is written as itself.
#[must_use]
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if picture(c) == c {
            out.push(c);
        } else {
            // controls below these are escaped in JSON already, and the rest are in the first plane
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

fn picture(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
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
    fn controls_are_shown_and_not_obeyed() {
        for (from, to) in [
            ("a\r\nb\tc", "a\nb\tc"),
            ("\x1b[31mred\x07", "␛[31mred␇"),
            ("\u{9b}31m\x7f\u{202e}x", "\u{fffd}31m␡\u{fffd}x"),
        ] {
            assert_eq!(text(from), to);
        }
        assert_eq!(line("a\nb"), "a b");
        assert_eq!(json("{\"a\": \"\u{9b}\u{202e}é\"}"), "{\"a\": \"\\u009b\\u202eé\"}");
    }
}
