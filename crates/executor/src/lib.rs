//! The seam where input becomes work.
//!
//! Owns what an executor may say and what it is told, and the process groups in which executors
//! run programs. Must not number events, name runs or write logs: the worker does, from what an
//! executor says.

use futures_util::future::BoxFuture;
use protocol::{Approval, BlockKind, BlockStatus, Level, Outcome, Part, PlanItem, RunError, RunId, Usage, WorkerId};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

mod group;
mod history;
mod toolbox;

pub use group::Group;
pub use history::{History, HistoryError, HistoryPage, NoHistory};
pub use toolbox::{NoTools, Tool, ToolCall, ToolFailure, Toolbox};

/// What an executor says, in order. Block and approval ids are its own, unique in a run; the
/// worker gives them names that are unique in its log.
#[derive(Debug)]
pub enum Output {
    /// A streamed unit opens.
    BlockStarted {
        /// The executor's own name for it.
        block_id: String,
        /// What it holds.
        kind: BlockKind,
        /// The tool call it spells.
        call_id: Option<String>,
        /// The tool called.
        tool: Option<String>,
        /// For people.
        title: Option<String>,
    },
    /// Its next piece, of any length.
    BlockDelta {
        /// Which.
        block_id: String,
        /// The piece.
        text: String,
    },
    /// It ends.
    BlockFinished {
        /// Which.
        block_id: String,
        /// How.
        status: BlockStatus,
    },
    /// What a tool answered.
    ToolResult {
        /// The call it answers.
        call_id: String,
        /// The answer, of any length.
        content: Vec<Part>,
        /// Whether the tool failed.
        is_error: bool,
    },
    /// The to-do list, whole.
    Plan(Vec<PlanItem>),
    /// A question to a person.
    Ask {
        /// The question; its id is the executor's own.
        approval: Approval,
        /// Receives the option chosen. Dropped when the run ends first.
        answer: oneshot::Sender<String>,
    },
    /// The question is answered by the executor itself (a replay), or withdrawn.
    Answered {
        /// Which.
        approval_id: String,
        /// The option chosen, or `cancelled`.
        outcome: String,
    },
    /// Asks to be told once everything that was said before this is kept. Says nothing itself.
    Keep(oneshot::Sender<()>),
    /// Totals of this run so far, counted from its beginning; the worker adds up.
    Usage(Usage),
    /// The provider failed and will be asked again.
    Retry {
        /// Which try comes next, from 2.
        attempt: u32,
        /// Milliseconds until then.
        wait_ms: u64,
        /// What failed.
        reason: String,
    },
    /// What an operator should know.
    Notice {
        /// How much it matters.
        level: Level,
        /// A word for programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Anything else.
    Extension {
        /// Whose.
        namespace: String,
        /// What.
        value: Value,
    },
    /// An event of a type that this version does not know, as JSON with a `type`; passed on byte
    /// for byte.
    Unknown(protocol::UnknownEvent),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// Why, where it failed.
    pub error: Option<RunError>,
}

impl Ending {
    /// It did what it was to do.
    #[must_use]
    pub fn completed() -> Self {
        Ending { outcome: Outcome::Completed, error: None }
    }

    /// It was cancelled.
    #[must_use]
    pub fn cancelled() -> Self {
        Ending { outcome: Outcome::Cancelled, error: None }
    }

    /// It failed.
    pub fn failed(reason: &str, message: impl Into<String>) -> Self {
        Ending {
            outcome: Outcome::Failed,
            error: Some(RunError { reason: reason.to_owned(), message: message.into() }),
        }
    }

