//! Running a command.
//!
//! Owns the tool `shell`: the sandbox it runs in, its bounds and its end with everything it has
//! started. Must not decide whether it is run.

use super::bounds::{ANSWER_BYTES, Kept};
use super::{Answer, Refused};
use crate::confine::{self, Sandbox};
use crate::environment::Variables;
use rustix::process::Signal;
use serde::Deserialize;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use yoi_executor::Group;

/// From SIGTERM to SIGKILL.
const KILL_AFTER: Duration = Duration::from_secs(2);
/// How long is waited for the output of what a command leaves behind.
const LINGER: Duration = Duration::from_millis(200);

/// How commands are run.
#[derive(Clone, Debug)]
pub struct ShellOptions {
    /// What they may reach.
    pub sandbox: Sandbox,
    /// What they find in their environment.
    pub variables: Variables,
    /// The longest one may take. Default 2 minutes.
    pub time_limit: Duration,
}

impl Default for ShellOptions {
    fn default() -> ShellOptions {
        ShellOptions {
            sandbox: Sandbox::default(),
            variables: Variables::default(),
            time_limit: Duration::from_secs(120),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shell {
    command: String,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

impl Shell {
    /// Runs it. Dropping the future kills it, and everything it has started.
    pub(super) async fn run(self, folder: &Path, options: &ShellOptions) -> Result<Answer, Refused> {
        if self.command.contains('\0') {
            return Err(Refused("a command holds no zero byte".to_owned()));
        }
        let temporary = tempfile::Builder::new().prefix("yoi-shell-").tempdir();
        let temporary = temporary.map_err(|error| Refused(format!("there is no room for temporary files: {error}")))?;
        let limit = self
            .timeout_seconds
            .map_or(options.time_limit, |seconds| Duration::from_secs(seconds.max(1)).min(options.time_limit));
        let mut command = Command::new("/bin/sh");
        options.variables.apply(&mut command);
        command.env("TMPDIR", temporary.path());
        command.arg("-c").arg(&self.command).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = confine::spawn(command, &options.sandbox, &[folder, temporary.path()]).await;
        let mut child = spawned.map_err(|error| Refused(format!("the command cannot be started: {error}")))?;
        let mut group = Group::led_by(child.id());
        let mut kept = Kept::new(ANSWER_BYTES);
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let mut status = None;
        let in_time = tokio::time::timeout(limit, async {
            tokio::select! {
                () = drain(&mut stdout, &mut stderr, &mut kept) => {}
                exited = child.wait() => status = exited.ok(),
            }
            if status.is_none() {
                status = child.wait().await.ok();
            }
            // what it left behind may hold the pipes open; that is not waited for
            let _ = tokio::time::timeout(LINGER, drain(&mut stdout, &mut stderr, &mut kept)).await;
        })
        .await
        .is_ok();
        if !in_time {
            group.signal(Signal::TERM);
            let _ = tokio::time::timeout(KILL_AFTER, async {
                tokio::join!(drain(&mut stdout, &mut stderr, &mut kept), group.ended());
            })
            .await;
        }
        drop(group);
        let _ = child.wait().await;
        let output = kept.into_text();
        let words = match status.filter(|_| in_time) {
            Some(status) => words(status),
            None => format!("ended after {limit:?}: that is the most it may take"),
        };
        let separator = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
        let said = format!("{output}{separator}[{words}]");
        let failed = !in_time || !status.is_some_and(|status| status.success());
        Ok(Answer { is_error: failed, ..Answer::text(said) })
    }
}

/// Reads both pipes to their ends.
async fn drain(
    stdout: &mut Option<tokio::process::ChildStdout>,
    stderr: &mut Option<tokio::process::ChildStderr>,
    kept: &mut Kept,
) {
    let (mut out, mut err) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    while stdout.is_some() || stderr.is_some() {
        tokio::select! {
            read = read(stdout, &mut out) => match read {
                Some(bytes) => kept.push(bytes),
                None => *stdout = None,
            },
            read = read(stderr, &mut err) => match read {
                Some(bytes) => kept.push(bytes),
                None => *stderr = None,
            },
        }
    }
}

async fn read<'b, R: AsyncRead + Unpin>(pipe: &mut Option<R>, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let Some(pipe) = pipe else { return std::future::pending().await };
    let n = pipe.read(buffer).await.unwrap_or(0);
    buffer.get(..n).filter(|bytes| !bytes.is_empty())
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
