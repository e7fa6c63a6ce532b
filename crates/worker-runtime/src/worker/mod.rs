//! One worker: its task, and the handle through which it is asked and seen.
//!
//! Owns how a worker is brought to life. Must not know other workers.

mod acks;
mod actor;
mod checkpoint;
mod closing;
mod command;
mod commands;
mod commit;
mod history;
mod keys;
mod pen;
mod record;
mod restore;
mod run;

pub(crate) use actor::STORE_UNAVAILABLE;
pub(crate) use command::{Command, Left, Refusal, Reply};
pub(crate) use record::{WorkerRecord, request_fingerprint};
pub(crate) use restore::restore;

use crate::clock::Clock;
use crate::executor::Toolbox;
use crate::ids::IdMaker;
use crate::lifecycle::Lifecycle;
use crate::runtime::Profiles;
use crate::store::{Flush, StoredWorker, WorkerStore};
use acks::{Ack, Acks};
use actor::Actor;
use checkpoint::Pace;
use commit::Tally;
use event_log::{Limits, Log, Sealer};
use history::{StoreHistory, StoreTranscript};
use observation::{Sealed, Stream, StreamOptions};
use pen::{Pen, PenOptions};
use protocol::api::WorkerDetail;
use protocol::{Envelope, Timestamp, WorkerId};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many commands may wait for a worker.
const COMMANDS: usize = 64;

/// What all workers of a runtime share.
pub(crate) struct Kit {
    pub clock: Arc<dyn Clock>,
    pub profiles: Arc<Profiles>,
    pub tools: Arc<dyn Toolbox>,
    pub sealer: Arc<Sealer>,
    pub limits: Limits,
}

/// A worker, as the rest of the runtime sees it.
pub(crate) struct Worker {
    pub id: WorkerId,
    pub record: WorkerRecord,
    pub stream: Arc<Stream>,
    pub store: Arc<dyn WorkerStore>,
    commands: mpsc::Sender<Command>,
    tally: Arc<Tally>,
    /// When the newest event before the start was made.
    restored_at: Timestamp,
}

impl Worker {
    /// Brings a stored worker to life, or a new one, of which nothing is stored yet. The receiver
    /// tells when what is to be said first is kept.
    pub(crate) fn spawn(
        kit: &Kit,
        record: WorkerRecord,
        stored: StoredWorker,
    ) -> (Arc<Worker>, oneshot::Receiver<Result<(), Refusal>>) {
        let mut ids = IdMaker::default();
        let restored = restore(&stored, &record, kit.clock.now(), &mut ids);
        let StoredWorker { id, store, lineage, head, .. } = stored;
        let log = Log::restored(kit.limits, lineage, head);
        let options = StreamOptions {
            envelope: Envelope::new(None, id),
            cursors: Arc::new(Sealed::new(Arc::clone(&kit.sealer), id.to_string().into_bytes())),
            history: Some(Arc::new(StoreHistory(Arc::clone(&store)))),
        };
        let usage = restored.state.usage.clone();
        let tally = Arc::new(Tally::default());
        tally.set(Some(restored.state.status.clone()));
        let stream = Stream::new(options, log, restored.state);
        let (commands, asked) = mpsc::channel(COMMANDS);
        let (pen, told) = Pen::new(PenOptions {
            stream: Arc::clone(&stream),
            tally: Arc::clone(&tally),
            store: Arc::clone(&store),
            clock: Arc::clone(&kit.clock),
            last_at: restored.last_at,
        });
        let (bytes, events) = restored.since_checkpoint;
        let mut actor = Actor {
            id,
            workdir: record.workdir.as_ref().map(PathBuf::from),
            profile: record.worker.profile.clone(),
            profiles: Arc::clone(&kit.profiles),
            tools: Arc::clone(&kit.tools),
            history: Arc::new(StoreTranscript(Arc::clone(&store))),
            stream: Arc::clone(&stream),
            commands: asked,
            told,
            pen,
            lifecycle: Lifecycle::at(restored.phase),
            ids,
            keys: restored.keys,
            acks: Acks::default(),
            pace: Pace::new(bytes, events),
            usage,
            executor: None,
            starting: None,
            run: None,
            releasing: None,
            stops: Vec::new(),
            retiring: None,
            leaving: None,
            broken: false,
            over: false,
        };
        let (reply, opened) = oneshot::channel();
        if !restored.draft.is_empty() || !restored.backfill.is_empty() {
            actor.open(restored.draft, restored.backfill);
        }
        let seq = actor.pen.head();
        actor.acknowledge(seq, Ack::Done(reply));
        tokio::spawn(actor.live());
        let restored_at = restored.last_at;
        (Arc::new(Worker { id, record, stream, store, commands, tally, restored_at }), opened)
    }

    /// Asks the worker's task, and waits for its answer.
    pub(crate) async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(make(reply)).await.map_err(|_| Refusal::Lost)?;
        answer.await.unwrap_or(Err(Refusal::Lost))
    }

    /// Tells the worker's task to end at shutdown. `None` when it is gone already.
    pub(crate) async fn leave(&self, by: tokio::time::Instant) -> Option<Left> {
        let (reply, left) = oneshot::channel();
        self.commands.send(Command::Leave { by, reply }).await.ok()?;
        left.await.ok()
    }

    /// Whether the worker's task is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.commands.is_closed()
    }

    /// No longer counts it among the workers.
    pub(crate) fn uncount(&self) {
        self.tally.set(None);
    }

    /// What lists and detail show of it.
    pub(crate) fn detail(&self) -> WorkerDetail {
        let (seq, state) = self.stream.state();
        WorkerDetail {
            worker: state.worker.clone(),
            runtime_id: None,
            status: state.status.clone(),
            run: state.run.clone(),
            approvals: state.approvals.clone(),
            usage: state.usage.clone(),
            cursor: self.stream.cursor_at(seq).filter(|_| seq.0 > 0).map(|cursor| cursor.to_string()),
            events: seq.0,
            updated_at: self.stream.updated_at().max(self.restored_at),
            workdir: self.record.workdir.clone(),
            affordances: None,
        }
    }
}

impl Actor {
    /// Says what is to be said first.
    fn open(&mut self, draft: crate::recorder::Draft, backfill: Vec<crate::store::TranscriptRecord>) {
        let events = draft.events.len();
        let (_, bytes) = self.pen.write(draft, backfill, Flush::Required);
        self.pace.wrote(events, bytes);
    }
}
