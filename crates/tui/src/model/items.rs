//! What the transcript of a worker shows, one thing below the other.
//!
//! Owns the list: older entries that were fetched or fell out of the state, the state's own, what happened
//! in between that makes no entry, and the blocks that stream. Each keeps its number, so that what was
//! unfolded, chosen or scrolled to stays so. Must not fold events: the state comes folded.

use crate::text::row::Paint;
use protocol::{Entry, State};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The most entries kept that are not in the state.
pub const OLDER_ENTRIES: usize = 2000;
/// The most bytes of them.
pub const OLDER_BYTES: usize = 8 << 20;
/// The most things kept that make no entry.
const ASIDES: usize = 64;

/// One thing in the transcript.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number: never another's.
    pub uid: u64,
    /// What it is.
    pub body: Body,
}

/// What a thing in the transcript is.
#[derive(Clone, Debug)]
pub enum Body {
    /// Where the transcript begins, as far as it is here.
    Edge,
    /// An entry.
    Entry(Arc<Entry>),
    /// A block that streams, by its place in the state.
    Open(usize),
    /// Something that happened and makes no entry.
    Aside(Arc<Aside>),
}

/// Something that happened and makes no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// How it stands out.
    pub paint: Paint,
    /// In words, cleaned.
    pub text: String,
}

/// The number of [`Body::Edge`].
const EDGE: u64 = 0;

/// The list.
#[derive(Debug)]
pub struct Items {
    items: Vec<Item>,
    older: VecDeque<(u64, Arc<Entry>)>,
    older_bytes: usize,
    /// Whether the oldest were let go, so that what is fetched would not join.
    trimmed: bool,
    entries: Vec<(u64, Arc<Entry>)>,
    open: Vec<(u64, String)>,
    /// Each with the entry after which it happened.
    asides: VecDeque<(u64, u64, Arc<Aside>)>,
    /// Whether a call failed, by its id, where it has an answer.
    answers: HashMap<String, bool>,
    next: u64,
    stale: bool,
}

/// What a new snapshot did to what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seam {
    /// What is older still joins it.
    Whole,
    /// What is older was let go: there may be a hole in between.
    Torn,
}

impl Default for Items {
    fn default() -> Self {
        Items {
            items: vec![Item { uid: EDGE, body: Body::Edge }],
            older: VecDeque::new(),
            older_bytes: 0,
            trimmed: false,
            entries: Vec::new(),
            open: Vec::new(),
            asides: VecDeque::new(),
            answers: HashMap::new(),
            next: EDGE + 1,
            stale: false,
        }
    }
}

/// Whether two are the same entry, told twice.
fn same(one: &Entry, other: &Entry) -> bool {
    match (&one.entry_id, &other.entry_id) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.kind == other.kind && one.at == other.at && one.message == other.message,
        _ => false,
    }
}

/// About how many bytes an entry takes.
fn weight(entry: &Entry) -> usize {
    let content = entry.content.iter().flatten().map(|part| part.as_text().map_or(1024, str::len));
    let texts = [&entry.text, &entry.title, &entry.message].into_iter().flatten().map(String::len);
    512 + content.chain(texts).sum::<usize>()
}

impl Items {
    /// The list, the oldest first; the first is always [`Body::Edge`]. [`Items::settle`] comes before.
    pub fn list(&self) -> &[Item] {
        &self.items
    }

    /// Whether a call failed; nothing where it has no answer yet.
    pub fn answer(&self, call_id: Option<&str>) -> Option<bool> {
        self.answers.get(call_id?).copied()
    }

    /// How many entries are kept besides the state's.
    pub fn older(&self) -> usize {
        self.older.len()
    }

    /// Whether no more older entries are taken.
    pub fn is_full(&self) -> bool {
        self.trimmed || self.older.len() >= OLDER_ENTRIES || self.older_bytes >= OLDER_BYTES
    }

    /// The oldest entry there is.
    pub fn oldest(&self) -> Option<&Arc<Entry>> {
        self.older.front().or(self.entries.first()).map(|(_, entry)| entry)
    }

