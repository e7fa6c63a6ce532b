//! A console without a terminal: a model that is told things, and pictures of it.
//!
//! Owns what tests of screens and keys share.

use super::story::{Story, runtime, summary, worker_key, workspace};
use crate::backend::{News, WorkerKey, WorkerNews};
use crate::model::Model;
use crate::options::{Colour, Confirm};
use crate::update::{Effect, Message, update};
use crate::view::theme::Theme;
use crate::view::view;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;

pub struct Stage {
    pub model: Model,
    pub story: Story,
    pub effects: Vec<Effect>,
    now: Duration,
}

impl Stage {
    /// A console that has heard nothing.
    pub fn empty(size: (u16, u16)) -> Stage {
        let model = Model::new(None, Confirm::Ask, 7, size);
        let mut stage = Stage { model, story: Story::new(), effects: Vec::new(), now: Duration::from_secs(1) };
        stage.say(Message::Tick);
        stage
    }

    /// Two runtimes, one of them away, and a worker that is followed.
    pub fn new(size: (u16, u16)) -> Stage {
        let mut stage = Stage::empty(size);
        let workers = vec![
            summary(&worker_key("box", 1), "Nightly fixer", "running", 0),
            summary(&worker_key("box", 2), "Release notes", "waiting", 2),
            summary(&worker_key("gpu-1", 3), "Trainer", "running", 0),
        ];
        stage.say(Message::Workspace(workspace(vec![runtime("box", "up"), runtime("gpu-1", "down")], workers)));
        stage.say(Message::Workspace(News::Ready));
        let key = worker_key("box", 1);
        while stage.model.workspace.selected() != Some(&key) {
            stage.model.workspace.select_by(1);
        }
        stage.wait(0);
        stage.wait(1000);
        let snapshot = stage.story.snapshot();
        stage.news(snapshot);
        stage.news(News::Ready);
        stage.effects.clear();
        stage
    }

    pub fn key(&self) -> WorkerKey {
        self.model.workspace.selected().unwrap().clone()
    }

    pub fn say(&mut self, message: Message) {
        self.effects.extend(update(&mut self.model, self.now, [message]));
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.say(Message::Tick);
    }

    pub fn news(&mut self, news: WorkerNews) {
        let follow = self.model.current().unwrap().follow;
        self.say(Message::Worker { follow, news });
    }

    /// Goes on with the worker's story.
    pub fn tell(&mut self, more: impl FnOnce(&mut Story)) {
        more(&mut self.story);
        for news in self.story.news() {
            self.news(news);
        }
    }

    pub fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.say(Message::Terminal(Event::Key(KeyEvent::new(code, modifiers))));
    }

    /// Presses keys: each character, or a name in angle brackets.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|tail| tail.split_once('>'));
            let Some((name, tail)) = named else {
                self.press(KeyCode::Char(c), KeyModifiers::NONE);
                rest = &rest[c.len_utf8()..];
                continue;
            };
            rest = tail;
            let (modifiers, name) = match name.split_once('-') {
                Some(("c", name)) => (KeyModifiers::CONTROL, name),
                Some(("a", name)) => (KeyModifiers::ALT, name),
                _ => (KeyModifiers::NONE, name),
            };
            let code = match name {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "pgup" => KeyCode::PageUp,
                "pgdn" => KeyCode::PageDown,
                "home" => KeyCode::Home,
                "end" => KeyCode::End,
                "back" => KeyCode::Backspace,
                _ => KeyCode::Char(name.chars().next().unwrap()),
            };
            self.press(code, modifiers);
        }
    }

    /// A picture of the screen, the cursor's place below it.
    pub fn picture(&self) -> String {
        picture(&self.model, self.model.size, Colour::None)
    }
}

/// A picture of a model on a screen of some size.
pub fn picture(model: &Model, size: (u16, u16), colour: Colour) -> String {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| view(model, Theme(colour), frame)).unwrap();
    let backend = terminal.backend();
    let mut out = String::new();
    for y in 0..size.1 {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..size.0 {
            let symbol = backend.buffer()[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::text::width(symbol).max(1);
            }
            skip -= 1;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
