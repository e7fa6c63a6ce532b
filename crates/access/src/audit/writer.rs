//! The one thread that writes the audit log.
//!
//! Owns the file, and the account of lines that could not be written. Blocks nobody: who has a
//! line hands it in, and it is counted where there is no room. A thread, not a task: a disk that
//! hangs holds up nothing else.

use super::{Dropped, Line};
use protocol::Timestamp;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many lines wait at most.
const WAITING: usize = 4096;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// The end of a file; it is made where it is not there, for its owner alone.
    File(PathBuf),
    /// Standard error.
    Stderr,
}

/// The audit log. Cheap to clone; all write to one.
#[derive(Clone, Debug)]
pub struct Audit {
    lines: mpsc::Sender<Line>,
    shared: Arc<Shared>,
}

/// What is left to do when nobody writes any more.
#[derive(Debug)]
pub struct AuditEnd(oneshot::Receiver<()>);

/// What whoever hands lines in and the thread both know.
#[derive(Debug, Default)]
struct Shared {
    /// Lines that were not written, and not yet told of.
    dropped: AtomicU64,
    /// When the last of them was to be, in milliseconds.
    dropped_at: AtomicI64,
    /// Whether the file is to be opened anew.
    reopen: AtomicBool,
}

impl Shared {
    fn drop_line(&self, at: Timestamp) {
        self.dropped_at.store(at.as_millis(), Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Release);
    }
}

impl Audit {
    /// Opens the log, making its folder where that is not there, and starts its thread.
    ///
    /// # Errors
    /// When the file cannot be opened, or the thread not started.
    pub fn start(target: AuditTarget) -> io::Result<(Audit, AuditEnd)> {
        let output: Box<dyn Write + Send> = match &target {
            AuditTarget::File(path) => {
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                Box::new(open(path)?)
            }
            AuditTarget::Stderr => Box::new(io::stderr()),
        };
        Audit::write_to(output, target, WAITING)
    }

    fn write_to(output: Box<dyn Write + Send>, target: AuditTarget, waiting: usize) -> io::Result<(Audit, AuditEnd)> {
        let (lines, receiver) = mpsc::channel(waiting);
        let (done, end) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let writer = Writer { output, target, shared: Arc::clone(&shared), is_torn: false, fails: false };
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || {
            writer.run(receiver);
            // whoever does not wait for it is gone
            let _ = done.send(());
        })?;
        Ok((Audit { lines, shared }, AuditEnd(end)))
    }

    /// Hands a line in. Never waits: where there is no room the line is counted as dropped, and
    /// the log says so.
    pub fn tell(&self, line: Line) {
        if let Err(refused) = self.lines.try_send(line) {
            let (mpsc::error::TrySendError::Full(line) | mpsc::error::TrySendError::Closed(line)) = refused;
            self.shared.drop_line(line.time);
        }
    }

    /// Counts a line that is not worth its room, such as one more of the same that somebody provokes
    /// at will. The log says how many there were.
    pub fn leave_out(&self, at: Timestamp) {
        self.shared.drop_line(at);
    }

    /// Has the file opened anew before the next line, so that one that was moved away is left.
    pub fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Relaxed);
    }
}

