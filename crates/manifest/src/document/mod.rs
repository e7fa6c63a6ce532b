//! A TOML text on its way to values.
//!
//! Owns places in it, and the list of everything that is wrong. Must not know what is written there.

mod members;
mod near;
mod problem;

pub(crate) use members::{Members, Value, shown};
pub(crate) use near::nearest;
pub use problem::{Problem, Problems};

use problem::place;
use std::cell::RefCell;
use toml::Spanned;
use toml::de::DeTable;

/// The most bytes of a file that is read.
pub const MAX_FILE_BYTES: usize = 256 << 10;

/// The text of a file, and what is wrong with it so far.
pub(crate) struct Document<'t> {
    file: &'static str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Document<'t> {
    /// A text, and its table where it is TOML.
    pub fn read(file: &'static str, text: &'t str) -> Result<(Document<'t>, Spanned<DeTable<'t>>), Problems> {
        let document = Document { file, text, problems: RefCell::new(Vec::new()) };
        if text.len() > MAX_FILE_BYTES {
            document.problem(0, format!("the file is longer than {MAX_FILE_BYTES} bytes"), "make it shorter");
            return Err(document.into_problems());
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            document.problem(at, format!("this is not TOML: {}", error.message()), "");
        }
        if errors.is_empty() { Ok((document, table)) } else { Err(document.into_problems()) }
    }

    /// Notes what is wrong at a byte, and what to do.
    pub fn problem(&self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        let (line, column) = place(self.text, at);
        let problem = Problem { line, column, message: message.into(), hint: hint.into() };
        self.problems.borrow_mut().push(problem);
    }

    /// Whether anything was wrong.
    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// What was wrong, in the order of the text.
    pub fn into_problems(self) -> Problems {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Problems { file: self.file, problems }
    }
}
