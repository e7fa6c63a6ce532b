//! One line of a program that speaks events (`wire.md` §6).
//!
//! Owns the reading of such a line: what the worker adds to an event (`at`, `run_id`,
//! `entry_id`) may be missing. Must not act on it.

use super::super::{Ending, Output};
use protocol::{
    AnyEvent, Approval, BlockKind, BlockStatus, EventError, EventKind, Level, MAX_EVENT_BYTES, Outcome, Part, PlanItem,
    RunError, Usage,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a line says.
#[derive(Debug)]
pub(super) enum Said {
    /// Something to pass on.
    Say(Output),
    /// A question to a person.
    Ask(Approval),
    /// A question is withdrawn, or answered by the program itself.
    Answered {
        /// Which.
        approval_id: String,
        /// How.
        outcome: String,
    },
    /// The run is over.
    Finished(Ending),
    /// A tool is to be called.
    Call(Call),
    /// An event that only the worker makes.
    NotItsToSay(&'static str),
}

/// A tool that is to be called.
#[derive(Debug, Deserialize)]
pub(super) struct Call {
    /// The program's name for the call.
    pub call_id: String,
    /// Which tool.
    pub tool: String,
    /// What it is given.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// Why a line says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("not UTF-8: {0}")]
    Utf8(#[from] std::str::Utf8Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("an event of an unknown type is longer than {MAX_EVENT_BYTES} bytes")]
    TooLong,
}

/// The line that there are most of, read without copying anything but its texts.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    type_name: Cow<'a, str>,
    #[serde(default, borrow)]
    block_id: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
}

/// Every other event that is a program's to say.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Other {
    BlockStarted {
        block_id: String,
        kind: BlockKind,
        #[serde(default)]
        call_id: Option<String>,
        #[serde(default)]
        tool: Option<String>,
        #[serde(default)]
        title: Option<String>,
    },
    BlockDelta {
        block_id: String,
        text: String,
    },
    BlockFinished {
        block_id: String,
        #[serde(default)]
        status: Option<BlockStatus>,
    },
    ToolResult {
        call_id: String,
        #[serde(default)]
        content: Vec<Part>,
        #[serde(default)]
        is_error: bool,
    },
    PlanUpdated {
        items: Vec<PlanItem>,
    },
    ApprovalRequested(Approval),
    ApprovalResolved {
        approval_id: String,
        outcome: String,
    },
    UsageUpdated(Usage),
    RetryScheduled {
        attempt: u32,
        wait_ms: u64,
        reason: String,
    },
    RunFinished {
        outcome: Outcome,
        #[serde(default)]
        error: Option<RunError>,
    },
    Notice {
        level: Level,
        code: String,
        message: String,
    },
    Extension {
        namespace: String,
        #[serde(default)]
        value: Value,
    },
}

/// Events that only the worker makes.
const WORKERS_OWN: [&str; 4] = ["snapshot", "status_changed", "run_started", "user_message"];

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Result<Said, LineError> {
    let line = std::str::from_utf8(line)?;
    if line.starts_with(r#"{"type":"block_delta","#)
        && let Ok(Delta { type_name, block_id: Some(block_id), text: Some(text) }) = serde_json::from_str(line)
        && type_name == "block_delta"
    {
        return Ok(Said::Say(Output::BlockDelta { block_id: block_id.into_owned(), text: text.into_owned() }));
    }
    read_other(line)
}

#[inline(never)]
fn read_other(line: &str) -> Result<Said, LineError> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow, rename = "type")]
        type_name: Cow<'a, str>,
    }
    let Head { type_name } = serde_json::from_str(line)?;
    if let Some(own) = WORKERS_OWN.into_iter().find(|own| *own == type_name) {
        return Ok(Said::NotItsToSay(own));
    }
    if type_name == "call_tool" {
        return Ok(Said::Call(serde_json::from_str(line)?));
    }
    if !EventKind::TYPES.contains(&&*type_name) {
        return match AnyEvent::from_json(line)? {
            AnyEvent::Unknown(event) if event.json().len() <= MAX_EVENT_BYTES => Ok(Said::Say(Output::Unknown(event))),
            _ => Err(LineError::TooLong),
        };
    }
    Ok(Said::from(serde_json::from_str::<Other>(line)?))
}

impl From<Other> for Said {
    fn from(other: Other) -> Self {
        Said::Say(match other {
            Other::BlockStarted { block_id, kind, call_id, tool, title } => {
                Output::BlockStarted { block_id, kind, call_id, tool, title }
            }
            Other::BlockDelta { block_id, text } => Output::BlockDelta { block_id, text },
            Other::BlockFinished { block_id, status } => {
                Output::BlockFinished { block_id, status: status.unwrap_or(BlockStatus::Complete) }
            }
            Other::ToolResult { call_id, content, is_error } => Output::ToolResult { call_id, content, is_error },
            Other::PlanUpdated { items } => Output::Plan(items),
            Other::ApprovalRequested(mut approval) => {
                remove_workers_own(&mut approval.extra);
                return Said::Ask(approval);
            }
            Other::ApprovalResolved { approval_id, outcome } => return Said::Answered { approval_id, outcome },
            Other::UsageUpdated(mut usage) => {
                remove_workers_own(&mut usage.extra);
                Output::Usage(usage)
            }
            Other::RetryScheduled { attempt, wait_ms, reason } => Output::Retry { attempt, wait_ms, reason },
            Other::RunFinished { outcome, error } => return Said::Finished(finished(outcome, error)),
            Other::Notice { level, code, message } => Output::Notice { level, code, message },
            Other::Extension { namespace, value } => Output::Extension { namespace, value },
        })
    }
}

