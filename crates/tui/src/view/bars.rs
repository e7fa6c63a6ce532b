//! The lines around the panes: whose transcript it is, what can be done, and how things are.
//!
//! Owns the status line, which tells three things apart: what the worker does, whether the backend reaches
//! its runtime, and whether this console is connected.

use super::list::{link, status as status_mark};
use super::{Canvas, row};
use crate::model::connection::Connection;
use crate::model::panes::Panes;
use crate::model::{Ask, Focus, Model, Prompt, Severity};
use crate::text::clean;
use crate::text::row::{Paint, Span};
use crate::text::{count, fit, plural, width};
use protocol::{LinkState, Usage};
use ratatui::layout::Rect;

pub fn title(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = panes.title;
    let workers = model.workspace.state().workers.len();
    let mut left = match (model.workspace.known, model.workspace.filter()) {
        (false, _) => " yoi".to_owned(),
        (true, "") => format!(" {}", plural(workers, "worker")),
        (true, filter) => format!(" /{}", clean::head(filter, 256)),
    };
    match (model.workspace.connection.is_up(), model.workspace.waiting()) {
        (false, _) if model.workspace.known => left.push_str(" · last known"),
        (_, 0) => {}
        (_, n) => left.push_str(&format!(" · {n} waiting")),
    }
    let split = if panes.list.is_empty() || panes.transcript.is_empty() {
        0
    } else {
        panes.divider.x.saturating_sub(area.x) + 1
    };
    let paint = |focus| if model.focus == focus { Paint::Bold } else { Paint::Dim };
    if !panes.list.is_empty() {
        let wide = if split == 0 { area.width } else { split - 1 };
        canvas.line(Rect { width: wide, ..area }, &[Span::new(paint(Focus::List), left)]);
    }
    let Some(key) = model.workspace.selected().filter(|_| !panes.transcript.is_empty()) else { return };
    let area = Rect { x: area.x + split, width: area.width.saturating_sub(split), ..area };
    let room = usize::from(area.width);
    let name = fit(&format!(" {}", model.workspace.name(key)), room);
    let profile = model.workspace.worker(key).map(|row| clean::head(&row.profile, 64)).unwrap_or_default();
    let about = format!("  {}  {profile}", key.runtime);
    let about = fit(&about, room.saturating_sub(width(&name)));
    let id = format!("  {}", key.worker);
    let left = room.saturating_sub(width(&name) + width(&about));
    let id = if width(&id) < left { id } else { String::new() };
    let spans = [Span::new(paint(Focus::Transcript), name), Span::new(Paint::Dim, about), Span::new(Paint::Dim, id)];
    canvas.line(area, &spans);
}

/// Draws what is asked, what has been told, or which keys there are; returns where the cursor stands.
pub fn hint(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) -> Option<(u16, u16)> {
    let area = row(panes.hint, 0);
    let (mark, editor) = match &model.prompt {
        Some(Prompt::Confirm(ask)) => {
            let again = if matches!(ask, Ask::Stop(_)) { "" } else { " (or Ctrl-C again)" };
            let words = match ask {
                Ask::Cancel(key) => format!(" Cancel the run of {}?", model.workspace.name(key)),
                Ask::Stop(key) => format!(" Stop {}? It keeps its log.", model.workspace.name(key)),
                Ask::Quit => " Leave? Workers go on.".to_owned(),
            };
            canvas.line(
                area,
                &[Span::new(Paint::Warning, words), Span::new(Paint::Bold, format!("  [y] yes{again}  [n] no"))],
            );
            return None;
        }
        Some(Prompt::Search(editor)) => (" search: ", editor),
        Some(Prompt::Filter(editor)) => (" show only: ", editor),
        Some(Prompt::Help(_)) | None => {
            let span = match &model.flash {
                Some(flash) if flash.severity == Severity::Error => {
                    Span::new(Paint::Error, format!(" error: {}", flash.text))
                }
                Some(flash) => Span::new(Paint::Bold, format!(" {}", flash.text)),
                None => standing(model, usize::from(area.width)),
            };
            canvas.line(area, &[span]);
            return None;
        }
    };
    let x = canvas.line(area, &[Span::new(Paint::Bold, mark)]);
    let inner = Rect { x: area.x + x, width: area.width.saturating_sub(x), ..area };
    let room = usize::from(inner.width).saturating_sub(1).max(1);
    let (at, column) = editor.place(room);
    let shown = editor.rows(room).get(at).map(|range| editor.shown(range)).unwrap_or_default();
    canvas.line(inner, &[Span::new(Paint::Plain, shown)]);
    Some((inner.x.saturating_add(u16::try_from(column).unwrap_or(0)), inner.y))
}