impl AuditEnd {
    /// Waits until everything that was handed in is written: every [`Audit`] has to be dropped
    /// before. Whether it was in time.
    pub async fn wait(self, at_most: Duration) -> bool {
        tokio::time::timeout(at_most, self.0).await.is_ok()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

struct Writer {
    output: Box<dyn Write + Send>,
    target: AuditTarget,
    shared: Arc<Shared>,
    /// Whether the last line was cut off.
    is_torn: bool,
    /// Whether writing failed last, which is told once.
    fails: bool,
}

impl Writer {
    fn run(mut self, mut lines: mpsc::Receiver<Line>) {
        while let Some(line) = lines.blocking_recv() {
            self.line(&line);
            while let Ok(line) = lines.try_recv() {
                self.line(&line);
            }
            self.tell_dropped();
        }
        self.tell_dropped();
    }

    fn line(&mut self, line: &Line) {
        if self.shared.reopen.swap(false, Ordering::Relaxed) {
            self.reopen();
        }
        if !self.write(line) {
            self.shared.drop_line(line.time);
        }
    }

    /// Opens the file anew; the old one stays where that fails.
    fn reopen(&mut self) {
        let AuditTarget::File(path) = &self.target else { return };
        match open(path) {
            Ok(file) => {
                self.output = Box::new(file);
                self.is_torn = false;
            }
            Err(error) => tracing::error!(%error, "the audit log cannot be opened anew; the old file is written on"),
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = self.shared.dropped.swap(0, Ordering::Acquire);
        if dropped == 0 {
            return;
        }
        let time = Timestamp::from_millis(self.shared.dropped_at.load(Ordering::Relaxed));
        if !self.write(&Dropped { time, dropped }) {
            self.shared.dropped.fetch_add(dropped, Ordering::Release);
        }
    }

    /// Writes one line. Whether it is there whole.
    fn write(&mut self, line: &impl Serialize) -> bool {
        let Ok(mut json) = serde_json::to_vec(line) else { return false };
        json.push(b'\n');
        // one that was cut off must not spoil this one
        if self.is_torn {
            json.insert(0, b'\n');
        }
        let written = self.output.write_all(&json).and_then(|()| self.output.flush());
        self.is_torn = written.is_err();
        match written {
            Ok(()) => {
                self.fails = false;
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.fails, true) {
                    tracing::error!(%error, "the audit log cannot be written; its lines are counted until it can");
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use serde_json::Value;
    use std::sync::mpsc::{Receiver, sync_channel};

    fn line(n: i64) -> Line {
        Line {
            time: Timestamp::from_millis(n),
            principal: Some("ann".to_owned()),
            role: Some(protocol::Role::Operator),
            authentication: Some(protocol::Authentication::Cookie),
            peer: Some("192.0.2.7".to_owned()),
            command: "input",
            runtime_id: Some("local".parse().unwrap()),
            worker_id: Some(protocol::WorkerId::from_parts(1, 2)),
            ticket_id: None,
            outcome: "ok".to_owned(),
            run_id: Some(protocol::RunId::from_parts(3, 4)),
            idempotency_key: Some("a\"b\nc".to_owned()),
            duration_ms: 12,
        }
    }

    fn read(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().filter(|l| !l.is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    #[tokio::test]
    async fn lines_are_appended_and_a_moved_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/audit.jsonl");
        let first = Audit::start(AuditTarget::File(path.clone()));
        drop(first.unwrap());
        std::fs::write(&path, "{\"before\":1}\n").unwrap();
        let (audit, end) = Audit::start(AuditTarget::File(path.clone())).unwrap();
        audit.tell(line(1));
        let begun = std::time::Instant::now();
        while read(&path).len() < 2 && begun.elapsed().as_secs() < 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        audit.reopen();
        audit.tell(Line { outcome: "worker_busy".to_owned(), run_id: None, ..line(2) });
        drop(audit);
        assert!(end.wait(Duration::from_secs(10)).await);
        assert_eq!(read(&folder.path().join("old")).len(), 2);
        let text = std::fs::read_to_string(&path).unwrap();
        insta::assert_snapshot!(text, @r#"{"time":"1970-01-01T00:00:00.002Z","principal":"ann","role":"operator","authentication":"cookie","peer":"192.0.2.7","command":"input","runtime_id":"local","worker_id":"w_00000000010000000000000002","outcome":"worker_busy","idempotency_key":"a\"b\nc","duration_ms":12}"#);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    /// Takes one write for each thing it is sent, and fails those it is told to.
    struct Gate {
        go: Receiver<bool>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            if self.go.recv().unwrap_or(true) {
                self.taken.lock().extend_from_slice(buffer);
                return Ok(buffer.len());
            }
            Err(io::Error::other("the disk is full"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated(waiting: usize) -> (Audit, AuditEnd, std::sync::mpsc::SyncSender<bool>, Arc<Mutex<Vec<u8>>>) {
        let (sender, go) = sync_channel(1000);
        let taken = Arc::<Mutex<Vec<u8>>>::default();
        let gate = Gate { go, taken: Arc::clone(&taken) };
        let (audit, end) = Audit::write_to(Box::new(gate), AuditTarget::Stderr, waiting).unwrap();
        (audit, end, sender, taken)
    }

    #[tokio::test]
    async fn a_full_log_blocks_nobody_and_tells_what_is_missing() {
        let (audit, end, go, taken) = gated(4);
        for n in 0..100 {
            audit.tell(line(n));
        }
        drop((audit, go));
        assert!(end.wait(Duration::from_secs(10)).await);
        let lines: Vec<Value> = String::from_utf8(taken.lock().clone())
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let dropped: u64 = lines.iter().filter_map(|l| l["dropped"].as_u64()).sum();
        let written = lines.iter().filter(|l| l["command"] == "input").count() as u64;
        assert_eq!(written + dropped, 100);
        assert!(dropped >= 90, "{dropped}");
        assert_eq!(lines.last().unwrap()["time"], "1970-01-01T00:00:00.099Z");
    }

    #[tokio::test]
    async fn a_disk_that_fails_is_counted_and_spoils_no_line() {
        let (audit, end, go, taken) = gated(10);
        for can in [true, false, false, true, true] {
            go.send(can).unwrap();
        }
        for n in 0..3 {
            audit.tell(line(n));
        }
        drop((audit, go));
        assert!(end.wait(Duration::from_secs(10)).await);
        let text = String::from_utf8(taken.lock().clone()).unwrap();
        let lines: Vec<Value> =
            text.lines().filter(|l| !l.is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect();
        let written = lines.iter().filter(|l| l["command"] == "input").count() as u64;
        let dropped: u64 = lines.iter().filter_map(|l| l["dropped"].as_u64()).sum();
        assert_eq!((written + dropped, dropped > 0), (3, true), "{text}");
    }
}
