//! `artifacts/relations.json`: how a ticket stands to others.
//!
//! Owns the form of the file, the kinds, and their inverses, which no file holds. Must not know
//! whether the others are there.

use crate::author::is_one_line;
use crate::limits::{MAX_REASON_BYTES, MAX_RELATIONS};
use crate::problem::{Problem, excerpt};
use crate::{Author, Id, clock};
use jiff::Timestamp;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::fmt;
use std::str::FromStr;

/// The file's name, from the folder of the record.
pub const RELATIONS_FILE: &str = "artifacts/relations.json";

/// A kind of relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// This one may not be begun before the other is done.
    DependsOn,
    /// The other may not be begun before this one is done.
    Blocks,
    /// They have to do with each other.
    Related,
    /// This one takes the place of the other.
    Supersedes,
    /// This one is the other, once more.
    DuplicateOf,
}

/// A relation of one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// How.
    pub kind: RelationKind,
    /// To which.
    pub target: Id,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Its line in the file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// A `relations.json` that has been read. Members that nobody knows are kept.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    document: Option<Document>,
    relations: Vec<Relation>,
    problems: Vec<Problem>,
}

/// The file in pieces: a change leaves each member, and each other relation, as it is written.
#[derive(Clone, Debug)]
struct Document {
    members: Vec<(String, Box<RawValue>)>,
    relations: Vec<Box<RawValue>>,
}

/// A word that is no kind of relation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a relation is one of depends_on, blocks, related, supersedes, duplicate_of")]
pub struct RelationKindError;

impl RelationKind {
    /// All of them.
    pub const ALL: [RelationKind; 5] = [
        RelationKind::DependsOn,
        RelationKind::Blocks,
        RelationKind::Related,
        RelationKind::Supersedes,
        RelationKind::DuplicateOf,
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RelationKind::DependsOn => "depends_on",
            RelationKind::Blocks => "blocks",
            RelationKind::Related => "related",
            RelationKind::Supersedes => "supersedes",
            RelationKind::DuplicateOf => "duplicate_of",
        }
    }

    /// What the other has to this one.
    #[must_use]
    pub fn inverse(self) -> &'static str {
        match self {
            RelationKind::DependsOn => "dependency_of",
            RelationKind::Blocks => "blocked_by",
            RelationKind::Related => "related",
            RelationKind::Supersedes => "superseded_by",
            RelationKind::DuplicateOf => "duplicated_by",
        }
    }
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RelationKind {
    type Err = RelationKindError;

    fn from_str(text: &str) -> Result<RelationKind, RelationKindError> {
        RelationKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(RelationKindError)
    }
}

impl Relations {
    /// Reads the file of a ticket. What of it cannot be used is left out and told.
    #[must_use]
    pub fn read(id: Id, text: &str) -> Relations {
        let mut read = Relations::default();
        let document = match serde_json::from_str::<Document>(text) {
            Ok(document) => document,
            Err(error) if error.is_data() => {
                let remedy = "write it as {\"version\": 1, \"relations\": [{\"ticket_id\", \"kind\", \"target\", \"author\", \"at\"}]}";
                read.tell(
                    "relations_malformed",
                    error.line(),
                    format!("there is no list `relations`: {error}"),
                    remedy,
                );
                return read;
            }
            Err(error) => {
                read.tell(
                    "relations_not_json",
                    error.line(),
                    format!("the file is not JSON: {error}"),
                    "put it right, or take the file out",
                );
                return read;
            }
        };
        if document.member("version").map(RawValue::get) != Some("1") {
            read.tell(
                "relations_version",
                line_of(text, "\"version\"", 0),
                "the version is not 1".into(),
                "write `\"version\": 1`",
            );
        }
        let mut before = 0;
        for value in &document.relations {
            let value = value_of(value);
            let target = value.get("target").and_then(Value::as_str).unwrap_or_default();
            let line = if target.is_empty() { 1 } else { nth_line(text, target, &mut before) };
            read.one(id, &value, line);
        }
        if read.relations.len() > MAX_RELATIONS {
            read.tell(
                "relations_too_many",
                1,
                format!("there are more than {MAX_RELATIONS} relations"),
                "take out those that nobody needs",
            );
            read.relations.truncate(MAX_RELATIONS);
        }
        read.document = Some(document);
        read
    }

    /// Each relation that can be used, once.
    #[must_use]
    pub fn list(&self) -> &[Relation] {
        &self.relations
    }

    /// Whether there is such a relation.
    #[must_use]
    pub fn has(&self, kind: RelationKind, target: Id) -> bool {
        self.relations.iter().any(|relation| relation.kind == kind && relation.target == target)
    }

    /// Everything that is wrong with the file by itself.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The file with a relation more.
    pub(crate) fn with(&self, id: Id, relation: &Relation) -> String {
        let mut value = Map::new();
        value.insert("ticket_id".into(), json!(id));
        value.insert("kind".into(), json!(relation.kind));
        value.insert("target".into(), json!(relation.target));
        for (key, text) in [("note", &relation.note), ("author", &relation.author), ("at", &relation.at)] {
            value.extend(text.as_ref().map(|text| (key.to_owned(), json!(text))));
        }
        self.changed(|list| list.extend(raw(&Value::Object(value))))
    }

