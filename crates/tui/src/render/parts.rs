//! Parts of messages and tool results as rows.
//!
//! Owns how each kind of part looks; one of an unknown type is named.

use crate::text::clean;
use crate::text::diff::{self, Change};
use crate::text::flow::{Flow, Kind};
use crate::text::plural;
use crate::text::row::{Paint, Row, Span};
use crate::text::wrap::Leads;
use protocol::{DiffPart, KnownPart, Part, TerminalPart};
use serde_json::Value;

/// The parts, one below the other. `kind` is that of text among them.
pub fn rows(parts: &[Part], kind: Kind, room: usize, leads: &Leads) -> Vec<Row> {
    let mut out = Vec::new();
    let mut leads = leads.clone();
    for part in parts {
        let note = |text: String| Flow::whole(Kind::Words(Paint::Dim), room, leads.clone(), &text);
        let rows = match part {
            Part::Known(KnownPart::Text(part)) => Flow::whole(kind, room, leads.clone(), &part.text),
            Part::Known(KnownPart::Diff(part)) => change(part, room, &leads),
            Part::Known(KnownPart::Terminal(part)) => match output(part) {
                Some(text) => Flow::whole(Kind::Columns(Paint::Plain), room, leads.clone(), text),
                None => note("[terminal]".to_owned()),
            },
            _ => note(plain(part)),
        };
        out.extend(rows);
        // the mark of the whole stands before its first row only
        leads.first.clone_from(&leads.rest);
    }
    out
}

/// A part as text, for people.
pub fn plain(part: &Part) -> String {
    match part {
        Part::Known(KnownPart::Text(part)) => part.text.clone(),
        Part::Known(KnownPart::Image(part)) => match &part.uri {
            Some(uri) => format!("[{} at {uri}]", part.mime_type),
            None => format!("[{}]", part.mime_type),
        },
        Part::Known(KnownPart::Resource(part)) => format!("[{}]", part.uri),
        Part::Known(KnownPart::Diff(part)) => {
            let mut lines = vec![format!("{} {}", verb(part), part.path)];
            for change in diff::lines(part.old.as_deref().unwrap_or_default(), part.new.as_deref().unwrap_or_default())
            {
                lines.push(match change {
                    Change::Same(line) => format!("  {line}"),
                    Change::Removed(line) => format!("- {line}"),
                    Change::Added(line) => format!("+ {line}"),
                    Change::Skipped(n) => skipped(n),
                });
            }
            lines.join("\n")
        }
        Part::Known(KnownPart::Terminal(part)) => output(part).unwrap_or("[terminal]").to_owned(),
        Part::Unknown(_) => format!("[{}]", part.type_name()),
    }
}

/// The first line of what the parts say, cleaned.
pub fn first_line(parts: &[Part]) -> String {
    let line = |part: &Part| match part {
        Part::Known(KnownPart::Text(part)) => clean::first_line(&part.text),
        Part::Known(KnownPart::Terminal(part)) => clean::first_line(output(part).unwrap_or("[terminal]")),
        Part::Known(KnownPart::Diff(part)) => clean::head(&format!("{} {}", verb(part), part.path), 512),
        _ => clean::first_line(&plain(part)),
    };
    parts.iter().map(line).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The bytes of text in the parts.
pub fn size(parts: &[Part]) -> u64 {
    let one = |part: &Part| match part {
        Part::Known(KnownPart::Text(part)) => part.text.len(),
        Part::Known(KnownPart::Terminal(part)) => output(part).map_or(0, str::len),
        Part::Known(KnownPart::Diff(part)) => {
            part.old.as_ref().map_or(0, String::len) + part.new.as_ref().map_or(0, String::len)
        }
        Part::Known(KnownPart::Image(part)) => part.data.as_ref().map_or(0, String::len),
        _ => 0,
    };
    parts.iter().map(one).sum::<usize>() as u64
}

/// Whether a file's change is among the parts.
pub fn has_change(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Known(KnownPart::Diff(_))))
}

fn output(part: &TerminalPart) -> Option<&str> {
    ["output", "data", "text"].iter().find_map(|name| part.extra.get(*name)).and_then(Value::as_str)
}

fn verb(part: &DiffPart) -> &'static str {
    match (&part.old, &part.new) {
        (None, Some(_)) => "new file",
        (Some(_), None) => "removed",
        _ => "changed",
    }
}

fn skipped(n: usize) -> String {
    format!("… {} the same", plural(n, "line"))
}

fn change(part: &DiffPart, room: usize, leads: &Leads) -> Vec<Row> {
    let changes = diff::lines(part.old.as_deref().unwrap_or_default(), part.new.as_deref().unwrap_or_default());
    let (added, removed) = diff::totals(&changes);
    let title = format!("{} {}  +{added} -{removed}", verb(part), clean::head(&part.path, 1024));
    let mut out = Flow::whole(Kind::Words(Paint::Bold), room, leads.clone(), &title);
    let rest = Leads { first: leads.rest.clone(), ..leads.clone() };
    for change in changes {
        let (mark, paint, line) = match change {
            Change::Same(line) => ("  ", Paint::Plain, line),
            Change::Removed(line) => ("- ", Paint::Removed, line),
            Change::Added(line) => ("+ ", Paint::Added, line),
            Change::Skipped(n) => {
                out.extend(Flow::whole(Kind::Words(Paint::Dim), room, rest.clone(), &skipped(n)));
                continue;
            }
        };
        // the mark is text, so that it stands out with its line; the rows below are held in
        let leads = Leads { rest: format!("{}  ", rest.rest), ..rest.clone() };
        let mut rows = Flow::whole(Kind::Columns(paint), room, leads, &format!("{mark}{line}"));
        if rows.is_empty() {
            rows.push(Row { lead: Span::new(Paint::Plain, rest.rest.clone()), ..Row::line(paint, mark.trim_end()) });
        }
        out.append(&mut rows);
    }
    out
}
