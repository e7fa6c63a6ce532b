//! `thread.md`: what happened to a ticket, event by event.
//!
//! Owns which line is believed to begin an event, and how one is appended. A comment is believed
//! only at the beginning of the file, or after a separator with nothing but empty lines between, and
//! only when it is well-formed; a separator alone ends nothing. So no body cuts itself short, and
//! none that was written here forges an event. Must not touch a disk.

mod comment;
mod escape;

use crate::item::{is_rule, strip_line};
use crate::problem::{Problem, excerpt};
use crate::state::State;
use crate::{Author, clock};
use comment::Comment;
use jiff::Timestamp;
use serde::Serialize;
use std::ops::Range;

/// The file's name.
pub const THREAD_FILE: &str = "thread.md";

/// The kind of event that changes the state.
pub(crate) const STATE_CHANGED: &str = "state_changed";

/// A `thread.md` that has been read: all of it can be told, whatever is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    text: String,
    preamble: Range<usize>,
    events: Vec<Event>,
    is_closed: bool,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What, as one word: `create`, `state_changed`, `decision`, `comment` and others.
    pub kind: String,
    /// Who did it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// What else its comment says, in its order: `from`, `to`, `reason`, `field`, `status` and others.
    pub attributes: Vec<(String, String)>,
    /// What stands over the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// What was said, as it was meant.
    pub body: String,
    /// The line of its comment, from 1.
    pub line: usize,
}

/// An event that is to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEvent {
    kind: String,
    author: String,
    at: Timestamp,
    attributes: Vec<(String, String)>,
    heading: String,
    body: String,
}

impl Event {
    /// An attribute of its comment.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The state that it led to; nothing where it is not about the state.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        if self.is_about_state() { self.attribute("to").and_then(|to| to.parse().ok()) } else { None }
    }

    pub(crate) fn is_about_state(&self) -> bool {
        self.kind == STATE_CHANGED && self.attribute("field").is_none_or(|field| field == "state")
    }
}

impl NewEvent {
    /// An event of a kind, with the heading that the kind has.
    pub(crate) fn new(kind: &str, author: &Author, at: Timestamp, body: &str) -> NewEvent {
        NewEvent {
            kind: kind.to_owned(),
            author: author.as_str().to_owned(),
            at,
            attributes: Vec::new(),
            heading: heading_of(kind),
            body: body.to_owned(),
        }
    }

    /// The same with an attribute more.
    pub(crate) fn with(mut self, key: &str, value: &str) -> NewEvent {
        self.attributes.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The same under another heading, of one line.
    pub(crate) fn headed(mut self, heading: &str) -> NewEvent {
        heading.trim().clone_into(&mut self.heading);
        self
    }

    fn written(&self) -> String {
        let Self { kind, author, at, attributes, heading, body } = self.clone();
        let comment = Comment { kind, author, at, attributes }.written();
        let body = if body.is_empty() { String::new() } else { format!("\n{}\n", escape::escaped(&body)) };
        format!("{comment}\n\n## {heading}\n{body}\n---\n")
    }
}

impl Thread {
    /// Reads a file. Nothing is refused: see [`Thread::problems`].
    #[must_use]
    pub fn read(text: String) -> Thread {
        let found = Boundaries::find(&text);
        let ends: Vec<usize> = found.starts.iter().skip(1).map(|start| start.ends_before).chain([found.end]).collect();
        let mut events = Vec::with_capacity(found.starts.len());
        for (start, end) in found.starts.into_iter().zip(ends) {
            let is_crlf = text.get(..start.content).is_some_and(|before| before.ends_with("\r\n"));
            let (heading, body) = content(text.get(start.content..end).unwrap_or_default(), is_crlf);
            let Comment { kind, author, at, attributes } = start.comment;
            events.push(Event { kind, author, at, attributes, heading, body: escape::meant(body), line: start.line });
        }
        Thread { text, preamble: found.preamble, events, is_closed: found.is_closed }
    }

    /// The file, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What happened, in the order of the file.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What stands before the first event.
    #[must_use]
    pub fn preamble(&self) -> &str {
        self.text.get(self.preamble.clone()).unwrap_or_default()
    }

    /// The state that the newest event about it led to; `planning` where there is none.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        let newest = self.events.iter().rev().find(|event| event.is_about_state());
        newest.map_or(Some(State::Planning), Event::state)
    }

