//! Finding a text in rows, across the places where they were wrapped.
//!
//! Owns matching: capitals count only where the query has some. Must not know where the rows stand.

use super::row::{Join, Row};
use std::ops::Range;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    text: String,
    letters: Vec<char>,
    exact: bool,
}

/// A part of a row that matches: bytes of its text, without its lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which row.
    pub row: usize,
    /// Where in it.
    pub range: Range<usize>,
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

impl Query {
    /// A query; nothing where there is nothing to look for.
    pub fn new(text: &str) -> Option<Query> {
        let exact = text.chars().any(char::is_uppercase);
        let letters: Vec<char> = text.chars().collect();
        (!letters.is_empty()).then(|| Query { text: text.to_owned(), letters, exact })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn same(&self, c: char, wanted: char) -> bool {
        c == wanted || (!self.exact && lower(c) == lower(wanted))
    }

    /// Every match in `text`, none overlapping.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(tail) = text.get(from..).filter(|tail| !tail.is_empty()) {
            match self.starts(tail) {
                Some(length) => {
                    found.push(from..from + length);
                    from += length;
                }
                None => from += tail.chars().next().map_or(1, char::len_utf8),
            }
        }
        found
    }

    /// Whether there is a match in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|tail| self.starts(tail).is_some()))
    }

    fn starts(&self, text: &str) -> Option<usize> {
        let mut chars = text.chars();
        let mut length = 0;
        for wanted in &self.letters {
            let c = chars.next().filter(|c| self.same(*c, *wanted))?;
            length += c.len_utf8();
        }
        Some(length)
    }

    /// The matches in the lines of which `rows[from..to]` are parts, by row.
    pub fn hits(&self, rows: &[&Row], from: usize, to: usize) -> Vec<Hit> {
        let starts = |at: &usize| rows.get(*at).is_some_and(|row| row.join == Join::Start);
        let mut begin = (0..=from.min(rows.len())).rev().find(starts).unwrap_or(0);
        let mut hits = Vec::new();
        while begin < to.min(rows.len()) {
            let end = (begin + 1..rows.len()).find(starts).unwrap_or(rows.len());
            self.line(rows.get(begin..end).unwrap_or_default(), begin, &mut hits);
            begin = end;
        }
        hits
    }

    /// The matches in one line, whose first row is number `first`.
    fn line(&self, rows: &[&Row], first: usize, hits: &mut Vec<Hit>) {
        let mut text = String::new();
        let mut places = Vec::with_capacity(rows.len());
        for (n, row) in rows.iter().enumerate() {
            if n > 0 && row.join == Join::Space {
                text.push(' ');
            }
            let begin = text.len();
            row.spans.iter().for_each(|span| text.push_str(&span.text));
            places.push((first + n, begin..text.len()));
        }
        for found in self.find(&text) {
            for (row, place) in &places {
                let (start, end) = (found.start.max(place.start), found.end.min(place.end));
                if start < end {
                    hits.push(Hit { row: *row, range: start - place.start..end - place.start });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::flow::{Flow, Kind};
    use crate::text::row::Paint;
    use crate::text::wrap::Leads;

    fn marked(text: &str, query: &str, room: usize) -> Vec<String> {
        let rows = Flow::whole(Kind::Words(Paint::Plain), room, Leads::both(Paint::Dim, "> "), text);
        let refs: Vec<&Row> = rows.iter().collect();
        let hits = Query::new(query).unwrap().hits(&refs, 0, refs.len());
        hits.iter().map(|hit| format!("{} {}", hit.row, &refs[hit.row].text()[hit.range.clone()])).collect()
    }

    #[test]
    fn finds_across_wraps_and_by_case_only_where_asked() {
        assert_eq!(marked("one two three", "TWO", 20), [""; 0]);
        assert_eq!(marked("one Two three two", "two", 40), ["0 Two", "0 two"]);
        assert_eq!(marked("one Two three two", "Two", 40), ["0 Two"]);
        assert_eq!(marked("one two three", "two three", 10), ["0 two", "1 three"]);
        assert_eq!(marked("abcdefghij", "fgh", 9), ["0 fg", "1 h"]);
        assert_eq!(marked("one\ntwo", "one two", 40), [""; 0]);
        assert_eq!(marked("ÄÖ漢字 İx", "äö漢", 40), ["0 ÄÖ漢"]);
        assert_eq!(marked("aaaa", "aa", 40), ["0 aa", "0 aa"]);
        assert!(Query::new("").is_none());
        assert!(Query::new("b").unwrap().is_in("abc") && !Query::new("d").unwrap().is_in("abc"));
    }
}
