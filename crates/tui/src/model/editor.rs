//! What is being typed.
//!
//! Owns the text, the cursor, and how both look on rows of so many cells. Must not know to whom it is
//! said, nor which key does what.

use crate::text::clean;
use ratatui::buffer::CellWidth;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The most bytes of a text that is typed or pasted.
pub const MAX_BYTES: usize = 128 << 10;

/// A text and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    /// Always at an edge of a cluster.
    at: usize,
}

/// The text did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the beginning.
    Back,
    /// Towards the end.
    On,
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One character.
    Cluster,
    /// One word.
    Word,
    /// To the edge of the line.
    Line,
    /// To the edge of the text.
    Text,
}

impl From<&str> for Editor {
    /// With the cursor at the end.
    fn from(text: &str) -> Self {
        let mut editor = Editor::default();
        // what is too long comes from nowhere but a paste, which is told there
        let end = protocol::floor_char_boundary(text, MAX_BYTES);
        let _ = editor.insert(text.get(..end).unwrap_or_default());
        editor
    }
}

impl Editor {
    /// What has been typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether that is nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes everything out.
    pub fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// Inserts what was typed or pasted; control characters other than tabs and line ends are left out.
    pub fn insert(&mut self, text: &str) -> Result<(), TooLong> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        if self.text.len() + text.len() > MAX_BYTES {
            return Err(TooLong);
        }
        self.text.insert_str(self.at, &text);
        self.at = self.edge_from(self.at + text.len());
        Ok(())
    }

    /// The first edge of a cluster at or after `at`.
    fn edge_from(&self, at: usize) -> usize {
        let mut edges = self.text.grapheme_indices(true).map(|(edge, _)| edge);
        edges.find(|edge| *edge >= at).unwrap_or(self.text.len())
    }

    fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn target(&self, way: Way, step: Step) -> usize {
        let (before, after) = (self.before(), self.after());
        match (way, step) {
            (Way::Back, Step::Cluster) => before.graphemes(true).next_back().map_or(0, |c| self.at - c.len()),
            (Way::On, Step::Cluster) => self.at + after.graphemes(true).next().map_or(0, str::len),
            (Way::Back, Step::Word) => {
                let words = before.trim_end();
                words.rfind(char::is_whitespace).map_or(0, |space| {
                    space + words.get(space..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
                })
            }
            (Way::On, Step::Word) => {
                let skipped = after.len() - after.trim_start().len();
                let words = after.get(skipped..).unwrap_or_default();
                self.at + skipped + words.find(char::is_whitespace).unwrap_or(words.len())
            }
            (Way::Back, Step::Line) => before.rfind('\n').map_or(0, |end| end + 1),
            (Way::On, Step::Line) => self.at + after.find('\n').unwrap_or(after.len()),
            (Way::Back, Step::Text) => 0,
            (Way::On, Step::Text) => self.text.len(),
        }
    }

    /// Moves the cursor.
    pub fn go(&mut self, way: Way, step: Step) {
        self.at = self.edge_from(self.target(way, step));
    }

    /// Deletes from the cursor on.
    pub fn delete(&mut self, way: Way, step: Step) {
        let target = self.edge_from(self.target(way, step));
        let range = target.min(self.at)..target.max(self.at);
        self.at = range.start;
        self.text.replace_range(range, "");
        self.at = self.edge_from(self.at);
    }

    /// The rows that the text takes, as ranges of it, line ends left out. At least one.
    pub fn rows(&self, room: usize) -> Vec<Range<usize>> {
        let mut rows = Vec::new();
        let (mut begin, mut used) = (0, 0);
        for (at, cluster) in self.text.grapheme_indices(true) {
            if cluster == "\n" {
                rows.push(begin..at);
                (begin, used) = (at + 1, 0);
                continue;
            }
            let width = cells(cluster);
            if used + width > room.max(1) && at > begin {
                rows.push(begin..at);
                (begin, used) = (at, 0);
            }
            used += width;
        }
        rows.push(begin..self.text.len());
        rows
    }

    /// A row as it is shown.
    pub fn shown(&self, row: &Range<usize>) -> String {
        clean::text(self.text.get(row.clone()).unwrap_or_default()).replace('\t', "→").replace('\n', " ")
    }

    /// On which row the cursor stands, and before which cell of it.
    pub fn place(&self, room: usize) -> (usize, usize) {
        let rows = self.rows(room);
        let row = rows.iter().rposition(|row| row.start <= self.at).unwrap_or(0);
        let start = rows.get(row).map_or(0, |row| row.start);
        (row, self.text.get(start..self.at).map_or(0, |text| text.graphemes(true).map(cells).sum()))
    }

    /// Moves the cursor a row up or down; false where there is none.
    pub fn go_row(&mut self, way: Way, room: usize) -> bool {
        let (row, column) = self.place(room);
        let row = match way {
            Way::Back => row.checked_sub(1),
            Way::On => row.checked_add(1),
        };
        let Some(range) = row.and_then(|row| self.rows(room).get(row).cloned()) else { return false };
        let mut used = 0;
        let mut at = range.end;
        for (offset, cluster) in self.text.get(range.clone()).unwrap_or_default().grapheme_indices(true) {
            if used + cells(cluster) > column {
                at = range.start + offset;
                break;
            }
            used += cells(cluster);
        }
        self.at = at;
        true
    }
}

