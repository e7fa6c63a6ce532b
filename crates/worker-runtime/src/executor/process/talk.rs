//! One run of a program: what it is told, what it says, and when that is over.
//!
//! Owns the waiting for everything that may happen next, and the bounds on what is passed on.
//! Must not start or end programs.

use super::super::lines::Line;
use super::super::questions::{Answer, Questions};
use super::calls::{Answered, Calls};
use super::decode::Decoder;
use super::marker::Marker;
use super::options::{Input, Lifetime, Mode, ProcessOptions, RunEnd};
use super::program::{Program, Stdout};
use super::said::{self, Call, Said};
use super::stderr::LINES_PER_RUN;
use super::stdin::Stdin;
use crate::executor::{Ending, Output, RunContext, RunOver, Tool, ToolFailure};
use protocol::{Approval, BlockKind, BlockStatus, Level, Part, RunId, floor_char_boundary};
use serde::Serialize;
use serde_json::Value;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a background child may hold the output of a program that has exited.
const GRACE: Duration = Duration::from_millis(500);

/// How long what is left in the pipe may take to come, once that is over.
const LEFT: Duration = Duration::from_millis(10);

/// The most bytes taken of what is left in the pipe: as much as a pipe holds.
const LEFT_BYTES: usize = 1 << 20;

/// The most bad lines told in one run.
const BAD_LINES: u32 = 20;

/// The most characters told of a bad line.
const BAD_LINE_CHARS: usize = 200;

/// The most questions open at once.
const OPEN_QUESTIONS: usize = 64;

/// The most bytes of a call's name.
const CALL_ID_BYTES: usize = 256;

/// The name of the block that holds a program's text.
const BLOCK: &str = "stdout";

/// Why a run ends before the program ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is cancelled, or its worker gone.
    Over,
    /// It took too long.
    TimeLimit,
}

impl From<RunOver> for Stop {
    fn from(_: RunOver) -> Self {
        Stop::Over
    }
}

/// How a talk ended.
#[derive(Debug)]
pub(super) enum Close {
    /// The program has exited; with what it said of the run, where it did.
    Exited(Option<ExitStatus>, Option<Ending>),
    /// The run is over and the program lives.
    Ended(Ending),
    /// The program has closed its output and does not exit.
    Mute,
    /// The run ends before the program ends it.
    Stopped(Stop),
}

/// The line that an input is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Told<'a> {
    Input {
        run_id: RunId,
        content: &'a [Part],
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tools: Vec<Tool>,
    },
    ApprovalResolved {
        approval_id: &'a str,
        outcome: &'a str,
    },
    ToolResult {
        call_id: &'a str,
        content: &'a [Part],
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    Cancel,
}

impl Told<'_> {
    fn tell(&self, stdin: &mut Stdin) {
        // Maps of text to values: there is nothing in them that JSON cannot say.
        if let Ok(mut line) = serde_json::to_vec(self) {
            line.push(b'\n');
            stdin.push(&line);
        }
    }
}

/// One run.
pub(super) struct Talk<'a> {
    options: &'a ProcessOptions,
    context: &'a RunContext,
    deadline: Option<Instant>,
    questions: Questions,
    calls: Calls,
    /// What the program said of the run's end.
    finished: Option<Ending>,
    /// The text block is open.
    open: bool,
    decoder: Decoder,
    /// Bytes that are not UTF-8 have been told.
    invalid_told: bool,
    marker: Option<Marker>,
    /// Since when nothing was said.
    quiet_since: Instant,
    bad_lines: u32,
    stderr_lines: u64,
}

impl<'a> Talk<'a> {
    pub(super) fn new(options: &'a ProcessOptions, context: &'a RunContext) -> Self {
        let now = Instant::now();
        let marker = match &options.run_end {
            Some(RunEnd::Marker(line)) => Some(Marker::new(line)),
            _ => None,
        };
        Talk {
            options,
            context,
            deadline: options.time_limit.and_then(|limit| now.checked_add(limit)),
            questions: Questions::default(),
            calls: Calls::new(Arc::clone(&context.tools), context.worker_id, &context.cancel),
            finished: None,
            open: false,
            decoder: Decoder::default(),
            invalid_told: false,
            marker,
            quiet_since: now,
            bad_lines: 0,
            stderr_lines: 0,
        }
    }

    /// Tells the program its input and listens until the run is over.
    pub(super) async fn hold(&mut self, program: &mut Program) -> Close {
        self.tell_input(&mut program.stdin);
        match self.listen(program).await {
            Ok(close) => close,
            Err(stop) => Close::Stopped(stop),
        }
    }