    /// The file without a relation, however often it is there.
    pub(crate) fn without(&self, kind: RelationKind, target: Id) -> String {
        let target = target.to_string();
        self.changed(|list| list.retain(|value| key(&value_of(value)) != (kind.as_str(), target.as_str())))
    }

    /// The file with each relation once, and all of them this ticket's.
    pub(crate) fn mended(&self, id: Id) -> String {
        self.changed(|list| {
            let mut seen: Vec<(String, String)> = Vec::new();
            list.retain(|value| {
                let value = value_of(value);
                let (kind, target) = key(&value);
                let key = (kind.to_owned(), target.to_owned());
                let is_new = !seen.contains(&key);
                seen.push(key);
                is_new
            });
            for value in list {
                let mut owned = value_of(value);
                let is_another_s = owned.get("ticket_id").is_some_and(|owner| *owner != json!(id));
                if is_another_s && let Some(member) = owned.get_mut("ticket_id") {
                    *member = json!(id);
                    *value = raw(&owned).unwrap_or_else(|| value.clone());
                }
            }
        })
    }

    /// Whether the file cannot be changed, because it cannot be read.
    pub(crate) fn broken(&self) -> Option<&Problem> {
        self.document.is_none().then(|| self.problems.first()).flatten()
    }

    fn changed(&self, change: impl FnOnce(&mut Vec<Box<RawValue>>)) -> String {
        let mut document = self.document.clone().unwrap_or_else(Document::empty);
        change(&mut document.relations);
        document.written()
    }

    fn one(&mut self, id: Id, value: &Value, line: usize) {
        let (kind, target) = key(value);
        let Ok(kind) = kind.parse::<RelationKind>() else {
            let message = format!("`{}` is no kind of relation", excerpt(kind));
            return self.tell(
                "relation_kind_unknown",
                line,
                message,
                "a relation is one of depends_on, blocks, related, supersedes, duplicate_of",
            );
        };
        let Ok(target) = target.parse::<Id>() else {
            let message = format!("the target `{}` is no id", excerpt(target));
            return self.tell(
                "relation_target_malformed",
                line,
                message,
                "write the 13 digits of the other ticket's id",
            );
        };
        if target == id {
            return self.tell(
                "relation_to_itself",
                line,
                "the ticket is related to itself".into(),
                "take the relation out",
            );
        }
        let owner = value.get("ticket_id").and_then(Value::as_str);
        if owner.is_some_and(|owner| owner != id.to_string()) {
            let message = format!("the relation is said to be of `{}`", excerpt(owner.unwrap_or_default()));
            self.tell("relation_of_another", line, message, "write this ticket's id as its `ticket_id`");
            self.last_is_safe();
        }
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let (note, author, at) = (text("note"), text("author"), text("at"));
        if author.as_deref().is_none_or(|author| Author::new(author).is_err()) {
            self.tell(
                "relation_author_malformed",
                line,
                "nobody is said to have made the relation".into(),
                "write who did as its `author`",
            );
        }
        if at.as_deref().and_then(clock::read).is_none() {
            self.tell(
                "relation_time_malformed",
                line,
                "it is not said when the relation was made".into(),
                "write when as its `at`, as in 2026-06-25T14:44:02Z",
            );
        }
        if self.has(kind, target) {
            self.tell("relation_twice", line, format!("`{kind} {target}` is there twice"), "take one of the two out");
            return self.last_is_safe();
        }
        self.relations.push(Relation { kind, target, note, author, at, line });
    }

    fn tell(&mut self, code: &'static str, line: usize, message: String, remedy: &str) {
        self.problems.push(Problem::new(code, RELATIONS_FILE, line, message).remedy(remedy));
    }

    fn last_is_safe(&mut self) {
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.safe());
        }
    }
}

impl Document {
    fn empty() -> Document {
        let version = raw(&json!(1)).map(|one| ("version".to_owned(), one));
        Document { members: version.into_iter().collect(), relations: Vec::new() }
    }

