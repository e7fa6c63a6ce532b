//! The input.
//!
//! Owns how what is being typed looks, and where the cursor stands.

use super::{Canvas, row};
use crate::model::panes::{Panes, input_room};
use crate::model::{Focus, Model};
use crate::text::plural;
use crate::text::row::{Paint, Span};
use ratatui::layout::Rect;

/// Draws the input; returns where the cursor stands.
pub fn draw(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) -> Option<(u16, u16)> {
    let area = panes.input;
    let typing = model.focus == Focus::Input;
    let name = model.workspace.selected().map(|key| model.workspace.name(key));
    canvas.rule(row(area, 0), "─");
    let above = match (&name, typing) {
        (None, _) => String::new(),
        (Some(name), true) => format!("─ to {name} "),
        (Some(name), false) => format!("─ to {name}: press i "),
    };
    canvas.line(row(area, 0), &[Span::new(if typing { Paint::Bold } else { Paint::Dim }, above)]);
    let text = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    let height = usize::from(text.height);
    let editor = &model.drafts.editor;
    let room = input_room(area.width);
    let rows = editor.rows(room);
    let (at, column) = editor.place(room);
    // the cursor's row is seen
    let top = (at + 1).saturating_sub(height).max(at.saturating_sub(height / 2)).min(rows.len().saturating_sub(height));
    canvas.line(row(text, 0), &[Span::new(if typing { Paint::Person } else { Paint::Dim }, "› ")]);
    let inner = Rect { x: text.x + 2.min(text.width), width: text.width.saturating_sub(2), ..text };
    for (n, range) in rows.iter().skip(top).take(height).enumerate() {
        let paint = if typing { Paint::Plain } else { Paint::Dim };
        canvas.line(row(inner, n), &[Span::new(paint, editor.shown(range))]);
    }
    if rows.len() > height && !typing {
        let more = Span::new(Paint::Dim, format!(" … {}", plural(rows.len(), "row")));
        let wide = u16::try_from(crate::text::width(&more.text)).unwrap_or(0).min(inner.width);
        canvas.line(Rect { x: inner.right() - wide, width: wide, ..row(inner, 0) }, &[more]);
    }
    let (x, y) = (u16::try_from(column).ok()?, u16::try_from(at.checked_sub(top)?).ok()?);
    (usize::from(y) < height).then(|| (inner.x.saturating_add(x), inner.y.saturating_add(y)))
}