    /// Says something, for as long as the run lasts.
    pub(super) async fn say(&self, output: Output) -> Result<(), Stop> {
        let said = self.context.say(output);
        match self.deadline {
            None => Ok(said.await?),
            Some(deadline) => match tokio::time::timeout_at(deadline, said).await {
                Ok(said) => Ok(said?),
                Err(_) => Err(Stop::TimeLimit),
            },
        }
    }

    /// Says something for operators.
    pub(super) async fn warn(&self, code: &str, message: String) -> Result<(), Stop> {
        self.say(Output::Notice { level: Level::Warning, code: code.to_owned(), message }).await
    }

    /// Asks a program that speaks events to end its run, and waits until it has or has exited.
    pub(super) async fn call_off(program: &mut Program) -> bool {
        Told::Cancel.tell(&mut program.stdin);
        loop {
            while let Some(line) = program.stdout.lines.pop() {
                if let Line::Whole(line) = line
                    && matches!(said::read(&line), Ok(Said::Finished(_)))
                {
                    return true;
                }
            }
            let (stdin, stdout, _, child) = program.parts();
            tokio::select! {
                () = stdin.write(), if stdin.is_busy() => {}
                _ = stdout.read_lines(), if !stdout.is_ended() => {}
                _ = child.wait() => return false,
            }
        }
    }

    fn tell_input(&self, stdin: &mut Stdin) {
        match self.options.input {
            Input::JsonLine => {
                // a program that does not speak events cannot call
                let tools = match self.options.mode {
                    Mode::JsonLines => self.context.tools.tools(),
                    Mode::Text => Vec::new(),
                };
                Told::Input { run_id: self.context.run_id, content: &self.context.input, tools }.tell(stdin);
            }
            Input::Text => {
                stdin.push(self.context.input_text().as_bytes());
                match self.options.lifetime {
                    Lifetime::PerRun => stdin.finish(),
                    Lifetime::KeptRunning => stdin.push(b"\n"),
                }
            }
        }
    }

    async fn listen(&mut self, program: &mut Program) -> Result<Close, Stop> {
        let kept = self.options.lifetime == Lifetime::KeptRunning;
        let mut exit: Option<Option<ExitStatus>> = None;
        // Until when to wait for what should come by itself: the end of the output after the
        // exit, or the exit after the end of the output.
        let mut patience: Option<Instant> = None;
        if self.digest(program).await? && kept {
            return self.close_run(program).await;
        }
        loop {
            if exit.is_some() && program.stdout.is_ended() && program.stderr.is_ended() {
                break;
            }
            let quiet = match self.options.run_end {
                Some(RunEnd::Quiet(time)) if !program.stdin.is_busy() => self.quiet_since.checked_add(time),
                _ => None,
            };
            let mode = self.options.mode;
            let (stdin, stdout, stderr, child) = program.parts();
            tokio::select! {
                () = self.context.cancel.cancelled() => return Err(Stop::Over),
                () = at(self.deadline), if self.deadline.is_some() => return Err(Stop::TimeLimit),
                () = at(quiet), if quiet.is_some() && exit.is_none() => return self.close_run(program).await,
                () = stdin.write(), if stdin.is_busy() => self.quiet_since = Instant::now(),
                answer = self.questions.answered(), if !stdin.is_busy() => tell_answer(&answer, stdin),
                answered = self.calls.answered(), if !stdin.is_busy() => self.tell_result(answered, stdin).await?,
                line = stderr.next(), if !stderr.is_ended() => {
                    if let Some(line) = line {
                        self.stderr_line(line).await?;
                    }
                }
                read = read(stdout, mode), if !stdout.is_ended() => {
                    if self.digest(program).await? {
                        if kept {
                            return self.close_run(program).await;
                        }
                        program.stdin.finish();
                        patience = patience.or_else(|| Instant::now().checked_add(self.options.kill_after));
                    }
                    self.quiet_since = Instant::now();
                    if read == 0 && kept && exit.is_none() {
                        patience = Some(self.quiet_since + GRACE);
                    }
                }
                status = child.wait(), if exit.is_none() => {
                    exit = Some(status.ok());
                    patience = Some(Instant::now() + GRACE);
                }
                () = at(patience), if patience.is_some() => break,
            }
        }
        self.take_left(program).await?;
        match exit {
            Some(status) => {
                self.finish_output(program, status).await?;
                self.give_up_calls().await?;
                self.tell_suppressed(program).await?;
                Ok(Close::Exited(status, self.finished.take()))
            }
            None => {
                self.give_up_calls().await?;
                self.tell_suppressed(program).await?;
                Ok(self.finished.take().map_or(Close::Mute, Close::Ended))
            }
        }
    }

