//! Whatever is published, written, cut off and resumed: a viewer sees every event once and in
//! order or is told of the gap, and ends with the state of the worker.

use super::*;
use crate::feed::BURST_EVENTS;
use crate::stream::{History, HistoryError, Published, Stream, StreamOptions};
use event_log::{CursorKey, Epoch, Limits, Log, Sealer};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use proptest::prelude::*;
use protocol::{AnyEvent, BlockKind, BlockStatus, Event, EventKind, Frame, Level, RunId, State, Timestamp, WorkerInfo};

const CONTEXT: &[u8] = b"worker";

/// Everything ever published, as a store on disk would keep it.
#[derive(Default)]
struct Shelf {
    events: Mutex<Vec<Bytes>>,
    keeps: u64,
}

impl History for Shelf {
    fn floor(&self) -> Seq {
        let len = self.events.lock().len() as u64;
        Seq(len.saturating_sub(self.keeps) + 1)
    }

    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<Vec<(Seq, Bytes)>, HistoryError>> {
        let floor = self.floor();
        if after.next() < floor {
            return std::future::ready(Err(HistoryError::Evicted { floor })).boxed();
        }
        let mut room = max_bytes;
        let events = self.events.lock();
        let after_events = events.iter().enumerate().skip(after.0 as usize);
        let page = after_events.map_while(|(i, bytes)| {
            room = room.checked_sub(bytes.len())?;
            Some((Seq(i as u64 + 1), bytes.clone()))
        });
        std::future::ready(Ok(page.collect())).boxed()
    }
}

struct World {
    stream: Arc<Stream>,
    shelf: Arc<Shelf>,
    sealer: Arc<Sealer>,
    blocks: u64,
}

impl World {
    fn new(backlog: usize, keeps: u64) -> World {
        let sealer = Arc::new(Sealer::new(CursorKey::from([7; 32]), Vec::new()));
        let shelf = Arc::new(Shelf { keeps, ..Shelf::default() });
        let log = Log::new(Limits { max_events: backlog, max_bytes: 1 << 20 }, Epoch(9));
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
            cursors: Arc::new(crate::cursors::Sealed::new(Arc::clone(&sealer), CONTEXT.to_vec())),
            history: (keeps > 0).then(|| Arc::clone(&shelf) as Arc<dyn History>),
        };
        World { stream: Stream::new(options, log, State::new(info)), shelf, sealer, blocks: 0 }
    }

    fn publish(&mut self, kind: EventKind) {
        let event = Event { kind, at: Timestamp::from_millis(self.stream.head().0 as i64) };
        let bytes = Bytes::from(serde_json::to_vec(&event).unwrap());
        self.shelf.events.lock().push(bytes.clone());
        let published = vec![Published { event: event.into(), bytes }];
        self.stream.publish(self.stream.head().next(), published).unwrap();
    }

    fn step(&mut self, what: u8) {
        let block = |n: u64| format!("b{n}");
        let run_id = RunId::from_parts(1, 1);
        let kind = match what % 8 {
            0 => {
                self.blocks += 1;
                let block_id = block(self.blocks);
                EventKind::BlockStarted {
                    block_id,
                    run_id,
                    kind: BlockKind::Text,
                    call_id: None,
                    tool: None,
                    title: None,
                }
            }
            1 => EventKind::BlockFinished { block_id: block(self.blocks), status: BlockStatus::Complete },
            2 => EventKind::Notice { level: Level::Info, code: "n".into(), message: "x".repeat(9), entry_id: None },
            _ => EventKind::BlockDelta { block_id: block(self.blocks), text: format!("{what}é ") },
        };
        self.publish(kind);
    }
}

fn worker() -> protocol::WorkerId {
    protocol::WorkerId::from_parts(5, 5)
}

/// A client: what it has received, and what follows from it.
struct Viewer {
    session: Session,
    request: AttachRequest,
    bytes: Vec<u8>,
    cursor: Option<String>,
    seq: Option<u64>,
    state: Option<State>,
    readies: usize,
    /// It was told of a gap, and a snapshot must follow.
    gap: bool,
    merged: usize,
    watermark: u64,
}

