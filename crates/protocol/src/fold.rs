//! The one fold that makes a worker's state from its events (`wire.md` §6, "The fold").
//!
//! Owns `apply` and keeps the state within the bounds. Runtime, backend, terminal and tests all
//! fold with this and nothing else. Must not know where events come from.

use crate::bounds;
use crate::content::{KnownPart, Part};
use crate::event::{AnyEvent, BlockStatus, Event, EventKind, Run, Status, Usage, WorkerInfo};
use crate::state::{Entry, EntryKind, OpenBlock, State};
use crate::text::{TailText, floor_char_boundary};
use crate::time::Timestamp;
use crate::transcript::Transcript;
use crate::weight;
use serde_json::Map;
use std::sync::Arc;

impl State {
    /// The state of a worker to which nothing has happened yet.
    #[must_use]
    pub fn new(worker: WorkerInfo) -> Self {
        let mut state = State {
            worker,
            status: Status::Idle,
            run: None,
            transcript: Transcript::default(),
            open_blocks: Vec::new(),
            approvals: Vec::new(),
            plan: Vec::new(),
            usage: Usage::default(),
            truncated: false,
        };
        state.bound_worker();
        state
    }

    /// Folds one event in. Total: any event leaves a state within the bounds.
    pub fn apply(&mut self, event: &AnyEvent) {
        if let AnyEvent::Known(event) = event {
            self.apply_known(event);
        }
    }

    /// Folds one event of a known type in.
    pub fn apply_known(&mut self, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::Snapshot(state) => {
                *self = (**state).clone();
                self.bound();
            }
            EventKind::StatusChanged { status, .. } => self.status = status.clone(),
            EventKind::RunStarted { run_id, trigger } => {
                self.run = Some(Run { run_id: *run_id, trigger: trigger.clone() });
            }
            EventKind::RunFinished { .. } => self.run = None,
            EventKind::BlockStarted { block_id, run_id, kind, call_id, tool, title } => {
                self.open_blocks.push(OpenBlock {
                    block_id: block_id.clone(),
                    run_id: *run_id,
                    kind: kind.clone(),
                    call_id: call_id.clone(),
                    tool: tool.clone(),
                    title: title.clone(),
                    text: TailText::default(),
                    omitted_bytes: 0,
                });
                self.bound_open_blocks();
            }
            EventKind::BlockDelta { block_id, text } => {
                if let Some(block) = self.open_blocks.iter_mut().rev().find(|b| b.block_id == *block_id) {
                    let dropped = block.text.push(text, bounds::TEXT_BYTES);
                    block.omitted_bytes = block.omitted_bytes.saturating_add(dropped);
                    self.bound_open_text();
                }
            }
            EventKind::BlockFinished { block_id, status } => self.finish_block(block_id, status, at),
            EventKind::UserMessage { run_id, entry_id, content, omitted_bytes } => {
                self.push(Entry {
                    entry_id: Some(entry_id.clone()),
                    run_id: Some(*run_id),
                    content: Some(content.clone()),
                    omitted_bytes: *omitted_bytes,
                    ..Entry::new(EntryKind::UserMessage, at)
                });
            }
            EventKind::ToolResult { call_id, content, is_error, omitted_bytes } => {
                self.push(Entry {
                    entry_id: Some(format!("{call_id}:result")),
                    run_id: self.run.as_ref().map(|run| run.run_id),
                    call_id: Some(call_id.clone()),
                    content: Some(content.clone()),
                    is_error: Some(*is_error),
                    omitted_bytes: *omitted_bytes,
                    ..Entry::new(EntryKind::ToolResult, at)
                });
            }
            EventKind::Notice { level, code, message, entry_id } => {
                self.push(Entry {
                    entry_id: entry_id.clone(),
                    level: Some(level.clone()),
                    code: Some(code.clone()),
                    message: Some(message.clone()),
                    ..Entry::new(EntryKind::Notice, at)
                });
            }
            EventKind::PlanUpdated { items } => {
                self.plan = items.clone();
                self.bound_plan();
            }
            EventKind::ApprovalRequested(approval) => {
                self.approvals.push(approval.clone());
                self.bound_approvals();
            }
            EventKind::ApprovalResolved { approval_id, .. } => {
                self.approvals.retain(|a| a.approval_id != *approval_id);
            }
            EventKind::UsageUpdated(usage) => {
                self.usage = usage.clone();
                self.bound_usage();
            }
            EventKind::RetryScheduled { .. } | EventKind::Extension { .. } => {}
        }
    }

    /// Takes the block out and appends the entry that it becomes.
    fn finish_block(&mut self, block_id: &str, status: &BlockStatus, at: Timestamp) {
        let Some(found) = self.open_blocks.iter().rposition(|b| b.block_id == block_id) else {
            return;
        };
        let block = self.open_blocks.remove(found);
        self.push(Entry {
            entry_id: Some(block.block_id),
            run_id: Some(block.run_id),
            text: Some(block.text.into_string()),
            status: Some(status.clone()),
            call_id: block.call_id,
            tool: block.tool,
            title: block.title,
            omitted_bytes: block.omitted_bytes,
            ..Entry::new(EntryKind::from(block.kind.as_str()), at)
        });
    }

    /// Appends an entry, its texts cut to their bound.
    fn push(&mut self, mut entry: Entry) {
        cut_texts(&mut entry);
        let weight = weight::of(&entry);
        self.truncated |= self.transcript.push(Arc::new(entry), weight);
    }

    /// Brings a state that somebody else made within the bounds.
    fn bound(&mut self) {
        for (entry, weight) in self.transcript.take() {
            if has_long_text(&entry) {
                self.push(Arc::unwrap_or_clone(entry));
            } else {
                self.truncated |= self.transcript.push(entry, weight);
            }
        }
        for block in &mut self.open_blocks {
            keep_last(block, bounds::TEXT_BYTES);
        }
        self.bound_open_blocks();
        self.bound_open_text();
        self.bound_approvals();
        self.bound_plan();
        self.bound_usage();
        self.bound_worker();
    }

    fn bound_open_blocks(&mut self) {
        // an upper bound first, so that opening a block costs next to nothing
        let most = |b: &OpenBlock| {
            let texts = [b.call_id.as_ref(), b.tool.as_ref(), b.title.as_ref()];
            256 + 6
                * (b.block_id.len()
                    + b.kind.as_str().len()
                    + texts.into_iter().flatten().map(String::len).sum::<usize>())
        };
        let blocks = self.open_blocks.len();
        if blocks <= bounds::OPEN_BLOCKS
            && self.open_blocks.iter().map(most).sum::<usize>() <= bounds::OPEN_BLOCKS_WEIGHT
        {
            return;
        }
        let keep = newest_within(&self.open_blocks, bounds::OPEN_BLOCKS, bounds::OPEN_BLOCKS_WEIGHT, |block| {
            let bare = OpenBlock {
                block_id: block.block_id.clone(),
                run_id: block.run_id,
                kind: block.kind.clone(),
                call_id: block.call_id.clone(),
                tool: block.tool.clone(),
                title: block.title.clone(),
                text: TailText::default(),
                omitted_bytes: 0,
            };
            weight::of(&bare)
        });
        if keep < blocks {
            self.open_blocks.drain(..blocks - keep);
            self.truncated = true;
        }
    }

    /// Sums at most 64 lengths: this runs for every delta.
    fn bound_open_text(&mut self) {
        let total: usize = self.open_blocks.iter().map(|b| b.text.len()).sum();
        let mut over = total.saturating_sub(bounds::OPEN_TEXT_BYTES);
        for block in &mut self.open_blocks {
            if over == 0 {
                break;
            }
            let before = block.text.len();
            keep_last(block, before.saturating_sub(over));
            over = over.saturating_sub(before - block.text.len());
        }
    }

    fn bound_approvals(&mut self) {
        let keep = newest_within(&self.approvals, bounds::APPROVALS, bounds::APPROVALS_WEIGHT, weight::of);
        if keep < self.approvals.len() {
            self.approvals.drain(..self.approvals.len() - keep);
            self.truncated = true;
        }
    }

    fn bound_plan(&mut self) {
        let keep = first_within(self.plan.iter(), bounds::PLAN_ITEMS, bounds::PLAN_WEIGHT, weight::of);
        if keep < self.plan.len() {
            self.plan.truncate(keep);
            self.truncated = true;
        }
    }

    fn bound_usage(&mut self) {
        if !self.usage.extra.is_empty() && weight::of(&self.usage) > bounds::USAGE_WEIGHT {
            self.usage.extra = Map::new();
            self.truncated = true;
        }
    }

    fn bound_worker(&mut self) {
        let steps: [fn(&mut WorkerInfo); 3] = [
            |worker| worker.extra = Map::new(),
            |worker| worker.labels.clear(),
            |worker| {
                for name in [&mut worker.display_name, &mut worker.profile] {
                    name.truncate(floor_char_boundary(name, bounds::WORKER_NAME_BYTES));
                }
            },
        ];
        for step in steps {
            if weight::of(&self.worker) <= bounds::WORKER_WEIGHT {
                break;
            }
            step(&mut self.worker);
            self.truncated = true;
        }
    }
}

