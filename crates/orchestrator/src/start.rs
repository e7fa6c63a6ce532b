//! Where the branch of a ticket begins.
//!
//! Owns the choice. A ticket that waits for another begins after it: where the other is done and its
//! branch is not in the base yet, at that branch. Where there are several such branches, at the one
//! that has all the others in it; where none has, a person has to merge first. What is closed has
//! become what it was to become: its branch is not looked at.

use crate::error::Error;
use crate::git::{Git, GitError};
use crate::notes::branch_of;
use std::collections::{BTreeMap, BTreeSet};
use ticket::graph::Edge;
use ticket::{Id, RelationKind};

/// Where a branch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At this commit, which is called so.
    At { commit: String, name: String },
    /// Nowhere yet: these have to be merged first.
    Merge(Vec<Id>),
}

/// Where the branch of a ticket begins, given those that it waited for and that are done, not closed.
pub(crate) async fn start(git: &Git, base: &str, done: &[Id]) -> Result<Start, Error> {
    let base_commit = git.commit_of(base).await?.ok_or_else(|| GitError::NoBranch(base.to_owned()))?;
    let mut open: Vec<(Id, String)> = Vec::new();
    for id in done {
        if let Some(commit) = git.commit_of(&branch_of(*id)).await?
            && !git.contains(&base_commit, &commit).await?
        {
            open.push((*id, commit));
        }
    }
    if open.is_empty() {
        return Ok(Start::At { commit: base_commit, name: base.to_owned() });
    }
    for (id, commit) in &open {
        let mut has_all = true;
        for (_, other) in &open {
            has_all &= git.contains(commit, other).await?;
        }
        if has_all {
            return Ok(Start::At { commit: commit.clone(), name: branch_of(*id) });
        }
    }
    Ok(Start::Merge(open.into_iter().map(|(id, _)| id).collect()))
}

/// For each ticket those that it waits for, by its own record and by theirs.
pub(crate) fn before(edges: &[Edge]) -> BTreeMap<Id, BTreeSet<Id>> {
    let mut before: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
    for Edge { from, kind, to } in edges {
        match kind {
            RelationKind::DependsOn => before.entry(*from).or_default().insert(*to),
            RelationKind::Blocks => before.entry(*to).or_default().insert(*from),
            RelationKind::Related | RelationKind::Supersedes | RelationKind::DuplicateOf => false,
        };
    }
    before
}
