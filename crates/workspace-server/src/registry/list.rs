//! The workers of all runtimes.
//!
//! Owns the asking of all at once, and the one order of what they answer: by runtime, then by
//! worker. A runtime that is away is told, and delays no other. Must not keep what it is told.

use super::Registry;
use super::entry::{Entry, Reach, naming};
use super::page::After;
use super::visible::{self, IsShown};
use crate::handle::{HandleError, LabelFilter, WorkerQuery};
use futures_util::future::join_all;
use protocol::api::WorkerList;
use protocol::{Code, Diagnostic, Problem, Retry, RuntimeId, Status};
use std::sync::Arc;

/// The workers of a page where nobody says how many.
const LIMIT: usize = 100;
/// The most workers of a page: what a runtime gives at once.
const MAX_LIMIT: usize = 500;

/// Which workers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListWorkers {
    /// Those on this runtime.
    pub runtime: Option<RuntimeId>,
    /// Those of this status.
    pub status: Option<Status>,
    /// Those with all of these labels.
    pub labels: Vec<LabelFilter>,
    /// At most so many: 1 to 500, by default 100.
    pub limit: Option<usize>,
    /// The `next_page` of the page before.
    pub page: Option<String>,
}

/// Why workers were not listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not a number of workers.
    #[error("`limit` is a number from 1 to {max}")]
    BadLimit {
        /// The most.
        max: usize,
    },
    /// Not handed out by an earlier list.
    #[error("`page` is not the `next_page` of an earlier list; leave it out to begin anew")]
    BadPage,
    /// Not a status.
    #[error("`status` is one of: {}", .known.join(", "))]
    BadStatus {
        /// Those there are.
        known: Vec<&'static str>,
    },
    /// No such runtime.
    #[error("there is no runtime `{0}` in this workspace")]
    RuntimeNotFound(RuntimeId),
}

impl ListError {
    /// What went wrong, as programs know it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            ListError::BadLimit { .. } | ListError::BadPage | ListError::BadStatus { .. } => Code::InvalidInput,
            ListError::RuntimeNotFound(_) => Code::RuntimeNotFound,
        }
    }

    /// Whether the same may succeed when it is tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.code().info().retry
    }

    /// The problem document that tells a client.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        Problem::new(self.code(), self.to_string())
    }
}

impl Registry {
    /// One page of the workers of all runtimes. One that is away is a diagnostic in it, at once
    /// where that is known. Rows carry their runtime's own cursors.
    ///
    /// # Errors
    /// When the query is not in its form, or names a runtime that is not there.
    pub async fn list_workers(&self, query: &ListWorkers) -> Result<WorkerList, ListError> {
        self.list_visible_workers(query, None).await
    }

    /// As [`list_workers`](Registry::list_workers), as if there were only those that are shown.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn list_visible_workers(
        &self,
        query: &ListWorkers,
        is_shown: IsShown<'_>,
    ) -> Result<WorkerList, ListError> {
        let limit = query.limit.unwrap_or(LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ListError::BadLimit { max: MAX_LIMIT });
        }
        if let Some(Status::Other(_)) = query.status {
            return Err(ListError::BadStatus { known: Status::KNOWN.iter().map(Status::as_str).collect() });
        }
        let after = match &query.page {
            Some(page) => Some(After::from_text(page).ok_or(ListError::BadPage)?),
            None => None,
        };
        if let Some(runtime) = &query.runtime
            && self.entry(runtime).is_none()
        {
            return Err(ListError::RuntimeNotFound(runtime.clone()));
        }
        let wanted = |entry: &Arc<Entry>| {
            query.runtime.as_ref().is_none_or(|wanted| wanted == entry.runtime_id())
                && after.as_ref().is_none_or(|after| after.runtime <= *entry.runtime_id())
        };
        let asked = self.entries().into_iter().filter(wanted).map(|entry| {
            let asked = WorkerQuery {
                status: query.status.clone(),
                labels: query.labels.clone(),
                limit: Some(limit),
                after: after.as_ref().filter(|after| after.runtime == *entry.runtime_id()).map(|after| after.worker),
            };
            async move { (self.ask(&entry, &asked, is_shown).await, entry) }
        });
        let mut answers = Vec::new();
        for (answer, entry) in join_all(asked).await {
            match answer {
                Asked::Answered(list) => answers.push((entry.runtime_id().clone(), Ok(list))),
                Asked::Failed(why) => answers.push((entry.runtime_id().clone(), Err(why))),
                Asked::Removed => {}
            }
        }
        Ok(merge(limit, answers))
    }

    async fn ask(&self, entry: &Entry, query: &WorkerQuery, is_shown: IsShown<'_>) -> Asked {
        let id = entry.runtime_id();
        if let Reach::Down(why) = entry.reach() {
            return Asked::Failed(why);
        }
        let listing = visible::list(&**entry.handle(), query, is_shown);
        let answer = tokio::time::timeout(self.options().list_timeout, listing);
        let error = match entry.removed().run_until_cancelled(answer).await {
            None => return Asked::Removed,
            Some(Ok(Ok(list))) => return Asked::Answered(list),
            Some(Ok(Err(error))) => error,
            Some(Err(_)) => {
                let detail = crate::handle::Detail::new("no list of workers within its time");
                HandleError::Timeout { runtime_id: id.clone(), detail }
            }
        };
        self.note_failure(id, &error);
        Asked::Failed(naming(id, error.to_diagnostic()))
    }
}

/// What came of asking a runtime.
enum Asked {
    Answered(WorkerList),
    Failed(Diagnostic),
    /// It is no longer one of the workspace.
    Removed,
}

/// The first `limit` workers of what runtimes answered, who stand in order.
fn merge(limit: usize, answers: Vec<(RuntimeId, Result<WorkerList, Diagnostic>)>) -> WorkerList {
    let mut merged = WorkerList { workers: Vec::new(), next_page: None, diagnostics: Vec::new() };
    let mut last = None;
    // whether there is more than what was taken: nothing may be taken after that
    let mut more = false;
    for (id, answer) in answers {
        let list = match answer {
            Ok(list) => list,
            Err(why) => {
                merged.diagnostics.push(why);
                continue;
            }
        };
        merged.diagnostics.extend(list.diagnostics.into_iter().map(|told| naming(&id, told)));
        let there = list.workers.len();
        let room = if more { 0 } else { limit.saturating_sub(merged.workers.len()) };
        let taken = list.workers.into_iter().take(room);
        let before = merged.workers.len();
        merged.workers.extend(taken);
        let took = merged.workers.len() - before;
        if took > 0 {
            last = merged.workers.last().map(|row| After { runtime: id, worker: row.worker.worker_id });
        }
        more |= took < there || list.next_page.is_some();
    }
    merged.next_page = last.filter(|_| more).map(|after| after.to_text());
    merged
}
