//! Writes a worker's events: numbers, encodes, hands to the store, and publishes once kept.
//!
//! Owns numbers, stamps and epochs, and how many batches are under way. Must not know what an
//! event means to the worker.

use super::commit::{Commit, Promise, Tally, publish};
use crate::clock::Clock;
use crate::ids;
use crate::recorder::{Draft, Drafted};
use crate::store::{Batch, Checkpoint, Flush, Record, TranscriptRecord, WorkerStore};
use bytes::Bytes;
use event_log::{Epoch, Lineage, Position, Seq};
use futures_util::future::BoxFuture;
use observation::{Published, Stream};
use protocol::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc;

/// The most batches with the store at once.
const BATCHES: usize = 8;
/// The most bytes with the store at once, beyond which an executor waits.
const BYTES: usize = 8 << 20;

/// What a pen is made of.
pub(crate) struct PenOptions {
    pub stream: Arc<Stream>,
    pub tally: Arc<Tally>,
    pub store: Arc<dyn WorkerStore>,
    pub clock: Arc<dyn Clock>,
    /// The newest stamp so far.
    pub last_at: Timestamp,
}

struct Job {
    batch: Batch,
    flush: Flush,
    promise: Promise,
}

/// What was published though the store had failed: written first when it works again.
struct Unwritten {
    records: Vec<Record>,
    transcript: Vec<TranscriptRecord>,
    lineage: Lineage,
}

/// Writes one worker's log.
pub(crate) struct Pen {
    options: PenOptions,
    head: Seq,
    lineage: Lineage,
    /// The epoch of the next event; begun with the first one.
    epoch: Option<Epoch>,
    queue: VecDeque<Job>,
    /// The batch that waits for room in the store's queue.
    handing_over: Option<BoxFuture<'static, ()>>,
    under_way: usize,
    bytes_under_way: usize,
    broken: Arc<AtomicBool>,
    unwritten: Option<Unwritten>,
    tell: mpsc::Sender<Commit>,
}

impl Pen {
    /// A pen that goes on where `stream` ends, and where it tells how batches went.
    pub(crate) fn new(options: PenOptions) -> (Pen, mpsc::Receiver<Commit>) {
        let (tell, told) = mpsc::channel(BATCHES + 1);
        let (head, lineage) = (options.stream.head(), options.stream.log().lineage());
        let pen = Pen {
            options,
            head,
            lineage,
            epoch: None,
            queue: VecDeque::new(),
            handing_over: None,
            under_way: 0,
            bytes_under_way: 0,
            broken: Arc::default(),
            unwritten: None,
            tell,
        };
        (pen, told)
    }

    /// An empty draft, stamped now and never earlier than the one before.
    pub(crate) fn draft(&mut self) -> Draft {
        self.options.last_at = self.options.clock.now().max(self.options.last_at);
        Draft::new(self.options.last_at)
    }

    /// The newest stamp.
    pub(crate) fn last_at(&self) -> Timestamp {
        self.options.last_at
    }

    /// The newest event written, kept or not.
    pub(crate) fn head(&self) -> Seq {
        self.head
    }

