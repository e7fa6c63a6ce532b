//! Text that comes piece by piece, as rows.
//!
//! Owns the cleaning and wrapping of a text that grows: what was wrapped stays, so that a piece costs
//! what it and the line it ends cost, however long the text is. Must not know whose text it is.

use super::clean::Cleaner;
use super::markdown::{self, Fence};
use super::row::{Join, Paint, Row, Span};
use super::wrap::{Break, Leads, wrap};

/// A line that is longer is wrapped in parts, the rows of the earlier ones being final.
const LONG_LINE: usize = 4096;

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Markdown.
    Markdown,
    /// Words.
    Words(Paint),
    /// What stands in columns: code, output.
    Columns(Paint),
}

/// A text and its rows.
#[derive(Clone, Debug)]
pub struct Flow {
    kind: Kind,
    room: usize,
    leads: Leads,
    cleaner: Cleaner,
    fence: Option<Fence>,
    rows: Vec<Row>,
    /// Rows of whole lines, and of the earlier parts of a long one.
    fixed: usize,
    /// The line that has not ended, without the parts that are fixed.
    line: String,
    /// How the line under way follows what is fixed.
    join: Join,
}

impl Flow {
    /// An empty text, on rows of `room` cells.
    pub fn new(kind: Kind, room: usize, leads: Leads) -> Flow {
        Flow {
            kind,
            room,
            leads,
            cleaner: Cleaner::default(),
            fence: None,
            rows: Vec::new(),
            fixed: 0,
            line: String::new(),
            join: Join::Start,
        }
    }

    /// A whole text. Blank lines at its end are left out.
    pub fn whole(kind: Kind, room: usize, leads: Leads, text: &str) -> Vec<Row> {
        let mut flow = Flow::new(kind, room, leads);
        flow.push(text.trim_end_matches(['\n', '\r', ' ', '\t']));
        flow.finish();
        flow.rows
    }

    /// The rows so far.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Appends a piece as it came.
    pub fn push(&mut self, piece: &str) {
        let cleaned = self.cleaner.feed(piece);
        self.append(&cleaned);
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        let held = self.cleaner.finish();
        self.append(&held);
    }

    fn append(&mut self, cleaned: &str) {
        for piece in cleaned.split_inclusive('\n') {
            let (text, ended) = match piece.strip_suffix('\n') {
                Some(text) => (text, true),
                None => (piece, false),
            };
            self.take(text);
            if ended {
                self.show(Ending::Told);
                self.fixed = self.rows.len();
                self.line.clear();
                self.join = Join::Start;
            }
        }
        if !self.line.is_empty() {
            self.show(Ending::Open);
        }
    }

    /// Appends to the line under way, in steps where it is long.
    fn take(&mut self, mut text: &str) {
        while self.line.len() + text.len() > LONG_LINE {
            let room = LONG_LINE.saturating_sub(self.line.len()).max(64);
            let cut = protocol::floor_char_boundary(text, room);
            let (head, tail) = text.split_at_checked(cut).unwrap_or((text, ""));
            self.line.push_str(head);
            text = tail;
            if self.line.len() >= LONG_LINE / 2 {
                self.fix_long_line();
            }
        }
        self.line.push_str(text);
    }

    /// Makes all rows of the line final but the last, which goes on.
    fn fix_long_line(&mut self) {
        self.show(Ending::Open);
        if self.rows.len() < self.fixed + 2 {
            return;
        }
        if let Some(last) = self.rows.pop() {
            self.join = last.join;
            self.line = last.text();
            self.fixed = self.rows.len();
        }
    }

    /// Wraps the line under way anew.
    fn show(&mut self, ending: Ending) {
        self.rows.truncate(self.fixed);
        let (line, out) = (self.line.as_str(), &mut self.rows);
        let continued = self.join != Join::Start;
        let leads = match continued {
            true => Leads { first: self.leads.rest.clone(), ..self.leads.clone() },
            false => self.leads.clone(),
        };
        match self.kind {
            Kind::Markdown if !continued => {
                let mut fence = self.fence;
                markdown::line(&mut fence, line, self.room, &leads, out);
                if ending == Ending::Told {
                    self.fence = fence;
                }
            }
            Kind::Markdown if self.fence.is_some() => {
                wrap(&[(Paint::Code, line)], self.room, &leads, Break::Anywhere, out);
            }
            Kind::Markdown => wrap(&[(Paint::Plain, line)], self.room, &leads, Break::Words, out),
            Kind::Words(paint) => wrap(&[(paint, line)], self.room, &leads, Break::Words, out),
            Kind::Columns(paint) => wrap(&[(paint, line)], self.room, &leads, Break::Anywhere, out),
        }
        if let Some(row) = self.rows.get_mut(self.fixed).filter(|_| continued) {
            row.join = self.join;
        }
        // after the first row of the text, the first lead has been used
        if ending == Ending::Told {
            self.leads.first = self.leads.rest.clone();
        }
    }
}

/// Whether a line has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Told,
    Open,
}

/// A row with nothing on it.
pub fn blank() -> Row {
    Row { lead: Span::new(Paint::Plain, ""), spans: Vec::new(), join: Join::Start }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| format!("{}{}", row.lead.text, row.text())).collect()
    }

    fn pieces(text: &str, sizes: &[usize]) -> Vec<String> {
        let mut chars = text.chars().peekable();
        let mut out = Vec::new();
        for size in sizes.iter().cycle() {
            if chars.peek().is_none() {
                break;
            }
            out.push(chars.by_ref().take(*size).collect());
        }
        out
    }

    proptest! {
        #[test]
        fn however_it_comes_it_looks_the_same(
            text in "([a-c漢 `*#>-]{0,30}|```\n|\r\n|\n|\x1b\\[3|1m|\t){0,12}",
            sizes in prop::collection::vec(1usize..9, 1..5),
            room in 3usize..30,
        ) {
            let leads = Leads { first: "> ".into(), rest: "  ".into(), paint: Paint::Plain };
            for kind in [Kind::Markdown, Kind::Words(Paint::Dim), Kind::Columns(Paint::Code)] {
                let mut whole = Flow::new(kind, room, leads.clone());
                whole.push(&text);
                whole.finish();
                let mut flow = Flow::new(kind, room, leads.clone());
                for piece in pieces(&text, &sizes) {
                    flow.push(&piece);
                }
                flow.finish();
                prop_assert_eq!(flow.rows(), whole.rows());
            }
        }
    }

    #[test]
    fn a_line_without_end_is_wrapped_in_parts() {
        let text = "0123456789".repeat(30_000);
        let whole = Flow::whole(Kind::Columns(Paint::Code), 77, Leads::default(), &text);
        let mut flow = Flow::new(Kind::Columns(Paint::Code), 77, Leads::default());
        for piece in pieces(&text, &[997]) {
            flow.push(&piece);
            assert!(flow.line.len() <= LONG_LINE);
        }
        assert_eq!(texts(flow.rows()), texts(&whole));
        assert_eq!(texts(&whole).concat(), text);
        let words = Flow::whole(Kind::Markdown, 40, Leads::both(Paint::Dim, "| "), &"some **words** ".repeat(2_000));
        assert!(words.iter().all(|row| row.lead.text == "| "));
        assert!(words[1..].iter().all(|row| row.join != Join::Start));
    }
}
