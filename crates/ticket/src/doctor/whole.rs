//! What records say of each other, and what is beside them.

use super::record::Facts;
use crate::problem::Problem;
use crate::store::{Error, Folder, JOURNAL_FILE, KEYS_FILE, Keys, Kind, MAX_KEYS_BYTES, STORE_FOLDER, View, pending};
use crate::waits::Waits;
use crate::{ITEM_FILE, Id, PLAN_FILE, RELATIONS_FILE, State};
use std::collections::BTreeMap;

/// What is in the folder of the store and is no record.
pub(super) fn names(view: &View<'_>) -> Result<Vec<Problem>, Error> {
    let names = view.names().map_err(Error::io("read the store"))?;
    let problems = names.into_iter().filter_map(|name| {
        let problem = |code, message: &str| Problem::new(code, &name.shown, 1, message);
        match (name.id, name.kind) {
            (Some(_), Kind::Folder) => None,
            (Some(_), Kind::Link) => Some(
                problem("record_is_link", "it is a symbolic link, and is not followed")
                    .remedy("put the folder itself in its place"),
            ),
            (Some(_), _) => Some(
                problem("record_is_no_folder", "it has the name of a record, and is no folder")
                    .remedy("move it elsewhere"),
            ),
            (None, _) if name.shown == STORE_FOLDER || name.shown == ".gitignore" => None,
            (None, Kind::Folder) => {
                let is_small = Id::read(name.shown.to_ascii_uppercase().as_bytes()).is_some();
                let remedy = if is_small {
                    "write its name in capitals"
                } else {
                    "give it the 13 digits of an id, or move it elsewhere"
                };
                Some(problem("name_is_no_id", "it is no id, and no ticket").remedy(remedy).warning())
            }
            (None, _) => Some(problem("stray_name", "it is no record").remedy("move it elsewhere").warning()),
        }
    });
    Ok(problems.collect())
}

/// What writers keep beside the records.
pub(super) fn store_folder(root: &Folder) -> Vec<Problem> {
    let folder = match root.folder(STORE_FOLDER) {
        Ok(Some(folder)) => folder,
        Ok(None) => return Vec::new(),
        Err(_) => {
            let problem = Problem::new(
                "store_folder_malformed",
                STORE_FOLDER,
                1,
                "it is not a folder, and nothing can be written",
            );
            return vec![problem.remedy("remove it; it is made anew")];
        }
    };
    let path = |file: &str| format!("{STORE_FOLDER}/{file}");
    let mut problems = Vec::new();
    match pending(root) {
        Ok(None) => {}
        Ok(Some(journal)) => {
            let message = format!("`{}` by {} of {} is not finished", journal.what, journal.author, journal.at);
            let problem = Problem::new("journal_pending", &path(JOURNAL_FILE), 1, message);
            problems.push(problem.remedy("the next change finishes it").warning().safe());
        }
        Err(error) => {
            let problem = Problem::new("journal_damaged", &path(JOURNAL_FILE), 1, error.to_string());
            problems.push(
                problem.remedy("it is put aside, as journal.damaged-N; compare what it holds with the records").safe(),
            );
        }
    }
    for name in folder.names().unwrap_or_default() {
        let file = path(&name.shown);
        if name.shown.starts_with("import-") && name.kind == Kind::Folder {
            let problem =
                Problem::new("import_left", &file, 1, "it was left by an import that did not come to its end");
            problems.push(problem.remedy("remove it, and import again").warning().safe());
        } else if name.shown.ends_with(".tmp") && name.kind == Kind::File {
            let problem =
                Problem::new("temporary_left", &file, 1, "it was left by a writer that did not come to its end");
            problems.push(problem.remedy("remove it").warning().safe());
        } else if name.shown == "lock" && name.kind != Kind::File {
            let problem = Problem::new("lock_is_no_file", &file, 1, "it is not a file, and nothing can be written");
            problems.push(problem.remedy("remove it; it is made anew"));
        }
    }
    problems.extend(keys(&folder, &path(KEYS_FILE)));
    problems
}

fn keys(folder: &Folder, file: &str) -> Vec<Problem> {
    let text = match folder.read(KEYS_FILE, MAX_KEYS_BYTES) {
        Ok(None) => return Vec::new(),
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(unread) => return vec![unread.problem(file)],
    };
    let broken = Keys::broken_lines(&text).into_iter().map(|line| {
        let problem = Problem::new("keys_malformed", file, line, "this line is no request, and is not looked at");
        problem.remedy("remove it; a request of that name would be done again").warning().safe()
    });
    broken.collect()
}

/// What does not fit together.
pub(super) fn relations(facts: &BTreeMap<Id, Facts>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (id, fact) in facts {
        for relation in fact.relations.iter().filter(|relation| !facts.contains_key(&relation.target)) {
            let message = format!("`{} {}`: there is no such ticket", relation.kind, relation.target);
            let problem = Problem::new("relation_target_missing", RELATIONS_FILE, relation.line, message);
            problems.push(problem.remedy("put that record back, or remove the relation").of(*id));
        }
        for (other, line) in fact.planned.iter().filter(|(other, _)| !facts.contains_key(other)) {
            let problem = Problem::new("plan_related_missing", PLAN_FILE, *line, format!("there is no ticket {other}"));
            problems.push(problem.remedy("put that record back, or take the line out").warning().of(*id));
        }
    }
    let waits = Waits::of(facts.iter().flat_map(|(id, fact)| fact.relations.iter().map(|relation| (*id, relation))));
    for cycle in waits.cycles() {
        problems.extend(told_cycle(&waits, facts, &cycle));
    }
    let is_done = |id: &Id| facts.get(id).and_then(|fact| fact.state).is_some_and(State::is_done);
    for (id, fact) in facts.iter().filter(|(_, fact)| fact.state == Some(State::InProgress)) {
        let open: Vec<String> =
            waits.of_ticket(*id).filter(|other| !is_done(other)).map(|other| other.to_string()).collect();
        if !open.is_empty() {
            let message = format!("it is being done, and waits for {}", open.join(", "));
            let problem = Problem::new("begun_while_blocked", ITEM_FILE, fact.state_line, message);
            problems.push(problem.remedy("put it back into the queue, or remove the relation").warning().of(*id));
        }
    }
    problems
}

/// A cycle is told where the relation stands that its first ticket goes on by.
fn told_cycle(waits: &Waits, facts: &BTreeMap<Id, Facts>, cycle: &[Id]) -> Option<Problem> {
    let first = *cycle.first()?;
    let path = waits.path(first, first)?;
    let next = *path.get(1)?;
    let line_in = |id: Id, target: Id| {
        let relations = &facts.get(&id)?.relations;
        let is_order = |kind: crate::RelationKind| {
            let needed = if id == first { crate::RelationKind::DependsOn } else { crate::RelationKind::Blocks };
            kind == needed
        };
        relations
            .iter()
            .find(|relation| relation.target == target && is_order(relation.kind))
            .map(|relation| (id, relation.line))
    };
    let (id, line) = line_in(first, next).or_else(|| line_in(next, first))?;
    const MOST: usize = 20;
    let mut names: Vec<String> = path.iter().take(MOST).map(Id::to_string).collect();
    if path.len() > MOST {
        names.push("…".to_owned());
    }
    let message = format!("{} tickets wait for each other: {}", cycle.len(), names.join(" → "));
    Some(
        Problem::new("dependency_cycle", RELATIONS_FILE, line, message)
            .remedy("remove one of the relations between them")
            .of(id),
    )
}