    /// Whether more may be said without being asked.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.is_empty() && self.under_way < BATCHES && self.bytes_under_way < BYTES
    }

    /// Whether everything written is kept or failed.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.under_way == 0
    }

    /// Whether something was published that the store has not.
    pub(crate) fn owes(&self) -> bool {
        self.unwritten.is_some()
    }

    /// Writes a draft; returns the number of its last event, and its size. `backfill` are entries
    /// of older events that the transcript lacks.
    pub(crate) fn write(&mut self, draft: Draft, backfill: Vec<TranscriptRecord>, flush: Flush) -> (Seq, usize) {
        let (begins, epoch) = match self.epoch {
            Some(epoch) => (None, epoch),
            // nothing begins with nothing
            None if draft.is_empty() => (None, Epoch::ORIGIN),
            None => {
                let epoch = ids::epoch();
                self.lineage.begin(epoch, self.head);
                self.epoch = Some(epoch);
                (Some(epoch), epoch)
            }
        };
        let first = self.head.next();
        let mut batch = Batch { transcript: backfill, ..Batch::default() };
        let events = self.encode(draft, epoch, &mut batch);
        batch.lineage = begins.map(|_| self.lineage.clone());
        let bytes = events.iter().map(|e| e.bytes.len()).sum();
        self.push(batch, flush, begins, first, events);
        (self.head, bytes)
    }

    /// Writes a checkpoint.
    pub(crate) fn checkpoint(&mut self, checkpoint: Checkpoint) {
        let batch = Batch { checkpoint: Some(checkpoint), ..Batch::default() };
        self.push(batch, Flush::AsConfigured, None, self.head.next(), Vec::new());
    }

    /// Waits for room in the store's queue for the batch at hand; for ever where there is none.
    pub(crate) async fn hand_over(&mut self) {
        match &mut self.handing_over {
            Some(handing_over) => handing_over.await,
            None => std::future::pending().await,
        }
        self.handing_over = None;
    }

    /// Takes the next batch in hand, if it may go.
    pub(crate) fn pump(&mut self) {
        if self.handing_over.is_some() || self.under_way >= BATCHES {
            return;
        }
        let Some(Job { batch, flush, promise }) = self.queue.pop_front() else { return };
        self.under_way += 1;
        self.bytes_under_way += promise.bytes;
        let store = Arc::clone(&self.options.store);
        self.handing_over = Some(Box::pin(async move {
            store.append(batch, flush, Box::new(move |result| promise.keep(result))).await;
        }));
    }

    /// Counts a batch as no longer under way.
    pub(crate) fn settled(&mut self, commit: &Commit) {
        self.under_way = self.under_way.saturating_sub(1);
        self.bytes_under_way = self.bytes_under_way.saturating_sub(commit.bytes);
    }

    /// The store took everything again.
    pub(crate) fn repaired(&mut self) {
        self.unwritten = None;
    }

    /// The store failed: forgets what was not kept, and says `draft` to those who watch all the
    /// same, in an epoch of its own, so that no position of it is ever taken for another event.
    /// The batches still under way will be told to have failed.
    pub(crate) fn break_off(&mut self, draft: Option<Draft>) {
        // they were never under way: nobody is told
        self.queue.iter_mut().for_each(|job| job.promise.tell = None);
        self.queue.clear();
        self.handing_over = None;
        self.head = self.options.stream.head();
        let Some(draft) = draft else { return };
        let epoch = ids::epoch();
        let stream = Arc::clone(&self.options.stream);
        self.lineage = stream.log().lineage();
        self.lineage.begin(epoch, self.head);
        self.epoch = Some(epoch);
        let (first, mut batch) = (self.head.next(), Batch::default());
        let events = self.encode(draft, epoch, &mut batch);
        stream.log().begin_epoch(epoch);
        if let Err(e) = publish(&stream, &self.options.tally, first, events) {
            tracing::warn!(error = %e, "a failure was not published");
            self.head = stream.head();
            return;
        }
        let (records, transcript) = (batch.events, batch.transcript);
        self.unwritten = Some(Unwritten { records, transcript, lineage: self.lineage.clone() });
    }

    /// Tries the store again, with what it missed.
    pub(crate) fn repair(&mut self) {
        self.broken = Arc::default();
        let Some(unwritten) = &self.unwritten else { return };
        let batch = Batch {
            events: unwritten.records.clone(),
            transcript: unwritten.transcript.clone(),
            checkpoint: None,
            lineage: Some(unwritten.lineage.clone()),
        };
        self.push(batch, Flush::Required, None, self.head.next(), Vec::new());
    }

    /// Numbers and encodes a draft into `batch`.
    fn encode(&mut self, draft: Draft, epoch: Epoch, batch: &mut Batch) -> Vec<Published> {
        let mut events = Vec::with_capacity(draft.events.len());
        batch.events.reserve(draft.events.len());
        for Drafted { event, note, entry } in draft.events {
            let bytes = match serde_json::to_vec(&event) {
                Ok(json) => Bytes::from(json),
                Err(e) => {
                    tracing::error!(error = %e, "an event cannot be encoded and was left out");
                    continue;
                }
            };
            self.head = self.head.next();
            let position = Position { epoch, seq: self.head };
            if let Some(entry) = entry.and_then(|entry| serde_json::to_vec(&entry).ok()) {
                batch.transcript.push(TranscriptRecord { seq: self.head, entry: entry.into() });
            }
            batch.events.push(Record { position, event: bytes.clone(), note });
            events.push(Published { event, bytes });
        }
        events
    }

    fn push(&mut self, batch: Batch, flush: Flush, begins: Option<Epoch>, first: Seq, events: Vec<Published>) {
        let entries: usize = batch.transcript.iter().map(|t| t.entry.len()).sum();
        let checkpoint = batch.checkpoint.as_ref().map_or(0, |c| c.state.len());
        let bytes = entries + checkpoint + batch.events.iter().map(|r| r.event.len()).sum::<usize>();
        let promise = Promise {
            stream: Arc::clone(&self.options.stream),
            tally: Arc::clone(&self.options.tally),
            broken: Arc::clone(&self.broken),
            begins,
            first,
            events,
            last: self.head,
            bytes,
            tell: Some(self.tell.clone()),
        };
        self.queue.push_back(Job { batch, flush, promise });
        self.pump();
    }
}
