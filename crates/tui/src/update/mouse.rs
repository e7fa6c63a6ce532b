//! The mouse.
//!
//! Owns what the wheel and a click do, where the console has the mouse.

use super::{Effect, keys, transcript};
use crate::model::scroll::window;
use crate::model::{Focus, Model};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that one notch of the wheel scrolls.
const NOTCH: isize = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent, effects: &mut Vec<Effect>) {
    let Some(panes) = keys::panes(model).filter(|_| model.prompt.is_none()) else { return };
    let at = Position::new(event.column, event.row);
    let in_list = panes.list.contains(at);
    match event.kind {
        MouseEventKind::ScrollUp if in_list => model.workspace.select_by(-1),
        MouseEventKind::ScrollDown if in_list => model.workspace.select_by(1),
        MouseEventKind::ScrollUp => transcript::scroll(model, -NOTCH, effects),
        MouseEventKind::ScrollDown => transcript::scroll(model, NOTCH, effects),
        MouseEventKind::Down(MouseButton::Left) if in_list => {
            let row = usize::from(event.row - panes.list.y);
            let top = crate::view::list::top(&model.workspace, panes.list.height);
            model.workspace.select_row(top + row);
            model.focus = Focus::List;
        }
        MouseEventKind::Down(MouseButton::Left) if panes.transcript.contains(at) => {
            let row = usize::from(event.row - panes.transcript.y);
            let height = usize::from(panes.transcript.height);
            let chosen = model.current().and_then(|watched| {
                watched.sheet(panes.room(), |sheet| {
                    let place = window(sheet, watched.scroll, height).places.get(row).copied()?;
                    sheet.items.list().get(place.item.max(1)).map(|item| item.uid)
                })
            });
            if let (Some(uid), Some(watched)) = (chosen, model.current_mut()) {
                watched.chosen = Some(uid);
            }
            model.focus = Focus::Transcript;
        }
        MouseEventKind::Down(MouseButton::Left) if panes.input.contains(at) && model.workspace.selected().is_some() => {
            model.focus = Focus::Input;
        }
        _ => {}
    }
}
