//! Listing workers, page by page.
//!
//! Owns filters and pages. Must not touch the workers.

use super::Inner;
use crate::error::ListError;
use protocol::api::WorkerList;
use protocol::{Status, WorkerId};
use std::str::FromStr;

/// The most workers of a page.
const MAX_LIMIT: usize = 500;
/// The workers of a page where nobody says how many.
const LIMIT: usize = 100;

/// Which workers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Those of this status.
    pub status: Option<Status>,
    /// Those with all of these labels.
    pub labels: Vec<LabelFilter>,
    /// At most so many: 1 to 500, by default 100.
    pub limit: Option<usize>,
    /// The `next_page` of the page before.
    pub page: Option<String>,
}

/// A label that workers are filtered by: `name`, or `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFilter {
    /// The label's name.
    pub name: String,
    /// Its value; any where absent.
    pub value: Option<String>,
}

impl FromStr for LabelFilter {
    type Err = ListError;

    fn from_str(s: &str) -> Result<Self, ListError> {
        let (name, value) = match s.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (s, None),
        };
        if name.is_empty() {
            return Err(ListError::BadLabel);
        }
        Ok(LabelFilter { name: name.to_owned(), value })
    }
}

impl LabelFilter {
    fn matches(&self, labels: &std::collections::BTreeMap<String, String>) -> bool {
        let found = labels.get(&self.name);
        found.is_some_and(|found| self.value.as_ref().is_none_or(|value| value == found))
    }
}

pub(super) fn list(inner: &Inner, query: &ListQuery) -> Result<WorkerList, ListError> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ListError::BadLimit { max: MAX_LIMIT });
    }
    let after = match &query.page {
        Some(page) => Some(page.parse::<WorkerId>().map_err(|_| ListError::BadPage)?),
        None => None,
    };
    let mut workers = inner.registry.pick(after, limit + 1, |worker| {
        if !query.labels.iter().all(|label| label.matches(&worker.record.worker.labels)) {
            return None;
        }
        if let Some(status) = &query.status
            && worker.stream.state().1.status != *status
        {
            return None;
        }
        Some(worker.detail())
    });
    let more = workers.len() > limit;
    workers.truncate(limit);
    let next_page = workers.last().filter(|_| more).map(|last| last.worker.worker_id.to_string());
    Ok(WorkerList { workers, next_page, diagnostics: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_filter_is_a_name_or_a_pair() {
        let labels = [("team".to_owned(), "a=b".to_owned())].into();
        for (text, fits) in [("team", true), ("team=a=b", true), ("team=", false), ("other", false)] {
            assert_eq!(text.parse::<LabelFilter>().unwrap().matches(&labels), fits, "{text}");
        }
        assert_eq!("=x".parse::<LabelFilter>(), Err(ListError::BadLabel));
    }
}
