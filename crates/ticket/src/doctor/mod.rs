//! What is wrong with a store, all of it, and what mends it.
//!
//! Owns the examination. Each record is examined by itself, and then what they say of each other, in
//! time that grows with them and not faster. Only mending changes anything.

mod mend;
mod record;
mod whole;

pub use mend::Mended;

use crate::limits::MAX_FINDINGS_OF_A_FILE;
use crate::store::{Error, Store, View, each};
use crate::{Id, Mending, Problem, Severity};
use record::Facts;
use serde::Serialize;
use std::collections::BTreeMap;

/// What an examination has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many records were examined.
    pub examined: usize,
    /// Everything that is wrong, by file and line.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is wrong; what is only to be looked at is not counted.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// How many of the problems [`Store::mend`] mends.
    #[must_use]
    pub fn mendable(&self) -> usize {
        self.problems.iter().filter(|problem| problem.mending == Mending::Safe).count()
    }
}

impl Store {
    /// Examines the store. Changes nothing.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn doctor(&self) -> Result<Report, Error> {
        let now = self.now();
        let report = self.read(|view| examine(view, now))?;
        Ok(report.unwrap_or_default())
    }
}

fn examine(view: &View<'_>, now: jiff::Timestamp) -> Result<Report, Error> {
    let ids = view.ids().map_err(Error::io("read the store"))?;
    let examined = each(&ids, |id| record::examine(view, id, now));
    let mut problems = whole::names(view)?;
    problems.extend(whole::store_folder(view.root));
    let mut facts: BTreeMap<Id, Facts> = BTreeMap::new();
    for (id, (fact, found)) in ids.iter().zip(examined) {
        problems.extend(found);
        facts.insert(*id, fact);
    }
    problems.extend(whole::relations(&facts));
    problems.sort_by(|a, b| (&a.file, a.line, a.code).cmp(&(&b.file, b.line, b.code)));
    Ok(Report { examined: ids.len(), problems: bounded(problems) })
}

/// At most so many problems of each file; what is left out is counted in the last.
fn bounded(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    let (mut of_file, mut left_out) = (0, 0);
    let close = |kept: &mut Vec<Problem>, left_out: usize| {
        if let Some(last) = kept.last_mut().filter(|_| left_out > 0) {
            last.message.push_str(&format!("; and {left_out} more in this file"));
        }
    };
    for problem in problems {
        if kept.last().is_none_or(|last| last.file != problem.file) {
            close(&mut kept, left_out);
            (of_file, left_out) = (0, 0);
        }
        if of_file < MAX_FINDINGS_OF_A_FILE {
            kept.push(problem);
            of_file += 1;
        } else {
            left_out += 1;
        }
    }
    close(&mut kept, left_out);
    kept
}
