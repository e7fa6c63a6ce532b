//! Answers that wait until what they say is kept.
//!
//! Owns them. Nothing that is not published is ever acknowledged.

use super::command::{Refusal, Reply};
use crate::metric_definitions::INPUT_SECONDS;
use crate::store::StoreError;
use event_log::Seq;
use protocol::RunId;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One answer.
pub(crate) enum Ack {
    /// An input began a run.
    Input { run: RunId, received: Instant, reply: Reply<RunId> },
    /// Something was done.
    Done(Reply<()>),
    /// Something an executor said is kept.
    Kept(oneshot::Sender<()>),
    /// A question is answered: whoever asked hears it, too.
    Answer { answer: Option<oneshot::Sender<String>>, option: String, reply: Reply<()> },
}

/// The answers, each with the event it waits for.
#[derive(Default)]
pub(crate) struct Acks {
    waiting: Vec<(Seq, Ack)>,
}

impl Acks {
    /// Has `ack` wait for event `seq`.
    pub(crate) fn push(&mut self, seq: Seq, ack: Ack) {
        self.waiting.push((seq, ack));
    }

    /// Everything up to `seq` is published.
    pub(crate) fn keep(&mut self, seq: Seq) {
        for (_, ack) in self.waiting.extract_if(.., |(at, _)| *at <= seq) {
            // Whoever gave up waiting misses nothing: it is done all the same.
            match ack {
                Ack::Input { run, received, reply } => {
                    metrics::histogram!(INPUT_SECONDS).record(received.elapsed().as_secs_f64());
                    let _ = reply.send(Ok(run));
                }
                Ack::Done(reply) => _ = reply.send(Ok(())),
                Ack::Kept(told) => _ = told.send(()),
                Ack::Answer { answer, option, reply } => {
                    let _ = answer.map(|answer| answer.send(option));
                    let _ = reply.send(Ok(()));
                }
            }
        }
    }

    /// None of them will be.
    pub(crate) fn fail(&mut self, error: &StoreError) {
        let refusal = || Refusal::Store(error.clone());
        for (_, ack) in self.waiting.drain(..) {
            match ack {
                Ack::Input { reply, .. } => _ = reply.send(Err(refusal())),
                // dropped: whoever asked gives up
                Ack::Kept(_) => {}
                Ack::Done(reply) | Ack::Answer { reply, .. } => _ = reply.send(Err(refusal())),
            }
        }
    }
}
