//! `artifacts/orchestration-plan.jsonl`: what whoever hands out work has decided, a record a line.
//!
//! Owns the form of the file. Records of any kind are kept and told. Must not act on them.

use crate::author::is_one_line;
use crate::limits::{MAX_BODY_BYTES, MAX_REASON_BYTES};
use crate::problem::{Problem, excerpt};
use crate::{Author, Id, clock};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The file's name, from the folder of the record.
pub const PLAN_FILE: &str = "artifacts/orchestration-plan.jsonl";

/// One record of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// Its name, as in `orch-plan-20260625-203613-1`.
    pub id: String,
    /// The ticket that it is about.
    pub ticket_id: Id,
    /// What it says, as one word: `accepted_plan`, `blocked_by` and others.
    pub kind: String,
    /// The other ticket that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_ticket: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is to be done, where it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_plan: Option<AcceptedPlan>,
    /// Who decided it.
    pub author: String,
    /// When, as it is written.
    pub at: String,
    /// Its line in the file, from 1.
    #[serde(skip)]
    pub line: usize,
    /// Members that nobody knows.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// How accepted work is to be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AcceptedPlan {
    /// In words.
    pub summary: String,
    /// The branch it is done on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The work tree it is done in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worktree: Option<String>,
    /// Who does what of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_plan: Option<String>,
}

/// A record that is to be appended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewPlanRecord {
    /// What it says, as one word.
    pub kind: String,
    /// The other ticket that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_ticket: Option<Id>,
    /// In words; at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_plan: Option<AcceptedPlan>,
}

/// A plan that has been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    records: Vec<PlanRecord>,
    problems: Vec<Problem>,
    ids: Vec<String>,
}

impl Plan {
    /// Reads the file of a ticket. A line that cannot be used is left out and told.
    #[must_use]
    pub fn read(id: Id, text: &str) -> Plan {
        let mut plan = Plan::default();
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim().is_empty() {
                plan.one(id, number, line);
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let message = "the last line does not end".to_owned();
            plan.tell("plan_not_ended", text.lines().count(), message, "end it with a line end");
            plan.problems =
                plan.problems.into_iter().map(|p| if p.code == "plan_not_ended" { p.safe() } else { p }).collect();
        }
        plan
    }

    /// Each record that can be used, in the order of the file.
    #[must_use]
    pub fn records(&self) -> &[PlanRecord] {
        &self.records
    }

    /// Everything that is wrong with the file by itself.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is appended to the file's text, and the record's id.
    pub(crate) fn appended(
        &self,
        text: &str,
        id: Id,
        new: &NewPlanRecord,
        author: &Author,
        now: Timestamp,
    ) -> (String, String) {
        let stem = clock::written(now).replace(['-', ':', 'Z'], "").replace('T', "-");
        let name = |number: usize| format!("orch-plan-{stem}-{number}");
        let number = (1..).find(|number| !self.ids.contains(&name(*number))).unwrap_or(1);
        let record = PlanRecord {
            id: name(number),
            ticket_id: id,
            kind: new.kind.clone(),
            related_ticket: new.related_ticket.map(|id| id.to_string()),
            note: new.note.clone(),
            accepted_plan: new.accepted_plan.clone(),
            author: author.as_str().to_owned(),
            at: clock::written(now),
            line: 0,
            more: serde_json::Map::new(),
        };
        let line = serde_json::to_string(&record).unwrap_or_default();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        (format!("{end}{line}\n"), record.id)
    }

