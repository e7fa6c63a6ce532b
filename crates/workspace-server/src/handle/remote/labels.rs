//! Listing by labels that the client cannot ask a runtime for: by name alone, or one name twice.
//!
//! Owns the picking of rows from pages. Must not ask for any.

use crate::handle::{LabelFilter, WorkerQuery};
use protocol::Diagnostic;
use protocol::api::{WorkerDetail, WorkerList};
use std::collections::BTreeMap;

/// The workers of a list where nobody says how many.
const LIMIT: usize = 100;

/// What a runtime is asked for.
pub(super) fn asked(labels: &[LabelFilter]) -> BTreeMap<String, String> {
    labels.iter().filter_map(|label| Some((label.name.clone(), label.value.clone()?))).collect()
}

/// Whether that is all.
pub(super) fn are_asked(labels: &[LabelFilter]) -> bool {
    asked(labels).len() == labels.len()
}

/// A list picked from as many pages as it takes.
pub(super) struct Picking<'a> {
    labels: &'a [LabelFilter],
    limit: usize,
    /// The page to ask for next; none once there is enough.
    next: Option<WorkerQuery>,
    picked: Vec<WorkerDetail>,
    diagnostics: Vec<Diagnostic>,
    more: bool,
}

impl<'a> Picking<'a> {
    pub fn new(query: &'a WorkerQuery) -> Picking<'a> {
        Picking {
            labels: &query.labels,
            limit: query.limit.unwrap_or(LIMIT),
            next: Some(query.clone()),
            picked: Vec::new(),
            diagnostics: Vec::new(),
            more: false,
        }
    }

    /// The page to ask for next.
    pub fn query(&self) -> Option<&WorkerQuery> {
        self.next.as_ref()
    }

    /// Takes what that page brought.
    pub fn take(&mut self, page: WorkerList) {
        let last = page.workers.last().map(|worker| worker.worker.worker_id);
        let fits = |worker: &WorkerDetail| self.labels.iter().all(|label| fits(label, worker));
        self.picked.extend(page.workers.into_iter().filter(fits));
        self.diagnostics.extend(page.diagnostics);
        self.more = page.next_page.is_some() || self.picked.len() > self.limit;
        self.picked.truncate(self.limit);
        let next = self.next.take().filter(|_| page.next_page.is_some() && self.picked.len() < self.limit);
        self.next = next.map(|query| WorkerQuery { after: last, ..query });
    }

    pub fn into_list(self) -> WorkerList {
        let last = self.picked.last().filter(|_| self.more);
        let next_page = last.map(|last| last.worker.worker_id.to_string());
        WorkerList { workers: self.picked, next_page, diagnostics: self.diagnostics }
    }
}

fn fits(label: &LabelFilter, worker: &WorkerDetail) -> bool {
    let found = worker.worker.labels.get(&label.name);
    found.is_some_and(|found| label.value.as_ref().is_none_or(|value| value == found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::testing;
    use protocol::WorkerId;

    fn worker(n: u64) -> WorkerDetail {
        let mut detail = testing::detail(WorkerId::from_parts(n, 0));
        if n.is_multiple_of(3) {
            detail.worker.labels.insert("team".into(), n.to_string());
        }
        detail
    }

    /// What a runtime with workers 1 to 20 answers.
    fn page(query: &WorkerQuery) -> WorkerList {
        let limit = query.limit.unwrap_or(LIMIT);
        let rest: Vec<_> =
            (1..=20).map(worker).filter(|w| query.after.is_none_or(|after| w.worker.worker_id > after)).collect();
        let next_page = (rest.len() > limit).then(|| rest[limit - 1].worker.worker_id.to_string());
        WorkerList { workers: rest.into_iter().take(limit).collect(), next_page, diagnostics: Vec::new() }
    }

    fn picked(query: &WorkerQuery) -> WorkerList {
        let mut picking = Picking::new(query);
        while let Some(query) = picking.query() {
            let page = page(query);
            picking.take(page);
        }
        picking.into_list()
    }

    #[test]
    fn every_page_is_full_and_nothing_is_passed_over() {
        let labels: Vec<LabelFilter> = vec!["team".parse().unwrap()];
        for limit in 1..8 {
            let mut query = WorkerQuery { labels: labels.clone(), limit: Some(limit), ..WorkerQuery::default() };
            let mut found = Vec::new();
            loop {
                let list = picked(&query);
                found.extend(list.workers.iter().map(|w| w.worker.labels["team"].clone()));
                let Some(next) = list.next_page else { break };
                assert_eq!(list.workers.len(), limit);
                query.after = Some(next.parse().unwrap());
            }
            assert_eq!(found, ["3", "6", "9", "12", "15", "18"], "{limit}");
        }
    }

    #[test]
    fn labels_that_contradict_each_other_fit_nobody() {
        let labels: Vec<LabelFilter> = ["team=3", "team=6"].map(|label| label.parse().unwrap()).into();
        assert!(!are_asked(&labels) && are_asked(&labels[..1]));
        let query = WorkerQuery { labels, ..WorkerQuery::default() };
        assert!(picked(&query).workers.is_empty());
    }
}
