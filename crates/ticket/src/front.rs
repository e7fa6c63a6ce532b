//! The front matter of an `item.md`: a YAML mapping, of which not a byte changes that need not.
//!
//! Owns where each value stands, what the values are, and the change of one of them in place. What
//! YAML means, a library says; the simple lines that nearly every record consists of are read
//! without it, and a property holds the two to each other. Must not know what the keys mean.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::ops::Range;

/// How deep a value of a key that nobody knows may be nested.
const MAX_DEPTH: usize = 64;

/// A front matter that has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Front {
    entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// Its line in the front matter, from 0.
    pub line: usize,
    /// The value.
    pub value: Value,
    /// Where the key stands.
    key_span: Range<usize>,
    /// Where the value stands; empty where there is none.
    span: Range<usize>,
}

/// A value, as far as anybody needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// None.
    Null,
    /// A text, however it is written.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Anything else. It is kept.
    Other,
}

/// What cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The line in the front matter, from 0.
    pub line: usize,
    /// Why.
    pub why: String,
    /// Whether a key is there twice.
    pub is_double: bool,
}

/// The front matter is written in a form in which the key cannot be changed by a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEditable;

impl Front {
    /// Reads a front matter, without the lines around it.
    pub(crate) fn read(text: &str) -> Result<Front, Unreadable> {
        simple(text).map_or_else(|| whole(text), Ok)
    }

    /// Its keys and values, in their order.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A key and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The text with one value changed. A key that is not there comes last.
    pub(crate) fn set(&self, text: &str, key: &str, value: &Value) -> Result<String, NotEditable> {
        let mut changed = text.to_owned();
        match self.entry(key) {
            Some(entry) => {
                let old = text.get(entry.span.clone()).ok_or(NotEditable)?;
                let new = written(value, old);
                let after = text.get(entry.key_span.end..).ok_or(NotEditable)?;
                let colon = entry.key_span.end + after.find(':').ok_or(NotEditable)? + 1;
                // the end of a block includes the end of its last line
                let end = entry.span.end - (old.len() - old.trim_end_matches(['\n', '\r', ' ']).len());
                let is_beside = text.get(colon..entry.span.start).is_some_and(|gap| gap.bytes().all(|b| b == b' '));
                if is_beside && !old.is_empty() {
                    changed.replace_range(entry.span.start..end, &new);
                } else {
                    changed.replace_range(colon..end.max(colon), &format!(" {new}"));
                }
            }
            None => {
                let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
                if !changed.is_empty() && !changed.ends_with('\n') {
                    changed.push_str(end);
                }
                changed.push_str(&format!("{key}: {}{end}", written(value, "")));
            }
        }
        self.check(&changed, key, value)?;
        Ok(changed)
    }

    /// That a change changed what it should, and nothing else.
    fn check(&self, changed: &str, key: &str, value: &Value) -> Result<(), NotEditable> {
        let after = Front::read(changed).map_err(|_| NotEditable)?;
        let values = |front: &Front| -> Vec<(String, Value)> {
            let others = front.entries.iter().filter(|entry| entry.key != key);
            others.map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        let is_right = after.entry(key).is_some_and(|entry| entry.value == *value) && values(self) == values(&after);
        if is_right { Ok(()) } else { Err(NotEditable) }
    }
}

/// A value as it is written, in the style of what it replaces.
fn written(value: &Value, old: &str) -> String {
    match value {
        Value::Null | Value::Other => "null".to_owned(),
        Value::Text(text) if old.starts_with('"') => double(text),
        Value::Text(text) if is_plain(old) && old != "null" && is_plain(text) => text.clone(),
        Value::Text(text) => single(text),
        Value::List(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| single(text)).collect();
            format!("[{}]", texts.join(", "))
        }
    }
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a word needs no quotes, and no reader takes it for anything but a text.
fn is_plain(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    begins
        && text.bytes().all(is_word)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        )
}

/// Reads a front matter of nothing but lines such as `key: 'text'`, `key: word`, `key: null` and
/// `key: ['text', 'text']`. Nothing where any line is otherwise.
fn simple(text: &str) -> Option<Front> {
    let mut entries: Vec<Entry> = Vec::with_capacity(10);
    let mut at = 0;
    for (line, whole) in text.split_inclusive('\n').enumerate() {
        let content = whole.strip_suffix('\n')?;
        let colon = content.find(": ")?;
        let (key, rest) = (content.get(..colon)?, content.get(colon + 2..)?);
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !is_key || matches!(key, "y" | "n") || entries.iter().any(|entry| entry.key == key) {
            return None;
        }
        let value = if rest == "null" {
            Value::Null
        } else if rest.starts_with('\'') {
            Value::Text(quoted(rest)?)
        } else if rest.starts_with('[') {
            Value::List(list(rest)?)
        } else if is_plain(rest) {
            Value::Text(rest.to_owned())
        } else {
            return None;
        };
        let start = at + colon + 2;
        entries.push(Entry {
            key: key.to_owned(),
            line,
            value,
            key_span: at..at + colon,
            span: start..start + rest.len(),
        });
        at += whole.len();
    }
    (!entries.is_empty()).then_some(Front { entries })
}

