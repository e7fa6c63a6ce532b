//! The log against a model that remembers everything and finds everything by looking at all of it.
//!
//! Owns the model. It must stay too simple to be wrong.

use bytes::Bytes;
use event_log::{AppendError, Epoch, Limits, Lineage, Log, Position, Read, Reader, Seq, Standing};
use proptest::prelude::*;
use std::sync::Arc;

/// Everything that ever happened to a log.
struct Model {
    limits: Limits,
    /// Which stream this is: counts the resets.
    stream: usize,
    /// The head at which this stream began.
    begins: u64,
    /// Every event of this stream since then.
    events: Vec<(Position, Bytes)>,
    /// The epoch of new events.
    epoch: Epoch,
    /// Every position ever handed out, with the stream it was of.
    handed_out: Vec<(usize, Position)>,
}

impl Model {
    fn head(&self) -> u64 {
        self.begins + self.events.len() as u64
    }

    /// The longest tail within the limits, of at least one event where there is one.
    fn kept(&self) -> &[(Position, Bytes)] {
        let fits = |from: &usize| {
            let tail = &self.events[*from..];
            let bytes: usize = tail.iter().map(|(_, bytes)| bytes.len()).sum();
            tail.len() <= self.limits.max_events && bytes <= self.limits.max_bytes
        };
        let from = (0..self.events.len()).find(fits).unwrap_or(self.events.len().saturating_sub(1));
        &self.events[from..]
    }

    fn floor(&self) -> u64 {
        self.head() + 1 - self.kept().len() as u64
    }

    fn append(&mut self, sizes: &[usize]) -> Vec<Bytes> {
        let mut made = Vec::new();
        for size in sizes {
            let position = Position { epoch: self.epoch, seq: Seq(self.head() + 1) };
            // Bytes that tell one event from every other, as far as they fit.
            let name = format!("{}/{position}/", self.stream).into_bytes();
            let bytes: Bytes = name.into_iter().cycle().take(*size).collect();
            self.events.push((position, bytes.clone()));
            self.handed_out.push((self.stream, position));
            made.push(bytes);
        }
        made
    }

    fn read(&self, after: u64, max_events: usize, max_bytes: usize) -> Result<Vec<(Position, Bytes)>, Option<u64>> {
        if after == self.head() {
            return Err(None);
        }
        if after > self.head() || after + 1 < self.floor() {
            return Err(Some(self.floor()));
        }
        let mut taken: Vec<(Position, Bytes)> = Vec::new();
        for (position, bytes) in self.events.iter().filter(|(position, _)| position.seq.0 > after) {
            let size: usize = taken.iter().map(|(_, bytes)| bytes.len()).sum();
            if !taken.is_empty() && (taken.len() >= max_events || size + bytes.len() > max_bytes) {
                break;
            }
            taken.push((*position, bytes.clone()));
        }
        Ok(taken)
    }
}

