//! What is written to a program's standard input.
//!
//! Owns the queue before the pipe. Must not grow it by itself: who queues sees whether it is
//! empty.

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

/// A program's standard input, and what is still to be written to it.
#[derive(Debug)]
pub(super) struct Stdin {
    pipe: Option<ChildStdin>,
    queue: BytesMut,
    /// Close it when all is written.
    closing: bool,
}

impl Stdin {
    pub(super) fn new(pipe: Option<ChildStdin>) -> Self {
        Stdin { pipe, queue: BytesMut::new(), closing: false }
    }

    /// Whether anything can still be said to the program.
    pub(super) fn is_open(&self) -> bool {
        self.pipe.is_some() && !self.closing
    }

    /// Whether there is something for [`Stdin::write`] to do.
    pub(super) fn is_busy(&self) -> bool {
        self.pipe.is_some() && (self.closing || !self.queue.is_empty())
    }

    /// Queues bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.is_open() {
            self.queue.extend_from_slice(bytes);
        }
    }

    /// Closes it once all is written.
    pub(super) fn finish(&mut self) {
        self.closing = true;
    }

    /// Closes it now.
    pub(super) fn close(&mut self) {
        self.pipe = None;
        self.queue.clear();
    }

    /// Writes some of what is queued. Dropping the future loses nothing. A program that reads no
    /// more is no error: it may have heard enough.
    pub(super) async fn write(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let failed = !self.queue.is_empty() && pipe.write_buf(&mut self.queue).await.is_err();
        if failed || (self.closing && self.queue.is_empty()) {
            self.close();
        }
    }
}
