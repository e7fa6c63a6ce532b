//! The transcript before what the state still has.
//!
//! Owns how far it has been fetched, and where pages join what is there: nothing twice, nothing left out.

use super::items::Items;
use crate::backend::Failure;
use protocol::api::TranscriptPage;
use protocol::{Entry, State, bounds, floor_char_boundary};

/// So many pages are skipped at most until one joins what is there.
const MOST_SKIPPED: u32 = 64;
/// Entries in a page.
pub const PAGE: u32 = 100;

/// How far the older transcript has been fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Older {
    phase: Phase,
    /// Names the page to ask for; the newest where absent.
    before: Option<String>,
    /// Whether the next page ends right before the oldest entry that is there.
    joined: bool,
    skipped: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There may be more.
    #[default]
    Resting,
    /// A page is under way.
    Asking,
    /// There is no more.
    Done,
    /// No more is taken.
    Full,
    /// The last page could not be fetched.
    Failed(String),
}

impl Older {
    /// Asks for a page, by what names it; nothing where there is nothing to ask.
    pub fn ask(&mut self, state: Option<&State>, items: &Items) -> Option<Option<String>> {
        let more = state.is_some_and(|state| state.truncated);
        if !more || matches!(self.phase, Phase::Asking | Phase::Done | Phase::Full) {
            return None;
        }
        if items.is_full() {
            self.phase = Phase::Full;
            return None;
        }
        self.phase = Phase::Asking;
        Some(self.before.clone())
    }

    /// Takes the page before `before`. True where the next one has to be asked for at once: this one was no news.
    pub fn take(&mut self, before: Option<&str>, answer: Result<TranscriptPage, Failure>, items: &mut Items) -> bool {
        // what was asked for before a snapshot that tore the transcript is no longer wanted
        if self.phase != Phase::Asking || before != self.before.as_deref() {
            return false;
        }
        let page = match answer {
            Ok(page) => page,
            Err(failure) => {
                self.phase = Phase::Failed(failure.message);
                return false;
            }
        };
        let TranscriptPage { mut entries, before } = page;
        let joint = items.oldest().and_then(|oldest| Items::find(&entries, oldest));
        match joint {
            Some(at) => entries.truncate(at),
            None if !self.joined && items.oldest().is_some() => entries.clear(),
            None => {}
        }
        self.joined |= joint.is_some() || items.oldest().is_none();
        let news = !entries.is_empty();
        entries.iter_mut().for_each(bound);
        items.prepend(entries);
        self.skipped = if news { 0 } else { self.skipped + 1 };
        self.phase = match before {
            _ if items.is_full() => Phase::Full,
            Some(_) if self.skipped <= MOST_SKIPPED => Phase::Resting,
            Some(_) => Phase::Failed("the older transcript does not join what is shown".to_owned()),
            None => Phase::Done,
        };
        self.before = before;
        !news && self.phase == Phase::Resting
    }

    /// What stands above the oldest entry.
    pub fn words(&self, state: Option<&State>, items: &Items) -> String {
        let Some(state) = state else { return String::new() };
        match &self.phase {
            _ if !state.truncated => String::new(),
            Phase::Resting => "↑ there is more: scroll up to fetch it".to_owned(),
            Phase::Asking => "↑ fetching what came before…".to_owned(),
            Phase::Done => "this is where the transcript begins".to_owned(),
            Phase::Full => format!("no more than {} older entries are shown here", items.older()),
            Phase::Failed(why) => {
                format!(
                    "↑ what came before could not be fetched: {}; scroll up to try again",
                    crate::text::clean::line(why)
                )
            }
        }
    }
}