impl Viewer {
    fn attach(world: &World, request: AttachRequest, options: &Options) -> Viewer {
        let session =
            Session::attach(world.stream.feed(Framing::WebSocket, request.coalesce, &None), &request, options);
        let watermark = world.stream.head().0;
        let (bytes, cursor) = (Vec::new(), request.cursor.clone());
        Viewer { session, request, bytes, cursor, seq: None, state: None, readies: 0, gap: false, merged: 0, watermark }
    }

    /// It drops its connection and comes back with what it has.
    fn reconnect(&mut self, world: &World, options: &Options) {
        let request = AttachRequest { cursor: self.cursor.clone(), ..self.request.clone() };
        let mut again = Viewer::attach(world, request, options);
        (again.seq, again.state, again.merged) = (self.seq, self.state.take(), self.merged);
        *self = again;
    }

    /// The socket takes `room` bytes. True while there was more.
    fn write(&mut self, world: &World, room: usize) -> bool {
        let mut segments = Vec::new();
        let wants = self.session.gather(&mut segments, 4000);
        let total: usize = segments.iter().map(|s| s.bytes().len()).sum();
        if let (true, Wants::Load(after)) = (segments.is_empty(), wants) {
            let feed = Arc::clone(self.session.feed().unwrap());
            match feed.load(after).now_or_never().unwrap() {
                Ok(page) => self.session.loaded(page),
                Err(_) => self.session.load_failed(),
            }
            return true;
        }
        let n = total.min(room);
        let sent: Vec<u8> = segments.iter().flat_map(|s| s.bytes().to_vec()).take(n).collect();
        self.session.wrote(&segments, n);
        if n < total {
            self.session.was_blocked();
        } else if wants == Wants::Events {
            self.session.caught_up();
        }
        self.bytes.extend(sent);
        self.read(world);
        !segments.is_empty()
    }

    /// The short way: its stream grew, and the socket takes `room` bytes. False where it has to go
    /// the long one.
    fn follow(&mut self, world: &World, room: usize) -> bool {
        let feed = Arc::clone(self.session.feed().unwrap());
        let Some(tail) = feed.tail() else { return false };
        let Some(from) = self.session.place_in(&tail) else { return false };
        let bytes = tail.page.slice(from, tail.page.frames());
        let n = bytes.len().min(room);
        self.session.wrote_tail(&tail, from, n);
        if n < bytes.len() {
            self.session.was_blocked();
        }
        self.bytes.extend(&bytes[..n]);
        self.read(world);
        true
    }

    fn read(&mut self, world: &World) {
        while let Some((len, rest)) = match self.bytes[..] {
            [0x81, 126, a, b, ..] => Some((usize::from(u16::from_be_bytes([a, b])), 4)),
            [0x81, 127, _, _, _, _, a, b, c, d, ..] => Some((u32::from_be_bytes([a, b, c, d]) as usize, 10)),
            [0x81, n, ..] if n < 126 => Some((usize::from(n), 2)),
            [] | [0x81] | [0x81, 126 | 127, ..] => None,
            _ => panic!("not a text frame: {:?}", &self.bytes[..2]),
        } {
            if self.bytes.len() < rest + len {
                return;
            }
            let frame: Vec<u8> = self.bytes.drain(..rest + len).skip(rest).collect();
            self.take(world, Frame::from_json(std::str::from_utf8(&frame).unwrap()).unwrap());
        }
    }

