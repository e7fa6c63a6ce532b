//! One record, by itself.
//!
//! Owns what its files must say of each other: that item and thread agree above all.

use crate::item::is_of;
use crate::store::{Folder, Kind, Name, RECORD_FILES, RESOLUTION_FILE, View, temporary};
use crate::{
    ITEM_FILE, Id, Item, PLAN_FILE, Plan, Problem, RELATIONS_FILE, Relation, Relations, State, THREAD_FILE, Thread,
    clock,
};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// How far ahead of this machine's clock another's may be.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What a record says that others are held against.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Where it is; nothing where that cannot be read.
    pub state: Option<State>,
    /// The line of `item.md` that says so.
    pub state_line: usize,
    pub relations: Vec<Relation>,
    /// The other tickets that its plan names, with the line.
    pub planned: Vec<(Id, usize)>,
}

/// Examines a record.
pub(super) fn examine(view: &View<'_>, id: Id, now: Timestamp) -> (Facts, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut facts = Facts::default();
    let folder = match view.folder(id) {
        Ok(folder) => folder,
        Err(problem) => return (facts, vec![problem]),
    };
    if let Some(folder) = &folder {
        names(folder, &mut problems);
    }
    let mut texts = RECORD_FILES.map(|(file, most)| match view.text(id, folder.as_ref(), file, most) {
        Ok(text) => (file, text, true),
        Err(problem) => {
            // what is told of a file of a record names the record already
            problems.push(Problem {
                file: problem.file.split_once('/').map_or(String::new(), |(_, file)| file.to_owned()),
                ..problem
            });
            (file, None, false)
        }
    });
    let mut take = |name: &str| {
        texts.iter_mut().find(|(file, ..)| *file == name).map(|(_, text, is_read)| (text.take(), *is_read))
    };
    let (item, item_is_read) = take(ITEM_FILE).unwrap_or_default();
    let (thread, thread_is_read) = take(THREAD_FILE).unwrap_or_default();
    let (resolution, resolution_is_read) = take(RESOLUTION_FILE).unwrap_or_default();
    if item.is_none() && item_is_read {
        problems.push(
            Problem::new("item_missing", ITEM_FILE, 1, "there is no item.md")
                .remedy("put it back, or take the folder away"),
        );
    }
    if thread.is_none() && thread_is_read {
        problems.push(
            Problem::new("thread_missing", THREAD_FILE, 1, "there is no thread.md")
                .remedy("put it back; the next comment begins a new one"),
        );
    }
    let item = item.map(Item::read);
    let thread = thread.map(Thread::read);
    if let Some(item) = &item {
        problems.extend(item.problems());
        facts.state = item.fields().ok().map(|fields| fields.state);
        facts.state_line = item.line_of("state");
        if let Some(created) = item.time("created_at").filter(|created| !is_of(id, *created)) {
            let message = format!("created_at is {}, and the id is of another day", clock::written(created));
            let problem = Problem::new("id_of_another_time", ITEM_FILE, item.line_of("created_at"), message);
            problems.push(
                problem
                    .remedy(
                        "set created_at to the time that the id was made of, or leave it where the record was made so",
                    )
                    .warning(),
            );
        }
    }
    if let Some(thread) = &thread {
        problems.extend(thread.problems());
        events(thread, now, &mut problems);
    }
    if let (Some(item), Some(thread)) = (&item, &thread) {
        agreement(item, thread, &mut problems);
        let was_closed = thread.events().iter().any(|event| event.state() == Some(State::Closed));
        resolved(facts.state, was_closed, resolution.is_some() || !resolution_is_read, item, &mut problems);
    }
    if let (Some(relations), _) = take(RELATIONS_FILE).unwrap_or_default() {
        let relations = Relations::read(id, &relations);
        problems.extend(relations.problems().iter().cloned());
        facts.relations = relations.list().to_vec();
    }
    if let (Some(plan), _) = take(PLAN_FILE).unwrap_or_default() {
        let read = Plan::read(id, &plan);
        problems.extend(read.problems().iter().cloned());
        let related = read
            .records()
            .iter()
            .filter_map(|record| Some((record.related_ticket.as_ref()?.parse().ok()?, record.line)));
        facts.planned = related.collect();
    }
    (facts, problems.into_iter().map(|problem| problem.of(id)).collect())
}

