//! Events as lines, for snapshots.
//!
//! Owns the words. Times and the names that are made anew each time are not among them.

use protocol::{EventKind, Part};

/// An event in short; names of blocks and calls become numbers.
pub fn told(event: &EventKind, names: &mut Vec<String>) -> String {
    let mut short = |name: &str| {
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        format!("#{at}")
    };
    match event {
        EventKind::StatusChanged { status, .. } => format!("status {status}"),
        EventKind::RunStarted { .. } => "run started".to_owned(),
        EventKind::UserMessage { content, .. } => format!("input {}", texts(content)),
        EventKind::BlockStarted { block_id, kind, tool, call_id, title, .. } => {
            let call = call_id.as_deref().map(&mut short).unwrap_or_default();
            let words = [tool.clone().unwrap_or_default(), call, title.clone().unwrap_or_default()].join(" ");
            format!("{} opens {kind} {words}", short(block_id)).trim_end().to_owned()
        }
        EventKind::BlockDelta { block_id, text } => format!("{} + {text}", short(block_id)),
        EventKind::BlockFinished { block_id, status } => format!("{} {status}", short(block_id)),
        EventKind::ToolResult { call_id, content, is_error, .. } => {
            let failed = if *is_error { " failed" } else { "" };
            let kinds: Vec<_> = content.iter().skip(1).map(Part::type_name).collect();
            format!("{}{failed} -> {} {}", short(call_id), texts(content), kinds.join(" ")).trim_end().to_owned()
        }
        EventKind::PlanUpdated { items } => {
            let items: Vec<_> = items.iter().map(|item| format!("{} {}", item.status, item.content)).collect();
            format!("plan {}", items.join(", "))
        }
        EventKind::ApprovalRequested(approval) => format!("asks {} {:?}", approval.title, approval.options),
        EventKind::ApprovalResolved { outcome, .. } => format!("answered {outcome}"),
        EventKind::UsageUpdated(usage) => format!("usage {}", serde_json::to_string(usage).unwrap()),
        EventKind::RetryScheduled { attempt, reason, .. } => format!("retry {attempt} {reason}"),
        EventKind::RunFinished { outcome, error, .. } => match error {
            Some(error) => format!("run {outcome} {}: {}", error.reason, error.message),
            None => format!("run {outcome}"),
        },
        EventKind::Notice { code, message, .. } => format!("notice {code}: {message}"),
        EventKind::Extension { namespace, value } => format!("extension {namespace} {value}"),
        EventKind::Snapshot(_) => "snapshot".to_owned(),
    }
}

fn texts(content: &[Part]) -> String {
    content.iter().filter_map(Part::as_text).collect::<Vec<_>>().join("|")
}