/// What stands where there is no message: why the console is cut off, or which keys there are.
fn standing(model: &Model, room: usize) -> Span {
    match model.connection() {
        Connection::Lost { reason, .. } => Span::new(Paint::Warning, format!(" ✗ {}", clean::line(&reason.message))),
        Connection::Ended(reason) => {
            let words = format!(" ✗ {}. {}", reason.message.trim_end_matches('.'), reason.hint);
            Span::new(Paint::Error, clean::line(&words))
        }
        Connection::Connecting | Connection::Connected => Span::new(Paint::Dim, keys(model, room)),
    }
}

/// As many keys as there is room for.
fn keys(model: &Model, room: usize) -> String {
    let keys: &[&str] = match model.focus {
        Focus::List => &["? help", "↑↓ choose", "Enter open", "i type", "/ narrow", "w waiting", "q leave"],
        Focus::Transcript => {
            &["? help", "↑↓ entry", "Enter fold", "e all", "/ search", "y copy", "i type", "c cancel", "q leave"]
        }
        Focus::Input => &["F1 help", "Enter send", "Alt-Enter new line", "Esc back", "Ctrl-C cancel"],
    };
    let mut words = String::new();
    for key in keys {
        let next = format!("{words} {key} ");
        if width(&next) > room {
            break;
        }
        words = next;
    }
    words
}

pub fn status(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = row(panes.status, 0);
    let room = usize::from(area.width);
    let total = |told: &[Span]| told.iter().map(|span| width(&span.text) + 3).sum::<usize>().saturating_sub(3);
    let long = told(model, Words::Long);
    let told = if total(&long) <= room { long } else { told(model, Words::Short) };
    let used = total(&told);
    let mut spans = Vec::new();
    for span in told {
        if !spans.is_empty() {
            spans.push(Span::new(Paint::Dim, " │ "));
        }
        spans.push(span);
    }
    let usage = usage(model);
    if !usage.is_empty() && used + width(&usage) + 3 <= room {
        spans.push(Span::new(Paint::Plain, " ".repeat(room - used - width(&usage) - 1)));
        spans.push(Span::new(Paint::Dim, usage));
    }
    canvas.line(area, &spans);
}

/// How much room there is for words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Long,
    Short,
}

/// The three states.
fn told(model: &Model, words: Words) -> Vec<Span> {
    let mut told: Vec<Span> = Vec::new();
    let long = words == Words::Long;
    if let Some(key) = model.workspace.selected() {
        let known = model.link().is_some_and(|link| *link == LinkState::Up) && model.hears();
        let (word, paint) = match model.status() {
            None => ("unknown".to_owned(), Paint::Dim),
            Some(status) if !known => (format!("was {}", clean::head(status.as_str(), 64)), Paint::Dim),
            Some(status) => {
                let (mark, paint) = status_mark(status);
                (format!("{mark} {}", clean::head(status.as_str(), 64)), paint)
            }
        };
        told.push(Span::new(paint, if long { format!(" worker {word}") } else { format!(" {word}") }));
        let (words, paint) = link(model.link());
        let name = if long { fit(key.runtime.as_str(), 24) } else { "link".to_owned() };
        told.push(Span::new(paint, format!("{name} {}", words.replacen("link ", "", 1))));
    }
    let connection = model.connection();
    let (mark, paint) = match connection {
        Connection::Connected => ("", Paint::Good),
        Connection::Connecting => ("", Paint::Dim),
        Connection::Lost { .. } => ("✗ ", Paint::Warning),
        Connection::Ended(_) => ("✗ ", Paint::Error),
    };
    let words = match (long, connection, connection.wait(model.now)) {
        (true, ..) => format!("console {mark}{}", connection.words(model.now)),
        (false, Connection::Ended(_), _) => "✗ ended".to_owned(),
        (false, _, Some(seconds @ 1..)) => format!("✗ retry in {seconds} s"),
        (false, ..) => format!("{mark}{}", connection.words(model.now)),
    };
    told.push(Span::new(paint, if told.is_empty() { format!(" {words}") } else { words }));
    told
}

fn usage(model: &Model) -> String {
    let own = model.current().and_then(|watched| watched.state()).map(|state| &state.usage);
    let row = || model.workspace.selected().and_then(|key| model.workspace.worker(key)).map(|row| &row.usage);
    let Some(Usage { input_tokens, output_tokens, extra }) = own.or_else(row) else { return String::new() };
    let cost =
        ["cost_usd", "total_cost_usd"].iter().find_map(|name| extra.get(*name)).and_then(serde_json::Value::as_f64);
    let cost = cost.map(|cost| format!(" · ${cost:.2}")).unwrap_or_default();
    format!("{} in · {} out{cost}", count(*input_tokens), count(*output_tokens))
}
