//! Wrapping: a line of painted text onto rows of so many cells.
//!
//! Owns where rows break: at spaces, beside characters two cells wide, and in the middle of a word
//! only where it is wider than a row. Must not know what the text means.

use super::clusters;
use super::row::{Join, Paint, Row, Span};

/// How far tabs reach.
const TAB: usize = 4;

/// Where a row may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Between words.
    Words,
    /// Anywhere: what stands below each other is to stay so as far as it can.
    Anywhere,
}

/// What stands before the rows of a line.
#[derive(Clone, Debug, Default)]
pub struct Leads {
    /// Before the first.
    pub first: String,
    /// Before the others; as wide as `first`, where things are to line up.
    pub rest: String,
    /// How both stand out.
    pub paint: Paint,
}

impl Leads {
    /// The same before every row.
    pub fn both(paint: Paint, lead: &str) -> Leads {
        Leads { first: lead.to_owned(), rest: lead.to_owned(), paint }
    }

    /// `lead`, then as much room.
    pub fn hanging(paint: Paint, lead: &str) -> Leads {
        Leads { first: lead.to_owned(), rest: " ".repeat(super::width(lead)), paint }
    }

    /// These after those of `outer`.
    pub fn within(mut self, outer: &Leads) -> Leads {
        self.first.insert_str(0, &outer.first);
        self.rest.insert_str(0, &outer.rest);
        self.paint = if outer.first.is_empty() { self.paint } else { outer.paint };
        self
    }
}

#[derive(Clone, Copy)]
struct Cell<'a> {
    paint: Paint,
    text: &'a str,
    width: usize,
}

/// Wraps one line, which may be in several pieces, onto rows of at most `room` cells, leads included.
/// There is always at least one row.
pub fn wrap(pieces: &[(Paint, &str)], room: usize, leads: &Leads, breaks: Break, out: &mut Vec<Row>) {
    let mut wrapper = Wrapper::new(room, leads, out);
    for (paint, piece) in pieces {
        for (n, part) in piece.split('\t').enumerate() {
            if n > 0 {
                wrapper.tab(*paint);
            }
            for (text, width) in clusters(part) {
                wrapper.push(Cell { paint: *paint, text, width }, breaks);
            }
        }
    }
    wrapper.emit(Join::Start);
}

struct Wrapper<'a, 'o> {
    room: usize,
    leads: &'a Leads,
    out: &'o mut Vec<Row>,
    cells: Vec<Cell<'a>>,
    used: usize,
    /// Before which cell the row may break, and how the next one follows.
    breakable: Option<(usize, Join)>,
    join: Join,
}

impl<'a, 'o> Wrapper<'a, 'o> {
    fn new(room: usize, leads: &'a Leads, out: &'o mut Vec<Row>) -> Self {
        Wrapper { room, leads, out, cells: Vec::new(), used: 0, breakable: None, join: Join::Start }
    }

    /// Cells for text in the row under way.
    fn text_room(&self) -> usize {
        let lead = if self.join == Join::Start { &self.leads.first } else { &self.leads.rest };
        self.room.saturating_sub(super::width(lead)).max(1)
    }

    fn tab(&mut self, paint: Paint) {
        for _ in 0..TAB - self.used % TAB {
            self.push(Cell { paint, text: " ", width: 1 }, Break::Words);
        }
    }

