//! Help, over everything else.
//!
//! Owns how the table of keys is shown; the table is `update`'s.

use super::{Canvas, row};
use crate::text::flow::{Flow, Kind, blank};
use crate::text::row::{Paint, Row, Span};
use crate::text::width;
use crate::text::wrap::Leads;
use crate::update::HELP;
use ratatui::layout::Rect;

/// Cells for the keys.
const KEYS: usize = 28;

/// Rows of help that are seen at a height.
pub fn shown(height: u16) -> usize {
    usize::from(height.saturating_sub(2))
}

/// All rows of help at a width.
pub fn rows(room: u16) -> Vec<Row> {
    let room = usize::from(room.saturating_sub(2));
    let keys = KEYS.min(room / 2);
    let mut out = Vec::new();
    for (heading, table) in HELP {
        if !out.is_empty() {
            out.push(blank());
        }
        out.push(Row::line(Paint::Bold, *heading));
        for (key, what) in *table {
            let space = " ".repeat(keys.saturating_sub(width(key) + 2).max(1));
            let first = format!("  {key}{space}");
            let leads = Leads { rest: " ".repeat(keys.min(room / 2)), first, paint: Paint::Action };
            out.extend(Flow::whole(Kind::Words(Paint::Plain), room, leads, what));
        }
    }
    out
}

pub fn draw(at: usize, area: Rect, canvas: &mut Canvas<'_>) {
    canvas.clear(area);
    canvas.rule(row(area, 0), "─");
    canvas.line(row(area, 0), &[Span::new(Paint::Bold, "─ Keys ")]);
    let all = rows(area.width);
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: u16::try_from(shown(area.height)).unwrap_or(0),
    };
    let room = usize::from(inner.height);
    let top = at.min(all.len().saturating_sub(room));
    for (n, each) in all.iter().skip(top).take(room).enumerate() {
        let at = row(inner, n);
        let mut x = canvas.put(at, 0, 0, &each.lead);
        for span in &each.spans {
            x = canvas.put(at, x, 0, span);
        }
    }
    let last = row(area, usize::from(area.height.saturating_sub(1)));
    let words = if all.len() > room { " ↑↓ scroll · any other key: back" } else { " any key: back" };
    canvas.line(last, &[Span::new(Paint::Dim, words)]);
}
