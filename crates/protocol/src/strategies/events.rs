//! Events of every type, and states as somebody else may have made them.
//!
//! Owns how single events are made up; `history` puts them in an order.

use super::content::{entry, parts};
use super::{extra, json_value, name, run_id, text, timestamp, word, worker_id};
use crate::{
    Approval, BlockKind, BlockStatus, Event, EventKind, Level, OpenBlock, Outcome, PlanItem, PlanStatus, Run, RunError,
    State, Status, Trigger, Usage, WorkerInfo,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::sync::Arc;

pub(crate) fn worker() -> impl Strategy<Value = WorkerInfo> {
    (worker_id(), text(), text(), btree_map(text(), text(), 0..3), timestamp(), extra()).prop_map(
        |(worker_id, display_name, profile, labels, created_at, extra)| WorkerInfo {
            worker_id,
            display_name,
            profile,
            labels,
            created_at,
            extra,
        },
    )
}

pub(crate) fn approval() -> impl Strategy<Value = Approval> {
    (name(), text(), vec(text(), 0..3), option::of(name()), extra()).prop_map(
        |(approval_id, title, options, call_id, extra)| Approval { approval_id, title, options, call_id, extra },
    )
}

pub(crate) fn plan() -> impl Strategy<Value = Vec<PlanItem>> {
    let item = (text(), word(PlanStatus::KNOWN), extra());
    vec(item.prop_map(|(content, status, extra)| PlanItem { content, status, extra }), 0..4)
}

pub(crate) fn usage() -> impl Strategy<Value = Usage> {
    (any::<u64>(), any::<u64>(), extra()).prop_map(|(input_tokens, output_tokens, extra)| Usage {
        input_tokens,
        output_tokens,
        extra,
    })
}

fn run() -> impl Strategy<Value = Run> {
    (run_id(), word(Trigger::KNOWN)).prop_map(|(run_id, trigger)| Run { run_id, trigger })
}

fn block() -> impl Strategy<Value = OpenBlock> {
    let names = (option::of(name()), option::of(text()), option::of(text()));
    (name(), run_id(), word(BlockKind::KNOWN), names, text(), any::<u32>()).prop_map(
        |(block_id, run_id, kind, (call_id, tool, title), text, omitted)| OpenBlock {
            block_id,
            run_id,
            kind,
            call_id,
            tool,
            title,
            text: text.into(),
            omitted_bytes: omitted.into(),
        },
    )
}

/// A small state, as a snapshot may carry it.
pub(crate) fn state() -> impl Strategy<Value = State> {
    let parts = (vec(entry(), 0..3), vec(block(), 0..3), vec(approval(), 0..3), plan(), usage());
    (worker(), word(Status::KNOWN), option::of(run()), parts, any::<bool>()).prop_map(
        |(worker, status, run, (entries, open_blocks, approvals, plan, usage), truncated)| {
            let mut state = State { status, run, open_blocks, approvals, plan, usage, truncated, ..State::new(worker) };
            for entry in entries {
                let weight = crate::weight::of(&entry);
                state.transcript.push(Arc::new(entry), weight);
            }
            state
        },
    )
}

fn block_event() -> impl Strategy<Value = EventKind> {
    let started =
        (name(), run_id(), word(BlockKind::KNOWN), option::of(name()), option::of(text()), option::of(text()));
    prop_oneof![
        started.prop_map(|(block_id, run_id, kind, call_id, tool, title)| {
            EventKind::BlockStarted { block_id, run_id, kind, call_id, tool, title }
        }),
        (name(), text()).prop_map(|(block_id, text)| EventKind::BlockDelta { block_id, text }),
        (name(), word(BlockStatus::KNOWN)).prop_map(|(block_id, status)| EventKind::BlockFinished { block_id, status }),
    ]
}

fn run_event() -> impl Strategy<Value = EventKind> {
    let error = option::of((text(), text()).prop_map(|(reason, message)| RunError { reason, message }));
    let message = (run_id(), name(), parts(), any::<u32>());
    prop_oneof![
        (word(Status::KNOWN), option::of(text()))
            .prop_map(|(status, reason)| EventKind::StatusChanged { status, reason }),
        run().prop_map(|run| EventKind::RunStarted { run_id: run.run_id, trigger: run.trigger }),
        message.prop_map(|(run_id, entry_id, content, omitted)| EventKind::UserMessage {
            run_id,
            entry_id,
            content,
            omitted_bytes: omitted.into()
        }),
        (run_id(), any::<u32>(), any::<u64>(), text()).prop_map(|(run_id, attempt, wait_ms, reason)| {
            EventKind::RetryScheduled { run_id, attempt, wait_ms, reason }
        }),
        (run_id(), word(Outcome::KNOWN), error)
            .prop_map(|(run_id, outcome, error)| { EventKind::RunFinished { run_id, outcome, error } }),
    ]
}

fn other_event() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (name(), parts(), any::<bool>(), any::<u64>()).prop_map(|(call_id, content, is_error, omitted_bytes)| {
            EventKind::ToolResult { call_id, content, is_error, omitted_bytes }
        }),
        plan().prop_map(|items| EventKind::PlanUpdated { items }),
        approval().prop_map(EventKind::ApprovalRequested),
        (name(), text()).prop_map(|(approval_id, outcome)| EventKind::ApprovalResolved { approval_id, outcome }),
        usage().prop_map(EventKind::UsageUpdated),
        (word(Level::KNOWN), text(), text(), option::of(name()))
            .prop_map(|(level, code, message, entry_id)| EventKind::Notice { level, code, message, entry_id }),
        (text(), json_value()).prop_map(|(namespace, value)| EventKind::Extension { namespace, value }),
        state().prop_map(|state| EventKind::Snapshot(Box::new(state))),
    ]
}

/// An event of any known type with arbitrary content.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![block_event(), run_event(), other_event()];
    (kind, timestamp()).prop_map(|(kind, at)| Event { kind, at })
}

/// Any event, but no snapshot: what a log holds.
pub(crate) fn logged_event() -> impl Strategy<Value = Event> {
    event().prop_filter("a log holds no snapshots", |e| !matches!(e.kind, EventKind::Snapshot(_)))
}
