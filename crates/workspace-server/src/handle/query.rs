//! Which of a runtime's workers to list.
//!
//! Owns the query that both kinds of runtime take. A page begins after a worker, because that is
//! what a runtime's own `page` is: the id of the last worker listed.

use super::LabelFilter;
use protocol::{Status, WorkerId};

/// Which of a runtime's workers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerQuery {
    /// Those of this status.
    pub status: Option<Status>,
    /// Those with all of these labels.
    pub labels: Vec<LabelFilter>,
    /// At most so many; the runtime's default where absent.
    pub limit: Option<usize>,
    /// Those after this one in the order of ids: what `next_page` of the page before says.
    pub after: Option<WorkerId>,
}