    /// The run of a program that lives on is over.
    async fn close_run(&mut self, program: &mut Program) -> Result<Close, Stop> {
        self.give_up_calls().await?;
        let rest = self.decoder.finish();
        self.show(rest.to_owned()).await?;
        self.close_block().await?;
        for _ in 0..LINES_PER_RUN {
            let Some(line) = program.stderr.try_next() else { break };
            self.stderr_line(line).await?;
        }
        self.tell_suppressed(program).await?;
        Ok(Close::Ended(self.finished.take().unwrap_or_else(Ending::completed)))
    }

    /// What the program left in its pipe, where somebody else keeps that open.
    async fn take_left(&mut self, program: &mut Program) -> Result<(), Stop> {
        let mut taken = 0;
        while !program.stdout.is_ended() && taken < LEFT_BYTES {
            let read = read(&mut program.stdout, self.options.mode);
            match tokio::time::timeout(LEFT, read).await {
                Ok(read) => taken += read,
                Err(_) => break,
            }
            self.digest(program).await?;
        }
        Ok(())
    }

    /// The end of the output of a program that has exited.
    async fn finish_output(&mut self, program: &mut Program, status: Option<ExitStatus>) -> Result<(), Stop> {
        if let Some(line) = program.stdout.lines.pop_rest() {
            self.line(line, program).await?;
        }
        let mut rest = Vec::new();
        if let Some(marker) = &mut self.marker {
            marker.finish(&mut rest);
        }
        let mut text = self.decoder.push(&rest);
        text.push_str(self.decoder.finish());
        self.show(text).await?;
        if status.is_some_and(|status| status.code().is_some()) {
            self.close_block().await?;
        }
        Ok(())
    }

    /// Passes on what was read. True where that ends the run.
    async fn digest(&mut self, program: &mut Program) -> Result<bool, Stop> {
        if self.options.mode == Mode::JsonLines {
            while let Some(line) = program.stdout.lines.pop() {
                self.line(line, program).await?;
                if self.finished.is_some() && self.options.lifetime == Lifetime::KeptRunning {
                    break;
                }
            }
            return Ok(self.finished.is_some());
        }
        let mut ended = false;
        let bytes = &mut program.stdout.text;
        let text = match &mut self.marker {
            None => self.decoder.push(&bytes.split()),
            Some(marker) => {
                let mut shown = Vec::new();
                ended = marker.scan(bytes, &mut shown);
                self.decoder.push(&shown)
            }
        };
        self.show(text).await?;
        Ok(ended)
    }

