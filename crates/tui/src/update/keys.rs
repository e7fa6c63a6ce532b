//! What each key does.
//!
//! Owns the keys, and the table that help shows. Must not do what a key asks for: the files beside it do.

use super::{Effect, approvals, input, open_chosen, prompts, transcript};
use crate::backend::Command;
use crate::model::editor::Editor;
use crate::model::panes::Panes;
use crate::model::{Ask, Focus, Model, Prompt, Severity};
use crate::options::Confirm;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use protocol::Status;
use ratatui::layout::Rect;

/// The keys, as help shows them.
pub const HELP: &[(&str, &[(&str, &str)])] = &[
    (
        "Anywhere",
        &[
            ("Tab  Shift-Tab", "go to the next, the previous pane"),
            ("Alt-1 … Alt-9", "answer the question with that option"),
            ("Ctrl-C", "cancel the run; where there is none, leave"),
            ("PgUp  PgDn", "scroll the transcript"),
            ("F1  Ctrl-L", "this help; draw everything anew"),
        ],
    ),
    (
        "In the list and the transcript",
        &[
            ("1 … 9", "answer the question with that option"),
            ("i", "type"),
            ("c", "cancel the run"),
            ("s  r", "stop the worker; resume it"),
            ("w", "go to the next worker that waits for a person"),
            ("p", "show the whole plan, or one line of it"),
            ("?  q", "this help; leave"),
        ],
    ),
    (
        "In the list",
        &[
            ("↑ ↓  k j  Home End", "choose a worker"),
            ("Enter  →", "go to its transcript; follow it again where that ended"),
            ("/  Esc", "narrow the list; show all"),
        ],
    ),
    (
        "In the transcript",
        &[
            ("↑ ↓  k j", "go from entry to entry, and through long ones"),
            ("Ctrl-U  Ctrl-D", "scroll by half a page"),
            ("g Home  G End", "go to the beginning; follow the newest"),
            ("Enter  Space", "fold or unfold the entry"),
            ("e", "unfold or fold all"),
            ("y", "copy the entry"),
            ("/  n  N  Esc", "search; the next older, newer; search no more"),
            ("←", "go to the list"),
        ],
    ),
    (
        "In the input",
        &[
            ("Enter", "send"),
            ("Alt-Enter  Ctrl-J", "begin a new line"),
            ("↑ ↓", "go up and down; at the edge, what was sent before"),
            ("Ctrl-A Ctrl-E  Alt-B Alt-F", "go to the edge of the line; by words"),
            ("Ctrl-W Ctrl-U Ctrl-K", "delete a word; to the beginning; to the end"),
            ("Esc", "go to the transcript; the text stays"),
        ],
    ),
];

pub(super) fn key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let (ctrl, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
    if model.prompt.is_some() {
        prompts::key(model, key, effects);
        return;
    }
    match key.code {
        KeyCode::Char('c') if ctrl => interrupt(model, effects),
        KeyCode::Char('l') if ctrl => effects.push(Effect::Redraw),
        KeyCode::F(1) => model.prompt = Some(Prompt::Help(0)),
        KeyCode::Tab => turn(model, 1),
        KeyCode::BackTab => turn(model, 2),
        KeyCode::Char(digit @ '1'..='9') if alt && !ctrl => approvals::answer(model, digit, effects),
        KeyCode::PageUp if model.focus != Focus::List => transcript::page(model, -1, effects),
        KeyCode::PageDown if model.focus != Focus::List => transcript::page(model, 1, effects),
        _ if model.focus == Focus::Input => input::key(model, key, effects),
        _ if alt => {}
        _ => command(model, key, ctrl, effects),
    }
}

/// Keys of the list and the transcript.
fn command(model: &mut Model, key: KeyEvent, ctrl: bool, effects: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Char(digit @ '1'..='9') if !ctrl => approvals::answer(model, digit, effects),
        KeyCode::Char('i') if !ctrl => type_in(model),
        KeyCode::Char('c') => cancel(model, effects),
        KeyCode::Char('s') if !ctrl => stop(model),
        KeyCode::Char('r') if !ctrl => send(model, Command::Resume, effects),
        KeyCode::Char('p') if !ctrl => model.plan_open = !model.plan_open,
        KeyCode::Char('w') if !ctrl => {
            if !model.workspace.select_waiting() {
                model.tell(Severity::Info, "no worker waits for a person");
            }
        }
        KeyCode::Char('?') => model.prompt = Some(Prompt::Help(0)),
        KeyCode::Char('q') if !ctrl => effects.push(Effect::Quit),
        _ if model.focus == Focus::List => list(model, key, effects),
        _ => transcript::key(model, key, ctrl, effects),
    }
}

fn list(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let workspace = &mut model.workspace;
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => workspace.select_by(-1),
        KeyCode::Down | KeyCode::Char('j') => workspace.select_by(1),
        KeyCode::PageUp => workspace.select_by(-10),
        KeyCode::PageDown => workspace.select_by(10),
        KeyCode::Home | KeyCode::Char('g') => workspace.select_by(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => workspace.select_by(isize::MAX),
        KeyCode::Enter | KeyCode::Right => {
            open_chosen(model, effects);
            if model.workspace.selected().is_some() {
                model.focus = Focus::Transcript;
            }
        }
        KeyCode::Char('/') => model.prompt = Some(Prompt::Filter(Editor::from(workspace.filter()))),
        KeyCode::Esc => workspace.set_filter(""),
        _ => {}
    }
}

fn turn(model: &mut Model, by: usize) {
    let order = [Focus::List, Focus::Transcript, Focus::Input];
    let at = order.iter().position(|focus| *focus == model.focus).unwrap_or(0);
    let next = order.get((at + by) % order.len()).copied().unwrap_or(Focus::List);
    // without a worker there is nothing to read or to type to
    model.focus = if model.workspace.selected().is_none() { Focus::List } else { next };
}

fn type_in(model: &mut Model) {
    match model.workspace.selected() {
        Some(_) => model.focus = Focus::Input,
        None => model.tell(Severity::Info, "there is no worker to type to"),
    }
}

/// Whether there is a run that could be cancelled.
fn is_running(model: &Model) -> bool {
    matches!(model.status(), Some(Status::Running | Status::Waiting))
}

fn interrupt(model: &mut Model, effects: &mut Vec<Effect>) {
    if is_running(model) {
        cancel(model, effects);
    } else {
        model.prompt = Some(Prompt::Confirm(Ask::Quit));
    }
}

fn cancel(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(key) = model.workspace.selected().cloned() else { return };
    if !is_running(model) {
        model.tell(Severity::Info, "no run is under way");
    } else if model.confirm_cancel == Confirm::Never {
        send(model, Command::Cancel, effects);
    } else {
        model.prompt = Some(Prompt::Confirm(Ask::Cancel(key)));
    }
}

fn stop(model: &mut Model) {
    if let Some(key) = model.workspace.selected().cloned() {
        model.prompt = Some(Prompt::Confirm(Ask::Stop(key)));
    }
}

fn send(model: &Model, command: Command, effects: &mut Vec<Effect>) {
    if let Some(worker) = model.workspace.selected().cloned() {
        effects.push(Effect::Command { worker, command });
    }
}

/// The panes as the screen has them now.
pub(super) fn panes(model: &Model) -> Option<Panes> {
    Panes::of(model, Rect::new(0, 0, model.size.0, model.size.1))
}