    fn take(&mut self, world: &World, frame: Frame) {
        match frame {
            Frame::Event(frame) => {
                let position = world.sealer.open(CONTEXT, &frame.cursor).unwrap();
                let event = AnyEvent::from_json(frame.event.get()).unwrap();
                if let Some(EventKind::Snapshot(state)) = event.kind() {
                    assert!(self.seq.is_none_or(|seq| position.seq.0 >= seq), "a snapshot of the past");
                    self.state = Some((**state).clone());
                    self.gap = false;
                } else {
                    assert!(!self.gap, "an event where a snapshot must follow");
                    let step = position.seq.0 - self.seq.expect("an event before any snapshot or cursor");
                    if step > 1 {
                        assert_ne!(self.request.coalesce, Coalesce::Off, "merged although it asked not to");
                        assert!(matches!(event.kind(), Some(EventKind::BlockDelta { .. })));
                        assert_eq!(self.readies, 1, "merged before ready");
                        self.merged += 1;
                    }
                    assert!(step > 0, "a repetition");
                    self.state.as_mut().unwrap().apply(&event);
                }
                self.seq = Some(position.seq.0);
                self.cursor = Some(frame.cursor);
            }
            Frame::Ready { cursor, .. } => {
                assert_eq!(cursor, self.cursor);
                assert!(self.seq.is_none_or(|seq| seq >= self.watermark), "ready before its time");
                self.readies += 1;
            }
            Frame::Diagnostic { diagnostic, .. } => {
                assert!([Code::Lagged, Code::CursorExpired].contains(&diagnostic.code), "{diagnostic:?}");
                self.gap = true;
            }
            Frame::Heartbeat(heartbeat) => {
                assert_eq!((heartbeat.cursor.as_ref(), heartbeat.lag_events), (self.cursor.as_ref(), 0))
            }
            other => panic!("{other:?}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Publish(Vec<u8>),
    Write(usize, usize),
    Follow(usize, usize),
    Reconnect(usize),
    Attach(Mode, Coalesce),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Op::Publish),
        4 => (0..4usize, prop_oneof![1..20usize, 1..6000usize]).prop_map(|(v, n)| Op::Write(v, n)),
        4 => (0..4usize, prop_oneof![1 => 1..20usize, 3 => 1..6000usize]).prop_map(|(v, n)| Op::Follow(v, n)),
        1 => (0..4usize).prop_map(Op::Reconnect),
        1 => (
            prop::sample::select(vec![Mode::Replay, Mode::Auto]),
            prop::sample::select(vec![Coalesce::On, Coalesce::Bursts, Coalesce::Off])
        )
            .prop_map(|(m, c)| Op::Attach(m, c)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_viewer_converges(backlog in 1usize..120, keeps in prop_oneof![Just(0u64), 1..400u64], ops in prop::collection::vec(op(), 1..120)) {
        let options = Options { merge_after_events: 10, auto_snapshot_events: 30, ..Options::default() };
        let mut world = World::new(backlog, keeps);
        let mut viewers: Vec<Viewer> = Vec::new();
        world.step(0);
        for op in ops {
            match op {
                Op::Publish(kinds) => kinds.into_iter().for_each(|kind| world.step(kind)),
                Op::Write(v, room) => {
                    if let Some(viewer) = viewers.get_mut(v) {
                        viewer.write(&world, room);
                    }
                }
                Op::Follow(v, room) => {
                    if let Some(viewer) = viewers.get_mut(v) {
                        viewer.follow(&world, room);
                    }
                }
                Op::Reconnect(v) => {
                    if let Some(viewer) = viewers.get_mut(v) {
                        viewer.reconnect(&world, &options);
                    }
                }
                Op::Attach(mode, coalesce) => {
                    let request = AttachRequest { mode, coalesce, ..AttachRequest::default() };
                    viewers.push(Viewer::attach(&world, request, &options));
                    if viewers.len() > 4 {
                        viewers.remove(0);
                    }
                }
            }
        }
        let (head, state) = world.stream.state();
        for viewer in &mut viewers {
            for _ in 0..100_000 {
                if !viewer.write(&world, usize::MAX) {
                    break;
                }
            }
            let frames = viewer.session.feed().unwrap().tail().is_some();
            prop_assert_eq!(viewer.follow(&world, 1), frames, "at rest nothing is left to the long way");
            if viewer.session.heartbeat() {
                viewer.write(&world, usize::MAX);
            }
            prop_assert_eq!(viewer.readies, 1);
            prop_assert_eq!(viewer.seq, Some(head.0));
            prop_assert_eq!(viewer.state.as_ref(), Some(&*state));
        }
    }
}

#[test]
fn one_that_falls_behind_gets_merged_deltas_then_a_snapshot() {
    let options = Options { merge_after_events: 10, ..Options::default() };
    let mut world = World::new(200, 0);
    world.step(0);
    let mut viewer = Viewer::attach(&world, AttachRequest::default(), &options);
    while viewer.write(&world, usize::MAX) {}
    (0..2).for_each(|_| world.step(3));
    viewer.write(&world, 5);
    (0..100).for_each(|_| world.step(3));
    while viewer.write(&world, usize::MAX) {}
    assert!(viewer.merged > 5, "{}", viewer.merged);
    (0..2).for_each(|_| world.step(3));
    viewer.write(&world, 5);
    (0..300).for_each(|_| world.step(3));
    let merged = viewer.merged;
    while viewer.write(&world, usize::MAX) {}
    assert_eq!(viewer.merged, merged, "a snapshot, not deltas");
    assert_eq!(viewer.state.as_ref(), Some(&*world.stream.state().1));
}

#[test]
fn a_burst_is_merged_for_all_who_take_that_and_told_one_by_one_to_others() {
    let options = Options::default();
    let mut world = World::new(1000, 0);
    world.step(0);
    let mut every = Viewer::attach(&world, AttachRequest::default(), &options);
    let bursts = AttachRequest { coalesce: Coalesce::Bursts, ..AttachRequest::default() };
    let mut viewers: Vec<_> = (0..3).map(|_| Viewer::attach(&world, bursts.clone(), &options)).collect();
    for viewer in viewers.iter_mut().chain([&mut every]) {
        while viewer.write(&world, usize::MAX) {}
    }
    // as fast as a model speaks: each by itself
    for _ in 0..3 {
        (0..BURST_EVENTS - 1).for_each(|_| world.step(3));
        for viewer in &mut viewers {
            while viewer.write(&world, usize::MAX) {}
            assert_eq!(viewer.merged, 0);
        }
    }
    let middle = viewers[0].cursor.clone();
    (0..3 * BURST_EVENTS).for_each(|_| world.step(3));
    for viewer in viewers.iter_mut().chain([&mut every]) {
        while viewer.write(&world, usize::MAX) {}
        assert_eq!(viewer.merged > 0, viewer.request.coalesce == Coalesce::Bursts, "{}", viewer.merged);
    }
    // who comes back to before it, or into its middle, is told what it missed, event by event
    let inside = world.stream.cursor_at(Seq(world.stream.head().0 - 2)).map(|cursor| cursor.to_string());
    for cursor in [middle, inside] {
        let seq = world.sealer.open(CONTEXT, cursor.as_ref().unwrap()).unwrap().seq.0;
        let mut viewer = Viewer::attach(&world, AttachRequest { cursor, ..bursts.clone() }, &options);
        (viewer.seq, viewer.state) = (Some(seq), viewers[0].state.clone());
        while viewer.write(&world, usize::MAX) {}
        assert_eq!((viewer.merged, viewer.seq), (0, Some(world.stream.head().0)));
    }
    for viewer in viewers.iter().chain([&every]) {
        assert_eq!(viewer.state.as_ref(), Some(&*world.stream.state().1));
    }
}

#[test]
fn many_viewers_share_one_encoding() {
    let options = Options::default();
    let mut world = World::new(1000, 0);
    let feed = world.stream.feed(Framing::WebSocket, Coalesce::On, &None);
    let mut viewers: Vec<_> = (0..100).map(|_| Viewer::attach(&world, AttachRequest::default(), &options)).collect();
    for n in 0..50 {
        world.step(if n == 0 { 0 } else { 3 });
        let mut pages = Vec::new();
        for viewer in &mut viewers {
            let mut segments = Vec::new();
            viewer.session.gather(&mut segments, 1 << 20);
            let total = segments.iter().map(|s| s.bytes().len()).sum();
            pages.extend(segments.iter().filter_map(|s| match s {
                Segment::Frames { page, .. } => Some(Arc::as_ptr(page)),
                _ => None,
            }));
            viewer.session.wrote(&segments, total);
        }
        pages.dedup();
        assert_eq!(pages.len(), 1, "every viewer writes the same memory");
    }
    drop(feed);
}

#[test]
fn what_is_told_before_anything_was_sent_names_no_cursor() {
    let mut world = World::new(1000, 0);
    world.step(2);
    let request = AttachRequest { cursor: Some("A".repeat(44)), on_gap: OnGap::Close, ..AttachRequest::default() };
    let mut session =
        Session::attach(world.stream.feed(Framing::Sse, request.coalesce, &None), &request, &Options::default());
    let mut segments = Vec::new();
    assert_eq!(session.gather(&mut segments, 1 << 20), Wants::Close);
    let text: Vec<u8> = segments.iter().flat_map(|s| s.bytes().to_vec()).collect();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(r#""cursor":null"#) && text.contains("cursor_unknown"), "{text}");
    assert_eq!(session.close_code(), Some(4409));
}

#[test]
fn a_session_ended_before_its_snapshot_was_sent_does_not_claim_it() {
    let mut world = World::new(1000, 0);
    world.step(2);
    let mut session = Session::attach(
        world.stream.feed(Framing::WebSocket, Coalesce::On, &None),
        &AttachRequest::default(),
        &Options::default(),
    );
    session.end_with(&Diagnostic::new(Code::GoingAway, "bye"));
    let mut segments = Vec::new();
    session.gather(&mut segments, 1 << 20);
    let text: Vec<u8> = segments.iter().flat_map(|s| s.bytes().to_vec()).collect();
    assert!(String::from_utf8_lossy(&text).contains(r#""cursor":null"#));
}

#[test]
fn a_stalled_viewer_holds_one_frame() {
    let mut world = World::new(100_000, 0);
    world.step(0);
    let mut viewer = Viewer::attach(&world, AttachRequest::default(), &Options::default());
    while viewer.write(&world, usize::MAX) {}
    (0..50).for_each(|_| world.step(3));
    viewer.write(&world, 7);
    let held = viewer.session.partial.len();
    (0..5000).for_each(|_| world.step(3));
    assert!(held > 0 && held < 400, "{held}");
    assert!(viewer.session.own.is_empty() && viewer.session.loaded.is_none());
}

#[test]
fn the_short_way_is_not_for_those_who_have_something_else_to_say() {
    let mut world = World::new(1000, 0);
    world.step(0);
    let attach = |world: &World| Viewer::attach(world, AttachRequest::default(), &Options::default());
    let at_rest = |world: &World| {
        let mut viewer = attach(world);
        while viewer.write(world, usize::MAX) {}
        viewer
    };
    let unready = attach(&world);
    let (mut beating, mut ending, mut full, plain) =
        (at_rest(&world), at_rest(&world), at_rest(&world), at_rest(&world));
    world.step(3);
    assert!(beating.session.heartbeat());
    ending.session.end_with(&Diagnostic::new(Code::GoingAway, "bye"));
    full.write(&world, 5);
    let feed = Arc::clone(plain.session.feed().unwrap());
    let tail = feed.tail().unwrap();
    for viewer in [&unready, &beating, &ending, &full] {
        assert_eq!(viewer.session.place_in(&tail), None);
    }
    assert!(plain.session.place_in(&tail).is_some());
    // nor while the link has changed, the stream was replaced, or it ended
    world.stream.link_down(Diagnostic::new(Code::RuntimeUnavailable, "away"));
    assert_eq!(plain.session.place_in(&feed.tail().unwrap()), None);
    world.stream.link_up(false);
    let late = at_rest(&world);
    let (head, state) = world.stream.state();
    let lineage = event_log::Lineage::starting(Epoch(10));
    world.stream.replace(lineage, Seq(0), (*state).clone(), Diagnostic::new(Code::Lagged, "another"));
    assert!(feed.tail().is_none(), "nothing of it yet");
    (0..=head.0).for_each(|_| world.step(3));
    assert_eq!(late.session.place_in(&feed.tail().unwrap()), None);
    world.stream.end(Diagnostic::new(Code::WorkerDeleted, "gone"));
    assert!(feed.tail().is_none());
}
