//! Keys while something is asked or shown over everything else.
//!
//! Owns confirming, searching, narrowing and help.

use super::{Effect, input, transcript};
use crate::backend::Command;
use crate::model::{Ask, Model, Prompt, Severity};
use crate::text::search::Query;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) fn key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let interrupt = ctrl && key.code == KeyCode::Char('c');
    match model.prompt.take() {
        Some(Prompt::Confirm(ask)) => match key.code {
            KeyCode::Char('y' | 'Y') if !ctrl => confirmed(ask, effects),
            // the same key twice, except for what it does not ask for
            _ if interrupt && !matches!(ask, Ask::Stop(_)) => confirmed(ask, effects),
            _ => model.tell(Severity::Info, "nothing was done"),
        },
        Some(Prompt::Help(at)) => help(model, at, key),
        Some(_) if interrupt => {}
        Some(Prompt::Search(mut editor)) => match key.code {
            KeyCode::Esc => model.query = None,
            KeyCode::Enter => {
                model.query = Query::new(editor.text());
                transcript::find(model, transcript::Direction::Back, transcript::From::Here);
            }
            _ => {
                type_line(&mut editor, key);
                model.query = Query::new(editor.text());
                model.prompt = Some(Prompt::Search(editor));
            }
        },
        Some(Prompt::Filter(mut editor)) => match key.code {
            KeyCode::Esc => model.workspace.set_filter(""),
            KeyCode::Enter => {}
            _ => {
                type_line(&mut editor, key);
                model.workspace.set_filter(editor.text());
                model.prompt = Some(Prompt::Filter(editor));
            }
        },
        None => {}
    }
}

fn type_line(editor: &mut crate::model::editor::Editor, key: KeyEvent) {
    match key.code {
        KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            // a line that is looked for ends long before it does not fit
            let _ = editor.insert(c.encode_utf8(&mut [0; 4]));
        }
        _ => input::edit(editor, key),
    }
}

fn confirmed(ask: Ask, effects: &mut Vec<Effect>) {
    effects.push(match ask {
        Ask::Cancel(worker) => Effect::Command { worker, command: Command::Cancel },
        Ask::Stop(worker) => Effect::Command { worker, command: Command::Stop },
        Ask::Quit => Effect::Quit,
    });
}

fn help(model: &mut Model, at: usize, key: KeyEvent) {
    let at = match key.code {
        KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => at + 1,
        KeyCode::PageUp => at.saturating_sub(10),
        KeyCode::PageDown | KeyCode::Char(' ') => at + 10,
        KeyCode::Home => 0,
        _ => return,
    };
    let most = crate::view::help::rows(model.size.0).len().saturating_sub(crate::view::help::shown(model.size.1));
    model.prompt = Some(Prompt::Help(at.min(most)));
}
