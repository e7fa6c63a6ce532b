//! How the screen is divided.
//!
//! Owns the places of the panes at a size, for drawing and for scrolling alike. Must not draw.

use super::{Focus, Model, Prompt};
use ratatui::layout::Rect;

/// The least cells across and down.
pub const LEAST: (u16, u16) = (30, 8);
/// From so many cells across on, list and transcript stand side by side.
const BOTH: u16 = 60;
/// Cells beside the transcript, for the mark of what is chosen.
pub const GUTTER: u16 = 2;
/// Most rows of a question's title.
const TITLE_ROWS: usize = 3;

/// Where everything stands; what is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// The first line.
    pub title: Rect,
    /// The workers.
    pub list: Rect,
    /// Between list and transcript.
    pub divider: Rect,
    /// The transcript.
    pub transcript: Rect,
    /// The plan.
    pub plan: Rect,
    /// A question, with a line above it.
    pub question: Rect,
    /// The input, with a line above it.
    pub input: Rect,
    /// Keys, or a message.
    pub hint: Rect,
    /// The three states.
    pub status: Rect,
}

impl Panes {
    /// The panes of a model on an area; nothing where it is too small.
    pub fn of(model: &Model, area: Rect) -> Option<Panes> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        let mut rest = area;
        let mut panes = Panes { title: top(&mut rest, 1), ..Panes::default() };
        panes.status = bottom(&mut rest, 1);
        panes.hint = bottom(&mut rest, 1);
        let typed = model.drafts.editor.rows(input_room(area.width)).len();
        let most = usize::from(area.height / 4).max(1);
        // a pane that nobody looks at takes as little as it can
        let shown = if model.focus == Focus::Input { typed.min(most) } else { 1 };
        panes.input = bottom(&mut rest, rows(shown + 1));
        let most = rest.height.saturating_sub(3);
        panes.question = bottom(&mut rest, question_rows(model, area.width).min(most));
        if area.width >= BOTH {
            let list = (area.width / 3).clamp(24, 40);
            panes.list = Rect { width: list, ..rest };
            panes.divider = Rect { x: rest.x + list, width: 1, ..rest };
            rest = Rect { x: rest.x + list + 1, width: rest.width - list - 1, ..rest };
        } else if model.focus == Focus::List {
            panes.list = rest;
            return Some(panes);
        }
        let most = rest.height / 2;
        panes.plan = bottom(&mut rest, plan_rows(model).min(most));
        panes.transcript = rest;
        Some(panes)
    }

    /// Cells for the text of the transcript.
    pub fn room(&self) -> usize {
        usize::from(self.transcript.width.saturating_sub(GUTTER))
    }
}

/// Cells for the text of the input.
pub fn input_room(width: u16) -> usize {
    usize::from(width.saturating_sub(3)).max(1)
}

fn rows(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn top(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let cut = Rect { height, ..*rest };
    *rest = Rect { y: rest.y + height, height: rest.height - height, ..*rest };
    cut
}

fn bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.y + rest.height, height, ..*rest }
}

fn question_rows(model: &Model, width: u16) -> u16 {
    let Some(question) = model.current().and_then(|watched| watched.question()) else { return 0 };
    if matches!(model.prompt, Some(Prompt::Help(_))) {
        return 0;
    }
    let title = crate::view::question::title_rows(&question.title, width).len().min(TITLE_ROWS);
    let options = crate::view::question::option_rows(&question.options, width).len().min(TITLE_ROWS);
    rows(1 + title + options)
}

fn plan_rows(model: &Model) -> u16 {
    let items = model.current().and_then(|watched| watched.state()).map_or(0, |state| state.plan.len());
    match (items, model.plan_open) {
        (0, _) => 0,
        (_, false) => 1,
        (items, true) => rows(items + 1),
    }
}
