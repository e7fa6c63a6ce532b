//! What an operation makes of a record.
//!
//! Owns the rules: transitions, blockers, who is named in which event. Reads, and changes nothing:
//! what comes out is the texts that the files become.

use super::error::Error;
use super::files::Kind;
use super::journal::Change;
use super::operation::{Edit, NewTicket, Operation, Outcome, Request, Saying};
use super::scan;
use super::view::{RECORD_FILES, RESOLUTION_FILE, Record, Texts, View};
use crate::front::Value;
use crate::item::{self, NewItem};
use crate::limits::{MAX_RELATIONS, MAX_TICKETS};
use crate::thread::{NewEvent, STATE_CHANGED};
use crate::waits::Waits;
use crate::{
    Author, Fields, ITEM_FILE, Id, Item, Needs, NewPlanRecord, PLAN_FILE, RELATIONS_FILE, Relation, RelationKind,
    Relations, State, THREAD_FILE, Thread, clock, relations,
};
use jiff::{SignedDuration, Timestamp};

/// What is to be written.
#[derive(Debug)]
pub(super) struct Draft {
    pub changes: Vec<Change>,
    pub outcome: Outcome,
}

/// A record that is being changed.
struct Desk<'a> {
    view: &'a View<'a>,
    id: Id,
    record: Record,
    fields: Fields,
    author: &'a Author,
    now: Timestamp,
    new: Texts,
    events: Vec<NewEvent>,
    item: Item,
    plan_record: Option<String>,
}

/// Works out what a request makes of the files.
pub(super) fn draft(view: &View<'_>, request: &Request, now: Timestamp) -> Result<Draft, Error> {
    request.operation.check()?;
    let author = &request.author;
    let id = match &request.operation {
        Operation::New(new) => return create(view, new, author, now),
        operation => operation.ticket().ok_or_else(|| Error::invalid("operation", "names no ticket"))?,
    };
    let record = view.record(id)?;
    let found = record.texts.revision();
    if request.if_revision.as_ref().is_some_and(|revision| *revision != found) {
        return Err(Error::Changed { id, found });
    }
    let fields = record.item.fields().map_err(|problem| problem.of(id))?;
    let (now, item, new) = (not_before(&record.thread, now), record.item.clone(), record.texts.clone());
    let mut desk = Desk { view, id, record, fields, author, now, new, events: Vec::new(), item, plan_record: None };
    match &request.operation {
        Operation::New(_) => {}
        Operation::Say { saying, .. } => desk.say(saying),
        Operation::Edit { edit, .. } => desk.edit(edit)?,
        Operation::Move { to, reason, body, summary, .. } => {
            desk.go(*to, reason.as_deref(), body.as_deref(), summary.as_deref())?;
        }
        Operation::Close { resolution, reason, .. } => desk.close(resolution, reason.as_deref())?,
        Operation::Relate { kind, target, note, .. } => desk.relate(*kind, *target, note.as_deref())?,
        Operation::Unrelate { kind, target, .. } => desk.unrelate(*kind, *target)?,
        Operation::Plan { record, .. } => desk.plan(record),
    }
    desk.drafted()
}

