//! The names of requests, and what came of them.
//!
//! Owns their file, bounded: the oldest go first. It is written with the operation that it names,
//! as a whole with it.

use super::error::Error;
use super::journal::{Change, STORE_FOLDER};
use super::operation::{OpKey, Outcome, Request};
use super::revision::digest;
use crate::limits::MAX_KEYS;
use serde::{Deserialize, Serialize};

/// The file, in the folder of what is no record.
pub(crate) const KEYS_FILE: &str = "keys.jsonl";
/// The most bytes of it.
pub(crate) const MAX_KEYS_BYTES: u64 = 4 * 1024 * 1024;

/// A request that was carried out.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    key: String,
    request: String,
    outcome: Outcome,
}

/// The requests that were carried out, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    text: Option<String>,
    kept: Vec<Kept>,
}

impl Keys {
    /// Reads the file. Lines that are no requests are left out.
    pub(crate) fn read(text: Option<String>) -> Keys {
        let lines = text.as_deref().unwrap_or_default().lines();
        let kept = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        Keys { text, kept }
    }

    /// The lines of a file that are no requests, from 1.
    pub(crate) fn broken_lines(text: &str) -> Vec<usize> {
        let broken = (1..).zip(text.lines()).filter(|(_, line)| serde_json::from_str::<Kept>(line).is_err());
        broken.map(|(number, _)| number).collect()
    }

    /// What came of an earlier request of this name.
    pub(crate) fn outcome(&self, key: &OpKey, request: &Request) -> Result<Option<Outcome>, Error> {
        let Some(kept) = self.kept.iter().rev().find(|kept| kept.key == key.as_str()) else { return Ok(None) };
        if kept.request != request_digest(request) {
            return Err(Error::KeyReused);
        }
        Ok(Some(Outcome { replayed: true, ..kept.outcome.clone() }))
    }

    /// The change of the file by a request more.
    pub(crate) fn with(mut self, key: &OpKey, request: &Request, outcome: &Outcome) -> Option<Change> {
        self.kept.push(Kept {
            key: key.as_str().to_owned(),
            request: request_digest(request),
            outcome: outcome.clone(),
        });
        let first = self.kept.len().saturating_sub(MAX_KEYS);
        let lines = self.kept.iter().skip(first).filter_map(|kept| serde_json::to_string(kept).ok());
        let after: String = lines.map(|line| line + "\n").collect();
        Change::new(format!("{STORE_FOLDER}/{KEYS_FILE}"), self.text.as_deref(), &after)
    }
}

/// The file without the lines that are no requests.
pub(crate) fn mended(text: &str) -> String {
    let good = text.lines().filter(|line| serde_json::from_str::<Kept>(line).is_ok());
    good.map(|line| format!("{line}\n")).collect()
}

fn request_digest(request: &Request) -> String {
    digest(serde_json::to_string(&(&request.operation, &request.author)).unwrap_or_default().as_bytes())
}
