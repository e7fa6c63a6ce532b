//! The rows of a transcript, remembered.
//!
//! Owns the memory of what was wrapped: by item, room and fold, so that a frame costs what it shows. It is
//! bounded: what was not shown lately goes first. Must not decide what is shown.

use super::block::{self, Stream};
use super::{Fold, entry};
use crate::model::items::{Body, Item, Items};
use crate::text::flow::{Flow, Kind};
use crate::text::row::{Paint, Row};
use crate::text::wrap::Leads;
use protocol::{EntryKind, State};
use std::collections::HashMap;

/// The most rows that are remembered beyond those of the last frame.
const MOST_ROWS: usize = 40_000;

/// What the rows of an item depend on besides itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    room: usize,
    fold: Fold,
    answer: Option<bool>,
    /// Of the edge: what it says.
    words: String,
}

#[derive(Debug)]
enum Layout {
    Rows(Vec<Row>),
    Stream(Box<Stream>),
}

impl Layout {
    fn len(&self) -> usize {
        match self {
            Layout::Rows(rows) => rows.len(),
            Layout::Stream(stream) => {
                let text = stream.flow.as_ref().map_or(0, |flow| flow.rows().len());
                // a block that has said nothing still takes a row
                (stream.head.len() + text).max(1)
            }
        }
    }

    fn get(&self, row: usize) -> Option<&Row> {
        match self {
            Layout::Rows(rows) => rows.get(row),
            Layout::Stream(stream) => {
                let rest = || stream.flow.as_ref().map(Flow::rows).unwrap_or_default();
                stream.head.get(row).or_else(|| rest().get(row.checked_sub(stream.head.len())?))
            }
        }
    }
}

#[derive(Debug)]
struct Memo {
    key: Key,
    layout: Layout,
    used: u64,
}

/// The memory.
#[derive(Debug, Default)]
pub struct Layouts {
    memos: HashMap<u64, Memo>,
    turn: u64,
    /// How often something was laid out from its beginning.
    #[cfg(test)]
    pub made: usize,
}

/// What is folded: one by one, or all alike.
#[derive(Clone, Debug, Default)]
pub struct Folds {
    all: Option<Fold>,
    one: HashMap<u64, Fold>,
}

impl Folds {
    /// How an item shows.
    pub fn of(&self, item: &Item, state: Option<&State>) -> Fold {
        let standard = match &item.body {
            Body::Entry(entry) if entry::foldable(&entry.kind) => entry::default_fold(entry),
            Body::Open(at) if state.and_then(|s| s.open_blocks.get(*at)).is_some_and(|b| block::foldable(&b.kind)) => {
                Fold::Folded
            }
            _ => return Fold::Open,
        };
        self.one.get(&item.uid).copied().or(self.all).unwrap_or(standard)
    }

    /// Folds or unfolds one.
    pub fn toggle(&mut self, item: &Item, state: Option<&State>) {
        if can_fold(item, state) {
            let fold = self.of(item, state).other();
            self.one.insert(item.uid, fold);
        }
    }

    /// Shows one.
    pub fn open(&mut self, uid: u64) {
        self.one.insert(uid, Fold::Open);
    }

    /// Folds all, or unfolds all.
    pub fn toggle_all(&mut self) {
        self.one.clear();
        self.all = Some(match self.all {
            Some(fold) => fold.other(),
            None => Fold::Open,
        });
    }

    /// Forgets what is no longer there.
    pub fn retain(&mut self, items: &Items) {
        if self.one.len() > 512 {
            self.one.retain(|uid, _| items.list().iter().any(|item| item.uid == *uid));
        }
    }
}

/// Whether an item can be folded.
pub fn can_fold(item: &Item, state: Option<&State>) -> bool {
    match &item.body {
        Body::Entry(entry) => entry::foldable(&entry.kind),
        Body::Open(at) => state.and_then(|s| s.open_blocks.get(*at)).is_some_and(|b| block::foldable(&b.kind)),
        Body::Edge | Body::Aside(_) => false,
    }
}

/// One transcript at one width.
pub struct Sheet<'a> {
    /// The state, once there is one.
    pub state: Option<&'a State>,
    /// The items.
    pub items: &'a Items,
    /// What is folded.
    pub folds: &'a Folds,
    /// What the edge says.
    pub edge: &'a str,
    /// Cells in a row.
    pub room: usize,
    /// The memory.
    pub layouts: &'a mut Layouts,
}

impl Layouts {
    /// Begins a frame; what none of the last frames used may go.
    pub fn begin(&mut self) {
        self.turn += 1;
        let rows: usize = self.memos.values().map(|memo| memo.layout.len()).sum();
        if rows > MOST_ROWS {
            let last = self.turn - 1;
            self.memos.retain(|_, memo| memo.used >= last);
        }
    }

