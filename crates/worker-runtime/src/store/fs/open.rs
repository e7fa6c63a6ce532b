//! Opening a worker's folder after whatever happened to it.
//!
//! Owns what is cut off, left out or put right, and the findings that say so. Must not lose a
//! whole event: what is damaged is left in its file.

use super::disk::{Disk, words};
use super::line::Damage;
use super::read;
use super::segment::{self, Header};
use super::single::{self, Kept};
use super::transcript;
use super::view::{Segment, View};
use super::worker::{Life, PREVIOUS_STATE_FILE, RECORD_FILE, STATE_FILE, Shared, Unsynced, Worker};
use super::writer::Writer;
use crate::store::{Checkpoint, Finding, FindingKind, Record};
use bytes::Bytes;
use event_log::{Epoch, Lineage, Seq};
use parking_lot::Mutex;
use protocol::WorkerId;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A worker that was opened.
pub(super) struct Opened {
    pub(super) worker: Arc<Worker>,
    pub(super) record: Bytes,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) tail: Vec<Record>,
    pub(super) lineage: Lineage,
    pub(super) head: Seq,
    pub(super) transcript_head: Seq,
    pub(super) findings: Vec<Finding>,
}

/// Why a folder cannot be opened, in words without a path.
pub(super) type Unreadable = String;

/// Opens the folder of a worker.
pub(super) fn open(shared: &Arc<Shared>, folder: PathBuf, id: WorkerId) -> Result<Opened, Unreadable> {
    let mut opening = Opening { shared, folder: &folder, id, findings: Vec::new() };
    let record = opening.record()?;
    let mut files = opening.files()?;
    let (current, previous) = (opening.checkpoint(STATE_FILE), opening.checkpoint(PREVIOUS_STATE_FILE));
    let checkpointed = current.iter().chain(&previous).map(|k| k.checkpoint.seq).max();
    let previous_seq = previous.as_ref().map(|k| k.checkpoint.seq);
    let lineage = opening.lineage(&mut files, checkpointed)?;
    if files.is_empty() && checkpointed.is_some() {
        return Err("it has a checkpoint but no events; restore its files from a backup".into());
    }

    let (mut log, mut checkpoint) = (None, None);
    for (kept, name) in [(current, STATE_FILE), (previous, PREVIOUS_STATE_FILE)] {
        let Some(kept) = kept else { continue };
        let read = opening.events(&files, Some(&kept))?;
        if kept.checkpoint.seq <= read.head {
            (log, checkpoint) = (Some(read), Some(kept));
            break;
        }
        let message = format!(
            "the checkpoint in {name} is of event {}, past the end of the log at {}; it is ignored",
            kept.checkpoint.seq, read.head
        );
        opening.found(FindingKind::Reconciled, message);
    }
    let log = match log {
        Some(log) => log,
        None => opening.events(&files, None)?,
    };
    opening.cut_events(&mut files, &log)?;
    let end = opening.transcript(log.head)?;

    let checkpoint_seq = checkpoint.as_ref().map_or(Seq::ORIGIN, |k| k.checkpoint.seq);
    let writer = Writer {
        head: log.head,
        lineage: lineage.clone(),
        segment: files.last().map(|s| (s.first, s.length)),
        transcript_length: end.length,
        transcript_n: end.n,
        closed: None,
        events: None,
        transcript: None,
    };
    let view = View {
        segments: files,
        head: log.head,
        floor: log.floor,
        lineage: lineage.clone(),
        transcript: end.length,
        checkpoint: checkpoint_seq,
        fallback: checkpoint_seq.min(previous_seq.unwrap_or(checkpoint_seq)),
    };
    let mut tail = log.tail;
    tail.iter_mut().for_each(|r| r.position = lineage.position_of(r.position.seq));
    let findings = opening.findings;
    let worker = Arc::new(Worker {
        id,
        folder,
        shared: shared.clone(),
        small: Mutex::new(Life::Kept),
        writer: Mutex::new(writer),
        view: Mutex::new(view),
        unsynced: Mutex::new(Unsynced::default()),
        trouble: Mutex::default(),
    });
    let checkpoint = checkpoint.map(|k| k.checkpoint);
    Ok(Opened { worker, record, checkpoint, tail, lineage, head: log.head, transcript_head: end.seq, findings })
}

/// What the files of events come to.
struct Log {
    head: Seq,
    floor: Seq,
    tail: Vec<Record>,
    /// Where the last file ends well, and what is wrong after that.
    end: u64,
    torn: Option<Damage>,
    hole: Option<(Seq, String, Damage)>,
}

struct Opening<'a> {
    shared: &'a Shared,
    folder: &'a Path,
    id: WorkerId,
    findings: Vec<Finding>,
}