/// How many of the last items are at most `count` and weigh at most `max` together.
fn newest_within<T>(items: &[T], count: usize, max: usize, weigh: impl Fn(&T) -> usize) -> usize {
    first_within(items.iter().rev(), count, max, weigh)
}

/// How many of the first items are at most `count` and weigh at most `max` together.
fn first_within<'a, T: 'a>(
    items: impl Iterator<Item = &'a T>,
    count: usize,
    max: usize,
    weigh: impl Fn(&T) -> usize,
) -> usize {
    let mut total = 0;
    let fits = |item: &&T| {
        total += weigh(item);
        total <= max
    };
    items.take(count).take_while(fits).count()
}

/// Keeps the last `max` bytes of an open block's text.
fn keep_last(block: &mut OpenBlock, max: usize) {
    block.omitted_bytes = block.omitted_bytes.saturating_add(block.text.keep_last(max));
}

/// The texts of an entry that keep their last part where they are long.
fn texts(entry: &mut Entry) -> impl Iterator<Item = &mut String> {
    let parts = entry.content.iter_mut().flatten().filter_map(|part| match part {
        Part::Known(KnownPart::Text(part)) => Some(&mut part.text),
        _ => None,
    });
    entry.text.iter_mut().chain(entry.message.iter_mut()).chain(parts)
}

fn has_long_text(entry: &Entry) -> bool {
    let parts = entry.content.iter().flatten().filter_map(Part::as_text);
    let texts = entry.text.as_deref().into_iter().chain(entry.message.as_deref()).chain(parts);
    texts.map(str::len).any(|len| len > bounds::TEXT_BYTES)
}

fn cut_texts(entry: &mut Entry) {
    let mut dropped = 0;
    for text in texts(entry).filter(|text| text.len() > bounds::TEXT_BYTES) {
        let mut tail = TailText::from(std::mem::take(text));
        dropped += tail.keep_last(bounds::TEXT_BYTES);
        *text = tail.into_string();
    }
    entry.omitted_bytes = entry.omitted_bytes.saturating_add(dropped);
}