    /// What is appended to the file for some events: what is there stays as it is.
    #[must_use]
    pub(crate) fn appended(&self, events: &[NewEvent]) -> String {
        let mut tail = String::new();
        if !self.text.trim().is_empty() {
            if !self.text.ends_with('\n') {
                tail.push('\n');
            }
            tail.push_str(if self.is_closed { "\n" } else { "\n---\n\n" });
        }
        for (number, event) in events.iter().enumerate() {
            if number > 0 {
                tail.push('\n');
            }
            tail.push_str(&event.written());
        }
        tail
    }

    /// Everything that is wrong with the file by itself.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |code, line, message: String| Problem::new(code, THREAD_FILE, line, message);
        let mut problems = Vec::new();
        if !self.preamble().trim().is_empty() {
            let line = 1 + self.preamble().lines().take_while(|line| line.trim().is_empty()).count();
            let message = format!("`{}` stands before the first event", excerpt(self.preamble().trim()));
            problems.push(
                problem("thread_preamble", line, message)
                    .remedy("put an event comment before it, or move it into an event"),
            );
        }
        self.check_lines(&mut problems);
        if !self.is_closed && !self.text.trim().is_empty() {
            let line = self.text.lines().count();
            let message = "the last event does not end with a line `---`".to_owned();
            problems.push(problem("thread_not_closed", line, message).remedy("add a line `---` at the end").safe());
        }
        self.check_order(&mut problems);
        problems
    }

    /// Lines that readers could take for what they are not.
    fn check_lines(&self, problems: &mut Vec<Problem>) {
        let starts: std::collections::HashSet<usize> = self.events.iter().map(|event| event.line).collect();
        let separators = separators(&self.text);
        let mut after_separator = true;
        for (number, line) in (1..).zip(self.text.lines()) {
            if starts.contains(&number) || separators.contains(&number) {
                after_separator = separators.contains(&number);
                continue;
            }
            if comment::is_meant(line) && after_separator {
                let why = Comment::read(line).err().unwrap_or("it does not follow a separator");
                let problem =
                    Problem::new("event_malformed", THREAD_FILE, number, format!("this event is not believed: {why}"));
                problems.push(problem.remedy("write `<!-- event: KIND author: NAME at: 2026-06-25T14:44:02Z -->`; values with spaces in double quotes"));
            } else if escape::is_bare_mark(line) {
                let (code, what) = if is_rule(line.trim_start()) {
                    ("separator_in_body", "a separator stands in a body")
                } else {
                    ("event_in_body", "an event comment stands in a body, and is not believed")
                };
                let problem = Problem::new(code, THREAD_FILE, number, what);
                problems.push(
                    problem.remedy("write a backslash before it, so that no reader takes it for one").warning().safe(),
                );
            }
            if !line.trim().is_empty() {
                after_separator = is_rule(line);
            }
        }
    }

    /// What events say of each other.
    fn check_order(&self, problems: &mut Vec<Problem>) {
        let mut state = State::Planning.as_str().to_owned();
        let mut before: Option<Timestamp> = None;
        for event in &self.events {
            let problem = |code, message: String| Problem::new(code, THREAD_FILE, event.line, message);
            if before.is_some_and(|before| event.at < before) {
                let message = format!("this event of {} is older than the one before it", clock::written(event.at));
                problems.push(
                    problem("event_out_of_order", message)
                        .remedy("put events in the order in which they happened")
                        .warning(),
                );
            }
            before = before.max(Some(event.at));
            if !event.is_about_state() {
                continue;
            }
            let (from, to) = (event.attribute("from"), event.attribute("to"));
            let Some(to) = to else {
                problems.push(
                    problem("state_event_incomplete", "this event changes the state and does not say `to:`".into())
                        .remedy("add `from:` and `to:` to its comment"),
                );
                continue;
            };
            if to.parse::<State>().is_err() {
                let message = format!("this event leads to `{}`, which is no state", excerpt(to));
                problems.push(
                    problem("state_event_unknown", message)
                        .remedy("a state is one of planning, ready, queued, inprogress, done, closed"),
                );
            } else if from.is_some_and(|from| from != state) {
                let message = format!(
                    "this event comes from `{}`, and the one before it led to `{state}`",
                    excerpt(from.unwrap_or_default())
                );
                problems.push(
                    problem("state_events_do_not_follow", message)
                        .remedy("an event between the two is missing, or one of them is wrong")
                        .warning(),
                );
            }
            to.clone_into(&mut state);
        }
    }

    /// The text with every line in a body that some reader could take for a mark written with a backslash, and with its end.
    pub(crate) fn mended(&self) -> String {
        let starts: std::collections::HashSet<usize> = self.events.iter().map(|event| event.line).collect();
        let separators = separators(&self.text);
        let mut after_separator = true;
        let mut text = String::with_capacity(self.text.len() + 16);
        for (number, line) in (1..).zip(self.text.split_inclusive('\n')) {
            let is_structure = starts.contains(&number) || separators.contains(&number);
            let is_malformed = comment::is_meant(line) && after_separator;
            if !is_structure && !is_malformed && escape::is_bare_mark(line) {
                text.push_str(&escape::escaped(line));
            } else {
                text.push_str(line);
            }
            if !line.trim().is_empty() {
                after_separator = is_rule(line);
            }
        }
        if !self.is_closed && !text.trim().is_empty() {
            text.push_str(if text.ends_with('\n') { "\n---\n" } else { "\n\n---\n" });
        }
        text
    }
}

