//! Markdown, as far as a terminal gains by it.
//!
//! Owns what a line of it looks like: headings, lists with a hanging indent, quotes, fences of code kept as
//! they are, `code` and **bold** within a line. Whatever else there is stays as it was written. It sees one
//! line at a time, so that text can be shown while it comes.

use super::row::{Paint, Row};
use super::wrap::{Break, Leads, wrap};

/// A fence of code that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    mark: char,
    length: usize,
}

/// Shows the next line. `fence` is the one that is open.
pub fn line(fence: &mut Option<Fence>, line: &str, room: usize, leads: &Leads, out: &mut Vec<Row>) {
    let content = line.trim_start_matches(' ');
    if let Some(open) = *fence {
        if closes(open, content) {
            *fence = None;
            wrap(&[(Paint::Dim, line)], room, leads, Break::Anywhere, out);
        } else {
            wrap(&[(Paint::Code, line)], room, leads, Break::Anywhere, out);
        }
        return;
    }
    if let Some(opened) = opens(content) {
        *fence = Some(opened);
        wrap(&[(Paint::Dim, line)], room, leads, Break::Anywhere, out);
        return;
    }
    if heading(content) {
        wrap(&[(Paint::Bold, content)], room, leads, Break::Words, out);
        return;
    }
    let mark = marker(line);
    let (lead, rest) = line.split_at_checked(mark).unwrap_or(("", line));
    let leads = match (lead, lead.trim_start().starts_with('>')) {
        ("", _) => leads.clone(),
        (_, true) => Leads::both(Paint::Dim, lead).within(leads),
        (_, false) => Leads::hanging(Paint::Plain, lead).within(leads),
    };
    wrap(&inline(rest), room, &leads, Break::Words, out);
}

fn opens(content: &str) -> Option<Fence> {
    let mark = content.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = content.chars().take_while(|c| *c == mark).count();
    // a line such as ```this``` is code within text
    let info = content.get(length..).unwrap_or_default();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Fence { mark, length })
}

fn closes(fence: Fence, content: &str) -> bool {
    let length = content.chars().take_while(|c| *c == fence.mark).count();
    length >= fence.length && content.get(length..).is_some_and(|rest| rest.trim().is_empty())
}

fn heading(content: &str) -> bool {
    let level = content.bytes().take_while(|b| *b == b'#').count();
    (1..=6).contains(&level) && content.as_bytes().get(level) == Some(&b' ')
}

/// The length of what stands before the text of a list item or quote; 0 where it is neither.
fn marker(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let content = line.get(indent..).unwrap_or_default().as_bytes();
    let mark = match content {
        [b'>', b' ', ..] => 2,
        [b'-' | b'*' | b'+', b' ', ..] => 2,
        _ => match content.iter().take_while(|b| b.is_ascii_digit()).count() {
            digits @ 1..=9 if matches!(content.get(digits..digits + 2), Some([b'.' | b')', b' '])) => digits + 2,
            _ => 0,
        },
    };
    // deeper than anybody nests by hand, a lead would leave no room
    if mark == 0 || indent > 16 { 0 } else { indent + mark }
}

/// The pieces of a line: code with its marks, since colour alone must not tell it; bold without.
fn inline(text: &str) -> Vec<(Paint, &str)> {
    let mut pieces = Vec::new();
    let (mut rest, mut plain) = (0, 0);
    while let Some(tail) = text.get(rest..).filter(|tail| !tail.is_empty()) {
        let (found, skip) = if tail.starts_with('`') {
            let marks = tail.bytes().take_while(|b| *b == b'`').count();
            (code(tail, marks).map(|length| (Paint::Code, 0..length, length)), marks)
        } else if let Some(inner) = tail.strip_prefix("**") {
            let found = inner.find("**").filter(|end| *end > 0 && tight(inner, *end));
            (found.map(|end| (Paint::Bold, 2..end + 2, end + 4)), 2)
        } else {
            (None, tail.find(['`', '*']).map_or(tail.len(), |at| at.max(1)))
        };
        match found {
            Some((paint, shown, length)) => {
                pieces.push((Paint::Plain, text.get(plain..rest).unwrap_or_default()));
                pieces.push((paint, tail.get(shown).unwrap_or_default()));
                rest += length;
                plain = rest;
            }
            None => rest += skip,
        }
    }
    pieces.push((Paint::Plain, text.get(plain..).unwrap_or_default()));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

/// The length of the code that `text` begins with, its `marks` on both sides included.
fn code(text: &str, marks: usize) -> Option<usize> {
    let mut at = marks;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('`')) {
        let begin = at + next;
        let run = text.get(begin..).unwrap_or_default().bytes().take_while(|b| *b == b'`').count();
        if run == marks {
            return Some(begin + run);
        }
        at = begin + run;
    }
    None
}

/// Whether the text up to `end` has no space at its ends.
fn tight(text: &str, end: usize) -> bool {
    text.get(..end).is_some_and(|inner| inner.trim().len() == inner.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, room: usize) -> String {
        let (mut fence, mut out) = (None, Vec::new());
        for each in text.lines() {
            line(&mut fence, each, room, &Leads::default(), &mut out);
        }
        let mut shown = String::new();
        for row in out {
            shown.push_str(&row.lead.text);
            for span in row.spans {
                let (open, close) = match span.paint {
                    Paint::Bold => ("<b>", "</b>"),
                    Paint::Code => ("<c>", "</c>"),
                    Paint::Dim => ("<d>", "</d>"),
                    _ => ("", ""),
                };
                shown.push_str(&format!("{open}{}{close}", span.text));
            }
            shown.push('\n');
        }
        shown
    }

    #[test]
    fn looks() {
        let text = "# A *heading*\nSome **bold** words, `code **here**`, 2 ** 3 and ** not **.\n- one two three four five six\n  \
            10. nested item that wraps around\n> quoted and also wrapped\n```rust\nlet x = \"**no**\";   // wide\n~~~\n```\n\
            ```not a fence``` and ``a ` b``\n#no heading\n***\n`open **open";
        insta::assert_snapshot!(show(text, 28), @r#"
        <b># A *heading*</b>
        Some <b>bold</b> words, <c>`code</c>
        <c>**here**`</c>, 2 ** 3 and ** not
        **.
        - one two three four five
          six
          10. nested item that wraps
              around
        > quoted and also wrapped
        <d>```rust</d>
        <c>let x = "**no**";   // wide</c>
        <c>~~~</c>
        <d>```</d>
        <c>```not a fence```</c> and <c>``a `</c>
        <c>b``</c>
        #no heading
        ***
        `open **open
        "#);
    }
}
