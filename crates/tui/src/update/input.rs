//! Typing.
//!
//! Owns the keys of the input, and what pasting does.

use super::Effect;
use crate::backend::Command;
use crate::model::editor::{Editor, MAX_BYTES, Step, TooLong, Way};
use crate::model::panes::input_room;
use crate::model::{Focus, Model, Prompt, Severity};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) fn key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let (ctrl, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let room = input_room(model.size.0);
    match key.code {
        KeyCode::Enter if alt || shift => insert(model, "\n"),
        KeyCode::Char('j') if ctrl => insert(model, "\n"),
        KeyCode::Enter => submit(model, effects),
        KeyCode::Esc => model.focus = Focus::Transcript,
        KeyCode::Up if !model.drafts.editor.go_row(Way::Back, room) => model.drafts.earlier(),
        KeyCode::Down if !model.drafts.editor.go_row(Way::On, room) => model.drafts.later(),
        KeyCode::Up | KeyCode::Down => {}
        KeyCode::Char(c) if !ctrl && !alt => insert(model, c.encode_utf8(&mut [0; 4])),
        _ => edit(&mut model.drafts.editor, key),
    }
}

/// The keys that every line of input has.
pub(super) fn edit(editor: &mut Editor, key: KeyEvent) {
    let (ctrl, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
    let word = if ctrl || alt { Step::Word } else { Step::Cluster };
    match key.code {
        KeyCode::Left => editor.go(Way::Back, word),
        KeyCode::Right => editor.go(Way::On, word),
        KeyCode::Char('b') if alt => editor.go(Way::Back, Step::Word),
        KeyCode::Char('f') if alt => editor.go(Way::On, Step::Word),
        KeyCode::Char('b') if ctrl => editor.go(Way::Back, Step::Cluster),
        KeyCode::Char('f') if ctrl => editor.go(Way::On, Step::Cluster),
        KeyCode::Home if ctrl => editor.go(Way::Back, Step::Text),
        KeyCode::End if ctrl => editor.go(Way::On, Step::Text),
        KeyCode::Home => editor.go(Way::Back, Step::Line),
        KeyCode::End => editor.go(Way::On, Step::Line),
        KeyCode::Char('a') if ctrl => editor.go(Way::Back, Step::Line),
        KeyCode::Char('e') if ctrl => editor.go(Way::On, Step::Line),
        KeyCode::Backspace => editor.delete(Way::Back, word),
        KeyCode::Delete => editor.delete(Way::On, word),
        KeyCode::Char('h') if ctrl => editor.delete(Way::Back, Step::Cluster),
        KeyCode::Char('d') if ctrl => editor.delete(Way::On, Step::Cluster),
        KeyCode::Char('d') if alt => editor.delete(Way::On, Step::Word),
        KeyCode::Char('w') if ctrl => editor.delete(Way::Back, Step::Word),
        KeyCode::Char('u') if ctrl => editor.delete(Way::Back, Step::Line),
        KeyCode::Char('k') if ctrl => editor.delete(Way::On, Step::Line),
        _ => {}
    }
}

fn insert(model: &mut Model, text: &str) {
    if model.drafts.editor.insert(text) == Err(TooLong) {
        model.tell(Severity::Error, format!("an input has at most {}", crate::text::bytes(MAX_BYTES as u64)));
    }
}

pub(super) fn paste(model: &mut Model, text: &str) {
    match &mut model.prompt {
        Some(Prompt::Search(editor) | Prompt::Filter(editor)) => {
            // one line is looked for; what is too long to paste is too long to look for
            let line = text.lines().next().unwrap_or_default();
            if editor.insert(line) == Err(TooLong) {
                model.tell(Severity::Error, "that is too long");
            }
        }
        Some(_) => {}
        None if model.workspace.selected().is_some() => {
            model.focus = Focus::Input;
            insert(model, text);
        }
        None => {}
    }
}

fn submit(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some((worker, text, idempotency_key)) = model.drafts.submit() else { return };
    // whoever says something wants to see what becomes of it
    if let Some(watched) = model.current_mut() {
        watched.scroll = crate::model::scroll::Scroll::Follow;
        watched.chosen = None;
    }
    effects.push(Effect::Command { worker, command: Command::Input { text, idempotency_key } });
}