impl Opening<'_> {
    fn found(&mut self, kind: FindingKind, message: String) {
        tracing::warn!(worker = %self.id, ?kind, "{message}");
        self.findings.push(Finding { kind, message });
    }

    fn record(&self) -> Result<Bytes, Unreadable> {
        let bytes = fs::read(self.folder.join(RECORD_FILE)).map_err(unreadable(RECORD_FILE))?;
        single::decode_record(&bytes).map_err(|damage| format!("{RECORD_FILE} cannot be used: {damage}"))
    }

    /// The files of events, in order.
    fn files(&self) -> Result<Vec<Segment>, Unreadable> {
        let reading = unreadable("its folder");
        let mut files = Vec::new();
        for entry in fs::read_dir(self.folder).map_err(&reading)? {
            let entry = entry.map_err(&reading)?;
            if let Some(first) = entry.file_name().to_str().and_then(segment::parse_file_name) {
                let length = entry.metadata().map_err(&reading)?.len();
                files.push(Segment { length, ..Segment::new(first) });
            }
        }
        files.sort_by_key(|s| s.first);
        Ok(files)
    }

    fn checkpoint(&mut self, name: &str) -> Option<Kept> {
        let read = fs::read(self.folder.join(name));
        let found = match read {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(e) => Err(words(&e)),
            Ok(bytes) => single::decode_checkpoint(&bytes).map_err(|damage| damage.to_string()),
        };
        found.map_err(|why| self.found(FindingKind::Corrupt, format!("{name} cannot be used: {why}"))).ok()
    }

    /// The epochs, as the newest file of events names them. A file that was only begun is taken
    /// away; one whose header is damaged gets a new one, with an epoch nobody holds a position of.
    fn lineage(&mut self, files: &mut Vec<Segment>, checkpointed: Option<Seq>) -> Result<Lineage, Unreadable> {
        let Some(last) = files.last() else {
            return Ok(Lineage::default());
        };
        let (first, length) = (last.first, last.length);
        let name = segment::file_name(first);
        let damage = match self.header(&name)? {
            Ok(header) if header.worker_id == self.id && header.first_seq == first => {
                return Ok(header.lineage);
            }
            Ok(_) => {
                return Err(format!("{name} is of another worker or another place in the log"));
            }
            Err(damage) => damage,
        };
        let bytes = fs::read(self.folder.join(&name)).map_err(unreadable(&name))?;
        let rest = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
        let empty = segment::scan_lines(&bytes, rest, first).records.is_empty();
        if empty && checkpointed.is_some_and(|seq| seq >= first) {
            return Err(format!("{name} has no event that can be read; restore it from a backup"));
        }
        if empty {
            fs::remove_file(self.folder.join(&name)).map_err(unreadable(&name))?;
            self.found(FindingKind::TornTail, format!("{name} was begun and not written: {length} bytes are cut off"));
            files.pop();
            return self.lineage(files, checkpointed);
        }
        let mut lineage = Lineage::default();
        if let Some(before) = files.len().checked_sub(2).and_then(|i| files.get(i))
            && let Ok(header) = self.header(&segment::file_name(before.first))?
        {
            lineage = header.lineage;
        }
        let mut epoch = [0; 8];
        getrandom::fill(&mut epoch).map_err(|e| format!("no randomness: {e}"))?;
        let epoch = Epoch(u64::from_le_bytes(epoch).max(1));
        lineage.begin(epoch, first.prev());
        let header = Header { worker_id: self.id, first_seq: first, epoch, lineage: lineage.clone() };
        let mut mended = Vec::with_capacity(bytes.len());
        segment::encode_header(&mut mended, &header).map_err(|e| e.to_string())?;
        mended.extend_from_slice(bytes.get(rest..).unwrap_or_default());
        self.shared.disk.replace(self.folder, &name, &mended, None).map_err(unreadable(&name))?;
        if let Some(last) = files.last_mut() {
            last.length = mended.len() as u64;
        }
        self.found(
            FindingKind::Corrupt,
            format!("the header of {name} was damaged ({damage}); a new epoch begins there"),
        );
        Ok(lineage)
    }

    fn header(&self, name: &str) -> Result<Result<Header, Damage>, Unreadable> {
        let file = File::open(self.folder.join(name)).map_err(unreadable(name))?;
        let mut line = Vec::new();
        // The longest lineage there can be, with room to spare.
        BufReader::new(file.take(1 << 20)).read_until(b'\n', &mut line).map_err(unreadable(name))?;
        Ok(line.strip_suffix(b"\n").ok_or(Damage::Unfinished).and_then(segment::decode_header))
    }

    /// Reads the events after a checkpoint, from the file on in which they begin.
    fn events(&self, files: &[Segment], kept: Option<&Kept>) -> Result<Log, Unreadable> {
        let after = kept.map_or(Seq::ORIGIN, |k| k.checkpoint.seq);
        let oldest = files.first().map_or(Seq(1), |s| s.first);
        let mut log = Log {
            head: files.last().map_or(Seq::ORIGIN, |s| s.first.prev()),
            floor: oldest.max(kept.map_or(Seq(1), |k| k.floor)),
            tail: Vec::new(),
            end: 0,
            torn: None,
            hole: None,
        };
        let begin = files.partition_point(|s| s.first <= after.next()).saturating_sub(1);
        let mut expected = files.get(begin).map_or(Seq(1), |s| s.first);
        let mut hole: Option<(Seq, String, Damage)> = None;
        let mut before = None;
        for file in files.get(begin..).unwrap_or_default() {
            let name = segment::file_name(file.first);
            if file.first != expected {
                let damage = log.torn.unwrap_or(Damage::Order);
                hole.get_or_insert((expected, before.unwrap_or_else(|| name.clone()), damage));
                log.tail.clear();
                expected = file.first;
            }
            let hint = kept.and_then(|k| k.hint).filter(|h| h.segment == file.first && after.next() >= file.first);
            let (from, bytes) = self.read_from(&name, file.length, hint.map(|h| h.offset))?;
            let start = if from > 0 {
                expected = after.next();
                0
            } else {
                bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1)
            };
            let scan = segment::scan_lines(&bytes, start, expected);
            if let Some((seq, damage)) = scan.hole {
                hole.get_or_insert((seq, name.clone(), damage));
                log.tail.clear();
                expected = scan.records.first().map_or(expected, |(_, d)| d.seq);
            }
            if hole.is_some() && log.tail.is_empty() {
                log.floor = log.floor.max(scan.records.first().map_or(expected, |(_, d)| d.seq));
            }
            expected = scan.records.last().map_or(expected, |(_, d)| d.seq.next());
            log.end = from + scan.good_len as u64;
            log.torn = scan.tail;
            before = Some(name);
            log.tail.extend(scan.records.into_iter().map(|(_, d)| d).filter(|d| d.seq > after).map(read::record));
        }
        log.head = log.head.max(expected.prev());
        log.hole = hole;
        Ok(log)
    }

    /// The bytes of a file from `hint` on, when a line begins there, or all.
    fn read_from(&self, name: &str, length: u64, hint: Option<u64>) -> Result<(u64, Vec<u8>), Unreadable> {
        let reading = unreadable(name);
        let mut file = File::open(self.folder.join(name)).map_err(&reading)?;
        let from = hint.filter(|offset| *offset > 0 && *offset <= length).unwrap_or(0);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from.saturating_sub(1))).map_err(&reading)?;
        file.read_to_end(&mut bytes).map_err(&reading)?;
        if from == 0 {
            return Ok((0, bytes));
        }
        if bytes.first() == Some(&b'\n') {
            bytes.remove(0);
            return Ok((from, bytes));
        }
        self.read_from(name, length, None)
    }

    /// Cuts off what is no event at the end of the last file.
    fn cut_events(&mut self, files: &mut [Segment], log: &Log) -> Result<(), Unreadable> {
        if let Some((seq, name, damage)) = &log.hole {
            let message =
                format!("event {seq} cannot be read in {name}: {damage}; events before {} are left out", log.floor);
            self.found(FindingKind::Corrupt, message);
        }
        let Some(last) = files.last_mut() else {
            return Ok(());
        };
        let Some(damage) = log.torn else {
            return Ok(());
        };
        let name = segment::file_name(last.first);
        self.cut(&name, log.end)?;
        let bytes = last.length.saturating_sub(log.end);
        last.length = log.end;
        self.found(
            FindingKind::TornTail,
            format!("{bytes} bytes after event {} were cut off {name}: {damage}", log.head),
        );
        Ok(())
    }

    /// Brings the transcript in line with a log that ends with `head`.
    fn transcript(&mut self, head: Seq) -> Result<transcript::End, Unreadable> {
        let name = transcript::FILE;
        let file = match File::open(self.folder.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(transcript::End::default()),
            file => file.map_err(unreadable(name))?,
        };
        let end = transcript::find_end(&file, head).map_err(unreadable(name))?;
        if end.torn > 0 || end.ahead > 0 {
            self.cut(name, end.length)?;
        }
        if end.torn > 0 {
            self.found(FindingKind::TornTail, format!("{} bytes that are no entry were cut off {name}", end.torn));
        }
        if end.ahead > 0 {
            let message = format!("{} entries of events after {head}, the log's last, were cut off {name}", end.ahead);
            self.found(FindingKind::Reconciled, message);
        }
        Ok(end)
    }

    fn cut(&self, name: &str, length: u64) -> Result<(), Unreadable> {
        let disk: &Disk = &self.shared.disk;
        let file = OpenOptions::new().write(true).open(self.folder.join(name)).map_err(unreadable(name))?;
        disk.cut(&file, name, length).and_then(|()| disk.sync(&file, name)).map_err(unreadable(name))
    }
}

fn unreadable(name: &str) -> impl Fn(io::Error) -> Unreadable {
    move |error| format!("{name} cannot be used: {}", words(&error))
}
