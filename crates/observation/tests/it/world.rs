//! A worker that says things, and a client that keeps count of what it was told.

use bytes::Bytes;
use event_log::{CursorKey, Epoch, Limits, Log, Sealer};
use observation::{Published, Stream, StreamOptions};
use protocol::{
    AnyEvent, BlockKind, Code, Diagnostic, Envelope, Event, EventKind, Frame, RunId, State, Timestamp, WorkerId,
    WorkerInfo,
};
use std::sync::Arc;

pub const CONTEXT: &[u8] = b"worker";

pub fn worker() -> WorkerId {
    WorkerId::from_parts(5, 5)
}

pub fn sealer() -> Arc<Sealer> {
    Arc::new(Sealer::new(CursorKey::from([7; 32]), Vec::new()))
}

pub fn stream(limits: Limits) -> Arc<Stream> {
    let info = WorkerInfo {
        worker_id: worker(),
        display_name: "w".into(),
        profile: "p".into(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Default::default(),
    };
    let options = StreamOptions {
        envelope: Envelope::new(None, worker()),
        cursors: Arc::new(observation::Sealed::new(sealer(), CONTEXT.to_vec())),
        history: None,
    };
    let stream = Stream::new(options, Log::new(limits, Epoch(9)), State::new(info));
    let run_id = RunId::from_parts(1, 1);
    let start = EventKind::BlockStarted {
        block_id: "b".into(),
        run_id,
        kind: BlockKind::Text,
        call_id: None,
        tool: None,
        title: None,
    };
    publish(&stream, vec![start]);
    stream
}

pub fn publish(stream: &Stream, kinds: Vec<EventKind>) {
    let first = stream.head().next();
    let at = Timestamp::from_millis(1_000);
    let events = kinds.into_iter().map(|kind| {
        let event = Event { kind, at };
        Published { bytes: Bytes::from(serde_json::to_vec(&event).unwrap()), event: event.into() }
    });
    stream.publish(first, events.collect()).unwrap();
}

pub fn delta(text: impl Into<String>) -> EventKind {
    EventKind::BlockDelta { block_id: "b".into(), text: text.into() }
}

/// What a client knows of a worker, and how it came to know it.
#[derive(Default)]
pub struct Told {
    pub cursor: Option<String>,
    pub seq: u64,
    pub state: Option<State>,
    pub ready: bool,
    pub events: u64,
    pub snapshots: u64,
    pub heartbeats: u64,
    pub diagnostics: Vec<Diagnostic>,
}

impl Told {
    /// Takes a frame in; panics where it does not follow what came before.
    pub fn take(&mut self, sealer: &Sealer, json: &str) {
        match Frame::from_json(json).unwrap() {
            Frame::Event(frame) => {
                let seq = sealer.open(CONTEXT, &frame.cursor).unwrap().seq.0;
                let event = AnyEvent::from_json(frame.event.get()).unwrap();
                if let Some(EventKind::Snapshot(state)) = event.kind() {
                    assert!(seq >= self.seq, "a snapshot of the past");
                    self.state = Some((**state).clone());
                    self.snapshots += 1;
                } else {
                    let merged = self.ready && matches!(event.kind(), Some(EventKind::BlockDelta { .. }));
                    assert!(seq == self.seq + 1 || (merged && seq > self.seq), "{} then {seq}", self.seq);
                    self.state.as_mut().unwrap().apply(&event);
                    self.events += 1;
                }
                (self.seq, self.cursor) = (seq, Some(frame.cursor));
            }
            Frame::Ready { cursor, .. } => {
                assert!(!self.ready, "ready twice");
                assert_eq!(cursor, self.cursor);
                self.ready = true;
            }
            Frame::Heartbeat(frame) => {
                assert_eq!(frame.cursor, self.cursor);
                self.heartbeats += 1;
            }
            Frame::Diagnostic { diagnostic, cursor, .. } => {
                assert!(cursor.is_none() || cursor == self.cursor, "a cursor of something never sent");
                self.diagnostics.push(diagnostic);
            }
            other => panic!("{other:?}"),
        }
    }

    /// A new connection: what it holds stays, `ready` comes again.
    pub fn reconnected(&mut self) {
        self.ready = false;
        self.diagnostics.clear();
    }

    pub fn codes(&self) -> Vec<Code> {
        self.diagnostics.iter().map(|d| d.code.clone()).collect()
    }
}