/// What the worker adds is no member of its own of an event that keeps unknown ones.
fn remove_workers_own(extra: &mut Map<String, Value>) {
    for name in ["at", "run_id", "entry_id"] {
        extra.shift_remove(name);
    }
}

fn finished(outcome: Outcome, error: Option<RunError>) -> Ending {
    if error.is_none() && outcome == Outcome::Failed {
        return Ending::failed("reported", "the program said that the run failed");
    }
    Ending { outcome, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn output(line: &str) -> Output {
        match read(line.as_bytes()) {
            Ok(Said::Say(output)) => output,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_the_worker_adds_may_be_missing() {
        let delta =
            |line| matches!(output(line), Output::BlockDelta { block_id, text } if block_id == "b" && text == "a\n");
        assert!(delta(r#"{"type":"block_delta","block_id":"b","text":"a\n"}"#));
        assert!(delta(r#" { "text":"a\n", "at":"x", "block_id":"b", "type":"block\u005fdelta" } "#));
        assert!(matches!(
            output(r#"{"type":"block_started","block_id":"b","kind":"text"}"#),
            Output::BlockStarted { .. }
        ));
        assert!(matches!(
            output(r#"{"type":"block_finished","block_id":"b"}"#),
            Output::BlockFinished { status: BlockStatus::Complete, .. }
        ));
        assert!(matches!(
            output(r#"{"type":"tool_result","call_id":"c","content":[{"type":"text","text":"x"}]}"#),
            Output::ToolResult { is_error: false, .. }
        ));
        assert!(matches!(output(r#"{"type":"plan_updated","items":[]}"#), Output::Plan(_)));
        assert!(matches!(
            output(r#"{"type":"retry_scheduled","attempt":2,"wait_ms":1,"reason":"x"}"#),
            Output::Retry { attempt: 2, .. }
        ));
        assert!(matches!(
            output(r#"{"type":"notice","level":"info","code":"c","message":"m"}"#),
            Output::Notice { .. }
        ));
        assert!(matches!(output(r#"{"type":"extension","namespace":"n","value":1}"#), Output::Extension { .. }));
        let usage = output(r#"{"type":"usage_updated","input_tokens":1,"at":"x","cached":2,"run_id":"r"}"#);
        assert!(matches!(usage, Output::Usage(u) if u.input_tokens == 1 && u.extra.len() == 1));
        let unknown = r#"{"type":"x_new", "n":1.50}"#;
        assert!(matches!(output(unknown), Output::Unknown(event) if event.json() == unknown));

        let ask = read(br#"{"type":"approval_requested","approval_id":"a","title":"t","options":["o"],"at":"x"}"#);
        assert!(matches!(ask, Ok(Said::Ask(approval)) if approval.extra.is_empty()));
        let failed = read(br#"{"type":"run_finished","outcome":"failed"}"#);
        assert!(matches!(failed, Ok(Said::Finished(ending)) if ending.error.as_ref().unwrap().reason == "reported"));
        let call = read(br#"{"type":"call_tool","call_id":"c","tool":"t","arguments":{"n":1}}"#);
        assert!(
            matches!(call, Ok(Said::Call(call)) if (&*call.call_id, &*call.tool) == ("c", "t") && call.arguments.len() == 1)
        );
        assert!(matches!(read(br#"{"type":"call_tool","call_id":"c","tool":"t"}"#), Ok(Said::Call(_))));
        let own = read(br#"{"type":"user_message","content":[]}"#);
        assert!(matches!(own, Ok(Said::NotItsToSay("user_message"))));
    }

    #[test]
    fn a_bad_line_says_why() {
        for (line, words) in [
            (&b"hello"[..], "expected"),
            (b"{}", "missing field `type`"),
            (br#"{"type":"block_delta","block_id":"b"}"#, "missing field `text`"),
            (br#"{"type":"call_tool","call_id":"c","tool":"t","arguments":[]}"#, "expected a map"),
            (b"\xff", "not UTF-8"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let long = format!(r#"{{"type":"x_new","x":"{}"}}"#, "x".repeat(MAX_EVENT_BYTES));
        assert!(matches!(read(long.as_bytes()), Err(LineError::TooLong)));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[{}\\[\\]\",:a-z0-9\\\\ ]{0,60}") {
            let _ = read(&bytes);
            let _ = read(format!(r#"{{"type":"block_delta",{text}"#).as_bytes());
        }

        #[test]
        fn texts_arrive(text in ".{0,40}") {
            let line = serde_json::json!({"type": "block_delta", "block_id": "b", "text": text}).to_string();
            let same = matches!(output(&line), Output::BlockDelta { text: read, .. } if read == text);
            prop_assert!(same);
        }
    }
}
