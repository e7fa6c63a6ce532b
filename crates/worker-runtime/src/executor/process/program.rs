//! A program that runs.
//!
//! Owns its start, its pipes and its end with everything it has started. Must not interpret what
//! it says.

use super::super::lines::{LineBuffer, READ_BYTES};
use super::options::{Lifetime, ProcessOptions};
use super::stderr::Stderr;
use super::stdin::Stdin;
use crate::executor::RunContext;
use bytes::BytesMut;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use yoi_executor::Group;

/// The most bytes of a line of events.
const LINE_BYTES: usize = 1 << 20;

/// How long the kernel is given to end what was killed.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// Why a program does not run. Its words name the program and nothing of its environment.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("no program is named")]
    NoCommand,
    #[error("cannot start `{program}`: the folder to work in does not exist")]
    Workdir { program: String },
    #[error("cannot start `{program}`: {source}")]
    Spawn { program: String, source: std::io::Error },
}

/// A program and its pipes.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    group: Group,
    pub(super) stdin: Stdin,
    pub(super) stdout: Stdout,
    pub(super) stderr: Stderr,
}

/// A program's standard output, and what of it was read and not yet taken.
#[derive(Debug)]
pub(super) struct Stdout {
    /// None at its end.
    pipe: Option<ChildStdout>,
    /// Of one that speaks text.
    pub(super) text: BytesMut,
    /// Of one that speaks events.
    pub(super) lines: LineBuffer,
}

impl Stdout {
    /// Whether everything was read.
    pub(super) fn is_ended(&self) -> bool {
        self.pipe.is_none()
    }

    /// Reads what there is into `text`. Dropping the future loses nothing.
    pub(super) async fn read_text(&mut self) -> usize {
        self.text.reserve(READ_BYTES);
        read(&mut self.pipe, &mut self.text).await
    }

    /// Reads what there is into `lines`. Dropping the future loses nothing.
    pub(super) async fn read_lines(&mut self) -> usize {
        read(&mut self.pipe, self.lines.space()).await
    }

    /// Reads for ever and keeps nothing, so that a program that ends does not block.
    async fn discard(&mut self) {
        while !self.is_ended() {
            self.text.clear();
            self.read_text().await;
        }
        std::future::pending().await
    }
}

async fn read(pipe: &mut Option<ChildStdout>, into: &mut BytesMut) -> usize {
    let Some(open) = pipe else { return 0 };
    // What fails has ended: there is nothing more to come.
    let read = open.read_buf(into).await.unwrap_or(0);
    if read == 0 {
        *pipe = None;
    }
    read
}

impl Program {
    /// Starts it, in a process group of its own.
    pub(super) async fn start(options: &ProcessOptions, context: &RunContext) -> Result<Program, StartError> {
        let [program, arguments @ ..] = options.command.as_slice() else { return Err(StartError::NoCommand) };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"YOI_")) {
            command.env_remove(name);
        }
        command.env("YOI_WORKER_ID", context.worker_id.to_string());
        if options.lifetime == Lifetime::PerRun {
            command.env("YOI_RUN_ID", context.run_id.to_string());
        }
        command.envs(&options.env);
        if let Some(workdir) = &context.workdir {
            if !tokio::fs::metadata(workdir).await.is_ok_and(|found| found.is_dir()) {
                return Err(StartError::Workdir { program: program.clone() });
            }
            command.current_dir(workdir);
        }
        let spawned = command.spawn();
        let mut child = spawned.map_err(|source| StartError::Spawn { program: program.clone(), source })?;
        Ok(Program {
            group: Group::led_by(child.id()),
            stdin: Stdin::new(child.stdin.take()),
            stdout: Stdout { pipe: child.stdout.take(), text: BytesMut::new(), lines: LineBuffer::new(LINE_BYTES) },
            stderr: Stderr::read(child.stderr.take()),
            child,
        })
    }

    /// All that a run waits for at once: its pipes, and its exit.
    pub(super) fn parts(&mut self) -> (&mut Stdin, &mut Stdout, &mut Stderr, &mut Child) {
        (&mut self.stdin, &mut self.stdout, &mut self.stderr, &mut self.child)
    }

    /// How it exited, where it has.
    pub(super) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends it and everything in its group: SIGTERM, and SIGKILL after `kill_after`. Returns when
    /// they are gone.
    pub(super) async fn end(mut self, kill_after: Duration) {
        self.stdin.close();
        for (signal, patience) in [(Signal::TERM, kill_after), (Signal::KILL, KILL_WAIT)] {
            self.group.signal(signal);
            let gone = async {
                let _ = self.child.wait().await;
                self.group.ended().await;
            };
            let gone = async {
                tokio::select! {
                    () = gone => {}
                    () = self.stdout.discard() => {}
                }
            };
            if tokio::time::timeout(patience, gone).await.is_ok() {
                return;
            }
        }
        tracing::warn!(pid = self.child.id(), "a program outlives SIGKILL");
    }
}

/// How a program exited, in words that follow its name.
pub(super) fn exit_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in a way that has no number".to_owned(),
    }
}