    fn push(&mut self, cell: Cell<'a>, breaks: Break) {
        let cell = if cell.width > self.text_room() { Cell { text: "…", width: 1, ..cell } } else { cell };
        while self.used + cell.width > self.text_room() && !self.cells.is_empty() {
            match (breaks, self.breakable) {
                (Break::Words, _) if cell.text == " " => {
                    self.emit(Join::Space);
                    return;
                }
                (Break::Words, Some((at, join))) if at > 0 => {
                    let rest = self.cells.split_off(at.min(self.cells.len()));
                    self.emit(join);
                    self.used = rest.iter().map(|cell| cell.width).sum();
                    self.cells = rest;
                }
                _ => self.emit(Join::Glue),
            }
        }
        let continued = self.join == Join::Space && self.cells.is_empty();
        if continued && cell.text == " " && breaks == Break::Words {
            return;
        }
        if cell.width > 1 && !self.cells.is_empty() && self.cells.last().is_some_and(|last| last.text != " ") {
            self.breakable = Some((self.cells.len(), Join::Glue));
        }
        self.used += cell.width;
        self.cells.push(cell);
        match (cell.text, cell.width) {
            // an indent is no place to break
            (" ", _) if self.cells.iter().all(|cell| cell.text == " ") => {}
            (" ", _) => self.breakable = Some((self.cells.len(), Join::Space)),
            (_, 2..) => self.breakable = Some((self.cells.len(), Join::Glue)),
            _ => {}
        }
    }

    /// Ends the row; `next` is how the next one follows it.
    fn emit(&mut self, next: Join) {
        if next == Join::Space {
            while self.cells.last().is_some_and(|cell| cell.text == " ") {
                self.cells.pop();
            }
        }
        let mut spans: Vec<Span> = Vec::new();
        for cell in self.cells.drain(..) {
            match spans.last_mut() {
                Some(span) if span.paint == cell.paint => span.text.push_str(cell.text),
                _ => spans.push(Span::new(cell.paint, cell.text)),
            }
        }
        let lead = if self.join == Join::Start { &self.leads.first } else { &self.leads.rest };
        self.out.push(Row { lead: Span::new(self.leads.paint, lead.clone()), spans, join: self.join });
        self.used = 0;
        self.breakable = None;
        self.join = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;
    use proptest::prelude::*;

    fn rows(text: &str, room: usize, leads: &Leads, breaks: Break) -> Vec<String> {
        let mut out = Vec::new();
        wrap(&[(Paint::Plain, text)], room, leads, breaks, &mut out);
        out.iter().map(|row| format!("{}{}", row.lead.text, row.text())).collect()
    }

    #[test]
    fn breaks_between_words_and_beside_wide_characters() {
        let none = Leads::default();
        for (text, room, want) in [
            ("", 5, vec![""]),
            ("one two three", 7, vec!["one two", "three"]),
            ("one  two", 4, vec!["one", "two"]),
            ("  indented text", 8, vec!["  indent", "ed text"]),
            ("  indented text", 11, vec!["  indented", "text"]),
            ("abcdefgh ij", 5, vec!["abcde", "fgh", "ij"]),
            ("ab 漢字漢字", 6, vec!["ab 漢", "字漢字"]),
            ("漢", 1, vec!["…"]),
            ("a\tb", 10, vec!["a   b"]),
        ] {
            assert_eq!(rows(text, room, &none, Break::Words), want, "{text:?}");
        }
        assert_eq!(rows("let x  = 1;", 6, &none, Break::Anywhere), ["let x ", " = 1;"]);
        assert_eq!(rows("one two", 5, &Leads::hanging(Paint::Plain, "- "), Break::Words), ["- one", "  two"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_row_fits(text in "[ a-c漢é🙂\t]{0,60}", room in 1usize..12, anywhere in any::<bool>()) {
            let breaks = if anywhere { Break::Anywhere } else { Break::Words };
            let mut out = Vec::new();
            wrap(&[(Paint::Plain, &text)], room, &Leads::default(), breaks, &mut out);
            prop_assert!(out.iter().all(|row| width(&row.text()) <= room));
            if room > 1 {
                let seen: String = out.iter().map(Row::text).collect::<String>().replace(' ', "");
                prop_assert_eq!(seen, text.replace([' ', '\t'], ""));
            }
            prop_assert_eq!(out[0].join, Join::Start);
            prop_assert!(out[1..].iter().all(|row| row.join != Join::Start));
        }
    }
}
