//! The commands that an agent has us run.
//!
//! Owns them, their output within bounds, and their end with everything they have started. Must
//! not decide whether one is run.

use crate::confine;
use crate::secret::Redactor;
use crate::tools::ShellOptions;
use crate::tools::bounds::Kept;
use agent_client_protocol::v1::schema::{CreateTerminalRequest, TerminalExitStatus};
use futures_util::FutureExt;
use parking_lot::Mutex;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yoi_executor::Group;

/// The most bytes of output that are kept.
const OUTPUT_BYTES: usize = 1 << 20;
/// The most terminals at once.
const TERMINALS: usize = 32;

type Output = Arc<Mutex<(std::collections::VecDeque<u8>, bool)>>;

/// A command and its output. It is killed when this is dropped.
pub(super) struct Terminal {
    output: Output,
    ended: watch::Receiver<Option<TerminalExitStatus>>,
    kill: CancellationToken,
}

/// The terminals of a session. Dropping them ends all.
#[derive(Default)]
pub(super) struct Terminals {
    open: HashMap<String, Terminal>,
    next: u64,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

impl Terminal {
    /// Runs a command.
    pub(super) async fn run(
        request: &CreateTerminalRequest,
        folder: &Path,
        options: &ShellOptions,
    ) -> Result<Terminal, String> {
        let mut command = Command::new(&request.command);
        options.variables.apply(&mut command);
        command.args(&request.args).current_dir(folder).stdin(Stdio::null());
        command.envs(request.env.iter().map(|variable| (&variable.name, &variable.value)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = confine::spawn(command, &options.sandbox, &[folder]).await;
        let mut child = child.map_err(|error| format!("the command cannot be started: {error}"))?;
        let group = Group::led_by(child.id());
        let most = request.output_byte_limit.and_then(|most| usize::try_from(most).ok()).unwrap_or(OUTPUT_BYTES);
        let most = most.min(OUTPUT_BYTES);
        let output: Output = Arc::default();
        let (told, ended) = watch::channel(None);
        let kill = CancellationToken::new();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let killed = kill.clone();
        let kept = Arc::clone(&output);
        tokio::spawn(async move {
            let reading = async {
                tokio::join!(read(stdout, &kept, most), read(stderr, &kept, most));
            };
            // it may have ended before the command does
            let mut reading = std::pin::pin!(reading.fuse());
            let status = tokio::select! {
                () = killed.cancelled() => {
                    group.signal(Signal::KILL);
                    child.wait().await.ok()
                }
                status = child.wait() => status.ok(),
                () = &mut reading => child.wait().await.ok(),
            };
            // what it left behind may hold the pipes open
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), reading).await;
            drop(group);
            let status = status.map_or_else(TerminalExitStatus::new, |status| {
                let code = status.code().and_then(|code| u32::try_from(code).ok());
                TerminalExitStatus::new().exit_code(code).signal(status.signal().map(|signal| signal.to_string()))
            });
            let _ = told.send(Some(status));
        });
        Ok(Terminal { output, ended, kill })
    }
}

impl Terminals {
    /// Keeps a terminal; its name. None where there are too many.
    pub(super) fn keep(&mut self, terminal: Terminal) -> Option<String> {
        if self.open.len() >= TERMINALS {
            return None;
        }
        self.next += 1;
        let id = format!("term_{}", self.next);
        self.open.insert(id.clone(), terminal);
        Some(id)
    }

    /// The output so far, and how it ended.
    pub(super) fn output(&self, id: &str, redactor: &Redactor) -> Option<Value> {
        let terminal = self.open.get(id)?;
        let (text, truncated) = text(&terminal.output);
        let mut answer = json!({"output": redactor.clean(text), "truncated": truncated});
        if let (Some(status), Some(answer)) = (terminal.ended.borrow().clone(), answer.as_object_mut()) {
            answer.insert("exitStatus".to_owned(), json!(status));
        }
        Some(answer)
    }

    /// What there is to say of a terminal's output in a result.
    pub(super) fn shown(&self, id: &str, redactor: &Redactor) -> Option<String> {
        let terminal = self.open.get(id)?;
        let mut kept = Kept::new(64 << 10);
        kept.push(redactor.clean(text(&terminal.output).0).as_bytes());
        Some(kept.into_text())
    }

    /// Those that are open.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.open.keys()
    }

    /// What to wait for its end with.
    pub(super) fn ended(&self, id: &str) -> Option<watch::Receiver<Option<TerminalExitStatus>>> {
        self.open.get(id).map(|terminal| terminal.ended.clone())
    }

    /// Kills the command; its output stays. False where there is no such terminal.
    pub(super) fn kill(&self, id: &str) -> bool {
        self.open.get(id).map(|terminal| terminal.kill.cancel()).is_some()
    }

    /// Kills the command and forgets it. False where there is no such terminal.
    pub(super) fn release(&mut self, id: &str) -> bool {
        self.open.remove(id).is_some()
    }
}

fn text(output: &Output) -> (String, bool) {
    let mut kept = output.lock();
    let truncated = kept.1;
    (String::from_utf8_lossy(kept.0.make_contiguous()).into_owned(), truncated)
}

async fn read<R: tokio::io::AsyncRead + Unpin>(pipe: Option<R>, output: &Output, most: usize) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; 16 << 10];
    loop {
        let n = pipe.read(&mut buffer).await.unwrap_or(0);
        let Some(bytes) = buffer.get(..n).filter(|bytes| !bytes.is_empty()) else { return };
        let mut kept = output.lock();
        kept.0.extend(bytes);
        let over = kept.0.len().saturating_sub(most);
        kept.0.drain(..over);
        kept.1 |= over > 0;
    }
}
