//! Body lines that look like what stands between events.
//!
//! Owns the one rule: a line that is `---`, or begins an event comment, is written with a backslash
//! before it, after any white space; one that has backslashes there already gets one more. That is
//! how Markdown itself would have it, so that people and renderers see the line as it was meant.

/// A body as it is written.
pub(super) fn escaped(body: &str) -> String {
    let mut out = String::with_capacity(body.len() + 8);
    for line in body.split_inclusive('\n') {
        match marked(line) {
            Some(at) => {
                let (space, rest) = line.split_at(at);
                out.extend([space, "\\", rest]);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// A body as it was meant.
pub(super) fn meant(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    for line in written.split_inclusive('\n') {
        let unescaped = marked(line).and_then(|at| {
            let (space, rest) = line.split_at(at);
            rest.strip_prefix('\\').map(|rest| (space, rest))
        });
        match unescaped {
            Some((space, rest)) => out.extend([space, rest]),
            None => out.push_str(line),
        }
    }
    out
}

/// Whether a line of a file could be taken for a separator or an event comment by some reader.
pub(super) fn is_bare_mark(line: &str) -> bool {
    marked(line).is_some_and(|at| !line.get(at..).unwrap_or_default().starts_with('\\'))
}

/// Where the backslashes of a line stand, or would stand, that is `---` or begins a comment but for them.
fn marked(line: &str) -> Option<usize> {
    let text = line.trim_start_matches([' ', '\t']);
    let at = line.len() - text.len();
    let rest = text.trim_start_matches('\\');
    let is_comment =
        || rest.strip_prefix("<!--").is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with("event:"));
    (crate::item::is_rule(rest) || is_comment()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_written_with_a_backslash() {
        for (body, written) in [
            ("---", "\\---"),
            ("a\n---\nb", "a\n\\---\nb"),
            ("\\---\n", "\\\\---\n"),
            ("  ---\r\n", "  \\---\r\n"),
            ("<!-- event: x -->", "\\<!-- event: x -->"),
            ("<!--event:", "\\<!--event:"),
            ("----\n--- x\n<!-- note -->\n\\x", "----\n--- x\n<!-- note -->\n\\x"),
        ] {
            assert_eq!(escaped(body), written);
            assert_eq!(meant(written), body);
            assert_eq!(
                is_bare_mark(body.lines().last().unwrap_or_default()),
                written.starts_with('\\') && !body.starts_with('\\') || body.starts_with(' '),
                "{body:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_meant(body in r"(---|<!-- event:|\\|[ \t]|\r?\n|.){0,30}") {
            let written = escaped(&body);
            prop_assert_eq!(meant(&written), body);
            prop_assert!(!written.split('\n').any(is_bare_mark));
        }
    }
}