/// Cuts the texts of an entry, which is whole here, as the fold would have.
fn bound(entry: &mut Entry) {
    let mut omitted = 0;
    let mut cut = |text: &mut String| {
        if text.len() > bounds::TEXT_BYTES {
            let from = text.len() - floor_char_boundary(text, bounds::TEXT_BYTES);
            let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            text.drain(..from);
            omitted += from as u64;
        }
    };
    [&mut entry.text, &mut entry.message].into_iter().flatten().for_each(&mut cut);
    for part in entry.content.iter_mut().flatten() {
        if let protocol::Part::Known(protocol::KnownPart::Text(part)) = part {
            cut(&mut part.text);
        }
    }
    entry.omitted_bytes = entry.omitted_bytes.saturating_add(omitted);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::story::{Story, entry};
    use protocol::Code;

    fn page(from: usize, to: usize, before: Option<&str>) -> TranscriptPage {
        let entries = (from..to).map(|n| entry(&format!("b{n}"))).collect();
        TranscriptPage { entries, before: before.map(str::to_owned) }
    }

    fn long_story() -> (Story, Items) {
        let mut story = Story::new();
        for n in 0..450 {
            story.say(&format!("b{n}"), "text", "x");
        }
        let mut items = Items::default();
        items.replace(story.state());
        (story, items)
    }

    fn first(items: &mut Items) -> String {
        items.settle();
        items.oldest().unwrap().entry_id.clone().unwrap()
    }

    #[test]
    fn pages_join_what_is_there() {
        let (mut story, mut items) = long_story();
        let mut older = Older::default();
        assert_eq!(older.ask(Some(story.state()), &items), Some(None));
        assert_eq!(older.ask(Some(story.state()), &items), None, "one at a time");
        // meanwhile more is said, so that the pages have moved
        assert!(older.take(None, Ok(page(360, 460, Some("p1"))), &mut items));
        assert_eq!(older.ask(Some(story.state()), &items), Some(Some("p1".to_owned())));
        assert!(!older.take(Some("p1"), Ok(page(200, 300, Some("p2"))), &mut items));
        assert_eq!(first(&mut items), "b200");
        assert_eq!(items.older(), 50);
        older.ask(Some(story.state()), &items);
        assert!(!older.take(Some("p2"), Ok(page(100, 200, None)), &mut items));
        assert_eq!((first(&mut items).as_str(), items.older()), ("b100", 150));
        assert_eq!(older.ask(Some(story.state()), &items), None, "there is no more");
        story.say("b450", "text", "x");
        items.follow(story.state());
        items.settle();
        assert_eq!(items.list().len(), 1 + 351);
    }

    #[test]
    fn failures_are_told_and_tried_again() {
        let (story, mut items) = long_story();
        let mut older = Older::default();
        older.ask(Some(story.state()), &items);
        let failure =
            Failure { code: Code::RuntimeTimeout, message: "late".into(), hint: String::new(), retryable: true };
        assert!(!older.take(None, Err(failure), &mut items));
        assert!(older.words(Some(story.state()), &items).contains("late"));
        assert_eq!(older.ask(Some(story.state()), &items), Some(None));
    }

    #[test]
    fn pages_that_never_join_end() {
        let (story, mut items) = long_story();
        let mut older = Older::default();
        older.ask(Some(story.state()), &items);
        let (mut asked, mut before) = (1, None);
        while older.take(before.as_deref(), Ok(page(900, 901, Some("p"))), &mut items) {
            before = older.ask(Some(story.state()), &items).unwrap();
            asked += 1;
        }
        assert_eq!(asked, MOST_SKIPPED + 1);
        assert!(older.words(Some(story.state()), &items).contains("does not join"));
    }

    #[test]
    fn a_text_without_bound_is_cut() {
        let mut long = entry("x");
        long.text = Some(format!("é{}", "é".repeat(bounds::TEXT_BYTES)));
        bound(&mut long);
        let kept = long.text.unwrap().len();
        assert!(kept <= bounds::TEXT_BYTES);
        assert_eq!(long.omitted_bytes as usize + kept, 2 * bounds::TEXT_BYTES + 2);
    }
}
