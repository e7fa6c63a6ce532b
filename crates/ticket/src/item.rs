//! `item.md`: a front matter, and what is to be done.
//!
//! Owns the form of the file and what its keys mean. A file that is read is held as the bytes it
//! has; a change replaces the value it is about. Must not touch a disk.

use crate::author::is_one_line;
use crate::clock;
use crate::front::{Front, NotEditable, Value};
use crate::limits::{MAX_FRONT_BYTES, MAX_NAME_BYTES, MAX_RISK_FLAGS, MAX_TITLE_BYTES};
use crate::problem::{Problem, excerpt};
use crate::{Author, Id, State};
use jiff::Timestamp;
use std::ops::Range;

/// The file's name.
pub const ITEM_FILE: &str = "item.md";

/// An `item.md` that has been read: all of it can be told, whatever is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    text: String,
    front: Option<(Range<usize>, Front)>,
    /// Where what follows the front matter's last line begins.
    rest: usize,
    /// The line on which the front matter begins, from 1.
    first_line: usize,
    /// What keeps the front matter from being read.
    broken: Option<Box<Problem>>,
}

/// What the front matter says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fields {
    /// What it is about, in a line.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// Who does it.
    pub assignee: Option<String>,
    /// How far it has been thought through.
    pub readiness: Option<String>,
    /// What to be careful about.
    pub risk_flags: Vec<String>,
    /// Who queued it.
    pub queued_by: Option<String>,
    /// When that was.
    pub queued_at: Option<String>,
}

/// A new `item.md`.
#[derive(Clone, Debug)]
pub(crate) struct NewItem<'a> {
    pub title: &'a str,
    pub body: &'a str,
    pub assignee: Option<&'a str>,
    pub readiness: Option<&'a str>,
    pub risk_flags: &'a [String],
    pub now: Timestamp,
}

impl Item {
    /// Reads a file. Nothing is refused: see [`Item::problems`] and [`Item::fields`].
    #[must_use]
    pub fn read(text: String) -> Item {
        let mut item = Item { text, front: None, rest: 0, first_line: 2, broken: None };
        match item.find_front() {
            Ok((range, rest)) => {
                item.rest = rest;
                match Front::read(item.text.get(range.clone()).unwrap_or_default()) {
                    Ok(front) => item.front = Some((range, front)),
                    Err(unreadable) => {
                        let code =
                            if unreadable.is_double { "front_matter_key_twice" } else { "front_matter_not_yaml" };
                        let problem = Problem::new(code, ITEM_FILE, item.first_line + unreadable.line, unreadable.why)
                            .remedy("put the line right; a text in single quotes, with each of its own doubled, is always good");
                        item.broken = Some(Box::new(problem));
                    }
                }
            }
            Err(problem) => item.broken = Some(Box::new(problem)),
        }
        item
    }

    /// The file, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What follows the front matter, without the empty line before it and the end of its last line.
    #[must_use]
    pub fn body(&self) -> &str {
        let rest = self.text.get(self.rest..).unwrap_or_default();
        let rest = strip_line(rest).unwrap_or(rest);
        rest.strip_suffix('\n').unwrap_or(rest)
    }

    /// The keys that have no meaning here, each with its text. They are kept as they are.
    #[must_use]
    pub fn other_keys(&self) -> Vec<&str> {
        let entries = self.front.as_ref().map(|(_, front)| front.entries()).unwrap_or_default();
        entries.iter().map(|entry| entry.key.as_str()).filter(|key| !KEYS.contains(key)).collect()
    }

    /// What the front matter says.
    ///
    /// # Errors
    /// The first problem that leaves the record without a meaning: no front matter, no title, no
    /// state, or a state that is none.
    pub fn fields(&self) -> Result<Fields, Box<Problem>> {
        if let Some(problem) = &self.broken {
            return Err(problem.clone());
        }
        let title = self.text_of("title");
        let state = self.text_of("state").and_then(|state| state.parse().ok());
        let (Some(title), Some(state)) = (title, state) else {
            let fatal =
                self.problems().into_iter().find(|p| p.code.starts_with("title") || p.code.starts_with("state"));
            return Err(Box::new(fatal.unwrap_or_else(|| self.problem("title", "title_missing", "there is no title"))));
        };
        let text = |key| self.text_of(key).map(str::to_owned);
        let risk_flags = match self.value("risk_flags") {
            Some(Value::List(flags)) => flags.clone(),
            Some(Value::Text(flag)) => vec![flag.clone()],
            _ => Vec::new(),
        };
        Ok(Fields {
            title: title.to_owned(),
            state,
            created_at: text("created_at").unwrap_or_default(),
            updated_at: text("updated_at").unwrap_or_default(),
            assignee: text("assignee"),
            readiness: text("readiness"),
            risk_flags,
            queued_by: text("queued_by"),
            queued_at: text("queued_at"),
        })
    }

