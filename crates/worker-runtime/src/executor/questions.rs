//! Questions that a run has asked and that nobody has answered yet.
//!
//! Owns the waiting for the first answer to any of them. Must not say anything: an executor does.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// The answer to a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Which question.
    pub approval_id: String,
    /// The option chosen; none where nobody will answer any more.
    pub outcome: Option<String>,
}

/// Open questions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: Vec<(String, oneshot::Receiver<String>)>,
}

impl Questions {
    /// Opens a question; the answer goes into what is returned.
    pub(crate) fn open(&mut self, approval_id: &str) -> oneshot::Sender<String> {
        let (sender, receiver) = oneshot::channel();
        self.open.push((approval_id.to_owned(), receiver));
        sender
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Which are open.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|(id, _)| id.as_str())
    }

    /// Whether this one is open.
    pub(crate) fn is_open(&self, approval_id: &str) -> bool {
        self.ids().any(|id| id == approval_id)
    }

    /// Forgets a question. True where it was open.
    pub(crate) fn close(&mut self, approval_id: &str) -> bool {
        let before = self.open.len();
        self.open.retain(|(id, _)| id != approval_id);
        self.open.len() < before
    }

    /// The next answer; waits for ever where no question is open. Dropping the future loses
    /// nothing.
    pub(crate) async fn answered(&mut self) -> Answer {
        poll_fn(|context| self.poll_answered(context)).await
    }

    fn poll_answered(&mut self, context: &mut Context<'_>) -> Poll<Answer> {
        let mut found = None;
        for (index, (_, receiver)) in self.open.iter_mut().enumerate() {
            if let Poll::Ready(answer) = Pin::new(receiver).poll(context) {
                found = Some((index, answer.ok()));
                break;
            }
        }
        let Some((index, outcome)) = found else { return Poll::Pending };
        let (approval_id, _) = self.open.remove(index);
        Poll::Ready(Answer { approval_id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn tells_whichever_is_answered_first() {
        let mut questions = Questions::default();
        let first = questions.open("a");
        let second = questions.open("b");
        assert!(questions.answered().now_or_never().is_none());
        second.send("allow".into()).unwrap();
        assert_eq!(questions.answered().await, Answer { approval_id: "b".into(), outcome: Some("allow".into()) });
        drop(first);
        assert_eq!(questions.answered().await, Answer { approval_id: "a".into(), outcome: None });
        let _third = questions.open("c");
        assert!(questions.is_open("c") && questions.close("c") && !questions.close("c"));
        assert_eq!(questions.len(), 0);
    }
}
