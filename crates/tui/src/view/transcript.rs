//! The transcript of the chosen worker.
//!
//! Owns drawing the rows that are seen, what is chosen among them and what matches. How they look is
//! `render`'s.

use super::theme::Mark;
use super::{Canvas, row};
use crate::model::connection::Connection;
use crate::model::panes::{GUTTER, Panes};
use crate::model::scroll::{Scroll, Window, window};
use crate::model::watched::Watched;
use crate::model::{Focus, Model};
use crate::render::layouts::Sheet;
use crate::text::row::{Paint, Row, Span};
use crate::text::search::Query;
use crate::text::width;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::ops::Range;

pub fn draw(model: &Model, panes: &Panes, canvas: &mut Canvas<'_>) {
    let area = panes.transcript;
    if area.is_empty() {
        return;
    }
    let Some(watched) = model.current() else {
        let words = match model.workspace.selected() {
            Some(_) => "opening…",
            None if model.workspace.known => "no worker yet: `yoi worker create` makes one",
            None => "",
        };
        canvas.line(area, &[Span::new(Paint::Dim, format!("  {words}"))]);
        return;
    };
    watched.begin_frame();
    if watched.state().is_none() {
        let words = match &watched.connection {
            Connection::Ended(failure) => crate::text::clean::line(&failure.message),
            _ => "waiting for its state…".to_owned(),
        };
        canvas.line(area, &[Span::new(Paint::Dim, format!("  {words}"))]);
        return;
    }
    watched.sheet(panes.room(), |sheet| {
        let seen = window(sheet, watched.scroll, usize::from(area.height));
        if sheet.len() <= 1 {
            canvas.line(area, &[Span::new(Paint::Dim, "  nothing has been said yet: press i to type")]);
        }
        rows(model, watched, sheet, &seen, area, canvas);
        if watched.scroll != Scroll::Follow && !seen.at_end {
            more_below(watched, area, canvas);
        }
    });
}

fn rows(model: &Model, watched: &Watched, sheet: &mut Sheet<'_>, seen: &Window, area: Rect, canvas: &mut Canvas<'_>) {
    let chosen = watched.chosen_at().filter(|_| model.focus == Focus::Transcript);
    let hits = model.query.as_ref().map(|query| hits(query, sheet, seen)).unwrap_or_default();
    for (n, place) in seen.places.iter().enumerate() {
        let at = row(area, n);
        let Some(shown) = sheet.row(place.item, place.row) else { continue };
        if chosen == Some(place.item) {
            canvas.line(at, &[Span::new(Paint::Bold, "▌")]);
        }
        let text = Rect { x: at.x + GUTTER.min(at.width), width: at.width.saturating_sub(GUTTER), ..at };
        let mut x = canvas.put(text, 0, 0, &shown.lead);
        let begin = x;
        for span in &shown.spans {
            x = canvas.put(text, x, 0, span);
        }
        for range in hits.get(&(place.item, place.row)).into_iter().flatten() {
            found(shown, range, text, begin, canvas);
        }
    }
}

/// Marks a part of a row's text.
fn found(shown: &Row, range: &Range<usize>, text: Rect, begin: u16, canvas: &mut Canvas<'_>) {
    let whole = shown.text();
    let cells = |to: usize| u16::try_from(whole.get(..to).map_or(0, width)).unwrap_or(u16::MAX);
    let (from, to) = (begin.saturating_add(cells(range.start)), begin.saturating_add(cells(range.end)));
    if from < text.width {
        canvas.mark(Rect { x: text.x + from, width: to.min(text.width) - from, ..text }, Mark::Found);
    }
}

/// What matches in the items that are seen, by item and row.
fn hits(query: &Query, sheet: &mut Sheet<'_>, seen: &Window) -> HashMap<(usize, usize), Vec<Range<usize>>> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    let Some((first, last)) = seen.items() else { return found };
    for item in first.max(1)..=last {
        let rows = || seen.places.iter().filter(|place| place.item == item).map(|place| place.row);
        let (Some(from), Some(to)) = (rows().min(), rows().max()) else { continue };
        let (gap, all) = sheet.rows(item);
        for hit in query.hits(&all, from.saturating_sub(gap), (to + 1).saturating_sub(gap)) {
            found.entry((item, hit.row + gap)).or_default().push(hit.range);
        }
    }
    found
}

fn more_below(watched: &Watched, area: Rect, canvas: &mut Canvas<'_>) {
    let words = if watched.unseen { " ↓ new: End to follow " } else { " ↓ more: End to follow " };
    let wide = u16::try_from(width(words)).unwrap_or(u16::MAX).min(area.width);
    let at = Rect { x: area.right() - wide, width: wide, ..row(area, usize::from(area.height.saturating_sub(1))) };
    canvas.line(at, &[Span::new(Paint::Bold, words)]);
    canvas.mark(at, Mark::Chosen);
}