    /// Everything that is wrong with the file.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        if let Some(problem) = &self.broken {
            return vec![(**problem).clone()];
        }
        let mut problems = Vec::new();
        self.check_title(&mut problems);
        match self.value("state") {
            Some(Value::Text(state)) if state.parse::<State>().is_ok() => {}
            None | Some(Value::Null) => problems.push(
                self.problem("state", "state_missing", "there is no state")
                    .remedy("add the line `state: 'planning'`, or the state that its thread says"),
            ),
            Some(value) => problems.push(
                self.problem("state", "state_unknown", format!("`{}` is no state", shown(value)))
                    .remedy("a state is one of planning, ready, queued, inprogress, done, closed"),
            ),
        }
        for (key, absent, malformed) in [
            ("created_at", "created_at_missing", "created_at_malformed"),
            ("updated_at", "updated_at_missing", "updated_at_malformed"),
        ] {
            let problem = match self.value(key) {
                Some(Value::Text(at)) if clock::read(at).is_some() => continue,
                None | Some(Value::Null) => self.problem(key, absent, format!("there is no {key}")),
                Some(value) => self.problem(key, malformed, format!("{key} `{}` is no time", shown(value))),
            };
            let problem = problem.remedy(format!("write it as `{key}: '2026-06-25T14:44:02Z'`"));
            problems.push(if key == "updated_at" { problem.safe() } else { problem });
        }
        if let (Some(created), Some(updated)) = (self.time("created_at"), self.time("updated_at"))
            && updated < created
        {
            let problem = self.problem("updated_at", "updated_before_created", "updated_at is before created_at");
            problems.push(problem.remedy("set updated_at to the time of the newest event").safe());
        }
        self.check_people(&mut problems);
        problems
    }

    fn check_title(&self, problems: &mut Vec<Problem>) {
        let (code, message, remedy) = match self.value("title") {
            None | Some(Value::Null) => ("title_missing", "there is no title".to_owned(), "add a line `title: '…'`"),
            Some(Value::Text(title)) if title.trim().is_empty() => {
                ("title_empty", "the title is empty".to_owned(), "say in a line what it is about")
            }
            Some(Value::Text(title)) if title.len() > MAX_TITLE_BYTES => {
                let message = format!("the title has {} bytes, more than {MAX_TITLE_BYTES}", title.len());
                ("title_too_long", message, "move what is more than a line into the body")
            }
            Some(Value::Text(title)) if !is_one_line(title) => {
                ("title_not_one_line", "the title has control characters".to_owned(), "write it as one line of text")
            }
            Some(Value::Text(_)) => return,
            Some(_) => ("title_not_text", "the title is not a text".to_owned(), "put it in single quotes"),
        };
        problems.push(self.problem("title", code, message).remedy(remedy));
    }

    fn check_people(&self, problems: &mut Vec<Problem>) {
        for key in ["assignee", "readiness", "queued_by"] {
            match self.value(key) {
                None | Some(Value::Null) => {}
                Some(Value::Text(text)) if is_name(text) => {}
                Some(value) => problems.push(
                    self.problem(key, "name_malformed", format!("{key} `{}` is not a line of text", shown(value)))
                        .remedy(format!("write `{key}: null`, or one line of at most {MAX_NAME_BYTES} bytes")),
                ),
            }
        }
        match self.value("risk_flags") {
            None | Some(Value::Null | Value::Text(_)) => {}
            Some(Value::List(flags)) if flags.len() <= MAX_RISK_FLAGS && flags.iter().all(|flag| is_name(flag)) => {}
            Some(_) => problems.push(
                self.problem("risk_flags", "risk_flags_malformed", "risk_flags is not a list of words")
                    .remedy(format!("write it as `risk_flags: ['one', 'two']`, at most {MAX_RISK_FLAGS}")),
            ),
        }
        if let Some(value) = self.value("queued_at")
            && *value != Value::Null
            && self.time("queued_at").is_none()
        {
            let message = format!("queued_at `{}` is no time", shown(value));
            let problem = self.problem("queued_at", "queued_at_malformed", message);
            problems.push(problem.remedy("write it as `queued_at: '2026-06-25T14:44:02Z'`"));
        }
        let is_queued = self.text_of("state") == Some(State::Queued.as_str());
        if is_queued && self.text_of("queued_by").is_none() {
            let problem =
                self.problem("state", "queued_by_missing", "it is queued, and nobody is said to have queued it");
            problems.push(problem.remedy("add `queued_by` and `queued_at`, as the thread has them").warning());
        }
    }

    /// The file with some values changed.
    ///
    /// # Errors
    /// When the front matter cannot be read, or is written in a form in which a program cannot change a key.
    pub(crate) fn with(&self, changes: &[(&str, Value)]) -> Result<Item, Problem> {
        let mut item = self.clone();
        for (key, value) in changes {
            let Some((range, front)) = &item.front else {
                return Err(item
                    .broken
                    .as_deref()
                    .cloned()
                    .unwrap_or_else(|| self.problem(key, "front_matter_missing", "there is no front matter")));
            };
            let text = item.text.get(range.clone()).unwrap_or_default();
            let front = front.set(text, key, value).map_err(|NotEditable| {
                self.problem(
                    key,
                    "front_matter_not_editable",
                    format!("the front matter is written in a form in which `{key}` cannot be changed"),
                )
                .remedy("write it as lines of `key: 'value'`")
            })?;
            let mut text = item.text.clone();
            text.replace_range(range.clone(), &front);
            item = Item::read(text);
        }
        Ok(item)
    }

    /// The file with another body.
    pub(crate) fn with_body(&self, body: &str) -> Item {
        let head = self.text.get(..self.rest).unwrap_or_default();
        Item::read(format!("{head}{}", written_body(body)))
    }

    /// The line of a key, from 1; the first one where there is no such key.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        let entry = self.front.as_ref().and_then(|(_, front)| front.entry(key));
        entry.map_or(1, |entry| self.first_line + entry.line)
    }

    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn time(&self, key: &str) -> Option<Timestamp> {
        self.text_of(key).and_then(clock::read)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.front.as_ref().and_then(|(_, front)| front.entry(key)).map(|entry| &entry.value)
    }

    fn problem(&self, key: &str, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::new(code, ITEM_FILE, self.line_of(key), message)
    }

    /// Where the front matter stands, and where what follows it begins.
    fn find_front(&mut self) -> Result<(Range<usize>, usize), Problem> {
        let begin = usize::from(self.text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        let first = self.text.get(begin..).unwrap_or_default().split_inclusive('\n').next().unwrap_or_default();
        if !is_rule(first) {
            return Err(Problem::new("front_matter_missing", ITEM_FILE, 1, "there is no front matter")
                .remedy("begin the file with a line `---`, lines of `key: 'value'`, and a line `---`"));
        }
        let start = begin + first.len();
        let mut at = start;
        for line in self.text.get(start..).unwrap_or_default().split_inclusive('\n') {
            if is_rule(line) {
                return Ok((start..at, at + line.len()));
            }
            at += line.len();
            if at - start > MAX_FRONT_BYTES {
                break;
            }
        }
        Err(Problem::new("front_matter_not_closed", ITEM_FILE, 1, "the front matter does not end")
            .remedy(format!("end it with a line `---`, after at most {MAX_FRONT_BYTES} bytes")))
    }
}