    fn member(&self, key: &str) -> Option<&RawValue> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    /// The file, in the form in which it has always been written. `relations` comes where it was, or last.
    fn written(&self) -> String {
        let list = match self.relations.iter().map(|value| format!("    {}", value.get())).collect::<Vec<_>>() {
            lines if lines.is_empty() => "[]".to_owned(),
            lines => format!("[\n{}\n  ]", lines.join(",\n")),
        };
        let mut has_list = false;
        let mut members: Vec<String> = Vec::with_capacity(self.members.len() + 1);
        for (key, value) in &self.members {
            let is_list = key == "relations";
            has_list |= is_list;
            let value = if is_list { list.as_str() } else { value.get() };
            members.push(format!("  {}: {value}", json!(key)));
        }
        if !has_list {
            members.push(format!("  \"relations\": {list}"));
        }
        format!("{{\n{}\n}}\n", members.join(",\n"))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a list `relations`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut document = Document { members: Vec::new(), relations: Vec::new() };
                let mut has_list = false;
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if key == "relations" {
                        document.relations = serde_json::from_str(value.get()).map_err(serde::de::Error::custom)?;
                        has_list = true;
                    }
                    document.members.push((key, value));
                }
                if has_list { Ok(document) } else { Err(serde::de::Error::missing_field("relations")) }
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A new relation.
pub(crate) fn new(kind: RelationKind, target: Id, note: Option<&str>, author: &Author, now: Timestamp) -> Relation {
    Relation {
        kind,
        target,
        note: note.map(str::to_owned),
        author: Some(author.as_str().to_owned()),
        at: Some(clock::written(now)),
        line: 0,
    }
}

/// Whether a note may be written.
pub(crate) fn is_note(text: &str) -> bool {
    text.len() <= MAX_REASON_BYTES && text.lines().all(is_one_line)
}

/// A value as it stands in the list of a file.
fn raw(value: &Value) -> Option<Box<RawValue>> {
    let text = serde_json::to_string_pretty(value).ok()?;
    RawValue::from_string(text.replace('\n', "\n    ")).ok()
}

/// What a piece of a file says. It was JSON as a part of the file.
fn value_of(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

fn key(value: &Value) -> (&str, &str) {
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
    (text("kind"), text("target"))
}

/// The line of a text after a place, from 1.
fn line_of(text: &str, needle: &str, from: usize) -> usize {
    let at = text.get(from..).and_then(|rest| rest.find(needle)).map_or(0, |at| from + at);
    crate::problem::line_at(text, at)
}

/// The line of the next target that reads so: relations come in their order.
fn nth_line(text: &str, target: &str, before: &mut usize) -> usize {
    let needle = format!("\"{target}\"");
    let mut from = *before;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(&needle)).map(|at| from + at) {
        from = at + needle.len();
        let head = text.get(..at).unwrap_or_default().trim_end();
        if head.strip_suffix(':').is_some_and(|head| head.trim_end().ends_with("\"target\"")) {
            *before = from;
            return crate::problem::line_at(text, at);
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00001KVZKSTJT";
    const A: &str = "00001KVZBCQH4";
    const B: &str = "00001KVZKSTE2";

    fn id(text: &str) -> Id {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_keeps_what_nobody_knows() {
        let text = format!(
            "{{\n  \"version\": 1,\n  \"x\": 1.50,\n  \"relations\": [\n    {{\n      \"ticket_id\": \"{ID}\",\n      \"kind\": \"depends_on\",\n      \"target\": \"{A}\",\n      \"author\": \"hare\",\n      \"at\": \"2026-06-25T14:44:02Z\",\n      \"why\": [1]\n    }}\n  ]\n}}\n"
        );
        let relations = Relations::read(id(ID), &text);
        assert_eq!(relations.problems(), []);
        assert!(relations.has(RelationKind::DependsOn, id(A)));
        let author = Author::new("x").unwrap();
        let more =
            new(RelationKind::Blocks, id(B), Some("because"), &author, clock::read("2026-06-26T00:00:00Z").unwrap());
        let changed = Relations::read(id(ID), &relations.with(id(ID), &more));
        assert_eq!(changed.list().len(), 2);
        assert_eq!(changed.problems(), []);
        assert_eq!(changed.without(RelationKind::Blocks, id(B)), text);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_hides_nothing() {
        let one = |kind: &str, target: &str, owner: &str| {
            format!(
                "{{\"ticket_id\": \"{owner}\", \"kind\": \"{kind}\", \"target\": \"{target}\", \"author\": \"h\", \"at\": \"2026-06-25T14:44:02Z\"}}"
            )
        };
        let lines = [
            one("depends_on", A, ID),
            one("depends_on", A, ID),
            one("hinders", A, ID),
            one("blocks", "x", ID),
            one("related", ID, ID),
            one("related", B, A),
            "{\"kind\": \"blocks\", \"target\": \"00001KVZKSV6C\"}".to_owned(),
        ];
        let text = format!("{{\"version\": 2, \"relations\": [\n{}\n]}}", lines.join(",\n"));
        let relations = Relations::read(id(ID), &text);
        let told: Vec<(usize, &str)> =
            relations.problems().iter().map(|problem| (problem.line, problem.code)).collect();
        assert_eq!(
            told,
            [
                (1, "relations_version"),
                (3, "relation_twice"),
                (4, "relation_kind_unknown"),
                (5, "relation_target_malformed"),
                (6, "relation_to_itself"),
                (7, "relation_of_another"),
                (8, "relation_author_malformed"),
                (8, "relation_time_malformed"),
            ]
        );
        assert_eq!(relations.list().len(), 3);
        let mended = Relations::read(id(ID), &relations.mended(id(ID)));
        assert!(
            !mended.problems().iter().any(|problem| matches!(problem.code, "relation_twice" | "relation_of_another"))
        );
        for (text, code, line) in
            [("{\n\"", "relations_not_json", 2), ("[]", "relations_malformed", 1), ("", "relations_not_json", 1)]
        {
            let problem = Relations::read(id(ID), text).broken().cloned().unwrap();
            assert_eq!((problem.code, problem.line), (code, line));
        }
    }
}