/// What is in the folder and belongs to no record.
fn names(folder: &Folder, problems: &mut Vec<Problem>) {
    let mut one = |name: &Name, path: String, is_known: bool| {
        let problem = |code, message: &str| Problem::new(code, &path, 1, message);
        if is_temporary(&name.shown) {
            problems.push(
                problem("temporary_left", "it was left by a writer that did not come to its end")
                    .remedy("remove it")
                    .warning()
                    .safe(),
            );
        } else if name.kind == Kind::Link && !is_known {
            problems.push(
                problem("link_in_record", "it is a symbolic link; nobody follows it")
                    .remedy("put the file itself in its place")
                    .warning(),
            );
        } else if !is_known {
            problems
                .push(problem("stray_file", "it is no file of a record").remedy("move it into `artifacts`").warning());
        }
    };
    for name in folder.names().unwrap_or_default() {
        let is_known = matches!(name.shown.as_str(), ITEM_FILE | THREAD_FILE | RESOLUTION_FILE | "artifacts");
        one(&name, name.shown.clone(), is_known);
    }
    let artifacts = folder.folder("artifacts").ok().flatten();
    for name in artifacts.and_then(|artifacts| artifacts.names().ok()).unwrap_or_default() {
        let path = format!("artifacts/{}", name.shown);
        let is_known = name.kind != Kind::Link || RECORD_FILES.iter().any(|(file, _)| *file == path);
        one(&name, path, is_known);
    }
}

/// Whether a file is one that others are replaced through.
fn is_temporary(name: &str) -> bool {
    RECORD_FILES
        .iter()
        .any(|(file, _)| temporary(Path::new(file)).file_name().is_some_and(|temporary| temporary == name))
}

fn events(thread: &Thread, now: Timestamp, problems: &mut Vec<Problem>) {
    if thread.events().is_empty() {
        let problem = Problem::new("thread_empty", THREAD_FILE, 1, "no event is in it");
        problems.push(problem.remedy("put back what was there; the next comment begins anew"));
    }
    for event in thread.events().iter().filter(|event| event.at.duration_since(now) > MAX_AHEAD) {
        let message = format!("this event is of {}, which is yet to come", clock::written(event.at));
        let problem = Problem::new("event_ahead", THREAD_FILE, event.line, message);
        problems
            .push(problem.remedy("set the clock of the machine that wrote it, and the time of the event").warning());
    }
}

/// That the item is where the thread says it went, and not older than it.
fn agreement(item: &Item, thread: &Thread, problems: &mut Vec<Problem>) {
    if let (Ok(fields), Some(said)) = (item.fields(), thread.state())
        && fields.state != said
    {
        let newest = thread.events().iter().rev().find(|event| event.is_about_state());
        let where_ = newest.map_or_else(String::new, |event| format!(" (line {} of {THREAD_FILE})", event.line));
        let message = format!("the item is `{}`, and the thread led to `{said}`{where_}", fields.state);
        let problem = Problem::new("state_disagrees", ITEM_FILE, item.line_of("state"), message);
        problems.push(
            problem.remedy(format!("write `state: '{said}'`, or append the event that led to `{}`", fields.state)),
        );
    }
    let newest = thread.events().iter().map(|event| event.at).max();
    if let (Some(updated), Some(newest)) = (item.time("updated_at"), newest)
        && updated < newest
    {
        let message = format!("updated_at is older than the newest event, of {}", clock::written(newest));
        let problem = Problem::new("updated_at_behind", ITEM_FILE, item.line_of("updated_at"), message);
        problems.push(problem.remedy(format!("write `updated_at: '{}'`", clock::written(newest))).warning().safe());
    }
}

fn resolved(state: Option<State>, was_closed: bool, has_resolution: bool, item: &Item, problems: &mut Vec<Problem>) {
    if state == Some(State::Closed) && !has_resolution {
        let problem = Problem::new(
            "resolution_missing",
            ITEM_FILE,
            item.line_of("state"),
            "it is closed, and there is no resolution.md",
        );
        problems.push(problem.remedy("write what came of it into resolution.md").warning());
    }
    if has_resolution && !was_closed && state.is_some_and(|state| state != State::Closed) {
        let problem =
            Problem::new("resolution_early", RESOLUTION_FILE, 1, "there is a resolution, and it was never closed");
        problems.push(problem.remedy("close it, or take the resolution away").warning());
    }
}
