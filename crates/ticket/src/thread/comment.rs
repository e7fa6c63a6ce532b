//! The comment that begins an event.
//!
//! Owns its grammar: `<!-- event: KIND author: NAME at: TIME [KEY: VALUE]… -->`, alone on its line.
//! A value is a word, or in double quotes. Must not know what the keys beyond the first three mean.

use crate::clock;
use crate::limits::MAX_COMMENT_BYTES;
use jiff::Timestamp;

/// What a comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub kind: String,
    pub author: String,
    pub at: Timestamp,
    /// Everything after the time, in its order.
    pub attributes: Vec<(String, String)>,
}

/// Whether a line means to be a comment, well-formed or not.
pub(super) fn is_meant(line: &str) -> bool {
    line.strip_prefix("<!--").is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with("event:"))
}

impl Comment {
    /// Reads a line. Nothing else than a whole and well-formed comment is one.
    pub(super) fn read(line: &str) -> Result<Comment, &'static str> {
        let line = line.trim_end_matches([' ', '\t', '\r', '\n']);
        if line.len() > MAX_COMMENT_BYTES {
            return Err("the comment is too long");
        }
        let inner = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let inner = inner.ok_or("the comment does not begin with `<!-- ` or end with ` -->`")?;
        let mut pairs = pairs(inner)?.into_iter();
        let mut named = |name: &str| pairs.next().filter(|(key, _)| key == name).map(|(_, value)| value);
        let kind = named("event").filter(|kind| is_kind(kind)).ok_or("the event has no kind")?;
        let author = named("author").filter(|author| !author.is_empty()).ok_or("the event has no author")?;
        let at = named("at").and_then(|at| clock::read(&at)).ok_or("the event's time is not RFC 3339")?;
        Ok(Comment { kind, author, at, attributes: pairs.collect() })
    }

    /// The line, without its end.
    pub(super) fn written(&self) -> String {
        let mut line =
            format!("<!-- event: {} author: {} at: {}", self.kind, value(&self.author), clock::written(self.at));
        for (key, text) in &self.attributes {
            line.push_str(&format!(" {key}: {}", value(text)));
        }
        line.push_str(" -->");
        line
    }
}

/// What a kind of event, or a key, may be.
pub(super) fn is_kind(text: &str) -> bool {
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    begins && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Splits `key: value key: "value with spaces"`. A value without quotes may have spaces, as old
/// records have them: it ends where the next key does.
fn pairs(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest.split_once(": ").ok_or("a key has no value")?;
        if !is_kind(key) {
            return Err("a key is not a word");
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => bare(after),
        };
        pairs.push((key.to_owned(), value));
        rest = match after.strip_prefix(' ') {
            Some(more) => more,
            None if after.is_empty() => after,
            None => return Err("a value in quotes is followed by more"),
        };
    }
    Ok(pairs)
}

/// A value without quotes, and what follows it.
fn bare(text: &str) -> (String, &str) {
    let mut from = 0;
    while let Some(space) = text.get(from..).and_then(|rest| rest.find(' ')).map(|at| from + at) {
        let next = text.get(space + 1..).unwrap_or_default();
        if next.split(' ').next().and_then(|word| word.strip_suffix(':')).is_some_and(is_kind) {
            return (text.get(..space).unwrap_or_default().to_owned(), text.get(space..).unwrap_or_default());
        }
        from = space + 1;
    }
    (text.to_owned(), "")
}

/// A value in quotes, from after the first of them, and what follows it. What no escape begins with is itself.
fn unquoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                Some((at, 'u')) => {
                    let hex = text.get(at + 1..at + 5).unwrap_or_default();
                    match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).filter(|_| hex.len() == 4) {
                        Some(c) => {
                            value.push(c);
                            chars.nth(3);
                        }
                        None => value.push_str("\\u"),
                    }
                }
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("a quote is not closed")
}

/// A value as it is written: a word where it is one, and else in quotes, on one line, and never the
/// end of a comment.
fn value(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '@' | '#');
    let is_safe = !text.is_empty() && text.chars().all(is_word) && !text.contains("--") && !text.ends_with(':');
    if is_safe {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' => out.extend(['\\', c]),
            // `-->` would end the comment for whoever renders it
            '>' => out.push_str("\\u003e"),
            c if (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) && u32::from(c) <= 0xffff => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_of_existing_records_are_read() {
        let read = |line: &str| Comment::read(line).unwrap();
        let comment = read(
            "<!-- event: state_changed author: \"yoi ticket\" at: 2026-06-21T11:01:20Z from: planning to: ready reason: cli_state field: state -->\n",
        );
        assert_eq!((comment.kind.as_str(), comment.author.as_str()), ("state_changed", "yoi ticket"));
        assert_eq!(comment.attributes[1], ("to".to_owned(), "ready".to_owned()));
        // as they were once written, without quotes
        let comment = read("<!-- event: create author: yoi ticket at: 2026-06-06T06:05:48Z -->");
        assert_eq!(comment.author, "yoi ticket");
        let comment = read(
            "<!-- event: review author: a at: 2026-06-24T19:15:09Z reason: it is so \"x\" status: approve -->\r\n",
        );
        assert_eq!(
            comment.attributes,
            [("reason".into(), "it is so \"x\"".into()), ("status".into(), "approve".into())]
        );
        assert_eq!(read(r#"<!-- event: x author: "C:\path\q" at: 2026-06-24T19:15:09Z -->"#).author, r"C:\path\q");
    }

    #[test]
    fn nothing_else_is_a_comment() {
        for (line, why) in [
            ("<!-- event: x author: a at: 2026-06-24T19:15:09Z", "does not begin"),
            ("x <!-- event: x author: a at: 2026-06-24T19:15:09Z -->", "does not begin"),
            ("<!-- event: x author: a at: 2026-06-24T19:15:09Z --> x", "does not begin"),
            ("<!-- event: x author: a at: yesterday -->", "not RFC 3339"),
            ("<!-- event: x author: a -->", "not RFC 3339"),
            ("<!-- event: x at: 2026-06-24T19:15:09Z author: a -->", "no author"),
            ("<!-- event: X author: a at: 2026-06-24T19:15:09Z -->", "no kind"),
            ("<!-- event: x author: \"a at: 2026-06-24T19:15:09Z -->", "not closed"),
            ("<!-- event: x author: \"a\"b at: 2026-06-24T19:15:09Z -->", "followed by more"),
            ("<!-- event: -->", "no value"),
        ] {
            let error = Comment::read(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            author in "[^\0]{1,20}|[a-z -]{1,9}(-->|at: |\"|\\\\)",
            attributes in prop::collection::vec(("[a-z][a-z_]{0,5}", "(?s).{0,12}|[a-z]+ to: -->|[a-z]+:"), 0..4),
        ) {
            let at = clock::read("2026-06-24T19:15:09Z").unwrap();
            let comment = Comment { kind: "decision".into(), author, at, attributes };
            let line = comment.written();
            prop_assert!(!line.contains('\n') && line.matches("-->").count() == 1);
            prop_assert_eq!(Comment::read(&line), Ok(comment));
        }

        #[test]
        fn nothing_panics(line in "(<!-- |event: |author: |at: |\"|\\\\|u00|-->|.){0,12}") {
            let _ = Comment::read(&line);
        }
    }
}