    fn one(&mut self, id: Id, number: usize, line: &str) {
        let value: serde_json::Value = match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => {
                let message = format!("the line is not JSON: {error}");
                return self.tell("plan_not_json", number, message, "put the line right, or take it out");
            }
        };
        let mut record: PlanRecord = match serde_json::from_value(value) {
            Ok(record) => record,
            Err(error) => {
                let message = format!("the line is no record: {error}");
                return self.tell("plan_malformed", number, message, "a record has id, ticket_id, kind, author and at");
            }
        };
        if record.ticket_id != id {
            let message = format!("the record is said to be of `{}`", record.ticket_id);
            self.tell("plan_of_another", number, message, "move the line to that ticket, or write this one's id");
        }
        if self.ids.contains(&record.id) {
            let message = format!("`{}` is there twice", excerpt(&record.id));
            self.tell("plan_twice", number, message, "give the second another id, or take it out");
        }
        if clock::read(&record.at).is_none() {
            let message = format!("`{}` is no time", excerpt(&record.at));
            self.tell("plan_time_malformed", number, message, "write `at` as in 2026-06-25T14:44:02Z");
        }
        if record.related_ticket.as_ref().is_some_and(|other| other.parse::<Id>().is_err()) {
            let message = "related_ticket is no id".to_owned();
            self.tell("plan_related_malformed", number, message, "write the 13 digits of the other ticket's id");
        }
        record.line = number;
        self.ids.push(record.id.clone());
        self.records.push(record);
    }

    fn tell(&mut self, code: &'static str, line: usize, message: String, remedy: &str) {
        self.problems.push(Problem::new(code, PLAN_FILE, line, message).remedy(remedy));
    }
}

impl NewPlanRecord {
    /// Whether it may be written; otherwise which member may not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_short = |text: &Option<String>| {
            text.as_ref().is_none_or(|text| text.len() <= MAX_REASON_BYTES && is_one_line(text))
        };
        let is_text = |text: &str| text.len() <= MAX_BODY_BYTES;
        if !crate::thread::is_kind(&self.kind) {
            return Err("kind");
        }
        if self.note.as_deref().is_some_and(|note| !is_text(note)) {
            return Err("note");
        }
        let Some(plan) = &self.accepted_plan else { return Ok(()) };
        match plan {
            plan if plan.summary.trim().is_empty() || !is_text(&plan.summary) => Err("summary"),
            plan if !is_short(&plan.branch) => Err("branch"),
            plan if !is_short(&plan.worktree) => Err("worktree"),
            plan if plan.role_plan.as_deref().is_some_and(|text| !is_text(text)) => Err("role_plan"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_appended_with_ids_of_their_own() {
        let id: Id = "00001KVZKSTJT".parse().unwrap();
        let (author, now) = (Author::new("yoi-orchestrator").unwrap(), clock::read("2026-06-25T20:36:13Z").unwrap());
        let new = NewPlanRecord { kind: "blocked_by".into(), note: Some("a\nb".into()), ..NewPlanRecord::default() };
        let (first, name) = Plan::default().appended("", id, &new, &author, now);
        assert_eq!(name, "orch-plan-20260625-203613-1");
        insta::assert_snapshot!(first, @r#"{"id":"orch-plan-20260625-203613-1","ticket_id":"00001KVZKSTJT","kind":"blocked_by","note":"a\nb","author":"yoi-orchestrator","at":"2026-06-25T20:36:13Z"}"#);
        let (second, name) = Plan::read(id, &first).appended(&first, id, &new, &author, now);
        assert_eq!(name, "orch-plan-20260625-203613-2");
        let plan = Plan::read(id, &format!("{first}{second}"));
        assert_eq!((plan.records().len(), plan.problems()), (2, &[][..]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_hides_nothing() {
        let id: Id = "00001KVZKSTJT".parse().unwrap();
        let one = |id: &str, ticket: &str| {
            format!(
                "{{\"id\":\"{id}\",\"ticket_id\":\"{ticket}\",\"kind\":\"x\",\"related_ticket\":\"q\",\"author\":\"a\",\"at\":\"then\",\"new\":[1]}}"
            )
        };
        let text =
            [one("p-1", "00001KVZKSTJT"), one("p-1", "00001KVZKSTE2"), "{".into(), "{\"id\":\"p\"}".into()].join("\n");
        let plan = Plan::read(id, &text);
        assert_eq!(plan.records().len(), 2);
        assert_eq!(plan.records()[0].more.len(), 1);
        let told: Vec<(usize, &str)> = plan.problems().iter().map(|problem| (problem.line, problem.code)).collect();
        assert_eq!(
            told,
            [
                (1, "plan_time_malformed"),
                (1, "plan_related_malformed"),
                (2, "plan_of_another"),
                (2, "plan_twice"),
                (2, "plan_time_malformed"),
                (2, "plan_related_malformed"),
                (3, "plan_not_json"),
                (4, "plan_malformed"),
                (4, "plan_not_ended"),
            ]
        );
    }
}
