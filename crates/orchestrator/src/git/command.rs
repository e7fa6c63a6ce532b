//! One call of `git`.
//!
//! Owns its environment, its bounds, and that it ends whole although nobody waits for it.

use super::GitError;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The most bytes of each of its streams that are read.
const MOST: u64 = 1024 * 1024;

/// Settings that a repository's own must not override: nothing is run that git is not.
const SETTINGS: [&str; 6] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=true",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// What would have git look elsewhere, or do it in another name.
const NOT_INHERITED: [&str; 16] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_EXTERNAL_DIFF",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_TRACE",
];

/// A call that is to be made.
#[derive(Debug)]
pub(super) struct Command {
    command: tokio::process::Command,
    limit: Duration,
    what: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Output {
    pub is_good: bool,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Command {
    pub(super) fn new(folder: &Path, limit: Duration) -> Command {
        let mut command = tokio::process::Command::new("git");
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // a Ctrl-C at the terminal is not for it
        command.process_group(0);
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").env("GIT_EDITOR", "true");
        command.arg("--no-pager").args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        Command { command, limit, what: String::new() }
    }

    /// In a work tree that is not asked where its repository is.
    pub(super) fn within(mut self, repository: &Path, worktree: &Path) -> Command {
        self.command.env("GIT_DIR", repository).env("GIT_WORK_TREE", worktree);
        self
    }

    pub(super) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        for arg in args {
            self = self.arg(arg);
        }
        self
    }

    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Command {
        let arg: OsString = arg.as_ref().to_owned();
        if self.what.is_empty() {
            self.what = arg.to_string_lossy().into_owned();
        }
        self.command.arg(arg);
        self
    }

    /// Runs it to its end, in a task of its own.
    pub(super) async fn run(self) -> Result<Output, GitError> {
        let Command { mut command, limit, what } = self;
        let mut child = command.spawn().map_err(GitError::NotRun)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let task = tokio::spawn(async move {
            let all = async { tokio::join!(read(stdout), read(stderr), child.wait()) };
            match tokio::time::timeout(limit, all).await {
                Ok(ended) => Some(ended),
                Err(_) => {
                    let _ = child.start_kill();
                    None
                }
            }
        });
        let Ok(ended) = task.await else { return Err(GitError::TimedOut(what)) };
        let Some((stdout, stderr, status)) = ended else { return Err(GitError::TimedOut(what)) };
        let status = status.map_err(GitError::NotRun)?;
        Ok(Output { is_good: status.success(), code: status.code(), stdout, stderr })
    }
}

/// The beginning of a stream, the rest of which is read and forgotten.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut bytes = Vec::new();
    let _ = (&mut stream).take(MOST).read_to_end(&mut bytes).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