impl Desk<'_> {
    fn event(&self, kind: &str, body: &str) -> NewEvent {
        NewEvent::new(kind, self.author, self.now, body)
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), Error> {
        self.item = self.item.with(&[(key, value)]).map_err(|problem| problem.of(self.id))?;
        Ok(())
    }

    fn say(&mut self, saying: &Saying) {
        let event = self.event(&saying.kind, &saying.body);
        let event = match &saying.heading {
            Some(heading) => event.headed(heading),
            None => event,
        };
        self.events.push(match &saying.status {
            Some(status) => event.with("status", status),
            None => event,
        });
    }

    fn edit(&mut self, edit: &Edit) -> Result<(), Error> {
        let before = self.item.clone();
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let values = [
            ("title", edit.title.clone().map(Value::Text)),
            ("assignee", edit.assignee.as_ref().map(text)),
            ("readiness", edit.readiness.as_ref().map(text)),
            ("risk_flags", edit.risk_flags.clone().map(Value::List)),
        ];
        let mut names = Vec::new();
        for (key, value) in values {
            if let Some(value) = value {
                let before = self.item.clone();
                self.set(key, value)?;
                names.extend((self.item != before).then(|| format!("`{key}`")));
            }
        }
        if let Some(body) = edit.body.as_deref().filter(|body| *body != self.item.body()) {
            self.item = self.item.with_body(body);
            names.push("the body".to_owned());
        }
        if self.item != before {
            self.events.push(self.event("edit", &format!("Changed {}.", names.join(", "))));
        }
        Ok(())
    }

    fn go(&mut self, to: State, reason: Option<&str>, body: Option<&str>, summary: Option<&str>) -> Result<(), Error> {
        let from = self.fields.state;
        let needs = from.transition(to).ok_or(Error::NoTransition { id: self.id, from, to })?;
        if needs != Needs::Nothing && reason.is_none() {
            return Err(Error::Needs { from, to, needs });
        }
        if to == State::InProgress {
            self.check_blockers()?;
        }
        self.set("state", Value::Text(to.as_str().to_owned()))?;
        if to == State::Queued {
            for (key, value) in item::queued(self.author, self.now) {
                self.set(key, value)?;
            }
        }
        self.events.extend(summary.map(|summary| self.event("intake_summary", summary)));
        let said = body.map_or_else(|| format!("State changed to `{to}`."), str::to_owned);
        self.events.push(self.state_changed(from, to, reason.unwrap_or(to.as_str()), &said));
        Ok(())
    }

    fn close(&mut self, resolution: &str, reason: Option<&str>) -> Result<(), Error> {
        let (from, to) = (self.fields.state, State::Closed);
        from.transition(to).ok_or(Error::NoTransition { id: self.id, from, to })?;
        self.set("state", Value::Text(to.as_str().to_owned()))?;
        self.events.push(self.state_changed(from, to, reason.unwrap_or(to.as_str()), "State changed to `closed`."));
        self.events.push(self.event("close", resolution).with("status", to.as_str()));
        self.new.put(
            RESOLUTION_FILE,
            if resolution.ends_with('\n') { resolution.to_owned() } else { format!("{resolution}\n") },
        );
        Ok(())
    }

    fn state_changed(&self, from: State, to: State, reason: &str, body: &str) -> NewEvent {
        let event = self.event(STATE_CHANGED, body).with("from", from.as_str()).with("to", to.as_str());
        event.with("reason", reason).with("field", "state")
    }

    fn check_blockers(&self) -> Result<(), Error> {
        let ids = self.view.ids().map_err(Error::io("read the store"))?;
        let waiting_on = waiting_on(self.view, self.id, &scan::relations(self.view, &ids));
        if waiting_on.is_empty() { Ok(()) } else { Err(Error::Blocked { id: self.id, waiting_on }) }
    }

    fn relate(&mut self, kind: RelationKind, target: Id, note: Option<&str>) -> Result<(), Error> {
        self.check_relations()?;
        if self.record.relations.has(kind, target) {
            return Ok(());
        }
        if self.record.relations.list().len() >= MAX_RELATIONS {
            let size = self.record.relations.list().len() as u64 + 1;
            return Err(Error::TooLarge { what: "number of relations", size, most: MAX_RELATIONS as u64 });
        }
        check_targets(self.view, self.id, &[(kind, target)])?;
        let relation = relations::new(kind, target, note, self.author, self.now);
        self.new.put(RELATIONS_FILE, self.record.relations.with(self.id, &relation));
        let event = self.event("relation_added", note.unwrap_or_default());
        self.events.push(event.with("relation", kind.as_str()).with("target", &target.to_string()));
        Ok(())
    }

    fn unrelate(&mut self, kind: RelationKind, target: Id) -> Result<(), Error> {
        self.check_relations()?;
        if !self.record.relations.has(kind, target) {
            return Err(Error::NoRelation(self.id));
        }
        self.new.put(RELATIONS_FILE, self.record.relations.without(kind, target));
        let event = self.event("relation_removed", "");
        self.events.push(event.with("relation", kind.as_str()).with("target", &target.to_string()));
        Ok(())
    }

    fn plan(&mut self, record: &NewPlanRecord) {
        let text = self.new.get(PLAN_FILE).unwrap_or_default().to_owned();
        let (tail, name) = self.record.plan.appended(&text, self.id, record, self.author, self.now);
        self.new.put(PLAN_FILE, text + &tail);
        self.plan_record = Some(name);
    }

    fn check_relations(&self) -> Result<(), Error> {
        let broken = self.record.relations.broken().filter(|_| self.record.texts.get(RELATIONS_FILE).is_some());
        broken.map_or(Ok(()), |problem| Err(problem.clone().of(self.id).into()))
    }

    fn drafted(mut self) -> Result<Draft, Error> {
        let is_changed = !self.events.is_empty() || self.plan_record.is_some();
        if is_changed {
            let updated = self.item.time("updated_at").map_or(self.now, |before| before.max(self.now));
            self.set("updated_at", Value::Text(clock::written(updated)))?;
            let tail = self.record.thread.appended(&self.events);
            let thread = format!("{}{tail}", self.record.thread.as_str());
            if !self.events.is_empty() {
                self.new.put(THREAD_FILE, thread);
            }
            self.new.put(ITEM_FILE, self.item.as_str().to_owned());
        }
        let state = self.item.fields().map_err(|problem| problem.of(self.id))?.state;
        drafted(self.id, state, Some(&self.record.texts), &self.new, self.plan_record)
    }
}

