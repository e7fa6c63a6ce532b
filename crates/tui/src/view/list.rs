//! The list of runtimes and workers.
//!
//! Owns how rows look. What is told of a worker whose runtime is not reached is how it was, and says so.

use super::theme::Mark;
use super::{Canvas, row};
use crate::model::panes::Panes;
use crate::model::workspace::{ListRow, Workspace};
use crate::model::{Focus, Model};
use crate::text::clean;
use crate::text::row::{Paint, Span};
use crate::text::{fit, width};
use protocol::{LinkState, RuntimeId, Status, WorkerSummary};
use ratatui::layout::Rect;

/// The first row that is seen: the chosen one stays in the middle, as far as there are rows.
pub fn top(workspace: &Workspace, height: u16) -> usize {
    let height = usize::from(height);
    let chosen = workspace.selected_row().unwrap_or(0);
    chosen.saturating_sub(height / 2).min(workspace.rows().len().saturating_sub(height))
}

/// How a status looks: a mark, a word and its weight.
pub fn status(status: &Status) -> (&'static str, Paint) {
    match status {
        Status::Idle => ("○", Paint::Dim),
        Status::Running => ("●", Paint::Good),
        Status::Waiting => ("!", Paint::Warning),
        Status::Stopping => ("◌", Paint::Warning),
        Status::Stopped => ("■", Paint::Dim),
        Status::Failed => ("✗", Paint::Error),
        Status::Other(_) => ("·", Paint::Plain),
    }
}

/// How a link is, in words.
pub fn link(link: Option<&LinkState>) -> (String, Paint) {
    match link {
        Some(LinkState::Up) => ("link up".to_owned(), Paint::Good),
        Some(LinkState::Down) => ("✗ link down".to_owned(), Paint::Error),
        Some(LinkState::Other(word)) => (format!("link {}", clean::head(word, 64)), Paint::Warning),
        None => ("link unknown".to_owned(), Paint::Dim),
    }
}

pub fn draw(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = panes.list;
    if area.is_empty() {
        return;
    }
    for n in 0..panes.divider.height {
        canvas.line(row(panes.divider, usize::from(n)), &[Span::new(Paint::Dim, "│")]);
    }
    let workspace = &model.workspace;
    if workspace.rows().is_empty() {
        let words: &[&str] = match (workspace.known, workspace.filter()) {
            (false, _) => &["waiting for the workspace…"],
            (true, "") => &["no runtimes yet", "", "they come from the", "configuration"],
            (true, _) => &["nothing matches"],
        };
        for (n, words) in words.iter().enumerate() {
            canvas.line(row(area, n), &[Span::new(Paint::Dim, format!(" {words}"))]);
        }
        return;
    }
    let (top, chosen) = (top(workspace, area.height), workspace.selected_row());
    let room = usize::from(area.width);
    for (n, each) in workspace.rows().iter().enumerate().skip(top).take(usize::from(area.height)) {
        let at = row(area, n - top);
        match each {
            ListRow::Runtime(id) => runtime(workspace, id, room, at, canvas),
            ListRow::LastKnown => {
                canvas.line(at, &[Span::new(Paint::Warning, "  last known:")]);
            }
            ListRow::NoWorkers => {
                canvas.line(at, &[Span::new(Paint::Dim, "  no workers")]);
            }
            ListRow::Worker(worker) => {
                if let Some(worker) = workspace.state().workers.get(*worker) {
                    let up = workspace.link(&worker.runtime_id) == Some(&LinkState::Up);
                    canvas.line(at, &worker_spans(worker, up, chosen == Some(n), room));
                }
                if chosen == Some(n) {
                    canvas.mark(at, if model.focus == Focus::List { Mark::Chosen } else { Mark::Resting });
                }
            }
        }
    }
}

fn runtime(workspace: &Workspace, id: &RuntimeId, room: usize, at: Rect, canvas: &mut Canvas<'_>) {
    let (words, paint) = link(workspace.link(id));
    let name = fit(id.as_str(), room.saturating_sub(width(&words) + 2));
    let space = " ".repeat(room.saturating_sub(width(&name) + width(&words) + 1));
    canvas.line(at, &[Span::new(Paint::Bold, name), Span::new(Paint::Plain, space), Span::new(paint, words)]);
}

fn worker_spans(worker: &WorkerSummary, up: bool, chosen: bool, room: usize) -> Vec<Span> {
    let (mark, paint) = if up { status(&worker.status) } else { ("?", Paint::Dim) };
    let word = clean::head(worker.status.as_str(), 64);
    let mut words = match (up, worker.approvals) {
        (false, _) => format!("was {word}"),
        (true, 0) => word,
        (true, n) => format!("{n} to answer"),
    };
    words = fit(&words, room.saturating_sub(8));
    let name = clean::head(&worker.display_name, 256);
    let name = if name.trim().is_empty() { worker.worker_id.to_string() } else { name };
    let pointer = if chosen { "›" } else { " " };
    let taken = 4 + width(&words) + 1;
    let name = fit(&name, room.saturating_sub(taken + 1));
    let space = " ".repeat(room.saturating_sub(taken + width(&name)));
    let waits = up && worker.approvals > 0;
    let (mark, paint) = if waits { ("!", Paint::Warning) } else { (mark, paint) };
    vec![
        Span::new(Paint::Plain, pointer),
        Span::new(paint, format!("{mark} ")),
        Span::new(if up { Paint::Plain } else { Paint::Dim }, name),
        Span::new(Paint::Plain, format!(" {space}")),
        Span::new(paint, words),
    ]
}