/// The text of `'…'` that ends where the quote does.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'').filter(|_| text.len() >= 2)?;
    if inner.bytes().any(|b| b < b' ' || b == 0x7f) {
        return None;
    }
    if !inner.contains('\'') {
        return Some(inner.to_owned());
    }
    let folded = inner.replace("''", "\u{0}");
    (!folded.contains('\'')).then(|| folded.replace('\u{0}', "'"))
}

fn list(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    // commas and quotes inside of quotes are for the library
    let items = inner.split(", ").map(|item| quoted(item).filter(|text| !text.contains(['\'', ','])));
    items.collect()
}

/// Reads any front matter.
fn whole(text: &str) -> Result<Front, Unreadable> {
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |char: usize| bytes.get(char).copied().unwrap_or(text.len());
    let mut events = Parser::new_from_str(text);
    let mut next = || match events.next_event() {
        Some(Ok((event, span))) => {
            let range = byte(span.start.index())..byte(span.end.index());
            let range = without_comment(text, range);
            Ok((event, range, span.start.line().saturating_sub(1)))
        }
        Some(Err(error)) => Err(Unreadable {
            line: error.marker().line().saturating_sub(1),
            why: error.info().to_owned(),
            is_double: false,
        }),
        None => Ok((Event::StreamEnd, text.len()..text.len(), 0)),
    };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        match next()? {
            (Event::StreamStart | Event::DocumentStart(_), ..) => {}
            (Event::MappingStart(..), ..) => break,
            (Event::StreamEnd, ..) => return Ok(Front { entries }),
            (_, _, line) => return Err(unreadable(line, "the front matter is not a list of `key: value`")),
        }
    }
    loop {
        let (key, key_span, line) = match next()? {
            (Event::MappingEnd, ..) => break,
            (Event::Scalar(key, ..), span, line) => (key.into_owned(), span, line),
            (_, _, line) => return Err(unreadable(line, "a key is not a word")),
        };
        if entries.iter().any(|entry| entry.key == key) {
            let why = format!("the key `{}` is there twice", crate::problem::excerpt(&key));
            return Err(Unreadable { line, why, is_double: true });
        }
        let (event, mut span, _) = next()?;
        let mut depth = usize::from(matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)));
        let mut list = match &event {
            Event::SequenceStart(..) => Some(Vec::new()),
            _ => None,
        };
        let mut value = match event {
            Event::Scalar(text, style, _, tag) => scalar(text, style, tag.is_some()),
            _ => Value::Other,
        };
        let mut end = span.end;
        while depth > 0 {
            let (event, inner, line) = next()?;
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    depth += 1;
                    list = None;
                    if depth > MAX_DEPTH {
                        return Err(unreadable(line, "a value is nested too deep"));
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => depth -= 1,
                Event::Scalar(text, style, _, tag) => match (&mut list, scalar(text, style, tag.is_some())) {
                    (Some(list), Value::Text(text)) => list.push(text),
                    _ => list = None,
                },
                _ => list = None,
            }
            end = end.max(inner.end);
        }
        span.end = end;
        if let Some(list) = list {
            value = Value::List(list);
        }
        entries.push(Entry { key, line, value, key_span, span });
    }
    loop {
        match next()? {
            (Event::StreamEnd, ..) => return Ok(Front { entries }),
            (Event::DocumentEnd, ..) => {}
            (_, _, line) => return Err(unreadable(line, "the front matter has more than one part")),
        }
    }
}

/// Where a value in quotes or a closing bracket stands, without the comment behind it.
fn without_comment(text: &str, range: Range<usize>) -> Range<usize> {
    let found = text.get(range.clone()).unwrap_or_default();
    let mut bytes = found.bytes().enumerate().skip(1).peekable();
    match found.bytes().next() {
        Some(b']' | b'}') => return range.start..range.start + 1,
        Some(quote @ (b'\'' | b'"')) => {
            while let Some((at, byte)) = bytes.next() {
                let is_escape = if quote == b'"' {
                    byte == b'\\'
                } else {
                    byte == b'\'' && bytes.peek().is_some_and(|(_, next)| *next == b'\'')
                };
                if is_escape {
                    bytes.next();
                } else if byte == quote {
                    return range.start..range.start + at + 1;
                }
            }
        }
        _ => {}
    }
    range
}

fn unreadable(line: usize, why: &str) -> Unreadable {
    Unreadable { line, why: why.to_owned(), is_double: false }
}

