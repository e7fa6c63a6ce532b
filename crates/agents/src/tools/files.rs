//! Reading, writing and changing files.
//!
//! Owns the three tools. Must not open a path but through the working folder.

use super::bounds::{self, FILE_BYTES};
use super::workdir::{PathError, Workdir};
use super::{Answer, Refused};
use protocol::{DiffPart, KnownPart, Part};
use serde::Deserialize;

/// The most lines that one call reads.
const LINES: usize = 2000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    path: String,
    #[serde(default)]
    offset: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    path: String,
    content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    path: String,
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

impl Read {
    pub(super) fn run(self, workdir: &Workdir) -> Result<Answer, Refused> {
        let text = workdir.read(&self.path, FILE_BYTES)?;
        let first = self.offset.unwrap_or(1).max(1);
        let most = self.limit.unwrap_or(LINES).clamp(1, LINES);
        let all = text.lines().count();
        if all == 0 {
            return Ok(Answer::text(format!("{} is empty", self.path)));
        }
        if first > all {
            return Err(Refused(format!("{} has {all} lines, so there is none from {first} on", self.path)));
        }
        let mut said = String::new();
        let mut last = first;
        for (number, line) in text.lines().enumerate().skip(first - 1).take(most) {
            let line = format!("{:>6}\t{}\n", number + 1, bounds::line(line));
            if said.len() + line.len() > bounds::ANSWER_BYTES {
                break;
            }
            said.push_str(&line);
            last = number + 1;
        }
        if last < all {
            said.push_str(&format!("[lines {first} to {last} of {all}; go on with offset {}]\n", last + 1));
        }
        Ok(Answer::text(said))
    }
}

impl Write {
    pub(super) fn run(self, workdir: &Workdir) -> Result<Answer, Refused> {
        let old = match workdir.read(&self.path, FILE_BYTES) {
            Ok(old) => Some(old),
            Err(error @ (PathError::Outside(_) | PathError::NotAFile(_))) => return Err(error.into()),
            // what cannot be shown can be replaced all the same
            Err(_) => None,
        };
        workdir.write(&self.path, &self.content)?;
        let words = if old.is_some() { "replaced" } else { "made" };
        let said = format!("{} is {words}: {} bytes", self.path, self.content.len());
        Ok(Answer::text(said).with(diff(&self.path, old, self.content)))
    }
}

impl Edit {
    pub(super) fn run(self, workdir: &Workdir) -> Result<Answer, Refused> {
        let Edit { path, old, new, all } = self;
        if old.is_empty() {
            return Err(Refused("`old` is empty: give the text that is to be replaced".to_owned()));
        }
        if old == new {
            return Err(Refused("`old` and `new` are the same: nothing would change".to_owned()));
        }
        let text = workdir.read(&path, FILE_BYTES)?;
        let found = text.matches(&old).count();
        match found {
            0 => return Err(Refused(format!("`old` does not stand in {path}: read it again, and give it exactly"))),
            1 => {}
            _ if all => {}
            n => {
                return Err(Refused(format!(
                    "`old` stands {n} times in {path}: give more of it, or set `all` to true"
                )));
            }
        }
        let changed = text.replace(&old, &new);
        workdir.write(&path, &changed)?;
        let said = format!("{path} is changed in {found} place{}", if found == 1 { "" } else { "s" });
        Ok(Answer::text(said).with(diff(&path, Some(old), new)))
    }
}

fn diff(path: &str, old: Option<String>, new: String) -> Part {
    let extra = serde_json::Map::new();
    Part::Known(KnownPart::Diff(DiffPart { path: path.to_owned(), old, new: Some(new), extra }))
}
