//! Writing batches at the end of a worker's files.
//!
//! Owns where the ends are, that batches continue the log, and that a write which fails leaves
//! nothing behind. Must not sync, and is only used by the committing thread (and by deletion).

use super::disk::{Disk, failed};
use super::segment::{self, Header};
use super::single::{Hint, Kept};
use super::transcript;
use super::view::Segment;
use super::worker::Worker;
use crate::store::{Batch, StoreError};
use event_log::{Lineage, Seq};
use std::fs::{self, File};
use std::io;
use std::sync::Arc;

/// A file that is appended to.
#[derive(Clone)]
pub(super) struct Appended {
    pub(super) name: String,
    pub(super) file: Arc<File>,
}

/// The ends of a worker's files.
pub(super) struct Writer {
    pub(super) head: Seq,
    pub(super) lineage: Lineage,
    /// The newest file of events: its first event and its length.
    pub(super) segment: Option<(Seq, u64)>,
    pub(super) transcript_length: u64,
    /// The number of the newest transcript entry.
    pub(super) transcript_n: u64,
    /// Set when nothing may be written any more, with the reason.
    pub(super) closed: Option<String>,
    /// Open files, as far as they were needed.
    pub(super) events: Option<Appended>,
    pub(super) transcript: Option<Appended>,
}

/// What some batches come to.
struct Plan {
    head: Seq,
    lineage: Lineage,
    transcript: Vec<u8>,
    transcript_n: u64,
    pieces: Vec<Piece>,
    checkpoint: Option<Kept>,
}

/// What goes to one file of events.
struct Piece {
    segment: Segment,
    /// Where in the file the bytes go; 0 for a new file.
    at: u64,
    bytes: Vec<u8>,
}

/// What was written, to be synced.
#[derive(Default)]
pub(super) struct Written {
    /// In the order in which they were written.
    pub(super) files: Vec<Appended>,
    /// Whether a file was made.
    pub(super) made: bool,
    pub(super) checkpoint: Option<Kept>,
}

impl Writer {
    /// Writes all the batches that continue the log, or none of them.
    pub(super) fn commit(&mut self, worker: &Worker, batches: &[Batch]) -> (Written, Vec<Result<(), StoreError>>) {
        let mut plan = Plan {
            head: self.head,
            lineage: self.lineage.clone(),
            transcript: Vec::new(),
            transcript_n: self.transcript_n,
            pieces: Vec::new(),
            checkpoint: None,
        };
        let mut results: Vec<_> = batches.iter().map(|batch| self.plan(&mut plan, worker, batch)).collect();
        if results.iter().all(Result::is_err) {
            return (Written::default(), results);
        }
        match self.write(worker, &plan) {
            Ok(mut written) => {
                self.publish(worker, &mut plan);
                written.checkpoint = plan.checkpoint;
                worker.recovered();
                (written, results)
            }
            Err(error) => {
                let error = failed("writing a worker's files")(error);
                tracing::error!(worker = %worker.id, %error, "a write failed");
                worker.failed(error.to_string());
                if let Err(left) = self.roll_back(worker, &plan) {
                    let reason = format!("{error}, and could not be undone");
                    tracing::error!(worker = %worker.id, error = %left, "a failed write could not be undone");
                    self.closed = Some(reason);
                }
                results.iter_mut().filter(|r| r.is_ok()).for_each(|r| *r = Err(error.clone()));
                (Written::default(), results)
            }
        }
    }

    fn plan(&self, plan: &mut Plan, worker: &Worker, batch: &Batch) -> Result<(), StoreError> {
        if let Some(reason) = &self.closed {
            return Err(StoreError::Closed(reason.clone()));
        }
        let refused = |why: String| Err(StoreError::Refused(why));
        let epoch = batch.lineage.as_ref().unwrap_or(&plan.lineage).current();
        let mut head = plan.head;
        for record in &batch.events {
            if record.position.seq != head.next() {
                return refused(format!("event {} does not follow event {head}", record.position.seq));
            }
            head = record.position.seq;
            if Some(record.position.epoch) != epoch {
                return refused(format!("event {head} is not of the log's epoch"));
            }
            segment::check(record)?;
        }
        batch.transcript.iter().try_for_each(transcript::check)?;
        if batch.checkpoint.as_ref().is_some_and(|c| c.seq > head) {
            return refused(format!("the checkpoint is past event {head}"));
        }
        if batch.lineage.as_ref().is_some_and(|l| l.epochs().last().is_none_or(|e| e.after > plan.head)) {
            return refused(format!("the lineage does not begin an epoch after event {}", plan.head));
        }

        if let Some(lineage) = &batch.lineage {
            let header = header(worker, plan.head.next(), lineage)?;
            plan.lineage = lineage.clone();
            plan.begin(header);
        } else if !batch.events.is_empty() && self.planned_length(plan) >= worker.shared.options.segment_bytes {
            plan.begin(header(worker, plan.head.next(), &plan.lineage)?);
        }
        for entry in &batch.transcript {
            plan.transcript_n += 1;
            transcript::encode(&mut plan.transcript, plan.transcript_n, entry);
        }
        if !batch.events.is_empty()
            && plan.pieces.is_empty()
            && let Some((first, at)) = self.segment
        {
            plan.pieces.push(Piece { segment: Segment { length: at, ..Segment::new(first) }, at, bytes: Vec::new() });
        }
        if let Some(piece) = plan.pieces.last_mut() {
            for record in &batch.events {
                piece.segment.note(record.position.seq, piece.segment.length);
                segment::encode_record(&mut piece.bytes, record);
                piece.segment.length = piece.at + piece.bytes.len() as u64;
            }
        }
        plan.head = head;
        if let Some(checkpoint) = &batch.checkpoint {
            let end = plan.pieces.last().map(|p| (p.segment.first, p.segment.length)).or(self.segment);
            let hint = end.filter(|_| checkpoint.seq == head).map(|(segment, offset)| Hint { segment, offset });
            plan.checkpoint = Some(Kept { checkpoint: checkpoint.clone(), floor: Seq::ORIGIN, hint });
        }
        Ok(())
    }

