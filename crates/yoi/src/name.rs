//! How a worker is named on the command line.
//!
//! Owns the form `RUNTIME/WORKER`, of which the first half may be left out. Whether there is such
//! a worker is for the server to say.

use protocol::{IdError, RuntimeId, WorkerId};
use std::fmt;
use std::str::FromStr;

/// A worker, and the runtime it is on where that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerName {
    /// The runtime, where it was said.
    pub runtime: Option<RuntimeId>,
    /// The worker.
    pub worker: WorkerId,
}

impl FromStr for WorkerName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<WorkerName, IdError> {
        Ok(match text.split_once('/') {
            Some((runtime, worker)) => WorkerName { runtime: Some(runtime.parse()?), worker: worker.parse()? },
            None => WorkerName { runtime: None, worker: text.parse()? },
        })
    }
}

impl fmt::Display for WorkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.runtime {
            Some(runtime) => write!(f, "{runtime}/{}", self.worker),
            None => write!(f, "{}", self.worker),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written() {
        let worker = WorkerId::from_parts(1, 2);
        for (text, runtime) in [(worker.to_string(), None), (format!("build-box.2/{worker}"), Some("build-box.2"))] {
            let name: WorkerName = text.parse().unwrap();
            assert_eq!((name.to_string(), name.worker), (text, worker));
            assert_eq!(name.runtime.as_ref().map(RuntimeId::as_str), runtime);
        }
        for (bad, error) in [
            ("far".to_owned(), IdError::Worker),
            (format!("/{worker}"), IdError::Runtime),
            (format!("a/b/{worker}"), IdError::Worker),
            ("far/".to_owned(), IdError::Worker),
        ] {
            assert_eq!(bad.parse::<WorkerName>(), Err(error), "{bad}");
        }
    }
}