    async fn show(&mut self, text: String) -> Result<(), Stop> {
        if self.decoder.take_invalid() && !std::mem::replace(&mut self.invalid_told, true) {
            let message = "the program's output is not all UTF-8: what is not is shown as U+FFFD".to_owned();
            self.warn("process_not_utf8", message).await?;
        }
        if text.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.open, true) {
            let (block_id, kind) = (BLOCK.to_owned(), BlockKind::Text);
            self.say(Output::BlockStarted { block_id, kind, call_id: None, tool: None, title: None }).await?;
        }
        self.say(Output::BlockDelta { block_id: BLOCK.to_owned(), text }).await
    }

    async fn close_block(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.open) {
            let status = BlockStatus::Complete;
            self.say(Output::BlockFinished { block_id: BLOCK.to_owned(), status }).await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: Line, program: &Program) -> Result<(), Stop> {
        let line = match line {
            Line::TooLong(beginning) => {
                let message = format!("a line is too long and skipped: {}", excerpt(&beginning));
                return self.bad("process_bad_line", message).await;
            }
            Line::Whole(line) => line,
        };
        match said::read(&line) {
            _ if line.trim_ascii().is_empty() => Ok(()),
            Err(error) => self.bad("process_bad_line", format!("{error}: {}", excerpt(&line))).await,
            Ok(_) if self.finished.is_some() => {
                self.bad("process_bad_event", "an event after `run_finished`".to_owned()).await
            }
            Ok(Said::Say(output)) => self.say(output).await,
            Ok(Said::Ask(approval)) => self.ask(approval, program.stdin.is_open()).await,
            Ok(Said::Answered { approval_id, outcome }) => {
                if self.questions.close(&approval_id) {
                    return self.say(Output::Answered { approval_id, outcome }).await;
                }
                // Answered by a person meanwhile, or never asked.
                Ok(())
            }
            Ok(Said::Finished(ending)) => {
                self.finished = Some(ending);
                Ok(())
            }
            Ok(Said::Call(call)) => self.call(call, program.stdin.is_open()).await,
            Ok(Said::NotItsToSay(event)) => {
                self.bad("process_bad_event", format!("`{event}` is not a program's to say")).await
            }
        }
    }

    async fn ask(&mut self, approval: Approval, can_answer: bool) -> Result<(), Stop> {
        let id = &approval.approval_id;
        let wrong = if !can_answer || self.options.input != Input::JsonLine {
            "it asks a person, but does not read answers: give it its input as a JSON line"
        } else if self.questions.is_open(id) {
            "a question of that name is open already"
        } else if self.questions.len() >= OPEN_QUESTIONS {
            "too many questions are open"
        } else {
            let answer = self.questions.open(id);
            return self.say(Output::Ask { approval, answer }).await;
        };
        self.bad("process_bad_event", format!("approval_requested: {wrong}")).await
    }

    /// Begins a call, and shows it as one that a program makes itself.
    async fn call(&mut self, call: Call, can_answer: bool) -> Result<(), Stop> {
        let Call { call_id, tool, arguments } = call;
        let wrong = if !can_answer || self.options.input != Input::JsonLine {
            "it calls a tool, but does not read answers: give it its input as a JSON line"
        } else if call_id.is_empty() || call_id.len() > CALL_ID_BYTES {
            "`call_id` has 1 to 256 bytes"
        } else if self.calls.is_open(&call_id) {
            "a call of that name waits for its answer already"
        } else {
            let arguments = Value::Object(arguments).to_string();
            let block = |id: &str| format!("call_tool {id}");
            self.say(Output::BlockStarted {
                block_id: block(&call_id),
                kind: BlockKind::ToolCall,
                call_id: Some(call_id.clone()),
                tool: Some(tool.clone()),
                title: None,
            })
            .await?;
            self.say(Output::BlockDelta { block_id: block(&call_id), text: arguments.clone() }).await?;
            let status = BlockStatus::Complete;
            self.say(Output::BlockFinished { block_id: block(&call_id), status }).await?;
            self.calls.begin(call_id, tool, arguments);
            return Ok(());
        };
        self.bad("process_bad_event", format!("call_tool: {wrong}")).await
    }

    /// Shows what a tool answered, and tells the program.
    async fn tell_result(&self, answered: Answered, stdin: &mut Stdin) -> Result<(), Stop> {
        let Answered { call_id, answer } = answered;
        let (text, code) = match answer {
            Ok(text) => (text, None),
            Err(failure) => (failure.to_string(), Some(failure.code())),
        };
        let (content, is_error) = (vec![Part::text(text)], code.is_some());
        Told::ToolResult { call_id: &call_id, content: &content, is_error, code }.tell(stdin);
        self.say(Output::ToolResult { call_id, content, is_error }).await
    }

    /// The run is over before tools answered: that is shown, and the program does not hear of it.
    async fn give_up_calls(&mut self) -> Result<(), Stop> {
        for call_id in self.calls.give_up() {
            let content = vec![Part::text(ToolFailure::Cancelled.to_string())];
            self.say(Output::ToolResult { call_id, content, is_error: true }).await?;
        }
        Ok(())
    }

    async fn bad(&mut self, code: &str, message: String) -> Result<(), Stop> {
        self.bad_lines = self.bad_lines.saturating_add(1);
        if self.bad_lines <= BAD_LINES {
            return self.warn(code, message).await;
        }
        if self.bad_lines == BAD_LINES + 1 {
            return self.warn(code, "more bad lines follow; they are not told".to_owned()).await;
        }
        Ok(())
    }

    async fn stderr_line(&mut self, line: String) -> Result<(), Stop> {
        self.stderr_lines = self.stderr_lines.saturating_add(1);
        if self.stderr_lines <= LINES_PER_RUN {
            return self.warn("stderr", line).await;
        }
        Ok(())
    }

    /// At the end of a run: how many lines of standard error were not told.
    async fn tell_suppressed(&mut self, program: &Program) -> Result<(), Stop> {
        let untold = self.stderr_lines.saturating_sub(LINES_PER_RUN).saturating_add(program.stderr.take_missed());
        if untold > 0 {
            return self.warn("stderr", format!("{untold} more lines on standard error are not told")).await;
        }
        Ok(())
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn read(stdout: &mut Stdout, mode: Mode) -> usize {
    match mode {
        Mode::Text => stdout.read_text().await,
        Mode::JsonLines => stdout.read_lines().await,
    }
}

fn tell_answer(answer: &Answer, stdin: &mut Stdin) {
    let outcome = answer.outcome.as_deref().unwrap_or("cancelled");
    Told::ApprovalResolved { approval_id: &answer.approval_id, outcome }.tell(stdin);
}

/// The beginning of a line, for people.
fn excerpt(line: &[u8]) -> String {
    let beginning = line.get(..BAD_LINE_CHARS * 4).unwrap_or(line);
    let text = String::from_utf8_lossy(beginning);
    let end = text.char_indices().nth(BAD_LINE_CHARS).map_or(text.len(), |(end, _)| end);
    let end = floor_char_boundary(&text, end);
    text.get(..end).unwrap_or_default().to_owned()
}
