//! What is kept of a worker beside its log.
//!
//! Owns the form of the record, of notes and of checkpoints. Must not read or write them anywhere.

use super::keys::Keys;
use crate::ids::fingerprint;
use bytes::Bytes;
use protocol::api::CreateWorker;
use protocol::{RunId, State, Timestamp, WorkerInfo};
use serde::{Deserialize, Serialize};

/// The only format so far.
const FORMAT: u32 = 1;

/// The record of a worker: made with it, and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkerRecord {
    format: u32,
    /// What it is.
    pub worker: WorkerInfo,
    /// The folder it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Tells whether a later request asks for the same worker.
    pub request: String,
}

/// A record, note or checkpoint is not in a form that this version reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    #[error("not in the form expected: {0}")]
    Json(#[from] serde_json::Error),
    #[error("of format {0}, which this version does not read")]
    Format(u32),
}

impl WorkerRecord {
    pub(crate) fn new(worker: WorkerInfo, workdir: Option<String>, request: String) -> Self {
        WorkerRecord { format: FORMAT, worker, workdir, request }
    }

    pub(crate) fn to_json(&self) -> Bytes {
        // strings, numbers and maps of strings: this has no way to fail
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(crate) fn from_json(json: &[u8]) -> Result<Self, FormError> {
        let record: WorkerRecord = serde_json::from_slice(json)?;
        if record.format == FORMAT { Ok(record) } else { Err(FormError::Format(record.format)) }
    }
}

/// What a request to make a worker asks for, but for the id.
pub(crate) fn request_fingerprint(request: &CreateWorker) -> String {
    let request = CreateWorker { worker_id: None, ..request.clone() };
    fingerprint(&serde_json::to_vec(&request).unwrap_or_default())
}

/// What is remembered with a user message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyNote {
    pub idempotency_key: String,
    pub run_id: RunId,
    pub fingerprint: String,
}

/// A checkpoint as it is written.
#[derive(Serialize)]
pub(crate) struct CheckpointOut<'a> {
    format: u32,
    state: &'a State,
    keys: Vec<KeyNote>,
    at: Timestamp,
}

/// A checkpoint as it is read.
#[derive(Deserialize)]
pub(crate) struct CheckpointIn {
    format: u32,
    pub state: State,
    #[serde(default)]
    pub keys: Vec<KeyNote>,
    /// When the newest event was made: no later one is stamped earlier.
    #[serde(default)]
    pub at: Timestamp,
}

impl<'a> CheckpointOut<'a> {
    pub(crate) fn new(state: &'a State, keys: &Keys, at: Timestamp) -> Self {
        CheckpointOut { format: FORMAT, state, keys: keys.notes(), at }
    }

    pub(crate) fn to_json(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(Bytes::from)
    }
}

impl CheckpointIn {
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, FormError> {
        let checkpoint: CheckpointIn = serde_json::from_slice(json)?;
        if checkpoint.format == FORMAT { Ok(checkpoint) } else { Err(FormError::Format(checkpoint.format)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::WorkerId;

    #[test]
    fn a_record_survives_and_a_later_format_is_told() {
        let worker = WorkerInfo {
            worker_id: WorkerId::from_parts(1, 1),
            display_name: "a".into(),
            profile: "echo".into(),
            labels: [("k".into(), "v".into())].into(),
            created_at: Timestamp::from_millis(5),
            extra: serde_json::Map::new(),
        };
        let record = WorkerRecord::new(worker, Some("/w".into()), "f".into());
        assert_eq!(WorkerRecord::from_json(&record.to_json()).unwrap(), record);
        let later = WorkerRecord { format: 2, ..record };
        assert!(matches!(WorkerRecord::from_json(&later.to_json()), Err(FormError::Format(2))));
        assert!(WorkerRecord::from_json(b"{}").is_err());
    }

    #[test]
    fn the_id_is_no_part_of_a_request() {
        let plain = CreateWorker::default();
        let named = CreateWorker { worker_id: Some(WorkerId::from_parts(1, 1)), ..CreateWorker::default() };
        let other = CreateWorker { display_name: Some("x".into()), ..CreateWorker::default() };
        assert_eq!(request_fingerprint(&plain), request_fingerprint(&named));
        assert_ne!(request_fingerprint(&plain), request_fingerprint(&other));
    }
}
