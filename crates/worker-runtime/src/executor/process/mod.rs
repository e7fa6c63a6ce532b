//! The executor that runs a program.
//!
//! Owns when a program is started, kept, ended and started again. Must not interpret what it
//! says: that is `talk`.
//!
//! What a kept program writes while no run is under way waits in its pipe and belongs to the next
//! run; of its standard error the first lines are kept for it.

mod calls;
mod decode;
mod marker;
mod options;
mod program;
mod said;
mod stderr;
mod stdin;
mod talk;

pub use options::{Input, Lifetime, Mode, ProcessOptions, ProcessOptionsError, RunEnd};

use super::{Ending, Executor, Profile, RunContext};
use futures_util::future::BoxFuture;
use program::{Program, exit_words};
use protocol::Outcome;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use talk::{Close, Stop, Talk};

/// How long a kept program may take to end a run that is called off.
const CALL_OFF: Duration = Duration::from_secs(1);

/// A profile that runs a program.
#[derive(Clone, Debug)]
pub struct Process {
    name: String,
    description: Option<String>,
    options: Arc<ProcessOptions>,
}

impl Process {
    /// A profile of this name.
    ///
    /// # Errors
    /// When the options do not make a process.
    pub fn new(name: impl Into<String>, options: ProcessOptions) -> Result<Self, ProcessOptionsError> {
        options.validate()?;
        Ok(Process { name: name.into(), description: None, options: Arc::new(options) })
    }

    /// The same, described for people.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Process { description: Some(description.into()), ..self }
    }
}

impl Profile for Process {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "process"
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(ProcessExecutor { options: Arc::clone(&self.options), kept: None })
    }
}

struct ProcessExecutor {
    options: Arc<ProcessOptions>,
    /// The program, where it is kept running.
    kept: Option<Program>,
}

impl Executor for ProcessExecutor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            match self.run_once(&context).await {
                Ok(ending) => ending,
                Err(stop) => self.ending(stop),
            }
        })
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(program) = self.kept.take() {
                program.end(self.options.kill_after).await;
            }
        })
    }
}

impl ProcessExecutor {
    async fn run_once(&mut self, context: &RunContext) -> Result<Ending, Stop> {
        let options = Arc::clone(&self.options);
        let mut talk = Talk::new(&options, context);
        let mut program = match self.living(&mut talk).await? {
            Some(program) => program,
            None => match Program::start(&options, context).await {
                Ok(program) => program,
                Err(error) => return Ok(Ending::failed("spawn_failed", error.to_string())),
            },
        };
        let close = talk.hold(&mut program).await;
        // The questions of this run end with it.
        drop(talk);
        if self.keep(&close, &mut program).await {
            self.kept = Some(program);
        } else {
            program.end(options.kill_after).await;
        }
        match close {
            Close::Stopped(stop) => Err(stop),
            Close::Ended(ending) => Ok(ending),
            Close::Mute => Ok(Ending::failed("output_closed", "the program has closed its output")),
            Close::Exited(status, said) => Ok(self.exit_ending(status, said)),
        }
    }

    /// The program that was kept, if it still lives.
    async fn living(&mut self, talk: &mut Talk<'_>) -> Result<Option<Program>, Stop> {
        let Some(mut program) = self.kept.take() else { return Ok(None) };
        let Some(status) = program.exited() else { return Ok(Some(program)) };
        program.end(self.options.kill_after).await;
        let message = format!("the program {} since the last run and is started again", exit_words(status));
        talk.warn("process_restarted", message).await?;
        Ok(None)
    }

    /// Whether the program lives on after a run that ended so.
    async fn keep(&self, close: &Close, program: &mut Program) -> bool {
        let kept = self.options.lifetime == Lifetime::KeptRunning;
        match close {
            Close::Ended(_) => kept,
            Close::Stopped(_) if kept && self.options.mode == Mode::JsonLines => {
                tokio::time::timeout(CALL_OFF, Talk::call_off(program)).await.unwrap_or(false)
            }
            _ => false,
        }
    }

    fn ending(&self, stop: Stop) -> Ending {
        match (stop, self.options.time_limit) {
            (Stop::TimeLimit, Some(limit)) => {
                Ending::limit("time_limit", format!("the run took longer than {limit:?}"))
            }
            _ => Ending::cancelled(),
        }
    }

    fn exit_ending(&self, status: Option<ExitStatus>, said: Option<Ending>) -> Ending {
        let Some(status) = status else {
            return Ending::failed("exit_status", "how the program exited cannot be told");
        };
        let lives_on = self.options.lifetime == Lifetime::KeptRunning;
        match said {
            // What it said itself is more than its exit status says.
            Some(said) if status.success() || said.outcome != Outcome::Completed => said,
            None if status.success() && !lives_on => Ending::completed(),
            _ => Ending::failed("exit_status", exit_words(status)),
        }
    }
}

#[cfg(test)]
mod tests;
