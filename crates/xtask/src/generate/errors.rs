//! `docs/errors.md`: the table of codes for people.
//!
//! Owns the words around the table; the table is `protocol::Code`'s.

use protocol::{Code, Retry};
use std::fmt::Write as _;

const HEAD: &str = "\
# Errors

<!-- Made from crates/protocol/src/code.rs by `cargo run -p xtask -- generate`. Edit that instead. -->

Whatever goes wrong has one of these codes, wherever it is told: in the `code` of a problem document
(REST, `application/problem+json`, its `type` being `urn:yoi:error:<code>`), in the `code` of a
`diagnostic` frame (streams), and behind the exit status of a command.

- **HTTP** is the status of the problem document.
- **Close** is the code with which a WebSocket is closed after the diagnostic. A dash: it stays open.
  `cursor_unknown` and `cursor_expired` close only where the client asked for `on_gap=close`.
- **Exit** is the exit status of a `yoi` command that ends with this error.
- **Retry** says whether the same request may succeed later.
- **Action** is what a program does next: `wait` (the server goes on by itself), `resume` (connect again
  with the last cursor), `resnapshot` (take the snapshot that follows, or connect without a cursor),
  `sign_in` (get a new credential, then resume) or `stop` (give up).

A program that meets a code it does not know goes by `retryable` and `action`, which are sent with
every error.

";

/// The whole page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| Code | HTTP | Close | Exit | Retry | Action | Meaning | Remedy |\n");
    page.push_str("|---|---|---|---|---|---|---|---|\n");
    for code in Code::KNOWN {
        let info = code.info();
        let close = info.close_code.map_or_else(|| "–".to_owned(), |c| c.to_string());
        let retry = if info.retry == Retry::Yes { "yes" } else { "no" };
        // writing to a string does not fail
        let _ = writeln!(
            page,
            "| `{code}` | {} | {close} | {} | {retry} | `{}` | {} | {} |",
            info.http_status, info.exit_status, info.action, info.title, info.remedy
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_row_of_eight_cells() {
        let page = page();
        for code in Code::KNOWN {
            let row = page.lines().find(|l| l.starts_with(&format!("| `{code}` |"))).unwrap();
            assert_eq!(row.matches('|').count(), 9, "{row}");
        }
    }
}
