//! What the tests of executors share: a run without a worker.
//!
//! Owns the collecting of what an executor says, and its fold. Must not be used outside tests.

use super::{Emitter, Ending, Executor, Output, RunContext};
use protocol::{AnyEvent, Event, EventKind, Part, RunId, State, Timestamp, WorkerId, WorkerInfo};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what must happen, before it fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A run that is given `text`, what it says, and what ends it.
pub(crate) fn context(text: &str, capacity: usize) -> (RunContext, mpsc::Receiver<Output>, CancellationToken) {
    context_in(text, capacity, None)
}

/// The same, in a folder.
pub(crate) fn context_in(
    text: &str,
    capacity: usize,
    workdir: Option<PathBuf>,
) -> (RunContext, mpsc::Receiver<Output>, CancellationToken) {
    let (out, said) = Emitter::channel(capacity);
    let cancel = CancellationToken::new();
    let context = RunContext {
        worker_id: WorkerId::from_parts(1, 1),
        run_id: RunId::from_parts(2, 2),
        workdir,
        input: vec![Part::text(text)],
        cancel: cancel.clone(),
        tools: std::sync::Arc::new(super::NoTools),
        history: std::sync::Arc::new(super::NoHistory),
        out,
    };
    (context, said, cancel)
}

/// Runs one input to its end; questions are never answered but kept open.
pub(crate) async fn run(executor: &mut dyn Executor, text: &str) -> (Ending, Vec<Output>) {
    let (context, mut said, _cancel) = context(text, 8);
    let collect = async {
        let mut all = Vec::new();
        while let Some(output) = said.recv().await {
            all.push(output);
        }
        all
    };
    tokio::time::timeout(DEADLINE, async { tokio::join!(executor.run(context), collect) }).await.expect("in time")
}

/// The text of all deltas, block after block as they came.
pub(crate) fn text_of(outputs: &[Output]) -> String {
    outputs
        .iter()
        .filter_map(|o| if let Output::BlockDelta { text, .. } = o { Some(text.as_str()) } else { None })
        .collect()
}

/// Code and message of each notice.
pub(crate) fn notices(outputs: &[Output]) -> Vec<(&str, &str)> {
    let mut notices = Vec::new();
    for output in outputs {
        if let Output::Notice { code, message, .. } = output {
            notices.push((code.as_str(), message.as_str()));
        }
    }
    notices
}

/// The state of a worker that said all this in one run.
pub(crate) fn fold(outputs: &[Output]) -> State {
    let mut state = State::new(WorkerInfo {
        worker_id: WorkerId::from_parts(1, 1),
        display_name: "test".into(),
        profile: "test".into(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Default::default(),
    });
    for output in outputs {
        if let Some(kind) = event(output) {
            state.apply(&AnyEvent::from(Event { kind, at: Timestamp::default() }));
        }
    }
    state
}

fn event(output: &Output) -> Option<EventKind> {
    let run_id = RunId::from_parts(2, 2);
    Some(match output {
        Output::BlockStarted { block_id, kind, call_id, tool, title } => EventKind::BlockStarted {
            block_id: block_id.clone(),
            run_id,
            kind: kind.clone(),
            call_id: call_id.clone(),
            tool: tool.clone(),
            title: title.clone(),
        },
        Output::BlockDelta { block_id, text } => {
            EventKind::BlockDelta { block_id: block_id.clone(), text: text.clone() }
        }
        Output::BlockFinished { block_id, status } => {
            EventKind::BlockFinished { block_id: block_id.clone(), status: status.clone() }
        }
        Output::ToolResult { call_id, content, is_error } => EventKind::ToolResult {
            call_id: call_id.clone(),
            content: content.clone(),
            is_error: *is_error,
            omitted_bytes: 0,
        },
        Output::Plan(items) => EventKind::PlanUpdated { items: items.clone() },
        Output::Ask { approval, .. } => EventKind::ApprovalRequested(approval.clone()),
        Output::Answered { approval_id, outcome } => {
            EventKind::ApprovalResolved { approval_id: approval_id.clone(), outcome: outcome.clone() }
        }
        Output::Usage(usage) => EventKind::UsageUpdated(usage.clone()),
        Output::Notice { level, code, message } => {
            EventKind::Notice { level: level.clone(), code: code.clone(), message: message.clone(), entry_id: None }
        }
        Output::Retry { .. } | Output::Extension { .. } | Output::Unknown(_) | Output::Keep(_) => return None,
    })
}
