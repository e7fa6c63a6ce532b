//! Asking a person, within a time.
//!
//! Owns the question and how long it stays open. Must not decide whether to ask.

use protocol::{Approval, Level};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::sync::oneshot;
use yoi_executor::{Output, RunContext, RunOver};

/// The most bytes of a detail that is shown with a question.
const DETAIL_BYTES: usize = 3000;

/// A question.
#[derive(Debug)]
pub(crate) struct Question {
    /// Its name, unique in the run.
    pub id: String,
    pub title: String,
    pub options: Vec<String>,
    pub call_id: Option<String>,
    /// What people need to know to answer it.
    pub details: Map<String, Value>,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The option chosen.
    Chosen(String),
    /// Nobody answered in time.
    TimedOut,
    /// It was not put to anybody.
    NotAsked,
}

/// Asks, and waits for the answer.
///
/// # Errors
/// When the run is over or cancelled.
pub(crate) async fn ask(context: &RunContext, question: Question, limit: Option<Duration>) -> Result<Reply, RunOver> {
    let Question { id, title, options, call_id, details } = question;
    let approval = Approval { approval_id: id.clone(), title, options, call_id, extra: details };
    let (answer, answered) = oneshot::channel();
    context.say(Output::Ask { approval, answer }).await?;
    let in_time = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(RunOver),
        answered = answered => Ok(answered.map_or(Reply::NotAsked, Reply::Chosen)),
        () = in_time => {
            context.say(Output::Answered { approval_id: id, outcome: "cancelled".to_owned() }).await?;
            let message = "nobody answered a question in time; it counts as refused".to_owned();
            context.say(Output::Notice { level: Level::Warning, code: "approval_timed_out".to_owned(), message }).await?;
            Ok(Reply::TimedOut)
        }
    }
}

/// A text that is short enough to be shown with a question.
pub(crate) fn detail(mut text: String) -> String {
    if text.len() > DETAIL_BYTES {
        text.truncate(protocol::floor_char_boundary(&text, DETAIL_BYTES));
        text.push('…');
    }
    text
}