/// Where an event begins.
struct Start {
    comment: Comment,
    line: usize,
    /// Where what comes before it ends: at the separator.
    ends_before: usize,
    /// Where what follows the comment begins.
    content: usize,
}

/// Where events begin and end.
struct Boundaries {
    starts: Vec<Start>,
    preamble: Range<usize>,
    end: usize,
    is_closed: bool,
    /// The lines of the separators that are believed, or would be but for what follows them, from 1.
    separators: Vec<usize>,
}

impl Boundaries {
    fn find(text: &str) -> Boundaries {
        let begin = usize::from(text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        let mut starts: Vec<Start> = Vec::new();
        let mut separators = Vec::new();
        // the separator, or the beginning of the file, that only empty lines have followed
        let mut mark = Some((begin, 0));
        let mut at = begin;
        for (line, whole) in (1..).zip(text.get(begin..).unwrap_or_default().split_inclusive('\n')) {
            let next = at + whole.len();
            if is_rule(whole) {
                mark = Some((at, line));
            } else if !whole.trim().is_empty()
                && let Some((ends_before, separator)) = mark.take()
            {
                let comment = Comment::read(whole);
                if comment.is_ok() || comment::is_meant(whole) {
                    separators.extend((separator > 0).then_some(separator));
                }
                starts.extend(comment.ok().map(|comment| Start { comment, line, ends_before, content: next }));
            }
            at = next;
        }
        let is_closed = mark.is_some_and(|(_, line)| line > 0) && !starts.is_empty();
        let (end, last) = mark.filter(|_| is_closed).unwrap_or((text.len(), 0));
        separators.extend(is_closed.then_some(last));
        let preamble = begin..starts.first().map_or(text.len(), |start| start.ends_before);
        Boundaries { starts, preamble, end, is_closed, separators }
    }
}

/// The lines of the separators that are believed, or would be but for what follows them.
fn separators(text: &str) -> std::collections::HashSet<usize> {
    Boundaries::find(text).separators.into_iter().collect()
}

/// The heading and the body of what stands between a comment and the separator that ends it. In a
/// file with the line ends of Windows those are ends of lines; in any other, a body may end so.
fn content(text: &str, is_crlf: bool) -> (Option<String>, &str) {
    let strip_end = |text| strip_end(text, is_crlf);
    let text = strip_end(text);
    let text = strip_line(text).unwrap_or(text);
    let (heading, rest) = match text.strip_prefix("## ") {
        Some(after) => {
            let (heading, rest) = after.split_once('\n').unwrap_or((after, ""));
            (Some(heading.trim_end().to_owned()), rest)
        }
        None => (None, text),
    };
    let rest = if heading.is_some() { strip_line(rest).unwrap_or(rest) } else { rest };
    (heading, strip_end(rest))
}

/// A text without the end of its last line.
fn strip_end(text: &str, is_crlf: bool) -> &str {
    let without = if is_crlf { text.strip_suffix("\r\n") } else { None };
    without.or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

/// The heading of a kind of event: its words.
fn heading_of(kind: &str) -> String {
    let mut words = match kind {
        "create" => return "Created".to_owned(),
        "close" => return "Closed".to_owned(),
        kind => kind.replace('_', " "),
    };
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Whether a text can be a kind of event.
pub(crate) fn is_kind(text: &str) -> bool {
    comment::is_kind(text)
}

#[cfg(test)]
mod tests;
