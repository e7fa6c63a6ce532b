//! What a program says on standard error.
//!
//! Owns a task that reads it always, so that the program never blocks on it. Must not hold more
//! than a run can tell.

use super::super::lines::{Line, Lines};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::process::ChildStderr;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The most lines told in one run.
pub(super) const LINES_PER_RUN: u64 = 200;

/// The most bytes told of one line.
const LINE_BYTES: usize = 4 * 1024;

/// Lines read and not yet told.
#[derive(Debug)]
pub(super) struct Stderr {
    lines: mpsc::Receiver<String>,
    /// Lines for which there was no room.
    missed: Arc<AtomicU64>,
    reader: Option<AbortHandle>,
    ended: bool,
}

impl Stderr {
    /// Begins to read.
    pub(super) fn read(pipe: Option<ChildStderr>) -> Self {
        let (sender, lines) = mpsc::channel(LINES_PER_RUN as usize);
        let missed = Arc::new(AtomicU64::new(0));
        let reader = pipe.map(|pipe| tokio::spawn(read(pipe, sender, Arc::clone(&missed))).abort_handle());
        Stderr { lines, missed, reader, ended: false }
    }

    /// Whether everything was read and told.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The next line; none at the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<String> {
        let line = self.lines.recv().await;
        self.ended |= line.is_none();
        line
    }

    /// The next line that is there already.
    pub(super) fn try_next(&mut self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// How many lines were missed since this was asked last.
    pub(super) fn take_missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}

async fn read(pipe: ChildStderr, sender: mpsc::Sender<String>, missed: Arc<AtomicU64>) {
    let mut lines = Lines::new(pipe, LINE_BYTES);
    while let Ok(Some(line)) = lines.next().await {
        let text = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => String::from_utf8_lossy(&line).into_owned(),
            Line::TooLong(line) => format!("{}…", String::from_utf8_lossy(&line)),
        };
        if sender.try_send(text).is_err() {
            missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