#[derive(Clone, Debug)]
enum Op {
    Append(Vec<usize>),
    AppendWrongly(u64),
    BeginEpoch,
    Reset { head: u64 },
    Read { after: u64, max_events: usize, max_bytes: usize },
    NewReader { after: u64 },
    Next { which: usize, max_events: usize, max_bytes: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let bounds = || (0..8usize, 0..400usize);
    prop_oneof![
        6 => prop::collection::vec(0..120usize, 0..12).prop_map(Op::Append),
        1 => (0..100u64).prop_map(Op::AppendWrongly),
        1 => Just(Op::BeginEpoch),
        1 => (0..60u64).prop_map(|head| Op::Reset { head }),
        4 => (0..100u64, bounds()).prop_map(|(after, (max_events, max_bytes))| Op::Read { after, max_events, max_bytes }),
        2 => (0..100u64).prop_map(|after| Op::NewReader { after }),
        6 => (any::<usize>(), bounds()).prop_map(|(which, (max_events, max_bytes))| Op::Next { which, max_events, max_bytes }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (0..30usize, 0..1_500usize).prop_map(|(max_events, max_bytes)| Limits { max_events, max_bytes })
}

/// What the log read, in the model's words.
fn plain(read: Read) -> Result<Vec<(Position, Bytes)>, Option<u64>> {
    match read {
        Read::Entries(entries) => Ok(entries.into_iter().map(|e| (e.position(), e.bytes)).collect()),
        Read::AtHead => Err(None),
        Read::Evicted { floor } => Err(Some(floor.0)),
    }
}

/// A reader, and the stream it began to read.
type Following = (usize, Reader);

fn step(op: Op, model: &mut Model, log: &Arc<Log>, readers: &mut Vec<Following>) -> Result<(), TestCaseError> {
    match op {
        Op::Append(sizes) => {
            let first = Seq(model.head() + 1);
            let events = model.append(&sizes);
            prop_assert_eq!(log.append(first, events), Ok(Seq(model.head())));
        }
        Op::AppendWrongly(got) => {
            let (expected, got) = (Seq(model.head() + 1), Seq(got));
            if got != expected {
                prop_assert_eq!(log.append(got, [Bytes::new()]), Err(AppendError::OutOfOrder { expected, got }));
            }
        }
        Op::BeginEpoch => {
            model.epoch = Epoch(model.epoch.0 + 1);
            log.begin_epoch(model.epoch);
        }
        Op::Reset { head } => {
            model.stream += 1;
            model.epoch = Epoch(model.epoch.0 + 1);
            model.begins = head;
            model.events.clear();
            log.reset(Lineage::starting(model.epoch), Seq(head));
        }
        Op::Read { after, max_events, max_bytes } => {
            let read = plain(log.read(Seq(after), max_events, max_bytes));
            prop_assert_eq!(read, model.read(after, max_events, max_bytes));
        }
        Op::NewReader { after } => readers.push((model.stream, log.reader(Seq(after)))),
        Op::Next { which, max_events, max_bytes } => {
            let Some(at) = which.checked_rem(readers.len()) else {
                return Ok(());
            };
            let (stream, reader) = &mut readers[at];
            let before = reader.position();
            let expected = if *stream == model.stream {
                model.read(before.0, max_events, max_bytes)
            } else {
                Err(Some(model.floor()))
            };
            let read = plain(reader.try_next(max_events, max_bytes));
            prop_assert_eq!(&read, &expected);
            // Right behind what it had, and no further than what it was given: no silent hole.
            let first = read.iter().flatten().next().map_or(before.next(), |(position, _)| position.seq);
            let last = read.iter().flatten().last().map_or(before, |(position, _)| position.seq);
            prop_assert_eq!((first, last), (before.next(), reader.position()));
        }
    }
    Ok(())
}

fn agree(model: &Model, log: &Log) -> Result<(), TestCaseError> {
    let kept = model.kept();
    prop_assert_eq!(log.head(), Seq(model.head()));
    prop_assert_eq!(log.floor(), Seq(model.floor()));
    prop_assert_eq!(log.kept_events(), kept.len());
    prop_assert_eq!(log.kept_bytes(), kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
    for (position, _) in &model.events {
        prop_assert_eq!(log.position_of(position.seq), *position);
    }
    // Every position ever handed out: of this stream, still to be resumed from or too old; of one
    // before, lost. And one nobody was ever given, at the end.
    for (stream, position) in &model.handed_out {
        let expected = match *stream == model.stream {
            true if position.seq.0 + 1 >= model.floor() => Standing::Good,
            true => Standing::Retention,
            false => Standing::Lost,
        };
        prop_assert_eq!(log.standing(*position, log.floor()), expected, "{}", position);
    }
    let beyond = Position { epoch: model.epoch, seq: Seq(model.head() + 1) };
    prop_assert_eq!(log.standing(beyond, log.floor()), Standing::Unknown);
    Ok(())
}

proptest! {
    #[test]
    fn the_log_does_what_the_model_does(limits in limits(), ops in prop::collection::vec(op(), 1..60)) {
        let epoch = Epoch(1);
        let mut model = Model { limits, stream: 0, begins: 0, events: Vec::new(), epoch, handed_out: Vec::new() };
        let log = Log::new(limits, epoch);
        let mut readers = Vec::new();
        for op in ops {
            step(op, &mut model, &log, &mut readers)?;
            agree(&model, &log)?;
        }
    }
}