fn cells(cluster: &str) -> usize {
    if cluster.contains(char::is_control) { 1 } else { usize::from(cluster.cell_width()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moves_and_deletes_by_clusters_words_and_lines() {
        let mut editor = Editor::from("one two\nd\u{301}rei 漢字");
        editor.delete(Way::Back, Step::Cluster);
        assert_eq!(editor.text(), "one two\nd\u{301}rei 漢");
        editor.delete(Way::Back, Step::Word);
        assert_eq!(editor.text(), "one two\nd\u{301}rei ");
        editor.go(Way::Back, Step::Line);
        editor.delete(Way::On, Step::Cluster);
        assert_eq!(editor.text(), "one two\nrei ");
        editor.go(Way::Back, Step::Cluster);
        editor.delete(Way::Back, Step::Line);
        assert_eq!(editor.text(), "\nrei ");
        editor.go(Way::On, Step::Text);
        editor.go(Way::Back, Step::Word);
        editor.delete(Way::On, Step::Line);
        assert_eq!(editor.take(), "\n");
        assert!(editor.is_empty());
    }

    #[test]
    fn takes_no_control_characters_and_not_too_much() {
        let mut editor = Editor::default();
        editor.insert("a\r\nb\rc\td\x1b[31m\0").unwrap();
        assert_eq!(editor.text(), "a\nb\nc\td[31m");
        assert_eq!(editor.insert(&"x".repeat(MAX_BYTES)), Err(TooLong));
        assert_eq!(editor.text().len(), 11);
    }

    #[test]
    fn goes_up_and_down_by_cells() {
        let mut editor = Editor::from("abcdef\n漢字漢\nx");
        assert_eq!(editor.place(10), (2, 1));
        assert!(editor.go_row(Way::Back, 10));
        assert_eq!(editor.place(10), (1, 0));
        editor.go(Way::On, Step::Line);
        assert!(editor.go_row(Way::Back, 10));
        assert_eq!(editor.place(10), (0, 6));
        assert!(!editor.go_row(Way::Back, 10));
        assert_eq!(editor.rows(4).len(), 5);
    }

    proptest! {
        #[test]
        fn the_cursor_stays_between_clusters(keys in prop::collection::vec((0u8..9, "[a漢\u{301}\u{200d}👨\t\n ]{0,4}"), 0..40), room in 1usize..9) {
            let mut editor = Editor::default();
            for (key, text) in keys {
                let way = if key % 2 == 0 { Way::Back } else { Way::On };
                match key {
                    0..4 => editor.insert(&text).unwrap(),
                    4 => editor.delete(way, Step::Cluster),
                    5 => editor.go(way, Step::Word),
                    6 => editor.go(way, Step::Cluster),
                    7 => editor.delete(way, Step::Word),
                    _ => { editor.go_row(way, room); }
                }
                prop_assert!(editor.at == editor.text.len() || editor.text.grapheme_indices(true).any(|(at, _)| at == editor.at));
                let (row, _) = editor.place(room);
                prop_assert!(row < editor.rows(room).len());
                let whole: String = editor.rows(room).iter().map(|r| editor.text[r.clone()].to_owned()).collect();
                prop_assert_eq!(whole, editor.text.replace('\n', ""));
            }
        }
    }
}
