//! The agent's plan.
//!
//! Owns its one line, and the whole of it.

use super::{Canvas, row};
use crate::model::Model;
use crate::model::panes::{GUTTER, Panes};
use crate::text::clean;
use crate::text::row::{Paint, Span};
use protocol::{PlanItem, PlanStatus};
use ratatui::layout::Rect;

pub fn draw(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = panes.plan;
    let Some(state) = model.current().and_then(|watched| watched.state()).filter(|_| !area.is_empty()) else { return };
    let done = state.plan.iter().filter(|item| item.status == PlanStatus::Completed).count();
    let now = state.plan.iter().find(|item| item.status == PlanStatus::InProgress);
    let next = || state.plan.iter().find(|item| item.status == PlanStatus::Pending);
    let heading = format!("plan {done}/{}", state.plan.len());
    let area = Rect { x: area.x + GUTTER, width: area.width.saturating_sub(GUTTER), ..area };
    let mut spans = vec![Span::new(Paint::Bold, heading)];
    if !model.plan_open {
        if let Some(item) = now.or_else(next) {
            spans.push(Span::new(Paint::Plain, format!(" {}", words(item))));
        }
        canvas.line(row(area, 0), &spans);
        return;
    }
    canvas.line(row(area, 0), &spans);
    // what is under way is seen, however long the plan is
    let room = usize::from(area.height.saturating_sub(1));
    let at = state.plan.iter().position(|item| item.status != PlanStatus::Completed).unwrap_or(0);
    let top = at.saturating_sub(room / 2).min(state.plan.len().saturating_sub(room));
    for (n, item) in state.plan.iter().skip(top).take(room).enumerate() {
        let paint = match item.status {
            PlanStatus::Completed => Paint::Dim,
            PlanStatus::InProgress => Paint::Bold,
            _ => Paint::Plain,
        };
        canvas.line(row(area, n + 1), &[Span::new(paint, words(item))]);
    }
}

fn words(item: &PlanItem) -> String {
    let mark = match &item.status {
        PlanStatus::Completed => "[x]",
        PlanStatus::InProgress => "[>]",
        PlanStatus::Pending => "[ ]",
        PlanStatus::Other(_) => "[?]",
    };
    format!("{mark} {}", clean::head(&item.content, 1024))
}
