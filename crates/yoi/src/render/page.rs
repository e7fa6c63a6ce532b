//! The text that is being made.
//!
//! Owns where a line begins, its gutter and its colour. What is given to it is clean.

use crate::look::{Look, Paint};

/// The text that is being made.
#[derive(Debug)]
pub struct Page {
    look: Look,
    out: String,
    /// Whether the last line has not been ended.
    open: bool,
}

impl Page {
    /// An empty page.
    pub fn new(look: Look) -> Page {
        Page { look, out: String::new(), open: false }
    }

    /// What has been written since the last time.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Goes on with `text`: each line that begins is preceded by `gutter`.
    pub fn flow(&mut self, paint: Paint, gutter: &str, text: &str) {
        for piece in text.split_inclusive('\n') {
            let words = piece.strip_suffix('\n').unwrap_or(piece);
            if !self.open {
                let gutter = if words.is_empty() { gutter.trim_end() } else { gutter };
                self.out.push_str(&self.look.paint(paint, gutter));
                self.open = true;
            }
            self.out.push_str(&self.look.paint(paint, words));
            if words.len() < piece.len() {
                self.out.push('\n');
                self.open = false;
            }
        }
    }

    /// Ends the line, where there is one.
    pub fn end_line(&mut self) {
        if self.open {
            self.out.push('\n');
            self.open = false;
        }
    }

    /// Writes whole lines.
    pub fn line(&mut self, paint: Paint, gutter: &str, text: &str) {
        self.end_line();
        self.flow(paint, gutter, text);
        self.end_line();
    }
}
