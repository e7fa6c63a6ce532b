//! Entries of a transcript as rows.
//!
//! Owns how messages, answers, reasoning, calls, results and notices look, folded and not.

use super::Fold;
use super::heading::Heading;
use super::parts;
use crate::text::clean;
use crate::text::flow::{Flow, Kind};
use crate::text::row::{Paint, Row};
use crate::text::wrap::Leads;
use crate::text::{bytes, plural};
use protocol::{BlockStatus, Entry, EntryKind, Level, Part};
use serde_json::Value;

/// Arguments that are longer are shown as they came.
const PRETTY_BYTES: usize = 64 << 10;

/// Whether an entry can be folded.
pub fn foldable(kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::Thinking | EntryKind::ToolCall | EntryKind::ToolResult)
}

/// How an entry shows where nobody said otherwise: what a person reads is open.
pub fn default_fold(entry: &Entry) -> Fold {
    let changes = entry.content.as_deref().is_some_and(parts::has_change);
    if foldable(&entry.kind) && !changes { Fold::Folded } else { Fold::Open }
}

/// What stands before the rows of reasoning.
pub fn thinking_leads() -> Leads {
    Leads::both(Paint::Dim, "┆ ")
}

/// What stands before the rows of a call's arguments and of a result.
pub fn inner_leads() -> Leads {
    Leads::both(Paint::Dim, "  ")
}

/// The name and subject of a call, cleaned.
pub fn call_words(tool: Option<&str>, title: Option<&str>, arguments: &str) -> (String, String) {
    let name = tool.map(|tool| clean::head(tool, 128)).filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| "tool".to_owned());
    let title = title.map(|title| clean::head(title, 1024)).filter(|title| !title.trim().is_empty() && *title != name);
    (name, title.unwrap_or_else(|| clean::first_line(arguments)))
}

/// The heading of reasoning.
pub fn thinking_heading(fold: Fold, text: &str, lines: usize, status: (Paint, String)) -> Heading {
    let figures = format!("{} · {}", plural(lines, "line"), bytes(text.len() as u64));
    Heading { fold, name: "thinking".into(), paint: Paint::Dim, about: String::new(), figures, status }
}

/// The rows of an entry. `answer` says of a call whether it failed, where it has been answered.
pub fn rows(entry: &Entry, fold: Fold, answer: Option<bool>, room: usize) -> Vec<Row> {
    let text = entry.text.as_deref().unwrap_or_default();
    let content = entry.content.as_deref().unwrap_or_default();
    let mut out = Vec::new();
    match &entry.kind {
        EntryKind::UserMessage => {
            omitted(entry, &mut out);
            let leads = Leads::hanging(Paint::Person, "› ");
            out.extend(parts::rows(content, Kind::Words(Paint::Person), room, &leads));
        }
        EntryKind::Text => {
            omitted(entry, &mut out);
            out.extend(Flow::whole(Kind::Markdown, room, Leads::default(), text));
        }
        EntryKind::Thinking => {
            let lines = text.trim_end().lines().count();
            out.push(thinking_heading(fold, text, lines, cut_off(entry.status.as_ref())).row(room));
            if fold == Fold::Open {
                omitted(entry, &mut out);
                out.extend(Flow::whole(Kind::Words(Paint::Dim), room, thinking_leads(), text));
            }
            return out;
        }
        EntryKind::ToolCall => {
            out.push(call(entry, fold, answer, text).row(room));
            if fold == Fold::Open {
                omitted(entry, &mut out);
                let shown = pretty(text);
                let shown = shown.as_deref().unwrap_or(text);
                out.extend(Flow::whole(Kind::Columns(Paint::Code), room, inner_leads(), shown));
            }
            return out;
        }
        EntryKind::ToolResult => {
            out.push(result(entry, fold, content).row(room));
            if fold == Fold::Open {
                omitted(entry, &mut out);
                out.extend(parts::rows(content, Kind::Columns(Paint::Plain), room, &inner_leads()));
            }
            return out;
        }
        EntryKind::Notice => out.extend(notice(entry, room)),
        EntryKind::Other(kind) => {
            out.push(Row::line(Paint::Dim, format!("[{}]", clean::head(kind, 64))));
            out.extend(Flow::whole(Kind::Words(Paint::Plain), room, inner_leads(), text));
            out.extend(Flow::whole(
                Kind::Words(Paint::Plain),
                room,
                inner_leads(),
                entry.message.as_deref().unwrap_or_default(),
            ));
            out.extend(parts::rows(content, Kind::Words(Paint::Plain), room, &inner_leads()));
        }
    }
    let (paint, words) = cut_off(entry.status.as_ref());
    if !words.is_empty() {
        out.push(Row::line(paint, format!("[{words}]")));
    }
    if out.is_empty() {
        out.push(Row::line(Paint::Dim, "(empty)"));
    }
    out
}

fn cut_off(status: Option<&BlockStatus>) -> (Paint, String) {
    match status {
        None | Some(BlockStatus::Complete) => (Paint::Dim, String::new()),
        Some(BlockStatus::Interrupted) => (Paint::Warning, "interrupted".into()),
        Some(BlockStatus::Other(other)) => (Paint::Warning, clean::head(other, 64)),
    }
}

fn call(entry: &Entry, fold: Fold, answer: Option<bool>, text: &str) -> Heading {
    let (name, about) = call_words(entry.tool.as_deref(), entry.title.as_deref(), text);
    let status = match (answer, cut_off(entry.status.as_ref())) {
        (Some(false), _) => (Paint::Good, "ok".to_owned()),
        (Some(true), _) => (Paint::Error, "failed".to_owned()),
        (None, (_, words)) if words.is_empty() => (Paint::Dim, "called".to_owned()),
        (None, cut_off) => cut_off,
    };
    Heading { fold, name, paint: Paint::Action, about, figures: bytes(text.len() as u64), status }
}

fn result(entry: &Entry, fold: Fold, content: &[Part]) -> Heading {
    let status = match entry.is_error {
        Some(true) => (Paint::Error, "failed".to_owned()),
        _ => (Paint::Dim, String::new()),
    };
    let size = parts::size(content).saturating_add(entry.omitted_bytes);
    let about = parts::first_line(content);
    Heading { fold, name: "↳ result".into(), paint: Paint::Dim, about, figures: bytes(size), status }
}

fn notice(entry: &Entry, room: usize) -> Vec<Row> {
    let level = entry.level.clone().unwrap_or(Level::Info);
    let paint = match level {
        Level::Error => Paint::Error,
        Level::Warning => Paint::Warning,
        _ => Paint::Dim,
    };
    let code = entry.code.as_deref().map(|code| clean::head(code, 64)).filter(|code| !code.is_empty());
    let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    let message = entry.message.as_deref().unwrap_or_default();
    let leads = Leads::hanging(paint, "! ");
    let text = format!("{}: {}{code}", clean::head(level.as_str(), 64), message.trim_end());
    Flow::whole(Kind::Words(paint), room, leads, &text)
}

fn omitted(entry: &Entry, out: &mut Vec<Row>) {
    if entry.omitted_bytes > 0 {
        out.push(omitted_row(entry.omitted_bytes));
    }
}

/// Says that the beginning of a text is not here.
pub fn omitted_row(n: u64) -> Row {
    Row::line(Paint::Dim, format!("… {} before this are left out", bytes(n)))
}

/// Arguments that are an object, spread out.
pub fn pretty(text: &str) -> Option<String> {
    if text.len() > PRETTY_BYTES || !text.trim_start().starts_with('{') {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    serde_json::to_string_pretty(&value).ok()
}
