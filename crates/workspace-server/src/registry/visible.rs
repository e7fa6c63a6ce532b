//! Lists for somebody from whom some workers are hidden.
//!
//! Owns that such a list has as many rows, and goes on, as if there were no other workers: neither
//! a page that is short nor where the next begins tells of one. Must not know who is hidden from
//! whom.

use crate::handle::{HandleError, RuntimeHandle, WorkerQuery};
use protocol::api::{WorkerDetail, WorkerList};

/// The workers of a page where nobody says how many, as runtimes have it.
const LIMIT: usize = 100;
/// The most workers that a runtime gives at once: what is asked for where some of them go.
const MOST: usize = 500;

/// What decides who is there; everybody is where nothing does.
pub(crate) type IsShown<'a> = Option<&'a (dyn Fn(&WorkerDetail) -> bool + Send + Sync)>;

/// A page of the workers that are shown.
///
/// # Errors
/// When the runtime cannot be asked, or refuses the query.
pub(crate) async fn list(
    handle: &dyn RuntimeHandle,
    query: &WorkerQuery,
    is_shown: IsShown<'_>,
) -> Result<WorkerList, HandleError> {
    let mut list = handle.workers(query).await?;
    let Some(is_shown) = is_shown else { return Ok(list) };
    let limit = query.limit.unwrap_or(LIMIT);
    let mut after = list.workers.last().map(|row| row.worker.worker_id);
    list.workers.retain(|row| is_shown(row));
    // one more than is asked for, to know whether there is more
    while list.workers.len() <= limit && list.next_page.is_some() {
        let query = WorkerQuery { limit: Some(MOST), after, ..query.clone() };
        let more = handle.workers(&query).await?;
        let last = more.workers.last().map(|row| row.worker.worker_id);
        // a runtime that does not go on would be asked for ever
        if last.is_none() || last <= after {
            list.next_page = None;
            break;
        }
        after = last;
        list.workers.extend(more.workers.into_iter().filter(|row| is_shown(row)));
        list.next_page = more.next_page;
    }
    let is_more = list.workers.len() > limit || list.next_page.is_some();
    list.workers.truncate(limit);
    list.next_page = list.workers.last().filter(|_| is_more).map(|row| row.worker.worker_id.to_string());
    Ok(list)
}
