//! A worker that is followed.
//!
//! Owns all that the console knows of it: the folded state, the items shown, what is seen of them, its link
//! and connection, and how far the older transcript has been fetched. Must not know keys or the screen.

use super::connection::Connection;
use super::items::{Aside, Item, Items, Seam};
use super::older::Older;
use super::scroll::Scroll;
use crate::backend::{News, WorkerKey, WorkerNews};
use crate::render::layouts::{Folds, Layouts, Sheet};
use crate::text::clean;
use crate::text::row::Paint;
use protocol::{AnyEvent, Approval, EventKind, LinkState, Outcome, State, Status};
use std::cell::RefCell;
use std::time::Duration;
use yoi_client::Folded;

/// A worker that is followed.
#[derive(Debug)]
pub struct Watched {
    /// Which.
    pub key: WorkerKey,
    /// Which following of it: news of an earlier one are not for this.
    pub follow: u64,
    folded: Folded,
    /// What is shown.
    pub items: Items,
    /// How the backend reaches its runtime, as far as this stream says.
    pub link: Option<LinkState>,
    /// How the stream is.
    pub connection: Connection,
    /// Which part is seen.
    pub scroll: Scroll,
    /// The item that keys act on; the last where none.
    pub chosen: Option<u64>,
    /// What is folded.
    pub folds: Folds,
    /// Whether something came below what is seen.
    pub unseen: bool,
    /// The older transcript.
    pub older: Older,
    /// The question that is shown, and since when.
    pub asked: Option<(String, Duration)>,
    layouts: RefCell<Layouts>,
}

impl Watched {
    /// A worker of which nothing has been heard.
    pub fn new(key: WorkerKey, follow: u64) -> Watched {
        Watched {
            key,
            follow,
            folded: Folded::default(),
            items: Items::default(),
            link: None,
            connection: Connection::default(),
            scroll: Scroll::default(),
            chosen: None,
            folds: Folds::default(),
            unseen: false,
            older: Older::default(),
            asked: None,
            layouts: RefCell::default(),
        }
    }

    /// The state, once a snapshot has come.
    pub fn state(&self) -> Option<&State> {
        self.folded.state()
    }

    /// What the worker does, as far as its stream says.
    pub fn status(&self) -> Option<&Status> {
        self.state().map(|state| &state.status)
    }

    /// The question to be answered first.
    pub fn question(&self) -> Option<&Approval> {
        self.state()?.approvals.first()
    }

    /// Takes note of what the stream says. [`Watched::settle`] follows, once for many.
    pub fn hear(&mut self, news: &WorkerNews, now: Duration) {
        self.connection.hear(news, now);
        match news {
            News::Event(event) => self.event(event),
            News::Heartbeat(Some((_, link))) => self.link = Some(link.clone()),
            News::Link { state, lost } => self.linked(state, *lost),
            News::Diagnostic(diagnostic) => {
                let text = format!("{} [{}]", clean::line(&diagnostic.message), clean::line(diagnostic.code.as_str()));
                self.items.aside(Aside { paint: Paint::Dim, text });
            }
            News::Ended(failure) => {
                let text = format!("this console no longer follows: {}", clean::line(&failure.message));
                self.items.aside(Aside { paint: Paint::Warning, text });
            }
            News::Ready | News::Heartbeat(None) | News::Lost { .. } | News::Back => {}
        }
    }

    fn event(&mut self, event: &AnyEvent) {
        let asked = match event.kind() {
            Some(EventKind::ApprovalResolved { approval_id, .. }) => self.title_of(approval_id),
            _ => None,
        };
        self.folded.event(event);
        let Some(state) = self.folded.state() else { return };
        self.unseen |= self.scroll != Scroll::Follow;
        match event.kind() {
            Some(EventKind::BlockDelta { .. }) => return,
            Some(EventKind::Snapshot(_)) => {
                if self.items.replace(state) == Seam::Torn {
                    self.older = Older::default();
                }
                // blocks may have gone on differently
                self.layouts.borrow_mut().clear();
                return;
            }
            _ => self.items.follow(state),
        }
        if let Some(aside) = event.kind().and_then(|kind| aside(kind, asked)) {
            self.items.aside(aside);
        }
    }