/// A scalar: everything but an absent value is a text here, whatever YAML would make of a number.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, is_tagged: bool) -> Value {
    let is_null = matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
    if style == ScalarStyle::Plain && !is_tagged && is_null { Value::Null } else { Value::Text(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_are_changed_in_place_and_in_their_style() {
        for (before, key, value, after) in [
            ("state: 'ready'\n", "state", text("queued"), "state: 'queued'\n"),
            ("state: ready # why\n", "state", text("queued"), "state: queued # why\n"),
            ("state: \"ready\"\na: 1\n", "state", text("a \"b\" \\c"), "state: \"a \\\"b\\\" \\\\c\"\na: 1\n"),
            ("a: null\n", "a", text("hare"), "a: 'hare'\n"),
            ("a:\nb: 2\n", "a", text("hare"), "a: 'hare'\nb: 2\n"),
            ("a: 'x'\r\nb: 2\r\n", "c", text("it's"), "a: 'x'\r\nb: 2\r\nc: 'it''s'\r\n"),
            ("a: x", "b", Value::Null, "a: x\nb: null\n"),
            ("a: ['x', 'y']\nb: 2\n", "a", Value::List(vec!["z".into()]), "a: ['z']\nb: 2\n"),
            ("a:\n- x\n- y\nb: 2\n", "b", text("3"), "a:\n- x\n- y\nb: '3'\n"),
            ("a:\n- x\n- y\nb: 2\n", "a", text("3"), "a: '3'\nb: 2\n"),
            ("t: |\n  two\n  lines\nb: 2\n", "t", text("one"), "t: 'one'\nb: 2\n"),
            (
                "# head\n漢: {字: [1, {a: b}]}\nstate: 'x' # y\n",
                "state",
                text("z"),
                "# head\n漢: {字: [1, {a: b}]}\nstate: 'z' # y\n",
            ),
            ("", "a", text("x"), "a: 'x'\n"),
        ] {
            let front = Front::read(before).unwrap();
            assert_eq!(front.set(before, key, &value).as_deref(), Ok(after), "{before:?}");
        }
        let flow = "{a: 1}";
        assert_eq!(Front::read(flow).unwrap().set(flow, "b", &text("x")), Err(NotEditable));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, line, why) in [
            ("a: 1\na: 2\n", 1, "the key `a` is there twice"),
            ("a: 'x\n", 0, ""),
            ("- a\n", 0, "the front matter is not a list of `key: value`"),
            ("a: 1\n---\nb: 2\n", 1, "the front matter has more than one part"),
            ("[a]: 1\n", 0, "a key is not a word"),
        ] {
            let unreadable = Front::read(text).unwrap_err();
            assert!(unreadable.why.contains(why) && !unreadable.why.is_empty(), "{unreadable:?}");
            if !why.is_empty() {
                assert_eq!(unreadable.line, line, "{text:?}");
            }
        }
        assert!(Front::read(&format!("a: {}", "[".repeat(10_000))).is_err());
        assert_eq!(Front::read("# nothing\n").unwrap().entries(), []);
    }

    #[test]
    fn values_are_what_yaml_says() {
        let front = Front::read("a: ~\nb: 12\nc: [x, 'y']\nd: [[x]]\ne: &e z\nf: *e\ng: !!str null\n").unwrap();
        let values: Vec<Value> = front.entries().iter().map(|entry| entry.value.clone()).collect();
        let list = Value::List(vec!["x".into(), "y".into()]);
        assert_eq!(values, [Value::Null, text("12"), list, Value::Other, text("z"), Value::Other, text("null")]);
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_library_reads(
            lines in prop::collection::vec(
                ("[a-z_]{1,3}", prop_oneof![
                    "[a-zA-Z0-9_-]{0,5}",
                    "'[^\n\r]{0,6}'",
                    "'(''|[a-z ,#:]){0,6}'",
                    r"\['[^\n\r]{0,3}', '[a-z']{0,3}'\]",
                    "\\PC{0,6}",
                ]),
                0..4,
            ),
        ) {
            let text: String = lines.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
            if let Some(front) = simple(&text) {
                prop_assert_eq!(whole(&text), Ok(front), "{:?}", text);
            }
        }

        #[test]
        fn a_text_that_is_written_is_read(value in "\\PC{0,40}", old in prop_oneof!["'x'", "x", "\"x\"", "null", ""]) {
            let before = format!("title: {old}\nother: [1, 2]\n");
            let front = Front::read(&before).unwrap();
            let after = front.set(&before, "title", &text(&value)).unwrap();
            let read = Front::read(&after).unwrap();
            prop_assert_eq!(&read.entry("title").unwrap().value, &text(&value));
            prop_assert!(after.ends_with("\nother: [1, 2]\n"));
        }

        #[test]
        fn nothing_panics(text in "(?s).{0,80}") {
            let _ = Front::read(&text);
        }
    }
}