    fn planned_length(&self, plan: &Plan) -> u64 {
        plan.pieces.last().map(|p| p.segment.length).or(self.segment.map(|(_, length)| length)).unwrap_or(u64::MAX)
    }

    fn write(&mut self, worker: &Worker, plan: &Plan) -> io::Result<Written> {
        let disk = &worker.shared.disk;
        let mut written = Written::default();
        if !plan.transcript.is_empty() {
            let file = match &self.transcript {
                Some(file) => file.clone(),
                None => {
                    written.made |= self.transcript_length == 0;
                    self.transcript.insert(open(worker, transcript::FILE.into())?).clone()
                }
            };
            disk.write(&file.file, &file.name, &plan.transcript)?;
            written.files.push(file);
        }
        for piece in &plan.pieces {
            let name = segment::file_name(piece.segment.first);
            let open_already = self.events.take().filter(|open| open.name == name);
            let file = match open_already {
                Some(file) => file,
                None => open(worker, name)?,
            };
            if piece.at == 0 {
                written.made = true;
                disk.cut(&file.file, &file.name, 0)?;
            }
            disk.write(&file.file, &file.name, &piece.bytes)?;
            self.events = Some(file.clone());
            written.files.push(file);
        }
        Ok(written)
    }

    /// Lets readers see what was written.
    fn publish(&mut self, worker: &Worker, plan: &mut Plan) {
        let mut view = worker.view.lock();
        for piece in plan.pieces.drain(..) {
            self.segment = Some((piece.segment.first, piece.segment.length));
            match view.segment_mut(piece.segment.first) {
                Some(known) if piece.at > 0 => {
                    known.length = piece.segment.length;
                    piece.segment.index.iter().for_each(|(seq, offset)| known.note(*seq, *offset));
                }
                Some(known) => *known = piece.segment,
                None => view.segments.push(piece.segment),
            }
        }
        self.transcript_length += plan.transcript.len() as u64;
        self.transcript_n = plan.transcript_n;
        self.head = plan.head;
        self.lineage = plan.lineage.clone();
        view.head = plan.head;
        view.lineage = plan.lineage.clone();
        view.transcript = self.transcript_length;
        if let Some(kept) = &mut plan.checkpoint {
            kept.floor = view.floor;
        }
    }

    /// Makes the files as they were before a failed [`Writer::write`].
    fn roll_back(&mut self, worker: &Worker, plan: &Plan) -> io::Result<()> {
        let disk = &worker.shared.disk;
        self.events = None;
        if let Some(file) = self.transcript.take()
            && !plan.transcript.is_empty()
        {
            disk.cut(&file.file, &file.name, self.transcript_length)?;
        }
        for piece in &plan.pieces {
            let name = segment::file_name(piece.segment.first);
            if piece.at > 0 {
                cut(disk, worker, &name, piece.at)?;
            } else if self.segment.is_some_and(|(first, _)| first == piece.segment.first) {
                return Err(io::Error::other("an empty file was being replaced"));
            } else {
                match fs::remove_file(worker.folder.join(&name)) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Lets go of open files. They are opened again when needed.
    pub(super) fn release(&mut self) {
        self.events = None;
        self.transcript = None;
    }
}

impl Plan {
    fn begin(&mut self, (header, bytes): (Header, Vec<u8>)) {
        // An epoch in which nothing happened is replaced, in the file as in the lineage.
        self.pieces.retain(|p| p.segment.first != header.first_seq);
        let segment = Segment { length: bytes.len() as u64, ..Segment::new(header.first_seq) };
        self.pieces.push(Piece { segment, at: 0, bytes });
    }
}

fn header(worker: &Worker, first_seq: Seq, lineage: &Lineage) -> Result<(Header, Vec<u8>), StoreError> {
    let Some(epoch) = lineage.current() else {
        return Err(StoreError::Refused("the first batch names no epoch".into()));
    };
    let header = Header { worker_id: worker.id, first_seq, epoch, lineage: lineage.clone() };
    let mut bytes = Vec::new();
    segment::encode_header(&mut bytes, &header)?;
    Ok((header, bytes))
}

fn open(worker: &Worker, name: String) -> io::Result<Appended> {
    let file = Arc::new(Disk::appender(&worker.folder, &name)?);
    Ok(Appended { name, file })
}

fn cut(disk: &Disk, worker: &Worker, name: &str, length: u64) -> io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(worker.folder.join(name))?;
    disk.cut(&file, name, length)
}
