//! What is being typed to which worker, what was sent, and the keys it was sent with.
//!
//! Owns drafts and history. A draft belongs to the worker it was begun for, so that nothing is said to
//! another by choosing one. Must not send.

use super::editor::Editor;
use crate::backend::WorkerKey;
use std::collections::VecDeque;

/// Inputs that are remembered.
const HISTORY: usize = 100;
/// Drafts that are kept for workers that are not chosen.
const KEPT: usize = 32;

/// Drafts and history.
#[derive(Debug)]
pub struct Drafts {
    /// What is being typed to the chosen worker.
    pub editor: Editor,
    worker: Option<WorkerKey>,
    others: VecDeque<(WorkerKey, Editor)>,
    history: VecDeque<String>,
    /// Where in the history the editor's text comes from, and what was typed before.
    browsing: Option<(usize, Editor)>,
    /// The last input that may or may not have arrived, and its key: the same again is sent with the same.
    uncertain: Option<(WorkerKey, String, String)>,
    seed: u128,
    sent: u64,
}

impl Drafts {
    /// Nothing typed yet.
    pub fn new(seed: u128, worker: Option<WorkerKey>) -> Drafts {
        Drafts {
            editor: Editor::default(),
            worker,
            others: VecDeque::new(),
            history: VecDeque::new(),
            browsing: None,
            uncertain: None,
            seed,
            sent: 0,
        }
    }

    /// Another worker is chosen.
    pub fn choose(&mut self, worker: Option<&WorkerKey>) {
        if self.worker.as_ref() == worker {
            return;
        }
        self.leave_history();
        let left = std::mem::take(&mut self.editor);
        if let Some(before) = std::mem::replace(&mut self.worker, worker.cloned()).filter(|_| !left.is_empty()) {
            self.others.push_back((before, left));
            if self.others.len() > KEPT {
                self.others.pop_front();
            }
        }
        if let Some(at) = self.others.iter().position(|(key, _)| Some(key) == worker)
            && let Some((_, editor)) = self.others.remove(at)
        {
            self.editor = editor;
        }
    }

    fn leave_history(&mut self) {
        self.browsing = None;
    }

    /// Takes the text to be sent, with its key.
    pub fn submit(&mut self) -> Option<(WorkerKey, String, String)> {
        let worker = self.worker.clone().filter(|_| !self.editor.text().trim().is_empty())?;
        self.leave_history();
        let text = self.editor.take();
        if self.history.back() != Some(&text) {
            self.history.push_back(text.clone());
            if self.history.len() > HISTORY {
                self.history.pop_front();
            }
        }
        let key = match self.uncertain.take() {
            Some((to, said, key)) if to == worker && said == text => key,
            _ => {
                self.sent += 1;
                format!("console-{:032x}-{}", self.seed, self.sent)
            }
        };
        Some((worker, text, key))
    }

    /// The text did not arrive, or may not have: it is there again, unless something else is.
    pub fn returned(&mut self, worker: WorkerKey, text: String, key: String) {
        let place = if self.worker.as_ref() == Some(&worker) {
            Some(&mut self.editor)
        } else {
            if !self.others.iter().any(|(other, _)| *other == worker) {
                self.others.push_back((worker.clone(), Editor::default()));
            }
            self.others.iter_mut().find(|(other, _)| *other == worker).map(|(_, editor)| editor)
        };
        if let Some(editor) = place.filter(|editor| editor.is_empty()) {
            *editor = Editor::from(text.as_str());
        }
        self.uncertain = Some((worker, text, key));
    }

    /// Shows an earlier input.
    pub fn earlier(&mut self) {
        let at = self.browsing.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let Some((at, text)) = at.checked_sub(1).and_then(|at| Some((at, self.history.get(at)?))) else { return };
        let shown = std::mem::replace(&mut self.editor, Editor::from(text.as_str()));
        self.browsing = Some((at, self.browsing.take().map_or(shown, |(_, typed)| typed)));
    }

    /// Shows a later input, and in the end what was being typed.
    pub fn later(&mut self) {
        let Some((at, typed)) = self.browsing.take() else { return };
        match self.history.get(at + 1) {
            Some(text) => {
                self.editor = Editor::from(text.as_str());
                self.browsing = Some((at + 1, typed));
            }
            None => self.editor = typed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::story::worker_key;

    fn typed(drafts: &mut Drafts, text: &str) {
        drafts.editor.insert(text).unwrap();
    }

    #[test]
    fn a_draft_belongs_to_its_worker() {
        let (a, b) = (worker_key("box", 1), worker_key("box", 2));
        let mut drafts = Drafts::new(7, Some(a.clone()));
        typed(&mut drafts, "for a");
        drafts.choose(Some(&b));
        assert_eq!(drafts.editor.text(), "");
        typed(&mut drafts, "for b");
        let (to, text, _) = drafts.submit().unwrap();
        assert_eq!((to, text.as_str()), (b.clone(), "for b"));
        drafts.choose(Some(&a));
        assert_eq!(drafts.editor.text(), "for a");
    }

    #[test]
    fn what_may_have_arrived_goes_again_with_its_key() {
        let a = worker_key("box", 1);
        let mut drafts = Drafts::new(7, Some(a.clone()));
        typed(&mut drafts, "hello");
        let (_, text, key) = drafts.submit().unwrap();
        assert!(key.len() <= 128);
        drafts.returned(a.clone(), text, key.clone());
        assert_eq!(drafts.submit().unwrap().2, key);
        typed(&mut drafts, "hello");
        assert_ne!(drafts.submit().unwrap().2, key);
        typed(&mut drafts, " \n");
        assert!(drafts.submit().is_none());
    }

    #[test]
    fn history_gives_back_what_was_being_typed() {
        let mut drafts = Drafts::new(7, Some(worker_key("box", 1)));
        for text in ["one", "two", "two"] {
            typed(&mut drafts, text);
            drafts.submit();
        }
        typed(&mut drafts, "thr");
        let mut seen = Vec::new();
        for step in [true, true, true, false, false, false] {
            if step {
                drafts.earlier()
            } else {
                drafts.later()
            }
            seen.push(drafts.editor.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "thr", "thr"]);
    }
}
