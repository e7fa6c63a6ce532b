//! One run of a recording as it is played.
//!
//! Owns the pace, the open blocks and questions, and the translation of recorded events into what
//! an executor says. Must not read the recording.

use super::options::{Approvals, ReplayOptions};
use super::usage;
use crate::executor::questions::{Answer, Questions};
use crate::executor::{Ending, Output, RunContext, RunOver};
use protocol::{Approval, BlockStatus, EventKind, State, UnknownEvent, Usage};
use std::time::Duration;
use tokio::time::Instant;

/// A play that is late by more does not hurry to catch up.
const MAX_LAG: Duration = Duration::from_millis(250);

/// What came of playing one event.
#[derive(Debug, PartialEq)]
pub(super) enum Played {
    /// Nothing: the run has not begun with it.
    Nothing,
    /// It is part of the run.
    Something,
    /// The run ends with it.
    End(Ending),
}

/// The play of one run.
pub(super) struct Scene<'a> {
    options: &'a ReplayOptions,
    context: &'a RunContext,
    /// Which play-through this is, from 1.
    pass: u32,
    /// The recorded totals at the run's beginning.
    base: Usage,
    begun: bool,
    blocks: Vec<String>,
    questions: Questions,
    /// Questions that a person has answered: their recorded answer is skipped.
    answered: Vec<String>,
    /// Questions that nobody can answer any more: the recording does, at its time.
    unheard: Vec<String>,
    /// The offset of the last event played, in milliseconds, and when it was due.
    last: Option<(u64, Instant)>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(options: &'a ReplayOptions, pass: u32, context: &'a RunContext, base: Usage) -> Self {
        Scene {
            options,
            context,
            pass,
            base,
            begun: false,
            blocks: Vec::new(),
            questions: Questions::default(),
            answered: Vec::new(),
            unheard: Vec::new(),
            last: None,
        }
    }

    /// The recording is at its end before the run is.
    pub(super) fn cut_short(&self) -> Ending {
        if self.blocks.is_empty() {
            return Ending::completed();
        }
        Ending::failed("recording_ended", "the recording ends in the middle of this run")
    }

    /// Plays an event of a type that this version does not know.
    pub(super) async fn play_unknown(&mut self, offset_ms: u64, event: UnknownEvent) -> Result<Played, RunOver> {
        self.wait(offset_ms).await?;
        self.say(Output::Unknown(event)).await
    }

    /// Plays an event at its time.
    pub(super) async fn play(&mut self, offset_ms: u64, kind: EventKind) -> Result<Played, RunOver> {
        match kind {
            // The worker says these itself. The time before them is the person's, not the run's.
            EventKind::RunStarted { .. } | EventKind::UserMessage { .. } => {
                self.begin(offset_ms);
                return Ok(Played::Something);
            }
            EventKind::StatusChanged { .. } => return Ok(if self.begun { Played::Something } else { Played::Nothing }),
            EventKind::Snapshot(state) => return self.catch_up(offset_ms, *state).await,
            _ => self.wait(offset_ms).await?,
        }
        let output = match kind {
            EventKind::BlockStarted { block_id, kind, call_id, tool, title, .. } => {
                self.blocks.push(block_id.clone());
                let call_id = call_id.map(|id| self.call_id(id));
                Output::BlockStarted { block_id, kind, call_id, tool, title }
            }
            EventKind::BlockDelta { block_id, text } if self.blocks.contains(&block_id) => {
                Output::BlockDelta { block_id, text }
            }
            EventKind::BlockFinished { block_id, status } if self.blocks.contains(&block_id) => {
                self.blocks.retain(|open| *open != block_id);
                Output::BlockFinished { block_id, status }
            }
            EventKind::ToolResult { call_id, content, is_error, .. } => {
                Output::ToolResult { call_id: self.call_id(call_id), content, is_error }
            }
            EventKind::PlanUpdated { items } => Output::Plan(items),
            EventKind::ApprovalRequested(approval) => self.question(approval),
            EventKind::ApprovalResolved { approval_id, outcome } => return self.resolve(approval_id, outcome).await,
            EventKind::UsageUpdated(totals) => Output::Usage(usage::since(&totals, &self.base)),
            EventKind::RetryScheduled { attempt, wait_ms, reason, .. } => Output::Retry { attempt, wait_ms, reason },
            EventKind::RunFinished { outcome, error, .. } => return Ok(Played::End(Ending { outcome, error })),
            EventKind::Notice { level, code, message, .. } => Output::Notice { level, code, message },
            EventKind::Extension { namespace, value } => Output::Extension { namespace, value },
            // Of a block whose beginning was not recorded; the rest is dealt with above.
            _ => return Ok(Played::Something),
        };
        self.say(output).await
    }

    fn begin(&mut self, offset_ms: u64) {
        if !self.begun {
            self.begun = true;
            self.last = Some((offset_ms, Instant::now()));
        }
    }

    async fn say(&mut self, output: Output) -> Result<Played, RunOver> {
        self.context.say(output).await?;
        Ok(Played::Something)
    }

    /// Waits until an event at `offset_ms` is due, or a person answers.
    async fn wait(&mut self, offset_ms: u64) -> Result<(), RunOver> {
        self.begin(offset_ms);
        let (last_ms, last_due) = self.last.unwrap_or_else(|| (offset_ms, Instant::now()));
        let pause = self.options.pause(Duration::from_millis(offset_ms.saturating_sub(last_ms)));
        let now = Instant::now();
        let mut due = last_due.checked_add(pause).unwrap_or(now);
        if due + MAX_LAG < now {
            due = now;
        }
        while due > Instant::now() {
            tokio::select! {
                biased;
                () = self.context.cancel.cancelled() => return Err(RunOver),
                answer = self.questions.answered() => {
                    if self.note(answer) {
                        due = Instant::now();
                    }
                }
                () = tokio::time::sleep_until(due) => {}
            }
        }
        self.last = Some((offset_ms.max(last_ms), due));
        Ok(())
    }

    fn question(&mut self, mut approval: Approval) -> Output {
        approval.call_id = approval.call_id.map(|id| self.call_id(id));
        let answer = self.questions.open(&approval.approval_id);
        Output::Ask { approval, answer }
    }

    /// The recording answers a question.
    async fn resolve(&mut self, approval_id: String, outcome: String) -> Result<Played, RunOver> {
        while self.questions.is_open(&approval_id) {
            let answer = tokio::select! {
                biased;
                () = self.context.cancel.cancelled() => return Err(RunOver),
                answer = self.questions.answered() => answer,
                () = std::future::ready(()), if self.options.approvals == Approvals::Recorded => {
                    self.questions.close(&approval_id);
                    return self.say(Output::Answered { approval_id, outcome }).await;
                }
            };
            if self.note(answer)
                && let Some((_, due)) = &mut self.last
            {
                *due = Instant::now();
            }
        }
        self.answered.retain(|id| *id != approval_id);
        if self.unheard.contains(&approval_id) {
            self.unheard.retain(|id| *id != approval_id);
            return self.say(Output::Answered { approval_id, outcome }).await;
        }
        Ok(Played::Something)
    }

    /// Notes an answer. True where a person gave it: the play goes on from now.
    fn note(&mut self, answer: Answer) -> bool {
        let by_person = answer.outcome.is_some();
        let noted = if by_person { &mut self.answered } else { &mut self.unheard };
        noted.push(answer.approval_id);
        by_person
    }

    /// Goes over from what was played to a state that was recorded: at the beginning, or after a
    /// gap.
    async fn catch_up(&mut self, offset_ms: u64, state: State) -> Result<Played, RunOver> {
        if !self.begun {
            if state.run.is_none() {
                self.base = state.usage;
                return Ok(Played::Nothing);
            }
            self.base = state.usage.clone();
        }
        self.wait(offset_ms).await?;
        let gone = |id: &String| !state.open_blocks.iter().any(|block| block.block_id == *id);
        for block_id in self.blocks.extract_if(.., |id| gone(id)).collect::<Vec<_>>() {
            let entry = state.transcript.iter().rev().find(|e| e.entry_id.as_ref() == Some(&block_id));
            let status = entry.and_then(|e| e.status.clone()).unwrap_or(BlockStatus::Interrupted);
            self.say(Output::BlockFinished { block_id, status }).await?;
        }
        for block in state.open_blocks {
            if self.blocks.contains(&block.block_id) {
                continue;
            }
            self.blocks.push(block.block_id.clone());
            self.say(Output::BlockStarted {
                block_id: block.block_id.clone(),
                kind: block.kind,
                call_id: block.call_id.map(|id| self.call_id(id)),
                tool: block.tool,
                title: block.title,
            })
            .await?;
            self.say(Output::BlockDelta { block_id: block.block_id, text: block.text.into_string() }).await?;
        }
        let closed: Vec<String> = self.questions.ids().map(str::to_owned).collect();
        for approval_id in closed.into_iter().filter(|id| !state.approvals.iter().any(|a| a.approval_id == *id)) {
            self.questions.close(&approval_id);
            self.say(Output::Answered { approval_id, outcome: "cancelled".to_owned() }).await?;
        }
        for approval in state.approvals {
            if !self.questions.is_open(&approval.approval_id) && !self.is_noted(&approval.approval_id) {
                let ask = self.question(approval);
                self.say(ask).await?;
            }
        }
        if !state.plan.is_empty() {
            self.say(Output::Plan(state.plan)).await?;
        }
        Ok(if state.run.is_none() { Played::End(Ending::completed()) } else { Played::Something })
    }

    fn is_noted(&self, approval_id: &str) -> bool {
        self.answered.iter().chain(&self.unheard).any(|id| id == approval_id)
    }

    /// Call ids are unique in a worker, and a recording may be played more than once.
    fn call_id(&self, recorded: String) -> String {
        if self.pass > 1 { format!("{recorded}-{}", self.pass) } else { recorded }
    }
}
