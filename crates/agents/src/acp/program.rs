//! The program that an agent is.
//!
//! Owns its start, the end of its standard error, and its end with everything it has started. Must
//! not interpret what it says.

use super::options::AcpOptions;
use crate::confine;
use crate::secret::Redactor;
use parking_lot::Mutex;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use yoi_executor::Group;

/// How many of the last lines of its standard error are kept, and of how many bytes.
const LINES: (usize, usize) = (5, 300);
/// How long the kernel is given to end what was killed.
const KILL_WAIT: Duration = Duration::from_secs(2);

/// A program.
pub(super) struct Program {
    child: Child,
    group: Group,
    last_words: Arc<Mutex<Vec<String>>>,
    reading: JoinHandle<()>,
}

/// Its streams.
pub(super) type Streams = (ChildStdout, ChildStdin);

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// With words that name the program, and nothing of its environment.
    pub(super) async fn start(options: &AcpOptions, folder: &Path) -> Result<(Program, Streams), String> {
        let (name, arguments) = options.command.split_first().ok_or("no program is named")?;
        let mut command = Command::new(name);
        options.variables.apply(&mut command);
        command.args(arguments).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = confine::spawn(command, &options.sandbox, &[folder]).await;
        let mut child = child.map_err(|error| format!("`{name}` cannot be started: {error}"))?;
        let group = Group::led_by(child.id());
        let (Some(stdout), Some(stdin), Some(stderr)) = (child.stdout.take(), child.stdin.take(), child.stderr.take())
        else {
            return Err(format!("`{name}` has no standard streams"));
        };
        let last_words = Arc::new(Mutex::new(Vec::new()));
        let reading = tokio::spawn(read(stderr, Arc::clone(&last_words)));
        Ok((Program { child, group, last_words, reading }, (stdout, stdin)))
    }

    /// How it ended, in words that follow "the agent", with the last that it said on its standard
    /// error. Waits for its end a moment.
    pub(super) async fn ended(&mut self, redactor: &Redactor) -> String {
        let status = tokio::time::timeout(KILL_WAIT, self.child.wait()).await;
        let _ = tokio::time::timeout(Duration::from_millis(100), &mut self.reading).await;
        let words = match status {
            Ok(Ok(status)) => exit_words(status),
            _ => "closed its output".to_owned(),
        };
        let said = self.last_words.lock().join("\n");
        if said.is_empty() { words } else { format!("{words}; it last said: {}", redactor.clean(said)) }
    }

    /// Ends it and everything in its group: SIGTERM, and SIGKILL after `kill_after`.
    pub(super) async fn end(mut self, kill_after: Duration) {
        for (signal, patience) in [(Signal::TERM, kill_after), (Signal::KILL, KILL_WAIT)] {
            self.group.signal(signal);
            let gone = async {
                let _ = self.child.wait().await;
                self.group.ended().await;
            };
            if tokio::time::timeout(patience, gone).await.is_ok() {
                break;
            }
        }
        self.reading.abort();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(stderr: ChildStderr, last_words: Arc<Mutex<Vec<String>>>) {
    let (lines, bytes) = LINES;
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        let Ok(buffer) = reader.fill_buf().await else { return };
        if buffer.is_empty() {
            return;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |at| at + 1);
        let room = bytes.saturating_sub(line.len());
        line.extend(buffer.iter().take(end.unwrap_or(taken)).take(room));
        reader.consume(taken);
        if end.is_some() {
            let text: String = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            if !text.trim().is_empty() {
                let mut kept = last_words.lock();
                kept.push(text);
                let over = kept.len().saturating_sub(lines);
                kept.drain(..over);
            }
        }
    }
}

fn exit_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