    fn title_of(&self, approval_id: &str) -> Option<String> {
        let asked = self.state()?.approvals.iter().find(|approval| approval.approval_id == approval_id)?;
        Some(clean::head(&asked.title, 256))
    }

    fn linked(&mut self, state: &LinkState, lost: bool) {
        let (paint, mut text) = match state {
            LinkState::Up => (Paint::Dim, "the backend reaches the runtime again".to_owned()),
            LinkState::Down => (Paint::Warning, "the backend does not reach the runtime".to_owned()),
            LinkState::Other(word) => (Paint::Warning, format!("the runtime's link is {}", clean::line(word))),
        };
        if lost {
            text.push_str("; events were lost meanwhile");
        }
        // how it is at the start is no change
        if self.link.as_ref().is_some_and(|before| before != state) || *state != LinkState::Up || lost {
            self.items.aside(Aside { paint, text });
        }
        self.link = Some(state.clone());
    }

    /// Brings what is shown up to date.
    pub fn settle(&mut self, now: Duration) {
        self.items.settle();
        self.folds.retain(&self.items);
        if self.scroll == Scroll::Follow {
            self.unseen = false;
        }
        let question = self.question().map(|question| question.approval_id.clone());
        self.asked = match (question, self.asked.take()) {
            (None, _) => None,
            (Some(id), Some((before, since))) if id == before => Some((id, since)),
            (Some(id), _) => Some((id, now)),
        };
    }

    /// Folds or unfolds an item.
    pub fn toggle(&mut self, item: &Item) {
        self.folds.toggle(item, self.folded.state());
    }

    /// Asks for older entries, by what names their page; nothing where there is nothing to ask.
    pub fn ask_older(&mut self) -> Option<Option<String>> {
        self.older.ask(self.folded.state(), &self.items)
    }

    /// Calls `with` with the transcript at a width.
    pub fn sheet<T>(&self, room: usize, with: impl FnOnce(&mut Sheet<'_>) -> T) -> T {
        let edge = self.older.words(self.state(), &self.items);
        let mut layouts = self.layouts.borrow_mut();
        with(&mut Sheet {
            state: self.folded.state(),
            items: &self.items,
            folds: &self.folds,
            edge: &edge,
            room,
            layouts: &mut layouts,
        })
    }

    /// Begins a frame.
    pub fn begin_frame(&self) {
        self.layouts.borrow_mut().begin();
    }

    /// The place of the item that keys act on.
    pub fn chosen_at(&self) -> Option<usize> {
        let list = self.items.list();
        let at = self.chosen.and_then(|uid| list.iter().position(|item| item.uid == uid));
        at.or_else(|| list.len().checked_sub(1)).filter(|at| *at > 0)
    }
}

/// What happened, where it makes no entry and a person should see it.
fn aside(kind: &EventKind, asked: Option<String>) -> Option<Aside> {
    let (paint, text) = match kind {
        EventKind::RetryScheduled { attempt, wait_ms, reason, .. } => {
            let wait = wait_ms.div_ceil(1000);
            (Paint::Warning, format!("the provider failed: {}; try {attempt} in {wait} s", clean::head(reason, 512)))
        }
        EventKind::RunFinished { outcome, error, .. } => {
            let why = error.as_ref().map(|error| {
                format!(": {} [{}]", clean::head(error.message.trim(), 2048), clean::head(&error.reason, 64))
            });
            let why = why.unwrap_or_default();
            match outcome {
                Outcome::Completed => return None,
                Outcome::Cancelled => (Paint::Dim, format!("the run was cancelled{why}")),
                Outcome::Failed => (Paint::Error, format!("the run failed{why}")),
                Outcome::Limit => (Paint::Warning, format!("the run reached a limit{why}")),
                Outcome::Other(word) => (Paint::Dim, format!("the run ended: {}{why}", clean::line(word))),
            }
        }
        EventKind::ApprovalResolved { outcome, .. } => {
            let question = asked.unwrap_or_else(|| "a question".to_owned());
            (Paint::Dim, format!("{question} → {}", clean::head(outcome, 128)))
        }
        _ => return None,
    };
    Some(Aside { paint, text })
}
