//! A question that waits for a person.
//!
//! Owns how it and its options look. Answering is `update`'s.

use super::{Canvas, row};
use crate::model::Model;
use crate::model::panes::Panes;
use crate::text::clean;
use crate::text::flow::{Flow, Kind};
use crate::text::row::{Join, Paint, Row, Span};
use crate::text::wrap::Leads;
use crate::text::{fit, width};
use ratatui::layout::Rect;

/// Bytes of a title that are looked at.
const TITLE_BYTES: usize = 2048;

/// The rows of a question's title.
pub fn title_rows(title: &str, width: u16) -> Vec<Row> {
    let leads = Leads::hanging(Paint::Warning, " ? ");
    let rows = Flow::whole(Kind::Words(Paint::Bold), usize::from(width), leads, &clean::head(title, TITLE_BYTES));
    if rows.is_empty() { vec![Row::line(Paint::Warning, " ? a question without words")] } else { rows }
}

/// The rows of its options, with the keys that choose them.
pub fn option_rows(options: &[String], room: u16) -> Vec<Row> {
    let room = usize::from(room);
    let mut rows: Vec<Row> = Vec::new();
    let mut used = room;
    for (n, option) in options.iter().enumerate() {
        let key = if n < 9 { format!("[{}] ", n + 1) } else { String::new() };
        let words = fit(&format!("{key}{}", clean::head(option, 512)), room.saturating_sub(3));
        let taken = width(&words) + 2;
        if used + taken > room {
            rows.push(Row { lead: Span::new(Paint::Plain, "   "), spans: Vec::new(), join: Join::Start });
            used = 3;
        }
        if let Some(row) = rows.last_mut() {
            row.spans.push(Span::new(Paint::Warning, words));
            row.spans.push(Span::new(Paint::Plain, "  "));
        }
        used += taken;
    }
    rows
}

pub fn draw(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = panes.question;
    let Some(watched) = model.current().filter(|_| !area.is_empty()) else { return };
    let (Some(question), Some(state)) = (watched.question(), watched.state()) else { return };
    canvas.rule(row(area, 0), "─");
    let more = match state.approvals.len() {
        0 | 1 => String::new(),
        n => format!(" (1 of {n})"),
    };
    canvas.line(row(area, 0), &[Span::new(Paint::Warning, format!("─ waiting for you{more} "))]);
    let options = option_rows(&question.options, area.width);
    let title = title_rows(&question.title, area.width);
    // the options are seen, whatever becomes of the title
    let for_title = usize::from(area.height.saturating_sub(1)).saturating_sub(options.len().max(1)).max(1);
    for (n, each) in title.iter().take(for_title).chain(&options).enumerate() {
        let at = row(area, n + 1);
        let mut x = canvas.put(at, 0, 0, &each.lead);
        for span in &each.spans {
            x = canvas.put(at, x, 0, span);
        }
        let cut = n + 1 == for_title.min(title.len()) && title.len() > for_title;
        if cut && at.width > 1 {
            canvas.put(Rect { x: at.right() - 1, width: 1, ..at }, 0, 0, &Span::new(Paint::Dim, "…"));
        }
    }
}