impl NewItem<'_> {
    /// The file.
    pub(crate) fn written(&self) -> Item {
        let now = clock::written(self.now);
        let frame = "---\n---\n".to_owned();
        let mut changes = vec![
            ("title", Value::Text(self.title.to_owned())),
            ("state", Value::Text(State::Planning.as_str().to_owned())),
            ("created_at", Value::Text(now.clone())),
            ("updated_at", Value::Text(now)),
            ("assignee", self.assignee.map_or(Value::Null, |text| Value::Text(text.to_owned()))),
        ];
        changes.extend(self.readiness.map(|text| ("readiness", Value::Text(text.to_owned()))));
        if !self.risk_flags.is_empty() {
            changes.push(("risk_flags", Value::List(self.risk_flags.to_vec())));
        }
        let empty = Item::read(frame);
        let item = empty.with(&changes).unwrap_or(empty);
        item.with_body(self.body)
    }
}

/// The keys that mean something here.
const KEYS: [&str; 9] =
    ["title", "state", "created_at", "updated_at", "assignee", "readiness", "risk_flags", "queued_by", "queued_at"];

/// The changes that put a ticket into a queue.
pub(crate) fn queued(author: &Author, now: Timestamp) -> [(&'static str, Value); 2] {
    [("queued_by", Value::Text(author.as_str().to_owned())), ("queued_at", Value::Text(clock::written(now)))]
}

/// A name, a readiness or a flag: one line that is not too long.
pub(crate) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_NAME_BYTES && is_one_line(text)
}

/// How far the id of a record may be from the time that the record says it was made at.
pub(crate) fn is_of(id: Id, created: Timestamp) -> bool {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    id.moment().is_some_and(|moment| (moment.as_millisecond() - created.as_millisecond()).abs() <= DAY_MS)
}

fn written_body(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("\n{body}\n") }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => excerpt(text),
        Value::Null => "null".to_owned(),
        Value::List(_) => "[…]".to_owned(),
        Value::Other => "…".to_owned(),
    }
}

/// Whether a line is `---`.
pub(crate) fn is_rule(line: &str) -> bool {
    line.trim_end_matches([' ', '\t', '\r', '\n']) == "---"
}

/// What follows an empty line.
pub(crate) fn strip_line(text: &str) -> Option<&str> {
    text.strip_prefix('\n').or_else(|| text.strip_prefix("\r\n"))
}

#[cfg(test)]
mod tests;