    /// The place of `entry` in `page` where it is in it.
    pub fn find(page: &[Entry], entry: &Entry) -> Option<usize> {
        page.iter().position(|other| same(entry, other))
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Takes note of the state after an event that was no snapshot.
    pub fn follow(&mut self, state: &State) {
        self.stale = true;
        let first = state.transcript.iter().next();
        let kept = match first {
            Some(first) => self.entries.iter().position(|(_, entry)| Arc::ptr_eq(entry, first)),
            None => None,
        };
        for (uid, entry) in self.entries.drain(..kept.unwrap_or(self.entries.len())) {
            self.older_bytes += weight(&entry);
            self.older.push_back((uid, entry));
        }
        while self.older.len() > OLDER_ENTRIES || self.older_bytes > OLDER_BYTES {
            let Some((_, entry)) = self.older.pop_front() else { break };
            self.older_bytes = self.older_bytes.saturating_sub(weight(&entry));
            self.trimmed = true;
        }
        for entry in state.transcript.iter().skip(self.entries.len()) {
            // a block keeps its number when it becomes an entry
            let was = self.open.iter().rposition(|(_, id)| entry.entry_id.as_deref() == Some(id));
            let uid = was.map(|at| self.open.remove(at).0);
            let uid = uid.unwrap_or_else(|| self.number());
            self.entries.push((uid, Arc::clone(entry)));
        }
        self.follow_blocks(state);
    }

    /// Takes note of a snapshot.
    pub fn replace(&mut self, state: &State) -> Seam {
        self.stale = true;
        let mut before: Vec<(u64, Arc<Entry>)> = self.older.drain(..).collect();
        before.append(&mut self.entries);
        let joint = state.transcript.iter().next().and_then(|first| before.iter().position(|(_, e)| same(e, first)));
        let known: HashMap<&str, u64> =
            before.iter().filter_map(|(uid, e)| e.entry_id.as_deref().map(|id| (id, *uid))).collect();
        let mut used: Vec<u64> = Vec::new();
        let mut entries = Vec::with_capacity(state.transcript.len());
        for (n, entry) in state.transcript.iter().enumerate() {
            let in_place = joint.and_then(|at| before.get(at + n)).filter(|(_, e)| same(e, entry)).map(|(uid, _)| *uid);
            let by_id = || entry.entry_id.as_deref().and_then(|id| known.get(id).copied());
            let uid = in_place.or_else(by_id).filter(|uid| !used.contains(uid));
            let uid = uid.unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            });
            used.push(uid);
            entries.push((uid, Arc::clone(entry)));
        }
        let seam = match (joint, before.is_empty()) {
            (None, false) => Seam::Torn,
            _ => Seam::Whole,
        };
        before.truncate(joint.unwrap_or(0));
        self.trimmed &= joint.is_some();
        self.older_bytes = before.iter().map(|(_, entry)| weight(entry)).sum();
        self.older = before.into();
        self.entries = entries;
        self.follow_blocks(state);
        seam
    }

    fn follow_blocks(&mut self, state: &State) {
        let mut known = std::mem::take(&mut self.open);
        for block in &state.open_blocks {
            let at = known.iter().position(|(_, id)| *id == block.block_id);
            let uid = at.map(|at| known.remove(at).0).unwrap_or_else(|| self.number());
            self.open.push((uid, block.block_id.clone()));
        }
    }

    /// Puts older entries before what is there, oldest first.
    pub fn prepend(&mut self, entries: Vec<Entry>) {
        self.stale = true;
        for entry in entries.into_iter().rev() {
            if self.is_full() {
                break;
            }
            self.older_bytes += weight(&entry);
            let uid = self.number();
            self.older.push_front((uid, Arc::new(entry)));
        }
    }

    /// Notes that something happened now.
    pub fn aside(&mut self, aside: Aside) {
        self.stale = true;
        let after = self.entries.last().or(self.older.back()).map_or(EDGE, |(uid, _)| *uid);
        let uid = self.number();
        self.asides.push_back((uid, after, Arc::new(aside)));
        if self.asides.len() > ASIDES {
            self.asides.pop_front();
        }
    }

    /// Makes the list anew after changes.
    pub fn settle(&mut self) {
        if !std::mem::replace(&mut self.stale, false) {
            return;
        }
        let mut asides: HashMap<u64, Vec<_>> = HashMap::new();
        for aside in self.asides.drain(..) {
            asides.entry(aside.1).or_default().push(aside);
        }
        let mut items = vec![Item { uid: EDGE, body: Body::Edge }];
        let mut answers = HashMap::new();
        // what happened after an entry that is gone, goes with it
        let mut kept = VecDeque::new();
        let mut place = |after: u64, items: &mut Vec<Item>| {
            for aside in asides.remove(&after).into_iter().flatten() {
                items.push(Item { uid: aside.0, body: Body::Aside(Arc::clone(&aside.2)) });
                kept.push_back(aside);
            }
        };
        place(EDGE, &mut items);
        for (uid, entry) in self.older.iter().chain(&self.entries) {
            items.push(Item { uid: *uid, body: Body::Entry(Arc::clone(entry)) });
            if let (Some(call), Some(failed)) = (&entry.call_id, entry.is_error) {
                answers.insert(call.clone(), failed);
            }
            place(*uid, &mut items);
        }
        items.extend(self.open.iter().enumerate().map(|(at, (uid, _))| Item { uid: *uid, body: Body::Open(at) }));
        (self.items, self.answers, self.asides) = (items, answers, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::story::{Story, entry};
    use proptest::prelude::*;

    fn uids(items: &Items) -> Vec<u64> {
        items.list().iter().map(|item| item.uid).collect()
    }

    fn told(items: &mut Items) -> Vec<String> {
        items.settle();
        let word = |item: &Item| match &item.body {
            Body::Edge => "edge".to_owned(),
            Body::Entry(entry) => entry.entry_id.clone().unwrap_or_else(|| "?".to_owned()),
            Body::Open(at) => format!("open {at}"),
            Body::Aside(aside) => format!("({})", aside.text),
        };
        items.list().iter().map(word).collect()
    }

    fn aside(text: &str) -> Aside {
        Aside { paint: Paint::Dim, text: text.to_owned() }
    }

    #[test]
    fn a_block_keeps_its_number_and_what_happened_its_place() {
        let mut story = Story::new();
        let mut items = Items::default();
        items.replace(story.state());
        story.say("b1", "text", "one").open("b2", "thinking");
        items.follow(story.state());
        items.aside(aside("retry"));
        assert_eq!(told(&mut items), ["edge", "b1", "(retry)", "open 0"]);
        let before = uids(&items);
        story.finish("b2");
        items.follow(story.state());
        assert_eq!(told(&mut items), ["edge", "b1", "(retry)", "b2"]);
        assert_eq!(uids(&items), before);
    }

    #[test]
    fn what_falls_out_of_the_state_stays_within_bounds() {
        let mut story = Story::new();
        let mut items = Items::default();
        items.replace(story.state());
        for n in 0..OLDER_ENTRIES + 300 {
            story.say(&format!("b{n}"), "text", "x");
            items.follow(story.state());
        }
        items.settle();
        assert_eq!(items.older(), OLDER_ENTRIES);
        assert_eq!(items.list().len(), OLDER_ENTRIES + 200 + 1);
        assert_eq!(told(&mut items)[1], "b100");
    }

    #[test]
    fn a_snapshot_joins_what_was_there_or_tears_it() {
        let mut story = Story::new();
        let mut items = Items::default();
        items.replace(story.state());
        for n in 0..250 {
            story.say(&format!("b{n}"), "text", "x");
            items.follow(story.state());
        }
        let before = told(&mut items);
        let numbers = uids(&items);
        assert_eq!(items.replace(&story.again()), Seam::Whole);
        assert_eq!(told(&mut items), before);
        assert_eq!(uids(&items), numbers);
        let mut other = Story::new();
        other.say("c1", "text", "x");
        assert_eq!(items.replace(other.state()), Seam::Torn);
        assert_eq!(told(&mut items), ["edge", "c1"]);
        items.prepend(vec![entry("a1"), entry("a2")]);
        assert_eq!(told(&mut items), ["edge", "a1", "a2", "c1"]);
        assert_eq!(items.oldest().unwrap().entry_id.as_deref(), Some("a1"));
    }

    proptest! {
        #[test]
        fn the_list_is_what_the_state_says(steps in prop::collection::vec((0u8..5, 0u8..6), 0..80)) {
            let mut story = Story::new();
            let mut items = Items::default();
            items.replace(story.state());
            for (step, n) in steps {
                let id = format!("b{n}");
                match step {
                    0 => { story.open(&id, "text"); }
                    1 => { story.finish(&id); }
                    2 => { story.notice("n"); }
                    3 => { items.aside(aside("x")); continue }
                    _ => {
                        items.replace(&story.again());
                        continue;
                    }
                }
                items.follow(story.state());
                items.settle();
                let mut numbers = uids(&items);
                let entries = items.list().iter().filter(|i| matches!(i.body, Body::Entry(_))).count();
                let open = items.list().iter().filter(|i| matches!(i.body, Body::Open(_))).count();
                prop_assert!(entries >= story.state().transcript.len());
                prop_assert_eq!(open, story.state().open_blocks.len());
                numbers.sort_unstable();
                numbers.dedup();
                prop_assert_eq!(numbers.len(), items.list().len());
            }
        }
    }
}
