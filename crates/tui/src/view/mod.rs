//! What the screen shows.
//!
//! Owns drawing: a model onto a buffer of cells. It changes nothing, and does no I/O.

mod bars;
pub mod help;
mod input;
pub mod list;
mod plan;
pub mod question;
pub mod theme;
mod transcript;

use crate::model::panes::{LEAST, Panes};
use crate::model::{Focus, Model, Prompt};
use crate::text::row::{Paint, Span};
use crate::text::{fit, width};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use theme::Theme;

/// Draws the model.
pub fn view(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut canvas = Canvas { buffer: frame.buffer_mut(), theme };
    let Some(panes) = Panes::of(model, area) else {
        let words = format!("too small: {}×{}, needs {}×{}", area.width, area.height, LEAST.0, LEAST.1);
        canvas.line(Rect { height: area.height.min(1), ..area }, &[Span::new(Paint::Plain, words)]);
        return;
    };
    bars::title(model, &panes, &mut canvas);
    list::draw(model, &panes, &mut canvas);
    transcript::draw(model, &panes, &mut canvas);
    plan::draw(model, &panes, &mut canvas);
    question::draw(model, &panes, &mut canvas);
    let typing = input::draw(model, &panes, &mut canvas);
    let asking = bars::hint(model, &panes, &mut canvas);
    bars::status(model, &panes, &mut canvas);
    let cursor = match &model.prompt {
        Some(Prompt::Help(at)) => {
            help::draw(*at, area, &mut canvas);
            None
        }
        Some(_) => asking,
        None => typing.filter(|_| model.focus == Focus::Input),
    };
    if let Some(cursor) = cursor.filter(|(x, y)| *x < area.right() && *y < area.bottom()) {
        frame.set_cursor_position(cursor);
    }
}

/// The cells to draw on.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
}

impl Canvas<'_> {
    /// Writes at a place of an area, and returns the column after it. What does not fit is left out.
    fn put(&mut self, area: Rect, x: u16, y: u16, span: &Span) -> u16 {
        let area = area.intersection(self.buffer.area);
        let (x, y) = (area.x.saturating_add(x), area.y.saturating_add(y));
        if x >= area.right() || y >= area.bottom() {
            return x.saturating_sub(area.x);
        }
        let room = usize::from(area.right() - x);
        // what is written is cut here already: the buffer leaves out what does not fit, without a mark
        let text = if width(&span.text) > room { fit(&span.text, room) } else { span.text.clone() };
        let (end, _) = self.buffer.set_stringn(x, y, text, room, self.theme.style(span.paint));
        end - area.x
    }

    /// Writes pieces on the first line of an area, one after the other.
    fn line(&mut self, area: Rect, spans: &[Span]) -> u16 {
        spans.iter().fold(0, |x, span| self.put(area, x, 0, span))
    }

    /// Fills the first line of an area with a character.
    fn rule(&mut self, area: Rect, mark: &str) {
        let line = Span::new(Paint::Dim, mark.repeat(usize::from(area.width)));
        self.put(area, 0, 0, &line);
    }

    /// Makes part of a line stand out, whatever is on it.
    fn mark(&mut self, area: Rect, mark: theme::Mark) {
        let area = area.intersection(self.buffer.area);
        let style = self.theme.mark(mark);
        self.buffer.set_style(area, style);
    }

    /// Takes everything off an area.
    fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for (x, y) in area.positions().map(|position| (position.x, position.y)) {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// The row of an area.
fn row(area: Rect, n: usize) -> Rect {
    let n = u16::try_from(n).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + n, height: (area.height - n).min(1), ..area }
}