    /// Forgets everything, as after a snapshot.
    pub fn clear(&mut self) {
        self.memos.clear();
    }
}

impl Sheet<'_> {
    fn item(&self, at: usize) -> Option<&Item> {
        self.items.list().get(at)
    }

    fn fold(&self, item: &Item) -> Fold {
        self.folds.of(item, self.state)
    }

    /// Makes sure that the rows of an item are there and right.
    fn prepare(&mut self, at: usize) -> Option<u64> {
        let item = self.items.list().get(at)?;
        let (mut answer, mut words) = (None, String::new());
        match &item.body {
            Body::Entry(entry) if entry.kind == EntryKind::ToolCall => {
                answer = self.items.answer(entry.call_id.as_deref());
            }
            Body::Edge => self.edge.clone_into(&mut words),
            _ => {}
        }
        let key = Key { room: self.room, fold: self.folds.of(item, self.state), answer, words };
        let turn = self.layouts.turn;
        let open = match &item.body {
            Body::Open(at) => Some(self.state.and_then(|state| state.open_blocks.get(*at))?),
            _ => None,
        };
        if let Some(memo) = self.layouts.memos.get_mut(&item.uid).filter(|memo| memo.key == key) {
            memo.used = turn;
            let current = match (&mut memo.layout, open) {
                (Layout::Stream(stream), Some(block)) => stream.catch_up(block),
                (Layout::Rows(_), None) => true,
                _ => false,
            };
            if current {
                return Some(item.uid);
            }
        }
        let layout = match (&item.body, open) {
            (_, Some(block)) => Layout::Stream(Box::new(Stream::new(block, key.fold, key.room))),
            (Body::Entry(entry), _) => Layout::Rows(entry::rows(entry, key.fold, key.answer, key.room)),
            (Body::Aside(aside), _) => {
                let leads = Leads::hanging(aside.paint, "* ");
                Layout::Rows(Flow::whole(Kind::Words(aside.paint), key.room, leads, &aside.text))
            }
            (Body::Edge, _) => {
                let rows = Flow::whole(Kind::Words(Paint::Dim), key.room, Leads::default(), self.edge);
                Layout::Rows(rows)
            }
            (Body::Open(_), None) => return None,
        };
        #[cfg(test)]
        {
            self.layouts.made += 1;
        }
        self.layouts.memos.insert(item.uid, Memo { key, layout, used: turn });
        Some(item.uid)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.list().len()
    }

    /// The rows of an item itself.
    fn own_rows(&mut self, at: usize) -> usize {
        self.prepare(at).and_then(|uid| self.layouts.memos.get(&uid)).map_or(0, |memo| memo.layout.len())
    }

    /// Whether an item is one of those that stand close together.
    fn is_close(&self, at: usize) -> bool {
        self.item(at).is_some_and(|item| match &item.body {
            Body::Entry(entry) => {
                entry.kind == EntryKind::Notice || (entry::foldable(&entry.kind) && self.fold(item) == Fold::Folded)
            }
            Body::Open(_) => can_fold(item, self.state) && self.fold(item) == Fold::Folded,
            Body::Aside(_) => true,
            Body::Edge => false,
        })
    }

    /// Empty rows above an item.
    pub fn gap(&self, at: usize) -> usize {
        let Some(before) = at.checked_sub(1) else { return 0 };
        // an edge that says nothing has no rows
        if before == 0 && self.edge.is_empty() {
            return 0;
        }
        // a result stands below its call
        let result = self.item(at).is_some_and(|item| match &item.body {
            Body::Entry(entry) => entry.kind == EntryKind::ToolResult,
            _ => false,
        });
        usize::from(!(self.is_close(before) && (result || self.is_close(at))))
    }

    /// The rows of an item, with those above it that are empty.
    pub fn height(&mut self, at: usize) -> usize {
        match self.own_rows(at) {
            0 => 0,
            rows => rows + self.gap(at),
        }
    }

    /// A row of an item, once it has been measured; nothing where it is empty.
    pub fn row(&self, at: usize, row: usize) -> Option<&Row> {
        let row = row.checked_sub(self.gap(at))?;
        self.layouts.memos.get(&self.item(at)?.uid)?.layout.get(row)
    }

    /// All rows of an item itself, and how many empty ones are above.
    pub fn rows(&mut self, at: usize) -> (usize, Vec<&Row>) {
        let Some(uid) = self.prepare(at) else { return (0, Vec::new()) };
        let gap = self.gap(at);
        let layout = self.layouts.memos.get(&uid).map(|memo| &memo.layout);
        (gap, layout.map(|layout| (0..layout.len()).filter_map(|row| layout.get(row)).collect()).unwrap_or_default())
    }
}
