//! Questions to a person.
//!
//! Owns the box around a question, and the command line that answers it. What a worker says in it
//! is quoted, so that a pasted line runs nothing else.

use super::Renderer;
use crate::look::Paint;
use protocol::Approval;
use yoi_tui::clean;

impl Renderer {
    pub(super) fn question(&mut self, approval: &Approval) {
        self.interrupt();
        self.page.line(Paint::Yellow, "", &format!("┌ needs an answer: {}", clean::line(&approval.title)));
        for option in &approval.options {
            let command =
                format!("yoi worker approve {} -- {} {}", self.worker, quote(&approval.approval_id), quote(option));
            self.page.line(Paint::Yellow, "│ ", &format!("{}:", clean::line(option)));
            self.page.line(Paint::Yellow, "│   ", &command);
        }
        self.page.line(Paint::Yellow, "", "└");
    }
}

/// A word as a POSIX shell takes it for itself and nothing more.
fn quote(word: &str) -> String {
    let word = clean::line(word);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'@');
    if !word.is_empty() && word.bytes().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_answer_runs_nothing_else() {
        for (word, want) in [
            ("allow", "allow"),
            ("allow once", "'allow once'"),
            ("$(rm -rf ~)", "'$(rm -rf ~)'"),
            ("it's; ls", r"'it'\''s; ls'"),
            ("a\nb", "'a b'"),
            ("", "''"),
        ] {
            assert_eq!(quote(word), want);
        }
    }
}
