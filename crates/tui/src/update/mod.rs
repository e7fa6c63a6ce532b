//! How the console changes.
//!
//! Owns what each message does to the model, and what it asks to be done outside. It does nothing itself:
//! no I/O, no clock, no task.

mod approvals;
mod input;
mod keys;
mod mouse;
mod prompts;
mod transcript;

pub use keys::HELP;

use crate::backend::{Command, Failure, News, WorkerKey, WorkerNews, WorkspaceNews};
use crate::model::connection::Connection;
use crate::model::watched::Watched;
use crate::model::{FOLLOWED, Model, SETTLE, Severity};
use crossterm::event::Event;
use protocol::api::TranscriptPage;
use std::time::Duration;

/// What the model hears.
#[derive(Debug)]
pub enum Message {
    /// Nothing but that time has passed.
    Tick,
    /// The terminal.
    Terminal(Event),
    /// The workspace.
    Workspace(WorkspaceNews),
    /// A worker.
    Worker {
        /// Which following of it.
        follow: u64,
        /// What.
        news: WorkerNews,
    },
    /// A page of a transcript.
    Older {
        /// For which following.
        follow: u64,
        /// What named the page.
        before: Option<String>,
        /// The page.
        answer: Result<TranscriptPage, Failure>,
    },
    /// A command was carried out, or was not.
    Done {
        /// Whose.
        worker: WorkerKey,
        /// Which.
        command: Command,
        /// How it went.
        answer: Result<(), Failure>,
    },
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Follow a worker.
    Follow {
        /// Which.
        worker: WorkerKey,
        /// What its news are to be marked with.
        follow: u64,
    },
    /// Follow it no longer.
    Unfollow(u64),
    /// Fetch a page of a transcript.
    Older {
        /// Whose.
        worker: WorkerKey,
        /// For which following.
        follow: u64,
        /// What names the page.
        before: Option<String>,
    },
    /// Carry out a command.
    Command {
        /// Whose.
        worker: WorkerKey,
        /// Which.
        command: Command,
    },
    /// Put a text where pasting takes it from.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Leave.
    Quit,
}

/// Takes messages in, at a moment of the console's clock.
pub fn update(model: &mut Model, now: Duration, messages: impl IntoIterator<Item = Message>) -> Vec<Effect> {
    model.now = now;
    let mut effects = Vec::new();
    for message in messages {
        take(model, message, &mut effects);
    }
    settle(model, &mut effects);
    effects
}

fn take(model: &mut Model, message: Message, effects: &mut Vec<Effect>) {
    match message {
        Message::Tick => {}
        Message::Terminal(event) => {
            // keys act on what has been heard by now
            settle(model, effects);
            terminal(model, event, effects);
        }
        Message::Workspace(news) => {
            if let News::Diagnostic(diagnostic) = &news {
                model.tell(Severity::Error, format!("workspace: {}", diagnostic.message));
            }
            model.workspace.hear(&news, model.now);
        }
        Message::Worker { follow, news } => {
            let now = model.now;
            if let Some(watched) = model.watched.iter_mut().find(|watched| watched.follow == follow) {
                watched.hear(&news, now);
            }
        }
        Message::Older { follow, before, answer } => older(model, follow, before.as_deref(), answer, effects),
        Message::Done { worker, command, answer } => done(model, worker, command, answer),
    }
}

fn terminal(model: &mut Model, event: Event, effects: &mut Vec<Effect>) {
    match event {
        Event::Key(key) if !key.is_release() => keys::key(model, key, effects),
        Event::Paste(text) => input::paste(model, &text),
        Event::Mouse(event) => mouse::mouse(model, event, effects),
        Event::Resize(width, height) => model.size = (width, height),
        _ => {}
    }
}

fn older(
    model: &mut Model,
    follow: u64,
    before: Option<&str>,
    answer: Result<TranscriptPage, Failure>,
    effects: &mut Vec<Effect>,
) {
    let Some(watched) = model.watched.iter_mut().find(|watched| watched.follow == follow) else { return };
    if watched.older.take(before, answer, &mut watched.items) {
        transcript::fetch_older(watched, effects);
    }
}

fn done(model: &mut Model, worker: WorkerKey, command: Command, answer: Result<(), Failure>) {
    let name = model.workspace.name(&worker);
    match (command, answer) {
        (Command::Input { .. } | Command::Approve { .. }, Ok(())) => {}
        (Command::Cancel, Ok(())) => model.tell(Severity::Info, format!("{name}: the run is being cancelled")),
        (Command::Stop, Ok(())) => model.tell(Severity::Info, format!("{name}: is being stopped")),
        (Command::Resume, Ok(())) => model.tell(Severity::Info, format!("{name}: is resumed")),
        (Command::Input { text, idempotency_key }, Err(failure)) => {
            model.drafts.returned(worker, text, idempotency_key);
            model.tell_failure(&format!("{name} was not told"), &failure);
        }
        (Command::Approve { .. }, Err(failure)) => model.tell_failure(&format!("{name} was not answered"), &failure),
        (Command::Cancel, Err(failure)) => model.tell_failure(&format!("{name}'s run goes on"), &failure),
        (Command::Stop, Err(failure)) => model.tell_failure(&format!("{name} was not stopped"), &failure),
        (Command::Resume, Err(failure)) => model.tell_failure(&format!("{name} was not resumed"), &failure),
    }
}

/// Brings everything that follows from what was heard up to date.
fn settle(model: &mut Model, effects: &mut Vec<Effect>) {
    model.workspace.settle();
    let selected = model.workspace.selected().cloned();
    model.drafts.choose(selected.as_ref());
    if model.flash.as_ref().is_some_and(|flash| flash.until <= model.now) {
        model.flash = None;
    }
    let known = selected.as_ref().and_then(|key| model.watched.iter().position(|watched| watched.key == *key));
    match (selected, known) {
        (None, _) => model.settling = None,
        (Some(_), Some(at)) => {
            model.settling = None;
            model.watched.get_mut(at..).unwrap_or_default().rotate_left(1);
        }
        (Some(key), None) => {
            let pause = if model.watched.is_empty() { Duration::ZERO } else { SETTLE };
            let at = match model.settling.take() {
                Some((before, at)) if before == key => at,
                _ => model.now.saturating_add(pause),
            };
            if at <= model.now {
                follow(model, key, effects);
            } else {
                model.settling = Some((key, at));
            }
        }
    }
    for watched in &mut model.watched {
        watched.settle(model.now);
    }
}

/// Follows a worker, and lets the one go that was chosen longest ago where there are too many.
fn follow(model: &mut Model, worker: WorkerKey, effects: &mut Vec<Effect>) {
    let follow = model.next_follow;
    model.next_follow += 1;
    model.watched.push(Watched::new(worker.clone(), follow));
    if model.watched.len() > FOLLOWED {
        effects.push(Effect::Unfollow(model.watched.remove(0).follow));
    }
    effects.push(Effect::Follow { worker, follow });
}

/// Follows the chosen worker at once, also where its stream has ended.
fn open_chosen(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(key) = model.workspace.selected().cloned() else { return };
    let ended = |watched: &Watched| watched.key == key && matches!(watched.connection, Connection::Ended(_));
    if let Some(at) = model.watched.iter().position(ended) {
        effects.push(Effect::Unfollow(model.watched.remove(at).follow));
    }
    if !model.watched.iter().any(|watched| watched.key == key) {
        model.settling = None;
        follow(model, key, effects);
    }
}