/// The tickets that one has to wait for: those that are not done, cannot be read, or are not there.
pub(super) fn waiting_on(view: &View<'_>, id: Id, all: &[(Id, Vec<Relation>)]) -> Vec<Id> {
    let waits = Waits::of(all.iter().flat_map(|(id, relations)| relations.iter().map(|relation| (*id, relation))));
    let is_open = |other: &Id| !scan::fields(view, *other).is_ok_and(|fields| fields.state.is_done());
    waits.of_ticket(id).filter(is_open).collect()
}

fn create(view: &View<'_>, new: &NewTicket, author: &Author, now: Timestamp) -> Result<Draft, Error> {
    let ids = view.ids().map_err(Error::io("read the store"))?;
    if ids.len() >= MAX_TICKETS {
        return Err(Error::TooLarge { what: "store", size: ids.len() as u64 + 1, most: MAX_TICKETS as u64 });
    }
    let mut id = Id::at(now);
    while view.root.kind(id.to_string().as_bytes()) != Kind::Absent {
        id = id.next();
    }
    check_targets(view, id, &new.relations)?;
    let item = NewItem {
        title: &new.title,
        body: &new.body,
        assignee: new.assignee.as_deref(),
        readiness: new.readiness.as_deref(),
        risk_flags: &new.risk_flags,
        now,
    };
    let mut texts = Texts::default();
    texts.put(ITEM_FILE, item.written().as_str().to_owned());
    let event = NewEvent::new("create", author, now, &format!("Created by `{author}`."));
    texts.put(THREAD_FILE, Thread::read(String::new()).appended(&[event]));
    for (kind, target) in &new.relations {
        let relations = texts.get(RELATIONS_FILE).map(|text| Relations::read(id, text)).unwrap_or_default();
        if !relations.has(*kind, *target) {
            texts.put(RELATIONS_FILE, relations.with(id, &relations::new(*kind, *target, None, author, now)));
        }
    }
    drafted(id, State::Planning, None, &texts, None)
}

/// That the others are there, and nobody would come to wait for themselves.
fn check_targets(view: &View<'_>, id: Id, new: &[(RelationKind, Id)]) -> Result<(), Error> {
    for (_, target) in new {
        if view.folder(*target)?.is_none() {
            return Err(Error::NotFound(*target));
        }
    }
    let is_order = |kind: &RelationKind| matches!(kind, RelationKind::DependsOn | RelationKind::Blocks);
    if !new.iter().any(|(kind, _)| is_order(kind)) {
        return Ok(());
    }
    let ids = view.ids().map_err(Error::io("read the store"))?;
    let all = scan::relations(view, &ids);
    let mut waits = Waits::of(all.iter().flat_map(|(id, relations)| relations.iter().map(|relation| (*id, relation))));
    for (kind, target) in new {
        waits.add(id, *kind, *target);
    }
    waits.path(id, id).map_or(Ok(()), |path| Err(Error::Cycle { path }))
}

fn drafted(
    id: Id,
    state: State,
    old: Option<&Texts>,
    new: &Texts,
    plan_record: Option<String>,
) -> Result<Draft, Error> {
    for (file, most) in RECORD_FILES {
        let size = new.get(file).unwrap_or_default().len() as u64;
        if size > most {
            return Err(Error::TooLarge { what: file, size, most });
        }
    }
    let changes = new
        .iter()
        .filter_map(|(file, text)| Change::new(format!("{id}/{file}"), old.and_then(|old| old.get(file)), text));
    let changes: Vec<Change> = changes.collect();
    let outcome = Outcome {
        ticket: id,
        state,
        revision: new.revision(),
        changed: !changes.is_empty(),
        plan_record,
        replayed: false,
    };
    Ok(Draft { changes, outcome })
}

/// The time of an event: never before the newest that is there, as long as clocks are no more than a day apart.
fn not_before(thread: &Thread, now: Timestamp) -> Timestamp {
    let newest = thread.events().iter().map(|event| event.at).max().unwrap_or(now);
    let is_near = newest.duration_since(now) <= SignedDuration::from_hours(24);
    if is_near { now.max(newest) } else { now }
}