    /// It reached a limit.
    pub fn limit(reason: &str, message: impl Into<String>) -> Self {
        Ending { outcome: Outcome::Limit, ..Ending::failed(reason, message) }
    }
}

/// The run is over, or its worker gone: stop working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run is over")]
pub struct RunOver;

/// What a run is given.
pub struct RunContext {
    /// Whose run.
    pub worker_id: WorkerId,
    /// Which run.
    pub run_id: RunId,
    /// The folder to work in.
    pub workdir: Option<PathBuf>,
    /// What was said.
    pub input: Vec<Part>,
    /// Cancelled when the run is to end: be gone within 100 ms, and release what outlives the
    /// run (a process that takes longer to die) before [`Executor::run`] returns.
    pub cancel: CancellationToken,
    /// What it may call.
    pub tools: Arc<dyn Toolbox>,
    /// What the worker has said and been told so far.
    pub history: Arc<dyn History>,
    /// Where to say things. Bounded: saying waits while the log is slower than the executor.
    pub out: Emitter,
}

impl RunContext {
    /// The text parts of the input, joined by newlines.
    #[must_use]
    pub fn input_text(&self) -> String {
        self.input.iter().filter_map(Part::as_text).collect::<Vec<_>>().join("\n")
    }

    /// Says something, and gives up as soon as the run is cancelled.
    ///
    /// # Errors
    /// When the run is over or cancelled.
    pub async fn say(&self, output: Output) -> Result<(), RunOver> {
        self.out.emit_unless(&self.cancel, output).await
    }
}

/// Where an executor says things.
#[derive(Clone)]
pub struct Emitter {
    sender: mpsc::Sender<Output>,
}

impl Emitter {
    /// An emitter and what it emits into.
    #[must_use]
    pub fn channel(capacity: usize) -> (Emitter, mpsc::Receiver<Output>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Emitter { sender }, receiver)
    }

    /// Says something; waits while there is no room.
    ///
    /// # Errors
    /// When the run is over.
    pub async fn emit(&self, output: Output) -> Result<(), RunOver> {
        self.sender.send(output).await.map_err(|_| RunOver)
    }

    /// As [`Emitter::emit`], but gives up as soon as `cancel` is cancelled, also while it waits.
    ///
    /// # Errors
    /// When the run is over or cancelled.
    pub async fn emit_unless(&self, cancel: &CancellationToken, output: Output) -> Result<(), RunOver> {
        if cancel.is_cancelled() {
            return Err(RunOver);
        }
        match self.sender.try_send(output) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(RunOver),
            Err(mpsc::error::TrySendError::Full(output)) => tokio::select! {
                biased;
                () = cancel.cancelled() => Err(RunOver),
                sent = self.emit(output) => sent,
            },
        }
    }

    /// Waits until everything that was said so far is kept, as far as the store's setting says. What
    /// must not be done twice is said and kept before it is begun.
    ///
    /// # Errors
    /// When the run is over, or the store does not keep it.
    pub async fn keep(&self) -> Result<(), RunOver> {
        let (told, kept) = oneshot::channel();
        self.emit(Output::Keep(told)).await?;
        kept.await.map_err(|_| RunOver)
    }

    /// Asks a person and waits for the answer.
    ///
    /// # Errors
    /// When the run is over before anybody answers.
    pub async fn ask(&self, approval: Approval) -> Result<String, RunOver> {
        let (answer, answered) = oneshot::channel();
        self.emit(Output::Ask { approval, answer }).await?;
        answered.await.map_err(|_| RunOver)
    }
}

/// Does a worker's work: one at a time, for as long as the worker lives.
pub trait Executor: Send + 'static {
    /// Works on one input to its end. What it emitted before it returns belongs to the run.
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending>;

    /// The worker stops or its runtime shuts down: release everything (a process kept running).
    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// What workers of a profile are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Input, by whoever may.
    Input,
    /// Nothing: they are told things by the runtime, which makes them itself.
    Nothing,
}

/// Makes the executor of a worker; one for each profile.
pub trait Profile: Send + Sync + 'static {
    /// Its name: `[a-z0-9][a-z0-9._-]{0,63}`.
    fn name(&self) -> &str;

    /// The kind of executor, such as `echo`, `process` or `llm`.
    fn executor(&self) -> &'static str;

    /// For people.
    fn description(&self) -> Option<&str> {
        None
    }

    /// What its workers are given.
    fn takes(&self) -> Takes {
        Takes::Input
    }

    /// An executor for a worker; called when its first run begins.
    fn make(&self) -> Box<dyn Executor>;
}

/// A profile as it is shared.
pub type SharedProfile = Arc<dyn Profile>;
